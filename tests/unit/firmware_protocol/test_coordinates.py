"""Coordinates: ranges, bijections, and the wiring table of the crossbar.

Oracle: the formulas of ``docs/reference/words.md`` ("Geometry") evaluated case by case.
"""

import numpy as np
import pytest

from firmware_protocol import coordinates as c


@pytest.mark.parametrize("kind", [c.AtomicNeuron, c.SynapseDriver, c.CrossbarNode, c.Quadrant])
def test_out_of_range_is_refused_with_the_range(kind):
    assert kind(kind.size - 1) == kind.size - 1
    for wrong in (-1, kind.size):
        with pytest.raises(c.CoordinateError, match=rf"{kind.__name__}\({wrong}\) does not exist"):
            kind(wrong)


def test_quads_and_columns_are_a_bijection():
    column = np.arange(256)
    quad, entry = c.quad_of_column(column)
    assert np.array_equal(c.column_of_quad(quad, entry), column)
    assert len(set(zip(quad.tolist(), entry.tolist(), strict=True))) == 256


@pytest.mark.parametrize(("column", "quad", "entry"), [(23, 34, 3), (86, 10, 3), (102, 12, 3)])
def test_quads_of_the_vendors_example_columns(column, quad, entry):
    synapse_column = c.SynapseColumn(column)
    assert (synapse_column.quad, synapse_column.entry_on_quad) == (quad, entry)
    assert c.SynapseQuadColumn(quad).column(entry) == column


def test_quads_of_the_east_half():
    for quad in range(64):
        columns = [int(c.SynapseQuadColumn(quad).column(e)) for e in range(4)]
        assert c.SynapseQuadColumn(quad).is_east == (min(columns) >= 128)


def test_neuron_circuits_per_quadrant_backend_and_event_output():
    neurons = [c.AtomicNeuron(n) for n in range(512)]
    assert c.AtomicNeuron.at(column=200, row=1) == 456
    assert all(n == n.quadrant * 128 + n.index_on_quadrant for n in neurons)
    assert all(n.quadrant == n.row * 2 + n.column // 128 for n in neurons)
    per_output = np.bincount([n.event_output for n in neurons])
    assert per_output.tolist() == [64] * 8
    assert c.AtomicNeuron(456).index_on_backend == 200 % 128 + 128


def test_every_crossbar_output_has_the_inputs_of_the_wiring_table():
    inputs = {o: sorted(int(i) for i, p in c.CROSSBAR_NODES if p == o) for o in range(12)}
    assert inputs[1] == [1, 5, 8, 9, 10, 11, 13]
    assert inputs[6] == [2, 6, 8, 9, 10, 11, 18]
    assert inputs[9] == [1, 5, 9, 13, 17]
    assert c.CrossbarNode.at(output=4, input_=4) == 13


def test_nodes_know_their_ends():
    for n in range(76):
        node = c.CrossbarNode(n)
        assert c.CrossbarNode.at(node.output, node.input) == node


def test_analog_parameters_of_a_driver_come_from_west_if_it_is_even():
    assert c.SynapseDriver(42).capmem_block(c.Synram(1)) == 2
    assert c.SynapseDriver(43).capmem_block(c.Synram(0)) == 1


def test_driver_bus_and_index():
    driver = c.SynapseRow(47).driver
    assert (driver, driver.bus_on_block, driver.index_on_bus) == (23, 3, 5)


def test_sources_and_buses():
    assert c.BackgroundSpikeSource(5).crossbar_input == 17
    assert (c.PADIBus(6).synram, c.PADIBus(6).on_block) == (1, 2)
    assert c.NeuronEventOutput(6).on_block == 2
    assert repr(c.PADIBus(6)) == "PADIBus(6)"
