"""The engine for CPUs: operations on arrays in memory, called by one compiled loop.

A step is a list of operations: deliver, sources, currents, neurons, history, recordings.  Each
thread runs all of them for its own neurons.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from . import snapshots
from .currents import CurrentRuntime, clearing
from .groups import GroupRuntime
from .history import grow, keep_history, new_history
from .loop import LONGEST_WINDOW, STOP, Loop, new_control, usable_cores
from .operations import I64, LANES, Operation, SpikeHistory, SpikeRing
from .pathway_ends import PathwayRuntime
from .pathways import deliver
from .plastic_pathways import PlasticPathway
from .recording import Recording, SpikeRecording
from .samplers import SpikeKeeper
from .sources import SourceRuntime, make_source
from .specification import NetworkSpec, PathwaySpec

F64 = npt.NDArray[np.float64]
Snapshot = dict[str, npt.NDArray[Any]]

_BLOCKS_PER_THREAD = 16
"""Fewer than so many blocks are not worth a thread of their own."""
_SPIKES_BETWEEN_MEETINGS = 2**22
"""Spikes of one population for which buffers have room, should all fire in every step."""


def _power_of_two(n: int) -> int:
    return 1 << max(0, n - 1).bit_length()


class CpuEngine:
    """Everything a `NetworkSpec` needs on this machine, allocated and at its initial state."""

    def __init__(
        self,
        spec: NetworkSpec,
        recordings: list[Recording],
        spike_recordings: list[SpikeRecording],
        *,
        threads: int,
        step: int = 0,
    ) -> None:
        self.spec, self._step = spec, step
        blocks = sum(-(-g.n // LANES) for g in spec.groups)
        self.threads = max(1, min(threads, usable_cores(), blocks // _BLOCKS_PER_THREAD))
        self.window = self._shortest_delay()
        self.groups = self._make_groups()
        self.sources = self._make_sources()
        self._control = new_control()
        self._margin = self.window + 1
        self.histories: dict[int, SpikeHistory] = {}
        self._history_operations: list[Operation] = []
        self.pathways = [self._make_pathway(p) for p in spec.pathways]
        self.currents = [self._make_current(c) for c in spec.currents]
        self._samplers = [self.groups[r.group].sampler(r) for r in recordings]
        self._keepers = [self._keeper(r) for r in spike_recordings]
        self._loop = self._new_loop()

    # -- construction -----------------------------------------------------------------------------

    def _shortest_delay(self) -> int:
        """Steps between two meetings; fewer if spikes of so many steps would need much memory."""
        sizes = [g.n for g in self.spec.groups] + [s.n for s in self.spec.sources]
        largest = max(sizes, default=1)
        shortest = min(LONGEST_WINDOW, _SPIKES_BETWEEN_MEETINGS // max(1, largest))
        for pathway in self.spec.pathways:
            delays = np.asarray(pathway.delays)
            if delays.size:
                shortest = min(shortest, int(delays.min()))
        return max(1, shortest)

    def _ring_steps(self, emitter: int, is_source: bool) -> int:
        longest = 1
        for p in self.spec.pathways:
            if (p.pre.emitter, p.pre.is_source) == (emitter, is_source):
                delays = np.asarray(p.delays)
                longest = max(longest, int(delays.max()) if delays.size else 1)
        return _power_of_two(longest + self.window + 2)

    def _input_steps(self, group: int, receptor: int) -> int:
        steps = self.spec.in_flight_steps
        for p in self.spec.pathways:
            if (p.post.emitter, p.receptor) == (group, receptor) and np.asarray(p.delays).size:
                delays = np.asarray(p.delays)
                steps = max(steps, int(delays.max()) - int(delays.min()) + 1)
        return _power_of_two(steps)

    def _make_groups(self) -> list[GroupRuntime]:
        injected = {c.group for c in self.spec.currents}
        return [
            GroupRuntime(
                group, dt_ms=self.spec.dt_ms, seed=self.spec.key,
                precision=self.spec.precision, threads=self.threads,
                ring_steps=self._ring_steps(g, False),
                input_steps=[self._input_steps(g, r) for r in range(len(group.plan.receptors))],
                uses_current=g in injected,
            )
            for g, group in enumerate(self.spec.groups)
        ]  # fmt: skip

    def _make_sources(self) -> list[SourceRuntime]:
        return [
            make_source(
                source, dt_ms=self.spec.dt_ms, seed=self.spec.key, threads=self.threads,
                ring_steps=self._ring_steps(s, True),
            )
            for s, source in enumerate(self.spec.sources)
        ]  # fmt: skip

    def _ring(self, emitter: int, is_source: bool) -> SpikeRing:
        return self.sources[emitter].ring if is_source else self.groups[emitter].ring

    def _make_pathway(self, spec: PathwaySpec) -> PathwayRuntime:
        group = self.groups[spec.post.emitter]
        history = self._history(spec.post.emitter) if spec.plan.on_post else None
        return deliver(
            spec, ring=self._ring(spec.pre.emitter, spec.pre.is_source),
            inputs=group.inputs[spec.receptor], bounds=group.bounds, history=history,
            dt_ms=self.spec.dt_ms, seed=self.spec.key, precision=self.spec.precision,
            step=self._step,
        )  # fmt: skip

    def _history(self, number: int) -> SpikeHistory:
        """Spikes of a group that plastic synapses look at; kept from the first one that asks on."""
        if number not in self.histories:
            group = self.groups[number]
            history = new_history(group.spec.n, self._margin)
            # It asks the loop to stop by the loop's own word.
            history.full = self._control[STOP : STOP + 1]
            history.write_table()
            self.histories[number] = history
            self._history_operations.append(keep_history(history, group.ring, self._margin))
        return self.histories[number]

    def _make_current(self, spec: Any) -> CurrentRuntime:
        return CurrentRuntime(
            spec, self.groups[spec.group], dt_ms=self.spec.dt_ms, seed=self.spec.key,
            precision=self.spec.precision,
        )  # fmt: skip

    def _keeper(self, recording: SpikeRecording) -> SpikeKeeper:
        emitters: Any = self.sources if recording.is_source else self.groups
        emitter = emitters[recording.emitter]
        keeper = SpikeKeeper(
            recording, emitter.ring, emitter.spec.n, min(self.window, LONGEST_WINDOW), self._control
        )
        return keeper

    def _new_loop(self) -> Loop:
        operations = self._operations()
        return Loop(operations, self._control, window=self.window, threads=self.threads)

    def _operations(self) -> list[Operation]:
        """A step: deliver, sources, currents, neurons, history, recordings."""
        return [
            *(p.operation for p in self.pathways),
            *(s.operation for s in self.sources if s.spec.n),
            *(clearing(g) for g in self.groups if g.uses_current),
            *(c.operation for c in self.currents if c.spec.targets.size),
            *(g.operation for g in self.groups if g.spec.n),
            *self._history_operations,
            *(k.operation for k in self._keepers),
            *(s.operation for s in self._samplers if s.recording.indices.size),
        ]

    # -- running ----------------------------------------------------------------------------------

    def run(self, first: int, n_steps: int) -> int:
        """Do `n_steps` steps from step `first` on; returns how many have been done.

        They are fewer if a buffer has to grow first; nothing is lost, call again.
        """
        if any(p.rebuild_needed for p in self.pathways):
            self._take_over_pathways()
        for sampler in self._samplers:
            sampler.prepare(first + n_steps - 1)
        if first == 1:
            self._keep_what_came_at_once()
        done = self._loop.run(first, n_steps)
        self._step = first + done - 1
        for sampler in self._samplers:
            sampler.recording.n_rows = sampler.recording.rows_until(self._step)
        for keeper in self._keepers:
            keeper.hand_over()
        if self._control[STOP]:
            self._make_room()
        return done

    def _make_room(self) -> None:
        """Let the histories grow that asked for a stop."""
        for history in self.histories.values():
            taken = int((history.counts - history.settled).max(initial=0))
            if taken + 2 * self._margin >= history.steps.shape[1]:
                users = [
                    runtime
                    for runtime in self.pathways
                    if isinstance(runtime, PlasticPathway) and runtime.ends.history is history
                ]
                grow(history, users, self._step, self._margin)

    def _keep_what_came_at_once(self) -> None:
        """Record spikes of step 0, which come before the first step of the loop."""
        for keeper in self._keepers:
            if keeper.recording.is_source:
                keeper.keep(0)

    def _take_over_pathways(self) -> None:
        """Some operations are new: weights are stored in another way, or a table has moved."""
        for pathway in self.pathways:
            pathway.rebuild_needed = False
        self._renew_loop()

    def _renew_loop(self) -> None:
        self._loop.close()
        self._loop = self._new_loop()

    # -- reading and writing ----------------------------------------------------------------------

    def stale(self) -> bool:
        """Take over changed parameters; true if that takes another kernel, so another engine."""
        return any(group.dirty and not group.refresh() for group in self.groups)

    def update_values(self, group: int) -> None:
        """Parameters of a group have changed in the specification."""
        self.groups[group].dirty = True

    def update_source(self, number: int, members: I64) -> None:
        """Parameters or times of some sources have changed in the specification."""
        self.sources[number].update(members, self._step)

    def update_current(self, number: int) -> None:
        """Parameters of a current source have changed in the specification."""
        if self.currents[number].update():
            self._renew_loop()

    def read_state(self, group: int, name: str) -> F64:
        """A state of all neurons of a group, (n,)."""
        return self.groups[group].read(name)

    def write_state(self, group: int, name: str, values: npt.ArrayLike, members: I64) -> None:
        """Change a state of some neurons."""
        self.groups[group].write(name, values, members)

    def not_finite(self) -> list[tuple[int, str]]:
        """Groups and states of which some values are infinite or not a number."""
        return [
            (g, state.name)
            for g, group in enumerate(self.groups)
            if not np.isfinite(group.lanes[:, : len(group.spec.plan.states)]).all()
            for state in group.spec.plan.states
            if not np.isfinite(group.read(state.name)).all()
        ]

    def read_pathway(self, number: int, name: str) -> F64:
        """A quantity of all synapses, in the order of the connectivity."""
        return self.pathways[number].get(name)

    def write_pathway(self, number: int, name: str, values: npt.ArrayLike) -> None:
        """Change the same."""
        self.pathways[number].set(name, values)

    def snapshot(self) -> Snapshot:
        """Everything that later steps depend on, by name."""
        return snapshots.take(self, self._step)

    def restore(self, state: Snapshot, step: int) -> None:
        """Go to a state taken after `step`, the one that this engine was made for; once."""
        snapshots.put(self, state, step)

    def close(self) -> None:
        """End the threads."""
        self._loop.close()
