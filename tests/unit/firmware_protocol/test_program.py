"""Programs: exact time of every command, tickets, joining, refusals that leave no trace.

Oracle: a message-by-message interpreter of the time rules in plain Python
(``tests/support/playback.py``), and the message table of ``docs/reference/words.md``.
"""

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import DecodeError, Program, ProgramError, jtag
from firmware_protocol.instructions import PLAYBACK_WORDS, READ_BIT, Barrier, ToFpga, parse
from firmware_protocol.tickets import Shift, Stream
from tests.support.playback import play, spikes


def spread(times):
    """First come, first served, three a cycle: a_i = max(t_i, a_(i - 3) + 1)."""
    sent = []
    for i, time in enumerate(times):
        sent.append(max(time, sent[i - 3] + 1) if i >= 3 else time)
    return sent


def timed_program():
    program = Program()
    program.setup_timer()
    return program


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.integers(0, 0xFFFF)), max_size=80),
    st.integers(0, 3),
)
def test_events_leave_at_the_time_they_were_asked_for(events, earlier):
    events.sort(key=lambda e: e[0])
    program = timed_program()
    for _ in range(earlier):
        program.loopback()
    times = [t + earlier for t, _ in events]
    sent = program.events(times, [label for _, label in events])
    played = spikes(program.words())
    assert played == [(int(t), label) for t, (_, label) in zip(sent, events, strict=True)]
    per_cycle = np.bincount([t for t, _ in played], minlength=1)
    assert per_cycle.max(initial=0) <= 3
    crowded = len(times) != len(set(times))
    assert crowded or list(sent) == times


@settings(deadline=None)
@given(st.lists(st.integers(1, 40), max_size=120))
def test_events_leave_first_come_first_served(times):
    sent = timed_program().events(sorted(times), np.zeros(len(times), int))
    assert sent.tolist() == spread(sorted(times))


def test_four_events_in_a_cycle_spill_one_into_the_next():
    sent = timed_program().events([5, 5, 5, 5, 6, 6, 6, 20], [0] * 8)
    assert sent.tolist() == [5, 5, 5, 6, 6, 6, 7, 20]


def test_commands_after_a_wait_execute_one_cycle_later():
    program = timed_program()
    program.wait_until(100)
    program.events([101], [7])
    assert spikes(program.words()) == [(101, 7)]
    assert program.next_timer == 102


def test_wait_restarts_the_timer():
    program = Program()
    program.wait(250)
    program.events([252], [1])
    assert spikes(program.words()) == [(252, 1)]


def test_events_far_behind_their_time_are_logged(caplog):
    program = timed_program()
    with caplog.at_level(logging.WARNING):
        program.events(np.full(3 * 1300, 10), np.zeros(3 * 1300, int))
    assert "events leave up to 10.4 us late" in caplog.text


def test_spikes_without_a_time_leave_at_once_three_to_a_message():
    program = Program()
    program.spikes_now([1, 2, 3, 4, 5])
    headers = [header.name for _, header, _ in play(program.words())]
    assert headers == ["SPIKE_PACK_3", "SPIKE_PACK_2"]
    assert spikes(program.words()) == [(0, 1), (0, 2), (0, 3), (1, 4), (1, 5)]


@pytest.mark.parametrize(
    ("times", "labels", "message"),
    [
        ([3, 2], [0, 0], "event 1 at timer 2 follows 3; sort events by time"),
        ([0], [0], "already at 1; schedule it later"),
        ([5], [1 << 16], r"label = 65536 is outside 0\.\.65535; spike labels have 16 bits"),
        ([5, 6], [0], r"times \(2,\) and labels \(1,\) must match"),
        ([1 << 32], [0], r"timer value = 4294967296 is outside 0\.\.4294967295"),
        ([-1], [0], r"timer value = -1 is outside"),
        ([5.5], [0], r"timer value = 5\.5 is no whole number"),
        ([(1 << 32) - 1] * 4, [0] * 4, r"timer value 4294967296 is outside 0\.\.4294967295 cycles"),
    ],
)
def test_impossible_events_are_refused_and_leave_the_program_unchanged(times, labels, message):
    program = timed_program()
    with pytest.raises(ProgramError, match=message):
        program.events(times, labels)
    assert len(program) == 1


@pytest.mark.parametrize(
    "lose_it",
    [Program.barrier, lambda p: p.poll(0, 0), lambda p: p.append(timed_program().words())],
)
def test_events_need_a_known_timer(lose_it):
    program = timed_program()
    lose_it(program)
    n = len(program)
    with pytest.raises(ProgramError, match=r"timer is unknown here; call setup_timer\(\) first"):
        program.events([500], [0])
    assert len(program) == n


def test_barriers_of_all_kinds_combine():
    program = Program()
    for kind in (Barrier.OMNIBUS, Barrier.JTAG | Barrier.SYSTIME, 16):
        program.barrier(kind)
    assert parse(program.words()).payload.tolist() == [1, 6, 16]


@pytest.mark.parametrize("equal", [True, False])
def test_polling_says_what_is_waited_for(equal):
    program = Program()
    program.poll(0x1234, 0x10, 0xF0, equal=equal)
    messages = parse(program.words())
    assert messages.payload[1::2][:3].tolist() == [0x1234, 0x10, 0xF0]
    assert (messages.header[-1], messages.payload[-1]) == (ToFpga.POLLING_OMNIBUS_BLOCK, equal)


def test_resets_and_time_are_messages_of_their_own():
    program = Program()
    program.reset(True)
    program.reset(False)
    program.systime_init()
    messages = parse(program.words())
    assert messages.header.tolist() == [ToFpga.RESET, ToFpga.RESET, ToFpga.SYSTIME_INIT]
    assert messages.payload.tolist() == [1, 0, 1]


def test_the_instruction_timeout_is_a_register():
    program = Program()
    program.instruction_timeout(125_000_000)
    assert parse(program.words()).payload.tolist() == [0xF88000009, 125_000_000]


NOTHING = np.empty(0, dtype=np.int64)
REFUSED = [
    (
        lambda p: p.timed(NOTHING, NOTHING, NOTHING, np.empty(0, np.uint64)),
        r"timed: the timer is unknown here; call setup_timer\(\) first",
    ),
    (lambda p: p.write(0, 1 << 32), r"write: value = 4294967296 is outside .* 32-bit words"),
    (lambda p: p.write(-1, 0), r"write: address = -1 is outside"),
    (lambda p: p.write(1 << 80, 0), r"write: address = 1208925819614629174706176 is outside"),
    (lambda p: p.write(0, 1.5), r"write: value = 1\.5 is no whole number"),
    (lambda p: p.write(0, "x"), r"write: value = 'x' is no whole number"),
    (lambda p: p.write(0, 0, 16), r"byte_enables = 16 is outside 0\.\.15; a word has 4 bytes"),
    (lambda p: p.write([1, 2], [1, 2, 3]), r"addresses \(2,\), values \(3,\).* do not broadcast"),
    (lambda p: p.read(1 << 32), r"read: address = 4294967296 is outside .* 32-bit"),
    (lambda p: p.barrier(32), r"barrier: kind = 32 is outside 0\.\.31; join kinds of Barrier"),
    (lambda p: p.poll(0, 3, 2), r"target = 0x3 has bits outside mask = 0x2, .*; widen the mask"),
    (lambda p: p.poll(1 << 32, 0), r"poll: address = 4294967296 is outside"),
    (lambda p: p.poll([1, 2], 0), r"poll: address = \[1, 2\] is an array .* pass one number"),
    (lambda p: p.instruction_timeout(1 << 32), r"instruction_timeout: cycles = 4294967296 .* 34 s"),
    (lambda p: p.spikes_now([1 << 16]), r"spikes_now: label = 65536 is outside"),
    (lambda p: p.wait_until(-1), r"timer value -1 is outside .*; restart the timer between"),
    (lambda p: p.wait(1 << 32), r"timer value 4294967296 is outside"),
    (lambda p: p.append([0x0A << 56, 0x09 << 56]), r"word 0 of 2 is a halt; leave out"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED)
def test_what_the_fpga_cannot_do_is_refused_and_leaves_no_trace(call, message):
    program = Program()
    with pytest.raises(ProgramError, match=message):
        call(program)
    assert len(program) == 0


def test_words_that_are_no_messages_are_refused():
    program = Program()
    with pytest.raises(DecodeError, match="word 0: header 0x10 is no message to the FPGA"):
        program.append([16 << 56])
    assert len(program) == 0


def test_nothing_follows_a_halt():
    program = Program()
    program.halt()
    for call in (program.halt, program.loopback, lambda: program.write(0, 0)):
        with pytest.raises(ProgramError, match=r"has ended: word 0 is its halt; build another one"):
            call()
    assert len(program) == 1


# --- tickets and joining ------------------------------------------------------------------------


def test_reads_return_tickets_into_the_trace():
    program = Program()
    first, second = program.read([1, 2, 3]), program.read(9)
    assert (first.span, second.span) == (slice(0, 3), slice(3, 4))
    assert (len(first), first.stream) == (3, Stream.READS)
    assert (parse(program.words()).payload & np.uint64(READ_BIT) != 0).all()


def test_every_stream_of_answers_is_counted_on_its_own():
    program = Program()
    program.read([1, 2])
    tick, code, read = program.loopback(), jtag.read_id_code(program), program.read(3)
    assert (tick.span, tick.stream) == (slice(0, 1), Stream.TICKS)
    assert (code.span, code.stream, code.bits) == (slice(0, 1), Stream.JTAG, 32)
    assert read.span == slice(2, 3)
    assert program.answers == Shift(reads=3, jtag=1, ticks=1)


def questions():
    """A program that asks something of every kind, and its tickets."""
    program = Program()
    return program, [program.read([5, 6]), program.loopback(), jtag.read_id_code(program)]


def test_tickets_of_a_joined_program_are_redeemed_through_a_shift():
    whole, _ = questions()
    part, tickets = questions()
    shift = whole.extend(part)
    assert shift == Shift(reads=2, jtag=1, ticks=1)
    spans = [ticket.shifted(shift).span for ticket in tickets]
    assert spans == [slice(2, 4), slice(1, 2), slice(1, 2)]
    assert [t.shifted(shift).stream for t in tickets] == [t.stream for t in tickets]


def test_appended_words_count_as_the_program_they_are_from():
    part, _ = questions()
    whole, other = questions()[0], questions()[0]
    assert whole.append(part.words()) == other.extend(part)
    assert whole == other
    assert whole.answers == other.answers


def test_joining_copies():
    whole, part = Program(), Program()
    part.loopback()
    whole.extend(part)
    part.halt()
    assert len(whole) == 1 and not whole.ended


def test_the_timer_stays_known_where_the_joined_program_leaves_it_alone_or_sets_it():
    program, plain, timed, blocking = timed_program(), Program(), timed_program(), Program()
    plain.write(1, 2)
    timed.wait_until(100)
    blocking.barrier()
    program.extend(plain)
    assert program.next_timer == 3
    program.extend(timed)
    assert program.next_timer == 101
    program.extend(blocking)
    assert program.next_timer is None


def test_a_joined_halt_ends_the_whole():
    program, end = Program(), Program()
    end.halt()
    program.extend(end)
    with pytest.raises(ProgramError, match="has ended"):
        program.extend(end)
    assert repr(program) == "<Program of 1 words: 0 reads, 0 JTAG, 0 ticks, halted>"


def test_programs_are_compared_by_their_words():
    one, other = questions()[0], questions()[0]
    assert one == other
    other.halt()
    assert one != other
    assert one != one.words().tolist()


def test_a_program_beyond_the_playback_memory_is_warned_about_once(caplog):
    program = Program()
    half = np.full(PLAYBACK_WORDS // 2, 0x0A00000000000001, dtype=np.uint64)
    with caplog.at_level(logging.WARNING):
        program.append(half)
        program.append(half)
        assert not caplog.records
        program.loopback()
        program.loopback()
    assert len(caplog.records) == 1
    assert "4194305 words exceeds the 4194304 words" in caplog.text


def test_an_empty_program_and_no_events_are_fine():
    program = Program()
    assert program.words().size == 0
    program.setup_timer()
    assert program.events([], []).size == 0
    program.spikes_now([])
    assert len(program.read([])) == 0
    assert len(program) == 1
