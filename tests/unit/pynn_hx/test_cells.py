"""Cell types and their parameters.

Oracle: the register tables, and the parameter list of the backend whose scripts are to run here (70
circuit parameters, three defaults that are not zero).
"""

import numpy as np
import pytest
from pyNN.errors import InvalidParameterValueError, NonExistentParameterError
from pyNN.random import RandomDistribution

import pynn_hx as pynn


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def test_seventy_parameters_of_which_three_flags_and_one_count_are_set_by_default():
    names = pynn.cells.HXNeuron.get_parameter_names()
    assert len(names) == len(set(names)) == 70
    defaults = pynn.cells.HXNeuron.default_parameters
    assert {n for n, v in defaults.items() if v} == {
        "excitatory_input_enable_small_capacitance",
        "inhibitory_input_enable_small_capacitance",
        "refractory_period_reset_holdoff",
        "bayesian_to_post_pulse",
    }


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


def test_spike_times_are_shared_or_given_for_each_cell():
    shared = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.1, 0.2]))
    own = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[[0.1], [0.2, 0.3]]))
    assert [shared.spike_times(k).tolist() for k in (0, 1)] == [[0.1, 0.2]] * 2
    assert [own.spike_times(k).tolist() for k in (0, 1)] == [[0.1], [0.2, 0.3]]
    none = pynn.Population(1, pynn.cells.SpikeSourceArray())
    assert none.spike_times(0).size == 0


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0.2, 0.1], r"must be sorted, but 0\.1 ms follows 0\.2 ms"),
        ([-0.1], "is before the experiment's begin"),
        ([0.1, float("inf")], "must be finite"),
    ],
)
def test_impossible_spike_times_are_refused_and_leave_no_population(times, message):
    with pytest.raises(InvalidParameterValueError, match=message):
        pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=times))
    assert pynn.simulator.state.populations == []
    good = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.1]))
    with pytest.raises(InvalidParameterValueError, match=message):
        good.set(spike_times=times)
    assert good.spike_times(0).tolist() == [0.1]
