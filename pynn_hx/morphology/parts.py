"""What a neuron of several circuits is described with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral, Number
from typing import Any, NamedTuple

from firmware_protocol.coordinates import AtomicNeuronOnLogicalNeuron, CoordinateError


class SharedLineConnection(NamedTuple):
    """A stretch of the shared line of a row that is made continuous.

    start, stop  columns 0..127 of the neuron, `stop` included
    row          0 top, 1 bottom
    """

    start: int
    stop: int
    row: int


class Compartment:
    """Circuits whose membranes are joined, and how they reach the shared line of their row.

    positions            circuits on the neuron: column + 128 * row; the first one spikes, and is
                         read out and stimulated unless another is chosen
    label                what locations of recordings and connectors are called; it need not be
                         unique
    connect_shared_line  positions that are joined to the line directly
    connect_conductance  (position, conductance): joined to the line through their resistor, whose
                         conductance is the code `multicompartment_i_bias_nmda` of that circuit,
                         0..1022; it is a parameter like those below
    parameters           parameters of :class:`~pynn_hx.morphology.McNeuronBase`: a number for all
                         circuits of the compartment, or a list of one number per position
    Raises  TypeError if an argument is not of this form
    """

    def __init__(
        self,
        *,
        positions: Sequence[int],
        label: str | None = None,
        connect_shared_line: Sequence[int] | None = None,
        connect_conductance: Sequence[tuple[int, float]] | None = None,
        **parameters: Any,
    ) -> None:
        if not isinstance(label, str):
            raise TypeError(
                f"Compartment(label={label!r}): give a text; locations are called by it"
            )
        self.label = label
        self.positions = _positions(positions, f"{self._place}: positions")
        self.connect_shared_line = self._own_positions(connect_shared_line, "connect_shared_line")
        self.connect_conductance = self._conductances(connect_conductance)
        self.parameters: dict[str, Any] = dict(parameters)

    @property
    def size(self) -> int:
        """How many circuits it has."""
        return len(self.positions)

    @property
    def _place(self) -> str:
        return f"compartment {self.label!r}"

    def _own_positions(self, wanted: Any, name: str) -> list[int]:
        found = _positions([] if wanted is None else wanted, f"{self._place}: {name}")
        for position in found:
            if position not in self.positions:
                raise TypeError(
                    f"{self._place}: {name} names position {position}, which is not among its "
                    f"positions {self.positions}"
                )
        return found

    def _conductances(self, wanted: Any) -> list[tuple[int, float]]:
        pairs = [] if wanted is None else wanted
        pairs = list(pairs) if isinstance(pairs, Iterable) else [pairs]
        if not all(map(_is_pair, pairs)):
            raise TypeError(
                f"{self._place}: connect_conductance={wanted!r}: give a list of tuples (position, "
                "conductance)"
            )
        self._own_positions([position for position, _ in pairs], "connect_conductance")
        return [(int(position), conductance) for position, conductance in pairs]

    def __repr__(self) -> str:
        return f"Compartment(positions={self.positions}, label={self.label!r})"


def _is_pair(entry: Any) -> bool:
    return isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], Number)


def _positions(wanted: Any, place: str) -> list[int]:
    """A new list of different positions; TypeError naming the place if it is anything else."""
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise TypeError(f"{place} = {wanted!r}: give a list of whole numbers")
    found = list(wanted)
    for position in found:
        if isinstance(position, bool) or not isinstance(position, Integral):
            raise TypeError(f"{place} contains {position!r}; circuits are whole numbers 0..255")
    if len(set(found)) < len(found):
        twice = sorted({int(p) for p in found if found.count(p) > 1})
        raise TypeError(f"{place} = {found} names {twice} more than once; name each circuit once")
    try:
        return [int(AtomicNeuronOnLogicalNeuron(int(position))) for position in found]
    except CoordinateError:
        raise CoordinateError(
            f"{place} = {found}: a neuron has circuits 0..127 in the top row and 128..255 in the "
            "bottom row"
        ) from None
