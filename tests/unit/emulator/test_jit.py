"""What compiled code is made of.

Oracle of the fused multiply-add: the exact result as a fraction.
"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import TypingError, njit

from emulator.jit import first_bit, fused, helper, times_power_of_two

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


@helper
def total(values, factor):
    return factor * values[0] + values[1]


@njit
def total_from_compiled_code(values):
    return total(values, 2.0)


def test_a_helper_can_be_called_from_python_before_and_after_compiled_code_has_called_it():
    values = np.array([1.0, 3.0])
    assert total(values, 3) == 6
    assert total_from_compiled_code(values) == 5
    assert total(values, 2.0) == 5
    assert total(np.array([1, 3]), 2) == 5


def test_a_helper_refuses_what_it_cannot_compile():
    with pytest.raises(TypingError):
        total("ab", 2)
