"""Neurons of several circuits: a builder that closes switches, and what comes of it.

Between circuits there are five kinds of switches.  Membranes of neighbours are joined to the right
(`connect_right`) and between the rows (`connect_vertical`; both circuits must close theirs).  Above
each row runs a soma line, divided at every circuit: `connect_soma_right` joins a piece to the next
one.  A membrane reaches its piece of the line directly (`connect_soma`) or through a resistor
(`enable_conductance`).  A compartment is what is joined without a resistor.
Source: lola (morphology.h, v3), read on 2026-11-21; its rules as its own tests state them.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from .chip_config import ChipConfig
from .coordinates import (
    AtomicNeuron,
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    LogicalNeuronCompartments,
    LogicalNeuronPlacement,
)
from .errors import ProtocolError

Circuit = AtomicNeuronOnLogicalNeuron


class MorphologyError(ProtocolError, RuntimeError):
    """Circuits cannot be joined so, or what was built is not one neuron."""


@dataclass(frozen=True, slots=True)
class Switches:
    """Which switches of a circuit are closed; names as in ``chip.neurons.multicompartment_*``."""

    connect_soma: bool = False
    connect_soma_right: bool = False
    connect_right: bool = False
    connect_vertical: bool = False
    enable_conductance: bool = False

    @property
    def is_bridge(self) -> bool:
        """Whether the circuit does nothing but continue the soma line."""
        return self == Switches(connect_soma_right=True)


@dataclass(frozen=True)
class LogicalNeuron:
    """A neuron as built: its compartments and the switches that make them.

    switches  of every circuit that it takes
    """

    compartments: LogicalNeuronCompartments
    switches: Mapping[Circuit, Switches]

    def flip_x(self) -> LogicalNeuron:
        """Left and right exchanged; switches to the right move to the other circuit of the two."""
        turn = self.compartments.columns[0] + self.compartments.columns[-1]
        opened = Switches()
        flipped = {}
        for circuit, own in self.switches.items():
            left = opened
            if circuit.column > 0:
                left = self.switches.get(Circuit.at(circuit.column - 1, circuit.row), opened)
            flipped[Circuit.at(turn - circuit.column, circuit.row)] = Switches(
                connect_soma=own.connect_soma,
                connect_soma_right=left.connect_soma_right,
                connect_right=left.connect_right,
                connect_vertical=own.connect_vertical,
                enable_conductance=own.enable_conductance,
            )
        return LogicalNeuron(self.compartments.flip_x(), MappingProxyType(flipped))

    def flip_y(self) -> LogicalNeuron:
        """Upper and lower row exchanged; no change if it takes one row."""
        turn = self.compartments.rows[0] + self.compartments.rows[-1]
        flipped = {Circuit.at(c.column, turn - c.row): own for c, own in self.switches.items()}
        return LogicalNeuron(self.compartments.flip_y(), MappingProxyType(flipped))

    def place(self, anchor: int) -> LogicalNeuronPlacement:
        """Put its upper left corner onto a circuit of the chip.

        Raises CoordinateError if it leaves the chip or its half of 128 columns.
        """
        return self.compartments.place(anchor)

    def write(self, chip: ChipConfig, anchor: int) -> LogicalNeuronPlacement:
        """Set all switches of its circuits in a configuration; returns where they are.

        Raises CoordinateError if it does not fit there, MorphologyError if a closed switch of a
        circuit beside it would join it to others; either leaves the configuration as it was.
        """
        placement = self.place(anchor)
        placed = {placement.circuit(c): own for c, own in self.switches.items()}
        _check_left_neighbours(chip, placed)
        for field in fields(Switches):
            array = chip.neurons[f"multicompartment_{field.name}"]
            for circuit, own in placed.items():
                array[int(circuit)] = getattr(own, field.name)
        return placement


def _check_left_neighbours(chip: ChipConfig, placed: Mapping[AtomicNeuron, Switches]) -> None:
    neurons = chip.neurons
    for circuit, own in placed.items():
        if circuit.index_on_quadrant == 0 or AtomicNeuron(circuit - 1) in placed:
            continue
        uses_line = own.connect_soma or own.enable_conductance or own.connect_soma_right
        for name, matters in (("connect_right", True), ("connect_soma_right", uses_line)):
            if matters and neurons[f"multicompartment_{name}"][circuit - 1]:
                raise MorphologyError(
                    f"multicompartment_{name} of {AtomicNeuron(circuit - 1)!r} is closed and would "
                    f"join {circuit!r} of the logical neuron to others; open it or choose another "
                    "anchor"
                )


class Morphology:
    """Builds a neuron; calls may come in any order, and a refused one changes nothing."""

    def __init__(self) -> None:
        self._compartments: list[tuple[Circuit, ...]] = []
        self._direct: set[Circuit] = set()
        self._resistor: set[Circuit] = set()
        self._line_right: set[Circuit] = set()
        self._line_ends: set[Circuit] = set()

    def create_compartment(self, circuits: Iterable[int]) -> CompartmentOnLogicalNeuron:
        """Join the membranes of circuits that touch each other; returns the compartment's number.

        circuits  numbers or places on the logical neuron
        Raises MorphologyError if there is none, if one is used already, or if they do not touch.
        """
        wanted = tuple(map(Circuit, circuits))
        number = CompartmentOnLogicalNeuron(len(self._compartments))
        if not wanted:
            raise MorphologyError(f"compartment {int(number)} has no circuit; give it at least one")
        for i, circuit in enumerate(wanted):
            owner = self._owner(circuit)
            if owner is not None or circuit in wanted[:i]:
                raise MorphologyError(
                    f"compartment {int(number)}: circuit {_at(circuit)} is already part of "
                    f"compartment {int(number if owner is None else owner)}; use each circuit once"
                )
        pieces = _Groups()
        for circuit in wanted:
            pieces.add(circuit)
            for neighbour in _neighbours(circuit, wanted):
                pieces.join(circuit, neighbour)
        for circuit in wanted[1:]:
            if not pieces.joined(wanted[0], circuit):
                raise MorphologyError(
                    f"compartment {int(number)}: circuit {_at(circuit)} does not touch "
                    f"{_at(wanted[0])} over others of the compartment; its circuits must be "
                    "neighbours, or make several compartments and join them over the soma line"
                )
        self._compartments.append(wanted)
        return number

    def connect_to_soma(self, circuit: int) -> None:
        """Join a circuit's membrane to its piece of the soma line directly.

        Raises MorphologyError if it has a resistor to the line.
        """
        self._attach(Circuit(circuit), self._direct, self._resistor, "through a resistor")

    def connect_resistor_to_soma(self, circuit: int) -> None:
        """Join a circuit's membrane to its piece of the soma line through its resistor.

        Raises MorphologyError if it is joined directly.
        """
        self._attach(Circuit(circuit), self._resistor, self._direct, "directly")

    @staticmethod
    def _attach(circuit: Circuit, kind: set[Circuit], other: set[Circuit], how: str) -> None:
        if circuit in other:
            raise MorphologyError(
                f"circuit {_at(circuit)} is already joined to the soma line {how}; "
                "a circuit is joined in one way, its neighbours may be in the other"
            )
        kind.add(circuit)

    def connect_soma_line(self, begin: int, end: int, row: int) -> None:
        """Make the soma line of a row continuous from column `begin` to and with column `end`.

        Raises MorphologyError if `end` is left of `begin`, CoordinateError outside the window.
        """
        first, last = Circuit.at(begin, row), Circuit.at(end, row)
        if last < first:
            raise MorphologyError(
                f"soma line of row {first.row}: it ends in column {last.column}, left of its begin "
                f"in column {first.column}; exchange the two"
            )
        self._line_right.update(Circuit.at(c, row) for c in range(first.column, last.column))
        self._line_ends.add(last)

    def __getitem__(self, circuit: int) -> Switches:
        """The switches of a circuit so far."""
        place = Circuit(circuit)
        owner = self._owner(place)
        mates = () if owner is None else self._compartments[owner]
        neighbours = _neighbours(place, mates)
        return Switches(
            connect_soma=place in self._direct,
            connect_soma_right=place in self._line_right,
            connect_right=any(n.row == place.row for n in neighbours),
            connect_vertical=any(n.row != place.row for n in neighbours),
            enable_conductance=place in self._resistor,
        )

    def done(self) -> LogicalNeuron:
        """The neuron, if all that was said is one.

        Circuits that were only attached to the line become compartments, numbered after the others;
        circuits that only continue the line become bridges.
        Raises MorphologyError if nothing was built, if compartments are joined without a resistor,
        or if something is not joined to the rest.
        """
        taken = {c for circuits in self._compartments for c in circuits}
        taken |= self._direct | self._resistor | self._line_right | self._line_ends
        if not taken:
            raise MorphologyError("the morphology is empty; begin with create_compartment")
        switches = {circuit: self[circuit] for circuit in sorted(taken)}
        bridges = tuple(
            c for c, own in switches.items() if own.is_bridge and self._owner(c) is None
        )
        self._check_line_ends(switches)
        groups = self._joined_without_resistor(switches)
        compartments = self._all_compartments(groups, [c for c in switches if c not in bridges])
        for circuit in self._resistor:
            groups.join(circuit, _line(circuit))
        self._check_connected(groups, compartments, bridges)
        return LogicalNeuron(
            LogicalNeuronCompartments.of(compartments, bridges), MappingProxyType(switches)
        )

    def _owner(self, circuit: Circuit) -> int | None:
        """The compartment that was created with a circuit."""
        for number, circuits in enumerate(self._compartments):
            if circuit in circuits:
                return number
        return None

    def _check_line_ends(self, switches: Mapping[Circuit, Switches]) -> None:
        for circuit in self._line_ends:
            if switches[circuit] == Switches() and self._owner(circuit) is None:
                raise MorphologyError(
                    f"a soma line ends at circuit {_at(circuit)}, to which nothing is joined; "
                    "attach that circuit or end the line further left"
                )

    @staticmethod
    def _joined_without_resistor(switches: Mapping[Circuit, Switches]) -> _Groups:
        """Membranes (their circuits) and pieces of the soma lines by what is one conductor."""
        groups = _Groups()
        for circuit, own in switches.items():
            groups.add(circuit)
            groups.add(_line(circuit))
            if own.connect_right:
                groups.join(circuit, circuit.right)
            if own.connect_vertical:
                groups.join(circuit, circuit.opposite)
            if own.connect_soma:
                groups.join(circuit, _line(circuit))
            if own.connect_soma_right:
                groups.join(_line(circuit), _line(circuit.right))
        return groups

    def _all_compartments(
        self, groups: _Groups, circuits: Iterable[Circuit]
    ) -> list[tuple[Circuit, ...]]:
        """The compartments as created, then those of circuits that were only attached."""
        together: dict[Hashable, list[Circuit]] = {}
        for circuit in circuits:
            together.setdefault(groups.find(circuit), []).append(circuit)
        found = list(self._compartments)
        for members in together.values():
            owners = {self._owner(circuit): circuit for circuit in members}
            if len(owners) > 1:
                one, other = list(owners.values())[:2]
                raise MorphologyError(
                    f"circuits {_at(one)} and {_at(other)} are of two compartments but joined "
                    "without a resistor over the soma line; use connect_resistor_to_soma for one "
                    "of them, or make one compartment"
                )
            if None in owners:
                found.append(tuple(members))
        return found

    @staticmethod
    def _check_connected(
        groups: _Groups, compartments: list[tuple[Circuit, ...]], bridges: Iterable[Circuit]
    ) -> None:
        first = compartments[0][0] if compartments else None
        for number, circuits in enumerate(compartments):
            if not groups.joined(first, circuits[0]):
                raise MorphologyError(
                    f"compartment {number} (circuit {_at(circuits[0])}) is not joined to "
                    f"compartment 0; attach both to one soma line and make it continuous"
                )
        for circuit in bridges:
            if first is None or not groups.joined(first, _line(circuit)):
                raise MorphologyError(
                    f"the soma line at circuit {_at(circuit)} is not joined to any compartment; "
                    "attach one to it or leave it out"
                )


class _Groups:
    """Which things are joined, directly or over others."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def add(self, thing: Hashable) -> None:
        self._parent.setdefault(thing, thing)

    def find(self, thing: Hashable) -> Hashable:
        """The one that stands for its group."""
        while self._parent[thing] != thing:
            self._parent[thing] = thing = self._parent[self._parent[thing]]
        return thing

    def join(self, one: Hashable, other: Hashable) -> None:
        self.add(one)
        self.add(other)
        self._parent[self.find(one)] = self.find(other)

    def joined(self, one: Hashable, other: Hashable) -> bool:
        return self.find(one) == self.find(other)


def _neighbours(circuit: Circuit, among: Iterable[Circuit]) -> list[Circuit]:
    """Those to which its own switches lead: to the right and in the other row."""
    right = [circuit.right] if circuit.column < 127 else []
    return [c for c in (*right, circuit.opposite) if c in among]


def _line(circuit: Circuit) -> tuple[str, Circuit]:
    """The piece of soma line at a circuit."""
    return "line", circuit


def _at(circuit: Circuit) -> str:
    return f"(column {circuit.column}, row {circuit.row})"
