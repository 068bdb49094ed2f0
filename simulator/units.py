"""Units of electrophysiology: a name is a scale relative to the coherent units and a dimension.

The coherent units are ms, mV, nA, um, mM and what follows from them: uS = nA/mV, nF = nA*ms/mV,
MOhm = mV/nA, kHz = 1/ms.  Numbers in coherent units need no factors in equations.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

BASES = ("ms", "mV", "nA", "um", "mM", "weight")
"""Base units; ``weight`` is the unit of whatever receptor a synapse leads to."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """Exponents of the base units, in the order of `BASES`."""

    exponents: tuple[Fraction, ...] = (Fraction(0),) * len(BASES)

    def __mul__(self, other: Dimension) -> Dimension:
        return Dimension(tuple(a + b for a, b in zip(self.exponents, other.exponents, strict=True)))

    def __truediv__(self, other: Dimension) -> Dimension:
        return self * other ** Fraction(-1)

    def __pow__(self, power: Fraction) -> Dimension:
        return Dimension(tuple(power * one for one in self.exponents))

    def __str__(self) -> str:
        return name_of(Unit(Fraction(1), self))


def _base(name: str) -> Dimension:
    return Dimension(tuple(Fraction(int(base == name)) for base in BASES))


DIMENSIONLESS = Dimension()
TIME, VOLTAGE, CURRENT, LENGTH, CONCENTRATION, WEIGHT = (_base(name) for name in BASES)
PER_TIME = DIMENSIONLESS / TIME
CONDUCTANCE = CURRENT / VOLTAGE
CAPACITANCE = CONDUCTANCE * TIME
WHITE_NOISE = TIME ** Fraction(-1, 2)


@dataclass(frozen=True, slots=True)
class Unit:
    """So many coherent units of a dimension."""

    scale: Fraction
    dimension: Dimension


def _table(rows: Iterable[tuple[Dimension, str]]) -> dict[str, Unit]:
    """Units from rows such as ``ms 1, s 1e3``; the first of a row is the coherent one."""
    table = {}
    for dimension, row in rows:
        for entry in row.split(","):
            name, scale = entry.split()
            table[name] = Unit(Fraction(scale), dimension)
    return table


UNITS = _table(
    (
        (TIME, "ms 1, s 1e3, us 1e-3"),
        (VOLTAGE, "mV 1, V 1e3, uV 1e-3"),
        (CURRENT, "nA 1, pA 1e-3, uA 1e3, mA 1e6, A 1e9"),
        (CONDUCTANCE, "uS 1, nS 1e-3, pS 1e-6, mS 1e3, S 1e6"),
        (CAPACITANCE, "nF 1, pF 1e-3, uF 1e3"),
        (DIMENSIONLESS / CONDUCTANCE, "MOhm 1, kOhm 1e-3, GOhm 1e3, Ohm 1e-6"),
        (PER_TIME, "kHz 1, Hz 1e-3"),
        (CURRENT * TIME, "pC 1, nC 1e3, fC 1e-3"),
        (LENGTH, "um 1, nm 1e-3, mm 1e3, cm 1e4"),
        (CONCENTRATION, "mM 1, uM 1e-3, nM 1e-6"),
    )
)
WEIGHT_UNIT = Unit(Fraction(1), WEIGHT)
_LARGEST_POWER = 12
_SPELLINGS = {"µ": "u", "μ": "u", "\u03a9": "Ohm", "\u2126": "Ohm", "^": "**"}


def unit_of(text: str, *, with_weight: bool = False) -> Unit:
    """The unit that `text` names, such as ``mV``, ``nA/ms``, ``ms**0.5`` or ``1``.

    with_weight  whether ``weight`` is a unit here, as it is in models of synapses
    Raises       ValueError, with a message that says what is wrong with the text
    """
    spelled = text.strip()
    for written, plain in _SPELLINGS.items():
        spelled = spelled.replace(written, plain)
    try:
        tree = ast.parse(spelled, mode="eval").body
    except SyntaxError:
        raise ValueError(f"'{text}' is not a unit such as mV, nA/ms or 1") from None
    return _evaluate(tree, text, with_weight)


def _evaluate(node: ast.expr, text: str, with_weight: bool) -> Unit:
    match node:
        case ast.Name(id=name):
            if name == "weight" and with_weight:
                return WEIGHT_UNIT
            if name not in UNITS:
                raise ValueError(
                    f"'{name}' in '{text}' is not a unit; known are {', '.join(UNITS)}"
                )
            return UNITS[name]
        case ast.Constant(value=1):
            return Unit(Fraction(1), DIMENSIONLESS)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            a, b = _evaluate(left, text, with_weight), _evaluate(right, text, with_weight)
            return Unit(a.scale * b.scale, a.dimension * b.dimension)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            a, b = _evaluate(left, text, with_weight), _evaluate(right, text, with_weight)
            return Unit(a.scale / b.scale, a.dimension / b.dimension)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return _power(_evaluate(left, text, with_weight), _number(right, text))
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner]):
            return _power(_evaluate(inner, text, with_weight), Fraction(1, 2))
    raise ValueError(f"'{text}' is not a product of powers of units such as mV, nA/ms or 1")


def _power(unit: Unit, power: Fraction) -> Unit:
    scale: Fraction | float = unit.scale**power  # a float where the power is not an integer
    return Unit(Fraction(scale), unit.dimension**power)


def _number(node: ast.expr, text: str) -> Fraction:
    """The exponent that a node spells: a number, its negative, or a quotient of numbers."""
    match node:
        case ast.Constant(value=int() | float() as value):
            if value > _LARGEST_POWER:
                raise ValueError(f"exponent {value} in '{text}' is larger than {_LARGEST_POWER}")
            return Fraction(repr(value))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_number(inner, text)
        case ast.BinOp(left=left, op=ast.Div(), right=right) if _number(right, text):
            return _number(left, text) / _number(right, text)
    raise ValueError(f"an exponent in '{text}' is not a number")


def name_of(unit: Unit) -> str:
    """A short name of a unit; where there is none of its scale, that of the coherent unit."""
    for scale in (unit.scale, Fraction(1)):
        if unit.dimension == DIMENSIONLESS:
            return "1"
        if unit.dimension == PER_TIME and scale == 1:
            return "1/ms"
        names = [name for name, known in UNITS.items() if known == Unit(scale, unit.dimension)]
        if names:
            return names[0]
        rates = [n for n, k in UNITS.items() if k == Unit(scale, unit.dimension * TIME)]
        if rates:
            return f"{rates[0]}/ms"
    return _product(unit.dimension)


def _product(dimension: Dimension) -> str:
    """Powers of base units, such as ``mV**2/ms``."""
    above: list[str] = []
    below: list[str] = []
    for base, power in zip(BASES, dimension.exponents, strict=True):
        size = abs(power)
        word = base if size == 1 else f"{base}**{size if size.denominator == 1 else float(size)}"
        if power:
            (above if power > 0 else below).append(word)
    return "/".join(["*".join(above) or "1", *below])
