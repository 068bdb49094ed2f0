"""When messages execute, and what the FPGA reports.

Oracle: the timing rules of docs/explanation/timing.md, worked out by hand.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import Emulator
from emulator.latencies import Latencies
from firmware_protocol import Program, decode, jtag, memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import ToFpga, message
from tests.support import emulated

COUNTER, COUNTER_RESET = (
    int(memory_map.spike_counter_address(0, reset=reset)) for reset in (False, True)
)
POLL = (0x88000006, 0x88000007, 0x88000008)
TIMEOUT, TIMER = 0x88000009, 0x8800000C
LATENCY = Latencies().read


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


HELD = ["chip reset"]


@pytest.mark.parametrize(
    ("reach", "expected"),
    [
        (lambda p: p.write(0x100000, 1), HELD),
        (lambda p: p.read([0x100000]), HELD),
        (lambda p: p.poll(0x100000, 0, 0), HELD),
        (lambda p: p._append(message(ToFpga.SPIKE_PACK_1, 1)), HELD),
        (jtag.read_id_code, HELD),
        (lambda p: p.write(TIMEOUT, 5000), []),
        (lambda p: p.poll(TIMEOUT, 0, 0), []),
        (lambda p: p.wait(1000), []),
    ],
)
def test_what_reaches_for_a_chip_in_reset_is_noted_once_in_a_program(reach, expected):
    """Programs 1 and 2 reach for it twice with the line up, then with the line down again."""
    emulator = Emulator()
    for released in (False, False, True):
        program = Program()
        program.setup_timer()
        program.reset(not released)
        for _ in range(2):
            reach(program)
        program.halt()
        emulator.execute(program.words())
    assert [entry.place for entry in emulator.log] == expected
    assert [entry.count for entry in emulator.log] == [2] * len(expected)


def test_a_reset_that_a_program_leaves_on_is_on_in_the_next_one():
    emulator = Emulator()
    for parts in (lambda p: p.reset(True), lambda p: p.write(0x100000, 1)):
        program = Program()
        parts(program)
        program.halt()
        emulator.execute(program.words())
    assert [entry.place for entry in emulator.log] == HELD


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


# --- devices --------------------------------------------------------------------------------------


def counted(*, reset=True, cycles=125_000, recording=False, poll=None, timeout=1_250_000):
    """A program in which neuron 0 spikes while nobody looks but its counter; its trace."""
    program = Program()
    emulated.write_chip(program, emulated.chip(0))
    program.write(memory_map.EVENT_RECORDING_CONFIG, int(recording))
    if reset:
        program.write(COUNTER_RESET, 0)
    program.setup_timer()
    program.loopback()
    if poll is not None:
        program.write(TIMEOUT, timeout)
        program.write(POLL, [COUNTER, poll, 0xFF])
        program._append(message(ToFpga.POLLING_OMNIBUS_BLOCK, 1))
        program.loopback()
    program.wait_until(cycles)
    program.read([COUNTER])
    program.barrier()
    program.halt()
    return decode(Emulator().execute(program.words()))


def test_a_spike_counter_counts_what_nobody_records():
    recorded = counted(recording=True)
    begin = recorded.ticks[0]
    after = recorded.spike_time - begin
    seen = np.count_nonzero((after >= 0) & (after < 125_000))
    assert counted().reads[0] == pytest.approx(seen, abs=1)
    assert seen > 20
    assert counted(reset=False).reads[0] & 0x100, "20 ms of spikes overflow the counter"


def test_a_poll_goes_on_when_a_counter_reaches_its_value():
    spikes = counted(recording=True)
    after = spikes.spike_time[spikes.spike_time > spikes.ticks[0]] - spikes.ticks[0]
    trace = counted(poll=10)
    assert trace.timeouts.size == 0
    waited = np.diff(trace.ticks)[0]
    # The tenth spike; each reading sees it at once and takes the read latency to come back.
    assert after[9] < waited < after[9] + 3 * LATENCY
    assert trace.reads[0] > 10


def test_a_poll_for_a_count_that_is_not_reached_in_time_times_out():
    trace = counted(poll=200, timeout=20_000)
    assert trace.timeouts.size == 1
    assert 20_000 < np.diff(trace.ticks)[0] < 20_000 + 20


def test_a_poll_jumps_over_time_in_which_nothing_can_happen():
    """A time-out of 34 s, of a counter whose neuron is silent."""
    program = Program()
    program.loopback()
    program.write(TIMEOUT, (1 << 32) - 1)
    program.write(POLL, [COUNTER, 1, 0xFF])
    program._append(message(ToFpga.POLLING_OMNIBUS_BLOCK, 1))
    program.loopback()
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    assert trace.timeouts.tolist() == [9]
    assert np.diff(trace.ticks)[0] == (1 << 32) - 1 + 10


def test_a_poll_that_cannot_come_back_in_time_times_out_even_if_it_is_true():
    program = Program()
    program.write(TIMEOUT, LATENCY - 1)
    program._append(message(ToFpga.POLLING_OMNIBUS_BLOCK, 1))
    program.halt()
    assert decode(Emulator().execute(program.words())).timeouts.tolist() == [2]


def test_a_time_out_at_the_very_end_is_reported_too():
    program = Program()
    program.write([TIMEOUT, *POLL], [5000, 0, 1, 0xFF])
    program._append(message(ToFpga.POLLING_OMNIBUS_BLOCK, 1))
    emulator = Emulator()
    trace = decode(emulator.execute(program.words()))
    assert trace.timeouts.tolist() == [8]
    assert not trace.halted
    assert [entry.place for entry in emulator.log] == ["program", "poll of 0x0"]


def test_the_timer_can_be_read():
    program = Program()
    program.wait(50)  # setup at 0
    program.read([TIMER])  # at 51
    program.setup_timer()  # at 52
    program.wait_until(1000)  # at 1052
    program.read([TIMER, TIMER])  # at 1053
    program.halt()
    assert decode(Emulator().execute(program.words())).reads.tolist() == [51, 1001, 1002]


def test_the_timer_runs_on_into_the_next_program():
    emulator, program = Emulator(), Program()
    program.setup_timer()
    program.halt()
    emulator.execute(program.words())
    program = Program()
    program.read([TIMER])
    program.halt()
    assert decode(emulator.execute(program.words())).reads.tolist() == [2]


class Converter:
    """Two registers whose answers are there 300 cycles after the read that asks for them."""

    ADDRESS = 0x02C80000
    changes_with_time = True

    def __init__(self):
        self.reads = []

    def claims(self, address):
        return (address >= self.ADDRESS) & (address < self.ADDRESS + 2)

    def read(self, address, cycle, context):
        self.reads.append(cycle)
        return len(self.reads)

    def write(self, address, value, cycle, context):
        raise AssertionError("nobody writes")

    def ready(self, address):
        return self.reads[-1] + 300

    def reset(self):
        pass


def player(*devices):
    """A player of an emulator's parts, and these devices."""
    emulator = Emulator()
    bus = emulator._player._bus
    bus.devices = (*devices, *bus.devices)
    return emulator


def test_answers_that_take_long_delay_barriers_and_later_answers():
    converter, program = Converter(), Program()
    program.systime_init()  # 0
    program.read([Converter.ADDRESS])  # 1, there at 301, back at 301 + LATENCY
    program.read([TIMEOUT])  # 2: its answer comes behind
    program.barrier()  # 301 + LATENCY
    program.loopback()
    program.read([Converter.ADDRESS + 1])
    program.halt()
    response = player(converter).execute(program.words())
    trace = decode(response)
    assert trace.reads.tolist() == [1, 1_250_000, 2]
    assert trace.ticks.tolist() == [301 + LATENCY + 1]
    assert converter.reads == [1, 301 + LATENCY + 2]


def polled(*, number, timeout, first=()):
    """(reads of the converter, trace) of a poll at cycle 9 for its answer of this number."""
    converter, program = Converter(), Program()
    program.write([TIMEOUT, *POLL], [timeout, Converter.ADDRESS, number, 0xFF])
    program.read(list(first))
    program._append(message(ToFpga.POLLING_OMNIBUS_BLOCK, 1))
    program.loopback()
    program.halt()
    return converter.reads, decode(player(converter).execute(program.words()))


def test_a_poll_waits_for_each_answer_before_it_asks_again():
    reads, trace = polled(number=3, timeout=5000)
    every = 300 + LATENCY
    assert reads == [9, 9 + every, 9 + 2 * every]
    assert trace.timeouts.size == 0
    assert trace.ticks.tolist() == [9 + 3 * every]


def test_a_poll_waits_for_the_answers_of_earlier_reads():
    reads, trace = polled(number=2, timeout=5000, first=[Converter.ADDRESS + 1])
    assert reads == [8, 10]
    assert trace.ticks.tolist() == [10 + 300 + LATENCY]


def test_a_poll_whose_answer_takes_until_after_the_deadline_times_out():
    reads, trace = polled(number=1, timeout=299 + LATENCY)
    assert reads == [9]
    assert trace.timeouts.tolist() == [8]
    assert trace.ticks.tolist() == [9 + 299 + LATENCY]
    assert polled(number=1, timeout=300 + LATENCY)[1].timeouts.size == 0


def test_a_poll_leaves_no_conversions_behind():
    """One conversion takes some 190 cycles; the poll asks for many of them in its 1 ms."""
    trigger = int(CONTAINERS["CADCSampleQuad"].addresses(0, 0, 0, 0, 0)[0])
    program = Program()
    program.instruction_timeout(125_000)
    program.poll(trigger, 0, 0, equal=False)  # never true
    program.loopback()
    program.read([trigger])
    program.barrier()
    program.loopback()
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    assert trace.timeouts.size == 1
    assert np.diff(trace.ticks)[0] < 2 * 200 + LATENCY + 10


@pytest.mark.parametrize("register", [COUNTER, TIMER])
def test_a_poll_without_any_latency_reads_once_a_cycle(register):
    program = Program()
    program.instruction_timeout(100)
    program.poll(register, 0, 0, equal=False)
    program.halt()
    emulator = Emulator(latencies=Latencies(read=0))
    assert decode(emulator.execute(program.words())).timeouts.size == 1


def sampled(*, latched_reads):
    """Spikes of neuron 0 and answers while its column is converted again and again."""
    quad = CONTAINERS["CADCSampleQuad"]
    trigger, buffered = (int(quad.addresses(0, 0, 0, 0, k)[0]) for k in range(2))
    config = emulated.chip(0)
    config.cadc.enable = 1
    config.quadrants.cadc_v_ramp_offset, config.quadrants.cadc_i_ramp_slope = 60, 350
    config.quadrants.cadc_v_bias_ramp_buf = 400
    config.quadrants.cadc_i_bias_comp = config.quadrants.cadc_i_bias_vreset_buf = 1022
    config.neurons.readout_enable_amplifier[0] = 1
    config.column_correlation.enable_cadc_neuron_readout_causal[0, 0] = 1
    program = Program()
    emulated.write_chip(program, config)
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    program.setup_timer()
    for k in range(40):
        program.wait_until(1000 * (k + 1))
        program.read([trigger])
        for m in range(latched_reads):
            program.wait_until(1000 * (k + 1) + 250 + 200 * m)
            program.read([buffered])
    program.wait_until(50_000)
    program.halt()
    trace = decode(Emulator(run_seed=3).execute(program.words()))
    return trace.spike_time, trace.reads.reshape(40, 1 + latched_reads)


def test_latched_reads_show_the_trigger_and_disturb_nobody():
    spikes, alone = sampled(latched_reads=0)
    with_reads, answers = sampled(latched_reads=3)
    assert spikes.size > 5
    assert np.array_equal(with_reads, spikes)
    assert np.array_equal(answers, np.repeat(alone, 4, axis=1))
    assert np.unique(alone >> 24).size > 10, "a membrane that moves"


def test_unknown_registers_are_ignored_and_noted():
    emulator, program = Emulator(), Program()
    program.write([0x0E000000, TIMEOUT], [5, 6])
    program.read([0x0E000000, TIMEOUT])
    program.halt()
    assert decode(emulator.execute(program.words())).reads.tolist() == [0, 6]
    assert [entry.place for entry in emulator.log] == ["register 0xe000000"] * 2


def test_a_neuron_reset_quad_makes_its_quiet_neurons_spike():
    """Quad 1 of the top half: columns 8, 10, 12, 14."""
    program = Program()
    emulated.write_chip(program, emulated.chip([8, 9, 12], threshold_v_threshold=1022))
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    program.wait(1250)
    program.write(0x02C94001, 0)
    program.wait(1250)
    program.halt()
    assert decode(Emulator().execute(program.words())).spike_time.size == 2


def test_registers_written_by_jtag_act_like_any_other():
    """Over JTAG: address, data, request (docs/reference/words.md)."""
    program = Program()
    emulated.write_chip(program, emulated.chip(3, threshold_v_threshold=1022))
    program.write(memory_map.EVENT_RECORDING_CONFIG, 1)
    program.wait(1250)
    reset = int(memory_map.neuron_reset_address(3))
    for instruction, bits, value in ((5, 33, reset), (6, 32, 0), (7, 3, 0)):
        program._append(message(ToFpga.JTAG_INSTRUCTION, instruction))
        program._append(message(ToFpga.JTAG_DATA, bits << 40 | value))
    program.wait(1250)
    program.halt()
    assert decode(Emulator().execute(program.words())).spike_time.size == 1
