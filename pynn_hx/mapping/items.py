"""What the buses carry: neurons, external sources and blocks of background cells alike.

An *item* is what cannot be divided between groups: one neuron or external source with one label,
or up to 64 cells of one generator, whose labels are an aligned block because the generator draws
their low bits at random.  All labels of a block are taken, also those of cells that do not exist:
events with these labels come all the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_protocol.coordinates import N_BUSES, event_output_of_neuron

from .demand import LABELS, Demand
from .errors import MappingError
from .graph import Background, Bools, Ints, Network

MAX_RANDOM_BITS = 8
"""Label bits that a generator can draw."""


@dataclass(frozen=True)
class Items:
    """Everything with targets, (item,) each: neurons, then external sources, then blocks.

    counts       (item, lane) synapses
    reach        (item, 2) whether it has targets in the half
    width        labels it takes
    output       event output of a neuron; -1 for others
    part         which 64 cells of a generator with more than 64 labels; -1 for others
    bus          PADI bus; -1 while an external source has none
    of_source    (source,) item of each source with targets, in the order of `Demand.source`
    background   (population,) first item of each background population; -1 without targets
    demand       where the counts are from
    """

    counts: Ints
    reach: Bools
    width: Ints
    output: Ints
    part: Ints
    bus: Ints
    of_source: Ints
    background: Ints
    demand: Demand

    @property
    def external(self) -> Ints:
        """Items that may go to any bus."""
        return np.flatnonzero(self.bus < 0)


def parts_of(population: Background) -> int:
    """Blocks of up to 64 labels that a background population takes."""
    return max((1 << population.random_bits) // LABELS, 1)


def check_background(network: Network, permutation: Ints) -> Ints:
    """(population,) generator, which is also the bus, of each background population.

    Raises MappingError for too many populations or cells.
    """
    n = len(network.background)
    if n > permutation.size:
        limit = (
            f"every half of the chip has {N_BUSES} generators"
            if permutation.size == N_BUSES
            else f"backgroundPermutation names {permutation.size}"
        )
        raise MappingError(
            f"the network has {n} populations of background sources, but {limit}; join populations "
            "or let the FPGA send the events of some"
        )
    for index, population in enumerate(network.background):
        if population.random_bits > MAX_RANDOM_BITS:
            raise MappingError(
                f"background population {index} has {population.size} cells, but a generator draws "
                f"{MAX_RANDOM_BITS} label bits for {1 << MAX_RANDOM_BITS} of them; split it into "
                "several populations"
            )
    return permutation[:n]


def items_of(network: Network, circuit: Ints, demand: Demand, generator: Ints) -> Items:
    """The items of a network; external sources have no bus yet."""
    n = network.n_neurons
    starts = network.background_starts
    single = int(np.searchsorted(demand.source, starts[0]))
    neurons = int(np.searchsorted(demand.source, n))
    output = np.full(single, -1)
    output[:neurons] = event_output_of_neuron(circuit[demand.source[:neurons]])
    counts = [demand.counts[:single]]
    width, part, bus = [1] * single, [-1] * single, np.where(output < 0, -1, output % N_BUSES)
    of_source = np.arange(demand.source.size)
    first = np.full(len(network.background), -1)
    for index, population in enumerate(network.background):
        begin, end = np.searchsorted(demand.source, starts[index : index + 2])
        if begin == end:
            continue
        labels = 1 << population.random_bits
        n_parts = parts_of(population)
        cell_part = (demand.source[begin:end] - starts[index]) // LABELS
        first[index] = len(width)
        of_source[begin:end] = len(width) + cell_part
        blocks = np.zeros((n_parts, demand.counts.shape[1]), dtype=np.int64)
        np.add.at(blocks, cell_part, demand.counts[begin:end])
        counts.append(blocks)
        width += [min(labels, LABELS)] * n_parts
        part += list(range(n_parts)) if n_parts > 1 else [-1]
        bus = np.append(bus, np.full(n_parts, generator[index]))
    all_counts = np.concatenate(counts) if len(counts) > 1 else counts[0]
    reach = np.asarray(demand.rows(all_counts) > 0)
    for index in np.flatnonzero(
        first >= 0
    ).tolist():  # a generator's events go wherever one cell's must
        block = slice(first[index], first[index] + parts_of(network.background[index]))
        reach[block] = reach[block].any(axis=0)
    n_blocks = len(width) - single
    return Items(
        counts=all_counts,
        reach=reach,
        width=np.array(width, dtype=np.int64),
        output=np.append(output, np.full(n_blocks, -1)),
        part=np.array(part, dtype=np.int64),
        bus=bus,
        of_source=of_source,
        background=first,
        demand=demand,
    )
