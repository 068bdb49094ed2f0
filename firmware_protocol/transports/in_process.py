"""A peer in the same process: the words travel as they are, without frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..errors import LinkError
from ..instructions import Words


class InProcess:
    """Connection to a function that takes program words and returns response words.

    stream  the same, but it yields the response in chunks
    """

    def __init__(
        self,
        execute: Callable[[Words], Words],
        *,
        identifier: str,
        stream: Callable[[Words], Iterator[Words]] | None = None,
    ) -> None:
        self._execute, self._stream = execute, stream
        self._open = True
        self.identifier = identifier

    def execute(self, words: Words) -> Words:
        """Hand the program to the peer and return its answer; LinkError after `close`."""
        self._check()
        return self._execute(words)

    def stream(self, words: Words) -> Iterator[Words]:
        """Hand the program to the peer and pass on its answer in chunks; LinkError as above."""
        self._check()
        return iter([self._execute(words)]) if self._stream is None else self._stream(words)

    def close(self) -> None:
        """Have nothing to do with the peer any more."""
        self._open = False

    def _check(self) -> None:
        if not self._open:
            raise LinkError(
                f"connection to {self.identifier} is closed; open a new one, e.g. with setup()"
            )
