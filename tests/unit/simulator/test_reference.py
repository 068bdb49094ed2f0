"""Plans run with NumPy.  Oracles: closed forms, and draws of the same counters."""

import math

import numpy as np
import pytest

from simulator.kernels.philox import draws
from simulator.reference import Currents, Neurons
from tests.support.simulator_plans import LIF, NOISE, NOISY, values_of


def test_a_membrane_relaxes_and_fires_when_it_should():
    """v_rest + 20 mV (1 - exp(-t/tau)) is 15 mV above rest at t = tau ln(4)."""
    neurons = Neurons(LIF, 2, values_of(LIF, 0.1, i_offset=np.array([0.0, 1.0])), dt_ms=0.1)
    first = next(step for step in range(1, 1000) if neurons.advance()[1])
    assert first == math.ceil(20 * math.log(4) / 0.1)
    assert neurons.values["v"].tolist() == [-65, -70]
    assert neurons.values["refractory_left"].tolist() == [0, 20]


def test_input_arrives_at_its_receptor():
    neurons = Neurons(NOISY, 2, values_of(NOISY, 0.1), dt_ms=0.1)
    silent = Neurons(NOISY, 2, values_of(NOISY, 0.1), dt_ms=0.1)
    neurons.advance({"fast": np.array([0.0, 1.0]), "slow": 3.0})
    silent.advance()
    assert neurons.values["v"] - silent.values["v"] == pytest.approx([1.5, 2.5])


def test_an_algebraic_quantity_belongs_to_the_end_of_the_step():
    neurons = Neurons(LIF, 2, values_of(LIF, 0.5, i_offset=2.0), dt_ms=0.5)
    assert neurons.algebraic("power_density").tolist() == [4, 4]
    neurons.advance()
    assert neurons.algebraic("power_density", 1.0).tolist() == [9.5, 9.5]


def test_a_current_is_that_of_the_beginning_of_the_step():
    source = Currents(NOISE, 1, values_of(NOISE, 0.1), dt_ms=0.1, seed=2)
    values = values_of(NOISE, 0.1)
    expected = values["mean"]
    for step in range(1, 15):
        got = source.advance()[0]
        assert got == pytest.approx(expected if step > 10 else 0)
        xi = draws("normal", 0, step, stream=0, draw=0, seed=2)[0]
        expected = 0.5 + (expected - 0.5) * values["decay"] + values["kick"] * xi
