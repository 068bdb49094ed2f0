"""Rates to the registers of a generator.

Oracles: the formula of the register's documentation, mean interval = period / (rate / 255) cycles
of 250 MHz; and the emulator's generator, whose draws are counted.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.kernels.background import Generators, generate, tables
from firmware_protocol import ChipConfig
from pynn_hx.mapping.background import register_values, switches, write_background
from pynn_hx.mapping.configure import write_routing
from pynn_hx.mapping.graph import Background, Connections, Network
from pynn_hx.mapping.route import route

TICK_HZ = 250e6


def documented_rate(code, period, n_labels):
    """Rate of a cell [Hz]."""
    return TICK_HZ * code / 255 / period / n_labels


@given(st.floats(1e3, 1e6), st.integers(0, 7))
def test_usual_rates_are_met_within_half_a_percent(rate, bits):
    code, period = register_values(rate, 1 << bits)
    assert documented_rate(code, period, 1 << bits) == pytest.approx(rate, rel=5e-3)


@given(st.floats(20.0, 250e6))
def test_any_rate_is_met_within_half_a_step_of_the_rate_code(total):
    code, period = register_values(total, 1)
    assert 1 <= code <= 255 and 1 <= period <= 65535
    error = abs(documented_rate(code, period, 1) - total)
    assert error <= max(TICK_HZ / 255 / 2, 0.005 * total)  # period 1, in steps of 1 / 255
    assert error <= 0.26 * total


@pytest.mark.parametrize("rate", [1e4, 1e5, 7.7e5])
@pytest.mark.parametrize("n_labels", [1, 16, 256])
def test_the_emulators_generator_draws_that_many_events(rate, n_labels):
    code, period = register_values(rate, n_labels)
    n_expected = 20000 if n_labels < 256 else 200000
    end = int(n_expected / rate / n_labels * TICK_HZ)
    fields = (period, period, 1, code, n_labels - 1, 0, 12345)
    generator = Generators(*(np.array([f], np.int64) for f in fields))
    tick, source, label = np.zeros((3, 2 * n_expected), np.int64)
    n = generate(generator, tables(), end, tick, source, label)
    assert n == pytest.approx(n_expected, rel=0.03)  # 4 sigma, and 0.4 % of the emulator's draw
    interval = np.diff(tick[:n][label[:n] == 0])
    assert 0.85 < interval.std() / interval.mean() < 1.15  # of one cell; Poisson: 1


def routed(*sizes):
    n = len(sizes)
    pre = 512 + np.cumsum([0, *sizes[:-1]])
    post, one = np.tile([0, 511], n), np.ones(2 * n, np.int64)
    c = Connections(np.repeat(pre, 2), post, one, one < 0)
    network = Network(512, 0, c, np.zeros(512, bool), tuple(Background(s) for s in sizes))
    return route(network, np.arange(512))


def test_the_generators_of_both_halves_are_set_alike():
    chip, routing = ChipConfig(), routed(10, 1)
    write_routing(chip, routing, np.zeros(512, bool))
    assert not chip.background_sources.enable.any()
    write_background(chip, routing, [1e4, 2e4], [7, 2**32 - 1])
    sources = chip.background_sources
    assert sources.enable.tolist() == sources.enable_random.tolist() == [1, 1, 0, 0] * 2
    assert sources.seed.tolist() == [7, 2**32 - 1, 0, 0] * 2
    assert sources.mask.tolist() == [15, 0, 0, 0] * 2  # 10 cells draw from 16 labels
    for k, (rate, n_labels) in enumerate([(1e4, 16), (2e4, 1)]):
        for g in (k, k + 4):
            found = documented_rate(int(sources.rate[g]), int(sources.period[g]), n_labels)
            assert found == pytest.approx(rate, rel=5e-3)
    chip.check()


def test_rate_zero_is_off_whatever_a_draw_of_zero_means():
    chip, routing = ChipConfig(), routed(10)
    chip.background_sources.enable = 1
    write_routing(chip, routing, np.zeros(512, bool))
    write_background(chip, routing, 0.0, [1])
    assert not chip.background_sources.enable.any()


def test_switches_write_the_word_with_the_enable_bit_of_running_generators_alone():
    chip, routing = ChipConfig(), routed(10)
    write_routing(chip, routing, np.zeros(512, bool))
    write_background(chip, routing, 1e4, [7])
    period = int(chip.background_sources.period[0])
    for on in (True, False):
        address, word = switches(chip, on=on)
        # chip reference 2.13: base + 0 {0 enable, 1 random, 31:16 period}, 3 words each
        assert address.tolist() == [0x130001, 0x130001 + 3 * 4]
        assert word.tolist() == [period << 16 | 2 | on] * 2


@pytest.mark.parametrize("n_labels", [1, 256])
def test_the_fastest_generator_has_an_event_in_nearly_every_cycle(n_labels):
    code, period = register_values(250e6 / n_labels, n_labels)
    assert period == 1 and code >= 254


@pytest.mark.parametrize(
    ("rate", "n_labels", "message"),
    [
        (1e6, 256, r"population 0: a rate of 1e\+06 Hz is not within 0..976562 Hz.* 2.5e\+08"),
        (-1.0, 1, "a rate of -1 Hz is not within"),
        (float("nan"), 1, "a rate of nan Hz is not within"),
        (10.0, 1, r"a rate of 10 Hz is below 15 Hz"),
    ],
)
def test_rates_that_no_generator_has_are_refused(rate, n_labels, message):
    with pytest.raises(RuntimeError, match=message):
        register_values(rate, n_labels)


@pytest.mark.parametrize(
    ("rate", "seed", "error", "message"),
    [
        ([1e4, 1e9], [1, 1], RuntimeError, "population 1: a rate"),
        (1e4, [1, 0], ValueError, r"population 1: seed 0 is outside 1\.\.4294967295"),
        (1e4, [2**32, 1], ValueError, "population 0: seed 4294967296"),
        (1e4, [1], ValueError, "1 seeds are given for 2 background populations"),
    ],
)
def test_a_refused_setting_leaves_no_trace(rate, seed, error, message):
    chip, routing = ChipConfig(), routed(10, 1)
    with pytest.raises(error, match=message):
        write_background(chip, routing, rate, seed)
    assert not any(chip.background_sources[field].any() for field in chip.background_sources)
