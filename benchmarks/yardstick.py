"""The plain AdEx loop that emulator times are compared with: in Numba, in C, and in C for SIMD."""

from __future__ import annotations

import ctypes
import math
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit

Loop = Callable[[int, int, float], float]
"""(neurons, steps, step [s]) -> wall time [s]."""

SIMD_FLAGS = ("-O3", "-march=native", "-fno-trapping-math")

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


def _compile(compiler: str, source: str, *flags: str) -> tuple[ctypes.CDLL, str]:
    """The shared library of a C file beside this one, and what the compiler said."""
    library = Path(tempfile.mkdtemp()) / "adex.so"
    path = Path(__file__).with_name(source)
    command = [compiler, *flags, "-shared", "-fPIC", str(path), "-o", str(library), "-lm"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return ctypes.CDLL(str(library)), said


def _run(library: ctypes.CDLL, n: int, steps: int, dt_s: float) -> tuple[float, int]:
    """Wall time [s] of a compiled loop, and what it returned."""
    pointer = ctypes.POINTER(ctypes.c_float)
    state = _state(n)
    arrays = [x.ctypes.data_as(pointer) for x in state]
    shared = [ctypes.c_float(x) for x in SHARED.values()]
    library.adex.restype = ctypes.c_long
    start = time.perf_counter()
    returned = library.adex(n, ctypes.c_long(steps), ctypes.c_float(dt_s), *arrays, *shared)
    elapsed = time.perf_counter() - start
    if not all(np.all(np.isfinite(values)) for values in state[:2]):
        raise RuntimeError("the yardstick diverged; its time would mean nothing")
    return elapsed, returned


def _compiler() -> str | None:
    return shutil.which("gcc") or shutil.which("cc")


def compiled_c(*flags: str) -> Loop | None:
    """A function like `numba_seconds` for the C loop, or None without a C compiler.

    flags  for the compiler, e.g. "-O3"
    """
    compiler = _compiler()
    if compiler is None:
        return None
    return partial(_seconds, _compile(compiler, "adex.c", *flags)[0])


class SimdLoop(NamedTuple):
    """A loop for SIMD as one vector width made it."""

    seconds: Loop
    vector_bytes: int  # what gcc says it vectorised with; 0 if it did not or does not say


def simd_c() -> dict[str, SimdLoop]:
    """The loop of `adex_simd.c` by the compiler's flag for the width of vectors.

    No -ffast-math.  Empty without a C compiler.  Raises RuntimeError if the loop has no spikes.
    """
    compiler = _compiler()
    if compiler is None:
        return {}
    loops: dict[str, SimdLoop] = {}
    for width in ("-mprefer-vector-width=256", "-mprefer-vector-width=512", ""):
        flags = [*SIMD_FLAGS, *width.split()]
        try:
            library, said = _compile(compiler, "adex_simd.c", *flags, "-fopt-info-vec")
            counting, _ = _compile(compiler, "adex_simd.c", *flags, "-DCOUNT_SPIKES")
        except subprocess.CalledProcessError:
            continue  # another architecture or compiler knows no such width
        if _run(counting, 512, 10_000, 32e-9)[1] == 0:
            raise RuntimeError("the yardstick does not spike; its time would mean nothing")
        widths = [int(found) for found in re.findall(r"using (\d+) byte vectors", said)]
        # The narrower widths that gcc mentions are for what is left over at the end of the loop.
        loops[" ".join(flags)] = SimdLoop(partial(_seconds, library), max(widths, default=0))
    return loops


def _seconds(library: ctypes.CDLL, n: int, steps: int, dt_s: float) -> float:
    return _run(library, n, steps, dt_s)[0]
