"""Projections of software models: order, values, ends that are views and assemblies.

Oracle: PyNN's documentation of `Projection`; pairs written out by hand.
"""

import numpy as np
import pytest
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import InvalidDimensionsError, NonExistentParameterError
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx.sim as sim


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(0.1)


def cells(n=3, celltype=None):
    return sim.Population(n, celltype or sim.IF_curr_exp())


def pairs(projection):
    return [(int(i), int(j)) for i, j, _ in projection.get("weight", "list")]


def jumps(post, t=5.0):
    """How far each cell (IF_curr_delta, at rest) has been moved at some time."""
    sim.run(t)
    return post.get_state("v") + 65.0


def test_connections_are_sorted_by_presynaptic_then_postsynaptic_index():
    connector = sim.FromListConnector([(2, 0), (0, 2), (1, 1), (0, 1), (2, 0)])
    synapse = sim.StaticSynapse(weight=[0.1, 0.2, 0.3, 0.4, 0.5])
    projection = sim.Projection(cells(), cells(), connector, synapse)
    assert pairs(projection) == [(0, 1), (0, 2), (1, 1), (2, 0), (2, 0)]
    # a list counts in that order, whether it comes with the synapses or later
    weights = projection.get("weight", "list", with_address=False)
    assert weights == [0.1, 0.2, 0.3, 0.4, 0.5]
    projection.set(weight=[1.0, 2.0, 3.0, 4.0, 5.0])
    assert projection.get("weight", "list", with_address=False) == [1.0, 2.0, 3.0, 4.0, 5.0]
    array = projection.get("weight", "array")
    np.testing.assert_array_equal(
        array, [[np.nan, 1.0, 2.0], [np.nan, 3.0, np.nan], [9.0, np.nan, np.nan]]
    )


def test_lists_hold_plain_integers_and_floats():
    projection = sim.Projection(cells(), cells(), sim.OneToOneConnector())
    assert [type(x) for x in projection.get(["weight", "delay"], "list")[0]] == [
        int,
        int,
        float,
        float,
    ]


@pytest.mark.parametrize("is_built", [False, True])
def test_what_is_set_before_and_after_a_run_acts(is_built):
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[2.0]))
    post = cells(3, sim.IF_curr_delta(v_thresh=1e3))
    synapse = sim.StaticSynapse(weight=1.0, delay=1.0)
    projection = sim.Projection(source, post, sim.AllToAllConnector(), synapse)
    if is_built:
        sim.run(0.1)
    projection.set(weight=np.array([[1.0, np.nan, 3.0], [10.0, 20.0, np.nan]]))
    projection[4].delay = 2.5
    expected = np.array([11.0, 1.0, 4.0]) * np.exp(-0.5 / 20)
    np.testing.assert_allclose(jumps(post, 3.5 - 0.1 * is_built), expected, rtol=1e-9)
    sim.run(1.0)
    assert post.get_state("v")[1] + 65.0 > 20.0
    assert projection[4].delay == 2.5


@pytest.mark.parametrize(
    "make",
    [
        lambda p: (p[[1, 3]], p[2:5]),
        lambda p: (p[4::-2], p[0:3]),
        lambda p: (p[1:4][1:3], p[[0, 2, 4]]),
        lambda p: (p[0:2] + p[3:5], p[2:4]),
        lambda p: (p[0:1], p[3:4] + p[0:2]),
        lambda p: (p, p[1:2] + p[3:4]),
    ],
)
@pytest.mark.parametrize("connector", [sim.AllToAllConnector, "list"])
def test_ends_may_be_views_and_assemblies(make, connector):
    source = sim.Population(5, sim.SpikeSourceArray(spike_times=[2.0]))
    post = cells(5, sim.IF_curr_delta(v_thresh=1e3))
    sources, targets = make(source)[0], make(post)[1]
    weights = np.arange(1.0, 1 + sources.size * targets.size).reshape(sources.size, targets.size)
    if connector == "list":
        rows = [(i, j, w, 1.0) for (i, j), w in np.ndenumerate(weights)]
        projection = sim.Projection(sources, targets, sim.FromListConnector(rows[::-1]))
    else:
        synapse = sim.StaticSynapse(weight=weights, delay=1.0)
        projection = sim.Projection(sources, targets, connector(), synapse)
    np.testing.assert_array_equal(projection.get("weight", "array"), weights)
    assert pairs(projection) == [index for index, _ in np.ndenumerate(weights)]
    expected = np.zeros(5)
    for j, cell in enumerate(targets.all_cells):
        expected[post.id_to_index(cell)] = weights[:, j].sum()
    np.testing.assert_allclose(jumps(post, 3.0), expected, rtol=1e-12)


def test_weights_are_dense_or_sparse_alike():
    rng = np.random.default_rng(3)
    weights = rng.uniform(0.1, 1.0, (40, 30))
    delays = np.round(rng.uniform(0.1, 3.0, (40, 30)), 1)
    times = [np.sort(rng.uniform(0, 50, 5)) for _ in range(40)]

    def membrane(connector):
        sim.setup(0.1)
        source = sim.Population(40, sim.SpikeSourceArray(spike_times=times))
        post = cells(30, sim.IF_cond_exp())
        synapse = sim.StaticSynapse(weight=0.01 * weights, delay=delays)
        sim.Projection(source, post, connector, synapse)
        sim.run(60.0)
        return post.get_state("v")

    everything = sim.ArrayConnector(np.ones((40, 30), dtype=bool))
    np.testing.assert_allclose(membrane(sim.AllToAllConnector()), membrane(everything), rtol=1e-12)


def test_distributions_and_functions_of_the_distance_can_be_set():
    projection = sim.Projection(cells(), cells(), sim.AllToAllConnector())
    projection.set(weight="1 + 0.5*d", delay=lambda d: 0.5 + d)
    distance = np.abs(np.subtract.outer(np.arange(3), np.arange(3)))
    np.testing.assert_array_equal(projection.get("weight", "array"), 1 + 0.5 * distance)
    np.testing.assert_array_equal(projection.get("delay", "array"), 0.5 + distance)
    uniform = RandomDistribution("uniform", low=2.0, high=3.0, rng=NumpyRNG(1))
    projection.set(weight=uniform)
    weights = projection.get("weight", "array")
    assert np.all((weights >= 2.0) & (weights < 3.0))
    assert np.unique(weights).size == 9


def test_multapses_are_combined_as_asked():
    connector = sim.FromListConnector([(0, 1, 1.0, 0.1), (0, 1, 5.0, 0.1), (0, 1, 2.0, 0.1)])
    projection = sim.Projection(cells(2), cells(2), connector)
    found = {
        how: projection.get("weight", "array", multiple_synapses=how)[0, 1]
        for how in ("sum", "min", "max", "first", "last")
    }
    assert found == {"sum": 8.0, "min": 1.0, "max": 5.0, "first": 1.0, "last": 2.0}
    assert len(projection) == 3


def test_the_receptor_follows_the_sign_of_the_last_weight():
    def receptor(**values):
        synapse = sim.StaticSynapse(**values)
        return sim.Projection(cells(2), cells(2), sim.AllToAllConnector(), synapse).receptor_type

    assert receptor(weight=0.1) == receptor() == "excitatory"
    assert receptor(weight=-0.1) == "inhibitory"
    assert receptor(weight=[-0.1, -0.2, -0.3, -0.4]) == "inhibitory"


@pytest.mark.parametrize(
    ("celltype", "receptor", "weight", "message"),
    [
        (sim.IF_curr_exp, "excitatory", -0.1, "must be >= 0"),
        (sim.IF_curr_exp, "inhibitory", 0.1, "must be <= 0"),
        (sim.IF_cond_exp, "inhibitory", -0.1, "must be >= 0"),
        (sim.IF_cond_exp, "excitatory", np.nan, "not a number"),
    ],
)
def test_weights_of_the_wrong_sign_are_refused_when_made_and_when_set(
    celltype, receptor, weight, message
):
    post, count = cells(2, celltype()), len(sim.session.state.projections)
    connector = sim.AllToAllConnector()
    synapse = sim.StaticSynapse(weight=weight)
    with pytest.raises(PyNNConnectionError, match=message):
        sim.Projection(cells(), post, connector, synapse, receptor_type=receptor)
    assert len(sim.session.state.projections) == count
    projection = sim.Projection(cells(), post, connector, receptor_type=receptor)
    if not np.isnan(weight):
        with pytest.raises(PyNNConnectionError, match=message):
            projection.set(weight=weight)
    assert projection[0].weight == 0.0


def test_an_unsafe_connector_takes_weights_of_any_sign():
    synapse = sim.StaticSynapse(weight=-0.1)
    sim.Projection(
        cells(), cells(), sim.AllToAllConnector(safe=False), synapse, receptor_type="excitatory"
    )


def test_delays_below_half_a_step_are_refused():
    synapse = sim.StaticSynapse(delay=0.04)
    with pytest.raises(PyNNConnectionError, match=r"delay 0.04 ms; the shortest is .* 0.1 ms"):
        sim.Projection(cells(), cells(), sim.AllToAllConnector(), synapse)


def test_sources_receive_nothing():
    with pytest.raises(PyNNConnectionError, match="SpikeSourcePoisson cannot receive"):
        sim.Projection(cells(), cells(2, sim.SpikeSourcePoisson()), sim.AllToAllConnector())


def test_unknown_names_and_shapes_are_refused():
    projection = sim.Projection(cells(), cells(2), sim.AllToAllConnector())
    with pytest.raises(NonExistentParameterError):
        projection.get("U", "list")
    with pytest.raises(NonExistentParameterError):
        projection.set(U=0.5)
    with pytest.raises(InvalidDimensionsError, match="6 numbers"):
        projection.set(weight=[1.0, 2.0, 3.0, 4.0])
    with pytest.raises(ValueError, match="'list' or 'array'"):
        projection.get("weight", "table")
    with pytest.raises(AttributeError, match="no 'U'"):
        _ = projection[0].U


def test_a_synapse_type_of_another_backend_is_refused():
    import pyNN.standardmodels.synapses as others

    with pytest.raises(TypeError, match="not a synapse type of this backend"):
        sim.Projection(cells(), cells(), sim.AllToAllConnector(), others.StaticSynapse(delay=1.0))


def test_nothing_may_be_connected():
    projection = sim.Projection(cells(), cells(), sim.FromListConnector([]))
    assert len(projection) == 0
    assert projection.get("weight", "list") == []
    assert np.isnan(projection.get("weight", "array")).all()
    sim.run(1.0)


def test_connections_are_saved_and_read(tmp_path):
    name = str(tmp_path / "connections.txt")
    connector = sim.FixedProbabilityConnector(0.5, rng=NumpyRNG(2))
    synapse = sim.StaticSynapse(weight="0.5*d", delay=0.7)
    projection = sim.Projection(cells(5), cells(5), connector, synapse)
    projection.save("all", name)
    again = sim.Projection(cells(5), cells(5), sim.FromFileConnector(name))
    assert again.get(["weight", "delay"], "list") == projection.get(["weight", "delay"], "list")
