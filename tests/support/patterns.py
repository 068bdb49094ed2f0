"""Firing patterns of the course's AdEx notebook as assertions on spike times and traces.

Numbers: read off published figures.  Times in us, potentials in MADC LSB;
the stimulus flows from ON_US to OFF_US.
"""

from __future__ import annotations

import numpy as np
import pytest

ON_US, OFF_US = 100.0, 700.0
CLOCK_US = 0.064
"""Spikes are seen at edges of this clock, so intervals are off by up to that."""


def check_silent_without_stimulus(spikes):
    """All spikes fall into the stimulus; the last may wait for a clock edge."""
    assert np.all((spikes > ON_US) & (spikes < OFF_US + CLOCK_US))


def check_adaptation(spikes):
    """12 or 13 spikes with lengthening intervals."""
    intervals = np.diff(spikes)
    assert spikes.size in (12, 13)
    assert np.all(np.diff(intervals) > -4 * CLOCK_US)
    assert intervals[-1] > 1.3 * intervals[0]


def check_transient(spikes):
    """A single spike at the onset."""
    assert spikes.size == 1
    assert spikes[0] < ON_US + 100


def check_initial_bursting(spikes):
    """A group of three, then single spikes at regular intervals."""
    intervals = np.diff(spikes)
    burst, singles = intervals[:2], intervals[2:]
    assert singles.size >= 6
    assert burst.max() < 0.5 * singles.min()
    assert singles.min() > 0.85 * singles.max()


def check_regular_bursting(spikes):
    """Three spikes, then pairs at regular intervals."""
    intervals = np.diff(spikes)
    within, between = np.concatenate([intervals[:2], intervals[3::2]]), intervals[2::2]
    assert within.size >= 5
    assert within.max() < 0.25 * between.min()
    assert between.min() > 0.9 * between.max()


def check_subthreshold(spikes):
    """No spike."""
    assert spikes.size == 0


CHECKS = {
    "subthreshold": check_subthreshold,
    "adaptation": check_adaptation,
    "transient": check_transient,
    "initial_bursting": check_initial_bursting,
    "regular_bursting": check_regular_bursting,
}
"""By the name of the scenario in :mod:`tests.support.reference_scenarios`."""


def check_step_response(t, v):
    """Up by 130 LSB within 50 us; overshoot and undershoot of 35 LSB by the adaptation."""
    rest, plateau = v[t < ON_US].mean(), v[(t > OFF_US - 20) & (t < OFF_US)].mean()
    risen = v[(t > ON_US + 45) & (t < ON_US + 55)].mean()
    assert risen - rest == pytest.approx(130, abs=15)
    overshoot = smooth(v[(t > ON_US) & (t < OFF_US)]).max() - plateau
    undershoot = rest - smooth(v[t > OFF_US]).min()
    assert overshoot == pytest.approx(35, abs=6)
    assert undershoot == pytest.approx(35, abs=6)


def check_adaptation_decay(t, w):
    """w falls from 470 to 390 LSB with a time constant of 100 to 150 us."""
    rest = w[t < ON_US].mean()
    after = t > OFF_US
    w_after, t_after = smooth(w[after]), t[after]
    fall = (w_after < 470) & (w_after > 390)
    assert w_after[:5].mean() > 470 and w_after[-5:].mean() < 390
    slope = np.polyfit(t_after[fall], np.log(w_after[fall] - rest), 1)[0]
    assert 100 < -1 / slope < 150


def check_adaptation_steps(t, w, spikes):
    """Each spike lifts w by 50 to 60 LSB; decay during the measurement takes 2 of them back."""
    for spike in spikes:
        before = w[(t > spike - 0.6) & (t <= spike)].mean()
        after = w[(t >= spike + 1.1) & (t < spike + 1.9)].mean()
        assert 47 < after - before < 61


def smooth(samples, n=25):
    """Running mean of n samples, shortened at both ends so that no sample counts outside."""
    kernel = np.ones(n) / n
    inner = np.convolve(samples, kernel, "valid")
    return np.concatenate([np.full(n // 2, inner[0]), inner, np.full(n - 1 - n // 2, inner[-1])])
