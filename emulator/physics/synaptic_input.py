"""One synaptic input: the line that synapses discharge, and the OTA that makes it a current.

    dE/dt = -E / tau,   E += charge / C_line at an event          (E: line drop below its rest [V])
    I     = I_max tanh((E + offset) / V_lin)
Source: docs/explanation/emulator.md, "Synaptic input".
"""

from __future__ import annotations

import numpy as np

from ..jit import compiled, inlined
from .ota import saturate

_ONE, _HALF, _TENTH, _120TH = np.float32(1), np.float32(0.5), np.float32(0.1), np.float32(1 / 120)


@inlined
def input_slope(drop, offset, per_v_lin, slope_max):  # type: ignore[no-untyped-def]
    """Membrane slope I / C [V/s] that a line drop [V] causes; slope_max = I_max / C [V/s]."""
    return slope_max * saturate((drop + offset) * per_v_lin)


@inlined
def decay(x):  # type: ignore[no-untyped-def]
    """exp(-x) in float32 by a (3, 3) Pade approximant: within 2e-7 up to x = 0.5, 1e-5 at 1."""
    even, odd = _ONE + x * x * _TENTH, x * (_HALF + x * x * _120TH)
    return (even - odd) / (even + odd)


@compiled
def decay_exact(x):  # type: ignore[no-untyped-def]
    """exp(-x) in float64 for any x >= 0 (0 above 700), within 1e-14, by + - * / alone.

    A library's exp may differ in the last bit from one CPU to another; this one cannot.
    """
    if x > 700.0:
        return 0.0
    halvings = 0
    while x > 1 / 16:
        x *= 0.5
        halvings += 1
    y = x * x
    even, odd = 1.0 + y * (3 / 28 + y / 1680), x * (0.5 + y / 84)
    result = (even - odd) / (even + odd)
    for _ in range(halvings):
        result *= result
    return result
