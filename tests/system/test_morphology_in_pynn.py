"""Neurons of several compartments in populations, projections and recordings, on the emulator.

Oracle: Kirchhoff.  What flows into a compartment is seen there first and highest, joined circuits
share their charge, and two neurons that nothing joins know nothing of each other.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand, errors
from pynn_hx.morphology import (
    Compartment,
    McCircuitParameters,
    SharedLineConnection,
    create_mc_neuron,
)

PASSIVE = {
    "leak_v_leak": 600,
    "leak_i_bias": 150,
    "membrane_capacitance_capacitance": 63,
    "threshold_enable": False,
}
SPIKING = {  # its leak lies above its threshold
    "leak_v_leak": 1000,
    "leak_i_bias": 200,
    "threshold_enable": True,
    "threshold_v_threshold": 300,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
    "reset_enable_multiplication": True,  # else two microseconds do not bring it below threshold
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 255,
}
INPUTS_MS = [0.03, 0.13, 0.23]


def pair(soma=None, dendrite=None, *, conductance=200, n_dendrite=1, **options):
    """A soma on the line, and a dendrite of some circuits behind a resistor.

    They are read in an even and in an odd column, so that one run shows both.
    """
    parts = [
        Compartment(
            positions=[0], label="soma", connect_shared_line=[0], **(PASSIVE | (soma or {}))
        ),
        Compartment(
            positions=range(1, 1 + n_dendrite),
            label="dendrite",
            connect_conductance=[(1, conductance)],
            **(PASSIVE | (dendrite or {})),
        ),
    ]
    return create_mc_neuron("Pair", parts, [SharedLineConnection(0, 1, 0)], **options)


def setup(**options):
    pynn.setup(initial_config=pynn.helper.chip_from_nightly(), **options)


def source(weight, post, *, location=None, times=INPUTS_MS, connector=pynn.AllToAllConnector):
    """Four sources that spike together, each with a synapse onto a compartment."""
    spikes = pynn.Population(4, pynn.cells.SpikeSourceArray(spike_times=times))
    return pynn.Projection(
        spikes,
        post,
        connector(location_selector=location),
        pynn.synapses.StaticSynapse(weight=weight),
    )


def traces(population, variable="v", segment=-1):
    """Recorded signals by (cell, label)."""
    found = {}
    for signal in population.get_data(variable).segments[segment].irregularlysampledsignals:
        (cell,) = signal.array_annotations["channel_index"]
        (label,) = signal.annotations["source_locations"]
        found[int(cell), label] = signal
    return found


def height(signal, inputs_ms=INPUTS_MS):
    """Mean largest deflection [LSB] after inputs 100 us apart."""
    ms, lsb = np.asarray(signal.times), np.asarray(signal)[:, 0].astype(float)
    smooth = np.convolve(lsb, np.ones(41) / 41, mode="same")
    found = []
    for t in inputs_ms:
        before = lsb[(ms > t - 0.02) & (ms < t)].mean()
        found.append(smooth[(ms > t) & (ms < t + 0.05)].max() - before)
    return float(np.mean(found))


def level(signal):
    return float(np.asarray(signal).mean())


def counts(population):
    """Number of spikes by (cell, label)."""
    return {
        (t.annotations["source_index"], t.annotations["source_location"]): len(t)
        for t in population.get_data("spikes").segments[-1].spiketrains
    }


# --- locations ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("near", "far"), [("soma", "dendrite"), ("dendrite", "soma")])
def test_an_input_is_highest_in_the_compartment_that_its_connector_names(near, far):
    setup()
    neurons = pynn.Population(1, pair()())
    source(40, neurons, location=near)
    neurons.record("v", locations=["soma", "dendrite"])
    pynn.run(0.3)
    assert pynn.get_execution_instance_data().executions == 1, "an even and an odd column"
    seen = traces(neurons)
    assert height(seen[0, near]) > 1.5 * height(seen[0, far]) > 1.5 * 5


def test_without_a_location_the_first_compartment_is_meant():
    setup()
    neurons = pynn.Population(1, pair()())
    projection = source(40, neurons)
    neurons.record(["v", "spikes"])
    pynn.run(0.3)
    assert (projection.pre_compartment, projection.post_compartment) == (0, 0)
    assert list(traces(neurons)) == [(0, "soma")]
    assert list(counts(neurons)) == [(0, "soma")]
    assert height(traces(neurons)[0, "soma"]) > 20


def test_the_compartment_that_spikes_is_the_one_whose_spikes_are_recorded_and_sent():
    setup()
    neurons = pynn.Population(1, pair(dendrite=SPIKING, conductance=20)())
    listeners = [pynn.Population(1, pynn.cells.HXNeuron(**PASSIVE)) for _ in range(2)]
    for label, listener in zip(("soma", "dendrite"), listeners, strict=True):
        pynn.Projection(
            neurons,
            listener,
            pynn.AllToAllConnector(source_location_selector=label),
            pynn.synapses.StaticSynapse(weight=63),
        )
        listener.record("v")
    neurons.record("spikes", locations=["soma", "dendrite"])
    pynn.run(0.2)
    seen = counts(neurons)
    assert seen[0, "soma"] == 0 and seen[0, "dendrite"] > 5
    quiet, busy = (np.asarray(traces(p)[0, "unlabeled"]) for p in listeners)
    assert np.ptp(quiet) < 15 and np.ptp(busy) > 30


def test_get_data_chooses_locations():
    setup()
    neurons = pynn.Population(2, pair()())
    neurons.record(["v", "spikes"], locations=["soma", "dendrite"], device="madc")
    pynn.run(0.02)
    segment = neurons.get_data(locations=["dendrite"]).segments[0]
    assert {s.annotations["source_locations"][0] for s in segment.irregularlysampledsignals} == {
        "dendrite"
    }
    assert {t.annotations["source_location"] for t in segment.spiketrains} == {"dendrite"}
    assert len(segment.spiketrains) == len(segment.irregularlysampledsignals) == 2


def test_the_columns_adc_shows_all_compartments_at_once():
    pynn.setup()
    neurons = pynn.Population(3, pair({"leak_v_leak": 560}, {"leak_v_leak": 680}, conductance=0)())
    neurons.record("v", locations=["soma", "dendrite"], device="cadc")
    pynn.run(0.1)
    seen = traces(neurons)
    assert pynn.get_execution_instance_data().executions == 1
    assert set(seen) == {(k, label) for k in range(3) for label in ("soma", "dendrite")}
    rise = np.mean([level(seen[k, "dendrite"]) - level(seen[k, "soma"]) for k in range(3)])
    assert rise == pytest.approx(120 * 0.79 * 1.54 / 4.5, rel=0.4), "CADC LSB for leak codes"


# --- parameters ---------------------------------------------------------------------------------


def test_parameters_are_set_by_circuit_and_read_back_as_they_were_given():
    pynn.setup()
    neurons = pynn.Population(2, pair(n_dendrite=2)())
    assert neurons.get("leak_v_leak") == [[600], [600, 600]]
    neurons.set(leak_v_leak=700)
    assert neurons.get("leak_v_leak") == 700 and isinstance(neurons.get("leak_v_leak"), float)
    per_circuit = McCircuitParameters([[500], [510, 520]])
    neurons.set(leak_v_leak=per_circuit, leak_i_bias=[100, 200])
    assert neurons.get("leak_v_leak") == per_circuit
    assert neurons.get("leak_i_bias").tolist() == [100, 200]
    neurons[1:2].set(leak_v_leak=McCircuitParameters([[1], [2, 3]]))
    assert neurons.get("leak_v_leak").tolist() == [[[500], [510, 520]], [[1], [2, 3]]]
    assert neurons[1].leak_v_leak == [[1], [2, 3]]


def test_nested_lists_are_refused_where_a_cell_type_is_made_too():
    with pytest.raises(errors.InvalidParameterValueError, match=r"Pair: leak_v_leak = .* given as"):
        pair()(leak_v_leak=[[1], [2]])


def test_what_was_set_by_circuit_is_what_the_membranes_do():
    pynn.setup()
    neurons = pynn.Population(1, pair(conductance=0)())
    neurons.record("v", locations=["soma", "dendrite"])
    levels = []
    for soma, dendrite in ((550, 700), (700, 550)):
        neurons.set(leak_v_leak=McCircuitParameters([[soma], [dendrite]]))
        pynn.run(0.05)
        seen = traces(neurons)
        levels.append([level(seen[0, "soma"]), level(seen[0, "dendrite"])])
        pynn.reset()
    change = np.diff(levels, axis=0)[0]
    assert change == pytest.approx([150 * 0.79, -150 * 0.79], rel=0.15), "MADC LSB for leak codes"


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"leak_v_leak": McCircuitParameters([[1], [2, 3]])}, errors.InvalidParameterValueError,
         r"leak_v_leak of cell 0: compartments of \(1, 2\) circuits .* Pair has \(1, 1\)"),
        ({"leak_v_leak": McCircuitParameters([[1], [1023]])}, OverflowError,
         r"cell 0, compartment 'dendrite': leak_v_leak = 1023 is outside 0\.\.1022"),
        ({"leak_v_leak": [[1], [2]]}, errors.InvalidParameterValueError,
         r"leak_v_leak = \[\[1\], \[2\]\]: values by compartment .* McCircuitParameters"),
        ({"multicompartment_connect_right": True}, errors.NonExistentParameterError,
         "multicompartment_connect_right"),
    ],
)  # fmt: skip
def test_a_refused_value_changes_nothing(parameters, error, message):
    pynn.setup()
    neurons = pynn.Population(1, pair()())
    with pytest.raises(error, match=message):
        neurons.set(leak_i_bias=5, **parameters)
    assert neurons.get("leak_v_leak") == [[600], [600]]
    assert neurons.get("leak_i_bias") == [[150], [150]]


# --- a configuration to start from --------------------------------------------------------------


def distinct(**options):
    """A configuration whose circuits differ in their reset potential and their leak potential."""
    chip = pynn.helper.chip_from_nightly()
    chip.neurons.reset_v_reset[:] = 300 + np.arange(512)
    chip.neurons.leak_v_leak[:] = 400 + np.arange(512)
    pynn.setup(initial_config=chip, **options)


def test_circuits_take_from_the_configuration_what_neither_compartment_nor_user_says():
    distinct(neuronPermutation=range(10, 100))
    neurons = pynn.Population(2, pair(n_dendrite=2)(leak_i_bias=McCircuitParameters([[7], [8, 9]])))
    for forbidden in (lambda: neurons.get("reset_v_reset"), lambda: neurons.set(leak_v_leak=5)):
        with pytest.raises(RuntimeError, match="before the network is mapped"):
            forbidden()
    pynn.run(None, RunCommand.PREPARE)
    assert neurons.get("reset_v_reset").tolist() == [[[310], [311, 312]], [[313], [314, 315]]]
    assert neurons.get("leak_v_leak") == [[600], [600, 600]], "compartments go first"
    assert neurons.get("leak_i_bias") == [[7], [8, 9]], "the user goes before them"
    neurons.set(reset_v_reset=McCircuitParameters([[1], [2, 3]]))
    pynn.run(None, RunCommand.PREPARE)
    assert neurons.get("reset_v_reset") == [[1], [2, 3]], "and later values stay"
    neurons[0:1].set(reset_v_reset=9)
    pynn.run(None, RunCommand.PREPARE)
    assert neurons.get("reset_v_reset").tolist() == [[[9], [9, 9]], [[1], [2, 3]]]


def test_values_may_be_set_before_the_mapping_where_that_is_allowed():
    distinct(strict_parameters=False)
    neurons = pynn.Population(2, pair()())
    neurons.set(reset_v_reset=McCircuitParameters([[11], [12]]), leak_v_leak=13)
    pynn.run(None, RunCommand.PREPARE)
    assert neurons.get("reset_v_reset") == [[11], [12]]
    assert neurons.get("leak_v_leak") == 13
    actual = pynn.simulator.state.mapped.chip.neurons
    assert actual.reset_v_reset[:4].tolist() == [11, 12, 11, 12]
    assert actual.leak_v_leak[:5].tolist() == [13, 13, 13, 13, 404], "others are left alone"


def test_one_active_circuit_gives_a_compartment_the_charge_of_one():
    """Three joined circuits of which one is active answer thrice as high as three active ones."""
    heights = []
    for single_active_circuit in (False, True):
        setup()
        soma = Compartment(positions=[0, 1, 2], label="soma", **PASSIVE)
        One = create_mc_neuron("One", [soma], single_active_circuit=single_active_circuit)
        neurons = pynn.Population(1, One())
        source(40, neurons, location="soma")
        neurons.record("v")
        pynn.run(0.3)
        heights.append(height(traces(neurons)[0, "soma"]))
        if single_active_circuit:
            assert neurons.get("leak_i_bias") == [[150, 0, 0]]
            assert neurons.get("membrane_capacitance_capacitance") == [[63, 0, 0]]
            assert neurons.get("leak_enable_division").tolist() == [[False, True, True]]
    assert heights[1] / heights[0] == pytest.approx(2.6, rel=0.25)  # 3, less what wires take


# --- several cells, other neurons, snippets -----------------------------------------------------


def test_only_the_cell_and_the_compartment_that_are_connected_respond():
    setup()
    neurons = pynn.Population(3, pair(conductance=50)())
    source(60, neurons[1:2], location="dendrite")
    neurons.record("v", locations=["soma", "dendrite"])
    pynn.run(0.3)
    heights = {site: height(signal) for site, signal in traces(neurons).items()}
    assert heights[1, "dendrite"] > 40 and heights[1, "dendrite"] > 1.5 * heights[1, "soma"]
    assert max(heights[k, label] for k in (0, 2) for label in ("soma", "dendrite")) < 5


def test_one_to_one_connections_meet_the_compartment_of_their_cell():
    setup()
    neurons = pynn.Population(4, pair(conductance=50)())
    projection = source(0, neurons, location="dendrite", connector=pynn.OneToOneConnector)
    projection.set(weight=[0, 20, 40, 60])
    neurons.record("v", locations=["dendrite"])
    pynn.run(0.3)
    heights = [height(traces(neurons)[k, "dendrite"]) for k in range(4)]
    assert abs(heights[0]) < 5
    assert np.all(np.diff(heights) > 4)
    columns = [int(synapse.column) for (synapse,) in projection.placed_connections]
    assert columns == [1, 3, 5, 7], "dendrites are every second circuit"


def test_neurons_of_both_kinds_live_on_one_chip():
    setup()
    point = pynn.Population(3, pynn.cells.HXNeuron(**SPIKING))
    neurons = pynn.Population(2, pair()())
    calibrated = pynn.Population(2, pynn.cells.CalibHXNeuronCuba())
    projection = pynn.Projection(
        point,
        neurons,
        pynn.AllToAllConnector(location_selector="dendrite"),
        pynn.synapses.StaticSynapse(weight=20),
    )
    source(300, calibrated)
    for population in (point, neurons, calibrated):
        population.record("spikes")
    neurons.record("v", locations=["dendrite"])
    pynn.run(0.3)
    assert all(n > 10 for n in counts(point).values())
    assert all(n >= 3 for n in counts(calibrated).values())
    assert set(counts(neurons).values()) == {0}
    driven = level(traces(neurons)[0, "dendrite"])
    pynn.reset()
    projection.set(weight=0)
    pynn.run(0.3)
    assert driven - level(traces(neurons)[0, "dendrite"]) > 20


def test_snippets_change_a_compartment_and_what_is_recorded():
    pynn.setup()
    neurons = pynn.Population(1, pair(conductance=0)(constant_current_i_offset=300))
    neurons.record("v", locations=["dendrite"])
    pynn.run(0.05, RunCommand.APPEND)
    neurons.set(constant_current_enable=McCircuitParameters([[False], [True]]))
    pynn.run(0.1, RunCommand.APPEND)
    neurons.record(None)
    neurons.record("v", locations=["soma"])
    pynn.run(0.05)
    signals = neurons.get_data("v").segments[0].irregularlysampledsignals
    where = [signal.annotations["source_locations"] for signal in signals]
    assert where == [["dendrite"], ["dendrite"], ["soma"]]
    before, during, soma = (np.asarray(signal)[-500:].mean() for signal in signals)
    assert during - before > 40
    assert abs(soma - before) < 40, "the current is not the soma's"
    assert [float(s.times[0]) for s in signals] == pytest.approx([0, 0.05, 0.15], abs=1e-3)


def test_neurons_that_do_not_fit_at_once_run_in_parts():
    setup(neuronPermutation=range(100, 120))
    neurons = pynn.Population(12, pair(SPIKING, conductance=5)())
    neurons.record("spikes")
    neurons[11:12].record("v", locations=["dendrite"])
    pynn.run(0.1)
    assert pynn.get_execution_instance_data().executions == 2
    seen = counts(neurons)
    assert [cell for cell, _ in seen] == list(range(12))
    assert min(seen.values()) > 1
    assert list(traces(neurons)) == [(11, "dendrite")]


def test_a_loop_that_does_not_fit_on_the_chip_is_refused():
    setup()
    most, last = (pynn.Population(n, pair()()) for n in (256, 1))
    pynn.run(None, RunCommand.PREPARE)
    synapse = pynn.synapses.StaticSynapse(weight=1)
    for pre, post in ((most, last), (last, most)):
        pynn.Projection(pre, post, pynn.AllToAllConnector(), synapse)
    with pytest.raises(RuntimeError, match="circuits"):
        pynn.run(None, RunCommand.PREPARE)


# --- what is refused ----------------------------------------------------------------------------


def test_locations_that_are_not_there_are_refused():
    setup()
    neurons = pynn.Population(1, pair()())
    point = pynn.Population(1, pynn.cells.HXNeuron())
    with pytest.raises(ValueError, match="no location 'axon'; there are 'soma', 'dendrite'"):
        neurons.record("v", locations=["soma", "axon"])
    with pytest.raises(RuntimeError, match="a point neuron has no locations"):
        point.record("v", locations=["soma"])
    with pytest.raises(ValueError, match="'axon' names no compartment"):
        source(1, neurons, location="axon")
    with pytest.raises(ValueError, match="a point neuron has no locations"):
        source(1, point, location="soma")
    assert pynn.simulator.state.projections == []
    pynn.run(0.01)
    assert not neurons.get_data().segments[0].irregularlysampledsignals


def test_one_compartment_shows_one_quantity_and_another_may_show_another():
    setup()
    neurons = pynn.Population(1, pair()())
    neurons.record("v", locations=["soma"])
    with pytest.raises(ValueError, match="already records 'v'"):
        neurons.record("exc_synin", locations=["soma"])
    neurons.record("exc_synin", locations=["dendrite"])
    pynn.run(0.02)
    assert list(traces(neurons)) == [(0, "soma")]
    assert list(traces(neurons, "exc_synin")) == [(0, "dendrite")]
