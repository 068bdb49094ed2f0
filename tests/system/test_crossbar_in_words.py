"""The crossbar while a program runs: an event meets the nodes as they stand when it comes.

Oracle: the order of writes and events in the program.
"""

import numpy as np
import pytest

from emulator import Emulator
from firmware_protocol import Program, decode, memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import crossbar_node
from tests.support.emulated import (
    EXACT,
    LEAK_OVER_THRESHOLD,
    add_inputs,
    chip,
    connect,
    start_up,
    write_chip,
)

QUIET = dict.fromkeys(LEAK_OVER_THRESHOLD, 0) | {
    "leak_v_leak": 606,
    "leak_i_bias": 164,
    "threshold_enable": 1,
    "threshold_v_threshold": 320,
    "reset_v_reset": 461,
    "reset_i_bias": 1022,
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 32,
    "event_routing_analog_output": 1,
    "event_routing_enable_digital": 1,
}
BURST = np.repeat(np.arange(0, 3000, 125), 3)
"""Cycles of an input that makes the neuron fire."""


def listening():
    config = add_inputs(chip(0, **QUIET), 0)
    return connect(config, 0, [63, 63, 63])


def closed():
    """The same with the node from link 0 to bus 0 closed."""
    config = listening()
    config.crossbar_nodes.target[crossbar_node(0, 8)] = 1
    return config


def spikes(first, second):
    """(spikes before, after) the switch from one configuration to another amid a run."""
    program = Program()
    start_up(program)
    write_chip(program, first)
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    program.setup_timer()
    program.loopback()
    program.events(100 + BURST, np.resize([1, 2, 3], BURST.size))
    program.wait_until(10_000)
    changes = second.changes_from(first)
    program.write(changes.addresses, changes.words)
    program.events(11_000 + BURST, np.resize([1, 2, 3], BURST.size))
    program.wait_until(21_000)
    program.halt()
    trace = decode(Emulator(effects=EXACT).execute(program.words()))
    times = trace.spike_time - trace.ticks[0]
    return int((times < 10_000).sum()), int((times >= 10_000).sum())


def test_a_node_that_opens_or_closes_amid_a_run_does_so_for_the_events_that_follow():
    before, after = spikes(listening(), listening())
    assert before > 0 and after > 0
    before, after = spikes(listening(), closed())
    assert before > 0 and after == 0
    before, after = spikes(closed(), listening())
    assert before == 0 and after > 0


@pytest.mark.parametrize("enabled_for", ["all", "the second half", "the first half"])
def test_counters_count_the_events_that_come_while_they_are_enabled(enabled_for):
    outputs = CONTAINERS["CrossbarOutputConfig"].all_addresses().reshape(-1)
    on, off = np.full(outputs.size, 0xFFF << 4), np.zeros(outputs.size, int)
    program = Program()
    start_up(program)
    write_chip(program, listening())
    program.write(outputs, off if enabled_for == "the second half" else on)
    program.setup_timer()
    program.events(100 + 10 * np.arange(7), np.ones(7, int))
    program.wait_until(1000)
    program.write(outputs, off if enabled_for == "the first half" else on)
    early = program.read(CONTAINERS["CrossbarOutputEventCounter"].all_addresses()[:1, 0])
    program.events(2000 + 10 * np.arange(5), np.ones(5, int))
    program.wait_until(3000)
    late = program.read(CONTAINERS["CrossbarOutputEventCounter"].all_addresses()[:1, 0])
    program.halt()
    trace = decode(Emulator(effects=EXACT).execute(program.words()))
    seen = [int(trace.redeem(ticket)[0]) for ticket in (early, late)]
    assert (
        seen == {"all": [7, 12], "the second half": [0, 5], "the first half": [7, 7]}[enabled_for]
    )
