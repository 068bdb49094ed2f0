"""How kernels reach memory: arrays by their addresses, and what they are compiled with.

A kernel is a C function of (address of an int64 table, step, thread).  It makes no array, raises
nothing and checks no index: what is in its table was checked when the table was written.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import cfunc, njit, types
from numba.extending import intrinsic

SIGNATURE = "void(int64,int64,int64)"
_BYTE = ir.IntType(8).as_pointer()
_INT32 = ir.IntType(32)


def _source_digest() -> str:
    """Changes with any file of this folder.

    Numba renews what it keeps on disk when the file of the function changes, but not when another
    file does from which the function took something.
    """
    digest = 0
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest = zlib.crc32(path.read_bytes(), digest)
    return f"{digest:08x}"


_DIGEST = _source_digest()


def on_disk(compile_: Callable[[bool], Any]) -> Any:
    """What ``compile_(cache)`` gives: with Numba's cache, unless no folder can be written to.

    That is said where generated kernels have no folder either, by `build.cache_folder`.
    """
    try:
        return compile_(True)
    except RuntimeError as error:
        if "no locator available" not in str(error):
            raise
        return compile_(False)


def kernel(function: Callable[[int, int, int], None]) -> Any:
    """Compile a kernel, or take its machine code from Numba's cache on disk.

    The result has an `address`, and must be kept alive as long as somebody calls it.  Variants of
    one function may differ in variables of the enclosing function if these are plain values.
    """
    function.__qualname__ += f"_{_DIGEST}"
    return on_disk(lambda cache: cfunc(SIGNATURE, cache=cache, error_model="numpy")(function))


_njit: Any = njit  # its stub does not know all options
helper: Any = _njit(error_model="numpy", inline="never", no_cpython_wrapper=True)
"""Compile a function that kernels call."""


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function that Python calls, or take its machine code from Numba's cache."""
    function.__qualname__ += f"_{_DIGEST}"
    return on_disk(lambda cache: _njit(error_model="numpy", cache=cache, nogil=True)(function))


def _pointer(_typing: Any, address: Any, kind: Any) -> Any:
    """Address as a pointer to numbers of a kind, such as ``np.float32``."""
    result = types.CPointer(kind.instance_type)

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(result))

    return result(types.int64, kind), generate


def _prefetch(_typing: Any, address: Any) -> Any:
    """Ask for the cache line at an address; one that does not exist does no harm."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.VoidType(), [_BYTE, _INT32, _INT32, _INT32])
        function = builder.module.declare_intrinsic("llvm.prefetch", [_BYTE], kind)
        place = builder.inttoptr(arguments[0], _BYTE)
        builder.call(function, [place, _INT32(0), _INT32(3), _INT32(1)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


pointer: Any = intrinsic(_pointer)
prefetch: Any = intrinsic(_prefetch)
