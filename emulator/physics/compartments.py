"""Compartments joined by resistors, and one implicit time step of them.

    C dV/dt = i(V) - L (V + offsets)          all membranes and lines of one neuron at once
with the diagonal matrix C, the currents i of each node on its own and the conductance matrix L.
The "resistor" is a transconductor between membrane and soma line; nothing published says where it
saturates, so it is linear here.
Source: J. Kaiser et al., "Emulating dendritic computing paradigms on analog neuromorphic hardware",
Neuroscience (2022), doi:10.1016/j.neuroscience.2021.08.013.

One step uses the slope at its beginning and the Jacobian -C^-1 S, S = L - di/dV, as the step of a
single membrane does (:mod:`emulator.physics.membrane`), and replaces phi1 by another fraction:
    dV = dt phi(X) C^-1 (i - L V),   X = dt C^-1 S,   phi(x) = (1 + g^2 x) / (1 + g x)^2
with g = 1 - sqrt(1/2).  As phi(x) = 1 - x/2 + O(x^2) the step is of second order.  The (2, 2) Pade
fraction of a single membrane would leave a mode with x >> 1 as it is (it tends to 1), and a bare
line of 50 fF has x = 5 and more in a step of 32 ns; here exp(-x) becomes
    R(x) = (1 - (1 - 2g) x) / (1 + g x)^2,   |R| < 0.21 for x > 2 and 0 at infinity (L-stable),
as in the two-stage SDIRK rule of R. Alexander (SIAM J. Numer. Anal. 14, 1977).  With the matrix
A = C + g dt S the step is two solutions of one factored matrix:
    A u = dt (i - L V),   A w = C u,   dV = g u + (1 - g) w
Slow modes are off by 0.04 x^2 per time constant: 4e-7 for tau = 10 us and a step of 32 ns.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from ..jit import inlined, larger

Array = npt.NDArray[np.float64]

STAGE = 1 - math.sqrt(0.5)
LARGEST_GROWTH = 0.5
"""A node may feed back on itself (exponential term) by so much per step; beyond, the Jacobian is
cut.  1 - STAGE * LARGEST_GROWTH > 0 keeps A positive definite, so it factors without pivots."""


def resistor_conductance(
    code: Array, divide: Array, multiply: Array, gm: float, scaling: float
) -> Array:
    """Conductance [S] of resistors from their bias [LSB] and two flags (0/1); `gm` in S/LSB."""
    return gm * code * scaling ** (multiply - divide)


@inlined
def exchange(conductance, here, there):  # type: ignore[no-untyped-def]
    """Current [A] into the end at `here` [V]; the other end gets its negative."""
    return conductance * (there - here)


@inlined
def stiffness_used(stiffness, capacitance, dt):  # type: ignore[no-untyped-def]
    """-di/dV [S] of a node, not below what the step can bear."""
    return larger(stiffness, -LARGEST_GROWTH * capacitance / dt)


@inlined
def implicit(conductance, dt):  # type: ignore[no-untyped-def]
    """Part [F] of A that a conductance [S] makes in a step of `dt` [s]."""
    return STAGE * dt * conductance


@inlined
def change(first, second):  # type: ignore[no-untyped-def]
    """dV [V] from the two stages u and w."""
    return STAGE * first + (1 - STAGE) * second
