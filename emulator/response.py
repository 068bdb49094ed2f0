"""What the FPGA reports, put in order of arrival and encoded as soon as nothing can overtake it.

A report is a message with the cycle at which it reaches the FPGA's trace; spikes and samples carry
the chip's own time as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.encoder import TraceEncoder
from firmware_protocol.instructions import HALT, TRACE_WORDS, FromFpga, Words

from .device import Notes

Ints = npt.NDArray[np.int64]

_TICKS_PER_CYCLE = 2
_VALUE_BITS = 16
_EVENT_MASK = np.uint64(0xFFFFFF)  # the value, and a stamp of 8 bits above it
_ALWAYS, _FOREVER = np.iinfo(np.int64).min, np.iinfo(np.int64).max
_WORTHWHILE = 4096
"""Reports that are encoded together, if there are so many."""

# Reports of one cycle come in this order, whenever they were found.
_RANK = np.zeros(len(FromFpga), np.uint8)
_RANK[[FromFpga.OMNIBUS_DATA, FromFpga.JTAG_DATA]] = 0
_RANK[FromFpga.MADC_PACK_1] = 1
_RANK[[FromFpga.LOOPBACK, FromFpga.TIMEOUT_NOTIFICATION]] = 2
_RANK[FromFpga.SPIKE_PACK_1] = 3


class Report(NamedTuple):
    """Messages: cycle of arrival int64, header uint8, payload uint64; (message,) each."""

    cycle: Ints
    kind: npt.NDArray[np.uint8]
    payload: npt.NDArray[np.uint64]

    def part(self, chosen: slice | Ints) -> Report:
        """Some of the messages."""
        return Report(self.cycle[chosen], self.kind[chosen], self.payload[chosen])


_NOTHING = Report(np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.uint64))


def _joined(reports: list[Report]) -> Report:
    return Report(
        np.concatenate([report.cycle for report in reports]),
        np.concatenate([report.kind for report in reports]),
        np.concatenate([report.payload for report in reports]),
    )


class Response:
    """The response to one program, made of reports in any order.

    systime_zero  cycle at which the FPGA's time is 0, from the beginning on
    n_words       that have been encoded so far
    """

    def __init__(self, systime_zero: int, log: Notes) -> None:
        self._log = log
        self._encoder = TraceEncoder()
        self._zeros = [(_ALWAYS, systime_zero)]
        self._waiting: list[Report] = []
        self._n_waiting = 0
        self._expected = _NOTHING
        self._answered = _ALWAYS
        self._chunks: list[Words] = []
        self.n_words = 0

    # --- reports ----------------------------------------------------------------------------------

    def add(self, kind: FromFpga, cycle: Ints, payload: npt.NDArray[np.uint64]) -> None:
        """Messages (n,) that arrive at these cycles; those of one kind and cycle keep their order.

        None may arrive before a cycle that `settle` has been told.
        """
        if cycle.size:
            self._waiting.append(Report(cycle, np.full(cycle.size, kind, np.uint8), payload))
            self._n_waiting += cycle.size

    def expect(self, kind: FromFpga, cycle: Ints, payload: npt.NDArray[np.uint64]) -> None:
        """Messages (n,), by time and after all earlier such ones, whose time is still to come."""
        self._expected_until(_FOREVER)
        self._expected = Report(cycle, np.full(cycle.size, kind, np.uint8), payload)

    def _expected_until(self, cycle: int) -> None:
        """Move what was expected before `cycle` to what has arrived."""
        end = int(np.searchsorted(self._expected.cycle, cycle))
        if end:
            self._waiting.append(self._expected.part(slice(end)))
            self._n_waiting += end
            self._expected = self._expected.part(slice(end, None))

    def add_answers(self, kind: FromFpga, cycle: Ints, payload: npt.NDArray[np.uint64]) -> None:
        """Messages that the program waits for: the response lasts until the last one has come."""
        self.add(kind, cycle, payload)
        if cycle.size:
            self._answered = max(self._answered, int(cycle[-1]))

    def add_events(self, kind: FromFpga, cycle: Ints, tick: Ints, value: Ints) -> None:
        """Spikes or samples that left the chip at chip ticks, with 16-bit values."""
        stamped = tick.astype(np.uint64) << np.uint64(_VALUE_BITS)
        stamped |= value.astype(np.uint64)
        self.add(kind, cycle, stamped)

    def forget(self, kind: FromFpga, cycle: int) -> None:
        """Messages of a kind that would arrive from `cycle` on never do."""
        for n, report in enumerate(self._waiting):
            lost = (report.kind == kind) & (report.cycle >= cycle)
            if lost.any():
                self._waiting[n] = report.part(np.nonzero(~lost)[0])
                self._n_waiting -= int(np.count_nonzero(lost))

    def set_time(self, cycle: int) -> None:
        """From `cycle` on, the FPGA's time counts from there."""
        self._zeros.append((cycle, cycle))

    # --- words ------------------------------------------------------------------------------------

    def settle(self, cycle: int) -> None:
        """Encode what arrived before `cycle`: all of that has been reported.

        A few reports may wait for the next call; that changes no word.
        """
        self._expected_until(cycle)
        if self._n_waiting < _WORTHWHILE:
            return
        everything = self._in_order()
        end = int(np.searchsorted(everything.cycle, cycle))
        rest = everything.part(slice(end, None))
        self._waiting, self._n_waiting = [rest], rest.cycle.size
        self._keep(self._encoder.feed(*self._encodable(everything.part(slice(end)))), cycle)

    def finish(self, cycle: int, *, halted: bool) -> None:
        """Encode the rest: the program ended at `cycle`; what would arrive later is lost.

        halted  whether the end itself is reported
        """
        last = max(cycle, self._answered)
        self._expected_until(last + 1)
        everything = self._in_order()
        end = int(np.searchsorted(everything.cycle, last, side="right"))
        items = everything.part(slice(end))
        if halted:
            items = Report(
                np.append(items.cycle, last),
                np.append(items.kind, np.uint8(FromFpga.LOOPBACK)),
                np.append(items.payload, np.uint64(HALT)),
            )
        self._keep(self._encoder.finish(*self._encodable(items)), last)
        self._waiting, self._n_waiting = [], 0

    def take(self) -> Iterator[Words]:
        """The words that have been encoded since last asked, in chunks."""
        chunks, self._chunks = self._chunks, []
        yield from chunks

    def _keep(self, words: Words, cycle: int) -> None:
        if not words.size:
            return
        before, self.n_words = self.n_words, self.n_words + words.size
        if before <= TRACE_WORDS < self.n_words:
            self._log.note(
                cycle,
                "trace memory",
                f"the response is longer than its {TRACE_WORDS} words: the chip would have "
                "stalled, and executed later commands late (emulated as if it had not)",
            )
        self._chunks.append(words)

    def _in_order(self) -> Report:
        waiting = self._waiting or [_NOTHING]
        joined = waiting[0] if len(waiting) == 1 else _joined(waiting)
        # Ranks are below 4; most often all is of one kind and came in order.
        key = joined.cycle
        if np.any(joined.kind != joined.kind[:1]):
            key = key * 4 + _RANK[joined.kind]
        if np.all(key[1:] >= key[:-1]):
            return joined
        return joined.part(np.argsort(key, kind="stable"))

    def _encodable(self, items: Report) -> Report:
        """Times by the FPGA's counter, which a systime init sets to zero; stamps of 8 bits."""
        since, zeros = np.array(self._zeros).T
        # Items are in order; most often all come after the last init.
        early = np.any(items.cycle[:1] < since[-1])
        which = np.searchsorted(since, items.cycle, side="right") - 1 if early else slice(-1, None)
        zero = zeros[which]
        timed = items.kind >= FromFpga.MADC_PACK_1
        # No borrow reaches the value below the stamp.
        event = items.payload - (zero * _TICKS_PER_CYCLE << _VALUE_BITS).view(np.uint64)
        event &= _EVENT_MASK
        payload = event if timed.all() else np.where(timed, event, items.payload)
        return Report(items.cycle - zero, items.kind, payload)
