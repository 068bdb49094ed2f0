"""Keeping the spikes of a group for its plastic synapses."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .delivery_table import FULL, SETTLED, SPIKES, STEPS, STEPS_MASK
from .memory import kernel, pointer


@cache
def keep() -> Any:
    """Kernel by which each thread keeps what it has written itself.

    Table: 0 P ids | 1 stride | 2 P counts | 3 segments | 4 P first | 5 R - 1 | 6 P HISTORY_TABLE
    7 margin
    """

    @kernel
    def keep_spikes(arguments: int, step: int, thread: int) -> None:
        table = pointer(arguments, np.int64)
        row = step & table[5]
        first, counts = pointer(table[4], np.int64), pointer(table[2], np.int64)
        ids = pointer(table[0] + 4 * (row * table[1] + first[thread]), np.int32)
        history = pointer(table[6], np.int64)
        mask = history[STEPS_MASK]
        steps, spikes = pointer(history[STEPS], np.int64), pointer(history[SPIKES], np.int64)
        settled = pointer(history[SETTLED], np.int64)
        for k in range(counts[row * table[3] + thread]):
            neuron = np.int64(ids[k])
            number = spikes[neuron]
            steps[neuron * (mask + 1) + (number & mask)] = step
            spikes[neuron] = number + 1
            if number + 1 - settled[neuron] > mask - table[7]:
                pointer(history[FULL], np.int64)[0] = 1

    return keep_spikes
