"""Correlation sensors of a whole chip: how they spread, and whether they can be calibrated.

Oracle: the spreads that were put in (35 % per synapse, 30 % between its branches), and the
vendor's calibration in miniature.  Its targets are the ends of the published window (5 us and
0.5 LSB, the defaults; 30 us and 1.5 LSB), its tolerances (80 % of the synapses ordered, 30/50/70
percentiles within a factor of two) the documented ones.
"""

import numpy as np
import pytest

from tests.support.correlation import (
    ACAUSAL,
    ADDRESS,
    AMPLITUDE_V,
    BASELINE_V,
    CADC_LSB_V,
    CAUSAL,
    RESET_TICKS,
    START,
    TAU_US,
    US,
    Bench,
    supply,
)

QUADS = (0, 4, 8, 12)
SAMPLE = np.sort(np.concatenate([2 * np.arange(4) + 8 * (q % 32) + q // 32 for q in QUADS]))


class Calibrated:
    """Measures one quadrant's sensors as the vendor's calibration does, with a noiseless CADC."""

    def __init__(self, **effects):
        self.bench = Bench(mismatch=True, defects=True, **effects)
        self.cycle = 0

    def measure(self, ramp, store, delays_us, n=100):
        """Accumulated LSB (delay, row, column, branch) of the sample's columns, all rows."""
        bench, out = self.bench, []
        bench.sensors.flush(self.cycle)
        bench.given = supply(ramp=ramp, store=store)
        for delay in delays_us:
            causal = delay > 0
            at = 2 * self.cycle + START
            self._send(**{"post" if causal else "pre": [at]})
            self.cycle += 125_000
            bench.reset(rows=range(256), quads=QUADS, cycle=self.cycle)
            self.cycle += RESET_TICKS
            baseline = self._codes()
            first = 2 * self.cycle + 500 * US * np.arange(1, n + 1)
            second = first + round(abs(delay) * US)
            pre, post = (first, second) if causal else (second, first)
            self._send(pre=pre, post=post)
            self.cycle = int(second[-1]) // 2 + 100
            out.append(baseline - self._codes())
        return np.array(out)

    def _send(self, pre=(), post=()):
        pre, post = np.asarray(pre), np.asarray(post)
        drivers, columns = np.arange(128), SAMPLE
        self.bench.sensors.add(
            np.repeat(pre, drivers.size).astype(np.int64),
            np.tile(drivers, pre.size),
            np.full(pre.size * drivers.size, ADDRESS),
            np.repeat(post, columns.size).astype(np.int64),
            np.tile(columns, post.size),
            until=int(max([*pre, *post])) + 1,
        )

    def _codes(self):
        volts = np.stack([self.bench.sensors.read(0, r, self.cycle) for r in range(256)])
        volts = volts[:, :, SAMPLE].transpose(0, 2, 1)
        return np.clip(np.round((volts - 0.06) / CADC_LSB_V), 0, 255)


def estimate(results, delays_us, n):
    """(amplitude [LSB], tau [us]) per synapse of one branch from ratios of adjacent delays."""
    results = np.where((results < 8) | (results > 160), np.nan, results)
    ratio = results[1:] / results[:-1]
    ratio[ratio >= 1] = np.nan
    gaps = np.diff(np.abs(delays_us))[:, None, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        tau = mean(-gaps / np.log(ratio))
        amplitude = mean(results * np.exp(np.abs(delays_us)[:, None, None] / tau)) / n
    return amplitude, tau


def mean(values):
    """Of the numbers along the first axis; nan where there is none."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    return np.where(count, np.where(known, values, 0).sum(axis=0) / np.maximum(count, 1), np.nan)


def search(measure, target, low=1, high=1022):
    """The code at which a falling observable meets its target, by bisection."""
    while high - low > 1:
        code = (low + high) // 2
        observed = measure(code)
        low, high = (code, high) if observed > target else (low, code)
    return low


TAU_DELAYS = np.array([0.5, 1, 2.5, 5, 10, 20, 30, 50])
AMPLITUDE_DELAYS = np.array([1, 2.5, 5, 10])


@pytest.mark.parametrize(("target", "target_us"), [(0.5, 5.0), (1.5, 30.0)])
@pytest.mark.parametrize("branch", [CAUSAL, ACAUSAL])
def test_a_quadrant_is_calibrated_to_either_end_of_the_published_window(branch, target, target_us):
    """Amplitudes of 0.5 to 1.5 LSB, time constants of 5 to 30 us."""
    chip, sign = Calibrated(), 1 if branch == CAUSAL else -1
    n_amplitude = int(70 / target)
    n_tau = min(n_amplitude, 100)

    def amplitude(store, ramp=80):
        results = chip.measure(ramp, store, sign * AMPLITUDE_DELAYS, n=n_amplitude)[..., branch]
        amplitudes = estimate(results, AMPLITUDE_DELAYS, n_amplitude)[0]
        found = np.median(np.nan_to_num(amplitudes, nan=-np.inf))
        return np.inf if found < 0 and store < 50 else found  # saturated, or too small to see

    def tau(ramp):
        results = chip.measure(ramp, store, sign * TAU_DELAYS, n=n_tau)[..., branch]
        return np.median(np.nan_to_num(estimate(results, TAU_DELAYS, n_tau)[1], nan=np.inf))

    store = search(amplitude, target)
    ramp = search(tau, target_us)
    assert amplitude(store, ramp) == pytest.approx(target, rel=0.15)
    assert tau(ramp) == pytest.approx(target_us, rel=0.1)
    assert 55 < store * target / 0.5 < 90
    assert 60 < ramp * target_us / 5 < 105

    results = chip.measure(ramp, store, sign * TAU_DELAYS, n=n_tau)[..., branch]
    ordered = np.all(np.diff(results, axis=0) <= 0, axis=0) & (results[0] > results[-1])
    assert ordered.mean() >= 0.8
    amplitudes, taus = estimate(results, TAU_DELAYS, n_tau)
    for observed, wanted in ((amplitudes, target), (taus, target_us)):
        percentiles = np.nanpercentile(observed, [30, 50, 70])
        assert np.all((percentiles > wanted / 2) & (percentiles < 2 * wanted))


def drops_of_a_chip(given, gap):
    """Drops (branch, row, column) of the upper half after a pre, a post and a pre `gap` apart."""
    bench = Bench(given=given, mismatch=True, correlation_saturation=False)
    bench.reset(rows=range(256))
    drivers, address, nothing = np.arange(128), np.full(128, ADDRESS), np.empty(0, np.int64)
    rows = range(256)
    before = np.stack([bench.sensors.read(0, row, 1) for row in rows], axis=1)
    for at, post in ((START, nothing), (START + gap, np.arange(256)), (START + 2 * gap, nothing)):
        pre = drivers if not post.size else nothing
        bench.sensors.add(np.full(pre.size, at), pre, address[: pre.size], np.full(post.size, at),
                          post, until=at + 1)  # fmt: skip
    return before - np.stack([bench.sensors.read(0, row, 10**6) for row in rows], axis=1)


def test_synapses_spread_by_35_percent_and_their_branches_by_30():
    """Amplitudes from ramps that stand still, time constants from pairs 5 us apart."""
    amplitude = drops_of_a_chip(supply(ramp=0), 1)
    tau = 5 / np.log(amplitude / drops_of_a_chip(supply(), 5 * US))
    for observed, nominal in ((amplitude, AMPLITUDE_V), (tau, TAU_US)):
        causal, acausal = np.log(observed / nominal)
        assert np.std(causal - acausal) == pytest.approx(0.30, rel=0.02)
        assert np.std((causal + acausal) / 2) == pytest.approx(0.35, rel=0.08)
        assert np.median(causal) == pytest.approx(0, abs=0.03)


def test_a_gradient_of_position_is_visible():
    amplitude = np.log(drops_of_a_chip(supply(ramp=0), 1).mean(axis=0))
    sixteen = amplitude.reshape(16, 16, 16, 16).mean(axis=(1, 3))
    noise = 0.35 / 16
    assert (
        np.std(sixteen.mean(axis=1)) > 3 * noise / 4 or np.std(sixteen.mean(axis=0)) > 3 * noise / 4
    )


def test_one_percent_of_the_sensors_is_dead_unless_defects_are_off():
    for defects, share in ((True, 0.01), (False, 0)):
        bench = Bench(defects=defects)
        bench.reset(rows=range(256))
        drivers = np.arange(128)
        bench.sensors.add(np.full(128, START), drivers, np.full(128, ADDRESS),
                          np.full(256, START + 1), np.arange(256), until=START + 2)  # fmt: skip
        volts = np.stack([bench.sensors.read(0, row, 10**6)[CAUSAL] for row in range(256)])
        assert np.mean(volts > BASELINE_V - 1e-4) == pytest.approx(share, rel=0.15)
