"""The vendor's builders of programs, over :class:`firmware_protocol.Program` and ``Schedule``.

Containers are encoded when they are written: what is changed in them later has no effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from firmware_protocol import Connection, Program, ProgramError, Schedule, Trace, decode
from firmware_protocol.instructions import ToFpga, message
from firmware_protocol.schedule import Appointment, Timetable
from firmware_protocol.tickets import Shift, Ticket

from . import hal
from .container import Container, Encoded
from .coordinate import VendorCoordinate
from .lola import Chip, container_type

_NOTHING = Shift()


class ContainerTicket:
    """What a builder's `read` gives: the container, once the run that read it is over."""

    def __init__(self, coordinate: VendorCoordinate) -> None:
        self.coordinate = coordinate
        self.kind = container_type(coordinate)
        self.kind.check_place(coordinate, "read")
        self._container: Container | None = None

    @property
    def valid(self) -> bool:
        """Whether it has been read."""
        return self._container is not None

    def get(self) -> Container:
        """The container; RuntimeError before the run."""
        if self._container is None:
            raise RuntimeError(f"{self.coordinate!r} has not been read yet; run the program first")
        return self._container

    def ask(self, program: Program) -> Ticket:
        """Append to a program what reads it."""
        return program.read(self.kind.addresses(self.coordinate))

    def redeem(self, trace: Trace, ticket: Ticket) -> Container:
        """Take the container from a run's trace."""
        self._container = self.kind.decode(trace.redeem(ticket))
        return self._container


class PlaybackProgramBuilder:
    """Commands one after the other: write containers, read them, wait."""

    def __init__(self) -> None:
        self.program = Program()
        self._asked: list[tuple[ContainerTicket, Ticket]] = []
        self._written: list[Encoded] = []

    def __len__(self) -> int:
        """Number of messages."""
        return len(self.program)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.program!r}>"

    def write(self, coordinate: VendorCoordinate, container: Container) -> None:
        """Write a container; TypeError if it does not belong to the coordinate."""
        check_container("write", coordinate, container)
        encoded = container.write_to(self.program, coordinate)
        if encoded is not None:
            self._written.append(encoded)

    def read(self, coordinate: VendorCoordinate) -> ContainerTicket:
        """Read what is at a coordinate; TypeError if nothing can be read there."""
        ticket = ContainerTicket(coordinate)
        self._asked.append((ticket, ticket.ask(self.program)))
        return ticket

    def block_until(self, coordinate: VendorCoordinate, condition: Any) -> None:
        """Wait for the timer (a time [FPGA cycles]), a barrier, or a word that is polled."""
        kind = type(coordinate).__name__
        if kind == "TimerOnDLS":
            self.program.wait_until(int(hal.Timer.Value(condition)))
        elif kind == "BarrierOnFPGA":
            self.program.barrier(int(condition))
        elif kind == "PollingOmnibusBlockOnFPGA":
            equal = int(condition.enable_expects_equality)
            self.program.append(message(ToFpga.POLLING_OMNIBUS_BLOCK, equal))
        else:
            raise TypeError(
                f"block_until: {coordinate!r} is none of halco.TimerOnDLS, BarrierOnFPGA and "
                "PollingOmnibusBlockOnFPGA"
            )

    wait_until = block_until

    def merge_back(self, other: PlaybackProgramBuilder) -> None:
        """Append what another builder holds; that one is empty afterwards."""
        shift = self.program.extend(other.program)
        self._asked += [(ticket, answer.shifted(shift)) for ticket, answer in other._asked]
        self._written += other._written
        PlaybackProgramBuilder.__init__(other)

    def copy_back(self, other: PlaybackProgramBuilder) -> None:
        """Append a copy of what another builder holds; ProgramError if that one reads."""
        if not other.is_write_only():
            raise ProgramError("copy_back: a ticket is for one answer; use merge_back instead")
        self.program.extend(other.program)
        self._written += other._written

    def is_write_only(self) -> bool:
        """Whether it reads nothing."""
        return not self._asked

    def empty(self) -> bool:
        """Whether it holds nothing."""
        return not len(self.program)

    def done(self) -> PlaybackProgramBuilder:
        """What has been built; the builder is empty afterwards."""
        built = PlaybackProgramBuilder()
        built.merge_back(self)
        return built

    def redeem(self, trace: Trace, shift: Shift = _NOTHING) -> None:
        """Give every ticket its container.

        shift  what :meth:`Program.extend` gave when the builder's program became part of another
        """
        for ticket, answer in self._asked:
            ticket.redeem(trace, answer.shifted(shift))


class PlaybackProgramBuilderDumper(PlaybackProgramBuilder):
    """A builder whose words become a configuration: :func:`convert_to_chip`."""


def convert_to_chip(builder: PlaybackProgramBuilder, previous: Chip | None = None) -> Chip:
    """The configuration that a builder leaves behind on a chip configured as `previous`."""
    chip = Chip.of((Chip() if previous is None else previous).copy())
    if builder._written:
        joined = (np.concatenate(parts) for parts in zip(*builder._written, strict=True))
        chip.apply(*joined)
    return chip


def run(connection: Connection, builder: PlaybackProgramBuilder) -> Trace:
    """Run what a builder holds on a connection; its tickets have their containers afterwards."""
    program = Program()
    shift = program.extend(builder.program)
    program.barrier()
    program.halt()
    trace = decode(connection.execute(program.words()))
    builder.redeem(trace, shift)
    return trace


class _Timed(NamedTuple):
    """Commands at a time [FPGA cycles]; `ticket` and `answer` where they read."""

    time: int
    commands: Program
    ticket: ContainerTicket | None = None
    answer: Ticket | None = None


class AbsoluteTimePlaybackProgramBuilder:
    """Commands at times, in any order; times are FPGA cycles (``hal.Timer.Value``)."""

    def __init__(self) -> None:
        self._commands: list[_Timed] = []

    def __len__(self) -> int:
        """Number of commands."""
        return len(self._commands)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)} commands>"

    def write(self, time: int, coordinate: VendorCoordinate, container: Container) -> None:
        """Write a container at a time; TypeError if it does not belong to the coordinate."""
        check_container("write", coordinate, container)
        commands = Program()
        container.write_to(commands, coordinate)
        self._add(_Timed(_time(time), commands))

    def read(self, time: int, coordinate: VendorCoordinate) -> ContainerTicket:
        """Read what is at a coordinate at a time."""
        ticket, commands = ContainerTicket(coordinate), Program()
        self._add(_Timed(_time(time), commands, ticket, ticket.ask(commands)))
        return ticket

    def _add(self, command: _Timed) -> None:
        if command.commands.sets_timer or command.commands.ended:
            raise ProgramError("a command at a time cannot set the timer; that is the builder's")
        self._commands.append(command)

    def merge(self, other: AbsoluteTimePlaybackProgramBuilder) -> None:
        """Take the commands of another builder; that one is empty afterwards."""
        taken, other._commands = list(other._commands), []
        self._commands += taken

    def copy(self, other: AbsoluteTimePlaybackProgramBuilder) -> None:
        """Take a copy of another builder's commands; ProgramError if that one reads."""
        if not other.is_write_only():
            raise ProgramError("copy: a ticket is for one answer; use merge instead")
        self._commands += other._commands

    def _moved(self, move: Callable[[int], int]) -> list[_Timed]:
        return [c._replace(time=_time(move(c.time))) for c in self._commands]

    def __add__(self, offset: int) -> AbsoluteTimePlaybackProgramBuilder:
        """The commands at times later by an offset [FPGA cycles]; tickets are shared."""
        moved = AbsoluteTimePlaybackProgramBuilder()
        moved._commands = self._moved(lambda time: time + int(offset))
        return moved

    def __iadd__(self, offset: int) -> AbsoluteTimePlaybackProgramBuilder:
        """Delay all commands by an offset [FPGA cycles]."""
        self._commands = self._moved(lambda time: time + int(offset))
        return self

    def is_write_only(self) -> bool:
        """Whether it reads nothing."""
        return all(command.ticket is None for command in self._commands)

    def empty(self) -> bool:
        """Whether it holds nothing."""
        return not self._commands

    def schedule(self) -> Planned:
        """The commands as a schedule, and what redeems its reads."""
        schedule, asked = Schedule(), []
        for command in self._commands:
            appointment = schedule.at(command.time, command.commands)
            if command.ticket is not None and command.answer is not None:
                asked.append((command.ticket, appointment, command.answer))
        return Planned(schedule, asked)


class Planned(NamedTuple):
    """A builder's commands as a schedule.

    asked  ticket, appointment, and answer within the appointment, of each read
    """

    schedule: Schedule
    asked: list[tuple[ContainerTicket, Appointment, Ticket]]

    def redeem(self, trace: Trace, timetable: Timetable) -> dict[VendorCoordinate, Container]:
        """Give every ticket its container; returns the last one read at each coordinate.

        timetable  of the schedule, or the merged one, that was added to the program
        """
        return {
            ticket.coordinate: ticket.redeem(trace, timetable.ticket(appointment, answer))
            for ticket, appointment, answer in sorted(
                self.asked, key=lambda entry: timetable.ticket(entry[1], entry[2]).span.start
            )
        }


def _time(value: Any) -> int:
    return int(hal.Timer.Value(value))


def check_container(place: str, coordinate: Any, container: Any) -> None:
    """TypeError if these are not a coordinate and a container that belongs there."""
    if not isinstance(coordinate, VendorCoordinate):
        raise TypeError(
            f"{place}: {coordinate!r} is no coordinate; use one of halco, such as "
            "halco.CrossbarOutputConfigOnDLS()"
        )
    if not isinstance(container, Container):
        raise TypeError(
            f"{place}: {container!r} is no container; use one of hal or lola, such as "
            "hal.CrossbarOutputConfig()"
        )
    try:
        container.check_place(coordinate)
    except TypeError as error:
        raise TypeError(f"{place}: {error}") from None
