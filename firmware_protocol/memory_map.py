"""Where every register lives: blocks of equal registers, their addresses and array shapes.

A :class:`Block` joins a register table to the addresses of its instances.  Field arrays have the
shape of the *coordinate* (512 neurons, 2 x 256 x 256 synapses); where the chip groups coordinates
into words (quads), the block reorders.  Addresses are those of 32-bit words on the chip's
Omnibus.
Source: haldls v3 address constants as collected in ``docs/reference/words.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from . import coordinates as c
from .layout import IntArray, Register
from .registers import capmem, fpga, neuron, readout, routing, synapse

Addresses = npt.NDArray[np.uint32]

EVENT_RECORDING_CONFIG = 0x88000005
MADC_CONTROL = 0xC0000
NEURON_RESET_BASE = (0x122000, 0x12A000)
SPIKE_COUNTER_READ_BASE = (0x122800, 0x12A800)
SPIKE_COUNTER_RESET_BASE = (0x122C00, 0x12AC00)
PADI_EVENT = (0x110000, 0x118000)
SYNRAM_BASE = (0x02C00000, 0x03C00000)

CONTROL_REGISTERS: dict[int, Register] = {
    EVENT_RECORDING_CONFIG: fpga.EVENT_RECORDING_CONFIG,
    MADC_CONTROL: readout.MADC_CONTROL,
    PADI_EVENT[0]: synapse.PADI_EVENT,
    PADI_EVENT[1]: synapse.PADI_EVENT,
}
"""Registers that trigger something and therefore are no part of a configuration."""


def _as_is(array: IntArray) -> IntArray:
    return array


def _columns_to_quads(array: IntArray) -> IntArray:
    """(..., 256 columns) -> (..., 64 quads, 4 entries); column = 2e + 8(q % 32) + q // 32."""
    split = array.reshape(*array.shape[:-1], 32, 4, 2)
    return np.moveaxis(split, -1, -3).reshape(*array.shape[:-1], 64, 4)


def _quads_to_columns(array: IntArray) -> IntArray:
    """Inverse of :func:`_columns_to_quads`."""
    split = array.reshape(*array.shape[:-2], 2, 32, 4)
    return np.moveaxis(split, -3, -1).reshape(*array.shape[:-2], 256)


@dataclass(frozen=True)
class Block:
    """All instances of one register.

    register   the table
    shape      shape of the field arrays (without a field's own entry axis)
    addresses  (*instances, n_words) word addresses
    arrange    field array (*shape) -> what the table encodes (*instances, [entries]); `restore`
               inverts
    """

    name: str
    register: Register
    shape: tuple[int, ...]
    addresses: Addresses
    arrange: Callable[[IntArray], IntArray] = _as_is
    restore: Callable[[IntArray], IntArray] = _as_is
    span: slice = field(default_factory=lambda: slice(0, 0))

    @property
    def n_words(self) -> int:
        """Words of all instances together."""
        return self.addresses.size

    def defaults(self) -> dict[str, IntArray]:
        """Default field arrays, writable."""
        instances = self.addresses.shape[:-1]
        return {k: self.restore(v).copy() for k, v in self.register.defaults(instances).items()}

    def encode(self, values: Mapping[str, IntArray]) -> npt.NDArray[np.uint32]:
        """Words of this block, flat, in the order of `addresses`."""
        arranged = {k: self.arrange(v) for k, v in values.items()}
        return self.register.encode_unchecked(arranged).reshape(-1)

    def decode(self, words: npt.NDArray[np.uint32]) -> dict[str, IntArray]:
        """Field arrays of this block from its words, flat, in the order of `addresses`."""
        decoded = self.register.decode(words.reshape(self.addresses.shape))
        return {k: self.restore(v) for k, v in decoded.items()}


def _addresses(*parts: npt.ArrayLike) -> Addresses:
    """Sum of broadcast parts as an address array."""
    total = np.zeros((), dtype=np.int64)
    for part in parts:
        total = total + np.asarray(part, dtype=np.int64)
    return total.astype(np.uint32)


def _words(n: int) -> npt.NDArray[np.int64]:
    return np.arange(n)


def _neuron_blocks() -> list[Block]:
    n = np.arange(c.N_NEURONS)
    quadrant_base = np.array([0x160000, 0x168000, 0x170000, 0x178000])
    backend, index = c.backend_of_neuron(n)
    backend_base = np.array([0x1A1000, 0x1A9000])
    return [
        Block(
            "neuron_config",
            neuron.NEURON_CONFIG,
            (c.N_NEURONS,),
            _addresses((quadrant_base[n // 128] + 8 * (n % 128) + 2)[:, None], _words(6)),
        ),
        Block(
            "neuron_backend",
            neuron.NEURON_BACKEND_CONFIG,
            (c.N_NEURONS,),
            _addresses((backend_base[backend] + 4 * index)[:, None], _words(4)),
        ),
        Block(
            "common_backend",
            neuron.COMMON_NEURON_BACKEND_CONFIG,
            (2,),
            _addresses([[0x1A1800], [0x1A9800]], _words(2)),
        ),
    ]


CAPMEM_BASE = np.array([0x140000, 0x148000, 0x150000, 0x158000])


def _capmem_blocks() -> list[Block]:
    n, row = np.arange(c.N_NEURONS), np.arange(24)
    quadrant, shared = np.arange(4), np.arange(2)
    neuron_cells = CAPMEM_BASE[n // 128] + 32 * (n % 128)
    shared_cells = CAPMEM_BASE[quadrant][:, None] + 32 * (128 + shared)
    return [
        Block(
            "capmem_neurons",
            capmem.CAPMEM_CELL,
            (24, c.N_NEURONS),
            _addresses((neuron_cells + row[:, None])[..., None], _words(1)),
        ),
        Block(
            "capmem_shared",
            capmem.CAPMEM_CELL,
            (4, 2, 24),
            _addresses((shared_cells[..., None] + row)[..., None], _words(1)),
        ),
        Block(
            "capmem_config",
            capmem.CAPMEM_BLOCK_CONFIG,
            (4,),
            _addresses((CAPMEM_BASE + 0x4000)[:, None], _words(10)),
        ),
    ]


def _synapse_blocks() -> list[Block]:
    synram = np.array(SYNRAM_BASE)
    row, quad, driver = np.arange(c.N_ROWS), np.arange(c.N_QUADS), np.arange(c.N_DRIVERS)
    array = synram[:, None, None] + 0xF0000 + 128 * row[:, None] + quad
    per_column = (synram[:, None] + quad)[..., None]
    padi = np.array([0x110000, 0x118000])
    return [
        Block(
            "synapses",
            synapse.SYNAPSE_QUAD,
            (2, 256, 256),
            _addresses(array[..., None], [0, 64]),
            arrange=_columns_to_quads,
            restore=_quads_to_columns,
        ),
        Block(
            "column_correlation",
            synapse.COLUMN_CORRELATION_QUAD,
            (2, 256),
            _addresses(per_column, [0xF8080, 0xF80C0, 0x4000, 0x44000]),
            arrange=_columns_to_quads,
            restore=_quads_to_columns,
        ),
        Block(
            "column_current",
            synapse.COLUMN_CURRENT_QUAD,
            (2, 256),
            _addresses(per_column, [0x14000, 0x24000]),
            arrange=_columns_to_quads,
            restore=_quads_to_columns,
        ),
        Block(
            "synapse_drivers",
            synapse.SYNAPSE_DRIVER_CONFIG,
            (2, 128),
            _addresses((padi[:, None] + 0x400 + 4 * driver)[..., None], _words(3)),
        ),
        Block(
            "padi",
            synapse.COMMON_PADI_BUS_CONFIG,
            (2,),
            _addresses((padi + 1)[:, None], _words(1)),
        ),
    ]


def _other_blocks() -> list[Block]:
    nodes = 0x130019 + np.arange(len(c.CROSSBAR_NODES))
    return [
        Block("crossbar_nodes", routing.CROSSBAR_NODE, (76,), _addresses(nodes[:, None])),
        Block("crossbar_outputs", routing.CROSSBAR_OUTPUT_CONFIG, (), _addresses([0x130000])),
        Block("madc", readout.MADC_CONFIG, (), _addresses(0xC0001, _words(10))),
        Block(
            "readout_source",
            readout.READOUT_SOURCE_SELECTION,
            (2,),
            _addresses([[0xC000C], [0xC000D]]),
        ),
    ]


def _with_spans(blocks: list[Block]) -> dict[str, Block]:
    placed, start = {}, 0
    for block in blocks:
        placed[block.name] = replace(block, span=slice(start, start + block.n_words))
        start += block.n_words
    return placed


BLOCKS: dict[str, Block] = _with_spans(
    [*_neuron_blocks(), *_capmem_blocks(), *_synapse_blocks(), *_other_blocks()]
)
"""Every block of a configuration, in the order in which its words are written."""

ADDRESSES: Addresses = np.concatenate([b.addresses.reshape(-1) for b in BLOCKS.values()])
"""(N,) address of each word of a configuration image, in the order of :data:`BLOCKS`."""

_ORDER = np.argsort(ADDRESSES, kind="stable")
_SORTED = ADDRESSES[_ORDER]


def locate(addresses: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Positions of word addresses in a configuration image; -1 where an address is none of ours."""
    wanted = np.asarray(addresses, dtype=np.uint32)
    slot = np.minimum(np.searchsorted(_SORTED, wanted), _SORTED.size - 1)
    return np.where(_SORTED[slot] == wanted, _ORDER[slot], -1)


@dataclass(frozen=True)
class Alias:
    """Other addresses for some bits of a block's words.

    register   the table of what is read and written there
    addresses  (alias,) uint32, rising
    positions  (alias,) int64, the word of a configuration image that holds the bits
    mask       which of its bits; they have the same place in both words
    """

    register: Register
    addresses: Addresses
    positions: npt.NDArray[np.int64]
    mask: int


def _synapse_alias(register: Register, offset: int, word: int, mask: int) -> Alias:
    """Weights or labels of four synapses alone: base + offset + 64 * row + quad."""
    synram, row = np.array(SYNRAM_BASE), np.arange(c.N_ROWS)
    quad = np.arange(c.N_QUADS)
    addresses = _addresses(synram[:, None, None] + offset + 64 * row[:, None] + quad)
    raw = BLOCKS["synapses"].addresses[..., word]
    return Alias(register, addresses.reshape(-1), locate(raw.reshape(-1)), mask)


ALIASES: dict[str, Alias] = {
    "synapse_weight_quads": _synapse_alias(synapse.SYNAPSE_WEIGHT_QUAD, 0, 0, 0x3F3F3F3F),
    "synapse_label_quads": _synapse_alias(synapse.SYNAPSE_LABEL_QUAD, 0x40000, 1, 0x3F3F3F3F),
}
"""Registers that show a part of another one."""

_ALIAS_ADDRESSES = np.concatenate([a.addresses for a in ALIASES.values()])
_ALIAS_POSITIONS = np.concatenate([a.positions for a in ALIASES.values()])
_ALIAS_MASKS = np.concatenate(
    [np.full(a.addresses.size, a.mask, np.uint32) for a in ALIASES.values()]
)
_ALIAS_ORDER = np.argsort(_ALIAS_ADDRESSES, kind="stable")
_ALIAS_SORTED = _ALIAS_ADDRESSES[_ALIAS_ORDER]


def locate_bits(
    addresses: npt.ArrayLike,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint32]]:
    """Image positions of word addresses, as :func:`locate`, and which bits each address shows.

    Returns (positions, masks): aliases have the position of the word they are a part of, and a mask
    that is not all ones.
    """
    wanted = np.asarray(addresses, dtype=np.uint32)
    positions = locate(wanted)
    masks = np.full(wanted.shape, 0xFFFFFFFF, dtype=np.uint32)
    unknown = positions < 0
    if np.any(unknown):
        rest = wanted[unknown]
        slot = np.minimum(np.searchsorted(_ALIAS_SORTED, rest), _ALIAS_SORTED.size - 1)
        found = _ALIAS_SORTED[slot] == rest
        entry = _ALIAS_ORDER[slot]
        positions[unknown] = np.where(found, _ALIAS_POSITIONS[entry], -1)
        masks[unknown] = np.where(found, _ALIAS_MASKS[entry], np.uint32(0xFFFFFFFF))
    return positions, masks


def neuron_reset_address(n: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Address whose write resets AtomicNeuron `n`."""
    block, index = c.backend_of_neuron(np.asarray(n))
    return np.asarray(NEURON_RESET_BASE)[block] + 4 * index


def spike_counter_address(n: npt.ArrayLike, *, reset: bool = False) -> npt.NDArray[np.int64]:
    """Address of the spike counter of AtomicNeuron `n` (or of its reset)."""
    block, index = c.backend_of_neuron(np.asarray(n))
    base = SPIKE_COUNTER_RESET_BASE if reset else SPIKE_COUNTER_READ_BASE
    return np.asarray(base)[block] + 4 * index
