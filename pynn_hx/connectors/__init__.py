"""PyNN's connectors, each with locations at both ends, faster, and without known faults.

For the same random numbers they make the connections that PyNN's own make.
"""

from pyNN.connectors import Connector

from .base import MapConnector
from .counts import (
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedTotalNumberConnector,
)
from .lists import CSAConnector, FromFileConnector, FromListConnector
from .maps import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedProbabilityConnector,
    IndexBasedProbabilityConnector,
    OneToOneConnector,
)
from .small_world import SmallWorldConnector

__all__ = [
    "AllToAllConnector",
    "ArrayConnector",
    "CSAConnector",
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
    "MapConnector",
    "OneToOneConnector",
    "SmallWorldConnector",
]
