"""Pathways at run time: what carries spikes of one emitter to the inputs of one group.

`deliver` makes one from its specification.  Order of additions: see `kernels.deliver_sparse`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from .connectivity import Sparse, split_rows
from .kernels import delivery_table as entries
from .kernels.deliver_sparse import sparse
from .operations import InputRing, Operation, SpikeHistory, SpikeRing
from .specification import F64, I64, PathwaySpec, Precision
from .synapse_columns import (
    Delays,
    Weights,
    column,
    real_of,
    steps_of,
    store_delays,
    store_weights,
)


class PathwayRuntime(Protocol):
    """What an engine knows of a pathway.

    operation       to be called once a step and thread, before the neurons of the step
    minimal_delay   it takes spikes that are so many steps old
    spike_rows      it reads spikes of up to so many steps ago: the spike ring needs as many rows
    input_rows      it adds to inputs of so many steps from now on: rows that the input ring needs
    rebuild_needed  the operation, or one of the numbers above, is not what it was: read them
                    again, call `bind` with longer rings if they have to be, and clear the flag
    """

    operation: Operation
    rebuild_needed: bool

    @property
    def minimal_delay(self) -> int:
        """Steps."""

    @property
    def spike_rows(self) -> int:
        """Steps."""

    @property
    def input_rows(self) -> int:
        """Steps."""

    @property
    def n_synapses(self) -> int:
        """Synapses that `get` gives values of."""

    def bind(self, ends: Ends) -> None:
        """Use other rings or bounds from now on."""

    def get(self, name: str) -> F64:
        """Values by synapse, (synapse,) float64, in the order of the connectivity.

        name  ``weight`` [unit of the receptor], ``delay`` [ms], a parameter or state in its unit
        One value for all comes as a read-only view.  What a kernel stores in float32 or in codes
        is given as it is stored.
        """

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Set to one number or (synapse,) numbers, from the next step on."""

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """Copies of everything that a simulation or `set` changes."""

    def restore(self, saved: dict[str, npt.NDArray[Any]]) -> None:
        """Go back to a snapshot."""

    def reset(self) -> None:
        """Weights and states as they were given, or set, last."""


@dataclass(frozen=True)
class Ends:
    """Where a pathway takes spikes from and where it adds weights.

    bounds   (T + 1,) int64: neurons of the group that thread th owns are bounds[th]..bounds[th+1]-1
    history  spikes of the target neurons, for plastic synapses
    """

    ring: SpikeRing
    inputs: InputRing
    bounds: I64
    history: SpikeHistory | None = None


def deliver(
    spec: PathwaySpec,
    *,
    ring: SpikeRing,
    inputs: InputRing,
    bounds: I64,
    history: SpikeHistory | None,
    dt_ms: float,
    seed: int,
    precision: Precision,
) -> PathwayRuntime:
    """Make a pathway ready to run.

    bounds   (T + 1,) int64: neurons of the target group that each thread owns
    history  spikes of the target group; needed by plastic synapses
    seed     of the draws of plastic synapses
    Raises   ValueError if a column does not fit the connectivity or a ring is too short
    """
    return StaticPathway(spec, Ends(ring, inputs, bounds, history), dt_ms, precision)


def address(array: npt.NDArray[Any] | None) -> int:
    """Where an array is; 0 for none."""
    return 0 if array is None else array.ctypes.data


def local_bounds(spec: PathwaySpec, bounds: I64) -> I64:
    """Bounds of threads among the targets of a pathway, numbered from its first one."""
    result = np.clip(bounds - spec.post.first, 0, spec.post.n)
    result[0], result[-1] = 0, spec.post.n
    return result


def common_arguments(
    spec: PathwaySpec, ends: Ends, bounds: I64, *, minimal_delay: int, length: int
) -> I64:
    """An argument table with what all ways of delivery need; `bounds` are local ones."""
    ring, values = ends.ring, ends.inputs.values
    table = np.zeros(length, np.int64)
    table[entries.IDS] = address(ring.ids)
    table[entries.IDS_STRIDE] = ring.ids.shape[1]
    table[entries.COUNTS] = address(ring.counts)
    table[entries.SEGMENTS] = ring.counts.shape[1]
    table[entries.FIRST] = address(ring.first)
    table[entries.RING_MASK] = ring.ids.shape[0] - 1
    table[entries.TIMES] = address(ring.times)
    table[entries.PRE_FIRST] = spec.pre.first
    table[entries.PRE_STOP] = spec.pre.first + spec.pre.n
    table[entries.MINIMAL_DELAY] = minimal_delay
    table[entries.INPUTS] = address(values) + spec.post.first * values.itemsize
    table[entries.INPUTS_STRIDE] = values.shape[1]
    table[entries.INPUTS_MASK] = values.shape[0] - 1
    table[entries.BOUNDS] = address(bounds)
    table[entries.THREADS] = bounds.size - 1
    return table


def check_ends(runtime: PathwayRuntime, spec: PathwaySpec, ends: Ends) -> None:
    """Raise ValueError if rings are too short for a pathway or bounds leave out a target."""
    spikes, inputs = ends.ring.ids.shape[0], ends.inputs.values.shape[0]
    if spikes < runtime.spike_rows or inputs < runtime.input_rows:
        raise ValueError(
            f"pathway: rings hold spikes of {spikes} steps and inputs of {inputs}; its delays need"
            f" {runtime.spike_rows} and {runtime.input_rows}: make longer rings"
        )
    first, stop = spec.post.first, spec.post.first + spec.post.n
    if not (ends.bounds[0] <= first and stop <= ends.bounds[-1]):
        raise ValueError(
            f"pathway: targets {first} .. {stop - 1} are not among the neurons {ends.bounds[0]} .."
            f" {ends.bounds[-1] - 1} that threads own; give bounds of the whole group"
        )


_sparse_kernel: Any = cache(sparse)


@dataclass
class StaticPathway:
    """Synapses that give their weight for every spike, and never change on their own."""

    spec: PathwaySpec
    ends: Ends
    dt_ms: float
    precision: Precision
    rebuild_needed: bool = False
    weights: Weights = field(init=False)
    delays: Delays = field(init=False)
    operation: Operation = field(init=False)

    def __post_init__(self) -> None:
        self._store_weights(self.spec.weights)
        self.delays = store_delays("pathway: delay", self.spec.delays, self.n_synapses)
        check_ends(self, self.spec, self.ends)
        self.operation = Operation(0, np.zeros(entries.LENGTH, np.int64))
        self._renew()

    @property
    def n_synapses(self) -> int:
        """Synapses that `get` gives values of."""
        return self._rows.n_synapses

    @property
    def minimal_delay(self) -> int:
        """Steps."""
        return self.delays.minimal

    @property
    def spike_rows(self) -> int:
        """Steps back to the oldest spikes that are read."""
        return self.delays.minimal

    @property
    def input_rows(self) -> int:
        """Steps from now on for which inputs are written."""
        return self.delays.maximal - self.delays.minimal + 1

    @property
    def _rows(self) -> Sparse:
        connectivity = self.spec.connectivity
        assert isinstance(connectivity, Sparse)
        return connectivity

    def bind(self, ends: Ends) -> None:
        """Use other rings or bounds from now on."""
        check_ends(self, self.spec, ends)
        self.ends = ends
        self._renew()

    def get(self, name: str) -> F64:
        """See `PathwayRuntime`."""
        if name == "weight":
            return self.weights.values(self.n_synapses)
        if name == "delay":
            return cast(F64, self.delays.steps(self.n_synapses) * self.dt_ms)
        raise KeyError(f"pathway: a static synapse has no '{name}'; it has weight and delay")

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """See `PathwayRuntime`."""
        given = column(f"pathway: {name}", values, self.n_synapses)
        if name == "weight":
            self._store_weights(given)
        elif name == "delay":
            steps = steps_of("pathway", given, self.dt_ms)
            self.delays = store_delays("pathway: delay", steps, self.n_synapses)
        else:
            self.get(name)
        self._renew_if_possible()

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """Copies of weights [unit of the receptor] and delays [steps]."""
        one = self.weights.one
        weight = self.weights.values(self.n_synapses) if one is None else np.asarray(one)
        same = self.delays.one
        delays = np.asarray(self.delays.minimal) if same else self.delays.steps(self.n_synapses)
        return {"weight": weight, "delay_steps": delays}

    def restore(self, saved: dict[str, npt.NDArray[Any]]) -> None:
        """Go back to a snapshot."""
        self._store_weights(saved["weight"])
        self.delays = store_delays("pathway: delay", saved["delay_steps"], self.n_synapses)
        self._renew_if_possible()

    def reset(self) -> None:
        """Nothing: what a user has set stays, and nothing else changes."""

    def _store_weights(self, values: npt.ArrayLike) -> None:
        given = column("pathway: weight", values, self.n_synapses)
        self.weights = store_weights(given, self.precision, self.spec.weight_bits)

    def _renew_if_possible(self) -> None:
        """Take over changed columns; if rings are too short now, wait for `bind`."""
        rings = self.ends.ring.ids, self.ends.inputs.values
        before = self.operation.address, self.operation.arguments[entries.MINIMAL_DELAY]
        if rings[0].shape[0] < self.spike_rows or rings[1].shape[0] < self.input_rows:
            self.rebuild_needed = True
            return
        self._renew()
        self.rebuild_needed |= before != (self.operation.address, self.minimal_delay)

    def _renew(self) -> None:
        """Write the argument table anew."""
        bounds = local_bounds(self.spec, self.ends.bounds)
        positions = split_rows(self._rows, bounds)
        table = common_arguments(
            self.spec,
            self.ends,
            bounds,
            minimal_delay=self.minimal_delay,
            length=entries.LENGTH,
        )
        table[entries.POSITIONS] = address(positions)
        table[entries.TARGETS] = address(self._rows.targets)
        table[entries.WEIGHTS] = address(self.weights.stored)
        table[entries.CODE] = address(self.weights.code)
        table[entries.DELAYS] = address(self.delays.beyond)
        kernel = _sparse_kernel(real_of(self.precision), self.weights.kind, self.delays.kind)
        keep = [kernel, bounds, positions, self._rows, self.weights, self.delays, self.ends]
        self.operation.arguments[:] = table
        self.operation.address, self.operation.keep = kernel.address, keep
