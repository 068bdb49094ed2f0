"""The connections of a projection of the chip: their digital weights, and no delays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from . import connection_arrays
from .projection_ends import End
from .standardmodels.synapses import check_delays, digital_weights

Floats = npt.NDArray[np.float64]


class Connection(connection_arrays.Connection):
    """One connection of a projection; reads and writes the projection's arrays."""

    _projection: ConnectionArrays

    def __init__(self, projection: ConnectionArrays, index: int) -> None:
        self._projection, self._index = projection, index

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


class ConnectionArrays(connection_arrays.ConnectionArrays):
    """A projection as far as its connections and their values go."""

    _connection_class = Connection
    _pre_end: End
    _post_end: End
    _weight: Floats

    def _finish(self) -> None:
        """Join what the connector delivered, check it, sort it."""
        pre, post = self._collected()
        check_delays(self._column_of_parts("delay", 0.0), self._place)
        weight = self._checked(self._column_of_parts("weight", 0.0))
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

    def _columns(self, names: Iterable[str]) -> list[npt.NDArray[Any]]:
        """Attributes of all connections, (connection,) each."""
        known = {
            "presynaptic_index": self._pre,
            "postsynaptic_index": self._post,
            "weight": self._weight,
            "delay": np.zeros(len(self)),
        }
        return [known[name] for name in names]

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

    def initialize(self, **initial_values: Any) -> None:
        """NotImplementedError: synapses of this chip have no state that could be set."""
        raise NotImplementedError(
            f"{self._place}: initialize(): its synapses have no state variables; set their "
            "weights by set(weight=...)"
        )
