"""Weights and delays as they are stored.

Oracle: half a step of a code, and the rounding of float32, bound the difference.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.synapse_columns import column, steps_of, store_delays, store_weights

WEIGHTS = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=40).map(np.array)


@given(WEIGHTS, st.sampled_from([8, 16]), st.sampled_from(["float32", "float64"]))
def test_codes_are_off_by_half_a_step_at_most(values, bits, precision):
    stored = store_weights(values, precision, bits)
    half_a_step = np.ptp(values) / (2**bits - 1) / 2
    rounding = 4 * np.finfo(precision).eps * np.abs(values).max() + 2.0**-126
    error = np.abs(stored.values(values.size) - values).max()
    assert error == stored.error
    assert error <= half_a_step + rounding
    assert stored.memory_bytes == values.size * bits // 8


@given(WEIGHTS)
def test_float64_keeps_every_weight(values):
    stored = store_weights(values, "float64", 0)
    np.testing.assert_array_equal(stored.values(values.size), values)
    assert stored.error == 0


@given(WEIGHTS)
def test_float32_rounds_to_the_nearest(values):
    stored = store_weights(values, "float32", 0)
    np.testing.assert_array_equal(stored.values(values.size), values.astype(np.float32))
    assert stored.error <= np.abs(values).max() * 2**-24 + 2**-149


def test_one_weight_is_kept_exactly_whatever_the_precision():
    assert store_weights(np.float64(0.05), "float32", 8).values(3).tolist() == [0.05] * 3


def test_other_numbers_of_bits_are_refused():
    with pytest.raises(ValueError, match=r"weight_bits 4 is not one of 0, 8, 16"):
        store_weights(np.array([1.0, 2.0]), "float32", 4)


@given(st.lists(st.integers(1, 60000), min_size=1, max_size=20).map(np.array))
def test_delays_come_back(steps):
    stored = store_delays("here", steps, steps.size)
    np.testing.assert_array_equal(stored.steps(steps.size), steps)
    assert (stored.minimal, stored.maximal) == (steps.min(), steps.max())


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (np.array([0, 1]), r"delay: 0 steps; the shortest possible is 1"),
        (np.array([1, 70000]), r"delay: from 1 to 70000 steps; they may differ by 65535"),
        (np.array([1, 2, 3]), r"delay: steps of shape \(3,\) and type int64 for 2 synapses"),
        (np.array([1.0, 2.0]), r"type float64 for 2 synapses"),
    ],
)
def test_delays_that_cannot_be_stored_are_refused(steps, message):
    with pytest.raises(ValueError, match=message):
        store_delays("delay", steps, 2)


def test_delays_are_rounded_to_steps_and_zero_is_refused():
    assert steps_of("p", np.array([1.04, 1.06, 0.06]), 0.1).tolist() == [10, 11, 1]
    with pytest.raises(ValueError, match=r"p: delay 0.04 ms is shorter than half a step of 0.1 ms"):
        steps_of("p", np.array([1.0, 0.04]), 0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1.0, 2.0], r"p: values of shape \(2,\) for 3 synapses; give one number, or one for"),
        ([1.0, np.nan, 2.0], r"p: value nan of synapse 1 is not finite"),
    ],
)
def test_columns_that_do_not_fit_are_refused(values, message):
    with pytest.raises(ValueError, match=message):
        column("p", values, 3)
