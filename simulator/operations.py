"""What kernels of the CPU engine work on, and the operations that its compiled loop calls.

An operation is the address of a compiled C function and the address of its argument table (int64:
numbers, and addresses of arrays).  Everything whose address is in a table is kept alive beside it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
Reals = npt.NDArray[np.float32] | npt.NDArray[np.float64]
LANES = 16
"""Neurons in a block."""


@dataclass
class Operation:
    """One call per step and thread: ``kernel(address of arguments, step, thread)``."""

    address: int
    arguments: I64
    keep: list[Any] = field(default_factory=list)


@dataclass
class SpikeRing:
    """Who fired in the last steps.

    ids     (R, n_pad) int32: step n in row n & (R - 1); thread th from column ``first[th]`` on,
            ascending member indices
    counts  (R, T) int64: how many
    times   (R, n_pad) int32 or None: how often each of them fired in the step (sources)
    first   (T + 1,) int64: members of thread th are first[th] .. first[th + 1] - 1
    """

    ids: I32
    counts: I64
    first: I64
    times: I32 | None = None


@dataclass
class InputRing:
    """Weights on their way to one receptor of a group: (D, n_pad), step n in row n & (D - 1)."""

    values: Reals


@dataclass
class SpikeHistory:
    """Steps at which the neurons of a group fired, for plastic synapses; see `history`.

    steps    (n, H) int64: spike number k of a neuron in column k & (H - 1)
    counts   (n,) int64: spikes so far
    settled  (n,) int64: so many of them no synapse needs any more
    full     (1,) int64: not 0 when `history.grow` has to be called at the next barrier
    table    what kernels know of it: `kernels.delivery_table.HISTORY_TABLE`
    """

    steps: I64
    counts: I64
    settled: I64
    full: I64
    table: I64 = field(default_factory=lambda: np.zeros(5, np.int64))

    def __post_init__(self) -> None:
        self.write_table()

    def write_table(self) -> None:
        """Tell kernels where the arrays are."""
        self.table[:] = (
            self.steps.ctypes.data,
            self.steps.shape[1] - 1,
            self.counts.ctypes.data,
            self.settled.ctypes.data,
            self.full.ctypes.data,
        )
