"""Small-world networks, which PyNN 0.13 declares and leaves out.

Source: the parameters as PyNN describes them; D. J. Watts and S. H. Strogatz, Nature 393 (1998),
440-442, for the rewiring.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import connectors as _pynn
from pyNN.errors import ConnectionError as PyNNConnectionError

from .base import Bools, Floats, Ints, MapConnector, SynapseValues, differ, distances


class SmallWorldConnector(MapConnector, _pynn.SmallWorldConnector):
    """Neighbours, and a few shortcuts.

    Each presynaptic cell connects to all cells nearer than `degree` (a distance in the
    projection's Space; PyNN's default places cells one unit apart on a line, and a ring is a
    Space with periodic boundaries).  Each of these connections is then moved, with probability
    `rewiring`, to a cell drawn among all that the presynaptic cell is not yet connected to; it
    stays if there is none.  So no pair is connected twice.

    n_connections  connections of each presynaptic cell, drawn among its neighbours
    allow_self_connections  may be "NoMutual" if both ends are the same cells: only i > j is left
    """

    n_connections: int | None
    rewiring: float

    def __init__(self, degree: float, *arguments: Any, **named: Any) -> None:
        super().__init__(degree, *arguments, **named)
        self.degree = degree  # PyNN 0.13 forgets it, and describe() fails

    def connect(self, projection: Any) -> None:
        """Connect; ConnectionError if a cell has fewer neighbours than `n_connections`."""
        allowed = self._allowed(projection)
        near = distances(projection).evaluate().reshape(projection.shape) < self.degree
        matrix = np.zeros(projection.shape, dtype=bool)
        for pre in range(projection.pre.size):
            targets = np.nonzero(near[pre] & allowed[pre])[0]
            matrix[pre, self._chosen(targets, pre, projection)] = True
            self._rewire(matrix[pre], allowed[pre])
        self.connect_columns(projection, matrix.T, SynapseValues(projection))

    def _allowed(self, projection: Any) -> Bools:
        if self.allow_self_connections == "NoMutual":
            if projection.pre != projection.post:
                raise PyNNConnectionError(
                    f"projection {projection.label!r}: SmallWorldConnector with "
                    "allow_self_connections='NoMutual' needs the same cells at both ends"
                )
            return np.tril(np.ones(projection.shape, dtype=bool), k=-1)
        if self.allow_self_connections:
            return np.ones(projection.shape, dtype=bool)
        return differ(projection)

    def _chosen(self, targets: Ints, pre: int, projection: Any) -> Ints:
        n = self.n_connections
        if n is None:
            return targets
        if targets.size < n:
            raise PyNNConnectionError(
                f"projection {projection.label!r}: presynaptic cell {pre} has {targets.size} "
                f"neighbours nearer than {self.degree:g}, n_connections asks for {n}; use a "
                "larger degree or fewer connections"
            )
        return np.asarray(self.rng.permutation(targets))[:n]

    def _rewire(self, row: Bools, allowed: Bools) -> None:
        """Move connections of one presynaptic cell, in place."""
        targets = np.nonzero(row)[0]
        drawn: Floats = self.rng.next(targets.size, "uniform", {"low": 0, "high": 1})
        for old in targets[drawn < self.rewiring]:
            free = np.nonzero(allowed & ~row)[0]
            if free.size:
                new = free[int(self.rng.next(1, "uniform_int", {"low": 0, "high": free.size})[0])]
                row[old], row[new] = False, True
