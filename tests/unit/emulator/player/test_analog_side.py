"""What the chip's reset line takes with it: events on their way into, through and out of the chip.

Oracle: the latencies of an event (``emulator.latencies``) and one event per cycle on a link, by
hand: what the FPGA has played and has not left the chip when the line rises is lost.
"""

import numpy as np
import pytest

from emulator import Emulator
from emulator.latencies import Latencies
from firmware_protocol import ChipConfig, Program, decode, memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import crossbar_node
from tests.support import emulated

ECHO = Latencies().fpga_to_fpga
LINK = 1 << 14


def echoes(*parts, reset_at=None, config=None):
    """Cycles at which events leave the chip; `parts` are the (cycles, labels) that are played."""
    program = Program()
    if config is not None:
        program.write(memory_map.ADDRESSES, config.image())
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    program.setup_timer()
    program.loopback()
    for k, (cycles, labels) in enumerate(parts):
        if k == 1 and reset_at is not None:
            program.wait_until(reset_at - 1)
            program.reset(True)
            program.reset(False)
        program.events(cycles, labels)
    program.wait_until(2000)
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    return (trace.spike_time - trace.ticks[0] + 1).tolist()


LATER = ([1000], [2])


@pytest.mark.parametrize("after", [2, 30, ECHO - 2])
def test_an_event_that_is_in_the_chip_at_a_reset_is_lost(after):
    assert echoes(([100], [1]), LATER) == [100 + ECHO, 1000 + ECHO]
    assert echoes(([100], [1]), LATER, reset_at=100 + after) == [1000 + ECHO]


def test_an_event_that_has_left_the_chip_before_a_reset_arrives():
    """It has left, but the FPGA gets it some 40 cycles later."""
    left = 100 + ECHO
    assert echoes(([100], [1]), LATER, reset_at=left + 8) == [left, 1000 + ECHO]


def test_events_after_a_reset_wait_for_none_of_those_before_it():
    """Sixty events on one link within 20 cycles keep it busy for 40 more."""
    burst = (np.repeat(np.arange(100, 120), 3), np.ones(60, int))
    soon = ([125], [2])
    assert len(echoes(burst, soon)) == 61
    assert echoes(burst, soon, reset_at=121) == [125 + ECHO]


def test_events_that_wait_to_leave_are_lost_at_a_reset():
    """A slow link carries an event in two cycles, and gets one in each."""
    config = ChipConfig()
    config.crossbar_outputs.enable_slow[...] = 1
    burst = (100 + np.arange(40), np.ones(40, int))
    leaving = [100 + ECHO + 2 * k for k in range(40)]
    assert echoes(burst, config=config) == leaving
    assert echoes(burst, ([], []), config=config, reset_at=100 + ECHO + 50) == leaving[:25]


def test_events_that_buses_lose_before_a_reset_do_not_count_after_it():
    """Four events in each cycle are too many for a bus that takes one."""
    config = emulated.chip(0)
    config = emulated.connect(emulated.add_inputs(config), 0, [1])
    for link in range(4):
        emulated.open_node(config, 0, 8 + link)
    config.crossbar_nodes.enable_drop_counter[[crossbar_node(0, 8 + k) for k in range(4)]] = 1
    program = Program()
    reads = []
    for _ in range(2):
        program.reset(True)
        program.reset(False)
        emulated.write_chip(program, config)
        reads.append(program.read(CONTAINERS["CrossbarInputDropCounter"].all_addresses()[8:9, 0]))
        program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
        program.setup_timer()
        cycles = np.repeat(np.arange(100, 400), 3)
        program.events(cycles, np.resize(LINK * np.arange(4) + 1, cycles.size))
        program.wait_until(2000)
        reads.append(program.read(CONTAINERS["CrossbarInputDropCounter"].all_addresses()[8:9, 0]))
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    first, lost, second, lost_again = (int(trace.redeem(ticket)[0]) for ticket in reads)
    assert (first, second) == (0, 0)
    assert lost == lost_again > 0
