"""The connections of a projection as arrays, and PyNN's ways to read and to set them.

Shared by the projections of the chip and of software models: nothing here knows either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN import common, descriptions, recording
from pyNN.core import IndexBasedExpression, deprecated
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import InvalidDimensionsError
from pyNN.parameters import ParameterSpace

from .connectors.base import distances

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Connection(common.Connection):
    """One connection of a projection, by its number among `ConnectionArrays.connections`."""

    _projection: Any
    _index: int

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

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Attributes in the given order."""
        return tuple(getattr(self, name) for name in attribute_names)


class ConnectionArrays(common.Projection):
    """A projection as far as its connections and their values go.

    Connections are sorted by (presynaptic, postsynaptic) index; several of one pair stay in the
    order in which the connector made them.

    _pre, _post  (connection,) indices
    _pair        (connection,) presynaptic index * number of postsynaptic cells + postsynaptic index
    """

    _connection_class: ClassVar[Any]
    _place: str
    _parts: list[tuple[Ints, Ints, dict[str, Any]]]
    _pre: Ints
    _post: Ints
    _pair: Ints

    # --- what connectors call -------------------------------------------------------------------

    def receive(self, pre: Ints, post: Ints, values: dict[str, Any]) -> None:
        """Take connections from a connector.

        pre, post  (connection,) indices
        values     parameters of the synapses by name, a number or (connection,) each
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

    def _collected(self) -> tuple[Ints, Ints]:
        """All that the connector delivered, pre and post; ConnectionError for unknown cells."""
        if len(self._parts) == 1:
            pre, post = self._parts[0][:2]
        else:
            none = np.empty(0, np.int64)
            pre = np.concatenate([none, *(p for p, _, _ in self._parts)])
            post = np.concatenate([none, *(q for _, q, _ in self._parts)])
        for end, indices, size in zip(("source", "target"), (pre, post), self.shape, strict=True):
            if indices.size and not (indices.min() >= 0 and indices.max() < size):
                raise PyNNConnectionError(
                    f"{self._place}: {end} index out of range: {type(self._connector).__name__} "
                    f"gave indices {indices.min()}..{indices.max()} for {size} cells"
                )
        return pre, post

    def _column_of_parts(self, name: str, default: float) -> Floats:
        """(connection,) values of a parameter in the order in which the connector delivered."""
        columns = [
            np.broadcast_to(np.asarray(v.get(name, default), dtype=np.float64), p.shape)
            for p, _, v in self._parts
        ]
        return np.concatenate([np.empty(0), *columns])

    # --- PyNN's view ----------------------------------------------------------------------------

    @property
    def connections(self) -> list[Any]:
        """All connections, sorted by (presynaptic, postsynaptic) index."""
        return [self._connection_class(self, i) for i in range(len(self))]

    def __len__(self) -> int:
        return int(self._pre.size)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self._connection_class(self, k) for k in range(*i.indices(len(self)))]
        index = int(i)
        if not -len(self) <= index < len(self):
            raise IndexError(f"projection {self.label!r} has {len(self)} connections, not {i}")
        return self._connection_class(self, index % len(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.connections)

    def _columns(self, names: Iterable[str]) -> list[npt.NDArray[Any]]:
        """Attributes of all connections, (connection,) each, the two indices among them."""
        raise NotImplementedError

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
        """Set parameters of the synapses, such as weight and delay.

        Each is a number, a (pre, post) array or a list of one number for each connection, in which
        NaN leaves a value as it is; or whatever else PyNN takes: a distribution, an expression or
        function of the distance.
        Raises  ConnectionError (sign of a weight), ValueError (delay), InvalidDimensionsError
                (shape), NonExistentParameterError; then nothing has changed
        """
        known = {name: self._numbers(name, value) for name, value in attributes.items()}
        names = set(self.synapse_type.get_parameter_names())
        if known.keys() <= names and not any(v is None for v in known.values()):
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
        raise NotImplementedError

    def _handle_distance_expressions(self, parameter_space: ParameterSpace) -> ParameterSpace:
        """Functions of the distance become arrays; PyNN 0.13's fails if an end is an Assembly."""
        for name, value in parameter_space.items():
            if isinstance(value.base_value, IndexBasedExpression):
                value.base_value.projection = self
            elif callable(value.base_value):
                parameter_space[name] = value(distances(self))
        return parameter_space

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
