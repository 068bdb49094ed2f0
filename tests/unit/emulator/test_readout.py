"""The MADC: rate, settling, noise, and which neuron it shows.

Oracle: the clock arithmetic 500 MHz / (12 + adjust) / (2 (scale + 1)); published silent traces
(std 1.3-1.65 LSB, 374 +- 20 LSB at leak code 700).
"""

import logging

import numpy as np
import pytest

from emulator import Emulator, EmulatorError
from firmware_protocol import Program, decode, memory_map
from tests.support import emulated

SILENT = {"leak_v_leak": 700, "threshold_enable": 0}


@pytest.mark.parametrize(
    ("settings", "period_ns"),
    [
        ({}, 34),
        ({"sample_duration_adjust": 0}, 24),
        ({"enable_madc_clock_scaling": 1, "madc_clock_scale_value": 3}, 34 * 8),
    ],
)
def test_sample_rate_follows_the_configured_words(settings, period_ns):
    config = emulated.read_out(emulated.chip(**SILENT), 0)
    for name, value in settings.items():
        config.madc[name][...] = value
    result = emulated.run(config, 100)
    assert result.t.size == pytest.approx(100_000 / period_ns, abs=1.5)
    assert np.diff(result.t).mean() * 1000 == pytest.approx(period_ns, rel=1e-3)


def test_a_silent_neuron_shows_the_published_level_and_noise():
    config = emulated.read_out(emulated.chip(**SILENT), 0)
    traces = [emulated.run(config, 200, chip_seed=seed).v for seed in range(24)]
    means, stds = np.array([v.mean() for v in traces]), np.array([v.std() for v in traces])
    assert means.mean() == pytest.approx(374, abs=20)
    assert 5 < means.std() < 30  # chips differ
    assert np.median(stds) == pytest.approx(1.45, abs=0.2)
    assert np.all((stds > 1.1) & (stds < 1.9))


def test_noise_is_correlated_over_microseconds():
    v = emulated.run(emulated.read_out(emulated.chip(**SILENT), 0), 2000).v
    v = v - v.mean()

    def correlation(lag_us):
        n = round(lag_us / 0.034)
        return np.mean(v[:-n] * v[n:]) / v.var()

    assert correlation(1) == pytest.approx(0.30, abs=0.08)
    assert correlation(10) == pytest.approx(0.17, abs=0.12)


def test_first_samples_are_a_settling_ramp():
    result = emulated.Result(
        Emulator().execute(emulated.experiment(emulated.read_out(emulated.chip(**SILENT), 0), 10))
    )
    ramp = result.trace.madc_value[:120].astype(float)
    assert ramp[0] == 0
    assert np.all(np.diff(ramp[::10]) > 0)


@pytest.mark.parametrize("neuron", [0, 1, 256, 511])
def test_every_line_reaches_the_converter(neuron):
    config = emulated.read_out(emulated.chip([0, 1, 256, 511], **SILENT), neuron)
    assert emulated.run(config, 10).v.mean() > 250


def test_neurons_on_one_line_are_shorted_to_their_mean():
    config = emulated.chip([0, 2], **SILENT)
    config.neurons.leak_v_leak[2] = 900
    alone = [emulated.run(emulated.read_out(config.copy(), n), 50).v.mean() for n in (0, 2)]
    both = emulated.run(emulated.read_out(emulated.read_out(config, 0), 2), 50).v.mean()
    assert both == pytest.approx(np.mean(alone), abs=1)


def test_without_readout_bias_the_line_sits_at_ground():
    config = emulated.read_out(emulated.chip(**SILENT), 0)
    config.quadrants.neuron_i_bias_readout_amp = 0
    assert emulated.run(config, 10).v.mean() < 60


def test_sampling_without_wake_up_gives_nothing_and_says_so(caplog):
    program = Program()
    program.write(memory_map.MADC_CONTROL, emulated.control(start=1, pre_amp=1, continuous=1))
    program.wait(1000)
    program.halt()
    with caplog.at_level(logging.WARNING, "emulator"):
        response = Emulator().execute(program.words())
    assert decode(response).madc_time.size == 0
    assert "takes no samples: it needs pre_amp, and wake_up" in caplog.text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda c: c.readout_source.debug_plus.__setitem__(0, 1),
            "source debug_plus is not emulated",
        ),
        (
            lambda c: c.neurons.readout_source.__setitem__(0, 3),
            r"neuron 0: readout_source 3 \(adapt",
        ),
    ],
)
def test_sources_that_are_not_emulated_are_refused(change, text):
    config = emulated.read_out(emulated.chip(**SILENT), 0)
    change(config)
    with pytest.raises(EmulatorError, match=text):
        emulated.run(config, 10)


def test_a_synaptic_line_reads_its_rest_and_drops_at_an_event():
    config = emulated.connect(emulated.add_inputs(emulated.chip(**SILENT)), 0, [63])
    result = emulated.run(emulated.read_out(config, 0, source=1), 60, ([2500], [1]))
    rest = result.v[result.t < 15].mean()
    after = result.v[(result.t > 20.6) & (result.t < 21.5)].mean()
    assert rest == pytest.approx((1.2 + 0.04) / 1.54e-3, rel=0.05)
    assert (rest - after) * 1.54 == pytest.approx(63 * 0.21, rel=0.3)  # mV; chip mismatch
