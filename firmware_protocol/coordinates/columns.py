"""Columns of a synapse array, how words group them, and how the PPU's vectors do.

Source: halco (synapse.h, v3) and, for vector lanes, libnux, read on 2026-11-21
(``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from .base import Coordinate, check_part
from .geometry import (
    N_COLUMNS,
    N_ENTRIES,
    N_LANES,
    N_QUADS,
    column_of_lane,
    column_of_quad,
    lane_of_column,
    quad_of_column,
)


class SynapseColumn(Coordinate):
    """A column of a synapse array; feeds the neuron and CADC channels of its half and number."""

    size = N_COLUMNS

    @property
    def quad(self) -> SynapseQuadColumn:
        """The word that it shares with three others."""
        return SynapseQuadColumn(quad_of_column(int(self))[0])

    @property
    def entry_on_quad(self) -> int:
        """Its place in that word: 0 is the most significant byte, 3 the least."""
        return quad_of_column(int(self))[1]

    @property
    def vector_lane(self) -> PPUVectorLane:
        """Its place in the PPU's two vectors of a row."""
        return PPUVectorLane.at(*lane_of_column(int(self)))


class SynapseQuadColumn(Coordinate):
    """Four synapses of a row that share a word: 0..31 even columns, 32..63 odd ones."""

    size = N_QUADS

    def column(self, entry: int) -> SynapseColumn:
        """Synapse column of `entry` (0..3; entry 0 is the word's most significant byte)."""
        place = f"{self!r}.column: entry"
        return SynapseColumn(column_of_quad(int(self), check_part(place, entry, N_ENTRIES)))

    @property
    def columns(self) -> tuple[SynapseColumn, ...]:
        """Its four columns by entry."""
        return tuple(self.column(entry) for entry in range(N_ENTRIES))

    @property
    def is_east(self) -> bool:
        """Whether its columns are those of the eastern half, 128..255."""
        return int(self) % 32 >= 16


class PPUVectorLane(Coordinate):
    """A lane of the PPU's vectors of a row: even vector 0..127, odd vector 128..255.

    A plasticity rule sees the entries of a row in this order.
    """

    size = 2 * N_LANES

    @classmethod
    def at(cls, parity: int, lane: int) -> PPUVectorLane:
        """Lane 0..127 of the vector of even (0) or odd (1) columns."""
        vector = check_part("PPUVectorLane.at: parity", parity, 2)
        return cls(vector * N_LANES + check_part("PPUVectorLane.at: lane", lane, N_LANES))

    @property
    def parity(self) -> int:
        """0: the vector of even columns, 1: of odd ones."""
        return int(self) // N_LANES

    @property
    def lane(self) -> int:
        """Lane of its vector, 0..127."""
        return int(self) % N_LANES

    @property
    def column(self) -> SynapseColumn:
        """The column whose byte it holds."""
        return SynapseColumn(column_of_lane(self.parity, self.lane))
