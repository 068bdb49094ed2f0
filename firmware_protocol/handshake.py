"""The beginning of a TCP connection: who is at the other end, and does it know the secret.

Both ends take bytes and give bytes and know no socket; who calls them keeps the time limit.  The
messages are frames of :mod:`firmware_protocol.framing`, the first byte of each says what it is::

    client                                server
    HELLO  name, version            ->
                                    <-    WELCOME  version                   without a secret
                                    <-    CHALLENGE  mechanism               with a secret
    SCRAM  client-first             ->
                                    <-    SCRAM  server-first
    SCRAM  client-final             ->
                                    <-    SCRAM  server-final
                                    <-    WELCOME  version
                                    <-    REFUSED  reason                         at any time

Authentication is SCRAM-SHA-256 (RFC 5802, RFC 7677) by the library scramp.  Both ends draw a new
nonce each time, so a recorded handshake is worth nothing; each end proves that it knows the secret
and neither sends it.  Under TLS it is SCRAM-SHA-256-PLUS, bound to the server's certificate
(RFC 5929, tls-server-end-point), so that nobody can sit in between with another one.
"""

from __future__ import annotations

import ssl
from enum import IntEnum

from scramp import ScramClient, ScramException, ScramMechanism

from . import framing
from .errors import LinkError
from .secret import MECHANISM, USER, Credentials

NAME = b"pynn-hx"
VERSION = 1
MAX_FRAME = 4096
MAX_BYTES = 4 * MAX_FRAME
"""What a peer may send in a whole handshake."""
TIME_LIMIT_S = 10.0
MAX_TEXT = 512
"""Longest text that a peer may make us log or raise."""
MAX_ITERATIONS = 1_000_000
"""What a server may make a client compute: about a second."""
BINDING = "tls-server-end-point"
_PLUS = f"{MECHANISM}-PLUS"
_SAME_VERSION = "install the same version of pynn-hx at both ends"

Binding = tuple[str, str | bytes | ssl.SSLObject | ssl.SSLSocket]
"""Kind and source of a TLS channel binding, as scramp takes it: the server's PEM text, the client's
socket."""


class Kind(IntEnum):
    """First byte of a frame."""

    HELLO = 1
    WELCOME = 2
    CHALLENGE = 3
    SCRAM = 4
    REFUSED = 5


class HandshakeError(LinkError):
    """The other end is no peer of ours, speaks another version, or does not know the secret."""


def readable(raw: bytes) -> str:
    """Text of a peer, cut to a sane length and without control characters."""
    text = raw[:MAX_TEXT].decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else "?" for c in text)


class _Handshake:
    """What both ends have in common: frames in and out, and an end."""

    def __init__(self) -> None:
        self._reader = framing.FrameReader(max_frame=MAX_FRAME)
        self._out = bytearray()
        self._n_bytes = 0
        self.finished = False

    def incoming(self, data: bytes) -> None:
        """Take bytes of the peer; after a HandshakeError only `outgoing` makes sense."""
        frames = self._reader.feed(data)
        self._n_bytes += len(data)
        if self._reader.damaged or self._n_bytes > MAX_BYTES:
            raise self._failed("what came is no frame of this protocol")
        for frame in frames:
            if self.finished or not frame:
                raise self._failed("a frame came that is not expected here")
            self._take(frame[0], frame[1:])

    def outgoing(self) -> bytes:
        """Bytes for the peer."""
        data, self._out = bytes(self._out), bytearray()
        return data

    def _send(self, kind: Kind, payload: bytes) -> None:
        self._out += framing.encode(bytes([kind]) + payload)

    def _take(self, kind: int, payload: bytes) -> None:
        raise NotImplementedError

    def _failed(self, reason: str) -> HandshakeError:
        raise NotImplementedError


class ServerHandshake(_Handshake):
    """The server's end.

    credentials  what the client must prove to know; None welcomes everybody
    binding      what ties the proof to this TLS connection; None without TLS
    """

    def __init__(self, *, credentials: Credentials | None, binding: Binding | None = None) -> None:
        super().__init__()
        self._greeted = False
        self._answers = 0
        self._scram = None
        if credentials is not None:
            known = (
                credentials.salt,
                credentials.stored_key,
                credentials.server_key,
                credentials.iterations,
            )
            self._mechanism = MECHANISM if binding is None else _PLUS
            try:
                self._scram = ScramMechanism(self._mechanism).make_server(
                    lambda user: known if user == USER else None, channel_binding=binding
                )
            except ScramException as error:
                raise HandshakeError(
                    f"the certificate cannot be bound to the secret ({error}); use a certificate "
                    "that is signed with RSA or ECDSA"
                ) from error

    def refuse(self, reason: str) -> HandshakeError:
        """Turn a client away that would have been welcome; the error to raise."""
        self._out.clear()
        return self._failed(reason)

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == Kind.HELLO and not self._greeted:
            self._greet(payload)
        elif kind == Kind.SCRAM and self._greeted and self._scram is not None:
            try:
                self._authenticate(payload.decode("utf-8"))
            except (ScramException, UnicodeDecodeError) as error:
                wrong = getattr(error, "server_error", None)
                known = f" ({wrong.value})" if wrong is not None else ""
                raise self._failed(
                    f"authentication failed{known}; both ends must use the same secret"
                ) from error
        else:
            raise self._failed("a frame came that is not expected here")

    def _greet(self, payload: bytes) -> None:
        name, version = payload[:-2], int.from_bytes(payload[-2:], "big")
        if name != NAME:
            raise self._failed("the greeting is not that of a pynn-hx client")
        if version != VERSION:
            raise self._failed(
                f"the client speaks version {version} of the handshake, this server {VERSION}; "
                + _SAME_VERSION
            )
        self._greeted = True
        if self._scram is None:
            self._welcome()
        else:
            self._send(Kind.CHALLENGE, self._mechanism.encode())

    def _authenticate(self, text: str) -> None:
        assert self._scram is not None
        self._answers += 1
        if self._answers == 1:
            self._scram.set_client_first(text)
            self._send(Kind.SCRAM, self._scram.get_server_first().encode())
        else:
            self._scram.set_client_final(text)
            self._send(Kind.SCRAM, self._scram.get_server_final().encode())
            self._welcome()

    def _welcome(self) -> None:
        self._send(Kind.WELCOME, VERSION.to_bytes(2, "big"))
        self.finished = True

    def _failed(self, reason: str) -> HandshakeError:
        self._send(Kind.REFUSED, reason.encode())
        self.finished = False
        self._greeted, self._scram = True, None  # nothing is expected any more
        return HandshakeError(reason)


class ClientHandshake(_Handshake):
    """The client's end.

    server   how error messages name the other end
    secret   what the server must know, too; None if the client has none
    binding  what ties the proof to this TLS connection; None without TLS

    A client that has a secret insists on it: a server that does not ask for it could be anybody.
    """

    def __init__(self, *, server: str, secret: str | None, binding: Binding | None = None) -> None:
        super().__init__()
        self._server, self._secret, self._binding = server, secret, binding
        self._scram: ScramClient | None = None
        self._answers = 0
        self._send(Kind.HELLO, NAME + VERSION.to_bytes(2, "big"))

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == Kind.REFUSED:
            raise self._failed(f"refused the connection: {readable(payload)}")
        if kind == Kind.WELCOME:
            self._welcomed(payload)
        elif kind == Kind.CHALLENGE and self._scram is None:
            self._challenged(payload)
        elif kind == Kind.SCRAM and self._scram is not None:
            try:
                self._answer(payload.decode("utf-8"))
            except (ScramException, UnicodeDecodeError) as error:
                raise self._failed(
                    f"it does not prove that it knows the secret ({error}); check the secret and "
                    "that the address is the right one"
                ) from error
        else:
            raise self._failed("a frame came that is not expected here")

    def _challenged(self, payload: bytes) -> None:
        expected = MECHANISM if self._binding is None else _PLUS
        if payload != expected.encode():
            raise self._failed(
                f"it asks for {readable(payload)!r} and not for {expected}; {_SAME_VERSION}"
            )
        if self._secret is None:
            raise self._failed(
                "it asks for a secret; name the file that holds it by the option secret_file= of "
                "the target or by PYNN_HX_SECRET_FILE"
            )
        try:
            self._scram = ScramClient([expected], USER, self._secret, channel_binding=self._binding)
            first = self._scram.get_client_first()
        except ScramException as error:
            raise self._failed(f"the secret or its certificate cannot be used ({error})") from error
        self._send(Kind.SCRAM, first.encode())

    def _answer(self, text: str) -> None:
        assert self._scram is not None
        self._answers += 1
        if self._answers == 1:
            self._scram.set_server_first(text)
            if int(self._scram.iterations) > MAX_ITERATIONS:
                raise self._failed(
                    f"it asks for {int(self._scram.iterations)} rounds of hashing, more than "
                    f"{MAX_ITERATIONS}; {_SAME_VERSION}"
                )
            self._send(Kind.SCRAM, self._scram.get_client_final().encode())
        else:
            self._scram.set_server_final(text)

    def _welcomed(self, payload: bytes) -> None:
        version = int.from_bytes(payload, "big")
        if version != VERSION:
            raise self._failed(f"it speaks version {version}, this is {VERSION}; {_SAME_VERSION}")
        if self._secret is not None and self._answers != 2:
            raise self._failed(
                "it did not ask for the secret that this client has, so it may be somebody else; "
                "start the server with --secret-file, or drop secret_file= and PYNN_HX_SECRET_FILE"
            )
        self.finished = True

    def _failed(self, reason: str) -> HandshakeError:
        self.finished = False
        return HandshakeError(f"{self._server}: {reason}")
