"""Plays a program: gives messages their cycles and visits those at which something happens.

Owns time; holds no arithmetic of circuits, and meets them only in
:mod:`emulator.player.analog_side`.
Nothing that words can say is an exception: see :mod:`emulator.log`.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from firmware_protocol import memory_map
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import (
    BYTE_ENABLES,
    ENABLES_LSB,
    HALT,
    FromFpga,
    Messages,
    ToFpga,
    Words,
)

from . import jtag
from .device import Ints, Notes, among
from .jtag import Tap
from .latencies import Latencies
from .memory import Memory, power_on_image
from .player import words as program_words
from .player.analog_side import AnalogSide
from .player.bus import Bus
from .player.foresight import NEVER, Observable, Span, begins_with_reset, foresee
from .player.schedule import events, schedule
from .player.words import Accesses
from .response import Response

_ALL_BYTES = np.uint64(BYTE_ENABLES)
_LOW_WORD = np.uint64(0xFFFFFFFF)
_POLL = CONTAINERS["PollingOmnibusBlockConfig"]
_TIMEOUT = int(CONTAINERS["InstructionTimeoutConfig"].addresses()[0])
_JTAG_BITS_LSB, _JTAG_KEEP_LSB, _JTAG_DATA_BITS = 40, 48, 40
_COLUMN_SWITCHES = np.sort(CONTAINERS["ColumnCurrentQuad"].all_addresses().reshape(-1)).astype(int)
_ON_THE_BUS = (jtag.OMNIBUS_REQUEST, jtag.SHIFT_PLL)
"""JTAG instructions whose data message reads or writes a register."""


_ACCUMULATE = {
    Observable.SPIKE_COUNTERS: "spike counters",
    Observable.CROSSBAR_COUNTERS: "crossbar counters",
}
"""What shows the past, by its name in the log.  Of reads of the CADC nobody knows whether they are
meant for correlation sensors."""


@dataclass
class State:
    """What the FPGA keeps between programs; times in cycles since power-on.

    now           next cycle to be played
    timer_zero    when the timer was 0; systime_zero: when the FPGA's time was 0
    answered      when the last read has been answered
    reset_held    whether the chip's reset line is up
    still         what an earlier program left under observation
    """

    memory: Memory = field(default_factory=lambda: Memory(power_on_image()))
    tap: Tap = field(default_factory=Tap)
    now: int = 0
    timer_zero: int = 0
    systime_zero: int = 0
    answered: int = 0
    reset_held: bool = False
    still: frozenset[Observable] = frozenset()


class _Act(IntEnum):
    """Why a message is visited."""

    WRITE = 0  # to a device, or of a part of a word
    READ = 1  # from a device
    PLAIN_READS = 2  # a run of reads of plain registers
    RESET = 3
    SYSTIME_INIT = 4
    JTAG = 5


@dataclass(frozen=True)
class _Stretch:
    """Messages up to a poll, a reset or a slow read, and when they are executed.

    header, payload, cycle  (message,); first: index of the first one in its program
    accesses                its reads and writes, counted from `first`
    answered                when its last read has been answered, if not later
    """

    header: npt.NDArray[np.uint8]
    payload: npt.NDArray[np.uint64]
    cycle: Ints
    first: int
    accesses: Accesses
    answered: int

    def span(self, within: Span) -> tuple[int, int] | None:
        """Cycles of a span of the program, as far as this stretch knows them; None: not now."""
        size = self.header.size
        if within.first >= self.first + size or within.last < self.first:
            return None
        # From the stretch's begin means: since time was last let pass.
        begin = int(self.cycle[within.first - self.first]) if within.first > self.first else 0
        # What follows the last message (a poll) still belongs to it.
        ends_here = within.last < self.first + size - 1
        return begin, int(self.cycle[within.last - self.first]) if ends_here else NEVER


@dataclass(frozen=True)
class _Visits:
    """The messages of a stretch that are visited, and the plain writes between them.

    index, act     (visit,) in order; run_end: for runs of plain reads, the index behind them
    plain          (write,) index of plain writes' addresses; before: (visit,) how many come before
    """

    index: Ints
    act: Ints
    run_end: dict[int, int]
    plain: Ints
    before: Ints


class Player:
    """Plays programs, one after the other, on the parts of one chip."""

    def __init__(
        self, state: State, bus: Bus, analog: AnalogSide, log: Notes, latencies: Latencies
    ) -> None:
        self._state, self._bus, self._analog, self._log = state, bus, analog, log
        self._read_latency = latencies.read
        self._response = Response(0, log)
        self._setups: Ints = np.empty(0, np.int64)
        self._spans: dict[Observable, Span] = {}
        self._told_of_reset = False

    def timer(self, cycle: int) -> int:
        """Value of the FPGA's timer at a cycle of the present stretch."""
        setup = int(np.searchsorted(self._setups, cycle, side="right")) - 1
        zero = self._state.timer_zero if setup < 0 else int(self._setups[setup])
        return cycle - zero

    def play(self, words: Words) -> Generator[Words, None, None]:
        """Play a program; yields the words of the response as they become certain."""
        state = self._state
        messages, halted = program_words.messages(words, state.now, self._log)
        self._response = Response(state.systime_zero, self._log)
        self._analog.begin(self._response)
        self._told_of_reset = False
        accesses = Accesses.of(messages)
        self._spans = foresee(messages, accesses, state.memory, state.still)
        self._note_unseen(accesses)
        end, first = state.now, 0
        for bound in self._cuts(messages, accesses):
            yield from self._play(self._stretch(messages, accesses, first, bound))
            end, first = state.now - 1, bound
        self._response.finish(end, halted=halted)
        yield from self._response.take()
        state.still = frozenset(what for what, span in self._spans.items() if span.last == NEVER)

    def _note_unseen(self, accesses: Accesses) -> None:
        """Remark what a program reads that has run through earlier ones without being seen."""
        for what, span in self._spans.items():
            begins = span.first == 0 and not begins_with_reset(what, accesses)
            unseen = begins and what not in self._state.still
            if unseen and self._state.now and what in _ACCUMULATE:
                self._log.note(
                    self._state.now,
                    _ACCUMULATE[what],
                    "read without a reset before: what happened in earlier programs, which nobody "
                    "observed, is not in it; reset it in the program from which it shall count",
                )

    def _cuts(self, messages: Messages, accesses: Accesses) -> list[int]:
        """Where time cannot be foreseen: behind polls, and behind slow reads that a barrier awaits.

        And behind resets of the chip, which later events shall not have set out before.
        Returns the first message behind each of these, and the end
        """
        resets = np.nonzero((messages.header == ToFpga.RESET) & (messages.payload != 0))[0]
        polls = np.nonzero(messages.header == ToFpga.POLLING_OMNIBUS_BLOCK)[0]
        barriers = np.nonzero(messages.header == ToFpga.BARRIER)[0]
        reads = accesses.at[accesses.is_read]
        slow = reads[self._bus.slow(accesses.address[accesses.is_read])]
        awaited = np.searchsorted(slow, np.concatenate([barriers, polls])) - 1
        last = slow[np.unique(awaited[awaited >= 0])]
        cuts = np.unique(np.concatenate([polls + 1, resets + 1, last + 1, [messages.header.size]]))
        return [int(cut) for cut in cuts if cut > 0]

    def _stretch(self, messages: Messages, accesses: Accesses, first: int, bound: int) -> _Stretch:
        """Messages `first` up to, not in, `bound`, which begin now."""
        state = self._state
        header, payload = messages.header[first:bound], messages.payload[first:bound]
        cycle = np.empty(header.size, np.int64)
        _, _, answered = schedule(
            header, payload, state.now, state.timer_zero, state.answered, self._read_latency, cycle
        )
        own = accesses.between(first, bound)
        return _Stretch(header, payload, cycle, first, own, int(answered))

    def _play(self, stretch: _Stretch) -> Iterator[Words]:
        """Play the messages of a stretch."""
        self._follow_reset_line(stretch)
        state, header, payload, cycle = self._state, stretch.header, stretch.payload, stretch.cycle
        self._setups = cycle[header == ToFpga.TIMER_SETUP]
        self._analog.send(events(Messages(header, payload), cycle), state.now)
        spans = {what: stretch.span(span) for what, span in self._spans.items()}
        self._analog.watch({what: span for what, span in spans.items() if span is not None})
        ticks = (header == ToFpga.LOOPBACK) & (payload != HALT)
        self._response.expect(FromFpga.LOOPBACK, cycle[ticks], payload[ticks])
        yield from self._walk(stretch)
        state.answered = max(state.answered, stretch.answered)
        if self._setups.size:
            state.timer_zero = int(self._setups[-1])
        state.now = int(cycle[-1]) + 1
        if header[-1] == ToFpga.POLLING_OMNIBUS_BLOCK:
            index = stretch.first + header.size - 1
            yield from self._poll(bool(payload[-1]), index)

    def _follow_reset_line(self, stretch: _Stretch) -> None:
        """Remark what reaches for the chip while its reset line is up, from the begin or never."""
        at = np.nonzero(stretch.header == ToFpga.RESET)[0]
        if self._state.reset_held:
            released = at[stretch.payload[at] == 0]
            held = int(released[0]) if released.size else stretch.header.size
            reaches = stretch.header >= ToFpga.SPIKE_PACK_1
            reaches |= stretch.header == ToFpga.JTAG_DATA
            own = stretch.accesses
            reaches[own.at[own.address < memory_map.FPGA_BASE]] = True
            if reaches[:held].any():
                self._note_reset_held(int(stretch.cycle[np.argmax(reaches)]))
        if at.size:  # a stretch ends where the line goes up
            self._state.reset_held = bool(stretch.payload[at[-1]])

    def _note_reset_held(self, cycle: int) -> None:
        """Remark, once in a program, that a chip in reset would do nothing."""
        if not self._told_of_reset:
            self._told_of_reset = True
            self._log.note(
                cycle,
                "chip reset",
                "its line is held up, and a chip would take neither words nor events: emulated as "
                "if it had been released at once; release it with Program.reset(False)",
            )

    # --- visits -----------------------------------------------------------------------------------

    def _visits(self, stretch: _Stretch) -> _Visits:
        header, payload = stretch.header, stretch.payload
        at, address, is_read = stretch.accesses
        claimed = self._bus.claimed(address)
        special = ~is_read & (claimed | ((payload[at] & _ALL_BYTES) != _ALL_BYTES))
        plain_read = np.zeros(header.size + 2, bool)  # nothing before the first and after the last
        plain_read[at[is_read & ~claimed] + 1] = True
        starts = np.nonzero(plain_read[1:-1] & ~plain_read[:-2])[0]
        ends = np.nonzero(plain_read[1:-1] & ~plain_read[2:])[0] + 1
        found = {
            _Act.WRITE: at[special],
            _Act.READ: at[is_read & claimed],
            _Act.PLAIN_READS: starts,
            _Act.RESET: np.nonzero(header == ToFpga.RESET)[0],
            _Act.SYSTIME_INIT: np.nonzero(header == ToFpga.SYSTIME_INIT)[0],
            _Act.JTAG: np.nonzero(header <= ToFpga.JTAG_DATA)[0],
        }
        index = np.concatenate(list(found.values()))
        act = np.repeat([int(act) for act in found], [where.size for where in found.values()])
        order = np.argsort(index, kind="stable")
        plain = at[~is_read & ~special]
        run_end = dict(zip(starts.tolist(), ends.tolist(), strict=True))
        before = np.searchsorted(plain, index[order])
        return _Visits(index[order], act[order], run_end, plain, before)

    def _walk(self, stretch: _Stretch) -> Iterator[Words]:
        """Visit in order; plain writes between two visits are applied in one go."""
        visits, first = self._visits(stretch), 0
        for index, act, before in zip(
            visits.index.tolist(), visits.act.tolist(), visits.before.tolist(), strict=True
        ):
            if before > first:
                yield from self._write_plain(stretch, visits.plain[first:before])
                first = before
            if act == _Act.PLAIN_READS:
                self._read_plain(stretch, slice(index, visits.run_end[index]))
            else:
                yield from self._visit(stretch, index, act)
        yield from self._write_plain(stretch, visits.plain[first:])
        yield from self._until(int(stretch.cycle[-1]))

    def _visit(self, stretch: _Stretch, i: int, act: int) -> Iterator[Words]:
        """Do what a message asks for, at its time."""
        cycle, payload = int(stretch.cycle[i]), int(stretch.payload[i])
        if act == _Act.SYSTIME_INIT:
            self._state.systime_zero = cycle
            self._response.set_time(cycle)
        elif act == _Act.JTAG:
            yield from self._jtag(int(stretch.header[i]), payload, cycle)
        elif act == _Act.RESET:
            yield from self._until(cycle)
            if payload:
                self._bus.reset()
                self._state.tap = Tap()
        elif act == _Act.READ:
            address = payload & int(_LOW_WORD)
            if not self._bus.latched(address):
                yield from self._until(cycle)
            word = np.array([self._bus.read(address, cycle)], np.uint64)
            self._answer(np.array([max(cycle, self._bus.ready(address))]), word)
        else:
            yield from self._until(cycle + 1)
            enables = payload >> ENABLES_LSB & BYTE_ENABLES >> ENABLES_LSB
            value = int(stretch.payload[i + 1])
            self._analog.before_write(cycle + 1)
            self._bus.write(payload & int(_LOW_WORD), value, cycle + 1, enables)

    def _read_plain(self, stretch: _Stretch, run: slice) -> None:
        address = (stretch.payload[run] & _LOW_WORD).astype(np.uint32)
        words = self._bus.read_plain(address, int(stretch.cycle[run.start]))
        self._answer(stretch.cycle[run], words.astype(np.uint64))

    def _answer(self, ready: Ints, words: npt.NDArray[np.uint64]) -> None:
        """Answers (n,) that are there at these cycles reach the FPGA later, and in order."""
        arrival = np.maximum(ready + self._read_latency, self._state.answered)
        self._response.add_answers(FromFpga.OMNIBUS_DATA, arrival, words)
        self._state.answered = int(arrival[-1])

    def _write_plain(self, stretch: _Stretch, index: Ints) -> Iterator[Words]:
        """Plain writes: at once while nobody looks, else each in its own time step."""
        if index.size:
            unseen = int(np.searchsorted(stretch.cycle[index], self._analog.observed_from()))
            for some in (index[:unseen], index[unseen:]):
                address = (stretch.payload[some] & _LOW_WORD).astype(np.int64)
                for part in np.split(some, _second_settings(address)):
                    yield from self._write_some(stretch, part)

    def _write_some(self, stretch: _Stretch, index: Ints) -> Iterator[Words]:
        """Plain writes which all begin before, or all after, somebody begins to look."""
        if not index.size:
            return
        memory = self._state.memory
        cycle = stretch.cycle[index] + 1
        address = (stretch.payload[index] & _LOW_WORD).astype(np.uint32)
        value = stretch.payload[index + 1].astype(np.uint32)
        moments = self._state.now, int(stretch.cycle[index[0]])
        seen = any(self._analog.observing(moment) for moment in moments)
        if not (seen and memory.changes(address, value)):
            self._analog.before_write(int(cycle[0]))
            self._bus.write_plain(address, value, int(cycle[0]))
            self._analog.after_write(int(cycle[-1]))
            return
        step = cycle // self._analog.step_cycles
        bounds = [0, *(np.nonzero(np.diff(step))[0] + 1).tolist(), address.size]
        for a, b in itertools.pairwise(bounds):
            if memory.changes(address[a:b], value[a:b]):
                yield from self._until(int(cycle[a]))
                self._analog.before_write(int(cycle[a]))
            self._bus.write_plain(address[a:b], value[a:b], int(cycle[a]))
            self._analog.after_write(int(cycle[a]))

    def _jtag(self, header: int, payload: int, cycle: int) -> Iterator[Words]:
        """A message to the chip's JTAG port."""
        tap = self._state.tap

        def note(text: str) -> None:
            self._log.note(cycle, jtag.PLACE, text)

        if header == ToFpga.JTAG_INIT:
            tap.instruction = Tap().instruction
        elif header == ToFpga.JTAG_INSTRUCTION:
            tap.select(payload, note)
        elif header == ToFpga.JTAG_DATA:
            if tap.instruction in _ON_THE_BUS:
                yield from self._until(cycle)
            out = tap.shift(
                payload & (1 << _JTAG_DATA_BITS) - 1,
                payload >> _JTAG_BITS_LSB & 0xFF,
                lambda address: self._bus.read(address, cycle),
                lambda address, value: self._bus.write(address, value, cycle),
                note,
            )
            if payload >> _JTAG_KEEP_LSB & 1:
                at = np.array([cycle + self._read_latency], np.int64)
                self._response.add_answers(FromFpga.JTAG_DATA, at, np.array([out], np.uint64))

    # --- time -------------------------------------------------------------------------------------

    def _until(self, cycle: int) -> Iterator[Words]:
        """Let time pass until `cycle`."""
        if cycle <= self._state.now:
            return
        for settled in self._analog.advance(cycle):
            self._response.settle(settled)
            self._state.now = max(settled, self._state.now)
            yield from self._response.take()
        self._state.now = cycle

    def _poll(self, expects_equality: bool, index: int) -> Iterator[Words]:
        """Read a register until it has a value (or another one), or report a time-out.

        A reading comes back when its answer is ready and those before it have come; then the next
        one is sent.
        """
        state = self._state
        address, target, mask = (state.memory.read(int(a)) for a in _POLL.addresses())
        begin = state.now
        deadline = begin + state.memory.read(_TIMEOUT)
        if state.reset_held and address < memory_map.FPGA_BASE:
            self._note_reset_held(begin)
        sent = begin
        while sent + self._read_latency <= deadline:
            yield from self._until(sent)
            word = self._bus.read(address, sent)
            back = max(sent, self._bus.ready(address)) + self._read_latency
            state.answered = back = max(back, state.answered)
            if back > deadline:
                break
            if (word & mask == target) == expects_equality:
                yield from self._until(back)
                return
            sent = self._next_reading(address, max(back, sent + 1), deadline)
        yield from self._until(deadline)
        self._log.note(
            state.now,
            f"poll of {address:#x}",
            "timed out: the register never had what it waits for",
        )
        self._response.add_answers(
            FromFpga.TIMEOUT_NOTIFICATION, np.array([state.now]), np.array([index], np.uint64)
        )

    def _next_reading(self, address: int, cycle: int, deadline: int) -> int:
        """When a poll's next reading, at `cycle` at the soonest, may differ from those before."""
        if self._bus.is_plain(address):
            return deadline
        if self._bus.changes_with_time(address):
            return cycle
        quiet = max(self._analog.quiet_until(cycle, deadline) - cycle, 0)
        every = max(self._read_latency, 1)
        return cycle + -(-quiet // every) * every


def _second_settings(address: Ints) -> list[int]:
    """Where columns' switches are written once more: lines are held between the two."""
    seen: set[int] = set()
    found = []
    for place in np.flatnonzero(among(address, _COLUMN_SWITCHES)).tolist():
        if int(address[place]) in seen:
            seen.clear()
            found.append(place)
        seen.add(int(address[place]))
    return found
