"""From compartments to a class.

Oracle: the types of errors of the chip's own PyNN backend, as its tests fix them; what a
compartment says, written out by hand.
"""

import pytest

from firmware_protocol import FieldRangeError
from firmware_protocol.coordinates import (
    AtomicNeuronOnLogicalNeuron,
    CompartmentOnLogicalNeuron,
    LogicalNeuronCompartments,
)
from firmware_protocol.morphology import LogicalNeuron, MorphologyError
from pynn_hx import errors
from pynn_hx.morphology import (
    Compartment,
    McNeuronBase,
    SharedLineConnection,
    create_mc_neuron,
)

LINE = SharedLineConnection(start=0, stop=1, row=0)


def pair(first=None, second=None, **options):
    """Two circuits, the first on the line, the second behind a resistor."""
    one = {"positions": [0], "label": "soma", "connect_shared_line": [0]} | (first or {})
    other = {"positions": [1], "label": "dend", "connect_conductance": [(1, 200)]} | (second or {})
    connections = options.pop("connections", [LINE])
    return create_mc_neuron(
        "Pair", [Compartment(**one), Compartment(**other)], connections, **options
    )


def test_a_class_says_what_it_is_made_of():
    Pair = pair()
    assert issubclass(Pair, McNeuronBase) and Pair.__name__ == "Pair"
    assert len(Pair.compartments) == 2
    assert Pair.compartments[CompartmentOnLogicalNeuron(1)].label == "dend"
    assert isinstance(Pair.logical_neuron, LogicalNeuron)
    assert Pair.logical_compartments == LogicalNeuronCompartments.of([[0], [1]])
    assert (Pair.n_circuits, Pair.columns, Pair.rows) == (2, (0, 1), (0, 0))
    assert [(part.label, part.circuits) for part in Pair.layout] == [("soma", (0,)), ("dend", (1,))]
    assert Pair.__doc__ == "A neuron with compartments soma, dend."


def test_circuits_are_numbered_by_compartment_and_bridges_come_last():
    Neuron = create_mc_neuron(
        "Neuron",
        [
            Compartment(positions=[131, 3], label="a", connect_conductance=[(3, 1)]),
            Compartment(positions=[6, 7], label="b", connect_shared_line=[6]),
        ],
        [SharedLineConnection(3, 6, 0)],
    )
    assert [part.circuits for part in Neuron.layout] == [(0, 1), (2, 3)]
    assert Neuron.columns == (0, 0, 3, 4, 1, 2)
    assert Neuron.rows == (1, 0, 0, 0, 0, 0)
    assert Neuron.n_circuits == 6


def test_single_compartments_need_no_connections():
    Neuron = create_mc_neuron("Neuron", (Compartment(positions=[0, 1], label="a"),))
    assert (len(Neuron.compartments), Neuron.n_circuits) == (1, 2)


def test_labels_are_found_and_may_be_shared():
    parts = [
        Compartment(positions=[0], label="mine", connect_shared_line=[0]),
        Compartment(positions=[1], label="mine", connect_conductance=[(1, 200)]),
        Compartment(positions=[2], label="other", connect_conductance=[(2, 200)]),
    ]
    Neuron = create_mc_neuron("Neuron", parts, [SharedLineConnection(0, 2, 0)])
    assert Neuron.get_labels() == ["mine", "mine", "other"]
    assert Neuron.get_label(CompartmentOnLogicalNeuron(0)) == Neuron.get_label(1) == "mine"
    assert Neuron.get_compartment_ids(["mine"]) == [0, 1]
    assert Neuron.get_compartment_ids(["other", "mine", "other"]) == [2, 0, 1]
    assert Neuron.get_compartment_ids("other") == [CompartmentOnLogicalNeuron(2)]
    with pytest.raises(KeyError, match=r"Neuron has compartments 0\.\.2, not 4"):
        Neuron.get_label(CompartmentOnLogicalNeuron(4))
    with pytest.raises(ValueError, match="no compartment 'axon'; it has 'mine', 'other'"):
        Neuron.get_compartment_ids(["mine", "axon"])


@pytest.mark.parametrize(
    ("compartments", "connections", "message"),
    [
        (Compartment(positions=[0], label="a"), None, "compartments = .*: give a list of Compart"),
        (5, None, "compartments = 5: give a list of Compartment"),
        ([[0]], None, r"compartments contains \[0\], which is no Compartment"),
        ([], LINE, "connections = .*: give a list of SharedLineConnection"),
        ([], [(0, 1, 0)], r"connections contains \(0, 1, 0\), which is no SharedLineConnection"),
        ([], 3, "connections = 3: give a list"),
    ],
)
def test_arguments_of_another_form_are_refused(compartments, connections, message):
    with pytest.raises(TypeError, match=message):
        create_mc_neuron("Neuron", compartments, connections)


def test_a_class_has_a_name():
    with pytest.raises(TypeError, match="give the new class a name"):
        create_mc_neuron([Compartment(positions=[0], label="a")], [])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"connections": None}, "compartment 1 .* is not joined to compartment 0.*1 is 'dend'"),
        ({"second": {"connect_conductance": [], "connect_shared_line": [1]}},
         "of two compartments but joined without a resistor"),
        ({"second": {"positions": [1, 0]}}, "is already part of compartment 0; use each circuit"),
        ({"second": {"connect_shared_line": [1]}}, "already joined to the soma line directly"),
        ({"second": {"positions": [1, 3]}}, "does not touch"),
        ({"first": {"positions": []} , "connections": None}, "names position 0"),
    ],
)  # fmt: skip
def test_what_is_not_one_neuron_is_refused(change, message):
    kind = TypeError if message.startswith("names") else MorphologyError
    with pytest.raises(kind, match=message):
        pair(**change)


def test_nothing_is_not_a_neuron():
    with pytest.raises(RuntimeError, match=r"create_mc_neuron\('N'\): the morphology is empty"):
        create_mc_neuron("N", [])


def test_compartments_are_checked_again_because_they_can_be_changed():
    part = Compartment(positions=[0], label="a")
    part.positions.append("b")
    with pytest.raises(TypeError, match="positions contains 'b'"):
        create_mc_neuron("N", [part])


def test_changing_a_compartment_later_does_not_change_the_class():
    part = Compartment(positions=[0], label="a")
    Neuron = create_mc_neuron("N", [part])
    part.positions.append(1)
    assert Neuron.sizes() == (1,)


# --- parameters ---------------------------------------------------------------------------------


def test_neurons_have_the_65_parameters_of_a_circuit_that_the_morphology_leaves():
    Pair = pair()
    names = Pair.get_parameter_names()
    assert len(names) == 65
    assert {"leak_v_leak", "multicompartment_i_bias_nmda"} <= set(names)
    assert not {"multicompartment_connect_soma", "multicompartment_enable_conductance"} & set(names)
    assert {"v", "spikes", *names} <= set(Pair.units)


def test_what_compartments_say_becomes_the_default():
    Pair = pair(
        {"positions": [0, 128], "leak_v_leak": [1, 2], "threshold_enable": True},
        {"leak_v_leak": 3, "leak_i_bias": 4},
    )
    default = Pair.default_parameters
    assert default["leak_v_leak"] == [[1, 2], [3]]
    assert default["leak_i_bias"] == [[0, 0], [4]]
    assert default["threshold_enable"].tolist() == [[True, True], [False]]
    assert default["refractory_period_reset_holdoff"] == 15
    said = {name: mask.tolist() for name, mask in Pair.from_compartments.items()}
    assert said == {
        "leak_v_leak": [True, True, True],
        "leak_i_bias": [False, False, True],
        "threshold_enable": [True, True, False],
        "multicompartment_i_bias_nmda": [False, False, True],
    }


def test_the_conductance_is_the_bias_of_that_circuits_resistor():
    Neuron = pair(second={"positions": [1, 2], "connect_conductance": [(1, 200)]})
    assert Neuron.default_parameters["multicompartment_i_bias_nmda"] == [[0], [200, 0]]


def test_one_active_circuit_switches_leak_capacitor_and_threshold_of_the_others_off():
    Neuron = pair(
        {"positions": [128, 0], "leak_i_bias": 300, "membrane_capacitance_capacitance": 63,
         "leak_enable_multiplication": True, "threshold_enable": [True, False]},
        single_active_circuit=True,
    )  # fmt: skip
    default = Neuron.default_parameters
    assert default["leak_i_bias"] == [[300, 0], [0]]
    assert default["membrane_capacitance_capacitance"] == [[63, 0], [0]]
    assert default["leak_enable_multiplication"] == [[True, False], [False]]
    assert default["leak_enable_division"] == [[False, True], [False]]
    assert default["threshold_enable"] == [[True, False], [False]]
    assert Neuron.from_compartments["leak_i_bias"].tolist() == [True, True, False]


def test_one_active_circuit_needs_nothing_in_compartments_of_one_circuit():
    assert set(pair(single_active_circuit=True).from_compartments) == {
        "multicompartment_i_bias_nmda"
    }


@pytest.mark.parametrize(
    ("parameters", "options", "error", "message"),
    [
        ({"leak_v_leak": 1023}, {}, FieldRangeError,
         "'Pair'.: compartment 'soma': leak_v_leak = 1023 is outside 0..1022"),
        ({"leak_v_leak": [1, 2]}, {}, TypeError, "give a number for all circuits, or a list of one "
         "number for each of its 1"),
        ({"leak_v_leak": "5"}, {}, TypeError, "leak_v_leak='5': give a number"),
        ({"leak": 5}, {}, errors.NonExistentParameterError, "leak .*compartment 'soma'"),
        ({"multicompartment_connect_soma": True}, {}, errors.NonExistentParameterError, "_soma"),
        ({"connect_conductance": [(0, 2000)], "connect_shared_line": []}, {}, FieldRangeError,
         "multicompartment_i_bias_nmda = 2000"),
        ({"connect_conductance": [(0, 1)], "multicompartment_i_bias_nmda": 5,
          "connect_shared_line": []}, {}, TypeError, "is given twice, also by connect_conductance"),
        ({"positions": [0, 128], "leak_i_bias": [5, 6]}, {"single_active_circuit": True},
         TypeError, r"leak_i_bias=\[5, 6\], but single_active_circuit sets it to 0"),
    ],
)  # fmt: skip
def test_wrong_parameters_of_a_compartment_are_refused(parameters, options, error, message):
    with pytest.raises(error, match=message):
        pair(parameters, **options)


def test_the_base_has_no_circuits():
    with pytest.raises(TypeError, match=r"make a class with create_mc_neuron\(\)"):
        McNeuronBase()


def test_circuits_may_be_named_by_coordinates():
    at = AtomicNeuronOnLogicalNeuron.at
    Neuron = create_mc_neuron("N", [Compartment(positions=[at(0, 1), at(1, 1)], label="a")])
    assert Neuron.rows == (0, 0)
