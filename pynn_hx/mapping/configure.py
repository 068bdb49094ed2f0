"""Write a routing and a readout into a chip's configuration arrays."""

from __future__ import annotations

import numpy as np

from firmware_protocol import ChipConfig
from firmware_protocol.coordinates import N_BUSES, crossbar_node, event_output_of_neuron

from .errors import MappingError
from .graph import Bools, Ints
from .route import NO_TARGETS, TO_BOTTOM, TO_TOP, Routing

_LINES = (("neuron_top_even", "neuron_top_odd"), ("neuron_bottom_even", "neuron_bottom_odd"))
DROP_ALL = 1
"""Target of a crossbar node with mask 0 that no label equals."""
ANALOG_NORMAL = 1


def write_routing(chip: ChipConfig, routing: Routing, recorded: Bools) -> None:
    """Settings of synapses, drivers, buses, crossbar and neuron addresses; replaces what was there.

    recorded  (n_neurons,) bool: the neuron's spikes go to the host
    """
    _write_synapses(chip, routing)
    _write_neurons(chip, routing, recorded)
    _write_crossbar(chip, routing, recorded)


def _write_synapses(chip: ChipConfig, r: Routing) -> None:
    chip.synapses.weight = 0
    chip.synapses.label = 0
    chip.synapses.weight[r.half, r.row, r.column] = r.weight
    chip.synapses.label[r.half, r.row, r.column] = r.synapse_label
    drivers = chip.synapse_drivers
    drivers.row_address_compare_mask = r.compare_mask
    drivers.enable_receiver = r.receiver
    drivers.enable_address_out = 1
    drivers.row_mode_bottom = r.row_mode[:, 0::2]
    drivers.row_mode_top = r.row_mode[:, 1::2]
    chip.padi.enable_spl1 = _used_buses(r)
    columns = np.zeros((2, 256), dtype=np.uint8)
    columns[r.circuit // 256, r.circuit % 256] = 1
    chip.column_current.enable_synaptic_current_excitatory = columns
    chip.column_current.enable_synaptic_current_inhibitory = columns


def _used_buses(r: Routing) -> Bools:
    """(2, 4): whether a driver listens on the PADI bus."""
    return np.asarray(r.receiver.reshape(2, 32, N_BUSES).any(axis=1))


def _write_neurons(chip: ChipConfig, r: Routing, recorded: Bools) -> None:
    neurons = chip.neurons
    neurons.event_routing_enable_digital = 0
    neurons.event_routing_analog_output = 0
    neurons.event_routing_analog_output[r.circuit] = ANALOG_NORMAL
    neurons.event_routing_enable_digital[r.circuit] = recorded | r.has_targets
    neurons.event_routing_address[r.circuit] = r.address


def _write_crossbar(chip: ChipConfig, r: Routing, recorded: Bools) -> None:
    """Open only the nodes that somebody listens behind."""
    nodes = chip.crossbar_nodes
    nodes.mask, nodes.target, nodes.enable_drop_counter = 0, DROP_ALL, 0

    def open_node(output: int, input_: int, mask: int, target: int) -> None:
        node = crossbar_node(output, input_)
        nodes.mask[node], nodes.target[node] = mask, target

    n = r.circuit.size
    source_output = event_output_of_neuron(r.circuit)
    for output in np.unique(source_output[recorded]).tolist():
        open_node(8 + output % 4, output, 0, 0)
    bus_used = _used_buses(r)
    for output in np.unique(source_output[r.has_targets]).tolist():
        for half in np.nonzero(bus_used[:, output % 4])[0].tolist():
            open_node(4 * half + output % 4, output, NO_TARGETS, 0)
    external_bus = r.bus[n:][r.label >= 0]
    for bus in np.unique(external_bus).tolist():
        for half, bit in ((0, TO_TOP), (1, TO_BOTTOM)):
            if bus_used[half, bus]:
                open_node(4 * half + bus, 8 + bus, bit, bit)


def write_weights(chip: ChipConfig, r: Routing) -> None:
    """Only the synapses' weights; everything else as `write_routing` has left it."""
    chip.synapses.weight[r.half, r.row, r.column] = r.weight


def write_background(chip, routing, rate_hz, seed):
    raise NotImplementedError


def identify_background(routing, label):
    return np.full(label.size, -1)


def write_readout(chip: ChipConfig, circuit: Ints, source: int | None) -> None:
    """Connect the MADC to one neuron, or to none.

    circuit  (1,) AtomicNeuron to record, or (0,)
    source   0 membrane, 1 excitatory input, 2 inhibitory input, 3 adaptation
    """
    if circuit.size > 1:
        raise MappingError(
            f"{circuit.size} neurons are to be recorded with the MADC, which takes one so far; "
            "record a view of one neuron, e.g. population[0:1].record('v')"
        )
    chip.neurons.readout_enable_amplifier = 0
    chip.neurons.readout_enable_buffered_access = 0
    for name in chip.readout_source:
        chip.readout_source[name][...] = 0
    if circuit.size and source is not None:
        n = int(circuit[0])
        chip.neurons.readout_enable_amplifier[n] = 1
        chip.neurons.readout_enable_buffered_access[n] = 1
        chip.neurons.readout_source[n] = source
        chip.readout_source[_LINES[n // 256][n % 2]][0] = 1


def identify(routing: Routing) -> Ints:
    """(2048,) neuron by the low 11 bits of a spike label (event output, address); -1 none."""
    table = np.full(2048, -1, dtype=np.int64)
    output = event_output_of_neuron(routing.circuit)
    table[output * 256 + routing.address] = np.arange(routing.circuit.size)
    return table
