"""Static synapses that are drawn anew for every spike, and always come out alike.

A row is drawn in pieces, so that a thread may leave out pieces without targets of its own.
Counter of `philox` (member, piece, draw >> 2, purpose), key: the seed of the connectivity; word
``draw & 3``; purpose 0 for targets and 1 for weights.

probability  piece k has the columns from k*PIECE on.  The number of columns left out before the
             next synapse is geometric: floor(log(u)/log(1 - p)) of a uniform u (L. Devroye,
             "Non-uniform random variate generation" (1986), X.2).  Resolution of p: 2^-32.
number_post  piece k has the draws from k*PIECE on; a target is the upper half of word*n_post.

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
    SEED,
    SEGMENTS,
    TIMES,
    first_spike,
)
from .mathematics import log
from .memory import compiled, helper, kernel, pointer
from .philox import random_words, uniforms

PIECE = 1024
"""Columns, or draws, of a piece."""
SCRATCH_BYTES = PIECE * 12
"""Room for targets (int32) and weights of a piece."""
_FAR = 2.0**40  # columns: further than any row reaches


@helper
def draw_piece(table: Any, member: int, piece: int, targets: Any, weights: Any) -> int:
    """Draw targets and weights of a piece of a row; their number."""
    drawing = pointer(table[DRAWING], np.float64)
    scale, lowest, spread = drawing[0], drawing[1], drawing[2]
    seed = np.uint64(table[SEED])
    key_0, key_1 = seed & np.uint64(0xFFFFFFFF), seed >> np.uint64(32)
    row, part, first = np.uint64(member), np.uint64(piece), PIECE * piece
    count = 0
    if table[N_DRAWS] >= 0:
        count = min(PIECE, table[N_DRAWS] - first)
        n_post = np.uint64(table[N_POST])
        for group in range((count + 3) >> 2):
            four = random_words(row, part, np.uint64(group), np.uint64(0), key_0, key_1)
            for k in range(4):
                targets[4 * group + k] = np.int32((four[k] * n_post) >> np.uint64(32))
    else:
        column, end, group = first, min(first + PIECE, table[N_POST]), 0
        while column < end:
            u = uniforms(row, part, np.uint64(group), np.uint64(0), key_0, key_1)
            for k in range(4):
                column += int(min(log(u[k]) * scale, _FAR))
                if column < end:
                    targets[count] = np.int32(column)
                    count += 1
                column += 1
            group += 1
    if spread != 0:
        for group in range((count + 3) >> 2):
            u = uniforms(row, part, np.uint64(group), np.uint64(1), key_0, key_1)
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
        if emitted < 0 or low == high:
            return
        row = emitted & table[RING_MASK]
        segments = table[SEGMENTS]
        counts, first = pointer(table[COUNTS], np.int64), pointer(table[FIRST], np.int64)
        slot = pointer(
            table[INPUTS] + (step & table[INPUTS_MASK]) * table[INPUTS_STRIDE] * real_size, real
        )
        scratch = table[SCRATCH] + thread * SCRATCH_BYTES
        weights, targets = pointer(scratch, real), pointer(scratch + 8 * PIECE, np.int32)
        drawing = pointer(table[DRAWING], np.float64)
        begin, end = low // PIECE, (high - 1) // PIECE + 1
        if table[N_DRAWS] >= 0:
            begin, end = 0, (table[N_DRAWS] + PIECE - 1) // PIECE

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
                    n = draw_piece(table, member, piece, targets, weights)
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
    some_weights, some = pointer(scratch, np.float64), pointer(scratch + 8 * PIECE, np.int32)
    drawing = pointer(table[DRAWING], np.float64)
    place = 0
    for member in range(n_pre):
        starts[member] = place
        for piece in range(pieces):
            count = draw_piece(table, member, piece, some, some_weights)
            if targets.size > 0:
                for k in range(count):
                    targets[place + k] = some[k]
                    weights[place + k] = drawing[1] if drawing[2] == 0 else some_weights[k]
            place += count
    starts[n_pre] = place
