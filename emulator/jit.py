"""How this package compiles: four decorators around Numba's `njit`, and a few instructions.

Division by zero gives infinity as in C, or loops would not vectorise.  fastmath stays off, so that
no CPU may fuse or reorder operations on its own: results are the same bits everywhere.
"""

from __future__ import annotations

import gc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

from firmware_protocol.compiled import on_disk

F = TypeVar("F", bound=Callable[..., Any])


def _source_digest() -> str:
    """Changes with any source file of this package."""
    digest = 0
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest = zlib.crc32(path.read_bytes(), digest)
    return f"{digest:08x}"


DIGEST = _source_digest()
"""Of all source files of this package."""

_njit: Any = njit  # its stub does not know `_nrt` (no reference counts) and `no_cfunc_wrapper`
_OPTIONS: Any = {"error_model": "numpy", "no_cfunc_wrapper": True}  # nobody calls from C
HELPER_OPTIONS: Any = _OPTIONS | {"_nrt": False, "no_cpython_wrapper": True}


def named_by_digest(function: F) -> F:
    """Make the digest of all files part of a function's name on disk.

    Numba renews a cached function when *its* file changes, but not when a function or a number that
    it took in from another file does.
    """
    function.__qualname__ += f"_{DIGEST}"
    return function


def compiled(function: F) -> F:
    """Compile a function that Python calls, and keep the machine code on disk.

    Other Python threads may run meanwhile, so that a server answers while its emulator works.
    The function makes and returns no array, as in `helper`.
    """
    named = named_by_digest(function)
    dispatcher: Any = on_disk(
        lambda cache: _njit(cache=cache, nogil=True, _nrt=False, **_OPTIONS)(named)
    )
    compile_for_args = dispatcher._compile_for_args

    def without_collections(*arguments: Any, **keywords: Any) -> Any:
        with no_collections():
            return compile_for_args(*arguments, **keywords)

    dispatcher._compile_for_args = without_collections
    return cast(F, dispatcher)


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep Python from looking for garbage: a compiler makes many objects and little garbage.

    It would look through all of them again and again, for a twelfth of the time of compilation.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def helper(function: F) -> F:
    """Compile a function that only compiled code calls, and that makes or returns no array.

    References to the arrays that it is given are not counted: counting is atomic, costs more than
    most of these functions do, and makes two threads that pass the same array wait for each other.
    """
    return cast(F, _callable_from_python(_njit(**HELPER_OPTIONS)(function)))


def inlined(function: F) -> F:
    """Compile a `helper` into the machine code of its callers: no arrays on the stack.

    LLVM puts it there.  Numba's own inlining would infer its types again in every caller, and on
    that side of Numba most of the compilation time is spent.
    """
    return cast(F, _callable_from_python(_njit(forceinline=True, **HELPER_OPTIONS)(function)))


def merged(function: F) -> F:
    """Put a `helper` with one caller, or a small one with two, into the source of its callers.

    Its types are inferred as often as in a function of its own, but LLVM optimises it once instead
    of once for itself and once for each function on the way to the one that Python calls.  For more
    callers, and for loops that have to become vectors, `inlined` and `helper` are better.
    """
    dispatcher = _njit(inline="always", **HELPER_OPTIONS)(function)
    return cast(F, _callable_from_python(dispatcher, function))


def _callable_from_python(dispatcher: Any, caller: Callable[..., Any] | None = None) -> Any:
    """Let Python call a function compiled without the code that unpacks Python's arguments.

    That code takes a fifth of the time of compilation, and only tests and the curious need it.
    Numba would call the machine code as if it had it, and crash; so it never learns of that code,
    and whoever calls gets a function that calls this one, or `caller` compiled.
    """
    calls = caller or (lambda *arguments: dispatcher(*arguments))

    def add_overload(compiled: Any) -> None:
        dispatcher.overloads[tuple(compiled.signature.args)] = compiled

    def compile_for_args(*_: Any, **__: Any) -> Any:
        if not outside:
            outside.append(_njit(error_model="numpy")(calls))
        return outside[0]

    outside: list[Any] = []
    dispatcher.add_overload, dispatcher._compile_for_args = add_overload, compile_for_args
    return dispatcher


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


def _times_power_of_two(context, factor, shifted):  # type: ignore[no-untyped-def]
    signature = types.float32(types.float32, types.float32)

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        word = ir.IntType(32)
        bits, n = (builder.bitcast(argument, word) for argument in arguments)
        exponent = builder.shl(n, ir.Constant(word, 23))
        return builder.bitcast(builder.add(bits, exponent), ir.FloatType())

    return signature, generate


times_power_of_two: Any = intrinsic(_times_power_of_two)
"""``times_power_of_two(x, n + 1.5 * 2**23)`` is x * 2**n in float32 for an integer n, if x and the
product are normal numbers: n is added to the exponent, which is faster than a multiplication."""


def _first_bit(context, bits):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), generate


first_bit: Any = intrinsic(_first_bit)
"""Number of the lowest bit that is set in an integer that is not 0."""


def _extreme(comparison: str) -> Any:
    """An intrinsic like `min` or `max` for two numbers."""

    def choose(context, a, b):  # type: ignore[no-untyped-def]
        number = context.unify_types(types.unliteral(a), types.unliteral(b))
        if not isinstance(number, (types.Integer, types.Float)):
            return None

        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            first, second = arguments
            if isinstance(number, types.Float):
                other = builder.fcmp_ordered(comparison, second, first)
            elif number.signed:  # type: ignore[attr-defined]
                other = builder.icmp_signed(comparison, second, first)
            else:
                other = builder.icmp_unsigned(comparison, second, first)
            return builder.select(other, second, first)

        return number(number, number), generate

    return intrinsic(choose)


smaller: Any = _extreme("<")
larger: Any = _extreme(">")
"""``smaller(a, b)`` and ``larger(a, b)`` are Python's ``min`` and ``max`` of two numbers.

Numba compiles a function of its own for `min` and `max` of every type, with every set of options.
"""
