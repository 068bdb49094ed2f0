"""The fused multiply-add rounds once.  Oracle: the exact result as a fraction."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from emulator.jit import first_bit, fused, times_power_of_two

FLOATS = st.floats(-1e6, 1e6, width=32)


@njit
def multiply_add(a, b, c):
    return fused(a, b, c)


def nearest_float32(exact):
    """Round a fraction to float32 by comparing neighbours; ties do not decide in these tests."""
    guess = np.float32(float(exact))
    around = [
        guess,
        np.nextafter(guess, np.float32(np.inf)),
        np.nextafter(guess, -np.float32(np.inf)),
    ]
    return min(around, key=lambda f: abs(Fraction(float(f)) - exact))


@given(FLOATS, FLOATS, FLOATS)
def test_the_result_is_the_float_nearest_to_the_exact_one(a, b, c):
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    result = multiply_add(np.float32(a), np.float32(b), np.float32(c))
    best = nearest_float32(exact)
    assert abs(Fraction(float(result)) - exact) == abs(Fraction(float(best)) - exact)


def test_it_differs_from_two_roundings_where_they_differ():
    a = np.float32(1 + 2**-12)
    c = np.float32(-(a * a))
    assert multiply_add(a, a, c) == np.float32(2.0**-24)


@njit
def lowest(bits):
    return first_bit(bits)


@njit
def scaled(x, n):
    return times_power_of_two(x, np.float32(12582912 + n))


def test_the_first_bit_is_the_lowest_that_is_set():
    for n in range(63):
        assert lowest((5 << n) & (2**63 - 1)) == n


@given(st.floats(0.5, 2, width=32), st.integers(-125, 126))
def test_adding_to_the_exponent_multiplies_by_a_power_of_two(x, n):
    if x * 2.0**n < 2.0**128:
        assert scaled(np.float32(x), n) == np.float32(x * 2.0**n)
