"""What a coordinate is, and the large parts of the chip."""

from __future__ import annotations

from collections.abc import Iterator
from operator import index
from typing import ClassVar, Self, SupportsIndex

from ..errors import ProtocolError
from .geometry import N_BACKENDS, N_QUADRANTS, N_SYNRAMS


class CoordinateError(ProtocolError, ValueError):
    """A coordinate is out of range, or two parts of the chip are not connected."""

    __module__ = "firmware_protocol.coordinates"  # from where it is imported


class Coordinate(int):
    """A whole number within 0..size-1 that says one kind of place.

    The number is the enumeration: column + width * row on a grid, inner + size of the inner *
    outer where one place lies in another.

    names  what the instances are called, in order, where they have names
    """

    size: ClassVar[int] = 0
    names: ClassVar[tuple[str, ...]] = ()

    def __new__(cls, value: SupportsIndex) -> Self:
        """The place of this number; CoordinateError if there is none or another kind is given."""
        if isinstance(value, Coordinate) and not isinstance(value, cls):
            raise CoordinateError(
                f"{cls.__name__}({value!r}): a {type(value).__name__} is no {cls.__name__}; "
                "use a conversion, or int() if the number is meant"
            )
        try:
            number = index(value)
        except TypeError:
            raise TypeError(
                f"{cls.__name__}({value!r}): a coordinate is a whole number, 0..{cls.size - 1}"
            ) from None
        if not 0 <= number < cls.size:
            raise CoordinateError(
                f"{cls.__name__}({number}) does not exist; the chip has 0..{cls.size - 1}"
            )
        return super().__new__(cls, number)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({int(self)})"

    @property
    def enum(self) -> int:
        """The plain number."""
        return int(self)

    @property
    def name(self) -> str:
        """What the place is called; CoordinateError if this kind of place has no names."""
        if not self.names:
            raise CoordinateError(f"{self!r}: this kind of place has numbers, no names")
        return self.names[int(self)]

    @classmethod
    def named(cls, name: str) -> Self:
        """The place that is called so; CoordinateError with the known names if there is none."""
        if name not in cls.names:
            known = ", ".join(cls.names) or f"none, but numbers 0..{cls.size - 1}"
            raise CoordinateError(f"{cls.__name__}: nothing is called {name!r}; names are {known}")
        return cls(cls.names.index(name))

    @classmethod
    def all(cls) -> Iterator[Self]:
        """Every place of this kind, in the order of the numbers."""
        return map(cls, range(cls.size))


def check_part(place: str, value: SupportsIndex, size: int) -> int:
    """A plain number 0..size-1 that is part of a coordinate; CoordinateError if it is not."""
    number = index(value)
    if not 0 <= number < size:
        raise CoordinateError(f"{place} = {number} does not exist; choose 0..{size - 1}")
    return number


class Synram(Coordinate):
    """A half of the chip with its synapse array, neuron row, drivers and CADC: top, bottom."""

    size = N_SYNRAMS
    names = ("top", "bottom")

    @property
    def ppu(self) -> PPU:
        """The plasticity processor beside it."""
        return PPU(int(self))


class PPU(Coordinate):
    """A plasticity processor: top, bottom."""

    size = N_SYNRAMS
    names = ("top", "bottom")

    @property
    def synram(self) -> Synram:
        """The synapse array that its vector unit reaches."""
        return Synram(int(self))


class Quadrant(Coordinate):
    """A quadrant (neuron configuration and CapMem block): nw, ne, sw, se."""

    size = N_QUADRANTS
    names = ("nw", "ne", "sw", "se")

    @classmethod
    def at(cls, synram: int, backend_block: int) -> Quadrant:
        """The quadrant of a half (0 top) and a side (0 west)."""
        return cls(2 * int(Synram(synram)) + BackendBlock(backend_block))

    @property
    def synram(self) -> Synram:
        """Its half of the chip."""
        return Synram(int(self) // 2)

    @property
    def backend_block(self) -> BackendBlock:
        """The neuron backend (with reset and counters) of its side."""
        return BackendBlock(int(self) % 2)


class BackendBlock(Coordinate):
    """A neuron backend: west (columns 0..127), east (columns 128..255).

    Also a block of neuron resets, of spike counters and of their resets, of block post pulses, and
    of common backend settings: they are counted alike.
    """

    size = N_BACKENDS
    names = ("west", "east")
