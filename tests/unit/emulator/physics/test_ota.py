"""The amplifier's curve, the exponential and the decays of the kernels.

Oracle: the square-law differential pair, and NumPy's functions in float64.
"""

import numpy as np
import pytest
from numba import vectorize

from emulator.physics.coefficients import COEFFICIENTS
from emulator.physics.logarithm import log2
from emulator.physics.membrane import exp2
from emulator.physics.ota import saturate
from emulator.physics.synaptic_input import decay_exact


@vectorize
def saturate_all(x):
    return saturate(x, COEFFICIENTS)


@vectorize
def exp2_all(x):
    return exp2(x, COEFFICIENTS)


def test_the_amplifier_is_a_square_law_pair():
    u = np.linspace(-8, 8, 4001).astype(np.float32)
    y = saturate_all(u).astype(np.float64)
    bent = np.clip(u.astype(np.float64), -np.sqrt(2), np.sqrt(2))
    assert np.abs(y - bent * np.sqrt(1 - bent**2 / 4)).max() < 0.02
    assert np.all(y[u >= 1.5] == 1) and np.all(y[u <= -1.5] == -1)
    assert np.all(np.diff(y) >= 0)
    assert np.array_equal(y, -y[::-1])


def test_the_amplifier_is_linear_for_small_signals():
    u = np.float32(1e-3)
    assert saturate_all(u) == pytest.approx(u, rel=2e-7)


def test_exp2_is_the_power_of_two():
    t = np.linspace(-126, 120, 20001).astype(np.float32)
    exact = np.exp2(t.astype(np.float64))
    assert np.abs(exp2_all(t) / exact - 1).max() < 1.1e-4


def test_log2_is_the_logarithm():
    x = np.geomspace(1e-300, 1e300, 5001)
    assert np.abs(log2(x) - np.log2(x)).max() < 2e-13


def test_decay_exact_is_exp_for_everything():
    for x in (0.0, 1e-9, 0.01, 0.3, 1.0, 17.0, 300.0):
        assert decay_exact(x) == pytest.approx(np.exp(-x), rel=1e-12)
    assert decay_exact(1000.0) == 0.0
    assert decay_exact(np.inf) == 0.0
