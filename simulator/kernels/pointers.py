"""Memory for kernels that are told addresses: typed pointers, loads and stores, calls.

A kernel receives the address of an int64 table of numbers and addresses.  ``float64_at(address)``
is a pointer that Numba can index (no range checks, no negative indices) or make an array of with
`numba.carray`.

`load` and `store` name the kind of memory they touch.  Two kinds never overlap, which LLVM is told,
so that a loop over lanes becomes vectors without checks at run time whether arrays overlap.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

N_ALIKE = 8
KINDS = (
    *("lanes", "current", "draws", "columns", "trace"),
    *(f"{kind}_{k}" for kind in ("input", "state") for k in range(N_ALIKE)),
)
"""Of memory; two of different kinds do not overlap."""

_WORD = ir.IntType(64)


def _pointer_to(number: Any) -> Any:
    pointer: Any = types.CPointer(number)

    def typed(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer))

        return pointer(types.int64), generate

    return intrinsic(typed)


int64_at: Any = _pointer_to(types.int64)
int32_at: Any = _pointer_to(types.int32)
uint32_at: Any = _pointer_to(types.uint32)
uint8_at: Any = _pointer_to(types.uint8)
int8_at: Any = _pointer_to(types.int8)
int16_at: Any = _pointer_to(types.int16)
float32_at: Any = _pointer_to(types.float32)
float64_at: Any = _pointer_to(types.float64)
"""``float64_at(address)``: a pointer to float64 from an int64."""


def _call(context, address, table, step, thread):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        kind = ir.FunctionType(ir.VoidType(), [_WORD, _WORD, _WORD])
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


call: Any = intrinsic(_call)
"""``call(address, table, step, thread)`` runs the kernel at an address."""


def _as_float64(context, bits):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), generate


as_float64: Any = intrinsic(_as_float64)
"""The float64 whose bits stand in an int64, such as an entry of a table."""


def _mark(builder: Any, instruction: Any, kind: str) -> None:
    """Tell LLVM which memory an instruction touches (LLVM language reference, noalias metadata)."""
    module = builder.module
    domain = module.add_metadata(["pynn-hx"])
    scopes = {name: module.add_metadata([name, domain]) for name in KINDS}
    others = [scope for name, scope in scopes.items() if name != kind]
    instruction.set_metadata("alias.scope", module.add_metadata([scopes[kind]]))
    instruction.set_metadata("noalias", module.add_metadata(others))


def _access(kind: str) -> tuple[Any, Any]:
    """Both intrinsics for one kind of memory."""

    def load(context, pointer, index):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            value = builder.load(builder.gep(arguments[0], [arguments[1]]))
            _mark(builder, value, kind)
            return value

        return pointer.dtype(pointer, types.int64), generate

    def store(context, pointer, index, value):  # type: ignore[no-untyped-def]
        def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
            place = builder.gep(arguments[0], [arguments[1]])
            _mark(builder, builder.store(arguments[2], place), kind)
            return context.get_dummy_value()

        return types.void(pointer, types.int64, pointer.dtype), generate

    return intrinsic(load), intrinsic(store)


load_lanes, store_lanes = _access("lanes")
load_current, store_current = _access("current")
load_draws, store_draws = _access("draws")
load_columns, store_columns = _access("columns")
load_trace, store_trace = _access("trace")
"""``load_x(pointer, index)`` and ``store_x(pointer, index, value)``."""


def _accesses(kind: str) -> Any:
    return zip(*(_access(f"{kind}_{k}") for k in range(N_ALIKE)), strict=True)


load_input, store_input = _accesses("input")
load_state, store_state = _accesses("state")
"""The same for several arrays of a kind; a kernel takes ``load_state[k]`` under another name."""


def _flag(context, flags, condition, position):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        flags, condition, position = arguments
        word = ir.IntType(32)
        raised = builder.shl(builder.zext(condition, word), builder.trunc(position, word))
        return builder.or_(flags, raised)

    return types.int32(types.int32, types.boolean, types.int64), generate


flag: Any = intrinsic(_flag)
"""``flag(flags, condition, position)``: an int32 with bit `position` set if the condition holds.

It has 32 bits throughout, as vectors of lanes are no longer than their widest number allows.
"""


def _first_flag(context, flags):  # type: ignore[no-untyped-def]
    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int32(types.int32), generate


first_flag: Any = intrinsic(_first_flag)
"""Number of the lowest bit that is set in an int32 that is not 0."""
