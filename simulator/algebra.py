"""Expressions of plans evaluated with NumPy: initial values, constants, algebraic variables."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import CodeType
from typing import Any

import numpy as np
import numpy.typing as npt

from .propagators import propagator
from .statements import Statement

F64 = npt.NDArray[np.float64]


def _exprel(x: Any) -> Any:
    """(exp(x) - 1)/x, 1 at x = 0."""
    x = np.asarray(x, np.float64)
    small = np.abs(x) < 1e-300
    return np.where(small, 1.0, np.expm1(x) / np.where(small, 1.0, x))


def _smallest(*values: Any) -> Any:
    result = values[0]
    for value in values[1:]:
        result = np.minimum(result, value)
    return result


def _largest(*values: Any) -> Any:
    result = values[0]
    for value in values[1:]:
        result = np.maximum(result, value)
    return result


VOCABULARY: dict[str, Any] = {
    "exp": np.exp, "expm1": np.expm1, "log": np.log, "log10": np.log10, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "exprel": _exprel, "abs": np.abs, "sign": np.sign, "floor": np.floor,
    "ceil": np.ceil, "round": np.round, "min": _smallest, "max": _largest, "pow": np.power,
    "where": np.where, "logical_and": np.logical_and, "logical_or": np.logical_or,
    "logical_not": np.logical_not, "propagator": propagator, "pi": np.pi, "inf": np.inf,
    "__builtins__": {},
}  # fmt: skip
"""What names mean in an expression; what stands here is all that it can reach."""


class _Vectorised(ast.NodeTransformer):
    """``a if c else b`` becomes ``where(c, a, b)``; and, or, not become functions."""

    def _call(self, name: str, *arguments: ast.expr) -> ast.Call:
        return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return self._call("where", node.test, node.body, node.orelse)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
        result = node.values[0]
        for value in node.values[1:]:
            result = self._call(name, result, value)
        return result

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return self._call("logical_not", node.operand) if isinstance(node.op, ast.Not) else node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) == 1:
            return node
        sides = [node.left, *node.comparators]
        parts = [ast.Compare(sides[k], [op], [sides[k + 1]]) for k, op in enumerate(node.ops)]
        result: ast.expr = parts[0]
        for part in parts[1:]:
            result = self._call("logical_and", result, part)
        return result


@lru_cache(maxsize=4096)
def _compiled(expression: str) -> CodeType:
    tree = _Vectorised().visit(ast.parse(expression, mode="eval"))
    return compile(ast.fix_missing_locations(tree), "<expression>", "eval")


def value(expression: str, names: Mapping[str, Any]) -> Any:
    """An expression of numbers and arrays; infinities and NaN come without a warning."""
    with np.errstate(all="ignore"):
        return eval(_compiled(expression), dict(VOCABULARY), dict(names))


def evaluate(statements: Iterable[Statement], names: Mapping[str, Any], wanted: str, n: int) -> F64:
    """What `wanted` is after the statements that lead to it, (n,)."""
    known = dict(names)
    for statement in statements:
        known[statement.target] = value(statement.expression, known)
        if statement.target == wanted:
            break
    return np.array(np.broadcast_to(known[wanted], (n,)), np.float64)
