"""Neurons of several circuits: places relative to a neuron, compartments, placement on the chip.

A logical neuron lives in a window of 2 x 128 circuits, because no membrane or soma line joins
columns 127 and 128.  How its circuits are joined is :mod:`firmware_protocol.morphology`.
Source: halco (neuron.h: LogicalNeuronCompartments, LogicalNeuronOnDLS, v3), read on 2026-11-21.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

from .base import Coordinate, CoordinateError, check_part
from .geometry import N_COLUMNS, N_SYNRAMS
from .neurons import AtomicNeuron

N_WINDOW_COLUMNS = N_COLUMNS // 2
"""Columns of a logical neuron's window."""


class AtomicNeuronOnLogicalNeuron(Coordinate):
    """A circuit relative to its logical neuron: row*128 + column."""

    size = N_SYNRAMS * N_WINDOW_COLUMNS

    @classmethod
    def at(cls, column: int, row: int) -> AtomicNeuronOnLogicalNeuron:
        """The circuit of a column 0..127 and a row (0 upper)."""
        rows = check_part(f"{cls.__name__}.at: row", row, N_SYNRAMS)
        columns = check_part(f"{cls.__name__}.at: column", column, N_WINDOW_COLUMNS)
        return cls(rows * N_WINDOW_COLUMNS + columns)

    @property
    def column(self) -> int:
        """0..127."""
        return int(self) % N_WINDOW_COLUMNS

    @property
    def row(self) -> int:
        """0 upper, 1 lower."""
        return int(self) // N_WINDOW_COLUMNS

    @property
    def opposite(self) -> AtomicNeuronOnLogicalNeuron:
        """The circuit of the same column in the other row."""
        return self.at(self.column, 1 - self.row)

    @property
    def right(self) -> AtomicNeuronOnLogicalNeuron:
        """Its neighbour to the right; CoordinateError in column 127."""
        if self.column == N_WINDOW_COLUMNS - 1:
            raise CoordinateError(
                f"{self!r} is in column {self.column}, the last of a logical neuron's window; "
                "nothing is to the right of it"
            )
        return self.at(self.column + 1, self.row)


class CompartmentOnLogicalNeuron(Coordinate):
    """A compartment of a logical neuron.

    255, because of 256 circuits two are needed to join the rows.
    """

    size = N_SYNRAMS * N_WINDOW_COLUMNS - 1


Circuits = tuple[AtomicNeuronOnLogicalNeuron, ...]


@dataclass(frozen=True)
class LogicalNeuronCompartments:
    """Which circuits each compartment of a logical neuron has.

    compartments  by compartment, its circuits in the order given
    bridges       circuits whose soma line alone is used; they are taken, but no compartment
    """

    compartments: Mapping[CompartmentOnLogicalNeuron, Circuits]
    bridges: Circuits = ()

    def __post_init__(self) -> None:
        found = {
            CompartmentOnLogicalNeuron(i): tuple(map(AtomicNeuronOnLogicalNeuron, circuits))
            for i, circuits in self.compartments.items()
        }
        if not found:
            raise CoordinateError("a logical neuron has at least one compartment; none is given")
        owner: dict[int, str] = {}
        for i, circuits in [*found.items(), (None, self.bridges)]:
            who = "a bridge" if i is None else f"compartment {int(i)}"
            if i is not None and not circuits:
                raise CoordinateError(f"{who} has no circuit; give it at least one")
            for circuit in circuits:
                if circuit in owner:
                    raise CoordinateError(
                        f"{circuit!r} belongs to {owner[circuit]} and to {who}; "
                        "the circuits of a logical neuron are used once"
                    )
                owner[circuit] = who
        bridges = tuple(map(AtomicNeuronOnLogicalNeuron, self.bridges))
        object.__setattr__(self, "compartments", MappingProxyType(found))
        object.__setattr__(self, "bridges", bridges)

    def __hash__(self) -> int:
        return hash((tuple(self.compartments.items()), self.bridges))

    @classmethod
    def of(cls, compartments: Iterable[Iterable[int]], bridges: Iterable[int] = ()) -> Self:
        """Compartments 0, 1, ... from their circuits' numbers or places."""
        numbered = {
            CompartmentOnLogicalNeuron(i): tuple(map(AtomicNeuronOnLogicalNeuron, circuits))
            for i, circuits in enumerate(compartments)
        }
        return cls(numbered, tuple(map(AtomicNeuronOnLogicalNeuron, bridges)))

    def circuits(self) -> Iterator[AtomicNeuronOnLogicalNeuron]:
        """All circuits that are taken, bridges last."""
        for circuits in self.compartments.values():
            yield from circuits
        yield from self.bridges

    @property
    def columns(self) -> range:
        """From its leftmost to its rightmost column."""
        columns = [circuit.column for circuit in self.circuits()]
        return range(min(columns), max(columns) + 1)

    @property
    def rows(self) -> range:
        """From its upper to its lower row: one row or both."""
        rows = [circuit.row for circuit in self.circuits()]
        return range(min(rows), max(rows) + 1)

    def flip_x(self) -> LogicalNeuronCompartments:
        """Left and right exchanged within the columns that it takes."""
        turn = self.columns[0] + self.columns[-1]
        return self._moved(lambda column, row: (turn - column, row))

    def flip_y(self) -> LogicalNeuronCompartments:
        """Upper and lower row exchanged within the rows that it takes."""
        turn = self.rows[0] + self.rows[-1]
        return self._moved(lambda column, row: (column, turn - row))

    def _moved(self, place: Callable[[int, int], tuple[int, int]]) -> LogicalNeuronCompartments:
        def moved(circuits: Circuits) -> Circuits:
            return tuple(
                AtomicNeuronOnLogicalNeuron.at(*place(circuit.column, circuit.row))
                for circuit in circuits
            )

        found = {i: moved(circuits) for i, circuits in self.compartments.items()}
        return LogicalNeuronCompartments(found, moved(self.bridges))

    def place(self, anchor: int) -> LogicalNeuronPlacement:
        """Put the upper left corner of the circuits that it takes onto a circuit of the chip.

        Raises CoordinateError if it leaves the chip or its half of 128 columns.
        """
        return LogicalNeuronPlacement(self, AtomicNeuron(anchor))


@dataclass(frozen=True)
class LogicalNeuronPlacement:
    """A logical neuron on the chip (vendor: LogicalNeuronOnDLS).

    anchor  circuit of the chip onto which the upper left corner of what it takes falls
    """

    neuron: LogicalNeuronCompartments
    anchor: AtomicNeuron

    def __post_init__(self) -> None:
        anchor = AtomicNeuron(self.anchor)
        object.__setattr__(self, "anchor", anchor)
        height, width = len(self.neuron.rows), len(self.neuron.columns)
        if int(anchor.row) + height > N_SYNRAMS:
            raise CoordinateError(
                f"logical neuron at {anchor!r} (row {int(anchor.row)}): it takes {height} rows and "
                f"leaves the chip; anchor it in row 0"
            )
        free = N_WINDOW_COLUMNS - int(anchor.column) % N_WINDOW_COLUMNS
        if width > free:
            raise CoordinateError(
                f"logical neuron at {anchor!r} (column {int(anchor.column)}): it takes {width} "
                f"columns, but {free} are left to the edge of these {N_WINDOW_COLUMNS}, which no "
                f"line crosses; anchor it at least {width - free} columns further left"
            )

    def circuit(self, circuit: int) -> AtomicNeuron:
        """Where one of the neuron's circuits is; CoordinateError if it is none of them."""
        wanted = AtomicNeuronOnLogicalNeuron(circuit)
        if wanted not in set(self.neuron.circuits()):
            raise CoordinateError(f"{wanted!r} is no circuit of this logical neuron")
        return self._placed(wanted)

    def _placed(self, circuit: AtomicNeuronOnLogicalNeuron) -> AtomicNeuron:
        column = int(self.anchor.column) + circuit.column - self.neuron.columns[0]
        return AtomicNeuron.at(column, int(self.anchor.row) + circuit.row - self.neuron.rows[0])

    @property
    def placed_compartments(self) -> dict[CompartmentOnLogicalNeuron, tuple[AtomicNeuron, ...]]:
        """By compartment, its circuits on the chip, in the order in which they were given."""
        return {
            i: tuple(map(self._placed, circuits))
            for i, circuits in self.neuron.compartments.items()
        }

    @property
    def atomic_neurons(self) -> tuple[AtomicNeuron, ...]:
        """All circuits that are taken, bridges last."""
        return tuple(map(self._placed, self.neuron.circuits()))
