"""Messages from the FPGA: arrays to words, the FPGA's side.

The inverse of :mod:`firmware_protocol.decoder`: it adds the time messages and packs that let a
receiver restore when everything happened.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .compiled import compiled
from .errors import ProgramError
from .instructions import FROM_FPGA_PAYLOAD_BITS, HEADER_LSB, FromFpga, Words

Ints = npt.NDArray[np.int64]
_Items = tuple[Ints, npt.NDArray[np.uint8], npt.NDArray[np.uint64]]
"""Cycle, kind and payload of items, (n,) each."""

PACK_WINDOW_CYCLES = 12
"""How long the FPGA's end holds back an event to fill a pack of three."""

# Plain integers: Numba freezes these into the compiled code.
_LOOPBACK, _MADC = int(FromFpga.LOOPBACK), int(FromFpga.MADC_PACK_1)
_SYSTIME_HEADER = int(FromFpga.SYSTIME) << HEADER_LSB
_SYSDELTA_HEADER = int(FromFpga.SYSDELTA) << HEADER_LSB
_SYSTIME_MASK = (1 << int(FROM_FPGA_PAYLOAD_BITS[FromFpga.SYSTIME])) - 1
_PAYLOAD_MASK = (1 << HEADER_LSB) - 1
_EVENT_MASK = (1 << 24) - 1
_MAX_LAG_CYCLES = 32
"""A burst may be reported this much late; a tick is exact, an event must stay within 128 cycles."""
_MAX_DELTA_CYCLES = 256
_NO_COUNTER = -(1 << 40)
"""Far from any time, so that the first message is preceded by a Systime."""
_NO_ITEM = np.isin(np.arange(256), [*range(5), 7, 10], invert=True)
"""Kinds that :func:`encode_trace` does not take: time messages, packs, and what is no header."""


@compiled(inline="always")
def _put(out, byte, message):  # type: ignore[no-untyped-def]
    """Write 64 bits at an even byte offset; what lies behind them in the last word becomes 0."""
    word, shift = byte >> 3, np.uint64((byte & 7) << 3)
    if shift == np.uint64(0):
        out[word] = message
    else:
        out[word] |= message >> shift
        out[word + 1] = message << (np.uint64(64) - shift)
    return byte + 8


@compiled(inline="always")
def _put_tail(out, byte, tail):  # type: ignore[no-untyped-def]
    """Write 16 bits at an even byte offset, which no word border can cut."""
    word, shift = byte >> 3, (byte & 7) << 3
    bits = tail << np.uint64(48 - shift)
    out[word] = bits if shift == 0 else out[word] | bits
    return byte + 2


@compiled(nogil=True)
def write_items(cycle, kind, payload, window, last, byte, counter, out):  # type: ignore[no-untyped-def]
    """Write items, in order, into `out` (words) from `byte` on.

    last     whether nothing follows; otherwise a pack that later items could join is left out
    counter  what the receiver's counter will be after what is already there
    Returns  (bytes used, counter, number of items written)
    """
    i, n = 0, cycle.size
    event_mask, payload_mask = np.uint64(_EVENT_MASK), np.uint64(_PAYLOAD_MASK)
    while i < n:
        count = 1
        if kind[i] >= _MADC:
            while (
                count < 3
                and i + count < n
                and kind[i + count] == kind[i]
                and cycle[i + count - 1] <= cycle[i + count] <= cycle[i] + window
            ):
                count += 1
            if not last and count < 3 and i + count == n:
                break
        due = cycle[i + count - 1]
        gap = due - counter - 1
        late = gap < -_MAX_LAG_CYCLES or (gap < 0 and kind[i] == _LOOPBACK)
        if late or gap > _MAX_DELTA_CYCLES:
            systime = np.uint64((due - 1) & _SYSTIME_MASK)
            byte = _put(out, byte, np.uint64(_SYSTIME_HEADER) | systime)
            counter = due - 1
        elif gap > 0:
            byte = _put(out, byte, np.uint64(_SYSDELTA_HEADER) | np.uint64(gap - 1))
            counter = due - 1
        counter += 1
        header = np.uint64(kind[i] + count - 1) << np.uint64(HEADER_LSB)
        if count == 1:
            mask = event_mask if kind[i] >= _MADC else payload_mask
            byte = _put(out, byte, header | (payload[i] & mask))
        elif count == 2:
            first, second = payload[i] & event_mask, payload[i + 1] & event_mask
            byte = _put(out, byte, header | first << np.uint64(24) | second)
        else:
            first, second = payload[i] & event_mask, payload[i + 1] & event_mask
            third = payload[i + 2] & event_mask
            high = first << np.uint64(32) | second << np.uint64(8) | third >> np.uint64(16)
            byte = _put(out, byte, header | high)
            byte = _put_tail(out, byte, third & np.uint64(0xFFFF))
        i += count
    return byte, counter, i


class TraceEncoder:
    """Encodes what the FPGA reports while it comes in; see :func:`encode_trace` for the arrays.

    The words of all calls together are those that `encode_trace` gives for everything at once.  Up
    to two events wait for others that could share their pack.
    """

    def __init__(self, *, window: int = PACK_WINDOW_CYCLES) -> None:
        if not 0 <= window < 128:
            raise ProgramError(
                f"encode_trace: window = {window} is outside 0..127 cycles, within which an "
                f"event's timestamp is unambiguous; use {PACK_WINDOW_CYCLES}"
            )
        self._window = window
        self._byte, self._carry = 0, np.uint64(0)
        self._counter = _NO_COUNTER
        self._waiting = (
            np.empty(0, np.int64),
            np.empty(0, np.uint8),
            np.empty(0, np.uint64),
        )

    def feed(self, cycle: npt.ArrayLike, kind: npt.ArrayLike, payload: npt.ArrayLike) -> Words:
        """Items that follow all earlier ones; returns the words that are complete."""
        return self._words(_checked(cycle, kind, payload), last=False)

    def finish(
        self,
        cycle: npt.ArrayLike = (),
        kind: npt.ArrayLike = (),
        payload: npt.ArrayLike = (),
    ) -> Words:
        """The last items; returns the remaining words, the last one filled up with a comma."""
        return self._words(_checked(cycle, kind, payload), last=True)

    def _words(self, new: _Items, *, last: bool) -> Words:
        items = new
        if self._waiting[0].size:
            items = (
                np.concatenate([self._waiting[0], new[0]]),
                np.concatenate([self._waiting[1], new[1]]),
                np.concatenate([self._waiting[2], new[2]]),
            )
        out = np.empty(2 * items[0].size + 2, dtype=np.uint64)
        out[0] = self._carry
        used, self._counter, done = write_items(
            *items, self._window, last, self._byte, self._counter, out
        )
        # Copies, so that nobody's large array is kept alive, or changed, for two items.
        self._waiting = (items[0][done:].copy(), items[1][done:].copy(), items[2][done:].copy())
        whole, self._byte = divmod(int(used), 8)
        self._carry = out[whole] if self._byte else np.uint64(0)
        if last and self._byte:
            comma = 0x80 << (56 - 8 * self._byte)  # no more in this word
            out[whole] |= np.uint64(comma)
            whole, self._byte, self._carry = whole + 1, 0, np.uint64(0)
        return out[:whole]


def _checked(cycle: npt.ArrayLike, kind: npt.ArrayLike, payload: npt.ArrayLike) -> _Items:
    """The arrays with their types; ProgramError for what is no list of items."""
    c = np.ascontiguousarray(cycle, dtype=np.int64)
    k = np.ascontiguousarray(kind, dtype=np.uint8)
    p = np.ascontiguousarray(payload, dtype=np.uint64)
    if not c.shape == k.shape == p.shape or c.ndim != 1:
        raise ProgramError(
            f"encode_trace: cycle {c.shape}, kind {k.shape} and payload {p.shape} must match, 1-D"
        )
    if _NO_ITEM[k].any():
        at = int(np.argmax(_NO_ITEM[k]))
        raise ProgramError(
            f"encode_trace: kind[{at}] = {int(k[at])} is none of 0..4, 7 (MADC), 10 (spike); time "
            "messages and larger packs are made here"
        )
    return c, k, p


def encode_trace(
    cycle: npt.ArrayLike,
    kind: npt.ArrayLike,
    payload: npt.ArrayLike,
    *,
    window: int = PACK_WINDOW_CYCLES,
) -> Words:
    """Encode what the FPGA reports, with the time messages that let a receiver restore it.

    cycle    (n,) int64, in order of arrival: when each item reaches the FPGA's trace, within
             128 - `window` cycles of the chip time that an event's 8-bit timestamp means.  It falls
             only where a systime init sets time to 0.
    kind     (n,) uint8, a :class:`FromFpga` header; MADC_PACK_1 and SPIKE_PACK_1 are packed by up
             to three, time messages are added and not given
    payload  (n,) uint64; for events timestamp << 16 | value
    window   how many cycles an event may wait for others to share its pack, at most 127
    """
    return TraceEncoder(window=window).finish(cycle, kind, payload)
