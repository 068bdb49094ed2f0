"""Pictures on axes that the caller passes in.  Needs the extra ``plot``."""

from .chip import chip_map
from .colours import population_colours
from .matrix import synapse_counts, weight_matrix
from .placed import PlacedNetwork
from .traces import membrane_trace, raster

__all__ = [
    "PlacedNetwork",
    "chip_map",
    "membrane_trace",
    "population_colours",
    "raster",
    "synapse_counts",
    "weight_matrix",
]
