"""The program of a run and the reading of its trace.

Oracle: the layout of a run (docs/explanation/timing.md) read off the messages one by one.
"""

import dataclasses

import numpy as np
import pytest

from firmware_protocol import ChipConfig, Program, Trace, initialise, memory_map
from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.instructions import READ_BIT, ToFpga, parse
from pynn_hx import compile as compiler
from pynn_hx.injection import InjectedConfiguration
from pynn_hx.mapping.readout import Readout, Sight

EMPTY = np.empty(0, np.int64)


def run_of(*chips, timer=EMPTY, label=EMPTY, runtime=1000, readout=None):
    """A run of stages of `runtime` cycles each, one for each chip."""
    shown = Readout() if readout is None else readout
    stages = tuple(
        compiler.Stage(chip.image(), shown, k * runtime, (k + 1) * runtime)
        for k, chip in enumerate(chips or (ChipConfig(),))
    )
    return compiler.Run(stages, np.asarray(timer), np.asarray(label))


def observe(trace, runtime):
    return compiler.observe(compiler.build(run_of(runtime=runtime), None), trace)


def played(words):
    """(cycle, header, payload) of every message, and the cycle at which the timer was set up."""
    messages = parse(words)
    cycle, t0, found = 0, 0, []
    for header, payload in zip(messages.header.tolist(), messages.payload.tolist(), strict=True):
        if header == ToFpga.TIMER_SETUP:
            t0 = cycle
        elif header == ToFpga.WAIT_UNTIL:
            cycle = max(cycle, t0 + payload)
        found.append((cycle, header, payload))
        cycle += 1
    return found


def trace_of(ticks, *, spikes=(), samples=(), timeouts=(), halted=True):
    return Trace(
        spike_time=np.array([t for t, _ in spikes], np.int64),
        spike_label=np.array([v for _, v in spikes], np.uint16),
        madc_time=np.array([t for t, _ in samples], np.int64),
        madc_value=np.array([v for _, v in samples], np.uint16),
        madc_channel=np.zeros(len(samples), np.uint8),
        reads=np.empty(0, np.uint32),
        ticks=np.array(ticks, np.int64),
        timeouts=np.array(timeouts, np.uint32),
        halted=halted,
    )


@pytest.mark.parametrize(
    ("ms", "expected"), [(0.01, 1250), (0.29, 36250), (0.07, 8750), (8e-6, 1), (15e-6, 1), (0, 0)]
)
def test_times_are_truncated_to_whole_cycles_but_not_below_them(ms, expected):
    assert compiler.cycles(ms) == expected


def test_whole_microseconds_up_to_ten_seconds_are_exact():
    us = np.concatenate([np.arange(1000), np.random.default_rng(0).integers(0, 10**7, 10_000)])
    assert np.array_equal(compiler.cycles(us / 1000), us * 125)


def test_the_first_program_initialises_and_writes_every_word_the_next_only_changed_ones():
    built = compiler.build(run_of(), None)
    program, image = built.program, built.image
    start = Program()
    initialise(start)
    n_first = (parse(start.words()).header == ToFpga.OMNIBUS_DATA).sum()
    writes = (parse(program.words()).header == ToFpga.OMNIBUS_DATA).sum()
    # Also event recording on and off, and neurons that may hang in a reset are let go.
    assert writes == n_first + memory_map.ADDRESSES.size + 2 + N_NEURONS
    again = compiler.build(run_of(), image).program
    assert (parse(again.words()).header == ToFpga.OMNIBUS_DATA).sum() == 2
    chip = ChipConfig()
    chip.synapses.weight[0, 0, 0] = 5
    changed = compiler.build(run_of(chip), image).program
    assert (parse(changed.words()).header == ToFpga.OMNIBUS_DATA).sum() == 3


@pytest.mark.parametrize(("name", "waits"), [("leak_v_leak", True), ("threshold_enable", False)])
def test_settling_time_is_spent_only_after_capmem_changes(name, waits):
    image = compiler.build(run_of(), None).image
    chip = ChipConfig()
    chip.neurons[name][3] = 1
    messages = parse(compiler.build(run_of(chip), image).program.words())
    long = messages.payload[messages.header == ToFpga.WAIT_UNTIL].max()
    assert (long == 20 * 125_000) == waits


def test_events_leave_at_their_experiment_time():
    program = compiler.build(run_of(timer=[0, 5, 5], label=[1, 2, 3]), None).program
    messages = played(program.words())
    tick = next(cycle for cycle, header, _ in messages if header == ToFpga.LOOPBACK)
    events = []
    for cycle, header, _ in messages:
        if header >= ToFpga.SPIKE_PACK_1:
            events += [cycle] * (header - ToFpga.SPIKE_PACK_1 + 1)
    observed = observe(trace_of([tick, messages[-1][0]], spikes=[(e, 0) for e in events]), 1000)
    assert observed.spike_time.tolist() == [0, 5, 5]


def test_a_later_stage_writes_what_differs_when_it_begins_and_events_keep_their_times():
    first, second = ChipConfig(), ChipConfig()
    second.synapses.weight[0, 0, :4] = 5
    timer = [0, 998, 1010]
    run = run_of(first, second, first, timer=timer, label=[1, 2, 3])
    messages = played(compiler.build(run, first.image()).program.words())
    ticks = [cycle for cycle, header, _ in messages if header == ToFpga.LOOPBACK]
    begin = ticks[0] + 1
    assert ticks[1] - begin == 3000
    changes = {int(address) for address in second.changes_from(first).addresses}
    written = [
        (cycle - begin, payload & 0xFFFFFFFF)
        for cycle, header, payload in messages
        if header == ToFpga.OMNIBUS_ADDRESS and payload & 0xFFFFFFFF in changes
    ]
    assert len(changes) > 1
    assert {a for t, a in written if 1000 <= t < 1000 + 2 * len(changes)} == changes
    assert {a for t, a in written if 2000 <= t < 2000 + 2 * len(changes)} == changes
    events = [cycle - begin for cycle, header, _ in messages if header >= ToFpga.SPIKE_PACK_1]
    assert events == timer


def test_the_columns_adc_is_triggered_at_regular_times_and_read_when_it_is_done():
    sights = (Sight(3, 0), Sight(11, 0), Sight(300, 0))
    built = compiler.build(run_of(readout=Readout(cadc=sights)), ChipConfig().image())
    messages = played(built.program.words())
    begin = next(cycle for cycle, header, _ in messages if header == ToFpga.LOOPBACK) + 1
    reads = [
        (cycle - begin, payload & 0xFFFFFFFF)
        for cycle, header, payload in messages
        if header == ToFpga.OMNIBUS_ADDRESS and payload & READ_BIT
    ]
    triggers = [(t, a) for t, a in reads if not a & 0x200000]
    latched = [(t, a) for t, a in reads if a & 0x200000]
    assert [t for t, _ in triggers[::2]] == [0, 217, 434, 651], "1.7 us and five reads"
    assert {a >> 24 for _, a in triggers} == {0x02, 0x03}, "one for each half"
    assert len(latched) == 4 * 3 and all(t - 212 >= 0 for t, _ in latched)


def test_injected_settings_make_the_next_run_write_everything_again():
    injected = InjectedConfiguration()
    run = dataclasses.replace(run_of(), injected=injected)
    assert compiler.build(run, ChipConfig().image()).image is None


def test_observation_is_cut_to_the_experiment():
    trace = trace_of(
        [100, 1200],
        spikes=[(100, 1), (101, 2), (1100, 3), (1101, 4)],
        samples=[(99, 7), (150, 8)],
    )
    seen = observe(trace, 1000)
    assert (seen.spike_time.tolist(), seen.spike_label.tolist()) == ([0, 999], [2, 3])
    assert (seen.madc_time.tolist(), seen.madc_value.tolist()) == ([49], [8])


def test_spikes_of_links_that_overtake_each_other_are_sorted():
    trace = trace_of([100, 1200], spikes=[(150, 1), (120, 2), (100, 3), (300, 4), (1101, 5)])
    seen = observe(trace, 1000)
    assert (seen.spike_time.tolist(), seen.spike_label.tolist()) == ([19, 49, 199], [2, 1, 4])


def sampled_beside(first, second, events=()):
    """What a run of two stages of 20 000 cycles with the CADC says; all readings are 0x80."""
    readout = Readout(cadc=(Sight(3, 0),))
    timer = np.asarray(events, np.int64)
    run = run_of(first, second, timer=timer, label=timer * 0, runtime=20_000, readout=readout)
    built = compiler.build(run, first.image())
    trace = dataclasses.replace(
        trace_of([100, 100_000]), reads=np.full(1000, 0x80808080, np.uint32)
    )
    return compiler.observe(built, trace).cadc


def test_samples_that_configuration_words_delay_are_left_out_and_said_so(caplog):
    first, second = ChipConfig(), ChipConfig()
    second.synapses.weight[0, :128] = 5  # 8192 words, of two messages each
    n_messages = 2 * second.changes_from(first).addresses.size
    assert 16_000 < n_messages < 20_000
    early, late = sampled_beside(first, second)
    assert "samples of the columns' ADC are left out" in caplog.text
    assert early.time.size == 20_000 // 214 and early.time[0] == 0
    assert 0 < late.time.size < early.time.size / 4
    assert late.time.min() >= 20_000 + n_messages
    assert np.all(np.diff(late.time) >= 214) and np.all(late.value == 0)


def test_a_sample_has_the_time_at_which_it_was_asked_for_even_if_events_hold_it_up():
    (seen, _) = sampled_beside(ChipConfig(), ChipConfig(), events=np.zeros(30, np.int64))
    assert seen.time[:2].tolist() == [0, 214], "the triggering read comes before events"
    (seen, _) = sampled_beside(ChipConfig(), ChipConfig(), events=np.full(30, 213))
    assert seen.time[1] == 213 + 1 + 10, "after the first sample's read and ten packs of three"


def test_events_wait_for_reads_of_the_columns_adc_no_longer_than_these_take():
    circuits = [Sight(n, 0) for n in range(0, 512, 4)]
    timer = np.arange(0, 1900, 7)
    run = run_of(timer=timer, label=timer * 0, runtime=2000, readout=Readout(cadc=tuple(circuits)))
    messages = played(compiler.build(run, ChipConfig().image()).program.words())
    begin = next(cycle for cycle, header, _ in messages if header == ToFpga.LOOPBACK) + 1
    sent = []
    for cycle, header, _ in messages:
        if header >= ToFpga.SPIKE_PACK_1:
            sent += [cycle - begin] * (header - ToFpga.SPIKE_PACK_1 + 1)
    late = np.array(sent) - timer
    assert 0 <= late.min() and 30 < late.max() <= 66, "64 registers and two triggers"


@pytest.mark.parametrize(
    ("trace", "message"),
    [
        (trace_of([100], halted=True), "returned 1 of 2 time marks and its end"),
        (trace_of([100, 200], halted=False), "and no end"),
        (trace_of([100, 200], timeouts=[17]), "timed out at instruction 17"),
    ],
)
def test_an_incomplete_trace_is_never_a_result(trace, message):
    with pytest.raises(RuntimeError, match=message):
        observe(trace, 10)


def test_the_madc_runs_only_if_asked():
    address = memory_map.MADC_CONTROL
    for madc, expected in (((None, None), 0), ((Sight(3, 0), None), 3)):
        messages = parse(compiler.build(run_of(readout=Readout(madc)), None).program.words())
        controls = (messages.payload & np.uint64(0xFFFFFFFF)) == address
        assert (controls & (messages.header == ToFpga.OMNIBUS_ADDRESS)).sum() == expected


def test_every_run_begins_after_a_millisecond_of_rest():
    image = compiler.build(run_of(), None).image
    messages = parse(compiler.build(run_of(), image).program.words())
    begin = int(np.nonzero(messages.header == ToFpga.LOOPBACK)[0][0])
    waits = messages.payload[:begin][messages.header[:begin] == ToFpga.WAIT_UNTIL]
    assert waits.max() >= 125_000
