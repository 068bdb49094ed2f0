"""Projections: connections between populations as arrays, and PyNN's view of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import common
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.parameters import ParameterSpace
from pyNN.space import Space

from . import session
from .mapping.graph import Connections, Ints
from .populations import Assembly, Population
from .standardmodels.cells import HXNeuron
from .standardmodels.synapses import StaticSynapse, check_delays, digital_weights


class Connection(common.Connection):
    """One connection of a projection; reads and writes the projection's arrays."""

    def __init__(self, projection: Projection, index: int) -> None:
        self._projection, self._index = projection, index

    @property
    def presynaptic_index(self) -> int:
        """Index of the presynaptic cell in its population or view."""
        return int(self._projection._pre[self._index])

    @property
    def postsynaptic_index(self) -> int:
        """Index of the postsynaptic cell in its population or view."""
        return int(self._projection._post[self._index])

    @property
    def pop_pre_index(self) -> int:
        """Index of the presynaptic cell in its whole population."""
        return int(_root_indices(self._projection.pre)[self.presynaptic_index])

    @property
    def pop_post_index(self) -> int:
        """Index of the postsynaptic cell in its whole population."""
        return int(_root_indices(self._projection.post)[self.postsynaptic_index])

    @property
    def weight(self) -> float:
        """Digital weight, signed."""
        return float(self._projection._weight[self._index])

    @weight.setter
    def weight(self, value: float) -> None:
        self._projection._store(np.array([self._index]), np.array([float(value)]))

    @property
    def delay(self) -> float:
        """Always 0."""
        return 0.0

    @delay.setter
    def delay(self, value: float) -> None:
        check_delays(np.asarray(value), f"projection {self._projection.label!r}")

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Attributes in the given order."""
        return tuple(getattr(self, name) for name in attribute_names)


def _root_indices(cells: Any) -> Ints:
    return np.asarray(cells._indices)


class Projection(common.Projection):
    """All connections of one kind between two populations or views.

    Connections are kept sorted by (presynaptic, postsynaptic) index.
    """

    _simulator = session
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_neurons: Any,
        postsynaptic_neurons: Any,
        connector: Any,
        synapse_type: Any = None,
        source: str | None = None,
        receptor_type: str | None = None,
        space: Space | None = None,
        label: str | None = None,
    ) -> None:
        state = session.require("Projection()")
        self._check_ends(presynaptic_neurons, postsynaptic_neurons)
        if synapse_type is not None and not isinstance(synapse_type, StaticSynapse):
            raise TypeError(
                f"projection: synapse type {type(synapse_type).__name__} is not one of this chip; "
                "use pynn_hx.synapses.StaticSynapse"
            )
        super().__init__(
            presynaptic_neurons,
            postsynaptic_neurons,
            connector,
            synapse_type,
            source,
            receptor_type or "excitatory",
            space or Space(),
            label,
        )
        self._parts: list[tuple[Ints, int, dict[str, Any]]] = []
        connector.connect(self)
        self._finish()
        state.projections.append(self)

    @staticmethod
    def _check_ends(pre: Any, post: Any) -> None:
        if isinstance(pre, Assembly) or isinstance(post, Assembly):
            raise NotImplementedError(
                "an Assembly as an end of a Projection is not there yet; make a Projection for "
                "each of its populations"
            )
        if isinstance(post, common.BasePopulation) and not isinstance(post.celltype, HXNeuron):
            raise PyNNConnectionError(
                f"population {post.label!r} of {type(post.celltype).__name__} cannot receive "
                "events; project onto a population of HXNeuron"
            )
        for cells in (pre, post):
            if isinstance(cells, common.BasePopulation):
                _root(cells).require_session("Projection()")

    def _convergent_connect(
        self,
        presynaptic_indices: Ints,
        postsynaptic_index: int,
        location_selector: Any = None,
        **parameters: Any,
    ) -> None:
        if location_selector is not None:
            raise ValueError("location_selector: a point neuron has no locations; leave it out")
        self._parts.append((np.atleast_1d(presynaptic_indices), postsynaptic_index, parameters))

    def _finish(self) -> None:
        """Join what the connector delivered, check it, sort it."""
        place = f"projection {self.label!r}"
        sizes = [pre.size for pre, _, _ in self._parts]
        pre = np.concatenate([p for p, _, _ in self._parts]) if sizes else np.empty(0, np.int64)
        post = np.repeat(np.array([q for _, q, _ in self._parts], dtype=np.int64), sizes)
        values = {}
        for name in ("weight", "delay"):
            columns = [
                np.broadcast_to(np.asarray(p[name], dtype=np.float64), (n,))
                for n, (_, _, p) in zip(sizes, self._parts, strict=True)
            ]
            values[name] = np.concatenate(columns) if columns else np.empty(0)
        check_delays(values["delay"], place)
        weight = digital_weights(values["weight"], self.receptor_type, place)
        order = np.lexsort((post, pre))
        self._pre, self._post = pre[order].astype(np.int64), post[order]
        self._weight: npt.NDArray[np.float64] = weight[order]
        del self._parts

    # --- PyNN's view ----------------------------------------------------------------------------

    @property
    def connections(self) -> list[Connection]:
        """All connections, sorted by (presynaptic, postsynaptic) index."""
        return [Connection(self, i) for i in range(len(self))]

    def __len__(self) -> int:
        return int(self._pre.size)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [Connection(self, k) for k in range(*i.indices(len(self)))]
        index = int(i)
        if not -len(self) <= index < len(self):
            raise IndexError(f"projection {self.label!r} has {len(self)} connections, not {i}")
        return Connection(self, index % len(self))

    def __iter__(self) -> Iterator[Connection]:
        return iter(self.connections)

    def _columns(self, names: Iterable[str]) -> list[npt.NDArray[Any]]:
        """Attributes of all connections, (connection,) each."""
        known = {
            "presynaptic_index": self._pre,
            "postsynaptic_index": self._post,
            "weight": self._weight,
            "delay": np.zeros(len(self)),
        }
        return [known[name] for name in names]

    def _get_attributes_as_list(self, names: list[str]) -> list[tuple[Any, ...]]:
        return list(zip(*(column.tolist() for column in self._columns(names)), strict=True))

    def _get_attributes_as_arrays(
        self, names: Iterable[str], multiple_synapses: str = "sum"
    ) -> list[npt.NDArray[np.float64]]:
        """(pre, post) arrays; NaN where there is no connection."""
        pair = self._pre * self.post.size + self._post  # sorted, so equal pairs are neighbours
        first = np.nonzero(np.diff(pair, prepend=-1))[0]
        arrays = []
        for column in self._columns(names):
            array = np.full(self.shape, np.nan)
            if column.size:
                array[self._pre[first], self._post[first]] = _joined(
                    column, first, multiple_synapses
                )
            arrays.append(array)
        return arrays

    def _set_attributes(self, parameter_space: ParameterSpace) -> None:
        place = f"projection {self.label!r}"
        parameter_space.evaluate(simplify=False)
        values = {
            name: np.asarray(array, dtype=np.float64)[self._pre, self._post]
            for name, array in parameter_space.items()
        }
        if "delay" in values:
            check_delays(values["delay"], place)
        if "weight" in values:
            changed = np.nonzero(~np.isnan(values["weight"]))[0]
            self._store(changed, values["weight"][changed])

    def _store(self, index: Ints, weight: npt.NDArray[np.float64]) -> None:
        place = f"projection {self.label!r}"
        _root(self.post).require_session("set()")
        self._weight[index] = digital_weights(weight, self.receptor_type, place)

    def as_connections(self) -> Connections:
        """The projection as plain arrays in network numbering."""
        pre, post = _root(self.pre), _root(self.post)
        return Connections(
            pre.source_numbers(_root_indices(self.pre)[self._pre]),
            post.target_slots(_root_indices(self.post)[self._post])[:, 0],
            np.abs(self._weight).astype(np.int64),
            np.full(len(self), self.receptor_type == "inhibitory"),
        )


def _joined(values: npt.NDArray[Any], first: Ints, how: str) -> npt.NDArray[Any]:
    """One value for each stretch of `values` that begins at `first`."""
    if how in ("sum", "min", "max"):
        return {"sum": np.add, "min": np.minimum, "max": np.maximum}[how].reduceat(values, first)
    last = np.append(first[1:], values.size) - 1
    return values[first if how == "first" else last]


def _root(cells: Any) -> Population:
    root: Population = cells._root
    return root
