"""Playback programs: what the FPGA is told to do, and when, as a list of 64-bit words.

Time semantics (exact).  Every message takes one FPGA cycle of 8 ns.  `setup_timer` executed at
cycle T0 makes the timer 0 there.  ``WaitUntil(v)`` completes at max(now, T0 + v) and takes that
cycle, so a command meant for timer t follows ``WaitUntil(t - 1)`` and executes exactly at T0 + t.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .errors import ProgramError
from .instructions import (
    BYTE_ENABLES,
    CYCLES_PER_US,
    HALT,
    MAX_LABELS,
    READ_BIT,
    TICK,
    Barrier,
    ToFpga,
    Words,
    message,
)

_log = logging.getLogger(__name__)

LATE_EVENT_WARNING_CYCLES = 10 * CYCLES_PER_US
_MAX_TIMER = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Ticket:
    """Where the answers of a `read` will stand among all reads of the run's trace."""

    span: slice


def spread_events(
    cycles: npt.NDArray[np.int64], capacity: int = MAX_LABELS
) -> npt.NDArray[np.int64]:
    """Cycles at which sorted events really leave when at most `capacity` fit into one cycle.

    First come, first served: a_i = max(t_i, a_(i - capacity) + 1).
    """
    n = cycles.size
    rows = -(-n // capacity)
    padded = np.full(rows * capacity, np.iinfo(np.int64).max // 2, dtype=np.int64)
    padded[:n] = cycles
    lane = padded.reshape(rows, capacity) - np.arange(rows)[:, None]
    spread = np.maximum.accumulate(lane, axis=0) + np.arange(rows)[:, None]
    return spread.reshape(-1)[:n]


class Program:
    """An append-only list of messages; :meth:`words` is what travels."""

    def __init__(self) -> None:
        self._chunks: list[Words] = []
        self._n_reads = 0
        self._next_timer: int | None = None  # timer at which the next message executes, if known

    def __len__(self) -> int:
        """Number of messages so far."""
        return sum(chunk.size for chunk in self._chunks)

    def words(self) -> Words:
        """The program as uint64 words, one per message."""
        return np.concatenate(self._chunks) if self._chunks else np.empty(0, dtype=np.uint64)

    def _append(self, words: Words) -> None:
        self._chunks.append(words)
        if self._next_timer is not None:
            self._next_timer += words.size

    # --- system ---------------------------------------------------------------------------------

    def reset(self, active: bool) -> None:
        """Drive the chip's reset line."""
        self._append(message(ToFpga.RESET, int(active)))

    def systime_init(self) -> None:
        """Set the time of FPGA and chip to 0."""
        self._append(message(ToFpga.SYSTIME_INIT, 1))

    def barrier(self, kind: Barrier = Barrier.OMNIBUS) -> None:
        """Wait until what is outstanding has been answered; the timer is unknown afterwards."""
        self._append(message(ToFpga.BARRIER, int(kind)))
        self._next_timer = None

    def loopback(self) -> None:
        """Ask for a tick that carries the FPGA's time."""
        self._append(message(ToFpga.LOOPBACK, TICK))

    def halt(self) -> None:
        """End the program."""
        self._append(message(ToFpga.LOOPBACK, HALT))

    # --- registers ------------------------------------------------------------------------------

    def write(self, addresses: npt.ArrayLike, values: npt.ArrayLike) -> None:
        """Write 32-bit words; `addresses` and `values` broadcast to (n,), order is kept."""
        a, v = np.broadcast_arrays(
            np.asarray(addresses, dtype=np.uint64), np.asarray(values, dtype=np.uint64)
        )
        if a.size and (int(a.max()) >> 32 or int(v.max()) >> 32):
            raise ProgramError("write: addresses and values are 32-bit words (0..0xffffffff)")
        words = np.empty(2 * a.size, dtype=np.uint64)
        words[0::2] = message(ToFpga.OMNIBUS_ADDRESS, a.reshape(-1) | np.uint64(BYTE_ENABLES))
        words[1::2] = message(ToFpga.OMNIBUS_DATA, v.reshape(-1))
        self._append(words)

    def read(self, addresses: npt.ArrayLike) -> Ticket:
        """Read 32-bit words; redeem the ticket with ``trace.reads[ticket.span]``."""
        a = np.atleast_1d(np.asarray(addresses, dtype=np.uint64))
        if a.size and int(a.max()) >> 32:
            raise ProgramError("read: addresses are 32-bit words (0..0xffffffff)")
        self._append(message(ToFpga.OMNIBUS_ADDRESS, a | np.uint64(READ_BIT | BYTE_ENABLES)))
        self._n_reads += a.size
        return Ticket(slice(self._n_reads - a.size, self._n_reads))

    # --- time and events ------------------------------------------------------------------------

    def setup_timer(self) -> None:
        """Restart the timer at 0."""
        self._append(message(ToFpga.TIMER_SETUP))
        self._next_timer = 1

    def wait_until(self, timer: int) -> None:
        """Stall until the timer is at least `timer` [FPGA cycles]."""
        self._check_timer(timer)
        self._chunks.append(message(ToFpga.WAIT_UNTIL, timer))
        if self._next_timer is not None:
            self._next_timer = max(self._next_timer, timer) + 1

    def wait(self, cycles: int) -> None:
        """Restart the timer and stall for `cycles`."""
        self.setup_timer()
        self.wait_until(cycles)

    def events(self, timer: npt.ArrayLike, labels: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """Send spike events at timer values, up to three a cycle.

        timer   (n,) int, not falling, each at least the program's present timer [FPGA cycles]
        labels  (n,) int, 16-bit spike labels
        Returns (n,) int64, the timer value at which each one really leaves: later than asked
                where more than three share a cycle (a warning is logged beyond 10 us)
        """
        t, label = np.asarray(timer, dtype=np.int64), np.asarray(labels, dtype=np.int64)
        self._check_events(t, label)
        if not t.size:
            return t
        sent = spread_events(t)
        late = int((sent - t).max())
        if late > LATE_EVENT_WARNING_CYCLES:
            _log.warning("events leave up to %.1f us late: three fit a cycle", late / CYCLES_PER_US)
        self._check_timer(int(sent[-1]))
        first = np.concatenate([[True], sent[1:] != sent[:-1]])
        start = np.nonzero(first)[0]
        count = np.diff(np.append(start, sent.size))
        position = np.arange(sent.size) - np.repeat(start, count)
        shift = 16 * (np.repeat(count, count) - 1 - position)
        payload = np.bitwise_or.reduceat(label.astype(np.uint64) << shift.astype(np.uint64), start)
        packs = payload | ((count + ToFpga.SPIKE_PACK_1 - 1).astype(np.uint64) << np.uint64(56))
        self._append_timed(sent[start], packs)
        return sent

    def _append_timed(self, timer: npt.NDArray[np.int64], packs: Words) -> None:
        """Append packs that execute at strictly rising `timer`, with waits where there are gaps."""
        assert self._next_timer is not None
        before = np.concatenate([[self._next_timer - 1], timer[:-1]])
        waits = timer > before + 1
        slot = np.arange(timer.size) + np.cumsum(waits)
        words = np.empty(int(slot[-1]) + 1, dtype=np.uint64)
        words[slot] = packs
        words[slot[waits] - 1] = message(ToFpga.WAIT_UNTIL, (timer[waits] - 1).astype(np.uint64))
        self._chunks.append(words)
        self._next_timer = int(timer[-1]) + 1

    def _check_events(self, t: npt.NDArray[np.int64], label: npt.NDArray[np.int64]) -> None:
        if t.shape != label.shape or t.ndim != 1:
            raise ProgramError(f"events: times {t.shape} and labels {label.shape} must match, 1-D")
        if self._next_timer is None:
            raise ProgramError("events: the timer is unknown here; call setup_timer() first")
        if not t.size:
            return
        if np.any(np.diff(t) < 0):
            raise ProgramError("events: times must not fall; sort events by time")
        if int(t[0]) < self._next_timer:
            raise ProgramError(
                f"events: first event at timer {int(t[0])}, but the program is already at "
                f"{self._next_timer}; schedule it later"
            )
        if int(label.min()) < 0 or int(label.max()) > 0xFFFF:
            raise ProgramError("events: spike labels have 16 bits (0..65535)")

    @staticmethod
    def _check_timer(timer: int) -> None:
        if not 0 <= timer <= _MAX_TIMER:
            raise ProgramError(
                f"timer value {timer} is outside 0..{_MAX_TIMER} (34 s); restart the timer between"
            )
