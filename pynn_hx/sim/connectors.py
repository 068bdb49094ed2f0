"""PyNN's connectors; with a `NativeRNG` they draw whole blocks at once.

With PyNN's generators the draws, and so the connections, are those of every PyNN backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN.connectors import Connector
from pyNN.errors import InvalidDimensionsError
from pyNN.random import RandomDistribution

from ..connectors import (
    ArrayConnector,
    CloneConnector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
    MapConnector,
    OneToOneConnector,
    SmallWorldConnector,
    counts,
    maps,
)
from ..connectors.base import Ints, SynapseValues, differ_in
from .native_random import NativeRNG

__all__ = [
    "AllToAllConnector",
    "ArrayConnector",
    "CSAConnector",
    "CloneConnector",
    "Connector",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IndexBasedProbabilityConnector",
    "MapConnector",
    "OneToOneConnector",
    "SmallWorldConnector",
]

_NUMBERS_AT_ONCE = 2**22


class AllToAllConnector(maps.AllToAllConnector):
    """Every cell onto every cell; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Connect all pairs, without a list of them if that can be."""
        values = SynapseValues(projection)
        no_self = not self.allow_self_connections and _share_cells(projection)
        if values.lazy or self.callback or no_self:
            super().connect(projection)
            return
        n_pre, n_post = projection.shape
        for name, column in values.listed.items():
            if column.size != n_pre * n_post:
                raise InvalidDimensionsError(
                    f"projection {projection.label!r}: {column.size} numbers as {name} for "
                    f"{n_pre * n_post} connections; give one number for each connection"
                )
        projection.receive_all_pairs({**values.known, **values.listed})


def _share_cells(projection: Any) -> bool:
    """Whether a cell is at both ends."""
    pre = np.array(projection.pre.all_cells, dtype=np.int64)
    return bool(np.isin(pre, np.array(projection.post.all_cells, dtype=np.int64)).any())


class FixedProbabilityConnector(maps.FixedProbabilityConnector):
    """Every pair with the same probability; see PyNN.

    With a `NativeRNG` the gaps between connections are drawn, so that the time it takes grows with
    the number of connections and not with that of pairs.
    """

    def connect(self, projection: Any) -> None:
        """Draw the connections."""
        if not isinstance(self.rng, NativeRNG) or self.allow_self_connections == "NoMutual":
            super().connect(projection)
            return
        n_pre, n_post = projection.shape
        pre, post = _thinned(self.rng, n_pre, n_post, float(self.p_connect))
        if not self.allow_self_connections:
            other = differ_in(projection, pre, post)
            pre, post = pre[other], post[other]
        _deliver(self, projection, pre, post)


def _thinned(rng: NativeRNG, n_pre: int, n_post: int, probability: float) -> tuple[Ints, Ints]:
    """Pairs that are each chosen with a probability, sorted by (pre, post)."""
    n_pairs = n_pre * n_post
    if probability <= 0 or not n_pairs:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    if probability >= 1:
        return np.divmod(np.arange(n_pairs), n_post)
    found, last = [], -1
    while last < n_pairs:
        wanted = (n_pairs - last) * probability
        n = min(int(wanted + 4 * np.sqrt(wanted) + 16), _NUMBERS_AT_ONCE)
        found.append(last + np.cumsum(rng.generator.geometric(probability, n)))
        last = int(found[-1][-1])
    pairs = np.concatenate(found)
    return np.divmod(pairs[: np.searchsorted(pairs, n_pairs)], n_post)


class _FixedNumber:
    """Drawing for all cells of one end at once."""

    rng: Any
    n: Any
    with_replacement: bool

    def _can_draw_at_once(self) -> bool:
        return isinstance(self.rng, NativeRNG) and not isinstance(self.n, RandomDistribution)

    def _draw_for_all(self, n_cells: int, size: int, *, not_own: bool) -> tuple[Ints, Ints]:
        """`n` indices below `size` for each of `n_cells` cells: cells and indices.

        not_own  cell i is not given index i
        """
        among = size - 1 if not_own else size
        full, rest = divmod(self.n, among)
        if self.with_replacement:
            full, rest = 0, self.n
        parts = [np.tile(np.arange(among), (n_cells, full))] if full else []
        if rest:
            draw = _with_replacement if self.with_replacement else _without_replacement
            parts.append(draw(self.rng, n_cells, rest, among))
        drawn = np.concatenate([np.empty((n_cells, 0), np.int64), *parts], axis=1)
        if not_own:
            drawn += drawn >= np.arange(n_cells)[:, None]
        return np.repeat(np.arange(n_cells), drawn.shape[1]), drawn.reshape(-1)


class FixedNumberPreConnector(_FixedNumber, counts.FixedNumberPreConnector):
    """Every postsynaptic cell with the same number of connections; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Draw the presynaptic cells of each postsynaptic one."""
        if not self._can_draw_at_once():
            super().connect(projection)
            return
        own = self._excludes_own(projection)
        post, pre = self._draw_for_all(projection.post.size, projection.pre.size, not_own=own)
        _deliver(self, projection, pre, post)


class FixedNumberPostConnector(_FixedNumber, counts.FixedNumberPostConnector):
    """Every presynaptic cell with the same number of connections; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Draw the postsynaptic cells of each presynaptic one."""
        if not self._can_draw_at_once():
            super().connect(projection)
            return
        own = self._excludes_own(projection)
        pre, post = self._draw_for_all(projection.pre.size, projection.post.size, not_own=own)
        _deliver(self, projection, pre, post)


def _with_replacement(rng: NativeRNG, n_rows: int, n: int, size: int) -> Ints:
    return rng.generator.integers(0, size, (n_rows, n))


def _without_replacement(rng: NativeRNG, n_rows: int, n: int, size: int) -> Ints:
    """(n_rows, n) indices below `size`, different within a row: every set is equally likely."""
    if 2 * n > size:
        drawn = np.empty((n_rows, n), np.int64)
        block = max(1, _NUMBERS_AT_ONCE // size)
        for first in range(0, n_rows, block):
            keys = rng.generator.random((min(block, n_rows - first), size))
            drawn[first : first + block] = np.argpartition(keys, n - 1, axis=1)[:, :n]
        return drawn
    # The first n different ones of a sequence: what came before is drawn again.
    drawn = np.sort(rng.generator.integers(0, size, (n_rows, n)), axis=1)
    rows = np.arange(n_rows)
    while rows.size:
        again = np.zeros((rows.size, n), dtype=bool)
        again[:, 1:] = np.diff(drawn[rows], axis=1) == 0
        rows, again = rows[again.any(axis=1)], again[again.any(axis=1)]
        part = drawn[rows]
        part[again] = rng.generator.integers(0, size, int(again.sum()))
        drawn[rows] = np.sort(part, axis=1)
    return drawn


def _deliver(connector: Any, projection: Any, pre: Ints, post: Ints) -> None:
    """Hand pairs over; what is drawn by a `NativeRNG` is drawn for all of them at once."""
    values = SynapseValues(projection)
    drawn = {}
    for name, lazy in list(values.lazy.items()):
        base = lazy.base_value
        if (
            isinstance(base, RandomDistribution)
            and isinstance(base.rng, NativeRNG)
            and not lazy.operations
        ):
            drawn[name] = base.next(pre.size)
            del values.lazy[name]
    if values.lazy or connector.callback:
        values.listed |= {name: _in_order(pre, post, column) for name, column in drawn.items()}
        connector.connect_pairs(projection, pre, post, values)
    else:
        projection.receive(pre, post, {**values.of(pre, post), **drawn})


def _in_order(pre: Ints, post: Ints, column: Any) -> Any:
    """Values of pairs in the order of `Projection.connections`."""
    return column[np.lexsort((post, pre))]
