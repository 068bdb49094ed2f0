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

_CACHE_LINE = 8  # int64
(GENERATION, DONE, QUIT, FIRST, LAST, N_ARRIVED, CALM_FROM, ARM_AT, STEP_CYCLES, _NEXT_GROUP) = (
    _CACHE_LINE * k for k in range(10)
)
"""Entries of the shared array, a cache line apart: number of windows handed out, shares done,
whether workers shall leave; then the window's first and last step and events, the step behind the
last event before it, and the step at which armed lanes need a threshold or -1; FPGA cycles per
step, a power of two; and for each thread the next of its groups to take."""


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


@helper
def share_out(shared, n_groups, n_threads):  # type: ignore[no-untyped-def]
    """Give each thread an equal share of the groups of a window.

    The same one in every window, so that a group's state stays in the caches of one core.
    """
    for thread in range(n_threads):
        shared[_NEXT_GROUP + _CACHE_LINE * thread] = n_groups * thread // n_threads


@helper
def next_group(shared, thread, n_groups, n_threads):  # type: ignore[no-untyped-def]
    """A group that nobody has taken: of a thread's own, or else of another one's; or n_groups."""
    for k in range(n_threads):
        other = (thread + k) % n_threads
        end = n_groups * (other + 1) // n_threads
        group = add(shared, _NEXT_GROUP + _CACHE_LINE * other, 1)
        if group < end:
            return group
    return n_groups


def new_shared(step_cycles: int, threads: int) -> Any:
    """The shared array of so many threads."""
    shared = np.zeros(_NEXT_GROUP + _CACHE_LINE * threads, np.int64)
    shared[STEP_CYCLES] = step_cycles
    return shared
