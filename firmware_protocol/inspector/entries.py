"""Files of words: a JSON list of entries, what an entry must have, and what is wrong with one.

An entry names a container, a coordinate and fields, and the addresses and words that they mean; see
``docs/how_to/inspect_words.md``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from .errors import InspectError
from .messages import is_word

KINDS = ("test", "test-rule", "test-layout", "derived")
ACCESSES = ("r", "w", "rw")
REQUIRED = ("container", "coordinate", "fields", "addresses", "words", "source", "kind")
OPTIONAL = ("masks", "byte_enables", "backend", "access", "bitfields", "note")
BITFIELD = ("field", "word", "lsb", "width")
WORD_64_LIMIT = (1 << 64) - 1


@dataclass(frozen=True)
class Bitfield:
    """Where a field is said to lie."""

    field: str
    word: int
    lsb: int
    width: int


@dataclass(frozen=True)
class Entry:
    """One entry of a file; what it lacks is None.

    masks         for each word, the bits that are asserted
    byte_enables  for each word, the bytes that are written, as a mask
    """

    number: int
    container: str
    coordinate: Mapping[str, Any]
    fields: Mapping[str, Any]
    addresses: tuple[int | str, ...]
    words: tuple[Any, ...] | None
    kind: str
    masks: tuple[int, ...] | None = None
    byte_enables: tuple[int, ...] | None = None
    backend: str | None = None
    access: str | None = None
    bitfields: tuple[Bitfield, ...] = ()
    note: str = ""


def entries_of(text: str, name: str) -> list[object]:
    """The entries of a file's text, unchecked; InspectError if it is no JSON list."""
    try:
        raw = json.loads(
            text, object_pairs_hook=_without_duplicates, parse_constant=_no_such_number
        )
    except RecursionError:
        raise InspectError(f"{name}: nested too deeply; such a file is a flat list") from None
    except ValueError as error:
        raise InspectError(f"{name}: not JSON: {error}") from None
    if not isinstance(raw, list):
        raise InspectError(f"{name}: holds {_kind(raw)}, not a list of entries")
    return raw


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"key {next(k for k in keys if keys.count(k) > 1)!r} appears twice")
    return result


def _no_such_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _kind(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}
    return names.get(type(value), "null" if value is None else "a number")


def parse_entry(number: int, raw: object) -> Entry:
    """An entry with everything of the right type; InspectError says what is not."""
    if not isinstance(raw, dict):
        raise InspectError(f"malformed: it is {_kind(raw)}, not an object")
    missing = [key for key in REQUIRED if key not in raw]
    if missing:
        raise InspectError(f"malformed: it has no {', '.join(missing)}, which every entry needs")
    unknown = [key for key in raw if key not in (*REQUIRED, *OPTIONAL)]
    if unknown:
        raise InspectError(
            f"malformed: unknown {', '.join(unknown)}; an entry may also have {', '.join(OPTIONAL)}"
        )
    words = _words(raw["words"])
    entry = Entry(
        number,
        _typed(raw, "container", str),
        _typed(raw, "coordinate", dict),
        _typed(raw, "fields", dict),
        _addresses(raw["addresses"]),
        words,
        _choice(raw, "kind", KINDS),
        _masks(raw.get("masks"), words),
        _enables(raw.get("byte_enables"), words),
        _typed(raw, "backend", str) if "backend" in raw else None,
        _choice(raw, "access", ACCESSES) if "access" in raw else None,
        _bitfields(raw.get("bitfields", [])),
        _typed(raw, "note", str) if "note" in raw else "",
    )
    _typed(raw, "source", str)
    if entry.kind == "test-layout" and not entry.bitfields:
        raise InspectError("malformed: kind test-layout without bitfields; nothing to compare")
    return entry


def _typed(raw: Mapping[str, Any], key: str, kind: type) -> Any:
    if not isinstance(raw[key], kind):
        wanted = "a string" if kind is str else "an object"
        raise InspectError(f"malformed: {key} is {_kind(raw[key])}, not {wanted}")
    return raw[key]


def _choice(raw: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> str:
    value = _typed(raw, key, str)
    if value not in choices:
        raise InspectError(f"malformed: {key} {value!r} is none of {', '.join(choices)}")
    return str(value)


def _is_number(value: object, limit: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit


def _addresses(value: object) -> tuple[int | str, ...]:
    if not isinstance(value, list):
        raise InspectError(f"malformed: addresses is {_kind(value)}, not a list")
    for i, address in enumerate(value):
        if not (isinstance(address, str) or _is_number(address, (1 << 32) - 1)):
            raise InspectError(f"malformed: addresses[{i}] = {address!r} is no address")
    return tuple(value)


def _words(value: object) -> tuple[Any, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise InspectError(f"malformed: words is {_kind(value)}, not a list or null")
    for i, word in enumerate(value):
        if not is_word(word) or (isinstance(word, int) and not 0 <= word <= WORD_64_LIMIT):
            raise InspectError(f"malformed: words[{i}] = {word!r} is no word")
    return tuple(value)


def _masks(value: object, words: tuple[Any, ...] | None) -> tuple[int, ...] | None:
    if value is None:
        return None
    n = _per_word("masks", value, words)
    masks = tuple(value) if isinstance(value, list) else ()
    for i, mask in enumerate(masks):
        if not _is_number(mask, (1 << 32) - 1):
            raise InspectError(f"malformed: masks[{i}] = {mask!r} is no mask of 32 bits")
    if n and not any(masks):
        raise InspectError("malformed: masks are all 0, so the words assert nothing")
    return masks


def _per_word(key: str, value: object, words: tuple[Any, ...] | None) -> int:
    """Number of words; InspectError unless `value` is a list with one item for each."""
    if not isinstance(value, list) or words is None or len(value) != len(words):
        n = "no" if words is None else len(words)
        raise InspectError(f"malformed: {key} {value!r} must be a list like words, which has {n}")
    return len(words)


def _enables(value: object, words: tuple[Any, ...] | None) -> tuple[int, ...] | None:
    """Each a mask, or a list of four flags: flag k for bits 8 k + 7 .. 8 k."""
    if value is None:
        return None
    _per_word("byte_enables", value, words)
    masks = []
    for i, item in enumerate(value if isinstance(value, list) else []):
        if isinstance(item, list) and len(item) == 4 and all(flag in (0, 1) for flag in item):
            masks.append(sum(int(flag) << k for k, flag in enumerate(item)))
        elif _is_number(item, 0xF):
            masks.append(item)
        else:
            raise InspectError(f"malformed: byte_enables[{i}] = {item!r}; write four flags")
    return tuple(masks)


def _bitfields(value: object) -> tuple[Bitfield, ...]:
    if not isinstance(value, list):
        raise InspectError(f"malformed: bitfields is {_kind(value)}, not a list")
    found = []
    for i, item in enumerate(value):
        good = isinstance(item, dict) and item.keys() == set(BITFIELD)
        if not (
            good
            and isinstance(item["field"], str)
            and all(_is_number(item[key], WORD_64_LIMIT) for key in BITFIELD[1:])
        ):
            raise InspectError(f"malformed: bitfields[{i}] = {item!r}; it needs {BITFIELD}")
        found.append(Bitfield(**item))
    return tuple(found)
