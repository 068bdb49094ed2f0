"""An independent walk of events through a chip's configuration arrays: what fires, with which
weight.

Follows `docs/reference/words.md` ("Events") from label to synapse; shares no code with router or
emulator.
"""

from collections import Counter

import numpy as np


def crossbar_outputs(source_input):
    """Outputs wired to a crossbar input."""
    if source_input < 8:
        return [source_input % 4, 4 + source_input % 4, 8 + source_input % 4]
    if source_input < 12:
        return [*range(8), source_input]
    return [source_input - 12, 8 + source_input % 4]  # background sources


def node_number(source_input, output):
    if source_input < 8:
        return 3 * source_input + crossbar_outputs(source_input).index(output)
    if source_input < 12:
        return 24 + 9 * (source_input - 8) + crossbar_outputs(source_input).index(output)
    return 60 + 2 * (source_input - 12) + crossbar_outputs(source_input).index(output)


def open_outputs(chip, source_input, label):
    """Crossbar outputs that let a 14-bit label pass."""
    nodes = chip.crossbar_nodes
    return [
        output
        for output in crossbar_outputs(source_input)
        if label & int(nodes.mask[node_number(source_input, output)])
        == int(nodes.target[node_number(source_input, output)])
    ]


def fired_synapses(chip, source_input, label):
    """Counter of (AtomicNeuron, signed weight) of every synapse that an event fires."""
    fired = Counter()
    for output in open_outputs(chip, source_input, label):
        if output < 8:
            fired += _on_bus(chip, output // 4, output % 4, label >> 6 & 31, label & 63)
    return fired


def _on_bus(chip, half, bus, row_select, address):
    fired = Counter()
    if not chip.padi.enable_spl1[half, bus]:
        return fired
    drivers = chip.synapse_drivers
    for index in range(32):
        driver = 4 * index + bus
        mask = int(drivers.row_address_compare_mask[half, driver])
        if not drivers.enable_receiver[half, driver] or (row_select ^ index) & mask:
            continue
        modes = (drivers.row_mode_bottom[half, driver], drivers.row_mode_top[half, driver])
        for row, mode in zip((2 * driver, 2 * driver + 1), modes, strict=True):
            columns = np.nonzero(chip.synapses.label[half, row] == address)[0]
            for column in columns.tolist():
                weight = int(chip.synapses.weight[half, row, column])
                neuron = half * 256 + column
                if (
                    weight
                    and mode & 1
                    and chip.column_current.enable_synaptic_current_excitatory[half, column]
                ):
                    fired[neuron, weight] += 1
                if (
                    weight
                    and mode & 2
                    and chip.column_current.enable_synaptic_current_inhibitory[half, column]
                ):
                    fired[neuron, -weight] += 1
    return fired


def wanted_synapses(network, circuit, source):
    """Counter of (AtomicNeuron, signed weight up to 63) that a source's connections ask for."""
    wanted = Counter()
    c = network.connections
    for k in np.nonzero(c.pre == source)[0]:
        left, sign = int(c.weight[k]), -1 if c.inhibitory[k] else 1
        while left > 0:
            wanted[int(circuit[c.post[k]]), sign * min(left, 63)] += 1
            left -= 63
    return wanted
