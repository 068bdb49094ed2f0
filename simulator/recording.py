"""What a simulation leaves behind: samples of variables, and spikes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
_FIRST_CAPACITY = 16384


class Recording:
    """Samples of one variable of some neurons, one row per sample.

    group, variable, indices  of what: neurons of a group, sorted
    every       steps between two samples
    first_step  step of the first sample
    """

    def __init__(
        self, group: int, variable: str, indices: I64, every: int, first_step: int, dtype: Any
    ) -> None:
        self.group, self.variable, self.every = group, variable, every
        self.indices = np.ascontiguousarray(indices, np.int64)
        self.first_step = first_step
        self.n_rows = 0
        self.active = True
        self.buffer = np.empty((0, self.indices.size), dtype)

    @property
    def values(self) -> npt.NDArray[Any]:
        """(sample, neuron) as the engine computed them, without a copy."""
        return self.buffer[: self.n_rows]

    @property
    def next_step(self) -> int:
        """Step of the next sample."""
        return self.first_step + self.n_rows * self.every

    def rows_until(self, step: int) -> int:
        """How many samples there are after `step`."""
        return max(self.n_rows, (step - self.first_step) // self.every + 1)

    def reserve(self, rows: int) -> None:
        """Make room for so many rows in all; what is there stays."""
        if rows <= len(self.buffer):
            return
        grown = np.empty(
            (max(rows, 2 * self.buffer.shape[0]), self.indices.size), self.buffer.dtype
        )
        grown[: self.n_rows] = self.values
        self.buffer = grown

    def append(self, row: npt.ArrayLike) -> None:
        """Add one sample."""
        self.reserve(self.n_rows + 1)
        self.buffer[self.n_rows] = row
        self.n_rows += 1

    def clear(self, step: int) -> None:
        """Forget all samples; the next one is of `step`."""
        self.buffer = np.empty((0, self.indices.size), self.buffer.dtype)
        self.n_rows, self.first_step = 0, step


class SpikeRecording:
    """Spikes of some members of an emitter, as blocks that the engine hands over.

    emitter, is_source, indices  of whom: a group or a set of sources, sorted members
    """

    def __init__(self, emitter: int, is_source: bool, indices: I64) -> None:
        self.emitter, self.is_source = emitter, is_source
        self.indices = np.ascontiguousarray(indices, np.int64)
        self.active = True
        self._steps: list[I64] = []
        self._members: list[I64] = []

    def extend(self, steps: I64, members: I64) -> None:
        """Add a block of spikes, later than or as late as all before it."""
        if steps.size:
            self._steps.append(steps)
            self._members.append(members)

    @property
    def steps(self) -> I64:
        """(spike,) step of each, ascending."""
        return self._joined(self._steps)

    @property
    def members(self) -> I64:
        """(spike,) which member of the emitter, ascending within a step."""
        return self._joined(self._members)

    @staticmethod
    def _joined(blocks: list[I64]) -> I64:
        if len(blocks) > 1:
            blocks[:] = [np.concatenate(blocks)]
        return blocks[0] if blocks else np.empty(0, np.int64)

    def clear(self) -> None:
        """Forget all spikes."""
        self._steps.clear()
        self._members.clear()


class SpikeBuffer:
    """Where the compiled loop writes spikes, a row per thread, until they are handed over.

    The row of a thread never overflows: the loop stops in time, once less than `reserve` entries
    are left in one of them.
    """

    def __init__(self, threads: int, reserve: int) -> None:
        self.reserve = reserve
        self.capacity = _FIRST_CAPACITY + 2 * reserve
        self.steps = np.empty((threads, self.capacity), np.int64)
        self.members = np.empty((threads, self.capacity), np.int32)
        self.times = np.empty((threads, self.capacity), np.int32)
        self.counts = np.zeros(threads, np.int64)

    def take(self) -> tuple[I64, I64]:
        """Steps and members of all spikes since the last call, in order; empties the buffer."""
        steps, members = [], []
        for thread, n in enumerate(self.counts):
            times = self.times[thread, :n]
            steps.append(np.repeat(self.steps[thread, :n], times))
            members.append(np.repeat(self.members[thread, :n].astype(np.int64), times))
        self.counts[:] = 0
        if len(steps) == 1:
            return steps[0], members[0]
        all_steps, all_members = np.concatenate(steps), np.concatenate(members)
        order = np.argsort(all_steps, kind="stable")
        return all_steps[order], all_members[order]
