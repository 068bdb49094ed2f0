"""One-to-one connections, and locations that a point neuron does not have.

Oracle: cell i onto cell i; what PyNN's own connector does where it works.
"""

import numpy as np
import pytest
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx as pynn


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def connect(n_pre, n_post, connector, weight=3):
    pre = pynn.Population(n_pre, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    post = pynn.Population(n_post, pynn.cells.HXNeuron())
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    return pynn.Projection(pre, post, connector, synapse)


def test_each_pair_takes_its_own_weight_of_a_matrix():
    weights = np.arange(9).reshape(3, 3)
    projection = connect(3, 3, pynn.OneToOneConnector(), weights)
    assert projection.get("weight", "list") == [(0, 0, 0.0), (1, 1, 4.0), (2, 2, 8.0)]


def test_weights_may_be_random():
    weight = RandomDistribution("uniform_int", low=1, high=60, rng=NumpyRNG(seed=1))
    found = connect(20, 20, pynn.OneToOneConnector(), weight).get("weight", "list")
    weights = {w for _, _, w in found}
    assert len(found) == 20 and len(weights) > 5
    assert all(1 <= w <= 60 for w in weights)


@pytest.mark.parametrize("connector", [pynn.OneToOneConnector, pynn.AllToAllConnector])
def test_a_location_on_a_point_neuron_is_refused_and_leaves_no_projection(connector):
    with pytest.raises(ValueError, match="a point neuron has no locations"):
        connect(2, 2, connector(location_selector="soma"))
    assert pynn.simulator.state.projections == []


def test_all_to_all_can_leave_out_a_neurons_own_synapse():
    neurons = pynn.Population(3, pynn.cells.HXNeuron())
    connector = pynn.AllToAllConnector(allow_self_connections=False)
    projection = pynn.Projection(neurons, neurons, connector)
    pairs = [(c.presynaptic_index, c.postsynaptic_index) for c in projection]
    assert pairs == [(i, j) for i in range(3) for j in range(3) if i != j]
