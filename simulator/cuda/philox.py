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


@device_function
def _chosen(four: Any, place: Any) -> Any:
    word = four[0]
    if place == 1:
        word = four[1]
    elif place == 2:
        word = four[2]
    elif place == 3:
        word = four[3]
    return word


@device_function
def uniform(member: Any, step: Any, stream: Any, draw: Any, seed: Any) -> Any:
    """A float64 strictly between 0 and 1: the middle of one of 2**32 intervals."""
    four = words(member, step >> 2, stream, draw, seed)
    return (np.float64(_chosen(four, step & 3)) + 0.5) * _TO_UNIT


@device_function
def normal(member: Any, step: Any, stream: Any, draw: Any, seed: Any) -> Any:
    """A float64 with mean 0 and variance 1, by Box & Muller (1958) from two words."""
    four = words(member, step >> 2, stream, draw, seed)
    pair = step & 2
    radius = math.sqrt(-2.0 * math.log((np.float64(_chosen(four, pair)) + 0.5) * _TO_UNIT))
    angle = _TWO_PI * ((np.float64(_chosen(four, pair + 1)) + 0.5) * _TO_UNIT)
    return radius * (math.sin(angle) if step & 1 else math.cos(angle))
