"""The time loop: for every step, every operation, through its address.

One compiled function serves every network, because a network's structure is data to it: a table of
operations.  Several threads run the same table over the same steps, each for its own neurons, and
meet once per shortest delay, for nothing that one of them does is seen by another one earlier.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from .digest import ENGINE_DIGEST
from .kernels.memory import on_disk
from .kernels.subnormals import flush_subnormals, restore
from .operations import Operation

I64 = npt.NDArray[np.int64]

_YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
_SPINS = 2000
_CACHE_LINE = 8  # int64 entries
STOP, ARRIVED, GENERATION, ENOUGH = (_CACHE_LINE * k for k in range(4))
"""Entries of the control words, a cache line apart: an operation asks for a stop at the next
meeting (a buffer has to grow); threads that have arrived at the present meeting; meetings so far;
whether the last meeting decided to stop."""
N_CONTROL = 4 * _CACHE_LINE
LONGEST_WINDOW = 64
"""Steps between two meetings at most, so that buffers need no more room than for so many."""


def new_control() -> I64:
    """The words through which operations and threads talk to the loop."""
    return np.zeros(N_CONTROL, np.int64)


def _generate_call(typing: Any, address: Any, arguments: Any, step: Any, thread: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        word = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [word, word, word])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), values[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


def _entry(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, values[0])
    return builder.gep(array.data, [values[1]])


def _generate_add(typing: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        entry = _entry(context, builder, signature, values)
        return builder.atomic_rmw("add", entry, values[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


def _generate_load(typing: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load_atomic(_entry(context, builder, signature, values), "seq_cst", 8)

    return types.int64(array, types.intp), generate


def _generate_store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        entry = _entry(context, builder, signature, values)
        builder.store_atomic(values[2], entry, "seq_cst", 8)
        return context.get_dummy_value()

    return types.none(array, types.intp, types.int64), generate


def _generate_let_others_run(typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, _YIELD), [])
        return context.get_dummy_value()

    return types.none(), generate


_call: Any = intrinsic(_generate_call)
_add: Any = intrinsic(_generate_add)
_load: Any = intrinsic(_generate_load)
_store: Any = intrinsic(_generate_store)
_let_others_run: Any = intrinsic(_generate_let_others_run)


@njit(error_model="numpy")
def _meet(control, n_threads):  # type: ignore[no-untyped-def]
    """Wait until all threads are here: spin for a moment, then give way to whoever has work."""
    if n_threads == 1:
        _store(control, ENOUGH, _load(control, STOP))
        return
    generation = _load(control, GENERATION)
    if _add(control, ARRIVED, 1) == n_threads - 1:
        _store(control, ARRIVED, 0)
        _store(control, ENOUGH, _load(control, STOP))  # one answer for all, before any goes on
        _store(control, GENERATION, generation + 1)
        return
    spins = 0
    while _load(control, GENERATION) == generation:
        spins += 1
        if spins > _SPINS:
            _let_others_run()


def _run(operations, first, n_steps, window, thread, n_threads, control):  # type: ignore[no-untyped-def]
    """Do steps ``first .. first + n_steps - 1`` or fewer if an operation asks to stop.

    operations  (operation, 2) int64: addresses of kernels and of their arguments
    window      steps between two meetings of the threads
    Returns     how many steps are done, the same for every thread.
    """
    mode = flush_subnormals()  # decaying currents end in them, and some CPUs crawl there
    done = 0
    while done < n_steps:
        last = min(done + window, n_steps)
        for step in range(first + done, first + last):
            for k in range(operations.shape[0]):
                _call(operations[k, 0], operations[k, 1], step, thread)
        done = last
        _meet(control, n_threads)
        if _load(control, ENOUGH) != 0:
            break
    restore(mode)
    return done


_run.__qualname__ += f"_{ENGINE_DIGEST}"  # a cached function is to know when another file changes


@cache
def run_operations() -> Any:
    """`_run` compiled, or taken from disk: for the first network that runs, not by an import."""
    signature = "int64(int64[:,::1],int64,int64,int64,int64,int64,int64[::1])"
    return on_disk(
        lambda cache: njit(signature, cache=cache, nogil=True, error_model="numpy")(_run)
    )


class Loop:
    """Operations in order, the threads that run them, and the words that stop them.

    window  steps that the threads may do between two meetings: the shortest delay
    """

    def __init__(
        self, operations: list[Operation], control: I64, *, window: int, threads: int
    ) -> None:
        self.operations = operations
        self.window = max(1, min(window, LONGEST_WINDOW))
        self.threads = threads
        self.control = control
        self._table = np.array(
            [(o.address, o.arguments.ctypes.data) for o in operations], np.int64
        ).reshape(-1, 2)
        self._pool: ThreadPoolExecutor | None = None
        self._run = run_operations()

    def run(self, first: int, n_steps: int) -> int:
        """Do steps from `first` on; returns how many: fewer than asked for if a buffer is full."""
        self.control[STOP] = 0
        if self.threads == 1:
            return int(self._run(self._table, first, n_steps, self.window, 0, 1, self.control))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.threads - 1, "simulator")
        others = [
            self._pool.submit(
                self._run, self._table, first, n_steps, self.window, k, self.threads,
                self.control,
            )
            for k in range(1, self.threads)
        ]  # fmt: skip
        done = self._run(self._table, first, n_steps, self.window, 0, self.threads, self.control)
        for other in others:
            other.result()
        return int(done)

    def close(self) -> None:
        """End the threads."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None


def usable_cores() -> int:
    """How many processors this process may use: its affinity, not what the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
