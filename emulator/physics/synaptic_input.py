"""One synaptic input: the line that synapses discharge, and the OTA that makes it a current.

    dE/dt = -E / tau,   E += charge / C_line at an event          (E: line drop below its rest [V])
    I     = I_max sat((E + offset) / V_lin)                       (sat: `emulator.physics.ota`)
Source: docs/explanation/emulator.md, "Synaptic input".
"""

from __future__ import annotations

from ..jit import compiled


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
