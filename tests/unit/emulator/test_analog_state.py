"""The state of all circuits, which is written back from the kernel's lanes when somebody asks.

Oracle: the same network that nobody looks at; the recorded membrane.
"""

import numpy as np
import pytest

from tests.support import emulated
from tests.support.emulated import chip, watch

READER = watch([0])
ORIGIN = 1_280_000  # cycles: long after power-on, a boundary of steps and noise blocks


def test_looking_at_the_state_changes_nothing():
    config = chip([0, 1, 40], leak_i_bias=200)
    outcomes = []
    for looks in (False, True):
        core, memory = emulated.core_of(config, chip_seed=1, run_seed=2, stuck_reset=False)
        pieces, at = [], ORIGIN
        for k in range(8):
            pieces += core.integrate(memory, READER, at, at + 1000 + k)
            at += 1000 + k
            if looks:
                seen = core.state
                assert seen.step[0] == at // core.step_cycles
                assert seen.v[0] == pytest.approx(pieces[-1].trace[0, -1])
        ticks = np.concatenate([piece.spike_tick for piece in pieces])
        outcomes.append((ticks, core.state.by_name()))
    (ticks, state), (other_ticks, other_state) = outcomes
    assert ticks.size > 5
    assert np.array_equal(ticks, other_ticks)
    for name, values in state.items():
        assert np.array_equal(values, other_state[name]), name


@pytest.mark.parametrize("source", [0, 1, 3])
def test_amplifiers_see_what_the_state_says(source):
    """Membranes alone are read from the lanes, all else from the state."""
    config = emulated.add_inputs(chip([0, 1, 40], leak_i_bias=200), [0, 1, 40])
    config.neurons.readout_source[:] = source
    core, memory = emulated.ideal_core(config)
    cycle, sampled = ORIGIN, [0, 40, 300]
    core.integrate(memory, watch([0], sampled=sampled), cycle, cycle + 2000)
    membranes, selected = core.amplified(memory, cycle + 2000)
    wanted = np.full(512, source)
    assert np.array_equal(membranes, core.state.v)
    assert np.array_equal(selected, core.voltages(memory, cycle + 2000, wanted))
    assert membranes[0] != membranes[300]
    again, _ = core.amplified(memory, cycle + 2000)
    assert np.array_equal(again, membranes)
    again[0] = 9.0
    assert core.state.v[0] == membranes[0]


def test_what_a_piece_tells_stays_when_time_goes_on():
    """The kernel writes to the same room again in the next piece, and to a longer one after it."""
    core, memory = emulated.core_of(chip(np.arange(60), leak_i_bias=200), stuck_reset=False)
    pieces, told, at = [], [], ORIGIN
    for cycles in (2000, 1000, 4000):
        (piece,) = core.integrate(memory, READER, at, at + cycles)
        pieces.append(piece)
        told.append((piece.spike_tick.tolist(), piece.event_neuron.tolist(), piece.trace.tolist()))
        at += cycles
    assert all(len(ticks) > 5 for ticks, _, _ in told)
    for piece, (ticks, neurons, trace) in zip(pieces, told, strict=True):
        assert piece.spike_tick.tolist() == ticks
        assert piece.event_neuron.tolist() == neurons
        assert piece.trace.tolist() == trace
