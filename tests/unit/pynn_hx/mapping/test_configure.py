"""What mapping writes into a chip's arrays.  Oracle: the switches between a neuron and the ADC as
docs/reference/words.md has them, and a base configuration full of leftovers."""

import numpy as np
import pytest

from firmware_protocol import ChipConfig
from pynn_hx.mapping import readout
from pynn_hx.mapping.configure import identify, write_routing
from pynn_hx.mapping.graph import Connections, Network
from pynn_hx.mapping.place import place
from pynn_hx.mapping.readout import Readout, Sight
from pynn_hx.mapping.route import route

LINES = ("neuron_top_even", "neuron_top_odd", "neuron_bottom_even", "neuron_bottom_odd")


def used_up():
    """A chip on which everything that mapping owns is set to something else."""
    chip = ChipConfig()
    chip.synapses.weight = 9
    chip.synapses.label = 9
    chip.synapse_drivers.row_mode_top = 3
    chip.synapse_drivers.row_mode_bottom = 3
    chip.synapse_drivers.enable_receiver = 1
    chip.padi.enable_spl1 = 1
    chip.column_current.enable_synaptic_current_excitatory = 1
    chip.neurons.event_routing_enable_digital = 1
    chip.neurons.event_routing_analog_output = 1
    chip.neurons.readout_enable_amplifier = 1
    chip.neurons.readout_enable_buffered_access = 1
    for line in LINES:
        chip.readout_source[line][...] = 1
    return chip


def test_what_was_there_before_does_not_shine_through():
    network = Network(2, 0, Connections.none(), np.array([True, False]))
    routing = route(network, place(2, np.array([5, 300])))
    chip = used_up()
    write_routing(chip, routing, network.recorded)
    assert not chip.synapses.weight.any() and not chip.synapses.label.any()
    assert not chip.synapse_drivers.enable_receiver.any()
    assert not chip.synapse_drivers.row_mode_top.any()
    assert not chip.synapse_drivers.row_mode_bottom.any()
    assert not chip.padi.enable_spl1.any()
    assert chip.neurons.event_routing_enable_digital.nonzero()[0].tolist() == [5]
    assert chip.neurons.event_routing_analog_output.nonzero()[0].tolist() == [5, 300]
    columns = np.argwhere(chip.column_current.enable_synaptic_current_excitatory).tolist()
    assert columns == [[0, 5], [1, 44]]


@pytest.mark.parametrize(
    ("circuit", "line"), [(0, LINES[0]), (255, LINES[1]), (256, LINES[2]), (511, LINES[3])]
)
def test_the_readout_joins_one_neuron_to_its_line_and_nothing_else(circuit, line):
    chip = used_up()
    readout.write(chip, Readout((Sight(circuit, 2), None)))
    for switch in ("readout_enable_amplifier", "readout_enable_buffered_access"):
        assert chip.neurons[switch].nonzero()[0].tolist() == [circuit]
    assert chip.neurons.readout_source[circuit] == 2
    closed = [(name, mux) for name in LINES for mux in (0, 1) if chip.readout_source[name][mux]]
    assert closed == [(line, 0)]


def test_without_a_recording_no_neuron_is_on_a_line():
    chip = used_up()
    readout.write(chip, Readout())
    assert not chip.neurons.readout_enable_buffered_access.any()
    assert not any(chip.readout_source[name].any() for name in LINES)


def test_labels_of_circuits_without_a_neuron_are_nobodys():
    network = Network(1, 0, Connections.none(), np.array([True]))
    table = identify(route(network, np.array([7])))
    assert (table >= 0).sum() == 1
