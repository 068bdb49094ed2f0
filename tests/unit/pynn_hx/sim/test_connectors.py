"""Connectors that draw with a `NativeRNG`: numbers, limits, distributions.

Oracle: what the connectors promise, and the binomial and hypergeometric distributions.  Seeds are
fixed; limits are five standard deviations.
"""

import numpy as np
import pytest
from pyNN.errors import InvalidDimensionsError
from pyNN.random import RandomDistribution

import pynn_hx.sim as sim


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(0.1)


def matrix(connector, n_pre=60, n_post=40, *, same=False):
    """(pre, post) numbers of connections."""
    pre = sim.Population(n_pre, sim.IF_curr_exp())
    post = pre if same else sim.Population(n_post, sim.IF_curr_exp())
    projection = sim.Projection(pre, post, connector, sim.StaticSynapse(weight=1.0))
    counts = projection.get("weight", "array")
    return np.where(np.isnan(counts), 0, counts).astype(int)


@pytest.mark.parametrize("probability", [0.02, 0.5, 0.98])
def test_each_pair_is_connected_with_the_probability(probability):
    total = sum(
        matrix(sim.FixedProbabilityConnector(probability, rng=sim.NativeRNG(seed)))
        for seed in range(200)
    )
    n = 200 * total.size
    spread = (n * probability * (1 - probability)) ** 0.5
    assert abs(total.sum() - n * probability) < 5 * spread
    # no pair stands out: the counts of pairs vary as binomial ones
    expected = 200 * probability * (1 - probability)
    assert total.var() == pytest.approx(expected, rel=5 * (2 / total.size) ** 0.5)


@pytest.mark.parametrize(("probability", "count"), [(0.0, 0), (1.0, 2400)])
def test_certain_probabilities(probability, count):
    found = matrix(sim.FixedProbabilityConnector(probability, rng=sim.NativeRNG(1)))
    assert found.sum() == count


def test_no_cell_connects_to_itself_unless_it_may():
    for connector in (
        sim.FixedProbabilityConnector(0.9, allow_self_connections=False, rng=sim.NativeRNG(1)),
        sim.FixedNumberPreConnector(50, allow_self_connections=False, rng=sim.NativeRNG(1)),
        sim.FixedNumberPostConnector(
            50, allow_self_connections=False, with_replacement=True, rng=sim.NativeRNG(1)
        ),
        sim.AllToAllConnector(allow_self_connections=False),
    ):
        assert np.trace(matrix(connector, same=True)) == 0


@pytest.mark.parametrize("n", [1, 7, 31, 59, 60])
def test_a_fixed_number_without_replacement_are_different_cells(n):
    found = matrix(sim.FixedNumberPreConnector(n, rng=sim.NativeRNG(1)))
    assert found.sum(axis=0).tolist() == [n] * 40
    assert found.max() == 1


def test_more_than_there_are_cells_takes_all_before_one_twice():
    found = matrix(sim.FixedNumberPostConnector(100, rng=sim.NativeRNG(1)))
    assert found.sum(axis=1).tolist() == [100] * 60
    assert set(found.ravel().tolist()) == {2, 3}


@pytest.mark.parametrize("n", [5, 45])
@pytest.mark.parametrize("with_replacement", [False, True])
def test_every_cell_is_chosen_equally_often(n, with_replacement):
    total = sum(
        matrix(
            sim.FixedNumberPreConnector(
                n, with_replacement=with_replacement, rng=sim.NativeRNG(seed)
            )
        ).sum(axis=1)
        for seed in range(50)
    )
    draws = 50 * 40
    each = n / 60
    spread = (draws * each * (1 if with_replacement else 1 - each)) ** 0.5
    assert np.abs(total - draws * each).max() < 5 * spread


def test_a_seed_gives_the_same_network_and_the_next_projection_another_one():
    rng = sim.NativeRNG(4)
    first = matrix(sim.FixedProbabilityConnector(0.3, rng=rng))
    second = matrix(sim.FixedProbabilityConnector(0.3, rng=rng))
    assert (first != second).any()
    again = matrix(sim.FixedProbabilityConnector(0.3, rng=sim.NativeRNG(4)))
    np.testing.assert_array_equal(first, again)


def test_values_are_drawn_for_all_connections():
    rng = sim.NativeRNG(4)
    cells = sim.Population(50, sim.IF_curr_exp())
    synapse = sim.StaticSynapse(
        weight=RandomDistribution("uniform", low=1.0, high=2.0, rng=rng), delay="0.1 + 0.1*d"
    )
    for connector in (
        sim.FixedProbabilityConnector(0.5, rng=rng),
        sim.FixedNumberPreConnector(20, rng=rng),
    ):
        projection = sim.Projection(cells, cells, connector, synapse)
        weights = np.array(projection.get("weight", "list", with_address=False))
        assert np.unique(weights).size == weights.size
        assert weights.min() >= 1.0
        assert weights.max() < 2.0
        for i, j, delay in projection.get("delay", "list"):
            assert delay == pytest.approx(0.1 + 0.1 * abs(i - j))


def test_all_to_all_refuses_lists_of_another_length():
    cells = sim.Population(3, sim.IF_curr_exp())
    synapse = sim.StaticSynapse(weight=[1.0, 2.0])
    with pytest.raises(InvalidDimensionsError, match="2 numbers as weight for 9 connections"):
        sim.Projection(cells, cells, sim.AllToAllConnector(), synapse)


def test_ten_million_synapses_take_no_lists_if_all_are_connected():
    cells = sim.Population(3163, sim.IF_curr_exp())
    projection = sim.Projection(
        cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1)
    )
    assert len(projection) == 3163**2
    assert sum(array.nbytes for array in _arrays(vars(projection))) < 100_000


def _arrays(values):
    return [value for value in values.values() if isinstance(value, np.ndarray)]
