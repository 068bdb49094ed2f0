"""The check of an entry for one instance of a container."""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import compare
from .entries import Entry
from .instances import Instance, address_text, piece_of

_SHOWN = 6


def problems_of_register(entry: Entry) -> list[str]:
    """Addresses, words under their masks, fields of the words, places of fields, byte enables."""
    name, accessed = _accessed(entry.container)
    instance = Instance.of(name, entry.coordinate, entry.fields, entry.backend)
    ours = instance.container.access
    problems = compare.access(entry, ours)
    if accessed is not None and accessed not in ours:
        problems.append(f"expected a {accessed!r} access, ours is {ours!r}")
    problems += compare.addresses(entry.addresses, instance.addresses())
    if entry.words is not None:
        problems += _words(entry, instance)
    return problems + _bitfields(entry, instance) + _enables(entry, instance.byte_enables())


def _accessed(name: str) -> tuple[str, str | None]:
    """Container and access of names such as ``ResetJTAGTap write``."""
    match = re.fullmatch(r"(.+) (read|write)", name)
    return (match[1], match[2][0]) if match else (name, None)


def _words(entry: Entry, instance: Instance) -> list[str]:
    ours, expected = instance.words(), compare.words_of_32_bits(entry)
    if len(expected) != len(ours):
        shown = compare.hexadecimal(ours)
        return [f"expected {len(expected)} words, ours are {len(ours)}: {shown}"]
    asserted = compare.joined(entry, expected, ours)
    different = [i for i, (a, o) in enumerate(zip(asserted, ours, strict=True)) if a != o]
    if not different:
        return instance.contradictions(asserted)
    labels = instance.addresses()
    why = "; ".join(instance.fields_that_differ(asserted)[:_SHOWN]) or "in bits of no field"
    return [
        f"word {i} at {address_text(labels[i])}: expected {expected[i]:#010x}, "
        f"ours {ours[i]:#010x}{compare.under_mask(entry, i)} ({why})"
        for i in different
    ]


def _bitfields(entry: Entry, instance: Instance) -> list[str]:
    problems = []
    for said in entry.bitfields:
        field, number = piece_of(instance.container, said.field)
        pieces = [(p.word, p.lsb, p.bits) for p in field.entry_pieces(number)]
        if (said.word, said.lsb, said.width) not in pieces:
            ours = " and ".join(
                f"{bits} from bit {lsb} of word {word}" for word, lsb, bits in pieces
            )
            problems.append(
                f"{said.field}: expected {said.width} bits from bit {said.lsb} of word "
                f"{said.word}, ours {ours}"
            )
    return problems


def _enables(entry: Entry, ours: Sequence[int]) -> list[str]:
    if entry.byte_enables is None:
        return []
    return [
        f"byte enables of word {i}: expected {e:#06b}, ours {o:#06b}"
        for i, (e, o) in enumerate(zip(entry.byte_enables, ours, strict=False))
        if e != o
    ]
