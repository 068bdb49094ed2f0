"""Nominal maps between codes and quantities: those of a typical chip, without its mismatch.

Slopes and offsets stand in published course material, in LSB of the MADC; they differ by 10 to 20 %
between chips.  ``docs/explanation/emulator.md`` lists them with their sources and argues the
choices where sources disagree.  Codes are real numbers here and not limited; whoever writes them
rounds and limits them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CADC_LSB_V, CADC_ZERO_V = 4.5e-3, 0.06
"""The calibrated CADC: CapMem codes 70..550, which are 0.15..1.05 V, read as 20..220 (calix)."""
MADC_LSB_V, MADC_ZERO_V = 1.54e-3, -0.04
"""45 CADC LSB are 132 MADC LSB; -0.03..-0.05 V read as 0 (published traces)."""
CAPMEM_LSB_V, CAPMEM_ZERO_V = 1.875e-3, 0.01875
"""Voltage cells: codes 70..550 are 0.15..1.05 V (calix)."""

# MADC LSB = slope * code + offset
LEAK = (0.79, -180.0)
"""Lab notebook; code 700 gives 374, measured."""
RESET = (0.61, -12.0)
"""232 at code 400 and 171 at code 300, two published figures."""
THRESHOLD = (0.99, 60.0)
"""Older lab notebook; decision 0005."""

CAPACITANCE_LSB_F, CAPACITANCE_PARASITIC_F = 36.5e-15, 0.16e-12
"""2.2 to 2.3 pF at code 63; joining circuits slows them by more than 24 %."""
LEAK_GM_S = 1.5e-9
"""Leak conductance per code of leak_i_bias: 10.7 us at code 150 (published figure)."""
LEAK_SCALE = 8
"""leak_enable_multiplication and leak_enable_division."""
TAU_SYN_US = 260.0
"""tau_syn [us] times i_bias_tau: 10 us at the lab notebook's code 26, 0.25 us at 1022."""
HIGH_RESISTANCE = 6.0
"""How much longer tau_syn gets; 5 to 8 are plausible."""
SMALL_CAPACITANCE = 0.35
"""How much shorter; estimated."""
COBA_PER_V = 0.03
"""Relative change of a synaptic strength per volt and code of i_bias_coba; estimated."""
CADC_SLOPE = 350
"""cadc_i_ramp_slope at which a CADC LSB is 4.5 mV (calix holds it there)."""
CADC_RAMP_SHIFT_V = -0.07125
"""The ramp starts so far from the voltage of cadc_v_ramp_offset (calibrated: code 60)."""


def volts(cadc: Array) -> Array:
    """Membrane voltage [V] at a reading of the calibrated CADC [LSB]."""
    return CADC_ZERO_V + CADC_LSB_V * cadc


def _potential_code(v: Array, line: tuple[float, float]) -> Array:
    slope, offset = line
    return ((v - MADC_ZERO_V) / MADC_LSB_V - offset) / slope


def leak_code(v: Array) -> Array:
    """Code of a leak potential [V], and of a reference of the conductance mode.

    A straight line; the chip's flattens below 0.25 and above 0.9 V.
    """
    return _potential_code(v, LEAK)


def reset_code(v: Array) -> Array:
    """reset_v_reset of a reset potential [V]; straight, as `leak_code`."""
    return _potential_code(v, RESET)


def threshold_code(v: Array) -> Array:
    """threshold_v_threshold of a threshold [V]."""
    return _potential_code(v, THRESHOLD)


def capacitance(code: Array) -> Array:
    """Membrane capacitance [F] with its parasitic part."""
    return CAPACITANCE_LSB_F * code + CAPACITANCE_PARASITIC_F


def leak_bias(tau_us: Array, capacitance_code: Array) -> Array:
    """leak_i_bias for a membrane time constant [us], with neither division nor multiplication."""
    return capacitance(capacitance_code) / (tau_us * 1e-6) / LEAK_GM_S


def coba_bias(distance_v: Array) -> Array:
    """i_bias_coba for a reversal potential so far [V] from the reference."""
    return 1 / (COBA_PER_V * distance_v)


def cadc_offset_code() -> float:
    """cadc_v_ramp_offset at which a reading of 0 is 60 mV."""
    return (CADC_ZERO_V - CADC_RAMP_SHIFT_V - CAPMEM_ZERO_V) / CAPMEM_LSB_V
