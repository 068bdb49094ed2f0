"""Analog storage and the converters of the columns: CapMem cells, CADC channels.

What the CapMem rows hold is in :mod:`firmware_protocol.capmem_cells`.
Source: halco (capmem.h, cadc.h, v3), read on 2026-11-21 (``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from .base import Coordinate, CoordinateError, Quadrant, Synram
from .columns import SynapseColumn
from .geometry import (
    N_CAPMEM_COLUMNS,
    N_CAPMEM_ROWS,
    N_COLUMNS,
    N_NEURONS_ON_QUADRANT,
    N_QUADRANTS,
    N_SYNRAMS,
    neuron_of_config,
)
from .neurons import AtomicNeuron
from .synapses import SynapseQuad


class CapMemColumn(Coordinate):
    """A column of a CapMem block: 0..127 one neuron circuit each, 128 and 129 shared."""

    size = N_CAPMEM_COLUMNS

    @property
    def is_shared(self) -> bool:
        """Whether its cells belong to the quadrant or the chip instead of a circuit."""
        return self >= N_NEURONS_ON_QUADRANT


class CapMemRow(Coordinate):
    """A row of a CapMem block; in the columns of circuits 0..7 are voltages, 8..23 currents."""

    size = N_CAPMEM_ROWS


class CapMemCell(Coordinate):
    """A CapMem cell of the chip: block*3120 + row*130 + column."""

    size = N_QUADRANTS * N_CAPMEM_ROWS * N_CAPMEM_COLUMNS

    @classmethod
    def at(cls, block: int, column: int, row: int) -> CapMemCell:
        """The cell of a quadrant, a column and a row."""
        rows = int(Quadrant(block)) * N_CAPMEM_ROWS + CapMemRow(row)
        return cls(rows * N_CAPMEM_COLUMNS + CapMemColumn(column))

    @classmethod
    def of_neuron(cls, neuron: int, row: int) -> CapMemCell:
        """The cell of a circuit in a row."""
        circuit = AtomicNeuron(neuron)
        return cls.at(circuit.quadrant, circuit.index_on_quadrant, row)

    @property
    def block(self) -> Quadrant:
        """Its block, that of a quadrant."""
        return Quadrant(int(self) // (N_CAPMEM_ROWS * N_CAPMEM_COLUMNS))

    @property
    def column(self) -> CapMemColumn:
        """Its column."""
        return CapMemColumn(int(self) % N_CAPMEM_COLUMNS)

    @property
    def row(self) -> CapMemRow:
        """Its row."""
        return CapMemRow(int(self) // N_CAPMEM_COLUMNS % N_CAPMEM_ROWS)

    @property
    def is_shared(self) -> bool:
        """Whether it belongs to the quadrant or the chip instead of a circuit."""
        return self.column.is_shared

    @property
    def atomic_neuron(self) -> AtomicNeuron:
        """The circuit that it belongs to; CoordinateError for shared cells."""
        if self.is_shared:
            raise CoordinateError(
                f"{self!r} is shared (column {int(self.column)} of {self.block!r}); the cells of "
                f"circuits are in columns 0..{N_NEURONS_ON_QUADRANT - 1}"
            )
        return AtomicNeuron(neuron_of_config(int(self.block), int(self.column)))


class CADCChannelType(Coordinate):
    """The two channels of a column: causal, acausal (of correlation, or both of the neuron)."""

    size = 2
    names = ("causal", "acausal")


class CADCReadoutType(Coordinate):
    """How a sample is read.

    trigger_read converts all channels of that half anew, buffered returns what was latched.
    """

    size = 2
    names = ("trigger_read", "buffered")


class CADCChannel(Coordinate):
    """A CADC channel of the chip: half*512 + type*256 + column."""

    size = N_SYNRAMS * CADCChannelType.size * N_COLUMNS

    @classmethod
    def at(cls, synram: int, column: int, channel_type: int) -> CADCChannel:
        """The channel of a half, a column and a type (0 causal)."""
        types = int(Synram(synram)) * CADCChannelType.size + CADCChannelType(channel_type)
        return cls(types * N_COLUMNS + SynapseColumn(column))

    @classmethod
    def of_neuron(cls, neuron: int, channel_type: int) -> CADCChannel:
        """The channel of a circuit's column."""
        circuit = AtomicNeuron(neuron)
        return cls.at(circuit.row, circuit.column, channel_type)

    @property
    def synram(self) -> Synram:
        """The half of its converter."""
        return Synram(int(self) // (CADCChannelType.size * N_COLUMNS))

    @property
    def channel_type(self) -> CADCChannelType:
        """Causal or acausal."""
        return CADCChannelType(int(self) // N_COLUMNS % CADCChannelType.size)

    @property
    def column(self) -> SynapseColumn:
        """Its column."""
        return SynapseColumn(int(self) % N_COLUMNS)

    @property
    def quadrant(self) -> Quadrant:
        """The quadrant whose CapMem supplies its ramp."""
        return self.atomic_neuron.quadrant

    @property
    def atomic_neuron(self) -> AtomicNeuron:
        """The circuit of its column, which it samples if it is connected so."""
        return AtomicNeuron.at(self.column, self.synram)


class CADCSampleQuad(Coordinate):
    """Four CADC samples: half*65536 + readout*32768 + type*16384 + row*64 + quad."""

    size = N_SYNRAMS * CADCReadoutType.size * CADCChannelType.size * (SynapseQuad.size // N_SYNRAMS)

    @classmethod
    def at(cls, quad: SynapseQuad, *, channel_type: int, readout_type: int) -> CADCSampleQuad:
        """The samples of the columns of a quad while its row is addressed."""
        place = SynapseQuad(quad)
        kinds = int(place.synram) * CADCReadoutType.size + CADCReadoutType(readout_type)
        kinds = kinds * CADCChannelType.size + CADCChannelType(channel_type)
        on_synram = SynapseQuad.size // N_SYNRAMS
        return cls(kinds * on_synram + int(place) % on_synram)

    @property
    def quad(self) -> SynapseQuad:
        """Row and columns."""
        on_synram = SynapseQuad.size // N_SYNRAMS
        kinds = CADCReadoutType.size * CADCChannelType.size
        half = int(self) // (kinds * on_synram)
        return SynapseQuad(half * on_synram + int(self) % on_synram)

    @property
    def channel_type(self) -> CADCChannelType:
        """Causal or acausal."""
        return CADCChannelType(int(self) // (SynapseQuad.size // N_SYNRAMS) % 2)

    @property
    def readout_type(self) -> CADCReadoutType:
        """Converting anew or buffered."""
        return CADCReadoutType(int(self) // SynapseQuad.size % 2)
