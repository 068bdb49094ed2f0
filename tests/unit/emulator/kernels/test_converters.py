"""The converters' loops against slow references, and the noise against a published silent trace.

Oracle: plain-Python Philox (checked in test_random) with the same sums of 16-bit words, linear
interpolation by NumPy, breadth-first search for wires, and the measured statistics of a silent
neuron (std 1.3-1.65 LSB; autocorrelation 0.34, 0.30, 0.24, 0.17 at 0.3, 1-2, 5, 10 us; 10 us block
means 0.69).
"""

import math

import numpy as np
import pytest

from emulator.kernels import converters as kernel
from emulator.numbers.readout import NUMBERS
from emulator.random import philox

PERIOD, PERIOD_US = 17, 0.034
SHIFT = 4
KEY = np.uint64(7)
WHITE, SLOW = NUMBERS["madc_white"].value, NUMBERS["madc_slow"].value
RETAIN = math.exp(-PERIOD_US * 1e-6 / NUMBERS["madc_slow_tau"].value)


def converter(**changes):
    quiet = kernel.Converter(
        per_lsb=500.0, zero=10.0, white=0.0, retain=0.0, kick=0.0, settling=0, loss=0
    )
    return quiet._replace(**changes)


def noisy(**changes):
    kick = SLOW * math.sqrt(1 - RETAIN**2)
    return converter(white=WHITE, retain=RETAIN, kick=kick, **changes)


def run(first_input=0, length=0):
    return kernel.Run(start=1000, period=PERIOD, place=3, first_input=first_input, length=length)


def take(signals, settings, n, *, of=None, first=0, slow=0.0):
    signals = np.asarray(signals, np.float32)
    tick, code = np.full(n, -1), np.full(n, -1)
    written, slow = kernel.sample(
        signals, 1000, SHIFT, of or run(), settings, KEY, first, n, slow, tick, code,
        kernel.new_scratch(),
    )  # fmt: skip
    return tick[:written], code[:written], slow


def steps(n):
    """Points of a trace that cover n samples."""
    return n * PERIOD // (1 << SHIFT) + 2


def silent(n, volts=0.6):
    return np.full((2, steps(n)), volts)


def test_samples_interpolate_the_trace_and_round_to_the_nearest_code():
    n = 3000
    trace = np.cumsum(np.random.default_rng(1).normal(0.6 / steps(n), 1e-4, steps(n)))
    tick, code, _ = take([trace, trace], converter(), n)
    at = 1000 + PERIOD * np.arange(n)
    volts = np.interp(at, 1000 + (1 << SHIFT) * np.arange(trace.size), trace)
    exact = volts * 500 + 10
    assert tick.tolist() == (at // 2).tolist()
    assert np.max(np.abs(code - exact)) <= 0.5 + 1e-3


@pytest.mark.parametrize(("volts", "code"), [(-0.5, 0), (5.0, 1023)])
def test_codes_are_clipped_to_ten_bits(volts, code):
    assert set(take(silent(10, volts), converter(), 10)[1].tolist()) == {code}


def test_noise_is_that_of_the_counter_of_each_sample():
    """Reference: Philox sample by sample, sums of six and of two 16-bit words."""
    n, first, slow = 40, 5, 0.3
    tick, code, after = take(silent(100), noisy(), n, first=first, slow=slow)
    for i in range(n):
        words = [int(w) for w in philox.py_func(*map(
            np.uint64, (first + i, 0, 3, kernel.MADC_PURPOSE, int(KEY), 0)))]  # fmt: skip
        halves = [h for w in words for h in (w & 0xFFFF, w >> 16)]
        white = (sum(halves[:6]) - 6 * 65535 / 2) / math.sqrt(6 * (65536**2 - 1) / 12)
        kick = (sum(halves[6:]) - 2 * 65535 / 2) / math.sqrt(2 * (65536**2 - 1) / 12)
        slow = RETAIN * slow + SLOW * math.sqrt(1 - RETAIN**2) * kick
        assert abs(code[i] - (0.6 * 500 + 10 + WHITE * white + slow)) <= 0.5 + 1e-3
    assert after == pytest.approx(slow, abs=1e-5)
    assert tick[0] == (1000 + first * PERIOD) // 2


def test_cutting_a_run_into_pieces_changes_no_sample():
    n = 5000
    tick, code, slow = take(silent(n), noisy(loss=1 << 24), n)
    parts, state, first = [], 0.0, 0
    for count in (1, 1023, 1500, 2476):
        part_tick, part, state = take(
            silent(n), noisy(loss=1 << 24), count, first=first, slow=state
        )
        parts.append(np.stack([part_tick, part]))
        first += count
    assert np.array_equal(np.concatenate(parts, axis=1), np.stack([tick, code]))
    assert state == slow


def correlation(x, lag_us):
    lag = round(lag_us / PERIOD_US)
    return float(np.mean(x[:-lag] * x[lag:]) / x.var())


@pytest.fixture(scope="module")
def silent_trace():
    n = 600_000  # 20 ms: 1450 correlation times, so that estimates are within some 5 %
    code = take(silent(n), noisy(), n, slow=SLOW)[1].astype(float)
    return code - code.mean()


def test_a_silent_trace_has_the_published_spread(silent_trace):
    assert 1.3 <= silent_trace.std() <= 1.65
    block = round(10 / PERIOD_US)
    means = silent_trace[: silent_trace.size // block * block].reshape(-1, block).mean(axis=1)
    assert means.std() == pytest.approx(0.69, rel=0.08)


@pytest.mark.parametrize(
    ("lag_us", "published"), [(0.3, 0.34), (1.5, 0.30), (5.0, 0.24), (10.0, 0.17)]
)
def test_a_silent_trace_has_the_published_autocorrelation(silent_trace, lag_us, published):
    assert correlation(silent_trace, lag_us) == pytest.approx(published, abs=0.03)


def test_first_samples_rise_to_the_signal():
    code = take(silent(200), converter(settling=120), 200)[1]
    assert code.tolist() == [310 * min(k, 120) // 120 for k in range(200)]


def test_lost_samples_leave_gaps_and_change_no_other():
    n, share = 50_000, 0.02
    kept_tick, kept, _ = take(silent(n), noisy(loss=int(share * 2**32)), n)
    tick, code, _ = take(silent(n), noisy(), n)
    assert n - kept.size == pytest.approx(share * n, rel=0.1)
    present = np.isin(tick, kept_tick)
    assert np.array_equal(code[present], kept)


@pytest.mark.parametrize(("length", "first_input"), [(1, 0), (1, 1), (3, 0), (15, 1)])
def test_two_inputs_alternate_and_the_channel_is_that_of_the_next_sample(length, first_input):
    n = 100
    signals = np.stack([np.full(steps(n), 0.2), np.full(steps(n), 0.8)])
    code = take(signals, converter(), n, of=run(first_input, length))[1]
    value, channel = code & 1023, code >> kernel.CHANNEL
    source = np.array([first_input ^ (k // length & 1) for k in range(n + 1)])
    assert value.tolist() == np.where(source[:-1] == 1, 410, 110).tolist()
    assert channel.tolist() == source[1:].tolist()


@pytest.mark.parametrize("first_input", [0, 1])
def test_one_input_keeps_its_channel(first_input):
    code = take(silent(50), converter(), 50, of=run(first_input))[1]
    assert set((code >> kernel.CHANNEL).tolist()) == {first_input}


def test_mixing_adds_weighted_traces_and_what_exceeds_the_onset():
    traces = np.array([[0.1, 0.2, 0.3], [1.0, 1.1, 1.2]], np.float32)
    weight, leak = np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.0, 0.2], [0.0, 0.0]])
    out = np.empty((2, 3), np.float32)
    kernel.mix(traces, weight, leak, 1.05, np.array([0.01, 0.0]), out)
    assert out[0] == pytest.approx([0.11, 0.22, 0.34])
    assert out[1] == pytest.approx([0.55, 0.65, 0.75])


def test_row_noise_is_normal_and_its_own_for_channel_half_and_cycle():
    def draw(half, cycle):
        out = np.empty(512)
        kernel.row_noise(out, KEY, half, cycle)
        return out

    many = np.concatenate([draw(0, cycle) for cycle in range(40)])
    assert many.mean() == pytest.approx(0, abs=0.03)
    assert many.std() == pytest.approx(1, abs=0.03)
    assert np.array_equal(draw(1, 9), draw(1, 9))
    for other in (draw(0, 9), draw(1, 10)):
        assert abs(np.corrcoef(draw(1, 9), other)[0, 1]) < 0.2


def test_wires_are_what_a_search_finds():
    rng = np.random.default_rng(5)
    n, a, b = 60, rng.integers(0, 60, 40), rng.integers(0, 60, 40)
    group = kernel.connected(n, a, b)
    reach = np.eye(n, dtype=bool)
    reach[a, b] = reach[b, a] = True
    for _ in range(6):  # squaring: paths of up to 64 edges
        reach = (reach.astype(int) @ reach.astype(int)) > 0
    assert np.array_equal(group[:, None] == group[None, :], reach)
    assert set(group.tolist()) == set(range(group.max() + 1))
