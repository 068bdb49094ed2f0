"""Pathways of synapses that change when spikes meet them, or answer a spike in their own way."""

from __future__ import annotations

import json
from ctypes import CFUNCTYPE, c_int64
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .build import constants, generated
from .connectivity import Dense, Procedural, Sparse, pairs, split_rows
from .generators.synapses_cpu import (
    Variant,
    delivery_source,
    settling_source,
    synapse_layout,
)
from .kernels import delivery_table as entries
from .kernels.synapse_times import lower_needed
from .operations import Operation
from .pathway_ends import Ends, address, check_ends, common_arguments, local_bounds
from .procedural_pathways import expand
from .specification import F64, I64, PathwaySpec, Precision
from .statements import SynapsePlan, to_plain
from .synapse_columns import column, real_of, steps_of
from .synapse_timing import Timing, timing

Values = npt.NDArray[Any]
KERNEL: Any = CFUNCTYPE(None, c_int64, c_int64, c_int64)


@cache
def _kernel(plan: SynapsePlan, variant: Variant, settling: bool) -> Any:
    """Machine code of visits, or of settling."""
    kind = "settling" if settling else "visits"
    source = settling_source if settling else delivery_source
    identity = (json.dumps(to_plain(plan)), variant.text())
    return generated(f"{kind}_{plan.name}", identity, lambda: source(plan, variant))


@dataclass
class PlasticPathway:
    """Synapses with states of their own.

    columns   name -> (synapse,): states, parameters and constants that differ
    numbers   name -> value of parameters and constants that do not
    initial   states as they were given or set last: () or (synapse,)
    touched   (synapse,) half steps
    """

    spec: PathwaySpec
    ends: Ends
    dt_ms: float
    seed: int
    precision: Precision
    step: int = 0
    rebuild_needed: bool = False
    columns: dict[str, Values] = field(init=False)
    numbers: dict[str, float] = field(init=False)
    initial: dict[str, Values] = field(init=False)
    touched: I64 = field(init=False)
    operation: Operation = field(init=False)
    timing: Timing = field(init=False)

    def __post_init__(self) -> None:
        spec, plan = self.spec, self.spec.plan
        if spec.weight_bits:
            raise ValueError(
                f"pathway: weight_bits {spec.weight_bits} for synapses '{plan.name}', which change;"
                " use 0, or static synapses"
            )
        self._expand()
        self.timing = self._timing(spec.delays, spec.axonal)
        self.columns, self.numbers, self.initial = {}, {}, {}
        for state in plan.states:
            given = self._weights if state.name == "weight" else spec.states.get(state.name, 0.0)
            given = column(f"pathway: {state.name}", given, self.n_synapses)
            self.initial[state.name] = given.astype(real_of(self.precision))
            self.columns[state.name] = np.empty(self.n_synapses, real_of(self.precision))
        defaults = {one.name: one.default for one in plan.parameters}
        for name, default in defaults.items():
            value = spec.values.get(name, default)
            self._put(name, column(f"pathway: {name}", value, self.n_synapses))
        self._put_constants()
        self.touched = np.empty(self.n_synapses, np.int64)
        self.reset()
        self.touched[:] = 2 * self.step
        self._check(self.ends)
        n = len(plan.states) + len(plan.parameters) + len(plan.constants)
        self.operation = Operation(0, np.zeros(entries.COLUMNS + n, np.int64))
        self._renew()

    def _expand(self) -> None:
        """Rows of the connectivity: pre and target of each synapse, and which exist."""
        connectivity = self.spec.connectivity
        self._weights: Any = self.spec.weights
        self._exists: npt.NDArray[np.bool_] | None = None
        if isinstance(connectivity, Procedural):
            connectivity, self._weights = expand(connectivity)
        if isinstance(connectivity, Dense):
            pre, post = pairs(connectivity)
            if connectivity.no_self:
                self._exists = pre != post
            starts = np.arange(connectivity.n_pre + 1) * connectivity.n_post
            connectivity = Sparse(
                connectivity.n_pre, connectivity.n_post, starts, post.astype(np.int32)
            )
        self._rows = connectivity

    @property
    def n_synapses(self) -> int:
        """Synapses that `get` gives values of."""
        return self._rows.n_synapses

    @property
    def minimal_delay(self) -> int:
        """Steps."""
        return self.timing.minimal

    @property
    def spike_rows(self) -> int:
        """Steps back to the oldest spikes that are read."""
        return int(self.timing.visits.max())

    @property
    def input_rows(self) -> int:
        """Steps from now on for which inputs are written."""
        return self.timing.maximal - self.timing.minimal + 1

    @property
    def memory_bytes(self) -> int:
        """What rows, columns and times take."""
        columns = sum(one.nbytes for one in self.columns.values())
        return (
            self._rows.memory_bytes
            + columns
            + self.touched.nbytes
            + sum(one.nbytes for one in (self.timing.delays, self.timing.axonal, self.timing.part))
        )

    def bind(self, ends: Ends) -> None:
        """Use other rings or bounds from now on."""
        self._check(ends)
        self.ends = ends
        self._renew()

    def get(self, name: str) -> F64:
        """See `PathwayRuntime`; states are what the last visit left."""
        if name == "delay":
            delays = np.broadcast_to(self.timing.delays, self.n_synapses)
            return delays * self.dt_ms
        if name in self.columns:
            return self.columns[name].astype(np.float64)
        if name in self.numbers:
            return np.broadcast_to(np.float64(self.numbers[name]), self.n_synapses)
        known = ", ".join(("delay", *self.columns, *self.numbers))
        raise KeyError(f"pathway: synapses '{self.spec.plan.name}' have no '{name}'; have {known}")

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """See `PathwayRuntime`; what is set of a state is also what `reset` brings back.

        A delay keeps its dendritic fraction, in whole steps.
        """
        if name != "delay":
            self.get(name)
        given = column(f"pathway: {name}", values, self.n_synapses)
        if name in self.initial:
            self.initial[name] = given.astype(real_of(self.precision))
            self.columns[name][:] = given
            return
        if name == "delay":
            steps = steps_of("pathway", given, self.dt_ms)
            share = self.timing.axonal / self.timing.delays
            axonal = np.rint(share * steps).astype(np.int64)
            self.timing = self._timing(steps, axonal)
        else:
            self._put(name, given)
            self._put_constants()
        self._renew_if_possible()

    def snapshot(self) -> dict[str, Values]:
        """Copies of all states, and of when they were touched [half steps]."""
        saved = {f"value:{name}": self.columns[name].copy() for name in self.initial}
        return saved | {"touched": self.touched.copy()}

    def restore(self, saved: dict[str, Values]) -> None:
        """See `PathwayRuntime`."""
        for name in self.initial:
            if f"value:{name}" in saved:
                self.columns[name][:] = saved[f"value:{name}"]
        if "touched" in saved:
            self.touched[:] = saved["touched"]

    def reset(self) -> None:
        """Weights and states as they were given, or set, last; time begins at 0."""
        for name, value in self.initial.items():
            self.columns[name][:] = value
        self.touched[:] = 0

    def oldest_needed(self, needed: I64) -> None:
        """See `history.NeedsHistory`."""
        if not self.spec.plan.on_post:
            return
        dendritic = self.timing.delays.astype(np.int64) - self.timing.axonal
        lower_needed(
            needed[self.spec.post.first :],
            self._rows.targets,
            self.touched,
            np.broadcast_to(dendritic, self.n_synapses),
        )

    def settle(self, step: int) -> None:
        """See `history.NeedsHistory`."""
        if self.spec.plan.on_post:
            kernel = _kernel(self.spec.plan, self._variant, True)
            run = KERNEL(kernel.address)
            for thread in range(len(self.ends.bounds) - 1):
                run(self.operation.arguments.ctypes.data, step, thread)

    def _timing(self, delays: I64 | int, axonal: I64 | int) -> Timing:
        looks_back = bool(self.spec.plan.on_post)
        return timing(delays, axonal, self.n_synapses, looks_back=looks_back)

    def _check(self, ends: Ends) -> None:
        check_ends(self, self.spec, ends)
        if self.spec.plan.on_post and ends.history is None:
            raise ValueError(
                f"pathway: synapses '{self.spec.plan.name}' react to spikes of their targets, of"
                " which no history is kept; make one with history.new_history"
            )

    @property
    def _variant(self) -> Variant:
        plan, timing = self.spec.plan, self.timing
        states = {state.name for state in plan.states}
        return Variant(
            varying=frozenset(self.columns.keys() - states),
            many_delays=timing.delays.ndim > 0,
            many_axonal=timing.axonal.ndim > 0,
            ordered=timing.part.ndim > 0 or self._exists is not None,
            precision=self.precision,
        )

    def _put(self, name: str, values: F64) -> None:
        """Set a parameter or constant; once it differs between synapses it has a column."""
        if values.ndim == 0 and name not in self.columns:
            self.numbers[name] = float(values)
        elif name in self.columns:
            self.columns[name][:] = values
        else:
            self.numbers.pop(name, None)
            self.columns[name] = values.astype(real_of(self.precision))

    def _put_constants(self) -> None:
        """Compute what follows from parameters."""
        names = [one.name for one in self.spec.plan.parameters]
        values: dict[str, Any] = {
            name: self.columns[name].astype(float) if name in self.columns else self.numbers[name]
            for name in names
        }
        for name, value in constants(self.spec.plan, values, self.dt_ms).items():
            self._put(name, np.asarray(value, np.float64))

    def _renew_if_possible(self) -> None:
        """Take over changed columns; if rings are too short now, wait for `bind`."""
        rings = self.ends.ring.ids, self.ends.inputs.values
        before = self.operation.address, self.operation.arguments[entries.MINIMAL_DELAY]
        if rings[0].shape[0] < self.spike_rows or rings[1].shape[0] < self.input_rows:
            self.rebuild_needed = True
            return
        self._renew()
        self.rebuild_needed |= before != (self.operation.address, self.minimal_delay)

    def _visits(self, bounds: I64) -> tuple[I64, I64 | None]:
        """POSITIONS and ORDER."""
        rows = self._rows
        if not self._variant.ordered:
            return split_rows(rows, bounds), None
        pre, _ = pairs(rows)
        part = np.broadcast_to(self.timing.part, rows.n_synapses)
        positions, order, begin = [], [], 0
        for k in range(len(self.timing.visits)):
            chosen = part == k
            if self._exists is not None:
                chosen &= self._exists
            synapses = np.flatnonzero(chosen)
            starts = np.searchsorted(pre[synapses], np.arange(rows.n_pre + 1))
            some = Sparse(rows.n_pre, rows.n_post, starts, rows.targets[synapses])
            positions.append(split_rows(some, bounds) + begin)
            order.append(synapses)
            begin += synapses.size
        return np.concatenate(positions), np.concatenate(order)

    def _renew(self) -> None:
        """Write the argument table anew."""
        spec, ends, variant = self.spec, self.ends, self._variant
        layout = synapse_layout(spec.plan, variant.varying)
        bounds = local_bounds(spec, ends.bounds)
        positions, order = self._visits(bounds)
        shared = np.array(
            [self.dt_ms, *(self.numbers[name] for name in layout.shared[1:])],
            real_of(self.precision),
        )
        arguments = self.operation.arguments
        table = common_arguments(
            spec, ends, bounds, minimal_delay=self.minimal_delay, length=arguments.size
        )
        history = None if ends.history is None else ends.history.table
        known: dict[int, Any] = {
            entries.POSITIONS: address(positions),
            entries.TARGETS: address(self._rows.targets),
            entries.SEED: np.uint64(self.seed).view(np.int64),
            entries.STREAM: spec.stream,
            entries.VISITS: self.timing.visits.size,
            entries.VISIT_STEPS: address(self.timing.visits),
            entries.PART_STRIDE: positions.size // self.timing.visits.size,
            entries.ORDER: address(order),
            entries.DELAY: _number_or_address(self.timing.delays),
            entries.AXONAL: _number_or_address(self.timing.axonal),
            entries.TOUCHED: address(self.touched),
            entries.HISTORY: address(history),
            entries.POST_FIRST: spec.post.first,
            entries.SHARED: address(shared),
            entries.N_PRE: spec.pre.n,
        }
        for entry, value in known.items():
            table[entry] = value
        for k, name in enumerate(layout.columns):
            table[entries.COLUMNS + k] = address(self.columns[name])
        kernel = _kernel(spec.plan, variant, False)
        arguments[:] = table
        self.operation.address = kernel.address
        self.operation.keep = [
            kernel, bounds, positions, order, shared, self._rows, self.timing, self.touched,
            list(self.columns.values()), ends,
        ]  # fmt: skip


def _number_or_address(values: Values) -> int:
    """What stands in the table for one number, or for one per synapse."""
    return int(values) if values.ndim == 0 else address(values)
