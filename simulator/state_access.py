"""Reading and writing what a network holds, whether an engine holds it now or not."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt

from . import columns, in_flight
from .algebra import evaluate
from .build import constants
from .connectivity import Procedural
from .errors import NetworkError
from .handles import Neurons
from .procedural_pathways import expand
from .specification import NetworkSpec, PathwaySpec

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]


class StateAccess:
    """The part of `Network` behind the handles' ``get`` and ``set``."""

    spec: NetworkSpec
    step: int
    _engine: Any
    _pending: dict[str, npt.NDArray[Any]]
    _spike_times: list[list[F64]]
    _current_orders: list[I64]

    def read(self, neurons: Neurons, name: str) -> F64:
        """A parameter, state or algebraic variable of some neurons."""
        part = slice(neurons.first, neurons.first + neurons.n)
        group = self.spec.groups[neurons.emitter]
        if name in group.values:
            return np.array(group.values[name], np.float64)[part]
        if name in group.states:
            return self._state(neurons.emitter, name)[part]
        for statement in group.plan.algebraic:
            if statement.target == name:
                return self._algebraic(neurons.emitter, name)[part]
        raise NetworkError(
            f"{group.plan.name} has no variable {name!r}; it has {', '.join(neurons.names)}"
        )

    def _state(self, number: int, name: str) -> F64:
        if self._engine is not None:
            return np.asarray(self._engine.read_state(number, name), np.float64)
        key = f"group{number}/{name}"
        kept = self._pending.get(key, self.spec.groups[number].states[name])
        return np.array(kept, np.float64)

    def _algebraic(self, number: int, name: str) -> F64:
        group = self.spec.groups[number]
        known: dict[str, Any] = dict(group.values)
        known |= constants(group.plan, group.values, self.spec.dt_ms)
        known |= {s.name: self._state(number, s.name) for s in group.plan.states}
        known |= {"t": self.step * self.spec.dt_ms, "dt": self.spec.dt_ms}
        return evaluate(group.plan.algebraic, known, name, group.n)

    def write(self, neurons: Neurons, name: str, values: npt.ArrayLike, members: I64) -> None:
        """Change a parameter or a state of some members of a group."""
        number = neurons.emitter
        group = self.spec.groups[number]
        given = columns.matching(f"{group.plan.name}.{name}", values, members.size)
        if name in group.values:
            changed = np.array(group.values[name], np.float64)
            changed[members] = given
            if any(p.name == name and p.shared for p in group.plan.parameters):
                columns.check_shared(group.plan.name, name, members, given, neurons)
            group.values[name] = changed
            if self._engine is not None:
                self._engine.update_values(number)
        elif name in group.states:
            if self._engine is not None:
                self._engine.write_state(number, name, given, members)
            else:
                state = self._state(number, name)
                state[members] = given
                self._pending[f"group{number}/{name}"] = state
        else:
            raise NetworkError(
                f"{group.plan.name} has no parameter or state {name!r} to set; it has "
                f"{', '.join((*group.values, *group.states))}"
            )

    def write_initial(
        self, neurons: Neurons, name: str, values: npt.ArrayLike, members: I64
    ) -> None:
        """Change what a state starts from after a reset; at t = 0 also the state."""
        group = self.spec.groups[neurons.emitter]
        if name not in group.states:
            raise NetworkError(
                f"{group.plan.name} has no state {name!r}; it has {', '.join(group.states)}"
            )
        given = columns.matching(f"{group.plan.name}.{name}", values, members.size)
        group.states[name][members] = given
        if self.step == 0:
            self.write(neurons, name, given, members)

    # -- sources ----------------------------------------------------------------------------------

    def source_column(self, number: int, name: str) -> F64:
        """A parameter of all sources of one kind."""
        source = self.spec.sources[number]
        if name not in source.values:
            raise NetworkError(
                f"a source of kind {source.kind!r} has no parameter {name!r}; it has "
                f"{', '.join(source.values) or 'only times'}"
            )
        return source.values[name]

    def write_source(self, number: int, name: str, values: npt.ArrayLike, members: I64) -> None:
        """Change a parameter of some sources from now on."""
        column = self.source_column(number, name).copy()
        column[members] = columns.matching(f"source.{name}", values, members.size)
        source = self.spec.sources[number]
        changed = source.values | {name: column}
        columns.check_source(source.kind, changed)
        source.values = changed
        if self._engine is not None:
            self._engine.update_source(number, members)
        else:
            for key in ("next", "count"):
                kept = self._pending.get(f"source{number}/{key}")
                if kept is not None and key == "next":
                    kept[members] = np.nan  # drawn anew when the engine is built

    def write_times(self, number: int, times_ms: Sequence[npt.ArrayLike], members: I64) -> None:
        """Replace the coming spike times of some sources; what is past stays."""
        source = self.spec.sources[number]
        if source.kind != "times":
            raise NetworkError(f"a source of kind {source.kind!r} has no spike times to set")
        if len(times_ms) != members.size:
            raise NetworkError(f"{len(times_ms)} lists of spike times for {members.size} sources")
        new = [columns.spike_times(int(k), t) for k, t in zip(members, times_ms, strict=True)]
        now_ms = self.step * self.spec.dt_ms
        kept = list(self._spike_times[number])
        for member, times in zip(members, new, strict=True):
            kept[member] = columns.continued(kept[member], times, now_ms, self.spec.dt_ms)
        self._spike_times[number] = kept
        source.steps, source.indices = columns.events(kept, self.spec.dt_ms)
        if self._engine is not None:
            self._engine.update_source(number, members)

    def source_times(self, number: int, member: int) -> F64:
        """The spike times of one source, exactly as given."""
        return self._spike_times[number][member]

    # -- synapses and currents --------------------------------------------------------------------

    def read_pathway(self, number: int, name: str) -> F64:
        """A quantity of every synapse, in the order of the connectivity."""
        pathway = self.spec.pathways[number]
        if isinstance(pathway.connectivity, Procedural):
            return self._drawn(pathway, pathway.connectivity, name)
        n = columns.n_values(pathway.connectivity)
        if name == "delay":
            return np.array(columns.full(pathway.delays, n), np.float64) * self.spec.dt_ms
        if self._engine is not None:
            return np.asarray(self._engine.read_pathway(number, name), np.float64)
        for key in self._pending_pathway(number, name):
            if key in self._pending:
                return np.array(columns.full(self._pending[key], n), np.float64)
        return np.array(columns.full(columns.pathway_column(pathway, name), n), np.float64)

    def _change_delays(self, number: int, values: npt.ArrayLike) -> None:
        """New delays for spikes to come; those on their way arrive after the old ones."""
        pathway = self.spec.pathways[number]
        if self.step and not pathway.plan.is_static:
            raise NetworkError(
                f"synapses {pathway.plan.name}: delays of plastic synapses cannot change at "
                f"{self.step * self.spec.dt_ms:g} ms, with spikes on their way; set them before "
                "a run or after a reset"
            )
        old = copy(pathway)
        columns.set_delays(pathway, values, self.spec.dt_ms)
        self._suspend()
        if self.step:
            in_flight.arrive(self._pending, old, self.read_pathway(number, "weight"), self.step)
            pathway.since = self.step + 1

    def _drawn(self, pathway: PathwaySpec, connectivity: Procedural, name: str) -> F64:
        """The same of synapses that are drawn whenever their neuron fires: drawn for this."""
        weights = expand(connectivity)[1]
        if name == "delay":
            return np.full(weights.size, float(np.asarray(pathway.delays))) * self.spec.dt_ms
        columns.pathway_column(pathway, name)
        return weights

    def write_pathway(self, number: int, name: str, values: npt.ArrayLike) -> None:
        """Change a quantity of every synapse: also what it starts from after a reset."""
        pathway = self.spec.pathways[number]
        if name == "delay":
            self._change_delays(number, values)
            return
        if self._engine is not None:
            self._engine.write_pathway(number, name, values)
        columns.set_pathway(pathway, name, values)
        for key in self._pending_pathway(number, name):
            self._pending.pop(key, None)

    @staticmethod
    def _pending_pathway(number: int, name: str) -> tuple[str, str]:
        """Where a weight, or a state of a plastic synapse, stands in a snapshot."""
        return f"pathway{number}/{name}", f"pathway{number}/value:{name}"

    def read_current(self, number: int, name: str) -> F64:
        """A parameter of a current source, in the order in which its targets were given."""
        current = self.spec.currents[number]
        if name not in current.values:
            raise NetworkError(
                f"{current.plan.name} has no parameter {name!r}; it has {', '.join(current.values)}"
            )
        column = np.asarray(current.values[name])
        if not current.plan.per_target:
            return column.copy()
        out = np.empty_like(column)
        out[self._current_orders[number]] = column
        return out

    def write_current(self, number: int, name: str, values: npt.ArrayLike) -> None:
        """Change a parameter of a current source, same order."""
        column = self.read_current(number, name)
        given = np.broadcast_to(
            columns.matching(f"current.{name}", values, column.size), column.shape
        )
        current = self.spec.currents[number]
        if current.plan.per_target:
            given = given[self._current_orders[number]]
        current.values[name] = np.array(given, np.float64)
        if self._engine is not None:
            self._engine.update_current(number)

    def _suspend(self) -> None:
        raise NotImplementedError
