"""Connections from lists, files and connection sets.

Oracle: the connections that were written down; PyNN's description of the formats.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from pyNN import connectors as originals
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx as pynn


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def connect(connector, weight=3, n_pre=3, n_post=4):
    pre = pynn.Population(n_pre, pynn.cells.SpikeSourceArray())
    post = pynn.Population(n_post, pynn.cells.HXNeuron())
    return pynn.Projection(pre, post, connector, pynn.synapses.StaticSynapse(weight=weight))


def weights(projection):
    return projection.get("weight", "list")


ROWS = [(2, 1, 5.0, 0.0), (0, 3, 6.0, 0.0), (2, 1, 4.0, 0.0), (0, 0, 7.0, 0.0)]


def test_a_list_is_left_as_it_is_and_may_serve_again():
    connector = pynn.FromListConnector(ROWS)
    expected = [(0, 0, 7.0), (0, 3, 6.0), (2, 1, 5.0), (2, 1, 4.0)]
    assert weights(connect(connector)) == weights(connect(connector)) == expected
    assert [tuple(row) for row in connector.conn_list] == ROWS


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (9, [9, 9, 9]),
        ("10 * d", [0, 30, 10]),
        (lambda d: 10 * d, [0, 30, 10]),
        (np.arange(12).reshape(3, 4), [0, 3, 9]),
        ([7, 8, 9], [7, 8, 9]),
    ],
    ids=["number", "expression", "function", "matrix", "list"],
)
def test_parameters_that_are_not_listed_come_from_the_synapse_type(weight, expected):
    connector = pynn.FromListConnector([(2, 1), (0, 3), (0, 0)])
    assert [w for _, _, w in weights(connect(connector, weight))] == expected


def test_weights_that_are_not_listed_are_drawn_anew_for_every_cell():
    weight = RandomDistribution("uniform", (1, 60), rng=NumpyRNG(seed=1))
    connector = pynn.FromListConnector([(i, j) for i in range(3) for j in range(4)])
    drawn = np.rint(NumpyRNG(seed=1).next(12, "uniform", {"low": 1, "high": 60}))
    assert connect(connector, weight).get("weight", "array").T.reshape(-1).tolist() == list(drawn)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ((3, 0), r"source index out of range: 3 is not one of 0\.\.2"),
        ((-1, 0), r"source index out of range: -1 is not one of 0\.\.2"),
        ((0, 4), r"target index out of range: 4 is not one of 0\.\.3"),
        ((0, 1.5), r"target index out of range: 1\.5 is not one of 0\.\.3"),
    ],
)
def test_cells_that_do_not_exist_are_named(row, message):
    with pytest.raises(PyNNConnectionError, match=message):
        connect(pynn.FromListConnector([(0, 0), row]))
    assert pynn.simulator.state.projections == []


def test_columns_must_be_parameters_of_the_synapse():
    with pytest.raises(ValueError, match="column 'tau' is not a parameter of StaticSynapse"):
        connect(pynn.FromListConnector([(0, 0, 1.0)], column_names=["tau"]))


def test_listed_delays_and_signs_are_checked_like_others():
    with pytest.raises(ValueError, match="no configurable delays"):
        connect(pynn.FromListConnector([(0, 0, 1.0, 0.5)]))
    with pytest.raises(PyNNConnectionError, match="change its sign"):
        connect(pynn.FromListConnector([(0, 0, -1.0, 0.0)]))


def test_an_empty_list_makes_no_connection():
    projection = connect(pynn.FromListConnector([]))
    assert len(projection) == 0
    assert projection.connections == [] == weights(projection)
    assert np.isnan(projection.get("weight", "array")).all()
    projection.set(weight=4)
    assert projection.as_connections().pre.size == 0


def test_what_is_saved_can_be_connected_from_its_file(tmp_path):
    path = str(tmp_path / "connections.txt")
    saved = connect(pynn.FromListConnector(ROWS))
    saved.save("all", path)
    connector = pynn.FromFileConnector(path)
    assert sorted(weights(connect(connector, 1))) == sorted(weights(saved))
    assert sorted(weights(connect(connector, 1))) == sorted(weights(saved))  # a second time


def test_a_file_may_have_one_line_and_name_its_columns_in_a_tuple(tmp_path):
    path = tmp_path / "connections.txt"
    path.write_text("# columns = ('i', 'j', 'weight')\n1 2 5\n", encoding="utf-8")
    assert weights(connect(pynn.FromFileConnector(str(path)))) == [(1, 2, 5.0)]


def test_a_distributed_file_is_that_of_the_only_process(tmp_path):
    path = tmp_path / "connections.txt"
    path.write_text("0 0 1 0\n", encoding="utf-8")
    (tmp_path / "connections.txt.0").write_text("1 2 5 0\n", encoding="utf-8")
    connector = pynn.FromFileConnector(str(path), distributed=True)
    assert weights(connect(connector)) == [(1, 2, 5.0)]


def test_connection_sets_need_their_package():
    if originals.haveCSA:
        pytest.skip("csa is installed")
    with pytest.raises(RuntimeError, match="couldn't import csa module"):
        pynn.CSAConnector(object())


class ConnectionSet(list):
    """What csa hands over: tuples (i, j) or (i, j, weight, delay)."""

    def __rmul__(self, finite):
        return [row for row in self if row[0] <= finite[0][1] and row[1] <= finite[1][1]]


@pytest.mark.parametrize("own_weights", [True, False])
def test_a_connection_set_is_cut_to_the_projection(monkeypatch, own_weights):
    stand_in = SimpleNamespace(cross=lambda pre, post: (pre, post), arity=lambda c: len(c[0]) - 2)
    monkeypatch.setattr(originals, "csa", stand_in, raising=False)
    rows = [(2, 1, 5.0, 0.0), (0, 3, 6.0, 0.0), (9, 9, 6.0, 0.0)]
    connector = object.__new__(pynn.CSAConnector)  # the constructor wants the real package
    connector.cset = ConnectionSet(row if own_weights else row[:2] for row in rows)
    connector.location_selector = connector.source_location_selector = connector.callback = None
    expected = [(0, 3, 6.0), (2, 1, 5.0)] if own_weights else [(0, 3, 3.0), (2, 1, 3.0)]
    assert weights(connect(connector)) == expected
