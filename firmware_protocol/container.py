"""A container: a register table, the coordinate of its instances and the rule for their addresses.

The rule is written once, beside the table (:mod:`firmware_protocol.registers`), and takes ints or
arrays alike; a whole chip's addresses and the place of a single word derive from it.  Registers
that are not on the chip's Omnibus (JTAG, boards' I2C and SPI devices, messages) have symbolic
addresses such as ``jtag_pll_register[4]`` instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from .coordinates import CoordinateError
from .layout import Register

Addresses = npt.NDArray[np.uint32]
Rule = Callable[..., npt.NDArray[np.int64]]


@dataclass(frozen=True)
class Axis:
    """One part of a coordinate: 0..size-1, or one of `names` in that order.

    aliases  other names that the vendor's coordinates give this part
    """

    name: str
    size: int
    names: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def index(self, value: object, container: str) -> int:
        """The number that an int or one of the names means; CoordinateError if there is none."""
        if isinstance(value, str) and value in self.names:
            return self.names.index(value)
        if isinstance(value, int) and 0 <= value < self.size:
            return int(value)
        named = f" or one of {list(self.names)}" if self.names else ""
        raise CoordinateError(
            f"{container}: {self.name} = {value!r} does not exist; choose 0..{self.size - 1}{named}"
        )


SYNRAM = Axis("synram", 2, ("top", "bottom"), ("hemisphere", "block"))
QUADRANT = Axis("block", 4, ("nw", "ne", "sw", "se"), ("quadrant", "coord"))
BACKEND = Axis("block", 2, ("west", "east"), ("coord",))
NEURON_ON_QUADRANT = Axis("idx", 128)
NEURON_ON_BACKEND = Axis("idx", 256)
ROW = Axis("row", 256)
QUAD_COLUMN = Axis("quad_column", 64)
COLUMN = Axis("column", 256)
CHANNEL = Axis("channel", 2, ("causal", "acausal"))


@dataclass(frozen=True)
class Place:
    """What a word address belongs to: container, instance index, word of the register."""

    container: Container
    index: tuple[int, ...]
    word: int


@dataclass(frozen=True)
class Container:
    """All instances of a register.

    name        the vendor's name
    rule        index arrays, one per axis -> (*broadcast, n_words) Omnibus word addresses
    symbols     index -> symbolic addresses of the words, for what is not on the Omnibus
    access      "rw", "r" or "w"; what the hardware's software refuses to read back is "w"
    memory      instances are consecutive words (too many for a table of addresses)
    """

    name: str
    register: Register
    axes: tuple[Axis, ...] = ()
    rule: Rule | None = None
    symbols: Callable[..., tuple[str, ...]] | None = None
    access: str = "rw"
    memory: bool = False
    doc: str = ""
    _tables: dict[str, npt.NDArray[np.int64]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def shape(self) -> tuple[int, ...]:
        """Instances along each axis."""
        return tuple(axis.size for axis in self.axes)

    @cached_property
    def n_instances(self) -> int:
        """Number of instances."""
        return int(np.prod(self.shape, dtype=np.int64))

    def addresses(self, *index: npt.ArrayLike) -> Addresses:
        """(*broadcast, n_words) Omnibus addresses of the instances with these indices."""
        if self.rule is None:
            raise CoordinateError(f"{self.name} is not on the Omnibus; see its symbolic addresses")
        arrays = [np.asarray(i, dtype=np.int64) for i in index]
        return np.asarray(self.rule(*arrays)).astype(np.uint32)

    def all_addresses(self) -> Addresses:
        """(*shape, n_words) Omnibus addresses of every instance."""
        return (
            self.addresses(*np.indices(self.shape, sparse=True)) if self.axes else self.addresses()
        )

    def labels(self, index: tuple[int, ...]) -> list[int | str]:
        """Addresses of one instance's words as they are printed: numbers, or symbols."""
        if self.symbols is not None:
            return list(self.symbols(*index))
        return [int(a) for a in self.addresses(*index).reshape(-1)]

    def locate(self, address: int) -> Place | None:
        """Instance and word at an Omnibus address, None if it is not one of ours."""
        if self.rule is None:
            return None
        if self.memory:
            offset = int(address) - int(self.addresses(*(0,) * len(self.axes))[0])
            if not 0 <= offset < self.n_instances:
                return None
            return Place(self, tuple(int(i) for i in np.unravel_index(offset, self.shape)), 0)
        if not self._tables:
            flat = self.all_addresses().astype(np.int64).reshape(-1)
            order = np.argsort(flat, kind="stable")
            self._tables.update(sorted=flat[order], order=order)
        slot = int(np.searchsorted(self._tables["sorted"], address))
        if slot == self._tables["sorted"].size or self._tables["sorted"][slot] != address:
            return None
        position = int(self._tables["order"][slot])
        instance, word = divmod(position, self.register.n_words)
        index = tuple(int(i) for i in np.unravel_index(instance, self.shape)) if self.axes else ()
        return Place(self, index, word)


def words(base: npt.ArrayLike, n: int) -> npt.NDArray[np.int64]:
    """(..., n) consecutive addresses from `base`."""
    return np.asarray(base, dtype=np.int64)[..., None] + np.arange(n)


def apart(*addresses: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """(..., n_words) from the address of each word."""
    arrays = np.broadcast_arrays(*(np.asarray(a, dtype=np.int64) for a in addresses))
    return np.stack(arrays, axis=-1)
