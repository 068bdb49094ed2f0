"""Connectors that make a given number of connections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from pyNN import connectors as _pynn
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.random import RandomDistribution

from .base import Bools, Ints, MapConnector, SynapseValues, differ


class _FixedNumber(MapConnector):
    """What the three have in common.

    Unlike in PyNN 0.13, `n` may be a NumPy integer and a drawn number may be 0, and "NoMutual" is
    refused instead of ignored.
    """

    n: Any
    with_replacement: bool

    def __init__(self, n: Any, allow_self_connections: Any = True, *more: Any, **named: Any):
        if allow_self_connections == "NoMutual":
            raise NotImplementedError(
                f"{type(self).__name__}: allow_self_connections='NoMutual' is not defined for a "
                "fixed number of connections; use True or False"
            )
        number = int(n) if isinstance(n, np.integer) else n
        super().__init__(number, allow_self_connections, *more, **named)

    def _draw(self, n: Any, size: int, exclude: int | None) -> Ints:
        """`n` indices below `size`, none of which is `exclude`."""
        n = int(n)
        if self.with_replacement:
            drawn = self.rng.next(n, "uniform_int", {"low": 0, "high": size}, mask=None)
            return self._redraw(drawn.astype(np.int64), size, exclude)
        cells = np.arange(size)
        if exclude is not None:
            cells = cells[cells != exclude]
        full, rest = divmod(n, cells.size)  # all cells once before the first one twice
        some = self.rng.permutation(cells)[:rest] if rest else cells[:0]
        return np.concatenate([np.tile(cells, full), some])

    def _redraw(self, drawn: Ints, size: int, exclude: int | None) -> Ints:
        """Draw again what is `exclude`, until it is something else.

        PyNN 0.13 takes positions among the redrawn ones for positions among all, which leaves
        self-connections or ends in an IndexError when a redrawn index is the excluded one too.
        """
        if exclude is not None:
            while (again := np.nonzero(drawn == exclude)[0]).size:
                limits = {"low": 0, "high": size}
                drawn[again] = self.rng.next(again.size, "uniform_int", limits, mask=None)
        return drawn

    def _excludes_own(self, projection: Any) -> bool:
        """Whether cell i may not connect to cell i; ConnectionError if there is no other one."""
        if self.allow_self_connections or projection.pre != projection.post:
            return False
        if projection.pre.size == 1:
            raise PyNNConnectionError(
                f"projection {projection.label!r}: {type(self).__name__} without "
                "self-connections on a single cell has no cell to connect with"
            )
        return True

    def _connect_pairs(self, projection: Any, pre: Ints, post: Ints) -> None:
        self.connect_pairs(projection, pre, post, SynapseValues(projection))


class FixedNumberPreConnector(_FixedNumber, _pynn.FixedNumberPreConnector):
    """Every postsynaptic cell with the same number of connections; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Draw the presynaptic cells of each postsynaptic one."""
        own = self._excludes_own(projection)

        def columns() -> Iterator[Ints]:
            for post, n in enumerate(self._get_num_pre(projection.post.size)):
                yield self._draw(n, projection.pre.size, post if own else None)

        self._standard_connect(projection, columns)


class FixedNumberPostConnector(_FixedNumber, _pynn.FixedNumberPostConnector):
    """Every presynaptic cell with the same number of connections; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Draw the postsynaptic cells of each presynaptic one."""
        own = self._excludes_own(projection)
        targets = [
            self._draw(self._get_num_post(), projection.post.size, pre if own else None)
            for pre in range(projection.pre.size)
        ]
        pre = np.repeat(np.arange(projection.pre.size), [chosen.size for chosen in targets])
        self._connect_pairs(projection, pre, np.concatenate(targets))


class FixedTotalNumberConnector(_FixedNumber, _pynn.FixedTotalNumberConnector):
    """A number of connections drawn among all pairs; see PyNN.

    PyNN 0.13 ignores ``allow_self_connections=False`` and ``with_replacement=False`` here and
    fails if `n` is a RandomDistribution.
    """

    def connect(self, projection: Any) -> None:
        """Draw the connections; ConnectionError if there is no pair to choose from."""
        self._excludes_own(projection)
        number = self.n
        try:
            if isinstance(number, RandomDistribution):
                self.n = int(number.next())
            if self.allow_self_connections and self.with_replacement:
                _pynn.FixedTotalNumberConnector.connect(self, projection)
            else:
                self._connect_chosen(projection)
        finally:
            self.n = number

    def _connect_chosen(self, projection: Any) -> None:
        allowed: Bools = np.ones(projection.shape, dtype=bool)
        if not self.allow_self_connections:
            allowed = differ(projection)
        pairs = np.nonzero(allowed.reshape(-1))[0]
        pre, post = np.divmod(pairs[self._draw(self.n, pairs.size, None)], projection.post.size)
        self._connect_pairs(projection, pre, post)
