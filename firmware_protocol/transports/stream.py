"""Datagrams on a byte stream: each a frame whose first byte is the port."""

from __future__ import annotations

from typing import Protocol

from .. import framing
from ..hostarq import MAX_FRAME_BYTES, Datagram, Port

_PORTS = {int(port): port for port in Port}
_NOISE_ENDS = b"\0"
"""Sent ahead, so that noise on an idle line does not spoil the frame that follows."""


class ByteChannel(Protocol):
    """A stream of bytes in both directions."""

    def write(self, data: bytes) -> None:
        """Send all of `data`; LinkError if the other end is gone."""
        ...

    def read(self, timeout_s: float) -> bytes:
        """Bytes that have come, b"" if none did for `timeout_s`; LinkError if none ever will."""
        ...

    def close(self) -> None:
        """Release the channel; closing twice is harmless."""
        ...


def encode(datagrams: list[Datagram]) -> bytes:
    """Datagrams as they travel on a byte stream."""
    frames = [framing.encode(bytes([datagram.port]) + datagram.data) for datagram in datagrams]
    return _NOISE_ENDS + b"".join(frames) if frames else b""


class DatagramReader:
    """Finds the datagrams in a byte stream.

    damaged  frames that were damaged or went to no port
    """

    def __init__(self) -> None:
        self._frames = framing.FrameReader(max_frame=MAX_FRAME_BYTES + 1)
        self._lost = 0

    @property
    def damaged(self) -> int:
        """Frames that could not be used."""
        return self._frames.damaged + self._lost

    def feed(self, data: bytes) -> list[Datagram]:
        """Take the next bytes, return the datagrams that they complete."""
        frames = self._frames.feed(data)
        datagrams = [Datagram(_PORTS[f[0]], f[1:]) for f in frames if f and f[0] in _PORTS]
        self._lost += len(frames) - len(datagrams)
        return datagrams


class StreamPort:
    """A byte channel as a port for datagrams.

    damaged  see :class:`DatagramReader`
    """

    def __init__(self, channel: ByteChannel) -> None:
        self._channel = channel
        self._reader = DatagramReader()

    @property
    def damaged(self) -> int:
        """Frames that could not be used."""
        return self._reader.damaged

    def write(self, datagrams: list[Datagram]) -> None:
        """Send; LinkError if the other end is gone."""
        if datagrams:
            self._channel.write(encode(datagrams))

    def read(self, timeout_s: float) -> list[Datagram]:
        """What has come, waiting up to `timeout_s` for the first bytes."""
        return self._reader.feed(self._channel.read(timeout_s))

    def close(self) -> None:
        """Release the channel; closing twice is harmless."""
        self._channel.close()
