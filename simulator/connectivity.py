"""Who is connected to whom: sparse (stored rows), dense, or procedural (drawn anew each time)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Sparse:
    """Synapses in rows: those of presynaptic member i are ``starts[i]:starts[i + 1]``.

    starts   (n_pre + 1,) int64
    targets  (synapse,) int32, ascending within a row (equal ones: several synapses of one pair)
    """

    n_pre: int
    n_post: int
    starts: I64
    targets: I32

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return int(self.starts[-1])


@dataclass(frozen=True)
class Dense:
    """Every member with every neuron, in rows of `n_post`; without i -> i if `no_self`."""

    n_pre: int
    n_post: int
    no_self: bool = False

    @property
    def n_synapses(self) -> int:
        """Number of synapses, counting those of a neuron with itself even if they are left out."""
        return self.n_pre * self.n_post


@dataclass(frozen=True)
class Procedural:
    """Synapses that are drawn anew, and alike, whenever their neuron fires.

    kind    ``probability``: each pair with probability `value`;
            ``number_post``: `value` targets for each member, drawn with replacement
    seed    of the draws
    low, high  weights are uniform between them (equal: constant)
    """

    n_pre: int
    n_post: int
    kind: Literal["probability", "number_post"]
    value: float
    seed: int
    low: float
    high: float


Connectivity = Sparse | Dense | Procedural
