"""The state of the CPU engine as named arrays that do not depend on how it lays out its memory.

Rings may have other lengths and groups more neurons when a state is restored than when it was
taken: a network may have been added to meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .operations import InputRing, SpikeHistory, SpikeRing

if TYPE_CHECKING:
    from .engine_cpu import CpuEngine

Snapshot = dict[str, npt.NDArray[Any]]


def take(engine: CpuEngine, step: int) -> Snapshot:
    """Everything that later steps depend on, after `step`."""
    state: Snapshot = {}
    for g, group in enumerate(engine.groups):
        for variable in group.spec.plan.states:
            state[f"group{g}/{variable.name}"] = group.read(variable.name)
        for r, inputs in enumerate(group.inputs):
            state[f"inputs{g}/{r}"] = _coming(inputs, step, group.spec.n)
        state |= _spikes(f"spikes/group{g}", group.ring, step)
    for s, source in enumerate(engine.sources):
        state |= _spikes(f"spikes/source{s}", source.ring, step)
        state |= {f"source{s}/due": source.due.copy(), f"source{s}/draws": source.draws.copy()}
    for g, history in engine.histories.items():
        state[f"history{g}/steps"] = history.steps.copy()
        state[f"history{g}/counts"] = history.counts.copy()
        state[f"history{g}/settled"] = history.settled.copy()
    for p, pathway in enumerate(engine.pathways):
        state |= {f"pathway{p}/{name}": v for name, v in pathway.snapshot().items()}
    for c, current in enumerate(engine.currents):
        state |= {f"current{c}/{name}": v for name, v in current.snapshot().items()}
    return state


def put(engine: CpuEngine, state: Snapshot, step: int) -> None:
    """Bring a new engine to a state taken after `step`; what is not in it stays initial."""
    for g, group in enumerate(engine.groups):
        for variable in group.spec.plan.states:
            values = state.get(f"group{g}/{variable.name}")
            if values is not None:
                group.write(variable.name, values, np.arange(values.size))
        for r, inputs in enumerate(group.inputs):
            _put_coming(inputs, state.get(f"inputs{g}/{r}"), step)
        _put_spikes(group.ring, f"spikes/group{g}", state, step)
    for s, source in enumerate(engine.sources):
        if f"source{s}/due" in state:
            source.due[:], source.draws[:] = state[f"source{s}/due"], state[f"source{s}/draws"]
        source.begin(step)
        _put_spikes(source.ring, f"spikes/source{s}", state, step)
    for g, history in engine.histories.items():
        _put_history(history, state, f"history{g}")
    both: tuple[tuple[str, list[Any]], ...] = (
        ("pathway", engine.pathways),
        ("current", engine.currents),
    )
    for kind, runtimes in both:
        for k, runtime in enumerate(runtimes):
            start = f"{kind}{k}/"
            own = {n.removeprefix(start): v for n, v in state.items() if n.startswith(start)}
            if own:
                runtime.restore(own)


def _coming(ring: InputRing, step: int, n: int) -> npt.NDArray[Any]:
    """Sums of weights that arrive in the steps after `step`, (D - 1, n)."""
    depth = ring.values.shape[0]
    rows = (step + np.arange(1, depth)) & (depth - 1)
    return np.asarray(ring.values[rows, :n].copy())


def _put_coming(ring: InputRing, coming: npt.NDArray[Any] | None, step: int) -> None:
    if coming is None:
        return
    depth = ring.values.shape[0]
    for k, row in enumerate(coming, start=1):
        if np.any(row):
            ring.values[(step + k) & (depth - 1), : row.size] = row


def _spikes(name: str, ring: SpikeRing, step: int) -> Snapshot:
    """Who fired in the steps that a ring still holds."""
    steps, ids, times = [], [], []
    depth = ring.ids.shape[0]
    for earlier in range(max(0, step - depth + 1), step + 1):
        row = earlier & (depth - 1)
        for thread, count in enumerate(ring.counts[row]):
            part = slice(int(ring.first[thread]), int(ring.first[thread] + count))
            ids.append(ring.ids[row, part].copy())
            steps.append(np.full(count, earlier, np.int64))
            repeats = np.ones(count, np.int32) if ring.times is None else ring.times[row, part]
            times.append(repeats.copy())
    if not ids:
        return {}
    return {
        f"{name}/steps": np.concatenate(steps),
        f"{name}/ids": np.concatenate(ids),
        f"{name}/times": np.concatenate(times),
    }


def _put_spikes(ring: SpikeRing, name: str, state: Snapshot, now: int) -> None:
    if f"{name}/steps" not in state:
        return
    steps, ids, times = (state[f"{name}/{what}"] for what in ("steps", "ids", "times"))
    depth = ring.ids.shape[0]
    ring.counts[:] = 0
    owner = np.searchsorted(ring.first[1:], ids, side="right")
    for step, member, repeats, thread in zip(steps, ids, times, owner, strict=True):
        if step <= now - depth:
            continue
        row = int(step) & (depth - 1)
        place = int(ring.first[thread] + ring.counts[row, thread])
        ring.ids[row, place] = member
        if ring.times is not None:
            ring.times[row, place] = repeats
        ring.counts[row, thread] += 1


def _put_history(history: SpikeHistory, state: Snapshot, name: str) -> None:
    """Spike k of a neuron stands in column k modulo the room, whatever the room is."""
    if f"{name}/counts" not in state:
        return
    counts, steps = state[f"{name}/counts"], state[f"{name}/steps"]
    grown = np.zeros((history.counts.size, steps.shape[1]), np.int64)
    grown[: counts.size] = steps
    history.steps = grown
    history.counts[: counts.size] = counts
    history.settled[: counts.size] = state[f"{name}/settled"]
    history.write_table()
