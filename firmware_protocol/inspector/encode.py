"""Addresses and words of a container, a row of containers, or messages, from their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .composites import COMPOSITES, Filled
from .errors import InspectError
from .instances import Instance, check_backend
from .messages import Word
from .sequences import sequence_of


@dataclass(frozen=True)
class Encoded:
    """What is written or read.

    addresses, words  as files of words have them; I2C reads have an address and no word
    byte_enables      for each word the bytes that are written (bit k: bits 8 k + 7 .. 8 k); None
                      where that is not a property of a word
    """

    container: str
    coordinate: Mapping[str, object]
    fields: Mapping[str, object]
    addresses: list[int | str]
    words: list[Word]
    access: str
    byte_enables: list[int] | None = None
    backend: str | None = None

    def entry(self) -> dict[str, object]:
        """An entry of a file of words."""
        entry: dict[str, object] = {
            "container": self.container,
            "coordinate": dict(self.coordinate),
            "fields": dict(self.fields),
            "addresses": self.addresses,
            "words": self.words,
            "source": "pynn-hx words encode",
            "kind": "derived",
            "access": self.access,
        }
        if self.byte_enables is not None:
            flags = [[mask >> k & 1 for k in range(4)] for mask in self.byte_enables]
            entry["byte_enables"] = flags
        if self.backend is not None:
            entry["backend"] = self.backend
        return entry


def encode(
    name: str,
    at: Mapping[str, object],
    fields: Mapping[str, object],
    backend: str | None = None,
) -> Encoded:
    """The words of fields; fields that are not said have their defaults.

    Of a row or matrix, only the words that hold something that was said, or all if nothing was.
    Raises NotCovered, InspectError, CoordinateError, FieldRangeError or ProgramError.
    """
    if name in COMPOSITES:
        filled = Filled.of(name, at, fields)
        if backend is not None:
            check_backend(filled.composite.quad, backend)
        touched = filled.touched()
        chosen = touched if touched.size else slice(None)
        addresses: list[int | str] = [int(a) for a in filled.addresses()[chosen]]
        words: list[Word] = [int(w) for w in filled.words()[chosen]]
        return Encoded(name, at, fields, addresses, words, filled.composite.access)
    messages = sequence_of(name, at, fields)
    if messages is not None:
        if backend not in (None, messages.backend):
            raise InspectError(f"{name} goes through {messages.backend!r}, not through {backend!r}")
        told: list[int | str] = [*messages.addresses]
        return Encoded(
            name, at, fields, told, messages.words, messages.access, backend=messages.backend
        )
    instance = Instance.of(name, at, fields, backend)
    return Encoded(
        name,
        at,
        fields,
        instance.addresses(),
        [*instance.words()],
        instance.container.access,
        instance.byte_enables() if instance.spelled.enables is not None else None,
        backend,
    )
