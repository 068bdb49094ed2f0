"""A whole chip's settings: one NumPy array per register field, shaped like the coordinate.

``chip.neurons.leak_v_leak`` is (512,), ``chip.synapses.weight`` (2 halves, 256 rows, 256
columns).  All are plain writable arrays; :meth:`ChipConfig.check` and :meth:`ChipConfig.image`
refuse values that do not fit.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from . import atomic_neuron, config_file
from .coordinates import AtomicNeuron
from .errors import ConfigFileError, FieldRangeError
from .layout import IntArray
from .memory_map import ADDRESSES, BLOCKS, locate
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

    def __init__(
        self, neurons: Group, index: int, member: str, changed: Callable[[], None] | None
    ) -> None:
        self.__dict__.update(_neurons=neurons, _index=index, _member=member, _changed=changed)

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
        if self._changed is not None:
            self._changed()

    def _field(self, name: str) -> atomic_neuron.NeuronField:
        field = atomic_neuron.BY_NAME.get(f"{self._member}_{name}")
        if field is None:
            known = [f.field for f in atomic_neuron.FIELDS if f.member == self._member]
            raise AttributeError(f"AtomicNeuron.{self._member} has no field {name!r}: {known}")
        return field


def neuron_view(
    neurons: Group, n: int, changed: Callable[[], None] | None = None
) -> SimpleNamespace:
    """Settings of neuron `n` by member; assignments write into the arrays of `neurons`.

    changed  called after each assignment
    """
    members = {m: _Member(neurons, n, m, changed) for m in atomic_neuron.MEMBERS}
    return SimpleNamespace(**members)


Arrays = dict[str, dict[str, IntArray]]
PRESETS = ("default", "neuron_bypass")


class Changes(NamedTuple):
    """Register words to write: addresses and words, (n,) uint32 each."""

    addresses: Image
    words: Image


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
    ``crossbar_nodes``, ``ppu_memory``, ...); ``docs/reference/registers.md`` lists them all.
    Whatever belongs to clocks, links and power instead is in
    :class:`~firmware_protocol.SystemConfig`.
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

    @classmethod
    def preset(cls, name: str = "default") -> ChipConfig:
        """A configuration by name.

        default        what ``ChipConfig()`` gives
        neuron_bypass  synaptic events become spikes at once, without a membrane: threshold
                       comparators off, both bypasses on, longest synaptic pulses (lola,
                       ``default_neuron_bypass``); event outputs stay off until they are wanted
        """
        if name not in PRESETS:
            raise ValueError(f"ChipConfig.preset({name!r}): no such preset; choose of {PRESETS}")
        chip = cls()
        if name == "neuron_bypass":
            chip.neurons.threshold_enable = 0
            chip.neurons.event_routing_enable_bypass_excitatory = 1
            chip.neurons.event_routing_enable_bypass_inhibitory = 1
            chip.padi.dacen_pulse_extension = 15
        return chip

    def groups(self) -> Iterator[tuple[str, Group]]:
        """The register blocks by name, in the order in which their words are written."""
        return iter(self._groups.items())

    def changes_from(self, present: ChipConfig | None) -> Changes:
        """The words that turn a chip configured as `present` into this one, in writing order.

        None stands for a chip of unknown state: all words.  Raises FieldRangeError, as `image`.
        """
        image = self.image()
        if present is None:
            return Changes(ADDRESSES.copy(), image)
        changed = image != present.image()
        return Changes(ADDRESSES[changed], image[changed])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the configuration to a file (:mod:`firmware_protocol.config_file`)."""
        config_file.write(path, config_file.encode(ADDRESSES, self.image()))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ChipConfig:
        """The configuration in a file; words that the file lacks keep their defaults.

        Raises ConfigFileError if the file is damaged, newer than this software, or holds a word
        that is no part of a chip configuration or has bits without a meaning; FieldRangeError for
        a value outside its field's limits; OSError if the file cannot be read.
        """
        addresses, words = config_file.decode(config_file.read(path), str(path))
        positions = locate(addresses)
        if np.any(positions < 0):
            unknown = int(addresses[np.argmax(positions < 0)])
            raise ConfigFileError(
                f"{path}: word {unknown:#010x} is no part of a chip configuration; the file was "
                "written by other software, or by a version that knows more of the chip"
            )
        image = cls().image()
        image[positions] = words
        chip = cls.from_image(image)
        understood = chip.image()
        if not np.array_equal(understood, image):
            at = int(np.argmax(understood != image))
            raise ConfigFileError(
                f"{path}: word {int(ADDRESSES[at]):#010x} = {int(image[at]):#010x} has bits that "
                f"mean nothing there ({int(understood[at]):#010x} is what is left of it); the file "
                "was written by other software"
            )
        return chip

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
        return neuron_view(self.neurons, int(AtomicNeuron(n)))

    def check(self) -> None:
        """Raise FieldRangeError for the first value that its register field cannot hold."""
        for name, block in BLOCKS.items():
            for field_name, field in block.register.by_name.items():
                values = self._arrays[name][field_name]
                if int(values.max()) <= field.limit and int(values.min()) >= field.low:
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

    def encode_block(self, name: str, image: Image) -> None:
        """Write one register block's words into an image of this or another configuration.

        Raises FieldRangeError, as `check`, for values of this block.
        """
        block = BLOCKS[name]
        for field_name, field in block.register.by_name.items():
            field.check(self._arrays[name][field_name], f"chip.{name}.{field_name}")
        image[block.span] = block.encode(self._arrays[name])

    @classmethod
    def from_image(cls, image: Image) -> ChipConfig:
        """The configuration that an image's words mean."""
        return cls._of({name: block.decode(image[block.span]) for name, block in BLOCKS.items()})
