"""The mode in which a CPU takes subnormal numbers for zero.  Oracle: IEEE 754 without it."""

import platform

import numpy as np
import pytest
from numba import njit

from simulator.kernels.subnormals import flush_subnormals, restore

KNOWN = platform.machine() in ("x86_64", "AMD64", "aarch64", "arm64")


@njit
def halve(x, flush):
    if flush:
        mode = flush_subnormals()
        for i in range(x.size):
            x[i] *= 0.5
        restore(mode)
    else:
        for i in range(x.size):
            x[i] *= 0.5


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_results_and_operands_become_zero_only_while_they_are_to(real):
    small = np.finfo(real).smallest_normal
    values = np.array([small, small / 4, 1.0], real)
    flushed, kept = values.copy(), values.copy()
    halve(flushed, True)
    halve(kept, False)
    assert kept.tolist() == [small / 2, small / 8, 0.5]
    assert flushed.tolist() == ([0, 0, 0.5] if KNOWN else kept.tolist())
    assert values[0] * real(0.5) > 0  # this thread is as it was
