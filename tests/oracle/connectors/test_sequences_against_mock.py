"""Projections that share a generator draw what PyNN's own connectors draw, one after the other.

Oracle: pyNN.mock 0.13, which runs PyNN's connectors and stores what they say.
"""

import pyNN.mock as mock
import pytest
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx as pynn
import pynn_hx.sim as sim

CONNECTORS = {
    "probability": lambda backend, rng: backend.FixedProbabilityConnector(0.4, rng=rng),
    "distance": lambda backend, rng: backend.DistanceDependentProbabilityConnector(
        "exp(-d/3)", rng=rng
    ),
    "number pre": lambda backend, rng: backend.FixedNumberPreConnector(3, rng=rng),
    "number post": lambda backend, rng: backend.FixedNumberPostConnector(
        4, with_replacement=True, rng=rng
    ),
    "total": lambda backend, rng: backend.FixedTotalNumberConnector(30, rng=rng),
    "all": lambda backend, rng: backend.AllToAllConnector(),
}
SIZES = ((8, 8), (8, 5), (5, 8))


def connected(backend, cells, make, weight=0.0):
    """Sorted (pre, post, weight) of three projections by one connector."""
    rng = NumpyRNG(seed=5, parallel_safe=True)
    connector = make(backend, rng)
    found = []
    for n_pre, n_post in SIZES:
        ends = [backend.Population(n, cells()) for n in (n_pre, n_post)]
        synapse = backend.StaticSynapse(weight=weight, delay=None)
        projection = backend.Projection(*ends, connector, synapse)
        rows = projection.get("weight", "list")
        found.append(sorted((int(i), int(j), float(w)) for i, j, w in rows))
    return found, rng.next(3).tolist()


@pytest.mark.parametrize("name", CONNECTORS)
def test_the_chip_and_the_simulator_connect_as_mock_does(name):
    mock.setup(min_delay=0.1)
    expected = connected(mock, mock.IF_curr_exp, CONNECTORS[name])
    sim.setup(min_delay=0.1)
    assert connected(sim, sim.IF_curr_exp, CONNECTORS[name]) == expected
    pynn.setup()
    assert connected(pynn, pynn.cells.HXNeuron, CONNECTORS[name]) == expected


@pytest.mark.parametrize("name", CONNECTORS)
def test_random_weights_are_those_of_mock(name):
    def weight():
        rng = NumpyRNG(seed=9, parallel_safe=True)
        return RandomDistribution("uniform", low=0.1, high=0.9, rng=rng)

    mock.setup(min_delay=0.1)
    expected, _ = connected(mock, mock.IF_curr_exp, CONNECTORS[name], weight())
    sim.setup(min_delay=0.1)
    found, _ = connected(sim, sim.IF_curr_exp, CONNECTORS[name], weight())
    assert found == expected
