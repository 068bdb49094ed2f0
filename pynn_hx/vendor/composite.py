"""Rows and matrices of synapses, switches and converter samples: many words, one container.

Which words, and in which order, is :mod:`firmware_protocol.inspector.composites`.
"""

from __future__ import annotations

from functools import cache
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_QUADS, column_of_quad
from firmware_protocol.inspector.composites import COMPOSITES, Composite, Filled
from firmware_protocol.layout import IntArray

from .container import Container, Words
from .coordinate import VendorCoordinate
from .values import types_of

_COLUMNS = column_of_quad(np.arange(N_QUADS)[:, None], np.arange(4))
"""(64, 4) column of every entry of every quad."""


class CompositeContainer(Container):
    """Values of a row, (256 columns,), or of a whole array, (256 rows, 256 columns).

    A default container is all 0; a `values` beside a field of another name is the same array.
    """

    __slots__ = ()
    composite: ClassVar[Composite]

    @classmethod
    def _defaults(cls) -> dict[str, IntArray]:
        shape = cls.composite.shape
        return {n: np.full(shape, f.default, f.dtype) for n, f in cls.fields.items()}

    @classmethod
    def addresses(cls, coordinate: VendorCoordinate) -> Words:
        """(n,) Omnibus addresses in the order in which they are read or written."""
        sizes = [axis.size for axis in cls.composite.axes]
        index = np.unravel_index(int(coordinate), sizes) if sizes else ()
        return Filled(cls.composite, tuple(int(i) for i in index)).addresses().astype(np.uint32)

    def words(self) -> Words:
        """(n,) words in that order."""
        register, leading = self.composite.quad.register, self.composite.shape[:-1]
        arrays = register.defaults((*leading, N_QUADS))
        for name, values in self._values.items():
            arrays[self.composite.fields[name][0]][...] = values[..., _COLUMNS]
        if arrays:
            return register.encode(arrays).reshape(-1)
        return np.zeros(N_QUADS * register.n_words, np.uint32)

    @classmethod
    def decode(cls, words: npt.ArrayLike) -> Self:
        """The container that (n,) words mean."""
        register, shape = cls.composite.quad.register, cls.composite.shape
        array = np.asarray(words, dtype=np.uint32)
        if cls.composite.samples:
            array = _in_order(array, shape[0] if len(shape) == 2 else 1)
            array = array if len(shape) == 2 else array[:, 0]
        else:
            array = array.reshape(*shape[:-1], N_QUADS, register.n_words)
        values = {}
        for name, (field, layer) in cls.composite.fields.items():
            if name in cls.fields:
                part = array[layer] if cls.composite.samples else array
                values[name] = np.empty(shape, cls.fields[name].dtype)
                values[name][..., _COLUMNS] = register.decode(part)[field]
        return cls.over(values)


def _in_order(words: Words, n_halves: int) -> Words:
    """(2 channels, half, 64 quads, 1) words of samples, from the order in which they are read.

    The reads that trigger come first, one per half.
    """
    triggers, rest = words[:n_halves], words[n_halves:].reshape(n_halves, 2 * N_QUADS - 1)
    by_half = np.concatenate([triggers[:, None], rest], axis=1)
    return by_half.reshape(n_halves, 2, N_QUADS, 1).swapaxes(0, 1)


@cache
def composite_type(name: str, module: str) -> type[CompositeContainer]:
    """The container of this name; KeyError if there is none."""
    composite = COMPOSITES[name]
    same = {meaning: n for n, meaning in reversed([*composite.fields.items()])}
    fields = {n: composite.field(n) for n in same.values()}
    of_quad = composite.quad.register.by_name
    types = types_of(name, {n: of_quad[n] for n, _ in composite.fields.values()})
    content = {
        "__slots__": (),
        "__module__": module,
        "__doc__": f"{name}: {', '.join(fields) or 'nothing'}, of shape {composite.shape}.",
        **{"composite": composite, "fields": fields, "access": composite.access, "types": types},
        "aliases": {n: same[meaning] for n, meaning in composite.fields.items()},
        **types,
    }
    return type(name, (CompositeContainer,), content)
