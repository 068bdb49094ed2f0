"""The message dictionaries of the playback link: which header means what, in both directions.

To the FPGA every message is one 64-bit word: header in bits 63..56 (bit 63, the comma, is 0),
payload right aligned.  From the FPGA messages are 64 or 80 bits long; see
:mod:`firmware_protocol.decoder`.
Source: hxcomm's UT message dictionaries as collected in ``docs/reference/words.md`` ("Messages").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from .errors import DecodeError

Words = npt.NDArray[np.uint64]

HEADER_LSB = 56
PAYLOAD_MASK = (1 << HEADER_LSB) - 1
READ_BIT = 1 << 36
BYTE_ENABLES = 0xF << 32
MAX_LABELS = 3
"""Labels in the largest spike pack."""
FPGA_CLOCK_HZ = 125_000_000
CYCLES_PER_US = 125


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


class Barrier(IntEnum):
    """Bits of a barrier: what it waits for."""

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
