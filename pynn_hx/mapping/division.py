"""A way to divide one PADI bus: its items to groups, and drivers to groups."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from . import drivers
from .buses import ROWS_PER_BUS
from .demand import HALVES, LABELS, Demand
from .graph import Bools, Ints

_MOST_CHANGES, _MOST_MOVABLE = 100, 64
_SWAPPED_FOR = 8
"""Swaps are tried for so few lacking drivers: there are many, and each saves little."""


class NeuronBits(Enum):
    """What bits 7:6 of the address of a bus's neurons are for."""

    HALVES = "bit 7: not to the top half, bit 6: not to the bottom half"
    GROUPS = "bit 7: nowhere, bit 6: group"


@dataclass(frozen=True)
class BusPlan:
    """How a bus is divided.

    bits      meaning of its neurons' address bits
    polarity  (2,) value of these bits that means "yes, there" by event output (b, b + 4)
    reach     (item, 2) where the items' events arrive
    group     (item,)
    code      (group,) row select address
    vague     (group, 2) bits of it that the group's events in a half do not agree on
    driver    (2, 32) group that each driver serves, -1 none
    split     (2,) bool: whether drivers tell groups apart; else all are heard as group 0
    """

    bits: NeuronBits
    polarity: Ints
    reach: Bools
    group: Ints
    code: Ints
    vague: Ints
    driver: Ints
    split: Bools

    def heard_as(self) -> Ints:
        """(item, 2) the group an item is in, by half."""
        return self.group[:, None] * self.split


class RefusedError(Exception):
    """A division does not work; says why."""


@dataclass(frozen=True)
class Bus:
    """The items of one bus, and where their events arrive; see `Items`.

    fixed  (item,) bool: it cannot go to another bus
    """

    number: int
    counts: Ints
    reach: Bools
    width: Ints
    output: Ints
    part: Ints
    fixed: Bools
    demand: Demand

    @property
    def labels(self) -> Ints:
        """(2,) labels that items need in each half."""
        return np.asarray((self.width[:, None] * self.reach).sum(axis=0))


@dataclass(frozen=True)
class Division:
    """A bus with so many groups of which kind.

    code, vague  (given,) and (given, 2), of the first groups, whose code is given
    allowed      (item, group) which groups an item may join
    even         spread items evenly, instead of collecting them where they cost no rows
    """

    bus: Bus
    bits: NeuronBits
    polarity: Ints
    code: Ints
    vague: Ints
    allowed: Bools
    split: Bools
    even: bool = False

    def plan(self) -> BusPlan:
        """Items to groups, drivers to groups; RefusedError if it does not work out."""
        bus, n_groups = self.bus, self.allowed.shape[1]
        group = self._join()
        load = self._mend(group)
        arrives = _sum_by(group, n_groups, bus.reach) > 0
        need = self._drivers_for(load)
        n_drivers = need.sum(axis=0)
        half = int(n_drivers.argmax())
        if n_drivers[half] > drivers.N_DRIVERS:
            raise RefusedError(
                f"{2 * n_drivers[half]} synapse rows of the {HALVES[half]} half are needed and "
                f"{ROWS_PER_BUS} are there ({ROWS_PER_BUS} per bus and half, each of one sign, "
                f"shared by {int(arrives[:, half].sum())} groups of sources)"
            )
        # A group that arrives somewhere without any synapse must not be taken for another one.
        code = drivers.choose_codes(self.code, self.vague, np.maximum(need, arrives * self.split))
        vague = np.zeros((n_groups, 2), dtype=np.int64)
        vague[: self.code.size] = self.vague
        driver = np.zeros((2, drivers.N_DRIVERS), dtype=np.int64)
        for half in np.flatnonzero(self.split).tolist():
            here = np.flatnonzero(arrives[:, half])
            served = drivers.serve(code[here], vague[here, half], need[here, half])
            if served is None:
                raise RefusedError(
                    f"its {drivers.N_DRIVERS} synapse drivers of the {HALVES[half]} half cannot "
                    f"be divided into {np.sort(need[here, half])[::-1].tolist()} for "
                    f"{here.size} groups of sources"
                )
            driver[half] = np.where(served < 0, -1, here[served])
        return BusPlan(self.bits, self.polarity, bus.reach, group, code, vague, driver, self.split)

    def _drivers_for(self, load: Ints) -> Ints:
        """(..., 2) drivers that synapses by lane (..., lane) need, where groups are told apart."""
        return np.asarray((self.bus.demand.rows(load) + 1) // 2 * self.split)

    def _join(self) -> Ints:
        """Greedily give each item the group in which it costs the fewest rows."""
        bus, n_groups = self.bus, self.allowed.shape[1]
        fixed = self.allowed.sum(axis=1) == 1
        group = self.allowed.argmax(axis=1)
        need = bus.width[:, None] * bus.reach * self.split
        load = _sum_by(group[fixed], n_groups, bus.counts[fixed])
        labels = _sum_by(group[fixed], n_groups, need[fixed])
        rows = bus.demand.rows(load)
        sizes = np.where(bus.width > 1, 1 << 20, 0) + bus.counts.sum(axis=1)
        order = np.argsort(-sizes, kind="stable")
        for item in order[~fixed[order]]:
            full = ~self.allowed[item] | (labels + need[item] > LABELS).any(axis=1)
            after = bus.demand.rows(load + bus.counts[item])
            growth = ((after - rows) * self.split).sum(axis=1)
            peak, crowd = (after * self.split).max(axis=1), labels.max(axis=1)
            keys = (growth, crowd, peak, full) if self.even else (crowd, peak, growth, full)
            best = int(np.lexsort(keys)[0])
            if full[best]:
                raise RefusedError(too_many(int(bus.labels.max()), n_groups * LABELS))
            group[item] = best
            load[best] += bus.counts[item]
            rows[best] = after[best]
            labels[best] += need[item]
        if (labels > LABELS).any():
            raise RefusedError(too_many(int(bus.labels.max()), n_groups * LABELS))
        return group

    def _mend(self, group: Ints) -> Ints:
        """Move or swap items while drivers are lacking and that helps; changes `group`.

        Returns  (group, lane) synapses
        """
        bus, n_groups = self.bus, self.allowed.shape[1]
        load = _sum_by(group, n_groups, bus.counts)
        movable = np.flatnonzero(self.allowed.sum(axis=1) > 1)
        for _ in range(_MOST_CHANGES):
            lacking = self._drivers_for(load).sum(axis=0) - drivers.N_DRIVERS
            if lacking.max() <= 0 or not movable.size:
                break
            short = lacking > 0
            rows = self._rows(load, short)
            left = self._rows(load[group[movable]] - bus.counts[movable], short)
            order = np.argsort(left - rows[group[movable]], kind="stable")[:_MOST_MOVABLE]
            change = self._best_move(group, load, movable[order], short)
            if not change and lacking.max() <= _SWAPPED_FOR:
                change = self._best_swap(group, load, movable[order], short)
            if not change:
                break
            for item, to in change:
                load[group[item]] -= bus.counts[item]
                load[to] += bus.counts[item]
                group[item] = to
        return load

    def _rows(self, load: Ints, halves: Bools) -> Ints:
        """(...) rows that synapses by lane (..., lane) need in some halves."""
        return np.asarray(self.bus.demand.rows(load)[..., halves].sum(axis=-1))

    def _best_move(
        self, group: Ints, load: Ints, item: Ints, halves: Bools
    ) -> list[tuple[int, int]]:
        """The item and group that save most rows; [] if none does."""
        bus, n_groups = self.bus, self.allowed.shape[1]
        width = bus.width[:, None] * bus.reach * self.split
        labels = _sum_by(group, n_groups, width)
        rows, counts, here = self._rows(load, halves), bus.counts[item], group[item]
        saved = rows[here] - self._rows(load[here] - counts, halves)
        cost = self._rows(load + counts[:, None], halves) - rows - saved[:, None]
        full = (labels + width[item][:, None] > LABELS).any(axis=-1)
        cost[full | ~self.allowed[item]] = 0
        cost[np.arange(item.size), here] = 0
        which, to = np.unravel_index(int(cost.argmin()), cost.shape)
        return [(int(item[which]), int(to))] if cost[which, to] < 0 else []

    def _best_swap(
        self, group: Ints, load: Ints, item: Ints, halves: Bools
    ) -> list[tuple[int, int]]:
        """Two items whose places it saves most rows to swap; [] if none does."""
        bus = self.bus
        item = item[bus.width[item] == 1]
        one, two = (a.reshape(-1) for a in np.meshgrid(item, item, indexing="ij"))
        # Items that are heard in the same halves change no group's number of labels.
        fits = (group[one] < group[two]) & (bus.reach[one] == bus.reach[two]).all(axis=1)
        fits &= self.allowed[one, group[two]] & self.allowed[two, group[one]]
        one, two = one[fits], two[fits]
        if not one.size:
            return []
        rows, more = self._rows(load, halves), bus.counts[two] - bus.counts[one]
        cost = self._rows(load[group[one]] + more, halves) - rows[group[one]]
        cost += self._rows(load[group[two]] - more, halves) - rows[group[two]]
        best = int(cost.argmin())
        if cost[best] >= 0:
            return []
        a, b = int(one[best]), int(two[best])
        return [(a, int(group[b])), (b, int(group[a]))]


def too_many(labels: int, most: int) -> str:
    """A bus needs more labels than its groups have."""
    return f"{labels} sources send to it and it can tell {most} apart"


def _sum_by(group: Ints, n_groups: int, values: Ints | Bools) -> Ints:
    """(group, ...) sums over the members of each group."""
    return np.stack([values[group == g].sum(axis=0) for g in range(n_groups)])
