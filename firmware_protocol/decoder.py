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

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from .compiled import compiled
from .encoder import PACK_WINDOW_CYCLES, encode_trace
from .errors import DecodeError
from .growing import GrowingArray
from .instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga, Words
from .trace import LinkNotifications, TimeoutNotifications, Trace

__all__ = [
    "PACK_WINDOW_CYCLES",
    "SYSTIME_BITS",
    "HaltFinder",
    "LinkNotifications",
    "TimeoutNotifications",
    "Trace",
    "TraceBuilder",
    "decode",
    "decode_stream",
    "encode_trace",
]

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
_CHANNEL_BIT, _SAMPLE_MASK = MADC_CHANNEL_BIT, MADC_SAMPLE_MASK
_SLICE = 1 << 16
"""Words that are decoded at a time: what is in between fits the CPU's cache."""
_JTAG_MASK = (1 << 33) - 1
_N_HEADERS = len(FROM_FPGA_PAYLOAD_BITS)
_UNKNOWN_HEADER = f"unknown header in a message from the FPGA; headers are 0..{_N_HEADERS - 1}"


# --- reading a stream ---------------------------------------------------------------------------


@compiled(inline="always")
def _load(words, byte):  # type: ignore[no-untyped-def]
    """The 64 bits from byte offset `byte` of a big-endian word stream; zeros beyond its end."""
    word, shift = byte >> 3, np.uint64((byte & 7) << 3)
    if shift == np.uint64(0):
        return words[word]
    value = words[word] << shift
    if word + 1 < words.size:
        value |= words[word + 1] >> (np.uint64(64) - shift)
    return value


@compiled(inline="always")
def _header(words, byte):  # type: ignore[no-untyped-def]
    """The byte at `byte`."""
    return np.int64(words[byte >> 3] >> np.uint64(56 - ((byte & 7) << 3))) & 0xFF


@compiled(inline="always")
def _size(header):  # type: ignore[no-untyped-def]
    """Bytes of a message: 64 bits, but 80 for packs of three."""
    return 10 if header == _MADC_3 or header == _SPIKE_3 else 8


@compiled(nogil=True)
def _scan(words, byte, counts):  # type: ignore[no-untyped-def]
    """Count messages from `byte` on by header; return (status, byte at which it stopped).

    status  0 end, 1 unknown header, 2 cut, 3 halt
    """
    end = words.size * 8
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


@compiled(nogil=True)
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


@compiled(inline="always")
def _event(counter, event, is_spike):  # type: ignore[no-untyped-def]
    """A 24-bit event received at `counter` in one number: chip time, kind, value (see `_split`)."""
    time = (counter & ~0x7F) | ((event >> 17) & 0x7F)
    time = time - 128 if time > counter else time
    return time << _TIME_LSB | is_spike << _KIND_LSB | (event & 0xFFFF)


@compiled()
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


@compiled(nogil=True)
def _collect(words, byte, end, counter, events, answers, answer_time):  # type: ignore[no-untyped-def]
    """Second pass over the bytes that `_scan` accepted; return the counter behind them.

    events                (event,) int64, written: spikes and samples as `_event` packs them.  One
                          array for both leaves few enough variables for the CPU's registers.
    answers, answer_time  (message,) written: everything else but time messages, with its header
    """
    i, k = np.uint64(0), np.uint64(0)
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
    return counter


@compiled(nogil=True)
def _split(events, spike_time, spike_label, madc_time, madc, channel):  # type: ignore[no-untyped-def]
    """Sort spikes from samples, times from values."""
    i, k, one = np.uint64(0), np.uint64(0), np.uint64(1)
    for event in events:
        if event >> _KIND_LSB & 1:
            spike_time[i], spike_label[i] = event >> _TIME_LSB, event & 0xFFFF
            i += one
        else:
            madc_time[k], madc[k] = event >> _TIME_LSB, event & _SAMPLE_MASK
            channel[k] = event >> _CHANNEL_BIT & 1
            k += one


def _totals(counts: npt.NDArray[np.int64]) -> tuple[int, int, int]:
    """Numbers of samples, spikes, and of everything but those and time messages."""
    n_madc = int(counts[_MADC : _MADC + 3] @ [1, 2, 3])
    n_spikes = int(counts[_SPIKE : _SPIKE + 3] @ [1, 2, 3])
    return n_madc, n_spikes, int(counts[:_SYSTIME].sum())


class TraceBuilder:
    """Decodes a response while it comes in; the words of a chunk are not needed afterwards.

    halted  whether the halt has come; what follows it is ignored
    """

    def __init__(self) -> None:
        self.halted = False
        self._spike_time, self._spike_label = GrowingArray(np.int64), GrowingArray(np.uint16)
        self._madc_time, self._madc_value = GrowingArray(np.int64), GrowingArray(np.uint16)
        self._madc_channel = GrowingArray(np.uint8)
        self._answers, self._answer_time = GrowingArray(np.uint64), GrowingArray(np.int64)
        self._counter = 0
        self._n_words = 0
        self._rest: Words = np.empty(0, np.uint64)
        self._byte = 0

    def feed(self, words: npt.ArrayLike) -> None:
        """Decode what follows; DecodeError for an unknown header."""
        chunk = np.ascontiguousarray(words, dtype=np.uint64)
        if chunk.size > _SLICE and not self._rest.size:
            self._reserve(chunk)
        for first in range(0, chunk.size, _SLICE):
            if self.halted:
                return
            self._feed(chunk[first : first + _SLICE])

    def _reserve(self, chunk: Words) -> None:
        """Make room for what is in a large chunk."""
        counts = np.zeros(_N_HEADERS, dtype=np.int64)
        _scan(chunk, self._byte, counts)
        n_madc, n_spikes, n_answers = _totals(counts)
        self._spike_time.reserve(n_spikes)
        self._spike_label.reserve(n_spikes)
        self._madc_time.reserve(n_madc)
        self._madc_value.reserve(n_madc)
        self._madc_channel.reserve(n_madc)
        self._answers.reserve(n_answers)
        self._answer_time.reserve(n_answers)

    def _feed(self, chunk: Words) -> None:
        stream = np.concatenate([self._rest, chunk]) if self._rest.size else chunk
        counts = np.zeros(_N_HEADERS, dtype=np.int64)
        status, end = _scan(stream, self._byte, counts)
        word, byte = divmod(int(end), 8)
        if status == 1:
            raise DecodeError(_UNKNOWN_HEADER, word_index=self._n_words + word)
        self._decode(stream, int(end), counts)
        self.halted = status == 3
        self._rest, self._byte = stream[word:].copy(), byte
        self._n_words += word

    def _decode(self, stream: Words, end: int, counts: npt.NDArray[np.int64]) -> None:
        n_madc, n_spikes, n_answers = _totals(counts)
        events = np.empty(n_spikes + n_madc, np.int64)
        self._counter = int(
            _collect(
                stream,
                self._byte,
                end,
                self._counter,
                events,
                self._answers.room(n_answers),
                self._answer_time.room(n_answers),
            )
        )
        _split(
            events,
            self._spike_time.room(n_spikes),
            self._spike_label.room(n_spikes),
            self._madc_time.room(n_madc),
            self._madc_value.room(n_madc),
            self._madc_channel.room(n_madc),
        )

    def finish(self) -> Trace:
        """The whole trace; DecodeError if the stream ended inside a message.

        The builder is then empty and of no more use.
        """
        if self._rest.size and not self.halted:
            raise DecodeError("the stream ends inside a message", word_index=self._n_words)
        answers, time = self._answers.take(), self._answer_time.take()
        header = answers >> np.uint64(56)
        links, timed_out = header == _LINK, header == _TIMEOUT
        timeouts = TimeoutNotifications.of(time[timed_out], answers[timed_out])
        return Trace(
            spike_time=self._spike_time.take(),
            spike_label=self._spike_label.take(),
            madc_time=self._madc_time.take(),
            madc_value=self._madc_value.take(),
            madc_channel=self._madc_channel.take(),
            reads=answers[header == _OMNIBUS].astype(np.uint32),
            ticks=time[header == _LOOPBACK],
            timeouts=timeouts.instruction,
            halted=self.halted,
            jtag=answers[header == _JTAG] & np.uint64(_JTAG_MASK),
            links=LinkNotifications.of(time[links], answers[links]),
            timeout_notifications=timeouts,
        )


def decode(words: npt.ArrayLike) -> Trace:
    """Decode a run's response; everything after the halt is ignored.

    Raises DecodeError for an unknown header or a message that the stream cuts off.
    """
    return decode_stream([words])


def decode_stream(chunks: Iterable[npt.ArrayLike]) -> Trace:
    """Decode a response that comes in chunks of words, as :func:`decode`."""
    builder = TraceBuilder()
    for chunk in chunks:
        builder.feed(chunk)
    return builder.finish()
