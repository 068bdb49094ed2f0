"""Derivatives of the language's functions.  Oracle: central differences."""

import pytest
import sympy

from simulator.expressions import symbol
from simulator.functions import (
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
from simulator.printing import source
from tests.support.plans import evaluate

X = symbol("x")


@pytest.mark.parametrize("x", [-1.3, 0.4, 2.6])
@pytest.mark.parametrize(
    "expression",
    [
        Absolute(X) * X,
        Ceiling(X) * X,
        Floor(X) * X,
        Log10(X**2 + 1),
        Maximum(X, X**2),
        Minimum(X**3, 2 * X),
        RelativeExponential(2 * X),
        Sign(X) * X**2,
        Where(X > 0.5, sympy.sin(X), X**2) * X,
    ],
)
def test_derivatives_are_those_of_the_function(expression, x):
    h = 1e-6
    text = source(expression)
    numeric = (evaluate(text, {"x": x + h}) - evaluate(text, {"x": x - h})) / (2 * h)
    assert evaluate(source(expression.diff(X)), {"x": x}) == pytest.approx(numeric, rel=1e-7)
