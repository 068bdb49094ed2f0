"""Weights of a projection: set, get, save, the names that PyNN has given up, and their speed.

Oracle: arrays written down by hand; PyNN's description of the methods.
"""

import time

import numpy as np
import pytest
from pyNN.errors import InvalidDimensionsError, NonExistentParameterError
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx as pynn


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def neurons(n, cell=pynn.cells.HXNeuron):
    return pynn.Population(n, cell())


def sources(n):
    return pynn.Population(n, pynn.cells.SpikeSourceArray())


def static(weight, **more):
    return pynn.synapses.StaticSynapse(weight=weight, **more)


def dense(n_pre=2, n_post=2, weight=1, **more):
    return pynn.Projection(
        sources(n_pre), neurons(n_post), pynn.AllToAllConnector(), static(weight), **more
    )


def listed(*pairs, n=2):
    connector = pynn.FromListConnector([(*pair, 1.0) for pair in pairs], column_names=["weight"])
    return pynn.Projection(sources(n), neurons(n), connector)


def weights(projection):
    return projection.get("weight", format="list", with_address=False)


class Conductance(pynn.cells.HXNeuron):
    conductance_based = True


# --- set ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, [3, 3, 3, 3]),
        (np.int64(3), [3, 3, 3, 3]),
        (np.array(3.4), [3, 3, 3, 3]),
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ((1, 2, 3, 4), [1, 2, 3, 4]),
        (np.array([[1.5, 2.5], [3.5, 4]]), [2, 2, 4, 4]),
        ([[1, 2], [3, 4]], [1, 2, 3, 4]),
        ("2 + 3 * d", [2, 5, 5, 2]),
        (lambda d: 2 + 3 * d, [2, 5, 5, 2]),
        (np.array([[np.nan, 7], [np.nan, 8]]), [1, 7, 1, 8]),
        ([np.nan, 7, 8, np.nan], [1, 7, 8, 1]),
    ],
    ids=lambda value: "function" if callable(value) else str(value),
)
def test_set_takes_numbers_arrays_lists_and_expressions(value, expected):
    projection = dense()
    projection.set(weight=value)
    assert weights(projection) == expected


def test_set_takes_a_distribution():
    projection = dense(3, 4)
    rng = NumpyRNG(seed=2)
    projection.set(weight=RandomDistribution("uniform", (0, 60), rng=rng))
    drawn = np.rint(NumpyRNG(seed=2).next(12, "uniform", {"low": 0, "high": 60}))
    assert weights(projection) == drawn.tolist()


def test_an_array_may_hold_anything_where_nothing_is_connected():
    projection = listed((0, 1), (1, 0))
    projection.set(weight=np.array([[-5, 2], [3, np.inf]]))
    assert weights(projection) == [2, 3]


def test_a_list_is_for_connections_or_as_in_pynn_for_pairs():
    projection = listed((0, 0), (0, 0), (1, 0))
    projection.set(weight=[1, 2, 3])
    assert weights(projection) == [1, 2, 3]
    projection.set(weight=[4, 5])
    assert weights(projection) == [4, 4, 5]


@pytest.mark.parametrize("value", [[1, 2, 3], np.ones((4, 1)), np.ones((2, 2, 1))], ids=str)
def test_values_that_fit_nothing_are_refused_with_what_would(value):
    projection = dense()
    message = r"give one number, 4 numbers \(one for each connection\) or an array of shape"
    with pytest.raises(InvalidDimensionsError, match=message):
        projection.set(weight=value)
    assert weights(projection) == [1, 1, 1, 1]


@pytest.mark.parametrize("value", [np.nan, np.inf, [1, 2, 3, np.inf], np.full((2, 2), np.nan)])
def test_weights_that_are_no_numbers_are_refused(value):
    projection = dense()
    with pytest.raises(pynn.errors.ConnectionError, match="weights must be finite numbers"):
        projection.set(weight=value)
    assert weights(projection) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"weight": [1, 2, 3, -4]}, pynn.errors.ConnectionError),
        ({"weight": "1 - d * 2"}, pynn.errors.ConnectionError),
        ({"weight": 3, "delay": 0.1}, ValueError),
        ({"weight": "3 + d", "delay": 0.1}, ValueError),
        ({"weight": 3, "tau": 1}, NonExistentParameterError),
    ],
    ids=str,
)
def test_a_refused_set_changes_nothing(values, error):
    projection = dense()
    with pytest.raises(error):
        projection.set(**values)
    assert weights(projection) == [1, 1, 1, 1]


def test_a_delay_of_zero_may_be_set():
    projection = dense()
    projection.set(weight=2, delay=0)
    projection.set(delay=np.zeros((2, 2)))
    assert projection.get(["weight", "delay"], "list")[0] == (0, 0, 2.0, 0.0)


def test_set_takes_far_less_than_half_a_millisecond_for_ten_neurons():
    projection = dense(10, 10)
    wanted = np.arange(100.0).reshape(10, 10) % 64
    times = []
    for _ in range(50):
        started = time.perf_counter()
        projection.set(weight=wanted)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.5e-3  # 0.012 ms on one core of 2026


# --- signs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [-70, 70])
def test_inhibition_of_conductance_based_cells_takes_either_sign(weight):
    projection = pynn.Projection(
        sources(1),
        neurons(1, Conductance),
        pynn.AllToAllConnector(),
        static(weight),
        receptor_type="inhibitory",
    )
    arrays = projection.as_connections()
    assert (arrays.weight.tolist(), arrays.inhibitory.tolist()) == ([70], [True])
    assert weights(projection) == [weight]
    projection.set(weight=-weight)
    assert weights(projection) == [-weight]


def test_excitation_of_conductance_based_cells_is_positive():
    with pytest.raises(pynn.errors.ConnectionError, match="must be >= 0"):
        pynn.Projection(sources(1), neurons(1, Conductance), pynn.AllToAllConnector(), static(-1))
    mixed = pynn.Assembly(neurons(1), neurons(1, Conductance))
    with pytest.raises(pynn.errors.ConnectionError, match="homogeneous synapses"):
        pynn.Projection(sources(1), mixed, pynn.AllToAllConnector())
    assert pynn.simulator.state.projections == []


# --- get and save -------------------------------------------------------------------------------


def test_get_gives_lists_with_and_without_addresses():
    projection = listed((0, 1), (1, 0))
    assert projection.get("weight", "list") == [(0, 1, 1.0), (1, 0, 1.0)]
    assert projection.get(["weight"], "list", with_address=False) == [(1.0,), (1.0,)]
    both = projection.get(["weight", "delay"], "array", gather=False)
    assert [array.shape for array in both] == [(2, 2), (2, 2)]
    assert projection.size() == len(projection) == 2
    assert [type(x) for x in projection.get("weight", "list")[0]] == [int, int, float]


def test_get_refuses_what_is_not_there():
    projection = dense()
    with pytest.raises(NonExistentParameterError, match="valid parameters for StaticSynapse are"):
        projection.get("U", "list")
    with pytest.raises(ValueError, match="multiple_synapses"):
        projection.get("weight", "array", multiple_synapses="mean")


@pytest.mark.parametrize(
    ("names", "options", "columns", "row"),
    [
        ("weight", {}, ["i", "j", "weight"], [0, 1, 1]),
        (["weight", "delay"], {}, ["i", "j", "weight", "delay"], [0, 1, 1, 0]),
        ("all", {"with_address": False}, ["weight", "delay"], [1, 0]),
        ("weight", {"format": "array"}, ["weight"], [0, 1]),
    ],
    ids=str,
)
def test_a_saved_file_names_its_columns(tmp_path, names, options, columns, row):
    path = tmp_path / "weights.txt"
    listed((0, 1), (1, 0)).save(names, str(path), **options)
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    assert header == f"# columns = {columns}"
    assert [float(number) for number in rows[0].split()] == row


# --- names that PyNN has given up ---------------------------------------------------------------


def test_old_names_still_work_and_say_that_they_are_old(tmp_path):
    projection = dense()
    path = str(tmp_path / "old.txt")
    calls = {
        "setWeights": (5,),
        "randomizeWeights": (RandomDistribution("uniform", (1, 9)),),
        "setDelays": (0,),
        "randomizeDelays": (0,),
        "setSynapseDynamics": ("weight", 7),
        "randomizeSynapseDynamics": ("weight", 8),
        "getWeights": (),
        "getDelays": (),
        "getSynapseDynamics": ("weight",),
        "saveConnections": (path,),
        "printWeights": (path,),
        "printDelays": (path,),
        "weightHistogram": (),
    }
    given = {}
    for name, arguments in calls.items():
        with pytest.warns(DeprecationWarning, match=rf"{name}\(\) is deprecated"):
            given[name] = getattr(projection, name)(*arguments)
    assert given["getWeights"] == given["getSynapseDynamics"] == [8.0] * 4
    assert given["getDelays"] == [0.0] * 4


def test_the_histogram_counts_weights():
    projection = dense(weight=[0, 1, 1, 9])
    with pytest.warns(DeprecationWarning):
        counts, edges = projection.weightHistogram(min=0, max=10, nbins=2)
    assert (counts.tolist(), edges.tolist()) == ([3, 1], [0, 5, 10])


def test_a_description_names_connector_receptor_and_size():
    projection = dense(weight=-1, receptor_type="inhibitory", label="here")
    text = projection.describe()
    assert 'Projection "here"' in text and "Target     : inhibitory" in text
    assert "Total connections : 4" in text
    assert projection.describe(template=None)["connector"]["name"] == "AllToAllConnector"
    with pytest.raises(KeyError, match="no such engine"):
        projection.describe(engine="no such engine")


def test_there_is_nothing_to_initialize_and_no_observable():
    projection = dense()
    with pytest.raises(NotImplementedError, match="have no state variables"):
        projection.initialize(u=0)
    with pytest.raises(RuntimeError, match=r"get_data\('w'\): its synapses have no plasticity"):
        projection.get_data("w")
