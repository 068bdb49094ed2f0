"""Text in Python's syntax to symbolic expressions and back; dimensions are checked on the way.

Numbers are exact fractions of the decimals that were written, so that sums that cancel on paper
cancel here.  Printing expands small integer powers into products and knows only the functions
that plans may use (`statements.FUNCTIONS`).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

import sympy

from .errors import EquationError, Place, UnitError, UnknownNameError, shortened
from .functions import (
    Absolute,
    Ceiling,
    Floor,
    Log10,
    Maximum,
    Minimum,
    RelativeExponential,
    Sign,
    Where,
)
from .units import DIMENSIONLESS, UNITS, Dimension


def symbol(name: str) -> Any:
    """The symbol of a name; all are real numbers."""
    return sympy.Symbol(name, real=True)


@dataclass(frozen=True)
class Value:
    """What a piece of text means.

    dimension  None: any (a bare zero, or a model whose units are not checked)
    """

    expression: Any
    dimension: Dimension | None = None
    is_condition: bool = False
    literal: Fraction | None = None


_SMOOTH: dict[str, Callable[..., Any]] = {
    "exp": sympy.exp, "log": sympy.log, "log10": Log10, "sin": sympy.sin, "cos": sympy.cos,
    "tan": sympy.tan, "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh,
    "exprel": RelativeExponential, "floor": Floor, "ceil": Ceiling,
}  # fmt: skip
"""Functions of a pure number that give one."""
_SPECIAL = {"sqrt": 1, "abs": 1, "sign": 1, "clip": 3, "where": 3, "pow": 2}
"""Functions with rules of their own for dimensions, and how many arguments they take."""
_EXTREMES = {"min": Minimum, "max": Maximum}
RANDOM = ("normal", "uniform")
FUNCTION_NAMES = (*_SMOOTH, *_SPECIAL, *_EXTREMES, *RANDOM)

_COMPARISONS: dict[type[ast.cmpop], Callable[..., Any]] = {
    ast.Lt: sympy.Lt, ast.LtE: sympy.Le, ast.Gt: sympy.Gt, ast.GtE: sympy.Ge,
    ast.Eq: sympy.Eq, ast.NotEq: sympy.Ne,
}  # fmt: skip


_CHECK = "check its divisors, roots and logarithms"
_NOT_REAL = (sympy.zoo, sympy.nan, sympy.oo, -sympy.oo, sympy.I)
_LARGEST_POWER = 1000
"""Of numbers; beyond it computer algebra would write out very long integers."""


_HINTS = {
    "xi": "white noise can stand in the equation of a dx/dt of a neuron or current only",
    "weight": "weights are known to receptors and synapses only",
    "delay": "the delay of a synapse is not known to its equations; make it a parameter",
    "spike": "give what happens at a spike as the reset",
}
"""Ways out for names, up to an underscore, that have a meaning somewhere else."""


def _no_draw(distribution: str) -> Any:
    raise LookupError(distribution)


@dataclass
class Reader:
    """Reads expressions in which certain names have meanings.

    names    what a name stands for, in coherent units
    draw     gives the symbol of a new random number of a distribution
    """

    names: Mapping[str, Value]
    check_units: bool = True
    draw: Callable[[str], Any] = _no_draw
    place: Place = field(default_factory=lambda: Place("", ""))

    def read(self, text: str, place: Place) -> Value:
        """The meaning of an expression.

        Raises  EquationError, UnitError or UnknownNameError at `place`
        """
        self.place = place
        shown = shortened(text)
        try:
            value = self._value(self._tree(text, shown))
        except (RecursionError, MemoryError):
            problem = f"'{shown}' is nested too deeply"
            raise self._error(problem, "split it by algebraic equations") from None
        if not value.is_condition and value.expression.has(*_NOT_REAL):
            raise self._error(f"'{shown}' has no finite real value", _CHECK)
        return value

    def _tree(self, text: str, shown: str) -> ast.expr:
        try:
            return ast.parse(text.strip().replace("^", "**"), mode="eval").body
        except (SyntaxError, ValueError):
            problem = f"'{shown}' is not an expression"
            raise self._error(problem, "write it in Python's syntax") from None

    def expect(self, value: Value, dimension: Dimension, what: str) -> Any:
        """The expression of a value that must have a dimension."""
        if value.is_condition:
            raise self._error(f"{what} is a condition", "give a number, for example with where()")
        if self.check_units and value.dimension not in (None, dimension):
            raise UnitError(
                self.place,
                f"{what} has unit {value.dimension} where {dimension} is needed",
                self._unit_advice(value, dimension, what),
            )
        return value.expression

    def condition(self, value: Value) -> Any:
        """The expression of a value that must be a condition."""
        if not value.is_condition:
            raise self._error("this is a number, not a condition", "compare it: v >= v_thresh")
        return value.expression

    @staticmethod
    def _unit_advice(value: Value, dimension: Dimension, what: str) -> str:
        if value.literal is not None:
            return f"give the number its unit: {float(value.literal):g}*{dimension}"
        assert value.dimension is not None  # any dimension would have been accepted
        return f"divide {what} by something in {value.dimension / dimension}"

    def _error(self, problem: str, way_out: str) -> EquationError:
        return EquationError(self.place, problem, way_out)

    def _value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=bool() as truth):
                return Value(sympy.true if truth else sympy.false, is_condition=True)
            case ast.Constant(value=int() | float() as number):
                return self._number(number)
            case ast.Name(id=name):
                return self._name(name)
            case ast.BinOp():
                return self._binary(node)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Value(sympy.Not(self._condition(operand)), is_condition=True)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._quantity(operand)
                literal = None if inner.literal is None else -inner.literal
                return Value(-inner.expression, inner.dimension, literal=literal)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._quantity(operand)
            case ast.BoolOp(op=operator, values=parts):
                join = sympy.And if isinstance(operator, ast.And) else sympy.Or
                return Value(join(*(self._condition(one) for one in parts)), is_condition=True)
            case ast.Compare():
                return self._comparison(node)
            case ast.IfExp(test=test, body=yes, orelse=no):
                return self._choice(test, yes, no)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments)
        raise self._error(
            f"'{ast.unparse(node)}' is not part of the language",
            "use numbers, names, + - * / **, comparisons and the functions "
            + ", ".join(sorted(FUNCTION_NAMES)),
        )

    def _number(self, number: int | float) -> Value:
        if number != number or number in (float("inf"), float("-inf")):
            raise self._error(f"{number} is not a finite number", "write a smaller one")
        exact = Fraction(repr(number))
        expression = sympy.Rational(exact.numerator, exact.denominator)
        return Value(expression, None if exact == 0 else DIMENSIONLESS, literal=exact)

    def _name(self, name: str) -> Value:
        if name in self.names:
            return self.names[name]
        if name in UNITS:
            unit = UNITS[name]
            scale = unit.scale if self.check_units else Fraction(1)
            return Value(sympy.Rational(scale.numerator, scale.denominator), unit.dimension)
        raise self.unknown(name)

    def unknown(self, name: str) -> UnknownNameError:
        """The error for a name that means nothing here."""
        known = [*self.names, *FUNCTION_NAMES]
        near = get_close_matches(name, known, n=1)
        if name.split("_")[0] in _HINTS:
            way_out = _HINTS[name.split("_")[0]]
        elif name in FUNCTION_NAMES:
            way_out = f"'{name}' is a function: call it"
        elif near:
            way_out = f"did you mean '{near[0]}'?"
        else:
            way_out = (
                f"declare it as a parameter or by an equation; known are {', '.join(self.names)}"
            )
        return UnknownNameError(self.place, name, f"unknown name '{name}'", way_out)

    def _quantity(self, node: ast.expr) -> Value:
        value = self._value(node)
        if value.is_condition:
            raise self._error(
                f"'{ast.unparse(node)}' is a condition where a number is needed",
                f"write where({ast.unparse(node)}, 1, 0)",
            )
        return value

    def _condition(self, node: ast.expr) -> Any:
        value = self._value(node)
        if not value.is_condition:
            raise self._error(f"'{ast.unparse(node)}' is a number where a condition is needed",
                              f"write {ast.unparse(node)} > 0")  # fmt: skip
        return value.expression

    def _binary(self, node: ast.BinOp) -> Value:
        left, right = self._quantity(node.left), self._quantity(node.right)
        a, b = left.expression, right.expression
        match node.op:
            case ast.Add():
                return Value(a + b, self._same(node.left, left, node.right, right))
            case ast.Sub():
                return Value(a - b, self._same(node.left, left, node.right, right))
            case ast.Mult():
                return Value(a * b, _dimension(left) * _dimension(right))
            case ast.Div():
                self._refuse_zero(right, node)
                return Value(a / b, _dimension(left) / _dimension(right))
            case ast.Pow():
                return self._power(node, left, right)
            case ast.Mod():
                self._refuse_zero(right, node)
                return Value(a - b * Floor(a / b), self._same(node.left, left, node.right, right))
            case ast.FloorDiv():
                self._refuse_zero(right, node)
                self._same(node.left, left, node.right, right)
                return Value(Floor(a / b), DIMENSIONLESS)
        raise self._error(f"'{ast.unparse(node)}' is not part of the language",
                          "use + - * / // % and **")  # fmt: skip

    def _refuse_zero(self, divisor: Value, node: ast.BinOp) -> None:
        if divisor.expression == 0:
            raise self._error(f"'{ast.unparse(node)}' divides by zero", "change the divisor")

    def _same(self, left_node: ast.expr, left: Value, right_node: ast.expr, right: Value) -> Any:
        """The dimension of two values that must have the same."""
        if left.dimension is None or right.dimension is None:
            return right.dimension if left.dimension is None else left.dimension
        if self.check_units and left.dimension != right.dimension:
            one, other, blamed = ast.unparse(left_node), ast.unparse(right_node), right
            if left.literal is not None:
                one, other, blamed = other, one, left
            wanted = left.dimension if blamed is right else right.dimension
            raise UnitError(
                self.place,
                f"'{other}' has unit {blamed.dimension} and '{one}' has unit {wanted}, which "
                "cannot be added or compared",
                self._unit_advice(blamed, wanted, f"'{other}'"),
            )
        return left.dimension

    def _power(self, node: ast.BinOp, base: Value, exponent: Value) -> Value:
        self._pure(exponent, ast.unparse(node.right))
        if exponent.expression.is_number and abs(exponent.expression) > _LARGEST_POWER:
            raise self._error(
                f"the exponent of '{ast.unparse(node)}' is larger than {_LARGEST_POWER}",
                "use a smaller one",
            )
        expression = base.expression**exponent.expression
        if base.dimension in (None, DIMENSIONLESS) or not self.check_units:
            return Value(expression, DIMENSIONLESS)
        if not exponent.expression.is_Rational:
            raise UnitError(
                self.place,
                f"'{ast.unparse(node.left)}' has unit {base.dimension} and is raised to a power "
                "that is not a number",
                "divide it by a quantity of the same unit first",
            )
        power = Fraction(int(exponent.expression.p), int(exponent.expression.q))
        return Value(expression, _dimension(base) ** power)

    def _pure(self, value: Value, text: str) -> None:
        """Insist on a number without unit."""
        if self.check_units and value.dimension not in (None, DIMENSIONLESS):
            raise UnitError(
                self.place,
                f"'{text}' has unit {value.dimension} where a pure number is needed",
                f"divide it by something in {value.dimension}",
            )

    def _comparison(self, node: ast.Compare) -> Value:
        parts = []
        operands = [node.left, *node.comparators]
        for left_node, operator, right_node in zip(operands, node.ops, operands[1:], strict=False):
            left, right = self._quantity(left_node), self._quantity(right_node)
            compare = _COMPARISONS.get(type(operator))
            if compare is None:
                raise self._error(f"'{ast.unparse(node)}' is not a comparison of numbers",
                                  "use < <= > >= == !=")  # fmt: skip
            self._same(left_node, left, right_node, right)
            try:
                parts.append(compare(left.expression, right.expression))
            except TypeError:  # a side is a complex number
                text = ast.unparse(node)
                raise self._error(f"'{text}' has a side without real value", _CHECK) from None
        return Value(parts[0] if len(parts) == 1 else sympy.And(*parts), is_condition=True)

    def _choice(self, test: ast.expr, yes_node: ast.expr, no_node: ast.expr) -> Value:
        condition = self._condition(test)
        yes, no = self._quantity(yes_node), self._quantity(no_node)
        dimension = self._same(yes_node, yes, no_node, no)
        return Value(Where(condition, yes.expression, no.expression), dimension)

    def _call(self, name: str, nodes: list[ast.expr]) -> Value:
        if name in RANDOM:
            return self._random(name, nodes)
        if name in _EXTREMES:
            return self._extreme(name, nodes)
        wanted = 1 if name in _SMOOTH else _SPECIAL.get(name)
        if wanted is None:
            raise self._not_a_function(name)
        if len(nodes) != wanted:
            raise self._error(f"{name}() is given {len(nodes)} arguments", f"it takes {wanted}")
        if name == "where":
            return self._choice(*nodes)
        if name == "pow":
            return self._binary(ast.BinOp(nodes[0], ast.Pow(), nodes[1]))
        if name == "clip":
            return self._clip(nodes)
        value = self._quantity(nodes[0])
        if name == "sqrt":
            return Value(sympy.sqrt(value.expression), _dimension(value) ** Fraction(1, 2))
        if name == "abs":
            return Value(Absolute(value.expression), value.dimension)
        if name == "sign":
            return Value(Sign(value.expression), DIMENSIONLESS)
        self._pure(value, ast.unparse(nodes[0]))
        return Value(_SMOOTH[name](value.expression), DIMENSIONLESS)

    def _not_a_function(self, name: str) -> UnknownNameError:
        near = get_close_matches(name, FUNCTION_NAMES, n=1)
        known = ", ".join(sorted(FUNCTION_NAMES))
        way_out = f"did you mean '{near[0]}'?" if near else f"known are {known}"
        if name in self.names:
            way_out = f"'{name}' is a quantity; write '{name} * (...)' to multiply"
        return UnknownNameError(self.place, name, f"unknown function '{name}'", way_out)

    def _random(self, name: str, nodes: list[ast.expr]) -> Value:
        if nodes:
            raise self._error(
                f"{name}() takes no arguments",
                "normal() has mean 0 and deviation 1, uniform() lies between 0 and 1: scale them",
            )
        try:
            return Value(self.draw(name), DIMENSIONLESS)
        except LookupError:
            raise self._error(f"{name}() cannot stand here", "draw where something happens: in "
                              "equations, conditions and statements") from None  # fmt: skip

    def _extreme(self, name: str, nodes: list[ast.expr]) -> Value:
        if len(nodes) < 2:
            raise self._error(f"{name}() is given {len(nodes)} arguments", "it takes two or more")
        total = self._quantity(nodes[0])
        for node in nodes[1:]:
            other = self._quantity(node)
            dimension = self._same(nodes[0], total, node, other)
            total = Value(_EXTREMES[name](total.expression, other.expression), dimension)
        return total

    def _clip(self, nodes: list[ast.expr]) -> Value:
        value, low, high = (self._quantity(node) for node in nodes)
        dimension = self._same(nodes[0], value, nodes[1], low)
        dimension = self._same(nodes[0], Value(value.expression, dimension), nodes[2], high)
        inside = Minimum(Maximum(value.expression, low.expression), high.expression)
        return Value(inside, dimension)


def _dimension(value: Value) -> Dimension:
    return DIMENSIONLESS if value.dimension is None else value.dimension
