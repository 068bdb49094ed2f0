"""How a chip configuration's arrays become words: blocks of equal registers and their addresses.

A :class:`Block` joins a container to the arrays of a :class:`~firmware_protocol.ChipConfig`.
Field arrays have the shape of the *coordinate* (512 neurons, 2 x 256 x 256 synapses); where the
chip groups coordinates into words (quads) or counts them in another order (backends), the block
says how.  The addresses themselves are the containers' (:mod:`firmware_protocol.catalogue`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from . import coordinates as c
from .catalogue import CONTAINERS
from .container import Addresses, Container
from .layout import IntArray, Register

EVENT_RECORDING_CONFIG = int(CONTAINERS["EventRecordingConfig"].addresses()[0])
MADC_CONTROL = int(CONTAINERS["MADCControl"].addresses()[0])
PADI_EVENT = tuple(int(a) for a in CONTAINERS["PADIEvent"].all_addresses()[:, 0])
FPGA_BASE = 0x80000000
"""Addresses from here on are the FPGA's, not the chip's."""


# (64 quads, 4 entries) columns, and (256 columns) where each is among these
_QUAD_ORDER = np.arange(256).reshape(32, 4, 2).transpose(2, 0, 1).reshape(64, 4)
_COLUMN_ORDER = np.argsort(_QUAD_ORDER.reshape(-1))


def _as_is(array: IntArray) -> IntArray:
    return array


def _columns_to_quads(array: IntArray) -> IntArray:
    """(..., 256 columns) -> (..., 64 quads, 4 entries); column = 2e + 8(q % 32) + q // 32."""
    quads: IntArray = np.take(array, _QUAD_ORDER, axis=-1)
    return quads


def _quads_to_columns(array: IntArray) -> IntArray:
    """Inverse of :func:`_columns_to_quads`."""
    columns: IntArray = np.take(array.reshape(*array.shape[:-2], 256), _COLUMN_ORDER, axis=-1)
    return columns


@dataclass(frozen=True)
class Block:
    """All instances of one register that a configuration holds.

    shape      shape of the field arrays (without a field's own entry axis)
    addresses  (*instances, n_words) word addresses
    arrange    field array (*shape) -> what the table encodes (*instances, [entries]); `restore`
               inverts
    """

    name: str
    container: Container
    shape: tuple[int, ...]
    addresses: Addresses
    arrange: Callable[[IntArray], IntArray] = _as_is
    restore: Callable[[IntArray], IntArray] = _as_is
    span: slice = field(default_factory=lambda: slice(0, 0))

    @property
    def register(self) -> Register:
        """The table."""
        return self.container.register

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

    def decode(
        self, words: npt.NDArray[np.uint32], names: Collection[str] | None = None
    ) -> dict[str, IntArray]:
        """Field arrays of this block from its words, flat, in the order of `addresses`.

        names  the fields that are wanted; all by default
        """
        decoded = self.register.decode(words.reshape(self.addresses.shape), names)
        return {k: self.restore(v) for k, v in decoded.items()}


def _block(name: str, container: str, shape: tuple[int, ...], *index: npt.ArrayLike) -> Block:
    """A block whose field arrays index the container's instances as given (or in its own order)."""
    found = CONTAINERS[container]
    addresses = found.addresses(*index) if index else found.all_addresses()
    return Block(name, found, shape, addresses)


def _by_column(name: str, container: str, shape: tuple[int, ...]) -> Block:
    """A block whose words hold four columns of a row each."""
    addresses = CONTAINERS[container].all_addresses()
    return Block(
        name, CONTAINERS[container], shape, addresses, _columns_to_quads, _quads_to_columns
    )


def _blocks() -> list[Block]:
    n, half, column = np.arange(c.N_NEURONS), np.arange(2), np.arange(c.N_COLUMNS)
    quadrant, row = np.arange(4), np.arange(24)
    return [
        _block("neuron_config", "NeuronConfig", (c.N_NEURONS,), n // 128, n % 128),
        _block("neuron_backend", "NeuronBackendConfig", (c.N_NEURONS,), *c.backend_of_neuron(n)),
        _block("common_backend", "CommonNeuronBackendConfig", (2,)),
        _block("capmem_neurons", "CapMemCell", (24, c.N_NEURONS), n // 128, n % 128, row[:, None]),
        _block(
            "capmem_shared",
            "CapMemCell",
            (4, 2, 24),
            quadrant[:, None, None],
            128 + half[:, None],
            row,
        ),
        _block("capmem_config", "CapMemBlockConfig", (4,)),
        _by_column("synapses", "SynapseQuad", (2, 256, 256)),
        _by_column("column_correlation", "ColumnCorrelationQuad", (2, 256)),
        _by_column("column_current", "ColumnCurrentQuad", (2, 256)),
        _block("synapse_drivers", "SynapseDriverConfig", (2, 128)),
        _block("padi", "CommonPADIBusConfig", (2,)),
        _block("stp", "CommonSTPConfig", (2,)),
        _block("synram", "CommonSynramConfig", (2,)),
        _block("synapse_bias", "SynapseBiasSelection", ()),
        _block("correlation", "CommonCorrelationConfig", (2,)),
        _block("cadc", "CADCConfig", (2,)),
        _block(
            "cadc_channels",
            "CADCChannelConfig",
            (2, 2, c.N_COLUMNS),
            half[:, None, None],
            column,
            half[:, None],
        ),
        _block("crossbar_nodes", "CrossbarNode", (76,)),
        _block("crossbar_outputs", "CrossbarOutputConfig", ()),
        _block("background_sources", "BackgroundSpikeSource", (8,)),
        _block("madc", "MADCConfig", ()),
        _block("readout_source", "ReadoutSourceSelection", (2,)),
        _block("pad_multiplexers", "PadMultiplexerConfig", (2,)),
        _block("current_dac", "CurrentDAC", ()),
        _block("ppu_control", "PPUControlRegister", (2,)),
        _block("ppu_memory", "PPUMemoryWord", (2, 4096)),
    ]


def _with_spans(blocks: list[Block]) -> dict[str, Block]:
    placed, start = {}, 0
    for block in blocks:
        placed[block.name] = replace(block, span=slice(start, start + block.n_words))
        start += block.n_words
    return placed


BLOCKS: dict[str, Block] = _with_spans(_blocks())
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

    container  what is read and written there
    addresses  (alias,) uint32
    positions  (alias,) int64, the word of a configuration image that holds the bits
    mask       which bits of the alias; they lie `shift` bits higher in the image's word
    """

    container: Container
    addresses: Addresses
    positions: npt.NDArray[np.int64]
    mask: int
    shift: int = 0


def _synapse_alias(container: str, word: int, raw_word: int, mask: int, shift: int = 0) -> Alias:
    """One word of a container that shows some bits of one word of SynapseQuad."""
    addresses = CONTAINERS[container].all_addresses()[..., word]
    raw = BLOCKS["synapses"].addresses[..., raw_word]
    return Alias(CONTAINERS[container], addresses.reshape(-1), locate(raw.reshape(-1)), mask, shift)


_SIX_BITS, _TWO_BITS = 0x3F3F3F3F, 0x03030303
ALIASES: tuple[Alias, ...] = (
    _synapse_alias("SynapseWeightQuad", 0, 0, _SIX_BITS),
    _synapse_alias("SynapseLabelQuad", 0, 1, _SIX_BITS),
    _synapse_alias("SynapseCorrelationCalibQuad", 0, 0, _TWO_BITS, 6),
    _synapse_alias("SynapseCorrelationCalibQuad", 1, 1, _TWO_BITS, 6),
)
"""Registers that show a part of another one."""

_ALIAS_ADDRESSES = np.concatenate([a.addresses for a in ALIASES])
_ALIAS_POSITIONS = np.concatenate([a.positions for a in ALIASES])
_ALIAS_NUMBER = np.repeat(np.arange(len(ALIASES)), [a.addresses.size for a in ALIASES])
_MASKS = np.array([a.mask for a in ALIASES], dtype=np.uint32)
_SHIFTS = np.array([a.shift for a in ALIASES], dtype=np.uint32)
_ALIAS_ORDER = np.argsort(_ALIAS_ADDRESSES, kind="stable")
_ALIAS_SORTED = _ALIAS_ADDRESSES[_ALIAS_ORDER]


@dataclass(frozen=True)
class Bits:
    """Where bits of a configuration image are that words at some addresses show.

    position  (address,) int64 word of the image, -1 where an address is none of ours
    mask      (address,) uint32, the bits of the *addressed* word that count
    shift     (address,) uint32, how many bits higher they lie in the image's word
    """

    position: npt.NDArray[np.int64]
    mask: npt.NDArray[np.uint32]
    shift: npt.NDArray[np.uint32]


def locate_bits(addresses: npt.ArrayLike) -> Bits:
    """Image positions of word addresses, as :func:`locate`, and which bits each address shows."""
    wanted = np.asarray(addresses, dtype=np.uint32)
    position = locate(wanted)
    mask = np.full(wanted.shape, 0xFFFFFFFF, dtype=np.uint32)
    shift = np.zeros(wanted.shape, dtype=np.uint32)
    unknown = position < 0
    if np.any(unknown):
        rest = wanted[unknown]
        slot = np.minimum(np.searchsorted(_ALIAS_SORTED, rest), _ALIAS_SORTED.size - 1)
        entry = _ALIAS_ORDER[slot]
        found = _ALIAS_SORTED[slot] == rest
        number = _ALIAS_NUMBER[entry]
        position[unknown] = np.where(found, _ALIAS_POSITIONS[entry], -1)
        mask[unknown] = np.where(found, _MASKS[number], np.uint32(0xFFFFFFFF))
        shift[unknown] = np.where(found, _SHIFTS[number], np.uint32(0))
    return Bits(position, mask, shift)


def neuron_reset_address(n: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Address whose write resets AtomicNeuron `n`."""
    return _of_neuron("NeuronReset", n)


def spike_counter_address(n: npt.ArrayLike, *, reset: bool = False) -> npt.NDArray[np.int64]:
    """Address of the spike counter of AtomicNeuron `n` (or of its reset)."""
    return _of_neuron("SpikeCounterReset" if reset else "SpikeCounterRead", n)


def _of_neuron(container: str, n: npt.ArrayLike) -> npt.NDArray[np.int64]:
    block, index = c.backend_of_neuron(np.asarray(n))
    return CONTAINERS[container].addresses(block, index)[..., 0].astype(np.int64)
