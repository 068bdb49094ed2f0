"""Neurons of several circuits: compartments, how they are joined, and the cell type from it."""

from .create import create_mc_neuron
from .neuron import McNeuronBase
from .parameters import McCircuitParameters
from .parts import Compartment, SharedLineConnection

__all__ = [
    "Compartment",
    "McCircuitParameters",
    "McNeuronBase",
    "SharedLineConnection",
    "create_mc_neuron",
]
