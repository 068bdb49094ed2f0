"""The membrane ADC: volts to 10-bit codes."""

from __future__ import annotations

import math

import numpy as np

from ..jit import inlined, larger, smaller

FULL_SCALE_CODE = 1023
CHANNEL = 10
"""Bit of a sample that tells the multiplexer's inputs apart."""

_ZERO, _FULL, _HALF = np.float32(0), np.float32(FULL_SCALE_CODE), np.float32(0.5)


@inlined
def quantise(v, lsb, code_at_zero, noise):  # type: ignore[no-untyped-def]
    """Code of `v` [V], clipped to 10 bits; `lsb` [V], `code_at_zero` (of 0 V) and `noise` [LSB]."""
    code = math.floor(v / lsb + code_at_zero + noise + 0.5)
    return smaller(larger(code, 0), FULL_SCALE_CODE)


@inlined
def code_of(v, per_lsb, code_at_zero, noise):  # type: ignore[no-untyped-def]
    """Code of `v` [V], clipped to 10 bits; all float32, per_lsb [LSB/V], the rest in LSB.

    Cutting the fraction off after clipping rounds to the nearest code: nothing is below zero.
    """
    exact = smaller(larger(v * per_lsb + code_at_zero + noise, _ZERO), _FULL)
    return np.int64(np.int32(exact + _HALF))
