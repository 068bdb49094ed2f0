"""The builder of neurons of several circuits, and what it writes.

Oracle: the conductors that the written switches make, found by walking the chip's arrays; nothing
of the builder is used for that.
"""

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from firmware_protocol import ChipConfig, ProtocolError
from firmware_protocol.atomic_neuron import BY_NAME
from firmware_protocol.coordinates import AtomicNeuronOnLogicalNeuron, CoordinateError
from firmware_protocol.morphology import Morphology, MorphologyError, Switches

at = AtomicNeuronOnLogicalNeuron.at


def conductors(chip, *, resistors):
    """(512,) number of the conductor that each membrane is part of; resistors conduct, or not."""
    n = chip.neurons
    membrane, line = np.arange(512).reshape(2, 256), 512 + np.arange(512).reshape(2, 256)

    def closed(name):
        return n[f"multicompartment_{name}"].reshape(2, 256) != 0

    def pairs(one, other, where):
        return np.stack([one[where], other[where]])

    has_right = np.arange(256) % 128 != 127
    soma = closed("connect_soma") | (closed("enable_conductance") & resistors)
    right, line_right = closed("connect_right"), closed("connect_soma_right")
    edges = np.concatenate(
        [
            pairs(membrane, np.roll(membrane, -1, axis=1), right & has_right),
            pairs(line, np.roll(line, -1, axis=1), line_right & has_right),
            pairs(
                membrane, membrane[::-1], closed("connect_vertical").all(axis=0) & [[1], [0]] > 0
            ),
            pairs(membrane, line, soma),
        ],
        axis=1,
    )
    graph = coo_array((np.ones(edges.shape[1]), tuple(edges)), shape=(1024, 1024))
    return connected_components(graph, directed=False)[1][:512]


def assert_written(chip, placement):
    """The compartments are the conductors, and resistors make one neuron of them."""
    alone, together = (conductors(chip, resistors=r) for r in (False, True))
    circuits = placement.placed_compartments
    taken = [int(n) for members in circuits.values() for n in members]
    for members in circuits.values():
        numbers = [int(n) for n in members]
        assert np.array_equal(np.flatnonzero(alone == alone[numbers[0]]), np.sort(numbers))
    assert np.array_equal(np.flatnonzero(together == together[taken[0]]), np.sort(taken))


@st.composite
def chains(draw):
    """Compartments side by side in one row or both, joined by soma lines with a few bridges."""
    builder, column = Morphology(), draw(st.integers(0, 20))
    row = draw(st.integers(0, 1))
    n_compartments = draw(st.integers(1, 4))
    for number in range(n_compartments):
        width = draw(st.integers(2, 4))
        circuits = [at(column + i, row) for i in range(width)]
        both = draw(st.sets(st.integers(0, width - 1)))
        circuits += [at(column + i, 1 - row) for i in sorted(both)]
        if number > 0:
            builder.connect_to_soma(at(column, row))
        builder.create_compartment(draw(st.permutations(circuits)))
        if number < n_compartments - 1:
            gap = draw(st.integers(0, 3))
            builder.connect_resistor_to_soma(at(column + width - 1, row))
            builder.connect_soma_line(column + width - 1, column + width + gap, row)
            column += width + gap
    return builder.done()


def placed(neuron, data):
    width, height = len(neuron.compartments.columns), len(neuron.compartments.rows)
    half, column = data.draw(st.integers(0, 1)), data.draw(st.integers(0, 128 - width))
    return 256 * data.draw(st.integers(0, 2 - height)) + 128 * half + column


@given(chains(), st.booleans(), st.booleans(), st.data())
def test_written_switches_make_the_compartments_wherever_and_however_they_lie(
    neuron, flip_x, flip_y, data
):
    neuron = neuron.flip_x() if flip_x else neuron
    neuron = neuron.flip_y() if flip_y else neuron
    chip = ChipConfig()
    assert_written(chip, neuron.write(chip, placed(neuron, data)))


@given(chains())
def test_flips_undo_themselves(neuron):
    assert neuron.flip_x().flip_x() == neuron
    assert neuron.flip_y().flip_y() == neuron
    assert neuron.flip_x().flip_y() == neuron.flip_y().flip_x()


@given(chains(), st.data())
def test_only_the_switches_of_its_circuits_are_written(neuron, data):
    chip, before = ChipConfig(), ChipConfig()
    neuron.write(chip, placed(neuron, data))
    written = {name for name in chip.neurons if np.any(chip.neurons[name] != before.neurons[name])}
    assert written <= {f"multicompartment_{field.name}" for field in fields(Switches)}
    changed = np.flatnonzero(
        sum(chip.neurons[name] != before.neurons[name] for name in written) if written else [0]
    )
    assert changed.size <= len(neuron.switches)


def test_switches_have_the_names_of_the_configuration():
    assert all(f"multicompartment_{field.name}" in BY_NAME for field in fields(Switches))


def test_what_was_set_on_its_circuits_before_is_opened():
    chip, builder = ChipConfig(), Morphology()
    builder.create_compartment([at(0, 0)])
    chip.neurons.multicompartment_connect_vertical[7] = 1
    builder.done().write(chip, 7)
    assert chip == ChipConfig()


@pytest.mark.parametrize("name", ["connect_right", "connect_soma_right"])
def test_a_closed_switch_of_the_left_neighbour_is_refused_before_anything_is_written(name):
    chip, builder = ChipConfig(), Morphology()
    builder.create_compartment([at(0, 0), at(1, 0)])
    builder.connect_to_soma(at(0, 0))
    chip.neurons[f"multicompartment_{name}"][6] = 1
    before = chip.copy()
    with pytest.raises(
        MorphologyError,
        match=rf"multicompartment_{name} of AtomicNeuron\(6\) is closed and would join Atomic",
    ):
        builder.done().write(chip, 7)
    assert chip == before


def test_a_switch_across_the_middle_joins_nothing_and_is_accepted():
    chip, builder = ChipConfig(), Morphology()
    chip.neurons.multicompartment_connect_right[127] = 1
    builder.create_compartment([at(0, 0)])
    assert builder.done().write(chip, 128).atomic_neurons == (128,)


def test_a_neuron_that_does_not_fit_is_refused_before_anything_is_written():
    chip, builder = ChipConfig(), Morphology()
    builder.create_compartment([at(0, 0), at(1, 0)])
    with pytest.raises(CoordinateError, match="anchor it at least 1 columns further left"):
        builder.done().write(chip, 127)
    assert chip == ChipConfig()


# --- building ---


def test_circuits_between_compartments_are_bridges():
    builder = Morphology()
    builder.create_compartment([at(0, 0)])
    builder.create_compartment([at(3, 0)])
    builder.connect_to_soma(at(0, 0))
    builder.connect_resistor_to_soma(at(3, 0))
    builder.connect_soma_line(0, 3, 0)
    neuron = builder.done()
    assert neuron.compartments.bridges == (1, 2)
    assert all(neuron.switches[circuit].is_bridge for circuit in (at(1, 0), at(2, 0)))
    assert neuron.place(10).atomic_neurons == (10, 13, 11, 12)


def test_a_circuit_that_was_only_attached_becomes_a_compartment_after_the_others():
    builder = Morphology()
    builder.connect_resistor_to_soma(at(2, 0))
    builder.create_compartment([at(0, 0), at(0, 1)])
    builder.connect_to_soma(at(0, 0))
    builder.connect_soma_line(0, 2, 0)
    assert builder.done().compartments.compartments == {0: (0, 128), 1: (2,)}


def test_a_line_may_pass_over_a_compartment():
    builder = Morphology()
    builder.create_compartment([at(0, 0)])
    builder.create_compartment([at(1, 0), at(1, 1)])
    builder.create_compartment([at(2, 0)])
    builder.connect_soma_line(0, 2, 0)
    builder.connect_to_soma(at(0, 0))
    builder.connect_resistor_to_soma(at(2, 0))
    builder.connect_resistor_to_soma(at(1, 0))
    assert builder.done().compartments.bridges == ()


@pytest.mark.parametrize(
    ("circuits", "message"),
    [
        ([], "compartment 1 has no circuit; give it at least one"),
        (
            [at(1, 0)],
            r"compartment 1: circuit \(column 1, row 0\) is already part of compartment 0",
        ),
        ([at(5, 0), at(5, 0)], r"\(column 5, row 0\) is already part of compartment 1; use each"),
        (
            [at(5, 0), at(7, 0)],
            r"\(column 7, row 0\) does not touch \(column 5, row 0\) over others",
        ),
        ([at(5, 0), at(6, 1)], "its circuits must be neighbours, or make several compartments and"),
        ([at(127, 0), at(0, 1)], "does not touch"),
    ],
)
def test_a_compartment_that_cannot_be_is_refused_and_leaves_no_trace(circuits, message):
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(1, 0)])
    with pytest.raises(MorphologyError, match=message):
        builder.create_compartment(circuits)
    assert builder.done().compartments.compartments == {0: (0, 1)}
    assert builder.create_compartment([at(9, 0)]) == 1


def test_a_circuit_is_joined_to_the_line_in_one_way():
    builder = Morphology()
    builder.connect_to_soma(at(0, 0))
    with pytest.raises(
        MorphologyError, match="already joined to the soma line directly; a circuit"
    ):
        builder.connect_resistor_to_soma(at(0, 0))
    builder.connect_resistor_to_soma(at(1, 0))
    with pytest.raises(MorphologyError, match="already joined to the soma line through a resistor"):
        builder.connect_to_soma(at(1, 0))
    assert builder[at(0, 0)] == Switches(connect_soma=True)
    assert builder[at(1, 0)] == Switches(enable_conductance=True)


def test_a_line_that_runs_backwards_or_out_of_the_window_is_refused():
    builder = Morphology()
    with pytest.raises(
        MorphologyError, match="ends in column 2, left of its begin in column 3; ex"
    ):
        builder.connect_soma_line(3, 2, 0)
    with pytest.raises(CoordinateError, match="column = 128 does not exist"):
        builder.connect_soma_line(3, 128, 0)
    with pytest.raises(CoordinateError, match="row = 2 does not exist"):
        builder.connect_soma_line(3, 5, 2)


def test_nothing_is_no_neuron():
    with pytest.raises(MorphologyError, match="the morphology is empty; begin with create_compar"):
        Morphology().done()


def test_compartments_without_a_line_between_them_are_no_neuron():
    builder = Morphology()
    builder.create_compartment([at(0, 0)])
    builder.create_compartment([at(1, 0)])
    with pytest.raises(
        MorphologyError,
        match=r"compartment 1 \(circuit \(column 1, row 0\)\) is not joined to compartment 0; ",
    ):
        builder.done()


def test_compartments_joined_without_a_resistor_are_refused():
    builder = Morphology()
    builder.create_compartment([at(0, 0)])
    builder.create_compartment([at(1, 0)])
    builder.connect_to_soma(at(0, 0))
    builder.connect_to_soma(at(1, 0))
    builder.connect_soma_line(0, 1, 0)
    with pytest.raises(MorphologyError, match="are of two compartments but joined without a resis"):
        builder.done()


def test_a_line_that_ends_nowhere_is_refused():
    builder = Morphology()
    builder.create_compartment([at(0, 0)])
    builder.connect_to_soma(at(0, 0))
    builder.connect_soma_line(0, 2, 0)
    with pytest.raises(
        MorphologyError, match=r"a soma line ends at circuit \(column 2, row 0\), to which nothing"
    ):
        builder.done()


def test_a_line_that_no_compartment_reaches_is_refused():
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(0, 1), at(1, 1), at(2, 1), at(2, 0)])
    builder.connect_soma_line(1, 2, 0)
    with pytest.raises(MorphologyError, match="is not joined to any compartment; attach one to it"):
        builder.done()


def test_a_refused_neuron_can_be_completed():
    builder = Morphology()
    builder.create_compartment([at(0, 0)])
    builder.create_compartment([at(1, 0)])
    with pytest.raises(MorphologyError):
        builder.done()
    builder.connect_to_soma(at(0, 0))
    builder.connect_resistor_to_soma(at(1, 0))
    builder.connect_soma_line(0, 1, 0)
    assert len(builder.done().compartments.compartments) == 2


def test_255_compartments_fill_a_window():
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(0, 1)])
    builder.connect_to_soma(at(0, 0))
    builder.connect_to_soma(at(0, 1))
    for row in (0, 1):
        builder.connect_soma_line(0, 127, row)
        for column in range(1, 128):
            builder.create_compartment([at(column, row)])
            builder.connect_resistor_to_soma(at(column, row))
    neuron = builder.done()
    assert len(neuron.compartments.compartments) == 255
    chip = ChipConfig()
    assert_written(chip, neuron.write(chip, 128))


def test_the_error_is_a_protocol_error_and_a_runtime_error():
    assert issubclass(MorphologyError, ProtocolError)
    assert issubclass(MorphologyError, RuntimeError)
