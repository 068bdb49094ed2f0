"""Ways to divide one PADI bus among its items.

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
from dataclasses import replace

import numpy as np

from firmware_protocol.coordinates import N_BUSES

from . import drivers
from .buses import ROWS_PER_BUS
from .demand import HALVES, LABELS
from .division import Bus, BusPlan, Division, NeuronBits, RefusedError
from .errors import MappingError
from .graph import Bools, Ints
from .items import Items

_WAY_OUT = "use fewer or smaller inputs per neuron, fewer sources, or another neuronPermutation"
_MANY = 600
"""Items from which on only the most promising numbers of groups are tried."""
_BIT_4, _BIT_1, _BIT_0 = 16, 2, 1


class BusError(MappingError):
    """A bus has no room for its items.

    final  whether it would not have even without external sources, which may go elsewhere
    """

    def __init__(self, bus: int, reason: str, *, final: bool = False) -> None:
        super().__init__(f"PADI bus {bus}: {reason}; {_WAY_OUT}")
        self.bus, self.final = bus, final


def plan_bus(number: int, items: Items, mine: Ints) -> Iterator[BusPlan]:
    """Divisions of a bus that leave every group enough rows and labels, the best first.

    mine  items on the bus
    Raises BusError if there is none
    """
    bus = Bus(
        number,
        items.counts[mine],
        items.reach[mine],
        items.width[mine],
        items.output[mine],
        items.part[mine],
        items.bus[mine] >= 0,
        items.demand,
    )
    _check_rows(bus)
    crowded = bus.labels > LABELS
    if not crowded.any() and (bus.part < 0).all():
        yield _undivided(bus)
        return
    first_reason, found = "", False
    for division in _divisions(bus, crowded):
        try:
            plan = division.plan()
        except RefusedError as reason:
            first_reason = first_reason or str(reason)
            continue
        found = True
        yield plan
    if not found:
        raise BusError(number, first_reason)


def _check_rows(bus: Bus) -> None:
    """Refuse what lacks rows even if all were one group, for which no division can make up."""
    rows = bus.demand.rows(bus.counts.sum(axis=0))
    half = int(rows.argmax())
    if rows[half] > ROWS_PER_BUS:
        placed = bus.demand.rows(bus.counts[bus.fixed].sum(axis=0))
        raise BusError(
            bus.number,
            f"{int(rows[half])} synapse rows of the {HALVES[half]} half are needed and "
            f"{ROWS_PER_BUS} are there ({ROWS_PER_BUS} per bus and half, each of one sign)",
            final=bool((placed > ROWS_PER_BUS).any()),
        )


def _undivided(bus: Bus) -> BusPlan:
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


def _divisions(bus: Bus, split: Bools) -> Iterator[Division]:
    """Ways to divide a bus, the most promising first."""
    free = (bus.output < 0) & (bus.part < 0)
    for given in _with_parts(bus, split):
        n_given = given.code.size
        least = max(-(-int(given.bus.labels.max()) // LABELS) - n_given, 0)
        most = drivers.N_DRIVERS - len(set(given.code.tolist())) if free.any() else 0
        tries = (0, 1) if bus.width.size > _MANY else (0, 1, 2, 4)
        for more in dict.fromkeys(min(least + extra, most) for extra in tries):
            allowed = np.zeros((bus.width.size, n_given + more), dtype=bool)
            allowed[:, :n_given] = given.allowed
            allowed[free, n_given:] = True
            for even in (False, True):
                yield replace(given, allowed=allowed, even=even)


def _with_parts(bus: Bus, split: Bools) -> Iterator[Division]:
    """Groups of its own for every 64 cells of a generator that draws row select bits as well."""
    parts = np.flatnonzero(bus.part >= 0)
    if not parts.size:
        yield from _with_neurons(bus, split, 0)
        return
    split = split | bus.reach[parts].any(axis=0)
    n = parts.size
    for given in (g for flip in (0, 1) for g in _with_neurons(bus, split, flip)):
        n_given = given.code.size
        allowed = np.zeros((bus.width.size, n_given + n), dtype=bool)
        allowed[:, :n_given] = given.allowed
        allowed[parts, :n_given] = False
        allowed[parts, n_given + bus.part[parts]] = True
        for base in _far_from(given.code, given.vague, n):
            yield replace(
                given,
                code=np.concatenate([given.code, base + np.arange(n)]),
                vague=np.concatenate([given.vague, np.zeros((n, 2), dtype=np.int64)]),
                allowed=allowed,
            )


def _far_from(code: Ints, vague: Ints, n: int) -> list[int]:
    """Two codes from which on `n` differ from all given ones in many bits."""

    def distance(base: int) -> int:
        apart = (base ^ code[:, None]) & ~vague & drivers.ALL_BITS & -n
        return min((int(a).bit_count() for a in apart.reshape(-1)), default=0)

    return sorted(range(0, drivers.N_DRIVERS, n), key=distance, reverse=True)[:2]


def _with_neurons(bus: Bus, split: Bools, flip: int) -> Iterator[Division]:
    """The groups that neurons can form: all in one, by event output, or by their bit 6.

    flip  value of their address bits that means "yes, there"
    """
    neuron, n = bus.output >= 0, bus.width.size
    polarity = np.full(2, flip)
    empty = np.zeros((0, 2), dtype=np.int64)
    division = Division(
        bus, NeuronBits.HALVES, polarity, empty[:, 0], empty, np.zeros((n, 0), dtype=bool), split
    )
    if not neuron.any():
        yield division
        return
    of_bus, upper = bus.number << 2, (bus.output >= N_BUSES).astype(np.int64)
    outputs = np.unique(upper[neuron])
    both = _BIT_4 if outputs.size > 1 else 0
    code = of_bus | _BIT_4 * outputs[:1] | flip * (_BIT_1 | _BIT_0)
    if (bus.reach[neuron].sum(axis=0) <= LABELS).all():
        vague = both | _vague_bits(bus.reach[neuron])
        allowed = np.ones((n, 1), dtype=bool)
        yield replace(division, code=code, vague=vague[None], allowed=allowed)
    if both:
        allowed = np.ones((n, 2), dtype=bool)
        allowed[neuron] = np.stack([upper == 0, upper == 1], axis=1)[neuron]
        polarity = np.array([flip, 1 - flip])
        code_of_output = of_bus | _BIT_4 * outputs | polarity * (_BIT_1 | _BIT_0)
        vagues = np.stack([_vague_bits(bus.reach[neuron & (upper == k)]) for k in (0, 1)])
        yield replace(
            division, polarity=polarity, code=code_of_output, vague=vagues, allowed=allowed
        )
    if flip:
        return
    reach = bus.reach.copy()
    for output in np.unique(bus.output[neuron]):
        same = bus.output == output
        reach[same] = reach[same].any(axis=0)
    whole = replace(bus, reach=reach)
    yield replace(
        division,
        bus=whole,
        bits=NeuronBits.GROUPS,
        code=np.append(code, code | _BIT_0),
        vague=np.full((2, 2), both),
        allowed=np.ones((n, 2), dtype=bool),
        split=split | (whole.labels > LABELS),
    )


def _vague_bits(reach: Bools) -> Ints:
    """(2,) bits of neurons' row select addresses that are not the same for all in a half.

    Those that are heard in one half only have another bit 0 in the top half, or bit 1 in the
    bottom half, than those that are heard in both.

    reach  (neuron, 2)
    """
    return (reach & ~reach[:, ::-1]).any(axis=0) * np.array([_BIT_0, _BIT_1])
