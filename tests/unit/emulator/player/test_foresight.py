"""What a program will look at.

Oracle: the rule in the module's docstring, worked out by hand on small programs.
"""

import numpy as np
import pytest

from emulator.log import Log
from emulator.memory import Memory, power_on_image
from emulator.player.foresight import NEVER, Observable, Span, foresee
from emulator.player.words import Accesses, messages
from firmware_protocol import Program
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import ToFpga, message

SPIKES, CROSSBAR = Observable.SPIKE_COUNTERS, Observable.CROSSBAR_COUNTERS
CADC, CORRELATION = Observable.CADC, Observable.CORRELATION
READ, RESET = 0x122800, 0x122C00
SAMPLES, SENSOR_RESET = 0x02C80000, 0x02C90000
POLL_ADDRESS = 0x88000006
OUTPUTS = int(CONTAINERS["CrossbarOutputConfig"].addresses()[0])
NODE = int(CONTAINERS["CrossbarNode"].addresses(3)[0])


def foreseen(*parts, still=(), memory=None):
    program, _ = messages(np.concatenate(parts), 0, Log())
    memory = Memory(power_on_image()) if memory is None else memory
    return foresee(program, Accesses.of(program), memory, frozenset(still))


def read(address):
    program = Program()
    program.read([address])
    return program.words()


def write(address, value=0):
    program = Program()
    program.write(address, value)
    return program.words()


def counting():
    """Registers with which the crossbar counts."""
    memory = Memory(power_on_image())
    memory.write(np.array([OUTPUTS], np.uint32), np.array([1 << 4], np.uint32))
    return memory


TICK = message(ToFpga.LOOPBACK, 1)
POLL = message(ToFpga.POLLING_OMNIBUS_BLOCK, 1)


def test_a_program_that_reads_no_counter_observes_nothing():
    assert foreseen(TICK, write(0x88000005, 1), read(0x88000009)) == {}


def test_counters_are_observed_from_the_begin_to_their_last_reading():
    assert foreseen(TICK, read(READ), TICK, read(READ + 4), TICK) == {SPIKES: Span(0, 3)}


def test_counters_are_observed_from_their_first_reset_on():
    assert foreseen(TICK, write(RESET), TICK, read(READ)) == {SPIKES: Span(1, 4)}


def test_a_reset_after_the_first_reading_shortens_nothing():
    assert foreseen(read(READ), write(RESET), read(READ)) == {SPIKES: Span(0, 3)}


def test_what_is_reset_and_not_read_is_observed_on_into_later_programs():
    first = foreseen(TICK, write(RESET), TICK)
    assert first == {SPIKES: Span(1, NEVER)}
    assert foreseen(TICK, still=first) == {SPIKES: Span(0, NEVER)}
    assert foreseen(TICK, read(READ), still=first) == {SPIKES: Span(0, 1)}
    assert foreseen(TICK, write(RESET), read(READ), still=first) == {SPIKES: Span(0, 3)}


@pytest.mark.parametrize("address", [0x130065, 0x130084])
def test_crossbar_counters_have_no_reset_but_stand_still_until_they_are_enabled(address):
    assert foreseen(TICK, read(address), memory=counting()) == {CROSSBAR: Span(0, 1)}
    assert foreseen(TICK, read(address)) == {}, "off, and nobody switches them on"
    outputs, node = write(OUTPUTS, 1 << 4), write(NODE, 1 << 31)
    for switch_on in (outputs, node):
        program = TICK, write(OUTPUTS, 0xF), switch_on, TICK, read(address)
        assert foreseen(*program) == {CROSSBAR: Span(3, 6)}
    assert foreseen(read(address), outputs) == {}, "too late"


def test_samples_are_observed_while_they_are_read_and_sensors_since_their_reset():
    program = (TICK, write(SENSOR_RESET), TICK, read(SAMPLES), TICK, read(0x02EC0000), TICK)
    assert foreseen(*program) == {CADC: Span(4, 6), CORRELATION: Span(1, 6)}
    assert foreseen(write(SENSOR_RESET)) == {CORRELATION: Span(0, NEVER)}


def test_samples_without_a_sensor_on_the_converter_say_nothing_about_sensors():
    switches = int(CONTAINERS["ColumnCorrelationQuad"].addresses(1, 5)[0])
    currents_only, sensor = write(switches, 0x03030303), write(switches, 0x40000000)
    assert foreseen(TICK, read(SAMPLES)) == {CADC: Span(1, 1)}
    assert foreseen(currents_only, read(SAMPLES)) == {CADC: Span(2, 2)}
    seen = {CADC: Span(3, 3), CORRELATION: Span(0, 3)}
    assert foreseen(sensor, TICK, read(SAMPLES)) == seen
    memory = Memory(power_on_image())
    memory.write(np.array([switches], np.uint32), np.array([0x80], np.uint32))
    assert foreseen(TICK, read(SAMPLES), memory=memory)[CORRELATION] == Span(0, 1)
    assert foreseen(read(SAMPLES), still={CORRELATION})[CORRELATION] == Span(0, 0)


def test_a_poll_looks_at_the_register_that_the_program_names():
    assert foreseen(write(POLL_ADDRESS, READ), TICK, POLL) == {SPIKES: Span(0, 3)}
    assert foreseen(POLL, write(POLL_ADDRESS, READ)) == {}


def test_a_poll_looks_at_the_register_that_an_earlier_program_named():
    memory = counting()
    memory.write(np.array([POLL_ADDRESS], np.uint32), np.array([0x130070], np.uint32))
    assert foreseen(TICK, POLL, memory=memory) == {CROSSBAR: Span(0, 1)}
