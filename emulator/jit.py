"""How this package compiles: three decorators around Numba's `njit`, and one instruction.

Division by zero gives infinity as in C, or loops would not vectorise.  fastmath stays off, so that
no CPU may fuse or reorder operations on its own: results are the same bits everywhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])


def _source_digest() -> str:
    """Changes with any source file of this package."""
    digest = 0
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest = zlib.crc32(path.read_bytes(), digest)
    return f"{digest:08x}"


_DIGEST = _source_digest()


def compiled(function: F) -> F:
    """Compile a function that Python calls, and keep the machine code on disk.

    Numba renews a cached function when *its* file changes, but not when a function or a number that
    it took in from another file does.  Hence the digest of all files in the cached function's name.
    Other Python threads may run meanwhile, so that a server answers while its emulator works.
    """
    function.__qualname__ += f"_{_DIGEST}"
    return cast(F, njit(cache=True, error_model="numpy", nogil=True)(function))


_njit: Any = njit  # `_nrt` (no reference counts) is an option that its stub does not know
HELPER_OPTIONS: Any = {"error_model": "numpy", "_nrt": False}


def helper(function: F) -> F:
    """Compile a function that only compiled code calls, and that makes or returns no array.

    References to the arrays that it is given are not counted: counting is atomic, costs more than
    most of these functions do, and makes two threads that pass the same array wait for each other.
    """
    return cast(F, _njit(**HELPER_OPTIONS)(function))


def embedded(function: F) -> F:
    """Compile a `helper` into the machine code of its callers: no arrays on the stack."""
    return cast(F, _njit(forceinline=True, **HELPER_OPTIONS)(function))


def inlined(function: F) -> F:
    """Compile a small function into each of its callers."""
    return cast(F, _njit(inline="always", **HELPER_OPTIONS)(function))


def _fused(context, a, b, c):  # type: ignore[no-untyped-def]
    signature = types.float32(types.float32, types.float32, types.float32)

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.fma(*arguments)

    return signature, generate


fused: Any = intrinsic(_fused)
"""``fused(a, b, c)`` is a * b + c in float32 with one rounding (IEEE 754 fusedMultiplyAdd).

One instruction on CPUs that have it, the C library's fmaf elsewhere: slower there, but the same
bits, which is why it is said explicitly and never left to a compiler.
"""


def _power_of_two(context, shifted):  # type: ignore[no-untyped-def]
    signature = types.float32(types.float32)

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        word = ir.IntType(32)
        bits = builder.bitcast(arguments[0], word)
        exponent = builder.add(bits, ir.Constant(word, 127))
        return builder.bitcast(builder.shl(exponent, ir.Constant(word, 23)), ir.FloatType())

    return signature, generate


power_of_two: Any = intrinsic(_power_of_two)
"""``power_of_two(n + 1.5 * 2**23)`` is 2**n in float32 for an integer -126 <= n <= 127."""
