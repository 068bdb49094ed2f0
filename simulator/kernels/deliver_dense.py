"""Static synapses of everyone with everyone: rows of weights, without targets.

Order of additions as in `deliver_sparse`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .delivery_table import (
    BOUNDS,
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
    N_POST,
    NO_SELF,
    PRE_FIRST,
    PRE_STOP,
    RING_MASK,
    SEGMENTS,
    SINCE,
    TIMES,
    WEIGHTS,
    first_spike,
)
from .memory import kernel, pointer


def dense(real: type, weight: type | None, delay: type | None) -> Any:
    """Kernel for weights and delays of the given kinds, as in `deliver_sparse.sparse`."""
    one_weight = weight is None
    coded = weight is not None and weight is not real
    many_delays = delay is not None
    weight_kind = real if weight is None else weight
    delay_kind = np.uint8 if delay is None else delay
    real_size = np.dtype(real).itemsize
    weight_size = np.dtype(weight_kind).itemsize
    delay_size = np.dtype(delay_kind).itemsize

    @kernel
    def deliver(arguments: int, step: int, thread: int) -> None:
        table = pointer(arguments, np.int64)
        emitted = step - table[MINIMAL_DELAY]
        if emitted < table[SINCE]:
            return
        row = emitted & table[RING_MASK]
        segments, n_post = table[SEGMENTS], table[N_POST]
        counts, first = pointer(table[COUNTS], np.int64), pointer(table[FIRST], np.int64)
        bounds = pointer(table[BOUNDS], np.int64)
        low, high = bounds[thread], bounds[thread + 1]
        code, only = pointer(table[CODE], real), pointer(table[WEIGHTS], real)[0]
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
                member = ids[spike] - table[PRE_FIRST]
                factor = real(times[spike]) if table[TIMES] != 0 else real(1)
                left_out = member if table[NO_SELF] != 0 else n_post
                weights = pointer(table[WEIGHTS] + weight_size * n_post * member, weight_kind)
                delays = pointer(table[DELAYS] + delay_size * n_post * member, delay_kind)
                for part in range(2):
                    begin = low if part == 0 else max(low, left_out + 1)
                    end = min(high, left_out) if part == 0 else high
                    for k in range(begin, end):
                        if one_weight:
                            value = only * factor
                        elif coded:
                            value = (code[0] + code[1] * real(weights[k])) * factor
                        else:
                            value = weights[k] * factor
                        if many_delays:
                            inputs[((step + delays[k]) & mask) * stride + k] += value
                        else:
                            slot[k] += value

    return deliver
