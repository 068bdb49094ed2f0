"""Neurons of several circuits as the vendor's tests build them: switches, what is refused.

Oracle: haldls tests/sw/lola/vx (test-morphology.cpp; test_pylola: morphology builder, logical
neuron, illegal construction); test names in the docstrings or comments.
"""

import pytest

from firmware_protocol.coordinates import AtomicNeuronOnLogicalNeuron
from firmware_protocol.morphology import Morphology, MorphologyError

at = AtomicNeuronOnLogicalNeuron.at
CHAIN = [at(*p) for p in ((0, 0), (1, 0), (2, 0), (2, 1), (3, 1), (4, 1), (4, 0), (5, 0))]


def closed(builder, switch, row, columns=range(128)):
    return [column for column in columns if getattr(builder[at(column, row)], switch)]


def example():
    """Morphology, Example: a tree after figure 7 of Schemmel et al. (2017)."""
    builder = Morphology()
    builder.connect_resistor_to_soma(at(3, 0))
    builder.connect_resistor_to_soma(at(3, 1))
    builder.create_compartment([at(3, 0), at(3, 1)])
    builder.create_compartment([at(0, 1), at(1, 1), at(2, 1)])
    builder.connect_to_soma(at(2, 1))
    builder.connect_soma_line(1, 6, 0)
    for column in (1, 2, 4, 5, 6):
        builder.connect_resistor_to_soma(at(column, 0))
    builder.connect_soma_line(2, 6, 1)
    for column in (4, 5, 6):
        builder.connect_resistor_to_soma(at(column, 1))
    return builder


def test_example_switches():
    builder = example()
    assert closed(builder, "connect_vertical", 0) == [3]
    assert closed(builder, "connect_vertical", 1) == [3]
    assert closed(builder, "connect_right", 1) == [0, 1]
    assert closed(builder, "connect_soma_right", 0) == [1, 2, 3, 4, 5]
    assert closed(builder, "enable_conductance", 0) == [1, 2, 3, 4, 5, 6]
    assert closed(builder, "connect_soma", 1) == [2]
    assert len(builder.done().compartments.compartments) == 2 + 5 + 3


def test_chain_switches():
    builder = Morphology()
    builder.create_compartment(CHAIN)
    assert closed(builder, "connect_right", 0) == [0, 1, 4]
    assert closed(builder, "connect_right", 1) == [2, 3]
    assert closed(builder, "connect_vertical", 0) == [2, 4]
    assert closed(builder, "connect_vertical", 1) == [2, 4]


@pytest.mark.parametrize("missing", CHAIN[1:-1])
def test_an_interrupted_chain_is_refused(missing):
    with pytest.raises(MorphologyError):
        Morphology().create_compartment([circuit for circuit in CHAIN if circuit != missing])


def test_builder_calls():
    builder = Morphology()
    builder.connect_soma_line(0, 127, 0)
    assert closed(builder, "connect_soma_right", 0) == list(range(127))


def test_a_circuit_is_joined_to_the_line_once():
    """Morphology, NeuronDoubleConnection2Soma."""
    builder = Morphology()
    builder.connect_to_soma(at(0, 0))
    with pytest.raises(MorphologyError):
        builder.connect_resistor_to_soma(at(0, 0))


def test_skipping_a_circuit_over_the_line():
    """LogicalNeuron, SkipNeuronWithSoma: refused until the line is there and both are attached."""
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(0, 1)])
    builder.connect_resistor_to_soma(at(2, 0))
    with pytest.raises(MorphologyError):
        builder.done()
    builder.connect_soma_line(0, 2, 0)
    with pytest.raises(MorphologyError):
        builder.done()
    builder.connect_to_soma(at(0, 0))
    builder.done()


def test_a_ring_over_both_lines():
    """LogicalNeuron, CompartmentWithSomaticLine."""
    builder = Morphology()
    builder.create_compartment([at(1, 0), at(1, 1)])
    builder.create_compartment([at(2, 0), at(2, 1)])
    builder.connect_soma_line(0, 3, 0)
    builder.connect_soma_line(0, 1, 1)
    builder.connect_soma_line(2, 3, 1)
    for place in ((0, 0), (3, 0), (0, 1), (3, 1)):
        builder.connect_to_soma(at(*place))
    for place in ((1, 0), (2, 0), (1, 1), (2, 1)):
        builder.connect_resistor_to_soma(at(*place))
    compartments = builder.done().compartments.compartments
    assert compartments[2] == (at(0, 0), at(3, 0))


def test_five_compartments():
    """LogicalNeuron, Multicompartment."""
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(1, 0), at(0, 1)])
    builder.create_compartment([at(1, 1), at(2, 1), at(2, 0)])
    for place in ((4, 0), (1, 1), (3, 0), (5, 0)):
        builder.connect_resistor_to_soma(at(*place))
    builder.connect_to_soma(at(1, 0))
    builder.connect_to_soma(at(0, 1))
    builder.connect_soma_line(1, 5, 0)
    builder.connect_soma_line(0, 1, 1)
    assert len(builder.done().compartments.compartments) == 5


def test_a_line_beside_the_neuron_is_refused():
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(0, 1)])
    builder.connect_soma_line(20, 21, 0)
    with pytest.raises(MorphologyError):
        builder.done()


def test_compartments_joined_directly_are_refused():
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(1, 0)])
    builder.create_compartment([at(2, 0), at(3, 0)])
    builder.create_compartment([at(5, 0)])
    builder.connect_to_soma(at(3, 0))
    builder.connect_resistor_to_soma(at(0, 0))
    builder.connect_soma_line(0, 3, 0)
    builder.connect_to_soma(at(1, 0))
    with pytest.raises(MorphologyError):
        builder.done()


def test_a_compartment_enlarged_over_the_line_is_refused():
    builder = Morphology()
    builder.create_compartment([at(0, 0), at(1, 0)])
    builder.connect_to_soma(at(1, 0))
    builder.connect_to_soma(at(2, 0))
    builder.connect_soma_line(1, 2, 0)
    with pytest.raises(MorphologyError):
        builder.done()


def test_a_circuit_at_the_far_end_of_a_line():
    builder = Morphology()
    builder.create_compartment([at(2, 0), at(3, 0)])
    builder.connect_resistor_to_soma(at(3, 0))
    builder.connect_to_soma(at(0, 0))
    builder.connect_soma_line(0, 3, 0)
    assert builder.done().compartments.bridges == (at(1, 0),)
