"""Neurons whose leak potential lies above their threshold fire regularly.

Oracle: published figures of the course (refractory plateau 2.0-2.1 us, ISI jitter about 0.5 %,
peak spread 0.7-1.5 LSB trial to trial and some 10 LSB between neurons).
"""

import numpy as np
import pytest

from tests.support import emulated


@pytest.fixture(scope="module")
def result():
    return emulated.run(emulated.read_out(emulated.chip(), 0), 2000)


def test_firing_is_regular(result):
    isi = np.diff(result.spike_cycles)
    assert isi.size > 50
    assert 0.001 < isi.std() / isi.mean() < 0.03


def test_membrane_falls_for_the_refractory_period(result):
    falls = []
    for cycle in result.spike_cycles[1:20]:
        at = cycle / 125
        window = (result.t > at - 0.2) & (result.t < at + 4)
        t, v = result.t[window], result.v[window]
        smooth = np.convolve(v, np.ones(5) / 5, "same")[5:-5]
        falls.append(t[5:-5][smooth.argmin()] - t[5:-5][smooth.argmax()])
    assert np.mean(falls) == pytest.approx(2.04, abs=0.1)


def test_peaks_scatter_by_comparator_noise(result):
    peaks = [result.v[np.abs(result.t - c / 125) < 0.1].max() for c in result.spike_cycles[1:-1]]
    assert 0.5 < np.std(peaks) < 2.0


def test_neurons_and_chips_differ():
    neurons = np.arange(0, 512, 8)
    config = emulated.chip(neurons)
    emulated.close_crossbar(config)
    config.neurons.event_routing_address[neurons] = np.arange(neurons.size)
    rates = []
    for seed in (0, 1):
        r = emulated.run(config, 2000, chip_seed=seed, madc=False)
        rates.append(np.bincount(r.labels & 0xFF, minlength=neurons.size) / 2)  # kHz
    silent = np.mean(np.array(rates) == 0)
    assert silent < 0.02
    spread = [rate[rate > 0].std() / rate.mean() for rate in rates]
    assert 0.1 < min(spread) and max(spread) < 0.5
    assert np.mean(np.abs(rates[0] - rates[1]) > 0.03 * rates[0]) > 0.8
