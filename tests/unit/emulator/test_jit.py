"""What compiled code is made of.

Oracle of the fused multiply-add: the exact result as a fraction.
"""

import gc
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import TypingError, njit

from emulator.jit import (
    compiled,
    first_bit,
    fused,
    helper,
    larger,
    merged,
    smaller,
    times_power_of_two,
)

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


@merged
def difference(values, factor):
    return factor * values[0] - values[1]


@helper
def differences(values):
    return difference(values, 2.0) + difference(values, 3)


def test_a_merged_function_can_be_called_from_python_and_from_two_places():
    values = np.array([1.0, 3.0])
    assert difference(values, 5) == 2
    assert differences(values) == -1


@njit
def extremes(a, b):
    return smaller(a, b), larger(a, b)


@given(st.tuples(st.floats(), st.floats()) | st.tuples(*[st.integers(-(2**62), 2**62)] * 2))
def test_the_extremes_are_those_of_python(pair):
    found, expected = extremes(*pair), (min(*pair), max(*pair))
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.array_equal(np.signbit(found), np.signbit(expected))


def test_extremes_of_unsigned_and_of_short_numbers_keep_their_type():
    high, low = np.uint64(2**63), np.uint64(1)
    assert extremes(high, low) == (1, 2**63)
    assert extremes(np.int32(-5), np.int32(3)) == (-5, 3)
    with pytest.raises(TypingError):
        extremes("a", "b")


def test_python_collects_garbage_after_a_compilation_as_before():
    def double(x):
        return 2 * x

    def nonsense(x):
        return x.nothing

    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            assert compiled(double)(3.5 if enabled else 3) == (7 if enabled else 6)
            with pytest.raises(TypingError):
                compiled(nonsense)(3)
            assert gc.isenabled() == enabled
        finally:
            gc.enable()
