"""The two ends of a projection: which cells, which compartment, which numbers in the network."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import common
from pyNN.errors import ConnectionError as PyNNConnectionError

from .mapping.demand import rank_within
from .mapping.graph import Ints
from .populations import Population
from .standardmodels.base import ChipNeuron


class End:
    """The cells of a population, a view or an assembly, in their order.

    cells         what the user gave
    compartments  for each population, the chosen compartment of its cells (0 is the first)
    root_indices  (cell,) index of each cell in its whole population
    conductance_based  whether all cells are
    """

    def __init__(self, cells: Any, location: Any, place: str) -> None:
        self.cells = cells
        members = cells.populations if isinstance(cells, common.Assembly) else [cells]
        self._roots: list[Population] = [member._root for member in members]
        self._indices: list[Ints] = [np.asarray(member._indices) for member in members]
        self._locations = [
            None if location is None else (compartment(member, location, place),)
            for member in members
        ]
        self.conductance_based = all(root.celltype.conductance_based for root in self._roots)
        self.root_indices = np.concatenate(self._indices)
        self.compartments = [0 if chosen is None else chosen[0] for chosen in self._locations]

    def require_session(self, what: str) -> None:
        """RuntimeError unless all cells belong to the present session."""
        for root in self._roots:
            root.require_session(what)

    def source_numbers(self) -> Ints:
        """(cell,) network number of each cell as a source."""
        return np.concatenate(
            [
                root.source_numbers(indices, location)
                for root, indices, location in zip(
                    self._roots, self._indices, self._locations, strict=True
                )
            ]
        )

    def slots(self, cell: Ints, n_synapses: Ints, first: int) -> Ints:
        """(connection,) slot that each connection goes to.

        Connections onto one cell are dealt out to the circuits of its compartment, those of many
        synapses first, so that no circuit's column fills before the others.

        cell        (connection,) target
        n_synapses  (connection,) synapses that it takes
        first       circuit that the first connection of each cell goes to, modulo their number
        """
        parts = [
            root.target_slots(indices, location)
            for root, indices, location in zip(
                self._roots, self._indices, self._locations, strict=True
            )
        ]
        if all(part.shape[1] == 1 for part in parts):
            return np.concatenate(parts)[cell, 0]
        n_circuits = np.concatenate([np.full(*part.shape) for part in parts])
        start = np.cumsum(n_circuits) - n_circuits
        slot = np.concatenate([part.reshape(-1) for part in parts])
        order = np.argsort(-n_synapses, kind="stable")
        turn = np.empty(cell.size, dtype=np.int64)
        turn[order] = rank_within(cell[order])
        return slot[start[cell] + (turn + first) % n_circuits[cell]]


def compartment(cells: Any, location: Any, place: str) -> int:
    """Number of the compartment that a label names; ValueError if it names none, or several."""
    labels = [location] if isinstance(location, str) else location
    if not isinstance(labels, list | tuple) or not all(isinstance(n, str) for n in labels):
        raise ValueError(f"{place}: location {location!r} is not the label of a compartment")
    layout = getattr(cells.celltype, "layout", ())
    known = [part.label for part in layout if part.label is not None]
    if not known:
        raise ValueError(
            f"{place}: location {location!r}: a point neuron has no locations and a source has "
            f"none, and {cells.label!r} is of {type(cells.celltype).__name__}; leave it out"
        )
    chosen = [k for k, part in enumerate(layout) if part.label in labels]
    if len(chosen) != 1 or any(label not in known for label in labels):
        problem = "names several compartments" if chosen else "names no compartment"
        raise ValueError(
            f"{place}: location {location!r} {problem} of {cells.label!r}; "
            f"they are called {', '.join(known)}"
        )
    return chosen[0]


def check_targets(post: Any) -> None:
    """ConnectionError naming the first population that cannot receive events."""
    if not isinstance(post, common.BasePopulation | common.Assembly):
        return  # PyNN says so
    inside = f" of assembly {post.label!r}" if isinstance(post, common.Assembly) else ""
    for member in getattr(post, "populations", [post]):
        if not isinstance(member.celltype, ChipNeuron):
            raise PyNNConnectionError(
                f"population {member.label!r}{inside} of {type(member.celltype).__name__} cannot "
                "receive events; project onto neurons of the chip, as HXNeuron"
            )
