"""How many connections a connector will make, and what they take, before it makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyNN import connectors as pynn_connectors

from simulator import memory

_BYTES_PER_CONNECTION = 40
"""While rows are made: both indices, their order, a target, a weight and a delay."""
_BYTES_PER_VALUE = 8


def check_connections(
    place: str, connector: Any, synapse_type: Any, shape: tuple[int, int]
) -> None:
    """Refuse connections that will not fit into memory.

    Raises  MemoryError with what is needed and what there is.
    """
    n_pre, n_post = shape
    values = sum(
        1
        for name in synapse_type.get_parameter_names()
        if not synapse_type.parameter_space[name].is_homogeneous
    )
    needed = expected(connector, n_pre, n_post) * _BYTES_PER_CONNECTION
    if isinstance(connector, pynn_connectors.AllToAllConnector):
        needed = n_pre * n_post * values * _BYTES_PER_VALUE
    memory.check(int(needed), f"{place} of {n_pre} x {n_post} cells")


def expected(connector: Any, n_pre: int, n_post: int) -> float:
    """The expected number of connections; 0 where only the connector can tell."""
    of_cells = {
        pynn_connectors.FixedNumberPreConnector: n_post,
        pynn_connectors.FixedNumberPostConnector: n_pre,
        pynn_connectors.FixedTotalNumberConnector: 1,
    }
    for kind, cells in of_cells.items():
        if isinstance(connector, kind):
            n = connector.n
            return float(n) * cells if isinstance(n, int | float | np.number) else 0.0
    if isinstance(connector, pynn_connectors.FixedProbabilityConnector):
        return float(connector.p_connect) * n_pre * n_post
    return 0.0
