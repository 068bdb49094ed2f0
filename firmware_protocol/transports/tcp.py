"""TCP, with or without TLS: a byte channel to a server, after the handshake.

Target: ``tcp://host:port?tls=1&ca=FILE&secret_file=FILE&connect_s=10``.

tls                 1: encrypt, and check the server's certificate and host name; default 0
ca                  who may have signed the server's certificate (PEM); default: whom the machine
                    trusts
secret_file         file with the secret that the server asks for; default: PYNN_HX_SECRET_FILE
connect_s           how long connecting, and TLS and the handshake together, may take
response_timeout_s  how long a response may be silent, see `link.HostLink`
"""

from __future__ import annotations

import ipaddress
import logging
import math
import os
import socket
import ssl
import time
from urllib.parse import urlsplit

from ..connection import Target
from ..errors import LinkError
from ..handshake import BINDING, TIME_LIMIT_S, Binding, ClientHandshake
from ..secret import ENVIRONMENT, read_secret
from . import options

_log = logging.getLogger(__name__)

OPTIONS = ("tls", "ca", "secret_file", "connect_s", options.RESPONSE_TIMEOUT)
CHUNK = 1 << 16
STALL_S = 60.0
"""How long the other end may take no bytes at all before the connection counts as lost."""


class TcpChannel:
    """Bytes to and from a server that has welcomed us."""

    def __init__(self, connected: socket.socket, *, peer: str) -> None:
        self._socket: socket.socket | None = connected
        self.peer = peer

    def write(self, data: bytes) -> None:
        """Send all of `data`; LinkError if the other end is gone or has stopped reading."""
        connected = self._open()
        try:
            connected.settimeout(STALL_S)
            connected.sendall(data)
        except TimeoutError:
            raise self._lost(f"took no bytes for {STALL_S:.0f} s") from None
        except OSError as error:
            raise self._lost(f"is gone ({_reason(error)})") from error

    def read(self, timeout_s: float) -> bytes:
        """Bytes that have come, b"" if none did for `timeout_s`; LinkError at the end."""
        connected = self._open()
        try:
            connected.settimeout(max(timeout_s, 0.0))
            data = connected.recv(CHUNK)
        except (TimeoutError, BlockingIOError, ssl.SSLWantReadError):
            return b""
        except OSError as error:
            raise self._lost(f"is gone ({_reason(error)})") from error
        if not data:
            raise self._lost("closed the connection")
        return data

    def close(self) -> None:
        """End the connection; closing twice is harmless."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise LinkError(f"{self.peer}: this connection is closed; open a new one")
        return self._socket

    def _lost(self, what: str) -> LinkError:
        self.close()
        return LinkError(f"{self.peer} {what}; connect again")


def open_channel(target: Target) -> TcpChannel:
    """Connect to a server, shake hands, and return the channel that its link runs over.

    Raises ValueError for a target that cannot mean anything, LinkError for one that cannot be
    reached, HandshakeError (a LinkError) if the server is none of ours or does not let us in.
    """
    check(target)
    host, port = address(target.location)
    peer = f"tcp://{target.location}"
    limit_s = _limit_s(target)
    file = target.options.get("secret_file") or os.environ.get(ENVIRONMENT)
    secret = read_secret(file) if file else None
    context = _context(target)
    deadline = time.monotonic() + limit_s
    try:
        plain = socket.create_connection((host, port), timeout=limit_s)
    except OSError as error:
        raise LinkError(
            f"{peer}: no connection ({_reason(error)}); is the server running, and the port right?"
        ) from error
    connected, binding = _encrypted(plain, context, host, peer)
    channel = TcpChannel(connected, peer=peer)
    try:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if context is None and not _is_loopback(connected):
            _log.warning("%s: everything travels in clear; add tls=1 if the server offers it", peer)
        _shake_hands(channel, secret, binding, deadline, limit_s)
    except BaseException:
        channel.close()
        raise
    return channel


def check(target: Target) -> None:
    """ValueError if a TCP target cannot be opened whatever the network; nothing is opened."""
    options.known(target, OPTIONS)
    options.response_timeout_s(target)
    address(target.location)
    _limit_s(target)
    if target.options.get("tls", "0") not in ("0", "1"):
        raise ValueError(f"tls={target.options['tls']!r}: write tls=1 to encrypt, tls=0 not to")
    if "ca" in target.options and target.options.get("tls") != "1":
        raise ValueError("ca= names who may have signed the server's certificate; add tls=1")


def address(location: str) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[ipv6]:port``; ValueError if one is missing."""
    try:
        parts = urlsplit(f"//{location}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f"tcp address {location!r}: {error}; write host:port") from error
    if not host or port is None or parts.path or parts.username is not None:
        raise ValueError(f"tcp address {location!r} is not of the form host:port, [ipv6]:port")
    return host, port


def _limit_s(target: Target) -> float:
    text = target.options.get("connect_s", str(TIME_LIMIT_S))
    try:
        limit_s = float(text)
    except ValueError:
        limit_s = math.nan
    if not 0 < limit_s <= 3600:
        raise ValueError(f"connect_s={text!r} is no time in seconds, above 0 and up to 3600")
    return limit_s


def _context(target: Target) -> ssl.SSLContext | None:
    if target.options.get("tls") != "1":
        return None
    ca = target.options.get("ca")
    try:
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(
            f"ca={ca!r} cannot be used ({_reason(error)}); name a PEM file of certificates"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _encrypted(
    plain: socket.socket, context: ssl.SSLContext | None, host: str, peer: str
) -> tuple[socket.socket, Binding | None]:
    """The socket to use, and what ties a proof of the secret to it; a failure closes `plain`."""
    if context is None:
        return plain, None
    try:
        encrypted = context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        raise LinkError(
            f"{peer}: the certificate is not to be trusted ({error.verify_message}); name the "
            "file of who signed it by ca=FILE, and the host as the certificate has it"
        ) from error
    except OSError as error:
        raise LinkError(
            f"{peer}: TLS failed ({_reason(error)}); does the server offer it (--certificate)?"
        ) from error
    return encrypted, (BINDING, encrypted)


def _shake_hands(
    channel: TcpChannel,
    secret: str | None,
    binding: Binding | None,
    deadline: float,
    limit_s: float,
) -> None:
    handshake = ClientHandshake(server=channel.peer, secret=secret, binding=binding)
    while not handshake.finished:
        channel.write(handshake.outgoing())
        remaining_s = deadline - time.monotonic()
        data = channel.read(remaining_s) if remaining_s > 0 else b""
        if not data and time.monotonic() >= deadline:
            raise LinkError(
                f"{channel.peer} did not answer within {limit_s:g} s as a server of ours would; "
                "check the port, and add tls=1 if it encrypts"
            )
        handshake.incoming(data)


def _is_loopback(connected: socket.socket) -> bool:
    return ipaddress.ip_address(connected.getpeername()[0].split("%")[0]).is_loopback


def _reason(error: OSError) -> str:
    reason = getattr(error, "reason", None)  # of an SSLError
    return str(reason or error.strerror or error)
