"""Scales of weights.

Oracle: integers of 64 bits, exactly: the largest sums, and the rounding of a single weight.
"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.cuda.fixed_point import needs_new_scale, scaling_for

WEIGHTS = st.floats(1e-30, 1e30)
DEGREES = st.integers(1, 2**40)


@given(WEIGHTS, DEGREES, st.sampled_from([1.0, 256.0, 4096.0]))
def test_no_sum_of_events_overflows(weight, degree, headroom):
    scaling = scaling_for(weight, degree, headroom=headroom)
    assert (int(scaling.limit) + 1) * degree < 2**63
    assert round(weight * headroom * scaling.scale) <= scaling.limit


@given(WEIGHTS, DEGREES)
def test_the_scale_is_the_finest_power_of_two(weight, degree):
    scaling = scaling_for(weight, degree)
    assert math.frexp(scaling.scale)[0] == 0.5
    assert scaling.scale * scaling.inverse == 1.0
    assert weight * scaling.scale * 2 > scaling.limit or scaling.scale == 2.0**1000


def test_a_thousand_synapses_leave_more_digits_than_float64_has():
    scaling = scaling_for(0.7, 1000)
    assert scaling.inverse / 0.7 < 2.0**-51
    assert abs(round(0.7 * scaling.scale) * scaling.inverse - 0.7) <= scaling.inverse / 2


def test_receptors_without_weights_have_a_scale():
    assert scaling_for(0.0, 0).scale == 1.0


def test_a_weight_that_does_not_fit_asks_for_another_scale():
    scaling = scaling_for(1.0, 10)
    assert not needs_new_scale(scaling, -1.0)
    assert needs_new_scale(scaling, 4.0)


@pytest.mark.parametrize("weight", [math.inf, math.nan])
def test_weights_have_to_be_finite(weight):
    with pytest.raises(ValueError, match="finite"):
        scaling_for(weight, 1)
