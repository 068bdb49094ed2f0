"""PyNN's connectors; one is replaced where PyNN 0.13 fails with current NumPy."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from pyNN import connectors as _pynn
from pyNN.connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    Connector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
)

__all__ = [
    "AllToAllConnector",
    "ArrayConnector",
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
    "OneToOneConnector",
]


class OneToOneConnector(_pynn.OneToOneConnector):
    """Cell i onto cell i, as far as both sides have one.

    PyNN 0.13's own fails on a presynaptic population of one cell with NumPy 2.1 and later.
    """

    def connect(self, projection: Any) -> None:
        """Connect the overlap of both sides."""
        n = min(projection.pre.size, projection.post.size)
        space = deepcopy(projection.synapse_type.native_parameters)
        space = projection._handle_distance_expressions(space)
        space.shape = projection.shape
        space.evaluate(simplify=False)
        diagonal = {name: np.asarray(values)[range(n), range(n)] for name, values in space.items()}
        for i in range(n):
            one = {name: values[i : i + 1] for name, values in diagonal.items()}
            projection._convergent_connect(
                np.array([i]), i, location_selector=self.location_selector, **one
            )
