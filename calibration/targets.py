"""What a neuron is to be calibrated to, and within which limits.

Units are those of the vendor's calibration: voltages in LSB of the calibrated CADC (4.5 mV, 0 is 60
mV), times in us, strengths in codes.  Knows neither a chip nor a code that reaches a target.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Range(NamedTuple):
    """The range (both ends included) in which targets of a kind can be met, and its unit."""

    low: float
    high: float
    unit: str


RANGES: dict[str, Range] = {
    "leak": Range(50, 160, "CADC LSB"),
    "reset": Range(50, 160, "CADC LSB"),
    "threshold": Range(50, 220, "CADC LSB"),
    "tau_mem": Range(0.5, 60, "us"),
    "tau_syn": Range(0.3, 30, "us"),
    "capacitance": Range(0, 63, "LSB"),
    "tau_refractory": Range(0.04, 32, "us"),
    "synin_gm": Range(30, 800, "CapMem LSB"),
    "coba_reference": Range(60, 160, "CADC LSB"),
    "dac_bias": Range(30, 1022, "CapMem LSB"),
}
"""Documented ranges of the vendor's spiking calibration (calix); targets outside may be missed."""


@dataclass(frozen=True)
class NeuronTargets:
    """Targets of n neurons, (n,) float64 each.

    leak, reset, threshold        potentials [CADC LSB]
    tau_mem                       membrane time constant [us]
    tau_syn_exc, tau_syn_inh      synaptic time constants [us]
    capacitance                   code of the membrane capacitance, 0..63
    tau_refractory                how long a spike keeps the membrane at its reset potential [us]
    synin_gm_exc, synin_gm_inh    strengths of the synaptic inputs [CapMem LSB]
    reversal_exc, reversal_inh    potentials at which conductance-based inputs lose their effect
                                  [CADC LSB], not limited to 0..255, infinite for no modulation;
                                  None where inputs are current-based
    """

    leak: Array
    reset: Array
    threshold: Array
    tau_mem: Array
    tau_syn_exc: Array
    tau_syn_inh: Array
    capacitance: Array
    tau_refractory: Array
    synin_gm_exc: Array
    synin_gm_inh: Array
    reversal_exc: Array | None = None
    reversal_inh: Array | None = None

    def __post_init__(self) -> None:
        if (self.reversal_exc is None) != (self.reversal_inh is None):
            raise ValueError("targets: give both reversal potentials, or neither")
        shapes = {np.shape(v) for f in fields(self) if (v := getattr(self, f.name)) is not None}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ValueError(f"targets: all must have the shape (neuron,), not {sorted(shapes)}")

    @property
    def size(self) -> int:
        """Number of neurons."""
        return int(self.leak.size)

    @property
    def conductance_based(self) -> bool:
        """Whether synaptic inputs are conductance-based."""
        return self.reversal_exc is not None

    @property
    def coba_reference(self) -> Array:
        """Where conductance-based inputs have their nominal strength: (leak + threshold) / 2.

        [CADC LSB].  Source: the vendor's PyNN backend, which has no parameter for it.
        """
        return (self.leak + self.threshold) / 2


def spiking(n: int = 1) -> NeuronTargets:
    """The targets of the vendor's deployed "spiking" calibration, for n neurons."""

    def all_of(value: float) -> Array:
        return np.full(n, value, dtype=np.float64)

    return NeuronTargets(
        leak=all_of(80),
        reset=all_of(70),
        threshold=all_of(125),
        tau_mem=all_of(10),
        tau_syn_exc=all_of(10),
        tau_syn_inh=all_of(10),
        capacitance=all_of(63),
        tau_refractory=all_of(2),
        synin_gm_exc=all_of(500),
        synin_gm_inh=all_of(500),
    )


SPIKING_DAC_BIAS = 600
"""Synapse DAC bias of that calibration [CapMem LSB]."""
