"""Neurons that make others fire, and logic between them, through the analog core.

Oracle: lola's AtomicNeuron::Bayesian (what a master, a slave and each operation do), evaluated on
the spikes of neurons that nobody connected.
"""

import numpy as np
import pytest

from emulator import parameters as p
from emulator.effects import Effects
from emulator.fire_connections import Wires, fire_connections
from emulator.kernels import fire
from emulator.memory import Memory
from firmware_protocol import ChipConfig
from tests.support.emulated import chip, ideal_core, trace_of, watch
from tests.unit.emulator.kernels.test_fire import expected

ORIGIN = 12_500_000
QUIET = {"threshold_enable": 0}
DURATION = 25_000  # cycles


def connections(*, effects=None, **settings):
    """Of a chip whose `settings`, bayesian_ left out, are 1 in the given neurons."""
    config = ChipConfig()
    for name, neurons in settings.items():
        config.neurons[f"bayesian_{name}"][neurons] = 1
    return fire_connections(Memory(config.image()).neurons(), effects or Effects())


def heard(found, neuron):
    return list(np.nonzero(found.hears[neuron])[0])


# --- wires ----------------------------------------------------------------------------------------


def test_a_wire_carries_its_own_master_and_nobody_elses():
    found = connections(enable_master=[3, 4])
    assert [heard(found, n) for n in (3, 4, 5)] == [[3], [4], []]
    assert found.trivial


@pytest.mark.parametrize("closed", [10, 266])
def test_either_switch_joins_both_rows(closed):
    found = connections(enable_master=10, connect_fire_vertical=closed)
    assert heard(found, 10) == heard(found, 266) == [10]


def test_fire_goes_right_through_neighbours_and_not_back():
    found = connections(enable_master=[10, 12], connect_fire_to_right=[10, 11])
    assert [heard(found, n) for n in range(9, 14)] == [[], [10], [10], [10, 12], []]


def test_fire_does_not_leave_its_quadrant_to_the_right():
    found = connections(enable_master=[127, 255, 383], connect_fire_to_right=[127, 255, 383])
    assert [heard(found, n) for n in (128, 256, 384)] == [[], [], []]


def test_fire_from_the_right_is_broken_on_a_chip_and_not_on_an_ideal_one():
    settings = {"enable_master": 11, "connect_fire_from_right": 10}
    assert heard(connections(**settings), 10) == []
    assert heard(connections(**settings, effects=Effects.of(ideal=True)), 10) == [11]
    config = ChipConfig()
    config.neurons.bayesian_connect_fire_from_right[[10, 12]] = 1
    memory = Memory(config.image())
    ((place, remark),) = Wires(Effects()).report(memory)
    assert place == "neurons 10, 12" and "does not work" in remark
    assert Wires(Effects.of(ideal=True)).report(memory) == []


def test_who_can_fire_and_who_decides_it():
    found = connections(
        enable_master=[0, 1], connect_fire_to_right=[0, 1], enable_slave=[1, 2], operation=5
    )
    able = np.zeros(512, bool)
    able[0] = True
    assert list(np.nonzero(found.firing(able))[0]) == [0, 1, 2]
    wanted = np.zeros(512, bool)
    wanted[2] = True
    assert list(np.nonzero(found.with_masters(wanted))[0]) == [0, 1, 2]
    assert not found.trivial


# --- slaves ---------------------------------------------------------------------------------------


def spikes_of(pieces, neuron):
    return np.concatenate([q.spike_tick[q.spike_neuron == neuron] for q in pieces])


def events_of(pieces, neuron):
    return np.concatenate([q.event_tick[q.event_neuron == neuron] for q in pieces])


def master_20_and_slave_21(**slave):
    """21 cannot fire by itself; `slave`: its other settings."""
    config = chip([20, 21])
    for name, value in (QUIET | slave).items():
        config.neurons[name][21] = value
    config.neurons.bayesian_enable_master[20] = 1
    config.neurons.bayesian_enable_slave[21] = 1
    config.neurons.bayesian_connect_fire_to_right[20] = 1
    return config


def test_a_slave_fires_with_its_master_and_is_reset_as_it_is():
    config = chip([20, 276])
    config.neurons.threshold_enable[276] = 0
    config.neurons.bayesian_enable_master[20] = 1
    config.neurons.bayesian_enable_slave[276] = 1
    config.neurons.bayesian_connect_fire_vertical[20] = 1
    core, memory = ideal_core(config)
    pieces = core.integrate(memory, watch([20, 276]), ORIGIN, ORIGIN + DURATION)
    master, slave = spikes_of(pieces, 20), spikes_of(pieces, 276)
    assert master.size > 6
    assert np.array_equal(master, slave)
    assert np.array_equal(events_of(pieces, 276), slave)
    v, w = trace_of(pieces, 0), trace_of(pieces, 1)
    after = round(master[0] / 2 / core.step_cycles) - ORIGIN // core.step_cycles
    # Both have the same circuit, so from the first common reset on they are the same but for
    # rounding: the slave's step is replayed from where it began.
    assert np.abs(v[after + 300 :] - w[after + 300 :]).max() < 2e-4


def test_a_slave_fires_at_the_next_edge_of_its_own_clock_and_stays_refractory_for_its_own_time():
    config = master_20_and_slave_21(
        refractory_period_refractory_time=40, refractory_period_input_clock=1
    )
    config.common_backend.clock_scale_fast = 4
    core, memory = ideal_core(config)
    pieces = core.integrate(memory, watch([21]), ORIGIN, ORIGIN + DURATION)
    master, slave = spikes_of(pieces, 20), spikes_of(pieces, 21)
    clock = 2 << 4
    n = min(master.size, slave.size)
    assert n > 6 and master.size - n <= 1
    assert np.array_equal(slave[:n], -(-master[:n] // clock) * clock)
    v, at = trace_of(pieces), np.arange(trace_of(pieces).size) * core.step_cycles * 2 + ORIGIN * 2
    circuits = core.circuits(memory, ORIGIN)
    low = v < circuits.reset.target[21] + 0.02
    down = [at[(at > s) & low][0] for s in slave[:5]]
    leaving = [at[(at > s) & ~low][0] for s in down]
    hold = int(circuits.backend.refractory[21] - circuits.backend.hold[21])
    assert np.ptp(np.array(leaving) - slave[:5]) <= 3 * core.step_cycles * 2
    assert np.all(np.array(leaving) - slave[:5] > hold)


def test_a_chain_of_slaves_fires_in_one_tick_and_nobody_twice():
    """0 fires 1, a slave of its wire; 1, a master, fires 257 and, by its wire, itself."""
    config = chip(np.array([0, 1, 257]))
    config.neurons.threshold_enable[[1, 257]] = 0
    config.neurons.bayesian_enable_master[[0, 1]] = 1
    config.neurons.bayesian_enable_slave[[1, 257]] = 1
    config.neurons.bayesian_connect_fire_to_right[0] = 1
    config.neurons.bayesian_connect_fire_vertical[257] = 1
    core, memory = ideal_core(config)
    pieces = core.integrate(memory, watch(), ORIGIN, ORIGIN + DURATION)
    first, second, third = (spikes_of(pieces, n) for n in (0, 1, 257))
    assert first.size > 6
    assert np.array_equal(first, second) and np.array_equal(first, third)


def test_a_refractory_slave_ignores_its_master():
    config = master_20_and_slave_21()
    config.neurons.refractory_period_input_clock[20] = 1
    config.common_backend.clock_scale_fast = 2
    config.common_backend.clock_scale_slow = 7
    core, memory = ideal_core(config)
    pieces = core.integrate(memory, watch(), ORIGIN, ORIGIN + 10 * DURATION)
    master, slave = spikes_of(pieces, 20), spikes_of(pieces, 21)
    refractory = int(core.circuits(memory, ORIGIN).backend.refractory[21])
    assert master.size > 2 * slave.size > 4
    assert np.all(np.diff(slave) >= refractory)


def wired():
    """Masters, slaves and logic in several blocks, some of them coupled."""
    neurons = np.r_[0:40, 256:296]
    config = chip(neurons, leak_i_bias=np.resize([150, 190, 120], 80))
    config.common_backend.clock_scale_slow = 2
    config.neurons.threshold_enable[256:276] = 0
    config.neurons.bayesian_enable_master[:40] = 1
    config.neurons.bayesian_enable_slave[256:276] = 1
    config.neurons.bayesian_operation[276:296] = np.resize([1, 2, 3], 20)
    config.neurons.bayesian_connect_fire_vertical[:40] = 1
    config.neurons.bayesian_connect_fire_to_right[5:8] = 1
    config.neurons.multicompartment_connect_right[[0, 30]] = 1
    return config


def result(cuts, threads=1, config=None):
    core, memory = ideal_core(wired() if config is None else config, threads=threads)
    pieces, at = [], ORIGIN
    while at < ORIGIN + DURATION:
        pieces += core.integrate(memory, watch([256, 258]), at, min(at + cuts, ORIGIN + DURATION))
        at += cuts
    spikes = np.concatenate([np.stack([q.spike_tick, q.spike_neuron]) for q in pieces], axis=1)
    events = np.concatenate([np.stack([q.event_tick, q.event_neuron]) for q in pieces], axis=1)
    return spikes, events, trace_of(pieces, 0), trace_of(pieces, 1)


@pytest.fixture(scope="module")
def whole():
    return result(DURATION)


@pytest.mark.parametrize(("cuts", "threads"), [(400, 1), (DURATION, 2)])
def test_results_depend_neither_on_how_time_is_cut_nor_on_threads(whole, cuts, threads):
    for one, other in zip(whole, result(cuts, threads), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("operation", [fire.AND, fire.XNOR, fire.MULLER_C])
def test_logic_makes_the_events_that_its_definition_gives_for_the_spikes(whole, operation):
    (tick, neuron), (event_tick, event_neuron), *_ = whole
    start, refractory = 2 * ORIGIN, 255 * 8
    circuits_ticks, n_events = 2 * DURATION, 0
    for logic in 276 + np.nonzero(np.resize([1, 2, 3], 20) == operation)[0]:
        high = np.zeros((2, circuits_ticks + 2 * refractory), bool)
        for row, who in enumerate((logic, logic - 256)):
            for t in tick[neuron == who] - start:
                high[row, t : t + refractory] = True
        due = expected(operation, high)
        own = event_tick[event_neuron == logic] - start
        n_events += due.size
        # States from before the beginning are not known here.
        due, own = due[(due > refractory) & (due < circuits_ticks)], own[own > refractory]
        assert np.array_equal(own, due)
    assert n_events > 15


def test_unconnected_neurons_send_what_they_fire():
    spikes, events, *_ = result(DURATION, config=chip(np.arange(30)))
    assert spikes.size
    assert np.array_equal(spikes, events)


# --- post pulses ----------------------------------------------------------------------------------


def test_post_pulses_come_from_events_or_from_the_selected_master():
    config = ChipConfig()
    config.neurons.bayesian_enable_master[[1, 3]] = 1
    config.neurons.bayesian_to_post_pulse[[1, 2, 5]] = 0
    config.neurons.bayesian_connect_fire_to_right[1] = 1
    found = fire_connections(Memory(config.image()).neurons(), Effects())
    spikes = np.array([10, 20, 30, 40]), np.array([1, 3, 5, 2])
    events = np.array([10, 20, 25, 30, 40]), np.array([1, 3, 4, 5, 2])
    tick, neuron = found.post_pulses(spikes, events)
    # 1: its own, as a master; 2: those of 1; 5 is nobody's slave and no master: none.
    assert np.array_equal(tick, [10, 10, 20, 25])
    assert np.array_equal(neuron, [1, 2, 3, 4])


def test_the_refractory_time_of_the_logic_test_is_that_of_its_circuits():
    core, memory = ideal_core(wired())
    assert np.all(core.circuits(memory, ORIGIN).backend.refractory[276:296] == 255 * 8)
    assert p.TICKS_PER_CYCLE == 2


def test_wires_stay_within_the_columns_of_one_backend_block():
    """So no slave has clocks that its master lacks, or the other way round."""
    everything = np.arange(512)
    found = connections(
        enable_master=everything,
        connect_fire_vertical=everything,
        connect_fire_to_right=everything,
        connect_fire_from_right=everything,
        effects=Effects.of(ideal=True),
    )
    block = everything % 256 // 128
    assert np.array_equal(found.hears, block[:, None] == block)
