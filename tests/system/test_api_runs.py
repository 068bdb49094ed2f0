"""What happens around the network in a run, and what earlier backends got wrong.

Oracle: the events that were sent, the registers that were written, and the order in which a run's
sections are documented to happen.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand, hal, halco, lola, sta

EVERY = 8
"""Synapse rows that the tests below write by hand are this far apart."""


def static(weight):
    return pynn.synapses.StaticSynapse(weight=weight)


def trains(population, segment=-1):
    return [t.magnitude for t in population.get_data("spikes").segments[segment].spiketrains]


# --- neuron bypass --------------------------------------------------------------------------------


def echoed(sent, back):
    """Share of sent spikes [ms] after which one came back within 10 us."""
    after = np.append(back, np.inf)[np.searchsorted(back, sent)]
    return np.mean(after - sent < 0.01)


def test_in_bypass_mode_injected_spikes_come_back_within_ten_microseconds():
    pynn.setup(enable_neuron_bypass=True)
    rng = np.random.default_rng(0)
    sent = [np.sort(rng.uniform(0.05, 19.9, 150)) for _ in range(32)]
    source = pynn.Population(32, pynn.cells.SpikeSourceArray(spike_times=[list(t) for t in sent]))
    neurons = pynn.Population(32, pynn.cells.HXNeuron())
    neurons.record("spikes")
    pynn.Projection(source, neurons, pynn.OneToOneConnector(), static(63))
    pynn.run(20)
    back = trains(neurons)
    shares = [echoed(a, b) for a, b in zip(sent, back, strict=True)]
    assert np.mean(shares) >= 0.98
    assert sum(map(len, back)) == pytest.approx(sum(map(len, sent)), rel=0.05)


def test_in_bypass_mode_inhibition_fires_too_and_nothing_is_integrated():
    pynn.setup(enable_neuron_bypass=True)
    times = np.arange(0.1, 10, 0.1)
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=list(times)))
    neurons = pynn.Population(3, pynn.cells.HXNeuron())
    neurons.record("spikes")
    pynn.Projection(
        source, neurons[0:1], pynn.AllToAllConnector(), static(-63), receptor_type="inhibitory"
    )
    pynn.Projection(source, neurons[1:2], pynn.AllToAllConnector(), static(63))
    pynn.run(10)
    inhibited, excited, alone = trains(neurons)
    assert echoed(times, inhibited) == echoed(times, excited) == 1
    assert abs(len(excited) - len(times)) <= 2 and len(alone) == 0


# --- injected configuration and readout -----------------------------------------------------------


def weight_row(value):
    row = lola.SynapseWeightRow()
    for column in range(256):
        row.values[column] = value
    return row


def row_at(number):
    return halco.SynapseRowOnDLS(
        halco.SynapseRowOnSynram(number), halco.SynramOnDLS.top
    ).toSynapseWeightRowOnDLS()


def test_sections_of_a_run_follow_each_other_and_the_network_comes_after_the_first():
    """Each section writes a row of its own, and all write one: what is read tells who was last."""
    first = ("pre_non_realtime", "pre_realtime", "inside_realtime_begin")
    last = ("inside_realtime_end", "post_realtime")
    injected = pynn.InjectedConfiguration()
    for number, section in enumerate((*first, *last)):
        setattr(
            injected,
            section,
            {
                row_at(EVERY * 7): weight_row(10 + number),
                row_at(EVERY * (1 + number)): weight_row(1),
            },
        )
    injected.inside_realtime.write(hal.Timer.Value(125 * 5), row_at(EVERY * 6), weight_row(2))
    read = pynn.InjectedReadout(
        pre_realtime={halco.SynramOnDLS.top}, post_realtime={halco.SynramOnDLS.top}
    )
    pynn.setup(injected_config=injected, injected_readout=read)
    neuron = pynn.Population(1, pynn.cells.HXNeuron())
    pynn.Projection(neuron, neuron, pynn.AllToAllConnector(), static(33))
    pynn.run(0.02)
    before, after = (
        get()[halco.SynramOnDLS.top].weights.to_numpy()
        for get in (pynn.get_pre_realtime_read, pynn.get_post_realtime_read)
    )
    rows = [EVERY * k for k in (7, 1, 2, 3, 4, 5, 6)]
    assert before.shape == (256, 256)
    assert before[rows, 200].tolist() == [11, 0, 1, 0, 0, 0, 0], "the network's weights are 0"
    assert after[rows, 200].tolist() == [14, 0, 1, 1, 1, 1, 2]
    assert np.count_nonzero(before == 33) == 1


def test_a_section_may_be_a_builder():
    builder = sta.PlaybackProgramBuilder()
    builder.write(row_at(3), weight_row(7))
    ticket = builder.read(row_at(3))
    read = pynn.InjectedReadout(post_realtime={row_at(3)})
    pynn.setup(
        injected_config=pynn.InjectedConfiguration(pre_realtime=builder), injected_readout=read
    )
    pynn.Population(1, pynn.cells.HXNeuron())
    pynn.run(0.01)
    assert ticket.get().values[5] == 7
    assert pynn.get_post_realtime_read()[row_at(3)] == weight_row(7)


def test_what_is_injected_inside_may_be_filled_after_the_mapping():
    injected = pynn.InjectedConfiguration()
    pynn.setup(enable_neuron_bypass=True, injected_config=injected)
    times = [0.05, 0.1, 0.15, 0.2, 0.25]
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=times))
    neuron = pynn.Population(1, pynn.cells.HXNeuron())
    neuron.record("spikes")
    projection = pynn.Projection(source, neuron, pynn.AllToAllConnector(), static(0))
    pynn.run(None, RunCommand.PREPARE)
    ((synapse,),) = projection.placed_connections
    row = lola.SynapseWeightRow()
    row.values[synapse.synapse_on_row] = 63
    when = hal.Timer.Value(int(hal.Timer.Value.fpga_clock_cycles_per_us) * 125)
    injected.inside_realtime.write(when, synapse.synapse_row.toSynapseWeightRowOnDLS(), row)
    for trial in range(2):
        pynn.run(0.3)
        assert np.allclose(trains(neuron, trial)[0], times[2:], atol=1e-3)
        pynn.reset()


# --- what earlier backends got wrong --------------------------------------------------------------


def test_inputs_are_cut_anew_for_every_snippet():
    pynn.setup(enable_neuron_bypass=True)
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01, 0.03, 0.07]))
    poisson = pynn.Population(1, pynn.cells.SpikeSourcePoisson(start=0, rate=1e5, duration=0.1))
    neurons = pynn.Population(2, pynn.cells.HXNeuron())
    for population in (source, poisson, neurons):
        population.record("spikes")
    pynn.Projection(source, neurons[0:1], pynn.AllToAllConnector(), static(63))
    pynn.Projection(poisson, neurons[1:2], pynn.AllToAllConnector(), static(63))
    pynn.run(None, RunCommand.PREPARE)
    for _ in range(4):
        pynn.run(0.025, RunCommand.APPEND)
    pynn.run(None)
    assert [t.tolist() for t in trains(source)] == [[0.01], [0.03], [0.07], []]
    drawn = np.concatenate(trains(poisson))
    assert drawn.size > 3 and np.all(np.diff(drawn) >= 0)
    heard = trains(neurons)
    assert np.allclose(np.concatenate(heard[0::2]), [0.01, 0.03, 0.07], atol=2e-3)
    assert abs(sum(map(len, heard[1::2])) - drawn.size) <= 0.3 * drawn.size


def test_spikes_of_earlier_runs_stay_however_often_they_are_asked_for():
    pynn.setup()
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    source.record("spikes")
    for _ in range(2):
        pynn.run(0.02)
        pynn.reset()
    for variables in ("spikes", ["spikes"], "all", "spikes"):
        block = source.get_data(variables)
        assert [len(s.spiketrains) for s in block.segments] == [1, 1]
    assert [len(s.spiketrains) for s in source.get_data("v").segments] == [0, 0]


def test_a_projection_that_is_refused_leaves_nothing_behind():
    pynn.setup()
    neurons = pynn.Population(2, pynn.cells.HXNeuron())
    source = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    connect = pynn.AllToAllConnector
    for build in (
        lambda: pynn.Projection(source, neurons, connect(), static(-5)),
        lambda: pynn.Projection(source, neurons, connect(location_selector="soma"), static(5)),
        lambda: pynn.Projection(source, neurons, connect(), static(5), receptor_type="gaba"),
        lambda: pynn.Projection(
            source, neurons, pynn.FromListConnector([(0, 0, 5.0, 1.0)], ["weight", "delay"])
        ),
        lambda: pynn.Projection(neurons, source, connect(), static(5)),
    ):
        with pytest.raises((ValueError, pynn.errors.ConnectionError)):
            build()
        assert pynn.simulator.state.projections == []
    pynn.run(0.02)
    assert pynn.get_backend_statistics().n_projections == 0


# --- scripts for earlier versions of the other backend --------------------------------------------


def test_values_may_be_set_before_the_mapping_if_asked_for():
    chip = pynn.helper.chip_from_nightly()
    pynn.setup(initial_config=chip, strict_parameters=False)
    neurons = pynn.Population(2, pynn.cells.HXNeuron(reset_v_reset=7))
    neurons.set(leak_v_leak=5)
    assert neurons.get(["leak_v_leak", "reset_v_reset"]) == [5, 7]
    assert neurons.get("threshold_v_threshold") == 0, "not known yet: the default"
    pynn.run(None, RunCommand.PREPARE)
    assert neurons.get(["leak_v_leak", "reset_v_reset"]) == [5, 7]
    assert neurons.get("threshold_v_threshold") == chip.neurons.threshold_v_threshold[0]


def test_the_configuration_that_runs_start_from_can_be_changed_under_its_old_name():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    neuron = pynn.Population(1, pynn.cells.HXNeuron())
    neuron.record("spikes")
    pynn.run(0.1)
    pynn.reset()
    base = pynn.simulator.state.grenade_chip_config
    circuit = base.neuron_block.atomic_neurons[halco.AtomicNeuronOnDLS(0)]
    circuit.leak.v_leak, circuit.threshold.v_threshold = 1000, 300
    pynn.run(0.1)
    quiet, busy = (trains(neuron, k)[0] for k in (0, 1))
    assert len(quiet) <= 1 and len(busy) > 5
    assert neuron.get("leak_v_leak") == 1000


def test_the_circuits_of_cells_can_be_asked_by_id():
    pynn.setup(neuronPermutation=[7, 5, 3])
    placement = pynn.simulator.state.neuron_placement
    source = pynn.Population(1, pynn.cells.SpikeSourceArray())
    neurons = pynn.Population(3, pynn.cells.HXNeuron())
    with pytest.raises(RuntimeError, match="call run"):
        placement.id2logicalneuron(neurons[0])
    pynn.run(None, RunCommand.PREPARE)
    assert placement.id2logicalneuron(neurons[1]) == [5]
    assert placement.id2logicalneuron(neurons.all_cells) == [[7], [5], [3]]
    with pytest.raises(ValueError, match="is no neuron"):
        placement.id2logicalneuron(source[0])


def test_the_old_name_of_a_section_reaches_the_chip():
    injected = pynn.InjectedConfiguration()
    config = hal.CrossbarOutputConfig()
    config.enable_event_counter[halco.CrossbarOutputOnDLS(3)] = True
    injected.pre_static_config = {halco.CrossbarOutputConfigOnDLS(): config}
    assert injected.pre_non_realtime is injected.pre_static_config
    pynn.setup(injected_config=injected)
    pynn.Population(1, pynn.cells.HXNeuron())
    assert pynn.run(0.01) == pytest.approx(0.01)
