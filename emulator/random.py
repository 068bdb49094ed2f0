"""Counter-based random numbers: a draw follows from what it is for, not from earlier draws.

Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a
128-bit counter and a 64-bit key into 128 random bits.  A normal deviate is the sum of eight 16-bit
uniforms (Irwin-Hall of order 8, scaled to unit variance): exact integer arithmetic and one
division, hence the same bits on every machine.  It ends at 4.9 sigma and its kurtosis is
3 - 0.15, which no circuit here can tell from a Gaussian.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from .jit import compiled, helper, inlined

_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)

_HALF_WORD, _HALF_SHIFT = np.uint64(0xFFFF), np.uint64(16)
_IRWIN_HALL_MEAN = 8 * 65535 / 2
_IRWIN_HALL_SIGMA = math.sqrt(8 * (65536**2 - 1) / 12)
_UNIFORM_SCALE = 2.0**-32


@inlined
def philox(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Four random 32-bit words (in uint64) of a counter and a key, both uint64 below 2**32 each."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


@inlined
def _halves(word):  # type: ignore[no-untyped-def]
    return (word & _HALF_WORD) + (word >> _HALF_SHIFT)


@compiled
def normal(key, purpose, place, counter):  # type: ignore[no-untyped-def]
    """A standard normal deviate (float64) for a key and three numbers that say what it is for.

    key      uint64, the seed
    purpose  which kind of draw, below 2**32
    place    which circuit, below 2**32
    counter  which draw of that circuit, below 2**64
    Compiled code gives all four as uint64: it is compiled anew for other types.
    """
    n, k = np.uint64(counter), np.uint64(key)
    a, b, c, d = philox(
        n & _LOW, n >> _SHIFT, np.uint64(place), np.uint64(purpose), k & _LOW, k >> _SHIFT
    )
    total = np.int64(_halves(a) + _halves(b) + _halves(c) + _halves(d))
    return (total - _IRWIN_HALL_MEAN) / _IRWIN_HALL_SIGMA


@helper
def uniform(key, purpose, place, counter):  # type: ignore[no-untyped-def]
    """A uniform deviate in [0, 1); arguments as in `normal`."""
    n, k = np.uint64(counter), np.uint64(key)
    a, _, _, _ = philox(
        n & _LOW, n >> _SHIFT, np.uint64(place), np.uint64(purpose), k & _LOW, k >> _SHIFT
    )
    return np.float64(np.int64(a)) * _UNIFORM_SCALE


@compiled
def _fill_normals(out, key, purpose, place):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        out[i] = normal(key, purpose, place, np.uint64(i))


def normals(key: int, purpose: int, place: int, n: int) -> npt.NDArray[np.float64]:
    """The first `n` normal deviates of a circuit: ``normal(key, purpose, place, 0..n-1)``."""
    out = np.empty(n)
    _fill_normals(out, np.uint64(key), np.uint64(purpose), np.uint64(place))
    return out
