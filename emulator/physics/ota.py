"""The operational transconductance amplifier behind leak, reset, synaptic inputs and adaptation.

    I = I_max sat(dV / V_lin),   sat(u) = u - 4/27 u^3 for |u| <= 3/2, +-1 beyond

A differential pair in strong inversion gives I = I_max u sqrt(1 - u^2/4) up to |u| = sqrt(2) and
saturates there (P. Gray et al., "Analysis and Design of Analog Integrated Circuits", 5th ed.,
section 3.5.3).  The cubic follows it within 2 % of I_max and is smooth at its ends.  That the
amplifiers of this chip behave so, with the ranges in :mod:`emulator.numbers`, is an estimate from
published traces (docs/decisions/0009).
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, inlined, larger, smaller
from . import coefficients as of

CUBIC = np.float32(4 / 27)

# `c` is `coefficients.COEFFICIENTS`, wherever the caller has it from.


@inlined
def limited(u, c):  # type: ignore[no-untyped-def]
    """`u` within the range in which the amplifier responds."""
    return smaller(larger(u, c[of.MINUS_LIMIT]), c[of.LIMIT])


@inlined
def amplify(u, largest, cubic, c):  # type: ignore[no-untyped-def]
    """largest * sat(u), with cubic = -4/27 largest."""
    u = limited(u, c)
    return u * fused(cubic, u * u, largest)


@inlined
def saturate(u, c):  # type: ignore[no-untyped-def]
    """sat(u) in float32: + * and fused steps only, the same bits on every CPU."""
    u = limited(u, c)
    return u * fused(c[of.CUBIC], u * u, c[of.ONE])
