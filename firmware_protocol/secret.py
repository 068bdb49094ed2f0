"""The secret that a server and its clients share: where it is kept, and what a server keeps of it.

It comes from a file and never from a command line, which other users of a machine can read.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from scramp import ScramException, ScramMechanism

from .errors import LinkError

ENVIRONMENT = "PYNN_HX_SECRET_FILE"
USER = "pynn-hx"
"""SCRAM wants a user's name; there is one secret for all."""
MECHANISM = "SCRAM-SHA-256"
MIN_CHARACTERS = 16
MAX_BYTES = 1024
ITERATIONS = 100_000
"""How often the secret is hashed, so that a recorded handshake is of little use for guessing."""
_MAKE_ONE = 'python -c "import secrets; print(secrets.token_urlsafe(32))" > FILE; chmod 600 FILE'


class SecretError(LinkError, ValueError):
    """A secret's file cannot be used."""


@dataclass(frozen=True)
class Credentials:
    """What a server remembers of the secret: enough to check a client, not to be one (RFC 5802)."""

    salt: bytes
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)
    iterations: int

    @classmethod
    def of(cls, secret: str) -> Credentials:
        """Derive them; the secret itself is not kept."""
        try:
            made = ScramMechanism(MECHANISM).make_auth_info(secret, iteration_count=ITERATIONS)
        except ScramException as error:
            raise SecretError(
                f"the secret holds characters that no password may have ({error}); "
                f"make a new one: {_MAKE_ONE}"
            ) from error
        return cls(*made)


def read_secret(path: str | os.PathLike[str]) -> str:
    """The secret in a file, without the white space around it.

    Raises SecretError if the file is missing, empty, too short, too long, or open to everybody.
    """
    file = Path(path)
    try:
        with file.open("rb") as opened:
            mode = os.fstat(opened.fileno()).st_mode
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise SecretError(
            f"secret file {str(file)!r}: {error.strerror}; make one: {_MAKE_ONE}"
        ) from error
    if os.name == "posix" and mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SecretError(
            f"secret file {str(file)!r} is open to other users (mode {stat.S_IMODE(mode):04o}); "
            f"close it: chmod 600 {file}"
        )
    return _checked(file, raw)


def _checked(file: Path, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise SecretError(
            f"secret file {str(file)!r} has more than {MAX_BYTES} bytes; make one: {_MAKE_ONE}"
        )
    try:
        secret = raw.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise SecretError(
            f"secret file {str(file)!r} is not UTF-8 text; make one: {_MAKE_ONE}"
        ) from error
    if len(secret) < MIN_CHARACTERS:
        what = f"has {len(secret)} characters" if secret else "is empty"
        raise SecretError(
            f"secret file {str(file)!r} {what}, at least {MIN_CHARACTERS} are needed; "
            f"make a new one: {_MAKE_ONE}"
        )
    return secret
