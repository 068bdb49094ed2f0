"""Which word addresses exist, and which of them can be read or written.

From the catalogue of registers: an address belongs to containers, and allows what any of them
allows.  What lies in a chip's configuration can be read back even where the vendor's software
declines to (chip reference 9, item 17).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol import i2c, memory_map, spi
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.container import Container

Ints = npt.NDArray[np.int64]
Rights = npt.NDArray[np.uint8]

READABLE, WRITABLE = 1, 2
"""Bits of a right; 0: nobody is at that address."""
_RIGHTS = {"r": READABLE, "w": WRITABLE, "rw": READABLE | WRITABLE}

_WINDOWS = (
    (i2c.BASE, i2c.PRESCALER + 1, READABLE | WRITABLE),
    (spi.BASE, spi.BASE + 2 + 2 * spi.N_DACS, WRITABLE),
)
"""First and end address of what is not in the catalogue: the buses of the board."""


class _Memory(NamedTuple):
    """A container of consecutive words, too large for a table: up to, not in, `end`."""

    first: int
    end: int
    right: int
    container: Container


class _Table(NamedTuple):
    """Registers by address: sorted (n,), their rights, container and word of the first."""

    address: Ints
    right: Rights
    container: Ints
    word: Ints
    containers: tuple[Container, ...]
    memories: tuple[_Memory, ...]


@cache
def _table() -> _Table:
    """Everything outside a chip's configuration."""
    on_bus = [c for c in CONTAINERS.values() if c.rule is not None]
    small = tuple(c for c in on_bus if not c.memory)
    tables = [c.all_addresses().astype(np.int64).reshape(-1) for c in small]
    sizes = [table.size for table in tables]
    every = np.concatenate(tables)
    order = np.argsort(every, kind="stable")  # of stretches in order: they are only merged
    every = every[order]
    first = np.nonzero(np.diff(every, prepend=-1))[0]
    rights = np.repeat([_RIGHTS[c.access] for c in small], sizes).astype(np.uint8)
    joined = np.bitwise_or.reduceat(rights[order], first)
    outside = memory_map.locate(every[first]) < 0
    first = first[outside]
    container = np.repeat(np.arange(len(small)), sizes)[order[first]]
    begin = np.cumsum([0, *sizes[:-1]])
    n_words = np.array([c.register.n_words for c in small])
    word = (order[first] - begin[container]) % n_words[container]
    memories = tuple(_memory(c) for c in on_bus if c.memory)
    return _Table(every[first], joined[outside], container, word, small, memories)


def _memory(container: Container) -> _Memory:
    first = int(container.addresses(*(0,) * len(container.axes)).reshape(-1)[0])
    return _Memory(first, first + container.n_instances, _RIGHTS[container.access], container)


def rights(addresses: npt.ArrayLike) -> Rights:
    """(n,) what can be done at word addresses: 0, or READABLE and WRITABLE."""
    wanted = np.asarray(addresses, dtype=np.int64)
    table = _table()
    slot = np.minimum(np.searchsorted(table.address, wanted), table.address.size - 1)
    found = np.where(table.address[slot] == wanted, table.right[slot], np.uint8(0))
    for first, end, right in (*(memory[:3] for memory in table.memories), *_WINDOWS):
        found |= np.where((wanted >= first) & (wanted < end), right, 0).astype(np.uint8)
    in_image = memory_map.locate(wanted) >= 0
    return np.where(in_image, np.uint8(READABLE | WRITABLE), found)


def find(address: int) -> tuple[Container, int] | None:
    """Container and word at an address outside the configuration; the first one, if any."""
    table = _table()
    slot = int(np.searchsorted(table.address, address))
    if slot < table.address.size and table.address[slot] == address:
        return table.containers[table.container[slot]], int(table.word[slot])
    for memory in table.memories:
        if memory.first <= address < memory.end:
            return memory.container, 0
    return None
