"""Faults of PyNN 0.13's shared code that `pynn_hx.sim` must not inherit.

Oracle: PyNN's documentation; each test fails on at least one backend that uses the shared code.
"""

import subprocess
import sys

import numpy as np
import pytest
from pyNN.random import NumpyRNG

import pynn_hx.sim as sim


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(0.1)


def test_data_of_one_variable_do_not_empty_the_cached_segments():
    cell = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
    cell.record(["v", "spikes"])
    sim.run(30.0)
    sim.reset()
    sim.run(30.0)
    assert [len(s.analogsignals) for s in cell.get_data("v").segments] == [1, 1]
    segments = cell.get_data().segments
    assert [len(s.analogsignals) for s in segments] == [1, 1]
    assert [len(s.spiketrains) for s in segments] == [2, 2]
    assert [len(s.spiketrains) for s in cell.get_data("v").segments] == [0, 0]


ORDER = """
import pynn_hx.sim as sim
sim.setup()
both = sim.Population(1, sim.IF_curr_exp()) + sim.Population(1, sim.IF_curr_alpha())
print(sim.Projection(both, both, sim.AllToAllConnector()).receptor_type)
"""


def test_the_default_receptor_of_an_assembly_does_not_depend_on_hashes():
    for seed in ("0", "1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", ORDER],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == "excitatory"


def test_a_connector_with_a_callback_works_onto_an_assembly():
    both = sim.Population(2, sim.IF_curr_exp()) + sim.Population(3, sim.IF_curr_exp())
    assert both.local_size == 5
    heard = []
    connector = sim.FixedProbabilityConnector(1.0, rng=NumpyRNG(1), callback=heard.append)
    assert len(sim.Projection(both, both, connector)) == 25
    assert len(heard) == 5


def test_one_to_one_connects_a_single_cell():
    one, three = sim.Population(1, sim.IF_curr_exp()), sim.Population(3, sim.IF_curr_exp())
    for pre, post in ((one, one), (one, three), (three, one)):
        projection = sim.Projection(
            pre, post, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.1)
        )
        assert projection.get("weight", "list") == [(0, 0, 0.1)]


def test_a_view_can_be_initialised():
    cells = sim.Population(4, sim.IF_curr_exp())
    cells[1:3].initialize(v=-60.0)
    assert cells.initial_values["v"].evaluate().tolist() == [-65.0, -60.0, -60.0, -65.0]
    assert cells[1:3].initial_values["v"].evaluate().tolist() == [-60.0, -60.0]
    cells.record("v")
    sim.run(1.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude
    assert v[0].tolist() == [-65.0, -60.0, -60.0, -65.0]
    np.testing.assert_allclose(v[1, 1], -65 + 5 * np.exp(-0.1 / 20), rtol=1e-12)


def test_data_before_any_run_are_an_empty_segment():
    cells = sim.Population(2, sim.IF_curr_exp())
    cells.record(["v", "spikes"])
    (segment,) = cells.get_data().segments
    assert len(segment.analogsignals) == len(segment.spiketrains) == 0


def test_parameters_of_a_plasticity_rule_do_not_leak_into_another_mechanism():
    sim.STDPMechanism(sim.SpikePairRule(), sim.GutigWeightDependence(), weight=0.1)
    other = sim.STDPMechanism(sim.Vogels2011Rule(), sim.AdditiveWeightDependence(), weight=0.1)
    assert "mu_plus" not in other.translations
    assert "A_plus" not in other.get_parameter_names()
    assert set(other.get_native_names()) == set(other.get_parameter_names())


def test_signals_come_in_a_fixed_order():
    cell = sim.Population(1, sim.IF_cond_exp())
    cell.record(["v", "gsyn_inh", "gsyn_exc"])
    sim.run(1.0)
    names = [s.name for s in cell.get_data().segments[0].analogsignals]
    assert names == ["gsyn_exc", "gsyn_inh", "v"]


def test_connections_are_items_of_a_projection():
    cells = sim.Population(3, sim.IF_curr_exp())
    projection = sim.Projection(
        cells, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1)
    )
    ends = [(c.presynaptic_index, c.postsynaptic_index) for c in projection]
    assert ends == [(i, j) for i in range(3) for j in range(3)]
    assert (projection[-1].presynaptic_index, projection[-1].postsynaptic_index) == (2, 2)
    assert [c.weight for c in projection[2:4]] == [0.1, 0.1]
    with pytest.raises(IndexError, match="9 connections, not 9"):
        projection[9]


def test_a_list_of_connections_stays_as_it_is():
    given = [(2, 1, 0.1, 1.0), (0, 0, 0.2, 1.0), (1, 0, 0.3, 1.0)]
    connector = sim.FromListConnector(given)
    cells = sim.Population(3, sim.IF_curr_exp())
    first = sim.Projection(cells, cells, connector)
    np.testing.assert_array_equal(connector.conn_list, given)
    second = sim.Projection(cells, cells, connector)
    assert first.get("weight", "list") == second.get("weight", "list")
    assert first.get("weight", "list") == [(0, 0, 0.2), (1, 0, 0.3), (2, 1, 0.1)]


def test_a_cell_class_may_stand_without_parameters():
    with pytest.warns(DeprecationWarning, match="celltype class and parameters"):
        cells = sim.Population(2, sim.IF_curr_exp)
    assert cells.get("tau_m") == 20.0


def test_an_existing_file_is_written_over_without_a_shell(tmp_path):
    name = tmp_path / "data of; touch me.pkl"
    cells = sim.Population(1, sim.IF_curr_exp())
    cells.record("v", to_file=str(name))
    sim.run(1.0)
    sim.end()
    sim.end()
    assert [path.name for path in tmp_path.iterdir()] == [name.name]
