"""The operational transconductance amplifier behind leak, reset and synaptic inputs.

A differential pair in weak inversion gives I = I_max tanh(dV / V_lin) (C. Mead, "Analog VLSI and
Neural Systems", 1989, ch. 5); that the leak OTA of this chip behaves so with V_lin of some 350 mV
is an estimate from published traces (docs/explanation/emulator.md).
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, inlined

_CLIP = np.float32(4.97)  # beyond it the fraction below leaves 1 again; tanh(4.97) = 1 - 1e-4
_N0, _N1, _N2 = np.float32(135135), np.float32(17325), np.float32(378)
_D1, _D2, _D3 = np.float32(62370), np.float32(3150), np.float32(28)


@inlined
def saturate(x):  # type: ignore[no-untyped-def]
    """tanh(x) in float32 as Lambert's continued fraction of order 7, clipped to |x| < 4.97.

    Only + - * /, explicit fused steps and comparisons, so that it vectorises and gives the same
    bits on every CPU.
    The error is below 1e-6 for |x| < 2.5 and below 1.1e-4 everywhere.
    """
    x = min(max(x, -_CLIP), _CLIP)
    y = x * x
    numerator = fused(y, fused(y, y + _N2, _N1), _N0)
    return x * numerator / fused(y, fused(y, fused(y, _D3, _D2), _D1), _N0)
