"""The connections of a projection as arrays, and PyNN's ways to read and to set them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import common, descriptions, recording
from pyNN.core import IndexBasedExpression, deprecated
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import InvalidDimensionsError
from pyNN.parameters import ParameterSpace

from .connectors.base import distances
from .mapping.graph import Ints
from .projection_ends import End
from .standardmodels.synapses import check_delays, digital_weights

Floats = npt.NDArray[np.float64]


class Connection(common.Connection):
    """One connection of a projection; reads and writes the projection's arrays."""

    def __init__(self, projection: ConnectionArrays, index: int) -> None:
        self._projection, self._index = projection, index

    @property
    def presynaptic_index(self) -> int:
        """Index of the presynaptic cell in its population, view or assembly."""
        return int(self._projection._pre[self._index])

    @property
    def postsynaptic_index(self) -> int:
        """Index of the postsynaptic cell in its population, view or assembly."""
        return int(self._projection._post[self._index])

    @property
    def source(self) -> Any:
        """The presynaptic cell."""
        return self._projection.pre.all_cells[self.presynaptic_index]

    @property
    def target(self) -> Any:
        """The postsynaptic cell."""
        return self._projection.post.all_cells[self.postsynaptic_index]

    @property
    def pop_pre_index(self) -> int:
        """Index of the presynaptic cell in its whole population."""
        return int(self._projection._pre_end.root_indices[self.presynaptic_index])

    @property
    def pop_post_index(self) -> int:
        """Index of the postsynaptic cell in its whole population."""
        return int(self._projection._post_end.root_indices[self.postsynaptic_index])

    @property
    def weight(self) -> float:
        """Digital weight, signed."""
        return float(self._projection._weight[self._index])

    @weight.setter
    def weight(self, value: float) -> None:
        self._projection._store(np.array([float(value)]), np.array([self._index]))

    @property
    def delay(self) -> float:
        """Always 0."""
        return 0.0

    @delay.setter
    def delay(self, value: float) -> None:
        check_delays(np.asarray(value), self._projection._place)

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Attributes in the given order."""
        return tuple(getattr(self, name) for name in attribute_names)


class ConnectionArrays(common.Projection):
    """A projection as far as its connections and their values go.

    Connections are kept sorted by (presynaptic, postsynaptic) index; several of one pair stay in
    the order in which the connector made them.
    """

    _place: str
    _pre_end: End
    _post_end: End
    _parts: list[tuple[Ints, Ints, dict[str, Any]]]
    _pre: Ints
    _post: Ints
    _pair: Ints
    _weight: Floats

    def receive(self, pre: Ints, post: Ints, values: dict[str, Any]) -> None:
        """Take connections from a connector.

        pre, post  (connection,) indices
        values     weight and delay, a number or (connection,) each; 0 if left out
        """
        self._parts.append((pre, post, values))

    def _convergent_connect(
        self,
        presynaptic_indices: Ints,
        postsynaptic_index: int,
        location_selector: Any = None,
        **parameters: Any,
    ) -> None:
        """What PyNN's own connectors call; locations are known from the connector."""
        pre = np.atleast_1d(presynaptic_indices).astype(np.int64)
        self.receive(pre, np.full(pre.size, int(postsynaptic_index)), parameters)

    def _finish(self) -> None:
        """Join what the connector delivered, check it, sort it."""
        none = np.empty(0, np.int64)
        pre = np.concatenate([none, *(p for p, _, _ in self._parts)])
        post = np.concatenate([none, *(q for _, q, _ in self._parts)])
        for end, indices, size in zip(("source", "target"), (pre, post), self.shape, strict=True):
            if indices.size and not (indices.min() >= 0 and indices.max() < size):
                raise PyNNConnectionError(
                    f"{self._place}: {end} index out of range: {type(self._connector).__name__} "
                    f"gave indices {indices.min()}..{indices.max()} for {size} cells"
                )
        values = {}
        for name in ("weight", "delay"):
            columns = [
                np.broadcast_to(np.asarray(v.get(name, 0.0), dtype=np.float64), p.shape)
                for p, _, v in self._parts
            ]
            values[name] = np.concatenate([np.empty(0), *columns])
        check_delays(values["delay"], self._place)
        weight = self._checked(values["weight"])
        pair = pre * self.post.size + post
        if np.any(pair[1:] < pair[:-1]):
            order = np.argsort(pair, kind="stable")
            pre, post, weight, pair = pre[order], post[order], weight[order], pair[order]
        self._pre, self._post, self._weight, self._pair = pre, post, weight, pair
        del self._parts

    def _checked(self, weight: Floats) -> Floats:
        return digital_weights(
            weight,
            self.receptor_type,
            self._place,
            conductance_based=self._post_end.conductance_based,
        )

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
    ) -> list[Floats]:
        """(pre, post) arrays; NaN where there is no connection."""
        first = np.nonzero(np.diff(self._pair, prepend=-1))[0]
        arrays = []
        for column in self._columns(names):
            array = np.full(self.shape, np.nan)
            if column.size:
                array.reshape(-1)[self._pair[first]] = _joined(column, first, multiple_synapses)
            arrays.append(array)
        return arrays

    def save(
        self,
        attribute_names: Any,
        file: Any,
        format: str = "list",
        gather: Any = True,
        with_address: bool = True,
    ) -> None:
        """Write attributes of the connections to a file, a name or one of PyNN's file objects.

        attribute_names  a name, several, or "all"
        format           "list", a line for each connection as `FromFileConnector` reads it, or
                         "array", with 0 where there is no connection
        """
        # PyNN 0.13 takes the letters of a single name for names of columns.
        if attribute_names in ("all", "connections"):
            attribute_names = self.synapse_type.get_parameter_names()
        names = [attribute_names] if isinstance(attribute_names, str) else list(attribute_names)
        values = self.get(names, format=format, gather=gather, with_address=with_address)
        if format == "array":
            values = [np.where(np.isnan(array), 0.0, array) for array in values]
            values = values[0] if len(values) == 1 else values
        address = ["i", "j"] if with_address and format == "list" else []
        if isinstance(file, str):
            file = recording.files.StandardTextFile(file, mode="w")
        file.write(values, {"columns": address + names})
        file.close()

    # --- setting --------------------------------------------------------------------------------

    def set(self, **attributes: Any) -> None:
        """Set weights.

        weight  a number, a (pre, post) array or a list of one number for each connection, in
                which NaN leaves a weight as it is; or whatever else PyNN takes: a distribution,
                an expression or function of the distance
        delay   0
        Raises  ConnectionError (sign), ValueError (delay), InvalidDimensionsError (shape),
                NonExistentParameterError; then nothing has changed
        """
        known = {name: self._numbers(name, value) for name, value in attributes.items()}
        if known.keys() <= {"weight", "delay"} and not any(v is None for v in known.values()):
            self._set_values(known)
            return
        schema = self.synapse_type.get_schema()
        space = ParameterSpace(attributes, schema, self.shape, type(self.synapse_type))
        space = self._handle_distance_expressions(space)
        self._set_attributes(self.synapse_type.translate(space))

    def _numbers(self, name: str, value: Any) -> Floats | None:
        """(connection,) numbers, or None if they are not given as plain numbers."""
        if not isinstance(value, int | float | np.number | list | tuple | np.ndarray):
            return None
        array = np.asarray(value)
        if array.dtype.kind not in "iuf":
            return None
        if array.ndim == 0:
            return np.full(len(self), float(array))
        if array.shape == self.shape:
            return array.reshape(-1)[self._pair].astype(np.float64)
        if array.shape == (len(self),):
            return array.astype(np.float64)
        new_pair = np.diff(self._pair, prepend=-1) != 0
        if array.shape == (np.count_nonzero(new_pair),):  # PyNN: connections of a pair are equal
            return array[np.cumsum(new_pair) - 1].astype(np.float64)
        raise InvalidDimensionsError(
            f"{self._place}: {name} of shape {array.shape}; give one number, {len(self)} numbers "
            f"(one for each connection) or an array of shape {self.shape}"
        )

    def _set_attributes(self, parameter_space: ParameterSpace) -> None:
        parameter_space.evaluate(simplify=False)
        self._set_values(
            {
                name: np.broadcast_to(np.asarray(array, dtype=np.float64), self.shape)[
                    self._pre, self._post
                ]
                for name, array in parameter_space.items()
            }
        )

    def _set_values(self, values: dict[str, Any]) -> None:
        """Set (connection,) values by name; NaN leaves one as it is."""
        if "delay" in values:
            check_delays(values["delay"], self._place)
        if "weight" in values:
            weight = values["weight"]
            given = ~np.isnan(weight)
            if given.all() or not given.any():  # only NaN is a mistake, which is refused
                self._store(weight, slice(None))
            else:
                self._store(weight[given], np.nonzero(given)[0])

    def _store(self, weight: Floats, index: Any) -> None:
        self._post_end.require_session("set()")
        self._weight[index] = self._checked(weight)

    def _handle_distance_expressions(self, parameter_space: ParameterSpace) -> ParameterSpace:
        """Functions of the distance become arrays; PyNN 0.13's fails if an end is an Assembly."""
        for name, value in parameter_space.items():
            if isinstance(value.base_value, IndexBasedExpression):
                value.base_value.projection = self
            elif callable(value.base_value):
                parameter_space[name] = value(distances(self))
        return parameter_space

    def initialize(self, **initial_values: Any) -> None:
        """NotImplementedError: synapses of this chip have no state that could be set."""
        raise NotImplementedError(
            f"{self._place}: initialize(): its synapses have no state variables; set their "
            "weights by set(weight=...)"
        )

    def describe(
        self, template: str | None = "projection_default.txt", engine: Any = "default"
    ) -> Any:
        """Text about the projection, or what a template may say if `template` is None."""
        context = super().describe(template=None)
        context["target"] = self.receptor_type  # PyNN 0.13's template asks for it
        return descriptions.render(engine, template, context)

    @deprecated("set(name=value)")
    def setSynapseDynamics(self, parameter_name: str, value: Any) -> None:
        """Set one parameter; PyNN 0.13 sets one that is called parameter_name."""
        self.set(**{parameter_name: value})

    @deprecated("set(name=rand_distr)")
    def randomizeSynapseDynamics(self, parameter_name: str, rand_distr: Any) -> None:
        """Set one parameter; PyNN 0.13 sets one that is called parameter_name."""
        self.set(**{parameter_name: rand_distr})


def _joined(values: npt.NDArray[Any], first: Ints, how: str) -> npt.NDArray[Any]:
    """One value for each stretch of `values` that begins at `first`."""
    if how in ("sum", "min", "max"):
        return {"sum": np.add, "min": np.minimum, "max": np.maximum}[how].reduceat(values, first)
    last = np.append(first[1:], values.size) - 1
    return values[first if how == "first" else last]
