"""Connectors that decide for each pair of cells, one by one."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from pyNN import connectors as _pynn
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import InvalidDimensionsError
from pyNN.random import NumpyRNG

from .base import Ints, MapConnector, SynapseValues, differ, differ_in

_DRAWS_AT_ONCE = 2**22


class AllToAllConnector(MapConnector, _pynn.AllToAllConnector):
    """Every cell onto every cell; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Connect all pairs, or all but those of a cell with itself."""
        everything = np.ones(projection.shape, dtype=bool)
        self.connect_matrix(
            projection, everything if self.allow_self_connections else differ(projection)
        )


class OneToOneConnector(MapConnector, _pynn.OneToOneConnector):
    """Cell i onto cell i, as far as both sides have one."""

    def connect(self, projection: Any) -> None:
        """Connect the overlap of both sides."""
        self.connect_matrix(projection, np.eye(*projection.shape).astype(bool))


class FixedProbabilityConnector(MapConnector, _pynn.FixedProbabilityConnector):
    """Every pair with the same probability; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Draw for all pairs, at once where that gives the same numbers."""
        values = SynapseValues(projection)  # copies generators before any is used
        if type(self.rng) is not NumpyRNG or self.allow_self_connections == "NoMutual":
            super().connect(projection)
            return
        pre, post = self._drawn_pairs(*projection.shape)
        if not self.allow_self_connections:
            other = differ_in(projection, pre, post)
            pre, post = pre[other], post[other]
        self.connect_pairs(projection, pre, post, values)

    def _drawn_pairs(self, n_pre: int, n_post: int) -> tuple[Ints, Ints]:
        """The pairs, postsynaptic cell by postsynaptic cell, as PyNN draws them.

        As in PyNN the generator stays as it was, so that several projections that use it draw the
        same numbers.
        """
        rng = deepcopy(self.rng)
        pres, posts = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        block = max(1, _DRAWS_AT_ONCE // max(n_pre, 1))
        for first in range(0, n_post, block):
            n = min(block, n_post - first)
            drawn = rng.next(n * n_pre, "uniform", {"low": 0, "high": 1})
            post, pre = np.nonzero(drawn.reshape(n, n_pre) < self.p_connect)
            pres.append(pre)
            posts.append(post + first)
        return np.concatenate(pres), np.concatenate(posts)


class DistanceDependentProbabilityConnector(
    MapConnector, _pynn.DistanceDependentProbabilityConnector
):
    """Every pair with a probability that depends on its distance; see PyNN.

    `d_expression` may be a function of the distance, which PyNN 0.13 announces and fails on.
    """

    def __init__(self, d_expression: Any, *arguments: Any, **named: Any) -> None:
        is_text = isinstance(d_expression, str)
        super().__init__(d_expression if is_text else "0", *arguments, **named)
        if not is_text:
            if not callable(d_expression):
                raise TypeError(
                    f"d_expression {d_expression!r}: give an expression of d or a function of it"
                )
            self.d_expression = self.distance_function = d_expression

    def connect(self, projection: Any) -> None:
        """Draw for all pairs."""
        if isinstance(self.d_expression, str):
            super().connect(projection)
            return
        function = self.d_expression
        self.distance_function = lambda distance: _applied(distance, function)
        super().connect(projection)


def _applied(lazy: Any, function: Any) -> Any:
    lazy.apply(function)
    return lazy


class IndexBasedProbabilityConnector(MapConnector, _pynn.IndexBasedProbabilityConnector):
    """Every pair with a probability that depends on its indices; see PyNN."""


class DisplacementDependentProbabilityConnector(
    MapConnector, _pynn.DisplacementDependentProbabilityConnector
):
    """Every pair with a probability that depends on its displacement; see PyNN."""

    def __init__(
        self, disp_function: Any, *arguments: Any, safe: bool = True, **named: Any
    ) -> None:
        super().__init__(disp_function, *arguments, **named)
        self.safe = safe  # PyNN 0.13 drops it, and the location


class ArrayConnector(MapConnector, _pynn.ArrayConnector):
    """The pairs that are true in a (pre, post) array.

    PyNN 0.13 takes the entries of an array of integers 0 and 1 for indices.
    """

    def connect(self, projection: Any) -> None:
        """Connect the pairs of the array; InvalidDimensionsError if its shape does not fit."""
        matrix = np.asarray(self.array).astype(bool)
        if matrix.shape != projection.shape:
            raise InvalidDimensionsError(
                f"projection {projection.label!r}: ArrayConnector with an array of shape "
                f"{matrix.shape} for {projection.shape} (presynaptic, postsynaptic) cells; give "
                "an array of that shape"
            )
        self.connect_matrix(projection, matrix)


class CloneConnector(MapConnector, _pynn.CloneConnector):
    """The pairs that an earlier projection between the same cells connects; see PyNN."""

    def connect(self, projection: Any) -> None:
        """Connect the pairs of the reference; ConnectionError if its ends are other ones."""
        reference = self.reference_projection
        if projection.pre != reference.pre or projection.post != reference.post:
            raise PyNNConnectionError(
                f"projection {projection.label!r}: CloneConnector of {reference.label!r}, which "
                "has other ends; clone between the same populations, views or assemblies"
            )
        self.connect_matrix(projection, ~np.isnan(reference.get("weight", format="array")))
