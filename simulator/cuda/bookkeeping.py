"""The small kernels of a step: given spike times, currents, recorded spikes, the clock.

They compute no dynamics.  The clock is a number on the device, so that no launch depends on what
the host knows.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .launch import cuda, kernel

MOST_TIMES = 255
"""How often a source may fire in one step if it is recorded: a byte holds the count."""


@kernel
def advance(clock: Any, counts: Any) -> None:
    """Go to the next step, in which nobody has fired yet.  One thread.

    counts  (emitter, R) int32: how many fired, step n in column n & (R - 1)
    """
    following = clock[0] + 1
    for emitter in range(counts.shape[0]):
        counts[emitter, following & (counts.shape[1] - 1)] = 0
    clock[0] = following


@kernel
def emit_times(
    clock: Any, steps: Any, starts: Any, members: Any, often: Any, ids: Any, counts: Any,
    times: Any,
) -> None:  # fmt: skip
    """Sources with given times fire.

    steps   (k,) int64, ascending: steps with events; starts[k] .. starts[k + 1] - 1 are theirs
    members, often  (event,) int32: who, and how often in this step
    """
    low, high = 0, steps.shape[0]
    while low < high:
        middle = (low + high) // 2
        if steps[middle] < clock[0]:
            low = middle + 1
        else:
            high = middle
    if low == steps.shape[0] or steps[low] != clock[0]:
        return
    row = clock[0] & (ids.shape[0] - 1)
    first = starts[low]
    for event in range(first + cuda.grid(1), starts[low + 1], cuda.gridsize(1)):
        ids[row, event - first] = members[event]
        times[row, event - first] = often[event]
    if cuda.grid(1) == 0:
        counts[row] = starts[low + 1] - first


@kernel
def add_current(trace: Any, trace_mask: Any, targets: Any, i_inj: Any) -> None:
    """Add amplitudes [nA] to the neurons of one source; a neuron is a target at most once."""
    for k in range(cuda.grid(1), targets.shape[0], cuda.gridsize(1)):
        i_inj[0, targets[k]] += trace[k & trace_mask]


@kernel
def mark_spikes(
    clock: Any, ids: Any, counts: Any, times: Any, times_mask: Any, place: Any, raster: Any,
    first: Any,
) -> None:  # fmt: skip
    """Write down who has fired in this step, and how often.

    place   (member,) int32: column of a recorded member, or -1
    raster  (row, recorded member) uint8, zeros so far; row clock - first[0]
    """
    row = clock[0] & (ids.shape[0] - 1)
    for k in range(cuda.grid(1), counts[row], cuda.gridsize(1)):
        column = place[ids[row, k]]
        if column >= 0:
            often = times[row & times_mask, k & times_mask]
            raster[clock[0] - first[0], column] = min(often, MOST_TIMES)


@kernel
def seen_by_all(
    targets: Any, post_first: Any, touched: Any, delays: Any, delay_mask: Any, axonal: Any,
    axonal_mask: Any, visits: Any, visit_mask: Any, history: Any, fired: Any, seen: Any,
) -> None:  # fmt: skip
    """Lower `seen` (neuron,) to the number of spikes that every synapse onto it has met.

    See `simulator.generators.synapses_cuda` for the half steps in which meetings are counted.
    """
    for synapse in range(cuda.grid(1), touched.shape[0], cuda.gridsize(1)):
        if visits[synapse & visit_mask] < 0:
            continue
        neuron = post_first + targets[synapse]
        late = 2 * (delays[synapse & delay_mask] - axonal[synapse & axonal_mask])
        late += 1 if late == 0 else 0
        spike = fired[neuron]
        kept = history.shape[1]
        while (
            spike > max(0, fired[neuron] - kept)
            and 2 * history[neuron, (spike - 1) & (kept - 1)] + late > touched[synapse]
        ):
            spike -= 1
        cuda.atomic.min(seen, neuron, np.int64(spike))
