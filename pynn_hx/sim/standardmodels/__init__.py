"""PyNN's standard models in the engine's language."""

from . import cells, electrodes, plasticity, receptors, sources, synapses

__all__ = ["cells", "electrodes", "plasticity", "receptors", "sources", "synapses"]
