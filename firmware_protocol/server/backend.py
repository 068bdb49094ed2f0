"""What a server offers: for each client a connection with chip state of its own.

Knows no emulator; :class:`PrivateChips` is handed a function that makes one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ..connection import Connection


class Backend(Protocol):
    """Gives each client a chip, or what looks like one; called by one thread only."""

    @property
    def identifier(self) -> str:
        """Name of the chip that clients get; calibrations are filed under it."""
        ...

    def open(self, client: str) -> Connection:
        """A connection with the state of a freshly reset chip; LinkError if there is none."""
        ...

    def close(self) -> None:
        """Release what all clients share."""
        ...


class PrivateChips:
    """A chip for every client: `connect` is called once for each, e.g. to make an emulator."""

    def __init__(self, connect: Callable[[], Connection], *, identifier: str) -> None:
        self._connect = connect
        self.identifier = identifier

    def open(self, client: str) -> Connection:
        """Make a chip for `client`."""
        return self._connect()

    def close(self) -> None:
        """Nothing is shared, so there is nothing to release."""
