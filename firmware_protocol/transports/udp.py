"""UDP: each datagram of HostARQ is one of UDP, whose checksum is all that protects it.

Target: ``udp://192.168.1.1?data_port=1234&reset_port=45054``.

data_port, reset_port  where the FPGA listens
response_timeout_s     how long a response may be silent, see `link.HostLink`

UDP knows no secret; whoever reaches the FPGA's address can use and disturb it.
"""

from __future__ import annotations

import errno
import selectors
import socket
from typing import Any

from ..connection import Target
from ..errors import LinkError
from ..hostarq import DATA_PORT, RESET_FRAME, RESET_PORT, Datagram, Port
from . import options

OPTIONS = ("data_port", "reset_port", options.RESPONSE_TIMEOUT)
BUFFER_BYTES = 1 << 22
"""Asked of the system for datagrams that wait; it may grant less, and the ARQ repeats the rest."""
_MAX_DATAGRAM = 2048
"""Longer than any frame; what is longer is cut, and then no frame."""
_AT_ONCE = 256
"""Datagrams that one `read` returns at most."""

Address = tuple[Any, ...]


class UdpPort:
    """Both roles: `host` sends to an FPGA, `fpga` answers the host that reset it last."""

    def __init__(self, doors: dict[Port, socket.socket], peers: dict[Port, Address], name: str):
        self._doors, self._peers, self._name = doors, peers, name
        self._is_fpga = Port.RESET in doors
        self._selector = selectors.DefaultSelector()
        for port, door in doors.items():
            door.setblocking(False)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                door.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
            self._selector.register(door, selectors.EVENT_READ, port)
        self._closed = False
        self.foreign = 0

    @classmethod
    def host(
        cls, address: str, *, data_port: int = DATA_PORT, reset_port: int = RESET_PORT
    ) -> UdpPort:
        """The host's end; the system chooses its port.  LinkError if `address` is none."""
        name = f"udp://{address}"
        try:
            found = socket.getaddrinfo(address.strip("[]"), data_port, type=socket.SOCK_DGRAM)
            family, _, _, _, peer = found[0]
            door = socket.socket(family, socket.SOCK_DGRAM)
            door.bind(("", 0))
        except (OSError, UnicodeError) as error:
            raise LinkError(f"{name}: no way there ({error}); write its IP address") from error
        peers = {
            Port.DATA: (peer[0], data_port, *peer[2:]),
            Port.RESET: (peer[0], reset_port, *peer[2:]),
        }
        return cls({Port.DATA: door}, peers, name)

    @classmethod
    def fpga(
        cls, address: str = "127.0.0.1", *, data_port: int = DATA_PORT, reset_port: int = RESET_PORT
    ) -> UdpPort:
        """The FPGA's end; port 0 lets the system choose.  LinkError if a port is taken."""
        doors: dict[Port, socket.socket] = {}
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for port, number in ((Port.DATA, data_port), (Port.RESET, reset_port)):
            doors[port] = socket.socket(family, socket.SOCK_DGRAM)
            try:
                doors[port].bind((address.strip("[]"), number))
            except OSError as error:
                for door in doors.values():
                    door.close()
                raise LinkError(
                    f"udp://{address}: port {number} cannot be used ({error.strerror or error}); "
                    "choose others by data_port= and reset_port="
                ) from error
        return cls(doors, {}, f"udp://{address}")

    @property
    def ports(self) -> dict[Port, int]:
        """Numbers of the local ports."""
        return {port: door.getsockname()[1] for port, door in self._doors.items()}

    def write(self, datagrams: list[Datagram]) -> None:
        """Send; what the network does not take now is as good as lost on the way."""
        self._check()
        door = self._doors[Port.DATA]
        for datagram in datagrams:
            peer = self._peers.get(datagram.port)
            if peer is not None:
                try:
                    door.sendto(datagram.data, peer)
                except (BlockingIOError, ConnectionError):
                    continue
                except OSError as error:
                    if error.errno != errno.ENOBUFS:
                        raise self._lost(error) from error

    def read(self, timeout_s: float) -> list[Datagram]:
        """What has come from the peer, waiting up to `timeout_s` for the first."""
        self._check()
        datagrams: list[Datagram] = []
        for key, _ in self._selector.select(max(timeout_s, 0.0)):
            door: socket.socket = key.fileobj  # type: ignore[assignment]
            for _ in range(_AT_ONCE):
                try:
                    data, sender = door.recvfrom(_MAX_DATAGRAM)
                except BlockingIOError:
                    break
                except ConnectionError:  # Windows: an earlier datagram has found nobody
                    continue
                except OSError as error:
                    raise self._lost(error) from error
                if self._is_peer(key.data, data, sender):
                    datagrams.append(Datagram(key.data, data))
                else:
                    self.foreign += 1
        return datagrams

    def close(self) -> None:
        """Release the sockets; closing twice is harmless."""
        if not self._closed:
            self._closed = True
            self._selector.close()
            for door in self._doors.values():
                door.close()

    def _is_peer(self, port: Port, data: bytes, sender: Address) -> bool:
        """Whether a datagram counts; a reset makes its sender the FPGA's host."""
        if self._is_fpga and port is Port.RESET:
            if data != RESET_FRAME:
                return False
            self._peers[Port.DATA] = sender
        return sender == self._peers.get(Port.DATA)

    def _check(self) -> None:
        if self._closed:
            raise LinkError(f"{self._name}: this port is closed; open a new one")

    def _lost(self, error: OSError) -> LinkError:
        return LinkError(
            f"{self._name}: the network does not carry datagrams there "
            f"({error.strerror or error}); check address and cable"
        )


def open_port(target: Target) -> UdpPort:
    """The host's end of a target; ValueError if it means nothing, LinkError if it fails."""
    check(target)
    return UdpPort.host(
        target.location,
        data_port=options.port(target, "data_port", DATA_PORT),
        reset_port=options.port(target, "reset_port", RESET_PORT),
    )


def check(target: Target) -> None:
    """ValueError if a UDP target cannot be opened whatever the network; nothing is opened."""
    options.known(target, OPTIONS)
    place = target.location
    bare = place[1:-1] if place.startswith("[") and place.endswith("]") else place.replace(":", "/")
    if not bare or "/" in bare:
        raise ValueError(
            f"target udp://{place}: write the FPGA's name or IP address alone (IPv6 in brackets); "
            "its ports are the options data_port= and reset_port="
        )
    options.port(target, "data_port", DATA_PORT)
    options.port(target, "reset_port", RESET_PORT)
    options.response_timeout_s(target)
