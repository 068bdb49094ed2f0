"""What the statistics of a mapped network count.  Oracle: counted by hand."""

import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand


def network(weight):
    """Three sources onto two neurons: six connections."""
    pynn.setup()
    neurons = pynn.Population(2, pynn.cells.HXNeuron())
    sources = pynn.Population(3, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    pynn.Projection(sources, neurons, pynn.AllToAllConnector(), synapse)
    pynn.run(None, RunCommand.PREPARE)
    return pynn.get_backend_statistics()


def test_everything_a_network_takes_is_counted():
    found = network(63)
    assert (found.n_populations, found.n_projections) == (2, 1)
    assert (found.n_neurons, found.n_external, found.n_connections) == (2, 3, 6)
    assert (found.n_synapses, found.fullest_column) == (6, 3)
    assert (found.n_synapse_rows, found.n_synapse_drivers) == (3, 3)  # a bus for each source
    assert found.neuron_usage == 2 / 512
    assert found.synapse_usage == 6 / 131072
    assert found.synapse_driver_usage == 3 / 256
    assert 0 < found.mapping_s < 10


def test_a_weight_beyond_63_takes_several_synapses_and_rows():
    found = network(64)
    assert (found.n_connections, found.n_synapses, found.fullest_column) == (6, 12, 6)
    assert (found.n_synapse_rows, found.n_synapse_drivers) == (6, 3)


def test_it_prints_as_a_table_that_names_itself():
    lines = str(network(1)).splitlines()
    assert lines[0] == "MappedTopologyStatistics:"
    assert "  synapses            6 (0.0%)" in lines
    assert "  fullest column      3 of 256 synapses" in lines


def test_a_session_without_a_network_uses_nothing():
    pynn.setup()
    pynn.run(None, RunCommand.PREPARE)
    found = pynn.get_backend_statistics()
    assert (found.n_synapses, found.n_synapse_drivers, found.fullest_column) == (0, 0, 0)


def test_before_mapping_and_before_setup_there_is_none():
    with pytest.raises(RuntimeError, match=r"get_backend_statistics\(\) needs a session"):
        pynn.get_backend_statistics()
    pynn.setup()
    with pytest.raises(RuntimeError, match=r"nothing is mapped yet; call run\(\)"):
        pynn.get_backend_statistics()
