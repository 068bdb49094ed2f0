"""Static synapses that are drawn anew for every spike, and always come out alike.

A row is drawn in pieces of W columns, or draws, so that a thread may leave out pieces without
targets of its own; W is the `width` of the connectivity.  Counter of `philox`: (member, piece,
draw >> 2, purpose), key: the seed of the connectivity; word ``draw & 3``; purpose 0 for targets
and 1 for weights.

probability  piece k has the columns from k*W on.  The number of columns left out before the
             next synapse is geometric: floor(log(u)/log(1 - p)) of a uniform u (L. Devroye,
             "Non-uniform random variate generation" (1986), X.2).  Resolution of p: 2^-32.
number_post  piece k has the draws from k*W on; a target is the upper half of word*n_post.

Order of additions as in `deliver_sparse`, and within a row as it is drawn.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .delivery_table import (
    BOUNDS,
    COUNTS,
    DRAWING,
    FIRST,
    IDS,
    IDS_STRIDE,
    INPUTS,
    INPUTS_MASK,
    INPUTS_STRIDE,
    MINIMAL_DELAY,
    N_DRAWS,
    N_POST,
    PRE_FIRST,
    PRE_STOP,
    RING_MASK,
    SCRATCH,
    SCRATCH_STRIDE,
    SEED,
    SEGMENTS,
    SINCE,
    TIMES,
    WIDTH,
    first_spike,
)
from .mathematics import log
from .memory import compiled, helper, kernel, pointer
from .philox import random_words, uniforms

SYNAPSES = 128
"""About so many are in a piece of a row that is drawn by chance."""
LEAST_WIDTH, MOST_WIDTH = 2**10, 2**16
BATCH = 16
"""Counters at a time; each gives four draws."""
_FAR = 2.0**40  # columns: further than any row reaches


def width(probability: float | None) -> int:
    """Columns of a piece, or draws if there is no probability."""
    if probability is None:
        return LEAST_WIDTH
    wanted = LEAST_WIDTH
    while wanted < MOST_WIDTH and wanted * probability < SYNAPSES:
        wanted *= 2
    return wanted


def scratch_bytes(columns: int) -> int:
    """Room that a thread needs for a piece: weights, targets and a batch of draws."""
    return 8 * (columns + 4 * BATCH) + 4 * (columns + 4 * BATCH) + 8 * 4 * BATCH


@helper
def _columns(table: Any, row: Any, part: Any, keys: Any, first: int, scratch: int) -> int:
    """Draw the columns of a piece that begins with column `first`; their number."""
    room = table[WIDTH] + 4 * BATCH
    targets = pointer(scratch + 8 * room, np.int32)
    skipped = pointer(scratch + 12 * room, np.float64)
    scale = pointer(table[DRAWING], np.float64)[0]
    count, column, batch = 0, first, 0
    end = min(first + table[WIDTH], table[N_POST])
    while column < end:
        for group in range(BATCH):
            draw = np.uint64(BATCH * batch + group)
            u = uniforms(row, part, draw, np.uint64(0), keys[0], keys[1])
            for k in range(4):
                skipped[4 * group + k] = log(u[k]) * scale
        for k in range(4 * BATCH):
            column += int(skipped[k]) if skipped[k] < _FAR else int(_FAR)
            if column >= end:
                return count
            targets[count] = np.int32(column)
            count += 1
            column += 1
        batch += 1
    return count


@helper
def draw_piece(table: Any, member: int, piece: int, weights: Any, scratch: int) -> int:
    """Draw targets and weights of a piece of a row; their number."""
    seed = np.uint64(table[SEED])
    keys = seed & np.uint64(0xFFFFFFFF), seed >> np.uint64(32)
    row, part, first = np.uint64(member), np.uint64(piece), table[WIDTH] * piece
    if table[N_DRAWS] >= 0:
        count = min(table[WIDTH], table[N_DRAWS] - first)
        n_post = np.uint64(table[N_POST])
        targets = pointer(scratch + 8 * (table[WIDTH] + 4 * BATCH), np.int32)
        for group in range((count + 3) >> 2):
            four = random_words(row, part, np.uint64(group), np.uint64(0), keys[0], keys[1])
            for k in range(4):
                targets[4 * group + k] = np.int32((four[k] * n_post) >> np.uint64(32))
    else:
        count = _columns(table, row, part, keys, first, scratch)
    drawing = pointer(table[DRAWING], np.float64)
    lowest, spread = drawing[1], drawing[2]
    if spread != 0:
        for group in range((count + 3) >> 2):
            u = uniforms(row, part, np.uint64(group), np.uint64(1), keys[0], keys[1])
            for k in range(4):
                weights[4 * group + k] = lowest + spread * u[k]
    return count


def procedural(real: type) -> Any:
    """Kernel for inputs of a type."""
    real_size = np.dtype(real).itemsize

    @kernel
    def deliver(arguments: int, step: int, thread: int) -> None:
        table = pointer(arguments, np.int64)
        emitted = step - table[MINIMAL_DELAY]
        bounds = pointer(table[BOUNDS], np.int64)
        low, high = bounds[thread], bounds[thread + 1]
        if emitted < table[SINCE] or low == high:
            return
        row = emitted & table[RING_MASK]
        segments = table[SEGMENTS]
        counts, first = pointer(table[COUNTS], np.int64), pointer(table[FIRST], np.int64)
        slot = pointer(
            table[INPUTS] + (step & table[INPUTS_MASK]) * table[INPUTS_STRIDE] * real_size, real
        )
        columns = table[WIDTH]
        scratch = table[SCRATCH] + thread * table[SCRATCH_STRIDE]
        weights = pointer(scratch, real)
        targets = pointer(scratch + 8 * (columns + 4 * BATCH), np.int32)
        drawing = pointer(table[DRAWING], np.float64)
        begin, end = low // columns, (high - 1) // columns + 1
        if table[N_DRAWS] >= 0:
            begin, end = 0, (table[N_DRAWS] + columns - 1) // columns

        for segment in range(segments):
            place = row * table[IDS_STRIDE] + first[segment]
            ids = pointer(table[IDS] + 4 * place, np.int32)
            times = pointer(table[TIMES] + 4 * place, np.int32)
            count = counts[row * segments + segment]
            stop = first_spike(ids, count, table[PRE_STOP])
            for spike in range(first_spike(ids, count, table[PRE_FIRST]), stop):
                factor = real(times[spike]) if table[TIMES] != 0 else real(1)
                only = real(drawing[1]) * factor
                for piece in range(begin, end):
                    member = np.int64(ids[spike]) - table[PRE_FIRST]
                    n = draw_piece(table, member, piece, weights, scratch)
                    for k in range(n):
                        target = targets[k]
                        if low <= target < high:
                            slot[target] += only if drawing[2] == 0 else weights[k] * factor

    return deliver


@compiled
def draw_rows(
    arguments: int, n_pre: int, pieces: int, starts: Any, targets: Any, weights: Any
) -> None:
    """Write the whole connectivity down, as it is drawn; weights are float64.

    starts  (n_pre + 1,); if `targets` is empty only these are written
    """
    table = pointer(arguments, np.int64)
    scratch = table[SCRATCH]
    some_weights = pointer(scratch, np.float64)
    some = pointer(scratch + 8 * (table[WIDTH] + 4 * BATCH), np.int32)
    drawing = pointer(table[DRAWING], np.float64)
    place = 0
    for member in range(n_pre):
        starts[member] = place
        for piece in range(pieces):
            count = draw_piece(table, member, piece, some_weights, scratch)
            if targets.size > 0:
                for k in range(count):
                    targets[place + k] = some[k]
                    weights[place + k] = drawing[1] if drawing[2] == 0 else some_weights[k]
            place += count
    starts[n_pre] = place
