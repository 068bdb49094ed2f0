"""Arithmetic between numbers of places: pairs of functions undo each other, on arrays too.

Oracle: bijections are what they are; the formulas of ``docs/reference/coordinates.md``.
"""

import numpy as np
import pytest

from firmware_protocol import coordinates as c

PAIRS = [
    (256, c.quad_of_column, c.column_of_quad, (64, 4)),
    (256, c.lane_of_column, c.column_of_lane, (2, 128)),
    (512, c.config_of_neuron, c.neuron_of_config, (4, 128)),
    (512, c.backend_of_neuron, c.neuron_of_backend, (2, 256)),
    (128, c.bus_of_driver, c.driver_of_bus, (4, 32)),
]


@pytest.mark.parametrize(("size", "split", "join", "shape"), PAIRS)
def test_splitting_and_joining_is_a_bijection(size, split, join, shape):
    whole = np.arange(size)
    outer, inner = split(whole)
    assert np.array_equal(join(outer, inner), whole)
    places = np.ravel_multi_index((outer, inner), shape)
    assert np.array_equal(np.sort(places), whole)


@pytest.mark.parametrize(("size", "split", "join", "shape"), PAIRS)
def test_ints_give_ints(size, split, join, shape):
    outer, inner = split(size - 1)
    assert (type(outer), type(inner), type(join(outer, inner))) == (int, int, int)


@pytest.mark.parametrize(("column", "quad", "entry"), [(23, 34, 3), (86, 10, 3), (102, 12, 3)])
def test_quads_of_the_vendors_example_columns(column, quad, entry):
    assert c.quad_of_column(column) == (quad, entry)


def test_event_outputs_by_neuron_and_by_backend_index_agree():
    neuron = np.arange(512)
    block, index = c.backend_of_neuron(neuron)
    assert np.array_equal(
        c.event_output_of_neuron(neuron), 4 * block + c.event_output_of_backend_index(index)
    )


def test_every_crossbar_output_has_the_inputs_of_the_wiring_table():
    inputs = {o: sorted(int(i) for i, p in c.CROSSBAR_NODES if p == o) for o in range(12)}
    assert inputs[1] == [1, 5, 8, 9, 10, 11, 13]
    assert inputs[6] == [2, 6, 8, 9, 10, 11, 18]
    assert inputs[9] == [1, 5, 9, 13, 17]
    assert sum(map(len, inputs.values())) == 76


def test_node_numbers_begin_where_the_wiring_table_says():
    first = {i: int(np.argmax(c.CROSSBAR_NODES[:, 0] == i)) for i in range(20)}
    assert first == {
        **{i: 3 * i for i in range(8)},
        **{i: 24 + 9 * (i - 8) for i in range(8, 12)},
        **{i: 60 + 2 * (i - 12) for i in range(12, 16)},
        **{i: 68 + 2 * (i - 16) for i in range(16, 20)},
    }
