"""One membrane over one time step.

    C dV/dt = I_ota(V) + I_offset + I_exp(V) - I_adapt(w) + I_exc headroom(V) - I_inh footroom(V)
The leak (or reset) OTA pulls towards its target.  A synaptic OTA delivers less as its output leaves
it less voltage: headroom falls to 0 at the supply, footroom to 0 at ground.  Everything is divided
by C and multiplied by the step, so currents are voltages per step.
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, inlined, power_of_two
from .ota import limited

_ZERO, _ONE, _HALF, _12TH = np.float32(0), np.float32(1), np.float32(0.5), np.float32(1 / 12)
_FASTEST, _LOWEST = np.float32(-1), np.float32(-126)
_ROUND = np.float32(12582912.0)  # 1.5 * 2^23: adding it leaves an integer in the low bits
_P0, _P1, _P2, _P3, _P4 = (
    np.float32(c) for c in (1.0, 0.69312441, 0.24024139, 0.05590583, 0.00958132)
)
_MINUS_5_6THS = np.float32(-5 / 6)


@inlined
def exp2(t):  # type: ignore[no-untyped-def]
    """2^t in float32 for -126 <= t <= 126, within 5e-6, by + * and an exponent shift."""
    shifted = t + _ROUND
    r = t - (shifted - _ROUND)
    p = fused(fused(fused(fused(_P4, r, _P3), r, _P2), r, _P1), r, _P0)
    return p * power_of_two(shifted)


@inlined
def factor(b, a, v):  # type: ignore[no-untyped-def]
    """A straight line b v + a, bent to 0 below."""
    return max(fused(b, v, a), _ZERO)


@inlined
def room(b, a, v):  # type: ignore[no-untyped-def]
    """Share of its current that an output stage delivers at `v`.

    It never falls below 0, as the membrane stays within the rails where it does.
    """
    return min(fused(b, v, a), _ONE)


@inlined
def steepness(current, share, b, stiff):  # type: ignore[no-untyped-def]
    """`stiff` and what a current adds to it whose share is the straight line b v + a below 1."""
    return fused(current, b if share < _ONE else _ZERO, stiff)


@inlined
def leak(v, ota):  # type: ignore[no-untyped-def]
    """Leak or reset OTA: (u, slope / u, minus the slope's derivative).

    ota  b, a, largest current, its cubic term, conductance, its quadratic term
    """
    u = limited(fused(ota[0], v, ota[1]))
    u2 = u * u
    return u, fused(ota[3], u2, ota[2]), fused(ota[5], u2, ota[4])


@inlined
def exponential(v, b, a, largest):  # type: ignore[no-untyped-def]
    """The exponential term 2^(b v + a), at most 2^largest: (slope, whether it is below that)."""
    t = fused(b, v, a)
    clipped = min(max(t, _LOWEST), largest)
    return exp2(clipped), t == clipped


@inlined
def ceiling(slope, i_exp, top):  # type: ignore[no-untyped-def]
    """The most that V can change in a step in which the exponential current reaches its limit.

    Simpson's mean of that current, at its limit in the middle and at the end of the step.
    top  5/6 of the limit [V/step]
    """
    return slope + fused(i_exp, _MINUS_5_6THS, top)


@inlined
def advance(v, slope, stiff, low, high):  # type: ignore[no-untyped-def]
    """V after a step by an exponential Rosenbrock-Euler rule, where all currents pull back.

    V + phi(x) slope with x = -d(slope)/dV >= 0, of second order.  phi is that of a linear membrane,
    (1 - exp(-x))/x, as 1 / (1 + x/2 + x^2/12): the (2, 2) Pade approximant of the exponential,
    within x^4/720 and stable for every x, so that not even a x8 leak on the bare parasitic
    capacitance can blow up.  The rails: protection diodes conduct beyond them.
    Source: Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 19 (2010), section 2.4.
    """
    change = slope / fused(stiff, fused(stiff, _12TH, _HALF), _ONE)
    return min(max(v + change, low), high)


@inlined
def advance_up_to(v, slope, stiff, most, low, high):  # type: ignore[no-untyped-def]
    """The same with an exponential term, and no further than by `most` (see `ceiling`).

    Where that term runs away (x < 0) phi is that of dV/dt = exp(V), -ln(1 + x)/x, as
    1 / (1 + x/2 - x^2/12), its Pade approximant (G. Baker, "Essentials of Pade Approximants",
    1975); x < -1 is beyond any threshold.
    """
    x = max(stiff, _FASTEST)
    change = slope / fused(x, fused(abs(x), _12TH, _HALF), _ONE)
    return min(max(v + min(change, most), low), high)
