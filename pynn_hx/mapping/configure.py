"""Write a routing and a readout into a chip's configuration arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig
from firmware_protocol.coordinates import N_BUSES, crossbar_node, event_output_of_neuron
from firmware_protocol.coordinates.geometry import (
    FIRST_BACKGROUND_INPUT,
    FIRST_LINK_INPUT,
    FIRST_LINK_OUTPUT,
)

from .graph import Bools, Ints
from .route import CLOSED, FROM_BACKGROUND, TO_BOTTOM, TO_TOP, Routing

OPEN = (0, 0)
"""Mask and target of a crossbar node that every label passes."""
ANALOG_NORMAL = 1


def write_routing(
    chip: ChipConfig, routing: Routing, recorded: Bools, background: Bools | None = None
) -> None:
    """Settings of synapses, drivers, buses, crossbar and neuron addresses; replaces what was there.

    Generators get their labels, but stay off until `background.write_background`.

    recorded    (n_neurons,) bool: the neuron's spikes go to the host
    background  (population,) bool: the background population's events go to the host; None: none
    """
    if background is None:
        background = np.zeros(routing.generator.size, dtype=bool)
    _write_synapses(chip, routing)
    _write_neurons(chip, routing, recorded)
    _write_generators(chip, routing)
    _write_crossbar(chip, routing, recorded, background)


def write_weights(chip: ChipConfig, routing: Routing) -> None:
    """Write nothing but weights, onto a chip that has the rest; see `route.reweight`."""
    chip.synapses.weight[routing.half, routing.row, routing.column] = routing.weight


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


def _write_crossbar(chip: ChipConfig, r: Routing, recorded: Bools, background: Bools) -> None:
    """Open only the nodes that somebody listens behind."""
    nodes = chip.crossbar_nodes
    nodes.mask, nodes.target, nodes.enable_drop_counter = *CLOSED, 0

    def set_node(output: int, input_: int, mask: int, target: int) -> None:
        node = crossbar_node(output, input_)
        nodes.mask[node], nodes.target[node] = mask, target

    for output in np.unique(event_output_of_neuron(r.circuit[recorded])).tolist():
        set_node(FIRST_LINK_OUTPUT + output % N_BUSES, output, *OPEN)
    for output, half in np.argwhere((r.node != CLOSED).any(axis=2)).tolist():
        mask, target = r.node[output, half].tolist()
        set_node(N_BUSES * half + output % N_BUSES, output, mask, target)
    label = r.label[r.label >= 0]
    for half, bit in ((0, TO_TOP), (1, TO_BOTTOM)):
        for bus in np.unique(label[(label & bit) != 0] >> 14).tolist():
            set_node(N_BUSES * half + bus, FIRST_LINK_INPUT + bus, bit, bit)
    for population, generator in enumerate(r.generator.tolist()):
        for half in np.flatnonzero(r.background_halves[population]).tolist():
            source = N_BUSES * half + generator
            set_node(source, FIRST_BACKGROUND_INPUT + source, *OPEN)
        if background[population]:
            source = int(generators(r, population)[0])
            set_node(FIRST_LINK_OUTPUT + generator, FIRST_BACKGROUND_INPUT + source, *OPEN)


def generators(routing: Routing, population: int) -> Ints:
    """Generators (0..7) that must run for a background population: one per half with targets.

    If its events are recorded, the first one's are; one without targets is there to be recorded.
    """
    halves = np.flatnonzero(routing.background_halves[population])
    return N_BUSES * (halves if halves.size else np.zeros(1, np.int64)) + int(
        routing.generator[population]
    )


def _write_generators(chip: ChipConfig, r: Routing) -> None:
    """Labels of background populations; all generators off, see `background.write_background`."""
    sources = chip.background_sources
    sources.enable = 0
    for population in range(r.generator.size):
        mine = generators(r, population)
        sources.neuron_label[mine] = r.background_label[population]
        sources.mask[mine] = r.background_mask[population]


def identify(routing: Routing) -> Ints:
    """(2048,) neuron by the low 11 bits of a spike label (event output, address); -1 none."""
    table = np.full(2048, -1, dtype=np.int64)
    output = event_output_of_neuron(routing.circuit)
    table[output * 256 + routing.address] = np.arange(routing.circuit.size)
    return table


def identify_events(routing: Routing, label: npt.ArrayLike) -> Ints:
    """Who sent the events that reached the host: neuron or background cell; -1 nobody.

    label    (event,) 16-bit spike labels
    Returns  (event,) numbers as in `Network`: neurons from 0, background cells after all external
             sources.  -1 also for events of a generator whose drawn label belongs to no cell.
    """
    labels = np.asarray(label, dtype=np.int64)
    sender = identify(routing)[labels & 0x7FF]
    sender[(labels & FROM_BACKGROUND) != 0] = -1
    size = routing.background_size
    starts = routing.circuit.size + routing.label.size + np.cumsum(size) - size
    for population, link in enumerate(routing.generator.tolist()):
        cell = labels & int(routing.background_mask[population])
        mine = ((labels & FROM_BACKGROUND) != 0) & (labels >> 14 == link)
        mine &= cell < size[population]
        sender[mine] = starts[population] + cell[mine]
    return sender
