"""Values of neurons of several circuits, and what they write.

Oracle: arrays of the configuration, filled by hand; precedence as in docs/reference/pynn_api.md.
"""

import numpy as np
import pytest
from pyNN.parameters import ParameterSpace
from pyNN.random import NumpyRNG, RandomDistribution

from firmware_protocol import ChipConfig, FieldRangeError
from firmware_protocol.morphology import MorphologyError
from pynn_hx import errors
from pynn_hx.morphology import (
    Compartment,
    McCircuitParameters,
    SharedLineConnection,
    create_mc_neuron,
)
from tests.support.cells import place_on, stored_values, write_to


def neuron(first=None, second=None, **options):
    """A soma of one circuit on the line, a bridge, and a dendrite of two behind a resistor."""
    return create_mc_neuron(
        "Neuron",
        [
            Compartment(positions=[0], label="soma", connect_shared_line=[0], **(first or {})),
            Compartment(
                positions=[3, 2], label="dend", connect_conductance=[(2, 200)], **(second or {})
            ),
        ],
        [SharedLineConnection(0, 2, 0)],
        **options,
    )


SOMA, BRIDGE, OUTER, INNER = 0, 1, 3, 2


def codes(chip, name, circuits=(SOMA, BRIDGE, OUTER, INNER)):
    return chip.neurons[name][list(circuits)].tolist()


def distinct():
    """A configuration in which every circuit's leak potential is its number."""
    chip = ChipConfig()
    chip.neurons.leak_v_leak = np.arange(512)
    return chip


# --- values -------------------------------------------------------------------------------------


def check(celltype, values, name="leak_v_leak"):
    cells = np.empty(len(values), dtype=object)
    cells[:] = values
    return celltype.checked(name, cells, "population 'p'", np.arange(len(values)) + 10)


def test_numbers_and_nested_values_are_stored_alike():
    given = [5, np.int64(6), McCircuitParameters([[1], [2, 3]])]
    stored = check(neuron()(), given)
    assert [value.tolist() for value in stored] == [[[5], [5, 5]], [[6], [6, 6]], [[1], [2, 3]]]
    assert [value.scalar for value in stored] == [5.0, 6.0, None]


def test_flags_are_stored_as_flags():
    stored = check(neuron()(), [2, McCircuitParameters([[0], [1, 0]])], "threshold_enable")
    assert [v.tolist() for v in stored] == [[[True], [True, True]], [[False], [True, False]]]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (McCircuitParameters([[1], [2, 1023]]), FieldRangeError,
         "population 'p', cell 11, compartment 'dend': leak_v_leak = 1023 is outside 0..1022"),
        (-1, FieldRangeError, "cell 11, compartment 'soma': leak_v_leak = -1"),
        (McCircuitParameters([[1], [2]]), errors.InvalidParameterValueError,
         r"leak_v_leak of cell 11: compartments of \(1, 1\) .* Neuron has \(1, 2\)"),
        ([[1], [2, 3]], errors.InvalidParameterValueError, "or McCircuitParameters with"),
        ("5", errors.InvalidParameterValueError, "leak_v_leak of cell 11 = '5': give a number"),
    ],
)  # fmt: skip
def test_wrong_values_are_refused_naming_cell_and_compartment(value, error, message):
    with pytest.raises(error, match=message):
        check(neuron()(), [0, value])


def test_the_first_wrong_cell_is_named():
    wrong = McCircuitParameters([[2000], [0, 0]])
    with pytest.raises(FieldRangeError, match="cell 11, "):
        check(neuron()(), [5, wrong, 3000, wrong, 5, -1])


def test_what_is_stored_is_shared_with_nobody():
    given = McCircuitParameters([[1], [2, 3]])
    stored = check(neuron()(), [given, given])
    stored[0].value = [[9], [9, 9]]
    assert given == stored[1] == [[1], [2, 3]]


def test_what_is_shown_is_the_number_that_was_set_or_the_values_by_circuit():
    Neuron = neuron({"leak_v_leak": 1}, {"leak_v_leak": [2, 3]})
    assert Neuron.simplified(stored_values(Neuron(), 5)["leak_v_leak"]) == [[1], [2, 3]]
    hundred = Neuron.simplified(stored_values(Neuron(leak_v_leak=100), 5)["leak_v_leak"])
    assert isinstance(hundred, float) and hundred == 100


ONE, OTHER = McCircuitParameters([[1], [2, 3]]), McCircuitParameters([[1], [2, 4]])


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (ONE, [ONE, ONE]),
        ([ONE, OTHER], [ONE, OTHER]),
        (np.array([ONE, OTHER]), [ONE, OTHER]),
        (7, [7, 7]),
        ([7, 8], [7, 8]),
        (np.array([7.5, 8]), [7.5, 8]),
        (lambda cell: 7 + cell, [7, 8]),
    ],
)
def test_pynn_hands_over_what_set_was_given_and_get_shows_it(given, stored):
    """The way of a value through PyNN's `set` and `get`, as populations go it."""
    celltype = neuron()()
    space = ParameterSpace({"leak_v_leak": given}, celltype.get_schema(), (2,), type(celltype))
    space.evaluate(simplify=False)
    values = celltype.checked("leak_v_leak", space["leak_v_leak"], "p", np.arange(2))
    assert values.tolist() == stored
    shown = {"leak_v_leak": celltype.simplified(values)}
    space = ParameterSpace(shown, celltype.get_schema(), shape=(2,))
    got = space.evaluate(simplify=True)["leak_v_leak"]
    assert np.all(got == (stored[0] if stored[0] == stored[1] else stored))


def test_pynn_draws_random_numbers_per_cell():
    celltype = neuron()()
    uniform = RandomDistribution("uniform", low=100, high=200, rng=NumpyRNG(seed=1))
    space = ParameterSpace({"leak_v_leak": uniform}, celltype.get_schema(), (3,))
    values = celltype.checked("leak_v_leak", space.evaluate()["leak_v_leak"], "p", np.arange(3))
    assert len({value.scalar for value in values}) == 3


def test_unknown_names_and_switches_are_no_parameters():
    for name in ("leak", "multicompartment_connect_soma", "readout_source"):
        with pytest.raises(errors.NonExistentParameterError, match=name):
            neuron()(**{name: 1})


def test_variables_can_be_recorded_where_there_is_a_compartment():
    celltype = neuron()()
    assert celltype.can_record("v") and celltype.can_record("v", "dend")
    assert not celltype.can_record("v", "axon") and not celltype.can_record("u", "dend")


# --- the chip -----------------------------------------------------------------------------------


def test_the_switches_join_what_the_morphology_says():
    chip = ChipConfig()
    circuits = write_to(chip, neuron()())
    assert circuits.tolist() == [[SOMA, OUTER, INNER, BRIDGE]]
    assert codes(chip, "multicompartment_connect_soma") == [1, 0, 0, 0]
    assert codes(chip, "multicompartment_connect_soma_right") == [1, 1, 0, 0]
    assert codes(chip, "multicompartment_enable_conductance") == [0, 0, 0, 1]
    assert codes(chip, "multicompartment_connect_right") == [0, 0, 0, 1]
    assert codes(chip, "multicompartment_i_bias_nmda") == [0, 0, 0, 200]


def test_every_cell_is_written_where_it_was_placed():
    celltype = neuron()(leak_v_leak=McCircuitParameters([[1], [2, 3]]))
    chip = ChipConfig()
    circuits = write_to(chip, celltype, 40)
    assert np.unique(circuits).size == 160
    assert chip.neurons.leak_v_leak[circuits].tolist() == [[1, 2, 3, 0]] * 40
    assert np.count_nonzero(chip.neurons.multicompartment_connect_soma) == 40
    assert np.count_nonzero(chip.neurons.multicompartment_connect_soma[circuits[:, 0]]) == 40


def test_a_neuron_of_one_row_works_in_the_bottom_row_too():
    chip = ChipConfig()
    circuits = write_to(chip, neuron()(), permutation=np.arange(300, 400))
    assert circuits.tolist() == [[300, 303, 302, 301]]
    assert codes(chip, "multicompartment_connect_soma_right", range(299, 304)) == [0, 1, 1, 0, 0]


def test_a_neuron_of_both_rows_keeps_its_rows_and_its_corner_may_be_empty():
    corner = create_mc_neuron("L", [Compartment(positions=[1, 129, 128], label="a")])
    chip = ChipConfig()
    circuits = write_to(chip, corner(leak_v_leak=McCircuitParameters([[1, 2, 3]])))
    assert circuits.tolist() == [[1, 257, 256]]
    assert codes(chip, "leak_v_leak", (1, 257, 256)) == [1, 2, 3]
    assert codes(chip, "multicompartment_connect_vertical", (0, 1, 256, 257)) == [0, 1, 0, 1]


def test_compartments_go_before_the_configuration_and_what_is_given_before_both():
    Neuron = neuron(second={"leak_v_leak": [800, 900], "leak_i_bias": 5})
    chip = distinct()
    write_to(chip, Neuron(leak_i_bias=6), only_given=True)
    assert codes(chip, "leak_v_leak") == [SOMA, BRIDGE, 800, 900]
    assert codes(chip, "leak_i_bias") == [6, 0, 6, 6]
    write_to(chip, Neuron(leak_v_leak=7), only_given=True)
    assert codes(chip, "leak_v_leak") == [7, BRIDGE, 7, 7]


def test_without_a_configuration_everything_is_written_but_to_bridges():
    chip = distinct()
    write_to(chip, neuron(second={"leak_v_leak": [800, 900]})())
    assert codes(chip, "leak_v_leak") == [0, BRIDGE, 800, 900]


def test_cells_may_differ_in_what_was_set():
    celltype = neuron(second={"leak_v_leak": [800, 900]})()
    circuits, chip = place_on(celltype, 2), distinct()
    values = stored_values(celltype, 2)
    values["leak_v_leak"] = check(celltype, [1, 2])
    celltype.write(chip, circuits, values, {"leak_v_leak": np.array([False, True])}, "p")
    assert chip.neurons.leak_v_leak[circuits].tolist() == [[0, 800, 900, 1], [2, 2, 2, 5]]


def test_what_circuits_hold_is_learnt_by_cell():
    celltype = neuron()()
    chip = distinct()
    chip.neurons.threshold_enable[:6] = 1
    learned = celltype.learn(chip, place_on(celltype, 2))
    assert set(learned) == set(celltype.get_parameter_names())
    assert [v.tolist() for v in learned["leak_v_leak"]] == [[[0], [3, 2]], [[4], [7, 6]]]
    assert learned["threshold_enable"].tolist() == [
        [[True], [True, True]], [[True], [False, False]]
    ]  # fmt: skip


def test_what_was_written_is_learnt():
    values = McCircuitParameters([[100], [200, 300]])
    celltype = neuron()(leak_v_leak=values, threshold_enable=True)
    chip = ChipConfig()
    circuits = write_to(chip, celltype, 3)
    learned = celltype.learn(chip, circuits)
    for name, stored in stored_values(celltype, 3).items():
        assert np.all(learned[name] == stored), name


def test_a_neighbour_that_would_join_in_is_refused():
    chip = ChipConfig()
    chip.neurons.multicompartment_connect_right[9] = 1
    with pytest.raises(MorphologyError, match=r"connect_right of AtomicNeuron\(9\) is closed"):
        write_to(chip, neuron()(), permutation=np.arange(10, 20))
