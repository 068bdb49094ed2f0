"""Projections of software models: who is connected to whom, and what the synapses are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN import common
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import NonExistentParameterError
from pyNN.parameters import LazyArray
from pyNN.space import Space
from pyNN.standardmodels.base import excitatory_receptor_types, inhibitory_receptor_types

from simulator.network import Network

from .. import connection_arrays
from ..connection_arrays import Floats, Ints
from . import session
from .projection_parts import all_to_all, members_of, parts_of
from .size_estimates import check_connections
from .standardmodels.synapses import EngineSynapse, StaticSynapse

__all__ = ["Connection", "Projection"]

_OF_THE_TYPE = ("dendritic_delay_fraction",)
"""Parameters that have one value for all connections of a projection."""
_INDICES_KEPT = 1_000_000
"""Indices of so many connections are kept once somebody has asked for them."""


class Connection(connection_arrays.Connection):
    """One connection of a projection.

    Its parameters and variables (``weight``, ``delay``, ``U``, ...) are attributes that can be set.
    """

    def __init__(self, projection: Projection, index: int) -> None:
        object.__setattr__(self, "_projection", projection)
        object.__setattr__(self, "_index", index)

    def __getattr__(self, name: str) -> float:
        if name not in self._projection.value_names:
            raise AttributeError(f"{self._projection!r}: its connections have no {name!r}")
        return float(self._projection.value_of(name, self._index))

    def __setattr__(self, name: str, value: float) -> None:
        if name not in self._projection.value_names:
            raise AttributeError(f"{self._projection!r}: its connections have no {name!r}")
        values = np.full(len(self._projection), np.nan)
        values[self._index] = value
        self._projection._set_values({name: values})


class Projection(connection_arrays.ConnectionArrays):
    """All connections of one kind between two populations, views or assemblies.

    Connections are sorted by (presynaptic, postsynaptic) index, in `connections`, in ``get(...,
    "list")`` and in lists given to `set`; several of one pair stay in the order in which the
    connector made them.

    receptor_type  the first (weights >= 0) or second receptor of the postsynaptic cells if None
    Raises  ConnectionError (cells that cannot receive, receptor, sign of a weight, delay shorter
            than a step), TypeError (connector, synapse type); then nothing has changed
    """

    _simulator = session
    _static_synapse_class = StaticSynapse
    _connection_class: ClassVar[Any] = Connection

    def __init__(
        self,
        presynaptic_neurons: Any,
        postsynaptic_neurons: Any,
        connector: Any,
        synapse_type: Any = None,
        source: Any = None,
        receptor_type: str | None = None,
        space: Space | None = None,
        label: str | None = None,
    ) -> None:
        self.session = session.state
        self._check_ends(presynaptic_neurons, postsynaptic_neurons, synapse_type)
        super().__init__(
            presynaptic_neurons,
            postsynaptic_neurons,
            connector,
            synapse_type,
            source,
            receptor_type,
            space or Space(),
            label,
        )
        self._place = f"projection {self.label!r}"
        self._pre_members = members_of(self.pre)
        self._post_members = members_of(self.post)
        for member in (*self._pre_members, *self._post_members):
            member.population.require_session(f"{self._place}")
        self._initial: dict[str, Floats | float] = {}
        self._kept_indices: tuple[Ints, Ints] | None = None
        self._delay_range = (np.nan, np.nan)
        self._parts = []
        self._all_pairs: dict[str, Any] | None = None
        check_connections(self._place, connector, self.synapse_type, self.shape)
        connector.connect(self)
        self._finish()
        self.session.projections.append(self)
        self.session.add(self)

    @staticmethod
    def _check_ends(pre: Any, post: Any, synapse_type: Any) -> None:
        if synapse_type is not None and not isinstance(synapse_type, EngineSynapse):
            raise TypeError(
                f"projection: {type(synapse_type).__name__} is not a synapse type of this backend; "
                "use pynn_hx.sim's own, or synapse_type(...)"
            )
        for member in getattr(post, "populations", [post]):
            if isinstance(member, common.BasePopulation) and not member.celltype.receptor_types:
                raise PyNNConnectionError(
                    f"population {member.label!r} of {type(member.celltype).__name__} cannot "
                    "receive events; project onto neurons"
                )

    def _guess_receptor_type(self) -> None:
        """The second receptor for negative weights, else the first."""
        types = self.post.receptor_types
        self.receptor_type = types[0]
        if len(types) < 2:
            return
        base = self.synapse_type.parameter_space["weight"]
        if isinstance(base.base_value, np.ndarray) and not base.operations:
            last = base.base_value.reshape(-1)[-1:]
            if last.size and last[0] < 0:
                self.receptor_type = types[1]
            return
        super()._guess_receptor_type()

    # --- building -------------------------------------------------------------------------------

    def receive_all_pairs(self, values: dict[str, Any]) -> None:
        """Take all pairs of cells from a connector, as its only connections.

        values  parameters of the synapses by name, a number or (pre, post) each
        """
        self._all_pairs = values

    def _finish(self) -> None:
        """Sort what the connector delivered into rows, and check it."""
        names = [n for n in self.synapse_type.get_parameter_names() if n not in _OF_THE_TYPE]
        self._values: dict[str, Floats | float] = {}
        whole = None
        if self._all_pairs is not None:
            whole = all_to_all(self._pre_members, self._post_members)
            if whole is None:  # one by one
                pairs = np.divmod(np.arange(self.pre.size * self.post.size), self.post.size)
                flat = {n: v if np.ndim(v) == 0 else v.ravel() for n, v in self._all_pairs.items()}
                self.receive(*pairs, flat)
        if whole is not None and self._all_pairs is not None:
            self._rows = [whole]
            for name in names:
                value = np.asarray(self._all_pairs[name], dtype=np.float64)
                self._values[name] = value.reshape(-1).copy() if value.ndim else float(value)
        else:
            pre, post = self._collected()
            self._rows, order = parts_of(self._pre_members, self._post_members, pre, post)
            for name in names:
                self._values[name] = self._delivered(name, order)
        del self._parts, self._all_pairs
        self._values["weight"] = self._checked_weights(self._values["weight"])
        self._values["delay"] = self._rounded_delays(self._values["delay"])

    def _delivered(self, name: str, order: Ints | None) -> Floats | float:
        """Values of a parameter in the order of connections; one number if all are equal."""
        single = {v[name] for _, _, v in self._parts if name in v and np.ndim(v[name]) == 0}
        if len(single) == 1 and all(name in v and np.ndim(v[name]) == 0 for _, _, v in self._parts):
            return float(single.pop())
        if not self._parts:
            return 0.0
        column = self._column_of_parts(name, self._default(name))
        return column if order is None else column[order]

    def _default(self, name: str) -> float:
        """A parameter that a connector left out, as the synapse type gives it."""
        value = self.synapse_type.parameter_space[name]
        return float(value.base_value) if value.is_homogeneous else 0.0

    def _checked_weights(self, weights: Floats | float) -> Floats | float:
        """The weights; ConnectionError if their sign does not fit the receptor."""
        if np.isnan(weights).any():
            raise PyNNConnectionError(f"{self._place}: a weight is not a number")
        if not getattr(self._connector, "safe", True) or not np.size(weights):
            return weights
        if not self._signs_matter:
            return weights
        must_be_positive = self.receptor_type in excitatory_receptor_types
        must_be_positive |= bool(self.post.conductance_based)
        lowest, highest = np.min(weights), np.max(weights)
        if must_be_positive and lowest < 0:
            raise PyNNConnectionError(
                f"{self._place}: weight {lowest:g} onto the receptor {self.receptor_type!r} must "
                "be >= 0: conductances and excitatory currents are positive"
            )
        if not must_be_positive and self.receptor_type in inhibitory_receptor_types and highest > 0:
            raise PyNNConnectionError(
                f"{self._place}: weight {highest:g} onto the receptor {self.receptor_type!r} must "
                "be <= 0: the cells are current-based"
            )
        return weights

    @property
    def _signs_matter(self) -> bool:
        """Whether signs follow from receptors' names: in types from equations they do not."""
        targets = getattr(self.post, "populations", [self.post])
        return all(target.celltype.has_signed_receptors for target in targets)

    def _rounded_delays(self, delays: Floats | float) -> Floats | float:
        """Delays rounded to steps; ConnectionError for one shorter than half a step."""
        dt = self.session.dt
        steps = np.rint(np.asarray(delays, dtype=np.float64) / dt)
        if not np.all(steps >= 1):
            raise PyNNConnectionError(
                f"{self._place}: delay {np.min(delays):g} ms; the shortest is the time step of "
                f"{dt} ms: make the delay at least as long, or the step shorter"
            )
        rounded = np.round(steps * dt, 10)
        if rounded.size:
            self._delay_range = float(np.min(rounded)), float(np.max(rounded))
        return float(rounded) if rounded.ndim == 0 else rounded

    def build(self, network: Network) -> None:
        """Tell the engine."""
        kind = self.synapse_type
        own = {n: v for n, v in self._values.items() if n not in ("weight", "delay")}
        for part in self._rows:
            part.build(
                network,
                receptor=self.receptor_type,
                model=kind.synapse_model(),
                weight=self._values["weight"],
                delay_ms=self._values["delay"],
                parameters=kind.engine_values(own),
                of_targets=kind.values_of_targets(part.post.population, self.receptor_type),
                initial=self._initial,
                dendritic_fraction=kind.dendritic_fraction,
                weight_bits=kind.weight_bits,
            )

    # --- values ---------------------------------------------------------------------------------

    @property
    def delay_range(self) -> tuple[float, float]:
        """Shortest and longest delay [ms]."""
        return self._delay_range

    @property
    def value_names(self) -> tuple[str, ...]:
        """What `get` and connections know of a synapse."""
        return (*self._values, *self.synapse_type.state_variables)

    def column(self, name: str) -> Floats:
        """A parameter or variable of all connections, (connection,), as it is now."""
        kept = self._kept(name)
        if kept is not None:
            return np.array(np.broadcast_to(kept, (len(self),)), dtype=np.float64)
        column = np.empty(len(self))
        for part in self._rows:
            assert part.handle is not None  # the network has been built
            column[part.where] = part.handle.get(name)
        return column

    def value_of(self, name: str, index: int) -> float:
        """The same of one connection."""
        kept = self._kept(name)
        if kept is None:
            return float(self.column(name)[index])
        return float(kept) if np.ndim(kept) == 0 else float(np.asarray(kept)[index])

    def _kept(self, name: str) -> Floats | float | None:
        """What only a user changes; None if the engine knows better."""
        if name in self.synapse_type.state_variables:
            if not self._is_built:
                assert self.session.network is not None  # which builds it
            return None
        kind = self.synapse_type
        changes = name == "weight" and (kind.changes_weight or kind.weight_bits > 0)
        return None if changes and self._is_built else self._values[name]

    @property
    def _is_built(self) -> bool:
        return all(part.handle is not None for part in self._rows)

    def __len__(self) -> int:
        return sum(part.n_synapses for part in self._rows)

    @property
    def _pre(self) -> Ints:  # type: ignore[override]
        return self._indices[0]

    @property
    def _post(self) -> Ints:  # type: ignore[override]
        return self._indices[1]

    @property
    def _pair(self) -> Ints:  # type: ignore[override]
        pre, post = self._indices
        return pre * self.post.size + post

    @property
    def _indices(self) -> tuple[Ints, Ints]:
        if self._kept_indices is not None:
            return self._kept_indices
        pre, post = np.empty(len(self), np.int64), np.empty(len(self), np.int64)
        for part in self._rows:
            pre[part.where], post[part.where] = part.indices()
        if len(self) <= _INDICES_KEPT:
            self._kept_indices = pre, post
        return pre, post

    def _columns(self, names: Iterable[str]) -> list[npt.NDArray[Any]]:
        known = {"presynaptic_index": 0, "postsynaptic_index": 1}
        indices = self._indices
        columns: list[npt.NDArray[Any]] = []
        for name in names:
            if name in known:
                columns.append(indices[known[name]])
            elif name in _OF_THE_TYPE:
                columns.append(np.full(len(self), self.synapse_type.dendritic_fraction))
            else:
                columns.append(self.column(name))
        return columns

    def get(
        self,
        attribute_names: Any,
        format: str,
        gather: Any = True,
        with_address: bool = True,
        multiple_synapses: str = "sum",
    ) -> Any:
        """Parameters and variables of all connections; see PyNN.

        attribute_names  a name or several: parameters of the synapse type, and its variables such
                         as ``u`` and ``x`` of a `TsodyksMarkramSynapse`
        """
        names = [attribute_names] if isinstance(attribute_names, str) else list(attribute_names)
        known = (*self.synapse_type.get_parameter_names(), *self.synapse_type.state_variables)
        for name in names:
            if name not in known:
                raise NonExistentParameterError(name, type(self.synapse_type).__name__, list(known))
        if format == "list":
            address = ["presynaptic_index", "postsynaptic_index"] if with_address else []
            rows = self._get_attributes_as_list([*address, *names])
            single = isinstance(attribute_names, str) and not with_address
            return [row[0] for row in rows] if single else rows
        if format != "array":
            raise ValueError(f"{self._place}: get(format={format!r}): it is 'list' or 'array'")
        if multiple_synapses not in self.MULTI_SYNAPSE_OPERATIONS:
            raise ValueError(
                f"{self._place}: get(multiple_synapses={multiple_synapses!r}): it is one of "
                f"{', '.join(self.MULTI_SYNAPSE_OPERATIONS)}"
            )
        arrays = self._get_attributes_as_arrays(names, multiple_synapses)
        return arrays[0] if isinstance(attribute_names, str) else arrays

    def _numbers(self, name: str, value: Any) -> Floats | None:
        if isinstance(value, int | float | np.number):
            return np.asarray(value, dtype=np.float64)  # one number for all stays one
        return super()._numbers(name, value)

    def _set_values(self, values: dict[str, Any]) -> None:
        for member in self._pre_members:
            member.population.require_session(f"{self._place}: set()")
        changed: dict[str, Floats | float] = {}
        for name, given in values.items():
            if name in _OF_THE_TYPE:
                raise ValueError(
                    f"{self._place}: {name} belongs to the synapse type; make a "
                    "projection with another one"
                )
            missing = np.isnan(given)
            if missing.any():
                given = np.where(missing, self.column(name), given)
            changed[name] = float(given) if np.ndim(given) == 0 else given
        if "weight" in changed:
            changed["weight"] = self._checked_weights(changed["weight"])
        if "delay" in changed:
            changed["delay"] = self._rounded_delays(changed["delay"])
        for name, column in changed.items():
            if name in self._values:
                self._values[name] = column
            else:
                self._initial[name] = column
        self._tell(changed)

    def _tell(self, changed: dict[str, Floats | float]) -> None:
        kept = {n: v for n, v in changed.items() if n in ("weight", "delay")}
        own = {n: v for n, v in changed.items() if n not in kept}
        for name, column in (kept | self.synapse_type.engine_values(own)).items():
            for part in self._rows:
                if part.handle is not None:
                    part.handle.set(name, part.of(column))

    def initialize(self, **initial_values: Any) -> None:
        """Set variables of the synapses, such as ``u``, and what they begin with after a reset.

        Values  numbers, arrays (pre, post), one number per connection, distributions, functions of
                the distance
        Raises  NonExistentParameterError for an unknown variable
        """
        for name, value in initial_values.items():
            if name not in self.synapse_type.state_variables:
                raise NonExistentParameterError(
                    name, type(self.synapse_type).__name__, list(self.synapse_type.state_variables)
                )
            column: Any = self._numbers(name, value)
            if column is None:
                lazy = value if isinstance(value, LazyArray) else LazyArray(value, dtype=float)
                space = self._handle_distance_expressions(_One(name, lazy, self.shape))
                evaluated = np.broadcast_to(space[name].evaluate(simplify=False), self.shape)
                column = np.asarray(evaluated, dtype=np.float64)[self._pre, self._post]
            self._initial[name] = column
            self.initial_values[name] = LazyArray(column, dtype=float)
            for part in self._rows:
                if part.handle is not None:
                    part.handle.set(name, part.of(column))


class _One(dict[str, Any]):
    """A parameter space of one lazy value."""

    def __init__(self, name: str, value: LazyArray, shape: tuple[int, int]) -> None:
        value.shape = shape
        super().__init__({name: value})
