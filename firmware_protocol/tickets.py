"""Tickets: which answers in a run's trace belong to what a program asked for.

Answers carry no address; they come back in the order of the questions, in three streams.  A ticket
remembers the stream and the position; :meth:`~firmware_protocol.decoder.Trace.redeem` gives the
answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum


class Stream(Enum):
    """The streams of answers; the value is the name of the trace's array."""

    READS = "reads"
    JTAG = "jtag"
    TICKS = "ticks"


@dataclass(frozen=True, slots=True)
class Shift:
    """Number of answers in each stream: those of a program, or those that come before it."""

    reads: int = 0
    jtag: int = 0
    ticks: int = 0

    def __add__(self, other: Shift) -> Shift:
        """Answers of two programs, one after the other."""
        return Shift(self.reads + other.reads, self.jtag + other.jtag, self.ticks + other.ticks)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where the answers to one question stand among all answers of `stream`.

    bits  how many low bits of each answer mean something; the others are dropped when redeemed
    """

    span: slice
    stream: Stream = Stream.READS
    bits: int = 64

    def __len__(self) -> int:
        """Number of answers."""
        return int(self.span.stop - self.span.start)

    def shifted(self, shift: Shift) -> Ticket:
        """The ticket after its program became part of another one (:meth:`Program.extend`)."""
        by = getattr(shift, self.stream.value)
        return replace(self, span=slice(self.span.start + by, self.span.stop + by))
