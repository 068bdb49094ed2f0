"""The examples that come with the chip's other PyNN backend, in our own words and shortened.

Oracle: what each of them is there to show.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import hal, halco, morphology

LEAK_OVER_THRESHOLD = {
    "leak_v_leak": 1000,
    "leak_i_bias": 150,
    "threshold_enable": True,
    "threshold_v_threshold": 300,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 255,
}


def static(weight):
    return pynn.synapses.StaticSynapse(weight=weight)


def trains(population):
    return [t.magnitude for t in population.get_data("spikes").segments[-1].spiketrains]


def trace(population):
    (signal,) = population.get_data().segments[-1].irregularlysampledsignals
    return signal.times.magnitude, signal.magnitude[:, 0].astype(float)


def test_single_neuron_a_neuron_with_its_leak_over_its_threshold_fires_regularly():
    pynn.setup()
    neuron = pynn.Population(1, pynn.cells.HXNeuron(**LEAK_OVER_THRESHOLD))
    neuron.record(["spikes", "v"])
    pynn.run(0.2)
    (spikes,) = trains(neuron)
    ms, lsb = trace(neuron)
    intervals = np.diff(spikes)
    assert spikes.size > 5 and intervals.std() < 0.1 * intervals.mean()
    after = [lsb[(ms > t) & (ms < t + 1.5e-3)].min() for t in spikes[:-1]]
    assert np.std(after) < 30 and np.mean(after) < lsb.max() - 50, "reset after each spike"


def test_leak_over_threshold_a_higher_leak_means_a_higher_rate():
    pynn.setup()
    leaks = [700, 850, 1000]
    neurons = pynn.Population(3, pynn.cells.HXNeuron(**LEAK_OVER_THRESHOLD))
    neurons.set(leak_v_leak=leaks)
    neurons[1:].set(threshold_v_threshold=300)
    neurons.record("spikes")
    pynn.run(1)
    rates = [len(t) for t in trains(neurons)]
    assert rates[0] < rates[1] < rates[2]


def test_external_input_spikes_of_the_host_excite_a_neuron():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    neuron = pynn.Population(1, pynn.cells.HXNeuron(threshold_v_threshold=300))
    neuron.record("spikes")
    times = [0.05, 0.1, 0.15]
    source = pynn.Population(8, pynn.cells.SpikeSourceArray(spike_times=times))
    pynn.Projection(source, neuron, pynn.AllToAllConnector(), static(63))
    pynn.run(0.2)
    (spikes,) = trains(neuron)
    assert [np.any((spikes > t) & (spikes < t + 0.02)) for t in times] == [True] * 3
    assert not np.any(spikes < 0.05)


def test_internal_projections_spikes_travel_from_neuron_to_neuron_and_inhibit():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    first = pynn.Population(2, pynn.cells.HXNeuron(leak_v_leak=900, threshold_v_threshold=300))
    excited = pynn.Population(1, pynn.cells.HXNeuron(threshold_enable=False))
    inhibited = pynn.Population(1, pynn.cells.HXNeuron(threshold_enable=False))
    for target, weight, receptor in ((excited, 63, "excitatory"), (inhibited, -63, "inhibitory")):
        pynn.Projection(
            first, target, pynn.AllToAllConnector(), static(weight), receptor_type=receptor
        )
        target.record("v")
    first.record("spikes")
    pynn.run(0.2)
    spikes = np.sort(np.concatenate(trains(first)))
    assert spikes.size > 4
    before, after = {}, {}
    for name, target in (("excited", excited), ("inhibited", inhibited)):
        ms, lsb = trace(target)
        before[name] = lsb[ms < spikes[0]].mean() if np.any(ms < spikes[0]) else lsb[0]
        after[name] = lsb[ms > spikes[0] + 0.03].mean()
    assert after["excited"] > before["excited"] + 10
    assert after["inhibited"] < before["inhibited"] - 10


def test_crossbar_counters_count_the_events_that_were_sent():
    counters = list(halco.iter_all(halco.CrossbarOutputOnDLS))
    config = hal.CrossbarOutputConfig()
    for coordinate in counters:
        config.enable_event_counter[coordinate] = True
    injected = pynn.InjectedConfiguration(pre_realtime={halco.CrossbarOutputConfigOnDLS(): config})
    read = pynn.InjectedReadout(pre_realtime=set(counters), post_realtime=set(counters))
    pynn.setup(injected_config=injected, injected_readout=read)
    source = pynn.Population(10, pynn.cells.SpikeSourceArray(spike_times=np.arange(1, 21) / 100))
    neurons = pynn.Population(20, pynn.cells.HXNeuron())
    pynn.Projection(source, neurons, pynn.AllToAllConnector(), static(33))
    pynn.run(0.3)
    before, after = pynn.get_pre_realtime_read(), pynn.get_post_realtime_read()
    counted = np.array([after[c].value - before[c].value for c in counters])
    assert counted[:4].sum() == 200, "events on the buses of the half that the neurons are in"
    assert counted[4:].sum() == 0


def test_calibrated_neurons_keep_their_targets_and_fire_if_their_leak_is_raised():
    pynn.setup()
    neurons = pynn.Population(2, pynn.cells.CalibHXNeuronCuba(v_rest=[80, 90], tau_m=12.0))
    neurons.record("spikes")
    pynn.run(None, pynn.RunCommand.PREPARE)
    assert [t.v_rest for t in neurons.calib_target] == [80, 90]
    neurons[1:].actual_hwparams[0].leak.v_leak = 1022
    pynn.run(0.5)
    quiet, busy = trains(neurons)
    assert len(quiet) == 0 and len(busy) > 10


def test_an_interspike_interval_is_set_by_searching_the_leak():
    """The idea of the calibration of intervals: bisect a code until the rate is what is wanted."""
    pynn.setup()
    neuron = pynn.Population(1, pynn.cells.HXNeuron(**LEAK_OVER_THRESHOLD))
    neuron.record("spikes")

    def interval_us(leak):
        neuron.set(leak_v_leak=leak)
        pynn.run(0.3)
        (spikes,) = trains(neuron)
        pynn.reset()
        return 1e3 * np.diff(spikes).mean() if spikes.size > 2 else np.inf

    low, high, target = 500, 1000, 0.8 * interval_us(700)
    while high - low > 4:
        middle = (low + high) // 2
        low, high = (middle, high) if interval_us(middle) > target else (low, middle)
    assert 700 < high < 1000
    assert interval_us(high) == pytest.approx(target, rel=0.08)


def test_multicompartment_an_input_is_attenuated_along_a_chain():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    chain = morphology.create_mc_neuron(
        "Chain",
        [
            morphology.Compartment(
                positions=[k],
                label=f"part {k}",
                connect_shared_line=[k] if k % 2 else None,
                connect_conductance=None if k % 2 else [(k, 300)],
            )
            for k in range(2)
        ],
        connections=[morphology.SharedLineConnection(start=0, stop=1, row=0)],
    )
    neuron = pynn.Population(1, chain(threshold_enable=False))
    neuron.record("v", locations=["part 0", "part 1"])
    source = pynn.Population(8, pynn.cells.SpikeSourceArray(spike_times=[0.05]))
    there = pynn.AllToAllConnector(location_selector="part 0")
    pynn.Projection(source, neuron, there, static(63))
    pynn.run(0.1)
    heights = []
    for signal in neuron.get_data().segments[0].irregularlysampledsignals:
        ms, lsb = signal.times.magnitude, signal.magnitude[:, 0].astype(float)
        heights.append(lsb[(ms > 0.05) & (ms < 0.08)].max() - lsb[ms < 0.05].mean())
    assert heights[0] > heights[1] > 0.1 * heights[0]


def test_a_network_larger_than_the_chip_runs_in_parts():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    source = pynn.Population(10, pynn.cells.SpikeSourceArray(spike_times=[0.05, 0.1]))
    hidden, output = (
        pynn.Population(1000, pynn.cells.HXNeuron(threshold_v_threshold=320)) for _ in range(2)
    )
    for population in (hidden, output):
        population.record("spikes")
    pynn.Projection(source, hidden, pynn.AllToAllConnector(), static(63))
    one_to_one = pynn.Projection(hidden, output, pynn.OneToOneConnector(), static(252))
    assert len(one_to_one) == 1000
    pynn.run(0.15)
    assert pynn.get_execution_instance_data().executions == 4
    answered = [np.mean([np.any((t > 0.05) & (t < 0.08)) for t in trains(p)])
                for p in (hidden, output)]  # fmt: skip
    assert answered[0] > 0.9 and answered[1] > 0.5
    early = [np.mean([np.any((t > 0.02) & (t < 0.05)) for t in trains(p)])
             for p in (hidden, output)]  # fmt: skip
    assert max(early) < 0.2
