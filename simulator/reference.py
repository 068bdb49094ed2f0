"""Plans run step by step with NumPy in float64: what kernels for CPU and CUDA are compared with.

Slow, and independent of the generators: expressions are evaluated as they stand, by walking them.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .kernels.philox import draws
from .propagators import propagator
from .statements import CurrentPlan, Draw, NeuronPlan, Statement

F64 = npt.NDArray[np.float64]


def _exprel(x: Any) -> Any:
    x = np.asarray(x, np.float64)
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.where(np.isposinf(x), np.inf, np.expm1(safe) / safe))


_FUNCTIONS: dict[str, Any] = {
    "exp": np.exp, "log": np.log, "log10": np.log10, "sqrt": np.sqrt,
    "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "exprel": _exprel,
    "abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "pow": np.power,
    "min": lambda *x: np.minimum.reduce(np.broadcast_arrays(*x)),
    "max": lambda *x: np.maximum.reduce(np.broadcast_arrays(*x)),
    "propagator": propagator,
}  # fmt: skip
_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.true_divide,
    ast.Pow: np.float_power, ast.USub: np.negative, ast.UAdd: np.positive, ast.Not: np.logical_not,
    ast.Lt: np.less, ast.LtE: np.less_equal, ast.Gt: np.greater, ast.GtE: np.greater_equal,
    ast.Eq: np.equal, ast.NotEq: np.not_equal, ast.And: np.logical_and, ast.Or: np.logical_or,
}  # fmt: skip


@functools.lru_cache(1024)
def _tree(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def evaluate(expression: str, values: Mapping[str, Any]) -> Any:
    """The value of an expression of a plan; names stand for numbers or columns."""
    with np.errstate(all="ignore"):
        return _value(_tree(expression), {"pi": math.pi, **values})


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value if isinstance(value, bool) else np.float64(value)  # type: ignore[arg-type]
        case ast.Name(id=name):
            return values[name]
        case ast.BinOp(left=left, op=op, right=right):
            return _OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.UnaryOp(op=op, operand=operand):
            return _OPERATORS[type(op)](_value(operand, values))
        case ast.BoolOp(op=op, values=parts):
            return _OPERATORS[type(op)].reduce(
                np.broadcast_arrays(*(_value(part, values) for part in parts))
            )
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            sides = [_value(side, values) for side in (left, *comparators)]
            holds = True
            for how, a, b in zip(ops, sides, sides[1:], strict=False):
                holds = np.logical_and(holds, _OPERATORS[type(how)](a, b))
            return holds
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return np.where(_value(test, values), _value(body, values), _value(orelse, values))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _FUNCTIONS[name](*(_value(argument, values) for argument in arguments))
    raise ValueError(f"{ast.unparse(node)!r} cannot stand in a plan")


def _run(body: Sequence[Statement], known: dict[str, Any]) -> None:
    """Execute statements; results go into `known`."""
    for statement in body:
        known[statement.target] = evaluate(statement.expression, known)


class _Reference:
    """Members of a group, in float64.

    values  states, parameters and constants by name: (n,) or a number
    step    steps done
    """

    def __init__(
        self, plan: NeuronPlan | CurrentPlan, n: int, values: Mapping[str, Any], *, dt_ms: float,
        seed: int = 0, stream: int = 0,
    ) -> None:  # fmt: skip
        self.plan, self.n, self.dt_ms = plan, n, dt_ms
        self.seed, self.stream, self.step = seed, stream, 0
        self.values = {name: np.asarray(value, np.float64) for name, value in values.items()}
        for state in plan.states:
            self.values[state.name] = np.broadcast_to(self.values[state.name], n).copy()

    def _draw(self, draw: Draw, k: int) -> F64:
        return draws(
            draw.distribution, np.arange(self.n), self.step, stream=self.stream, draw=k,
            seed=self.seed,
        )  # fmt: skip

    def _advance(self, arriving: Mapping[str, Any]) -> dict[str, Any]:
        self.step += 1
        known = {**self.values, "dt": self.dt_ms, "t": (self.step - 1) * self.dt_ms, **arriving}
        known |= {draw.name: self._draw(draw, k) for k, draw in enumerate(self.plan.draws)}
        _run(self.plan.body, known)
        for state in self.plan.states:
            value = np.asarray(known[state.name], np.float64)
            self.values[state.name] = np.broadcast_to(value, self.n).copy()
        return known


class Neurons(_Reference):
    """Neurons of one model."""

    plan: NeuronPlan

    def advance(self, inputs: Mapping[str, Any] | None = None, i_inj: Any = 0.0) -> Any:
        """One step with what arrives at each receptor; returns who fired, (n,) bool."""
        arriving = {receptor.input: 0.0 for receptor in self.plan.receptors}
        for receptor in self.plan.receptors:
            arriving[receptor.input] = (inputs or {}).get(receptor.name, 0.0)
        known = self._advance({**arriving, "i_inj": i_inj})
        return np.broadcast_to(known.get("spike", False), self.n)

    def algebraic(self, name: str, i_inj: Any = 0.0) -> F64:
        """An algebraic quantity at the end of the step, (n,)."""
        known = {**self.values, "dt": self.dt_ms, "t": self.step * self.dt_ms, "i_inj": i_inj}
        _run(self.plan.algebraic, known)
        return np.broadcast_to(np.asarray(known[name], np.float64), self.n)


class Currents(_Reference):
    """A current source: `n` targets if its plan is per target, else n = 1."""

    plan: CurrentPlan

    def advance(self) -> F64:
        """One step; returns the amplitude [nA], (n,)."""
        amplitude = np.asarray(self._advance({})["amplitude"], np.float64)
        return np.broadcast_to(amplitude, self.n)
