"""Symbolic expressions to source text: Python's syntax over scalars, float literals only.

Powers with small integer exponents are products, as a kernel wants them.
"""

from __future__ import annotations

from typing import Any

import sympy
from sympy.logic.boolalg import BooleanAtom

from .functions import Opaque, Where

LARGEST_PRODUCT = 8
"""Up to this exponent a power is written as a product."""
_ATOM, _POWER, _PRODUCT, _SUM, _COMPARISON, _NOT, _AND, _OR, _CHOICE = range(9)
_RELATIONS = {
    sympy.Lt: "<", sympy.Le: "<=", sympy.Gt: ">", sympy.Ge: ">=", sympy.Eq: "==", sympy.Ne: "!=",
}  # fmt: skip
_SMOOTH = {
    sympy.exp: "exp", sympy.log: "log", sympy.sin: "sin", sympy.cos: "cos", sympy.tan: "tan",
    sympy.sinh: "sinh", sympy.cosh: "cosh", sympy.tanh: "tanh", sympy.Abs: "abs",
    sympy.sign: "sign",
}  # fmt: skip


def source(expression: Any) -> str:
    """The text of an expression."""
    return _text(expression)[0]


def _text(expression: Any) -> tuple[str, int]:
    """Text and how loosely it binds."""
    if expression.is_Symbol:
        return expression.name, _ATOM
    if isinstance(expression, BooleanAtom):
        return str(bool(expression)), _ATOM
    if expression.is_Number or expression is sympy.pi or expression is sympy.E:
        return _number(float(expression))
    if isinstance(expression, Where):
        condition, yes, no = expression.args
        return f"{_in(yes, _OR)} if {_in(condition, _OR)} else {_in(no, _CHOICE)}", _CHOICE
    if isinstance(expression, Opaque):
        return _call(expression.spelling, expression.args), _ATOM
    if type(expression) in _SMOOTH:
        return _call(_SMOOTH[type(expression)], expression.args), _ATOM
    if isinstance(expression, sympy.cot):
        return f"1.0/tan({source(expression.args[0])})", _PRODUCT
    if type(expression) in _RELATIONS:
        left, right = expression.args
        return f"{_in(left, _SUM)} {_RELATIONS[type(expression)]} {_in(right, _SUM)}", _COMPARISON
    if isinstance(expression, sympy.And):
        return " and ".join(_in(one, _NOT) for one in expression.args), _AND
    if isinstance(expression, sympy.Or):
        return " or ".join(_in(one, _AND) for one in expression.args), _OR
    if isinstance(expression, sympy.Not):
        return f"not {_in(expression.args[0], _COMPARISON)}", _NOT
    if expression.is_Add:
        return _sum(expression.args), _SUM
    if expression.is_Mul:
        return _product(expression)
    if expression.is_Pow:
        return _power(*expression.as_base_exp())
    raise TypeError(f"no text for {expression} ({type(expression).__name__})")


def _in(expression: Any, loosest: int) -> str:
    """Text for a place that takes what binds at least as tightly as `loosest`."""
    text, binding = _text(expression)
    return text if binding <= loosest else f"({text})"


def _call(name: str, arguments: tuple[Any, ...]) -> str:
    return f"{name}({', '.join(source(one) for one in arguments)})"


def _number(value: float) -> tuple[str, int]:
    text = repr(value)
    return (text, _ATOM) if value >= 0 else (text, _PRODUCT)


def _is_negative(term: Any) -> bool:
    coefficient = term.as_coeff_Mul()[0]
    return bool(coefficient.is_negative)


def _sum(terms: tuple[Any, ...]) -> str:
    """Positive terms first, so that nothing begins with a sign without need."""
    ordered = sorted(terms, key=_is_negative)
    text = _in(ordered[0], _PRODUCT)
    for term in ordered[1:]:
        negative = _is_negative(term)
        text += f" {'-' if negative else '+'} {_in(-term if negative else term, _PRODUCT)}"
    return text


def _product(expression: Any) -> tuple[str, int]:
    coefficient, others = expression.as_coeff_Mul()
    if coefficient.is_negative:
        text, binding = _text(-expression)
        return (f"-{text}" if binding <= _PRODUCT else f"-({text})"), _PRODUCT
    if coefficient != 1:  # a multiplication is faster than a division
        text, number = _in(others, _PRODUCT), _number(float(coefficient))[0]
        return number + (text[3:] if text.startswith("1.0/") else f"*{text}"), _PRODUCT
    above, below = [], []
    for factor in expression.args:
        base, exponent = factor.as_base_exp()
        if exponent.is_Rational and exponent.is_negative and not base.is_Number:
            below.append(base**-exponent)
        else:
            above.append(factor)
    text = "*".join(_in(one, _PRODUCT) for one in above) or "1.0"
    if not below:
        return text, _PRODUCT
    if len(below) == 1:
        return f"{text}/{_in(below[0], _POWER)}", _PRODUCT
    return f"{text}/({'*'.join(_in(one, _PRODUCT) for one in below)})", _PRODUCT


def _power(base: Any, exponent: Any) -> tuple[str, int]:
    if exponent.is_Rational and exponent.is_negative:
        text, binding = _text(base**-exponent)
        return f"1.0/{text if binding <= _POWER else f'({text})'}", _PRODUCT
    if exponent.is_Integer and int(exponent) <= LARGEST_PRODUCT:
        return "*".join([_in(base, _POWER)] * int(exponent)), _PRODUCT
    if exponent == sympy.Rational(1, 2):
        return f"sqrt({source(base)})", _ATOM
    return f"pow({source(base)}, {source(exponent)})", _ATOM
