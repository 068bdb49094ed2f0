"""When plastic synapses are visited after a spike of their presynaptic member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .specification import I64

MAX_STEPS = 2**16 - 1
"""Longest delay of a plastic synapse [steps]: it is stored in 16 bits."""
Values = npt.NDArray[Any]


@dataclass(frozen=True)
class Timing:
    """Delays of plastic synapses, and when they are visited.

    delays, axonal  (synapse,) uint16, or () if all are equal [steps]
    visits          (part,) steps after a spike at which the synapses of a part are visited
    part            (synapse,) which part, or () if there is but one
    """

    delays: Values
    axonal: Values
    visits: I64
    part: I64

    @property
    def minimal(self) -> int:
        """Shortest delay [steps]."""
        return int(self.delays.min())

    @property
    def maximal(self) -> int:
        """Longest delay [steps]."""
        return int(self.delays.max())


def timing(delays: I64 | int, axonal: I64 | int, n: int, *, looks_back: bool = True) -> Timing:
    """When synapses are visited.

    A visit must know the target's spikes up to axonal - dendritic steps after the spike, unless it
    does not look at them, and be over when the spike is due; one visit serves all synapses if it
    can.
    Raises  ValueError if a delay is out of range or an axonal part longer than its delay
    """
    whole, before = (_equal_or_each(one, n) for one in (delays, axonal))
    if n == 0:  # no delay: as if all had the shortest one
        whole, before = np.ones((), np.int64), np.zeros((), np.int64)
    if not (whole.min() >= 1 and whole.max() <= MAX_STEPS):
        raise ValueError(
            f"pathway: delays from {whole.min()} to {whole.max()} steps; those of plastic synapses"
            f" are 1 to {MAX_STEPS}: use other delays, or longer time steps"
        )
    if np.any(before < 0) or np.any(before > whole):
        raise ValueError(
            f"pathway: axonal delays from {before.min()} to {before.max()} steps of delays from"
            f" {whole.min()} to {whole.max()}; a part is between 0 and the whole: correct them"
        )
    shortest = whole.min()
    known_after = before - np.maximum(whole - before, 1) + 1 if looks_back else shortest
    earliest = np.maximum(known_after, shortest)
    codes = np.atleast_1d(earliest * (MAX_STEPS + 1) + whole)
    visits: list[int] = []
    for code in sorted(set(np.unique(codes).tolist()), key=lambda one: one % (MAX_STEPS + 1)):
        first, last = divmod(code, MAX_STEPS + 1)
        if not visits or first > visits[-1]:
            visits.append(last)
    parts = np.zeros((), np.int64)
    if len(visits) > 1:
        parts = np.searchsorted(visits, np.broadcast_to(whole, n), side="right") - 1
    return Timing(
        whole.astype(np.uint16),
        before.astype(np.uint16),
        np.array(visits, np.int64),
        parts,
    )


def _equal_or_each(values: I64 | int, n: int) -> I64:
    """() if all values are equal, else (n,)."""
    result = np.asarray(values, np.int64)
    if result.shape not in ((), (n,)):
        raise ValueError(
            f"pathway: delays of shape {result.shape} for {n} synapses; give one number, or one"
            " for each synapse in the order of the connectivity"
        )
    same = result.ndim == 1 and n > 0 and bool((result == result[0]).all())
    return np.asarray(result[0]) if same else result
