"""Correlation sensors, from logged pulses to the voltages of a row.

Oracle: closed forms (one pair, sums of pairs) with the documented operating point.
"""

import math

import numpy as np
import pytest

from firmware_protocol.catalogue import CONTAINERS
from tests.support.correlation import (
    ACAUSAL,
    AMPLITUDE_V,
    BASELINE_V,
    CADC_LSB_V,
    CAUSAL,
    RESET_TICKS,
    START,
    US,
    Bench,
    pair,
    supply,
)

# --- one pair -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dt_us", [0.004, 0.5, 5, 20, 50])
def test_a_pair_takes_an_exponential_of_its_delay_off_its_branch(dt_us):
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START], post=[START + round(dt_us * US)])
    assert bench.drop() == pytest.approx([pair(dt_us), 0], abs=2e-7)
    bench = Bench()
    bench.reset()
    bench.pulse(post=[START], pre=[START + round(dt_us * US)])
    assert bench.drop() == pytest.approx([0, pair(dt_us)], abs=2e-7)


def test_the_nominal_codes_give_5_us_and_half_a_cadc_lsb():
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START], post=[START])
    assert bench.drop()[CAUSAL] / CADC_LSB_V == pytest.approx(0.5, abs=1e-4)
    bench.pulse(pre=[START + 10**6], post=[START + 10**6 + 5 * US])
    assert bench.drop()[CAUSAL] / CADC_LSB_V == pytest.approx(0.5 + 0.5 / math.e, abs=1e-4)


def test_a_pulse_finds_both_rows_of_its_driver_and_the_column_of_its_neuron():
    bench = Bench()
    bench.reset(rows=range(256))
    bench.pulse(pre=[START], post=[START + US], driver=20, neuron=33)
    changed = [(row, *np.nonzero(bench.sensors.read(0, row, 10**6)[CAUSAL] < BASELINE_V - 1e-4)[0])
               for row in range(256)]  # fmt: skip
    assert [c for c in changed if len(c) > 1] == [(40, 33), (41, 33)]


def test_halves_do_not_hear_each_other():
    bench = Bench()
    bench.reset(half=0)
    bench.reset(half=1)
    bench.pulse(pre=[START], post=[START + US], driver=128, neuron=0)
    assert bench.drop(half=0) == pytest.approx([0, 0], abs=1e-6)
    bench.pulse(post=[START + 2 * US], neuron=256)
    assert bench.drop(half=1) == pytest.approx([pair(2), 0], abs=1e-6)


def test_only_synapses_with_the_forwarded_label_in_a_row_that_is_on_see_a_pulse():
    config = Bench.config()
    config.synapses.label[0, 0, 3] = 16
    config.synapse_drivers.row_mode_top[0, 0] = 0
    bench = Bench(config)
    bench.reset()
    for column in (2, 3):
        bench.pulse(pre=[START], post=[START + US], neuron=column)
    bench.pulse(pre=[START + 3 * US])
    assert bench.drop(row=0, column=2) == pytest.approx([pair(1), pair(2)], abs=1e-6)
    assert bench.drop(row=0, column=3) == pytest.approx([0, 0], abs=1e-6)
    assert bench.drop(row=1, column=2) == pytest.approx([0, 0], abs=1e-6)


# --- several pulses -------------------------------------------------------------------------------


def test_the_nearest_earlier_pulse_counts():
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START, START + 3 * US], post=[START + 4 * US])
    assert bench.drop() == pytest.approx([pair(1), 0], abs=1e-6)


def test_every_later_pulse_samples_the_same_ramp():
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START], post=[START + US, START + 3 * US])
    assert bench.drop() == pytest.approx([pair(1) + pair(3), 0], abs=1e-6)


def test_a_pulse_ends_one_pair_and_begins_another():
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START, START + 3 * US], post=[START + US])
    assert bench.drop() == pytest.approx([pair(1), pair(2)], abs=1e-6)


def test_what_was_seen_before_a_reset_is_remembered_after_it():
    """So a measurement has to prime: its first pulse meets the last one of whatever was before."""
    bench = Bench()
    bench.pulse(pre=[START])
    bench.reset(cycle=(START + US) // 2)
    bench.pulse(post=[START + 3 * US])
    assert bench.drop() == pytest.approx([pair(3), 0], abs=1e-6)


def test_a_first_pulse_pairs_with_nothing_even_if_ramps_do_not_decay():
    bench = Bench(given=supply(ramp=0))
    bench.reset()
    bench.pulse(post=[START])
    assert bench.drop() == pytest.approx([0, 0], abs=1e-6)
    bench.pulse(pre=[START + 10**9], post=[START + 2 * 10**9])
    assert bench.drop(cycle=10**10) == pytest.approx([AMPLITUDE_V, AMPLITUDE_V], abs=1e-6)


def test_a_primed_series_500_us_apart_adds_up():
    n, period = 100, 500 * US
    times = START + period * np.arange(1, n + 1)
    bench = Bench()
    bench.pulse(post=[START - 500])
    bench.reset(cycle=START // 2)
    bench.pulse(pre=times, post=times + 2 * US)
    assert bench.drop() == pytest.approx([n * pair(2), 0], abs=2e-6)


# --- the capacitor --------------------------------------------------------------------------------


def test_readings_are_linear_to_160_lsb_and_saturate_beyond():
    bench = Bench(given=supply(ramp=0))
    bench.reset()
    drops = []
    for n in (319, 1, 200, 4000):
        at = START + 10**7 * (len(drops) + 1)
        bench.pulse(pre=[at], post=at + np.arange(n))
        drops.append(bench.drop()[CAUSAL] / CADC_LSB_V)
    assert drops[:2] == pytest.approx([159.5, 160], abs=0.05)
    assert 190 < drops[2] < 199
    assert drops[3] == pytest.approx(200, abs=0.01)


def test_saturation_can_be_switched_off():
    bench = Bench(given=supply(ramp=0), correlation_saturation=False)
    bench.reset()
    bench.pulse(pre=[START], post=START + np.arange(440))
    assert bench.drop()[CAUSAL] / CADC_LSB_V == pytest.approx(220, abs=0.05)


def test_sensors_that_were_never_reset_are_empty():
    bench = Bench()
    assert not bench.sensors.read(0, 0, 0).any()
    bench.pulse(pre=[START], post=[START + US])
    assert not bench.sensors.read(1, 5, 10**6).any()


def test_the_baseline_is_near_the_top_of_the_cadc_range_at_the_documented_voltages():
    bench = Bench(mismatch=True)
    bench.reset(rows=[9])
    code = (bench.sensors.read(0, 9, 1000) - 0.06) / CADC_LSB_V
    assert code.min() > 190
    assert code.max() < 230
    assert np.ptp(code) > 2


@pytest.mark.parametrize(
    ("changes", "low", "high"),
    [
        ({"v_reset": 0.0}, 0, 0),
        ({"output": 0}, 0, 0),
        ({"store": 10}, 0, 0),
        ({"store": 20}, 0.75, 0.85),
        ({"store": 50}, 0.95, 1.03),
    ],
)
def test_forgotten_supplies_and_a_low_store_current_pull_the_baseline_down(changes, low, high):
    bench = Bench(given=supply(**changes))
    bench.reset()
    baseline = bench.sensors.read(0, 0, 1000)
    assert low <= baseline.min() <= baseline.max() <= high


def test_more_v_res_meas_gives_more_amplitude():
    drops = []
    for volts in (0.85, 0.9, 0.95):
        bench = Bench(given=supply(v_res_meas=volts))
        bench.reset()
        bench.pulse(pre=[START], post=[START])
        drops.append(bench.drop()[CAUSAL])
    assert drops[1] / drops[0] == pytest.approx(math.e, rel=1e-3)
    assert drops[2] / drops[1] == pytest.approx(math.e, rel=1e-3)


@pytest.mark.parametrize("quadrant", range(4))
def test_each_quadrant_has_its_own_currents(quadrant):
    ramp = np.where(np.arange(4) == quadrant, 160, 80)
    bench = Bench(given=supply(ramp=ramp))
    half, column = quadrant // 2, quadrant % 2 * 128 + 5
    for h in range(2):
        bench.reset(half=h, rows=[0])
        for c in (5, 133):
            bench.pulse(pre=[START], post=[START + 5 * US], driver=128 * h, neuron=256 * h + c)
    expected = np.where(np.arange(4) == quadrant, pair(10), pair(5))
    got = [bench.drop(half=h, column=c)[CAUSAL] for h in range(2) for c in (5, 133)]
    assert got == pytest.approx(expected, abs=1e-6)
    assert bench.drop(half=half, column=column)[CAUSAL] == pytest.approx(pair(10), abs=1e-6)


@pytest.mark.parametrize("bias", ["output", "store", "ramp"])
def test_a_bias_taken_from_the_pads_is_off(bias):
    config = Bench.config()
    config.synapse_bias[f"int_{bias}_bias"][1] = 0
    bench = Bench(config)
    bench.reset()
    for column in (127, 128):
        bench.pulse(pre=[START], post=[START + 10 * US], neuron=column)
    inside, outside = bench.sensors.read(0, 0, 10**6)[CAUSAL, 127:129]
    assert inside == pytest.approx(BASELINE_V - pair(10), abs=1e-6)
    expected = BASELINE_V - AMPLITUDE_V if bias == "ramp" else 0
    assert outside == pytest.approx(expected, abs=1e-6)


def test_trims_shorten_and_shrink_both_branches():
    config = Bench.config()
    config.synapses.time_calib[0, 0, :4] = [0, 1, 2, 3]
    config.synapses.amp_calib[0, 0, 4:8] = [0, 1, 2, 3]
    bench = Bench(config)
    bench.reset()
    for column in range(8):
        bench.pulse(pre=[START], post=[START + 5 * US], neuron=column)
    bench.pulse(pre=[START + 10 * US])
    for branch in (CAUSAL, ACAUSAL):
        drops = np.array([bench.drop(column=column)[branch] for column in range(8)])
        assert np.all(np.diff(drops[:4]) < -1e-5)
        assert np.all(np.diff(drops[4:]) < -1e-5)
        assert drops[4:] / drops[4] == pytest.approx(0.8 ** np.arange(4), abs=2e-3)


# --- registers ------------------------------------------------------------------------------------


def test_a_reset_holds_the_four_synapses_of_its_quad_for_its_duration():
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START], post=[START + US])
    cycle = START + US
    bench.write("CorrelationReset", 0, 1, 34, cycle=cycle)
    end = 2 * cycle + RESET_TICKS
    for column in (22, 23, 16):  # 23 is entry 3 of quad 34; 22 is in quad 2
        bench.pulse(pre=[end - 3, end - 2], post=[end - 1], neuron=column)
    assert bench.drop(row=1, column=23)[CAUSAL] == pytest.approx(0, abs=1e-5)
    assert bench.drop(row=1, column=22)[CAUSAL] > 2e-3
    assert bench.drop(row=0, column=23)[CAUSAL] > 2e-3
    bench.pulse(pre=[end], post=[end], neuron=23)
    expected = [pair(0), pair(1 / US)]  # within one tick, pre counts before post
    assert bench.drop(row=1, column=23) == pytest.approx(expected, abs=1e-6)


def test_a_reset_without_duration_hardly_charges():
    config = Bench.config()
    config.correlation.reset_duration[1] = 0
    bench = Bench(config)
    bench.reset()
    bench.reset(half=1)
    assert bench.drop(half=0) == pytest.approx([0, 0], abs=1e-6)
    volts = bench.sensors.read(1, 0, 1000)
    assert volts.max() == pytest.approx(
        max(0, 1.85 * (1 - math.exp(-3 * 4e-9 / 40e-9)) - 0.8 - 22.5e-3), abs=1e-6
    )


def test_a_reset_of_four_neurons_also_resets_row_0_of_their_columns():
    bench = Bench()
    bench.reset(rows=range(2), half=1)
    bench.pulse(pre=[START], post=[START + US], driver=128, neuron=256 + 23)
    bench.write("NeuronResetQuad", 1, 34, cycle=START)
    assert bench.drop(half=1, row=0, column=23)[CAUSAL] == pytest.approx(0, abs=1e-5)
    assert bench.drop(half=1, row=1, column=23)[CAUSAL] == pytest.approx(pair(1), abs=1e-6)


def test_registers_overwrite_post_pulses_of_spikes():
    config = Bench.config()
    config.neuron_backend.enable_post_overwrite[[2, 130, 258]] = 1
    bench = Bench(config)
    bench.reset()
    bench.reset(half=1)
    for driver in (0, 128):
        bench.pulse(pre=[START], driver=driver)
    for neuron in range(3):
        bench.pulse(post=[START + US], neuron=neuron)
    assert [bench.drop(column=c)[CAUSAL] for c in range(3)] == pytest.approx(
        [pair(1), pair(1), 0], abs=1e-6
    )
    bench.write("BlockPostPulse", 0, cycle=START // 2 + US)
    columns = [(0, 0), (0, 2), (0, 130), (1, 2)]
    assert [bench.drop(half=h, column=c)[CAUSAL] for h, c in columns] == pytest.approx(
        [pair(1), pair(2), 0, pair(2)], abs=1e-6
    )


def test_auto_calibrating_resets_keep_the_cadc_from_reading():
    config = Bench.config()
    config.correlation.reset_mode[0] = 1
    bench = Bench(config)
    bench.reset()
    bench.reset(half=1)
    assert not bench.sensors.read(0, 0, 1000).any()
    assert bench.sensors.read(1, 0, 1000).all()


def test_the_device_claims_its_registers_and_nothing_beside_them():
    registers = Bench().registers
    ours = [CONTAINERS[c].all_addresses().reshape(-1).astype(np.int64)
            for c in ("CorrelationReset", "NeuronResetQuad", "BlockPostPulse")]  # fmt: skip
    every = np.concatenate(ours)
    assert registers.claims(every).all()
    beside = np.array([every.min() - 1, 0x02C90000 - 1, 0x02C94040, 0x03C94040, 0x02CD0000])
    assert not registers.claims(beside).any()
    assert registers.read(int(every[0]), 0, None) is None


def test_the_reset_line_empties_everything():
    bench = Bench()
    bench.reset()
    bench.pulse(pre=[START])
    bench.drop()
    bench.registers.reset()
    assert not bench.sensors.read(0, 0, 10**6).any()
    bench.reset(cycle=10**6)
    bench.pulse(post=[3 * 10**6])
    assert bench.drop() == pytest.approx([0, 0], abs=1e-6)


# --- disturbance of other readings ----------------------------------------------------------------


def test_a_charged_sensor_disturbs_neuron_readings_in_its_column():
    bench = Bench()
    bench.reset(rows=[3])
    assert bench.sensors.disturbance(0, 3, 1000) == pytest.approx(0.02 * 0.65, abs=1e-6)
    assert not bench.sensors.disturbance(0, 4, 1000).any()
    quiet = Bench(correlation_disturbs_cadc=False)
    quiet.reset(rows=[3])
    assert not quiet.sensors.disturbance(0, 3, 1000).any()
