"""Small-world networks.

Oracle: PyNN's description of the parameters; Watts and Strogatz (1998): a ring of neighbours
without rewiring, the same number of edges and no edge twice with it.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.random import NumpyRNG
from pyNN.space import Space

import pynn_hx as pynn

N = 12
RING = Space(axes="x", periodic_boundaries=((0.0, float(N)), None, None))


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def matrix(degree, rewiring, seed=1, weight=1, cells=None, **more):
    """(pre, post) number of connections."""
    cells = pynn.Population(N, pynn.cells.HXNeuron()) if cells is None else cells
    connector = pynn.SmallWorldConnector(degree, rewiring, rng=NumpyRNG(seed=seed), **more)
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    projection = pynn.Projection(cells, cells, connector, synapse, space=RING)
    assert "SmallWorldConnector" in projection.describe()
    found = np.zeros(projection.shape, dtype=int)
    np.add.at(found, (projection._pre, projection._post), 1)
    return found


def ring_distance():
    i, j = np.indices((N, N))
    return np.minimum((i - j) % N, (j - i) % N)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("degree", [1, 2, 3.5])
def test_without_rewiring_all_that_are_near_are_neighbours(degree, own):
    expected = ring_distance() < degree
    if not own:
        expected &= ~np.eye(N, dtype=bool)
    assert np.array_equal(matrix(degree, 0.0, allow_self_connections=own), expected)


@settings(max_examples=20)
@given(rewiring=st.floats(0, 1), seed=st.integers(0, 2**31), own=st.booleans())
def test_rewiring_keeps_the_number_of_edges_and_makes_none_twice(rewiring, seed, own):
    pynn.setup()
    found = matrix(3, rewiring, seed, allow_self_connections=own)
    assert found.max() == 1
    assert np.all(found.sum(axis=1) == (5 if own else 4))
    assert own or not np.trace(found)


def test_the_share_of_shortcuts_is_the_probability_of_rewiring():
    near = ring_distance() < 3
    networks = [matrix(3, 0.3, seed, allow_self_connections=False) for seed in range(20)]
    share = np.sum([network[~near].sum() for network in networks]) / (20 * 4 * N)
    # 960 edges: standard deviation 0.015; a few move to a neighbour that was left free
    assert 0.2 < share < 0.33


def test_an_edge_that_finds_no_free_cell_stays():
    assert np.array_equal(matrix(N, 1.0), np.ones((N, N)))


def test_the_number_of_connections_can_be_limited():
    found = matrix(4, 0.0, n_connections=3, allow_self_connections=False)
    assert np.all(found.sum(axis=1) == 3)
    assert np.all(ring_distance()[found > 0] < 4)
    with pytest.raises(PyNNConnectionError, match="has 2 neighbours nearer than 2, n_connections"):
        matrix(2, 0.0, n_connections=3, allow_self_connections=False)


def test_no_mutual_leaves_one_direction_and_needs_the_same_cells():
    found = matrix(3, 0.5, allow_self_connections="NoMutual")
    assert np.array_equal(found, np.tril(found, k=-1))
    a, b = (pynn.Population(N, pynn.cells.HXNeuron()) for _ in range(2))
    connector = pynn.SmallWorldConnector(3, 0.5, allow_self_connections="NoMutual")
    with pytest.raises(PyNNConnectionError, match="needs the same cells at both ends"):
        pynn.Projection(a, b, connector)


def test_the_same_seed_gives_the_same_network_and_weights_follow_the_distance():
    assert np.array_equal(matrix(3, 0.5, seed=4), matrix(3, 0.5, seed=4, weight="1 + d"))
    assert not np.array_equal(matrix(3, 0.5, seed=4), matrix(3, 0.5, seed=5))
