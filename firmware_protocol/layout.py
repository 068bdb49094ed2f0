"""Register tables: one table gives encode, decode, limits and documentation.

A field's place is written as the vendor's tables read: ``"1[3:0] 2[5:2]"`` is a value whose most
significant bits lie in bits 3..0 of word 1 and whose remaining bits lie in bits 5..2 of word 2.
Listing single bits expresses any permutation (``"0[5] 0[0] 0[1] ..."``), so no field needs code
of its own. Everything works on arrays: a table encodes one register or a whole chip with the same
call.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .errors import FieldRangeError

UIntArray = npt.NDArray[np.unsignedinteger]
IntArray = npt.NDArray[np.integer]

_PIECE = re.compile(r"(\d+)\[(\d+)(?::(\d+))?\]")


@dataclass(frozen=True, slots=True)
class Piece:
    """`bits` bits of a field, field bit `field_lsb` upwards, at bit `lsb` of word `word`."""

    word: int
    lsb: int
    bits: int
    field_lsb: int

    @property
    def mask(self) -> int:
        """All ones in the width of the piece."""
        return (1 << self.bits) - 1


@dataclass(frozen=True, slots=True)
class Transform:
    """A bijection between a field's value and the code that its bits hold; both vectorised."""

    name: str
    to_code: Callable[[IntArray], IntArray]
    to_value: Callable[[IntArray], IntArray]


@dataclass(frozen=True, slots=True)
class WordCode:
    """A bijection that a register applies to each of its words as a whole; both vectorised."""

    name: str
    encode: Callable[[npt.NDArray[np.uint32]], npt.NDArray[np.uint32]]
    decode: Callable[[npt.NDArray[np.uint32]], npt.NDArray[np.uint32]]


def parse_place(place: str) -> tuple[Piece, ...]:
    """Turn ``"1[3:0] 2[5:2]"``, most significant first, into pieces, least significant first."""
    pieces: list[Piece] = []
    field_lsb = 0
    for text in reversed(place.split()):
        match = _PIECE.fullmatch(text)
        if match is None:
            raise ValueError(f"field place {place!r}: {text!r} is not of the form word[msb:lsb]")
        word, msb = int(match[1]), int(match[2])
        lsb = msb if match[3] is None else int(match[3])
        if lsb > msb:
            raise ValueError(f"field place {place!r}: {text!r} has its lower bit first")
        pieces.append(Piece(word, lsb, msb - lsb + 1, field_lsb))
        field_lsb += msb - lsb + 1
    return tuple(pieces)


@dataclass(frozen=True)
class Field:
    """One field of a register, or an array of `entries` equal fields `step` bits apart.

    place      where the bits are, most significant piece first; for entry 0 if there are several,
               or, where entries lie anywhere, one place for each: ``"0[4] | 0[0] | 0[12]"``
    default    value after construction of a container (not what a reset chip holds)
    entries    number of equal fields; 0 means a plain field without an entry axis
    step       bits from one entry to the next; negative when entry 0 is the most significant
    inverted   the chip stores the bitwise complement
    transform  a code other than plain binary
    limit      largest legal value; every bit pattern (or every choice) by default
    low        smallest legal value
    choices    names of the values 0, 1, ...; empty for a plain number
    """

    name: str
    place: str
    default: int | tuple[int, ...] = 0
    entries: int = 0
    step: int = 0
    inverted: bool = False
    transform: Transform | None = None
    limit: int = -1
    low: int = 0
    unit: str = "1"
    doc: str = ""
    choices: tuple[str, ...] = ()
    pieces: tuple[Piece, ...] = field(init=False, repr=False, compare=False)
    bits: int = field(init=False, compare=False)

    _places: tuple[tuple[Piece, ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places = tuple(parse_place(part) for part in self.place.split("|"))
        object.__setattr__(self, "pieces", places[0])
        object.__setattr__(self, "_places", places if len(places) > 1 else ())
        if len(places) > 1:
            object.__setattr__(self, "entries", len(places))
        object.__setattr__(self, "bits", sum(p.bits for p in places[0]))
        if self.limit < 0:
            limit = len(self.choices) - 1 if self.choices else (1 << self.bits) - 1
            object.__setattr__(self, "limit", limit)

    @property
    def shape(self) -> tuple[int, ...]:
        """Axes that the field adds to its register: its entries, or none."""
        return (self.entries,) if self.entries else ()

    @property
    def dtype(self) -> np.dtype[np.integer]:
        """Smallest integer type that holds every legal value."""
        if self.low < 0:
            return np.dtype(np.int16)
        return np.dtype(np.min_scalar_type(self.limit))

    def entry_pieces(self, entry: int) -> tuple[Piece, ...]:
        """Where the bits of one entry are."""
        if self._places:
            return self._places[entry]
        shift = entry * self.step
        return tuple(Piece(p.word, p.lsb + shift, p.bits, p.field_lsb) for p in self.pieces)

    @cached_property
    def _code_type(self) -> type[np.unsignedinteger]:
        """Wide enough for the code: a time of 43 bits spans two words."""
        return np.uint32 if self.bits <= 32 else np.uint64

    @cached_property
    def _complement(self) -> int:
        return (1 << self.bits) - 1 if self.inverted else 0

    @cached_property
    def contributions(self) -> dict[int, npt.NDArray[np.uint32]]:
        """word -> (2**bits,) table of what each code adds to that word; short fields only."""
        codes = np.arange(1 << self.bits, dtype=np.uint32) ^ np.uint32(self._complement)
        tables: dict[int, npt.NDArray[np.uint32]] = {}
        for p in self.pieces:
            part = (codes >> np.uint32(p.field_lsb) & np.uint32(p.mask)) << np.uint32(p.lsb)
            tables[p.word] = tables.get(p.word, np.zeros_like(codes)) | part
        return tables

    @cached_property
    def _is_of_bytes(self) -> bool:
        """Whether its entries are the four bytes of one word, the most significant one first."""
        pieces = self.pieces
        return (
            self.entries == 4
            and self.step == -8
            and not self._places
            and all(p.word == pieces[0].word and 24 <= p.lsb <= 32 - p.bits for p in pieces)
        )

    @cached_property
    def _value_of_byte(self) -> IntArray:
        """(256,) of a field of bytes."""
        byte = np.arange(256, dtype=np.uint32) << np.uint32(24)
        code = np.full(256, 0, np.uint32)
        for p in self.pieces:
            code |= (byte >> np.uint32(p.lsb) & np.uint32(p.mask)) << np.uint32(p.field_lsb)
        code ^= np.uint32(self._complement)
        value: IntArray = code if self.transform is None else self.transform.to_value(code)
        return value.astype(self.dtype)

    @cached_property
    def _byte_of_code(self) -> npt.NDArray[np.uint8]:
        """(2**bits,) of a field of bytes."""
        table = self.contributions[self.pieces[0].word]
        return (table >> np.uint32(24)).astype(np.uint8)

    def encode_into(self, words: npt.NDArray[np.uint32], values: IntArray) -> None:
        """OR `values` (*instances, [entries]) into `words` (*instances, n_words)."""
        values = values if self.transform is None else self.transform.to_code(values)
        if self._is_of_bytes:
            in_bytes = np.take(self._byte_of_code, values)
            words[..., self.pieces[0].word] |= in_bytes.view(">u4")[..., 0]
            return
        for entry in range(self.entries or 1):
            code = values[..., entry] if self.entries else values
            shift = entry * self.step
            if self.bits <= 8 and code.size > 1024 and not self._places:
                for word, table in self.contributions.items():
                    table = table << np.uint32(shift) if shift >= 0 else table >> np.uint32(-shift)
                    words[..., word] |= np.take(table, code)
                continue
            code = code.astype(self._code_type) ^ self._code_type(self._complement)
            for p in self.entry_pieces(entry):
                part = (code >> self._code_type(p.field_lsb)).astype(np.uint32) & np.uint32(p.mask)
                words[..., p.word] |= part << np.uint32(p.lsb)

    def decode(self, words: npt.NDArray[np.uint32]) -> IntArray:
        """Values (*instances, [entries]) of this field in `words` (*instances, n_words)."""
        if self._is_of_bytes:
            word = self.pieces[0].word
            return np.take(
                self._value_of_byte, words[..., word : word + 1].astype(">u4").view(np.uint8)
            )
        out = np.empty(words.shape[:-1] + self.shape, dtype=self.dtype)
        for entry in range(self.entries or 1):
            code = np.zeros(words.shape[:-1], dtype=self._code_type)
            for p in self.entry_pieces(entry):
                part = words[..., p.word] >> np.uint32(p.lsb) & np.uint32(p.mask)
                code |= part.astype(self._code_type) << self._code_type(p.field_lsb)
            code ^= self._code_type(self._complement)
            value: IntArray = code if self.transform is None else self.transform.to_value(code)
            if self.entries:
                out[..., entry] = value
            else:
                out[...] = value
        return out

    def check(self, values: npt.ArrayLike, place: str) -> None:
        """Raise FieldRangeError naming the first value that does not fit, if any."""
        array = np.asarray(values)
        wrong = (array < self.low) | (array > self.limit)
        if wrong.any():
            index = tuple(int(i[0]) for i in np.nonzero(np.atleast_1d(wrong)))
            value = int(np.atleast_1d(array)[index])
            where = f"{place}[{', '.join(map(str, index))}]" if array.ndim else place
            raise FieldRangeError(
                where,
                value,
                self.limit,
                f"choose a value that fits the field ({self.bits} bits on the chip)",
                low=self.low,
            )


@dataclass(frozen=True)
class Register:
    """A register of `n_words` words of `width` bits as a table of fields.

    Reserved bits are those no field claims; they are written as 0 and ignored when read.  A
    register without fields is a trigger: writing anything (0 here) makes something happen.
    """

    name: str
    n_words: int
    fields: tuple[Field, ...]
    width: int = 32
    source: str = ""
    word_code: WordCode | None = None

    def __post_init__(self) -> None:
        taken = [0] * self.n_words
        for f in self.fields:
            for entry in range(f.entries or 1):
                for p in f.entry_pieces(entry):
                    span = p.mask << p.lsb if p.lsb >= 0 else -1
                    if p.word >= self.n_words or span < 0 or span >> self.width:
                        raise ValueError(f"{self.name}.{f.name} leaves its register at {p}")
                    if taken[p.word] & span:
                        raise ValueError(f"{self.name}.{f.name} overlaps another field at {p}")
                    taken[p.word] |= span

    @cached_property
    def by_name(self) -> dict[str, Field]:
        """The fields by name."""
        return {f.name: f for f in self.fields}

    def defaults(self, shape: tuple[int, ...] = ()) -> dict[str, IntArray]:
        """Default values of all fields, each (*shape, [entries]) and writable."""
        return {
            f.name: np.broadcast_to(np.asarray(f.default, f.dtype), shape + f.shape).copy()
            for f in self.fields
        }

    def check(self, values: Mapping[str, npt.ArrayLike]) -> None:
        """Raise TypeError for unknown or missing fields, FieldRangeError for values too large."""
        if values.keys() != self.by_name.keys():
            wrong = sorted(values.keys() ^ self.by_name.keys())
            raise TypeError(f"{self.name}: unknown or missing fields {wrong}")
        for name, f in self.by_name.items():
            f.check(values[name], f"{self.name}.{name}")

    def encode(self, values: Mapping[str, npt.ArrayLike]) -> npt.NDArray[np.uint32]:
        """Words (*instances, n_words) of field values (*instances, [entries]); checks first."""
        self.check(values)
        return self.encode_unchecked({k: np.asarray(v) for k, v in values.items()})

    def encode_unchecked(self, values: Mapping[str, IntArray]) -> npt.NDArray[np.uint32]:
        """:meth:`encode` for values known to fit."""
        instances: tuple[int, ...] = ()
        if self.fields:
            first = self.fields[0]
            shape = values[first.name].shape
            instances = shape[: len(shape) - 1] if first.entries else shape
        words = np.zeros((*instances, self.n_words), dtype=np.uint32)
        for name, f in self.by_name.items():
            f.encode_into(words, values[name])
        return words if self.word_code is None else self.word_code.encode(words)

    def decode(
        self, words: npt.ArrayLike, names: Collection[str] | None = None
    ) -> dict[str, IntArray]:
        """Field values (*instances, [entries]) of words (*instances, n_words).

        names  the fields that are wanted; all by default
        """
        array = np.asarray(words, dtype=np.uint32)
        if self.word_code is not None:
            array = self.word_code.decode(array)
        wanted = self.by_name if names is None else names
        return {name: self.by_name[name].decode(array) for name in wanted}
