"""Parts of the check that every kind of entry shares: what differs, as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .entries import Entry
from .errors import InspectError
from .instances import WORD_LIMIT, Address, address_text, same_address

_SHOWN = 12


def access(entry: Entry, ours: str) -> list[str]:
    """Whether it is read, written or both."""
    if entry.access is None or entry.access == ours:
        return []
    return [f"access: expected {entry.access!r}, ours {ours!r}"]


def addresses(expected: Sequence[object], ours: Sequence[Address]) -> list[str]:
    """All addresses, in order."""
    if len(expected) != len(ours):
        said = ", ".join(map(address_text, ours[:_SHOWN]))
        return [f"expected {len(expected)} addresses, ours are {len(ours)}: {said}"]
    return [
        f"address {i}: expected {address_text(e)}, ours {address_text(o)}"
        for i, (e, o) in enumerate(zip(expected, ours, strict=True))
        if not same_address(e, o)
    ]


def words_of_32_bits(entry: Entry) -> list[int]:
    """The entry's words; InspectError if one is no number of 32 bits."""
    for i, word in enumerate(entry.words or ()):
        if not isinstance(word, int):
            raise InspectError(f"malformed: words[{i}] = {word!r} is no number")
        if word > WORD_LIMIT:
            raise InspectError(f"word {i}: expected {word:#x}, ours have 32 bits")
    return [int(word) for word in entry.words or ()]


def joined(entry: Entry, expected: Sequence[int], ours: Sequence[int]) -> list[int]:
    """The entry's words where it asserts them, ours elsewhere."""
    masks = entry.masks or (WORD_LIMIT,) * len(ours)
    return [e & m | o & ~m for e, o, m in zip(expected, ours, masks, strict=True)]


def under_mask(entry: Entry, i: int) -> str:
    """The mask of a word, if the entry has masks."""
    return "" if entry.masks is None else f" under mask {entry.masks[i]:#010x}"


def hexadecimal(words: Sequence[int]) -> str:
    """The first words as text."""
    more = " ..." if len(words) > _SHOWN else ""
    return " ".join(f"{word:#010x}" for word in words[:_SHOWN]) + more


def told(word: Any) -> str:
    """A word of any kind as text."""
    return f"{word:#x}" if isinstance(word, int) else str(word)


def nothing_but(entry: Entry, *allowed: str) -> None:
    """InspectError for parts of an entry that mean nothing for its container."""
    for part in ("masks", "byte_enables", "bitfields", "access", "backend"):
        if part not in allowed and getattr(entry, part):
            raise InspectError(f"{part} mean nothing for {entry.container}; leave them out")
