"""Spike sources: given times, and renewal processes drawn interval by interval.

A renewal process costs a comparison per step and a draw per spike.  Draw k of a source follows from
(seed, stream, source, k) alone, so neither the number of threads nor a restart changes it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .memory import helper, kernel, pointer
from .philox import uniforms

(
    N,
    IDS,  # P int32 [R][IDS_STRIDE]
    IDS_STRIDE,
    COUNTS,  # P int64 [R][SEGMENTS]
    SEGMENTS,
    FIRST,  # P int64 (SEGMENTS + 1,): members of a thread
    RING_MASK,
    TIMES,  # P int32 like IDS: how often each fires in the step
    SEED,
    STREAM,
    DT,  # P float64 (1,)
    NEXT,  # P float64 (n,): time of the next spike [ms]
    DRAWS,  # P int64 (n,): numbers drawn so far
    START_TIME,  # P float64 (n,) [ms]
    STOP_TIME,  # P float64 (n,) [ms]
    SHAPE,  # P float64 (n,): gamma: shape; Poisson: not used
    SCALE,  # P float64 (n,) [ms]: of the intervals beyond the dead time
    DEAD,  # P float64 (n,) [ms]
    STEPS,  # P int64 (event,), ascending
    INDICES,  # P int32 (event,)
    N_EVENTS,
    POSITION,  # P int64 (1,): events emitted
) = range(22)
N_EMIT = 22


@helper
def _uniform(seed, stream, source, draw):  # type: ignore[no-untyped-def]
    """Uniform in (0, 1): number `draw` of a source."""
    low = np.uint64(0xFFFFFFFF)
    key, count = np.uint64(seed), np.uint64(draw)
    return uniforms(
        np.uint64(source), count & low, np.uint64(stream), count >> np.uint64(32),
        key & low, key >> np.uint64(32),
    )[0]  # fmt: skip


@helper
def _normal(seed, stream, source, draw):  # type: ignore[no-untyped-def]
    """Standard normal deviate by Box and Muller (1958): takes two numbers."""
    radius = math.sqrt(-2.0 * math.log(_uniform(seed, stream, source, draw)))
    return radius * math.cos(2.0 * math.pi * _uniform(seed, stream, source, draw + 1))


@helper
def _gamma(shape, seed, stream, source, draws):  # type: ignore[no-untyped-def]
    """Gamma deviate of scale 1, and the numbers drawn so far after it.

    G. Marsaglia and W. W. Tsang, "A simple method for generating gamma variables", ACM Trans. Math.
    Softw. 26 (2000) 363; for shapes below 1 a deviate of shape + 1 times U^(1/shape), ibid. sec. 6.
    """
    factor = 1.0
    if shape < 1.0:
        factor = _uniform(seed, stream, source, draws) ** (1.0 / shape)
        draws += 1
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x = _normal(seed, stream, source, draws)
        u = _uniform(seed, stream, source, draws + 2)
        draws += 3
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
                return factor * d * v, draws


@helper
def next_interval(table, source):  # type: ignore[no-untyped-def]
    """Draw the interval to the next spike of a source [ms]."""
    draws = pointer(table[DRAWS], np.int64)
    scale = pointer(table[SCALE], np.float64)[source]
    dead = pointer(table[DEAD], np.float64)[source]
    seed, stream = table[SEED], table[STREAM]
    if table[SHAPE] == 0:
        u = _uniform(seed, stream, source, draws[source])
        draws[source] += 1
        return dead - scale * math.log(u)
    shape = pointer(table[SHAPE], np.float64)[source]
    value, draws[source] = _gamma(shape, seed, stream, source, draws[source])
    return dead + scale * value


def _renewal(arguments, step, thread):  # type: ignore[no-untyped-def]
    """Emit what falls into the step that ends at ``step * dt``."""
    table = pointer(arguments, np.int64)
    now = step * pointer(table[DT], np.float64)[0]
    first = pointer(table[FIRST], np.int64)
    row = step & table[RING_MASK]
    place = row * table[IDS_STRIDE] + first[thread]
    ids = pointer(table[IDS] + 4 * place, np.int32)
    times = pointer(table[TIMES] + 4 * place, np.int32)
    due, stop = pointer(table[NEXT], np.float64), pointer(table[STOP_TIME], np.float64)
    n = 0
    for source in range(first[thread], first[thread + 1]):
        if due[source] <= now:
            fired = 0
            while due[source] <= now and due[source] < stop[source]:
                fired += 1
                due[source] += next_interval(table, source)
            if fired > 0:
                ids[n] = source
                times[n] = fired
                n += 1
            if due[source] >= stop[source]:
                due[source] = np.inf
    pointer(table[COUNTS], np.int64)[row * table[SEGMENTS] + thread] = n


def _given(arguments, step, thread):  # type: ignore[no-untyped-def]
    """Emit the given spikes of a step; the first thread does it for all."""
    table = pointer(arguments, np.int64)
    row = step & table[RING_MASK]
    counts = pointer(table[COUNTS], np.int64)
    if thread > 0:
        counts[row * table[SEGMENTS] + thread] = 0
        return
    ids = pointer(table[IDS] + 4 * row * table[IDS_STRIDE], np.int32)
    times = pointer(table[TIMES] + 4 * row * table[IDS_STRIDE], np.int32)
    steps, indices = pointer(table[STEPS], np.int64), pointer(table[INDICES], np.int32)
    position = pointer(table[POSITION], np.int64)
    k, last, n = position[0], table[N_EVENTS], 0
    while k < last and steps[k] <= step:
        if steps[k] == step:
            if n > 0 and ids[n - 1] == indices[k]:
                times[n - 1] += 1
            else:
                ids[n] = indices[k]
                times[n] = 1
                n += 1
        k += 1
    position[0] = k
    counts[row * table[SEGMENTS]] = n


def _first_intervals(arguments, now_step, thread):  # type: ignore[no-untyped-def]
    """Draw when those fire whose next spike is not known (NaN): from now, or from their start."""
    table = pointer(arguments, np.int64)
    now = now_step * pointer(table[DT], np.float64)[0]
    due, start = pointer(table[NEXT], np.float64), pointer(table[START_TIME], np.float64)
    for source in range(table[N]):
        if math.isnan(due[source]):
            begin = max(now, start[source])
            due[source] = begin + next_interval(table, source)


def kernels() -> tuple[Any, Any, Any]:
    """For renewal processes, for given times, and to draw what renewal processes begin with."""
    return kernel(_renewal), kernel(_given), kernel(_first_intervals)
