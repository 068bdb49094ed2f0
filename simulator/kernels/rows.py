"""Sorting synapses into rows, and splitting rows between threads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .memory import compiled

I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]


@compiled
def is_sorted(values: I32) -> bool:
    """Whether no value is below the one before it."""
    for k in range(1, values.size):
        if values[k] < values[k - 1]:
            return False
    return True


@compiled
def _first_places(keys: I32, n_keys: int) -> I64:
    """Where the values of each key begin when they are sorted by it, (n_keys + 1,)."""
    starts = np.zeros(n_keys + 1, np.int64)
    for k in range(keys.size):
        starts[np.uint64(keys[k]) + np.uint64(1)] += 1
    for i in range(1, starts.size):
        starts[i] += starts[i - 1]
    return starts


@compiled
def _columns(pre: I32, post: I32, n_post: int) -> tuple[I32, I64, I64]:
    """Pairs sorted by `post`: their pre, their numbers, and where each column begins."""
    starts = _first_places(post, n_post)
    free = starts.copy()
    sorted_pre, order = np.empty_like(pre), np.empty(pre.size, np.int64)
    for k in range(pre.size):
        column = np.uint64(post[k])
        place = np.uint64(free[column])
        free[column] += 1
        sorted_pre[place] = pre[k]
        order[place] = k
    return sorted_pre, order, starts


@compiled
def sort_pairs(pre: I32, post: I32, n_pre: int, n_post: int) -> tuple[I64, I32, I64]:
    """Sort by pre, then post; equal pairs stay in order.

    A counting sort of columns, then of rows; each reads one after the other what it sorts.
    Returns  (n_pre + 1,) where rows begin, (synapse,) targets, (synapse,) numbers of the pairs
    """
    starts = _first_places(pre, n_pre)
    free = starts.copy()
    targets, order = np.empty_like(post), np.empty(pre.size, np.int64)
    if is_sorted(post):
        for k in range(pre.size):
            row = np.uint64(pre[k])
            place = np.uint64(free[row])
            free[row] += 1
            targets[place] = post[k]
            order[place] = k
        return starts, targets, order
    sorted_pre, numbers, columns = _columns(pre, post, n_post)
    for column in range(n_post):
        for k in range(columns[column], columns[column + 1]):
            row = np.uint64(sorted_pre[np.uint64(k)])
            place = np.uint64(free[row])
            free[row] += 1
            targets[place] = column
            order[place] = numbers[np.uint64(k)]
    return starts, targets, order


@compiled
def split(starts: I64, targets: I32, bounds: I64) -> I64:
    """Where each row begins for each thread, see `connectivity.split_rows`."""
    n_pre, threads = starts.size - 1, bounds.size - 1
    result = np.empty(n_pre * threads + 1, np.int64)
    for i in range(n_pre):
        for thread in range(threads):
            low, high = starts[i], starts[i + 1]
            while low < high:
                middle = (low + high) >> 1
                if targets[middle] < bounds[thread]:
                    low = middle + 1
                else:
                    high = middle
            result[i * threads + thread] = low
        result[i * threads] = starts[i]
    result[-1] = starts[-1]
    return result
