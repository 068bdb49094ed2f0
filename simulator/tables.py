"""Argument tables of generated kernels, from arrays by name: nobody else knows the places in them.

The tables are described in `generators.cpu`.  A table holds addresses, so each function also
returns the arrays that must live as long as it is used.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .generators.cpu import AFTER_INPUTS, ALGEBRAIC, CURRENT, FILLED_STRIDE, LANES, NEURON
from .operations import I64, InputRing, Reals, SpikeRing
from .statements import CurrentPlan, NeuronPlan

F64 = npt.NDArray[np.float64]
_CACHE_LINE = 64  # bytes
Table = tuple[I64, list[Any]]
"""The table, and what has to be kept."""


def padded(n: int) -> int:
    """`n` neurons rounded up to whole blocks."""
    return -(-n // LANES) * LANES


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Zeros that begin with a cache line: a vector across two lines takes twice the time."""
    count = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(count + _CACHE_LINE, np.uint8)
    skipped = -memory.ctypes.data % _CACHE_LINE
    return memory[skipped : skipped + count].view(dtype).reshape(shape)


def lane_field(lanes: Reals, field: int, n: int) -> Reals:
    """A copy of one field of `n` neurons, (n,), from lanes (block, field, 16)."""
    values: Reals = lanes[:, field, :].flatten()[:n]
    return values


def set_lane_field(lanes: Reals, field: int, values: npt.ArrayLike) -> None:
    """Write one field of all neurons, (n,); lanes beyond the last neuron get its value too.

    So these lanes compute what it computes: no division by zero, no number too small to be fast.
    """
    given = np.asarray(values, lanes.dtype)
    column = np.empty(lanes.shape[0] * LANES, lanes.dtype)
    column[: given.size] = given
    column[given.size :] = given[-1] if given.size else 0
    lanes[:, field, :] = column.reshape(-1, LANES)


def _bits(number: float) -> int:
    """The bits of a float64 as an int64."""
    return int(struct.unpack("<q", struct.pack("<d", number))[0])


def _signed(number: int) -> int:
    """An unsigned 64-bit number as an int64 with the same bits."""
    return number - (1 << 64) if number >> 63 else number


class _Writer:
    """A table under construction."""

    def __init__(self, places: dict[str, int], n: int) -> None:
        self._places = places
        self.table: I64 = np.zeros(n, np.int64)
        self.keep: list[Any] = []

    def number(self, name: str, value: int) -> None:
        self.table[self._places[name]] = _signed(value)

    def array(self, name: str, array: npt.NDArray[Any] | None, dtype: npt.DTypeLike) -> None:
        """The address of an array, 0 for None."""
        if array is not None:
            self.at(self._places[name], array, dtype)

    def at(self, place: int, array: npt.NDArray[Any], dtype: npt.DTypeLike) -> None:
        assert array.dtype == dtype, f"entry {place}: {array.dtype}, not {np.dtype(dtype)}"
        assert array.flags.c_contiguous, f"entry {place}: the array is not contiguous"
        self.table[place] = array.ctypes.data
        self.keep.append(array)


def _draws(writer: _Writer, shape: tuple[int, ...], threads: int, dtype: npt.DTypeLike) -> None:
    """Memory for draws of four steps at a time; no thread has any."""
    if 0 not in shape:
        writer.array("draws", aligned(shape, dtype), dtype)
        filled = aligned((threads, FILLED_STRIDE), np.int64)
        filled[:] = -1
        writer.array("filled", filled, np.int64)


def neuron_table(
    plan: NeuronPlan,
    *,
    n: int,
    partition: I64,
    lanes: Reals,
    shared: Reals,
    ring: SpikeRing | None,
    inputs: Sequence[InputRing],
    current: Reals | None = None,
    seed: int,
    stream: int,
    dt_ms: float,
) -> Table:
    """The table of a neuron kernel.

    partition  (T + 1,) blocks at which threads begin, and their number
    lanes      (block, field, 16), fields as in `NeuronKernel.fields`
    shared     values as in `NeuronKernel.shared`, dt first
    ring       None for a model without threshold
    inputs     one for each receptor of the plan, in its order
    current    (n_pad,) [nA], if the plan uses it; the kernel does not clear it
    Make a new table when a seed or a stream changes: draws for the next steps are kept with it.
    """
    threads, after = len(partition) - 1, NEURON["inputs"] + 2 * len(plan.receptors)
    places = NEURON | {name: after + place for name, place in AFTER_INPUTS.items()}
    writer = _Writer(places, after + len(AFTER_INPUTS))
    assert len(inputs) == len(plan.receptors), f"{len(inputs)} inputs for {plan.receptors}"
    writer.number("n", n)
    writer.array("partition", partition, np.int64)
    writer.array("lanes", lanes, lanes.dtype)
    writer.array("shared", shared, lanes.dtype)
    writer.array("current", current, lanes.dtype)
    if ring is not None:
        writer.array("ids", ring.ids, np.int32)
        writer.array("counts", ring.counts, np.int64)
        writer.number("ring_mask", ring.counts.shape[0] - 1)
    writer.number("seed", seed)
    writer.number("stream", stream)
    for k, ring_in in enumerate(inputs):
        writer.at(NEURON["inputs"] + 2 * k, ring_in.values, lanes.dtype)
        writer.table[NEURON["inputs"] + 2 * k + 1] = ring_in.values.shape[0] - 1
    writer.number("threads", threads)
    writer.number("dt", _bits(dt_ms))
    _draws(writer, (lanes.shape[0], len(plan.draws), 4, LANES), threads, lanes.dtype)
    return writer.table, writer.keep


def algebraic_table(
    *,
    neurons: I64,
    split: I64,
    lanes: Reals,
    shared: Reals,
    out: F64,
    current: Reals | None = None,
    every: int = 1,
    offset: int = 0,
    stride: int = 0,
    dt_ms: float,
) -> Table:
    """The table of an algebraic kernel.

    neurons  whose value is wanted, (reader,); split (T + 1,): the readers of each thread
    out      where it goes: row (step - offset)/every, of `stride` numbers, if that is whole; with
             stride 0 always into the same row
    """
    writer = _Writer(ALGEBRAIC, len(ALGEBRAIC))
    writer.number("n", len(neurons))
    writer.array("neurons", neurons, np.int64)
    writer.array("split", split, np.int64)
    writer.array("lanes", lanes, lanes.dtype)
    writer.array("shared", shared, lanes.dtype)
    writer.array("current", current, lanes.dtype)
    writer.array("out", out, np.float64)
    writer.number("dt", _bits(dt_ms))
    for name, value in (("every", every), ("offset", offset), ("stride", stride)):
        writer.number(name, value)
    return writer.table, writer.keep


def n_columns(plan: CurrentPlan, n_targets: int, threads: int) -> int:
    """Columns of a current source: one per target, or 16 for each thread of which it uses one."""
    return n_targets if plan.per_target else LANES * threads


def current_table(
    plan: CurrentPlan,
    *,
    targets: I64,
    split: I64,
    columns: Reals,
    shared: Reals,
    current: Reals,
    trace: Reals,
    seed: int,
    stream: int,
    dt_ms: float,
) -> Table:
    """The table of a current kernel.

    targets  (target,) sorted; split (T + 1,): the targets of each thread
    columns  (field, n_columns) as `n_columns` says, fields as in `CurrentKernel.fields`; without
             per_target write a value into the whole row, and read it in column 0
    current  (n_pad,) [nA], added to
    trace    (n_columns,) [nA] the last amplitude, in column 0 without per_target
    """
    threads, size = len(split) - 1, columns.shape[1]
    assert size == n_columns(plan, len(targets), threads) == len(trace)
    writer = _Writer(CURRENT, len(CURRENT))
    writer.number("n", len(targets))
    writer.array("targets", targets, np.int64)
    for name, array in (("current", current), ("columns", columns), ("shared", shared)):
        writer.array(name, array, columns.dtype)
    writer.array("trace", trace, columns.dtype)
    writer.array("split", split, np.int64)
    for name, value in (("seed", seed), ("stream", stream), ("n_columns", size)):
        writer.number(name, value)
    writer.number("dt", _bits(dt_ms))
    _draws(writer, (len(plan.draws), 4, size), threads, columns.dtype)
    return writer.table, writer.keep
