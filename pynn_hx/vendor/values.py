"""Values of containers: numbers with a range, enumerations, arrays that check what they get."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from operator import index
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from firmware_protocol import FieldRangeError
from firmware_protocol.inspector import vendor
from firmware_protocol.layout import Field, IntArray


class Ranged(int):
    """A whole number within `min`..`max`; FieldRangeError beyond."""

    min: ClassVar[int] = 0
    max: ClassVar[int] = 0
    size: ClassVar[int] = 1

    def __new__(cls, value: Any = None) -> Self:
        """The number; the smallest one without an argument."""
        number = cls.min if value is None else whole(cls.__qualname__, value)
        if not cls.min <= number <= cls.max:
            remedy = "choose a number in range"
            raise FieldRangeError(cls.__qualname__, number, cls.max, remedy, low=cls.min)
        return super().__new__(cls, number)

    def value(self) -> int:
        """The plain number."""
        return int(self)


def whole(place: str, value: Any) -> int:
    """`value` as an int; TypeError for what is no whole number (a bool is one)."""
    try:
        return index(value.item() if isinstance(value, np.generic) else value)
    except TypeError:
        raise TypeError(
            f"{place} = {value!r} is no whole number; round it first, such as with int()"
        ) from None


def camel(name: str) -> str:
    """``readout_source`` as ``ReadoutSource``."""
    return "".join(part.capitalize() for part in name.split("_"))


def ranged(owner: str, name: str, low: int, high: int, **constants: int) -> type[Ranged]:
    """A type of numbers, called as the vendor would: in the container, by the field."""
    content = {"min": low, "max": high, "size": high - low + 1, **constants}
    made = type(name, (Ranged,), {"__doc__": f"{low}..{high}", "__slots__": (), **content})
    made.__qualname__ = f"{owner}.{name}"
    return made


def choices(owner: str, name: str, names: tuple[str, ...]) -> type[IntEnum]:
    """An enumeration of a field's values by our names, and by the vendor's where they differ."""
    members = list(zip(names, range(len(names)), strict=True))
    for theirs, ours in vendor.VALUES.items():
        members += [(theirs, names.index(o)) for o in ours if o in names and theirs not in names]
    # mypy wants literals; the members are those of a table.
    made = IntEnum(name, members, qualname=f"{owner}.{name}")  # type: ignore[misc]
    return made


def types_of(owner: str, fields: dict[str, Field]) -> dict[str, type]:
    """The types of a container's values: ``Value`` for an only one, else by field.

    Values with a side (``row_mode_top``) have their type without it, too.
    """
    found: dict[str, type] = {}
    for name, field in fields.items():
        called = camel(name)
        if field.choices:
            made: type = choices(owner, called, field.choices)
        elif field.limit > 1:
            made = ranged(owner, called, field.low, field.limit)
        else:
            continue
        found[called] = made
        found.setdefault(camel(name.removesuffix("_top").removesuffix("_bottom")), made)
        if len(fields) == 1:
            found["Value"] = made
    return found


def plain(field: Field, value: Any, kind: type | None = None) -> Any:
    """A value as a script sees it: bool for a flag, member of an enumeration, or int."""
    if kind is not None and issubclass(kind, IntEnum):
        return kind(int(value))
    return bool(value) if field.bits == 1 and not field.choices else int(value)


class Values:
    """Values by place, such as one per column; FieldRangeError for what does not fit.

    Places are numbers or coordinates; `to_numpy` and `from_numpy` move whole arrays.
    """

    __slots__ = ("_array", "_field", "_place")

    def __init__(self, array: IntArray, field: Field, place: str) -> None:
        self._array, self._field, self._place = array, field, place

    def __getitem__(self, key: Any) -> Any:
        part = self._array[key]
        if np.ndim(part) == 0:
            return plain(self._field, part)
        return Values(part, self._field, f"{self._place}[{key}]")

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(value, str) and value in self._field.choices:
            value = self._field.choices.index(value)
        given = np.asarray(value)
        if given.dtype.kind not in "biu":
            raise TypeError(
                f"{self._place}[{key}] = {value!r} holds no whole numbers; round them first"
            )
        self._field.check(given, f"{self._place}[{key}]")
        self._array[key] = given

    def __len__(self) -> int:
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        return (self[place] for place in range(len(self)))

    def __array__(
        self, dtype: npt.DTypeLike | None = None, copy: bool | None = None
    ) -> npt.NDArray[Any]:
        return np.array(self._array, dtype=dtype)

    def __eq__(self, other: object) -> bool:
        """Whether all values are the same."""
        return np.array_equal(self._array, np.asarray(other))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self._place}: {np.array2string(self._array, threshold=16)}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of places along each axis."""
        return self._array.shape

    @property
    def size(self) -> int:
        """Number of values."""
        return self._array.size

    def fill(self, value: Any) -> None:
        """Set all values to one."""
        self[...] = value

    def to_numpy(self) -> npt.NDArray[Any]:
        """A copy as an array of this shape."""
        return self._array.copy()

    def from_numpy(self, values: npt.ArrayLike) -> None:
        """Take values of this shape."""
        given = np.asarray(values)
        if given.shape != self.shape:
            raise ValueError(f"{self._place} has the shape {self.shape}, not {given.shape}")
        self[...] = given
