"""The doors of a server: TCP, UDP and serial lines, each turned into sessions with datagrams."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import socket
import threading
from collections.abc import Callable
from typing import Any, Protocol

from .. import hostarq
from ..errors import LinkError, ProtocolError
from ..handshake import BINDING, HandshakeError, ServerHandshake
from ..hostarq import RESET_FRAME, Datagram, Port
from ..transports import serial, stream
from ..transports.stream import StreamPort
from ..transports.udp import BUFFER_BYTES
from .listen import Place, Security, SerialPlace, TcpPlace, UdpPlace
from .lobby import Lobby
from .session import Session

_log = logging.getLogger(__name__)

CHUNK = 1 << 16
MAX_BUFFERED = 1 << 20
"""Bytes that may wait for a client that does not read; a link's window has a fifth of that."""
MAX_DAMAGED = 16
"""Damaged frames that a TCP client may send: TCP damages none, so they mean something else."""
_REOPEN_S = 1.0
_READ_S = 0.1
_JOIN_S = 2.0
_MAX_QUEUED = 16
"""Lists of datagrams that may wait for a serial line."""


Address = tuple[Any, ...]


class Endpoint(Protocol):
    """One place where clients come in."""

    async def open(self) -> list[str]:
        """Begin to listen; returns the URLs by which clients reach it."""
        ...

    async def close(self) -> None:
        """Let nobody in any more, and end what serves those who are in."""
        ...


def endpoint(place: Place, safety: Security, lobby: Lobby) -> Endpoint:
    """The endpoint for a place; nothing is opened yet."""
    if isinstance(place, TcpPlace):
        return TcpEndpoint(place, safety, lobby)
    if isinstance(place, UdpPlace):
        return UdpEndpoint(place, lobby)
    return SerialEndpoint(place, lobby)


class _TcpLine:
    """The way back over TCP."""

    def __init__(self, writer: asyncio.StreamWriter, farewell_s: float) -> None:
        self._transport, self._farewell_s = writer.transport, farewell_s

    def send(self, datagrams: list[Datagram]) -> None:
        if datagrams and not self._transport.is_closing():
            self._transport.write(stream.encode(datagrams))

    def ready(self) -> bool:
        return self._transport.get_write_buffer_size() < MAX_BUFFERED

    def close(self) -> None:
        self._transport.close()  # what is buffered may still leave, but not for ever
        asyncio.get_running_loop().call_later(self._farewell_s, self._transport.abort)


class TcpEndpoint:
    """Clients over TCP: TLS if there is a certificate, the handshake, then frames of the link."""

    def __init__(self, place: TcpPlace, safety: Security, lobby: Lobby) -> None:
        self._place, self._safety, self._lobby = place, safety, lobby
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._strangers = 0

    async def open(self) -> list[str]:
        """Listen on all addresses of the host's name, on one port."""
        port = self._place.port
        tls = self._safety.tls
        for address in self._place.addresses:
            try:
                server = await asyncio.start_server(
                    self._connected, address, port, limit=CHUNK, ssl=tls,
                    ssl_handshake_timeout=self._lobby.limits.handshake_s if tls else None,
                )  # fmt: skip
            except OSError as error:
                await self.close()
                raise LinkError(
                    f"tcp://{self._place.host}:{port} cannot be listened on "
                    f"({error.strerror or error}); choose another port, or 0 for any"
                ) from error
            self._servers.append(server)
            port = server.sockets[0].getsockname()[1]
        host = f"[{self._place.host}]" if ":" in self._place.host else self._place.host
        return [f"tcp://{host}:{port}"]

    async def close(self) -> None:
        """Stop listening and end the tasks of all connections."""
        for server in self._servers:
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        host, port = (writer.get_extra_info("peername") or ("?", 0))[:2]
        peer = f"tcp {host}:{port}"
        try:
            if await self._let_in(reader, writer, peer):
                await self._converse(reader, writer, peer)
        except (OSError, asyncio.CancelledError) as error:
            _log.debug("%s: %r", peer, error)
        except Exception:
            _log.exception("%s: a defect of the server; this connection ends", peer)
        finally:
            self._tasks.discard(task)
            _close_soon(writer, self._lobby.limits.farewell_s)

    async def _let_in(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> bool:
        """Whether the handshake went well."""
        limits = self._lobby.limits
        if self._strangers >= limits.strangers:
            _log.warning("%s: turned away, %d handshakes are under way", peer, self._strangers)
            return False
        self._strangers += 1
        try:
            async with asyncio.timeout(limits.handshake_s):
                await self._shake_hands(reader, writer)
        except TimeoutError:
            _log.warning("%s: no handshake within %g s", peer, limits.handshake_s)
        except HandshakeError as error:
            _log.warning("%s: refused: %s", peer, error)
        else:
            return True
        finally:
            self._strangers -= 1
        return False

    async def _shake_hands(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        binding = (BINDING, self._safety.certificate) if self._safety.tls else None
        handshake = ServerHandshake(
            credentials=self._safety.credentials,
            binding=binding,
        )
        finished = False
        while not finished:
            data = await reader.read(CHUNK)
            if not data:
                raise HandshakeError("the client closed the connection during the handshake")
            try:
                handshake.incoming(data)
                finished = handshake.finished
                if finished and (reason := self._lobby.full()):
                    raise handshake.refuse(reason)
            finally:
                writer.write(handshake.outgoing())

    async def _converse(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str
    ) -> None:
        connected = writer.get_extra_info("socket")
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        limits = self._lobby.limits
        line = _TcpLine(writer, limits.farewell_s)
        session = self._lobby.admit(peer, self._lobby.link(hostarq.TCP), line)
        frames = stream.DatagramReader()
        reason = "disconnected"
        try:
            while not session.over:
                data = await reader.read(CHUNK)
                if not data:
                    break
                session.incoming(frames.feed(data))
                if frames.damaged > MAX_DAMAGED:
                    reason = f"sent {frames.damaged} damaged frames"
                    break
        except OSError as error:
            reason = f"disconnected ({error.strerror or error})"
        finally:
            session.end(reason)


def _close_soon(writer: asyncio.StreamWriter, farewell_s: float) -> None:
    """Let what is buffered leave, but not for ever."""
    with contextlib.suppress(RuntimeError):  # the loop is closing
        writer.close()
        asyncio.get_running_loop().call_later(farewell_s, writer.transport.abort)


class _UdpLine:
    """The way back over UDP."""

    def __init__(self, doors: dict[Port, asyncio.DatagramTransport], address: Address) -> None:
        self._doors, self._address = doors, address
        self.forget: Callable[[], None] = lambda: None

    def send(self, datagrams: list[Datagram]) -> None:
        for datagram in datagrams:
            self._doors[datagram.port].sendto(datagram.data, self._address)

    def ready(self) -> bool:
        return True

    def close(self) -> None:
        self.forget()


class _Door(asyncio.DatagramProtocol):
    """One UDP port."""

    def __init__(self, port: Port, receive: Callable[[Datagram, Address], None]) -> None:
        self._port, self._receive = port, receive

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._receive(Datagram(self._port, data), addr)

    def error_received(self, exc: Exception) -> None:
        _log.debug("udp: %r", exc)  # a client that has gone; its link will notice


_GATHER_S, _GATHER = 200e-6, 32
"""Full frames of a client that come within this time, but no more than so many, are taken at once.
The event loop's timers may be a millisecond late; frames that are repeated then do no harm."""


class UdpEndpoint:
    """Clients over UDP, as an FPGA answers them: a data port and a reset port.

    A client is an address and port; it exists from its first reset on.
    """

    def __init__(self, place: UdpPlace, lobby: Lobby) -> None:
        self._place, self._lobby = place, lobby
        self._doors: dict[Port, asyncio.DatagramTransport] = {}
        self._sessions: dict[Address, Session] = {}
        self._arrived: dict[Address, list[Datagram]] = {}

    async def open(self) -> list[str]:
        """Bind both ports."""
        loop = asyncio.get_running_loop()
        wanted = {Port.DATA: self._place.data_port, Port.RESET: self._place.reset_port}
        for port, number in wanted.items():
            try:
                transport, _ = await loop.create_datagram_endpoint(
                    lambda port=port: _Door(port, self._receive),  # type: ignore[misc]
                    local_addr=(self._place.address, number),
                )
            except OSError as error:
                await self.close()
                raise LinkError(
                    f"udp://{self._place.address}: port {number} cannot be bound "
                    f"({error.strerror or error}); choose others by data_port= and reset_port="
                ) from error
            self._doors[port] = transport
            opened = transport.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        data, reset = (
            self._doors[port].get_extra_info("sockname")[1] for port in (Port.DATA, Port.RESET)
        )
        host = f"[{self._place.address}]" if ":" in self._place.address else self._place.address
        return [f"udp://{host}?data_port={data}&reset_port={reset}"]

    async def close(self) -> None:
        """Close both ports."""
        for door in self._doors.values():
            door.close()

    def _receive(self, datagram: Datagram, address: Address) -> None:
        """Collect full frames for a moment: answering each of many by itself takes longer.

        What is shorter is an acknowledgement or the end of something, so nothing more may come.
        """
        arrived = self._arrived.setdefault(address, [])
        arrived.append(datagram)
        if len(datagram.data) < hostarq.MAX_FRAME_BYTES or len(arrived) >= _GATHER:
            self._hand_over(address)
        elif len(arrived) == 1:
            asyncio.get_running_loop().call_later(_GATHER_S, self._hand_over, address)

    def _hand_over(self, address: Address) -> None:
        datagrams = self._arrived.pop(address, [])
        session = self._sessions.get(address)
        while datagrams and session is None:
            first = datagrams.pop(0)
            if first.port is Port.RESET and first.data == RESET_FRAME:
                datagrams.insert(0, first)
                session = self._admit(address)
                break
        if session is not None:
            session.incoming(datagrams)

    def _admit(self, address: Address) -> Session | None:
        line = _UdpLine(self._doors, address)
        peer = "udp {}:{}".format(*address[:2])
        try:
            session = self._lobby.admit(peer, self._lobby.link(hostarq.UDP_FPGA), line)
        except ProtocolError as error:
            _log.warning("%s: turned away: %s", peer, error)
            return None
        self._sessions[address] = session
        line.forget = lambda: self._forget(address)
        return session

    def _forget(self, address: Address) -> None:
        self._sessions.pop(address, None)


class SerialEndpoint:
    """One client at a time over a serial line; a line that is lost is opened again."""

    def __init__(self, place: SerialPlace, lobby: Lobby) -> None:
        self._place, self._lobby = place, lobby
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> list[str]:
        """Open the line; LinkError if that fails now."""
        port = await asyncio.to_thread(self._open)
        self._task = asyncio.create_task(self._serve(port))
        return [self._place.url]

    async def close(self) -> None:
        """Close the line."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _open(self) -> StreamPort:
        return StreamPort(serial.open_channel(self._place.target))

    async def _serve(self, port: StreamPort) -> None:
        while True:
            await _SerialLine(port, self._place, self._lobby).run()
            while True:
                await asyncio.sleep(_REOPEN_S)
                try:
                    port = await asyncio.to_thread(self._open)
                    break
                except LinkError as error:
                    _log.debug("%s", error)
            _log.info("%s is open again", self._place.url)


class _SerialLine:
    """A serial line while it is open; two threads block on it, so that the loop need not."""

    def __init__(self, port: StreamPort, place: SerialPlace, lobby: Lobby) -> None:
        self._port, self._url = port, place.url
        self._loop = asyncio.get_running_loop()
        self._out: queue.SimpleQueue[list[Datagram] | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._lost = asyncio.Event()
        link = lobby.link(serial.parameters(place.target))
        self._session = lobby.admit(place.url, link, self, permanent=True)

    async def run(self) -> None:
        """Serve the line until it is lost."""
        threads = [
            threading.Thread(target=self._blocking, args=(work,), name=self._url, daemon=True)
            for work in (self._read, self._write)
        ]
        for thread in threads:
            thread.start()
        try:
            await self._lost.wait()
        finally:
            self._stop.set()
            self._out.put(None)
            self._session.end("the line is closed")
            await asyncio.to_thread(self._close, threads)

    def send(self, datagrams: list[Datagram]) -> None:
        if datagrams:
            self._out.put(datagrams)

    def ready(self) -> bool:
        return self._out.qsize() < _MAX_QUEUED

    def close(self) -> None:
        self._lost.set()

    def _close(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join(_JOIN_S)
        self._port.close()

    def _blocking(self, work: Callable[[], None]) -> None:
        try:
            work()
        except LinkError as error:
            if not self._stop.is_set():
                _log.warning("%s is lost: %s", self._url, error)
        except Exception:
            _log.exception("%s: a defect of the server; the line is opened again", self._url)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._lost.set)

    def _read(self) -> None:
        while not self._stop.is_set():
            datagrams = self._port.read(_READ_S)
            if datagrams:
                self._loop.call_soon_threadsafe(self._session.incoming, datagrams)

    def _write(self) -> None:
        while (datagrams := self._out.get()) is not None:
            self._port.write(datagrams)
