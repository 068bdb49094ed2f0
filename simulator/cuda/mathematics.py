"""The functions of expressions on the device, by the names that plans use.

On a device they are libdevice's, through `math`.  In the simulator they are NumPy's, because
Python's own raise an exception where a device returns infinity or not-a-number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .launch import SIMULATED, device_function

_SERIES_BELOW = 1e-5
"""Where (exp(x) - 1)/x is replaced by 1 + x/2 + x**2/6, which is then wrong by x**3/24 < 5e-17."""


def _quiet(function: Callable[..., Any]) -> Callable[..., Any]:
    def evaluate(*arguments: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(*arguments)

    return evaluate


def _exprel(x: Any) -> Any:
    if abs(x) < _SERIES_BELOW:
        return 1 + x / 2 + x * x / 6
    return math.expm1(x) / x


def _exprel_numpy(x: Any) -> Any:
    return 1 + x / 2 + x * x / 6 if abs(x) < _SERIES_BELOW else np.expm1(x) / x


def _sign(x: Any) -> Any:
    return (x > 0) - (x < 0)


def _power(x: Any, y: Any) -> Any:
    """As C's pow, but 0 to a negative power is never negative: as on the CPU."""
    return math.pow(abs(x) if x == 0 else x, y)


@device_function
def integer_power(x: Any, n: Any) -> Any:
    """x to the power of n >= 1, by squaring."""
    square = x
    while n & 1 == 0:
        square = square * square
        n >>= 1
    result = square
    n >>= 1
    while n > 0:
        square = square * square
        if n & 1:
            result = result * square
        n >>= 1
    return result


@device_function
def select(condition: Any, if_true: Any, if_false: Any) -> Any:
    """One of two values that are both there."""
    return if_true if condition else if_false


@device_function
def both(a: Any, b: Any) -> Any:
    """Logical and."""
    return a and b


@device_function
def either(a: Any, b: Any) -> Any:
    """Logical or."""
    return a or b


@device_function
def negation(a: Any) -> Any:
    """Logical not."""
    return not a


@device_function
def minimum(a: Any, b: Any) -> Any:
    """The smaller one; the first if they cannot be compared."""
    return b if b < a else a


@device_function
def maximum(a: Any, b: Any) -> Any:
    """The larger one; the first if they cannot be compared."""
    return b if b > a else a


absolute = abs
power: Any
exprel: Any
sign: Any
floor: Any
ceiling: Any
if SIMULATED:
    exp, log, log10, sqrt = _quiet(np.exp), _quiet(np.log), _quiet(np.log10), _quiet(np.sqrt)
    sin, cos, tan = _quiet(np.sin), _quiet(np.cos), _quiet(np.tan)
    sinh, cosh, tanh = _quiet(np.sinh), _quiet(np.cosh), _quiet(np.tanh)
    floor, ceiling, power = np.floor, np.ceil, _quiet(np.power)
    exprel, sign = _quiet(_exprel_numpy), np.sign
else:
    exp, log, log10, sqrt = math.exp, math.log, math.log10, math.sqrt
    sin, cos, tan, sinh, cosh, tanh = math.sin, math.cos, math.tan, math.sinh, math.cosh, math.tanh
    floor, ceiling, power = math.floor, math.ceil, device_function(_power)
    exprel, sign = device_function(_exprel), device_function(_sign)
