"""Populations, views, assemblies and single cells as scripts use them.

Oracle: PyNN's documentation.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand

CELLS = {
    "HXNeuron": lambda: pynn.cells.HXNeuron(),
    "Cuba": lambda: pynn.cells.CalibHXNeuronCuba(),
    "Coba": lambda: pynn.cells.CalibHXNeuronCoba(),
    "array": lambda: pynn.cells.SpikeSourceArray(),
    "Poisson": lambda: pynn.cells.SpikeSourcePoisson(start=0, rate=1, duration=1),
    "on chip": lambda: pynn.cells.SpikeSourcePoissonOnChip(rate=1, seed=1),
    "compartments": lambda: two_compartments()(),
}


def two_compartments():
    compartment = pynn.morphology.Compartment
    return pynn.morphology.create_mc_neuron(
        "Two",
        [
            compartment(positions=[0], label="soma", connect_conductance=[(0, 100)]),
            compartment(positions=[1], label="dendrite", connect_shared_line=[1]),
        ],
        connections=[pynn.morphology.SharedLineConnection(start=0, stop=1, row=0)],
    )


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


@pytest.mark.parametrize("name", CELLS)
def test_everything_a_cell_has_has_a_unit(name):
    population = pynn.Population(2, CELLS[name]())
    names = [*population.celltype.recordable, *population.celltype.get_parameter_names()]
    for asked in (population, population[0:1]):
        assert all(isinstance(asked.find_units(n), str) for n in names)


def test_units_of_times_and_variables():
    calibrated = pynn.Population(1, pynn.cells.CalibHXNeuronCoba())
    assert calibrated.find_units("tau_refrac") == "us"
    assert calibrated.find_units("v_rest") == "CADC LSB"
    source = pynn.Population(1, pynn.cells.SpikeSourceArray())
    assert source.find_units("spike_times") == "ms"


@pytest.mark.parametrize("name", CELLS)
def test_what_can_be_recorded_can_be_asked(name):
    population = pynn.Population(1, CELLS[name]())
    is_source = isinstance(population.celltype, pynn.cells.ExternalNeuron)
    for asked in (population, population[0:1]):
        assert asked.can_record("spikes")
        assert asked.can_record("v") is not is_source
        assert not asked.can_record("w")
        assert asked.can_record("v", "soma") is (name == "compartments")
        assert not asked.can_record("v", "axon")


def test_there_are_no_current_sources_and_the_way_out_is_named():
    neurons = pynn.Population(2, pynn.cells.HXNeuron(), label="n")
    source = pynn.Population(1, pynn.cells.SpikeSourceArray())
    assert neurons.injectable and neurons[0:1].injectable and not source.injectable
    for cells in (neurons, neurons[0:1], neurons[0], pynn.Assembly(neurons)):
        with pytest.raises(
            NotImplementedError, match=r"'n': inject\(\): .*constant_current_enable"
        ):
            cells.inject(object())
    for cells in (source, source[0]):
        with pytest.raises(TypeError, match="a source of spikes takes no current"):
            cells.inject(object())


def test_a_description_is_never_stale():
    population = pynn.Population(2, pynn.cells.HXNeuron(), label="before")
    other = pynn.Population(3, pynn.cells.HXNeuron(), label="other")
    template = "$label has $size cells"
    assert population.describe(template, engine="string") == "before has 2 cells"
    population.label = "after"
    population.annotate(colour="red")
    assert population.describe(template, engine="string") == "after has 2 cells"
    assert population.describe("$colour", engine="string") == "red"
    assert other.describe(template, engine="string") == "other has 3 cells"
    assert population.describe(template=None)["first_id"] == 0
    with pytest.raises(KeyError, match="nonsense"):
        population.describe(engine="nonsense")


def test_single_cells_are_ids_with_parameters():
    pynn.Population(2, pynn.cells.SpikeSourceArray())
    population = pynn.Population(3, pynn.cells.HXNeuron(leak_v_leak=[1, 2, 3]))
    assert [int(cell) for cell in population.all_cells] == [2, 3, 4]
    assert (int(population.first_id), int(population.last_id)) == (2, 4)
    assert population[1:].first_id == 3 and (population[0:2] + population[2:]).last_id == 4
    cell = population[1]
    assert (cell.leak_v_leak, cell.get_parameters()["leak_v_leak"]) == (2, 2)
    cell.leak_v_leak = 20
    cell.set_parameters(leak_i_bias=7)
    assert population.get(["leak_v_leak", "leak_i_bias"])[0].tolist() == [1, 20, 3]
    assert population.get("leak_i_bias").tolist() == [0, 7, 0]
    assert cell.celltype is population.celltype and cell.as_view().size == 1
    with pytest.raises(pynn.errors.NonExistentParameterError):
        _ = cell.tau_m
    with pytest.raises(OverflowError):
        cell.leak_v_leak = 1023


def test_sizes_and_lengths_agree():
    population = pynn.Population(4, pynn.cells.HXNeuron())
    assert population.size == len(population) == len(list(population)) == 4
    assert population[1:3].size == len(population[1, 2]) == 2


def test_default_labels_count_populations():
    a, b = (pynn.Population(1, pynn.cells.HXNeuron()) for _ in range(2))
    number = int(a.label.removeprefix("population"))
    assert b.label == f"population{number + 1}"


def test_an_assembly_sets_gets_counts_and_records_with_a_device():
    a = pynn.Population(2, pynn.cells.HXNeuron(leak_v_leak=1))
    b = pynn.Population(1, pynn.cells.HXNeuron(leak_v_leak=2))
    both = a + b
    assert both.get("leak_v_leak").tolist() == [1, 1, 2]
    both.set(leak_v_leak=3)
    assert both.get("leak_v_leak") == 3
    both.record(["spikes", "v"], device="cadc")
    assert [view.device for view in (*a.recorder.views(), *b.recorder.views())] == ["cadc"] * 3
    pynn.run(0.05)
    (segment,) = both.get_data().segments
    signals = segment.irregularlysampledsignals
    assert [signal.annotations["source_ids"] for signal in signals] == [[0], [1], [2]]
    assert [signal.array_annotations["channel_index"][0] for signal in signals] == [0, 1, 2]
    assert len(segment.spiketrains) == 3
    assert both.get_spike_counts() == dict.fromkeys(range(3), 0)


def test_data_of_an_assembly_are_those_of_its_members_by_segment(tmp_path):
    first = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.001, 0.009]))
    first.record("spikes")
    pynn.run(0.005)
    pynn.reset()
    second = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.002]))
    second.record("spikes")
    pynn.run(0.01)
    both = pynn.Assembly(second, first, label="both")
    path = str(tmp_path / "both.pkl")
    both.write_data(path, annotations={"note": "x"})
    for block in (both.get_data("spikes", annotations={"note": "x"}), pynn.get_io(path).read()[0]):
        trains = [[t.magnitude.tolist() for t in s.spiketrains] for s in block.segments]
        assert trains == [[[0.001]], [[0.002], [0.002], [0.001, 0.009]]]
        assert (block.name, block.annotations["note"]) == ("both", "x")
    both.get_data(clear=True)
    assert len(first.get_data().segments[0].spiketrains) == 0


def test_silent_and_unrecorded_neurons_are_counted_as_what_they_are():
    population = pynn.Population(3, pynn.cells.HXNeuron())
    assert population.get_spike_counts() == {} and population.mean_spike_count() == 0
    population[0:2].record("spikes")
    pynn.run(0.02)
    assert population.get_spike_counts() == {0: 0, 1: 0}
    assert population.mean_spike_count() == 0.0


def test_values_of_all_cells_of_a_population_may_be_set_at_once():
    population = pynn.Population(3, pynn.cells.HXNeuron())
    population.set(leak_v_leak=[1, 2, 3], leak_i_bias=4, threshold_enable=True)
    population[[0, 2]].set(leak_v_leak=[10, 30])
    assert population.get(["leak_v_leak", "leak_i_bias"])[0].tolist() == [10, 2, 30]
    assert population.get("threshold_enable") is True
    assert population.get("leak_i_bias", simplify=False).tolist() == [4, 4, 4]


def test_a_class_of_neurons_may_come_between_sources():
    """Numbers in the network do not depend on the order of creation."""
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    on_chip = pynn.Population(2, pynn.cells.SpikeSourcePoissonOnChip(rate=1e4, seed=3))
    neurons = pynn.Population(2, pynn.cells.HXNeuron())
    for pre in (source, on_chip):
        pynn.Projection(pre, neurons, pynn.AllToAllConnector(), pynn.StaticSynapse(weight=3))
    pynn.run(None, RunCommand.PREPARE)
    network = pynn.simulator.state.mapped.network
    assert np.unique(network.connections.pre).tolist() == [2, 3, 4]
    assert [int(p.first_id) for p in (source, on_chip, neurons)] == [0, 1, 3]
