"""Values by compartment and circuit, as Python, NumPy and PyNN see them.

Oracle: nested lists; PyNN's own way of storing parameters.
"""

import copy
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyNN.parameters import LazyArray

from firmware_protocol import FieldRangeError
from pynn_hx.morphology import McCircuitParameters
from pynn_hx.morphology.parameters import checked_numbers, simplified, stacked

NESTED = st.lists(
    st.lists(st.integers(0, 1022).map(float), min_size=1, max_size=5), min_size=1, max_size=5
)


def objects(*values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


@given(NESTED)
def test_nested_lists_come_back(nested):
    values = McCircuitParameters(nested)
    assert values.tolist() == nested and values == nested and len(values) == len(nested)
    assert values.sizes == tuple(map(len, nested))
    assert [part.tolist() for part in values] == nested
    assert values[-1].tolist() == nested[-1]
    assert values.flat.tolist() == list(chain(*nested))
    assert McCircuitParameters.of_flat(values.flat, values.sizes) == values


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ([[1], [2, 3]], [[1], [2, 3]], True),
        ([[1], [2, 3]], [[1.0], [2.0, 3.0]], True),
        ([[1], [2, 3]], [[1, 2], [3]], False),
        ([[1], [2, 3]], [[1], [2, 4]], False),
    ],
)
def test_equal_means_the_same_values_in_the_same_compartments(one, other, equal):
    assert (McCircuitParameters(one) == McCircuitParameters(other)) is equal


def test_values_equal_a_number_that_all_circuits_have():
    values = McCircuitParameters([[4], [4, 4]])
    assert values == 4 and values != 5 and values != "4"


def test_repr_is_what_makes_an_equal_one():
    values = McCircuitParameters([[1.5], [2, 3]])
    assert repr(values) == "McCircuitParameters([[1.5], [2.0, 3.0]])"
    assert eval(repr(values)) == values


@pytest.mark.parametrize(
    "wrong", [5, "ab", [1, 2], [[1], 2], [], [[]], [["a"]], [[[1]]], None, ["12"]]
)
def test_what_is_not_a_list_of_lists_of_numbers_is_refused(wrong):
    with pytest.raises(TypeError, match="one number per circuit, such as"):
        McCircuitParameters(wrong)


def test_flat_values_must_fit_the_compartments():
    with pytest.raises(ValueError, match=r"2 values do not fit compartments of \(1, 2\) circuits"):
        McCircuitParameters.of_flat([1, 2], (1, 2))


def test_value_is_changed_by_assigning_a_changed_one():
    original = McCircuitParameters.uniform(7.0, (1, 2))
    changed = copy.deepcopy(original)
    changed.value = original.value + 1
    assert changed == [[8], [8, 8]] and changed.scalar is None
    assert original == [[7], [7, 7]] and original.scalar == 7.0
    with pytest.raises(TypeError):
        changed.value = [1, 2]


def test_what_is_read_is_a_copy():
    values = McCircuitParameters([[1], [2, 3]])
    values[1][0] = values.value[0][0] = 9
    assert values == [[1], [2, 3]]
    with pytest.raises(ValueError, match="read-only"):
        values.flat[0] = 9


def test_numpy_takes_them_as_single_values():
    one, other = McCircuitParameters([[1], [2]]), McCircuitParameters([[1], [3]])
    cells = np.array([one, other])
    assert cells.shape == (2,) and cells.dtype == object and cells[1] is other
    assert (cells == one).tolist() == (one == cells).tolist() == [True, False]
    assert np.where([True, False], cells, objects(other, one)).tolist() == [one, one]
    assert np.asarray(one).shape == ()


@pytest.mark.parametrize("size", [1, 3])
def test_pynn_stores_one_for_all_cells_or_one_per_cell(size):
    values = McCircuitParameters([[1], [2, 3]])
    for given_ in (values, [values] * size, objects(*[values] * size)):
        stored = LazyArray(given_, shape=(size,), dtype=McCircuitParameters)
        assert np.all(np.atleast_1d(stored.evaluate()) == objects(*[values] * size))
    assert LazyArray(values, (size,), McCircuitParameters).evaluate(simplify=True) == values


def test_pynn_keeps_numbers_as_numbers():
    assert LazyArray(5, (3,), McCircuitParameters).evaluate(simplify=True) == 5
    assert LazyArray(5.0, (3,), McCircuitParameters).evaluate().tolist() == [5, 5, 5]
    assert LazyArray([4, 5], (2,), McCircuitParameters).evaluate().tolist() == [4, 5]


def test_numbers_times_values():
    values = McCircuitParameters([[1], [2, 3]])
    assert values * 2 == [[2], [4, 6]]
    assert (values * np.array([1, 2])).tolist() == [values, values * 2]


uniform, nested = McCircuitParameters.uniform, McCircuitParameters([[1], [1, 1]])


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        (objects(uniform(5.0, (1, 2)), uniform(5.0, (1, 2))), 5.0),
        (objects(uniform(True, (1, 2))), True),
        (objects(nested, nested), nested),
    ],
)
def test_what_all_cells_agree_on_is_shown_once_and_as_it_was_given(stored, shown):
    value = simplified(stored)
    assert type(value) is type(shown) and value == shown


def test_what_cells_do_not_agree_on_is_shown_by_cell():
    assert simplified(objects(uniform(5.0, (1,)), uniform(6.0, (1,)))).tolist() == [5.0, 6.0]
    other = McCircuitParameters([[1], [1, 2]])
    mixed = simplified(objects(nested, other))
    assert mixed.shape == (2,) and mixed.tolist() == [nested, other]


def test_what_is_shown_can_be_changed_without_changing_what_is_stored():
    stored = objects(nested.copy(), nested.copy())
    simplified(stored).value = [[2], [2, 2]]
    both = objects(nested.copy(), McCircuitParameters([[3], [1, 1]]))
    simplified(both)[0].value = [[2], [2, 2]]
    assert np.all(stored == nested) and both[0] == nested


def test_stacked_values_have_a_row_per_cell():
    assert stacked(objects(nested, nested * 2)).tolist() == [[1, 1, 1], [2, 2, 2]]


@pytest.mark.parametrize(
    ("name", "number", "limit"),
    [
        ("leak_v_leak", 1023, 1022),
        ("leak_v_leak", -1, 1022),
        ("membrane_capacitance_capacitance", 64, 63),
        ("leak_i_bias", float("nan"), 1022),
    ],
)
def test_codes_out_of_range_are_refused_naming_whose_they_are(name, number, limit):
    message = rf"number 1: {name} = {number} is outside 0..{limit}"
    with pytest.raises(FieldRangeError, match=message):
        checked_numbers(name, np.array([0, number]), lambda index: f"number {index}")


def test_flags_become_bools_and_codes_floats():
    flags = checked_numbers("leak_enable_division", np.array([0, 3]), str)
    codes = checked_numbers("leak_v_leak", np.array([-0.5, 1022.9]), str)
    assert flags.tolist() == [False, True] and flags.dtype == bool
    assert codes.tolist() == [-0.5, 1022.9]
