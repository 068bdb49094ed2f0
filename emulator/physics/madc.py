"""The membrane ADC: volts to 10-bit codes."""

from __future__ import annotations

import math

from ..jit import inlined

FULL_SCALE_CODE = 1023


@inlined
def quantise(v, lsb, code_at_zero, noise):  # type: ignore[no-untyped-def]
    """Code of `v` [V], clipped to 10 bits; `lsb` [V], `code_at_zero` (of 0 V) and `noise` [LSB]."""
    code = math.floor(v / lsb + code_at_zero + noise + 0.5)
    return min(max(code, 0), FULL_SCALE_CODE)
