"""Synapses to rows, drivers and labels: a packing without search.

Sources whose events reach the same drivers form a *group*.  Any row of those drivers can host any
of the group's sources, a different one in each column.  So for one sign the group needs exactly as
many rows as its busiest column has synapses, and filling every column from the first row upwards
attains that.  What is left to choose: buses of external sources (`buses`), groups where a bus has
more than 64 sources (`split`), and which drivers hear which group (`drivers`).

Labels.  An event from the FPGA for bus b travels over link b; bit 12 of its label lets it into
the top half's bus, bit 13 into the bottom half's.  Neurons say the same with bits of their
address (`split`).  Bit 11 marks background events, so that the host can tell them from spikes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import (
    N_BUSES,
    N_COLUMNS,
    N_EVENT_OUTPUTS,
    event_output_of_neuron,
)

from .buses import attempts, distribute
from .demand import LABELS, Demand, Synapses, rank_within, split_weights, synapses_of
from .division import BusPlan, NeuronBits
from .drivers import N_DRIVERS, masks
from .graph import Bools, Ints, Network
from .items import Items, check_background, items_of
from .labels import label_items
from .split import BusError, plan_bus

TO_TOP, TO_BOTTOM = 1 << 12, 1 << 13
FROM_BACKGROUND = 1 << 11
CLOSED = (0, 1)
"""Mask and target of a crossbar node that no label passes."""
_BIT_7, _BIT_6 = 1 << 7, 1 << 6
_ROW_SELECT_LSB = 6
_MOST_SOURCES = 2 * N_BUSES * N_DRIVERS * LABELS
_ROWS_SPARED = 8
_NO_GENERATORS = np.arange(N_BUSES)


@dataclass(frozen=True)
class Routing:
    """Where everything went.

    circuit       (n_neurons,) AtomicNeuron of each neuron
    address       (n_neurons,) 8-bit backend address
    has_targets   (n_neurons,) bool: the neuron projects onto something
    node          (8, 2, 2) mask and target of the crossbar node from an event output to its bus in
                  a half
    label         (n_external,) 16-bit label of an external source's event; -1 without targets
    bus           (n_neurons + n_external,) PADI bus on its half; -1 for external sources without
    generator     (population,) bus of the generators of a background population: number g in the
                  top half, g + 4 in the bottom half, with equal settings
    background_size   (population,) cells
    background_label  (population,) 14-bit label of its first cell
    background_mask   (population,) label bits that are drawn: the number of the cell
    background_halves (population, 2) bool: the half in which it has targets
    connection    (synapse,) which connection a hardware synapse belongs to
    half, row, column, weight, synapse_label    (synapse,) its place and setting
    row_mode      (2, 256) 0 disabled, 1 excitatory, 2 inhibitory
    compare_mask  (2, 128) row address compare mask of used drivers
    receiver      (2, 128) bool: the driver is used
    """

    circuit: Ints
    address: Ints
    has_targets: Bools
    node: Ints
    label: Ints
    bus: Ints
    generator: Ints
    background_size: Ints
    background_label: Ints
    background_mask: Ints
    background_halves: Bools
    connection: Ints
    half: Ints
    row: Ints
    column: Ints
    weight: Ints
    synapse_label: Ints
    row_mode: npt.NDArray[np.uint8]
    compare_mask: npt.NDArray[np.uint8]
    receiver: Bools


@dataclass(frozen=True)
class _Buses:
    """What was found for all buses, (item,) and (bus,).

    label       first synapse label of an item; row_select its address
    heard_as    (item, 2) group in which a half's drivers hear it, numbered over all buses
    first       (bus,) number of each bus's first group, and the end
    """

    items: Items
    bus: Ints
    plans: dict[int, BusPlan]
    label: Ints
    row_select: Ints
    heard_as: Ints
    first: Ints


def route(
    network: Network, circuit: Ints, *, background_permutation: Ints = _NO_GENERATORS
) -> Routing:
    """Find buses, groups, rows and labels for all connections of a placed network.

    circuit                 (n_neurons,) AtomicNeuron of each neuron
    background_permutation  buses of the generators, by background population; see
                            :func:`~pynn_hx.mapping.place.check_background_permutation`
    Raises MappingError naming the exhausted resource; nothing is written anywhere.
    """
    generator = check_background(network, background_permutation)
    synapses = synapses_of(network, circuit)
    demand = Demand.of(synapses, network.n_sources, _MOST_SOURCES)
    items = items_of(network, circuit, demand, generator)
    return _assemble(network, circuit, generator, synapses, _find_buses(items))


def reweight(routing: Routing, before: Network, network: Network) -> Routing | None:
    """The routing of a network that differs from a routed one in its weights alone.

    before   the network that `routing` is of
    Returns  None if it must be routed anew, because connections differ or some weight needs another
             number of synapses (a weight of 0..63 takes one)
    """
    if not network.same_wiring(before):
        return None
    connection, weight = split_weights(network.connections.weight)
    if connection.size != routing.weight.size or not np.array_equal(connection, routing.connection):
        return None
    return replace(routing, weight=weight)


def _find_buses(items: Items) -> _Buses:
    """Distribute external sources until all buses have room for theirs."""
    spare = np.zeros(N_BUSES, dtype=np.int64)
    errors: list[BusError] = []
    for attempt in range(attempts(items)):
        bus = distribute(items, attempt, spare)
        try:
            return _plan_buses(items, bus)
        except BusError as error:
            errors.append(error)
            if error.final:
                break
            spare[error.bus] += _ROWS_SPARED
    raise errors[0]


def _plan_buses(items: Items, bus: Ints) -> _Buses:
    n = items.width.size
    label, row_select = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    heard_as = np.zeros((n, 2), dtype=np.int64)
    first = np.zeros(N_BUSES + 1, dtype=np.int64)
    plans: dict[int, BusPlan] = {}
    for b in range(N_BUSES):
        mine = np.flatnonzero(bus == b)
        first[b + 1] = first[b]
        if not mine.size:
            continue
        plans[b], label[mine] = _plan_with_labels(b, items, mine)
        row_select[mine] = plans[b].code[plans[b].group]
        heard_as[mine] = plans[b].heard_as() + first[b]
        first[b + 1] += plans[b].code.size
    return _Buses(items, bus, plans, label, row_select, heard_as, first)


def _plan_with_labels(b: int, items: Items, mine: Ints) -> tuple[BusPlan, Ints]:
    for plan in plan_bus(b, items, mine):
        labels = label_items(plan, items.width[mine])
        if labels is not None:
            return plan, labels
    raise BusError(
        b,
        f"{mine.size} sources and blocks of background cells, which take a power of two of labels "
        f"each, do not fit into groups of {LABELS} labels",
    )


def _assemble(
    network: Network, circuit: Ints, generator: Ints, synapses: Synapses, found: _Buses
) -> Routing:
    items, n = found.items, network.n_neurons
    external = slice(n, n + network.n_external)
    place = np.full(network.n_sources, -1)
    place[items.demand.source] = items.of_source
    compare_mask, lines = _drivers(found)
    row = _rows(synapses, found.heard_as[place[synapses.source], synapses.half], lines)
    row_mode = np.zeros((2, 256), dtype=np.uint8)
    row_mode[synapses.half, row] = np.where(synapses.inhibitory, 2, 1)
    address, node = _neuron_bits(circuit, place[:n], found)
    bus = np.append(event_output_of_neuron(circuit) % N_BUSES, np.full(network.n_external, -1))
    used = place[external] >= 0
    item = place[external][used]
    bus[external][used] = found.bus[item]
    label = np.full(network.n_external, -1)
    label[used] = (
        found.bus[item] << 14
        | items.reach[item] @ np.array([TO_TOP, TO_BOTTOM])
        | found.row_select[item] << _ROW_SELECT_LSB
        | found.label[item]
    )
    first, has = items.background, items.background >= 0
    base = np.full(first.size, FROM_BACKGROUND)
    base[has] |= found.row_select[first[has]] << _ROW_SELECT_LSB | found.label[first[has]]
    halves = np.zeros((first.size, 2), dtype=bool)
    halves[has] = items.reach[first[has]]
    return Routing(
        circuit=circuit,
        address=address,
        has_targets=place[:n] >= 0,
        node=node,
        label=label,
        bus=bus,
        generator=generator,
        background_size=np.array([p.size for p in network.background], dtype=np.int64),
        background_label=base,
        background_mask=np.array(
            [(1 << p.random_bits) - 1 for p in network.background], dtype=np.int64
        ),
        background_halves=halves,
        connection=synapses.connection,
        half=synapses.half,
        row=row,
        column=synapses.column,
        weight=synapses.weight,
        synapse_label=_synapse_labels(network, place, found)[synapses.source],
        row_mode=row_mode,
        compare_mask=compare_mask,
        receiver=(row_mode.reshape(2, 128, 2) != 0).any(axis=2),
    )


def _synapse_labels(network: Network, place: Ints, found: _Buses) -> Ints:
    """(source,) label of every source's synapses; anything for sources without."""
    if not found.label.size:
        return place
    label = found.label[place]
    for start, end in zip(network.background_starts, network.background_starts[1:], strict=False):
        label[start:end] += np.arange(end - start) % LABELS
    return label


def _drivers(found: _Buses) -> tuple[npt.NDArray[np.uint8], Ints]:
    """Compare masks (2, 128), and the rows (half, group, 64) in which each group's synapses go."""
    compare_mask = np.zeros((2, 128), dtype=np.uint8)
    lines = np.full((2, found.first[-1], 2 * N_DRIVERS), -1)
    for b, plan in found.plans.items():
        for half in (0, 1):
            group = plan.driver[half]
            if plan.split[half]:
                compare_mask[half, b::N_BUSES] = masks(plan.code, plan.vague[:, half], group)
            for g in range(plan.code.size):
                driver = N_BUSES * np.flatnonzero(group == g) + b
                lines[half, found.first[b] + g, : 2 * driver.size] = np.add.outer(
                    2 * driver, (0, 1)
                ).reshape(-1)
    return compare_mask, lines


def _rows(synapses: Synapses, group: Ints, lines: Ints) -> Ints:
    """Row of each synapse: every column is filled from its group's first row on, sign by sign."""
    rank = rank_within(group * (4 * N_COLUMNS) + synapses.lane)
    n_excitatory = np.zeros(lines.shape[:2], dtype=np.int64)
    one = ~synapses.inhibitory
    np.maximum.at(n_excitatory, (synapses.half[one], group[one]), rank[one] + 1)
    offset = np.where(synapses.inhibitory, n_excitatory[synapses.half, group], 0)
    return np.asarray(lines[synapses.half, group, rank + offset])


def _neuron_bits(circuit: Ints, item: Ints, found: _Buses) -> tuple[Ints, Ints]:
    """Addresses (n_neurons,) of neurons, and the nodes (8, 2, 2) that read them.

    item  (n_neurons,) -1 for neurons without targets
    """
    output = event_output_of_neuron(circuit)
    low = np.where(item >= 0, 0, circuit % 32 + 32 * (circuit // N_COLUMNS))  # unique per output
    if found.label.size:
        low = np.where(item >= 0, found.label[item], low)
    high = np.full(circuit.size, _BIT_7 | _BIT_6)
    node = np.broadcast_to(CLOSED, (N_EVENT_OUTPUTS, 2, 2)).copy()
    for k in np.unique(output).tolist():
        plan = found.plans.get(k % N_BUSES)
        if plan is None:
            continue
        mine = output == k
        linked = mine & (item >= 0)
        yes = int(plan.polarity[k // N_BUSES])
        index = item[linked]
        reach = np.zeros((found.bus.size, 2), dtype=bool)
        reach[found.bus == k % N_BUSES] = plan.reach
        if plan.bits is NeuronBits.HALVES:
            high[mine] = (1 - yes) * (_BIT_7 | _BIT_6)
            high[linked] = (reach[index] ^ (not yes)) @ np.array([_BIT_7, _BIT_6])
            filters = ((_BIT_7, yes * _BIT_7), (_BIT_6, yes * _BIT_6))
        else:
            high[mine] = _BIT_7
            high[linked] = (found.row_select[index] & 1) * _BIT_6
            filters = ((_BIT_7, 0), (_BIT_7, 0))
        for half in (0, 1):
            if reach[index, half].any():
                node[k, half] = filters[half]
    return np.asarray(high | low, dtype=np.int64), node
