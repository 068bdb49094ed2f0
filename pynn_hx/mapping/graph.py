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

    pre         (connection,) int64: a neuron 0..n_neurons-1, or n_neurons + an external source
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
    """A population of cells that a generator on the chip stands for."""

    size: int
    recorded: bool = False


@dataclass(frozen=True)
class Network:
    """What is to be placed and routed.

    n_neurons    neurons that need a circuit, numbered in the order of their creation
    n_external   external spike sources
    connections  see :class:`Connections`
    recorded     (n_neurons,) bool: the neuron's spikes are wanted
    """

    n_neurons: int
    n_external: int
    connections: Connections
    recorded: Bools
    background: tuple[Background, ...] = ()
