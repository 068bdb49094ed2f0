"""Matrix exponentials.  Oracle: scipy.linalg.expm, and closed forms for large or equal rates."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.linalg import expm

from simulator.propagators import exponential, propagator

matrices = st.integers(1, 5).flatmap(
    lambda side: arrays(np.float64, (side, side), elements=st.floats(-8, 3, width=32))
)


@settings(deadline=None)
@given(matrices)
def test_the_exponential_of_any_matrix_equals_scipys(matrix):
    expected = expm(matrix)
    assert exponential(matrix[None])[0] == pytest.approx(
        expected, rel=1e-11, abs=1e-12 * np.abs(expected).max()
    )


def test_parameters_of_many_neurons_broadcast():
    tau = np.array([[5.0, 10.0, 5.0], [2.0, 20.0, 2.0]])
    entry = propagator(0, 1, 0.1, -1 / 20.0, 1.0, 0.0, -1 / tau)
    expected = (np.exp(-0.1 / 20.0) - np.exp(-0.1 / tau[tau != 20.0])) / (
        1 / tau[tau != 20.0] - 1 / 20.0
    )
    assert entry.shape == tau.shape
    assert entry[tau != 20.0] == pytest.approx(expected, rel=1e-12)
    assert entry[1, 1] == pytest.approx(0.1 * np.exp(-0.1 / 20.0), rel=1e-14)


def test_small_responses_keep_all_their_digits():
    # v'' follows a over two integrations: (h**3/6) a, where exp(A h) - 1 would cancel
    entry = propagator(0, 3, 1e-4, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0)
    assert entry == pytest.approx(1e-12 / 6, rel=1e-13)


def test_fast_decay_ends_at_zero_and_drags_nothing_along():
    entries = (-1e5, 0.0, 1e5, -0.1)
    assert propagator(0, 0, 1.0, *entries) == pytest.approx(0.0, abs=1e-12)
    assert propagator(1, 0, 1.0, *entries) == pytest.approx(np.exp(-0.1) / (1 - 1e-6), rel=1e-9)


def test_what_is_not_finite_gives_nan_and_does_not_hang():
    assert np.isnan(propagator(0, 0, 1.0, np.inf))


def test_an_incomplete_matrix_is_refused():
    with pytest.raises(ValueError, match="3 entries are not a square matrix; give all, row by row"):
        propagator(0, 0, 1.0, 1.0, 2.0, 3.0)
