"""Populations, views and IDs.  Oracle: PyNN's documented behaviour, and the precedence
default < initial configuration < constructor < set."""

import numpy as np
import pytest
from pyNN.parameters import Sequence

import pynn_hx as pynn
from pynn_hx import RunCommand


@pytest.fixture
def plain():
    pynn.setup()


@pytest.fixture
def configured():
    chip = pynn.helper.chip_from_nightly()
    chip.neurons.leak_v_leak = np.arange(512)
    pynn.setup(initial_config=chip)


def test_ids_are_consecutive_over_all_populations(plain):
    a = pynn.Population(3, pynn.cells.HXNeuron())
    s = pynn.Population(2, pynn.cells.SpikeSourceArray())
    b = pynn.Population(1, pynn.cells.HXNeuron())
    assert [int(p.first_id) for p in (a, s, b)] == [0, 3, 5]
    assert [p.offset for p in (a, s, b)] == [0, 0, 3]


def test_every_form_of_index_selects_the_cells(plain):
    p = pynn.Population(5, pynn.cells.HXNeuron(leak_v_leak=[0, 1, 2, 3, 4]))
    assert p[3].leak_v_leak == 3
    p[3].leak_v_leak = 30
    assert p.get("leak_v_leak").tolist() == [0, 1, 2, 30, 4]
    by_class = pynn.PopulationView(p, slice(1, 3))
    for view in (p[1:3], p[[1, 2]], p[1, 2], p[np.array([1, 2])], by_class):
        assert view.get("leak_v_leak").tolist() == [1, 2]
    view_of_view = p[1:4][1:]
    view_of_view.set(leak_v_leak=[20, 33])
    assert p.get("leak_v_leak").tolist() == [0, 1, 20, 33, 4]


def test_get_simplifies_unless_told_otherwise(plain):
    p = pynn.Population(2, pynn.cells.HXNeuron(leak_v_leak=7))
    assert p.get("leak_v_leak") == 7
    assert p.get(["leak_v_leak", "threshold_enable"]) == [7, False]
    assert p.get("leak_v_leak", simplify=False).tolist() == [7, 7]


def test_a_refused_set_changes_nothing(plain):
    p = pynn.Population(2, pynn.cells.HXNeuron(leak_v_leak=7))
    with pytest.raises(OverflowError, match=r"leak_v_leak of cell 1 = 2000"):
        p.set(leak_i_bias=5, leak_v_leak=[8, 2000])
    assert p.get(["leak_v_leak", "leak_i_bias"]) == [7, 0]
    with pytest.raises(pynn.errors.NonExistentParameterError):
        p.set(v_rest=3)


def test_a_population_of_no_cells_is_refused(plain):
    with pytest.raises(IndexError):
        pynn.Population(0, pynn.cells.HXNeuron())
    assert pynn.simulator.state.populations == []


def test_class_and_parameters_apart_still_work(plain):
    with pytest.warns(DeprecationWarning):
        p = pynn.Population(1, pynn.cells.HXNeuron, {"leak_v_leak": 3})
    assert p.get("leak_v_leak") == 3


def test_values_under_an_initial_config_wait_for_the_mapping(configured):
    p = pynn.Population(2, pynn.cells.HXNeuron(reset_v_reset=7), label="p")
    with pytest.raises(RuntimeError, match=r"population 'p': get\(\) before the network is mapped"):
        p.get("leak_v_leak")
    with pytest.raises(RuntimeError, match=r"population 'p': set\(\) before the network is mapped"):
        p.set(leak_v_leak=3)


def test_precedence_of_default_configuration_constructor_and_set(configured):
    first = pynn.Population(2, pynn.cells.HXNeuron())
    p = pynn.Population(2, pynn.cells.HXNeuron(reset_v_reset=7))
    pynn.run(None, RunCommand.PREPARE)
    assert first.get("leak_v_leak").tolist() == [0, 1]
    assert p.get("leak_v_leak").tolist() == [2, 3], "values of the circuits it is placed on"
    assert p.get("reset_v_reset") == 7
    assert p.get("threshold_v_threshold") == 374
    p.set(leak_v_leak=[100, 3])
    pynn.run(None, RunCommand.PREPARE)
    assert p.get("leak_v_leak").tolist() == [100, 3]
    chip = pynn.simulator.state.mapped.chip
    assert chip.neurons.leak_v_leak[:5].tolist() == [0, 1, 100, 3, 4]


def test_a_permutation_chooses_the_circuits():
    chip = pynn.helper.chip_from_nightly()
    chip.neurons.leak_v_leak = np.arange(512)
    pynn.setup(initial_config=chip, neuronPermutation=[500, 7])
    p = pynn.Population(2, pynn.cells.HXNeuron())
    pynn.run(None, RunCommand.PREPARE)
    assert p.get("leak_v_leak").tolist() == [500, 7]
    pynn.Population(1, pynn.cells.HXNeuron())
    pynn.Projection(p, p, pynn.AllToAllConnector())
    pynn.run(None, RunCommand.PREPARE)
    circuits = [part.circuit.tolist() for part in pynn.simulator.state.mapped.parts]
    assert circuits == [[500, 7], [500]], "the third neuron's turn comes afterwards"


def test_a_loop_larger_than_the_chip_is_refused_with_both_numbers(plain):
    a = pynn.Population(500, pynn.cells.HXNeuron())
    b = pynn.Population(13, pynn.cells.HXNeuron())
    for pre, post in ((a, b), (b, a)):
        pynn.Projection(pre, post, pynn.AllToAllConnector())
    with pytest.raises(RuntimeError, match=r"513 neuron circuits .* but the chip has 512"):
        pynn.run(0.1)
    assert pynn.get_current_time() == 0


def test_initial_values_have_no_effect_and_say_so(plain):
    p = pynn.Population(1, pynn.cells.HXNeuron())
    for cells in (p, p[0:1]):
        with pytest.warns(UserWarning, match="initial value of v: no effect"):
            cells.initialize(v=3)
    with pytest.warns(UserWarning, match="initial value of v: no effect"):
        pynn.Population(1, pynn.cells.HXNeuron(), initial_values={"v": 1})


def test_description_names_the_cell_type(plain):
    p = pynn.Population(2, pynn.cells.HXNeuron(), label="mine")
    assert "mine" in p.describe() and "HXNeuron" in p.describe()


def test_assemblies_record_all_members(plain):
    a = pynn.Population(1, pynn.cells.HXNeuron())
    b = pynn.Population(1, pynn.cells.HXNeuron())
    (a + b).record("spikes")
    assert [len(p.recorder.spike_cells()) for p in (a, b)] == [1, 1]


def test_a_message_names_the_cell_of_the_population_not_of_the_view(plain):
    population = pynn.Population(4, pynn.cells.HXNeuron())
    with pytest.raises(OverflowError, match=r"leak_v_leak of cell 3 = 1023 is outside 0\.\.1022"):
        population[2:4].set(leak_v_leak=[3, 1023])


def test_one_cell_takes_a_list_of_one_value(plain):
    neuron = pynn.Population(1, pynn.cells.HXNeuron(leak_v_leak=[5]))
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[[0.1, 0.2]]))
    neuron.set(leak_i_bias=[6])
    assert neuron.get(["leak_v_leak", "leak_i_bias"]) == [5.0, 6.0]
    assert source.get("spike_times").value.tolist() == [0.1, 0.2]


def test_spike_times_are_read_back_as_sequences_and_collapse_if_equal(plain):
    cells = pynn.cells.SpikeSourceArray(spike_times=[Sequence([0.1]), [], [0.3]])
    population = pynn.Population(3, cells)
    population[1:2].set(spike_times=[0.5])
    population[0].spike_times = [0.7]
    assert [s.value.tolist() for s in population.get("spike_times")] == [[0.7], [0.5], [0.3]]
    population.set(spike_times=[0.2, 0.4])
    assert population.get("spike_times") == Sequence([0.2, 0.4])


def test_units_of_variables_and_parameters_can_be_asked(plain):
    population = pynn.Population(1, pynn.cells.HXNeuron())
    assert population.find_units("v") == population[:].find_units("leak_v_leak") == "dimensionless"


@pytest.mark.parametrize(
    "use",
    [
        lambda p: p.record("spikes"),
        lambda p: p.set(leak_v_leak=3),
        lambda p: pynn.Projection(p, p, pynn.AllToAllConnector()),
    ],
    ids=["record", "set", "Projection"],
)
def test_a_population_of_an_earlier_session_is_refused(plain, use):
    stale = pynn.Population(1, pynn.cells.HXNeuron(), label="old")
    pynn.setup()
    pynn.Population(1, pynn.cells.HXNeuron())
    with pytest.raises(RuntimeError, match=r"population 'old': .* belongs to an earlier session"):
        use(stale)
    assert pynn.simulator.state.projections == []


def test_an_address_that_routing_will_overwrite_is_said_so(plain):
    with pytest.warns(UserWarning, match="event_routing_address has no effect, routing gives"):
        population = pynn.Population(1, pynn.cells.HXNeuron(event_routing_address=3))
    with pytest.warns(UserWarning, match="event_routing_address has no effect"):
        population.set(event_routing_address=4)
    population.set(event_routing_address=0)
