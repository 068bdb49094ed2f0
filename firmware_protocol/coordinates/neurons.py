"""Neuron circuits, and the blocks and columns through which they are set and read.

Source: halco (neuron.h, v3), read on 2026-11-21 (``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from typing import Self

from .base import BackendBlock, Coordinate, Quadrant, Synram, check_part
from .columns import SynapseColumn, SynapseQuadColumn
from .events import NeuronEventOutput
from .geometry import (
    N_BACKENDS,
    N_COLUMNS,
    N_NEURONS,
    N_NEURONS_ON_BACKEND,
    N_NEURONS_ON_QUADRANT,
    N_QUADS,
    N_SYNRAMS,
    backend_of_neuron,
    config_of_neuron,
    event_output_of_neuron,
    neuron_of_backend,
    neuron_of_config,
)


class AtomicNeuron(Coordinate):
    """A neuron circuit: row*256 + column, row 0 top and 1 bottom."""

    size = N_NEURONS

    @classmethod
    def at(cls, column: int, row: int) -> AtomicNeuron:
        """The circuit of a column 0..255 and a row (0 top)."""
        return cls(int(Synram(row)) * N_COLUMNS + SynapseColumn(column))

    @property
    def row(self) -> Synram:
        """Its neuron row, which is that of its half; fed by that half's synapse array."""
        return Synram(int(self) // N_COLUMNS)

    @property
    def column(self) -> SynapseColumn:
        """Its column, and that of its synapses and CADC channels."""
        return SynapseColumn(int(self) % N_COLUMNS)

    @property
    def quadrant(self) -> Quadrant:
        """The block of its settings and of its CapMem cells."""
        return Quadrant(config_of_neuron(int(self))[0])

    @property
    def index_on_quadrant(self) -> int:
        """0..127: place of its settings in the block, and its CapMem column."""
        return config_of_neuron(int(self))[1]

    @property
    def backend_block(self) -> BackendBlock:
        """Its backend: also its block of resets and spike counters."""
        return BackendBlock(backend_of_neuron(int(self))[0])

    @property
    def index_on_backend(self) -> int:
        """0..255: its place there."""
        return backend_of_neuron(int(self))[1]

    @property
    def event_output(self) -> NeuronEventOutput:
        """Where its spikes leave the backend."""
        return NeuronEventOutput(event_output_of_neuron(int(self)))

    @property
    def opposite(self) -> AtomicNeuron:
        """The circuit of the same column in the other row."""
        return AtomicNeuron((int(self) + N_COLUMNS) % N_NEURONS)

    @property
    def column_quad(self) -> ColumnQuad:
        """The quad of columns in which its switches and its quad-wise reset lie."""
        return ColumnQuad.at(self.row, self.column.quad)

    @property
    def entry_on_quad(self) -> int:
        """Its place in that quad; 0 is the most significant byte."""
        return self.column.entry_on_quad

    @property
    def neuron_config(self) -> NeuronConfig:
        """Where its analog switches are set."""
        return NeuronConfig(int(self))

    @property
    def neuron_backend_config(self) -> NeuronBackendConfig:
        """Where its digital part is set."""
        return NeuronBackendConfig.of_neuron(self)

    @property
    def neuron_reset(self) -> NeuronReset:
        """What resets it."""
        return NeuronReset.of_neuron(self)

    @property
    def spike_counter_read(self) -> SpikeCounterRead:
        """What counted its spikes."""
        return SpikeCounterRead.of_neuron(self)

    @property
    def spike_counter_reset(self) -> SpikeCounterReset:
        """What sets its spike counter to 0."""
        return SpikeCounterReset.of_neuron(self)

    @classmethod
    def of_event_output(cls, output: NeuronEventOutput) -> tuple[AtomicNeuron, ...]:
        """The 64 circuits that send to an event output, top row first."""
        columns = NeuronEventOutput(output).columns
        return tuple(cls.at(column, row) for row in range(N_SYNRAMS) for column in columns)


class NeuronConfig(Coordinate):
    """Place of a circuit's analog switches: block*128 + index."""

    size = N_NEURONS

    @classmethod
    def at(cls, block: int, index: int) -> NeuronConfig:
        """The place with an index 0..127 on a quadrant."""
        checked = check_part("NeuronConfig.at: index", index, N_NEURONS_ON_QUADRANT)
        return cls(neuron_of_config(int(Quadrant(block)), checked))

    @property
    def block(self) -> Quadrant:
        """Its quadrant."""
        return Quadrant(config_of_neuron(int(self))[0])

    @property
    def index(self) -> int:
        """0..127: its place there."""
        return config_of_neuron(int(self))[1]

    @property
    def atomic_neuron(self) -> AtomicNeuron:
        """The circuit."""
        return AtomicNeuron(int(self))


class _OnBackend(Coordinate):
    """Something that each circuit has on its backend block: block*256 + index."""

    size = N_BACKENDS * N_NEURONS_ON_BACKEND

    @classmethod
    def at(cls, block: int, index: int) -> Self:
        """The place with an index 0..255 on a block (0 west)."""
        checked = check_part(f"{cls.__name__}.at: index", index, N_NEURONS_ON_BACKEND)
        return cls(int(BackendBlock(block)) * N_NEURONS_ON_BACKEND + checked)

    @classmethod
    def of_neuron(cls, neuron: AtomicNeuron) -> Self:
        """The one of a circuit."""
        return cls.at(*backend_of_neuron(int(AtomicNeuron(neuron))))

    @property
    def block(self) -> BackendBlock:
        """Its block."""
        return BackendBlock(int(self) // N_NEURONS_ON_BACKEND)

    @property
    def index(self) -> int:
        """0..255: its place there."""
        return int(self) % N_NEURONS_ON_BACKEND

    @property
    def event_output(self) -> NeuronEventOutput:
        """Where the circuit's spikes leave the block."""
        return self.atomic_neuron.event_output

    @property
    def atomic_neuron(self) -> AtomicNeuron:
        """The circuit."""
        return AtomicNeuron(neuron_of_backend(int(self.block), self.index))


class NeuronBackendConfig(_OnBackend):
    """Place of a circuit's digital settings: block*256 + index."""


class NeuronReset(_OnBackend):
    """Place of a circuit's reset: block*256 + index."""


class SpikeCounterRead(_OnBackend):
    """Place of a circuit's spike counter: block*256 + index."""


class SpikeCounterReset(_OnBackend):
    """Place of the reset of a circuit's spike counter: block*256 + index."""


class ColumnQuad(Coordinate):
    """Four columns of a half that share a word: half*64 + quad.

    Numbers the column switches (current and correlation) and the quad-wise neuron resets.
    """

    size = N_SYNRAMS * N_QUADS

    @classmethod
    def at(cls, synram: int, quad_column: int) -> ColumnQuad:
        """The quad 0..63 of a half."""
        return cls(int(Synram(synram)) * N_QUADS + SynapseQuadColumn(quad_column))

    @property
    def synram(self) -> Synram:
        """Its half."""
        return Synram(int(self) // N_QUADS)

    @property
    def quad_column(self) -> SynapseQuadColumn:
        """Its number there."""
        return SynapseQuadColumn(int(self) % N_QUADS)

    @property
    def neurons(self) -> tuple[AtomicNeuron, ...]:
        """The circuits of its columns, by entry."""
        return tuple(AtomicNeuron.at(c, self.synram) for c in self.quad_column.columns)

    @property
    def quadrant(self) -> Quadrant:
        """The quadrant of its circuits."""
        return Quadrant.at(self.synram, int(self.quad_column.is_east))
