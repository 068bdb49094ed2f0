"""What lies at an address, what words there mean, and what is near when nothing is there."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from ..catalogue import CONTAINERS, find
from ..container import Container, Place
from ..errors import DecodeError
from ..instructions import READ_BIT, ToFpga, parse
from ..layout import Field
from .errors import InspectError
from .instances import WORD_LIMIT, address_text, symbol_text, symbols
from .messages import TO_FPGA_NAMES, jtag_data
from .places import described
from .spelling import spoken

TO_FPGA = "to_fpga"
"""The address of 64-bit messages to the FPGA."""


@dataclass(frozen=True)
class Decoded:
    """What words at one place mean.

    word      which word of the register the first one is
    fields    field -> value, or list of values of its entries, with the names of choices
    partial   fields of which some bits are in words that were not given
    remarks   what the words hold besides
    """

    container: Container
    index: tuple[int, ...]
    word: int
    fields: dict[str, object]
    partial: tuple[str, ...]
    remarks: tuple[str, ...]

    @property
    def coordinate(self) -> dict[str, int | str]:
        """The coordinate by axis."""
        return described(self.container, self.index)


@cache
def _all_symbols() -> dict[str, tuple[Container, tuple[int, ...], int]]:
    return symbols()


def places_at(address: int | str) -> list[Place]:
    """The container, index and word at an address; InspectError naming what is near if none."""
    if isinstance(address, str):
        found = _all_symbols().get(symbol_text(address))
        if found is None:
            near = difflib.get_close_matches(symbol_text(address), _all_symbols(), n=3, cutoff=0.5)
            hint = f"; near to it are {', '.join(near)}" if near else ""
            raise InspectError(f"no register is at {address!r}{hint}")
        return [Place(*found)]
    if not 0 <= address <= WORD_LIMIT:
        raise InspectError(f"address {address:#x} is outside 0..{WORD_LIMIT:#010x}; words have 32")
    places = find(address)
    if not places:
        near_address, container = nearest(address)
        raise InspectError(
            f"no register is at {address_text(address)}; the nearest is {container.name}, "
            f"at {address_text(near_address)}"
        )
    return places


def nearest(address: int) -> tuple[int, Container]:
    """The nearest address that belongs to a container, and that container."""
    candidates = [
        (_nearest_of(container, address), container)
        for container in CONTAINERS.values()
        if container.rule is not None
    ]
    return min(candidates, key=lambda found: abs(found[0] - address))


def _nearest_of(container: Container, address: int) -> int:
    if container.memory:
        first = int(container.addresses(*(0,) * len(container.axes))[0])
        return min(max(address, first), first + container.n_instances - 1)
    addresses = container.all_addresses().astype(np.int64).reshape(-1)
    return int(addresses[np.argmin(np.abs(addresses - address))])


def decode(address: int | str, words: Sequence[int]) -> list[Decoded]:
    """What words mean: the first one at `address`, the others the following ones of its register.

    Two results where the FPGA's design decides what lies there.
    Raises InspectError for an unknown address, too many words, or words of more than 32 bits.
    """
    for word in words:
        if not 0 <= word <= WORD_LIMIT:
            raise InspectError(f"word {word:#x} is outside 0..{WORD_LIMIT:#x}; words have 32 bits")
    places = places_at(address)
    fitting = [p for p in places if p.word + len(words) <= p.container.register.n_words]
    if not fitting:
        place = places[0]
        left = place.container.register.n_words - place.word
        raise InspectError(
            f"{place.container.name} has {left} words from {address_text(address)} on, not "
            f"{len(words)}; decode its instances one by one"
        )
    return [_decoded(place, words) for place in fitting]


def _decoded(place: Place, words: Sequence[int]) -> Decoded:
    register = place.container.register
    known = range(place.word, place.word + len(words))
    whole = np.zeros(register.n_words, dtype=np.uint32)
    whole[known.start : known.stop] = words
    values = register.decode(whole)
    fields: dict[str, object] = {}
    partial, remarks = [], []
    for f in register.fields:
        of_entries = [{p.word for p in f.entry_pieces(e)} for e in range(f.entries or 1)]
        if all(needed <= set(known) for needed in of_entries):
            fields[f.name] = _value(f, values[f.name])
            remarks += _out_of_range(f, values[f.name])
        elif any(needed & set(known) for needed in of_entries):
            partial.append(f.name)
    remarks += _meaningless_bits(place, whole, known)
    return Decoded(place.container, place.index, place.word, fields, tuple(partial), tuple(remarks))


def _value(f: Field, value: np.ndarray) -> object:
    if f.entries:
        return [spoken(f, int(v)) for v in value]
    return spoken(f, int(value))


def _out_of_range(f: Field, value: np.ndarray) -> list[str]:
    wrong = [int(v) for v in np.atleast_1d(value) if not f.low <= int(v) <= f.limit]
    return [f"{f.name} = {v} is outside {f.low}..{f.limit}" for v in wrong[:1]]


def _meaningless_bits(place: Place, whole: np.ndarray, known: range) -> list[str]:
    """Set bits that no field holds, or that are no code of their field."""
    register = place.container.register
    again = register.encode_unchecked(register.decode(whole))
    different = again ^ whole
    return [
        f"word {word}: bits {int(different[word]):#010x} mean nothing"
        for word in known
        if different[word]
    ]


def decode_messages(words: Sequence[int]) -> list[str]:
    """A line for each 64-bit message to the FPGA; InspectError for words that are none."""
    try:
        messages = parse([*words])
    except (DecodeError, OverflowError) as error:
        raise InspectError(f"no messages to the FPGA: {error}") from None
    lines = []
    for header, payload in zip(messages.header, messages.payload, strict=True):
        kind = ToFpga(int(header))
        lines.append(f"{TO_FPGA_NAMES[kind]} {_payload_text(kind, int(payload))}".rstrip())
    return lines


def _payload_text(kind: ToFpga, payload: int) -> str:
    if kind == ToFpga.OMNIBUS_ADDRESS:
        action = "read" if payload & READ_BIT else "write"
        return f"{action} {address_text(payload & WORD_LIMIT)} enables {payload >> 32 & 0xF:#x}"
    if kind == ToFpga.JTAG_DATA:
        return " ".join(f"{k} {v:#x}" for k, v in jtag_data(payload).items())
    if kind == ToFpga.LOOPBACK:
        return "tick" if payload else "halt"
    if kind >= ToFpga.SPIKE_PACK_1:
        n = kind - ToFpga.SPIKE_PACK_1 + 1
        return " ".join(f"{payload >> 16 * (n - 1 - i) & 0xFFFF:#06x}" for i in range(n))
    return f"{payload:#x}" if payload or kind == ToFpga.WAIT_UNTIL else ""


def parse_number(text: str) -> int | None:
    """A number written as 26, 0x1a, 0b11010 or 0o32; None if it is none."""
    cleaned = text.strip().lower()
    if not re.fullmatch(r"\d[\d_]*|0x[0-9a-f_]+|0b[01_]+|0o[0-7_]+", cleaned):
        return None
    try:
        return int(cleaned, 0) if not cleaned.isdecimal() else int(cleaned)
    except ValueError:
        return None
