"""Who is connected to whom: sparse (stored rows), dense, or procedural (drawn anew each time)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from .kernels import rows

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
MAX_MEMBERS = 2**31 - 1
"""Indices of neurons are 32 bits wide."""


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

    @property
    def memory_bytes(self) -> int:
        """What rows and targets take, without weights."""
        return 8 * (self.n_pre + 1) + 4 * self.n_synapses

    @staticmethod
    def from_pairs(
        pre: npt.ArrayLike, post: npt.ArrayLike, n_pre: int, n_post: int
    ) -> tuple[Sparse, I64]:
        """Sort pairs into rows.

        pre, post  (synapse,) integers, in any order; a pair may come several times
        Returns    the rows, and (synapse,) int64 `order`: ``values[order]`` puts what belongs to
                   the pairs into the order of the rows; equal pairs keep their order
        Raises     ValueError if the lengths differ or an index is out of range
        """
        pre, post = _indices("pre", pre, n_pre), _indices("post", post, n_post)
        if pre.size != post.size:
            raise ValueError(
                f"connectivity: {pre.size} presynaptic indices and {post.size} postsynaptic ones;"
                " give one of each for every synapse"
            )
        starts, targets, order = rows.sort_pairs(pre, post, n_pre, n_post)
        return Sparse(n_pre, n_post, starts, targets), order


def _indices(name: str, values: npt.ArrayLike, n: int) -> I32:
    """Indices below `n` as int32."""
    given = np.asarray(values)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise ValueError(
            f"connectivity: {name} has shape {given.shape} and type {given.dtype};"
            " give a list of integers"
        )
    if n > MAX_MEMBERS:
        raise ValueError(
            f"connectivity: {name} counts {n} members; the limit is {MAX_MEMBERS}: connect parts"
        )
    if given.size and not (0 <= given.min() and given.max() < n):
        wrong = int(np.flatnonzero((given < 0) | (given >= n))[0])
        raise ValueError(
            f"connectivity: {name}[{wrong}] = {given[wrong]} is outside 0 .. {n - 1};"
            " number the members from 0"
        )
    return np.ascontiguousarray(given, dtype=np.int32)


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

    @property
    def memory_bytes(self) -> int:
        """Nothing: rows follow from the numbers."""
        return 0


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

    @property
    def memory_bytes(self) -> int:
        """Nothing: that is what it is for."""
        return 0


Connectivity = Sparse | Dense | Procedural


def pairs(connectivity: Sparse | Dense) -> tuple[I64, I64]:
    """Pre and post of each synapse, (synapse,) int64 each, in the order of the connectivity.

    Those that a dense connectivity leaves out are among them.
    """
    if isinstance(connectivity, Dense):
        pre, post = np.divmod(np.arange(connectivity.n_synapses), connectivity.n_post)
        return pre, post
    pre = np.repeat(np.arange(connectivity.n_pre), np.diff(connectivity.starts))
    return pre, connectivity.targets.astype(np.int64)


def split_rows(connectivity: Sparse, bounds: I64) -> I64:
    """Where each row begins for each thread.

    bounds   (T + 1,) targets of thread th are bounds[th] .. bounds[th + 1] - 1; the first is 0, the
             last is n_post
    Returns  (n_pre*T + 1,) int64: row i, thread th from [i*T + th] to [i*T + th + 1]
    """
    if len(bounds) == 2:
        return connectivity.starts
    return rows.split(connectivity.starts, connectivity.targets, bounds)
