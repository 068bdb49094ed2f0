"""The engine for CUDA devices: arrays on the device, a few launches per step, no waiting between.

A step is: deliver, sources, currents, neurons, recordings, clock.  The device knows which step it
computes; the host launches a block of steps, then copies what they have brought.  Results do not
depend on the order in which a device runs its threads (see `cuda.fixed_point`), unless
`deterministic` is false.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .connectivity import Procedural
from .cuda import snapshots
from .cuda.bookkeeping import advance
from .cuda.currents import DeviceCurrent
from .cuda.fixed_point import scaling_for
from .cuda.groups import DeviceGroup, Emitter, History, Setting
from .cuda.launch import Launch, Shape, default_shape
from .cuda.memory import Memory, power_of_two, word
from .cuda.pathways import DevicePathway
from .cuda.procedural import DeviceProcedural
from .cuda.record import Samples, Spikes
from .cuda.sources import DeviceSource
from .devices import require_cuda
from .recording import Recording, SpikeRecording
from .specification import F64, I64, NetworkSpec, PathwaySpec

Snapshot = dict[str, npt.NDArray[Any]]
Pathway = DevicePathway | DeviceProcedural

_BLOCK_BYTES = 2**28
"""Recordings may take so much of the device's memory between two copies."""
_LONGEST_BLOCK = 4096
_SHORTEST_BLOCK = 64
"""Steps for which the spike history of a neuron has room before a block begins."""
_LARGE_HISTORY = 4096
"""Spikes of a neuron: beyond it, bringing synapses up to date is tried before a history grows."""


class CudaEngine:
    """Everything a `NetworkSpec` needs on the device, allocated; `restore` begins a simulation.

    deterministic  the same spikes whatever the device does first; false: inputs are sums of
                   floating-point numbers in any order
    shape          of launches; only speed depends on it
    Raises         DeviceUnavailableError without a CUDA device
    """

    def __init__(
        self,
        spec: NetworkSpec,
        recordings: list[Recording],
        spike_recordings: list[SpikeRecording],
        *,
        deterministic: bool = True,
        shape: Shape | None = None,
    ) -> None:
        require_cuda()
        self.spec, self.step = spec, -1
        memory = Memory()
        self.clock = memory.zeros((1,), np.int64)
        self.setting = Setting(
            memory, shape or default_shape(), self.clock, spec.dt_ms, word(spec.key),
            spec.precision, deterministic,
        )  # fmt: skip
        self._status = memory.zeros((len(spec.groups),), np.int64)
        self._make_emitters()
        self.advance = Launch("advance", advance, (1, 1), memory.stream, [self.clock, self.counts])
        self.sources = [
            DeviceSource(s, self.setting, self.emitters[len(spec.groups) + k])
            for k, s in enumerate(spec.sources)
        ]
        self.groups = [self._make_group(g) for g in range(len(spec.groups))]
        self.pathways = [self._make_pathway(p) for p in spec.pathways]
        self.currents = [
            DeviceCurrent(c, self.setting, self.groups[c.group]) for c in spec.currents
        ]
        self._samples = [Samples(r, self.setting, self.groups[r.group]) for r in recordings]
        self._spikes = [
            Spikes(r, self.setting, self._emitter(r.emitter, r.is_source)) for r in spike_recordings
        ]
        self.fit_scales()

    # -- construction -----------------------------------------------------------------------------

    def _make_emitters(self) -> None:
        """Spike rings of groups, then of sources; all keep as many steps."""
        longest = 1
        for p in self.spec.pathways:
            delays = np.asarray(p.delays)
            if delays.size:
                longest = max(longest, int(delays.min() if p.plan.is_static else delays.max()))
        depth = power_of_two(longest + 2)
        memory = self.setting.memory
        sizes = [(g.n, False) for g in self.spec.groups] + [(s.n, True) for s in self.spec.sources]
        self.counts = memory.zeros((len(sizes), depth), np.int32)
        self.emitters = [
            Emitter(
                n, memory.zeros((depth, n), np.int32), self.counts[k],
                memory.put(np.ones((depth, n) if many else (1, 1)), np.int32), -1 if many else 0,
            )
            for k, (n, many) in enumerate(sizes)
        ]  # fmt: skip

    def _emitter(self, number: int, is_source: bool) -> Emitter:
        return self.emitters[number + (len(self.spec.groups) if is_source else 0)]

    def _make_group(self, g: int) -> DeviceGroup:
        spread, history = self.spec.in_flight_steps, False
        for p in self.spec.pathways:
            if p.post.emitter == g:
                delays = np.atleast_1d(np.asarray(p.delays))
                spread = max(spread, int(delays.max(initial=1)) - int(delays.min(initial=1)) + 1)
                history |= bool(p.plan.on_post)
        return DeviceGroup(
            self.spec.groups[g], self.setting, self.emitters[g],
            input_steps=power_of_two(spread), history=history,
        )  # fmt: skip

    def _make_pathway(self, spec: PathwaySpec) -> Pathway:
        kind = DeviceProcedural if isinstance(spec.connectivity, Procedural) else DevicePathway
        emitter = self._emitter(spec.pre.emitter, spec.pre.is_source)
        return kind(spec, self.setting, emitter, self.groups[spec.post.emitter])

    def fit_scales(self) -> None:
        """The finest fixed-point scale for each receptor at which its sums cannot overflow."""
        for g, group in enumerate(self.groups):
            scales = []
            for r in range(len(group.spec.plan.receptors)):
                onto = [
                    p for p in self.pathways
                    if (p.spec.post.emitter, p.spec.receptor) == (g, r)
                ]  # fmt: skip
                in_degrees = sum((p.in_degrees() for p in onto), np.zeros(group.spec.n, np.int64))
                largest = max((p.largest * p.headroom for p in onto), default=0.0)
                scales.append(scaling_for(largest, int(in_degrees.max(initial=0))))
            group.set_scales(scales)

    def begin(self, step: int) -> None:
        """Be after `step`; at 0 sources with given times emit what is due at t = 0."""
        self.step = step
        for source in self.sources:
            if source.spec.n:
                source.begin(step)
        memory = self.setting.memory
        memory.change(self.clock, np.int64(step))
        if step == 0:
            for source in self.sources:
                if source.spec.n and source.spec.kind == "times":
                    source.emit()()
        self.advance()

    # -- running ----------------------------------------------------------------------------------

    def launches(self) -> list[Launch]:
        """What a step consists of, without recordings and clock."""
        launches = []
        for p in self.pathways:
            if p.n:
                group = p.spec.post.emitter
                launches += p.deliver(self._status[group : group + 1])
        launches += [s.emit() for s in self.sources if s.spec.n]
        for current in self.currents:
            if current.spec.targets.size and current.group.spec.plan.uses_current:
                launches += current.launches()
        return launches + [g.update() for g in self.groups if g.spec.n]

    def _block(self, n_steps: int) -> int:
        """How many steps fit between two copies."""
        room = min(n_steps, _LONGEST_BLOCK)
        step_bytes = sum(s.step_bytes for s in self._samples)
        step_bytes += sum(s.step_bytes for s in self._spikes)
        if step_bytes:
            room = max(1, min(room, int(_BLOCK_BYTES / step_bytes)))
        for group in self.groups:
            if group.history is not None and group.spec.n:
                room = min(room, self._room_in_history(group, min(room, _SHORTEST_BLOCK)))
        return room

    def _room_in_history(self, group: DeviceGroup, wanted: int) -> int:
        """Steps in which no neuron can fire more often than its history has room for.

        A spike is forgotten once every synapse has met it.  If that is too few, the history grows;
        once it is large, synapses are brought up to date before.
        """
        memory, history = self.setting.memory, group.history
        assert history is not None
        pathways = [
            p
            for p in self.pathways
            if isinstance(p, DevicePathway) and p.group is group and p.looks_back
        ]
        waiting = self._waiting(history, pathways)
        if history.steps.shape[1] - waiting < wanted:
            if history.steps.shape[1] >= _LARGE_HISTORY:
                for pathway in pathways:
                    pathway.settle()
                waiting = self._waiting(history, pathways)
            snapshots.grow(history, memory, power_of_two(waiting + wanted))
        return int(history.steps.shape[1]) - waiting

    def _waiting(self, history: History, pathways: list[DevicePathway]) -> int:
        """Most spikes of a neuron that a synapse has still to meet."""
        memory = self.setting.memory
        fired = memory.get(history.counts)
        seen = memory.put(fired, np.int64)
        for pathway in pathways:
            pathway.lower_seen(seen)
        return int((fired - memory.get(seen)).max(initial=0))

    def run(self, first: int, n_steps: int) -> int:
        """Do `n_steps` steps from step `first` on, or fewer; returns how many.

        Raises  OverflowError if a weight outgrew the fixed-point scale of its receptor.
        """
        if first != self.step + 1:
            raise ValueError(f"engine: step {first} cannot follow step {self.step}")
        block = self._block(n_steps)
        launches = self.launches()
        for samples in self._samples:
            launches += samples.begin(self.step + block)
        for spikes in self._spikes:
            launches += spikes.begin(first, block)
        launches.append(self.advance)
        for _ in range(block):
            for launch in launches:
                launch()
        self._check_status()
        for samples in self._samples:
            samples.end()
        for spikes in self._spikes:
            spikes.end()
        self.step += block
        return block

    def _check_status(self) -> None:
        status = self.setting.memory.get(self._status)
        for group, reported in zip(self.groups, status, strict=False):
            if not reported:
                continue
            receptor, scaling = group.spec.plan.receptors[reported - 1], group.scales[reported - 1]
            raise OverflowError(
                f"{group.spec.plan.name}.{receptor.name}: an event exceeded "
                f"{scaling.largest_event:.6g} {receptor.weight_unit}, for which the weights that "
                "were set leave room; bound the weights of the synapse model, or use "
                "deterministic=False"
            )

    # -- state ------------------------------------------------------------------------------------

    def stale(self) -> bool:
        """Whether the engine has to be built anew before it goes on."""
        return False

    def read_state(self, group: int, name: str) -> F64:
        """A state of a group, (n,) float64."""
        return self.groups[group].read(name)

    def write_state(self, group: int, name: str, values: npt.ArrayLike, members: I64) -> None:
        """Change a state of some neurons."""
        self.groups[group].write(name, values, members)

    def update_values(self, group: int) -> None:
        """Take over changed parameters of a group."""
        self.groups[group].update_parameters()

    def update_source(self, source: int, members: I64) -> None:
        """Take over changed parameters or times of some sources, from now on."""
        if self.sources[source].spec.n:
            self.sources[source].update(members, self.step)

    def update_current(self, current: int) -> None:
        """Take over changed parameters of a current source."""
        self.currents[current].update_parameters()

    def not_finite(self) -> list[tuple[int, str]]:
        """Groups and states of which some values are infinite or not a number."""
        return [
            (g, state.name)
            for g, group in enumerate(self.groups)
            for state in group.spec.plan.states
            if not np.isfinite(group.read(state.name)).all()
        ]

    def read_pathway(self, pathway: int, name: str) -> F64:
        """``weight``, a parameter or a state of every synapse, (synapse,)."""
        return self.pathways[pathway].get(name)

    def write_pathway(self, pathway: int, name: str, values: npt.ArrayLike) -> None:
        """Change one of the same: one number, or one per synapse."""
        self.pathways[pathway].set(name, values)
        self.fit_scales()

    def snapshot(self) -> Snapshot:
        """Everything that later steps depend on, as arrays by name."""
        return snapshots.take(self)

    def restore(self, state: Snapshot, step: int) -> None:
        """Go to a state taken after `step`; what is not in it is initial."""
        snapshots.put(self, state, step)

    def close(self) -> None:
        """Wait until the device has done its work."""
        self.setting.memory.wait()
