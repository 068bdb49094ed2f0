"""Philox4x32-10 on the device: the same integers as on the CPU.

Counter (member, step >> 2, stream, draw) and key (seed as two words) name a block of four words;
word step & 3 is the draw of that step.  Salmon, Moraes, Dror & Shaw (2011), table 2.

All arithmetic is on uint64 that hold 32 bits, so that a product never overflows and NumPy, which
runs it in the simulator, agrees with the device.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .launch import device_function

_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@device_function
def words(member: Any, block: Any, stream: Any, draw: Any, seed: Any) -> Any:
    """Four uint64 below 2**32; the arguments are integers from 0, the seed below 2**63."""
    c0, c1 = np.uint64(member) & _LOW, np.uint64(block) & _LOW
    c2, c3 = np.uint64(stream) & _LOW, np.uint64(draw) & _LOW
    k0, k1 = np.uint64(seed) & _LOW, np.uint64(seed) >> _HALF
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1 = (p1 >> _HALF) ^ c1 ^ k0, p1 & _LOW
        c2, c3 = (p0 >> _HALF) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


_TO_UNIT = 2.0**-32
_TWO_PI = 6.283185307179586
BELOW_ONE = 1 - 2.0**-24
"""The largest uniform in float32, which would otherwise round to 1."""


@device_function
def uniform_of(word: Any) -> Any:
    """A float64 strictly between 0 and 1: the middle of one of 2**32 intervals."""
    return (np.float64(word) + 0.5) * _TO_UNIT


@device_function
def normal_of(word: Any, other: Any, is_second: Any) -> Any:
    """The first or second of two float64 with mean 0 and variance 1, by Box & Muller (1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform_of(word)))
    angle = _TWO_PI * uniform_of(other)
    return radius * (math.sin(angle) if is_second else math.cos(angle))


@device_function
def uniform(member: Any, step: Any, stream: Any, draw: Any, seed: Any) -> Any:
    """The uniform draw of a member in a step."""
    a, b, c, d = words(member, step >> 2, stream, draw, seed)
    place = step & 3
    word = a if place == 0 else b if place == 1 else c if place == 2 else d
    return uniform_of(word)


@device_function
def normal(member: Any, step: Any, stream: Any, draw: Any, seed: Any) -> Any:
    """The normal draw of a member in a step: two of four steps share two words."""
    a, b, c, d = words(member, step >> 2, stream, draw, seed)
    late = step & 2 != 0
    return normal_of(c if late else a, d if late else b, step & 1 != 0)
