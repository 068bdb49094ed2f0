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


def background_events(chip, generator):
    """(cell, label) of every event that a generator can draw: the cell is what it draws."""
    base = int(chip.background_sources.neuron_label[generator])
    mask = int(chip.background_sources.mask[generator])
    drawn = sorted({random & mask for random in range(256)})
    return [(cell, base & ~mask | cell) for cell in drawn]


def lacking(network, circuit, buses):
    """Resources of which a network provably needs more than a chip has; [] proves nothing.

    buses  of the background populations.  Counts, per half: synapses of a column; rows of all
    buses together, of what is on a bus by its place, and of every source by itself.
    """
    c, n = network.connections, network.n_neurons
    parts = np.maximum(-(-c.weight // 63), 1)
    found = [
        f"column of circuit {neuron}"
        for neuron, need in enumerate(np.bincount(circuit[c.post], parts))
        if need > 256
    ]
    bus = np.append(circuit % 256 // 32 % 4, np.full(network.n_external, -1))
    for population, its_bus in zip(network.background, buses, strict=False):
        bus = np.append(bus, np.full(population.size, its_bus))
    for half in (0, 1):
        here = circuit[c.post] // 256 == half

        def rows(chosen, here=here):
            lanes = (circuit[c.post] * 2 + c.inhibitory)[here & chosen]
            need = np.bincount(lanes, parts[here & chosen], minlength=1024)
            return need[0::2].max() + need[1::2].max()

        if rows(True) > 256:
            found.append(f"rows of half {half}")
        found += [f"rows of bus {b}" for b in range(4) if rows(bus[c.pre] == b) > 64]
        sources = np.unique(c.pre[here])
        found += [f"rows for source {s}" for s in sources if s >= n and rows(c.pre == s) > 64]
        if sources.size > 4 * 32 * 64:
            found.append("labels")
        found += [
            f"rows for cells {start}..{end - 1}"
            for start, end, most in _blocks(network)
            if rows((c.pre >= start) & (c.pre < end)) > most
        ]
    return found


def _blocks(network):
    """(first, end, rows) of background cells that share row select bits, which others draw too."""
    start = network.n_neurons + network.n_external
    for population in network.background:
        blocks = 1
        while 64 * blocks < population.size:
            blocks *= 2
        for block in range(blocks):
            if 64 * block < population.size:
                end = start + min(64 * (block + 1), population.size)
                yield start + 64 * block, end, 64 // blocks
        start += population.size
