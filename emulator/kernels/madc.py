"""Sampling loop of the membrane ADC: interpolates the trace of a chunk, adds noise, quantises."""

from __future__ import annotations

import math

import numpy as np

from ..jit import compiled
from ..parameters import MADC_SETTLING_SAMPLES, MADC_SLOW_LSB, MADC_WHITE_LSB
from ..physics.madc import quantise
from ..random import normal

WHITE_PURPOSE, SLOW_PURPOSE = 2, 3


@compiled
def sample(  # type: ignore[no-untyped-def]
    trace,
    trace_start,
    step,
    start,
    period,
    first,
    stop,
    place,
    slow,
    lsb,
    zero,
    retain,
    key,
    tick,
    code,
):
    """Take samples from `first` on until `stop`; return (number of the next one, slow noise).

    trace        (n,) float32 [V] at trace_start, trace_start + step, ... [2 ns]
    start, period, stop  of sampling [2 ns]: sample k is taken at start + k * period
    place        distinguishes runs of the ADC: the cycle of its start
    slow, retain  the correlated noise [sigma] and how much of it survives one period
    lsb, zero    of the converter: [V], code at 0 V
    tick, code   (capacity,) outputs: chip tick (4 ns) and code; filled from index 0
    """
    k, kick = first, math.sqrt(1.0 - retain * retain)
    while start + k * period < stop:
        at = start + k * period
        index, rest = (at - trace_start) // step, (at - trace_start) % step
        v = np.float64(trace[index])
        if rest:
            v += (np.float64(trace[index + 1]) - v) * (rest / step)
        slow = retain * slow + kick * normal(key, SLOW_PURPOSE, place, k)
        noise = MADC_SLOW_LSB * slow + MADC_WHITE_LSB * normal(key, WHITE_PURPOSE, place, k)
        value = quantise(v, lsb, zero, noise)
        if k < MADC_SETTLING_SAMPLES:
            value = value * k // MADC_SETTLING_SAMPLES
        tick[k - first], code[k - first] = at // 2, value
        k += 1
    return k, slow
