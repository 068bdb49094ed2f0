"""Playback programs: what the FPGA is told to do, and when, as a list of 64-bit words.

Time semantics (exact).  Every message takes one FPGA cycle of 8 ns.  `setup_timer` executed at
cycle T0 makes the timer 0 there.  ``WaitUntil(v)`` completes at max(now, T0 + v) and takes that
cycle, so a command meant for timer t follows ``WaitUntil(t - 1)`` and executes exactly at T0 + t.
Commands at absolute times, in any order, are the business of :mod:`firmware_protocol.schedule`.
"""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from .compiled import compiled
from .errors import ProgramError
from .instructions import (
    ALL_BYTES,
    CYCLES_PER_US,
    ENABLES_LSB,
    HALT,
    HEADER_LSB,
    KEEP_BIT,
    MAX_LABELS,
    PLAYBACK_WORDS,
    READ_BIT,
    TICK,
    Barrier,
    ToFpga,
    Words,
    message,
    parse,
    whole_number,
    whole_numbers,
)
from .tickets import Shift, Stream, Ticket

_log = logging.getLogger(__name__)

Ints = npt.NDArray[np.int64]

LATE_EVENT_WARNING_CYCLES = 10 * CYCLES_PER_US
MAX_TIMER = (1 << 32) - 1
POLLING_ADDRESS = 0x88000006
"""PollingOmnibusBlockConfig: address, target and mask at three consecutive addresses."""
INSTRUCTION_TIMEOUT_ADDRESS = 0x88000009

_WORD_LIMIT = (1 << 32) - 1
_SETS_TIMER = np.isin(np.arange(16), (ToFpga.TIMER_SETUP, ToFpga.WAIT_UNTIL))
_BLOCKS = np.isin(np.arange(16), (ToFpga.BARRIER, ToFpga.POLLING_OMNIBUS_BLOCK))

# Plain integers: Numba freezes these into the compiled code.
_WAIT_HEADER = int(ToFpga.WAIT_UNTIL) << HEADER_LSB
_PACK_HEADER = int(ToFpga.SPIKE_PACK_1) << HEADER_LSB
_ONE_HEADER = 1 << HEADER_LSB
_PACK_PAYLOAD = (1 << 48) - 1


@compiled(nogil=True)
def lay_out(time, length, source, pool, start, out, sent):  # type: ignore[no-untyped-def]
    """Write timed commands and events, sorted by time, with waits where there are gaps.

    time    (n,) int64, timer at which each is wanted
    length  (n,) int64, words of a command; 0 for an event
    source  (n,) int64, label of an event; index of a command's first word in `pool`
    start   timer at which the first message would execute
    out     (2 n + all lengths,) uint64, written: the words
    sent    (n,) int64, written: timer at which each executes
    Returns the number of words and the timer at which the next message would execute.  Events that
    are due share a pack with up to two others, as long as nothing came between.
    """
    at, now, labels = 0, start, 0
    for i in range(time.size):
        if length[i] == 0 and 0 < labels < MAX_LABELS and time[i] < now:
            packed = (out[at - 1] & np.uint64(_PACK_PAYLOAD)) << np.uint64(16)
            header = np.uint64(_PACK_HEADER + labels * _ONE_HEADER)
            out[at - 1] = header | packed | np.uint64(source[i])
            sent[i] = now - 1
            labels += 1
            continue
        if time[i] > now:
            out[at] = np.uint64(_WAIT_HEADER) | np.uint64(time[i] - 1)
            at, now = at + 1, time[i]
        sent[i] = now
        if length[i] == 0:
            out[at] = np.uint64(_PACK_HEADER) | np.uint64(source[i])
            at, now, labels = at + 1, now + 1, 1
        else:
            for k in range(length[i]):
                out[at + k] = pool[source[i] + k]
            at, now, labels = at + length[i], now + length[i], 0
    return at, now


def check_timer(timer: int) -> None:
    """ProgramError if a timer value does not fit the FPGA's 32 bits."""
    if not 0 <= timer <= MAX_TIMER:
        raise ProgramError(
            f"timer value {timer} is outside 0..{MAX_TIMER} cycles (34 s); restart the timer "
            "between, or split the run"
        )


_NOTHING = Shift()


class Program:
    """A list of messages that only grows; :meth:`words` is what travels.

    answers     how many answers of each kind the program asks for
    sets_timer  whether it sets the timer or waits for it
    blocks      whether it waits for something whose time is not known (barrier, poll)
    ended       whether it has its halt
    """

    def __init__(self) -> None:
        self.answers = Shift()
        self.sets_timer = False
        self.blocks = False
        self.ended = False
        self._chunks: list[Words] = []
        self._n_words = 0
        self._next_timer: int | None = None  # timer at which the next message executes, if known

    def __len__(self) -> int:
        """Number of messages so far."""
        return self._n_words

    def __repr__(self) -> str:
        """Size and questions, not the words."""
        asked = f"{self.answers.reads} reads, {self.answers.jtag} JTAG, {self.answers.ticks} ticks"
        return f"<Program of {self._n_words} words: {asked}{', halted' if self.ended else ''}>"

    def __eq__(self, other: object) -> bool:
        """Whether two programs are the same words."""
        return isinstance(other, Program) and np.array_equal(self.words(), other.words())

    __hash__ = None  # type: ignore[assignment]  # it grows

    def words(self) -> Words:
        """The program as uint64 words, one per message."""
        return np.concatenate(self._chunks) if self._chunks else np.empty(0, dtype=np.uint64)

    @property
    def next_timer(self) -> int | None:
        """Timer at which the next message will execute; None where that is not known."""
        return self._next_timer

    def _append(self, words: Words) -> None:
        """Append messages of one cycle each; their answers are counted by the caller."""
        if self.ended:
            raise ProgramError(
                f"the program has ended: word {self._n_words - 1} is its halt; build another one"
            )
        if self._n_words <= PLAYBACK_WORDS < self._n_words + words.size:
            _log.warning(
                "program of %d words exceeds the %d words of the FPGA's playback memory: it still "
                "runs, but when its commands execute is no longer guaranteed; split the run",
                self._n_words + words.size,
                PLAYBACK_WORDS,
            )
        self._chunks.append(words)
        self._n_words += words.size
        if self._next_timer is not None:
            self._next_timer += words.size

    def _ask(self, stream: Stream, n: int, bits: int = 64) -> Ticket:
        """The ticket of the last `n` answers, which have just been asked for."""
        before = getattr(self.answers, stream.value)
        self.answers += Shift(**{stream.value: n})
        return Ticket(slice(before, before + n), stream, bits)

    # --- joining --------------------------------------------------------------------------------

    def extend(self, other: Program) -> Shift:
        """Append a copy of another program.

        Returns a shift: ``ticket.shifted(shift)`` redeems a ticket of `other` from the whole's
        trace.
        The timer is known afterwards if `other` leaves it alone or sets it up itself.
        """
        shift, timer, words = self.answers, self._next_timer, other.words()
        self._append(words)
        self.answers = shift + other.answers
        if other.sets_timer or other.blocks:
            timer = other._next_timer
        elif timer is not None:
            timer += words.size
        self._next_timer, self.ended = timer, other.ended
        self.sets_timer |= other.sets_timer
        self.blocks |= other.blocks
        return shift

    def append(self, words: npt.ArrayLike) -> Shift:
        """Append messages given as words; shifts tickets as :meth:`extend` does.

        The timer is unknown after words that set it, wait or block.
        Raises DecodeError for words that are no messages, ProgramError for a halt before the end.
        """
        array = np.array(words, dtype=np.uint64).reshape(-1)
        messages = parse(array)
        header, payload = messages.header, messages.payload
        halts = np.nonzero((header == ToFpga.LOOPBACK) & (payload == HALT))[0]
        if halts.size and halts[0] != array.size - 1:
            raise ProgramError(
                f"append: word {int(halts[0])} of {array.size} is a halt; leave out what comes "
                "after it, the FPGA would never execute it"
            )
        is_read = (header == ToFpga.OMNIBUS_ADDRESS) & (payload & np.uint64(READ_BIT) != 0)
        is_kept = (header == ToFpga.JTAG_DATA) & (payload & np.uint64(KEEP_BIT) != 0)
        is_tick = (header == ToFpga.LOOPBACK) & (payload == TICK)
        shift = self.answers
        self._append(array)
        self.answers = shift + Shift(int(is_read.sum()), int(is_kept.sum()), int(is_tick.sum()))
        self.sets_timer |= bool(_SETS_TIMER[header].any())
        self.blocks |= bool(_BLOCKS[header].any())
        if (_SETS_TIMER | _BLOCKS)[header].any():
            self._next_timer = None
        self.ended = bool(halts.size)
        return shift

    # --- system ---------------------------------------------------------------------------------

    def reset(self, active: bool) -> None:
        """Drive the chip's reset line."""
        self._append(message(ToFpga.RESET, int(active)))

    def systime_init(self) -> None:
        """Set the time of FPGA and chip to 0."""
        self._append(message(ToFpga.SYSTIME_INIT, 1))

    def barrier(self, kind: Barrier | int = Barrier.OMNIBUS) -> None:
        """Wait until what is outstanding has been answered; the timer is unknown afterwards.

        kind  one of :class:`Barrier`, or several joined by ``|``
        """
        bits = whole_number("barrier: kind", kind, (1 << 5) - 1, "join kinds of Barrier with |")
        self._append(message(ToFpga.BARRIER, bits))
        self._block()

    def poll(
        self, address: int, target: int, mask: int = _WORD_LIMIT, *, equal: bool = True
    ) -> None:
        """Wait until a 32-bit word on the Omnibus shows what is expected; the FPGA keeps reading.

        equal  wait until (word & mask) == target; False: until it differs
        The instruction times out as every other one (:meth:`instruction_timeout`); the timer is
        unknown afterwards.  Read ``PollingOmnibusBlockConfig`` for what was polled last.
        """
        remedy = "the Omnibus has 32-bit words and addresses"
        config = [
            whole_number(f"poll: {name}", value, _WORD_LIMIT, remedy)
            for name, value in (("address", address), ("target", target), ("mask", mask))
        ]
        if config[1] & ~config[2]:
            raise ProgramError(
                f"poll: target = {config[1]:#x} has bits outside mask = {config[2]:#x}, so the "
                "masked word can never equal it; widen the mask"
            )
        self.write(np.arange(POLLING_ADDRESS, POLLING_ADDRESS + 3), config)
        self._append(message(ToFpga.POLLING_OMNIBUS_BLOCK, int(equal)))
        self._block()

    def instruction_timeout(self, cycles: int) -> None:
        """Set how long [FPGA cycles] an instruction may block; 1 250 000 (10 ms) without this."""
        remedy = "32 bits of 8 ns are 34 s; wait in several steps"
        limit = whole_number("instruction_timeout: cycles", cycles, _WORD_LIMIT, remedy)
        self.write(INSTRUCTION_TIMEOUT_ADDRESS, limit)

    def loopback(self) -> Ticket:
        """Ask for a tick that carries the FPGA's time; the ticket redeems it [FPGA cycles]."""
        self._append(message(ToFpga.LOOPBACK, TICK))
        return self._ask(Stream.TICKS, 1)

    def halt(self) -> None:
        """End the program; nothing can be appended afterwards."""
        self._append(message(ToFpga.LOOPBACK, HALT))
        self.ended = True

    def _block(self) -> None:
        self._next_timer, self.blocks = None, True

    # --- registers ------------------------------------------------------------------------------

    def write(
        self, addresses: npt.ArrayLike, values: npt.ArrayLike, byte_enables: npt.ArrayLike = 0xF
    ) -> None:
        """Write 32-bit words; all arguments broadcast to (n,), order is kept.

        byte_enables  4 bits: bit k lets bits 8 k + 7 .. 8 k of the value through
        """
        remedy = "addresses and values are 32-bit words"
        a = whole_numbers("write: address", addresses, _WORD_LIMIT, remedy)
        v = whole_numbers("write: value", values, _WORD_LIMIT, remedy)
        e = whole_numbers("write: byte_enables", byte_enables, ALL_BYTES, "a word has 4 bytes")
        try:
            a, v, e = np.broadcast_arrays(a, v, e)
        except ValueError:
            raise ProgramError(
                f"write: addresses {a.shape}, values {v.shape} and byte_enables {e.shape} do not "
                "broadcast; pass as many values as addresses, or one for all"
            ) from None
        words = np.empty(2 * a.size, dtype=np.uint64)
        words[0::2] = message(ToFpga.OMNIBUS_ADDRESS, (a | e << ENABLES_LSB).reshape(-1))
        words[1::2] = message(ToFpga.OMNIBUS_DATA, v.reshape(-1))
        self._append(words)

    def read(self, addresses: npt.ArrayLike) -> Ticket:
        """Read 32-bit words; redeem the ticket with :meth:`Trace.redeem`."""
        a = whole_numbers("read: address", addresses, _WORD_LIMIT, "addresses are 32-bit words")
        a = a.reshape(-1)
        self._append(message(ToFpga.OMNIBUS_ADDRESS, a | READ_BIT | ALL_BYTES << ENABLES_LSB))
        return self._ask(Stream.READS, a.size, bits=32)

    # --- time and events ------------------------------------------------------------------------

    def setup_timer(self) -> None:
        """Restart the timer at 0."""
        self._append(message(ToFpga.TIMER_SETUP))
        self._next_timer, self.sets_timer = 1, True

    def wait_until(self, timer: int) -> None:
        """Stall until the timer is at least `timer` [FPGA cycles]."""
        check_timer(timer)
        before = self._next_timer
        self._append(message(ToFpga.WAIT_UNTIL, timer))
        self.sets_timer = True
        if before is not None:
            self._next_timer = max(before, timer) + 1

    def wait(self, cycles: int) -> None:
        """Restart the timer and stall for `cycles`."""
        check_timer(cycles)
        self.setup_timer()
        self.wait_until(cycles)

    def spikes_now(self, labels: npt.ArrayLike) -> None:
        """Send spike events at once: three a message and cycle, the rest in a smaller pack.

        labels  (n,) int, 16-bit spike labels
        """
        label = whole_numbers("spikes_now: label", labels, 0xFFFF, "spike labels have 16 bits")
        n = label.size
        if not n:
            return
        words = np.empty(-(-n // MAX_LABELS), dtype=np.uint64)
        zeros = np.zeros(n, dtype=np.int64)
        lay_out(zeros, zeros, label.reshape(-1), words[:0], 1, words, np.empty_like(zeros))
        self._append(words)

    def events(self, timer: npt.ArrayLike, labels: npt.ArrayLike) -> Ints:
        """Send spike events at timer values, up to three a cycle.

        timer   (n,) int, not falling, each at least the program's present timer [FPGA cycles]
        labels  (n,) int, 16-bit spike labels
        Returns (n,) int64, the timer value at which each one really leaves: later than asked
                where more than three share a cycle (a warning is logged beyond 10 us)
        """
        t, label = self._check_events(timer, labels)
        if not t.size:
            return t
        sent = self.timed(t, np.zeros_like(t), label, np.empty(0, dtype=np.uint64))
        late = int((sent - t).max())
        if late > LATE_EVENT_WARNING_CYCLES:
            _log.warning("events leave up to %.1f us late: three fit a cycle", late / CYCLES_PER_US)
        return sent

    def timed(
        self,
        time: Ints,
        length: Ints,
        source: Ints,
        pool: Words,
        *,
        answers: Shift = _NOTHING,
        blocks: bool = False,
    ) -> Ints:
        """Append commands and events, sorted by time, as :func:`lay_out` arranges them.

        What a :class:`~firmware_protocol.schedule.Schedule` is made of; use that, or `events`.

        answers, blocks  what the commands ask for, and whether one of them blocks
        Returns          (n,) int64, timer value at which each is executed
        """
        if self._next_timer is None:
            raise ProgramError("timed: the timer is unknown here; call setup_timer() first")
        words = np.empty(2 * time.size + int(length.sum()), dtype=np.uint64)
        sent = np.empty_like(time)
        used, after = lay_out(time, length, source, pool, self._next_timer, words, sent)
        check_timer(int(after) - 1)
        self._append(words[:used])
        self.answers += answers
        self.blocks |= blocks
        self._next_timer = None if blocks else int(after)
        return sent

    def _check_events(self, timer: npt.ArrayLike, labels: npt.ArrayLike) -> tuple[Ints, Ints]:
        t = whole_numbers("events: timer value", timer, MAX_TIMER, "restart the timer between")
        remedy = "spike labels have 16 bits"
        label = whole_numbers("events: label", labels, 0xFFFF, remedy)
        if t.shape != label.shape or t.ndim != 1:
            raise ProgramError(
                f"events: times {t.shape} and labels {label.shape} must match, 1-D; pass a label "
                "for every time"
            )
        if self._next_timer is None:
            raise ProgramError("events: the timer is unknown here; call setup_timer() first")
        if t.size and (t[1:] < t[:-1]).any():
            at = int(np.argmax(t[1:] < t[:-1])) + 1
            raise ProgramError(
                f"events: times must not fall, but event {at} at timer {int(t[at])} follows "
                f"{int(t[at - 1])}; sort events by time, or use a Schedule"
            )
        if t.size and int(t[0]) < self._next_timer:
            raise ProgramError(
                f"events: first event at timer {int(t[0])}, but the program is already at "
                f"{self._next_timer}; schedule it later"
            )
        return t, label
