"""What plastic synapses know of their targets' spikes, and how it grows.

A group keeps the last H spikes of each neuron.  `keep_history` writes them, and says when one is
about to be overwritten that a synapse may still need: which they need follows from when they were
visited last, and is looked up only then.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .kernels.deliver_history import keep
from .operations import Operation, SpikeHistory, SpikeRing
from .specification import I64

FIRST_ROOM = 32
"""Spikes of a neuron that a new history holds."""
MOST_ROOM, MOST_BYTES = 4096, 2**28
"""Beyond these, but not below `LEAST_ROOM`, a history grows only if settling does not help."""
LEAST_ROOM = 64


class NeedsHistory(Protocol):
    """A pathway whose synapses look at their targets' spikes."""

    def oldest_needed(self, needed: I64) -> None:
        """Lower ``needed[i]`` to the first step of which a synapse of neuron i needs spikes."""

    def settle(self, step: int) -> None:
        """Apply to all synapses what is certain after `step`, which may save spikes."""


def new_history(n: int, margin: int = 1) -> SpikeHistory:
    """History of `n` neurons that have not fired; `margin` as in `keep_history`."""
    room = FIRST_ROOM
    while room < 4 * margin:
        room *= 2
    columns = [np.zeros(shape, np.int64) for shape in ((n, room), n, n, 1)]
    return SpikeHistory(*columns)


def keep_history(history: SpikeHistory, ring: SpikeRing, margin: int) -> Operation:
    """Operation that adds a group's spikes of a step; it comes after the neurons of the step.

    ring    where the group writes its spikes
    margin  steps that may pass after ``history.full`` has been set until `grow` is called
    """
    table = np.array(
        [
            ring.ids.ctypes.data,
            ring.ids.shape[1],
            ring.counts.ctypes.data,
            ring.counts.shape[1],
            ring.first.ctypes.data,
            ring.ids.shape[0] - 1,
            history.table.ctypes.data,
            margin,
        ],
        np.int64,
    )
    kernel = keep()
    return Operation(kernel.address, table, [kernel, ring, history])


def grow(
    history: SpikeHistory, pathways: Iterable[NeedsHistory], step: int, margin: int = 1
) -> None:
    """Make room, between two steps.

    First what no synapse needs is given up.  If that leaves a neuron with more than half of its
    room taken, the room is doubled; if that is too much, synapses are brought up to date before,
    which changes nothing but what reading their states gives.

    step      the last one that is complete
    pathways  all that have this history
    """
    pathways = list(pathways)
    _give_up(history, pathways)
    room = history.steps.shape[1]
    if _taken(history) <= room // 2 - margin:
        history.full[0] = 0
        return
    wide = 2 * room > MOST_ROOM or 2 * history.steps.nbytes > MOST_BYTES
    if wide and room >= LEAST_ROOM:
        for pathway in pathways:
            pathway.settle(step)
        _give_up(history, pathways)
    while _taken(history) > history.steps.shape[1] // 2 - margin:
        _double(history)
    history.full[0] = 0


def clear(history: SpikeHistory) -> None:
    """Forget all spikes."""
    history.counts[:] = history.settled[:] = 0
    history.full[0] = 0


def snapshot(history: SpikeHistory) -> dict[str, npt.NDArray[Any]]:
    """Copies of everything."""
    return {name: getattr(history, name).copy() for name in ("steps", "counts", "settled")}


def restore(history: SpikeHistory, saved: dict[str, npt.NDArray[Any]]) -> None:
    """Go back to a snapshot."""
    history.steps = saved["steps"].copy()
    history.counts[:], history.settled[:] = saved["counts"], saved["settled"]
    history.full[0] = 0
    history.write_table()


def _taken(history: SpikeHistory) -> int:
    """Most spikes of a neuron that may still be needed."""
    return int((history.counts - history.settled).max(initial=0))


def _give_up(history: SpikeHistory, pathways: list[NeedsHistory]) -> None:
    """Count as settled what no synapse needs."""
    needed = np.full(len(history.counts), np.iinfo(np.int64).max)
    for pathway in pathways:
        pathway.oldest_needed(needed)
    room = history.steps.shape[1]
    numbers = history.settled[:, None] + np.arange(room)
    steps = np.take_along_axis(history.steps, numbers & (room - 1), axis=1)
    free = (numbers < history.counts[:, None]) & (steps < needed[:, None])
    history.settled += free.sum(axis=1)


def _double(history: SpikeHistory) -> None:
    """Twice the room, with the same spikes in it."""
    n, room = history.steps.shape
    numbers = history.counts[:, None] - 1 - np.arange(room)
    steps = np.zeros((n, 2 * room), np.int64)
    old = np.take_along_axis(history.steps, numbers & (room - 1), axis=1)
    np.put_along_axis(steps, numbers & (2 * room - 1), old, axis=1)
    history.steps = steps
    history.write_table()
