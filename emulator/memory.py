"""The chip's registers as 32-bit words, and the circuits' view of them through the register tables.

The words of a configuration form an image; words of other registers are kept and read back, nothing
more.  What is at no register's address is not kept.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from firmware_protocol import atomic_neuron, i2c, memory_map
from firmware_protocol.chip_config import ChipConfig
from firmware_protocol.container import Container
from firmware_protocol.layout import IntArray
from firmware_protocol.registers.capmem import QUADRANT_CELLS

from . import access

Words = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.int64]

_NUMBER = {name: number for number, name in enumerate(memory_map.BLOCKS)}
_STARTS = np.array([block.span.start for block in memory_map.BLOCKS.values()])

NEURON_BLOCKS = ("neuron_config", "neuron_backend", "common_backend", "capmem_neurons",
                 "capmem_shared", "synapse_bias")  # fmt: skip
ROUTING_BLOCKS = ("synapses", "column_current", "synapse_drivers", "padi", "crossbar_nodes",
                  "capmem_shared", "neuron_config", "neuron_backend")  # fmt: skip
READOUT_BLOCKS = ("madc", "readout_source")


def power_on_image() -> Words:
    """Registers after power-on or reset: the vendor's defaults.

    A real chip wakes with arbitrary SRAM content.
    """
    return _default_image().copy()


@cache
def _default_image() -> Words:
    return ChipConfig().image()


@cache
def _default_word(container: Container, word: int) -> int:
    """What software expects in a word of a container that nobody has written to."""
    register = container.register
    return int(register.encode_unchecked(register.defaults())[word])


@cache
def _numbers(blocks: tuple[str, ...]) -> list[int]:
    return [_NUMBER[name] for name in blocks]


@lru_cache(1 << 16)
def _place(address: int) -> tuple[int, int, int, bool]:
    """Position, mask and shift as `memory_map.locate_bits` has them, and whether a word is kept."""
    bits = memory_map.locate_bits([address])
    position, mask, shift = int(bits.position[0]), int(bits.mask[0]), int(bits.shift[0])
    both = access.READABLE | access.WRITABLE
    return position, mask, shift, position >= 0 or int(access.rights([address])[0]) == both


class Memory:
    """A register image with a version number per block, and its decoded fields."""

    def __init__(self, image: Words) -> None:
        self.image = image
        self.others: dict[int, int] = {}
        self._versions = [0] * len(_NUMBER)
        self._decoded: dict[str, tuple[int, dict[str, IntArray]]] = {}

    def copy(self) -> Memory:
        """An independent copy; decoded fields are shared, as nobody writes them."""
        other = Memory(self.image.copy())
        other.others = dict(self.others)
        other._versions = self._versions.copy()
        other._decoded = dict(self._decoded)
        return other

    def reset(self) -> None:
        """The chip's registers back to the state after power-on; the FPGA's stay."""
        self.image[...] = power_on_image()
        self.others = {a: w for a, w in self.others.items() if a >= memory_map.FPGA_BASE}
        self._versions = [version + 1 for version in self._versions]

    def write(self, addresses: Words, values: Words) -> Words:
        """Store words in order; the last write to an address wins.

        Returns the addresses (in order) that keep nothing: no register's, and those of registers
        that are not both written and read.
        """
        if addresses.size == 1:
            return self._write_one(int(addresses[0]), int(values[0]), addresses)
        plain = memory_map.locate(addresses)
        if (plain >= 0).all():
            self._store(plain, values)
            return addresses[:0]
        bits = memory_map.locate_bits(addresses)
        known = bits.position >= 0
        refused = addresses[:0]
        if not known.all():
            rest, words = addresses[~known], values[~known]
            keeps = access.rights(rest) == access.READABLE | access.WRITABLE
            refused = rest[~keeps]
            self.others.update(zip(rest[keeps].tolist(), words[keeps].tolist(), strict=True))
        position, mask = bits.position[known], bits.mask[known]
        shift, values = bits.shift[known], values[known]
        # A word and its alias may meet in one call, so stretches of either kind stay in order.
        edges = np.nonzero((np.diff(mask) != 0) | (np.diff(shift) != 0))[0] + 1
        for part in np.split(np.arange(position.size), edges) if position.size else ():
            at, by = position[part], shift[part]
            place: Words = np.left_shift(mask[part], by)
            new: Words = np.left_shift(values[part], by)
            self._store(at, self.image[at] & ~place | new & place)
        return refused

    def _write_one(self, address: int, value: int, addresses: Words) -> Words:
        """`write` of one word."""
        position, mask, shift, keeps = _place(address)
        if position >= 0:
            word = int(self.image[position]) & ~(mask << shift) | (value & mask) << shift
            self._store(np.array([position]), np.array([word], np.uint32))
        elif keeps:
            self.others[address] = value
        return addresses[:0] if keeps else addresses

    def changes(self, addresses: Words, values: Words) -> bool:
        """Whether writing these words would change the image."""
        bits = memory_map.locate_bits(addresses)
        known = bits.position >= 0
        present = self.image[bits.position[known]] >> bits.shift[known]
        return bool(np.any((present ^ values[known]) & bits.mask[known]))

    def _store(self, positions: Positions, values: Words) -> None:
        touched = positions[self.image[positions] != values]
        self.image[positions] = values
        if touched.size:
            blocks = np.searchsorted(_STARTS, touched, side="right") - 1
            for number in np.unique(blocks).tolist():
                self._versions[number] += 1

    def read(self, address: int) -> int:
        """The word at an address; if it was never written, the default of what is there, or 0.

        No device is on the I2C bus of the emulated board, so nobody acknowledges a read there.
        """
        if i2c.BASE <= address < i2c.PRESCALER:
            return i2c.NOT_ACKNOWLEDGED
        bits = memory_map.locate_bits([address])
        if bits.position[0] < 0:
            word = self.others.get(address)
            place = access.find(address) if word is None else None
            return int(word or 0) if place is None else _default_word(*place)
        return int(self.image[bits.position[0]] >> bits.shift[0] & bits.mask[0])

    def read_all(self, addresses: Words) -> Words:
        """The words at addresses (n,), as `read`."""
        bits = memory_map.locate_bits(addresses)
        words: Words = self.image[bits.position] >> bits.shift & bits.mask
        for k in np.nonzero(bits.position < 0)[0].tolist():
            words[k] = self.read(int(addresses[k]))
        return words

    def version(self, blocks: tuple[str, ...]) -> tuple[int, ...]:
        """Changes whenever a word of these blocks does."""
        return tuple([self._versions[number] for number in _numbers(blocks)])

    def block(self, name: str) -> dict[str, IntArray]:
        """Field arrays of a block, shaped like its coordinate; not to be written to."""
        return self._fields(name, name, None)

    def field(self, block: str, name: str) -> IntArray:
        """One field array of a block, as in `block`, without decoding the other ones."""
        return self._fields(block, f"{block}.{name}", (name,))[name]

    def _fields(self, name: str, key: str, names: tuple[str, ...] | None) -> dict[str, IntArray]:
        """Some fields of a block, or all, as they are kept under a key while no word changes."""
        version = self._versions[_NUMBER[name]]
        cached = self._decoded.get(key)
        if cached is None or cached[0] != version:
            block = memory_map.BLOCKS[name]
            cached = version, block.decode(self.image[block.span], names)
            self._decoded[key] = cached
        return cached[1]

    def neurons(self) -> dict[str, IntArray]:
        """Neuron settings by AtomicNeuron name, each (512,)."""
        cells = self.block("capmem_neurons")["value"]
        named = {}
        for f in atomic_neuron.FIELDS:
            named[f.name] = cells[f.key] if isinstance(f.key, int) else self.block(f.block)[f.key]
        return named

    def quadrants(self) -> dict[str, IntArray]:
        """Shared CapMem cells by name, each (4,)."""
        cells = self.block("capmem_shared")["value"]
        return {name: cells[:, column, row] for name, (column, row, _) in QUADRANT_CELLS.items()}
