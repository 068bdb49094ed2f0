"""Static synapses in stored rows: every spike adds the weights of its row to the inputs.

What arrives at one neuron in one step is added in this order: pathways as they were made; within a
pathway presynaptic members ascending; several synapses of a pair as they stand in the row.  It
does not depend on the number of threads.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .delivery_table import (
    CODE,
    COUNTS,
    DELAYS,
    FIRST,
    IDS,
    IDS_STRIDE,
    INPUTS,
    INPUTS_MASK,
    INPUTS_STRIDE,
    MINIMAL_DELAY,
    POSITIONS,
    PRE_FIRST,
    PRE_STOP,
    RING_MASK,
    SEGMENTS,
    SINCE,
    TARGETS,
    THREADS,
    TIMES,
    WEIGHTS,
    first_spike,
)
from .memory import kernel, pointer, prefetch

BLOCK = 16
"""Synapses between two prefetches: a cache line of targets."""
NEAR, FAR = 4, 8
"""How many spikes ahead the beginning of a row, and the place where it begins, are asked for."""


def sparse(real: type, weight: type | None, delay: type | None) -> Any:
    """Kernel for weights and delays of the given kinds; None: one for all synapses.

    real    of the inputs: np.float32 or np.float64
    weight  `real`, or np.uint8 or np.uint16 for codes: value = CODE[0] + CODE[1] * code
    delay   np.uint8 or np.uint16
    """
    one_weight = weight is None
    coded = weight is not None and weight is not real
    many_delays = delay is not None
    weight_kind = real if weight is None else weight
    delay_kind = np.uint8 if delay is None else delay
    real_size = np.dtype(real).itemsize
    weight_size = 0 if weight is None else np.dtype(weight).itemsize
    delay_size = 0 if delay is None else np.dtype(delay).itemsize

    @kernel
    def deliver(arguments: int, step: int, thread: int) -> None:
        table = pointer(arguments, np.int64)
        emitted = step - table[MINIMAL_DELAY]
        if emitted < table[SINCE]:
            return
        row = emitted & table[RING_MASK]
        segments, threads = table[SEGMENTS], table[THREADS]
        counts, first = pointer(table[COUNTS], np.int64), pointer(table[FIRST], np.int64)
        positions = pointer(table[POSITIONS] + 8 * thread, np.int64)
        targets = pointer(table[TARGETS], np.int32)
        weights = pointer(table[WEIGHTS], weight_kind)
        delays = pointer(table[DELAYS], delay_kind)
        code = pointer(table[CODE], real)
        stride, mask = table[INPUTS_STRIDE], table[INPUTS_MASK]
        inputs = pointer(table[INPUTS], real)
        slot = pointer(table[INPUTS] + (step & mask) * stride * real_size, real)

        for segment in range(segments):
            place = row * table[IDS_STRIDE] + first[segment]
            ids = pointer(table[IDS] + 4 * place, np.int32)
            times = pointer(table[TIMES] + 4 * place, np.int32)
            count = counts[row * segments + segment]
            stop = first_spike(ids, count, table[PRE_STOP])
            for spike in range(first_spike(ids, count, table[PRE_FIRST]), stop):
                far = positions[(ids[min(spike + NEAR, stop - 1)] - table[PRE_FIRST]) * threads]
                prefetch(table[TARGETS] + 4 * far)
                if not one_weight:
                    prefetch(table[WEIGHTS] + weight_size * far)
                if many_delays:
                    prefetch(table[DELAYS] + delay_size * far)
                far = (ids[min(spike + FAR, stop - 1)] - table[PRE_FIRST]) * threads
                prefetch(table[POSITIONS] + 8 * (far + thread))
                member = (ids[spike] - table[PRE_FIRST]) * threads
                following = (ids[min(spike + 1, stop - 1)] - table[PRE_FIRST]) * threads
                synapse, end = positions[member], positions[member + 1]
                ahead = positions[following] - synapse
                factor = real(times[spike]) if table[TIMES] != 0 else real(1)
                only = weights[0] * factor
                while synapse < end:
                    prefetch(table[TARGETS] + 4 * (synapse + ahead))
                    if not one_weight:
                        prefetch(table[WEIGHTS] + weight_size * (synapse + ahead))
                    if many_delays:
                        prefetch(table[DELAYS] + delay_size * (synapse + ahead))
                    for k in range(synapse, min(synapse + BLOCK, end)):
                        if one_weight:
                            value = only
                        elif coded:
                            value = (code[0] + code[1] * real(weights[k])) * factor
                        else:
                            value = weights[k] * factor
                        if many_delays:
                            later = ((step + delays[k]) & mask) * stride
                            inputs[later + targets[k]] += value
                        else:
                            slot[targets[k]] += value
                    synapse += BLOCK

    return deliver
