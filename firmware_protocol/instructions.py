"""The message dictionaries of the playback link: which header means what, in both directions.

To the FPGA every message is one 64-bit word: header in bits 63..56 (bit 63, the comma, is 0),
payload right aligned.  From the FPGA messages are 64 or 80 bits long; see
:mod:`firmware_protocol.decoder`.
Source: hxcomm's UT message dictionaries as collected in ``docs/reference/words.md`` ("Messages").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .errors import DecodeError, ProgramError

Words = npt.NDArray[np.uint64]

HEADER_LSB = 56
PAYLOAD_MASK = (1 << HEADER_LSB) - 1
READ_BIT = 1 << 36
ENABLES_LSB = 32
ALL_BYTES = 0xF
BYTE_ENABLES = ALL_BYTES << ENABLES_LSB
KEEP_BIT = 1 << 48
"""In a JTAG data message: the answer is wanted."""
MAX_LABELS = 3
"""Labels in the largest spike pack."""
FPGA_CLOCK_HZ = 125_000_000
CYCLES_PER_US = 125
PLAYBACK_WORDS = 4_194_304
"""Messages that the FPGA's playback memory holds (32 MiB); a longer program still runs, but the
FPGA then executes what it has received so far and can no longer guarantee when."""
TRACE_WORDS = 4_194_304
"""Words that the FPGA's trace memory holds, as the vendor's software assumes; a longer response
still arrives, but the FPGA may have stalled meanwhile, so what it executed then may be late."""


class ToFpga(IntEnum):
    """Headers of messages to the FPGA."""

    JTAG_INIT = 0
    JTAG_CLOCK_SCALER = 1
    JTAG_INSTRUCTION = 2
    JTAG_DATA = 3
    TIMER_SETUP = 4
    WAIT_UNTIL = 5
    SYSTIME_INIT = 6
    BARRIER = 7
    POLLING_OMNIBUS_BLOCK = 8
    RESET = 9
    LOOPBACK = 10
    OMNIBUS_ADDRESS = 11
    OMNIBUS_DATA = 12
    SPIKE_PACK_1 = 13
    SPIKE_PACK_2 = 14
    SPIKE_PACK_3 = 15


class FromFpga(IntEnum):
    """Headers of messages from the FPGA."""

    JTAG_DATA = 0
    OMNIBUS_DATA = 1
    LOOPBACK = 2
    HIGHSPEED_LINK_NOTIFICATION = 3
    TIMEOUT_NOTIFICATION = 4
    SYSTIME = 5
    SYSDELTA = 6
    MADC_PACK_1 = 7
    MADC_PACK_2 = 8
    MADC_PACK_3 = 9
    SPIKE_PACK_1 = 10
    SPIKE_PACK_2 = 11
    SPIKE_PACK_3 = 12


TO_FPGA_PAYLOAD_BITS = np.array([0, 8, 7, 56, 0, 32, 1, 5, 1, 1, 1, 37, 32, 16, 32, 48])
"""Payload bits by :class:`ToFpga` header."""
FROM_FPGA_PAYLOAD_BITS = np.array([33, 32, 1, 8, 45, 43, 8, 24, 48, 72, 24, 48, 72])
"""Payload bits by :class:`FromFpga` header; 8 header bits more, at least 64 in all."""

HALT, TICK = 0, 1
"""Loopback payloads: the end of a program, and a request for the FPGA's time."""


class Barrier(IntFlag):
    """What a barrier waits for; kinds combine with ``|``."""

    OMNIBUS = 1
    JTAG = 2
    SYSTIME = 4
    MULTI_FPGA = 8
    SYSTIME_CORRECTION = 16


@dataclass(frozen=True)
class Messages:
    """Messages to the FPGA: header uint8 (message,), payload uint64 (message,)."""

    header: npt.NDArray[np.uint8]
    payload: npt.NDArray[np.uint64]


def message(header: ToFpga, payload: npt.ArrayLike = 0) -> Words:
    """One word per payload; the payload is trusted to fit."""
    return np.atleast_1d(np.asarray(payload, dtype=np.uint64) | np.uint64(header << HEADER_LSB))


def parse(words: npt.ArrayLike) -> Messages:
    """Split words to the FPGA into headers and payloads; DecodeError names the first bad word."""
    array = np.asarray(words, dtype=np.uint64)
    header = (array >> np.uint64(HEADER_LSB)).astype(np.uint8)
    payload = array & np.uint64(PAYLOAD_MASK)
    unknown = np.nonzero(header >= len(TO_FPGA_PAYLOAD_BITS))[0]
    if unknown.size:
        index = int(unknown[0])
        raise DecodeError(
            f"header {int(header[index]):#04x} is no message to the FPGA; headers are 0..15",
            word_index=index,
        )
    limit = (np.uint64(1) << TO_FPGA_PAYLOAD_BITS.astype(np.uint64)) - np.uint64(1)
    large = np.nonzero(payload > limit[header])[0]
    if large.size:
        index = int(large[0])
        name = ToFpga(int(header[index])).name
        raise DecodeError(
            f"payload {int(payload[index]):#x} of {name} exceeds its "
            f"{TO_FPGA_PAYLOAD_BITS[header[index]]} bits",
            word_index=index,
        )
    return Messages(header, payload)


def whole_numbers(
    place: str, values: npt.ArrayLike, limit: int, remedy: str, *, low: int = 0
) -> npt.NDArray[np.int64]:
    """`values` as int64 array; ProgramError unless all are whole numbers in `low`..`limit`.

    place, remedy  first and last part of the error's message
    """
    array = np.asarray(values)
    if not array.size:
        return np.empty(array.shape, dtype=np.int64)
    if array.dtype.kind not in "iub":
        wrong = [v for v in array.reshape(-1).tolist() if not isinstance(v, int)]
        if wrong:
            raise ProgramError(
                f"{place} = {wrong[0]!r} is no whole number ({low}..{limit}); round it first"
            )
        array = array.astype(object)  # whole numbers beyond 64 bits
    least, largest = int(array.min()), int(array.max())
    if least < low or largest > limit:
        raise ProgramError(
            f"{place} = {least if least < low else largest} is outside {low}..{limit}; {remedy}"
        )
    return array.astype(np.int64)


def whole_number(place: str, value: int, limit: int, remedy: str, *, low: int = 0) -> int:
    """`value` as int; ProgramError unless it is one whole number in `low`..`limit`."""
    array = whole_numbers(place, value, limit, remedy, low=low)
    if array.ndim:
        raise ProgramError(f"{place} = {value!r} is an array ({low}..{limit}); pass one number")
    return int(array)


Member = TypeVar("Member", bound=IntEnum)


def member(place: str, kind: type[Member], value: int) -> Member:
    """The member of an enumeration; ProgramError naming all members if there is none."""
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(f"{m.name} ({int(m)})" for m in kind)
        raise ProgramError(f"{place} = {value!r} does not exist; choose {known}") from None
