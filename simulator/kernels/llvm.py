"""LLVM values with Python's operators, so that a formula in `mathematics` reads like a formula.

Such a formula is compiled by being run once: each operation adds an instruction.  It has no
branches, so a loop around it becomes vectors, and there is nothing in it whose type Numba would
have to infer, which is most of what compiling a function costs.  LLVM may not fuse or reorder these
operations: a result is the same bits on every machine.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]


class Word:
    """An unsigned integer of 32 or 64 bits; results wrap around."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def _same(self, other: Word | int) -> Any:
        return other.value if isinstance(other, Word) else ir.Constant(self.value.type, int(other))

    def __add__(self, other: Word | int) -> Word:
        return Word(self.builder, self.builder.add(self.value, self._same(other)))

    def __sub__(self, other: Word | int) -> Word:
        return Word(self.builder, self.builder.sub(self.value, self._same(other)))

    def __mul__(self, other: Word | int) -> Word:
        return Word(self.builder, self.builder.mul(self.value, self._same(other)))

    def __and__(self, other: Word | int) -> Word:
        return Word(self.builder, self.builder.and_(self.value, self._same(other)))

    def __or__(self, other: Word | int) -> Word:
        return Word(self.builder, self.builder.or_(self.value, self._same(other)))

    def __xor__(self, other: Word | int) -> Word:
        return Word(self.builder, self.builder.xor(self.value, self._same(other)))

    def __lshift__(self, places: Word | int) -> Word:
        return Word(self.builder, self.builder.shl(self.value, self._same(places)))

    def __rshift__(self, places: Word | int) -> Word:
        return Word(self.builder, self.builder.lshr(self.value, self._same(places)))

    def equals(self, other: Word | int) -> Condition:
        """Whether the bits are the same."""
        same = self.builder.icmp_unsigned("==", self.value, self._same(other))
        return Condition(self.builder, same)

    def as_real(self) -> Real:
        """The floating-point number of these bits."""
        kind = ir.DoubleType() if self.value.type.width == 64 else ir.FloatType()
        return Real(self.builder, self.builder.bitcast(self.value, kind))


class Condition:
    """A truth value."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    def __and__(self, other: Condition) -> Condition:
        return Condition(self.builder, self.builder.and_(self.value, other.value))

    def __or__(self, other: Condition) -> Condition:
        return Condition(self.builder, self.builder.or_(self.value, other.value))

    def choose(self, if_true: Real, if_false: Real | float) -> Real:
        """`if_true` where the condition holds, else `if_false`; both are computed."""
        return if_true.like(self.builder.select(self.value, if_true.value, if_true.same(if_false)))


class Real:
    """A float32 or a float64; numbers that it meets take its type."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Any) -> None:
        self.builder, self.value = builder, value

    @property
    def is_double(self) -> bool:
        """Whether it has 64 bits."""
        return isinstance(self.value.type, ir.DoubleType)

    def like(self, value: Any) -> Real:
        """Another LLVM value made by the same builder."""
        return Real(self.builder, value)

    def same(self, other: Real | float) -> Any:
        """The LLVM value of `other` in the type of this one."""
        return other.value if isinstance(other, Real) else ir.Constant(self.value.type, other)

    def constant(self, number: float) -> Real:
        """A number of this type."""
        return self.like(self.same(number))

    def __add__(self, other: Real | float) -> Real:
        return self.like(self.builder.fadd(self.value, self.same(other)))

    def __radd__(self, other: float) -> Real:
        return self.constant(other) + self

    def __sub__(self, other: Real | float) -> Real:
        return self.like(self.builder.fsub(self.value, self.same(other)))

    def __rsub__(self, other: float) -> Real:
        return self.constant(other) - self

    def __mul__(self, other: Real | float) -> Real:
        return self.like(self.builder.fmul(self.value, self.same(other)))

    def __rmul__(self, other: float) -> Real:
        return self.constant(other) * self

    def __truediv__(self, other: Real | float) -> Real:
        return self.like(self.builder.fdiv(self.value, self.same(other)))

    def __rtruediv__(self, other: float) -> Real:
        return self.constant(other) / self

    def __neg__(self) -> Real:
        return self.like(self.builder.fneg(self.value))

    def _compared(self, how: str, other: Real | float) -> Condition:
        holds = self.builder.fcmp_ordered(how, self.value, self.same(other))
        return Condition(self.builder, holds)

    def __lt__(self, other: Real | float) -> Condition:
        return self._compared("<", other)

    def __gt__(self, other: Real | float) -> Condition:
        return self._compared(">", other)

    def __le__(self, other: Real | float) -> Condition:
        return self._compared("<=", other)

    def __ge__(self, other: Real | float) -> Condition:
        return self._compared(">=", other)

    def equals(self, other: Real | float) -> Condition:
        """Whether both are the same number; false for nan."""
        return self._compared("==", other)

    def bits(self) -> Word:
        """The bits of this number."""
        kind = ir.IntType(64 if self.is_double else 32)
        return Word(self.builder, self.builder.bitcast(self.value, kind))

    def as_double(self) -> Real:
        """The same number in float64."""
        if self.is_double:
            return self
        return self.like(self.builder.fpext(self.value, ir.DoubleType()))

    def rounded_like(self, other: Real) -> Real:
        """This float64 in the type of `other`."""
        if other.is_double:
            return self
        return self.like(self.builder.fptrunc(self.value, other.value.type))

    def by_instruction(self, name: str, *others: Real) -> Real:
        """What an LLVM intrinsic such as ``llvm.sqrt`` gives for this number."""
        kind = self.value.type
        values = [self.value, *(other.value for other in others)]
        function = self.builder.module.declare_intrinsic(
            name, [kind], ir.FunctionType(kind, [kind] * len(values))
        )
        return self.like(self.builder.call(function, values))
