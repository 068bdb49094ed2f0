"""Neuron circuits and the places of their settings, both ways.

Oracle: the formulas of ``docs/reference/coordinates.md`` written again with column and row.
"""

import numpy as np
import pytest

from firmware_protocol import coordinates as c

ON_BACKEND = [c.NeuronBackendConfig, c.NeuronReset, c.SpikeCounterRead, c.SpikeCounterReset]


def test_circuits_are_numbered_row_by_row():
    assert c.AtomicNeuron.at(column=200, row=1) == 456
    assert all(c.AtomicNeuron.at(n.column, n.row) == n for n in c.AtomicNeuron.all())


def test_a_circuits_blocks_and_indices_follow_column_and_row():
    for n in c.AtomicNeuron.all():
        column, row = int(n.column), int(n.row)
        assert (n.quadrant, n.index_on_quadrant) == (row * 2 + column // 128, column % 128)
        assert (n.backend_block, n.index_on_backend) == (column // 128, column % 128 + 128 * row)
        assert n.quadrant.backend_block == n.backend_block
        assert n.event_output == column // 32


def test_neuron_configs_and_circuits_are_a_bijection():
    for place in c.NeuronConfig.all():
        assert place.atomic_neuron.neuron_config == place
        assert c.NeuronConfig.at(place.block, place.index) == place
        assert place.atomic_neuron.quadrant == place.block


@pytest.mark.parametrize("kind", ON_BACKEND)
def test_places_on_backends_and_circuits_are_a_bijection(kind):
    for place in kind.all():
        assert kind.of_neuron(place.atomic_neuron) == place
        assert kind.at(place.block, place.index) == place
        assert place.event_output == place.atomic_neuron.event_output
    assert len({place.atomic_neuron for place in kind.all()}) == 512


def test_a_circuit_names_its_places_on_the_backend():
    n = c.AtomicNeuron.at(column=200, row=1)
    places = (
        n.neuron_backend_config,
        n.neuron_reset,
        n.spike_counter_read,
        n.spike_counter_reset,
    )
    assert [type(p) for p in places] == ON_BACKEND
    assert {(int(p.block), p.index) for p in places} == {(1, 200 - 128 + 128)}


def test_each_event_output_serves_64_circuits():
    for output in c.NeuronEventOutput.all():
        served = c.AtomicNeuron.of_event_output(output)
        assert len(served) == 64
        assert {n.event_output for n in served} == {output}


def test_circuits_of_a_column_quad_are_those_of_its_columns():
    for quad in c.ColumnQuad.all():
        assert c.ColumnQuad.at(quad.synram, quad.quad_column) == quad
        for entry, neuron in enumerate(quad.neurons):
            assert (neuron.column_quad, neuron.entry_on_quad) == (quad, entry)
            assert neuron.quadrant == quad.quadrant
    numbers = [int(n) for quad in c.ColumnQuad.all() for n in quad.neurons]
    assert np.array_equal(np.sort(numbers), np.arange(512))


def test_the_opposite_circuit_has_the_same_column():
    n = c.AtomicNeuron.at(column=7, row=0)
    assert n.opposite == c.AtomicNeuron.at(column=7, row=1)
    assert n.opposite.opposite == n


def test_a_row_or_an_index_that_does_not_exist_is_refused():
    with pytest.raises(c.CoordinateError, match=r"Synram\(2\) does not exist"):
        c.AtomicNeuron.at(column=0, row=2)
    with pytest.raises(c.CoordinateError, match=r"NeuronReset\.at: index = 256 does not exist"):
        c.NeuronReset.at(0, 256)
    with pytest.raises(c.CoordinateError, match=r"NeuronConfig\.at: index = 128 does not exist"):
        c.NeuronConfig.at(0, 128)
