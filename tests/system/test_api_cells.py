"""Calibrated cells, sources and neurons of several compartments in whole networks.

Oracle: what scripts for the chip's other PyNN backend expect of them; Poisson statistics.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand
from pynn_hx.morphology import Compartment, McCircuitParameters, SharedLineConnection

CALIBRATED = pytest.mark.parametrize(
    "cell", [pynn.cells.CalibHXNeuronCuba, pynn.cells.CalibHXNeuronCoba]
)


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def static(weight):
    return pynn.synapses.StaticSynapse(weight=weight)


def counts(population):
    return [len(t) for t in population.get_data("spikes").segments[-1].spiketrains]


def prepare():
    pynn.run(None, RunCommand.PREPARE)


# --- calibrated cells ---------------------------------------------------------------------------


def test_a_calibrated_neuron_is_silent_alone_and_fires_under_ten_poisson_sources():
    neurons = pynn.Population(2, pynn.cells.CalibHXNeuronCuba())
    neurons.record("spikes")
    source = pynn.Population(10, pynn.cells.SpikeSourcePoisson(start=0, rate=1e5, duration=1))
    pynn.Projection(source, neurons[1:], pynn.AllToAllConnector(), static(63))
    pynn.run(1)
    alone, driven = counts(neurons)
    assert alone == 0 and driven > 20


@CALIBRATED
@pytest.mark.parametrize(
    ("variable", "rise", "dip"), [("v", (20, 400), (0, 40)), ("exc_synin", (0, 10), (20, 80))]
)
def test_five_inputs_at_once_show_on_membrane_and_line(cell, variable, rise, dip):
    neuron = pynn.Population(1, cell())
    neuron.record(variable)
    source = pynn.Population(5, pynn.cells.SpikeSourceArray(spike_times=[0.05]))
    pynn.Projection(source, neuron, pynn.AllToAllConnector(), static(63))
    pynn.run(0.1)
    (signal,) = neuron.get_data().segments[0].irregularlysampledsignals
    ms, lsb = signal.times.magnitude, signal.magnitude[:, 0]
    rest = lsb[ms < 0.049].mean()
    assert rise[0] < lsb.max() - rest < rise[1]
    assert dip[0] <= rest - lsb.min() < dip[1]


def test_inhibition_lowers_the_membrane_of_a_conductance_based_neuron():
    neuron = pynn.Population(1, pynn.cells.CalibHXNeuronCoba())
    neuron.record("v")
    source = pynn.Population(5, pynn.cells.SpikeSourceArray(spike_times=[0.05]))
    pynn.Projection(
        source, neuron, pynn.AllToAllConnector(), static(63), receptor_type="inhibitory"
    )
    pynn.run(0.1)
    (signal,) = neuron.get_data().segments[0].irregularlysampledsignals
    ms, lsb = signal.times.magnitude, signal.magnitude[:, 0]
    assert lsb.min() - lsb[ms < 0.049].mean() < -20


def test_results_of_the_calibration_exist_from_the_mapping_on():
    neurons = pynn.Population(3, pynn.cells.CalibHXNeuronCuba(v_rest=[80, 90, 100]))
    shared = pynn.cells.CalibHXNeuronCuba(v_reset=60)
    twins = [pynn.Population(n, shared) for n in (1, 2)]
    raw = pynn.Population(1, pynn.cells.HXNeuron())
    names = ("calib_target", "calib_hwparams", "actual_hwparams")
    for population in (neurons, neurons[1:], neurons.celltype):
        for name in names:
            with pytest.raises(AttributeError, match="call run"):
                getattr(population, name)
    prepare()
    assert [target.v_rest for target in neurons[1:].calib_target] == [90, 100]
    leaks = [hw.leak.v_leak for hw in neurons.calib_hwparams]
    assert leaks == sorted(leaks) and len(set(leaks)) == 3
    assert neurons.celltype.calib_target == neurons.calib_target
    assert [len(p.celltype.actual_hwparams) for p in twins] == [1, 2]
    for name in names:
        with pytest.raises(AttributeError, match="ask a population"):
            getattr(shared, name)
        with pytest.raises(AttributeError):
            getattr(raw.celltype, name)
        with pytest.raises(AttributeError, match="belongs to calibrated cell types"):
            getattr(raw, name)


@pytest.mark.parametrize(
    ("choose", "firing"),
    [
        (lambda p: p, [0, 1, 2, 3]),
        (lambda p: p[1:3], [1, 2]),
        (lambda p: p[[1, 2]], [1, 2]),
        (lambda p: p[np.array([0, 3])], [0, 3]),
    ],
    ids=["all", "slice", "list", "array"],
)
def test_settings_changed_through_any_view_are_those_that_run(choose, firing):
    neurons = pynn.Population(4, pynn.cells.CalibHXNeuronCuba())
    neurons.record("spikes")
    prepare()
    before = neurons.calib_hwparams
    for settings in choose(neurons).actual_hwparams:
        settings.leak.v_leak = 1022
    pynn.run(0.2)
    assert [k for k, n in enumerate(counts(neurons)) if n > 3] == firing
    assert all(hw.leak.v_leak < 1022 for hw in before), "a copy"


@pytest.mark.parametrize("name", ["i_synin_gm_E", "i_synin_gm_I", "synapse_dac_bias"])
def test_targets_that_a_chip_has_once_are_refused_at_the_run_if_they_differ(name):
    pynn.Population(1, pynn.cells.CalibHXNeuronCuba())
    other = pynn.Population(1, pynn.cells.CalibHXNeuronCuba(**{name: 450}))
    with pytest.raises(RuntimeError, match=f"{name} is .* a chip has one value"):
        pynn.run(0.01)
    other.set(**{name: pynn.cells.CalibHXNeuronCuba.default_parameters[name]})
    pynn.run(0.01)


# --- sources --------------------------------------------------------------------------------------


def test_a_poisson_source_is_the_same_for_all_targets_and_in_every_run_until_it_changes():
    np.random.seed(3)
    pynn.setup(enable_neuron_bypass=True)
    source = pynn.Population(2, pynn.cells.SpikeSourcePoisson(start=0.1, rate=1e4, duration=1.8))
    source.record("spikes")
    targets = pynn.Population(3, pynn.cells.HXNeuron())
    targets.record("spikes")
    pynn.Projection(source[0:1], targets, pynn.AllToAllConnector(), static(63))
    for rate in (1e4, 1e4, 2e4):
        source.set(rate=rate)
        pynn.run(2)
        pynn.reset()
    trains = [[t.magnitude for t in s.spiketrains] for s in source.get_data().segments]
    assert np.array_equal(trains[0][0], trains[1][0]) and np.array_equal(trains[0][1], trains[1][1])
    assert not np.array_equal(trains[0][0], trains[0][1])
    for first, third in zip(trains[0], trains[2], strict=True):
        assert abs(first.size - 18) < 5 * 18**0.5 and abs(third.size - 36) < 5 * 6
        assert first.min() >= 0.1 and first.max() < 1.9
    heard = [t.magnitude for t in targets.get_data().segments[0].spiketrains]
    for train in heard[1:]:
        assert np.allclose(train, heard[0], atol=1e-4)


def test_generators_on_the_chip_have_their_rates_and_reach_neurons_and_host():
    pynn.setup(enable_neuron_bypass=True)
    slow = pynn.Population(8, pynn.cells.SpikeSourcePoissonOnChip(rate=10e3, seed=1234))
    fast = pynn.Population(3, pynn.cells.SpikeSourcePoissonOnChip(rate=40e3, seed=77))
    deaf = pynn.Population(2, pynn.cells.SpikeSourcePoissonOnChip(rate=40e3, seed=5))
    for population in (slow, fast):
        population.record("spikes")
    neurons = pynn.Population(8, pynn.cells.HXNeuron())
    neurons.record("spikes")
    pynn.Projection(slow, neurons, pynn.OneToOneConnector(), static(63))
    pynn.run(20)
    for population, expected in ((slow, 200), (fast, 800)):
        assert abs(np.mean(counts(population)) - expected) < 4 * (expected / population.size) ** 0.5
        assert np.all(np.abs(np.array(counts(population)) - expected) < 5 * expected**0.5)
    sent = [t.magnitude for t in slow.get_data().segments[0].spiketrains]
    back = [t.magnitude for t in neurons.get_data().segments[0].spiketrains]
    for a, b in zip(sent, back, strict=True):
        a = a[a < 19.9]
        delay = b[np.minimum(np.searchsorted(b, a), b.size - 1)] - a
        assert np.mean((delay >= 0) & (delay < 0.01)) > 0.95
    assert len(deaf.get_data().segments[0].spiketrains) == 0


@pytest.mark.parametrize(
    ("sizes", "rate", "message"),
    [
        ([256], 1e6, "a rate of 1e[+]06 Hz is not within .* use a lower rate or fewer cells"),
        ([257], 1, "257 cells, but .* split it into several populations"),
        ([1] * 5, 1, "5 populations of background sources, but .* 4 generators"),
    ],
)
def test_generators_that_the_chip_lacks_are_refused_at_the_run(sizes, rate, message):
    for size in sizes:
        pynn.Population(size, pynn.cells.SpikeSourcePoissonOnChip(rate=rate, seed=1))
    with pytest.raises(RuntimeError, match=message):
        pynn.run(0.01)
    assert pynn.get_current_time() == 0


# --- several compartments -------------------------------------------------------------------------


def two_compartments():
    return pynn.morphology.create_mc_neuron(
        "Two",
        [
            Compartment(positions=[0, 1], label="soma", connect_conductance=[(1, 200)],
                        leak_v_leak=500),
            Compartment(positions=[2, 3], label="dendrite", connect_shared_line=[2]),
        ],
        connections=[SharedLineConnection(start=1, stop=2, row=0)],
    )  # fmt: skip


def test_parameters_of_compartments_are_read_and_set_as_numbers_or_by_circuit():
    neurons = pynn.Population(2, two_compartments()(leak_i_bias=100))
    assert neurons.get("leak_i_bias") == 100
    assert neurons.get("leak_v_leak") == McCircuitParameters([[500, 500], [0, 0]])
    neurons.set(leak_v_leak=McCircuitParameters([[1, 2], [3, 4]]))
    neurons[1:].set(leak_v_leak=[McCircuitParameters([[5, 6], [7, 8]])])
    assert neurons[0].leak_v_leak == McCircuitParameters([[1, 2], [3, 4]])
    assert neurons[1].leak_v_leak == McCircuitParameters([[5, 6], [7, 8]])
    prepare()
    mapped = pynn.simulator.state.mapped
    assert mapped.chip.neurons.leak_v_leak[mapped.circuit].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]


def test_compartments_are_recorded_and_excited_by_their_labels():
    chip = pynn.helper.chip_from_nightly()
    pynn.setup(initial_config=chip)
    neurons = pynn.Population(2, two_compartments()(threshold_enable=False, leak_v_leak=606))
    neurons.record("v", locations=["soma", "dendrite"], device="cadc")
    neurons.record("spikes", locations="dendrite")
    source = pynn.Population(8, pynn.cells.SpikeSourceArray(spike_times=[0.05]))
    there = pynn.AllToAllConnector(location_selector="dendrite")
    projection = pynn.Projection(source, neurons[0:1], there, static(63))
    assert projection.post_compartment == 1
    pynn.run(0.1)
    (segment,) = neurons.get_data().segments
    signals = segment.irregularlysampledsignals
    told = [(s.annotations["source_ids"], s.annotations["source_locations"]) for s in signals]
    assert told == [([k], [place]) for k in (0, 1) for place in ("soma", "dendrite")]
    assert [t.annotations["source_location"] for t in segment.spiketrains] == ["dendrite"] * 2
    height = []
    for signal in signals:
        ms, lsb = signal.times.magnitude, signal.magnitude[:, 0]
        height.append(lsb[(ms > 0.05) & (ms < 0.08)].max() - lsb[ms < 0.05].mean())
    assert height[1] > height[0] + 3 and max(height[2:]) < height[1] / 2
    (only,) = neurons[1:].get_data(locations=["soma"]).segments
    assert [s.annotations["source_ids"] for s in only.irregularlysampledsignals] == [[1]]
    assert len(only.spiketrains) == 0


def test_unknown_compartments_are_refused():
    neurons = pynn.Population(1, two_compartments()())
    with pytest.raises(ValueError, match="no location 'axon'"):
        neurons.record("v", locations=["axon"])
    with pytest.raises(ValueError, match="names no compartment"):
        pynn.Projection(neurons, neurons, pynn.AllToAllConnector(location_selector="axon"))
    assert pynn.simulator.state.projections == []
