"""The routing walk from a label to line drops.

Oracle: the eight sentences of the chip's event path, interpreted event by event in plain Python.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator import fanout
from emulator.circuits import CircuitModel
from emulator.fanout import Crossbar
from emulator.memory import Memory
from firmware_protocol import ChipConfig
from firmware_protocol.coordinates import CROSSBAR_NODES
from tests.support import emulated

NEURONS = np.array([0, 5, 131, 255, 256, 300, 400, 511, *[-1] * 8])


def random_chip(seed):
    rng = np.random.default_rng(seed)
    config = emulated.add_inputs(ChipConfig(), slice(None))
    nodes, drivers = config.crossbar_nodes, config.synapse_drivers
    nodes.mask = rng.choice([0, 0x1000, 0x2000, 0x3F], 76)
    nodes.target = rng.integers(0, 1 << 14, 76) & nodes.mask * rng.choice([0, 1], 76)
    config.padi.enable_spl1 = rng.random((2, 4)) < 0.8
    config.padi.dacen_pulse_extension = rng.integers(0, 16, (2, 4))
    drivers.enable_receiver = rng.random((2, 128)) < 0.5
    drivers.enable_address_out = rng.random((2, 128)) < 0.8
    drivers.row_address_compare_mask = rng.choice([31, 0, 0b11100], (2, 128))
    drivers.row_mode_top = rng.integers(0, 4, (2, 128))
    drivers.row_mode_bottom = rng.integers(0, 4, (2, 128))
    config.synapses.weight = rng.integers(0, 64, (2, 256, 256))
    config.synapses.label = rng.integers(0, 64, (2, 256, 256))
    config.column_current.enable_synaptic_current_excitatory = rng.random((2, 256)) < 0.7
    return config


def buses_of(config, input_, label):
    """Buses an event reaches: one node at a time."""
    reached = []
    for node, (source, output) in enumerate(CROSSBAR_NODES):
        mask, target = (int(config.crossbar_nodes[k][node]) for k in ("mask", "target"))
        if source == input_ and output < 8 and config.padi.enable_spl1[output // 4, output % 4]:
            if label & mask == target:
                reached.append(int(output))
    return reached


def weights_of(config, bus, label, neuron):
    """(exc, inh) charge [weight units] of an event on a bus at a neuron: one driver at a time."""
    half, column = divmod(neuron, 256)
    if bus // 4 != half:
        return 0.0, 0.0
    select, address, totals = label >> 6 & 31, label & 63, [0.0, 0.0]
    d = config.synapse_drivers
    for driver in range(bus % 4, 128, 4):
        mask = int(d.row_address_compare_mask[half, driver])
        if not d.enable_receiver[half, driver] or (select & mask) != (driver // 4 & mask):
            continue
        sent = address if d.enable_address_out[half, driver] else address & 0b100000
        for row, mode in ((2 * driver, d.row_mode_bottom), (2 * driver + 1, d.row_mode_top)):
            if config.synapses.label[half, row, column] != sent:
                continue
            weight = float(config.synapses.weight[half, row, column])
            share = 0.5 if mode[half, driver] == 3 else 1.0
            for line in (0, 1):
                if mode[half, driver] & (1 << line):
                    totals[line] += weight * share
    gain = 1 + 0.125 * float(config.padi.dacen_pulse_extension[half, bus % 4])
    switches = (
        config.column_current.enable_synaptic_current_excitatory[half, column],
        config.column_current.enable_synaptic_current_inhibitory[half, column],
    )
    return tuple(gain * total * bool(on) for total, on in zip(totals, switches, strict=True))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_drops_are_what_the_words_say(seed):
    config, ideal = random_chip(seed), emulated.Ideal(0)
    memory = Memory(config.image())
    circuits = CircuitModel(ideal).decode(memory)
    rng = np.random.default_rng(seed)
    bus, label = rng.integers(0, 8, 40), rng.integers(0, 2048, 40)
    table = fanout.build(memory, circuits, ideal, NEURONS, fanout.bus_keys(bus, label))
    drops = table.drops.reshape(-1, 2, NEURONS.size)
    for b, word in zip(bus.tolist(), label.tolist(), strict=True):
        weights = [weights_of(config, b, word, n) for n in NEURONS[:8].tolist()]
        expected = np.array(weights) * 0.21e-3
        row = table.row_of[b * 2048 + word]
        found = drops[row, :, :8].T if row >= 0 else np.zeros((8, 2))
        assert found == pytest.approx(expected, rel=1e-5, abs=1e-9)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_crossbar_passes_what_its_nodes_pass(seed):
    config = random_chip(seed)
    crossbar = Crossbar(Memory(config.image()))
    rng = np.random.default_rng(seed)
    inputs, labels = rng.integers(0, 12, 60), rng.integers(0, 1 << 14, 60)
    found = [np.nonzero(row)[0].tolist() for row in crossbar.buses(inputs, labels)]
    assert found == [sorted(buses_of(config, i, w)) for i, w in zip(inputs, labels, strict=True)]


def test_small_line_capacitance_makes_larger_drops():
    config = emulated.connect(emulated.add_inputs(ChipConfig(), slice(None)), 0, [10])
    config.neurons.excitatory_input_enable_small_capacitance[0] = 1
    memory, ideal = Memory(config.image()), emulated.Ideal(0)
    circuits = CircuitModel(ideal).decode(memory)
    table = fanout.build(memory, circuits, ideal, NEURONS, np.array([1]))
    assert table.drops[0] == pytest.approx(10 * 0.21e-3 / 0.35, rel=1e-5)
