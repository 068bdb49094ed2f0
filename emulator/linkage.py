"""Compiled functions that are compiled apart from their callers, and called by their address.

What is compiled into one piece has to be compiled one after the other, and again as a whole when
one of its types changes.  Between two pieces there are only integers: numbers, and the addresses of
records of arrays.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import cfunc, typeof, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.numpy_support import as_dtype

from firmware_protocol.compiled import on_disk

from .jit import named_by_digest, no_collections

_WORD = ir.IntType(64)
_ALL_ONES = (1 << 64) - 1
_cfunc: Any = cfunc  # its stub does not know `_nrt` (no reference counts)


class Apart:
    """A function of int64 that returns an int64; its machine code is kept on disk."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__doc__, self._function = function.__doc__, named_by_digest(function)

    @cached_property
    def address(self) -> int:
        """Where its machine code begins, for `call`; compiles it, or loads it, when first asked."""
        return int(self._code.address)

    def __call__(self, *arguments: int | Record) -> int:
        """Call it from Python, while other Python threads run; records are passed by address."""
        words = (a.address if isinstance(a, Record) else a for a in arguments)
        return int(self._code.ctypes(*words))

    def compile(self) -> None:
        """Compile it, or load it from disk, now."""
        _ = self.address

    @cached_property
    def _code(self) -> Any:
        n = len(inspect.signature(self._function).parameters)
        signature = types.int64(*[types.int64] * n)
        with no_collections():
            return on_disk(
                lambda cache: _cfunc(signature, cache=cache, error_model="numpy", _nrt=False)(
                    self._function
                )
            )


def apart(function: Callable[..., Any]) -> Apart:
    """Compile a function apart from those that call it, through `call`.

    All its arguments are int64, as is what it returns.
    """
    return Apart(function)


def named_tuple(kind: type, *members: types.Type) -> types.BaseTuple:
    """Numba's type of a NamedTuple whose members have these types."""
    return types.BaseTuple.from_types(members, kind)


def _call(typing: Any, address: Any, arguments: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        words = cgutils.unpack_tuple(builder, values[1])
        kind = ir.FunctionType(_WORD, [_WORD] * len(words))
        return builder.call(builder.inttoptr(values[0], kind.as_pointer()), words)

    return types.int64(types.int64, types.UniTuple(types.int64, len(arguments))), generate


def _reference(typing: Any, record: Any, kind: Any) -> Any:
    if record != kind.instance_type:
        return None  # Numba says where, and names both types

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ptrtoint(cgutils.alloca_once_value(builder, values[0]), _WORD)

    return types.int64(record, kind), generate


def _record_at(typing: Any, address: Any, kind: Any) -> Any:
    record = kind.instance_type

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = context.get_value_type(record).as_pointer()
        return builder.load(builder.inttoptr(values[0], pointer))

    return record(types.int64, kind), generate


call: Any = intrinsic(_call)
"""``call(address, (argument, ...))``: what the function there returns; see `apart`."""
reference: Any = intrinsic(_reference)
"""``reference(record, TYPE)``: the address of a tuple, valid until the function returns whose
source it stands in.  TYPE is the Numba type that it must have; another one is a `TypingError`."""
record_at: Any = intrinsic(_record_at)
"""``record_at(address, TYPE)``: the tuple whose `reference` this is."""


class Record:
    """A tuple of arrays and integers in memory, to refer to from Python.  Keeps them alive.

    The first member of a record begins where the record does.
    """

    def __init__(
        self, record: tuple[Any, ...], kind: types.BaseTuple, like: Record | None = None
    ) -> None:
        """Raises TypeError if the record is not of this type.

        like  a record of the same type, from which members are taken over that are the same objects
        """
        self._kept, self._words = record, list[int]()
        before, old = (None, []) if like is None else (like._kept, like._words)
        _append(self._words, record, kind, before, old)
        self._memory = np.array(self._words, np.uint64)
        self.address = self._memory.ctypes.data


def _append(words: list[int], value: Any, kind: Any, before: Any, old: list[int]) -> None:
    """Append a value as compiled code keeps it; an array as numba/_arraystruct.h describes it.

    before  what stands at this place in a record with the words `old`
    """
    _, dtype, n_dimensions, size, members = _looks(kind)
    if value is before and size > 1:
        words += old[len(words) : len(words) + size]
    elif dtype is not None:
        if not (
            isinstance(value, np.ndarray)
            and value.dtype == dtype
            and value.ndim == n_dimensions
            and value.flags.c_contiguous
        ):
            raise TypeError(f"{_described(value)} where {kind} is expected")
        no_owner, no_object = 0, 0
        data = value.__array_interface__["data"][0]
        words += (no_owner, no_object, value.size, value.itemsize, data)
        words += value.shape
        words += value.strides
    elif members:
        if type(value) is not kind.instance_class:
            raise TypeError(f"{_described(value)} where {kind} is expected")
        earlier = [None] * len(members) if before is None else before
        for member, its_kind, was in zip(value, members, earlier, strict=True):
            _append(words, member, its_kind, was, old)
    else:
        words.append(int(value) & _ALL_ONES)


class _Looks(NamedTuple):
    """How values of a type are kept."""

    kind: types.Type
    dtype: Any  # of an array, or None
    n_dimensions: int
    n_words: int
    members: tuple[types.Type, ...]  # of a tuple


_known_looks: dict[int, _Looks] = {}  # by identity: Numba takes longer to hash a type


def _looks(kind: types.Type) -> _Looks:
    known = _known_looks.get(id(kind))
    if known is None:
        known = _known_looks[id(kind)] = _look_at(kind)
    return known


def _look_at(kind: types.Type) -> _Looks:
    if isinstance(kind, types.Array):
        n = int(kind.ndim)
        return _Looks(kind, as_dtype(kind.dtype), n, 5 + 2 * n, ())
    members = tuple(getattr(kind, "types", ()))
    n_words = sum(_looks(member).n_words for member in members) if members else 1
    return _Looks(kind, None, 0, n_words, members)


def _described(value: Any) -> str:
    return str(typeof(value))
