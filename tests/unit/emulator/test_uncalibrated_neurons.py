"""Numbers that published figures of uncalibrated neurons give, on emulated chips with all effects.

Oracle: spreads read off published figures.  Tolerances come from the sample sizes: 256
neurons of one half, whose standard deviation of a spread is 4 % of it.
"""

import numpy as np
import pytest

from emulator import parameters as p
from tests.support.emulated import add_inputs, chip, connect, core_of, on_bus, trace_of, watch

ORIGIN = 12_500_000
NEURONS = np.arange(256)
REFRACTORY_US = 255 * 8e-3
FIGURE = {
    "leak_i_bias": 200,
    "threshold_v_threshold": 352,  # 409 LSB
    "reset_v_reset": 400,
    "membrane_capacitance_capacitance": 32,  # see decision 0010
    "refractory_period_refractory_time": 255,
}


def lsb(volts):
    return (np.asarray(volts, float) - p.MADC_ZERO_V) / p.MADC_LSB_V


@pytest.fixture(scope="module")
def firing():
    """ISIs [us], peaks and troughs [LSB] of each neuron: leak over threshold."""
    config = chip(NEURONS, **FIGURE)
    core, memory = core_of(config, chip_seed=2, stuck_reset=False)
    pieces = core.integrate(memory, watch(NEURONS), ORIGIN, ORIGIN + 125_000)
    tick = np.concatenate([piece.spike_tick for piece in pieces])
    neuron = np.concatenate([piece.spike_neuron for piece in pieces])
    isi, peaks, troughs = [], [], []
    for n in NEURONS:
        own = tick[neuron == n]
        if own.size < 20:
            continue
        v = lsb(trace_of(pieces, n))
        at = own // 8 - ORIGIN // 4
        inside = at[(at > 2) & (at < v.size - 70)]
        isi.append(np.diff(own) * 4e-3)
        peaks.append(np.array([v[k - 2 : k + 2].max() for k in inside]))
        troughs.append(np.mean([v[k : k + 70].min() for k in inside]))
    return isi, peaks, np.array(troughs)


def test_nearly_all_neurons_fire(firing):
    assert len(firing[0]) > 0.97 * NEURONS.size  # the rest is defective


def test_the_period_is_that_of_the_figure(firing):
    assert np.mean([i.mean() for i in firing[0]]) == pytest.approx(6.02, rel=0.1)


def test_the_jitter_is_that_of_the_figure(firing):
    jitter = np.array([i.std() / i.mean() for i in firing[0]])
    assert 0.003 < np.median(jitter) < 0.006


def test_thresholds_spread_by_ten_lsb(firing):
    peaks = np.array([q.mean() for q in firing[1]])
    assert peaks.std() == pytest.approx(10.3, rel=0.2)
    assert peaks.mean() == pytest.approx(408.7, abs=10)


def test_troughs_spread_by_ten_lsb(firing):
    assert firing[2].std() == pytest.approx(9.9, rel=0.25)
    assert firing[2].mean() == pytest.approx(229.7, abs=10)


def test_a_threshold_varies_from_spike_to_spike(firing):
    assert 0.5 < np.median([q.std() for q in firing[1]]) < 1.5


def test_slopes_spread_by_thirteen_percent(firing):
    rise_us = np.array([i.mean() for i in firing[0]]) - REFRACTORY_US
    slopes = (np.array([q.mean() for q in firing[1]]) - firing[2]) / rise_us
    # 179 LSB in the 3.99 us between refractory periods; the text's 49.7 is where it is steepest.
    assert slopes.mean() == pytest.approx(179 / 3.99, rel=0.1)
    assert slopes.std() / slopes.mean() == pytest.approx(0.13, abs=0.025)


def test_resting_potentials_follow_the_leak_code():
    """374 +- 20 LSB at code 700, some 0.8 LSB per code in between, flat at both ends."""
    rests = {}
    for code in (100, 500, 700, 1000, 1022):
        config = chip(NEURONS, leak_v_leak=code, threshold_enable=0)
        core, memory = core_of(config)
        pieces = core.integrate(memory, watch(NEURONS), ORIGIN, ORIGIN + 4)
        rests[code] = lsb([trace_of(pieces, n)[0] for n in NEURONS])
    mean = {code: r.mean() for code, r in rests.items()}
    assert mean[700] == pytest.approx(374, abs=20)
    assert (mean[700] - mean[500]) / 200 == pytest.approx(0.8, abs=0.03)
    assert 13 < rests[700].std() * p.MADC_LSB_V * 1e3 < 24  # mV; with the spread of the cells
    assert (mean[1022] - mean[1000]) / 22 < 0.75
    assert mean[100] < 60


def test_one_over_tau_is_linear_in_the_leak_bias():
    codes = np.array([50, 100, 200, 400, 800])
    rates = []
    for code in codes:
        core, memory = core_of(chip(0, leak_i_bias=code), chip_seed=1)
        circuits = core.circuits(memory, ORIGIN)
        rates.append(circuits.leak.conductance[0] / circuits.capacitance[0])
    line = np.polyval(np.polyfit(codes, rates, 1), codes)
    assert np.abs(line - rates).max() < 0.02 * rates[-1]


@pytest.mark.parametrize("mode", [1, 2])
def test_synapses_differ_by_some_percent(mode):
    """60 synapses of one neuron, one after the other: sigma 5-8 % of the PSP."""
    config = add_inputs(chip(0, leak_v_leak=559, leak_i_bias=164, threshold_enable=0))
    connect(config, 0, [31] * 60, mode=mode)
    at = ORIGIN + 1250 + 12_500 * np.arange(60)
    core, memory = core_of(config, on_bus(at, 1 + np.arange(60)))
    pieces = core.integrate(memory, watch([0]), ORIGIN, ORIGIN + 12_500 * 61)
    v = lsb(trace_of(pieces))
    sign = 1 if mode == 1 else -1
    steps = (at - ORIGIN) // 4
    psp = np.array([sign * (v[k : k + 2500] - v[k - 1]) for k in steps]).max(axis=1)
    assert 0.05 * 0.7 < psp.std() / psp.mean() < 0.08 * 1.3
