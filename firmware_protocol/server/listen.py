"""Where a server listens, and whether it may: checked before anything is opened.

Loopback is for everybody on this machine.  Any other TCP address needs a secret.  UDP carries
HostARQ, which has no authentication, so it stays on loopback.  A serial line ends at one other
machine that somebody has plugged in, and needs none.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass

from ..connection import Target
from ..errors import ProtocolError
from ..hostarq import DATA_PORT, RESET_PORT
from ..secret import Credentials, read_secret
from ..transports import serial
from ..transports.tcp import address

_log = logging.getLogger(__name__)

SCHEMES = ("tcp", "serial", "udp")
_UDP_OPTIONS = ("data_port", "reset_port")


class ListenError(ProtocolError, ValueError):
    """A server may not or cannot be started as asked."""


@dataclass(frozen=True)
class TcpPlace:
    """A TCP port on the addresses that a host's name has; port 0 lets the system choose."""

    host: str
    port: int
    addresses: tuple[str, ...]

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return all(_is_loopback(a) for a in self.addresses)


@dataclass(frozen=True)
class UdpPlace:
    """The two UDP ports of an FPGA on a loopback address."""

    address: str
    data_port: int
    reset_port: int


@dataclass(frozen=True)
class SerialPlace:
    """A serial line."""

    target: Target
    url: str


Place = TcpPlace | UdpPlace | SerialPlace


@dataclass(frozen=True)
class Security:
    """How clients are let in.

    credentials  what they must know; None if nothing
    tls          None without
    certificate  PEM text of the server's certificate, "" without TLS
    """

    credentials: Credentials | None = None
    tls: ssl.SSLContext | None = None
    certificate: str = ""


def place(url: str) -> Place:
    """What a ``--listen`` URL names; ListenError if nothing."""
    try:
        target = Target.parse(url)
        if target.scheme == "serial":
            serial.check(target)
            return SerialPlace(target, url)
        if target.scheme == "tcp":
            return _tcp(target)
        if target.scheme == "udp":
            return _udp(target)
    except ListenError:
        raise
    except ValueError as error:
        raise ListenError(f"--listen {url!r}: {error}") from error
    raise ListenError(
        f"--listen {url!r}: a server listens on {', '.join(SCHEMES)}; "
        "write e.g. tcp://127.0.0.1:5000"
    )


def security(
    *,
    secret_file: str | os.PathLike[str] | None = None,
    certificate: str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
) -> Security:
    """Read the files that decide who is let in; ListenError or SecretError names what is wrong."""
    if key is not None and certificate is None:
        raise ListenError("--key belongs to a certificate; name it by --certificate FILE")
    credentials = None if secret_file is None else Credentials.of(read_secret(secret_file))
    if certificate is None:
        return Security(credentials)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
        with open(certificate, encoding="ascii") as file:
            text = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ListenError(
            f"--certificate {str(certificate)!r} with --key {str(key or certificate)!r}: {reason}; "
            "name a PEM file with the certificate (and its chain) and one with its private key, "
            "without a password"
        ) from error
    return Security(credentials, context, text)


def check(places: Sequence[Place], safety: Security) -> None:
    """ListenError if the server may not listen there; warns of words in clear."""
    tcp = [p for p in places if isinstance(p, TcpPlace)]
    if (safety.credentials or safety.tls) and not tcp:
        raise ListenError(
            "--secret-file and --certificate protect TCP; serial lines and UDP know neither, "
            "so drop them or listen on tcp://"
        )
    for p in tcp:
        if not p.loopback and safety.credentials is None:
            raise ListenError(
                f"--listen tcp://{p.host}:{p.port} can be reached from other machines and needs "
                "a secret; name its file by --secret-file (and encrypt with --certificate and "
                "--key), or listen on 127.0.0.1"
            )
        if not p.loopback and safety.tls is None:
            _log.warning(
                "tcp://%s:%d: programs and responses travel in clear; encrypt with --certificate "
                "and --key", p.host, p.port,
            )  # fmt: skip


def _tcp(target: Target) -> TcpPlace:
    if target.options:
        raise ListenError(
            f"--listen tcp://{target.location}: unknown options {sorted(target.options)}; "
            "a server takes --certificate, --key and --secret-file instead"
        )
    host, port = address(target.location)
    return TcpPlace(host, port, _resolved(host))


def _udp(target: Target) -> UdpPlace:
    unknown = sorted(set(target.options) - set(_UDP_OPTIONS))
    if unknown or "/" in target.location or not target.location:
        raise ListenError(
            f"--listen udp://{target.location} (options {sorted(target.options)}): write "
            f"udp://127.0.0.1?data_port={DATA_PORT}&reset_port={RESET_PORT}"
        )
    addresses = _resolved(target.location.strip("[]"))
    if not all(_is_loopback(a) for a in addresses):
        raise ListenError(
            f"--listen udp://{target.location} can be reached from other machines, and HostARQ "
            "knows no authentication; listen on tcp:// with --secret-file, or on 127.0.0.1 behind "
            "a VPN's or ssh's tunnel"
        )
    ports = [
        _port(target, name, default)
        for name, default in (("data_port", DATA_PORT), ("reset_port", RESET_PORT))
    ]
    return UdpPlace(addresses[0], *ports)


def _port(target: Target, name: str, default: int) -> int:
    text = target.options.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and int(text) <= 0xFFFF):
        raise ListenError(f"--listen udp://{target.location}: {name}={text!r} is no port 0..65535")
    return int(text)


def _resolved(host: str) -> tuple[str, ...]:
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise ListenError(
            f"--listen: host {host!r} has no address ({error}); write e.g. 127.0.0.1"
        ) from error
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_loopback(text: str) -> bool:
    return ipaddress.ip_address(text.split("%")[0]).is_loopback


def _no_password() -> str:
    raise ValueError("the private key is locked by a password")
