"""One parameter of a neuron of several circuits: a number for each circuit of each compartment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from numbers import Number
from typing import Any

import numpy as np
import numpy.typing as npt

from firmware_protocol import FieldRangeError
from firmware_protocol.atomic_neuron import BY_NAME

Flat = npt.NDArray[Any]


class McCircuitParameters:
    """Values of a parameter by compartment and circuit, of different lengths where these are.

    To NumPy and PyNN it is one value: an array of these has one element per cell.
    values  by compartment a list of one number (or flag) per circuit
    Raises  TypeError if it is anything else
    """

    is_lazyarray_scalar = True
    """Tells PyNN that this is the value of a cell, not a list of cells' values."""

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, values: McCircuitParameters | Iterable[Iterable[Any]]) -> None:
        self._scalar: float | bool | None = None
        if isinstance(values, McCircuitParameters):
            self._sizes, self._flat, self._scalar = values.sizes, values.flat, values.scalar
        else:
            self._sizes, self._flat = _flattened(values)

    @classmethod
    def of_flat(cls, flat: Any, sizes: Sequence[int]) -> McCircuitParameters:
        """From the values of all circuits in a row; `sizes` says how many each compartment has."""
        made = cls.__new__(cls)
        made._sizes, made._scalar = tuple(sizes), None
        made._flat = _frozen(np.array(flat))
        if made._flat.shape != (sum(sizes),):
            raise ValueError(
                f"{made._flat.size} values do not fit compartments of {made._sizes} circuits"
            )
        return made

    @classmethod
    def uniform(cls, scalar: float | bool, sizes: Sequence[int]) -> McCircuitParameters:
        """The same value everywhere; it remembers that it was one number."""
        made = cls.of_flat(np.full(sum(sizes), scalar), sizes)
        made._scalar = scalar
        return made

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many circuits each compartment has."""
        return self._sizes

    @property
    def flat(self) -> Flat:
        """(circuit,) the values of all compartments in a row; read-only."""
        return self._flat

    @property
    def scalar(self) -> float | bool | None:
        """The number that was given for all circuits, if it was one."""
        return self._scalar

    @property
    def value(self) -> npt.NDArray[np.object_]:
        """(compartment,) arrays of (circuit,) each; assign a nested list or such an array."""
        parts = np.empty(len(self), dtype=object)
        for number, part in enumerate(self):
            parts[number] = part
        return parts

    @value.setter
    def value(self, values: Iterable[Iterable[Any]]) -> None:
        self._sizes, self._flat = _flattened(values)
        self._scalar = None

    def tolist(self) -> list[list[Any]]:
        """As nested lists."""
        return [part.tolist() for part in self]

    def copy(self) -> McCircuitParameters:
        """One that can be changed alone."""
        return type(self)(self)

    def __len__(self) -> int:
        return len(self._sizes)

    def __iter__(self) -> Iterator[Flat]:
        ends = np.cumsum(self._sizes).tolist()
        for end, size in zip(ends, self._sizes, strict=True):
            yield self._flat[end - size : end].copy()

    def __getitem__(self, compartment: int | slice) -> Any:
        """Values of a compartment, (circuit,); a copy."""
        return list(self)[compartment]

    def __eq__(self, other: object) -> Any:
        if isinstance(other, np.ndarray):
            return NotImplemented  # compares element by element
        if isinstance(other, Number):
            return bool(np.all(self._flat == other))
        if isinstance(other, list):
            return self.tolist() == other
        if not isinstance(other, McCircuitParameters):
            return NotImplemented
        return self._sizes == other.sizes and bool(np.array_equal(self._flat, other.flat))

    def __mul__(self, factor: Any) -> Any:
        """By a number, or by an array of one number per cell, as PyNN expands a value to cells."""
        if not isinstance(factor, np.ndarray):
            return type(self).of_flat(self._flat * factor, self._sizes)
        products = np.empty(factor.shape, dtype=object)
        for place, number in np.ndenumerate(factor):
            products[place] = self.copy() if number == 1 else self * number
        return products

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[np.object_]:
        """A single object, whatever is in it."""
        single = np.empty((), dtype=object)
        single[()] = self
        return single

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.tolist()})"


def _flattened(values: Any) -> tuple[tuple[int, ...], Flat]:
    wrong = TypeError(
        f"McCircuitParameters({values!r}): give a list of compartments, each with a list of one "
        "number per circuit, such as [[1], [2, 3]]"
    )
    if isinstance(values, str | Number) or not isinstance(values, Iterable):
        raise wrong
    parts = []
    for part in values:
        if isinstance(part, str | Number) or not isinstance(part, Iterable):
            raise wrong
        parts.append(np.asarray(list(part)))
        if parts[-1].ndim != 1 or not parts[-1].size or parts[-1].dtype.kind not in "biuf":
            raise wrong
    if not parts:
        raise wrong
    return tuple(part.size for part in parts), _frozen(np.concatenate(parts))


def _frozen(array: Flat) -> Flat:
    array.setflags(write=False)
    return array


def stacked(values: npt.NDArray[np.object_]) -> Flat:
    """(cell, circuit) from (cell,) McCircuitParameters."""
    return np.stack([value.flat for value in values])


def simplified(values: npt.NDArray[np.object_]) -> Any:
    """What `get` shows of (cell,) McCircuitParameters.

    A number if each cell was given one for all its circuits and they agree, an array of numbers
    (cell,) if they do not; else McCircuitParameters if all cells agree, else an array of them.
    """
    scalars = [value.scalar for value in values]
    if scalars and all(scalar is not None for scalar in scalars):
        return scalars[0] if all(s == scalars[0] for s in scalars) else np.array(scalars)
    if len(values) and all(value == values[0] for value in values):
        return values[0].copy()
    copies = np.empty(len(values), dtype=object)
    copies[:] = [value.copy() for value in values]
    return copies


def checked_numbers(name: str, numbers: npt.NDArray[Any], place: Callable[[int], str]) -> Flat:
    """Values of a circuit parameter as they are stored: bool for flags, else float.

    numbers  (n,)
    place    whose the i-th number is, for the message
    Raises   FieldRangeError (an OverflowError) if one does not fit, once cut to an integer
    """
    field = BY_NAME[name]
    if field.kind == "flag":
        return numbers.astype(bool)
    codes = np.trunc(numbers.astype(np.float64))
    wrong = np.flatnonzero(~((codes >= 0) & (codes <= field.limit)))  # catches NaN too
    if wrong.size:
        number = float(numbers[wrong[0]])
        value: Any = int(number) if np.isfinite(number) else number
        where = f"{place(int(wrong[0]))}: {name}"
        raise FieldRangeError(where, value, field.limit, "choose a code in this range")
    return numbers.astype(np.float64)
