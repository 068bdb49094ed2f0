"""Compartments in their window, flips and placement.

Oracle: a placement keeps all distances; flips undo themselves.
"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import coordinates as c

ON_NEURON = c.AtomicNeuronOnLogicalNeuron


@st.composite
def neurons(draw):
    """Some circuits in a window of at most 20 columns, dealt to compartments and bridges."""
    first = draw(st.integers(0, 108))
    columns, rows = st.integers(first, first + 19), st.integers(0, 1)
    places = draw(st.sets(st.tuples(columns, rows), min_size=1, max_size=12))
    circuits = draw(st.permutations([ON_NEURON.at(*place) for place in sorted(places)]))
    cuts = draw(st.sets(st.integers(1, max(1, len(circuits) - 1)), max_size=3))
    edges = [0, *sorted(cut for cut in cuts if cut < len(circuits)), len(circuits)]
    parts = [tuple(circuits[a:b]) for a, b in pairwise(edges)]
    bridges = parts.pop() if len(parts) > 1 and draw(st.booleans()) else ()
    return c.LogicalNeuronCompartments.of(parts, bridges)


def anchors(neuron):
    """Circuits of the chip onto which a neuron fits."""
    width, height = len(neuron.columns), len(neuron.rows)
    column = st.integers(0, 128 - width)
    return st.builds(
        lambda half, column, row: c.AtomicNeuron.at(128 * half + column, row),
        st.integers(0, 1),
        column,
        st.integers(0, 2 - height),
    )


def test_the_window_is_two_rows_of_128():
    assert ON_NEURON.at(column=3, row=1) == 131
    assert all(ON_NEURON.at(i.column, i.row) == i for i in ON_NEURON.all())
    assert ON_NEURON(130).opposite == 2
    assert ON_NEURON(130).right == 131
    with pytest.raises(c.CoordinateError, match=r"at: column = 128 does not exist; choose 0\.\.12"):
        ON_NEURON.at(128, 0)
    with pytest.raises(c.CoordinateError, match="nothing is to the right of it"):
        _ = ON_NEURON(127).right


def test_compartments_are_numbered_0_to_254():
    assert c.CompartmentOnLogicalNeuron(254) == 254
    with pytest.raises(c.CoordinateError, match=r"CompartmentOnLogicalNeuron\(255\) does not exi"):
        c.LogicalNeuronCompartments({255: (0,)})


@pytest.mark.parametrize(
    ("compartments", "bridges", "message"),
    [
        ([[1, 1], [2]], [], r"LogicalNeuron\(1\) belongs to compartment 0 and to compartment 0"),
        ([[1, 2], [2]], [], r"LogicalNeuron\(2\) belongs to compartment 0 and to compartment 1"),
        ([[1, 2]], [2], r"belongs to compartment 0 and to a bridge; the circuits of a logical"),
        ([], [], "a logical neuron has at least one compartment"),
        ([[1], []], [], "compartment 1 has no circuit; give it at least one"),
        ([[256]], [], r"AtomicNeuronOnLogicalNeuron\(256\) does not exist"),
    ],
)
def test_circuits_are_used_once_and_compartments_are_not_empty(compartments, bridges, message):
    with pytest.raises(c.CoordinateError, match=message):
        c.LogicalNeuronCompartments.of(compartments, bridges)


def test_equal_compartments_are_equal_and_hash_equally():
    one, other = (c.LogicalNeuronCompartments.of([[0, 1], [2]], [3]) for _ in range(2))
    assert (one, hash(one)) == (other, hash(other))
    assert one != c.LogicalNeuronCompartments.of([[0, 1], [2, 3]])


@given(neurons())
def test_flips_undo_themselves_and_commute(neuron):
    assert neuron.flip_x().flip_x() == neuron
    assert neuron.flip_y().flip_y() == neuron
    assert neuron.flip_x().flip_y() == neuron.flip_y().flip_x()


@given(neurons())
def test_flips_stay_within_the_columns_and_rows_that_are_taken(neuron):
    for flipped in (neuron.flip_x(), neuron.flip_y()):
        assert (flipped.columns, flipped.rows) == (neuron.columns, neuron.rows)
        assert flipped.compartments.keys() == neuron.compartments.keys()


@given(neurons(), st.data())
def test_a_placement_keeps_all_distances(neuron, data):
    anchor = data.draw(anchors(neuron))
    placement = neuron.place(anchor)
    taken = list(neuron.circuits())
    moved = [placement.circuit(circuit) for circuit in taken]
    columns = {int(m.column) - circuit.column for m, circuit in zip(moved, taken, strict=True)}
    rows = {int(m.row) - circuit.row for m, circuit in zip(moved, taken, strict=True)}
    assert columns == {int(anchor.column) - neuron.columns[0]}
    assert rows == {int(anchor.row) - neuron.rows[0]}
    assert placement.atomic_neurons == tuple(moved)


@given(neurons(), st.data())
def test_a_placement_is_within_one_half_of_128_columns(neuron, data):
    placement = neuron.place(data.draw(anchors(neuron)))
    assert len({circuit.backend_block for circuit in placement.atomic_neurons}) == 1
    assert len(set(placement.atomic_neurons)) == len(list(neuron.circuits()))


@given(neurons(), st.data())
def test_a_flip_after_placement_is_a_flip_before(neuron, data):
    anchor = data.draw(anchors(neuron))
    turn = 2 * int(anchor.column) + len(neuron.columns) - 1
    flipped = neuron.flip_x().place(anchor).placed_compartments
    expected = {
        number: tuple(c.AtomicNeuron.at(turn - int(n.column), n.row) for n in circuits)
        for number, circuits in neuron.place(anchor).placed_compartments.items()
    }
    assert flipped == expected


@given(neurons(), st.integers(0, 255), st.integers(0, 1))
def test_a_placement_that_does_not_fit_is_refused(neuron, column, row):
    fits = column % 128 + len(neuron.columns) <= 128 and row + len(neuron.rows) <= 2
    anchor = c.AtomicNeuron.at(column, row)
    if fits:
        neuron.place(anchor)
        return
    with pytest.raises(c.CoordinateError, match=rf"logical neuron at AtomicNeuron\({anchor:d}\)"):
        neuron.place(anchor)


def test_the_refusal_says_how_far_to_move():
    neuron = c.LogicalNeuronCompartments.of([[0, 1, 2]])
    with pytest.raises(
        c.CoordinateError,
        match=r"\(column 127\): it takes 3 columns, but 1 are left .* at least 2 columns further",
    ):
        neuron.place(127)
    with pytest.raises(
        c.CoordinateError, match=r"takes 2 rows and leaves the chip; anchor it in r"
    ):
        c.LogicalNeuronCompartments.of([[0, 128]]).place(256)


def test_a_circuit_of_another_neuron_has_no_place():
    with pytest.raises(c.CoordinateError, match=r"\(5\) is no circuit of this logical neuron"):
        c.LogicalNeuronCompartments.of([[0]]).place(3).circuit(5)
