"""Circuit equations of one correlation sensor.

Oracle: `math.exp` and the closed forms of the module's docstring with the documented operating
point (codes 80 and 70, 0.9 V, 1.85 V) written out.
"""

import math

import numpy as np
import pytest

from emulator.jit import compiled
from emulator.numbers.correlation import NUMBERS, SIGMAS
from emulator.physics import correlation as physics


@compiled
def decay_rate(ramp, trim, factor):
    return physics.decay_rate(ramp, trim, factor)


@compiled
def packet(store, gain, trim, factor):
    return physics.packet(store, gain, trim, factor)


@compiled
def discharge(v, step, floor, per_headroom):
    return physics.discharge(v, step, floor, per_headroom)


@compiled
def follow(v, droop, offset):
    return physics.follow(v, droop, offset)


@compiled
def disturbance(v):
    return physics.disturbance(v)


@pytest.mark.parametrize("x", [-30.0, -1.0, 0.0, 0.3, 5.0, 40.0])
def test_the_exponential_is_one_on_either_side_of_zero(x):
    assert physics.exponential(x) == pytest.approx(math.exp(x), rel=1e-11)


@pytest.mark.parametrize(("ramp", "tau_us"), [(80, 5), (200, 2), (40 / 3, 30)])
def test_the_ramp_current_sets_time_constants_of_2_to_30_us(ramp, tau_us):
    assert 4e-9 / decay_rate(ramp, 0, 1.0) == pytest.approx(tau_us * 1e-6)


def test_a_ramp_without_current_stands_still():
    assert decay_rate(0.0, 0, 1.0) == 0
    assert decay_rate(-3.0, 0, 1.0) == 0


@pytest.mark.parametrize(("store", "lsb"), [(70, 0.5), (175, 0.2), (17.5, 2)])
def test_the_store_current_sets_amplitudes_of_a_fifth_to_two_cadc_lsb(store, lsb):
    assert packet(store, 1.0, 0, 1.0) == pytest.approx(lsb * 4.5e-3)


def test_trims_divide_time_constant_and_amplitude_and_mismatch_multiplies_them():
    for trim in range(4):
        assert decay_rate(80.0, 0, 1.0) / decay_rate(80.0, trim, 1.3) == pytest.approx(
            1.3 * 0.8**trim
        )
        assert packet(70.0, 1.0, trim, 1.3) / packet(70.0, 1.0, 0, 1.0) == pytest.approx(
            1.3 * 0.8**trim
        )


def test_no_pair_takes_more_than_the_capacitor_can_give():
    assert packet(0.0, 1.0, 0, 1.0) == 0.9
    assert packet(70.0, 1e9, 3, 1.0) == 0.9


def test_the_measuring_voltage_acts_exponentially_on_the_amplitude():
    assert physics.measure_gain(0.9) == 1
    assert physics.measure_gain(0.95) == pytest.approx(math.e)
    assert physics.measure_gain(0.0) < 1e-7


def test_steps_are_whole_in_the_linear_range_shrink_below_and_end_at_the_floor():
    floor, per_headroom = 0.95, 1 / 0.18
    assert discharge(1.85, 0.1, floor, per_headroom) == pytest.approx(1.75)
    assert discharge(1.13, 0.01, floor, per_headroom) == pytest.approx(1.12)
    assert discharge(1.04, 0.01, floor, per_headroom) == pytest.approx(1.035)
    assert discharge(0.96, 0.1, floor, per_headroom) == pytest.approx(0.96 - 0.1 / 18)
    assert discharge(1.2, 0.9, floor, per_headroom) == floor
    assert discharge(0.95, 0.5, floor, per_headroom) == 0.95
    assert discharge(0.5, 0.5, floor, per_headroom) == 0.5


def test_an_ideal_capacitor_goes_straight_down_to_ground():
    assert discharge(0.3, 0.1, 0.0, math.inf) == pytest.approx(0.2)
    assert discharge(0.3, 0.4, 0.0, math.inf) == 0


@pytest.mark.parametrize("ticks", [3, 50, 203])
def test_a_reset_approaches_its_voltage_exponentially(ticks):
    assert physics.retention(float(ticks)) == pytest.approx(math.exp(-ticks * 4e-9 / 40e-9))


def test_the_follower_shifts_and_ends_at_its_rails():
    assert follow(1.85, 0.0225, 0.004) == pytest.approx(1.0315)
    assert follow(0.5, 0.0, 0.0) == 0
    assert follow(3.0, 0.0, 0.0) == 1.2


def test_a_low_store_current_pulls_the_output_down():
    assert physics.droop(70.0) == pytest.approx(22.5e-3)
    assert physics.droop(35.0) == pytest.approx(90e-3)
    assert physics.droop(0.0) > 1e3


def test_only_high_capacitor_voltages_disturb():
    assert disturbance(1.2) == 0
    assert disturbance(0.0) == 0
    assert disturbance(1.85) == pytest.approx(0.013)


def test_the_operating_point_is_documented_and_the_laws_pass_through_it():
    value = {name: number.value for name, number in NUMBERS.items()}
    assert value["correlation_tau"] / 80 == pytest.approx(5e-6)
    assert value["correlation_amplitude"] / 70 == pytest.approx(0.5 * 4.5e-3)
    assert value["correlation_v_reset"] - value["correlation_linear_to"] == pytest.approx(
        160 * 4.5e-3
    )
    baseline = value["correlation_v_reset"] - value["correlation_follower"]
    assert 120 < (baseline - 0.06) / 4.5e-3 < 225
    assert np.all([SIGMAS[f"correlation.{name}"].value == 0.35 for name in ("tau", "amplitude")])
