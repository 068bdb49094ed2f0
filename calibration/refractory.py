"""Refractory clocks: two of them, shared by the whole chip, and a counter in each neuron.

A clock of scale s ticks every 2**(s + 1) * 4 ns.  A neuron counts up to 255 ticks of the slow or of
the fast clock; with the hold-off at its end (code 15, no hold-off) the reset is released one tick
before the count ends.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig, FieldRangeError

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAX_SCALE, MAX_COUNT = 15, 255
NO_HOLDOFF = 15
"""reset_holdoff: the reset is released 31 - 2 * 15 = 1 tick before the refractory period ends."""
MIN_COUNT = 30
"""Ticks of the shortest refractory period if the clock allows: 3 % each (calix)."""


def tick_us(scale: int) -> float:
    """Duration of a tick [us]."""
    return float(2 << scale) / 250


LONGEST_US = (MAX_COUNT - 1) * tick_us(MAX_SCALE)
"""The longest reset: 66.6 ms."""


class RefractoryClocks(NamedTuple):
    """Scales of both clocks, 0 (8 ns) to 15 (262 us)."""

    slow: int = 0
    fast: int = 0

    @classmethod
    def of(cls, chip: ChipConfig) -> RefractoryClocks:
        """The clocks that a configuration has set."""
        backend = chip.common_backend
        return cls(int(backend.clock_scale_slow[0]), int(backend.clock_scale_fast[0]))


def choose_clocks(tau_us: Array) -> RefractoryClocks:
    """The clocks that resolve all these refractory times [us], of every neuron of a chip.

    The fast one is the slowest that gives the shortest time 30 ticks, or the fastest there is.
    The slow one is the fastest whose counter reaches the longest time; if the fast one does, both
    are the same.
    """
    if not np.size(tau_us):
        return RefractoryClocks()
    ticks = [tick_us(scale) for scale in range(MAX_SCALE + 1)]
    short, long = float(np.min(tau_us)), float(np.max(tau_us))
    fast = max((s for s, tick in enumerate(ticks) if short >= MIN_COUNT * tick), default=0)
    reaching = (s for s, tick in enumerate(ticks) if _count(long, tick) <= MAX_COUNT)
    slow = max(fast, next(reaching, MAX_SCALE))
    return RefractoryClocks(slow, fast)


def _count(tau_us: Array | float, tick: Array | float) -> Array:
    """Count whose reset, one tick shorter, lasts nearest to a time."""
    return np.maximum(np.rint(np.asarray(tau_us) / tick), 1) + 1


def counts(tau_us: Array, clocks: RefractoryClocks) -> tuple[Ints, Ints]:
    """(refractory_time, input_clock) of each neuron, (neuron,).

    The fast clock (1) where its counter reaches, unless both are the same, else the slow one (0).
    Raises FieldRangeError where even the slow one's does not reach.
    """
    fast = _count(tau_us, tick_us(clocks.fast))
    slow = _count(tau_us, tick_us(clocks.slow))
    use_fast = (fast <= MAX_COUNT) & (clocks.fast < clocks.slow)
    count = np.where(use_fast, fast, slow)
    if np.any(count > MAX_COUNT):
        n = int(np.argmax(count))
        place = f"refractory time of {tau_us[n]:g} us at clock scales {tuple(clocks)}, count"
        remedy = "let choose_clocks() see all neurons of the chip"
        raise FieldRangeError(place, int(count[n]), MAX_COUNT, remedy)
    return count.astype(np.int64), use_fast.astype(np.int64)
