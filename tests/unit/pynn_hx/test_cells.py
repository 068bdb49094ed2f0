"""Cell types and their parameters.

Oracle: the register tables, and the parameter list of the backend whose scripts are to run here (70
circuit parameters, three defaults that are not zero).
"""

import numpy as np
import pytest
from pyNN.errors import NonExistentParameterError
from pyNN.random import RandomDistribution

import pynn_hx as pynn
from firmware_protocol import ChipConfig


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


PLASTICITY = {"plasticity_rule_readout_source", "plasticity_rule_enable_readout_source"}


def test_seventy_circuit_parameters_and_two_for_plasticity_rules():
    names = pynn.cells.HXNeuron.get_parameter_names()
    assert names == pynn.cells.HXNeuron().get_parameter_names()
    assert len(names) == len(set(names)) == 72
    assert PLASTICITY < set(names)


def test_three_flags_and_one_count_are_set_by_default():
    defaults = pynn.cells.HXNeuron.default_parameters
    assert {n for n, v in defaults.items() if v} == {
        "excitatory_input_enable_small_capacitance",
        "inhibitory_input_enable_small_capacitance",
        "refractory_period_reset_holdoff",
        "bayesian_to_post_pulse",
    }


def test_what_can_be_recorded_and_received_and_in_which_units():
    cell = pynn.cells.HXNeuron
    assert cell.recordable == ["spikes", "v", "exc_synin", "inh_synin", "adaptation"]
    assert cell.receptor_types == ["excitatory", "inhibitory"]
    assert not cell.conductance_based
    assert {cell.units[name] for name in cell.recordable[1:]} == {"dimensionless"}
    assert cell.units.keys() >= set(cell.get_parameter_names())


@pytest.mark.parametrize(
    "name", ["v_rest", "readout_source", "event_routing_analog_output", "readout_enable_amplifier"]
)
def test_unknown_and_hidden_parameters_do_not_exist(name):
    with pytest.raises(NonExistentParameterError):
        pynn.cells.HXNeuron(**{name: 1})


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("leak_v_leak", 1023, 1022),
        ("leak_v_leak", -1, 1022),
        ("membrane_capacitance_capacitance", 64, 63),
        ("refractory_period_reset_holdoff", 16, 15),
        ("bayesian_operation", 4, 3),
        ("leak_i_bias", float("nan"), 1022),
        ("plasticity_rule_readout_source", 4, 3),
    ],
)
def test_codes_out_of_range_are_refused_when_the_population_is_made(name, value, limit):
    with pytest.raises(OverflowError, match=rf"{name} of cell 0 = .* is outside 0\.\.{limit}"):
        pynn.Population(1, pynn.cells.HXNeuron(**{name: value}), label="p")
    assert pynn.simulator.state.populations == []


def test_numbers_are_truncated_for_codes_and_mean_on_or_off_for_flags():
    population = pynn.Population(1, pynn.cells.HXNeuron(leak_v_leak=400.9, threshold_enable=1))
    assert population.get("threshold_enable") is True
    pynn.run(None, pynn.RunCommand.PREPARE)
    chip = pynn.simulator.state.mapped.chip
    assert chip.neurons.leak_v_leak[0] == 400
    assert chip.neurons.threshold_enable[0] == 1


def test_values_may_be_lists_functions_and_random():
    values = pynn.cells.HXNeuron(
        leak_v_leak=[1, 2, 3],
        reset_v_reset=lambda i: 10 * i,
        leak_i_bias=RandomDistribution("uniform", (100, 200)),
    )
    population = pynn.Population(3, values)
    assert population.get("leak_v_leak").tolist() == [1, 2, 3]
    assert population.get("reset_v_reset").tolist() == [0, 10, 20]
    assert np.all((population.get("leak_i_bias") >= 100) & (population.get("leak_i_bias") < 200))


def test_a_cell_type_object_can_serve_two_populations():
    cell = pynn.cells.HXNeuron(leak_v_leak=5)
    small, large = pynn.Population(1, cell), pynn.Population(3, cell)
    small.set(leak_v_leak=6)
    assert large.get("leak_v_leak") == 5


def test_parameters_of_plasticity_rules_are_stored():
    source = pynn.cells.HXNeuron.ReadoutSource
    assert [s.name for s in source] == ["membrane", "exc_synin", "inh_synin", "adaptation"]
    population = pynn.Population(
        2,
        pynn.cells.HXNeuron(
            plasticity_rule_readout_source=source.adaptation,
            plasticity_rule_enable_readout_source=1,
        ),
    )
    assert population.get("plasticity_rule_readout_source") == source.adaptation
    assert population.get("plasticity_rule_enable_readout_source") is True
    other = pynn.Population(1, pynn.cells.HXNeuron())
    assert other.get("plasticity_rule_readout_source") == source.membrane


@pytest.mark.parametrize(
    "cell", [pynn.cells.HXNeuron, pynn.cells.CalibHXNeuronCuba, pynn.cells.CalibHXNeuronCoba]
)
def test_a_plasticity_rule_is_refused_for_now(cell):
    assert cell(plasticity_rule=None).parameter_space.keys() >= PLASTICITY
    with pytest.raises(NotImplementedError, match=f"{cell.__name__}: plasticity_rule: .* not run"):
        cell(plasticity_rule=object())


def test_codes_are_written_where_they_are_chosen_and_learnt_where_cells_lie():
    cell, chip = pynn.cells.HXNeuron(), ChipConfig()
    chip.neurons.leak_v_leak = 100
    circuits = np.array([[5], [300]])
    values = {"leak_v_leak": np.array([400.9, 500.0]), "threshold_enable": np.array([True, True])}
    chosen = {"leak_v_leak": np.array([True, False]), "threshold_enable": np.array([True, True])}
    cell.write(chip, circuits, values, chosen, "p")
    learned = cell.learn(chip, circuits)
    assert learned["leak_v_leak"].tolist() == [400.0, 100.0]
    assert learned["threshold_enable"].tolist() == [True, True]
    assert learned["threshold_enable"].dtype == bool
    assert chip.neurons.threshold_enable.sum() == 2
    assert len(learned) == 70


def test_an_address_is_accepted_with_the_remark_that_it_has_no_effect():
    with pytest.warns(UserWarning, match="population 'p': event_routing_address has no effect"):
        pynn.Population(1, pynn.cells.HXNeuron(event_routing_address=3), label="p")


def test_a_hardware_entity_has_the_parameters_that_exist_and_ignores_the_rest():
    pytest.importorskip("pynn_hx.vendor.lola")
    create = pynn.cells.HXNeuron.create_hw_entity
    entity = create({"leak_v_leak": 5.7, "threshold_enable": 1, "no_such_parameter": 3})
    assert int(entity.leak.v_leak) == 5
    assert entity.threshold.enable is True
    assert entity == create({"leak_v_leak": 5, "threshold_enable": True})
    assert entity != create({"leak_v_leak": 6, "threshold_enable": True})
    with pytest.raises(OverflowError, match="leak_v_leak"):
        create({"leak_v_leak": 1023})
