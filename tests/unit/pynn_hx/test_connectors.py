"""Connectors where PyNN 0.13 fails, ignores an argument, or leaves the work to others.

Oracle: PyNN's description of each connector, index arithmetic by hand.  That the rest is as in
PyNN is the business of tests/oracle/connectors.
"""

import inspect
import time

import numpy as np
import pytest
from pyNN import connectors as originals
from pyNN.core import IndexBasedExpression
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import InvalidDimensionsError
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx as pynn
from pynn_hx import connectors

ALL = [name for name in connectors.__all__ if name not in ("Connector", "MapConnector")]


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def neurons(n):
    return pynn.Population(n, pynn.cells.HXNeuron())


def sources(n):
    return pynn.Population(n, pynn.cells.SpikeSourceArray(spike_times=[0.01]))


def connect(n_pre, n_post, connector, weight=3):
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    return pynn.Projection(sources(n_pre), neurons(n_post), connector, synapse)


def recur(n, connector, weight=3):
    cells = neurons(n)
    return pynn.Projection(cells, cells, connector, pynn.synapses.StaticSynapse(weight=weight))


def pairs(projection):
    return [(c.presynaptic_index, c.postsynaptic_index) for c in projection]


def generator(seed=1, **more):
    return NumpyRNG(seed=seed, **more)


class Always(IndexBasedExpression):
    def __call__(self, i, j):
        return 1.0 + 0 * i


def test_the_chips_module_has_all_connectors_of_pynn():
    bases = {"FixedNumberConnector"}  # "should not be instantiated", says PyNN
    theirs = {name for name in dir(originals) if name.endswith("Connector")} - bases
    assert theirs == set(connectors.__all__)
    assert all(getattr(pynn, name) is getattr(connectors, name) for name in ALL)


@pytest.mark.parametrize("name", ALL)
def test_every_connector_takes_a_location_for_each_end(name):
    parameters = inspect.signature(getattr(connectors, name)).parameters
    assert parameters["source_location_selector"].kind is inspect.Parameter.KEYWORD_ONLY
    assert "location_selector" in parameters


def test_a_subclass_of_a_user_shows_its_own_constructor():
    class Mine(pynn.AllToAllConnector):
        def __init__(self, colour):
            super().__init__()

    assert list(inspect.signature(Mine).parameters) == ["colour"]


ONE_PRE = {
    "all to all": lambda: pynn.AllToAllConnector(),
    "one to one": lambda: pynn.OneToOneConnector(),
    "probability": lambda: pynn.FixedProbabilityConnector(1, rng=generator()),
    "probability of a generator": lambda: pynn.FixedProbabilityConnector(1),
    "no mutual": lambda: pynn.FixedProbabilityConnector(1, allow_self_connections=False),
    "distance": lambda: pynn.DistanceDependentProbabilityConnector("d < 9", rng=generator()),
    "index": lambda: pynn.IndexBasedProbabilityConnector(Always(), rng=generator()),
    "displacement": lambda: pynn.DisplacementDependentProbabilityConnector(
        lambda d: d[0] < 9, rng=generator()
    ),
    "pre": lambda: pynn.FixedNumberPreConnector(1, rng=generator()),
    "post": lambda: pynn.FixedNumberPostConnector(3, rng=generator()),
    "total": lambda: pynn.FixedTotalNumberConnector(3, with_replacement=False, rng=generator()),
    "array": lambda: pynn.ArrayConnector(np.ones((1, 3))),
    "small world": lambda: pynn.SmallWorldConnector(9, 0.0),
}


@pytest.mark.parametrize(
    "weight",
    [3, "3 + 0*d", lambda d: 3 + 0 * d, [3, 3, 3]],
    ids=lambda w: "function" if callable(w) else str(w),
)
@pytest.mark.parametrize("name", ONE_PRE)
def test_a_single_presynaptic_cell_connects_as_several_do(name, weight):
    reached = 1 if name == "one to one" else 3
    weight = weight[:reached] if isinstance(weight, list) else weight
    projection = connect(1, 3, ONE_PRE[name](), weight)
    assert projection.get("weight", "list") == [(0, j, 3.0) for j in range(reached)]


def test_one_to_one_takes_the_diagonal_of_a_matrix_of_weights():
    projection = connect(3, 3, pynn.OneToOneConnector(), np.arange(9).reshape(3, 3))
    assert projection.get("weight", "list") == [(0, 0, 0.0), (1, 1, 4.0), (2, 2, 8.0)]


@pytest.mark.parametrize("connector", [pynn.OneToOneConnector, pynn.AllToAllConnector])
@pytest.mark.parametrize("which", ["location_selector", "source_location_selector"])
def test_a_location_on_a_point_neuron_or_source_is_refused_and_leaves_no_projection(
    connector, which
):
    with pytest.raises(ValueError, match="a point neuron has no locations"):
        connect(2, 2, connector(**{which: "soma"}))
    assert pynn.simulator.state.projections == []


def test_all_to_all_can_leave_out_a_neurons_own_synapse():
    found = pairs(recur(3, pynn.AllToAllConnector(allow_self_connections=False)))
    assert found == [(i, j) for i in range(3) for j in range(3) if i != j]


def test_a_list_of_weights_has_one_for_each_connection_in_their_order():
    connector = pynn.FixedNumberPostConnector(2, rng=generator())
    projection = connect(3, 4, connector, [1, 2, 3, 4, 5, 6])
    assert [c.weight for c in projection] == [1, 2, 3, 4, 5, 6]
    with pytest.raises(InvalidDimensionsError, match="5 numbers as weight for 6 connections"):
        connect(3, 4, pynn.FixedNumberPostConnector(2), [1, 2, 3, 4, 5])


def test_a_matrix_of_weights_of_another_shape_is_refused():
    with pytest.raises(InvalidDimensionsError, match=r"weight of shape \(3, 2\) does not fit"):
        connect(2, 3, pynn.AllToAllConnector(), np.ones((3, 2)))
    assert pynn.simulator.state.projections == []


@pytest.mark.parametrize("weight", [3, "3 + d"])
def test_a_synapse_type_and_a_connector_may_serve_several_projections(weight):
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    connector = pynn.AllToAllConnector()
    sizes = [(2, 3), (4, 1), (2, 3)]
    made = [pynn.Projection(sources(n), neurons(m), connector, synapse) for n, m in sizes]
    assert [len(p) for p in made] == [6, 4, 6]
    assert made[0].get("weight", "list") == made[2].get("weight", "list")


def test_two_projections_of_one_distribution_draw_the_same_weights_as_in_pynn():
    synapse = pynn.synapses.StaticSynapse(
        weight=RandomDistribution("uniform", (0, 63), rng=generator())
    )
    cells = neurons(5)
    made = [pynn.Projection(cells, cells, pynn.AllToAllConnector(), synapse) for _ in range(2)]
    assert made[0].get("weight", "list") == made[1].get("weight", "list")


def test_progress_is_reported_for_every_postsynaptic_cell():
    seen = []
    connect(2, 4, pynn.AllToAllConnector(callback=seen.append))
    assert seen == [0.0, 0.25, 0.5, 0.75]


def test_distances_between_assemblies_are_those_of_their_cells():
    a, b, x, y = sources(2), sources(3), neurons(2), neurons(1)
    pre, post = pynn.Assembly(a, b), pynn.Assembly(x, y)
    synapse = pynn.synapses.StaticSynapse(weight="10*d")
    projection = pynn.Projection(pre, post, pynn.AllToAllConnector(), synapse)
    at, to = [0, 1, 0, 1, 2], [0, 1, 0]
    expected = [[10 * abs(i - j) for j in to] for i in at]
    assert projection.get("weight", "array").tolist() == expected
    projection.set(weight="5*d")
    assert projection.get("weight", "array").tolist() == (np.array(expected) / 2).tolist()
    near = pynn.DistanceDependentProbabilityConnector("d < 0.5", rng=generator())
    found = pairs(pynn.Projection(pre, post, near))
    assert found == [(i, j) for i in range(5) for j in range(3) if at[i] == to[j]]


def test_connectors_that_were_imported_from_pynn_itself_work():
    first = connect(3, 4, originals.AllToAllConnector(), "1 + d")
    second = connect(3, 4, pynn.AllToAllConnector(), "1 + d")
    assert first.get("weight", "list") == second.get("weight", "list")


class Ring(originals.Connector):
    """A connector as a user writes it."""

    parameter_names = ()

    def __init__(self, step):
        super().__init__()
        self.step = step

    def connect(self, projection):
        n = projection.post.size
        for post in range(n):
            projection._convergent_connect([post], (post + self.step) % n, weight=2.0, delay=0.0)


def test_connectors_that_users_write_work_and_are_held_to_cells_that_exist():
    assert connect(3, 3, Ring(1)).get("weight", "list") == [(0, 1, 2.0), (1, 2, 2.0), (2, 0, 2.0)]
    with pytest.raises(PyNNConnectionError, match=r"Ring gave indices 0\.\.3 for 3 cells"):
        connect(3, 4, Ring(1))
    assert len(pynn.simulator.state.projections) == 1


# --- probabilities and arrays -------------------------------------------------------------------


def test_a_probability_may_be_a_function_of_the_distance():
    near = pynn.DistanceDependentProbabilityConnector(lambda d: d < 1.5, rng=generator())
    assert pairs(connect(4, 4, near)) == [
        (i, j) for i in range(4) for j in range(4) if abs(i - j) <= 1
    ]
    with pytest.raises(TypeError, match="give an expression of d or a function of it"):
        pynn.DistanceDependentProbabilityConnector(3)


def test_zeros_and_ones_of_an_array_are_no_indices():
    assert pairs(connect(2, 2, pynn.ArrayConnector(np.array([[0, 1], [1, 0]])))) == [(0, 1), (1, 0)]
    with pytest.raises(InvalidDimensionsError, match="give an array of that shape"):
        connect(2, 3, pynn.ArrayConnector(np.ones((3, 2), dtype=bool)))


def test_a_clone_needs_the_ends_of_its_reference():
    reference = connect(2, 2, pynn.AllToAllConnector())
    with pytest.raises(PyNNConnectionError, match="which has other ends"):
        connect(2, 2, pynn.CloneConnector(reference))
    again = pynn.Projection(reference.pre, reference.post, pynn.CloneConnector(reference))
    assert pairs(again) == pairs(reference)


# --- numbers of connections ---------------------------------------------------------------------


@pytest.mark.parametrize("connector", [pynn.FixedNumberPreConnector, pynn.FixedNumberPostConnector])
@pytest.mark.parametrize("parallel_safe", [True, False])
@pytest.mark.parametrize("with_replacement", [True, False])
@pytest.mark.parametrize("n", [0, 2, 11])
def test_a_fixed_number_is_kept_and_no_cell_meets_itself(
    connector, parallel_safe, with_replacement, n
):
    rng = generator(seed=3, parallel_safe=parallel_safe)
    made = connector(
        np.int64(n), allow_self_connections=False, with_replacement=with_replacement, rng=rng
    )
    found = np.array(pairs(recur(4, made)), dtype=int).reshape(-1, 2)
    assert np.all(found[:, 0] != found[:, 1])
    side = 1 if connector is pynn.FixedNumberPreConnector else 0
    assert np.bincount(found[:, side], minlength=4).tolist() == [n] * 4


def test_a_drawn_number_may_be_zero():
    n = RandomDistribution("uniform_int", low=0, high=3, rng=generator())
    counts = {
        len([p for p in pairs(connect(5, 40, pynn.FixedNumberPreConnector(n))) if p[1] == j])
        for j in range(40)
    }
    assert counts == {0, 1, 2}


@pytest.mark.parametrize(
    "connector",
    [
        pynn.FixedNumberPreConnector,
        pynn.FixedNumberPostConnector,
        pynn.FixedTotalNumberConnector,
    ],
)
def test_a_cell_alone_has_nobody_to_connect_with(connector):
    with pytest.raises(PyNNConnectionError, match="on a single cell has no cell to connect with"):
        recur(1, connector(1, allow_self_connections=False))
    with pytest.raises(NotImplementedError, match="'NoMutual' is not defined"):
        connector(1, allow_self_connections="NoMutual")


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("with_replacement", [True, False])
def test_a_total_number_heeds_both_flags(own, with_replacement):
    connector = pynn.FixedTotalNumberConnector(
        11, allow_self_connections=own, with_replacement=with_replacement, rng=generator()
    )
    found = pairs(recur(4, connector))
    assert len(found) == 11
    assert own or all(i != j for i, j in found)
    assert with_replacement or len(set(found)) == 11


def test_all_pairs_are_made_once_before_one_is_made_twice():
    connector = pynn.FixedTotalNumberConnector(10, with_replacement=False, rng=generator())
    found = pairs(connect(2, 4, connector))
    counts = [found.count((i, j)) for i in range(2) for j in range(4)]
    assert sorted(counts) == [1] * 6 + [2] * 2


def test_a_total_number_may_be_drawn():
    n = RandomDistribution("uniform_int", low=3, high=9, rng=generator())
    connector = pynn.FixedTotalNumberConnector(n, rng=generator())
    sizes = {len(connect(3, 3, connector)) for _ in range(30)}
    assert sizes == {3, 4, 5, 6, 7, 8}


# --- speed --------------------------------------------------------------------------------------


def test_a_projection_that_fills_the_chip_is_made_within_a_second():
    pre, post = sources(256), neurons(512)
    started = time.perf_counter()
    projection = pynn.Projection(pre, post, pynn.AllToAllConnector())
    elapsed = time.perf_counter() - started
    assert len(projection) == 256 * 512
    assert elapsed < 1.0  # 0.03 s on one core of 2026


def test_hundreds_of_small_projections_are_made_within_seconds():
    pre, post = sources(64), neurons(64)
    started = time.perf_counter()
    for _ in range(650):
        pynn.Projection(pre, post, pynn.AllToAllConnector())
    assert time.perf_counter() - started < 5.0  # 0.4 s on one core of 2026
