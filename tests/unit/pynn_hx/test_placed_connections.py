"""Where connections are on the chip.

Oracle: what a synapse of the chip must satisfy: its column is its neuron's, its row has its sign,
a weight above 63 takes ceil(|w| / 63) of them.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from firmware_protocol.coordinates import SynapseOnSynram


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def neurons(n):
    return pynn.Population(n, pynn.cells.HXNeuron())


def static(weight):
    return pynn.synapses.StaticSynapse(weight=weight)


def prepare():
    pynn.run(None, pynn.RunCommand.PREPARE)


def test_every_connection_has_as_many_synapses_as_its_weight_needs():
    first = neurons(3)
    pynn.Projection(first, first, pynn.AllToAllConnector(), static(10))
    weight = np.array([[0, 63, 64], [126, 127, 288], [1, 5, 500]])
    projection = pynn.Projection(first, first, pynn.AllToAllConnector(), static(weight))
    prepare()
    placed = projection.placed_connections
    assert [len(synapses) for synapses in placed] == [1, 1, 2, 2, 3, 5, 1, 1, 8]
    circuit = pynn.simulator.state.mapped.routing.circuit
    for connection, synapses in zip(projection.connections, placed, strict=True):
        assert {s.atomic_neuron for s in synapses} == {circuit[connection.postsynaptic_index]}


def test_synapses_of_all_projections_are_distinct_and_know_their_parts():
    cells = neurons(4)
    made = [
        pynn.Projection(cells, cells, pynn.AllToAllConnector(), static(w), receptor_type=receptor)
        for w, receptor in [(3, "excitatory"), (-80, "inhibitory"), (3, "excitatory")]
    ]
    prepare()
    synapses = [s for p in made for each in p.placed_connections for s in each]
    assert len(set(synapses)) == len(synapses) == 16 + 32 + 16
    for s in synapses:
        on_synram = s.toSynapseOnSynram()
        assert isinstance(on_synram, SynapseOnSynram)
        assert int(on_synram) == s.row * 256 + s.synapse_on_row
        assert int(s.synapse_row) == s.toSynramOnDLS() * 256 + s.row
        assert s.synapse_on_row == s.column
        assert isinstance(s, pynn.halco.SynapseOnDLS)
        assert s.synapse_row.toSynapseWeightRowOnDLS() == pynn.halco.SynapseWeightRowOnDLS(
            int(s.synapse_row)
        )


def test_synapses_onto_an_assembly_are_in_the_columns_of_its_members():
    a, b = neurons(2), neurons(3)
    targets = pynn.Assembly(b[1:], a)
    projection = pynn.Projection(pynn.Assembly(a, b), targets, pynn.AllToAllConnector(), static(9))
    prepare()
    circuit = pynn.simulator.state.mapped.routing.circuit
    columns = [each[0].atomic_neuron for each in projection.placed_connections]
    assert columns == [circuit[cell] for cell in (3, 4, 0, 1)] * 5


def test_rows_have_the_sign_of_the_receptor():
    cells = neurons(2)
    made = {
        mode: pynn.Projection(
            cells, cells, pynn.AllToAllConnector(), static(weight), receptor_type=receptor
        )
        for mode, weight, receptor in [(1, 5, "excitatory"), (2, -5, "inhibitory")]
    }
    prepare()
    modes = pynn.simulator.state.mapped.routing.row_mode
    for mode, projection in made.items():
        rows = [s for each in projection.placed_connections for s in each]
        assert {modes[s.synram, s.row] for s in rows} == {mode}


def test_before_the_mapping_there_is_no_place():
    cells = neurons(2)
    mapped = pynn.Projection(cells, cells, pynn.OneToOneConnector(), static(1))
    with pytest.raises(RuntimeError, match="placed_connections before the network is mapped"):
        _ = mapped.placed_connections
    prepare()
    later = pynn.Projection(cells, cells, pynn.OneToOneConnector(), static(1))
    assert [len(each) for each in mapped.placed_connections] == [1, 1]
    with pytest.raises(RuntimeError, match="placed_connections before the network is mapped"):
        _ = later.placed_connections


def test_equal_projections_and_a_view_beside_its_population_add_up():
    pre, post = neurons(3), neurons(3)
    pynn.Projection(pre, post, pynn.AllToAllConnector(), static(5))
    pynn.Projection(pre, post, pynn.AllToAllConnector(), static(5))
    pynn.Projection(pre[1:], post[1:], pynn.AllToAllConnector(), static(7))
    prepare()
    total = np.zeros((6, 6))
    mapped = pynn.simulator.state.mapped
    connections, routing = mapped.network.connections, mapped.routing
    np.add.at(
        total,
        (connections.pre[routing.connection], connections.post[routing.connection]),
        routing.weight,
    )
    expected = np.full((3, 3), 10)
    expected[1:, 1:] += 7
    assert np.array_equal(total[:3, 3:], expected)
    assert np.all(np.delete(total, np.s_[:3], axis=0) == 0)
