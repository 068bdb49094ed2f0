"""An array that grows at its end, so that a stream of unknown length needs room for one copy."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)

_LEAST = 1024
_SHARE = 8
"""It grows by this part of its size: little unused memory, and a bounded number of copies."""


class GrowingArray(Generic[Scalar]):
    """Items appended piece by piece; `take` hands them out as one array.

    The array is enlarged in place (``realloc``), which moves no data on systems that can remap
    pages; joining a list of pieces at the end would need room for everything twice.
    """

    def __init__(self, dtype: type[Scalar]) -> None:
        self._dtype = dtype
        self._items: npt.NDArray[Scalar] = np.empty(0, dtype)
        self._size = 0

    def __len__(self) -> int:
        """Number of items so far."""
        return self._size

    def reserve(self, n: int) -> None:
        """Expect n more items: they will need no growing."""
        size = self._size + n
        if self._size == 0 and size > self._items.size:
            self._items = np.empty(size, self._dtype)  # quicker, as it is not filled with zeros
        elif size > self._items.size:
            self._items.resize(size, refcheck=False)

    def room(self, n: int) -> npt.NDArray[Scalar]:
        """Append n items, and return them, (n,), to be written before the next call."""
        first, self._size = self._size, self._size + n
        if self._size > self._items.size:
            size = max(self._size, self._items.size + self._items.size // _SHARE, _LEAST)
            self._items.resize(size, refcheck=False)  # nobody else uses this array any more
        return self._items[first : self._size]

    def extend(self, items: npt.NDArray[Scalar]) -> None:
        """Append items (n,)."""
        self.room(items.size)[...] = items

    def take(self) -> npt.NDArray[Scalar]:
        """All items, (len(self),); the object is empty afterwards."""
        items, size = self._items, self._size
        self._items, self._size = np.empty(0, self._dtype), 0
        items.resize(size, refcheck=False)
        return items
