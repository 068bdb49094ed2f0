"""When messages execute, and what the FPGA reports.

Oracle: the timing rules of docs/explanation/timing.md, worked out by hand.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.parameters import READ_LATENCY_CYCLES
from emulator.sequencer import schedule
from firmware_protocol import Program, decode, memory_map
from firmware_protocol.instructions import parse
from tests.support import emulated


def cycles(program, start=0):
    messages = parse(program.words())
    cycle = np.empty(messages.header.size, np.int64)
    end, _ = schedule(messages.header, messages.payload, start, start, cycle)
    return cycle, end


def test_every_message_takes_one_cycle():
    program = Program()
    program.write([1, 2], [3, 4])
    program.loopback()
    program.halt()
    cycle, end = cycles(program, start=100)
    assert cycle.tolist() == [100, 101, 102, 103, 104, 105]
    assert end == 106


def test_wait_until_completes_at_the_timer_value_and_takes_that_cycle():
    program = Program()
    program.setup_timer()  # cycle 0
    program.loopback()  # 1
    program.wait_until(9)  # completes at 9
    program.loopback()  # 10
    program.wait_until(5)  # late: completes at once, at 11
    program.loopback()  # 12
    assert cycles(program)[0].tolist() == [0, 1, 9, 10, 11, 12]


def test_a_barrier_waits_for_the_answers_of_reads():
    program = Program()
    program.read([1])
    program.barrier()
    program.loopback()
    assert cycles(program)[0].tolist() == [0, READ_LATENCY_CYCLES, READ_LATENCY_CYCLES + 1]


@settings(deadline=None)  # the first example compiles
@given(st.lists(st.integers(1, 3000), min_size=1, max_size=20))
def test_ticks_come_back_with_the_time_at_which_they_were_executed(waits):
    program, expected, now = Program(), [], 0
    program.systime_init()
    for wait in waits:
        program.wait(wait)  # setup at now + 1, wait completes `wait` after it
        program.loopback()
        now += wait + 2
        expected.append(now)
    program.halt()
    assert decode(Emulator().execute(program.words())).ticks.tolist() == expected


def test_time_goes_on_from_one_program_to_the_next():
    first, second = Program(), Program()
    for program in (first, second):
        program.loopback()
        program.halt()
    emulator = Emulator()
    ticks = [decode(emulator.execute(p.words())).ticks[0] for p in (first, second)]
    assert ticks == [0, 2]


def test_registers_read_back_known_and_unknown_alike():
    image = emulated.chip().image()
    program = Program()
    program.write(memory_map.ADDRESSES, image)
    program.write([0x88000009, memory_map.ADDRESSES[7]], [0xABCD, 0x15])
    program.read(memory_map.ADDRESSES)
    program.read([0x88000009, 0x02A00004])
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    image[7] = 0x15
    assert np.array_equal(trace.reads[:-2], image)
    assert trace.reads[-2:].tolist() == [0xABCD, 0]
    assert trace.halted


def test_reset_restores_the_defaults():
    program = Program()
    program.write(memory_map.ADDRESSES[:1], [0x3F])
    program.reset(True)
    program.read(memory_map.ADDRESSES[:1])
    program.halt()
    assert decode(Emulator().execute(program.words())).reads.tolist() == [0]


def test_an_fpga_event_is_echoed_if_the_crossbar_says_so():
    config = emulated.chip(threshold_enable=0)
    emulated.close_crossbar(config)
    emulated.open_node(config, 10, 10)  # link 2 to itself
    labels = [0x4000 | 5, 0x8000 | 6, 0x8000 | 7]
    result = emulated.run(config, 10, ([100, 200, 300], labels), madc=False)
    assert result.labels.tolist() == labels[1:]
    assert np.diff(result.spike_cycles).tolist() == [100]


def test_spikes_are_reported_only_while_recording():
    program = Program()
    emulated.write_chip(program, emulated.chip())
    program.wait(12_500)
    program.halt()
    assert decode(Emulator().execute(program.words())).spike_time.size == 0


@pytest.mark.parametrize("scale", [0, 3])
def test_refractory_period_is_exact_in_clock_ticks(scale):
    """Strong drive and no hold: spikes follow each other by the refractory time plus the rise."""
    config = emulated.chip(refractory_period_refractory_time=200)
    config.common_backend.clock_scale_slow = scale
    spikes = emulated.run(config, 400, madc=False).spike_cycles
    tick = 2 ** (scale + 1) // 2  # in cycles of 8 ns
    assert np.all(spikes % tick == spikes[0] % tick)
    assert np.all(np.diff(spikes) > 200 * tick)
