"""Frames on a byte stream: where one ends, and whether it arrived undamaged.

A frame travels as COBS(frame + CRC-32) and a zero byte; COBS has no zero byte inside, so a reader
that is lost finds its way at the next one.  The CRC is zlib's, little endian.  Extra zero bytes
between frames mean nothing.
"""

from __future__ import annotations

from zlib import crc32

from cobs import cobs

CRC_BYTES = 4
MAX_FRAME = 4096
_END = b"\0"


def encode(frame: bytes) -> bytes:
    """A frame as it travels, with the zero byte that ends it."""
    return cobs.encode(frame + crc32(frame).to_bytes(CRC_BYTES, "little")) + _END


def encoded_limit(n_bytes: int) -> int:
    """How many bytes a frame of `n_bytes` takes at most, without the zero byte."""
    n_bytes += CRC_BYTES
    return n_bytes + n_bytes // 254 + 1


class FrameReader:
    """Finds the frames in a byte stream and drops what is damaged.

    max_frame  longest frame [bytes] that is taken; memory is bounded by it
    damaged    frames that were cut, changed, too long, or no frames at all
    """

    def __init__(self, *, max_frame: int = MAX_FRAME) -> None:
        self.damaged = 0
        self._max_frame = max_frame
        self._limit = encoded_limit(max_frame)
        self._partial = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes, return the frames that they complete."""
        *complete, rest = data.split(_END)
        frames = []
        for piece in complete:
            if self._partial or self._skipping:
                piece = self._completed(piece)
            if piece and (frame := self._decode(piece)) is not None:
                frames.append(frame)
        if self._skipping or len(self._partial) + len(rest) > self._limit:
            self._skipping = True
            self._partial.clear()
        else:
            self._partial += rest
        return frames

    def _completed(self, piece: bytes) -> bytes:
        """The encoded frame that `piece` ends; empty if it is to be skipped."""
        if self._skipping:
            self._skipping = False
            self.damaged += 1
            return b""
        piece = bytes(self._partial) + piece
        self._partial.clear()
        return piece

    def _decode(self, piece: bytes) -> bytes | None:
        if len(piece) <= self._limit:
            try:
                raw = cobs.decode(piece)
            except cobs.DecodeError:
                raw = b""
            frame = raw[:-CRC_BYTES]
            if (
                len(raw) >= CRC_BYTES
                and len(frame) <= self._max_frame
                and raw[-CRC_BYTES:] == crc32(frame).to_bytes(CRC_BYTES, "little")
            ):
                return frame
        self.damaged += 1
        return None
