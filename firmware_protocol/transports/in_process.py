"""A peer in the same process: the words travel as they are, without frames."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import LinkError
from ..instructions import Words


class InProcess:
    """Connection to a function that takes program words and returns response words."""

    def __init__(self, execute: Callable[[Words], Words], *, identifier: str) -> None:
        self._execute: Callable[[Words], Words] | None = execute
        self.identifier = identifier

    def execute(self, words: Words) -> Words:
        """Hand the program to the peer and return its answer; LinkError after `close`."""
        if self._execute is None:
            raise LinkError(
                f"connection to {self.identifier} is closed; open a new one, e.g. with setup()"
            )
        return self._execute(words)

    def close(self) -> None:
        """Forget the peer."""
        self._execute = None
