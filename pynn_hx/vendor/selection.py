"""What the analog readout shows: two source multiplexers that the vendor has in one container.

The register table has one register for each multiplexer, and the switches to the pads in the second
one (``docs/reference/words.md``).
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.layout import Field

from .container import Container, Words
from .coordinate import VendorCoordinate
from .values import Values

_TABLE = CONTAINERS["ReadoutSourceSelection"]
_FIELDS = _TABLE.register.by_name
_TO_PAD = ("buffer_0_to_pad_0", "buffer_1_to_pad_1")
_BY_HALF = {
    "neuron_odd": ("neuron_top_odd", "neuron_bottom_odd"),
    "neuron_even": ("neuron_top_even", "neuron_bottom_even"),
    "stp_readout": ("stp_readout_top", "stp_readout_bottom"),
}
"""The vendor's name -> our fields, top and bottom."""
_SINGLE = tuple(n for n in _FIELDS if n not in sum([*_BY_HALF.values(), _TO_PAD], ()))


class _Multiplexer(Container):
    """What one of the two buffers shows; several sources are shorted.

    neuron_odd, neuron_even, stp_readout  (2,) flags by hemisphere; the others are flags
    """

    __slots__ = ()
    fields: ClassVar[Mapping[str, Field]] = {n: _FIELDS[n] for n in _SINGLE} | {
        n: _FIELDS[f[0]] for n, f in _BY_HALF.items()
    }

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        single = {n: np.zeros((), np.uint8) for n in _SINGLE}
        return single | {n: np.zeros(2, np.uint8) for n in _BY_HALF}

    def by_register(self) -> dict[str, Any]:
        """Values of the register's fields."""
        halves = {f: self._values[n][i] for n, fs in _BY_HALF.items() for i, f in enumerate(fs)}
        return {n: self._values[n] for n in _SINGLE} | halves | dict.fromkeys(_TO_PAD, 0)

    @classmethod
    def from_register(cls, values: dict[str, Any]) -> _Multiplexer:
        """The multiplexer of a register's values."""
        halves = {n: np.array([values[f] for f in fs]) for n, fs in _BY_HALF.items()}
        return cls.over({n: np.array(values[n]) for n in _SINGLE} | halves)


class ReadoutSourceSelection(Container):
    """Both source multiplexers, and whether their buffers drive the pads.

    enable_buffer_to_pad  (2,) flags by buffer
    """

    __slots__ = ("_buffers",)
    fields: ClassVar[Mapping[str, Field]] = {"enable_buffer_to_pad": _FIELDS[_TO_PAD[0]]}
    SourceMultiplexer = _Multiplexer
    _buffers: list[_Multiplexer]

    def __init__(self, **values: Any) -> None:
        object.__setattr__(self, "_buffers", [_Multiplexer(), _Multiplexer()])
        super().__init__(**values)

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        return {"enable_buffer_to_pad": np.zeros(2, np.uint8)}

    def set_buffer(self, buffer: int, multiplexer: _Multiplexer) -> None:
        """Let a buffer, 0 or 1, show what a multiplexer selects; the multiplexer is copied."""
        if not isinstance(multiplexer, _Multiplexer):
            raise TypeError(f"set_buffer: {multiplexer!r} is no SourceMultiplexer")
        self._buffers[buffer] = copy(multiplexer)

    def get_buffer(self, buffer: int) -> _Multiplexer:
        """A copy of what a buffer, 0 or 1, shows."""
        return copy(self._buffers[buffer])

    def __eq__(self, other: object) -> bool:
        """Whether both buffers and both pads are the same."""
        if not isinstance(other, ReadoutSourceSelection):
            return NotImplemented
        return super().__eq__(other) and self._buffers == other._buffers

    __hash__ = None

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, buffers={self._buffers})"

    def __copy__(self) -> Self:
        return self.decode(self.words())

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).decode, (self.words(),)

    @classmethod
    def addresses(cls, coordinate: VendorCoordinate) -> Words:
        """(2,) addresses."""
        return _TABLE.all_addresses().reshape(-1)

    def words(self) -> Words:
        """(2,) words; the pads' switches are in the second."""
        values = [buffer.by_register() for buffer in self._buffers]
        pads: Values = self.enable_buffer_to_pad
        values[1] |= {name: int(pads[i]) for i, name in enumerate(_TO_PAD)}
        return np.concatenate([_TABLE.register.encode(v).reshape(-1) for v in values])

    @classmethod
    def decode(cls, words: npt.ArrayLike) -> Self:
        """The selection that (2,) words mean."""
        made = cls()
        registers = [_TABLE.register.decode([word]) for word in np.asarray(words).tolist()]
        for number, values in enumerate(registers):
            made._buffers[number] = _Multiplexer.from_register(values)
        for number, name in enumerate(_TO_PAD):
            made.enable_buffer_to_pad[number] = registers[1][name]
        return made
