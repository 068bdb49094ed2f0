"""What every way to a chip offers: words in, words out; and how a target is named by a URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qsl, urlsplit

from .instructions import Words


@runtime_checkable
class Connection(Protocol):
    """A chip, or something that answers like one.

    `identifier` names the chip: results that hold for one chip (calibrations) are filed under it.
    """

    @property
    def identifier(self) -> str:
        """Name of the chip that answers."""
        ...

    def execute(self, words: Words) -> Words:
        """Run a program (uint64 words, ended by a halt) and return the response words.

        Raises LinkError if the connection is closed or lost.
        """
        ...

    def close(self) -> None:
        """Release the chip; closing twice is harmless."""
        ...


@runtime_checkable
class StreamingConnection(Connection, Protocol):
    """A connection that hands on a response while it comes in, so that nobody has to hold it all.

    Its words go through a :class:`~firmware_protocol.decoder.TraceBuilder`.
    """

    def stream(self, words: Words) -> Iterator[Words]:
        """Run a program as `execute`, and yield the response words in chunks.

        Read it to its end: what is left unread may not have been executed.
        """
        ...


@dataclass(frozen=True)
class Target:
    """A parsed target URL such as ``emulator:?chip_seed=3&run_seed=0``."""

    scheme: str
    location: str
    options: Mapping[str, str]

    @classmethod
    def parse(cls, url: str) -> Target:
        """Split a target URL; ValueError if it has no scheme or names an option twice."""
        parts = urlsplit(url)
        if not parts.scheme:
            raise ValueError(f"target {url!r} has no scheme; write e.g. 'emulator:?chip_seed=3'")
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"target {url!r} names {twice} more than once; give each option once")
        return cls(parts.scheme, parts.netloc + parts.path, dict(pairs))
