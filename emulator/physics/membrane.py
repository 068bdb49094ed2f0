"""One membrane over one time step.

    C dV/dt = I_ota(V) + I_offset + I_exc headroom(V) - I_inh footroom(V)
The leak (or reset) OTA pulls towards its target.  A synaptic OTA delivers less as its output leaves
it less voltage: headroom falls to 0 at the supply, footroom to 0 at ground.
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, inlined
from ..parameters import FOOTROOM_V, HEADROOM_V, MEMBRANE_SUPPLY_V
from .ota import saturate

V_SUPPLY = np.float32(MEMBRANE_SUPPLY_V)
_PER_HEADROOM, _PER_FOOTROOM = np.float32(1 / HEADROOM_V), np.float32(1 / FOOTROOM_V)
_ZERO, _ONE, _HALF, _12TH = np.float32(0), np.float32(1), np.float32(0.5), np.float32(1 / 12)


@inlined
def _unit(x):  # type: ignore[no-untyped-def]
    return min(max(x, _ZERO), _ONE)


@inlined
def membrane_slope(v, target, slope_max, per_v_lin, offset, exc, inh):  # type: ignore[no-untyped-def]
    """dV/dt [V/s].  Currents enter as I / C [V/s], the OTA as target [V], I_max / C, 1 / V_lin."""
    ota = slope_max * saturate((target - v) * per_v_lin) + offset
    return ota + exc * _unit((V_SUPPLY - v) * _PER_HEADROOM) - inh * _unit(v * _PER_FOOTROOM)


@inlined
def membrane_step(v, target, slope_max, per_v_lin, offset, exc, inh, dt):  # type: ignore[no-untyped-def]
    """V after `dt` [s] by an exponential Rosenbrock-Euler step.

    V + dt phi1(-x) dV/dt with x = -dt d(dV/dt)/dV: second order, and exact for a linear membrane
    but for phi1(-x) = (1 - exp(-x))/x, which is replaced by 1 / (1 + x/2 + x^2/12).  That is the
    (2, 2) Pade approximant of the exponential, within x^4/720 and stable for every x >= 0, so that
    not even a x8 leak on the bare parasitic capacitance can blow up.
    Source: Hochbruck & Ostermann, "Exponential integrators", Acta Numerica 19 (2010), section 2.4.
    """
    s = saturate((target - v) * per_v_lin)
    head, foot = _unit((V_SUPPLY - v) * _PER_HEADROOM), _unit(v * _PER_FOOTROOM)
    slope = fused(-inh, foot, fused(exc, head, fused(slope_max, s, offset)))
    stiffness = slope_max * per_v_lin * fused(-s, s, _ONE)
    stiffness += exc * _PER_HEADROOM if head < _ONE else _ZERO
    stiffness += inh * _PER_FOOTROOM if foot < _ONE else _ZERO
    x = max(dt * stiffness, _ZERO)
    new = v + dt * slope / fused(x, fused(x, _12TH, _HALF), _ONE)
    return min(max(new, _ZERO), V_SUPPLY)  # the rails: protection diodes conduct beyond them
