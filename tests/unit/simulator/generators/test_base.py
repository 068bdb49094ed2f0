"""What all devices share: layouts, and expressions without jumps.

Oracle: Python's own evaluation of the expression as it stands.
"""

import itertools
import math

import pytest

from simulator.generators.base import Lowering, Names, layout, needed
from tests.support.simulator_plans import LIF, NOISY, statements

DEVICE = {
    "select": lambda c, a, b: a if c else b,
    "both": lambda a, b: a and b,
    "either": lambda a, b: a or b,
    "negation": lambda a: not a,
    "integer_power": lambda x, n: x**n,
    "power": math.pow,
    "minimum": min,
    "maximum": max,
    "absolute": abs,
    "ceiling": math.ceil,
    "floor": math.floor,
    "sqrt": math.sqrt,
    "exp": math.exp,
}
PYTHON = {"exp": math.exp, "sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil, "pow": pow}


def lowering(**kinds):
    return Lowering(Names(()), lambda number: f"real({number!r})", kinds)


@pytest.mark.parametrize(
    "expression",
    [
        "a + 2*b - 3/(c + 1)",
        "a if a > b else b if b > c else c",
        "1 if a < b <= c else -1",
        "(a > b) + 2*(b > c)",
        "a if b else c",
        "a**2 + b**-3 + (a**2 + 1)**0.5 + pow(abs(b), 1.5) + 2**c",
        "min(a, b, c) - max(a, b) + abs(-a)",
        "1 if not (a < 0 or b < 0) and c > 0 else 0",
        "exp(min(a, 2)) + floor(b) + ceil(c)",
        "+a - -b",
        "not a",
        "True if a > b else b > c",
    ],
)
def test_a_lowered_expression_has_the_value_of_the_original(expression):
    text, _ = lowering().lower(expression)
    for a, b, c in itertools.product((-1.5, 0.0, 0.5, 2.0), (-2.0, 1.0), (0.0, 3.0)):
        values = {"a": a, "b": b, "c": c}
        got = eval(text, {"real": float, **DEVICE}, values)
        assert got == pytest.approx(eval(expression, PYTHON, values))


@pytest.mark.parametrize("expression", ["a if b else c", "a and b", "a < b < c", "not a", "a**2"])
def test_a_lowered_expression_has_no_jumps(expression):
    text, _ = lowering().lower(expression)
    assert not {"if", "and", "not", "**"} & set(text.replace("(", " ").split())


def test_every_literal_has_the_precision_of_the_kernel():
    assert lowering().lower("2*x + 0.5 > -1")[0] == "real(2.0) * x + real(0.5) > real(-1.0)"


def test_a_truth_value_under_a_name_counts_in_arithmetic():
    text = lowering().lower_all(statements("high = x > 1\ny = 3*high"))
    assert text == ["high = x > real(1.0)", "y = real(3.0) * select(high, real(1.0), real(0.0))"]


@pytest.mark.parametrize("expression", ["x.real", "[x]", "open(x)", "x % 2", "'text'", "x @ y"])
def test_what_no_plan_may_contain_is_refused(expression):
    with pytest.raises(ValueError, match="plan"):
        lowering().lower(expression)


def test_a_name_that_the_kernel_uses_is_changed_and_stays_distinct():
    names = Names({"lane", "lane_"})
    assert [names["lane__"], names["lane"], names["v"], names["lane"]] == [
        "lane__", "lane___", "v", "lane___",
    ]  # fmt: skip


def test_fields_are_states_and_then_what_varies_and_is_used():
    where = layout(LIF, {"i_offset", "decay", "tau_m"})
    assert where.fields == ("v", "i_syn", "refractory_left", "i_offset", "decay")
    assert where.shared == (
        "dt", "cm", "v_rest", "v_thresh", "v_reset", "syn_decay", "gain", "refractory_steps",
    )  # fmt: skip


def test_what_the_model_does_not_have_cannot_vary():
    with pytest.raises(ValueError, match=r"'noisy izhikevich': tau cannot vary .* a, b, c, d"):
        layout(NOISY, {"tau", "a"})


def test_only_statements_that_a_result_follows_from_are_kept():
    body = statements("a = x\nb = a\nc = y\nb = b + 1\na = c")
    assert [str(s) for s in needed(body, "b")] == ["a = x", "b = a", "b = b + 1"]
