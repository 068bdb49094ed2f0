"""One membrane over one time step.

    C dV/dt = I_ota(V) + I_offset + I_exp(V) - I_adapt(w) + I_exc headroom(V) - I_inh footroom(V)
The leak (or reset) OTA pulls towards its target.  A synaptic OTA delivers less as its output leaves
it less voltage: headroom falls to 0 at the supply, footroom to 0 at ground.  Everything is divided
by C and multiplied by the step, so currents are voltages per step.
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, inlined, times_power_of_two
from .ota import limited

_ZERO, _ONE, _HALF, _12TH = np.float32(0), np.float32(1), np.float32(0.5), np.float32(1 / 12)
_FASTEST, _LOWEST = np.float32(-1), np.float32(-126)
_ROUND = np.float32(12582912.0)  # 1.5 * 2^23: adding it leaves an integer in the low bits
_P1, _P2, _P3 = (np.float32(c) for c in (0.69328293, 0.24221098, 0.05500892))
_MINUS_5_6THS, _3_8THS, _FURTHER = np.float32(-5 / 6), np.float32(3 / 8), np.float32(0.55)


@inlined
def exp2(t):  # type: ignore[no-untyped-def]
    """2^t in float32 for -126 <= t <= 126, within 1.1e-4, by + * and an exponent shift.

    The error is that of an exponential term whose voltage is off by a ten-thousandth of its slope
    factor, some 2 uV.  In pairs, for a shorter chain of dependent operations.
    """
    shifted = t + _ROUND
    r = t - (shifted - _ROUND)
    p = fused(fused(_P3, r, _P2), r * r, fused(_P1, r, _ONE))
    return times_power_of_two(p, shifted)


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
    """Leak or reset OTA: (u, slope / u).

    ota  b, a, largest current, its cubic term, and what else its user needs
    """
    u = limited(fused(ota[0], v, ota[1]))
    return u, fused(ota[3], u * u, ota[2])


@inlined
def exponential(v, b, a, largest):  # type: ignore[no-untyped-def]
    """The exponential term 2^(b v + a), at most 2^largest."""
    return exp2(min(max(fused(b, v, a), _LOWEST), largest))


@inlined
def runaway(v, i_exp, exponent, stiff):  # type: ignore[no-untyped-def]
    """`stiff` and what the exponential term adds to it below its limit.

    exponent  b, a, largest, derivative in units of itself
    """
    grows = fused(exponent[0], v, exponent[1]) <= exponent[2]
    return fused(i_exp, exponent[3] if grows else _ZERO, stiff)


@inlined
def extrapolate(v, slope, slope_old):  # type: ignore[no-untyped-def]
    """V in the middle of a step, from the mean slopes of the two steps before.

    v + h/2 v' + h^2/8 v'' of these.  Taking the slope there as the step's mean is a two-step method
    of third order, stable for -d(slope)/dV up to 0.57 per step.
    Source: Hairer, Norsett & Wanner, "Solving Ordinary Differential Equations I", chapter III.1.
    """
    return fused(_3_8THS, slope - slope_old, fused(_HALF, slope, v))


@inlined
def upswing(v, slope, slope_old):  # type: ignore[no-untyped-def]
    """Where the exponential term is taken: further, as what `extrapolate` leaves out has one sign.

    Fitted: with 0.55 instead of 3/8 a spike comes within 1.3 ns of its time instead of 0.7 to 3 ns
    late, at a growth by 0.65 per step.
    """
    return fused(_FURTHER, slope - slope_old, fused(_HALF, slope, v))


@inlined
def ceiling(slope, i_exp, top):  # type: ignore[no-untyped-def]
    """The most that V can change in a step in which the exponential current reaches its limit.

    Simpson's mean of that current, at its limit in the middle and at the end of the step.
    top  5/6 of the limit [V/step]
    """
    return slope + fused(i_exp, _MINUS_5_6THS, top)


@inlined
def advance_up_to(v, slope, stiff, most, low, high):  # type: ignore[no-untyped-def]
    """V after a step by an exponential Rosenbrock-Euler rule, and no further than by `most`.

    V + phi(x) slope with x = -d(slope)/dV, of second order.  For x >= 0 phi is that of a linear
    membrane, (1 - exp(-x))/x, as 1 / (1 + x/2 + x^2/12): the (2, 2) Pade approximant of the
    exponential, within x^4/720 and stable for every x, so that not even a x8 leak on the bare
    parasitic capacitance can blow up.  Where the exponential term runs away (x < 0) phi is that of
    dV/dt = exp(V), -ln(1 + x)/x, as 1 / (1 + x/2 - x^2/12), its Pade approximant (G. Baker,
    "Essentials of Pade Approximants", 1975); x < -1 is beyond any threshold.
    The rails: protection diodes conduct beyond them.
    Source: Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 19 (2010), section 2.4.

    most  see `ceiling`
    """
    x = max(stiff, _FASTEST)
    change = slope / fused(x, fused(abs(x), _12TH, _HALF), _ONE)
    return min(max(v + min(change, most), low), high)
