"""The session: what asks for it, and that a run takes all or nothing.

Oracle: the error types of the chip's own PyNN backend; arrays counted by hand.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from firmware_protocol import ChipConfig
from pynn_hx import session
from pynn_hx.chip_access import ChipAccess


@pytest.mark.parametrize("kind", [AttributeError, RuntimeError])
def test_a_missing_session_is_both_kinds_of_error_that_scripts_catch(kind):
    with pytest.raises(kind, match=r"record\(\) needs a session; call pynn_hx.setup\(\) first"):
        session.require("record()")


def test_the_network_numbers_external_sources_after_all_neurons():
    pynn.setup()
    sources = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    first = pynn.Population(2, pynn.cells.HXNeuron())
    second = pynn.Population(3, pynn.cells.HXNeuron())
    second[1:2].record("spikes")
    synapse = pynn.synapses.StaticSynapse(weight=-4)
    pynn.Projection(sources, second, pynn.OneToOneConnector(), synapse, receptor_type="inhibitory")
    pynn.Projection(first, second[2:], pynn.AllToAllConnector())
    network = session.state.network()
    assert (network.n_neurons, network.n_external) == (5, 2)
    assert network.connections.pre.tolist() == [5, 6, 0, 1]
    assert network.connections.post.tolist() == [2, 3, 4, 4]
    assert network.connections.weight.tolist() == [4, 4, 0, 0]
    assert network.connections.inhibitory.tolist() == [True, True, False, False]
    assert network.recorded.tolist() == [False, False, False, True, False]


def test_mapping_never_changes_the_initial_configuration():
    chip = pynn.helper.chip_from_nightly()
    before = chip.copy()
    pynn.setup(initial_config=chip)
    population = pynn.Population(3, pynn.cells.HXNeuron(leak_v_leak=5))
    pynn.Projection(population, population, pynn.AllToAllConnector())
    pynn.run(None, pynn.RunCommand.PREPARE)
    assert chip == before
    assert session.state.initial_config == before


def test_events_of_all_sources_are_merged_in_time_and_cut_at_the_runtime():
    pynn.setup()
    neuron = pynn.Population(1, pynn.cells.HXNeuron())
    times = [[0.03, 0.2], [0.01, 0.05]]
    sources = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=times))
    pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.02]))  # projects onto nothing
    pynn.Projection(sources, neuron, pynn.AllToAllConnector())
    source, cycles = session.state._external_events(0, 10_000)
    assert cycles.tolist() == [1250, 2500, 3750, 6250]
    assert source.tolist() == [1, 2, 0, 1]
    assert session.state._external_events(2500, 3750)[0].tolist() == [2]
    routing = session.state.prepare().routing
    assert np.all(routing.label[:2] >= 0) and routing.label[2] == -1


RESPONSE = np.array([0x0500000000000004, 0x0200000000000001, 0x0200000000000000], np.uint64)


class Whole:
    """A connection that answers in one piece."""

    identifier = "whole"

    def execute(self, words):
        return RESPONSE

    def close(self):
        pass


class Pieces(Whole):
    """One that hands the response on while it comes."""

    def execute(self, words):
        raise AssertionError("who can stream is not asked for everything at once")

    def stream(self, words):
        yield from np.split(RESPONSE, [1, 2])


@pytest.mark.parametrize("connection", [Whole(), Pieces()])
def test_a_response_is_decoded_while_it_comes_if_the_connection_can(connection):
    trace = ChipAccess(None, connection).execute(np.array([0x0A << 56], np.uint64))
    assert trace.ticks.tolist() == [5]
    assert trace.halted


def strong_recurrence():
    """32 neurons, all to all, three synapses each: more than one bus holds."""
    neurons = pynn.Population(32, pynn.cells.HXNeuron())
    synapse = pynn.synapses.StaticSynapse(weight=3 * 63)
    pynn.Projection(neurons, neurons, pynn.AllToAllConnector(), synapse)


def test_neurons_move_only_if_nobody_cares_and_they_cannot_be_routed_in_order():
    pynn.setup()
    strong_recurrence()
    pynn.run(None, pynn.RunCommand.PREPARE)
    placed = session.state.mapped.circuit
    assert not np.array_equal(placed, np.arange(32))
    pynn.Population(1, pynn.cells.HXNeuron())
    pynn.run(None, pynn.RunCommand.PREPARE)
    assert np.array_equal(session.state.mapped.circuit[:32], placed), "and then they stay"
    for keyword in ({"neuronPermutation": range(512)}, {"initial_config": ChipConfig()}):
        pynn.setup(**keyword)
        strong_recurrence()
        with pytest.raises(RuntimeError, match="synapse rows"):
            pynn.run(None, pynn.RunCommand.PREPARE)
