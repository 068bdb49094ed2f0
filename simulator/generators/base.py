"""What all devices share: expressions in a form without jumps, and where values of a plan stand.

`lower` rewrites an expression of a plan into calls and arithmetic on numbers of one type:
``a if c else b`` becomes ``select(c, a, b)``, ``and`` becomes ``both``, a power with a whole
exponent ``integer_power``, and every literal a number of the kernel's precision.  A device offers
functions of these names (`CALLS`, `select`, `both`, `either`, `negation`, `integer_power`).
"""

from __future__ import annotations

import ast
import keyword
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..statements import CurrentPlan, NeuronPlan, Statement

Kind = Literal["real", "bool"]
CALLS = {
    "exp": "exp", "log": "log", "log10": "log10", "sqrt": "sqrt",
    "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
    "exprel": "exprel", "abs": "absolute", "sign": "sign", "floor": "floor", "ceil": "ceiling",
    "min": "minimum", "max": "maximum", "pow": "power",
}  # fmt: skip
"""Function of a plan -> function of a device."""
LOGIC = ("select", "both", "either", "negation", "integer_power")
LARGEST_INTEGER_POWER = 64
"""Whole exponents beyond it are computed as ``exp(n log(x))``."""


def names_in(expressions: Iterable[str]) -> set[str]:
    """The names that expressions read, functions among them."""
    return {
        node.id
        for expression in expressions
        for node in ast.walk(ast.parse(expression, mode="eval"))
        if isinstance(node, ast.Name)
    }


@dataclass(frozen=True)
class Layout:
    """Where the values of a plan stand.

    fields  what differs between neurons, in the order of a block's fields: states first
    shared  what is equal for all of them; ``dt`` first
    """

    fields: tuple[str, ...]
    shared: tuple[str, ...]


def layout(plan: NeuronPlan | CurrentPlan, varying: Collection[str]) -> Layout:
    """The layout of a plan whose parameters and constants `varying` differ between neurons.

    Those that neither the body nor an algebraic quantity reads have no place.
    Raises ValueError for a name in `varying` that the plan does not have.
    """
    numbers = [p.name for p in plan.parameters] + [c.name for c in plan.constants]
    if unknown := sorted(set(varying) - set(numbers)):
        raise ValueError(
            f"model {plan.name!r}: {', '.join(unknown)} cannot vary between neurons; it has the "
            f"parameters and constants {', '.join(numbers)}"
        )
    statements = (*getattr(plan, "substep", ()), *plan.body, *getattr(plan, "algebraic", ()))
    used = names_in(s.expression for s in statements)
    states = [state.name for state in plan.states]
    fields = states + [name for name in numbers if name in used and name in varying]
    shared = ["dt"] + [name for name in numbers if name in used and name not in varying]
    return Layout(tuple(fields), tuple(shared))


def needed(statements: Sequence[Statement], *targets: str) -> list[Statement]:
    """Those of straight-line statements that `targets` follow from, in their order."""
    wanted, kept = set(targets), []
    for statement in reversed(statements):
        if statement.target in wanted:
            wanted.discard(statement.target)
            wanted |= names_in([statement.expression])
            kept.append(statement)
    return kept[::-1]


def assigned(statements: Iterable[Statement]) -> set[str]:
    """The names that statements write."""
    return {statement.target for statement in statements}


@dataclass
class Names:
    """Identifiers of a plan as identifiers of a kernel: changed where the kernel uses them itself.

    >>> names = Names({"lane"})
    >>> names["v"], names["lane"]
    ('v', 'lane_')
    """

    reserved: Collection[str]
    _known: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        if name not in self._known:
            free = name
            while free in self.reserved or keyword.iskeyword(free) or free in self._known.values():
                free += "_"
            self._known[name] = free
        return self._known[name]


@dataclass
class Lowering:
    """How to rewrite the expressions of one kernel.

    names    identifiers of the plan -> of the kernel
    literal  a number -> source text of it in the kernel's precision
    kinds    what names stand for; `lower_all` adds the targets that it meets
    """

    names: Names
    literal: Callable[[float], str]
    kinds: dict[str, Kind] = field(default_factory=dict)

    def lower(self, expression: str) -> tuple[str, Kind]:
        """The text of an expression without jumps, and what it gives."""
        node, kind = self._any(ast.parse(expression, mode="eval").body)
        return ast.unparse(node), kind

    def lower_all(self, statements: Iterable[Statement]) -> list[str]:
        """Lines of source text."""
        lines = []
        for statement in statements:
            text, kind = self.lower(statement.expression)
            self.kinds[statement.target] = kind
            lines.append(f"{self.names[statement.target]} = {text}")
        return lines

    def _any(self, node: ast.expr) -> tuple[ast.expr, Kind]:
        match node:
            case ast.Constant(value=bool()):
                return node, "bool"
            case ast.Constant(value=int() | float() as number):
                return _parsed(self.literal(float(number))), "real"
            case ast.Name(id=name):
                return self._name(name)
            case ast.BinOp():
                return self._operation(node), "real"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _call("negation", self._bool(operand)), "bool"
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._any(operand)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return _parsed(self.literal(-float(number))), "real"
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return ast.UnaryOp(ast.USub(), self._real(operand)), "real"
            case ast.BoolOp(op=op, values=values):
                function = "both" if isinstance(op, ast.And) else "either"
                return _nested(function, [self._bool(value) for value in values]), "bool"
            case ast.Compare():
                return self._comparison(node), "bool"
            case ast.IfExp():
                return self._choice(node)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in CALLS:
                return self._function(name, arguments), "real"
        raise ValueError(
            f"{ast.unparse(node)!r} cannot stand in a plan; write arithmetic, comparisons, "
            f"'a if c else b' and the functions {', '.join(CALLS)}"
        )

    def _real(self, node: ast.expr) -> ast.expr:
        """A number: a truth value counts 1 or 0."""
        result, kind = self._any(node)
        if kind == "bool":
            return _call("select", result, *(_parsed(self.literal(x)) for x in (1.0, 0.0)))
        return result

    def _bool(self, node: ast.expr) -> ast.expr:
        """A truth value: a number counts as true unless it is 0."""
        result, kind = self._any(node)
        if kind == "real":
            return ast.Compare(result, [ast.NotEq()], [_parsed(self.literal(0.0))])
        return result

    def _name(self, name: str) -> tuple[ast.expr, Kind]:
        if name == "pi" and name not in self.kinds:
            return _parsed(self.literal(math.pi)), "real"
        return ast.Name(self.names[name]), self.kinds.get(name, "real")

    def _operation(self, node: ast.BinOp) -> ast.expr:
        if isinstance(node.op, ast.Pow):
            return self._power(node.left, node.right)
        if not isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div)):
            raise ValueError(f"{ast.unparse(node)!r}: a plan knows + - * / ** only")
        return ast.BinOp(self._real(node.left), node.op, self._real(node.right))

    def _power(self, base: ast.expr, exponent: ast.expr) -> ast.expr:
        try:
            number = float(ast.literal_eval(exponent))
        except ValueError:
            return _call("power", self._real(base), self._real(exponent))
        if number == 0.5:
            return _call("sqrt", self._real(base))
        if number.is_integer() and abs(number) <= LARGEST_INTEGER_POWER:
            return _call("integer_power", self._real(base), ast.Constant(int(number)))
        return _call("power", self._real(base), _parsed(self.literal(number)))

    def _comparison(self, node: ast.Compare) -> ast.expr:
        sides = [self._real(side) for side in (node.left, *node.comparators)]
        parts: list[ast.expr] = [
            ast.Compare(left, [op], [right])
            for left, op, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return _nested("both", parts)

    def _choice(self, node: ast.IfExp) -> tuple[ast.expr, Kind]:
        (a, kind_a), (b, kind_b) = self._any(node.body), self._any(node.orelse)
        kind: Kind = "bool" if kind_a == kind_b == "bool" else "real"
        if kind == "real":
            a, b = self._real(node.body), self._real(node.orelse)
        return _call("select", self._bool(node.test), a, b), kind

    def _function(self, name: str, arguments: list[ast.expr]) -> ast.expr:
        if name == "pow":
            return self._power(*arguments)
        numbers = [self._real(argument) for argument in arguments]
        if name in ("min", "max"):
            return _nested(CALLS[name], numbers)
        return _call(CALLS[name], *numbers)


def _parsed(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _call(function: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(ast.Name(function), list(arguments), [])


def _nested(function: str, arguments: list[ast.expr]) -> ast.expr:
    """f(f(a, b), c) of a function of two arguments."""
    result = arguments[0]
    for argument in arguments[1:]:
        result = _call(function, result, argument)
    return result
