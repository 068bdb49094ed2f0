"""Short-term plasticity of one driver.

Oracle: NumPy's exp, and the fixed point of the recursion from event to event, worked out on paper.
"""

import numpy as np
import pytest
from numba import njit

from emulator.physics.stp import recovered, relative_width, utilized


@njit
def train(v, v_charge, v_recover, early, utilization, ratio, n):
    """V seen by the comparator at each of n events, `ratio` time constants apart."""
    seen = np.empty(n)
    for i in range(n):
        at_event = utilized(v, v_charge, early)
        seen[i] = at_event
        v = recovered(utilized(at_event, v_charge, utilization), v_recover, ratio)
    return seen


@njit
def width(v, start, per_volt):
    return relative_width(v, start, per_volt)


def test_a_single_gap_recovers_exponentially():
    seen = train(0.1, 0.1, 0.9, 0.0, 0.0, 0.7, 2)
    assert seen[1] == pytest.approx(0.9 - 0.8 * np.exp(-0.7), rel=1e-12)


@pytest.mark.parametrize("utilization", [0.0, 0.25, 15 / 16])
@pytest.mark.parametrize("ratio", [0.01, 0.5, 4.0])
def test_a_regular_train_settles_at_the_fixed_point_of_its_recursion(utilization, ratio):
    """V = r + (c + k (V - c) - r) d with k = (1 - u0)(1 - u), d = exp(-ratio), before an event."""
    c, r, u0, d = 0.2, 0.8, 0.2, np.exp(-ratio)
    k = (1 - u0) * (1 - utilization)
    before = (r * (1 - d) + c * (1 - k) * d) / (1 - k * d)
    seen = train(0.5, c, r, u0, utilization, ratio, 3000)
    assert seen[-1] == pytest.approx(c + (1 - u0) * (before - c), rel=1e-10)


def test_pulses_shorten_linearly_with_the_voltage_between_full_and_nothing():
    found = [width(v, 1.25, 2.0) for v in (-1.0, 0.125, 0.25, 0.4, 0.625, 2.0)]
    assert found == pytest.approx([1.0, 1.0, 0.75, 0.45, 0.0, 0.0])
