"""External sources to buses: the only sources that may go anywhere."""

from __future__ import annotations

import numpy as np

from firmware_protocol.coordinates import N_BUSES

from .demand import LABELS
from .graph import Ints
from .items import Items

ROWS_PER_BUS = 64
"""Synapse rows of a PADI bus in one half."""
_MOST_MOVES = 400
_ATTEMPTS = 4


def attempts(items: Items) -> int:
    """How many distributions are worth a try."""
    return _ATTEMPTS if items.external.size else 1


def distribute(items: Items, attempt: int, spare: Ints) -> Ints:
    """Buses (item,) of all items; attempt 0 is the most promising one.

    It keeps every bus below 64 sources as long as it can and evens out rows; others collect
    sources where they cost no further rows, or begin with other sources.  The outcome is mended:
    sources leave buses that lack rows as long as that helps.

    spare  (bus,) rows to leave free, because a bus had no room for its sources
    """
    if not items.external.size:
        return items.bus
    bus = _distribute(items, bool(attempt & 1), bool(attempt & 2), ROWS_PER_BUS - spare)
    _mend(items, bus, ROWS_PER_BUS - spare)
    return bus


def _loads(items: Items, bus: Ints) -> tuple[Ints, Ints]:
    """Synapses (bus, lane) and labels (bus, half) of the items that have a bus."""
    load = np.zeros((N_BUSES, items.counts.shape[1]), dtype=np.int64)
    labels = np.zeros((N_BUSES, 2), dtype=np.int64)
    for b in range(N_BUSES):
        mine = bus == b
        load[b] = items.counts[mine].sum(axis=0)
        labels[b] = (items.width[mine, None] * items.reach[mine]).sum(axis=0)
    return load, labels


def _distribute(items: Items, thrift: bool, by_rows: bool, limit: Ints) -> Ints:
    """Give every external source in turn, the busiest first, the best bus.

    thrift   collect sources where they cost no further rows, instead of evening out
    by_rows  the busiest is the one with the most synapses on one neuron, not with the most in all
    limit    (bus,) rows
    """
    bus = items.bus.copy()
    load, labels = _loads(items, bus)
    rows = items.demand.rows(load)
    external = items.external
    sizes = items.counts[external].sum(axis=1)
    if by_rows:
        sizes = items.demand.rows(items.counts[external]).max(axis=1) * (sizes.max() + 1) + sizes
    for item in external[np.argsort(-sizes, kind="stable")]:
        reach = items.reach[item]
        after = items.demand.rows(load + items.counts[item])
        peak = (after * reach).max(axis=1) - limit
        crowd = (labels * reach).max(axis=1)
        growth = (after - rows).sum(axis=1)
        over = peak > 0
        groups = crowd // LABELS
        keys = (crowd, groups, peak, growth, over) if thrift else (crowd, peak, groups)
        best = int(np.lexsort(keys)[0])
        bus[item] = best
        load[best] += items.counts[item]
        rows[best] = after[best]
        labels[best] += reach
    return bus


def _mend(items: Items, bus: Ints, limit: Ints) -> None:
    """Move external sources off buses with too many rows while the excess falls; changes `bus`."""
    load, _ = _loads(items, bus)
    is_external = items.bus < 0
    for _ in range(_MOST_MOVES):
        excess = np.maximum(items.demand.rows(load) - limit[:, None], 0).sum(axis=1)
        worst = int(excess.argmax())
        mine = np.flatnonzero(is_external & (bus == worst))
        if not excess[worst] or not mine.size:
            return
        counts = items.counts[mine]
        there = items.demand.rows(load[:, None] + counts)
        change = np.maximum(there - limit[:, None, None], 0).sum(axis=-1) - excess[:, None]
        without = items.demand.rows(load[worst] - counts)
        left = np.maximum(without - limit[worst], 0).sum(axis=-1)
        change += left - excess[worst]
        change[worst] = 1
        if change.min() >= 0:
            return
        to, which = np.unravel_index(change.argmin(), change.shape)
        load[worst] -= counts[which]
        load[to] += counts[which]
        bus[mine[which]] = to
