"""Text to expressions and back.

Oracle: Python's own arithmetic on the text that went in.
"""

import math

import pytest
import sympy
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from simulator.body import Body
from simulator.errors import EquationError, Place, UnitError, UnknownNameError
from simulator.expressions import Reader, Value, symbol
from simulator.printing import source
from simulator.units import CURRENT, DIMENSIONLESS, VOLTAGE
from tests.support.plans import FUNCTIONS, evaluate, run

PLACE = Place("m", "equations", "x = ...")
NAMES = {"a": 1.7, "b": -0.4, "c": 3.25}
PURE = Reader({name: Value(symbol(name), DIMENSIONLESS) for name in NAMES})
PHYSICAL = Reader(
    {
        "v": Value(symbol("v"), VOLTAGE),
        "v_rest": Value(symbol("v_rest"), VOLTAGE),
        "i": Value(symbol("i"), CURRENT),
    }
)


def _away_from_steps(function):
    """The function, but undefined where rounding could tip it: next to a whole number."""

    def guarded(x):
        if x != round(x) and abs(x - round(x)) < 1e-9:
            raise ValueError
        return function(x)

    return guarded


PYTHON = FUNCTIONS | {
    **{name: _away_from_steps(FUNCTIONS[name]) for name in ("floor", "ceil", "sign")},
    "where": lambda c, x, y: x if c else y,
    "clip": lambda x, low, high: min(max(x, low), high),
}

numbers = st.one_of(
    st.sampled_from(["2", "0.5", "1.25", "3", "125e-3", "10"]), st.sampled_from(sorted(NAMES))
)


def _extend(inner):
    smooth = st.sampled_from(["sin", "cos", "tanh", "abs", "floor", "ceil", "sign", "exprel"])
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("(-{})".format, inner),
        st.builds("({})**{}".format, inner, st.sampled_from(["2", "3", "4", "(-1)", "(-2)"])),
        st.builds("({})^2".format, inner),
        st.builds("{}({})".format, smooth, inner),
        st.builds("exp(tanh({}))".format, inner),
        st.builds("sqrt(abs({}))".format, inner),
        st.builds("log(1 + abs({}))".format, inner),
        st.builds("{}({}, {})".format, st.sampled_from(["min", "max"]), inner, inner),
        st.builds("where({} < {} or not {} > 0, {}, {})".format, *[inner] * 5),
        st.builds("({} if {} >= {} and {} != 0 else {})".format, *[inner] * 5),
        st.builds("clip({}, -1, 1)".format, inner),
    )


expressions = st.recursive(numbers, _extend, max_leaves=12)


def _python(text):
    """The value in plain Python, or None where it is not a number of moderate size."""
    try:
        value = eval(text.replace("^", "**"), PYTHON, dict(NAMES))
    except (ArithmeticError, ValueError):
        return None
    return value if math.isfinite(value) and abs(value) < 1e6 else None


def _is_smooth_here(text):
    """Whether rounding cannot tip a comparison or a step: the value is stable under a nudge."""
    values = []
    for factor in (1 - 1e-9, 1 + 1e-9):
        try:
            names = {name: value * factor for name, value in NAMES.items()}
            values.append(eval(text.replace("^", "**"), PYTHON, names))
        except (ArithmeticError, ValueError):
            return False
    return math.isclose(*values, rel_tol=1e-4, abs_tol=1e-4)


def _read(text):
    try:
        return PURE.read(text, PLACE).expression
    except EquationError:  # a division by what turns out to be zero
        assume(False)


@settings(max_examples=400, deadline=None)
@given(expressions)
def test_reading_and_printing_keeps_the_value(text):
    expected = _python(text)
    assume(expected is not None and _is_smooth_here(text))
    printed = source(_read(text))
    assert evaluate(printed, dict(NAMES)) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@settings(max_examples=200, deadline=None)
@given(st.lists(expressions, min_size=1, max_size=3), st.sets(st.sampled_from("abc")))
def test_common_parts_and_constants_keep_the_value(texts, constant):
    expected = [_python(text) for text in texts]
    assume(None not in expected and all(map(_is_smooth_here, texts)))
    body = Body(NAMES, sorted(constant))
    wanted = {f"out{number}": _read(text) for number, text in enumerate(texts)}
    results = body.locals(wanted, wanted)
    names = dict(NAMES)
    for one in body.constants:
        names[one.name] = evaluate(one.expression, {name: names[name] for name in names})
    run(body.statements, names)
    found = [evaluate(source(results[key]), names) for key in wanted]
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a**3", "a*a*a"),
        ("a^-2", "1.0/(a*a)"),
        ("a**0.5", "sqrt(a)"),
        ("a**1.5", "pow(a, 1.5)"),
        ("a**9", "pow(a, 9.0)"),
        ("0.04*a**2", "0.04*a*a"),
        ("(a - b)/c", "(a - b)/c"),
        ("-a/(b*c)", "-a/(b*c)"),
        ("-(a + b)", "-a - b"),
        ("0.1 + 0.2 - 0.3", "0.0"),
        ("a > b and not (c < 1 or a == b)", "a > b and not (a == b or c < 1.0)"),
        ("tan(a + pi/2)", "-1.0/tan(a)"),
        ("sqrt(a**2)", "abs(a)"),
        ("a % 2", "a - 2.0*floor(0.5*a)"),
        ("a // 2", "floor(0.5*a)"),
        ("0 < a < 1", "0.0 < a and a < 1.0"),
        ("where(a > 0, b, b)", "b"),
        ("+a", "a"),
        ("pow(a, 2)", "a*a"),
        ("True and a > 1", "a > 1.0"),
        ("e**a", "exp(a)"),
    ],
)
def test_printed_text(text, printed):
    numbers = {"pi": Value(sympy.pi, DIMENSIONLESS), "e": Value(sympy.E, DIMENSIONLESS)}
    assert source(Reader({**PURE.names, **numbers}).read(text, PLACE).expression) == printed


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v + 1", "'1' has unit 1 and 'v' has unit mV, .*; give the number its unit: 1\\*mV"),
        ("v + i", "'i' has unit nA and 'v' has unit mV, .*; divide 'i' by something in uS"),
        ("exp(v)", "'v' has unit mV where a pure number is needed; divide it by something in mV"),
        ("1 + v", "'1' has unit 1 and 'v' has unit mV, .*; give the number its unit: 1\\*mV"),
        ("v > i", "cannot be added or compared"),
        ("2**v", "'v' has unit mV where a pure number"),
        ("v**v", "'v' has unit mV where a pure number"),
        ("v**(v/v_rest)", "raised to a power that is not a number; divide it by a quantity"),
        ("min(v, 1)", "'1' has unit 1 and 'v' has unit mV"),
        ("where(v > 0, v, i)", "'i' has unit nA and 'v' has unit mV"),
        ("clip(v, 0, 3)", "'3' has unit 1 and 'v' has unit mV"),
    ],
)
def test_quantities_of_different_kinds_are_refused(text, message):
    with pytest.raises(UnitError, match=message):
        PHYSICAL.read(text, PLACE)


@pytest.mark.parametrize("text", ["v + 0", "v > 0", "max(v, 0.0)", "where(v > 0, 0, v)", "0 - v"])
def test_a_bare_zero_has_any_unit(text):
    assert PHYSICAL.read(text, PLACE).dimension in (VOLTAGE, None)


def test_units_stand_in_expressions_where_the_model_has_no_such_name():
    scaled = PHYSICAL.read("v + 1.5*V", PLACE)
    assert evaluate(source(scaled.expression), {"v": 1.0}) == 1501.0
    named = Reader({"V": Value(symbol("V"), DIMENSIONLESS)}).read("V + 1", PLACE)
    assert source(named.expression) == "1.0 + V"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v_rst + v", "unknown name 'v_rst'; did you mean 'v_rest'"),
        ("zebra", "unknown name 'zebra'; declare it as a parameter or by an equation; known are v"),
        ("ecp(1)", "unknown function 'ecp'; did you mean 'exp'"),
        ("exp + 1", "'exp' is a function: call it"),
        ("v(1)", "'v' is a quantity; write 'v \\* \\(...\\)' to multiply"),
        ("xi*v", "white noise can stand in the equation of a dx/dt"),
        ("delay", "the delay of a synapse is not known"),
    ],
)
def test_unknown_names_come_with_advice(text, message):
    with pytest.raises(UnknownNameError, match=message) as raised:
        PHYSICAL.read(text, PLACE)
    assert str(raised.value).startswith("model 'm', equations: 'x = ...': ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v +", "'v \\+' is not an expression; write it in Python's syntax"),
        ("[v]", "'\\[v\\]' is not part of the language"),
        ("v.real", "'v.real' is not part of the language"),
        ("'text'", "is not part of the language"),
        ("v @ v", "use \\+ - \\* / // % and"),
        ("v in v", "is not a comparison of numbers; use < <="),
        ("exp(1, 2)", "exp\\(\\) is given 2 arguments; it takes 1"),
        ("min(v)", "min\\(\\) is given 1 arguments; it takes two or more"),
        ("(v > 0)*2", "is a condition where a number is needed; write where\\(v > 0, 1, 0\\)"),
        ("v and v", "'v' is a number where a condition is needed; write v > 0"),
        ("v/0", "'v / 0' divides by zero"),
        ("v/(i - i)", "divides by zero"),
        ("0**-1", "has no finite real value"),
        ("sqrt(-1)", "has no finite real value; check its divisors, roots and logarithms"),
        ("log(-2) > 0", "has a side without real value"),
        ("10**10**10", "larger than 1000"),
        ("1e999", "inf is not a finite number"),
        ("normal()", "normal\\(\\) cannot stand here"),
        ("normal(1)", "normal\\(\\) takes no arguments; normal\\(\\) has mean 0"),
        ("lambda: 0", "is not part of the language"),
    ],
)
def test_what_is_not_in_the_language_is_refused(text, message):
    with pytest.raises(EquationError, match=message):
        PHYSICAL.read(text, PLACE)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("av01.+-*/() <>=,^%expnotr[]"), max_size=20))
def test_any_text_is_read_or_refused_with_our_error(text):
    try:
        value = PHYSICAL.read(text, PLACE)
    except EquationError:
        return
    source(value.expression)


def test_a_deep_expression_is_refused_not_a_crash():
    with pytest.raises(EquationError, match=r"nested too deeply|not an expression"):
        PHYSICAL.read("(" * 3000 + "v" + ")" * 3000, PLACE)
    with pytest.raises(EquationError, match=r"nested too deeply|not an expression"):
        PHYSICAL.read("-" * 3000 + "v", PLACE)
    with pytest.raises(EquationError, match="nested too deeply"):
        PHYSICAL.read("+".join(["v"] * 3000), PLACE)
