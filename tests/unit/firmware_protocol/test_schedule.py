"""Commands at absolute times: order, exact times, lateness, scaling, merging, tickets.

Oracle: a message-by-message interpreter of the time rules in plain Python
(``tests/support/playback.py``), and a greedy layout written here.
"""

import itertools
import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol import Program, ProgramError
from firmware_protocol.instructions import ToFpga
from firmware_protocol.program import MAX_TIMER
from firmware_protocol.schedule import Schedule
from tests.support.playback import play, spikes


def built(schedule):
    program = Program()
    timetable = schedule.add_to(program)
    return program, timetable


def written(words):
    """(timer of the address message, value) of every register write."""
    messages = play(words)
    return [
        (timer, value)
        for (timer, header, _), (_, _, value) in itertools.pairwise(messages)
        if header == ToFpga.OMNIBUS_ADDRESS
    ]


def greedy(entries):
    """Timer at which each (time, n_messages) is executed; 0 messages: an event."""
    now, labels, executed = 1, 0, []
    for time, n in sorted(entries, key=lambda entry: entry[0]):
        if n == 0 and 0 < labels < 3 and time < now:
            executed.append(now - 1)
            labels += 1
            continue
        executed.append(max(time, now))
        now = executed[-1] + max(n, 1)
        labels = 1 if n == 0 else 0
    return executed


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from([0, 0, 2, 4])), max_size=60))
def test_everything_is_executed_at_its_time_or_as_soon_as_possible(entries):
    schedule = Schedule()
    for index, (time, n) in enumerate(entries):
        if n:
            schedule.write(time, range(n // 2), index)
        else:
            schedule.events([time], [index])
    program, timetable = built(schedule)
    expected = greedy(entries)
    order = sorted(range(len(entries)), key=lambda i: entries[i][0])
    assert timetable.executed.tolist() == expected
    assert timetable.planned.tolist() == sorted(time for time, _ in entries)
    at = dict(zip(order, expected, strict=True))
    assert spikes(program.words()) == [(at[i], i) for i in order if not entries[i][1]]
    first_writes = [write for write in written(program.words()) if write[0] == at[write[1]]]
    assert first_writes == [(at[i], i) for i in order if entries[i][1]]


def test_a_command_waits_for_the_cycle_before_its_time():
    schedule = Schedule()
    schedule.loopback(100)
    program, _ = built(schedule)
    headers = [int(word) >> 56 for word in program.words()]
    assert headers == [ToFpga.TIMER_SETUP, ToFpga.WAIT_UNTIL, ToFpga.LOOPBACK]
    assert int(program.words()[1]) & 0xFFFFFFFF == 99


def test_equal_times_keep_the_order_in_which_they_were_added():
    schedule = Schedule()
    schedule.write(50, 1, 11)
    schedule.write(50, 1, 22)
    schedule.write(5, 1, 0)
    program, _ = built(schedule)
    assert written(program.words()) == [(5, 0), (50, 11), (52, 22)]


def test_many_events_in_any_order_share_cycles():
    rng = np.random.default_rng(0)
    times, labels = rng.integers(1, 500, 1000), rng.integers(0, 1 << 16, 1000)
    one, other = Schedule(), Schedule()
    one.events(times, labels)
    order = np.argsort(times, kind="stable")
    other.events(times[order], labels[order])
    program = built(one)[0]
    assert program == built(other)[0]
    assert sorted(label for _, label in spikes(program.words())) == sorted(labels.tolist())


def test_the_schedule_goes_on_where_the_program_is():
    program, schedule = Program(), Schedule()
    program.write(0, 0)
    schedule.events([10], [7])
    schedule.add_to(program)
    assert spikes(program.words()) == [(10, 7)]
    assert program.next_timer == 11
    schedule.add_to(program)
    assert [timer for timer, _ in spikes(program.words())] == [10, 10]


def test_after_a_barrier_the_timer_is_unknown_but_commands_still_have_their_time():
    schedule, barrier = Schedule(), Program()
    barrier.barrier()
    schedule.at(10, barrier)
    schedule.loopback(50)
    program, timetable = built(schedule)
    assert play(program.words())[-1][0] == 50
    assert timetable.executed.tolist() == [10, 50]
    assert program.next_timer is None


@pytest.mark.parametrize(("n_after", "n_warnings"), [(1, 0), (2, 1)])
def test_more_than_ten_microseconds_late_is_logged(caplog, n_after, n_warnings):
    schedule = Schedule()
    schedule.write(10, np.zeros(625, int), 0)  # 1250 cycles
    for _ in range(n_after):
        schedule.loopback(10)
    with caplog.at_level(logging.WARNING):
        _, timetable = built(schedule)
    assert timetable.late_cycles == 1249 + n_after
    assert len(caplog.records) == n_warnings


def test_lateness_is_told_with_its_command(caplog):
    schedule = Schedule()
    schedule.write(10, np.zeros(630, int), 0)
    schedule.loopback(11)
    with caplog.at_level(logging.WARNING):
        _, timetable = built(schedule)
    assert timetable.late_cycles == 1259
    assert "command planned for timer 11 is executed 10.1 us late" in caplog.text


# --- arithmetic ---------------------------------------------------------------------------------


def test_scaling_multiplies_and_rounds_to_the_nearest_cycle():
    schedule = Schedule()
    schedule.events([10, 11, 13], [1, 2, 3])
    schedule.loopback(100)
    assert built(schedule.scaled(0.5))[1].planned.tolist() == [5, 6, 7, 50]
    assert built(schedule)[1].planned.tolist() == [10, 11, 13, 100]


def test_merging_interleaves_by_time():
    one, other = Schedule(), Schedule()
    one.events([1, 5], [1, 2])
    other.events([3, 5], [3, 4])
    merged = one.merged(other)
    assert (len(merged), len(one)) == (4, 2)
    assert spikes(built(merged)[0].words()) == [(1, 1), (3, 3), (5, 2), (5, 4)]


# --- tickets ------------------------------------------------------------------------------------


def test_tickets_follow_the_order_of_execution_not_of_adding():
    schedule, program = Schedule(), Program()
    late, early = schedule.read(100, [1, 2]), schedule.read(50, 3)
    program.read([9, 9])
    timetable = schedule.add_to(program)
    assert timetable.ticket(early).span == slice(2, 3)
    assert timetable.ticket(late).span == slice(3, 5)


def test_tickets_survive_scaling_and_merging():
    one, other = Schedule(), Schedule()
    tick, read = one.loopback(100), other.read(10, 1)
    other.loopback(5)
    _, timetable = built(one.scaled(2).merged(other))
    assert timetable.ticket(tick).span == slice(1, 2)
    assert timetable.ticket(read).span == slice(0, 1)


def test_a_whole_program_at_a_time_keeps_its_own_tickets():
    schedule, commands = Schedule(), Program()
    commands.read(1)
    second = commands.read([2, 3])
    schedule.read(1, 0)
    appointment = schedule.at(9, commands)
    _, timetable = built(schedule)
    assert timetable.ticket(appointment, second).span == slice(2, 4)
    with pytest.raises(ProgramError, match="not a single question; pass the ticket"):
        timetable.ticket(appointment)


def test_an_appointment_that_is_not_there_once_has_no_ticket():
    schedule = Schedule()
    read = schedule.read(1, 0)
    for wrong, n in ((Schedule(), 0), (schedule.merged(schedule), 2)):
        with pytest.raises(ProgramError, match=f"occurs {n} times in the schedule .* not once"):
            built(wrong)[1].ticket(read)


# --- refusals -----------------------------------------------------------------------------------


def halted():
    program = Program()
    program.halt()
    return program


def waiting():
    program = Program()
    program.wait(5)
    return program


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: s.loopback(-1), r"time = -1 is outside 0\.\.4294967295; .*split the schedule"),
        (lambda s: s.read(1 << 32, 0), r"time = 4294967296 is outside"),
        (lambda s: s.write(1.5, 0, 0), r"time = 1\.5 is no whole number"),
        (lambda s: s.write(1, 0, 1 << 32), r"write: value = 4294967296 is outside"),
        (lambda s: s.events([1, -2], [0, 0]), r"event time = -2 is outside"),
        (lambda s: s.events([1], [1 << 16]), r"label = 65536 is outside 0\.\.65535"),
        (lambda s: s.events([1, 2], [1]), r"times \(2,\) and labels \(1,\) must match"),
        (lambda s: s.at(7, halted()), r"program for time 7 halts; times and end belong to the"),
        (lambda s: s.at(7, waiting()), r"program for time 7 sets the timer or waits"),
        (lambda s: s.scaled(-1.0), r"factor = -1\.0 is no factor of time"),
        (lambda s: s.scaled(float("nan")), r"factor = nan is no factor of time"),
    ],
)
def test_impossible_entries_are_refused_and_leave_no_trace(call, message):
    schedule = Schedule()
    with pytest.raises(ProgramError, match=message):
        call(schedule)
    assert len(schedule) == 0


def test_scaling_beyond_the_timer_names_the_time_and_a_way_out():
    schedule = Schedule()
    schedule.loopback(1 << 31)
    with pytest.raises(ProgramError, match=r"time 2147483648 times 2 exceeds .* smaller factor"):
        schedule.scaled(2)


def test_a_schedule_that_ends_beyond_the_timer_leaves_the_program_as_it_was():
    schedule, program = Schedule(), Program()
    schedule.write(MAX_TIMER, 0, 0)
    with pytest.raises(ProgramError, match=r"timer value 4294967296 is outside"):
        schedule.add_to(program)
    assert len(program) == 0


def test_an_empty_schedule_only_sets_up_the_timer():
    program, timetable = built(Schedule())
    assert len(program) == 1
    assert timetable.late_cycles == 0


def test_a_repeated_command_is_executed_each_time_and_its_answers_are_told_apart():
    commands = Program()
    commands.read([0x10, 0x20])
    schedule = Schedule()
    repeated = schedule.repeat([300, 100, 200], commands)
    single = schedule.read(150, [0x30])
    program, timetable = built(schedule)
    reads = [t for t, header, _ in play(program.words()) if header == ToFpga.OMNIBUS_ADDRESS]
    assert reads == [100, 101, 150, 200, 201, 300, 301]
    assert timetable.executed_at(repeated).tolist() == [100, 200, 300]
    assert timetable.positions(repeated).tolist() == [0, 3, 5]
    assert timetable.ticket(single).span == slice(2, 3)
    with pytest.raises(ProgramError, match="occurs 3 times"):
        timetable.ticket(repeated, commands.read([0]))


def test_a_command_repeated_ten_thousand_times_is_whole():
    """More words than those of the command and of the times together."""
    commands = Program()
    commands.write(np.arange(50), np.arange(50))
    schedule = Schedule()
    schedule.repeat(np.arange(10_000) * 200 + 10, commands)
    program, timetable = built(schedule)
    assert timetable.late_cycles == 0
    assert len(program) == 1 + 10_000 * (1 + 100)


def test_a_delayed_schedule_keeps_its_appointments_and_its_limit():
    schedule = Schedule()
    asked = schedule.read(5, [0x10])
    schedule.events([7], [1])
    _, timetable = built(schedule.delayed(100))
    assert timetable.planned.tolist() == [105, 107]
    assert timetable.ticket(asked).span == slice(0, 1)
    with pytest.raises(ProgramError, match="delayed: a time exceeds"):
        schedule.delayed(MAX_TIMER - 6)
