"""Spikes of several threads, put in order.

Oracle: Python's `sorted`, by tick and neuron.
"""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.kernels import neurons as kernel
from emulator.kernels.fire import Log

STEP_TICKS, N_LANES = 8, 64
NEURON = np.random.default_rng(3).permutation(N_LANES)  # of each lane
BEFORE = [(3, 5), (4, 0)]  # (tick, lane) of an earlier window

spikes = st.tuples(st.integers(10, 40), st.integers(0, STEP_TICKS - 1), st.integers(0, N_LANES - 1))
groups = st.lists(st.lists(spikes, max_size=12), max_size=4)


def told(group):
    """(tick, lane) as a group of lanes tells them: step after step, anyhow within a step."""
    once = {(step * STEP_TICKS + offset, lane): step for step, offset, lane in group}
    return sorted(once, key=lambda spike: once[spike])


@given(st.lists(groups, min_size=1, max_size=3))
@settings(deadline=None)
def test_spikes_of_all_threads_come_in_order_of_tick_and_neuron(threads):
    everything, seen = [], set()
    log, counts = np.zeros((len(threads), 2, 200), np.int64), np.zeros((len(threads), 8), np.int64)
    for thread, of_thread in enumerate(threads):
        for group in of_thread:
            for spike in told(group):
                if spike not in seen:  # a neuron fires once in a tick
                    seen.add(spike)
                    everything.append(spike)
                    log[thread, :, counts[thread, 0]] = spike
                    counts[thread, 0] += 1
    merged = Log(np.zeros(400, np.int64), np.zeros(400, np.int64), NEURON, len(BEFORE))
    merged.tick[: len(BEFORE)], merged.lane[: len(BEFORE)] = np.transpose(BEFORE)
    n = kernel._merge(log, counts, merged, STEP_TICKS)
    found = list(zip(merged.tick[:n].tolist(), merged.lane[:n].tolist(), strict=True))
    assert found == BEFORE + sorted(everything, key=lambda spike: (spike[0], NEURON[spike[1]]))
    assert not counts.any()
