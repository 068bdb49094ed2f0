"""What a placed network asks of the synapse array: synapses, and how many every source needs where.

A *lane* is a column and a sign.  Of one group of sources, a lane takes as many rows as it has
synapses, so that all packing is arithmetic on the table (source, lane) of synapse counts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from firmware_protocol.coordinates import N_COLUMNS, N_ROWS, N_SYNRAMS

from .errors import MappingError
from .graph import Bools, Ints, Network

MAX_WEIGHT = 63
"""Largest weight of one synapse (6 bits)."""
LABELS = 64
"""Synapse labels are 6 bits, distinct among all sources that a driver hears."""
HALVES = ("top", "bottom")
_SEGMENTS = np.arange(2 * N_SYNRAMS) * N_COLUMNS
"""First lane of each half and sign."""
_N_LANES = 2 * N_SYNRAMS * N_COLUMNS


@dataclass(frozen=True)
class Synapses:
    """Hardware synapses: connections with |w| > 63 appear several times; (synapse,) each.

    connection  which connection it belongs to, not falling
    source      number of its source in the network
    half, column, weight, inhibitory
    """

    connection: Ints
    source: Ints
    half: Ints
    column: Ints
    weight: Ints
    inhibitory: Bools

    @property
    def lane(self) -> Ints:
        """Half, sign and column as one number 0..1023."""
        return (2 * self.half + self.inhibitory) * N_COLUMNS + self.column


def split_weights(weight: Ints) -> tuple[Ints, Ints]:
    """Connections to synapses of at most 63: (connection index, weight) per synapse."""
    index = np.arange(weight.size)
    if weight.max(initial=0) <= MAX_WEIGHT:
        return index, weight
    parts = np.maximum(-(-weight // MAX_WEIGHT), 1)
    connection = np.repeat(index, parts)
    first = np.cumsum(parts) - parts
    position = np.arange(connection.size) - np.repeat(first, parts)
    rest = weight - MAX_WEIGHT * (parts - 1)
    return connection, np.where(position == parts[connection] - 1, rest[connection], MAX_WEIGHT)


def rank_within(group: Ints) -> Ints:
    """How many earlier elements have the same value (not negative), for each element."""
    if group.size and group.max() < 1 << 16:
        group = group.astype(np.uint16)  # sorted by radix, ten times as fast
    order = np.argsort(group, kind="stable")
    ordered = group[order]
    new = np.ones(group.size, dtype=bool)
    new[1:] = ordered[1:] != ordered[:-1]
    start = np.maximum.accumulate(np.where(new, np.arange(group.size), 0))
    rank = np.empty(group.size, dtype=np.int64)
    rank[order] = np.arange(group.size) - start
    return rank


def synapses_of(network: Network, circuit: Ints) -> Synapses:
    """All hardware synapses; MappingError if a column has too few."""
    c = network.connections
    connection, weight = split_weights(c.weight)
    target = circuit[c.post[connection]]
    need = np.bincount(target, minlength=1)
    worst = int(need.argmax())
    if need[worst] > N_ROWS:
        raise MappingError(
            f"circuit {worst} needs {int(need[worst])} synapses, but a column has {N_ROWS} (a "
            f"weight above {MAX_WEIGHT} takes several); use fewer inputs or smaller weights"
        )
    return Synapses(
        connection,
        c.pre[connection],
        target // N_COLUMNS,
        target % N_COLUMNS,
        weight,
        c.inhibitory[connection],
    )


@dataclass(frozen=True)
class Demand:
    """Synapses by source and lane, for those sources that have any.

    source  (m,) rising: their numbers in the network
    counts  (m, lane) synapses; only lanes that somebody uses have a column here
    starts  (4,) first of these lanes by half and sign
    """

    source: Ints
    counts: Ints
    starts: Ints

    @classmethod
    def of(cls, synapses: Synapses, n_sources: int, most: int) -> Demand:
        """Count; MappingError if more than `most` sources have synapses."""
        used = np.zeros(n_sources, dtype=bool)
        used[synapses.source] = True
        source = np.flatnonzero(used)
        if source.size > most:
            raise MappingError(
                f"{source.size} sources have targets, and all synapse drivers together can tell "
                f"{most} sources apart; use fewer sources"
            )
        lane = synapses.lane
        kept = np.zeros(_N_LANES, dtype=bool)
        kept[lane] = True
        kept[_SEGMENTS] = True
        place = np.cumsum(kept) - 1
        width = int(place[-1]) + 1
        cell = (np.cumsum(used) - 1)[synapses.source] * width + place[lane]
        counts = np.bincount(cell, minlength=source.size * width)
        return cls(source, counts.reshape(source.size, width), place[_SEGMENTS])

    def rows(self, load: Ints) -> Ints:
        """(..., 2) rows that a group needs in each half, from its synapses by lane (..., lane).

        Rows have one sign: they are the busiest column's excitatory ones and the busiest column's
        inhibitory ones.
        """
        peaks = np.maximum.reduceat(load, self.starts, axis=-1)
        return peaks[..., 0::2] + peaks[..., 1::2]
