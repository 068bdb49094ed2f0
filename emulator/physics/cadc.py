"""The columns' ADC: a ramp starts at V_start and rises; a channel counts until it is passed.

    V_start = V(v_ramp_offset) + V_shift,   LSB = k i_ramp_slope
    code    = (V - V_start) / LSB (1 + a x^2),   x = (V - V_start) / (V_top - V_start)
More slope or a higher start lower a code.  The ramp bends below its top, so codes there are too
high.  Calibrated, V = 0.06 V + 4.5 mV * code.
Source: the calibrated characteristic that calix aims at.  Arrays in, arrays out, float64.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..numbers.readout import NUMBERS

Array = npt.NDArray[np.float64]

FULL_SCALE_CODE = 255

_LSB_PER_SLOPE = NUMBERS["cadc_lsb_per_slope"].value
_SHIFT = NUMBERS["cadc_ramp_shift"].value
_TOP = NUMBERS["cadc_ramp_top"].value
_NONLINEARITY = NUMBERS["cadc_nonlinearity"].value
_PER_CODE = NUMBERS["capmem_volt_per_code"].value
_AT_ZERO = NUMBERS["capmem_volt_at_zero"].value
_SMALLEST_LSB = 1e-9  # V: a ramp that does not rise


def cell_voltage(code: Array | float) -> Array:
    """Volts of a shared CapMem voltage cell at an effective code."""
    return np.asarray(code, dtype=np.float64) * _PER_CODE + _AT_ZERO


def ramp_start(offset: Array) -> Array:
    """Where the ramp begins [V], from cadc_v_ramp_offset [effective code]."""
    return cell_voltage(offset) + _SHIFT


def ramp_lsb(slope: Array) -> Array:
    """How far the ramp rises per count [V], from cadc_i_ramp_slope [effective code]."""
    return np.maximum(slope, 0.0) * _LSB_PER_SLOPE


def counts(v: Array, start: Array, lsb: Array, *, bends: bool) -> Array:
    """Counts until the ramp passes `v` [V], not rounded; infinite where it never does.

    start, lsb  of the ramp [V]
    bends       whether the ramp becomes less linear towards its top
    """
    exact = (v - start) / np.maximum(lsb, _SMALLEST_LSB)
    if bends:
        x = np.clip((v - start) / np.maximum(_TOP - start, _PER_CODE), 0.0, 1.0)
        exact = exact * (1 + _NONLINEARITY * x * x)
    return np.where(v >= _TOP, np.inf, exact)


def clip(code: Array) -> npt.NDArray[np.uint8]:
    """A code, rounded to the nearest of 8 bits."""
    return np.floor(np.clip(code, 0, FULL_SCALE_CODE) + 0.5).astype(np.uint8)
