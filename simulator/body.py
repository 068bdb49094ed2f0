"""A plan's statements and constants while they are being written.

What follows from parameters and the time step alone is moved out of the statements into constants,
once for each distinct expression.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sympy
from sympy.logic.boolalg import Boolean, BooleanAtom

from .expressions import symbol
from .functions import Where
from .printing import LARGEST_PRODUCT, source
from .statements import Constant, Statement

DT = symbol("dt")


class Body:
    """Straight-line code under construction.

    taken     names that locals and constants must not have
    constant  names whose values are known before a step
    """

    def __init__(self, taken: Iterable[str], constant: Iterable[str]) -> None:
        self._taken = set(taken)
        self._known = {symbol(name) for name in constant} | {DT}
        self._constant_of: dict[Any, Any] = {}
        self.constants: list[Constant] = []
        self.statements: list[Statement] = []

    def unused(self, wanted: str) -> str:
        """`wanted`, or with a number behind it if that name is taken."""
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name

    def is_constant(self, expression: Any) -> bool:
        """Whether an expression is known before a step."""
        return expression.free_symbols <= self._known

    def constant(self, expression: Any, wanted: str = "constant") -> Any:
        """A symbol for what is known before a step; numbers and single names stay as they are."""
        if expression.is_Atom or (-expression).is_Atom:
            return expression
        if expression not in self._constant_of:
            made = symbol(self.unused(wanted))
            self.constants.append(Constant(made.name, source(expression)))
            self._constant_of[expression] = made
            self._known.add(made)
        return self._constant_of[expression]

    def hoisted(self, expression: Any) -> Any:
        """The expression with its largest constant parts replaced by constants."""
        if expression.is_Atom or isinstance(expression, BooleanAtom):
            return expression
        if self.is_constant(expression) and not isinstance(expression, Boolean):
            return self.constant(expression)
        if expression.is_Add or expression.is_Mul:
            fixed = [one for one in expression.args if self.is_constant(one)]
            others = [self.hoisted(one) for one in expression.args if not self.is_constant(one)]
            if fixed:
                others.append(self.constant(expression.func(*fixed)))
            return expression.func(*others)
        if expression.is_Pow and expression.exp.is_Number:
            return self.hoisted(expression.base) ** expression.exp
        return expression.func(*(self.hoisted(one) for one in expression.args))

    def assign(self, target: str, expression: Any) -> None:
        """``target = expression``, with constants hoisted."""
        self.write(target, source(self.hoisted(expression)))

    def write(self, target: str, text: str) -> None:
        """``target = text`` as it stands."""
        self.statements.append(Statement(target, text))

    def local(self, wanted: str, expression: Any) -> Any:
        """A new local with the value of an expression; an atom needs none."""
        short = self.hoisted(expression)
        if short.is_Atom:
            return short
        made = symbol(self.unused(wanted))
        self.write(made.name, source(short))
        return made

    def note(self, name: str, expression: Any) -> None:
        """A constant that no statement reads."""
        self.constants.append(Constant(self.unused(name), source(expression)))

    def locals(self, expressions: Mapping[str, Any], keys: Iterable[Any]) -> dict[Any, Any]:
        """Locals for several expressions, with common parts computed once; returned by `keys`."""
        short = {name: self.hoisted(one) for name, one in expressions.items()}
        parts, reduced = common_parts(short)
        replaced: dict[Any, Any] = {}
        for place_holder, part in parts:
            replaced[place_holder] = self.local("part", part.xreplace(replaced))
        made = [self.local(name, one.xreplace(replaced)) for name, one in reduced.items()]
        return dict(zip(keys, made, strict=True))

    def select(self, target: str, condition: Any, expression: Any) -> None:
        """Assign under a condition, given as the symbol of a local; None: always."""
        if condition is None:
            self.assign(target, expression)
        else:
            self.assign(target, Where(condition, expression, symbol(target)))


def common_parts(expressions: Mapping[str, Any]) -> tuple[list[tuple[Any, Any]], dict[str, Any]]:
    """Parts that occur more than once, or are raised to a small power, and what is left.

    Returns  [(place holder, part)], each over place holders before it; and the expressions over
             place holders
    """
    counts: Counter[Any] = Counter()
    for one in expressions.values():
        _count(one, counts)
    parts: list[tuple[Any, Any]] = []
    known: dict[Any, Any] = {}

    def reduce(expression: Any) -> Any:
        if expression.is_Atom:
            return expression
        if expression in known:
            return known[expression]
        arguments = [reduce(one) for one in expression.args]
        if expression.is_Pow and _needs_name(arguments[0], arguments[1]):
            arguments[0] = named(expression.args[0], arguments[0])
        made = expression.func(*arguments)
        if counts[expression] > 1 and _is_worth_a_name(made):
            return named(expression, made)
        return made

    def named(original: Any, made: Any) -> Any:
        if made.is_Atom:
            return made
        if original not in known:
            known[original] = sympy.Dummy(real=True)
            parts.append((known[original], made))
        return known[original]

    return parts, {name: reduce(one) for name, one in expressions.items()}


def _count(expression: Any, counts: Counter[Any]) -> None:
    if expression.is_Atom:
        return
    counts[expression] += 1
    if counts[expression] == 1:
        for one in expression.args:
            _count(one, counts)


def _is_worth_a_name(expression: Any) -> bool:
    """Not conditions, and not a sign."""
    return not isinstance(expression, Boolean) and not (-expression).is_Atom


def _needs_name(base: Any, exponent: Any) -> bool:
    """Whether a power is going to be a product of something that is not a name."""
    return bool(
        exponent.is_Integer and 1 < abs(int(exponent)) <= LARGEST_PRODUCT and not base.is_Atom
    )
