"""Projections: connectivity, weights, delays, refusals.

Oracle: index arithmetic by hand; error types of PyNN and of the chip's own backend.
"""

import numpy as np
import pytest
from pyNN.standardmodels import synapses as standard

import pynn_hx as pynn


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def neurons(n):
    return pynn.Population(n, pynn.cells.HXNeuron())


def sources(n):
    return pynn.Population(n, pynn.cells.SpikeSourceArray(spike_times=[0.01]))


def static(weight, **more):
    return pynn.synapses.StaticSynapse(weight=weight, **more)


def test_all_to_all_is_sorted_by_pre_then_post():
    projection = pynn.Projection(sources(2), neurons(3), pynn.AllToAllConnector(), static(5))
    assert projection.get("weight", format="list") == [
        (i, j, 5.0) for i in range(2) for j in range(3)
    ]
    assert len(projection) == 6 == len(projection.connections)
    assert [c.as_tuple("presynaptic_index", "weight") for c in projection[4:]] == [(1, 5), (1, 5)]


@pytest.mark.parametrize(("n_pre", "n_post"), [(1, 1), (1, 3), (3, 1), (4, 4), (5, 3)])
def test_one_to_one_connects_the_overlap(n_pre, n_post):
    weight = np.arange(n_pre * n_post, dtype=float).reshape(n_pre, n_post)
    projection = pynn.Projection(
        sources(n_pre), neurons(n_post), pynn.OneToOneConnector(), static(weight)
    )
    expected = [(k, k, weight[k, k]) for k in range(min(n_pre, n_post))]
    assert projection.get("weight", format="list") == expected


def test_views_number_their_own_cells_and_reach_the_right_ones():
    pre, post = neurons(10), neurons(10)
    projection = pynn.Projection(pre[4:6], post[[7, 9]], pynn.OneToOneConnector(), static(3))
    assert projection.get("weight", format="list") == [(0, 0, 3.0), (1, 1, 3.0)]
    arrays = projection.as_connections()
    assert arrays.pre.tolist() == [4, 5]
    assert arrays.post.tolist() == [17, 19]
    assert [(c.pop_pre_index, c.pop_post_index) for c in projection] == [(4, 7), (5, 9)]


def test_external_sources_are_numbered_after_all_neurons():
    source, post = sources(2), neurons(3)
    projection = pynn.Projection(source, post, pynn.AllToAllConnector(), static(1))
    assert set(projection.as_connections().pre.tolist()) == {3, 4}


def test_weights_are_rounded_like_python_rounds():
    projection = pynn.Projection(sources(1), neurons(1), pynn.AllToAllConnector(), static(42.5))
    assert projection.get("weight", format="list") == [(0, 0, 42.0)]
    projection.set(weight=43.5)
    assert projection.get("weight", format="array").tolist() == [[44.0]]


def test_set_takes_a_number_an_array_and_a_list():
    projection = pynn.Projection(sources(2), neurons(2), pynn.AllToAllConnector(), static(1))
    projection.set(weight=np.array([[1, 2], [3, 4]]))
    assert projection.get("weight", format="array").tolist() == [[1, 2], [3, 4]]
    projection.set(weight=[5, 6, 7, 8])
    assert projection.get("weight", format="array").tolist() == [[5, 6], [7, 8]]
    projection.connections[3].weight = 63.0
    assert projection[-1].weight == 63
    assert projection.get(["weight", "delay"], format="list")[3] == (1, 1, 63.0, 0.0)


@pytest.mark.parametrize(("receptor", "weight"), [("excitatory", -1), ("inhibitory", 1)])
def test_the_sign_of_a_weight_belongs_to_its_receptor(receptor, weight):
    pre, post = sources(1), neurons(1)
    with pytest.raises(pynn.errors.ConnectionError, match=f"onto the {receptor} receptor must be"):
        pynn.Projection(pre, post, pynn.AllToAllConnector(), static(weight), receptor_type=receptor)
    assert pynn.simulator.state.projections == []
    projection = pynn.Projection(
        pre, post, pynn.AllToAllConnector(), static(-weight), receptor_type=receptor
    )
    with pytest.raises(pynn.errors.ConnectionError, match="change its sign"):
        projection.set(weight=weight)
    with pytest.raises(pynn.errors.ConnectionError, match="change its sign"):
        projection[0].weight = weight
    assert projection[0].weight == -weight


def test_inhibitory_weights_are_negative_and_map_to_their_magnitude():
    projection = pynn.Projection(
        sources(1), neurons(1), pynn.AllToAllConnector(), static(-70), receptor_type="inhibitory"
    )
    arrays = projection.as_connections()
    assert (arrays.weight.tolist(), arrays.inhibitory.tolist()) == ([70], [True])


def test_delays_other_than_zero_are_refused_when_said():
    with pytest.raises(ValueError, match=r"delay 1\.0 ms; the chip has no configurable delays"):
        static(1, delay=1.0)
    pre, post = sources(1), neurons(1)
    with pytest.raises(ValueError, match="no configurable delays"):
        pynn.Projection(pre, post, pynn.AllToAllConnector(), static(1, delay=lambda d: 1.0 + d))
    assert pynn.simulator.state.projections == []
    projection = pynn.Projection(pre, post, pynn.AllToAllConnector(), static(1, delay=0))
    with pytest.raises(ValueError, match="no configurable delays"):
        projection.set(delay=0.5)
    with pytest.raises(ValueError, match="no configurable delays"):
        projection[0].delay = 2


def test_ends_connectors_and_receptors_that_cannot_be():
    pre, post = sources(1), neurons(1)
    all_to_all = pynn.AllToAllConnector()
    with pytest.raises(pynn.errors.ConnectionError, match="cannot receive events"):
        pynn.Projection(post, pre, all_to_all)
    with pytest.raises(pynn.errors.ConnectionError):
        pynn.Projection(pre, 3, all_to_all)
    with pytest.raises(TypeError):
        pynn.Projection(pre, post, "all to all")
    with pytest.raises(pynn.errors.ConnectionError):
        pynn.Projection(pre, post, all_to_all, receptor_type="AMPA")
    with pytest.raises(pynn.errors.ConnectionError, match=f"{pre.label!r} of assembly 'both' of"):
        pynn.Projection(pre, pynn.Assembly(post, pre, label="both"), all_to_all)
    assert pynn.simulator.state.projections == []


def test_a_projection_onto_itself_and_a_second_equal_one_are_legal():
    p = neurons(2)
    for _ in range(2):
        pynn.Projection(p, p, pynn.AllToAllConnector(), static(1))
    joined = pynn.simulator.state.network().connections
    assert joined.pre.size == 8


def test_default_synapse_weight_and_receptor():
    projection = pynn.Projection(sources(1), neurons(1), pynn.AllToAllConnector())
    assert projection.receptor_type == "excitatory"
    assert projection[0].weight == 0


def test_out_of_range_connections_are_named():
    projection = pynn.Projection(sources(1), neurons(1), pynn.AllToAllConnector())
    with pytest.raises(IndexError, match="has 1 connections"):
        projection[1]


def test_random_connectors_of_pynn_work():
    rng = pynn.NumpyRNG(seed=3)
    projection = pynn.Projection(
        sources(20), neurons(20), pynn.FixedProbabilityConnector(0.5, rng=rng), static(2)
    )
    assert 100 < len(projection) < 300
    pairs = [(c.presynaptic_index, c.postsynaptic_index) for c in projection]
    assert pairs == sorted(set(pairs))


def test_the_procedural_interface_connects():
    pre, post = sources(1), neurons(1)
    with pytest.warns(DeprecationWarning):
        projection = pynn.connect(pre, post, weight=7)
    assert projection[0].weight == 7


def test_several_synapses_of_a_pair_are_joined_as_asked():
    pairs = [(0, 0, 5.0), (1, 1, 2.0), (0, 0, 7.0)]
    listed = pynn.FromListConnector(pairs, column_names=["weight"])
    projection = pynn.Projection(sources(2), neurons(2), listed, static(0))
    joined = {
        how: projection.get("weight", "array", multiple_synapses=how)[0, 0]
        for how in ("sum", "min", "max", "first", "last")
    }
    assert joined == {"sum": 12.0, "min": 5.0, "max": 7.0, "first": 5.0, "last": 7.0}
    assert np.isnan(projection.get("weight", "array")[0, 1])


def test_the_weights_of_a_full_chip_are_set_and_read_back():
    projection = pynn.Projection(sources(256), neurons(512), pynn.AllToAllConnector(), static(1))
    wanted = np.arange(256 * 512).reshape(256, 512) % 64
    projection.set(weight=wanted)
    assert np.array_equal(projection.get("weight", "array"), wanted)


def test_only_synapse_types_of_the_chip_are_taken():
    with pytest.raises(TypeError, match="synapse type StaticSynapse is not one of this chip"):
        pynn.Projection(
            sources(1), neurons(1), pynn.AllToAllConnector(), standard.StaticSynapse(delay=0.0)
        )
    assert pynn.simulator.state.projections == []
