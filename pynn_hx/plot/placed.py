"""A mapped network as arrays that pictures are drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from firmware_protocol.coordinates import N_BUSES, N_COLUMNS, N_NEURONS, N_ROWS

from ..mapping.graph import Ints

if TYPE_CHECKING:
    from ..mapping.route import Routing

NOBODY = -1


@dataclass(frozen=True)
class PlacedNetwork:
    """Which population is where.

    labels   (population,) names
    owner    (source,) population of each neuron circuit, then of each other source of spikes;
             -1 for none
    n_slots  how many of these are neuron circuits
    pre      (synapse,) source that a hardware synapse belongs to
    routing  places of circuits and synapses
    """

    labels: tuple[str, ...]
    owner: Ints
    n_slots: int
    pre: Ints
    routing: Routing

    @classmethod
    def of(cls, state: Any, part: int = 0) -> PlacedNetwork:
        """The network of a session (``pynn_hx.simulator.state``) as it was last mapped.

        part    which part, of a network that is larger than the chip
        Raises  RuntimeError if it was not mapped, IndexError for a part that is not there
        """
        if getattr(state, "mapped", None) is None:
            raise RuntimeError(
                "nothing is mapped yet; call run() or run(None, RunCommand.PREPARE) before drawing"
            )
        whole, mine = state.mapped.network, state.mapped.parts[part]
        owner = np.full(whole.n_sources, NOBODY, dtype=np.int64)
        for number, population in enumerate(state.populations):
            begin = state.first_number(population.celltype) + population.offset
            owner[begin : begin + population.size * population.n_circuits] = number
        background = owner[whole.n_neurons + whole.n_external :]
        local = np.concatenate([owner[mine.slots], owner[mine.origin], background])
        labels = tuple(str(population.label) for population in state.populations)
        pre = mine.network.connections.pre[mine.routing.connection]
        return cls(labels, local, mine.network.n_neurons, pre, mine.routing)

    @cached_property
    def post(self) -> Ints:
        """(synapse,) neuron circuit (slot) that a synapse is of; -1 if it is of none."""
        slot = np.full(N_NEURONS, NOBODY, dtype=np.int64)
        slot[self.routing.circuit] = np.arange(self.routing.circuit.size)
        return slot[self.routing.half * N_COLUMNS + self.routing.column]

    @cached_property
    def circuits(self) -> Ints:
        """(2, 256) population of each neuron circuit, -1 for none."""
        found = np.full(N_NEURONS, NOBODY, dtype=np.int64)
        found[self.routing.circuit] = self.owner[: self.n_slots]
        return found.reshape(2, N_COLUMNS)

    def synapses(self, *, by_source: bool = True) -> Ints:
        """(2, 256, 256) half, row, column: population of a synapse's source or target, or -1."""
        r = self.routing
        found = np.full((2, N_ROWS, N_COLUMNS), NOBODY, dtype=np.int64)
        found[r.half, r.row, r.column] = self.owner[self.pre if by_source else self.post]
        return found

    def labels_of_drivers(self) -> Ints:
        """(2, 128) how many different labels the synapses of a driver listen to."""
        r = self.routing
        heard = np.zeros((2, N_ROWS // 2, 64), dtype=bool)
        heard[r.half, r.row // 2, r.synapse_label] = True
        return heard.sum(axis=2)

    def rows_of_buses(self) -> Ints:
        """(2, 8) synapse rows of the buses 0..3 of the top and 4..7 of the bottom half.

        First those with synapses of other sources than neurons, then those with synapses of
        neurons; a row can have both.
        """
        r = self.routing
        found = np.zeros((2, 2 * N_BUSES), dtype=np.int64)
        for number, mine in enumerate((self.pre >= self.n_slots, self.pre < self.n_slots)):
            used = np.zeros((2, N_ROWS), dtype=bool)
            used[r.half[mine], r.row[mine]] = True
            half, row = np.nonzero(used)
            np.add.at(found[number], half * N_BUSES + row // 2 % N_BUSES, 1)
        return found

    def population_matrix(self) -> Ints:
        """(population, population) hardware synapses from one to another."""
        found = np.zeros((len(self.labels), len(self.labels)), dtype=np.int64)
        np.add.at(found, (self.owner[self.pre], self.owner[self.post]), 1)
        return found

    def neuron_matrix(self) -> Ints:
        """(source, slot) hardware synapses from one to another."""
        found = np.zeros((self.owner.size, self.n_slots), dtype=np.int64)
        np.add.at(found, (self.pre, self.post), 1)
        return found
