"""Messages from the FPGA: words to arrays (the host's side) and arrays to words (the FPGA's side).

A message has 8 header bits and its payload right aligned, at least 64 bits in all, so that packs
of three (80 bits) straddle words.  At a message boundary a set comma bit means: skip to the next
word.

Time.  The receiver keeps a 43-bit cycle counter: every message adds 1, then Systime sets it and
Sysdelta adds to it.  An event carries 8 bits of chip time in units of 4 ns; its time in cycles is
the latest one that matches bits 7..1 and is not after the counter, which is unambiguous for 128
cycles.
Source: hxcomm decoder and fisch event constraints as collected in ``docs/reference/words.md``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from .errors import DecodeError
from .instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga, Words

SYSTIME_BITS = 43
_SYSTIME_MASK = (1 << SYSTIME_BITS) - 1
_MESSAGE_BYTES = np.maximum(8, (FROM_FPGA_PAYLOAD_BITS + 8 + 7) // 8)
_TIMEOUT_INDEX_MASK = 0xFFFFFFFF
_SYSTIME_MASK_U = np.uint64(_SYSTIME_MASK)

# Plain integers: Numba freezes these into the compiled code.
_OMNIBUS, _LOOPBACK = int(FromFpga.OMNIBUS_DATA), int(FromFpga.LOOPBACK)
_TIMEOUT, _SYSTIME, _SYSDELTA = (
    int(FromFpga.TIMEOUT_NOTIFICATION),
    int(FromFpga.SYSTIME),
    int(FromFpga.SYSDELTA),
)
_MADC, _SPIKE = int(FromFpga.MADC_PACK_1), int(FromFpga.SPIKE_PACK_1)
_N_HEADERS = len(FROM_FPGA_PAYLOAD_BITS)

MADC_CHANNEL_BIT = 1 << 10
MADC_SAMPLE_MASK = 0x3FF
PACK_WINDOW_CYCLES = 12
"""How long the FPGA's end holds back an event to fill a pack of three."""


@dataclass(frozen=True)
class Trace:
    """What a run returned.  Times are FPGA cycles of 8 ns since the last systime init.

    spike_time, spike_label                int64, uint16 (spike,)
    madc_time, madc_value, madc_channel    int64, uint16 [LSB], uint8 (sample,)
    reads                                  uint32 (read,), in program order
    ticks                                  int64 (loopback,)
    timeouts                               uint32 (notification,): index of the instruction that
                                           timed out
    halted                                 whether the program's end was reported
    """

    spike_time: npt.NDArray[np.int64]
    spike_label: npt.NDArray[np.uint16]
    madc_time: npt.NDArray[np.int64]
    madc_value: npt.NDArray[np.uint16]
    madc_channel: npt.NDArray[np.uint8]
    reads: npt.NDArray[np.uint32]
    ticks: npt.NDArray[np.int64]
    timeouts: npt.NDArray[np.uint32]
    halted: bool


@njit(cache=True, inline="always")
def _bits(words, byte, n):  # type: ignore[no-untyped-def]
    """`n` <= 8 bytes from byte offset `byte` of a big-endian word stream, right aligned."""
    word, offset = byte >> 3, byte & 7
    value = words[word] << np.uint64(8 * offset)
    if offset and word + 1 < words.size:
        value |= words[word + 1] >> np.uint64(64 - 8 * offset)
    return value >> np.uint64(64 - 8 * n)


@njit(cache=True)
def _scan(words, sizes, counts):  # type: ignore[no-untyped-def]
    """Count messages by header; return (status, byte): 0 fine, 1 unknown header, 2 truncated."""
    byte, end = 0, words.size * 8
    while byte < end:
        header = np.int64(_bits(words, byte, 1))
        if header & 0x80:
            byte = (byte // 8 + 1) * 8
            continue
        if header >= sizes.size:
            return 1, byte
        if byte + sizes[header] > end:
            return 2, byte
        counts[header] += 1
        if header == _LOOPBACK and not _bits(words, byte, 8) & np.uint64(1):
            break
        byte += sizes[header]
    return 0, byte


@njit(cache=True, inline="always")
def _event_time(counter, event):  # type: ignore[no-untyped-def]
    """Chip time [cycles] of a 24-bit event received at `counter`."""
    time = (counter & ~0x7F) | ((event >> 17) & 0x7F)
    return time - 128 if time > counter else time


@njit(cache=True)
def _fill(words, sizes, spikes, spike_time, madc, madc_time, reads, ticks, timeouts):  # type: ignore[no-untyped-def]
    """Second pass over a stream that `_scan` accepted: write what each message carries."""
    byte, end, counter = 0, words.size * 8, np.int64(0)
    n_spikes = n_madc = n_reads = n_ticks = n_timeouts = 0
    while byte < end:
        header = np.int64(_bits(words, byte, 1))
        if header & 0x80:
            byte = (byte // 8 + 1) * 8
            continue
        size = sizes[header]
        low = _bits(words, byte + size - 8, 8)  # the 64 least significant bits
        counter = (counter + 1) & _SYSTIME_MASK
        if header >= _MADC:
            kind = (header - _MADC) // 3
            n = (header - _MADC) % 3 + 1
            for k in range(n):
                event = np.int64(_bits(words, byte + size - 3 * (n - k), 3))
                time = _event_time(counter, event)
                if kind:
                    spikes[n_spikes], spike_time[n_spikes] = event & 0xFFFF, time
                    n_spikes += 1
                else:
                    madc[n_madc], madc_time[n_madc] = event & 0xFFFF, time
                    n_madc += 1
        elif header == _SYSTIME:
            counter = np.int64(low) & _SYSTIME_MASK
        elif header == _SYSDELTA:
            counter = (counter + (np.int64(low) & 0xFF)) & _SYSTIME_MASK
        elif header == _OMNIBUS:
            reads[n_reads] = low & np.uint64(0xFFFFFFFF)
            n_reads += 1
        elif header == _LOOPBACK:
            if not low & np.uint64(1):
                return
            ticks[n_ticks] = counter
            n_ticks += 1
        elif header == _TIMEOUT:
            timeouts[n_timeouts] = low & np.uint64(_TIMEOUT_INDEX_MASK)
            n_timeouts += 1
        byte += size


def decode(words: npt.ArrayLike) -> Trace:
    """Decode a run's response; everything after the halt is ignored.

    Raises DecodeError for an unknown header or a message that the stream cuts off.
    """
    stream = np.ascontiguousarray(words, dtype=np.uint64)
    counts = np.zeros(_N_HEADERS, dtype=np.int64)
    status, byte = _scan(stream, _MESSAGE_BYTES, counts)
    if status:
        reason = (
            "unknown header in a message from the FPGA; headers are 0..12"
            if status == 1
            else "the stream ends inside a message"
        )
        raise DecodeError(reason, word_index=int(byte) // 8)
    n_madc = int(counts[_MADC : _MADC + 3] @ [1, 2, 3])
    n_spikes = int(counts[_SPIKE : _SPIKE + 3] @ [1, 2, 3])
    halted = _is_halted(stream, int(byte))
    spikes, spike_time = np.empty(n_spikes, np.uint16), np.empty(n_spikes, np.int64)
    madc, madc_time = np.empty(n_madc, np.uint16), np.empty(n_madc, np.int64)
    reads = np.empty(int(counts[_OMNIBUS]), np.uint32)
    ticks = np.empty(int(counts[_LOOPBACK]) - halted, np.int64)
    timeouts = np.empty(int(counts[_TIMEOUT]), np.uint32)
    _fill(stream, _MESSAGE_BYTES, spikes, spike_time, madc, madc_time, reads, ticks, timeouts)
    return Trace(
        spike_time=spike_time,
        spike_label=spikes,
        madc_time=madc_time,
        madc_value=madc & np.uint16(MADC_SAMPLE_MASK),
        madc_channel=((madc & np.uint16(MADC_CHANNEL_BIT)) != 0).astype(np.uint8),
        reads=reads,
        ticks=ticks,
        timeouts=timeouts,
        halted=bool(halted),
    )


def _is_halted(stream: Words, byte: int) -> bool:
    """Whether the scan stopped at a halt: inside the stream, at a loopback header."""
    return byte < stream.size * 8 and int(_bits(stream, byte, 1)) == _LOOPBACK


# --- the FPGA's end -----------------------------------------------------------------------------


@njit(cache=True, inline="always")
def _put(out, at, header, high, low, size):  # type: ignore[no-untyped-def]
    """Write a message of `size` bytes: header, then the payload high:low right aligned."""
    out[at] = header
    for k in range(1, size):
        shift = 8 * (size - 1 - k)
        part = low >> np.uint64(shift) if shift < 64 else high >> np.uint64(shift - 64)
        out[at + k] = np.uint8(part & np.uint64(0xFF))
    return at + size


@njit(cache=True)
def _encode(cycle, kind, payload, window, out):  # type: ignore[no-untyped-def]
    """Write sorted items into `out` (bytes); return the number of bytes used."""
    at, counter, i, n = 0, np.int64(-(1 << 40)), 0, cycle.size
    while i < n:
        count = 1
        if kind[i] >= _MADC:
            while (
                count < 3
                and i + count < n
                and kind[i + count] == kind[i]
                and cycle[i + count] - cycle[i] <= window
            ):
                count += 1
        due = cycle[i + count - 1]
        gap = due - counter - 1
        # A burst may run a little late; a tick is exact, an event must stay within 128 cycles.
        if gap < -32 or (gap < 0 and kind[i] == _LOOPBACK) or gap > 256:
            at = _put(out, at, _SYSTIME, np.uint64(0), np.uint64(due - 1) & _SYSTIME_MASK_U, 8)
            counter = due - 1
        elif gap > 0:
            at = _put(out, at, _SYSDELTA, np.uint64(0), np.uint64(gap - 1), 8)
            counter = due - 1
        counter += 1
        low, high = np.uint64(0), np.uint64(0)
        for k in range(count):
            high = (high << np.uint64(24)) | (low >> np.uint64(40)) if count > 1 else high
            low = (low << np.uint64(24)) | payload[i + k] if count > 1 else payload[i + k]
        size = 10 if count == 3 else 8
        at = _put(out, at, kind[i] + count - 1, high, low, size)
        i += count
    return at


def encode_trace(
    cycle: npt.NDArray[np.int64],
    kind: npt.NDArray[np.uint8],
    payload: npt.NDArray[np.uint64],
    *,
    window: int = PACK_WINDOW_CYCLES,
) -> Words:
    """Encode what the FPGA reports, with the time messages that let :func:`decode` restore it.

    cycle    (n,) int64, not falling: when each item reaches the FPGA's trace, within
             128 - `window` cycles of the chip time that an event's 8-bit timestamp means
    kind     (n,) uint8, a :class:`FromFpga` header; MADC_PACK_1 and SPIKE_PACK_1 are packed by up
             to three
    payload  (n,) uint64; for events timestamp << 16 | value
    window   how many cycles an event may wait for others to share its pack
    """
    out = np.zeros(18 * cycle.size + 16, dtype=np.uint8)
    used = int(_encode(cycle, kind, payload.astype(np.uint64), window, out))
    if used % 8:
        out[used] = 0x80  # comma: nothing more in this word
    n_words = -(-used // 8)
    return out[: 8 * n_words].view(">u8").astype(np.uint64)
