"""The state of an engine as named arrays: the names and the contents of the CPU engine's.

So a network may be saved on one device and restored on the other, and may have been added to
meanwhile.  Beside sums of weights on their way (``inputs``) stand their ``fixed_point`` units, from
which they are restored to the last bit unless somebody changed them or the scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .groups import DeviceGroup, Emitter, History
from .memory import Array, Memory

if TYPE_CHECKING:
    from ..engine_cuda import CudaEngine

Snapshot = dict[str, Array]


def take(engine: CudaEngine) -> Snapshot:
    """Everything that later steps depend on."""
    state: Snapshot = {}
    memory, step = engine.setting.memory, engine.step
    for g, group in enumerate(engine.groups):
        values = memory.get(group.values)[:, : group.spec.n].astype(np.float64)
        for variable in group.spec.plan.states:
            state[f"group{g}/{variable.name}"] = values[group.source.fields.index(variable.name)]
        state |= _coming(group, f"inputs{g}", memory, step)
        state |= _spikes(f"spikes/group{g}", engine.emitters[g], memory, step)
        if group.history is not None:
            state[f"history{g}/steps"] = memory.get(group.history.steps)
            state[f"history{g}/counts"] = memory.get(group.history.counts)
    for s, source in enumerate(engine.sources):
        state |= _spikes(f"spikes/source{s}", source.emitter, memory, step)
        state[f"source{s}/due"] = memory.get(source.due)
        state[f"source{s}/draws"] = memory.get(source.draws)
    for kind, runtimes in _runtimes(engine):
        for k, runtime in enumerate(runtimes):
            state |= {f"{kind}{k}/{name}": v for name, v in runtime.snapshot().items()}
    return state


def put(engine: CudaEngine, state: Snapshot, step: int) -> None:
    """Bring a new engine to a state taken after `step`; what is not in it stays initial."""
    memory = engine.setting.memory
    for pathway in engine.pathways:
        pathway.begin(step)
    for kind, runtimes in _runtimes(engine):
        for k, runtime in enumerate(runtimes):
            start = f"{kind}{k}/"
            own = {n.removeprefix(start): v for n, v in state.items() if n.startswith(start)}
            if own:
                runtime.restore(own)
    engine.fit_scales()
    for g, group in enumerate(engine.groups):
        _put_states(group, f"group{g}", state, memory)
        _put_coming(group, f"inputs{g}", state, memory, step)
        if group.history is not None and f"history{g}/counts" in state:
            _put_history(group.history, state, f"history{g}", memory)
    for s, source in enumerate(engine.sources):
        if f"source{s}/due" in state:
            memory.change(source.due, state[f"source{s}/due"])
            memory.change(source.draws, state[f"source{s}/draws"])
    engine.begin(step)
    for g in range(len(engine.groups)):
        _put_spikes(engine.emitters[g], f"spikes/group{g}", state, memory, step)
    for s, source in enumerate(engine.sources):
        _put_spikes(source.emitter, f"spikes/source{s}", state, memory, step)


def grow(history: History, memory: Memory, depth: int) -> None:
    """Make room for `depth` spikes, a power of two, of every neuron."""
    steps, counts = memory.get(history.steps), memory.get(history.counts)
    grown = np.zeros((steps.shape[0], max(depth, steps.shape[1])), np.int64)
    _copy_history(steps, counts, grown)
    history.steps = memory.put(grown, np.int64)


def _runtimes(engine: CudaEngine) -> list[tuple[str, list[Any]]]:
    return [("pathway", list(engine.pathways)), ("current", list(engine.currents))]


def _put_states(group: DeviceGroup, name: str, state: Snapshot, memory: Memory) -> None:
    values = memory.get(group.values)
    for variable in group.spec.plan.states:
        saved = state.get(f"{name}/{variable.name}")
        if saved is not None:
            values[group.source.fields.index(variable.name), : saved.size] = saved
    memory.change(group.values, values)


def _coming(group: DeviceGroup, name: str, memory: Memory, step: int) -> Snapshot:
    """Sums of weights that arrive in the steps after `step`, (D - 1, n), and their units."""
    state: Snapshot = {}
    ring = memory.get(group.ring)[..., : group.spec.n]
    depth = ring.shape[1]
    rows = (step + np.arange(1, depth)) & (depth - 1)
    for r, scaling in enumerate(group.scales):
        if group.setting.exact:
            state[f"{name}/{r}"] = ring[r, rows] * scaling.inverse
            state[f"fixed_point/{name}/{r}/units"] = ring[r, rows]
            state[f"fixed_point/{name}/{r}/scale"] = np.array(scaling.scale)
        else:
            state[f"{name}/{r}"] = ring[r, rows]
    return state


def _put_coming(group: DeviceGroup, name: str, state: Snapshot, memory: Memory, step: int) -> None:
    ring = memory.get(group.ring)
    depth = ring.shape[1]
    for r, scaling in enumerate(group.scales):
        coming = state.get(f"{name}/{r}")
        if coming is None:
            continue
        if group.setting.exact:
            units = state.get(f"fixed_point/{name}/{r}/units")
            scale = state.get(f"fixed_point/{name}/{r}/scale")
            sums, coming = coming, np.rint(coming * scaling.scale)
            if units is not None and scale == scaling.scale:
                coming = units if np.array_equal(units * scaling.inverse, sums) else coming
        for k, row in enumerate(coming, start=1):
            if np.any(row):
                ring[r, (step + k) & (depth - 1), : row.size] = row
    memory.change(group.ring, ring)


def _spikes(name: str, emitter: Emitter, memory: Memory, step: int) -> Snapshot:
    """Who fired in the steps that a ring still holds, in order."""
    ids, counts, times = (memory.get(a) for a in (emitter.ids, emitter.counts, emitter.times))
    depth = ids.shape[0]
    steps, members, often = [], [], []
    for earlier in range(max(0, step - depth + 2), step + 1):
        row = earlier & (depth - 1)
        order = np.argsort(ids[row, : counts[row]])
        members.append(ids[row, order])
        steps.append(np.full(order.size, earlier, np.int64))
        often.append(times[row, order] if emitter.times_mask else np.ones(order.size, np.int32))
    return {
        f"{name}/steps": _joined(steps, np.int64),
        f"{name}/ids": _joined(members, np.int32),
        f"{name}/times": _joined(often, np.int32),
    }


def _joined(parts: list[Array], kind: npt.DTypeLike) -> Array:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind)


def _put_spikes(emitter: Emitter, name: str, state: Snapshot, memory: Memory, now: int) -> None:
    if f"{name}/steps" not in state:
        return
    ids, times = memory.get(emitter.ids), memory.get(emitter.times)
    depth = ids.shape[0]
    counts = np.zeros(depth, np.int32)
    for what in zip(*(state[f"{name}/{part}"] for part in ("steps", "ids", "times")), strict=True):
        step, member, often = (int(value) for value in what)
        if step > now + 1 - depth:
            row = step & (depth - 1)
            ids[row, counts[row]] = member
            if emitter.times_mask:
                times[row, counts[row]] = often
            counts[row] += 1
    memory.change(emitter.ids, ids)
    memory.change(emitter.counts, counts)
    if emitter.times_mask:
        memory.change(emitter.times, times)


def _put_history(history: History, state: Snapshot, name: str, memory: Memory) -> None:
    counts, steps = state[f"{name}/counts"], state[f"{name}/steps"]
    neurons, depth = history.steps.shape
    grown = np.zeros((neurons, max(depth, steps.shape[1])), np.int64)
    _copy_history(steps, counts, grown)
    history.steps = memory.put(grown, np.int64)
    fired = memory.get(history.counts)
    fired[: counts.size] = counts
    memory.change(history.counts, fired)


def _copy_history(steps: Array, counts: Array, grown: Array) -> None:
    """Spike k of a neuron stands in column k modulo the depth, whatever the depth."""
    for back in range(steps.shape[1]):
        spike = counts - 1 - back
        known = np.flatnonzero(spike >= 0)
        grown[known, spike[known] % grown.shape[1]] = steps[known, spike[known] % steps.shape[1]]
