"""A whole chip's settings: one NumPy array per register field, shaped like the coordinate.

``chip.neurons.leak_v_leak`` is (512,), ``chip.synapses.weight`` (2 halves, 256 rows, 256
columns).  All are plain writable arrays; :meth:`ChipConfig.check` and :meth:`ChipConfig.image`
refuse values that do not fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import atomic_neuron
from .coordinates import AtomicNeuron
from .errors import FieldRangeError
from .layout import IntArray
from .memory_map import ADDRESSES, BLOCKS
from .registers.capmem import QUADRANT_CELLS, READOUT_CELLS

Image = npt.NDArray[np.uint32]


class Group:
    """Named arrays; assigning to a name writes into the array instead of replacing it."""

    def __init__(self, label: str, arrays: dict[str, IntArray]) -> None:
        object.__setattr__(self, "_label", label)
        object.__setattr__(self, "_arrays", arrays)

    def __getattr__(self, name: str) -> IntArray:
        try:
            return self.__dict__["_arrays"][name]
        except KeyError:
            known = ", ".join(sorted(self.__dict__.get("_arrays", ())))
            raise AttributeError(
                f"chip.{self.__dict__.get('_label')} has no field {name!r}; it has {known}"
            ) from None

    def __setattr__(self, name: str, value: npt.ArrayLike) -> None:
        getattr(self, name)[...] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__["_arrays"])

    def __getitem__(self, name: str) -> IntArray:
        return self.__getattr__(name)

    def __dir__(self) -> list[str]:
        return sorted(self.__dict__["_arrays"])


class _Member:
    """One member of an AtomicNeuron: reads and writes single elements of the chip's arrays."""

    def __init__(self, neurons: Group, index: int, member: str) -> None:
        self.__dict__.update(_neurons=neurons, _index=index, _member=member)

    def __getattr__(self, name: str) -> Any:
        field = self._field(name)
        value = int(self._neurons[field.name][self._index])
        return bool(value) if field.kind == "flag" else value

    def __setattr__(self, name: str, value: int) -> None:
        field = self._field(name)
        if not 0 <= int(value) <= field.limit:
            place = f"AtomicNeuron({self._index}).{self._member}.{name}"
            raise FieldRangeError(place, int(value), field.limit, "choose a code in range")
        self._neurons[field.name][self._index] = int(value)

    def _field(self, name: str) -> atomic_neuron.NeuronField:
        field = atomic_neuron.BY_NAME.get(f"{self._member}_{name}")
        if field is None:
            known = [f.field for f in atomic_neuron.FIELDS if f.member == self._member]
            raise AttributeError(f"AtomicNeuron.{self._member} has no field {name!r}: {known}")
        return field


Arrays = dict[str, dict[str, IntArray]]


def _copied(arrays: Arrays) -> Arrays:
    return {block: {k: v.copy() for k, v in fields.items()} for block, fields in arrays.items()}


@cache
def _defaults() -> Arrays:
    """Arrays of a new configuration; never handed out, only copied."""
    chip = ChipConfig._of({name: block.defaults() for name, block in BLOCKS.items()})
    for name, (_, _, default) in QUADRANT_CELLS.items():
        chip.quadrants[name][...] = default
    for name, (*_, default) in READOUT_CELLS.items():
        chip.readout_chain[name][...] = default
    for field in atomic_neuron.FIELDS:
        chip.neurons[field.name][...] = field.default
    return chip._arrays


class ChipConfig:
    """The configuration of one chip; a new one holds the vendor's defaults.

    Groups: ``neurons`` (by AtomicNeuron names), ``quadrants`` and ``readout_chain`` (shared
    CapMem cells), and one group per register block (``synapses``, ``synapse_drivers``,
    ``crossbar_nodes``, ...).
    """

    def __init__(self) -> None:
        self._adopt(_copied(_defaults()))

    def _adopt(self, arrays: Arrays) -> None:
        self._arrays = arrays
        cells, shared = arrays["capmem_neurons"]["value"], arrays["capmem_shared"]["value"]
        neurons = {
            f.name: cells[int(f.key)]
            if f.block == "capmem_neurons"
            else arrays[f.block][str(f.key)]
            for f in atomic_neuron.FIELDS
        }
        self.neurons = Group("neurons", neurons)
        quadrants = {k: shared[:, column, row] for k, (column, row, _) in QUADRANT_CELLS.items()}
        self.quadrants = Group("quadrants", quadrants)
        chain = {k: shared[q, col, row, ...] for k, (q, col, row, _) in READOUT_CELLS.items()}
        self.readout_chain = Group("readout_chain", chain)
        self._groups = {name: Group(name, fields) for name, fields in arrays.items()}

    def __getattr__(self, name: str) -> Group:
        try:
            return self.__dict__["_groups"][name]
        except KeyError:
            known = ["neurons", "quadrants", "readout_chain", *self.__dict__.get("_groups", ())]
            raise AttributeError(f"ChipConfig has no group {name!r}; it has {known}") from None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ChipConfig):
            return NotImplemented
        return all(
            np.array_equal(values, other._arrays[block][name])
            for block, fields in self._arrays.items()
            for name, values in fields.items()
        )

    __hash__ = None  # type: ignore[assignment]

    def copy(self) -> ChipConfig:
        """An independent copy."""
        return self._of(_copied(self._arrays))

    @classmethod
    def _of(cls, arrays: Arrays) -> ChipConfig:
        chip = cls.__new__(cls)
        chip._adopt(arrays)
        return chip

    def atomic_neuron(self, n: int) -> SimpleNamespace:
        """Settings of circuit `n` by member: ``chip.atomic_neuron(3).leak.v_leak = 400``."""
        index = int(AtomicNeuron(n))
        members = {m: _Member(self.neurons, index, m) for m in atomic_neuron.MEMBERS}
        return SimpleNamespace(**members)

    def check(self) -> None:
        """Raise FieldRangeError for the first value that its register field cannot hold."""
        for name, block in BLOCKS.items():
            for field_name, field in block.register.by_name.items():
                values = self._arrays[name][field_name]
                if int(values.max()) <= field.limit:
                    continue
                if name == "capmem_neurons":  # name the setting, not the CapMem row
                    for f in atomic_neuron.FIELDS:
                        if f.block == name:
                            field.check(self.neurons[f.name], f"chip.neurons.{f.name}")
                field.check(values, f"chip.{name}.{field_name}")

    def image(self) -> Image:
        """All register words, in the order of :data:`firmware_protocol.memory_map.ADDRESSES`."""
        self.check()
        out = np.empty(ADDRESSES.size, dtype=np.uint32)
        for name, block in BLOCKS.items():
            out[block.span] = block.encode(self._arrays[name])
        return out

    @classmethod
    def from_image(cls, image: Image) -> ChipConfig:
        """The configuration that an image's words mean."""
        return cls._of({name: block.decode(image[block.span]) for name, block in BLOCKS.items()})
