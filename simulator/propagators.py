"""Matrix exponentials for exact integration: what a plan's constants may call beside functions.

A linear system x' = A x becomes x(t + h) = P x(t) with P = exp(A h).  Where P has a short closed
form, plans spell it; else they call `propagator`, which has no special cases when two time
constants are equal.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

TAYLOR_TERMS = 18
"""Enough for 1e-17 at norms up to 1/2."""


def propagator(row: float, column: float, step: npt.ArrayLike, *entries: npt.ArrayLike) -> Any:
    """Entry (row, column) of exp(A*step).

    step     [ms], a number or an array
    entries  A row by row [1/ms]: numbers or arrays that broadcast against each other and `step`
    Returns  the entry for each element, of their common shape
    """
    side = math.isqrt(len(entries))
    if side * side != len(entries):
        raise ValueError(f"{len(entries)} entries are not a square matrix; give all, row by row")
    columns = np.broadcast_arrays(*(np.asarray(one, np.float64) for one in (step, *entries)))
    shape = columns[0].shape
    flat = np.stack([one.ravel() for one in columns])
    result = _exponential(flat.tobytes(), flat.shape[1], side)[:, int(row), int(column)]
    return result.reshape(shape)[()]


@lru_cache(maxsize=2)
def _exponential(columns: bytes, n: int, side: int) -> F64:
    """exp(A*step) of (1 + side**2, n) numbers, as (n, side, side); all entries of P ask for it."""
    numbers = np.frombuffer(columns).reshape(1 + side * side, n)
    distinct, inverse = np.unique(numbers, axis=1, return_inverse=True)
    return exponential((distinct[0] * distinct[1:]).T.reshape(-1, side, side))[inverse.ravel()]


def exponential(matrices: F64) -> F64:
    """exp of each of (n, side, side) matrices, by scaling, a Taylor series, and squaring.

    Source  Moler & Van Loan (2003), SIAM Review 45:3, method 3
    """
    norm = float(np.abs(matrices).sum(axis=2).max(initial=0.0))
    if not math.isfinite(norm):
        return np.full_like(matrices, np.nan)
    halvings = max(0, math.frexp(norm)[1] + 1)
    scaled = matrices / 2.0**halvings
    # The series of exp(A) - 1; squared as (1+x)**2 - 1 = 2x + x*x, it keeps small entries exact.
    excess = scaled / TAYLOR_TERMS
    identity = np.eye(matrices.shape[1])
    for term in range(TAYLOR_TERMS - 1, 0, -1):
        excess = (scaled + scaled @ excess) / term
    for _ in range(halvings):
        excess = 2.0 * excess + excess @ excess
    return excess + identity
