"""Programs: exact time of every command.

Oracle: a message-by-message interpreter of the time rules, written here in plain Python.
"""

import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import Program, ProgramError
from firmware_protocol.instructions import READ_BIT, ToFpga, parse
from firmware_protocol.program import spread_events


def play(words):
    """(timer, label) of every event: one cycle a message, WaitUntil stalls to T0 + value."""
    cycle, t0, events = 0, 0, []
    messages = parse(words)
    for header, payload in zip(messages.header.tolist(), messages.payload.tolist(), strict=True):
        if header == ToFpga.TIMER_SETUP:
            t0 = cycle
        elif header == ToFpga.WAIT_UNTIL:
            cycle = max(cycle, t0 + payload)
        elif header >= ToFpga.SPIKE_PACK_1:
            n = header - ToFpga.SPIKE_PACK_1 + 1
            events += [(cycle - t0, payload >> 16 * (n - 1 - k) & 0xFFFF) for k in range(n)]
        cycle += 1
    return events


@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 0xFFFF)), max_size=80),
    st.integers(0, 3),
)
def test_events_leave_at_the_time_they_were_asked_for(events, earlier):
    events.sort(key=lambda e: e[0])
    program = Program()
    program.setup_timer()
    for _ in range(earlier):
        program.loopback()
    times = [t + earlier for t, _ in events]
    sent = program.events(times, [label for _, label in events])
    played = play(program.words())
    assert played == [(int(t), label) for t, (_, label) in zip(sent, events, strict=True)]
    per_cycle = np.bincount([t for t, _ in played], minlength=1)
    assert per_cycle.max(initial=0) <= 3
    crowded = len(times) != len(set(times))
    assert crowded or list(sent) == times


def test_four_events_in_a_cycle_spill_one_into_the_next():
    assert spread_events(np.array([5, 5, 5, 5, 6, 6, 6, 20])).tolist() == [5, 5, 5, 6, 6, 6, 7, 20]


def test_commands_after_a_wait_execute_one_cycle_later():
    program = Program()
    program.setup_timer()
    program.wait_until(100)
    program.events([101], [7])
    assert play(program.words()) == [(101, 7)]


def test_events_far_behind_their_time_are_logged(caplog):
    program = Program()
    program.setup_timer()
    with caplog.at_level(logging.WARNING):
        program.events(np.full(3 * 1300, 10), np.zeros(3 * 1300, int))
    assert "events leave up to 10.4 us late" in caplog.text


@pytest.mark.parametrize(
    ("times", "labels", "message"),
    [
        ([3, 2], [0, 0], "times must not fall"),
        ([0], [0], "already at 1; schedule it later"),
        ([5], [1 << 16], "spike labels have 16 bits"),
        ([5, 6], [0], r"times \(2,\) and labels \(1,\) must match"),
        ([1 << 32], [0], "is outside 0..4294967295"),
    ],
)
def test_impossible_events_are_refused_and_leave_the_program_unchanged(times, labels, message):
    program = Program()
    program.setup_timer()
    with pytest.raises(ProgramError, match=message):
        program.events(times, labels)
    assert len(program) == 1


def test_events_need_a_known_timer():
    program = Program()
    with pytest.raises(ProgramError, match="timer is unknown"):
        program.events([5], [0])
    program.setup_timer()
    program.barrier()
    with pytest.raises(ProgramError, match="timer is unknown"):
        program.events([5], [0])


def test_reads_return_tickets_into_the_trace():
    program = Program()
    first, second = program.read([1, 2, 3]), program.read(9)
    assert (first.span, second.span) == (slice(0, 3), slice(3, 4))
    assert (parse(program.words()).payload & np.uint64(READ_BIT) != 0).all()


def test_words_outside_32_bits_are_refused():
    with pytest.raises(ProgramError, match="addresses and values are 32-bit"):
        Program().write(0, 1 << 32)
    with pytest.raises(ProgramError, match="addresses are 32-bit"):
        Program().read(1 << 32)


def test_an_empty_program_and_no_events_are_fine():
    program = Program()
    assert program.words().size == 0
    program.setup_timer()
    assert program.events([], []).size == 0


def test_wait_restarts_the_timer():
    program = Program()
    program.wait(250)
    program.events([252], [1])
    assert play(program.words()) == [(252, 1)]
