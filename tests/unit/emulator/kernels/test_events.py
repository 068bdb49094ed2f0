"""Arbitration: one event per cycle and bus, one per cycle and link.

Oracle: first come, first served, worked out by a loop over cycles in plain Python.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import EmulatorError, parameters
from emulator.kernels.events import serialise
from tests.support import emulated
from tests.support.emulated import fpga_inputs, ideal_core

ORIGIN = 1_280_000


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 3)), max_size=60))
def test_links_serve_first_come_first_served(events):
    events.sort(key=lambda e: e[0])
    expected, busy = [], set()
    for cycle, link in events:
        while (cycle, link) in busy:
            cycle += 1
        busy.add((cycle, link))
        expected.append(cycle)
    cycles = np.array([e[0] for e in events], np.int64)
    links = np.array([e[1] for e in events], np.int64)
    assert serialise(cycles, links, np.zeros(4, np.int64)).tolist() == expected


@pytest.mark.parametrize("n", [1, 3, 5])
def test_simultaneous_events_reach_a_bus_one_cycle_after_the_other(n):
    """On a floating line each event leaves a step; the line's mean over time tells when it came."""
    config = emulated.chip(threshold_enable=0)
    emulated.connect(emulated.add_inputs(emulated.read_out(config, 0, source=1)), 0, [20] * 5)
    config.neurons.excitatory_input_i_bias_tau[0] = 0
    sent = ORIGIN + 1250
    core, memory = ideal_core(config, fpga_inputs([sent] * n, np.arange(n) + 1), step_cycles=1)
    trace = emulated.trace_of(core.integrate(memory, np.array([0]), ORIGIN, ORIGIN + 2500))
    drops = np.round(np.diff(trace) / (-20 * 0.21e-3)).astype(int)
    arrived = np.nonzero(drops)[0]
    first = 1250 + parameters.FPGA_TO_SYNAPSE_CYCLES
    assert arrived.tolist() == list(range(first, first + n))
    assert np.all(drops[arrived] == 1)


def test_a_bus_that_cannot_keep_up_is_an_error():
    config = emulated.connect(emulated.add_inputs(emulated.chip()), 0, [1])
    cycles = np.repeat(ORIGIN + np.arange(10_000), 3)
    core, memory = ideal_core(config, fpga_inputs(cycles, np.ones(cycles.size)))
    with pytest.raises(EmulatorError, match="PADI bus 0: more than 16384 events wait for it"):
        core.integrate(memory, np.array([0]), ORIGIN, ORIGIN + 40_000)
