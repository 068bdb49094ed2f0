"""The network that mapping works on: flat arrays, no objects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Connections:
    """All connections of a network, projection after projection.

    pre         (connection,) int64: a neuron 0..n_neurons-1, n_neurons + an external source, or
                n_neurons + n_external + a background cell
    post        (connection,) int64: a neuron
    weight      (connection,) int64, absolute digital weight >= 0
    inhibitory  (connection,) bool
    """

    pre: Ints
    post: Ints
    weight: Ints
    inhibitory: Bools

    @classmethod
    def none(cls) -> Connections:
        """No connections."""
        empty = np.empty(0, dtype=np.int64)
        return cls(empty, empty, empty, np.empty(0, dtype=bool))


@dataclass(frozen=True)
class Background:
    """A population whose events an on-chip generator draws.

    size      cells
    recorded  whether its events are wanted by the host
    """

    size: int
    recorded: bool = False

    @property
    def random_bits(self) -> int:
        """Label bits that the generator draws: 2**random_bits >= size."""
        return max(self.size - 1, 0).bit_length()


@dataclass(frozen=True)
class Network:
    """What is to be placed and routed.

    n_neurons    neurons that need a circuit, numbered in the order of their creation
    n_external   external spike sources
    connections  see :class:`Connections`
    recorded     (n_neurons,) bool: the neuron's spikes are wanted
    background   populations of on-chip generators, whose cells are numbered after the external
                 sources, population by population
    """

    n_neurons: int
    n_external: int
    connections: Connections
    recorded: Bools
    background: tuple[Background, ...] = ()

    @property
    def background_starts(self) -> Ints:
        """(population + 1,) number of each background population's first cell, and the end."""
        sizes = [population.size for population in self.background]
        return np.cumsum([self.n_neurons + self.n_external, *sizes])

    @property
    def n_sources(self) -> int:
        """Everything that events come from: neurons, external sources and background cells."""
        return int(self.background_starts[-1])

    def same_wiring(self, other: Network) -> bool:
        """Whether the two differ at most in their weights and in what is recorded."""
        mine, its = self.connections, other.connections
        return (
            (self.n_neurons, self.n_external) == (other.n_neurons, other.n_external)
            and [p.size for p in self.background] == [p.size for p in other.background]
            and np.array_equal(mine.pre, its.pre)
            and np.array_equal(mine.post, its.post)
            and np.array_equal(mine.inhibitory, its.inhibitory)
        )
