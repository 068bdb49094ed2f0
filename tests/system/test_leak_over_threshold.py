"""A leak potential above threshold on an unconfigured chip: regular firing.

Oracle: the digital refractory time (255 counts of 8 ns, the reset released one count early), and
published traces of the same codes: inter-spike CV well below 3 %, spread between chips of some
13 %.
"""

import numpy as np
import pytest
from scipy.optimize import brentq, curve_fit

import pynn_hx as pynn

CODES = {
    "leak_v_leak": 1000,
    "leak_i_bias": 150,
    "threshold_v_threshold": 500,
    "threshold_enable": True,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
    "reset_enable_multiplication": True,
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 255,
}


def leak_over_threshold(chip_seed=0, runtime=0.2):
    """(spike times [us], sample times [us], membrane [LSB])."""
    pynn.setup(target=f"emulator:?chip_seed={chip_seed}")
    population = pynn.Population(1, pynn.cells.HXNeuron(**CODES))
    population.record(["spikes", "v"])
    pynn.run(runtime)
    segment = population.get_data().segments[0]
    pynn.end()
    signal = segment.irregularlysampledsignals[0]
    spikes = np.asarray(segment.spiketrains[0]) * 1e3
    return spikes, np.asarray(signal.times) * 1e3, np.asarray(signal)[:, 0].astype(float)


@pytest.mark.parametrize("chip_seed", [0, 1, 2, 3])
def test_firing_is_regular_but_not_perfectly(chip_seed):
    spikes, _, _ = leak_over_threshold(chip_seed, runtime=1.0)
    intervals = np.diff(spikes)
    assert intervals.size >= 10
    assert 0.001 <= intervals.std() / intervals.mean() <= 0.03


def exponential(t, level, height, tau):
    return level + height * np.exp(-t / tau)


def test_the_refractory_plateau_lasts_its_digital_time():
    """From the spike to where the fall towards the reset level meets the rise towards the leak.

    The conductive reset is still falling slowly at its end, so both flanks are fitted over all
    spikes.
    """
    spikes, us, lsb = leak_over_threshold(runtime=2.0)
    last = spikes[np.searchsorted(spikes, us) - 1]
    since = us - last
    fall, rise = (since > 1.0) & (since < 2.0), (since > 2.1) & (since < 4.0)
    decay, _ = curve_fit(exponential, since[fall], lsb[fall], p0=(250.0, 300.0, 0.5))
    rising = np.polyfit(since[rise], lsb[rise], 2)
    plateau = brentq(lambda t: exponential(t, *decay) - np.polyval(rising, t), 1.5, 2.5)
    assert 2.0 <= plateau <= 2.1
    assert plateau == pytest.approx(254 * 0.008, abs=0.03)


def test_the_membrane_peaks_at_threshold_and_is_reset():
    spikes, us, lsb = leak_over_threshold()
    peaks = [lsb[np.abs(us - s) < 0.05].max() for s in spikes]
    troughs = [lsb[(us > s + 1.5) & (us < s + 2.0)].mean() for s in spikes[:-1]]
    assert np.std(peaks) < 3.0, "published: 0.5-1.5 LSB a spike, plus ADC noise"
    assert np.mean(peaks) - np.mean(troughs) > 100


def test_two_runs_with_the_same_seeds_are_identical():
    first, second = leak_over_threshold(), leak_over_threshold()
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a, b)


def test_another_chip_fires_at_another_rate():
    def rate(chip_seed):
        spikes, _, _ = leak_over_threshold(chip_seed, runtime=1.0)
        return 1 / np.diff(spikes).mean()

    assert abs(rate(1) / rate(0) - 1) >= 0.03
