"""Which lines an event discharges and by how much: rows of drops for the event kernel.

A row stands for all drivers that react to a label with a full pulse, or for one driver whose pulses
vary.  Follows the words of the registers, not anybody's conventions for using them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from .jit import compiled, helper
from .kernels.arrivals import (
    DRIVERS_PER_BUS,
    LABELS,
    N_BUSES,
    N_DRIVERS,
    NO_ROW,
    PLAIN,
    UNKNOWN,
    Drivers,
)
from .kernels.lanes import F2, I1, LANES, aligned
from .linkage import named_tuple
from .memory import Memory
from .mismatch import Mismatch
from .numbers.synapses import NUMBERS, SIGMAS
from .random import normal

if TYPE_CHECKING:
    from .effects import Effects

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]

SYNAPSE_BLOCKS = ("synapses", "synapse_drivers", "padi")
"""Registers that `SynapseArray.build` looks at, next to the drivers."""

_EXCITATORY, _INHIBITORY, _BOTH = 1, 2, 3
_WEIGHT_BITS = 6
_ADDRESSES = 64
_SYNAPSES = 2 * 256 * 256


class Rows(NamedTuple):
    """Line drops per event; see the fields of the same names in `kernels.arrivals.Routes`."""

    row_of: I32  # (8 * 2048,)
    driver_row: I32  # (256, 64)
    drops: F32  # (row, block, 2, 16) V
    blocks: Ints  # (row,)


class Buckets(NamedTuple):
    """Synapses of active lanes by half, row and label; bucket (half * 256 + row) * 64 + label."""

    first: Ints  # (bucket + 1,) where each bucket begins
    lane: Ints  # (synapse,)
    drop: F32  # (synapse, 2) V on the exc and inh line, without the bus's pulse extension


def bus_keys(bus: Ints, label: Ints) -> Ints:
    """Keys of events on PADI buses: what a bus carries is the low 11 bits of a label."""
    return bus * LABELS + (label & (LABELS - 1))


def pulse_gain(extension: Array) -> Array:
    """Relative charge of an event on a bus with this dacen_pulse_extension."""
    return 1 + NUMBERS["dacen_extension"].value * extension


BUCKETS_TYPE = named_tuple(Buckets, I1, I1, F2)


class SynapseArray:
    """The synapses of one chip: the sizes of the bits of their weight DACs."""

    def __init__(self, mismatch: Mismatch, effects: Effects) -> None:
        self._gain, self._bit = (
            tuple(np.uint64(part) for part in mismatch.stream(f"synapse.{name}"))
            for name in ("gain", "bit")
        )
        on = float(effects.mismatch)
        self._sigma = np.array([SIGMAS[f"synapse.{name}"].value * on for name in ("gain", "bit")])
        # Charges that have been needed, and for which code.
        self._charge = np.zeros(_SYNAPSES, np.float32)
        self._known = np.full(_SYNAPSES, -1, np.int8)

    def weight(self, half: int, row: int, column: int, code: int) -> float:
        """Charge of one synapse for a weight code, in weight units."""
        place = (half * 256 + row) * 256 + column
        return float(_charge(code, place, self._gain, self._bit, self._sigma))

    def build(
        self,
        memory: Memory,
        drivers: Drivers,
        driver_gain: Array,
        unit_drops: Array,
        neurons: Ints,
        keys: Ints,
    ) -> Rows:
        """Rows for the events that can occur.

        driver_gain  (2, 128), `SynapseDrivers.gain`
        unit_drops   (2, 512) V per weight unit on each neuron's exc and inh line at the present
                     DAC bias; 0 where the column is switched off its neuron
        neurons      (lane,) AtomicNeuron of each lane, -1 for padding; whole blocks
        keys         (event,) bus * 2048 + label; duplicates are fine
        """
        assert neurons.size % LANES == 0
        buckets = self._sort(memory, driver_gain, unit_drops, neurons)
        wanted = np.unique(keys)
        plain, plain_row, varying = _assign(drivers, buckets, wanted)
        row_of = np.full(N_BUSES * LABELS, UNKNOWN, np.int32)
        row_of[wanted] = plain_row
        driver_row = np.full((N_DRIVERS, _ADDRESSES), NO_ROW, np.int32)
        row, k = np.nonzero(plain >= 0)
        n_plain, (driver, address) = len(plain), np.nonzero(varying)
        driver_row[driver, address] = n_plain + np.arange(driver.size)
        drops = aligned((n_plain + driver.size, neurons.size // LANES, 2, LANES))
        blocks = np.zeros(len(drops), np.int64)
        extension = memory.block("padi")["dacen_pulse_extension"].astype(float).reshape(-1)
        fill(
            np.concatenate([row, n_plain + np.arange(driver.size)]),
            np.concatenate([plain[row, k] // _ADDRESSES, driver]),
            np.concatenate([plain[row, k] % _ADDRESSES, address]),
            buckets,
            pulse_gain(extension).astype(np.float32),
            drops,
            blocks,
        )
        return Rows(row_of, driver_row, drops, blocks)

    def _sort(
        self, memory: Memory, driver_gain: Array, unit_drops: Array, neurons: Ints
    ) -> Buckets:
        fields = memory.block("synapse_drivers")
        labels, weights = (memory.field("synapses", name) for name in ("label", "weight"))
        modes = np.stack([fields["row_mode_bottom"], fields["row_mode_top"]], axis=-1)
        modes = np.where(fields["enable_receiver"][..., None] != 0, modes, 0).reshape(2, 256)
        row_drop = np.stack([modes & _EXCITATORY != 0, modes & _INHIBITORY != 0]).astype(float)
        row_drop *= np.where(modes == _BOTH, NUMBERS["both_modes_share"].value, 1.0)
        row_drop *= np.repeat(driver_gain, 2, axis=1)
        first = np.zeros(2 * 256 * _ADDRESSES + 1, np.int64)
        used = (neurons >= 0).sum() * 256
        lane, drop = np.empty(used, np.int64), np.empty((used, 2), np.float32)
        bucket_sort(
            labels, weights, self._gain, self._bit, self._sigma,
            self._charge, self._known, row_drop, unit_drops, neurons, first, lane, drop,
        )  # fmt: skip
        return Buckets(first, lane, drop)


@helper
def _charge(code, place, gain, bit, sigma):  # type: ignore[no-untyped-def]
    """Charge of a weight code [weight units].

    2**k unit sources with independent errors for bit k: monotone only on average.
    place  flat index of the synapse; gain, bit  streams of normal deviates; sigma  of both
    """
    total = 0.0
    for k in range(_WEIGHT_BITS):
        if code >> k & 1:
            error = normal(bit[0], bit[1], bit[2], np.uint64(k * _SYNAPSES + place))
            units = float(1 << k)
            total += units + sigma[1] * math.sqrt(units) * error
    return total * (1 + sigma[0] * normal(gain[0], gain[1], gain[2], np.uint64(place)))


@compiled
def bucket_sort(  # type: ignore[no-untyped-def]
    labels, weights, gain, bit, sigma, charge, known, row_drop, unit_drops, neurons, first,
    lane_of, drop,
):  # fmt: skip
    """Fill the fields of `Buckets` with the synapses that can discharge a line.

    row_drop  (2 lines, 2 halves, 256 rows), relative charge onto a line
    """
    for fills in (False, True):
        for h in range(2):
            for row in range(256):
                for_exc, for_inh = row_drop[0, h, row], row_drop[1, h, row]
                if for_exc == 0 and for_inh == 0:
                    continue
                for lane in range(neurons.size):
                    n = neurons[lane]
                    if n < 0 or n // 256 != h or weights[h, row, n % 256] == 0:
                        continue
                    exc, inh = for_exc * unit_drops[0, n], for_inh * unit_drops[1, n]
                    if exc == 0 and inh == 0:
                        continue
                    bucket = (h * 256 + row) * 64 + labels[h, row, n % 256]
                    if fills:
                        code, at = weights[h, row, n % 256], first[bucket]
                        place = (h * 256 + row) * 256 + n % 256
                        if known[place] != code:
                            charge[place] = _charge(code, place, gain, bit, sigma)
                            known[place] = code
                        weight = charge[place]
                        lane_of[at], drop[at, 0], drop[at, 1] = lane, weight * exc, weight * inh
                    first[bucket] += 1
        total = 0  # after counting, first[b] becomes where b begins; after filling it is its end
        for b in range(first.size):
            if fills:
                first[b], total = total, first[b]
            else:
                first[b], total = total, total + first[b]


def _assign(drivers: Drivers, buckets: Buckets, keys: Ints) -> tuple[Ints, Ints, Bools]:
    """Decide which rows there are.

    Returns the plain rows, each (32,) driver * 64 + forwarded address of the drivers it stands for
    or -1; which of them each key has, or NO_ROW; and (256, 64) flags of the varying drivers' rows.
    """
    size = np.diff(buckets.first).reshape(N_DRIVERS, 2, _ADDRESSES).sum(axis=1)
    bus, label = np.divmod(keys[:, None], LABELS)
    k = np.arange(DRIVERS_PER_BUS)
    driver = 128 * (bus // 4) + 4 * k + bus % 4
    address = label & drivers.circuits["forwarded"][driver]
    listens = drivers.listening[bus, label >> 6] >> k & 1
    reaches: Bools = listens * size[driver, address] > 0
    plain: Bools = drivers.circuits["kind"][driver] == PLAIN
    varying = np.zeros((N_DRIVERS, _ADDRESSES), bool)
    alone = reaches & ~plain
    varying[driver[alone], address[alone]] = True
    rows, row_of_key = np.unique(
        np.where(reaches & plain, driver * _ADDRESSES + address, -1), axis=0, return_inverse=True
    )
    row_of_key = row_of_key.reshape(-1)
    if len(rows) and np.all(rows[0] == -1):  # sorted: nobody reached comes first
        rows, row_of_key = rows[1:], row_of_key - 1
    return rows, row_of_key, varying


@compiled
def fill(row, driver, address, buckets, bus_gain, drops, blocks):  # type: ignore[no-untyped-def]
    """Add to each row what a driver causes that forwards an address; all three (part,)."""
    for i in range(row.size):
        d = driver[i]
        gain = bus_gain[4 * (d // 128) + d % 4]
        for top in range(2):
            bucket = (2 * d + top) * 64 + address[i]
            for e in range(buckets.first[bucket], buckets.first[bucket + 1]):
                lane = buckets.lane[e]
                blocks[row[i]] |= np.int64(1) << lane // 16
                drops[row[i], lane // 16, 0, lane % 16] += gain * buckets.drop[e, 0]
                drops[row[i], lane // 16, 1, lane % 16] += gain * buckets.drop[e, 1]
