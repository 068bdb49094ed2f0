"""Refractory clocks and counters.

Oracle: a clock of scale s ticks every 2**(s + 1) / 250 MHz, a counter has 8 bits, and the reset
ends a tick before the count.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.refractory import LONGEST_US, RefractoryClocks, choose_clocks, counts
from firmware_protocol import ChipConfig

times = st.lists(st.floats(0.04, 32), min_size=1, max_size=8).map(np.array)


def reset_us(tau_us, clocks):
    """How long counters hold the reset."""
    count, clock = counts(tau_us, clocks)
    assert count.min() >= 0 and count.max() <= 255
    scale = np.where(clock == 1, clocks.fast, clocks.slow)
    return (count - 1) * 2.0 ** (scale + 1) / 250


@given(times)
def test_every_documented_time_is_met_within_a_tenth_together_with_any_others(tau_us):
    assert reset_us(tau_us, choose_clocks(tau_us)) == pytest.approx(tau_us, rel=0.1)


@given(st.floats(0.25, LONGEST_US / 1.1))
def test_a_time_alone_is_met_within_two_percent(tau_us):
    alone = np.array([tau_us])
    assert reset_us(alone, choose_clocks(alone)) == pytest.approx(tau_us, rel=0.02)


def test_two_microseconds_are_32_counts_of_64_ns_as_the_vendor_chooses():
    clocks = choose_clocks(np.full(5, 2.0))
    assert clocks == RefractoryClocks(3, 3)
    count, clock = counts(np.full(5, 2.0), clocks)
    assert count.tolist() == [32] * 5
    assert clock.tolist() == [0] * 5


def test_short_times_take_the_fast_clock_and_long_ones_the_slow_one():
    tau_us = np.array([0.04, 2.0, 32.0])
    clocks = choose_clocks(tau_us)
    assert clocks == RefractoryClocks(slow=4, fast=0)
    assert counts(tau_us, clocks)[1].tolist() == [1, 1, 0]


def test_a_time_that_no_clock_reaches_is_refused_with_its_count():
    with pytest.raises(OverflowError, match=r"32 us at clock scales \(0, 0\), count = 4001 is out"):
        counts(np.array([2.0, 32.0]), RefractoryClocks(0, 0))


def test_clocks_are_read_from_a_configuration():
    chip = ChipConfig()
    chip.common_backend.clock_scale_slow, chip.common_backend.clock_scale_fast = 7, 2
    assert RefractoryClocks.of(chip) == RefractoryClocks(slow=7, fast=2)


def test_without_neurons_clocks_are_the_default_ones():
    assert choose_clocks(np.empty(0)) == RefractoryClocks()
