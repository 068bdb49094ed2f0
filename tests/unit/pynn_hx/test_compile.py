"""The program of a run and the reading of its trace.

Oracle: the layout of a run (docs/explanation/timing.md) read off the messages one by one.
"""

import numpy as np
import pytest

from firmware_protocol import ChipConfig, Program, Trace, initialise, memory_map
from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.instructions import ToFpga, parse
from pynn_hx import compile as compiler

EMPTY = np.empty(0, np.int64)


def run_of(chip=None, timer=EMPTY, label=EMPTY, runtime=1000, madc=False):
    chip = ChipConfig() if chip is None else chip
    return compiler.Run(chip, np.asarray(timer), np.asarray(label), runtime, madc)


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
    program, image = compiler.build(run_of(), None)
    start = Program()
    initialise(start)
    n_first = (parse(start.words()).header == ToFpga.OMNIBUS_DATA).sum()
    writes = (parse(program.words()).header == ToFpga.OMNIBUS_DATA).sum()
    # Also event recording on and off, and neurons that may hang in a reset are let go.
    assert writes == n_first + memory_map.ADDRESSES.size + 2 + N_NEURONS
    again, _ = compiler.build(run_of(), image)
    assert (parse(again.words()).header == ToFpga.OMNIBUS_DATA).sum() == 2
    chip = ChipConfig()
    chip.synapses.weight[0, 0, 0] = 5
    changed, _ = compiler.build(run_of(chip), image)
    assert (parse(changed.words()).header == ToFpga.OMNIBUS_DATA).sum() == 3


@pytest.mark.parametrize(("name", "waits"), [("leak_v_leak", True), ("threshold_enable", False)])
def test_settling_time_is_spent_only_after_capmem_changes(name, waits):
    _, image = compiler.build(run_of(), None)
    chip = ChipConfig()
    chip.neurons[name][3] = 1
    messages = parse(compiler.build(run_of(chip), image)[0].words())
    long = messages.payload[messages.header == ToFpga.WAIT_UNTIL].max()
    assert (long == 20 * 125_000) == waits


def test_events_leave_at_their_experiment_time():
    program, _ = compiler.build(run_of(timer=[0, 5, 5], label=[1, 2, 3]), None)
    messages = parse(program.words())
    cycle, t0, tick, events = 0, 0, None, []
    for header, payload in zip(messages.header.tolist(), messages.payload.tolist(), strict=True):
        if header == ToFpga.TIMER_SETUP:
            t0 = cycle
        elif header == ToFpga.WAIT_UNTIL:
            cycle = max(cycle, t0 + payload)
        elif header == ToFpga.LOOPBACK and tick is None:
            tick = cycle
        elif header >= ToFpga.SPIKE_PACK_1:
            events += [cycle] * (header - ToFpga.SPIKE_PACK_1 + 1)
        cycle += 1
    observed = compiler.observe(trace_of([tick, cycle], spikes=[(e, 0) for e in events]), 1000)
    assert observed.spike_time.tolist() == [0, 5, 5]


def test_observation_is_cut_to_the_experiment():
    trace = trace_of(
        [100, 1200],
        spikes=[(100, 1), (101, 2), (1100, 3), (1101, 4)],
        samples=[(99, 7), (150, 8)],
    )
    seen = compiler.observe(trace, 1000)
    assert (seen.spike_time.tolist(), seen.spike_label.tolist()) == ([0, 999], [2, 3])
    assert (seen.madc_time.tolist(), seen.madc_value.tolist()) == ([49], [8])


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
        compiler.observe(trace, 10)


def test_the_madc_runs_only_if_asked():
    address = memory_map.MADC_CONTROL
    for madc, expected in ((False, 0), (True, 3)):
        messages = parse(compiler.build(run_of(madc=madc), None)[0].words())
        controls = (messages.payload & np.uint64(0xFFFFFFFF)) == address
        assert (controls & (messages.header == ToFpga.OMNIBUS_ADDRESS)).sum() == expected


def test_every_run_begins_after_a_millisecond_of_rest():
    _, image = compiler.build(run_of(), None)
    messages = parse(compiler.build(run_of(), image)[0].words())
    begin = int(np.nonzero(messages.header == ToFpga.LOOPBACK)[0][0])
    waits = messages.payload[:begin][messages.header[:begin] == ToFpga.WAIT_UNTIL]
    assert waits.max() >= 125_000
