"""Every connector makes the connections that PyNN's own makes for the same seed.

Oracle: pyNN.mock 0.13, which runs PyNN's connectors and stores what they say.
"""

import numpy as np
import pyNN.mock as mock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyNN.core import IndexBasedExpression
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Line, Space

import pynn_hx as pynn

SIZES = [(4, 4), (3, 7), (7, 3), (12, 1), (2, 20)]


class Decay(IndexBasedExpression):
    """Likely near the diagonal, and a weight that tells pairs apart."""

    def __call__(self, i, j):
        return 1.0 / (1.0 + np.abs(np.asarray(i) - np.asarray(j)))


def listed(n_pre, n_post):
    """Connections in no order, one of them twice."""
    chosen = np.random.RandomState(5).permutation(n_pre * n_post)[: n_pre * n_post // 2 + 1]
    rows = [(k // n_post, k % n_post, float(k % 60), 0.0) for k in chosen]
    return [*rows, (*rows[0][:2], 33.0, 0.0)]


CONNECTORS = {
    "all to all": lambda sim, rng, *_: sim.AllToAllConnector(),
    "one to one": lambda sim, rng, *_: sim.OneToOneConnector(),
    "probability": lambda sim, rng, *_: sim.FixedProbabilityConnector(0.4, rng=rng),
    "distance": lambda sim, rng, *_: sim.DistanceDependentProbabilityConnector(
        "exp(-d/3)", rng=rng
    ),
    "displacement": lambda sim, rng, *_: sim.DisplacementDependentProbabilityConnector(
        lambda d: 0.8 * (abs(d[0]) < 2), rng=rng
    ),
    "index": lambda sim, rng, *_: sim.IndexBasedProbabilityConnector(Decay(), rng=rng),
    "number pre": lambda sim, rng, *_: sim.FixedNumberPreConnector(2, rng=rng),
    "number pre, many": lambda sim, rng, *_: sim.FixedNumberPreConnector(
        9, with_replacement=True, rng=rng
    ),
    "number pre, random": lambda sim, rng, *_: sim.FixedNumberPreConnector(
        RandomDistribution("uniform_int", low=1, high=5, rng=NumpyRNG(seed=11)), rng=rng
    ),
    "number post": lambda sim, rng, *_: sim.FixedNumberPostConnector(3, rng=rng),
    "number post, many": lambda sim, rng, *_: sim.FixedNumberPostConnector(
        9, with_replacement=True, rng=rng
    ),
    "total": lambda sim, rng, *_: sim.FixedTotalNumberConnector(25, rng=rng),
    "list": lambda sim, rng, n, m: sim.FromListConnector(listed(n, m)),
    "list of weights": lambda sim, rng, n, m: sim.FromListConnector(
        [row[:3] for row in listed(n, m)], column_names=["weight"]
    ),
    "list of pairs": lambda sim, rng, n, m: sim.FromListConnector(
        [row[:2] for row in listed(n, m)]
    ),
    "array": lambda sim, rng, n, m: sim.ArrayConnector(
        np.random.RandomState(2).uniform(size=(n, m)) < 0.5
    ),
}
SELF = {
    "all to all": lambda sim, rng, own: sim.AllToAllConnector(allow_self_connections=own),
    "probability": lambda sim, rng, own: sim.FixedProbabilityConnector(
        0.7, allow_self_connections=own, rng=rng
    ),
    "distance": lambda sim, rng, own: sim.DistanceDependentProbabilityConnector(
        "d < 4", allow_self_connections=own, rng=rng
    ),
    "index": lambda sim, rng, own: sim.IndexBasedProbabilityConnector(
        Decay(), allow_self_connections=own, rng=rng
    ),
    "displacement": lambda sim, rng, own: sim.DisplacementDependentProbabilityConnector(
        lambda d: abs(d[0]) < 3, allow_self_connections=own, rng=rng
    ),
    "number pre": lambda sim, rng, own: sim.FixedNumberPreConnector(
        4, allow_self_connections=own, rng=rng
    ),
    "number post": lambda sim, rng, own: sim.FixedNumberPostConnector(
        4, allow_self_connections=own, rng=rng
    ),
}
NO_MUTUAL = ("probability", "distance", "index", "displacement")

WEIGHTS = {
    "number": lambda rng, shape: 7.0,
    "random": lambda rng, shape: RandomDistribution("uniform", (1, 60), rng=NumpyRNG(seed=3)),
    "random, same generator": lambda rng, shape: RandomDistribution(
        "normal_clipped", mu=20, sigma=9, low=0, high=60, rng=rng
    ),
    "expression": lambda rng, shape: "2 + d*10",
    "function": lambda rng, shape: lambda d: 50 - d,
    "array": lambda rng, shape: np.arange(float(np.prod(shape))).reshape(shape) % 61,
}


def populations(sim, n_pre, n_post):
    cells = sim.cells if sim is pynn else sim
    neuron = cells.HXNeuron() if sim is pynn else cells.IF_cond_exp()
    pre = sim.Population(n_pre, cells.SpikeSourceArray(), structure=Line(dx=0.8))
    post = sim.Population(n_post, neuron, structure=Line(dx=0.5, y=1.5))
    return pre, post


def neurons(sim, n):
    return sim.Population(n, pynn.cells.HXNeuron() if sim is pynn else mock.IF_cond_exp())


def synapse(sim, weight):
    return (pynn.synapses if sim is pynn else mock).StaticSynapse(weight=weight, delay=0.0)


@pytest.fixture(autouse=True)
def sessions():
    pynn.setup()
    mock.setup(timestep=0.1)


def found(projection):
    """(pre, post, rounded weight), sorted."""
    if isinstance(projection, pynn.Projection):
        return sorted(projection.get("weight", format="list"))
    return sorted(
        (int(c.presynaptic_index), int(c.postsynaptic_index), float(np.rint(c.WEIGHT)))
        for c in projection.connections
    )


def both(build):
    """What `build(sim)` connects on PyNN's mock backend, and here."""
    return [found(build(sim)) for sim in (mock, pynn)]


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", CONNECTORS)
def test_connections_between_populations_are_pynns(name, sizes):
    def build(sim):
        connector = CONNECTORS[name](sim, NumpyRNG(seed=42), *sizes)
        return sim.Projection(*populations(sim, *sizes), connector, synapse(sim, 5.0))

    expected, here = both(build)
    assert here == expected
    assert expected


@pytest.mark.parametrize("weight", WEIGHTS)
@pytest.mark.parametrize("name", [n for n in CONNECTORS if not n.startswith("list")])
def test_weights_are_those_that_pynn_draws_or_computes(name, weight):
    def build(sim):
        rng = NumpyRNG(seed=7)
        connector = CONNECTORS[name](sim, rng, 5, 8)
        values = WEIGHTS[weight](rng, (5, 8))
        return sim.Projection(*populations(sim, 5, 8), connector, synapse(sim, values))

    expected, here = both(build)
    assert here == expected


@pytest.mark.parametrize("name", CONNECTORS)
def test_connections_between_views_are_pynns(name):
    def build(sim):
        pre, post = populations(sim, 12, 15)
        connector = CONNECTORS[name](sim, NumpyRNG(seed=1), 6, 4)
        return sim.Projection(pre[3:9], post[[0, 5, 7, 14]], connector, synapse(sim, 5.0))

    expected, here = both(build)
    assert here == expected


@pytest.mark.parametrize("name", [n for n in CONNECTORS if n not in ("distance", "displacement")])
def test_connections_between_assemblies_are_pynns(name):
    def build(sim):
        (a, x), (b, y) = populations(sim, 3, 4), populations(sim, 2, 3)
        connector = CONNECTORS[name](sim, NumpyRNG(seed=1), 9, 5)
        return sim.Projection(
            sim.Assembly(b, y[:2], a, x[2:]), sim.Assembly(y, x[:2]), connector, synapse(sim, 5.0)
        )

    expected, here = both(build)
    assert here == expected


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("name", SELF)
def test_connections_of_a_population_with_itself_are_pynns(name, own):
    def build(sim):
        cells = neurons(sim, 9)
        connector = SELF[name](sim, NumpyRNG(seed=8), own)
        return sim.Projection(cells, cells, connector, synapse(sim, 5.0))

    expected, here = both(build)
    assert here == expected
    assert own or all(pre != post for pre, post, _ in here)


@pytest.mark.parametrize("name", [n for n in SELF if not n.startswith("number")])
def test_overlapping_views_leave_out_a_cells_own_connection_as_in_pynn(name):
    def build(sim):
        cells = neurons(sim, 9)
        connector = SELF[name](sim, NumpyRNG(seed=8), False)
        return sim.Projection(cells[1:6], cells[3:9], connector, synapse(sim, 5.0))

    expected, here = both(build)
    assert here == expected
    assert all(pre + 1 != post + 3 for pre, post, _ in here)


@pytest.mark.parametrize("name", NO_MUTUAL)
def test_connections_in_one_direction_only_are_pynns(name):
    def build(sim):
        cells = neurons(sim, 9)
        connector = SELF[name](sim, NumpyRNG(seed=8), "NoMutual")
        return sim.Projection(cells, cells, connector, synapse(sim, 5.0))

    expected, here = both(build)
    assert here == expected
    assert all(pre > post for pre, post, _ in here)


def test_a_clone_has_the_pairs_of_its_reference():
    def build(sim):
        pre, post = populations(sim, 5, 6)
        rng = NumpyRNG(seed=2)
        first = sim.Projection(
            pre, post, sim.FixedProbabilityConnector(0.5, rng=rng), synapse(sim, 1.0)
        )
        if sim is mock:  # its get() asks for the name that its connections do not have
            for connection in first.connections:
                connection.weight = connection.WEIGHT
                first.synapse_type.get_native_names = lambda *names: names
        return sim.Projection(pre, post, sim.CloneConnector(first), synapse(sim, "3 + d"))

    expected, here = both(build)
    assert here == expected


def test_a_file_makes_the_connections_that_it_makes_in_pynn(tmp_path):
    path = tmp_path / "connections.txt"
    header = '# columns = ["i", "j", "weight", "delay"]\n'
    rows = "\n".join(" ".join(map(str, row)) for row in listed(5, 6))
    path.write_text(header + rows, encoding="utf-8")

    def build(sim):
        connector = sim.FromFileConnector(str(path))
        return sim.Projection(*populations(sim, 5, 6), connector, synapse(sim, 5.0))

    expected, here = both(build)
    assert here == expected


@pytest.mark.parametrize("name", ["all to all", "distance", "total"])
def test_distances_are_those_of_the_projections_space(name):
    def build(sim):
        connector = CONNECTORS[name](sim, NumpyRNG(seed=1), 6, 6)
        space = Space(axes="x", periodic_boundaries=((0.0, 3.0), None, None))
        ends = populations(sim, 6, 6)
        return sim.Projection(*ends, connector, synapse(sim, "2 + 10*d"), space=space)

    expected, here = both(build)
    assert here == expected


@settings(max_examples=40)
@given(
    name=st.sampled_from(sorted(CONNECTORS)),
    weight=st.sampled_from(["number", "random", "random, same generator"]),
    sizes=st.tuples(st.integers(2, 12), st.integers(1, 12)),
    seed=st.integers(0, 2**31),
    parallel_safe=st.booleans(),
)
def test_any_seed_and_any_sizes_give_pynns_connections(name, weight, sizes, seed, parallel_safe):
    ragged = ("number post", "total")  # PyNN fails on ragged arrays if not parallel_safe
    parallel_safe = parallel_safe or name.startswith(ragged)
    if name == "list of pairs":  # PyNN draws the same weights for every postsynaptic cell
        weight = "number"

    def build(sim):
        rng = NumpyRNG(seed=seed, parallel_safe=parallel_safe)
        connector = CONNECTORS[name](sim, rng, *sizes)
        values = WEIGHTS[weight](rng, sizes)
        return sim.Projection(*populations(sim, *sizes), connector, synapse(sim, values))

    pynn.setup()
    mock.setup(timestep=0.1)
    expected, here = both(build)
    assert here == expected
