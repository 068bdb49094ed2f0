"""HostARQ on the wire: its frames, packet types, ports, parameters and the FPGA's configuration.

Every number is big endian.  A data frame is the header below and `length` 64-bit words; a frame of
four bytes is an acknowledgement alone; the reset frame goes to a port of its own.  Over UDP a frame
is a datagram; on a byte stream a datagram is a frame of :mod:`firmware_protocol.framing` whose
first byte is the port.
Source: HostARQ (sctrltp) as collected in ``docs/reference/link.md``.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple
from zlib import crc32

import numpy as np

from .errors import LinkError
from .instructions import Words

DATA_PORT = 1234
RESET_PORT = 45054

# name    struct code
HEADER_FIELDS = (
    ("ack", "I"),  # last frame that has been received in order
    ("seq", "I"),  # of this frame, modulo `sequences`
    ("pid", "H"),  # packet type
    ("length", "H"),  # 64-bit words that follow
)
HEADER = struct.Struct(">" + "".join(code for _, code in HEADER_FIELDS))
ACK = struct.Struct(">I")
BODY = struct.Struct(">IHH")
"""The header without its acknowledgement: what stays the same when a frame is sent again."""
WORD_BYTES = 8
RESET_WORD = 0xABABABAB
RESET_FRAME = ACK.pack(RESET_WORD)

WINDOW, SEQUENCES, MAX_WORDS = 128, 256, 180
MAX_FRAME_BYTES = HEADER.size + MAX_WORDS * WORD_BYTES
WIRE_FRAME_BYTES = 1478
"""A full frame on Ethernet, as the time-out of HostARQ counts it."""
_OVERHEAD = WIRE_FRAME_BYTES - MAX_FRAME_BYTES
"""Bytes that a line adds to a frame; on a byte stream about half of that."""
ETHERNET_BYTES_PER_S = 125e6
PATIENCE_S = 60.0
"""On slow lines: how long a frame is repeated before the link is given up."""
_MIN_RESENDS = 10


class Port(IntEnum):
    """What a datagram is addressed to; on a byte stream, the first byte of its frame."""

    DATA = 0
    RESET = 1


class PacketType(IntEnum):
    """What the words of a data frame are; FAULT and CHECK are ours, the others are HostARQ's."""

    DUMMY_0 = 0x0000
    DUMMY = 0x0001
    ARQ_STATISTICS = 0x0002
    PLAYBACK = 0x0010
    ARQ_RESET = 0x5000
    FAULT = 0x7E01
    CHECK = 0x7E02
    FLUSH = 0x8000
    LOOPBACK = 0x8001
    CONFIG = 0x8002
    SEND_DUMMY = 0x8003
    STATISTICS = 0x8004
    PERFORMANCE_TEST = 0x8006


class FrameError(LinkError):
    """Bytes that are no HostARQ frame."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """A HostARQ frame and the port it goes to."""

    port: Port
    data: bytes


class Frame(NamedTuple):
    """A parsed frame; `seq` is None in an acknowledgement alone."""

    ack: int
    seq: int | None = None
    pid: int = 0
    payload: bytes = b""


@dataclass(frozen=True)
class ArqParameters:
    """How one end behaves; both ends must agree on the first three.

    window, sequences, max_words  frames in flight, sequence numbers, words in a frame
    rto_s        a frame is sent for the n-th time again n * rto_s after the first time
    ack_delay_s  how long an acknowledgement may wait for a data frame to travel with
    max_resends  of one frame; the link is given up after that
    bytes_per_s  what the line carries: no more is handed to it at once than it can send soon, or
                 frames would wait in its queue, be taken for lost, and fill it with repetitions;
                 None if the line takes care of that
    """

    window: int = WINDOW
    sequences: int = SEQUENCES
    max_words: int = MAX_WORDS
    rto_s: float = WINDOW * WIRE_FRAME_BYTES / ETHERNET_BYTES_PER_S / 2
    ack_delay_s: float = 500e-6
    max_resends: int = 10_000
    bytes_per_s: float | None = ETHERNET_BYTES_PER_S

    def __post_init__(self) -> None:
        limits = {"window": 1 << 16, "sequences": 1 << 32, "max_words": 0xFFFF}
        for name, limit in limits.items():
            if not 1 <= getattr(self, name) <= limit:
                raise ValueError(f"{name} = {getattr(self, name)} is outside 1..{limit}")
        if 2 * self.window > self.sequences:
            raise ValueError(
                f"a window of {self.window} frames needs {2 * self.window} sequence numbers, there "
                f"are {self.sequences}; old and new frames could not be told apart"
            )
        for name in ("rto_s", "bytes_per_s"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"{name} = {value} must be above 0")
        if self.ack_delay_s < 0 or self.max_resends < 0:
            raise ValueError(
                f"ack_delay_s = {self.ack_delay_s} and max_resends = {self.max_resends} must not "
                "be negative"
            )

    @classmethod
    def for_line_rate(cls, bytes_per_s: float) -> ArqParameters:
        """HostARQ's parameters on a slower line.

        The time-out follows HostARQ's rule, half the time that a window of full frames takes, and
        frames are handed out no faster than the line sends them.
        """
        if not 0 < bytes_per_s < math.inf:
            raise ValueError(f"a line of {bytes_per_s} bytes/s carries nothing; give its rate")
        rto_s = WINDOW * WIRE_FRAME_BYTES / bytes_per_s / 2
        resends = min(10_000, max(_MIN_RESENDS, math.ceil(PATIENCE_S / rto_s)))
        return cls(rto_s=rto_s, max_resends=resends, bytes_per_s=bytes_per_s)

    def line_seconds(self, n_bytes: int) -> float:
        """How long the line needs for a datagram of `n_bytes`; 0 if its rate does not matter."""
        return 0.0 if self.bytes_per_s is None else (n_bytes + _OVERHEAD) / self.bytes_per_s


UDP_HOST = ArqParameters()
"""HostARQ's own."""
UDP_FPGA = ArqParameters(rto_s=0xFFFFF * 8e-9, ack_delay_s=1023 * 8e-9)
"""What the FPGA's end uses (time-out and delay in its clock cycles, sctrltp_defines.h)."""
TCP = ArqParameters(rto_s=0.05, max_resends=int(PATIENCE_S / 0.05), bytes_per_s=None)
"""TCP loses nothing, so a time-out only tells that the other end is gone or busy."""


def data_frame(ack: int, seq: int, pid: int, payload: bytes) -> bytes:
    """A data frame; `payload` holds whole words, big endian."""
    return HEADER.pack(ack, seq, pid, len(payload) // WORD_BYTES) + payload


def ack_frame(ack: int) -> bytes:
    """An acknowledgement alone."""
    return ACK.pack(ack)


def parse(frame: bytes) -> Frame:
    """The parts of a frame from the data port; FrameError if its length cannot be right."""
    size = len(frame)
    if size == ACK.size:
        return Frame(ACK.unpack(frame)[0])
    if size < HEADER.size:
        raise FrameError(
            f"a frame of {size} bytes is neither an acknowledgement ({ACK.size} bytes) nor has it "
            f"a header ({HEADER.size} bytes)"
        )
    ack, seq, pid, length = HEADER.unpack_from(frame)
    if size != HEADER.size + length * WORD_BYTES:
        raise FrameError(
            f"a frame of {size} bytes says that {length} words follow its header, which makes "
            f"{HEADER.size + length * WORD_BYTES} bytes"
        )
    return Frame(ack, seq, pid, frame[HEADER.size :])


def to_bytes(words: Words) -> bytes:
    """Words as they travel."""
    return words.astype(">u8").tobytes()


def to_words(payload: bytes) -> Words:
    """The whole words in some bytes."""
    n_words = len(payload) // WORD_BYTES
    return np.frombuffer(payload, ">u8", count=n_words).astype(np.uint64)


# --- texts in words -----------------------------------------------------------------------------

MAX_TEXT_BYTES = 1 << 16
SOFTWARE = "software: pynn-hx"
"""A line of the configuration's text: the other end is ours and understands CHECK."""
COMPATIBLE_UNTIL = 2
"""Of the cube set-up's bitfiles (hxcomm)."""
IDENTIFIER = "identifier: "
"""Begins the line of the configuration's text that names the chip; ours, too."""
_CONFIG_NAMES = ("MAX_NRFRAMES", "MAX_WINSIZ", "MAX_PDUWORDS")


def pack_config(parameters: ArqParameters, info: str) -> Words:
    """What the FPGA tells after a reset: its parameters and a text (YAML, ASCII)."""
    numbers = (parameters.sequences, parameters.window, parameters.max_words)
    text = _text_words(info.encode("ascii", errors="replace")[:MAX_TEXT_BYTES])
    return np.concatenate([np.array([*numbers, text.size], np.uint64), text])


def check_config(words: Words, parameters: ArqParameters) -> None:
    """Compare the FPGA's parameters with ours; LinkError names those that differ."""
    if words.size < len(_CONFIG_NAMES):
        raise LinkError(
            f"the FPGA's answer to a reset has {words.size} words instead of at least "
            f"{len(_CONFIG_NAMES)}; its firmware speaks another protocol"
        )
    expected = (parameters.sequences, parameters.window, parameters.max_words)
    pairs = zip(_CONFIG_NAMES, words[:3].tolist(), expected, strict=True)
    wrong = [f"{name} {theirs} instead of {ours}" for name, theirs, ours in pairs if theirs != ours]
    if wrong:
        raise LinkError(
            f"the FPGA's link has {', '.join(wrong)}; load a bitfile whose HostARQ has the "
            "parameters of this version"
        )


def config_info(words: Words) -> str:
    """The text in the words of one or several configuration packets; "" if there is none."""
    n_words = min(int(words[3]), MAX_TEXT_BYTES // WORD_BYTES) if words.size > 3 else 0
    return _text(words[4 : 4 + n_words])


def our_info(identifier: str) -> str:
    """The text by which our FPGA's end is known.

    The vendor's software asks for the last of its versions with which a bitfile works.
    """
    return f"{SOFTWARE}\ncompatible_until: {COMPATIBLE_UNTIL}\n{IDENTIFIER}{identifier}\n"


def pack_check(words: Words) -> Words:
    """Words of a check: how many words come next, and their CRC-32 (least significant byte first).

    It notices what sequence numbers cannot: a frame of another time that took a lost one's place.
    """
    data = np.ascontiguousarray(words, dtype="<u8").data
    return np.array([words.size, crc32(data)], np.uint64)


def pack_fault(text: str) -> Words:
    """Words of a fault: the number of bytes, and the text in UTF-8."""
    raw = text.encode("utf-8", errors="replace")[:MAX_TEXT_BYTES]
    return np.concatenate([np.array([len(raw)], np.uint64), _text_words(raw)])


def parse_fault(words: Words) -> str:
    """The text of a fault, readable whatever the words are."""
    n_bytes = min(int(words[0]), MAX_TEXT_BYTES) if words.size else 0
    return _text(words[1:])[:n_bytes] or "no reason given"


def _text_words(raw: bytes) -> Words:
    """Bytes as words, least significant byte first."""
    return np.frombuffer(raw + b"\0" * (-len(raw) % WORD_BYTES), "<u8").astype(np.uint64)


def _text(words: Words) -> str:
    """Printable text of words; control characters other than line ends become question marks."""
    raw = words[: MAX_TEXT_BYTES // WORD_BYTES].astype("<u8").tobytes().rstrip(b"\0")
    text = raw.decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)
