"""What all connectors share: locations, and the values of the synapses that they make.

A connector says which pairs (pre, post) are connected and hands them to the projection as arrays.
PyNN's own ask for values one postsynaptic cell after the other; this is done here only where
values are drawn or computed, so that random numbers are drawn in PyNN's order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from copy import copy, deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import connectors as _pynn
from pyNN.core import IndexBasedExpression
from pyNN.errors import InvalidDimensionsError
from pyNN.parameters import LazyArray

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

_LOCATIONS = ("location_selector", "source_location_selector")


class Located:
    """A connector whose ends may be compartments.

    location_selector         label of the compartment that receives; the first one if None
    source_location_selector  label of the compartment whose spikes are sent; likewise
    """

    def __init__(
        self,
        *arguments: Any,
        location_selector: Any = None,
        source_location_selector: Any = None,
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        if location_selector is not None:
            self.location_selector = location_selector
        self.source_location_selector = source_location_selector

    def __init_subclass__(cls) -> None:
        """Show what PyNN's own constructor takes, and the locations."""
        if not cls.__module__.startswith(__package__):
            if "__init__" in vars(cls):  # a user's subclass with a constructor of its own
                own = inspect.signature(cls.__init__)
                shown = own.replace(parameters=list(own.parameters.values())[1:])
                cls.__signature__ = shown  # type: ignore[attr-defined]
            return
        pynns = [c for c in cls.__mro__ if c.__module__ == _pynn.__name__]
        shown = inspect.signature(next(c for c in pynns if "__init__" in vars(c)))
        known = list(shown.parameters.values())
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
            for name in _LOCATIONS
            if name not in shown.parameters
        ]
        cls.__signature__ = shown.replace(parameters=known + added)  # type: ignore[attr-defined]


class SynapseValues:
    """Parameters of a projection's synapses, told apart by how they are found.

    known   one number for all connections, or a (pre, post) array
    listed  (connection,) arrays, in the order of `Projection.connections`
    lazy    drawn or computed when they are asked for, postsynaptic cell by postsynaptic cell
    """

    def __init__(self, projection: Any, distance_map: Any = None) -> None:
        # Distributions and their generators are copied, as PyNN does: two projections given the
        # same distribution draw the same values.
        self.known: dict[str, float | Floats] = {}
        self.listed: dict[str, Floats] = {}
        self.lazy: dict[str, Any] = {}
        self._projection = projection
        for name, value in projection.synapse_type.parameter_space.items():
            base = value.base_value
            if isinstance(base, np.ndarray) and not value.operations:
                self._add_array(name, base.astype(np.float64))
            elif value.is_homogeneous and not value.operations:
                self.known[name] = float(base)
            else:
                self.lazy[name] = _shaped(value, projection, distance_map)

    def _add_array(self, name: str, array: Floats) -> None:
        if array.ndim == 1:
            self.listed[name] = array
            return
        shape = self._projection.shape
        if array.shape != shape:
            raise InvalidDimensionsError(
                f"projection {self._projection.label!r}: {name} of shape {array.shape} does not "
                f"fit {shape} (presynaptic, postsynaptic) cells; give an array of that shape, or "
                "a list of one number for each connection"
            )
        self.known[name] = array

    def column(self, pre: Ints, post: int) -> dict[str, Any]:
        """Lazy values of the connections pre -> post; draws random numbers."""
        return {name: lazy[pre, post] for name, lazy in self.lazy.items()}

    def of(self, pre: Ints, post: Ints) -> dict[str, float | Floats]:
        """All values that are not lazy, given all connections of the projection."""
        values = {
            name: known[pre, post] if isinstance(known, np.ndarray) else known
            for name, known in self.known.items()
        }
        for name, array in self.listed.items():
            if array.size != pre.size:
                raise InvalidDimensionsError(
                    f"projection {self._projection.label!r}: {array.size} numbers as {name} for "
                    f"{pre.size} connections; give one number for each connection"
                )
            in_order = np.empty(pre.size)
            in_order[np.lexsort((post, pre))] = array
            values[name] = in_order
        return values


def _shaped(value: Any, projection: Any, distance_map: Any) -> Any:
    """A lazy array of the projection's shape; the synapse type, which may be shared, keeps its."""
    base = value.base_value
    if callable(base) and not isinstance(base, IndexBasedExpression):
        return value(distances(projection) if distance_map is None else distance_map)
    if isinstance(base, IndexBasedExpression):
        own = copy(value)
        own.base_value = copy(base)
        own.base_value.projection = projection
    else:
        own = deepcopy(value)
    own.shape = projection.shape
    return own


def distances(projection: Any) -> Any:
    """Lazy (pre, post) distances; PyNN 0.13's fail if an end is an Assembly (axes swapped)."""

    def positions(cells: Any) -> Callable[[Any], Any]:
        return lambda indices: cells.positions.T[indices]

    generator = projection.space.distance_generator(
        positions(projection.pre), positions(projection.post)
    )
    return LazyArray(generator, shape=projection.shape)


def differ(projection: Any) -> Bools:
    """(pre, post): whether the two cells are not the same one."""
    ends = (projection.pre, projection.post)
    pre, post = (np.array(end.all_cells, dtype=np.int64) for end in ends)
    return pre[:, None] != post


def differ_in(projection: Any, pre: Ints, post: Ints) -> Bools:
    """(connection,): whether the two cells of each pair are not the same one."""
    ends = (projection.pre, projection.post)
    pre_ids, post_ids = (np.array(end.all_cells, dtype=np.int64) for end in ends)
    return pre_ids[pre] != post_ids[post]


class MapConnector(Located, _pynn.MapConnector):
    """A connector that knows for every postsynaptic cell which cells project onto it."""

    callback: Any
    rng: Any
    allow_self_connections: Any

    def _generate_distance_map(self, projection: Any) -> Any:
        return distances(projection)

    def _standard_connect(
        self, projection: Any, connection_map_generator: Any, distance_map: Any = None
    ) -> None:
        self.connect_columns(
            projection, connection_map_generator(), SynapseValues(projection, distance_map)
        )

    def connect_columns(
        self, projection: Any, columns: Iterable[Any], values: SynapseValues
    ) -> None:
        """Connect postsynaptic cell by postsynaptic cell.

        columns  for each one, the presynaptic cells: indices, a mask, or one flag for all
        """
        pres: list[Ints] = []
        posts: list[Ints] = []
        drawn: dict[str, list[Floats]] = {name: [] for name in values.lazy}
        for post, column in enumerate(columns):
            pre = _indices(column, projection.pre.size)
            if not pre.size:
                continue
            for name, value in values.column(pre, post).items():
                drawn[name].append(np.broadcast_to(np.asarray(value, np.float64), pre.shape))
            pres.append(pre)
            posts.append(np.full(pre.size, post))
            if self.callback:
                self.callback(post / projection.post.size)
        joined = {name: np.concatenate(parts) for name, parts in drawn.items() if parts}
        none = np.empty(0, np.int64)
        pre, post_ = np.concatenate([none, *pres]), np.concatenate([none, *posts])
        projection.receive(pre, post_, {**values.of(pre, post_), **joined})

    def connect_pairs(self, projection: Any, pre: Ints, post: Ints, values: SynapseValues) -> None:
        """Connect pairs; equal ones several times."""
        if values.lazy or self.callback:
            order = np.argsort(post, kind="stable")
            counts = np.bincount(post, minlength=projection.post.size)
            columns = np.split(pre[order], np.cumsum(counts)[:-1])
            self.connect_columns(projection, columns, values)
        else:
            projection.receive(pre, post, values.of(pre, post))

    def connect_matrix(
        self, projection: Any, matrix: Bools, values: SynapseValues | None = None
    ) -> None:
        """Connect where a (pre, post) matrix says so."""
        if values is None:
            values = SynapseValues(projection)
        if values.lazy or self.callback:
            self.connect_columns(projection, matrix.T, values)
            return
        pre, post = np.nonzero(matrix)
        projection.receive(pre, post, values.of(pre, post))


def _indices(column: Any, n: int) -> Ints:
    """Indices of the cells that a column of a connection map names.

    PyNN 0.13's own code fails on a map of one row with NumPy 2.1 and later (0-d nonzero).
    """
    array = np.atleast_1d(column)
    if array.dtype == bool:
        return np.nonzero(np.broadcast_to(array, (n,)))[0]
    return array.astype(np.int64)
