"""Commands and events at absolute times, in any order, and the program that keeps to them.

A :class:`Schedule` is plain data: it can be scaled in time, merged with others and turned into a
program as often as one likes.  Times are FPGA cycles of 8 ns after the program's timer setup.
Laid out as the vendor's absolute-time builder does (``docs/reference/words.md``, "Messages to the
FPGA"), except that a command occupies as many cycles as it has messages: a register write two,
where the vendor counts one for every command.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from .errors import ProgramError
from .instructions import CYCLES_PER_US, Words, whole_number, whole_numbers
from .program import LATE_EVENT_WARNING_CYCLES, MAX_TIMER, Ints, Program
from .tickets import Shift, Ticket

_log = logging.getLogger(__name__)
_REMEDY = "the timer has 32 bits (34 s); split the schedule, or scale it with a smaller factor"


@dataclass(frozen=True, eq=False)
class Appointment:
    """One command of a schedule, whatever is done to the schedule afterwards.

    ticket  of what the command asks for; None if it asks nothing, or more than one thing
    """

    ticket: Ticket | None = None


@dataclass(frozen=True)
class _Command:
    """Messages that are executed back to back."""

    appointment: Appointment
    words: Words
    answers: Shift
    blocks: bool


@dataclass(frozen=True)
class _Item:
    """Commands or events that were added in one call.

    time      (n,) int64 [FPGA cycles]
    labels    (n,) int64 for events, None for a command (then n is 1)
    """

    time: Ints
    labels: Ints | None
    command: _Command | None


@dataclass(frozen=True)
class Timetable:
    """When a schedule's commands are executed, and which answers are theirs.

    planned, executed  (n,) int64, timer values of commands and events in order of execution.  After
                       a command that blocks (barrier, poll), `executed` is the earliest possible.
    """

    planned: Ints
    executed: Ints
    _shifts: dict[Appointment, list[Shift]]
    _places: dict[Appointment, list[int]]

    @property
    def late_cycles(self) -> int:
        """By how much the latest one is late."""
        return int((self.executed - self.planned).max(initial=0))

    def ticket(self, appointment: Appointment, ticket: Ticket | None = None) -> Ticket:
        """What redeems an answer from the trace of the program the schedule was added to.

        ticket  one of the command's own tickets, where :meth:`Schedule.at` got a whole program;
                None: the question of :meth:`Schedule.read` or :meth:`Schedule.loopback`
        """
        ticket = appointment.ticket if ticket is None else ticket
        if ticket is None:
            raise ProgramError(
                "the appointment is not a single question; pass the ticket that its program gave"
            )
        shifts = self._shifts.get(appointment, [])
        if len(shifts) != 1:
            raise ProgramError(
                f"the appointment occurs {len(shifts)} times in the schedule that was added, not "
                "once; merge a schedule only once, and ask the timetable it went into"
            )
        return ticket.shifted(shifts[0])

    def positions(self, appointment: Appointment) -> Ints:
        """Where the register reads of a repeated command begin in the trace's `reads`.

        Returns (n,) int64, in order of execution
        """
        shifts = self._shifts.get(appointment, [])
        return np.array([shift.reads for shift in shifts], dtype=np.int64)

    def executed_at(self, appointment: Appointment) -> Ints:
        """Timer values at which a command's first message is executed, (n,) int64, not falling."""
        return self.executed[self._places[appointment]]


class Schedule:
    """Commands and events with times; at equal times the order in which they were added."""

    def __init__(self) -> None:
        self._items: list[_Item] = []

    def __len__(self) -> int:
        """Number of commands and events."""
        return sum(item.time.size for item in self._items)

    # --- filling --------------------------------------------------------------------------------

    def at(self, time: int, commands: Program) -> Appointment:
        """Execute the messages of a program back to back, the first at `time` [FPGA cycles].

        The program must not touch the timer, nor halt: those are the schedule's.  It is copied.
        """
        return self._add(time, commands, None)

    def repeat(self, times: npt.ArrayLike, commands: Program) -> Appointment:
        """Execute a program as `at` does, at each of `times` (n,) [FPGA cycles], in any order.

        :meth:`Timetable.positions` tells where the answers of each time are.
        """
        t = whole_numbers("schedule: times", times, MAX_TIMER, _REMEDY)
        if t.ndim != 1:
            raise ProgramError(f"schedule: times {t.shape} must be 1-D; pass a flat array")
        return self._add(t, commands, None)

    def write(
        self, time: int, addresses: npt.ArrayLike, values: npt.ArrayLike, byte_enables: int = 0xF
    ) -> Appointment:
        """Write 32-bit words; the first one's address is sent at `time`."""
        commands = Program()
        commands.write(addresses, values, byte_enables)
        return self._add(time, commands, None)

    def read(self, time: int, addresses: npt.ArrayLike) -> Appointment:
        """Read 32-bit words; :meth:`Timetable.ticket` gives what redeems them."""
        commands = Program()
        return self._add(time, commands, commands.read(addresses))

    def loopback(self, time: int) -> Appointment:
        """Ask for a tick with the FPGA's time."""
        commands = Program()
        return self._add(time, commands, commands.loopback())

    def events(self, times: npt.ArrayLike, labels: npt.ArrayLike) -> None:
        """Send spike events; times (n,) int [FPGA cycles] in any order, labels (n,) int, 16 bits.

        Up to three events that follow each other share a cycle.
        """
        t = whole_numbers("schedule: event time", times, MAX_TIMER, _REMEDY)
        label = whole_numbers("schedule: label", labels, 0xFFFF, "spike labels have 16 bits")
        if t.shape != label.shape or t.ndim != 1:
            raise ProgramError(
                f"schedule: event times {t.shape} and labels {label.shape} must match, 1-D; pass a "
                "label for every time"
            )
        self._items.append(_Item(t, label, None))

    def _add(self, time: int | Ints, commands: Program, ticket: Ticket | None) -> Appointment:
        t = time
        if not isinstance(t, np.ndarray):
            t = np.array([whole_number("schedule: time", t, MAX_TIMER, _REMEDY)])
        if commands.sets_timer or commands.ended:
            what = "sets the timer or waits" if commands.sets_timer else "halts"
            when = int(t[0]) if t.size else None
            raise ProgramError(
                f"schedule: the program for time {when} {what}; times and end belong to the "
                "schedule, so add its parts one by one"
            )
        appointment = Appointment(ticket)
        command = _Command(appointment, commands.words(), commands.answers, commands.blocks)
        if command.words.size and t.size:
            self._items.append(_Item(t, None, command))
        return appointment

    # --- arithmetic -----------------------------------------------------------------------------

    def scaled(self, factor: float) -> Schedule:
        """A schedule with all times multiplied by `factor` and rounded to whole cycles."""
        if not (math.isfinite(factor) and factor >= 0):
            raise ProgramError(
                f"scaled: factor = {factor} is no factor of time; it must be 0 or more and finite"
            )
        result = Schedule()
        for item in self._items:
            time = np.floor(item.time * factor + 0.5)
            if time.size and time.max() > MAX_TIMER:
                raise ProgramError(
                    f"scaled: time {int(item.time.max())} times {factor} exceeds {MAX_TIMER} "
                    f"cycles; {_REMEDY}"
                )
            result._items.append(replace(item, time=time.astype(np.int64)))
        return result

    def delayed(self, cycles: int) -> Schedule:
        """A schedule with all times later by `cycles` [FPGA cycles], which may not be negative."""
        shift = whole_number("delayed: cycles", cycles, MAX_TIMER, _REMEDY)
        result = Schedule()
        for item in self._items:
            if item.time.size and int(item.time.max()) + shift > MAX_TIMER:
                raise ProgramError(f"delayed: a time exceeds {MAX_TIMER} cycles; {_REMEDY}")
            result._items.append(replace(item, time=item.time + shift))
        return result

    def merged(self, *others: Schedule) -> Schedule:
        """All commands and events of this and other schedules, in this order at equal times."""
        result = Schedule()
        result._items = [item for schedule in (self, *others) for item in schedule._items]
        return result

    # --- building -------------------------------------------------------------------------------

    def add_to(self, program: Program) -> Timetable:
        """Append to a program: timer setup, then every command at its time or as soon as possible.

        A warning is logged if one is more than 10 us late: a cycle takes one message, and a message
        carries at most three events.
        """
        time, length, source, order = self._flat()
        commands = [item.command for item in self._items if item.command is not None]
        pool = np.concatenate([np.empty(0, np.uint64), *(c.words for c in commands)])
        in_order = self._in_order(order) if commands else []
        part, answers = Program(), sum((c.answers for _, c in in_order), Shift())
        part.setup_timer()
        blocks = any(c.blocks for c in commands)
        sent = part.timed(time, length, source, pool, answers=answers, blocks=blocks)
        late = int((sent - time).max(initial=0))
        if late > LATE_EVENT_WARNING_CYCLES:
            _log.warning(
                "schedule: a command planned for timer %d is executed %.1f us late; a cycle takes "
                "one message with at most three events",
                int(time[np.argmax(sent - time)]),
                late / CYCLES_PER_US,
            )
        shifts, places = _shifts(in_order, program.extend(part))
        return Timetable(time, sent, shifts, places)

    def _flat(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Time, length and source for :meth:`Program.timed`, and the order that sorts the items."""
        no_items = [np.empty(0, dtype=np.int64)]
        times, lengths, sources, at = list(no_items), list(no_items), list(no_items), 0
        for item in self._items:
            times.append(item.time)
            if item.labels is not None:
                lengths.append(np.zeros(item.time.size, dtype=np.int64))
                sources.append(item.labels)
            elif item.command is not None:
                lengths.append(np.full(item.time.size, item.command.words.size))
                sources.append(np.full(item.time.size, at))
                at += item.command.words.size
        time, length, source = (np.concatenate(part) for part in (times, lengths, sources))
        order = np.argsort(time, kind="stable")  # quick where times come in sorted runs
        return time[order], length[order], source[order], order

    def _in_order(self, order: Ints) -> list[tuple[int, _Command]]:
        """The commands as they are executed, each with its place among all items."""
        first = np.cumsum([0, *(item.time.size for item in self._items)])
        rank = np.empty(order.size, dtype=np.int64)
        rank[order] = np.arange(order.size)
        found = [
            (place, item.command)
            for start, item in zip(first[:-1], self._items, strict=True)
            if item.command is not None
            for place in rank[start : start + item.time.size].tolist()
        ]
        return sorted(found, key=lambda entry: entry[0])


def _shifts(
    commands: Iterable[tuple[int, _Command]], before: Shift
) -> tuple[dict[Appointment, list[Shift]], dict[Appointment, list[int]]]:
    """For each appointment, the answers that come before its own, and its places in the order."""
    shifts: dict[Appointment, list[Shift]] = {}
    places: dict[Appointment, list[int]] = {}
    for place, command in commands:
        shifts.setdefault(command.appointment, []).append(before)
        places.setdefault(command.appointment, []).append(place)
        before += command.answers
    return shifts, places
