"""Helpers.  Oracle: the table of AtomicNeuron fields."""

import pytest

import pynn_hx as pynn
from pynn_hx import helper


def test_the_nightly_chip_is_a_fresh_nominal_one():
    a, b = helper.chip_from_nightly(), helper.chip_from_nightly()
    assert a == b and a is not b


def test_names_split_at_their_member():
    assert helper.decompose_in_member_names("leak_v_leak") == ("leak", "v_leak")
    assert helper.decompose_in_member_names("refractory_period_input_clock") == (
        "refractory_period",
        "input_clock",
    )
    with pytest.raises(ValueError, match="begins with none of leak, reset"):
        helper.decompose_in_member_names("v_leak")


def test_values_of_a_circuit_are_parameters_of_the_cell_type():
    values = helper.get_values_of_atomic_neuron(helper.chip_from_nightly().atomic_neuron(3))
    assert list(values) == pynn.cells.HXNeuron.get_parameter_names()
    assert (values["leak_v_leak"], values["threshold_enable"]) == (606.0, True)
    fewer = helper.get_values_of_atomic_neuron(
        helper.chip_from_nightly().atomic_neuron(3), exclude=["leak_v_leak"]
    )
    assert len(fewer) == 69
    assert len(helper.ATOMIC_NEURON_MEMBERS) == 14
