"""What arriving weights do to a neuron: statements, linear in ``weight``, and the unit of weights.

Because all statements are linear, the weights of one step may be summed before they act.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import sympy

from .equations import Assignment, Names, expanded, state_units, target_unit
from .errors import EquationError, Place, UnitError
from .expressions import Value, symbol
from .linear import terms
from .models import statements
from .printing import source
from .units import DIMENSIONLESS, UNITS, WEIGHT, Unit, name_of

_STATEMENT = re.compile(r"^(\w+)\s*(\+|-)=\s*(.+)$")
_WAY_OUT = "write 'x += weight' or 'x += weight*factor'"


def read_receptor(
    names: Names, receptor: str, text: str, arriving: Any
) -> tuple[list[Assignment], str]:
    """The statements of a receptor, and the unit of its weights.

    arriving  the symbol of the sum of the weights that arrive in a step
    Raises    EquationError if a statement is not linear in ``weight``
    """
    part = f"receptor '{receptor}'"
    reader = names.reader({"weight": Value(symbol("weight"), WEIGHT)}, may_draw=False)
    found: list[Assignment] = []
    unit: Unit | None = None
    spelled = ""
    for line in statements(text):
        place = names.place(part, line)
        match = _STATEMENT.match(line)
        if not match:
            raise EquationError(place, "this adds nothing to a state", _WAY_OUT)
        name = match[1]
        own = target_unit(names, place, name, state_units(names))
        value = reader.read(match[3], place)
        factor = _factor(value, place)
        needed = _weight_unit(names, own, value)
        if unit is not None and needed.dimension != unit.dimension:
            raise UnitError(place, f"weight has unit {name_of(needed)} here and {name_of(unit)} "
                            "before", "give the factors units that agree")  # fmt: skip
        if unit is None:
            unit = needed
            spelled = names.quantities[name].spelled if unit == own else name_of(unit)
        change = factor * names.scale(unit) / names.scale(own) * arriving
        state = symbol(name)
        result = state + change if match[2] == "+" else state - change
        found.append(Assignment(name, expanded(names, result), place))
    if unit is None:
        raise EquationError(names.place(part), "it has no statement", _WAY_OUT)
    return found, spelled


def _factor(value: Value, place: Place) -> Any:
    """What ``weight`` is multiplied with."""
    weight = symbol("weight")
    if value.is_condition:
        raise EquationError(place, "this is a condition", _WAY_OUT)
    total = sympy.Integer(0)
    for term in terms(value.expression):
        factor, rest = term.as_independent(weight, as_Add=False)
        if rest != weight:
            problem = f"'{source(term)}' is not linear in weight"
            raise EquationError(place, problem, _WAY_OUT)
        total += factor
    return total


def _weight_unit(names: Names, target: Unit, value: Value) -> Unit:
    """The unit of weight for which the statement is consistent, of the target's scale if named."""
    if not names.check_units:
        return Unit(Fraction(1), DIMENSIONLESS)
    assert value.dimension is not None  # what is linear in weight is not a bare zero
    unit = Unit(target.scale, target.dimension / (value.dimension / WEIGHT))
    if unit == target or unit in UNITS.values():
        return unit
    return Unit(Fraction(1), unit.dimension)
