"""The introduction of the lab course, end to end on words.

Oracle: published figures of that program on hardware, as bands that all of them fit (they disagree
among each other; docs/explanation/emulator.md): flat baseline, first peak 60-250 MADC LSB above it,
later peaks higher and saturating, fifth to first 1.1-1.5, 10-90 % rise in 3-8 us, no output spike.
"""

import neo
import numpy as np
import pytest

import pynn_hx as pynn
from tests.support.recorder import Tape

SPIKE_TIMES = [0.01, 0.03, 0.05, 0.07, 0.09]
NEURON = {
    "leak_v_leak": 400,
    "leak_i_bias": 200,
    "threshold_v_threshold": 400,
    "threshold_enable": True,
    "refractory_period_refractory_time": 100,
    "reset_v_reset": 300,
    "reset_i_bias": 1000,
    "membrane_capacitance_capacitance": 63,
}


def introduction(**setup):
    """The program of the course; returns (spike train, membrane signal)."""
    pynn.setup(initial_config=pynn.helper.chip_from_nightly(), **setup)
    pop = pynn.Population(1, pynn.cells.HXNeuron(**NEURON))
    pop.record(["spikes", "v"])
    src = pynn.Population(5, pynn.cells.SpikeSourceArray(spike_times=SPIKE_TIMES))
    synapse = pynn.synapses.StaticSynapse(weight=63)
    pynn.Projection(
        src, pop, pynn.AllToAllConnector(), synapse_type=synapse, receptor_type="excitatory"
    )
    pynn.run(0.1)
    spiketrain = pop.get_data("spikes").segments[0].spiketrains[0]
    signal = pop.get_data("v").segments[0].irregularlysampledsignals[0]
    pynn.end()
    return spiketrain, signal


def smooth(values, n=9):
    """Mean over 0.3 us: far below the rise time, and the noise no longer decides a maximum."""
    return np.convolve(values, np.ones(n) / n, mode="same")


def peaks_of(signal):
    """Largest deflection [LSB] after each of the five volleys, above the baseline."""
    ms, lsb = np.asarray(signal.times), np.asarray(signal)[:, 0].astype(float)
    base = lsb[ms < 0.01].mean()
    windows = [(ms >= t) & (ms < t + 0.02) for t in SPIKE_TIMES]
    return np.array([smooth(lsb)[w][5:-5].max() for w in windows]) - base


@pytest.fixture(scope="module")
def result():
    spiketrain, signal = introduction()
    ms, lsb = np.asarray(signal.times), np.asarray(signal)[:, 0].astype(float)
    return spiketrain, signal, ms, lsb, lsb[ms < 0.01], peaks_of(signal)


def test_the_types_are_those_of_the_program(result):
    spiketrain, signal, *_ = result
    assert isinstance(spiketrain, neo.SpikeTrain)
    assert isinstance(signal, neo.IrregularlySampledSignal)
    assert signal.times.units.dimensionality.string == "ms"


def test_there_is_no_output_spike(result):
    assert len(result[0]) == 0


def test_the_baseline_is_flat(result):
    _, _, ms, _, base, _ = result
    slope_per_us = np.polyfit(ms[: base.size] * 1e3, base, 1)[0]
    assert abs(slope_per_us) < 0.4, "the slow noise alone gives 0.15"
    assert 0.8 < base.std() < 2.0, "published: 1.3-1.65 LSB"


def test_the_staircase_rises_and_saturates(result):
    *_, peaks = result
    assert 60 <= peaks[0] <= 250
    assert np.all(np.diff(peaks) > -1.0), "no later peak is lower, but for noise"
    assert np.all(np.diff(np.diff(peaks)) < 1.0), "each step is smaller than the one before"
    assert 1.1 <= peaks[4] / peaks[0] <= 1.5


def test_the_first_response_begins_after_its_input_and_rises_in_microseconds(result):
    _, _, ms, lsb, base, peaks = result
    window = (ms >= 0.01) & (ms < 0.03)
    first = smooth(lsb)[window] - base.mean()
    times_us = ms[window] * 1e3
    ten, ninety = (times_us[np.argmax(first > part * peaks[0])] for part in (0.1, 0.9))
    assert 10.0 < ten < 12.0
    assert 3 <= ninety - ten <= 8


@pytest.mark.parametrize("chip_seed", range(1, 8))
def test_other_chips_answer_the_first_volley_in_the_same_band(chip_seed, result):
    _, signal = introduction(target=f"emulator:?chip_seed={chip_seed}")
    peaks = peaks_of(signal)
    assert 60 <= peaks[0] <= 280  # calibrated chips: 250
    assert np.abs(peaks - result[-1]).max() > 1, "another chip, other numbers"


def test_many_chips_stay_silent_and_climb_the_same_staircase():
    """With nominal codes mismatch decides whether a chip fires (emulator.md)."""
    outcomes = [introduction(target=f"emulator:?chip_seed={s}") for s in range(12)]
    silent = [peaks_of(signal) for train, signal in outcomes if len(train) == 0]
    assert len(silent) >= 4
    ratios = np.array([peaks[4] / peaks[0] for peaks in silent])
    assert np.all(ratios > 1.1)
    assert 1.1 <= np.median(ratios) <= 1.5


def test_the_same_script_gives_the_same_bytes():
    tapes = [Tape(), Tape()]
    for tape in tapes:
        introduction(connection=tape)
    for a, b in zip(tapes[0].programs, tapes[1].programs, strict=True):
        assert np.array_equal(a, b)
    for a, b in zip(tapes[0].responses, tapes[1].responses, strict=True):
        assert np.array_equal(a, b)


@pytest.mark.parametrize("target", ["emulator:?run_seed=1", "emulator:?chip_seed=1"])
def test_another_seed_gives_other_bytes(target):
    tapes = [Tape(), Tape(target)]
    for tape in tapes:
        introduction(connection=tape)
    assert np.array_equal(tapes[0].programs[0], tapes[1].programs[0])
    assert not np.array_equal(tapes[0].responses[0], tapes[1].responses[0])
