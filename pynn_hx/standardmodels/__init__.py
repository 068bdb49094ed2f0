"""Cell and synapse types, as PyNN names them."""

from . import cells, synapses

__all__ = ["cells", "synapses"]
