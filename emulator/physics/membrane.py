"""One membrane over one time step.

    C dV/dt = I_ota(V) + I_offset + I_exp(V) - I_adapt(w) + I_exc headroom(V) - I_inh footroom(V)
The leak (or reset) OTA pulls towards its target.  A synaptic OTA delivers less as its output leaves
it less voltage: headroom falls to 0 at the supply, footroom to 0 at ground.  Everything is divided
by C and multiplied by the step, so currents are voltages per step.
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, inlined, larger, merged, smaller, times_power_of_two
from . import coefficients as of
from .ota import limited

_ZERO = np.float32(0)

# `c` is `coefficients.COEFFICIENTS`, wherever the caller has it from.


@inlined
def exp2(t, c):  # type: ignore[no-untyped-def]
    """2^t in float32 for -126 <= t <= 126, within 1.1e-4, by + * and an exponent shift.

    The error is that of an exponential term whose voltage is off by a ten-thousandth of its slope
    factor, some 2 uV.  In pairs, for a shorter chain of dependent operations.
    """
    shifted = t + c[of.ROUND]
    r = t - (shifted - c[of.ROUND])
    p = fused(fused(c[of.P3], r, c[of.P2]), r * r, fused(c[of.P1], r, c[of.ONE]))
    return times_power_of_two(p, shifted)


@inlined
def factor(b, a, v):  # type: ignore[no-untyped-def]
    """A straight line b v + a, bent to 0 below."""
    return larger(fused(b, v, a), _ZERO)


@inlined
def room(b, a, v, c):  # type: ignore[no-untyped-def]
    """Share of its current that an output stage delivers at `v`.

    It never falls below 0, as the membrane stays within the rails where it does.
    """
    return smaller(fused(b, v, a), c[of.ONE])


@inlined
def steepness(current, share, b, stiff, c):  # type: ignore[no-untyped-def]
    """`stiff` and what a current adds to it whose share is the straight line b v + a below 1."""
    return fused(current, b if share < c[of.ONE] else _ZERO, stiff)


@inlined
def leak(v, ota, c):  # type: ignore[no-untyped-def]
    """Leak or reset OTA: (u, slope / u).

    ota  b, a, largest current, its cubic term, and what else its user needs
    """
    u = limited(fused(ota[0], v, ota[1]), c)
    return u, fused(ota[3], u * u, ota[2])


@inlined
def exponential(v, b, a, largest, c):  # type: ignore[no-untyped-def]
    """The exponential term 2^(b v + a), at most 2^largest."""
    return exp2(smaller(larger(fused(b, v, a), c[of.LOWEST]), largest), c)


@merged
def runaway(v, i_exp, exponent, stiff):  # type: ignore[no-untyped-def]
    """`stiff` and what the exponential term adds to it below its limit.

    exponent  b, a, largest, derivative in units of itself
    """
    grows = fused(exponent[0], v, exponent[1]) <= exponent[2]
    return fused(i_exp, exponent[3] if grows else _ZERO, stiff)


@inlined
def extrapolate(v, slope, slope_old, c):  # type: ignore[no-untyped-def]
    """V in the middle of a step, from the mean slopes of the two steps before.

    v + h/2 v' + h^2/8 v'' of these.  Taking the slope there as the step's mean is a two-step method
    of third order, stable for -d(slope)/dV up to 0.57 per step.
    Source: Hairer, Norsett & Wanner, "Solving Ordinary Differential Equations I", chapter III.1.
    """
    return fused(c[of.THREE_8THS], slope - slope_old, fused(c[of.HALF], slope, v))


@merged
def upswing(v, slope, slope_old, c):  # type: ignore[no-untyped-def]
    """Where the exponential term is taken: further, as what `extrapolate` leaves out has one sign.

    Fitted: with 0.55 instead of 3/8 a spike comes within 1.3 ns of its time instead of 0.7 to 3 ns
    late, at a growth by 0.65 per step.
    """
    return fused(c[of.FURTHER], slope - slope_old, fused(c[of.HALF], slope, v))


@merged
def ceiling(slope, i_exp, top, c):  # type: ignore[no-untyped-def]
    """The most that V can change in a step in which the exponential current reaches its limit.

    Simpson's mean of that current, at its limit in the middle and at the end of the step.
    top  5/6 of the limit [V/step]
    """
    return slope + fused(i_exp, c[of.MINUS_5_6THS], top)


@inlined
def advance_up_to(v, slope, stiff, most, low, high, c):  # type: ignore[no-untyped-def]
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
    x = larger(stiff, c[of.MINUS_ONE])
    change = slope / fused(x, fused(abs(x), c[of.TWELFTH], c[of.HALF]), c[of.ONE])
    return smaller(larger(v + smaller(change, most), low), high)
