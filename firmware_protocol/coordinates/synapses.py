"""Rows, drivers, synapses and quads of the synapse arrays.

Source: halco (synapse.h, synapse_driver.h, v3), read on 2026-11-21
(``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from .base import Coordinate, Quadrant, Synram, check_part
from .columns import SynapseColumn, SynapseQuadColumn
from .events import PADIBus
from .geometry import (
    N_BUSES,
    N_COLUMNS,
    N_DRIVERS,
    N_DRIVERS_ON_BUS,
    N_QUADS,
    N_ROWS,
    N_SYNRAMS,
    bus_of_driver,
    driver_of_bus,
)
from .neurons import AtomicNeuron, ColumnQuad


class SynapseRow(Coordinate):
    """A row of one synapse array."""

    size = N_ROWS

    @property
    def driver(self) -> SynapseDriver:
        """The driver of its half that drives it."""
        return SynapseDriver(int(self) // 2)

    @property
    def is_top_of_driver(self) -> bool:
        """Whether it is the driver's top row, 2d + 1.

        The vendor counts the other way round here: SynapseRowOnSynapseDriver top is 0.
        """
        return bool(int(self) % 2)

    @property
    def vectors(self) -> tuple[int, int]:
        """Numbers of its two vectors (even and odd columns) in the PPU's vector addresses."""
        return 2 * int(self), 2 * int(self) + 1


class SynapseDriver(Coordinate):
    """A synapse driver of one half: drives rows 2d (bottom) and 2d+1 (top)."""

    size = N_DRIVERS

    @classmethod
    def on_bus(cls, bus: int, index: int) -> SynapseDriver:
        """The driver at an index 0..31 of a PADI bus; a plain number is a bus 0..3 of a half."""
        on_block = bus.on_block if isinstance(bus, PADIBus) else bus
        number = check_part("SynapseDriver.on_bus: bus", on_block, N_BUSES)
        place = check_part("SynapseDriver.on_bus: index", index, N_DRIVERS_ON_BUS)
        return cls(driver_of_bus(number, place))

    @property
    def bottom_row(self) -> SynapseRow:
        """The row 2d."""
        return SynapseRow(2 * int(self))

    @property
    def top_row(self) -> SynapseRow:
        """The row 2d + 1."""
        return SynapseRow(2 * int(self) + 1)

    @property
    def bus_on_block(self) -> int:
        """The bus of its half, 0..3, on which it listens."""
        return bus_of_driver(int(self))[0]

    @property
    def index_on_bus(self) -> int:
        """0..31: what the row select address of an event is compared with."""
        return bus_of_driver(int(self))[1]

    def padi_bus(self, synram: Synram) -> PADIBus:
        """The bus on which it listens, given its half."""
        return PADIBus.at(synram, self.bus_on_block)

    def capmem_block(self, synram: Synram) -> Quadrant:
        """Quadrant that supplies the analog parameters: even drivers west, odd drivers east."""
        return Quadrant.at(synram, int(self) % 2)


class SynapseRowOnChip(Coordinate):
    """A row of the chip: half*256 + row."""

    size = N_SYNRAMS * N_ROWS

    @classmethod
    def at(cls, synram: int, row: int) -> SynapseRowOnChip:
        """The row of a half."""
        return cls(int(Synram(synram)) * N_ROWS + SynapseRow(row))

    @property
    def synram(self) -> Synram:
        """Its half."""
        return Synram(int(self) // N_ROWS)

    @property
    def row(self) -> SynapseRow:
        """Its number there."""
        return SynapseRow(int(self) % N_ROWS)

    @property
    def driver(self) -> SynapseDriverOnChip:
        """The driver that drives it."""
        return SynapseDriverOnChip.at(self.synram, self.row.driver)


class SynapseDriverOnChip(Coordinate):
    """A synapse driver of the chip: half*128 + driver."""

    size = N_SYNRAMS * N_DRIVERS

    @classmethod
    def at(cls, synram: int, driver: int) -> SynapseDriverOnChip:
        """The driver of a half."""
        return cls(int(Synram(synram)) * N_DRIVERS + SynapseDriver(driver))

    @classmethod
    def on_bus(cls, bus: PADIBus, index: int) -> SynapseDriverOnChip:
        """The driver at an index 0..31 of a PADI bus 0..7."""
        whole = PADIBus(bus)
        return cls.at(whole.synram, SynapseDriver.on_bus(whole, index))

    @property
    def synram(self) -> Synram:
        """Its half."""
        return Synram(int(self) // N_DRIVERS)

    @property
    def driver(self) -> SynapseDriver:
        """Its number there."""
        return SynapseDriver(int(self) % N_DRIVERS)

    @property
    def padi_bus(self) -> PADIBus:
        """The bus on which it listens."""
        return self.driver.padi_bus(self.synram)

    @property
    def capmem_block(self) -> Quadrant:
        """The quadrant that supplies its analog parameters."""
        return self.driver.capmem_block(self.synram)

    @property
    def rows(self) -> tuple[SynapseRowOnChip, SynapseRowOnChip]:
        """Its bottom and its top row."""
        bottom = SynapseRowOnChip.at(self.synram, self.driver.bottom_row)
        return bottom, SynapseRowOnChip.at(self.synram, self.driver.top_row)


class SynapseOnSynram(Coordinate):
    """A synapse of one array: row*256 + column."""

    size = N_ROWS * N_COLUMNS

    @classmethod
    def at(cls, row: int, column: int) -> SynapseOnSynram:
        """The synapse of a row and a column."""
        return cls(int(SynapseRow(row)) * N_COLUMNS + SynapseColumn(column))

    @property
    def row(self) -> SynapseRow:
        """Its row."""
        return SynapseRow(int(self) // N_COLUMNS)

    @property
    def column(self) -> SynapseColumn:
        """Its column."""
        return SynapseColumn(int(self) % N_COLUMNS)


class Synapse(Coordinate):
    """A synapse of the chip: half*65536 + row*256 + column."""

    size = N_SYNRAMS * SynapseOnSynram.size

    @classmethod
    def at(cls, synram: int, row: int, column: int) -> Synapse:
        """The synapse of a half, a row and a column."""
        return cls(int(Synram(synram)) * SynapseOnSynram.size + SynapseOnSynram.at(row, column))

    @property
    def synram(self) -> Synram:
        """Its half."""
        return Synram(int(self) // SynapseOnSynram.size)

    @property
    def on_synram(self) -> SynapseOnSynram:
        """Its place there."""
        return SynapseOnSynram(int(self) % SynapseOnSynram.size)

    @property
    def row(self) -> SynapseRow:
        """Its row."""
        return self.on_synram.row

    @property
    def column(self) -> SynapseColumn:
        """Its column."""
        return self.on_synram.column

    @property
    def driver(self) -> SynapseDriverOnChip:
        """The driver of its row."""
        return SynapseDriverOnChip.at(self.synram, self.row.driver)

    @property
    def quad(self) -> SynapseQuad:
        """The word that it shares with three others of its row."""
        return SynapseQuad.at(self.synram, self.row, self.column.quad)

    @property
    def atomic_neuron(self) -> AtomicNeuron:
        """The circuit that it feeds."""
        return AtomicNeuron.at(self.column, self.synram)


class SynapseQuad(Coordinate):
    """Four synapses that share a word: half*16384 + row*64 + quad."""

    size = N_SYNRAMS * N_ROWS * N_QUADS

    @classmethod
    def at(cls, synram: int, row: int, quad_column: int) -> SynapseQuad:
        """The quad of a half, a row and a quad column."""
        rows = int(Synram(synram)) * N_ROWS + SynapseRow(row)
        return cls(rows * N_QUADS + SynapseQuadColumn(quad_column))

    @property
    def synram(self) -> Synram:
        """Its half."""
        return Synram(int(self) // (N_ROWS * N_QUADS))

    @property
    def row(self) -> SynapseRow:
        """Its row."""
        return SynapseRow(int(self) // N_QUADS % N_ROWS)

    @property
    def quad_column(self) -> SynapseQuadColumn:
        """Its number in the row."""
        return SynapseQuadColumn(int(self) % N_QUADS)

    @property
    def column_quad(self) -> ColumnQuad:
        """The quad of columns in which it lies."""
        return ColumnQuad.at(self.synram, self.quad_column)

    @property
    def quadrant(self) -> Quadrant:
        """The quadrant of the circuits that it feeds."""
        return self.column_quad.quadrant

    def synapse(self, entry: int) -> Synapse:
        """The synapse of an entry 0..3 (entry 0 is the word's most significant byte)."""
        return Synapse.at(self.synram, self.row, self.quad_column.column(entry))
