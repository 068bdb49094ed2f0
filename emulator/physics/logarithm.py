"""A logarithm whose last bit does not depend on the machine's library."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_TERMS = 12
_LOG2_E = 1.4426950408889634


def log2(x: npt.NDArray[np.float64] | float) -> npt.NDArray[np.float64]:
    """Binary logarithm of positive float64 numbers, within 1e-14, by + - * / alone.

    With x = m 2^k and 0.5 <= m < 1: log2 x = k + 2 artanh((m - 1) / (m + 1)) / ln 2, by its series
    (M. Abramowitz & I. Stegun, "Handbook of Mathematical Functions", 4.1.27); m is kept near 1.
    """
    m, k = np.frexp(x)
    small = m < 0.7071067811865476
    m, k = np.where(small, 2 * m, m), k - small
    t = (m - 1) / (m + 1)
    y, total = t * t, np.zeros_like(t)
    for n in range(_TERMS, -1, -1):
        total = total * y + 1.0 / (2 * n + 1)
    return np.asarray(k + 2 * _LOG2_E * t * total)
