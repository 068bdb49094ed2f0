"""Injected currents and algebraic variables in a network.

Oracles: when NEST, NEURON and Brian2 let a current act (measured under PyNN 0.13), closed forms.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator.errors import NetworkError
from simulator.models import CurrentModel, NeuronModel
from simulator.network import Network
from tests.support.neuron_models import LIF

STEP = CurrentModel(
    name="step",
    parameters="height = 1.0 : nA\n start = 10.0 : ms\n stop = 20.0 : ms",
    amplitude="where(t >= start and t < stop, height, 0)",
)
EACH = CurrentModel(
    name="each", parameters="magnitude = 0.0 : nA", amplitude="magnitude", per_target=True
)
NOISE = CurrentModel(name="noise", parameters="sigma = 1.0 : nA", amplitude="sigma*normal()")


def test_a_current_acts_from_the_step_that_begins_with_it():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 3, {"v_thresh": 0.0})
    network.inject(STEP, {neurons: [1]})
    v = network.record(neurons, "v")
    network.run(300)
    moved = np.flatnonzero(v.values[:, 1] != -65.0)
    assert moved[0] == 101
    assert np.argmax(v.values[:, 1]) == 200
    # One nA into 20 MOhm for 10 ms through a membrane of 20 ms.
    assert v.values[200, 1] == pytest.approx(-65.0 + 20.0 * (1 - np.exp(-0.5)), rel=1e-12)
    assert np.all(v.values[:, [0, 2]] == -65.0)


def test_several_currents_of_one_neuron_add_and_may_change_between_runs():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 40)
    first = network.inject(STEP, {neurons: None}, {"start": 0.0, "stop": 1e9, "height": 0.2})
    network.inject(STEP, {neurons: [7]}, {"start": 0.0, "stop": 1e9, "height": -0.2})
    network.run(10)
    v = neurons.get("v")
    assert v[7] == -65.0 and np.all(np.delete(v, 7) > -65.0)
    first.set("height", 0.0)
    assert first.get("height").tolist() == [0.0]
    network.run(100_000)
    assert neurons.get("v")[0] == pytest.approx(-65.0, abs=1e-9)
    assert neurons.get("v")[7] == pytest.approx(-65.0 - 0.2 * 20.0)


def test_a_current_per_target_keeps_the_order_in_which_targets_were_given():
    network = Network(dt_ms=0.1)
    a, b = network.add_neurons(LIF, 5), network.add_neurons(LIF, 5)
    current = network.inject(EACH, {b: [4, 0], a: [2]}, {"magnitude": [0.4, 0.3, 0.2]})
    network.run(50_000)
    rise = 20.0 * np.array([0.0, 0.0, 0.2, 0.0, 0.0, 0.3, 0.0, 0.0, 0.0, 0.4])
    assert np.concatenate([a.get("v"), b.get("v")]) == pytest.approx(-65.0 + rise)
    current.set("magnitude", [0.0, 0.1, 0.0])
    assert current.get("magnitude").tolist() == [0.0, 0.1, 0.0]
    network.run(50_000)
    assert b.get("v")[0] == pytest.approx(-63.0)


def test_one_noise_current_is_the_same_in_all_its_neurons():
    network = Network(dt_ms=0.1, seed=5)
    neurons = network.add_neurons(LIF, 3)
    others = network.add_neurons(SLOW, 2)
    network.inject(NOISE, {neurons: [0, 1], others: [1]})
    v, w = network.record(neurons, "v"), network.record(others, "v")
    network.run(100)
    assert np.array_equal(v.values[:, 0], v.values[:, 1])
    assert np.ptp(v.values[:, 0]) > 0
    assert w.values[:, 1] == pytest.approx(v.values[:, 0] + 65.0, abs=1e-12)
    assert np.all(w.values[:, 0] == 0.0)


SLOW = NeuronModel(
    name="slow",
    parameters="tau = 20.0 : ms\n cm = 1.0 : nF",
    equations="""
        twice = 2*v : mV
        dv/dt = -v/tau + i_inj/cm : mV
    """,
)


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_an_algebraic_variable_is_recorded_and_read(precision):
    network = Network(dt_ms=0.1, precision=precision)
    neurons = network.add_neurons(SLOW, 20, initial={"v": np.arange(20.0)})
    v, twice = (
        network.record(neurons, "v", [3, 19], every=3),
        network.record(neurons, "twice", [3, 19], every=3),
    )
    network.run(20)
    assert twice.values.shape == (7, 2)
    assert np.allclose(twice.values, 2.0 * v.values, rtol=1e-6)
    assert v.values[-1, 0] == pytest.approx(3.0 * np.exp(-1.8 / 20.0), rel=1e-6)
    assert neurons.get("twice") == pytest.approx(2.0 * neurons.get("v"))


def test_a_current_flows_into_a_neuron_once():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 3)
    with pytest.raises(NetworkError, match="into a neuron twice; add a second one"):
        network.inject(STEP, {neurons: [1, 1]})
    current = network.inject(STEP, {neurons: [1]})
    with pytest.raises(NetworkError, match="step has no parameter 'level'; it has height"):
        current.set("level", 1.0)
