"""The plain AdEx loop that emulator times are compared with, in Numba and in C."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit

# Hardware-like values in SI: membranes around 0.4 V that fire every few microseconds.
SHARED = {
    "e_leak": 0.4,
    "v_exp": 0.6,
    "delta": 0.03,
    "c_mem": 2.4e-12,
    "a": 1e-8,
    "b": 1e-9,
    "tau_w": 1e-4,
    "v_threshold": 0.7,
    "v_reset": 0.35,
}


@njit(fastmath=True)
def _adex(steps, dt, v, w, g_leak, current, e_leak, v_exp, delta, c_mem, a, b, tau_w, vth, v_reset):
    for _ in range(steps):
        for k in range(v.size):
            drive = min((v[k] - v_exp) / delta, np.float32(10.0))
            exponential = g_leak[k] * delta * math.exp(drive)
            dv = (g_leak[k] * (e_leak - v[k]) + exponential - w[k] + current[k]) / c_mem
            dw = (a * (v[k] - e_leak) - w[k]) / tau_w
            v[k] += dt * dv
            w[k] += dt * dw
            if v[k] > vth:
                v[k] = v_reset
                w[k] += b


def _state(n: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(1)
    v = rng.uniform(0.35, 0.5, n).astype(np.float32)
    g_leak = rng.normal(2.4e-7, 2e-8, n).astype(np.float32)
    current = rng.normal(1e-7, 1e-8, n).astype(np.float32)
    return v, np.zeros(n, np.float32), g_leak, current


def numba_seconds(n: int, steps: int, dt_s: float) -> float:
    """Wall time [s] of the Numba loop over `n` neurons and `steps` steps."""
    shared = [np.float32(x) for x in SHARED.values()]
    _adex(1, np.float32(dt_s), *_state(n), *shared)  # compile
    state = _state(n)
    start = time.perf_counter()
    _adex(steps, np.float32(dt_s), *state, *shared)
    return time.perf_counter() - start


def compiled_c(*flags: str) -> Callable[[int, int, float], float] | None:
    """A function like `numba_seconds` for the C loop, or None without a C compiler.

    flags  for the compiler, e.g. "-O3"
    """
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        return None
    folder = tempfile.mkdtemp()
    library = Path(folder) / "adex.so"
    source = Path(__file__).with_name("adex.c")
    subprocess.run([compiler, *flags, "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
    function = ctypes.CDLL(str(library)).adex
    pointer = ctypes.POINTER(ctypes.c_float)

    def seconds(n: int, steps: int, dt_s: float) -> float:
        state = _state(n)
        arrays = [x.ctypes.data_as(pointer) for x in state]
        shared = [ctypes.c_float(x) for x in SHARED.values()]
        start = time.perf_counter()
        function(n, ctypes.c_long(steps), ctypes.c_float(dt_s), *arrays, *shared)
        elapsed = time.perf_counter() - start
        if not np.all(np.isfinite(state[0])):
            raise RuntimeError("the yardstick diverged; its time would mean nothing")
        return elapsed

    return seconds
