"""Keeping what a step has brought: samples of a field of the lanes, and who fired."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..loop import STOP
from .memory import kernel, pointer

(
    LANE_VALUES,  # P real [n_blocks][N_FIELDS][16]
    N_FIELDS,
    FIELD,
    INDICES,  # P int64 (m,): neurons
    SPLIT,  # P int64 (T + 1,): which of them belong to which thread
    OUT,  # P real [rows][m]
    WIDTH,  # m
    FIRST_STEP,  # of row 0
    EVERY,
) = range(9)
N_SAMPLE = 9

(
    IDS,  # P int32 [R][IDS_STRIDE]
    IDS_STRIDE,
    COUNTS,  # P int64 [R][SEGMENTS]
    SEGMENTS,
    FIRST,  # P int64 (SEGMENTS + 1,)
    RING_MASK,
    TIMES,  # P int32 like IDS, or 0
    WANTED,  # P uint8 (n,): whether a member is recorded
    STEPS,  # P int64 [T][CAPACITY]
    MEMBERS,  # P int32 [T][CAPACITY]
    REPEATS,  # P int32 [T][CAPACITY]
    KEPT,  # P int64 (T,): entries so far
    CAPACITY,
    RESERVE,  # fewer entries left: ask the loop to stop
    CONTROL,  # P int64: control words of the loop
) = range(15)
N_KEEP = 15

_STOP = STOP


def sample_kernel(real: type) -> Any:
    """Copy one field of chosen neurons into the row of this step, if it has one."""

    @kernel
    def sample(arguments: int, step: int, thread: int) -> None:
        table = pointer(arguments, np.int64)
        since = step - table[FIRST_STEP]
        if since < 0 or since % table[EVERY] != 0:
            return
        lanes = pointer(table[LANE_VALUES], real)
        indices, split = pointer(table[INDICES], np.int64), pointer(table[SPLIT], np.int64)
        out = pointer(table[OUT], real)
        base = since // table[EVERY] * table[WIDTH]
        width, field = table[N_FIELDS] * 16, table[FIELD] * 16
        for k in range(split[thread], split[thread + 1]):
            neuron = indices[k]
            out[base + k] = lanes[(neuron >> 4) * width + field + (neuron & 15)]

    return sample


def _keep(arguments, step, thread):  # type: ignore[no-untyped-def]
    """Append this step's spikes of the thread's own members to its row of the buffer."""
    table = pointer(arguments, np.int64)
    row = step & table[RING_MASK]
    place = row * table[IDS_STRIDE] + pointer(table[FIRST], np.int64)[thread]
    count = pointer(table[COUNTS], np.int64)[row * table[SEGMENTS] + thread]
    ids = pointer(table[IDS] + 4 * place, np.int32)
    times = pointer(table[TIMES] + 4 * place, np.int32)
    wanted = pointer(table[WANTED], np.uint8)
    start = thread * table[CAPACITY]
    steps = pointer(table[STEPS] + 8 * start, np.int64)
    members = pointer(table[MEMBERS] + 4 * start, np.int32)
    repeats = pointer(table[REPEATS] + 4 * start, np.int32)
    kept = pointer(table[KEPT], np.int64)
    n = kept[thread]
    for k in range(count):
        if wanted[ids[k]] != 0:
            steps[n] = step
            members[n] = ids[k]
            repeats[n] = times[k] if table[TIMES] != 0 else 1
            n += 1
    kept[thread] = n
    if table[CAPACITY] - n < table[RESERVE]:
        pointer(table[CONTROL], np.int64)[_STOP] = 1


def keep_kernel() -> Any:
    """Append spikes to the buffers of `SpikeBuffer`."""
    return kernel(_keep)
