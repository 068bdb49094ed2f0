"""The rational tanh and exp of the kernels.

Oracle: NumPy's functions in float64.
"""

import numpy as np
import pytest
from numba import njit, vectorize

from emulator.physics.ota import saturate
from emulator.physics.synaptic_input import decay, decay_exact


@vectorize
def saturate_all(x):
    return saturate(x)


@njit
def decay_32(x):
    return decay(x)


def test_saturate_is_tanh():
    x = np.linspace(-8, 8, 4001).astype(np.float32)
    y = saturate_all(x).astype(np.float64)
    exact = np.tanh(x.astype(np.float64))
    assert np.abs(y - exact)[np.abs(x) < 2.5].max() < 1e-6
    assert np.abs(y - exact).max() < 1.1e-4
    assert np.all(np.diff(y) >= -2e-7)


def test_decay_is_exp_for_the_parts_of_a_step():
    for x in np.linspace(0, 1, 101).astype(np.float32):
        limit = 2e-7 if x <= 0.5 else 1e-5
        assert decay_32(x) == pytest.approx(np.exp(-np.float64(x)), abs=limit)


def test_decay_exact_is_exp_for_everything():
    for x in (0.0, 1e-9, 0.01, 0.3, 1.0, 17.0, 300.0):
        assert decay_exact(x) == pytest.approx(np.exp(-x), rel=1e-12)
    assert decay_exact(1000.0) == 0.0
    assert decay_exact(np.inf) == 0.0
