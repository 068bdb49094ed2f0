"""Synapses to rows, drivers and labels: a packing without search.

Within one PADI bus of one hemisphere, sources whose events reach the same drivers form a *group*.
Any row of those drivers can host any of the group's sources, a different one in each column.  So
for one sign the group needs exactly as many rows as its busiest column has synapses, and filling
every column from the first row upwards attains that.  Up to 64 sources a bus are one group that
all 32 drivers hear; more are split by bits of the row select address into 2, 4, ... groups with
half, a quarter, ... of the drivers each.

Labels.  An event from the FPGA for bus b travels over link b; bit 12 of its label lets it into
the top half's bus, bit 13 into the bottom half's.  Bit 7 of a neuron's address marks neurons
without targets: their events go to the host alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_BUSES, N_COLUMNS, event_output_of_neuron

from .errors import MappingError
from .graph import Bools, Ints, Network

MAX_WEIGHT = 63
"""Largest weight of one synapse (6 bits)."""
LABELS_PER_GROUP = 64
"""Synapse labels are 6 bits, distinct among all sources that a driver hears."""
DRIVERS_PER_BUS = 32
ROWS_PER_BUS = 2 * DRIVERS_PER_BUS

TO_TOP, TO_BOTTOM = 1 << 12, 1 << 13
NO_TARGETS = 1 << 7
_ROW_SELECT_LSB = 6
# Row select bits by which a bus's sources can be told apart.  Of a neuron's five, bit 4 is given by
# its event output, bits 3:2 are equal for all neurons of a bus, bit 1 marks those without targets.
_FIXED_BIT, _FREE_NEURON_BIT = 4, 0
_SPLITS_WITH_NEURONS = ((), (_FREE_NEURON_BIT,), (_FIXED_BIT,), (_FIXED_BIT, _FREE_NEURON_BIT))
_SPLITS_EXTERNAL = ((), (0,), (0, 1), (0, 1, 2), (0, 1, 2, 3), (0, 1, 2, 3, 4))


@dataclass(frozen=True)
class Routing:
    """Where everything went.

    circuit       (n_neurons,) AtomicNeuron of each neuron
    address       (n_neurons,) 8-bit backend address
    has_targets   (n_neurons,) bool: the neuron projects onto something
    label         (n_external,) 16-bit label of an external source's event; -1 without targets
    bus           (n_neurons + n_external,) PADI bus on its hemisphere
    connection    (synapse,) which connection a hardware synapse belongs to
    half, row, column, weight, synapse_label    (synapse,) its place and setting
    row_mode      (2, 256) 0 disabled, 1 excitatory, 2 inhibitory
    compare_mask  (2, 128) row address compare mask of used drivers
    receiver      (2, 128) bool: the driver is used
    """

    circuit: Ints
    address: Ints
    has_targets: Bools
    label: Ints
    bus: Ints
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
class _Synapses:
    """Hardware synapses: connections with |w| > 63 appear several times."""

    connection: Ints
    source: Ints
    target: Ints  # AtomicNeuron
    weight: Ints
    inhibitory: Bools

    @property
    def lane(self) -> Ints:
        """Target column and sign as one number: what must not meet in a row of a group."""
        return self.target * 2 + self.inhibitory


def split_weights(weight: Ints) -> tuple[Ints, Ints]:
    """Connections to synapses of at most 63: (connection index, weight) per synapse."""
    parts = np.maximum(-(-weight // MAX_WEIGHT), 1)
    connection = np.repeat(np.arange(weight.size), parts)
    first = np.cumsum(parts) - parts
    position = np.arange(connection.size) - np.repeat(first, parts)
    rest = weight - MAX_WEIGHT * (parts - 1)
    return connection, np.where(position == parts[connection] - 1, rest[connection], MAX_WEIGHT)


def rank_within(group: Ints) -> Ints:
    """How many earlier elements have the same value, for each element."""
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    new = np.ones(group.size, dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    start = np.maximum.accumulate(np.where(new, np.arange(group.size), 0))
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - start
    return rank


def synapses_needed(weight: Ints) -> Ints:
    """Hardware synapses that connections of these absolute weights take, (connection,)."""
    return np.maximum(-(-weight // MAX_WEIGHT), 1)


def reweight(routing: Routing, weight: Ints) -> Routing:
    """The same synapses with other weights (connection,), which must need as many of them."""
    from dataclasses import replace
    return replace(routing, weight=split_weights(weight)[1][routing.order]) if False else replace(routing, weight=_spread(routing, weight))


def _spread(routing, weight):
    connection, w = split_weights(weight)
    return w


def route(network: Network, circuit: Ints, background_permutation=None) -> Routing:
    """Find buses, groups, rows and labels for all connections of a placed network.

    Raises MappingError naming the exhausted resource; nothing is written anywhere.
    """
    c = network.connections
    connection, weight = split_weights(c.weight)
    synapses = _Synapses(
        connection, c.pre[connection], circuit[c.post[connection]], weight, c.inhibitory[connection]
    )
    _check_columns(synapses)
    n_sources = network.n_neurons + network.n_external
    used = np.zeros(n_sources, dtype=bool)
    used[c.pre] = True
    bus = np.full(n_sources, -1, dtype=np.int64)
    bus[: network.n_neurons] = event_output_of_neuron(circuit) % N_BUSES
    _distribute_external(network, synapses, bus)

    row_select = np.zeros(n_sources, dtype=np.int64)
    label = np.zeros(n_sources, dtype=np.int64)
    compare_mask = np.zeros((2, 128), dtype=np.uint8)
    rows = np.full((synapses.source.size), -1, dtype=np.int64)
    for b in range(N_BUSES):
        sources = np.nonzero(used & (bus == b))[0]
        mine = np.nonzero(bus[synapses.source] == b)[0]
        if not sources.size:
            continue
        group, bits = _group_bus(b, sources, network.n_neurons, circuit, _take(synapses, mine))
        label[sources] = rank_within(group)
        for source_group in np.unique(group):
            row_select[sources[group == source_group]] = _spread_bits(int(source_group), bits)
        mask = sum(1 << bit for bit in bits)
        compare_mask[:, b::N_BUSES] = mask
        rows[mine] = _fill_rows(b, group, sources, bits, _take(synapses, mine))
    return _assemble(network, circuit, used, bus, row_select, label, synapses, rows, compare_mask)


def _take(s: _Synapses, index: Ints) -> _Synapses:
    return _Synapses(
        s.connection[index], s.source[index], s.target[index], s.weight[index], s.inhibitory[index]
    )


def _check_columns(synapses: _Synapses) -> None:
    """A neuron has one column of 256 synapses, whatever their sign."""
    need = np.bincount(synapses.target, minlength=1)
    worst = int(need.argmax())
    if need[worst] > 256:
        raise MappingError(
            f"circuit {worst} needs {int(need[worst])} synapses, but a column has 256 (a weight "
            f"above {MAX_WEIGHT} takes several); use fewer inputs or smaller weights"
        )


def _distribute_external(network: Network, synapses: _Synapses, bus: Ints) -> None:
    """Give every external source with targets the bus on which it costs the fewest rows."""
    n = network.n_neurons
    load = np.zeros((N_BUSES, 1024), dtype=np.int64)  # synapses per bus and lane
    sources_on = np.zeros(N_BUSES, dtype=np.int64)
    internal = synapses.source < n
    np.add.at(load, (bus[synapses.source[internal]], synapses.lane[internal]), 1)
    sources_on += np.bincount(bus[np.unique(synapses.source[internal])], minlength=N_BUSES)
    splits = np.where(sources_on > 0, len(_SPLITS_WITH_NEURONS[-1]), len(_SPLITS_EXTERNAL[-1]))
    capacity = LABELS_PER_GROUP << splits
    order = np.argsort(synapses.source, kind="stable")
    starts = np.searchsorted(synapses.source[order], np.arange(n, n + network.n_external + 1))
    sizes = np.diff(starts)
    for external in np.argsort(-sizes, kind="stable"):
        if not sizes[external]:
            continue
        lanes = synapses.lane[order[starts[external] : starts[external + 1]]]
        lane, count = np.unique(lanes, return_counts=True)
        peak = (load[:, lane] + count).max(axis=1)
        crowded = sources_on // LABELS_PER_GROUP
        best = int(np.lexsort((sources_on, peak, crowded, sources_on >= capacity))[0])
        bus[n + external] = best
        load[best, lane] += count
        sources_on[best] += 1


def _group_bus(
    bus: int, sources: Ints, n_neurons: int, circuit: Ints, synapses: _Synapses
) -> tuple[Ints, tuple[int, ...]]:
    """Split a bus's sources: (group of each source, the row select bits that tell groups)."""
    is_neuron = sources < n_neurons
    splits = _SPLITS_WITH_NEURONS if is_neuron.any() else _SPLITS_EXTERNAL
    reasons: list[str] = []
    for bits in splits:
        if sources.size > LABELS_PER_GROUP << len(bits):
            continue
        allowed = _allowed_groups(sources, is_neuron, circuit, bits)
        group, reason = _assign_groups(sources, allowed, synapses, len(bits))
        if group is not None:
            return group, bits
        reasons.append(reason)
    if not reasons:
        most = LABELS_PER_GROUP << len(splits[-1])
        reasons = [f"{sources.size} sources send to it and it can tell {most} apart"]
    raise MappingError(
        f"PADI bus {bus}: {reasons[0]}; use fewer or smaller inputs per neuron, fewer sources, or "
        "another neuronPermutation"
    )


def _allowed_groups(sources: Ints, is_neuron: Bools, circuit: Ints, bits: tuple[int, ...]) -> Bools:
    """(source, group): whether a source's row select address can mean that group."""
    n_groups = 1 << len(bits)
    allowed = np.ones((sources.size, n_groups), dtype=bool)
    if _FIXED_BIT in bits and is_neuron.any():
        place = bits.index(_FIXED_BIT)
        fixed = event_output_of_neuron(circuit[sources[is_neuron]]) // N_BUSES
        allowed[is_neuron] = (np.arange(n_groups) >> place & 1) == fixed[:, None]
    return allowed


def _assign_groups(
    sources: Ints, allowed: Bools, synapses: _Synapses, n_bits: int
) -> tuple[Ints | None, str]:
    """Greedily give each source the allowed group in which it costs the fewest rows."""
    budget = ROWS_PER_BUS >> n_bits
    n_groups = allowed.shape[1]
    load = np.zeros((n_groups, 1024), dtype=np.int64)
    members = np.zeros(n_groups, dtype=np.int64)
    group = np.zeros(sources.size, dtype=np.int64)
    order = np.argsort(synapses.source, kind="stable")
    ordered = synapses.source[order]
    starts, ends = np.searchsorted(ordered, sources), np.searchsorted(ordered, sources, "right")
    for i in np.argsort(starts - ends, kind="stable"):
        lane, count = np.unique(synapses.lane[order[starts[i] : ends[i]]], return_counts=True)
        peak = (load[:, lane] + count).max(axis=1)
        free = allowed[i] & (members < LABELS_PER_GROUP)
        if not free.any():
            return None, f"more than {LABELS_PER_GROUP} sources would share a group's labels"
        best = int(np.lexsort((members, peak, ~free))[0])
        group[i] = best
        load[best, lane] += count
        members[best] += 1
    per_half = load.reshape(n_groups, 2, 256, 2).max(axis=2).sum(axis=2)
    worst = int(per_half.max())
    if worst > budget:
        half = ("top", "bottom")[int(per_half.max(axis=0).argmax())]
        shared = f", shared by {n_groups} groups of sources" if n_groups > 1 else ""
        return None, (
            f"{worst} synapse rows of the {half} half are needed and {budget} are there "
            f"({ROWS_PER_BUS} per bus and half, each of one sign{shared})"
        )
    return group, ""


def _spread_bits(number: int, bits: tuple[int, ...]) -> int:
    """Bit i of `number` at position bits[i]."""
    return sum((number >> i & 1) << bit for i, bit in enumerate(bits))


def _fill_rows(
    bus: int, group: Ints, sources: Ints, bits: tuple[int, ...], synapses: _Synapses
) -> Ints:
    """Row of each synapse: every column is filled from its group's first row on."""
    mask = sum(1 << bit for bit in bits)
    place = np.searchsorted(sources, synapses.source)
    g = group[place]
    half = synapses.target // N_COLUMNS
    rank = rank_within(g * 1024 + synapses.lane)
    rows = np.empty(g.size, dtype=np.int64)
    for number, h in product(np.unique(g), (0, 1)):
        here = (g == number) & (half == h)
        drivers = np.arange(DRIVERS_PER_BUS)
        drivers = drivers[(drivers & mask) == _spread_bits(int(number), bits)]
        lines = (2 * (N_BUSES * drivers + bus)[:, None] + [0, 1]).reshape(-1)
        excitatory = here & ~synapses.inhibitory
        n_excitatory = int(rank[excitatory].max(initial=-1)) + 1
        offset = np.where(synapses.inhibitory[here], n_excitatory, 0)
        rows[here] = lines[rank[here] + offset]
    return rows


def _assemble(
    network: Network,
    circuit: Ints,
    used: Bools,
    bus: Ints,
    row_select: Ints,
    label: Ints,
    synapses: _Synapses,
    rows: Ints,
    compare_mask: npt.NDArray[np.uint8],
) -> Routing:
    n = network.n_neurons
    half, column = synapses.target // N_COLUMNS, synapses.target % N_COLUMNS
    row_mode = np.zeros((2, 256), dtype=np.uint8)
    row_mode[half, rows] = np.where(synapses.inhibitory, 2, 1)
    silent = NO_TARGETS | (circuit % 32 + 32 * (circuit // N_COLUMNS))  # unique per event output
    address = np.where(used[:n], (row_select[:n] & 1) << 6 | label[:n], silent)
    reaches = np.zeros((used.size, 2), dtype=bool)
    reaches[synapses.source, half] = True
    external = slice(n, None)
    event = (
        bus[external] << 14
        | reaches[external, 0] * TO_TOP
        | reaches[external, 1] * TO_BOTTOM
        | row_select[external] << _ROW_SELECT_LSB
        | label[external]
    )
    return Routing(
        circuit=circuit,
        address=address,
        has_targets=used[:n],
        label=np.where(used[external], event, -1),
        bus=bus,
        connection=synapses.connection,
        half=half,
        row=rows,
        column=column,
        weight=synapses.weight,
        synapse_label=label[synapses.source],
        row_mode=row_mode,
        compare_mask=compare_mask,
        receiver=(row_mode.reshape(2, 128, 2) != 0).any(axis=2),
    )
