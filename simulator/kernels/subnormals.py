"""Numbers too small to be normal, such as what a synaptic current is a second after its last spike.

Some CPUs take a hundred times as long for an operation on one.  A thread that runs kernels can have
its CPU take them for zero: ``mode = flush_subnormals()`` before, ``restore(mode)`` after; both do
nothing on a CPU other than x86-64 and 64-bit ARM.  Nobody measures currents of 1e-308 nA (1e-38 in
float32).
"""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_WORD, _NOTHING = ir.IntType(64), ir.VoidType()
_MACHINE = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
_FLUSH = {"x86_64": 0x8040, "aarch64": 1 << 24}.get(_MACHINE, 0)
"""Bits of the mode: results to zero and operands as zero of MXCSR; FZ of FPCR."""


def _through_memory(builder: Any, name: str, mode: Any) -> Any:
    """Give an instruction a place in memory with a mode in it; what stands there afterwards."""
    pointer = ir.IntType(8).as_pointer()
    place = builder.alloca(_WORD)
    builder.store(mode, place)
    kind = ir.FunctionType(_NOTHING, [pointer])
    function = cgutils.get_or_insert_function(builder.module, kind, name)
    builder.call(function, [builder.bitcast(place, pointer)])
    return builder.load(place)


def _read(builder: Any) -> Any:
    """The mode of this thread's CPU."""
    nothing = ir.Constant(_WORD, 0)
    if _MACHINE == "x86_64":
        return _through_memory(builder, "llvm.x86.sse.stmxcsr", nothing)
    if _MACHINE == "aarch64":
        kind = ir.FunctionType(_WORD, [])
        name = "llvm.aarch64.get.fpcr"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
    return nothing


def _write(builder: Any, mode: Any) -> None:
    if _MACHINE == "x86_64":
        _through_memory(builder, "llvm.x86.sse.ldmxcsr", mode)
    elif _MACHINE == "aarch64":
        kind = ir.FunctionType(_NOTHING, [_WORD])
        name = "llvm.aarch64.set.fpcr"
        builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [mode])


def _flush_subnormals(context):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        mode = _read(builder)
        _write(builder, builder.or_(mode, ir.Constant(_WORD, _FLUSH)))
        return mode

    return types.int64(), generate


def _restore(context, mode):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        _write(builder, arguments[0])
        return context.get_dummy_value()

    return types.void(types.int64), generate


flush_subnormals: Any = intrinsic(_flush_subnormals)
"""Take subnormal numbers for zero from now on, in this thread; returns the mode before."""
restore: Any = intrinsic(_restore)
"""``restore(mode)``: as before."""
