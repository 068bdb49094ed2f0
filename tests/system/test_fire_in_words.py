"""Neurons that make others fire, in words: what recorded events, counters and sensors tell.

Oracle: observers of one chip agree, and what lola's AtomicNeuron::Bayesian says of each operation.
"""

import numpy as np
import pytest

from emulator import Emulator
from firmware_protocol import Program, memory_map
from tests.support.emulated import EXACT, chip, start_up, write_chip
from tests.support.played import SILENT, close_crossbar_of, play, recording, us

MASTER, SLAVE, OTHER = 3, 259, 4
LABEL = {MASTER: 1, SLAVE: 2, OTHER: 3}


def connected(**settings):
    """MASTER drives SLAVE, its counterpart in the other row, which cannot fire by itself."""
    config = close_crossbar_of(chip([MASTER, SLAVE, OTHER]))
    for name, value in SILENT.items():
        config.neurons[name][SLAVE] = value
    for neuron, label in LABEL.items():
        config.neurons.event_routing_address[neuron] = label
    config.neurons.bayesian_enable_master[MASTER] = 1
    config.neurons.bayesian_connect_fire_vertical[MASTER] = 1
    for name, value in settings.items():
        config.neurons[f"bayesian_{name}"][SLAVE] = value
    return config


def recorded(config):
    """Spike cycles by neuron, and the three counters."""

    def fill(program):
        recording(program, True)
        program.wait(us(20))
        program.write(memory_map.spike_counter_address(np.array(list(LABEL)), reset=True), 0)
        program.wait(us(500))
        counts = program.read(memory_map.spike_counter_address(np.array(list(LABEL))))
        program.wait(us(20))
        return counts

    trace, counts = play(config, fill)
    own = {n: trace.spike_time[trace.spike_label & 0xFF == label] for n, label in LABEL.items()}
    return own, dict(zip(LABEL, trace.redeem(counts).astype(int), strict=True))


def test_a_slave_sends_events_and_is_counted_as_its_master_is():
    own, counts = recorded(connected(enable_slave=1))
    assert own[MASTER].size > 20
    assert own[SLAVE].size == own[MASTER].size
    assert np.all(np.abs(own[SLAVE] - own[MASTER]) <= 2)
    assert abs(counts[SLAVE] - counts[MASTER]) <= 1
    assert counts[MASTER] > 15


def test_without_the_slave_switch_nothing_follows():
    own, counts = recorded(connected())
    assert own[MASTER].size > 20
    assert own[SLAVE].size == counts[SLAVE] == 0


@pytest.mark.parametrize("operation", [1, 2, 3])
def test_a_silent_neuron_with_logic_sends_what_its_master_alone_gives(operation):
    """XNOR tells when the only state falls; AND and Muller C wait for the other in vain."""
    config = connected(operation=operation)
    own, counts = recorded(config)
    assert counts[SLAVE] == 0
    if operation == 2:
        later = own[SLAVE][:20] - own[MASTER][:20]
        assert np.all(np.abs(later - 255 * 2 / 2) <= 2)  # 255 counts of 2 ticks, in cycles
    else:
        assert own[SLAVE].size == 0


def test_a_remark_tells_that_fire_from_the_right_does_not_work():
    config = connected()
    config.neurons.bayesian_connect_fire_from_right[OTHER] = 1
    program = Program()
    start_up(program)
    write_chip(program, config)
    recording(program, True)
    program.wait(us(20))
    program.halt()
    emulator = Emulator(effects=EXACT)
    emulator.execute(program.words())
    assert any("connect_fire_from_right" in str(entry) for entry in emulator.log)
