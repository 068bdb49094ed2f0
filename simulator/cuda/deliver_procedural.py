"""Static synapses that are drawn anew for every spike: the same ones as on the CPU.

What is drawn, and with which counters, is said in `simulator.kernels.deliver_procedural`.  A piece
of a row that is drawn by chance is one thread's work, as each column follows from the one before;
draws with replacement are independent, so the lanes of a warp share a piece.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .deliver import add_exact, add_real
from .launch import cuda, device_function, kernel
from .mathematics import log
from .philox import uniform_of, words

_FAR = 2.0**40
"""Columns: further than any row reaches."""
_SHIFT = np.uint64(32)


@device_function
def _skip(word: Any, scale: Any) -> Any:
    """Columns that are left out before the next synapse."""
    skipped = log(uniform_of(word)) * scale
    return np.int64(skipped) if skipped < _FAR else np.int64(_FAR)


@device_function
def _weight(member: Any, piece: Any, k: Any, lowest: Any, spread: Any, seed: Any) -> Any:
    """Weight of synapse k of a piece."""
    a, b, c, d = words(member, piece, k >> 2, 1, seed)
    place = k & 3
    word = a if place == 0 else b if place == 1 else c if place == 2 else d
    return lowest + spread * uniform_of(word)


def _make_by_chance(add: Any, real: Any) -> Any:
    @kernel
    def deliver_by_chance(
        clock: Any, ids: Any, counts: Any, times: Any, times_mask: Any, first: Any, n_pre: Any,
        lag: Any, since: Any, n_post: Any, width: Any, scale: Any, lowest: Any, spread: Any,
        seed: Any, post_first: Any, ring: Any, receptor: Any, scaling: Any, status: Any,
        pieces: Any, lanes: Any,
    ) -> None:  # fmt: skip
        if clock[0] - lag < since:
            return
        row = (clock[0] - lag) & (ids.shape[0] - 1)
        slot = clock[0] & (ring.shape[1] - 1)
        item = cuda.grid(1)
        while item < counts[row] * pieces:
            member = ids[row, item // pieces] - first
            if 0 <= member < n_pre:
                often = times[row & times_mask, (item // pieces) & times_mask]
                piece = item % pieces
                column, end = piece * width, min(piece * width + width, n_post)
                four = words(member, piece, 0, 0, seed)
                k, draw = 0, 0
                column += _skip(four[0], scale)
                while column < end:
                    value = real(lowest)
                    if spread != 0.0:
                        value = real(_weight(member, piece, k, lowest, spread, seed))
                    add(ring, receptor, slot, post_first + column, value * often, scaling, status)
                    k += 1
                    draw += 1
                    if draw & 3 == 0:
                        four = words(member, piece, draw >> 2, 0, seed)
                    word = four[0]
                    if draw & 3 == 1:
                        word = four[1]
                    elif draw & 3 == 2:
                        word = four[2]
                    elif draw & 3 == 3:
                        word = four[3]
                    column += 1 + _skip(word, scale)
            item += cuda.gridsize(1)

    return deliver_by_chance


def _make_by_number(add: Any, real: Any) -> Any:
    @kernel
    def deliver_by_number(
        clock: Any, ids: Any, counts: Any, times: Any, times_mask: Any, first: Any, n_pre: Any,
        lag: Any, since: Any, n_post: Any, width: Any, number: Any, lowest: Any, spread: Any,
        seed: Any, post_first: Any, ring: Any, receptor: Any, scaling: Any, status: Any,
        pieces: Any, lanes: Any,
    ) -> None:  # fmt: skip
        if clock[0] - lag < since:
            return
        row = (clock[0] - lag) & (ids.shape[0] - 1)
        slot = clock[0] & (ring.shape[1] - 1)
        lane = cuda.grid(1) % lanes
        item = cuda.grid(1) // lanes
        while item < counts[row] * pieces:
            member = ids[row, item // pieces] - first
            if 0 <= member < n_pre:
                often = times[row & times_mask, (item // pieces) & times_mask]
                piece = item % pieces
                count = min(width, number - piece * width)
                group = lane
                while 4 * group < count:
                    four = words(member, piece, group, 0, seed)
                    drawn = words(member, piece, group, 1, seed)
                    for k in range(min(4, count - 4 * group)):
                        target, word = four[0], drawn[0]
                        if k == 1:
                            target, word = four[1], drawn[1]
                        elif k == 2:
                            target, word = four[2], drawn[2]
                        elif k == 3:
                            target, word = four[3], drawn[3]
                        neuron = post_first + np.int64((target * np.uint64(n_post)) >> _SHIFT)
                        value = real(lowest + spread * uniform_of(word))
                        add(ring, receptor, slot, neuron, value * often, scaling, status)
                    group += lanes
            item += cuda.gridsize(1) // lanes

    return deliver_by_number


_REALS = {"float32": np.float32, "float64": np.float64}
BY_CHANCE = {
    (exact, precision): _make_by_chance(add_exact if exact else add_real, real)
    for exact in (True, False)
    for precision, real in _REALS.items()
}
BY_NUMBER = {
    (exact, precision): _make_by_number(add_exact if exact else add_real, real)
    for exact in (True, False)
    for precision, real in _REALS.items()
}
"""Kernels by (exact, precision)."""
