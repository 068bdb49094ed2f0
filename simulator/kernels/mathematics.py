"""Mathematical functions for loops over lanes: no branches, no calls, the same bits everywhere.

Each formula is written once, for float32 and float64, over `llvm.Real`, and is an intrinsic for
Numba.  Ranges are reduced as in W. J. Cody and W. Waite, "Software manual for the elementary
functions" (1980); what is left is a polynomial: Chebyshev interpolation of the exact function in
50 digits, which the tests compare with extended precision.  Largest errors there, in units in the
last place: exp, log 1.5; log10, power, cosh 2; exprel, sin, cos, sinh, tanh, tan 3.  sin, cos and
tan take arguments up to 2e8; beyond that multiples of pi/2 are no longer subtracted exactly.

In float32 all but exp, log and exprel are computed in float64 and rounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic

from .llvm import Condition, Real, Word


@dataclass(frozen=True)
class _Format:
    """What the formulas must know about a floating-point format.

    whole       added to a number, leaves it rounded to an integer in the lowest bits
    ln2         two parts; the first has so few digits that its product with an exponent is exact
    lowest, highest  arguments beyond which exp is 0 and infinite
    exp         (exp(r) - 1 - r)/r^2 for |r| <= ln(2)/2, in r
    log         (2 atanh(s)/s - 2)/s^2 for |s| <= 0.1716, in s^2
    """

    digits: int
    bias: int
    root: int  # bits of sqrt(1/2)
    whole: float
    ln2: tuple[float, float]
    lowest: float
    highest: float
    exp: tuple[float, ...]
    log: tuple[float, ...]


_SINGLE = _Format(
    digits=23,
    bias=127,
    root=0x3F3504F3,
    whole=1.5 * 2**23,
    ln2=(0.693115234375, 3.194618329871446e-05),
    lowest=-104.0,
    highest=89.0,
    exp=(
        0.5000000013457804,
        0.16666666681614342,
        0.041666465005270034,
        0.008333310934363356,
        0.0013933641117472883,
        0.00019890980964683147,
    ),
    log=(0.6666668503968228, 0.3998878052246305, 0.295799513689584),
)
_DOUBLE = _Format(
    digits=52,
    bias=1023,
    root=0x3FE6A09E667F3BCD,
    whole=1.5 * 2**52,
    ln2=(0.6931471805598903, 5.497923018708371e-14),
    lowest=-746.0,
    highest=710.0,
    exp=(
        0.5000000000000001,
        0.16666666666666669,
        0.041666666666624164,
        0.008333333333330065,
        0.0013888888917196881,
        0.0001984126986304067,
        2.4801521322116825e-05,
        2.7557268480116333e-06,
        2.762007599981065e-07,
        2.5100375924709717e-08,
    ),
    log=(
        0.666666666666667,
        0.39999999999899505,
        0.28571428625976014,
        0.22222211134708592,
        0.18182889131563204,
        0.1533172139109577,
        0.14616452274062186,
    ),
)
_SIN = (
    -0.16666666666666666,
    0.008333333333330948,
    -0.00019841269836758557,
    2.755731610254353e-06,
    -2.505113184314626e-08,
    1.591812916105078e-10,
)
"""(sin(r)/r - 1)/r^2 for |r| <= pi/4, in r^2."""
_COS = (
    0.041666666666666664,
    -0.0013888888888887398,
    2.4801587298765676e-05,
    -2.755731727172422e-07,
    2.0876146267241254e-09,
    -1.1382632341807706e-11,
)
"""(cos(r) - 1 + r^2/2)/r^4 for |r| <= pi/4, in r^2."""
_HALF_PI = (
    1.5707963109016418,
    1.5893254712295857e-08,
    6.123233932053594e-17,
    6.36831716351095e-25,
)
"""Parts of pi/2 with 26 digits each, so that their products with integers to 2^27 are exact."""
_LOG10_2 = (0.30102999566395283, 2.8363394551044964e-14)
"""As ln2, for the decimal logarithm."""
_LOG10_E = 0.4342944819032518


def _format(x: Real) -> _Format:
    return _DOUBLE if x.is_double else _SINGLE


def _polynomial(x: Real, coefficients: tuple[float, ...]) -> Real:
    """The sum of coefficient[k] x^k.

    Neighbours are added in pairs, then pairs of pairs (G. Estrin, Western Joint Computer Conference
    1960, 33): half as many operations wait for one another as in Horner's rule, and lanes are few.
    """
    terms = [x.constant(coefficient) for coefficient in coefficients]
    while len(terms) > 1:
        pairs = [low + high * x for low, high in zip(terms[::2], terms[1::2], strict=False)]
        terms = pairs + terms[len(terms) - len(terms) % 2 :]
        x = x * x
    return terms[0]


def _whole(x: Real) -> Real:
    """The nearest integer, ties to even, for |x| < 2^51 (2^22 in float32)."""
    shift = _format(x).whole
    return x + shift - shift


def _power_of_two(n: Real) -> Real:
    """2^n for an integer n such that it is a normal number."""
    f = _format(n)
    return (((n + f.whole).bits() + f.bias) << f.digits).as_real()


def _clamped(x: Real, low: float, high: float) -> Real:
    """The nearest number to x between two; nan stays nan."""
    x = (x < low).choose(x.constant(low), x)
    return (x > high).choose(x.constant(high), x)


def _magnitude(x: Real) -> Real:
    return x.by_instruction("llvm.fabs")


def _signed(x: Real, like: Real) -> Real:
    """The magnitude of x with the sign of another number."""
    return x.by_instruction("llvm.copysign", like)


def _exponential(x: Real) -> tuple[Real, Real]:
    """expm1(r) and n with x = n ln(2) + r."""
    f = _format(x)
    n = _whole(x * (1 / math.log(2)))
    r = x - n * f.ln2[0] - n * f.ln2[1]
    return r + r * r * _polynomial(r, f.exp), n


def _exp(x: Real, times_power: float = 0.0) -> Real:
    """exp(x) 2^times_power; the power of two in two factors, as it may not be a normal number."""
    f = _format(x)
    rest, n = _exponential(_clamped(x, f.lowest, f.highest - times_power))
    half = _whole(n * 0.5)
    scale = _power_of_two(half)
    return (rest * scale + scale) * _power_of_two(n - half + times_power)


def _expm1_parts(x: Real) -> tuple[Real, Real]:
    """Two numbers whose product is exp(x) - 1; the second is a power of two."""
    rest, n = _exponential(x)
    half = _whole(n * 0.5)
    scale, other = _power_of_two(half), n - half
    return rest * scale + (scale - _power_of_two(-other)), _power_of_two(other)


def _expm1(x: Real) -> Real:
    """exp(x) - 1 for x between -700 and 700."""
    value, scale = _expm1_parts(x)
    return value * scale


def _exprel(x: Real) -> Real:
    """(exp(x) - 1)/x; exp(x)/x is still finite where exp(x) is not any more."""
    f = _format(x)
    value, scale = _expm1_parts(_clamped(x, f.lowest, f.highest + 8.0))
    result = value / x * scale
    result = x.equals(0.0).choose(x.constant(1.0), result)
    return x.equals(math.inf).choose(x, result)


def _log_parts(x: Real) -> tuple[Real, Real]:
    """m between sqrt(1/2) and sqrt(2), and n, with x = m 2^n, for x > 0."""
    f = _format(x)
    smallest = 2.0 ** (1 - f.bias)
    tiny = x < smallest  # its exponent says nothing: it is subnormal
    bits = tiny.choose(x * 2.0 ** (f.digits + 2), x).bits()
    steps = bits + ((f.bias << f.digits) - f.root)
    n_biased = steps >> f.digits
    m = ((steps & ((1 << f.digits) - 1)) + f.root).as_real()
    floor = x.constant(2.0**f.digits)
    n = (n_biased | floor.bits()).as_real() - (2.0**f.digits + f.bias)
    return m, tiny.choose(n - (f.digits + 2.0), n)


def _log1p(m: Real) -> Real:
    """log(m) for m between sqrt(1/2) and sqrt(2).

    With f = m - 1 and s = f/(2 + f) it is 2 atanh(s), and 2 s = f - f^2/2 + s f^2/2.
    """
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    half_square = f * f * 0.5
    return f - (half_square - s * (half_square + z * _polynomial(z, _format(m).log)))


def _at_the_ends(x: Real, logarithm: Real) -> Real:
    """Logarithms of what is not a positive finite number."""
    result = (x > 0.0).choose(logarithm, x.constant(math.nan))
    result = x.equals(0.0).choose(x.constant(-math.inf), result)
    return x.equals(math.inf).choose(x, result)


def logarithm(x: Real) -> Real:
    """log(x)."""
    m, n = _log_parts(x)
    high, low = _format(x).ln2
    return _at_the_ends(x, n * high + (_log1p(m) + n * low))


def _log10(x: Real) -> Real:
    m, n = _log_parts(x)
    return _at_the_ends(x, n * _LOG10_2[0] + (_log1p(m) * _LOG10_E + n * _LOG10_2[1]))


def _sin_and_cos(r: Real) -> tuple[Real, Real]:
    """Of |r| <= pi/4."""
    z = r * r
    half = z * 0.5
    rest = 1.0 - half
    cos = rest + ((1.0 - rest) - half + z * z * _polynomial(z, _COS))
    return r + r * z * _polynomial(z, _SIN), cos


def _quarter(x: Real) -> tuple[Real, Word]:
    """r and the lowest bits of n with x = n pi/2 + r."""
    n = _whole(x * (2 / math.pi))
    r = x
    for part in _HALF_PI:
        r = r - n * part
    return _clamped(r, -1.0, 1.0), (n + _DOUBLE.whole).bits()


def _turned(r: Real, quarters: Word) -> Real:
    """sin(r + quarters pi/2)."""
    sin, cos = _sin_and_cos(r)
    value = (quarters & 1).equals(0).choose(sin, cos)
    return (value.bits() ^ ((quarters & 2) << 62)).as_real()


def sine_and_cosine_of_turns(turns: Real) -> tuple[Real, Real]:
    """sin(2 pi x) and cos(2 pi x) for a float64 x between 0 and 1."""
    n = _whole(turns * 4.0)
    r = (turns - n * 0.25) * (2 * math.pi)
    quarters = (n + _DOUBLE.whole).bits()
    return _turned(r, quarters), _turned(r, quarters + 1)


def _sin(x: Real) -> Real:
    return x.equals(0.0).choose(x, _turned(*_quarter(x)))  # -0 too


def _cos(x: Real) -> Real:
    r, quarters = _quarter(x)
    return _turned(r, quarters + 1)


def _tan(x: Real) -> Real:
    r, quarters = _quarter(x)
    sin, cos = _sin_and_cos(r)
    even = (quarters & 1).equals(0)
    return x.equals(0.0).choose(x, even.choose(sin, -cos) / even.choose(cos, sin))


def _tanh(x: Real) -> Real:
    grown = _expm1(_clamped(_magnitude(x) * 2.0, 0.0, 60.0))
    return _signed(grown / (grown + 2.0), x)


def _sinh(x: Real) -> Real:
    size = _magnitude(x)
    half = _exp(size, -1.0)
    grown = _expm1(_clamped(size, 0.0, 1.0))
    small = (grown + grown / (grown + 1.0)) * 0.5
    return _signed((size < 1.0).choose(small, half - 0.25 / half), x)


def _cosh(x: Real) -> Real:
    half = _exp(_magnitude(x), -1.0)
    return half + 0.25 / half


def _sum(a: Real, b: Real) -> tuple[Real, Real]:
    """a + b and what rounding took from it (Knuth, TAOCP 2, 4.2.2 theorem B)."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def _product(a: Real, b: Real) -> tuple[Real, Real]:
    """A product and what rounding took from it (Dekker, Numer. Math. 18 (1971), 224)."""

    def halves(x: Real) -> tuple[Real, Real]:
        wide = x * (2.0**27 + 1)
        high = wide - (wide - x)
        return high, x - high

    total, (a0, a1), (b0, b1) = a * b, halves(a), halves(b)
    return total, ((a0 * b0 - total) + a0 * b1 + a1 * b0) + a1 * b1


def _log_with_rest(x: Real) -> tuple[Real, Real]:
    """log(x) in two float64, together good to 60 digits, for finite x > 0."""
    m, n = _log_parts(x)
    f = m - 1.0
    d, d_rest = _sum(f, x.constant(2.0))
    s = f / d
    square, square_rest = _product(s, d)
    s_rest = ((f - square) - square_rest - s * d_rest) / d
    z = s * s
    total, rest = _sum(n * _DOUBLE.ln2[0], s * 2.0)
    rest = rest + (s_rest * 2.0 + s * z * _polynomial(z, _DOUBLE.log) + n * _DOUBLE.ln2[1])
    return _sum(total, rest)


def _power(x: Real, y: Real) -> Real:
    """x^y with the special cases of C's pow (ISO C, F.10.4.4), but 0^y is not negative."""
    size = _magnitude(x)
    inside = (size > 0.0) & (size < math.inf)
    logarithm, rest = _log_with_rest(inside.choose(size, x.constant(1.0)))
    bounded = _clamped(y, -1e300, 1e300)
    total, low = _product(_clamped(bounded, -1e18, 1e18), logarithm)
    low = low + bounded * rest
    large = bounded * logarithm
    large_one = _magnitude(large) > 800.0
    total = large_one.choose(large, total)
    grown = _exp(total)
    result = large_one.choose(grown, grown + grown * low)
    to_zero, to_infinity = x.constant(0.0), x.constant(math.inf)
    small_base, positive = size < 1.0, y > 0.0
    at_end = small_base.choose(
        positive.choose(to_zero, to_infinity), positive.choose(to_infinity, to_zero)
    )
    result = inside.choose(result, size.equals(size).choose(at_end, x))
    y_whole = y.by_instruction("llvm.floor")
    half_y = y * 0.5
    even = half_y.by_instruction("llvm.floor").equals(half_y)
    of_negative = y_whole.equals(y).choose(
        even.choose(result, -result), (size < math.inf).choose(x.constant(math.nan), result)
    )
    result = (x < 0.0).choose(of_negative, result)
    result = y.equals(y).choose(result, y)
    always_one = y.equals(0.0) | x.equals(1.0)
    return always_one.choose(x.constant(1.0), result)


def _sign(x: Real) -> Real:
    one = x.constant(1.0)
    return (x > 0.0).choose(one, (x < 0.0).choose(-one, x))


def _number(kind: Any) -> Any:
    """The floating-point type of an argument, or None."""
    plain = types.unliteral(kind)
    return plain if isinstance(plain, types.Float) else None


def _in_double(formula: Callable[..., Real]) -> Callable[..., Real]:
    """The formula computed in float64, whatever its arguments are."""

    def rounded(*arguments: Real) -> Real:
        result = formula(*(argument.as_double() for argument in arguments))
        return result.rounded_like(arguments[0])

    return rounded


def _generator(formula: Callable[..., Real]) -> Callable[..., Any]:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return formula(*(Real(builder, argument) for argument in arguments)).value

    return generate


def _of_one(formula: Callable[[Real], Real]) -> Any:
    def typed(context: Any, x: Any) -> Any:
        kind = _number(x)
        return kind and (kind(kind), _generator(formula))

    return intrinsic(typed)


def _of_two(formula: Callable[[Real, Real], Real]) -> Any:
    def typed(context: Any, x: Any, y: Any) -> Any:
        kind = _number(x)
        return kind and (kind(kind, kind), _generator(formula))

    return intrinsic(typed)


def _instruction(name: str) -> Any:
    return _of_one(lambda x: x.by_instruction(name))


exp: Any = _of_one(_exp)
log: Any = _of_one(logarithm)
log10: Any = _of_one(_in_double(_log10))
sqrt: Any = _instruction("llvm.sqrt")
sin: Any = _of_one(_in_double(_sin))
cos: Any = _of_one(_in_double(_cos))
tan: Any = _of_one(_in_double(_tan))
sinh: Any = _of_one(_in_double(_sinh))
cosh: Any = _of_one(_in_double(_cosh))
tanh: Any = _of_one(_in_double(_tanh))
exprel: Any = _of_one(_exprel)
power: Any = _of_two(_in_double(_power))
absolute: Any = _instruction("llvm.fabs")
floor: Any = _instruction("llvm.floor")
ceiling: Any = _instruction("llvm.ceil")
sign: Any = _of_one(_sign)
minimum: Any = _of_two(lambda a, b: (b < a).choose(b, a))
maximum: Any = _of_two(lambda a, b: (b > a).choose(b, a))


def _integer_power(context: Any, x: Any, exponent: Any) -> Any:
    kind = _number(x)
    if kind is None or not isinstance(exponent, types.IntegerLiteral):
        return None
    n = abs(exponent.literal_value)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        square, result, left = Real(builder, arguments[0]), None, n
        while left:
            if left & 1:
                result = square if result is None else result * square
            left >>= 1
            if left:
                square = square * square
        result = square.constant(1.0) if result is None else result
        return (result if exponent.literal_value >= 0 else 1.0 / result).value

    return kind(kind, exponent), generate


integer_power: Any = intrinsic(_integer_power)
"""x to the power of an integer that stands in the source text, by squaring."""


def _select(context: Any, condition: Any, if_true: Any, if_false: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    kind = types.unliteral(if_true)
    return kind(types.boolean, kind, kind), generate


select: Any = intrinsic(_select)
"""``select(c, a, b)`` is ``a if c else b``; both are computed, and nothing is jumped over."""


def _logical(operation: Callable[..., Condition]) -> Any:
    def typed(context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return operation(*(Condition(builder, argument) for argument in arguments)).value

        return types.boolean(types.boolean, types.boolean), generate

    return intrinsic(typed)


both: Any = _logical(lambda a, b: a & b)
either: Any = _logical(lambda a, b: a | b)


def _negation(context: Any, a: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.xor(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.boolean(types.boolean), generate


negation: Any = intrinsic(_negation)
"""``both``, ``either`` and ``negation`` are Python's and, or and not, without jumps."""
