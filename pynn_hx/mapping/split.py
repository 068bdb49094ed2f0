"""One PADI bus: its items to groups, and drivers to groups.

Items whose events reach the same drivers form a group and need different labels, of which there
are 64.  Where no more labels are needed in a half, all its items are one group that every driver
hears, which takes the fewest rows; the other half does not matter.  Otherwise items are divided by
row select addresses.

Neurons are less free than external sources.  Of their row select address bit 4 says from which of
the bus's two event outputs they come, bits 3:2 are those of the bus, and bits 1:0 are bits 7:6 of
their address.  A node sees these as well, so that they can also say in which half a neuron has
targets (`NeuronBits.HALVES`), or one of them says whether it has targets at all and the other one
chooses between two groups (`NeuronBits.GROUPS`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from firmware_protocol.coordinates import N_BUSES

from . import drivers
from .buses import ROWS_PER_BUS
from .demand import HALVES, LABELS, Demand
from .errors import MappingError
from .graph import Bools, Ints
from .items import Items

_WAY_OUT = "use fewer or smaller inputs per neuron, fewer sources, or another neuronPermutation"
_MANY = 600
"""Items from which on only the most promising divisions are tried."""


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


class _Refused(Exception):
    """A division does not work; says why."""


@dataclass(frozen=True)
class _Bus:
    """The items of one bus, and where their events arrive."""

    number: int
    counts: Ints
    reach: Bools
    width: Ints
    output: Ints
    part: Ints
    demand: Demand


def plan_bus(number: int, items: Items, mine: Ints) -> Iterator[BusPlan]:
    """Divisions of a bus that leave every group enough rows and labels, the best first.

    mine  items on the bus
    Raises MappingError if there is none
    """
    bus = _Bus(
        number,
        items.counts[mine],
        items.reach[mine],
        items.width[mine],
        items.output[mine],
        items.part[mine],
        items.demand,
    )
    _check_rows(bus)
    crowded = (bus.width[:, None] * bus.reach).sum(axis=0) > LABELS
    if not crowded.any() and (bus.part < 0).all():
        yield _undivided(bus)
        return
    first_reason, found = "", False
    for attempt in _attempts(bus, crowded):
        try:
            plan = attempt.divide()
        except _Refused as reason:
            first_reason = first_reason or str(reason)
            continue
        found = True
        yield plan
    if not found:
        raise MappingError(f"PADI bus {number}: {first_reason}; {_WAY_OUT}")


def _check_rows(bus: _Bus) -> None:
    """Refuse what lacks rows even if all were one group, for which no division can make up."""
    rows = bus.demand.rows(bus.counts.sum(axis=0))
    half = int(rows.argmax())
    if rows[half] > ROWS_PER_BUS:
        raise MappingError(
            f"PADI bus {bus.number}: {int(rows[half])} synapse rows of the {HALVES[half]} half are "
            f"needed and {ROWS_PER_BUS} are there ({ROWS_PER_BUS} per bus and half, each of one "
            f"sign); {_WAY_OUT}"
        )


def _undivided(bus: _Bus) -> BusPlan:
    """Every driver hears everything that arrives in its half."""
    return BusPlan(
        NeuronBits.HALVES,
        np.zeros(2, dtype=np.int64),
        bus.reach,
        np.zeros(bus.width.size, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros((1, 2), dtype=np.int64),
        np.zeros((2, drivers.N_DRIVERS), dtype=np.int64),
        np.zeros(2, dtype=bool),
    )


@dataclass(frozen=True)
class _Attempt:
    """A bus with so many groups of which kind.

    code, vague  (given,) and (given, 2), of groups whose code is given
    allowed      (item, group) which groups an item may join
    even         spread items evenly, instead of collecting them where they cost no rows
    """

    bus: _Bus
    bits: NeuronBits
    polarity: Ints
    code: Ints
    vague: Ints
    allowed: Bools
    split: Bools
    even: bool = False

    def divide(self) -> BusPlan:
        """Items to groups, drivers to groups."""
        group = self._join()
        bus, n_groups = self.bus, self.allowed.shape[1]
        load = _sum_by(group, n_groups, bus.counts)
        arrives = _sum_by(group, n_groups, bus.reach) > 0
        need = -(-bus.demand.rows(load) // 2) * self.split
        n_drivers = int(need.sum(axis=0).max())
        if n_drivers > drivers.N_DRIVERS:
            half = int(need.sum(axis=0).argmax())
            raise _Refused(
                f"{2 * n_drivers} synapse rows of the {HALVES[half]} half are needed and "
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
                raise _Refused(
                    f"its {drivers.N_DRIVERS} synapse drivers of the {HALVES[half]} half cannot "
                    f"be divided into {np.sort(need[here, half])[::-1].tolist()} for "
                    f"{here.size} groups of sources"
                )
            driver[half] = np.where(served < 0, -1, here[served])
        return BusPlan(self.bits, self.polarity, bus.reach, group, code, vague, driver, self.split)

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
                raise _Refused(_too_many(int(bus.width.sum()), n_groups * LABELS))
            group[item] = best
            load[best] += bus.counts[item]
            rows[best] = after[best]
            labels[best] += need[item]
        if (labels > LABELS).any():
            raise _Refused(_too_many(int(bus.width.sum()), n_groups * LABELS))
        return group


def _sum_by(group: Ints, n_groups: int, values: Ints | Bools) -> Ints:
    """(group, ...) sums over the members of each group."""
    return np.stack([values[group == g].sum(axis=0) for g in range(n_groups)])


def _too_many(labels: int, most: int) -> str:
    return f"{labels} sources send to it and it can tell {most} apart"


def _attempts(bus: _Bus, split: Bools) -> Iterator[_Attempt]:
    """Ways to divide a bus, the most promising first."""
    whole = _Attempt(
        bus,
        NeuronBits.HALVES,
        np.zeros(2, dtype=np.int64),
        np.zeros(1, dtype=np.int64),
        np.zeros((1, 2), dtype=np.int64),
        np.ones((bus.width.size, 1), dtype=bool),
        split,
    )
    for given in _with_neurons(whole):
        given = _with_parts(given)
        labels = (bus.width[:, None] * given.bus.reach).sum(axis=0).max()
        free = (bus.output < 0) & (bus.part < 0)
        least = max(-(-int(labels) // LABELS) - given.code.size, 0)
        most = drivers.N_DRIVERS - len(set(given.code.tolist())) if free.any() else 0
        tries = (0, 1) if bus.width.size > _MANY else (0, 1, 2, 4)
        for more in dict.fromkeys(min(least + extra, most) for extra in tries):
            n = given.code.size + more
            allowed = np.zeros((bus.width.size, n), dtype=bool)
            allowed[:, : given.code.size] = given.allowed
            allowed[free, given.code.size :] = True
            for even in (False, True):
                yield replace(given, allowed=allowed, even=even)


def _with_neurons(whole: _Attempt) -> Iterator[_Attempt]:
    """The groups that neurons can form: all in one, by event output, or by their bit 6."""
    bus = whole.bus
    neuron = bus.output >= 0
    n = bus.width.size
    if not neuron.any():
        yield replace(
            whole,
            code=np.empty(0, dtype=np.int64),
            vague=np.empty((0, 2), dtype=np.int64),
            allowed=np.zeros((n, 0), dtype=bool),
        )
        return
    of_bus, upper = bus.number << 2, bus.output >= N_BUSES
    if ((neuron[:, None] & bus.reach).sum(axis=0) <= LABELS).all():
        yield replace(whole, code=np.array([of_bus]), vague=np.array([[0b10001, 0b10010]]))
    allowed = np.ones((n, 2), dtype=bool)
    allowed[neuron, 0], allowed[neuron, 1] = ~upper[neuron], upper[neuron]
    yield replace(
        whole,
        polarity=np.array([0, 1]),
        code=np.array([of_bus, 0b10011 | of_bus]),
        vague=np.array([[0b00001, 0b00010]] * 2),
        allowed=allowed,
    )
    reach = bus.reach.copy()
    for output in np.unique(bus.output[neuron]):
        same = bus.output == output
        reach[same] = reach[same].any(axis=0)
    yield replace(
        whole,
        bus=replace(bus, reach=reach),
        bits=NeuronBits.GROUPS,
        code=np.array([of_bus, of_bus | 1]),
        vague=np.array([[0b10000, 0b10000]] * 2),
        allowed=np.ones((n, 2), dtype=bool),
        split=(bus.width[:, None] * reach).sum(axis=0) > LABELS,
    )


def _with_parts(given: _Attempt) -> _Attempt:
    """Groups of its own for every 64 cells of a generator that draws row select bits as well."""
    bus = given.bus
    parts = np.flatnonzero(bus.part >= 0)
    if not parts.size:
        return given
    n_given, n = given.code.size, parts.size
    far = ~(bus.number << 2) & 0b01100  # from neurons, whose bits 3:2 are those of the bus
    allowed = np.zeros((bus.width.size, n_given + n), dtype=bool)
    allowed[:, :n_given] = given.allowed
    allowed[parts, :n_given] = False
    allowed[parts, n_given + bus.part[parts]] = True
    return replace(
        given,
        code=np.concatenate([given.code, far + np.arange(n)]),
        vague=np.concatenate([given.vague, np.zeros((n, 2), dtype=np.int64)]),
        allowed=allowed,
        split=given.split | bus.reach[parts].any(axis=0),
    )
