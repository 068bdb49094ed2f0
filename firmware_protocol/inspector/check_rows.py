"""The check of an entry for a row or matrix: some words of a long sequence.

Such an entry lists the words that its fields touch, or reads without words.  Where it says at which
positions of the sequence they stand (in its note, as the vendor's tests tell them), that is checked
too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import compare
from .composites import Filled
from .entries import Entry
from .errors import InspectError
from .instances import address_text, check_backend

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")
_SHOWN = 4


def problems_of_row(entry: Entry) -> list[str]:
    """Addresses and their positions, words under their masks, fields of the words."""
    filled = Filled.of(entry.container, entry.coordinate, entry.fields)
    compare.nothing_but(entry, "masks", "access", "backend")
    if entry.backend is not None:
        check_backend(filled.composite.quad, entry.backend)
    problems = compare.access(entry, filled.composite.access)
    positions = _positions(entry, filled)
    problems += _note(entry, filled, positions)
    return problems + (_words(entry, filled, positions) if entry.words else [])


def _positions(entry: Entry, filled: Filled) -> list[int]:
    """Where in the sequence the entry's addresses are; InspectError if that cannot be."""
    ours = filled.addresses()
    where = {int(address): i for i, address in enumerate(ours)}
    if not entry.addresses:
        shown = compare.hexadecimal(ours.tolist())
        raise InspectError(f"expected no addresses, ours are {ours.size}: {shown}")
    foreign = [a for a in entry.addresses if a not in where]
    if foreign:
        expected = _expected_addresses(entry, filled)
        raise InspectError(f"expected address {address_text(foreign[0])}, ours are {expected}")
    positions = [where[int(a)] for a in entry.addresses]
    if positions != sorted(set(positions)):
        raise InspectError(f"expected words {positions} of the sequence, ours come in rising order")
    if entry.words is not None:
        if len(entry.words) != len(positions):
            raise InspectError(
                f"expected {len(entry.words)} words, ours are {len(positions)}, one per address"
            )
        if set(filled.touched().tolist()) - set(positions):
            said = ", ".join(map(address_text, entry.addresses[:_SHOWN]))
            ours_text = _expected_addresses(entry, filled)
            raise InspectError(f"expected addresses {said}, ours are {ours_text}")
    return positions


def _expected_addresses(entry: Entry, filled: Filled) -> str:
    touched = filled.touched()
    chosen = filled.addresses()[touched] if touched.size else filled.addresses()
    return compare.hexadecimal(chosen.tolist())


def _words(entry: Entry, filled: Filled, positions: Sequence[int]) -> list[str]:
    expected = compare.words_of_32_bits(entry)
    ours = [int(word) for word in filled.words()[list(positions)]]
    asserted = compare.joined(entry, expected, ours)
    problems = [
        f"word {position} at {address_text(entry.addresses[i])}: expected {expected[i]:#010x}, "
        f"ours {ours[i]:#010x}{compare.under_mask(entry, i)}"
        for i, position in enumerate(positions)
        if asserted[i] != ours[i]
    ]
    return problems or filled.contradictions(positions, asserted)


def _note(entry: Entry, filled: Filled, positions: Sequence[int]) -> list[str]:
    """What the note says of positions in the sequence, and of words there."""
    problems = []
    said = said_positions(entry.note)
    if said is not None and said != list(positions):
        problems.append(f"expected words {said} of the sequence, ours are {list(positions)}")
    words = filled.words()
    for number, value in re.findall(r"word (\d+) = (0x[0-9a-f]+|\d+)", entry.note):
        position = int(number)
        ours = int(words[position]) if position < words.size else None
        if ours != int(value, 0):
            problems.append(f"word {position} of the sequence: expected {value}, ours {told(ours)}")
    return problems


def told(word: int | None) -> str:
    """A word, or that there is none."""
    return "none" if word is None else f"{word:#x}"


def said_positions(note: str) -> list[int] | None:
    """Positions that a note names: ``word index 136``, ``first, second and 65th read address``."""
    index = re.search(r"word index (\d+)", note)
    if index is not None:
        return [int(index[1])]
    reads = re.match(r"([\w, ]+?) read address(es)?\b", note)
    if reads is None:
        return None
    words = re.findall(r"\w+", reads[1].lower())
    if len(words) == 2 and words[0] == "first" and words[1] in _NUMBERS:
        return list(range(1 + _NUMBERS.index(words[1])))
    positions = []
    for word in words:
        number = re.fullmatch(r"(\d+)(st|nd|rd|th)", word)
        if number is not None:
            positions.append(int(number[1]) - 1)
        elif word in _ORDINALS:
            positions.append(_ORDINALS.index(word))
        elif word != "and":
            return None
    return positions
