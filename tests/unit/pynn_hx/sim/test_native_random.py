"""`NativeRNG`: what is drawn, and how much of it.

Oracle: means of the distributions as PyNN defines them (names as in Wikipedia).
"""

from copy import deepcopy

import numpy as np
import pytest
from pyNN.random import RandomDistribution

import pynn_hx.sim as sim

MEANS = {
    "binomial": ({"n": 20, "p": 0.3}, 6.0),
    "gamma": ({"k": 2.0, "theta": 3.0}, 6.0),
    "exponential": ({"beta": 4.0}, 4.0),
    "lognormal": ({"mu": 0.5, "sigma": 0.3}, np.exp(0.5 + 0.045)),
    "normal": ({"mu": -1.0, "sigma": 2.0}, -1.0),
    "normal_clipped": ({"mu": 1.0, "sigma": 2.0, "low": 0.0, "high": 2.0}, 1.0),
    "normal_clipped_to_boundary": ({"mu": 1.0, "sigma": 2.0, "low": 0.0, "high": 2.0}, 1.0),
    "poisson": ({"lambda_": 3.5}, 3.5),
    "uniform": ({"low": 2.0, "high": 5.0}, 3.5),
    "uniform_int": ({"low": 2, "high": 5}, 3.0),
    "vonmises": ({"mu": 0.3, "kappa": 5.0}, 0.3),
}


@pytest.mark.parametrize("name", MEANS)
def test_means(name):
    parameters, mean = MEANS[name]
    drawn = RandomDistribution(name, rng=sim.NativeRNG(1), **parameters).next(20000)
    assert drawn.mean() == pytest.approx(mean, abs=5 * drawn.std() / 20000**0.5)
    if "low" in parameters:
        assert drawn.min() >= parameters["low"]
        assert drawn.max() <= parameters["high"]


def test_numbers_and_arrays():
    rng = sim.NativeRNG(1)
    assert 0 <= rng.next() < 1
    assert rng.next(0).shape == (0,)
    assert rng.next(5, mask=np.array([True, False, True, False, True])).shape == (3,)
    assert sorted(rng.permutation(np.arange(5)).tolist()) == [0, 1, 2, 3, 4]


def test_seeds():
    sim.setup(0.1, seed=8)
    assert sim.NativeRNG(3).next(4).tolist() == sim.NativeRNG(3).next(4).tolist()
    assert sim.NativeRNG().next(4).tolist() == sim.NativeRNG(8).next(4).tolist()
    rng = sim.NativeRNG(3)
    rng.next(10)
    assert deepcopy(rng).next(4).tolist() == rng.next(4).tolist()


def test_what_cannot_be_drawn():
    rng = sim.NativeRNG(1)
    with pytest.raises(ValueError, match="at least 0"):
        rng.next(-1)
    with pytest.raises(KeyError, match="unknown distribution 'cauchy'"):
        rng.next(1, "cauchy", {})
    with pytest.raises(KeyError, match="'normal' takes parameters"):
        rng.next(1, "normal", {"mu": 1.0})
    with pytest.raises(ValueError, match="widen the limits"):
        rng.next(1, "normal_clipped", {"mu": 0.0, "sigma": 1.0, "low": 90.0, "high": 91.0})
