"""Threads inside compiled code: counters that several threads see, and waiting for one of them.

Time stands still between two windows of steps until every thread has done its share, some hundred
thousand times per second.  Locks of the operating system would cost more than the work, so threads
spin on a counter and let others run only when it takes long.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from ..jit import helper

_YIELD = "SwitchToThread" if sys.platform == "win32" else "sched_yield"
_SPINS = 4096

(GENERATION, DONE, NEXT_GROUP, QUIT, FIRST, LAST, N_ARRIVED, CALM_FROM, ARM_AT, STEP_CYCLES) = (
    8 * k for k in range(10)
)
"""Entries of the shared array, a cache line apart: number of windows handed out, shares done, next
group to take, whether workers shall leave; then the window's first and last step and events, the
step behind the last event before it, and the step at which armed lanes need a threshold or -1; FPGA
cycles per step, a power of two."""
N_SHARED = 8 * 10


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _add(typing: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        return builder.atomic_rmw("add", pointer, arguments[2], "seq_cst")

    return types.int64(array, types.intp, types.int64), generate


def _load(typing: Any, array: Any, index: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(_pointer(context, builder, signature, arguments), "seq_cst", 8)

    return types.int64(array, types.intp), generate


def _store(typing: Any, array: Any, index: Any, value: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = _pointer(context, builder, signature, arguments)
        builder.store_atomic(arguments[2], pointer, "seq_cst", 8)
        return context.get_dummy_value()

    return types.none(array, types.intp, types.int64), generate


def _give_way(typing: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        function = cgutils.get_or_insert_function(builder.module, kind, _YIELD)
        builder.call(function, [])
        return context.get_dummy_value()

    return types.none(), generate


add: Any = intrinsic(_add)
"""``add(shared, index, value)``: add to an int64 entry; returns what it was."""
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
_give_other_threads_time: Any = intrinsic(_give_way)


@helper
def wait_for(shared, index, value):  # type: ignore[no-untyped-def]
    """Return once an entry has reached `value`."""
    spins = 0
    while load(shared, index) < value:
        spins += 1
        if spins > _SPINS:
            _give_other_threads_time()


def new_shared(step_cycles: int) -> Any:
    """The shared array of one group of threads."""
    shared = np.zeros(N_SHARED, np.int64)
    shared[STEP_CYCLES] = step_cycles
    return shared
