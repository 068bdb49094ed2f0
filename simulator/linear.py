"""The linear part of a model's equations, and its exact solution over a step.

x' = A x + b, where A follows from parameters and b is constant over a step, has the solution
x(t + h) = P x(t) + Q b with P = exp(A h) and Q = the integral of exp(A s) over s in 0..h
(Rotter & Diesmann 1999, Biological Cybernetics 81, 381-402).  P and Q are constants of a plan.
Refuses to know which variables an author wants advanced how.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sympy

from .body import Body
from .functions import Absolute, Maximum, Propagator, RelativeExponential
from .printing import source

ONE = sympy.Integer(1)
ZERO = sympy.Integer(0)


@dataclass(frozen=True)
class Row:
    """One slope, linear in variables.

    rates   variable -> its factor [1/ms]
    inputs  what is known only in a step, or 1 -> its factor
    """

    rates: dict[Any, Any]
    inputs: dict[Any, Any]


@dataclass(frozen=True)
class LinearSystem:
    """Variables that follow from each other alone, and why the others are not among them."""

    rows: dict[Any, Row] = field(default_factory=dict)
    reasons: dict[Any, str] = field(default_factory=dict)

    def without(self, held: Collection[Any]) -> LinearSystem:
        """The same system while some variables rest."""
        empty = Row({}, {})
        return LinearSystem({x: empty if x in held else row for x, row in self.rows.items()})


def terms(expression: Any) -> tuple[Any, ...]:
    """The terms of an expression that is multiplied out."""
    expanded = sympy.expand(
        expression, power_exp=False, power_base=False, log=False, trig=False, func=False
    )
    return tuple(sympy.Add.make_args(expanded))


def linear_system(
    slopes: Mapping[Any, Any], moving: Collection[Any], is_constant: Callable[[Any], bool]
) -> LinearSystem:
    """The largest part of the equations that is linear, autonomous and closed.

    slopes       variable -> its slope
    moving       other names that change within a step, such as ``t`` or noise
    is_constant  whether an expression follows from parameters alone
    """
    split = {variable: terms(slope) for variable, slope in slopes.items()}
    inside = dict.fromkeys(slopes)
    reasons: dict[Any, str] = {}
    while True:
        outside = {*moving, *(one for one in slopes if one not in inside)}
        rows: dict[Any, Row] = {}
        for variable in list(inside):
            row = _row(split[variable], inside, outside, is_constant)
            if isinstance(row, Row):
                rows[variable] = row
            else:
                reasons[variable] = row
        if len(rows) == len(inside):
            return LinearSystem(rows, reasons)
        inside = dict.fromkeys(rows)


def _row(
    parts: tuple[Any, ...],
    variables: Collection[Any],
    outside: Collection[Any],
    is_constant: Callable[[Any], bool],
) -> Row | str:
    """The terms of one slope, or the term that is not linear."""
    rates: dict[Any, Any] = {}
    inputs: dict[Any, Any] = {}
    for term in parts:
        if term == 0:
            continue
        factor, rest = term.as_independent(*variables, as_Add=False)
        if term.free_symbols & set(outside):
            return f"'{source(term)}' changes in a way that is not linear"
        if rest == 1:
            held = [one for one in sympy.Mul.make_args(factor) if not is_constant(one)]
            what = sympy.Mul(*held)
            inputs[what] = inputs.get(what, ZERO) + factor / what
        elif rest in variables and is_constant(factor):
            rates[rest] = rates.get(rest, ZERO) + factor
        else:
            return f"'{source(term)}' is not linear with a constant factor"
    return Row({x: rate for x, rate in rates.items() if rate != 0}, inputs)


class Flow:
    """A linear system over one step: entries of P and Q as expressions over constants.

    step         the length of the step [ms], an expression
    may_call     whether entries without closed form may be constants that call ``propagator``
    """

    def __init__(
        self, system: LinearSystem, step: Any, body: Body, *, may_call: bool = True
    ) -> None:
        self._rows, self._step, self._body, self._may_call = system.rows, step, body, may_call
        self._below = {x: self._reach(x) for x in self._rows}

    def advanced(self, variable: Any, values: Mapping[Any, Any]) -> Any:
        """The variable at the end of the step.

        values  the variables at its beginning, as expressions
        Raises  NotImplementedError if there is no closed form and constants may not help
        """
        total = ZERO
        for origin in self._rows:
            factor = self._entry(variable, origin)
            if factor != 0:
                total += self._constant(factor, f"{variable}_from_{origin}") * values[origin]
        gains: dict[Any, Any] = {}
        for origin, row in self._rows.items():
            for what, rate in row.inputs.items():
                integral = self._integral(variable, origin)
                if integral != 0:
                    gains[what] = gains.get(what, ZERO) + rate * integral
        for what, gain in gains.items():
            name = "drive" if what == 1 else f"from_{what}" if what.is_Symbol else "gain"
            total += self._constant(gain, f"{variable}_{name}") * what
        return total

    def _constant(self, expression: Any, wanted: str) -> Any:
        if self._body.is_constant(expression):
            return self._body.constant(expression, wanted)
        return expression

    def _reach(self, origin: Any) -> set[Any]:
        """What a variable acts on, directly or through others, itself included."""
        reached, fresh = {origin}, [origin]
        while fresh:
            above = fresh.pop()
            for variable, row in self._rows.items():
                if above in row.rates and variable not in reached:
                    reached.add(variable)
                    fresh.append(variable)
        return reached

    def _between(self, target: Any, origin: Any) -> list[Any]:
        """The variables on all ways from `origin` to `target`, both included."""
        return [x for x in self._rows if x in self._below[origin] and target in self._below[x]]

    def _rate(self, target: Any, origin: Any) -> Any:
        return self._rows[target].rates.get(origin, ZERO)

    def _entry(self, target: Any, origin: Any) -> Any:
        """P[target, origin]."""
        if target not in self._below[origin]:
            return ZERO
        between = self._between(target, origin)
        if between == [target]:
            return sympy.exp(self._rate(target, target) * self._step)
        if len(between) == 2 and origin not in self._below[target]:
            return self._rate(target, origin) * self._pair(
                self._rate(target, target), self._rate(origin, origin)
            )
        return self._numeric(between, target, origin)

    def _integral(self, target: Any, origin: Any) -> Any:
        """Q[target, origin]: the response to a constant slope of `origin`."""
        if target not in self._below[origin]:
            return ZERO
        if target == origin and self._between(target, target) == [target]:
            return self._step * RelativeExponential(self._rate(target, target) * self._step)
        return self._numeric([*self._between(target, origin), None], target, None, entry=origin)

    def _pair(self, a: Any, b: Any) -> Any:
        """The integral of exp(a (h - s)) exp(b s) over s in 0..h, right also where a = b."""
        gap = sympy.expand(a - b)
        if gap == 0:
            return self._step * sympy.exp(a * self._step)
        slow, fast = self._constant(Maximum(a, b), "rate"), self._constant(-Absolute(gap), "rate")
        return self._step * sympy.exp(slow * self._step) * RelativeExponential(fast * self._step)

    def _numeric(self, block: list[Any], target: Any, origin: Any, *, entry: Any = None) -> Any:
        """An entry of the matrix exponential of a block; None is an input that acts on `entry`."""
        if not self._may_call:
            raise NotImplementedError(f"{target} follows {entry or origin} through others")
        matrix = []
        for row in block:
            for column in block:
                if row is None:
                    matrix.append(ZERO)
                elif column is None:
                    matrix.append(ONE if row == entry else ZERO)
                else:
                    matrix.append(self._rate(row, column))
        return Propagator(block.index(target), block.index(origin), self._step, *matrix)
