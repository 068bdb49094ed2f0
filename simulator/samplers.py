"""Operations that record: what they point to, and how they grow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .kernels import record
from .operations import I64, Operation, SpikeRing
from .recording import Recording, SpikeBuffer, SpikeRecording

_sample_kernel: Any = lru_cache(record.sample_kernel)
_keep_kernel: Any = lru_cache(record.keep_kernel)


@dataclass
class Sampler:
    """The operation that fills a recording.

    out, first  places in its table: where the rows are, and the step of the first one
    """

    recording: Recording
    operation: Operation
    out: int
    first: int

    def prepare(self, last_step: int) -> None:
        """Make room for the samples up to a step, and tell the operation where."""
        recording, table = self.recording, self.operation.arguments
        recording.reserve(recording.rows_until(last_step))
        table[self.out] = recording.buffer.ctypes.data
        table[self.first] = recording.first_step


def field_sampler(recording: Recording, lanes: npt.NDArray[Any], field: int, split: I64) -> Sampler:
    """Sample one field of the lanes (block, field, 16) into the rows of a recording.

    split  (T + 1,) which of the recorded neurons belong to which thread
    """
    table = np.zeros(record.N_SAMPLE, np.int64)
    table[record.LANE_VALUES] = lanes.ctypes.data
    table[record.N_FIELDS], table[record.FIELD] = lanes.shape[1], field
    table[record.INDICES], table[record.SPLIT] = recording.indices.ctypes.data, split.ctypes.data
    table[record.WIDTH], table[record.EVERY] = recording.indices.size, recording.every
    kernel = _sample_kernel(lanes.dtype.type)
    operation = Operation(kernel.address, table, [kernel, lanes, split, recording])
    return Sampler(recording, operation, record.OUT, record.FIRST_STEP)


class SpikeKeeper:
    """The operation that keeps spikes of an emitter, with its buffer.

    window  steps that may pass before the loop stops after a buffer is nearly full
    """

    def __init__(
        self, recording: SpikeRecording, ring: SpikeRing, n: int, window: int, control: I64
    ) -> None:
        self.recording = recording
        threads = ring.counts.shape[1]
        self.buffer = SpikeBuffer(threads, (window + 1) * max(1, n))
        wanted = np.zeros(max(1, n), np.uint8)
        wanted[recording.indices] = 1
        table = np.zeros(record.N_KEEP, np.int64)
        table[record.IDS], table[record.IDS_STRIDE] = ring.ids.ctypes.data, ring.ids.shape[1]
        table[record.COUNTS], table[record.SEGMENTS] = ring.counts.ctypes.data, threads
        table[record.FIRST], table[record.RING_MASK] = ring.first.ctypes.data, len(ring.ids) - 1
        table[record.TIMES] = 0 if ring.times is None else ring.times.ctypes.data
        table[record.WANTED], table[record.CONTROL] = wanted.ctypes.data, control.ctypes.data
        buffer = self.buffer
        table[record.STEPS] = buffer.steps.ctypes.data
        table[record.MEMBERS] = buffer.members.ctypes.data
        table[record.REPEATS] = buffer.times.ctypes.data
        table[record.KEPT], table[record.CAPACITY] = buffer.counts.ctypes.data, buffer.capacity
        table[record.RESERVE] = buffer.reserve
        self._kernel = kernel = _keep_kernel()
        self.operation = Operation(kernel.address, table, [kernel, ring, wanted, buffer, control])

    def keep(self, step: int) -> None:
        """Keep the spikes of a step that the loop has not run."""
        for thread in range(self.buffer.counts.size):
            self._kernel.ctypes(self.operation.arguments.ctypes.data, step, thread)

    def hand_over(self) -> None:
        """Give what the loop has written to the recording."""
        if self.buffer.counts.any():
            self.recording.extend(*self.buffer.take())
