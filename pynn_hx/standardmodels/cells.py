"""Cell types: neuron circuits of the chip, calibrated neurons, and spike sources."""

from ..spike_trains import checked_spike_times
from .base import READOUT_SOURCES, ExternalNeuron
from .calibrated import CalibHXNeuronCoba, CalibHXNeuronCuba
from .neurons import HXNeuron, checked_codes
from .sources import (
    OffChipSource,
    SpikeIOCell,
    SpikeSourceArray,
    SpikeSourcePoisson,
    SpikeSourcePoissonOnChip,
)

__all__ = [
    "READOUT_SOURCES",
    "CalibHXNeuronCoba",
    "CalibHXNeuronCuba",
    "ExternalNeuron",
    "HXNeuron",
    "OffChipSource",
    "SpikeIOCell",
    "SpikeSourceArray",
    "SpikeSourcePoisson",
    "SpikeSourcePoissonOnChip",
    "checked_codes",
    "checked_spike_times",
]
