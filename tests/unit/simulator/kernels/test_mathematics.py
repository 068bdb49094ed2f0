"""Functions for lanes, against NumPy in extended precision (64 digits) and ISO C's special cases.

Errors are in units in the last place of the exact result.
"""

import math

import numpy as np
import pytest
from numba import njit

from simulator.kernels import mathematics

N = 100_000
REALS = (np.float64, np.float32)
NEEDS_DIGITS = pytest.mark.skipif(
    np.finfo(np.longdouble).nmant < 63, reason="this machine has no extended precision"
)


def of_one(function):
    @njit(error_model="numpy")
    def loop(x, out):
        for i in range(x.size):
            out[i] = function(x[i])

    return loop


def of_two(function):
    @njit(error_model="numpy")
    def loop(x, y, out):
        for i in range(x.size):
            out[i] = function(x[i], y[i])

    return loop


def applied(function, *columns):
    out = np.empty_like(columns[0])
    (of_one, of_two)[len(columns) - 1](function)(*columns, out)
    return out


def exprel(x):
    return np.where(x == 0, 1, np.where(np.isposinf(x), x, np.expm1(x) / np.where(x == 0, 1, x)))


def largest_error(got, exact):
    """In units in the last place; infinite if one is infinite or nan and the other is not."""
    with np.errstate(all="ignore"):
        rounded = exact.astype(got.dtype)
        error = np.abs(got.astype(np.longdouble) - exact) / np.spacing(np.abs(rounded))
    same = (got == rounded) | (np.isnan(got) & np.isnan(rounded))
    return np.where(
        same & ~np.isfinite(rounded), 0, np.where(np.isfinite(error), error, np.inf)
    ).max()


def positive_numbers(real, rng):
    """All exponents, subnormal numbers included, and many near 1, where logarithms are small."""
    whole = {np.float64: np.int64, np.float32: np.int32}[real]
    everywhere = rng.integers(1, np.array(np.finfo(real).max).view(whole), N).astype(whole)
    return np.concatenate([everywhere.view(real), rng.uniform(0.9, 1.1, N).astype(real)])


@NEEDS_DIGITS
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(
    ("name", "exact", "ranges", "limit"),
    [
        ("exp", np.exp, [(-750, 720), (-1, 1), (-1e-3, 1e-3)], 1.1),
        ("exprel", exprel, [(-750, 720), (-2, 2), (-1e-6, 1e-6)], 2.5),
        ("sin", np.sin, [(-10, 10), (-1e6, 1e6), (-1e8, 1e8)], 2.5),
        ("cos", np.cos, [(-10, 10), (-1e6, 1e6), (-1e8, 1e8)], 2.5),
        ("tan", np.tan, [(-10, 10), (-1e6, 1e6)], 3),
        ("sinh", np.sinh, [(-720, 720), (-1, 1), (-1e-6, 1e-6)], 3),
        ("cosh", np.cosh, [(-720, 720), (-1, 1)], 2),
        ("tanh", np.tanh, [(-30, 30), (-1, 1), (-1e-6, 1e-6)], 3),
    ],
)
def test_a_function_is_right_to_the_last_places(name, exact, ranges, limit, real):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(*ends, N) for ends in ranges]).astype(real)
    got = applied(getattr(mathematics, name), x)
    with np.errstate(all="ignore"):
        assert largest_error(got, exact(x.astype(np.longdouble))) <= limit


@NEEDS_DIGITS
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(
    ("name", "exact", "limit"),
    [("log", np.log, 1.3), ("log10", np.log10, 2), ("sqrt", np.sqrt, 0.501)],
)
def test_a_function_of_positive_numbers_is_right_to_the_last_places(name, exact, limit, real):
    x = positive_numbers(real, np.random.default_rng(2))
    got = applied(getattr(mathematics, name), x)
    assert largest_error(got, exact(x.astype(np.longdouble))) <= limit


@NEEDS_DIGITS
@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(
    ("base", "exponent"),
    [((0.1, 10), 3), ((1e-5, 1e5), 20), ((0.999, 1.001), 5e5), ((1e-30, 1), 1)],
)
def test_a_power_is_right_to_the_last_places_however_large_the_exponent(base, exponent, real):
    rng = np.random.default_rng(3)
    x = np.exp(rng.uniform(*np.log(base), N)).astype(real)
    y = rng.uniform(-exponent, exponent, N).astype(real)
    with np.errstate(all="ignore"):
        exact = np.power(x.astype(np.longdouble), y.astype(np.longdouble))
    assert largest_error(applied(mathematics.power, x, y), exact) <= 2


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(
    "name", ["exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "floor"]
)
def test_infinities_nan_zeros_and_subnormal_numbers_give_what_c_gives(name, real):
    tiny = np.finfo(real).smallest_subnormal
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, tiny, -tiny, 9 * tiny, 1.0, 1e30], real)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    if name in ("sin", "cos", "tan"):
        x, expected = x[:-1], expected[:-1]
    got = applied(getattr(mathematics, name), x)
    np.testing.assert_allclose(got, expected, rtol=3 * np.finfo(real).eps, atol=0)
    assert np.array_equal(np.signbit(got[:2]), np.signbit(expected[:2])) or name == "cos"


def test_exprel_ends_as_its_limits_do():
    x = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 5e-324, 716.0])
    got = applied(mathematics.exprel, x)
    np.testing.assert_array_equal(got[:6], [1, 1, np.inf, 0, np.nan, 1])
    assert got[6] == pytest.approx(math.exp(700) / 716 * math.exp(16), rel=1e-12)  # exp(716): inf


def test_special_cases_of_powers_are_those_of_c():
    special = [0.0, 1, -1, 2, -2, 3, -3, 0.5, -0.5, np.inf, -np.inf, np.nan, 1e308, -1e308, 5e-324,
               1e15 + 1, 2.0**53]  # fmt: skip
    x, y = (column.ravel().copy() for column in np.meshgrid(special, special))
    with np.errstate(all="ignore"):
        expected = np.power(x, y)
    np.testing.assert_allclose(applied(mathematics.power, x, y), expected, rtol=1e-15)


@pytest.mark.parametrize("exponent", [-3, -1, 0, 1, 2, 7, 64])
def test_an_integer_power_is_a_product(exponent):
    function = mathematics.integer_power

    @njit(error_model="numpy")
    def power(x):
        return function(x, exponent)

    assert power(1.5) == pytest.approx(1.5**exponent, rel=1e-14)
    assert isinstance(power(np.float32(1.5)), float)


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("minimum", min),
        ("maximum", max),
        ("absolute", abs),
        ("sign", np.sign),
        ("ceiling", np.ceil),
    ],
)
def test_simple_functions_are_those_of_python(name, python, real):
    x = np.array([0.0, -1.5, 2.5, -np.inf, 3.0], real)
    columns = (x, x[::-1].copy()) if name in ("minimum", "maximum") else (x,)
    expected = [python(*values) for values in zip(*columns, strict=True)]
    np.testing.assert_array_equal(applied(getattr(mathematics, name), *columns), expected)


def test_logic_is_that_of_python():
    both, either, negation = mathematics.both, mathematics.either, mathematics.negation
    select = mathematics.select

    @njit
    def table(a, b):
        return both(a, b), either(a, b), negation(a), select(a, 1.0, 2.0)

    for a in (False, True):
        for b in (False, True):
            assert table(a, b) == (a and b, a or b, not a, 1.0 if a else 2.0)


@pytest.mark.parametrize("real", REALS)
@pytest.mark.parametrize("name", ["exp", "log", "sin", "tanh", "exprel", "sqrt", "sinh"])
def test_a_loop_over_a_function_becomes_vectors_without_calls(name, real):
    loop = of_one(getattr(mathematics, name))
    x = np.linspace(0.1, 2, 32).astype(real)
    loop(x, x.copy())
    (text,) = loop.inspect_llvm().values()
    vectors = [line for line in text.splitlines() if "fmul <" in line or "sqrt.v" in line]
    calls = [line for line in text.splitlines() if " call " in line and "@exp" in line]
    assert len(vectors) >= 1 and not calls
