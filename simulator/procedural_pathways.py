"""Pathways whose synapses are drawn anew for every spike, and the list of those synapses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from .connectivity import Procedural, Sparse
from .kernels import delivery_table as entries
from .kernels.deliver_procedural import draw_rows, procedural, scratch_bytes, width
from .operations import Operation
from .pathway_ends import Ends, address, check_ends, common_arguments, local_bounds
from .specification import F64, I64, PathwaySpec, Precision
from .synapse_columns import column, real_of, steps_of, store_delays

_kernel: Any = cache(procedural)


def expand(connectivity: Procedural) -> tuple[Sparse, F64]:
    """The synapses of a procedural connectivity as rows, and their weights, (synapse,)."""
    table = np.zeros(entries.LENGTH, np.int64)
    keep = _drawing(connectivity, table, 1)
    starts = np.empty(connectivity.n_pre + 1, np.int64)
    none = np.empty(0, np.int32), np.empty(0)
    n = connectivity.n_post if connectivity.kind == "probability" else int(connectivity.value)
    sizes = table.ctypes.data, connectivity.n_pre, -(-n // int(table[entries.WIDTH]))
    draw_rows(*sizes, starts, *none)
    targets, weights = np.empty(starts[-1], np.int32), np.empty(starts[-1])
    draw_rows(*sizes, starts, targets, weights)
    del keep
    pre = np.repeat(np.arange(connectivity.n_pre), np.diff(starts))
    rows, order = Sparse.from_pairs(pre, targets, connectivity.n_pre, connectivity.n_post)
    return rows, weights[order]


def _drawing(connectivity: Procedural, table: I64, threads: int) -> list[Any]:
    """Write what draws need into a table; what has to be kept."""
    value, low, high = connectivity.value, connectivity.low, connectivity.high
    by_chance = connectivity.kind == "probability"
    if by_chance and not 0 <= value <= 1:
        raise ValueError(
            f"connectivity: probability {value} is outside 0 .. 1; give one between them"
        )
    if not by_chance and not (value >= 0 and float(value).is_integer()):
        raise ValueError(
            f"connectivity: {value} targets of each member; give a whole number, 0 or more"
        )
    if not (np.isfinite(low) and np.isfinite(high) and low <= high):
        raise ValueError(
            f"connectivity: weights from {low} to {high}; give two numbers, the smaller one first"
        )
    with np.errstate(divide="ignore"):
        scale = 1 / np.log1p(-value) if by_chance else 0.0
    drawing = np.array([max(scale, -1e300), low, high - low])
    columns = width(value if by_chance else None)
    stride = -(-scratch_bytes(columns) // 64) * 64
    scratch = np.empty(threads * stride + 64, np.uint8)
    table[entries.WIDTH], table[entries.SCRATCH_STRIDE] = columns, stride
    table[entries.DRAWING] = address(drawing)
    table[entries.SCRATCH] = -(-address(scratch) // 64) * 64
    table[entries.SEED] = np.uint64(connectivity.seed).view(np.int64)
    table[entries.N_POST] = connectivity.n_post
    table[entries.N_DRAWS] = -1 if by_chance else int(value)
    return [drawing, scratch]


@dataclass
class ProceduralPathway:
    """Static synapses with one delay that take no memory."""

    spec: PathwaySpec
    ends: Ends
    dt_ms: float
    precision: Precision
    rebuild_needed: bool = False
    operation: Operation = field(init=False)
    connectivity: Procedural = field(init=False)
    minimal_delay: int = field(init=False)
    input_rows: int = 1
    memory_bytes: int = 0

    def __post_init__(self) -> None:
        assert isinstance(self.spec.connectivity, Procedural)
        self.connectivity = self.spec.connectivity
        self.minimal_delay = self._one_delay(self.spec.delays)
        check_ends(self, self.spec, self.ends)
        self.operation = Operation(0, np.zeros(entries.LENGTH, np.int64))
        self._renew()

    @cached_property
    def _expansion(self) -> tuple[Sparse, F64]:
        return expand(self.connectivity)

    @property
    def n_synapses(self) -> int:
        """Synapses that `get` gives values of; they are drawn to be counted."""
        return self._expansion[0].n_synapses

    @property
    def spike_rows(self) -> int:
        """Steps back to the oldest spikes that are read."""
        return self.minimal_delay

    def bind(self, ends: Ends) -> None:
        """Use other rings or bounds from now on."""
        check_ends(self, self.spec, ends)
        self.ends = ends
        self._renew()

    def get(self, name: str) -> F64:
        """See `PathwayRuntime`; the order is that of the rows of `expand`."""
        if name == "weight":
            return self._expansion[1].copy()
        if name == "delay":
            return np.broadcast_to(np.float64(self.minimal_delay * self.dt_ms), self.n_synapses)
        raise KeyError(f"pathway: a static synapse has no '{name}'; it has weight and delay")

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Set the weight, or the delay [ms], of all synapses to one number.

        The weight becomes that of the specification's connectivity.
        """
        if name not in ("weight", "delay"):
            self.get(name)
        given = column(f"pathway: {name}", values, 1)
        if given.ndim:
            raise ValueError(
                f"pathway: {name}: {given.size} values for synapses that are not stored; give one"
                " number, or connect with a list of synapses"
            )
        if name == "weight":
            self._use(replace(self.connectivity, low=float(given), high=float(given)))
            return
        self.minimal_delay = int(steps_of("pathway", given, self.dt_ms))
        self.rebuild_needed = True
        if self.ends.ring.ids.shape[0] >= self.spike_rows:
            self._renew()

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """Nothing: a simulation changes nothing."""
        return {}

    def restore(self, saved: dict[str, npt.NDArray[Any]]) -> None:
        """Nothing."""

    def reset(self) -> None:
        """Nothing: what a user has set stays, and nothing else changes."""

    def _use(self, connectivity: Procedural) -> None:
        self.connectivity = self.spec.connectivity = connectivity
        self.__dict__.pop("_expansion", None)
        self._renew()

    def _one_delay(self, delays: I64 | int) -> int:
        stored = store_delays("pathway: delay", delays, int(np.size(delays)))
        if stored.minimal != stored.maximal:
            raise ValueError(
                f"pathway: delays from {stored.minimal} to {stored.maximal} steps of synapses that"
                " are not stored; give one number, or connect with a list of synapses"
            )
        return stored.minimal

    def _renew(self) -> None:
        """Write the argument table anew."""
        bounds = local_bounds(self.spec, self.ends.bounds)
        table = common_arguments(
            self.spec,
            self.ends,
            bounds,
            minimal_delay=self.minimal_delay,
            length=entries.LENGTH,
        )
        keep = _drawing(self.connectivity, table, bounds.size - 1)
        if self.connectivity.kind == "probability" and self.connectivity.value == 0:
            table[entries.PRE_STOP] = table[entries.PRE_FIRST]
        kernel = _kernel(real_of(self.precision))
        self.operation.arguments[:] = table
        self.operation.address = kernel.address
        self.operation.keep = [kernel, bounds, self.ends, *keep]
