"""Compartments as users describe them.

Oracle: the types of errors of the chip's own PyNN backend, as its tests fix them.
"""

import copy

import pytest

from firmware_protocol.coordinates import CoordinateError
from pynn_hx.morphology import Compartment, SharedLineConnection


def test_a_compartment_keeps_what_it_was_given():
    parameters = {"some": 0, "other": [200, 300]}
    positions = [0, 1]
    part = Compartment(
        positions=positions,
        label="soma",
        connect_shared_line=[0],
        connect_conductance=[(1, 200)],
        **parameters,
    )
    assert (part.positions, part.label, part.size) == ([0, 1], "soma", 2)
    assert (part.connect_shared_line, part.connect_conductance) == ([0], [(1, 200)])
    assert part.parameters == parameters
    assert repr(part) == "Compartment(positions=[0, 1], label='soma')"
    positions.append(2)
    assert part.size == 2


def test_without_connections_their_lists_are_empty():
    part = Compartment(positions=range(2), label="soma")
    assert part.connect_shared_line == [] and part.connect_conductance == []


def test_a_copy_can_be_changed_alone():
    part = Compartment(positions=[0], label="soma")
    copied = copy.deepcopy(part)
    copied.positions.extend([1])
    assert (part.size, copied.size) == (1, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"label": None}, r"label=None.: give a text"),
        ({"positions": 0}, r"compartment 'c': positions = 0: give a list of whole numbers"),
        ({"positions": "01"}, "give a list of whole numbers"),
        ({"positions": [0, 1.0]}, r"positions contains 1\.0; circuits are whole numbers 0\.\.255"),
        ({"positions": [True]}, "positions contains True"),
        ({"positions": [0, 1, 0, 1]}, r"names \[0, 1\] more than once; name each circuit once"),
        ({"connect_shared_line": 0}, "connect_shared_line = 0: give a list"),
        ({"connect_shared_line": [0, 0]}, r"connect_shared_line = \[0, 0\] names \[0\] more than"),
        ({"connect_shared_line": [[0, 0]]}, r"connect_shared_line contains \[0, 0\]"),
        ({"connect_shared_line": [2]}, r"names position 2, which is not among its positions \[0,"),
        ({"connect_conductance": 0}, "give a list of tuples .position, conductance."),
        ({"connect_conductance": ([0], 100)}, "give a list of tuples"),
        ({"connect_conductance": [(0, 100, 10)]}, "give a list of tuples"),
        ({"connect_conductance": [(0, "100")]}, "give a list of tuples"),
        ({"connect_conductance": [(1, 100), (1, 200)]}, r"names \[1\] more than once"),
        ({"connect_conductance": [(2, 100)]}, "connect_conductance names position 2, which is not"),
    ],
)
def test_arguments_of_another_form_are_refused(arguments, message):
    with pytest.raises(TypeError, match=message):
        Compartment(**({"positions": [0, 1], "label": "c"} | arguments))


def test_a_circuit_outside_the_neuron_is_refused():
    with pytest.raises(CoordinateError, match=r"compartment 'c': positions = \[256\]: .* 128\.\.2"):
        Compartment(positions=[256], label="c")


def test_positions_are_keywords():
    with pytest.raises(TypeError, match="positional"):
        Compartment([0], "soma")


def test_a_connection_of_the_shared_line_is_a_tuple_with_names():
    line = SharedLineConnection(start=0, stop=3, row=1)
    assert line == (0, 3, 1) and (line.start, line.stop, line.row) == (0, 3, 1)
