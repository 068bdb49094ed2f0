"""Experiments of several snippets: what continues, what changes, and whose data are whose.

Oracle: the same experiment in one piece, where nothing changes; networks as they were written
down, where something does.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand


@pytest.fixture(autouse=True)
def session():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())


def firing(n=1, **parameters):
    """Neurons whose leak is above their threshold."""
    settings = {"leak_v_leak": 800, "threshold_v_threshold": 300, "reset_v_reset": 400}
    return pynn.Population(n, pynn.cells.HXNeuron(**(settings | parameters)))


def trains(population, segment=0):
    return [np.asarray(t) for t in population.get_data("spikes").segments[segment].spiketrains]


def test_membranes_continue_over_snippets():
    """Spikes of a regularly firing neuron keep their rhythm where one snippet ends."""
    neuron = firing()
    neuron.record("spikes")
    for _ in range(4):
        pynn.run(0.025, RunCommand.APPEND)
    assert pynn.get_current_time() == pytest.approx(0.1)
    pynn.run(None)
    in_parts = np.concatenate(trains(neuron))
    pynn.reset()
    pynn.run(0.1)
    (whole,) = trains(neuron, 1)
    assert in_parts.size > 8
    assert np.allclose(np.diff(in_parts), np.diff(whole).mean(), rtol=0.05)


def test_each_snippet_plays_its_part_of_the_spike_times():
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01, 0.035, 0.04, 0.09]))
    source.record("spikes")
    pynn.run(None, RunCommand.PREPARE)
    pynn.run(0.04, RunCommand.APPEND)
    pynn.run(0.03, RunCommand.APPEND)
    source.set(spike_times=[0.01, 0.08])
    pynn.run(0.03)
    shown = source.get_data().segments[0].spiketrains
    assert [t.magnitude.tolist() for t in shown] == [[0.01, 0.035], [0.04], [0.08]]
    assert [float(t.t_start) for t in shown] == pytest.approx([0, 0.04, 0.07])
    assert [float(t.t_stop) for t in shown] == pytest.approx([0.04, 0.07, 0.1])


def test_weights_parameters_and_recordings_belong_to_their_snippet():
    neuron = pynn.Population(2, pynn.cells.HXNeuron(threshold_enable=False))
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.02, 0.08, 0.14]))
    synapse = pynn.synapses.StaticSynapse(weight=0)
    projection = pynn.Projection(source, neuron, pynn.AllToAllConnector(), synapse)
    neuron[0:1].record("v")
    pynn.run(0.06, RunCommand.APPEND)
    projection.set(weight=63)
    pynn.run(0.06, RunCommand.APPEND)
    neuron.record(None)
    neuron[1:2].record("v")
    pynn.run(0.06)
    first, second, third = neuron.get_data().segments[0].irregularlysampledsignals
    assert [s.annotations["source_ids"] for s in (first, second, third)] == [[0], [0], [1]]
    heights = []
    for k, signal in enumerate((first, second, third)):
        ms, lsb = np.asarray(signal.times), np.asarray(signal)[:, 0]
        assert 0.06 * k <= ms[0] and ms[-1] < 0.06 * (k + 1)
        before = lsb[(ms > 0.06 * k + 0.012) & (ms < 0.06 * k + 0.019)].mean()
        heights.append(lsb[(ms > 0.06 * k + 0.02) & (ms < 0.06 * k + 0.05)].max() - before)
    assert heights[0] < 15 and heights[1] > 25 and heights[2] > 25


def test_a_neuron_created_between_snippets_is_part_of_the_later_ones():
    chip = pynn.helper.chip_from_nightly()
    chip.neurons.leak_v_leak, chip.neurons.threshold_v_threshold = 800, 300
    pynn.setup(initial_config=chip)
    first = pynn.Population(1, pynn.cells.HXNeuron())
    first.record("spikes")
    pynn.run(0.04, RunCommand.APPEND)
    second = pynn.Population(1, pynn.cells.HXNeuron())
    second.record("spikes")
    pynn.run(0.06)
    assert [len(t) > 2 for t in trains(first)] == [True, True]
    (only,) = trains(second)
    assert only.size > 2 and only.min() >= 0.04


def test_reset_drops_what_was_queued():
    neuron = firing()
    neuron.record("spikes")
    pynn.run(0.05, RunCommand.APPEND)
    pynn.reset()
    assert pynn.get_current_time() == 0
    with pytest.raises(ValueError, match="nothing is queued"):
        pynn.run(None)
    pynn.run(0.02)
    assert [float(t.t_stop) for t in neuron.get_data().segments[-1].spiketrains] == [0.02]


def test_a_refused_snippet_leaves_the_queue_as_it_was():
    neuron = firing()
    neuron.record("spikes")
    pynn.run(0.05, RunCommand.APPEND)
    too_many = pynn.Population(5, pynn.cells.HXNeuron())
    projection = pynn.Projection(
        neuron, too_many, pynn.AllToAllConnector(), pynn.synapses.StaticSynapse(weight=63 * 300)
    )
    with pytest.raises(RuntimeError, match="needs 300 synapses"):
        pynn.run(0.05, RunCommand.APPEND)
    with pytest.raises(RuntimeError, match="needs 300 synapses"):
        pynn.run(0.05)
    assert pynn.get_current_time() == pytest.approx(0.05)
    projection.set(weight=0)
    pynn.run(None)
    assert [len(t) > 2 for t in trains(neuron)] == [True]


def test_nothing_can_follow_an_executed_experiment_but_a_reset():
    pynn.run(0.01, RunCommand.APPEND)
    pynn.run(None)
    for arguments in ((0.01,), (0.01, RunCommand.APPEND)):
        with pytest.raises(RuntimeError, match=r"has been run; .* call reset\(\)"):
            pynn.run(*arguments)
    assert pynn.get_current_time() == pytest.approx(0.01)


def test_callbacks_change_the_network_from_their_time_on():
    neuron = firing()
    neuron.record("spikes")
    called = []

    def silence(t):
        called.append(round(t, 6))
        neuron.set(threshold_enable=t < 0.1)
        return t + 0.05

    pynn.run(None, RunCommand.PREPARE)
    assert pynn.run_until(0.2, callbacks=[silence]) == pytest.approx(0.2)
    assert called == [0.0, 0.05, 0.1, 0.15]
    counts = [len(t) for t in trains(neuron)]
    assert min(counts[:2]) > 2 and max(counts[2:]) == 0
    pynn.reset()
    with pytest.raises(ValueError, match="must return a later time"):
        pynn.run_until(0.1, callbacks=[lambda t: t])


def test_more_neurons_than_the_madc_sees_are_recorded_in_several_runs(caplog):
    leaks = [560, 600, 640, 680, 720]
    neurons = pynn.Population(5, pynn.cells.HXNeuron(leak_v_leak=leaks, threshold_enable=False))
    neurons.record(["v", "spikes"])
    pynn.run(0.05)
    assert "the experiment is run 3 times" in caplog.text
    assert pynn.get_execution_instance_data().executions == 3
    signals = neurons.get_data().segments[0].irregularlysampledsignals
    assert [s.annotations["source_ids"] for s in signals] == [[k] for k in range(5)]
    means = [float(np.asarray(s).mean()) for s in signals]
    slope = np.polyfit(leaks, means, 1)[0]
    assert slope == pytest.approx(0.79, rel=0.25), "MADC LSB for a code of the leak potential"
    assert len(neurons.get_data().segments[0].spiketrains) == 5


def test_that_an_experiment_is_run_again_is_said_once_however_many_snippets_it_has(caplog):
    neurons = pynn.Population(3, pynn.cells.HXNeuron(threshold_enable=False))
    neurons.record("v")
    for _ in range(3):
        pynn.run(0.01, RunCommand.APPEND)
    pynn.run(None)
    assert pynn.get_execution_instance_data().executions == 2
    assert caplog.text.count("the experiment is run 2 times") == 1


def test_the_columns_adc_shows_all_neurons_at_once_in_its_own_units():
    leaks = np.linspace(560, 720, 64)
    neurons = pynn.Population(64, pynn.cells.HXNeuron(leak_v_leak=leaks, threshold_enable=False))
    neurons.record("v", device="cadc")
    neurons[3:4].record("v")
    pynn.run(0.1)
    assert pynn.get_execution_instance_data().executions == 1
    signals = neurons.get_data().segments[0].irregularlysampledsignals
    assert [s.annotations["device"] for s in signals] == ["madc"] + ["cadc"] * 64
    columns = signals[1:]
    means = np.array([float(np.asarray(s).mean()) for s in columns])
    assert np.polyfit(leaks, means, 1)[0] == pytest.approx(0.79 * 1.54 / 4.5, rel=0.25)
    assert np.all((means > -128) & (means < 127))
    spacing = np.diff(columns[0].times.rescale("us").magnitude)
    assert spacing.min() >= 1.7 and spacing.max() < 2.2
    assert len(signals[0]) > 10 * len(columns[0]), "the MADC is the faster one"


def test_an_event_that_the_adc_would_delay_still_leaves_in_time():
    """Sampling takes cycles of the FPGA; events are late by those at most."""
    neurons = pynn.Population(128, pynn.cells.HXNeuron(threshold_enable=False))
    neurons.record("v", device="cadc")
    echo = pynn.Population(1, pynn.cells.HXNeuron(threshold_v_threshold=250))
    echo.record("spikes")
    source = pynn.Population(8, pynn.cells.SpikeSourceArray(spike_times=[0.0305]))
    synapse = pynn.synapses.StaticSynapse(weight=63)
    pynn.Projection(source, echo, pynn.AllToAllConnector(), synapse)
    pynn.run(0.06)
    (with_adc,) = trains(echo)
    neurons.record(None)
    pynn.reset()
    pynn.run(0.06)
    (without,) = trains(echo, 1)
    first = [t[t > 0.0305][0] for t in (with_adc, without)]
    assert abs(first[0] - first[1]) < 1.5e-3


def test_both_converters_agree_on_when_and_how_much():
    neuron = pynn.Population(1, pynn.cells.HXNeuron(threshold_enable=False))
    source = pynn.Population(3, pynn.cells.SpikeSourceArray(spike_times=[0.04]))
    synapse = pynn.synapses.StaticSynapse(weight=63)
    pynn.Projection(source, neuron, pynn.AllToAllConnector(), synapse)
    neuron.record("v")
    neuron.record("v", device="cadc")
    pynn.run(0.1)
    fast, slow = neuron.get_data().segments[0].irregularlysampledsignals
    assert (fast.annotations["device"], slow.annotations["device"]) == ("madc", "cadc")
    (t, v), (s, w) = ((np.asarray(x.times), np.asarray(x)[:, 0]) for x in (fast, slow))
    smooth = np.convolve(v, np.ones(29) / 29, mode="same")
    inside = (s > 0.005) & (s < 0.095)

    def misfit(shift_ms):
        seen = np.interp(s[inside] + shift_ms, t, smooth)
        return np.polyfit(seen, w[inside], 1, full=True)[1][0]

    shifts = np.arange(-5e-3, 5e-3, 2.5e-4)
    best = shifts[np.argmin([misfit(shift) for shift in shifts])]
    assert abs(best) < 1e-3, "a sample's time is when it was asked for, to 1 us"
    slope = np.polyfit(np.interp(s[inside], t, smooth), w[inside], 1)[0]
    assert slope == pytest.approx(1.54 / 4.5, rel=0.15), "CADC LSB per MADC LSB"


def test_sampling_the_columns_for_longer_than_a_program_holds_is_refused_at_once():
    neurons = pynn.Population(512, pynn.cells.HXNeuron())
    neurons.record("v", device="cadc")
    pynn.run(40, RunCommand.APPEND)
    with pytest.raises(RuntimeError, match=r"takes? \d+ reads, .* record for at most \d+ ms"):
        pynn.run(40, RunCommand.APPEND)
    assert pynn.get_current_time() == 40
