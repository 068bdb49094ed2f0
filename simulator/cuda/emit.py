"""Renewal processes on the device: the same draws and the same spikes as on the CPU.

Draw k of a source follows from (seed, stream, source, k) alone.  A source costs a comparison per
step and its draws per spike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .launch import cuda, device_function, kernel
from .philox import words

_TINY = 2.0**-33
_UNIT = 2.0**-32
_TWO_PI = 2.0 * math.pi


@device_function
def _uniform(seed: Any, stream: Any, source: Any, draw: Any) -> Any:
    """Uniform in (0, 1): number `draw` of a source."""
    four = words(source, draw, stream, np.int64(draw) >> 32, seed)
    return np.float64(four[0]) * _UNIT + _TINY


@device_function
def _gamma(shape: Any, seed: Any, stream: Any, source: Any, draws: Any) -> Any:
    """A gamma deviate of scale 1, and the numbers drawn so far after it.

    Marsaglia & Tsang, "A simple method for generating gamma variables", ACM Trans. Math. Softw. 26
    (2000) 363; a shape below 1 as in its section 6, normal deviates by Box & Muller (1958).
    """
    factor = 1.0
    if shape < 1.0:
        factor = _uniform(seed, stream, source, draws) ** (1.0 / shape)
        draws += 1
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    v = -1.0
    accepted = False
    while not accepted:
        radius = math.sqrt(-2.0 * math.log(_uniform(seed, stream, source, draws)))
        x = radius * math.cos(_TWO_PI * _uniform(seed, stream, source, draws + 1))
        u = _uniform(seed, stream, source, draws + 2)
        draws += 3
        v = 1.0 + c * x
        if v > 0.0:
            v = v * v * v
            accepted = math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v)
    return factor * d * v, draws


@device_function
def next_interval(
    draws: Any, shape: Any, scale: Any, dead: Any, seed: Any, stream: Any, source: Any
) -> Any:
    """Draw the interval to the next spike of a source [ms]; with shape 0 it is exponential."""
    if shape[source] == 0.0:
        u = _uniform(seed, stream, source, draws[source])
        draws[source] += 1
        return dead[source] - scale[source] * math.log(u)
    value, draws[source] = _gamma(shape[source], seed, stream, source, draws[source])
    return dead[source] + scale[source] * value


@kernel
def begin_renewal(
    now_ms: Any, due: Any, draws: Any, start: Any, shape: Any, scale: Any, dead: Any, seed: Any,
    stream: Any,
) -> None:  # fmt: skip
    """Draw when those fire whose next spike is not known (NaN): from now, or from their start."""
    for source in range(cuda.grid(1), due.shape[0], cuda.gridsize(1)):
        if math.isnan(due[source]):
            begin = max(now_ms, start[source])
            due[source] = begin + next_interval(draws, shape, scale, dead, seed, stream, source)


@kernel
def emit_renewal(
    clock: Any, dt_ms: Any, due: Any, draws: Any, stop: Any, shape: Any, scale: Any, dead: Any,
    seed: Any, stream: Any, ids: Any, counts: Any, times: Any,
) -> None:  # fmt: skip
    """Emit what falls into the step that ends at ``clock * dt``.

    due    (source,) float64: time of the next spike [ms]
    draws  (source,) int64: numbers drawn so far
    """
    now = clock[0] * dt_ms
    row = clock[0] & (ids.shape[0] - 1)
    for source in range(cuda.grid(1), due.shape[0], cuda.gridsize(1)):
        if due[source] <= now:
            fired = 0
            while due[source] <= now and due[source] < stop[source]:
                fired += 1
                due[source] += next_interval(draws, shape, scale, dead, seed, stream, source)
            if fired > 0:
                place = cuda.atomic.add(counts, row, 1)
                ids[row, place] = source
                times[row, place] = fired
            if due[source] >= stop[source]:
                due[source] = math.inf
