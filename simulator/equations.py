"""A model's text to names, dimensions and symbolic right-hand sides; refuses what is inconsistent.

What comes out of here is in declared units: a parameter ``a : nS`` is its number of nS, and the
factors between units stand in the expressions.  Times are in ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from fractions import Fraction
from keyword import iskeyword
from typing import Any, Literal

import sympy

from .errors import EquationError, Place, UnitError, UnknownNameError
from .expressions import FUNCTION_NAMES, Reader, Value, symbol
from .models import statements
from .statements import Draw, Parameter
from .units import (
    CURRENT,
    DIMENSIONLESS,
    TIME,
    WEIGHT,
    WHITE_NOISE,
    Unit,
    unit_of,
)

RESERVED = frozenset(
    ("t", "dt", "pi", "i_inj", "xi", "weight", "delay", "elapsed", "spike", "output", "amplitude",
     "refractory_left", *FUNCTION_NAMES, "exprel", "propagator")
)  # fmt: skip
"""Names that no model may declare."""
UNLESS_REFRACTORY = "unless refractory"
_SLOPE = re.compile(r"^d\s*(\w+)\s*/\s*dt\s*=\s*(.+)$")
_EQUATION = re.compile(r"^(\w+)\s*=(?!=)\s*(.+)$")
_DECLARATION = re.compile(r"^(\w+)$")
_ASSIGNMENT = re.compile(r"^(\w+)\s*(\+|-|\*|/)?=(?!=)\s*(.+)$")
_FLAG = re.compile(r"\s\(([a-z][a-z ]*)\)$")


@dataclass(frozen=True)
class Quantity:
    """A name of a model with its unit.

    slope      d/dt of a variable in its unit per ms; None for other names
    value      of an algebraic quantity in its unit, over states, parameters and inputs
    """

    name: str
    unit: Unit
    spelled: str
    place: Place
    kind: Literal["parameter", "state", "algebraic"]
    flags: frozenset[str] = frozenset()
    slope: Any = None
    value: Any = None

    @property
    def is_gated(self) -> bool:
        """Whether it rests while its neuron is refractory."""
        return UNLESS_REFRACTORY in self.flags


@dataclass(frozen=True)
class Assignment:
    """``target = value``: a statement of a reset or an event; `value` may contain the target."""

    target: str
    value: Any
    place: Place


@dataclass
class Names:
    """Everything the statements of one model may refer to.

    weight_unit  what ``weight`` means in units: only models of synapses know it
    """

    model: str
    check_units: bool
    has_weight_unit: bool = False
    quantities: dict[str, Quantity] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)
    parameters: list[Parameter] = field(default_factory=list)
    known: dict[str, Value] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[Quantity]:
        """Quantities of one kind, in the order of declaration."""
        return [one for one in self.quantities.values() if one.kind == kind]

    def place(self, part: str, line: str = "") -> Place:
        """Where something stands in this model."""
        return Place(self.model, part, line)

    def draw(self, distribution: str) -> Any:
        """The symbol of a new random number."""
        taken = {*self.quantities, *(one.name for one in self.draws)}
        count = 0
        while f"{distribution}_{count}" in taken:
            count += 1
        made = Draw(f"{distribution}_{count}", "normal" if distribution == "normal" else "uniform")
        self.draws.append(made)
        return symbol(made.name)

    def reader(self, extra: Mapping[str, Value] | None = None, *, may_draw: bool = True) -> Reader:
        """A reader of expressions that knows the model's names, `extra`, and general ones."""
        names = {name: self._meaning(one) for name, one in self.quantities.items()}
        everything = {**names, **self.known, **(extra or {})}
        everything.setdefault("pi", Value(sympy.pi, DIMENSIONLESS))
        everything.setdefault("e", Value(sympy.E, DIMENSIONLESS))
        if may_draw:
            return Reader(everything, self.check_units, self.draw)
        return Reader(everything, self.check_units)

    def _meaning(self, one: Quantity) -> Value:
        return Value(symbol(one.name) * self.scale(one.unit), one.unit.dimension)

    def scale(self, unit: Unit) -> Any:
        """The unit in coherent units, as a number for expressions."""
        scale = unit.scale if self.check_units else Fraction(1)
        return sympy.Rational(scale.numerator, scale.denominator)

    def declare(self, one: Quantity) -> None:
        """Add a name, unless it is taken or not a name."""
        if one.name == "weight" and self.has_weight_unit and one.kind == "state":
            if one.unit.dimension != self.quantities["weight"].unit.dimension:
                raise UnitError(one.place, "the unit of 'weight' is 'weight'", "write ': weight'")
            self.quantities["weight"] = one
            return
        if one.name in RESERVED or iskeyword(one.name) or not one.name.isidentifier():
            raise EquationError(one.place, f"'{one.name}' has a meaning of its own in the language",
                                "choose another name")  # fmt: skip
        if one.name in self.quantities:
            raise EquationError(one.place, f"'{one.name}' is declared twice", "remove one of them")
        self.quantities[one.name] = one


def split_line(
    names: Names, place: Place, allowed: Iterable[str]
) -> tuple[str, str, frozenset[str]]:
    """``definition : unit (flag)`` in its three parts; the unit may be missing (``""``)."""
    line, flags = place.line, frozenset[str]()
    found = _FLAG.search(line)
    if found and (":" in line or found[1] in allowed):
        if found[1] not in allowed:
            options = ", ".join(f"({one})" for one in allowed) or "none"
            raise EquationError(place, f"'({found[1]})' is not known here", f"possible: {options}")
        flags, line = frozenset((found[1],)), line[: found.start()]
    definition, colon, unit = line.rpartition(":")
    if not colon:
        definition, unit = line, ""
        if names.check_units:
            raise EquationError(place, "no unit is given", "end the line with ': mV', ': 1' or so")
    return definition.strip(), unit.strip() or "1", flags


def read_unit(names: Names, place: Place, text: str) -> Unit:
    """A unit; models whose units are not checked may write what they like."""
    if not names.check_units:
        return Unit(Fraction(1), DIMENSIONLESS)
    try:
        return unit_of(text, with_weight=names.has_weight_unit)
    except ValueError as wrong:
        raise UnitError(
            place, str(wrong), "choose a unit such as ms, mV, nA, uS, nF or 1"
        ) from None


def read_parameters(names: Names, text: str) -> None:
    """Declare lines ``name = default : unit (shared)``."""
    for line in statements(text):
        place = names.place("parameters", line)
        definition, spelled, flags = split_line(names, place, ("shared",))
        found = _EQUATION.match(definition)
        if not found:
            raise EquationError(place, "this is not a parameter", "write 'name = default : unit'")
        unit = read_unit(names, place, spelled)
        names.declare(Quantity(found[1], unit, spelled, place, "parameter", flags))
        default = number(found[2], place)
        names.parameters.append(Parameter(found[1], default, spelled, "shared" in flags))


def number(text: str, place: Place) -> float:
    """The number that a text without names spells; ``inf`` is one."""
    sign = text.strip().removeprefix("-").strip()
    if sign == "inf":
        return float("-inf") if text.strip().startswith("-") else float("inf")
    value = Reader({"pi": Value(sympy.pi, DIMENSIONLESS)}).read(text, place)
    if value.is_condition or not value.expression.is_number:
        raise EquationError(place, f"'{text}' is not a number", "give a default such as 1.5")
    return float(value.expression)


def read_equations(
    names: Names,
    text: str,
    extra: Mapping[str, Value],
    flags: Iterable[str],
    *,
    may_draw: bool = True,
) -> None:
    """Declare variables and algebraic quantities, and read their right-hand sides.

    extra  names that equations may use beside the model's own
    """
    right_sides: dict[str, str] = {}
    slopes = set()
    for line in statements(text):
        place = names.place("equations", line)
        definition, spelled, line_flags = split_line(names, place, flags)
        slope, equation = _SLOPE.match(definition), _EQUATION.match(definition)
        found = slope or equation or _DECLARATION.match(definition)
        if not found:
            raise EquationError(
                place, "this is not an equation", "write 'dx/dt = ... : unit' or 'x = ... : unit'"
            )
        kind: Literal["algebraic", "state"] = "state"
        if equation and not slope:
            kind = "algebraic"
        if kind == "algebraic" and line_flags:
            raise EquationError(place, "an algebraic quantity cannot rest",
                                "put the flag at a dx/dt")  # fmt: skip
        unit = read_unit(names, place, spelled)
        names.declare(Quantity(found[1], unit, spelled, place, kind, line_flags))
        if slope or equation:
            right_sides[found[1]] = found[2]
        if slope:
            slopes.add(found[1])
    reader = names.reader(extra, may_draw=may_draw)
    for name, right in right_sides.items():
        _read_right_side(names, reader, name, right, is_slope=name in slopes)
    _substitute(names)


def _read_right_side(names: Names, reader: Reader, name: str, text: str, *, is_slope: bool) -> None:
    one = names.quantities[name]
    value = reader.read(text, one.place)
    dimension = one.unit.dimension / TIME if is_slope else one.unit.dimension
    expression = reader.expect(value, dimension, "the right-hand side")
    scaled = expression / names.scale(one.unit)
    names.quantities[name] = Quantity(
        one.name, one.unit, one.spelled, one.place, one.kind, one.flags,
        slope=scaled if is_slope else None,
        value=None if is_slope else scaled,
    )  # fmt: skip


def _substitute(names: Names) -> None:
    """Replace algebraic quantities in all right-hand sides by what they are."""
    values = {symbol(one.name): one.value for one in names.of_kind("algebraic")}
    places = {symbol(one.name): one.place for one in names.of_kind("algebraic")}
    resolved: dict[Any, Any] = {}

    def resolve(name: Any, above: tuple[Any, ...]) -> Any:
        if name in above:
            circle = " -> ".join(str(one) for one in (*above[above.index(name) :], name))
            raise EquationError(places[name], f"algebraic quantities form a circle: {circle}",
                                "make one of them a dx/dt")  # fmt: skip
        if name not in resolved:
            inner = values[name].free_symbols & values.keys()
            parts = {one: resolve(one, (*above, name)) for one in sorted(inner, key=str)}
            resolved[name] = values[name].xreplace(parts)
        return resolved[name]

    for name in values:
        resolve(name, ())
    for key, one in names.quantities.items():
        slope = None if one.slope is None else one.slope.xreplace(resolved)
        value = resolved.get(symbol(key))
        names.quantities[key] = Quantity(
            one.name, one.unit, one.spelled, one.place, one.kind, one.flags, slope, value
        )


def expanded(names: Names, expression: Any) -> Any:
    """The expression with algebraic quantities replaced by what they are."""
    return expression.xreplace({symbol(one.name): one.value for one in names.of_kind("algebraic")})


def read_statements(
    names: Names, text: str, part: str, reader: Reader, targets: Mapping[str, Unit]
) -> list[Assignment]:
    """Sequential statements ``x = ...``, ``x += ...`` and so on.

    targets  what may be assigned, with its unit
    """
    found = []
    for line in statements(text):
        place = names.place(part, line)
        match = _ASSIGNMENT.match(line)
        if not match:
            raise EquationError(place, "this is not a statement", "write 'x = ...' or 'x += ...'")
        target, operator, right = match[1], match[2] or "", match[3]
        unit = target_unit(names, place, target, targets)
        value = reader.read(right, place)
        # In synapses a weight is what it is; elsewhere only receptors see one.
        dimension = DIMENSIONLESS if operator in ("*", "/") else unit.dimension
        expression = reader.expect(value, dimension, "the right-hand side")
        old, scale = symbol(target), names.scale(unit)
        result = {
            "": expression / scale, "+": old + expression / scale, "-": old - expression / scale,
            "*": old * expression, "/": old / expression,
        }[operator]  # fmt: skip
        found.append(Assignment(target, expanded(names, result), place))
    return found


def target_unit(names: Names, place: Place, target: str, targets: Mapping[str, Unit]) -> Unit:
    """The unit of what a statement assigns, if it may."""
    if target in targets:
        return targets[target]
    known = names.quantities.get(target)
    possible = ", ".join(targets) or "nothing"
    if known is None:
        near = get_close_matches(target, targets, n=1)
        way_out = f"did you mean '{near[0]}'?" if near else f"possible here: {possible}"
        raise UnknownNameError(place, target, f"unknown name '{target}'", way_out)
    raise EquationError(
        place, f"'{target}' is a {known.kind} and cannot be assigned", f"possible here: {possible}"
    )


def state_units(names: Names) -> dict[str, Unit]:
    """States and their units, as targets of statements."""
    return {one.name: one.unit for one in names.of_kind("state")}


def read_initial(names: Names, text: str) -> dict[str, Any]:
    """Initial values of all states in their units: expressions over parameters."""
    reader = names.reader(may_draw=False)
    places = {one.name: one.place for one in names.of_kind("state")}
    values: dict[str, Any] = {}
    for one in read_statements(names, text, "initial", reader, state_units(names)):
        values[one.target] = one.value
        places[one.target] = one.place
    return {name: _over_parameters(names, values, name, places[name]) for name in places}


def _over_parameters(names: Names, values: dict[str, Any], name: str, place: Place) -> Any:
    """An initial value with the states in it replaced by their initial values."""
    states = {symbol(one.name): one.name for one in names.of_kind("state")}
    value = values.get(name, sympy.Integer(0))
    for _ in range(len(states) + 1):
        inside = value.free_symbols & states.keys()
        if not inside:
            break
        value = value.xreplace({one: values.get(states[one], sympy.Integer(0)) for one in inside})
    else:
        raise EquationError(place, f"the initial value of '{name}' depends on itself",
                            "give it in terms of parameters")  # fmt: skip
    allowed = {symbol(one.name) for one in names.parameters} | {symbol("dt")}
    for other in sorted(value.free_symbols - allowed, key=str):
        raise EquationError(place, f"the initial value of '{name}' contains '{other}'",
                            "give it in terms of parameters")  # fmt: skip
    return value


def neuron_names(model: str, check_units: bool) -> Names:
    """An empty table that knows what all neurons know."""
    return Names(model, check_units, known=general_names())


def general_names(*, current: bool = True) -> dict[str, Value]:
    """``t``, ``dt`` and, for neurons, the injected current."""
    known = {"t": Value(symbol("t"), TIME), "dt": Value(symbol("dt"), TIME)}
    if current:
        known["i_inj"] = Value(symbol("i_inj"), CURRENT)
    return known


def noise_names(text: str) -> dict[str, Value]:
    """``xi`` and ``xi_...`` as far as they occur in a text: white noises."""
    found = sorted(set(re.findall(r"\bxi(?:_\w+)?\b", text)))
    return {name: Value(symbol(name), WHITE_NOISE) for name in found}


def synapse_names(model: str, check_units: bool) -> Names:
    """An empty table that knows ``weight``."""
    known = general_names(current=False)
    names = Names(model, check_units, has_weight_unit=True, known=known)
    unit = Unit(Fraction(1), WEIGHT if check_units else DIMENSIONLESS)
    place = names.place("equations")
    names.quantities["weight"] = Quantity("weight", unit, "weight", place, "state")
    return names
