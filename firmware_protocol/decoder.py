"""Messages from the FPGA: words to arrays, the host's side.

A message has 8 header bits and its payload right aligned, at least 64 bits in all, so that packs
of three (80 bits) straddle words.  At a message boundary a set comma bit means: skip to the next
word.

Time.  The receiver keeps a 43-bit cycle counter: every message adds 1, then Systime sets it and
Sysdelta adds to it.  An event carries 8 bits of chip time in units of 4 ns; its time in cycles is
the latest one that matches bits 7..1 and is not after the counter, which is unambiguous for 128
cycles (1.024 us).  The counter wraps after 2^43 cycles (19.5 h); within a response times rise
across that.
Source: hxcomm decoder and fisch event constraints as collected in ``docs/reference/words.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from .encoder import PACK_WINDOW_CYCLES, encode_trace
from .errors import DecodeError, LinkError
from .instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga
from .tickets import Stream, Ticket

__all__ = [
    "PACK_WINDOW_CYCLES",
    "SYSTIME_BITS",
    "HaltFinder",
    "LinkNotifications",
    "TimeoutNotifications",
    "Trace",
    "decode",
    "encode_trace",
]

Ints = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]

SYSTIME_BITS = 43
MADC_CHANNEL_BIT = 10
MADC_SAMPLE_MASK = 0x3FF

# Plain integers: Numba freezes these into the compiled code.
_PERIOD = 1 << SYSTIME_BITS
_WRAP_CYCLES = 1 << 36
"""A Systime below the counter is a wrap if at most this (9 min) has passed since the counter."""
_LAG_CYCLES = 1 << 20
"""A Systime at most this (8 ms) behind the counter corrects it; further behind is a new zero."""
_BEFORE_ZERO_CYCLES = 128
"""A Systime this near to the period's end, and not expected there, is a time just before zero."""
_OMNIBUS, _LOOPBACK = int(FromFpga.OMNIBUS_DATA), int(FromFpga.LOOPBACK)
_JTAG, _LINK = int(FromFpga.JTAG_DATA), int(FromFpga.HIGHSPEED_LINK_NOTIFICATION)
_TIMEOUT, _SYSTIME, _SYSDELTA = (
    int(FromFpga.TIMEOUT_NOTIFICATION),
    int(FromFpga.SYSTIME),
    int(FromFpga.SYSDELTA),
)
_MADC, _SPIKE = int(FromFpga.MADC_PACK_1), int(FromFpga.SPIKE_PACK_1)
_MADC_3, _SPIKE_3 = int(FromFpga.MADC_PACK_3), int(FromFpga.SPIKE_PACK_3)
_TIME_LSB, _KIND_LSB = 17, 16
_JTAG_MASK = (1 << 33) - 1
_N_HEADERS = len(FROM_FPGA_PAYLOAD_BITS)
_UNKNOWN_HEADER = f"unknown header in a message from the FPGA; headers are 0..{_N_HEADERS - 1}"


@dataclass(frozen=True)
class LinkNotifications:
    """What the high-speed links between FPGA and chip reported; all arrays (notification,).

    time  int64 [FPGA cycles]; phy  uint8, 0..7; the rest bool
    """

    time: Ints
    phy: Bytes
    link_up: Bools
    decode_error: Bools
    crc_error: Bools
    crc_recover: Bools
    check_error: Bools

    def __len__(self) -> int:
        """Number of notifications."""
        return int(self.time.size)

    @classmethod
    def of(cls, time: Ints, payload: npt.NDArray[np.uint64]) -> LinkNotifications:
        """Split the payloads: 7:5 phy, 4 link up, 3 decode, 2 CRC, 1 CRC recover, 0 check error."""
        flags = [(payload >> np.uint64(bit) & np.uint64(1)) != 0 for bit in (4, 3, 2, 1, 0)]
        return cls(time, (payload >> np.uint64(5) & np.uint64(7)).astype(np.uint8), *flags)


@dataclass(frozen=True)
class TimeoutNotifications:
    """Instructions that blocked for longer than the instruction timeout; arrays (notification,).

    time               int64 [FPGA cycles]
    instruction        uint32, index of the instruction in the program
    trace_stall        uint8, 7 bits about a stalled trace memory, as the FPGA sends them
    outstanding_reads  uint8, Omnibus reads without an answer at that time
    """

    time: Ints
    instruction: npt.NDArray[np.uint32]
    trace_stall: Bytes
    outstanding_reads: Bytes

    def __len__(self) -> int:
        """Number of notifications."""
        return int(self.time.size)

    @classmethod
    def of(cls, time: Ints, payload: npt.NDArray[np.uint64]) -> TimeoutNotifications:
        """Split the payloads: 31:0 instruction, 38:32 trace stall, 44:39 outstanding reads."""
        return cls(
            time,
            (payload & np.uint64(0xFFFFFFFF)).astype(np.uint32),
            (payload >> np.uint64(32) & np.uint64(0x7F)).astype(np.uint8),
            (payload >> np.uint64(39) & np.uint64(0x3F)).astype(np.uint8),
        )


_NO_TIMES, _NO_PAYLOADS = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)


@dataclass(frozen=True)
class Trace:
    """What a run returned.  Times are FPGA cycles of 8 ns since the last systime init.

    spike_time, spike_label                int64, uint16 (spike,)
    madc_time, madc_value, madc_channel    int64, uint16 [LSB], uint8 (sample,)
    reads                                  uint32 (read,), in program order
    ticks                                  int64 (loopback,)
    timeouts                               uint32 (notification,): index of the instruction that
                                           timed out; the rest is in `timeout_notifications`
    halted                                 whether the program's end was reported
    jtag                                   uint64 (answer,), in program order

    A time below 0 belongs to an event from before a systime init that arrived after it.  A response
    of more than :data:`~firmware_protocol.instructions.TRACE_WORDS` words has outgrown the FPGA's
    trace memory: nothing is lost, but commands of that run may have been late.
    """

    spike_time: Ints
    spike_label: npt.NDArray[np.uint16]
    madc_time: Ints
    madc_value: npt.NDArray[np.uint16]
    madc_channel: Bytes
    reads: npt.NDArray[np.uint32]
    ticks: Ints
    timeouts: npt.NDArray[np.uint32]
    halted: bool
    jtag: npt.NDArray[np.uint64] = field(default_factory=_NO_PAYLOADS.copy)
    links: LinkNotifications = field(
        default_factory=lambda: LinkNotifications.of(_NO_TIMES, _NO_PAYLOADS)
    )
    timeout_notifications: TimeoutNotifications = field(
        default_factory=lambda: TimeoutNotifications.of(_NO_TIMES, _NO_PAYLOADS)
    )

    def redeem(self, ticket: Ticket) -> npt.NDArray[Any]:
        """The answers a ticket of the run's program stands for, in the order they were asked for.

        Returns (len(ticket),): uint32 for register reads, uint64 for JTAG, int64 for ticks
        Raises LinkError naming what is missing if the trace has fewer answers.
        """
        answers: npt.NDArray[Any] = getattr(self, ticket.stream.value)
        if answers.size < ticket.span.stop:
            raise LinkError(
                f"the trace has {answers.size} answers in '{ticket.stream.value}', but the ticket "
                f"stands for answers {ticket.span.start}..{ticket.span.stop - 1}; "
                f"{self._why_missing()}"
            )
        found = answers[ticket.span]
        if ticket.stream is Stream.JTAG and ticket.bits < 64:
            found = found & np.uint64((1 << ticket.bits) - 1)
        return found

    def _why_missing(self) -> str:
        if self.timeouts.size:
            return (
                f"instruction {int(self.timeouts[0])} timed out: mend what it waited for, or set a "
                "longer instruction timeout"
            )
        if not self.halted:
            return "the trace does not reach the program's halt: run the program again"
        return "the trace must be that of the program that gave the ticket (see Ticket.shifted)"


# --- reading a stream ---------------------------------------------------------------------------


@njit(cache=True, inline="always")
def _load(words, byte):  # type: ignore[no-untyped-def]
    """The 64 bits from byte offset `byte` of a big-endian word stream; zeros beyond its end."""
    word, shift = byte >> 3, np.uint64((byte & 7) << 3)
    if shift == np.uint64(0):
        return words[word]
    value = words[word] << shift
    if word + 1 < words.size:
        value |= words[word + 1] >> (np.uint64(64) - shift)
    return value


@njit(cache=True, inline="always")
def _header(words, byte):  # type: ignore[no-untyped-def]
    """The byte at `byte`."""
    return np.int64(words[byte >> 3] >> np.uint64(56 - ((byte & 7) << 3))) & 0xFF


@njit(cache=True, inline="always")
def _size(header):  # type: ignore[no-untyped-def]
    """Bytes of a message: 64 bits, but 80 for packs of three."""
    return 10 if header == _MADC_3 or header == _SPIKE_3 else 8


@njit(cache=True, nogil=True)
def _scan(words, counts):  # type: ignore[no-untyped-def]
    """Count messages by header; return (status, byte): 0 end, 1 unknown header, 2 cut, 3 halt."""
    byte, end = 0, words.size * 8
    while byte < end:
        header = _header(words, byte)
        if header & 0x80:
            byte = (byte | 7) + 1
            continue
        if header >= _N_HEADERS:
            return 1, byte
        if header == _SPIKE_3 or header == _MADC_3:
            if byte + 10 > end:
                return 2, byte
            counts[header] += 1
            byte += 10
            continue
        if byte + 8 > end:
            return 2, byte
        if header == _LOOPBACK and not _header(words, byte + 7) & 1:
            return 3, byte
        counts[header] += 1
        byte += 8
    return 0, byte


@njit(cache=True, nogil=True)
def _find_halt(words, skip, loopback):  # type: ignore[no-untyped-def]
    """Go on looking for a halt; return (status, byte, loopback).

    skip      bytes of `words` that belong to the message begun before
    loopback  whether that message is a loopback
    status    0 not yet, 1 unknown header at `byte`, 2 found and `byte` is the first one after it
    """
    byte, end = skip, words.size * 8
    if loopback and 0 < byte <= end and not _header(words, byte - 1) & 1:
        return 2, byte, False
    while byte < end:
        header = _header(words, byte)
        if header & 0x80:
            byte = (byte | 7) + 1
            continue
        if header >= _N_HEADERS:
            return 1, byte, False
        loopback = header == _LOOPBACK
        byte += _size(header)
        if loopback and byte <= end and not _header(words, byte - 1) & 1:
            return 2, byte, False
    return 0, byte, loopback and byte > end


class HaltFinder:
    """Finds where a response ends in words that arrive in chunks; reads them as :func:`decode`.

    n_words  words of the present response so far
    """

    def __init__(self) -> None:
        self.n_words = 0
        self._skip = 0
        self._loopback = False

    def feed(self, words: npt.ArrayLike) -> int | None:
        """How many words of this chunk belong to the response; None while its halt is not there.

        The word after those begins the next response, and the finder is ready for it.
        Raises DecodeError for an unknown header (its word index counts from the response's first
        word); nothing after it can be understood, so begin again with a new finder.
        """
        chunk = np.ascontiguousarray(words, dtype=np.uint64)
        status, byte, loopback = _find_halt(chunk, self._skip, self._loopback)
        if status == 1:
            raise DecodeError(_UNKNOWN_HEADER, word_index=self.n_words + int(byte) // 8)
        if status == 2:
            self.n_words, self._skip, self._loopback = 0, 0, False
            return -(-int(byte) // 8)
        self.n_words += chunk.size
        self._skip, self._loopback = int(byte) - 8 * chunk.size, bool(loopback)
        return None


@njit(cache=True, inline="always")
def _event(counter, event, is_spike):  # type: ignore[no-untyped-def]
    """A 24-bit event received at `counter` in one number: chip time, kind, value (see `_split`)."""
    time = (counter & ~0x7F) | ((event >> 17) & 0x7F)
    time = time - 128 if time > counter else time
    return time << _TIME_LSB | is_spike << _KIND_LSB | (event & 0xFFFF)


@njit(cache=True)
def _set_time(counter, systime):  # type: ignore[no-untyped-def]
    """The counter, which may exceed 43 bits, after a Systime message of 43 bits."""
    time = (counter & ~(_PERIOD - 1)) | systime
    if time >= counter:
        if counter >= _PERIOD:
            is_before = counter - (time - _PERIOD) <= _LAG_CYCLES
        else:
            is_before = systime >= _PERIOD - _BEFORE_ZERO_CYCLES and time - counter > _WRAP_CYCLES
        return time - _PERIOD if is_before else time
    if counter - time <= _LAG_CYCLES:
        return time
    if time + _PERIOD - counter <= _WRAP_CYCLES:
        return time + _PERIOD
    return systime


@njit(cache=True, nogil=True)
def _collect(words, end, events, answers, answer_time):  # type: ignore[no-untyped-def]
    """Second pass over the bytes that `_scan` accepted.

    events                (event,) int64, written: spikes and samples as `_event` packs them.  One
                          array for both leaves few enough variables for the CPU's registers.
    answers, answer_time  (message,) written: everything else but time messages, with its header
    """
    byte, counter, i, k = 0, np.int64(0), np.uint64(0), np.uint64(0)
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    while byte < end:
        message = _load(words, byte)
        header = np.int64(message >> np.uint64(56))
        if header & 0x80:
            byte = (byte | 7) + 1
            continue
        payload = np.int64(message & np.uint64((1 << 56) - 1))
        counter += 1
        # Each branch moves on by itself: the CPU then guesses where the next message is.
        if header == _SYSDELTA:
            counter += payload & 0xFF
            byte += 8
        elif header == _SPIKE_3 or header == _MADC_3:
            is_spike = np.int64(header == _SPIKE_3)
            rest = np.int64(_load(words, byte + 8) >> np.uint64(48))
            events[i] = _event(counter, payload >> 32 & 0xFFFFFF, is_spike)
            events[i + one] = _event(counter, payload >> 8 & 0xFFFFFF, is_spike)
            events[i + two] = _event(counter, (payload & 0xFF) << 16 | rest, is_spike)
            i += three
            byte += 10
        elif header == _SPIKE or header == _MADC:
            events[i] = _event(counter, payload & 0xFFFFFF, np.int64(header == _SPIKE))
            i += one
            byte += 8
        elif header > _MADC:
            is_spike = np.int64(header > _SPIKE)
            events[i] = _event(counter, payload >> 24 & 0xFFFFFF, is_spike)
            events[i + one] = _event(counter, payload & 0xFFFFFF, is_spike)
            i += two
            byte += 8
        elif header == _SYSTIME:
            counter = _set_time(counter, payload & (_PERIOD - 1))
            byte += 8
        else:
            answers[k], answer_time[k] = message, counter
            k += one
            byte += 8


@njit(cache=True, nogil=True)
def _split(events, spike_time, spike_label, madc_time, madc):  # type: ignore[no-untyped-def]
    """Sort spikes from samples, times from values."""
    i, k, one = np.uint64(0), np.uint64(0), np.uint64(1)
    for event in events:
        if event >> _KIND_LSB & 1:
            spike_time[i], spike_label[i] = event >> _TIME_LSB, event & 0xFFFF
            i += one
        else:
            madc_time[k], madc[k] = event >> _TIME_LSB, event & 0xFFFF
            k += one


def decode(words: npt.ArrayLike) -> Trace:
    """Decode a run's response; everything after the halt is ignored.

    Raises DecodeError for an unknown header or a message that the stream cuts off.
    """
    stream = np.ascontiguousarray(words, dtype=np.uint64)
    counts = np.zeros(_N_HEADERS, dtype=np.int64)
    status, end = _scan(stream, counts)
    if status in (1, 2):
        reason = _UNKNOWN_HEADER if status == 1 else "the stream ends inside a message"
        raise DecodeError(reason, word_index=int(end) // 8)
    n_madc = int(counts[_MADC : _MADC + 3] @ [1, 2, 3])
    n_spikes = int(counts[_SPIKE : _SPIKE + 3] @ [1, 2, 3])
    n_answers = counts[:_SYSTIME].sum()
    events = np.empty(n_spikes + n_madc, np.int64)
    answers, time = np.empty(n_answers, np.uint64), np.empty(n_answers, np.int64)
    _collect(stream, end, events, answers, time)
    spike_time, spike_label = np.empty(n_spikes, np.int64), np.empty(n_spikes, np.uint16)
    madc_time, madc = np.empty(n_madc, np.int64), np.empty(n_madc, np.uint16)
    _split(events, spike_time, spike_label, madc_time, madc)
    header = answers >> np.uint64(56)
    links, timed_out = header == _LINK, header == _TIMEOUT
    timeouts = TimeoutNotifications.of(time[timed_out], answers[timed_out])
    return Trace(
        spike_time=spike_time,
        spike_label=spike_label,
        madc_time=madc_time,
        madc_value=madc & np.uint16(MADC_SAMPLE_MASK),
        madc_channel=(madc >> np.uint16(MADC_CHANNEL_BIT)).astype(np.uint8) & np.uint8(1),
        reads=answers[header == _OMNIBUS].astype(np.uint32),
        ticks=time[header == _LOOPBACK],
        timeouts=timeouts.instruction,
        halted=status == 3,
        jtag=answers[header == _JTAG] & np.uint64(_JTAG_MASK),
        links=LinkNotifications.of(time[links], answers[links]),
        timeout_notifications=timeouts,
    )
