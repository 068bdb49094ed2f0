"""Reading and writing synapses through a network, whether an engine holds them or not.

Oracles: what was written; the expansion of procedural connectivity; sums of weights.
"""

from __future__ import annotations

import numpy as np
import pytest

from simulator.connectivity import Dense, Procedural, Sparse
from simulator.errors import NetworkError
from simulator.network import Network
from simulator.pathways import endpoints
from tests.support.neuron_models import LIF
from tests.unit.simulator.test_network_plasticity import learning


def test_learned_weights_are_read_and_written_while_the_engine_is_away():
    network, path, _ = learning()
    network.run(2000)
    learned = path.get("weight")
    network.add_poisson(1, rate_hz=1.0)
    assert np.array_equal(path.get("weight"), learned)
    path.set("weight", 0.25)
    network.run(1)
    assert np.mean(path.get("weight") == 0.25) > 0.9
    network.add_poisson(1, rate_hz=1.0)
    path.set("weight", learned)
    assert np.array_equal(path.get("weight"), learned)


def drawn(kind="number_post", value=30, low=0.5, high=1.5):
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 50)
    source = network.add_spike_times([[1.0]] * 40)
    connectivity = Procedural(40, 50, kind, value, 7, low, high)
    path = network.connect(source, neurons, "excitatory", connectivity, delay_ms=0.5)
    return network, path, network.record(neurons, "i_syn"), connectivity


@pytest.mark.parametrize("kind, value", [("number_post", 30), ("probability", 0.2)])
def test_procedural_synapses_give_what_their_expansion_says(kind, value):
    network, path, current, connectivity = drawn(kind, value)
    before = path.get("weight")
    network.run(20)
    _, post = endpoints(connectivity)
    assert path.n_synapses == post.size == before.size
    assert np.array_equal(path.get("weight"), before)
    assert path.get("delay").tolist() == [0.5] * post.size
    expected = np.bincount(post, before, 50)
    assert current.values[15] == pytest.approx(expected, rel=1e-12)
    path.set("weight", 2.0)
    assert np.all(path.get("weight") == 2.0)


def test_procedural_synapses_have_no_weights_of_a_pathway():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 5)
    connectivity = Procedural(5, 5, "probability", 0.5, 1, 1.0, 1.0)
    with pytest.raises(NetworkError, match="give low and high there, and no weight here"):
        network.connect(neurons, neurons, "excitatory", connectivity, weight=2.0)


def test_dense_synapses_without_self_connections():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 20, initial={"v": [-40.0] * 3 + [-65.0] * 17})
    weights = np.arange(400.0)
    path = network.connect(neurons, neurons, "excitatory", Dense(20, 20, True), weight=weights)
    current = network.record(neurons, "i_syn")
    network.run(3)
    expected = weights.reshape(20, 20)[:3].sum(axis=0)
    expected[:3] -= np.diag(weights.reshape(20, 20))[:3]
    assert current.values[2] == pytest.approx(expected)
    assert np.array_equal(path.get("weight"), weights)


@pytest.mark.parametrize("bits, error", [(8, 1.0 / 255), (16, 1.0 / 65535)])
def test_weights_of_few_bits_are_right_to_half_a_step(bits, error):
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 100)
    source = network.add_spike_times([[0.0]])
    rows = Sparse(1, 100, np.array([0, 100]), np.arange(100, dtype=np.int32))
    weights = np.random.default_rng(1).random(100)
    path = network.connect(
        source, neurons, "excitatory", rows, weight=weights, weight_bits=bits, delay_ms=0.1
    )
    network.run(1)
    assert np.abs(path.get("weight") - weights).max() <= 0.5 * error * 1.001
    assert neurons.get("i_syn") == pytest.approx(path.get("weight"), rel=1e-12)


def test_delays_may_change_between_runs():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 1)
    source = network.add_spike_times([[1.0, 3.0]])
    rows = Sparse(1, 1, np.array([0, 1]), np.zeros(1, np.int32))
    path = network.connect(source, neurons, "excitatory", rows, delay_ms=0.5)
    current = network.record(neurons, "i_syn")
    network.run(20)
    path.set("delay", 2.5)
    assert path.get("delay").tolist() == [2.5]
    network.run(60)
    rises = 1 + np.flatnonzero(np.diff(current.values[:, 0]) > 0)
    assert rises.tolist() == [15, 55]


def test_shorter_delays_do_not_lose_what_is_on_its_way():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 2)
    source = network.add_spike_times([[1.0, 3.0]])
    rows = Sparse(1, 2, np.array([0, 2]), np.arange(2, dtype=np.int32))
    path = network.connect(
        source, neurons, "excitatory", rows, weight=[1.0, 2.0], delay_ms=[2.5, 4.0]
    )
    current = network.record(neurons, "i_syn")
    network.run(15)
    path.set("delay", 0.2)
    network.run(60)
    rises = [1 + np.flatnonzero(np.diff(c) > 0) for c in current.values.T]
    assert [r.tolist() for r in rises] == [[32, 35], [32, 50]]
    assert current.values[35, 0] - current.values[34, 0] * np.exp(-0.02) == pytest.approx(1.0)
    assert current.values[50, 1] - current.values[49, 1] * np.exp(-0.02) == pytest.approx(2.0)


def test_a_new_pathway_carries_no_spikes_from_before_it_was_there():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 1)
    source = network.add_spike_times([[1.0, 3.0]])
    network.run(15)
    rows = Sparse(1, 1, np.array([0, 1]), np.zeros(1, np.int32))
    network.connect(source, neurons, "excitatory", rows, delay_ms=1.0)
    current = network.record(neurons, "i_syn")
    network.run(50)
    assert (15 + np.flatnonzero(current.values))[0] == 40


def test_delays_of_plastic_synapses_stay_while_spikes_are_on_their_way():
    network, path, _ = learning()
    network.run(10)
    with pytest.raises(NetworkError, match="cannot change at 1 ms, with spikes on their way"):
        path.set("delay", 1.0)
    network.reset()
    path.set("delay", 1.0)
    assert path.get("delay")[0] == 1.0
