"""Equations to statements that advance them over one step.

Every function takes values at the beginning of a step, writes statements into a `Body`, and returns
values at its end.  Methods: exact (linear systems), Runge-Kutta of order 4, Euler (Euler-Maruyama
where there is noise) and exponential Euler; ``auto`` solves the linear part exactly and gives its
values at t, t + dt/2 and t + dt to Runge-Kutta for the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from .body import DT, Body
from .errors import EquationError, Place
from .expressions import symbol
from .functions import RelativeExponential, Where
from .linear import Flow, LinearSystem, linear_system, terms

T = symbol("t")
METHODS = ("auto", "exact", "exponential_euler", "euler", "rk4")
MAX_SUBSTEPS = 64
"""Substeps are unrolled; longer code would no longer fit an instruction cache."""
Values = dict[Any, Any]


@dataclass(frozen=True)
class Dynamics:
    """The differential equations of a model.

    slopes  variable -> slope, per ms, over variables, constants, inputs of the step, ``t``, noise
    gated   variables that rest while `free` (a local of the body) is false
    noises  symbols of white noise in the slopes
    draw    gives the symbol of a standard normal number of its own
    looped  write one substep, to be repeated, instead of all of them
    """

    slopes: Mapping[Any, Any]
    places: Mapping[Any, Place]
    draw: Callable[[], Any]
    gated: frozenset[Any] = frozenset()
    noises: frozenset[Any] = frozenset()
    free: Any = None
    method: str = "auto"
    substeps: int = 1
    looped: bool = False

    def gate(self, variable: Any, expression: Any, otherwise: Any) -> Any:
        """The expression, or what holds while the variable rests."""
        return Where(self.free, expression, otherwise) if variable in self.gated else expression


def advance(dynamics: Dynamics, body: Body) -> Values:
    """Values of all variables at the end of the step, as symbols."""
    _check_noise(dynamics)
    linear = _linear_part(dynamics, body)
    length = body.constant(DT / dynamics.substeps, "substep")
    written = length if dynamics.looped else DT
    rest = {x: slope for x, slope in dynamics.slopes.items() if x not in linear.rows}
    exact = _Exact(linear, dynamics, body)
    if not rest:
        return exact.after(_themselves(linear.rows), written, "next")
    rest = {x: body.hoisted(slope) for x, slope in rest.items()}
    used = {one for slope in rest.values() for one in slope.free_symbols}
    _note_rates(dynamics, rest, body)
    rest_values, linear_values = _themselves(rest), _themselves(linear.rows)
    follows = bool(used & linear.rows.keys())
    for number in range(1 if dynamics.looped else dynamics.substeps):
        substep = _Substep(dynamics, body, rest, length, T + number * length, str(number + 1))
        linear_values, rest_values = substep.advance(
            rest_values, linear_values, exact if follows else None
        )
    if not follows:
        linear_values = exact.after(linear_values, written, "next")
    return {x: (linear_values if x in linear.rows else rest_values)[x] for x in dynamics.slopes}


def _themselves(variables: Any) -> Values:
    return {x: x for x in variables}


def check_method(place: Place, method: str, substeps: int) -> None:
    """Refuse what is not a method, or not a number of substeps."""
    if method not in METHODS:
        raise EquationError(
            place, f"method '{method}' is unknown", f"choose one of {', '.join(METHODS)}"
        )
    if isinstance(substeps, bool) or not isinstance(substeps, int):
        raise EquationError(place, f"substeps={substeps} is not an integer", "choose 1 or more")
    if not 1 <= substeps <= MAX_SUBSTEPS:
        problem = f"substeps={substeps} is not in 1..{MAX_SUBSTEPS}"
        raise EquationError(place, problem, "choose a smaller time step instead")


def _check_noise(dynamics: Dynamics) -> None:
    for variable, slope in dynamics.slopes.items():
        if slope.free_symbols & dynamics.noises and dynamics.method not in ("auto", "euler"):
            raise EquationError(
                dynamics.places[variable],
                f"method '{dynamics.method}' cannot integrate white noise",
                "choose 'auto' or 'euler'",
            )


def _linear_part(dynamics: Dynamics, body: Body) -> LinearSystem:
    if dynamics.method not in ("auto", "exact"):
        return LinearSystem()
    linear = linear_system(dynamics.slopes, {T, *dynamics.noises}, body.is_constant)
    for variable in dynamics.slopes:
        if dynamics.method == "exact" and variable not in linear.rows:
            raise EquationError(
                dynamics.places[variable],
                f"'{variable}' has no exact solution: {linear.reasons[variable]}",
                "choose method 'auto', which integrates such variables numerically",
            )
    return linear


def _note_rates(dynamics: Dynamics, slopes: Mapping[Any, Any], body: Body) -> None:
    """Leave the decay rates of explicit methods among the constants, for `stability`."""
    noisy = any(slope.free_symbols & dynamics.noises for slope in slopes.values())
    if dynamics.method == "exponential_euler":
        return
    kind = "euler" if noisy or dynamics.method == "euler" else "rk4"
    for variable, slope in slopes.items():
        own = [one for one in terms(slope.diff(variable)) if body.is_constant(one)]
        rate = sympy.Add(*own)
        if rate != 0:
            body.note(f"{kind}_rate_{variable}", rate / dynamics.substeps)


class _Exact:
    """The linear part over steps of any length, with variables at rest taken into account."""

    def __init__(self, system: LinearSystem, dynamics: Dynamics, body: Body) -> None:
        self._system, self._dynamics, self._body = system, dynamics, body

    def after(self, values: Values, length: Any, suffix: str) -> Values:
        """Values after a step of a length [ms], as locals."""
        variables = self._system.rows
        free = Flow(self._system, length, self._body)
        moved = {x: free.advanced(x, values) for x in variables}
        if self._dynamics.gated & variables.keys():
            held = Flow(self._system.without(self._dynamics.gated), length, self._body)
            moved = {
                x: Where(self._dynamics.free, moved[x], held.advanced(x, values)) for x in variables
            }
        return self._body.locals({f"{x}_{suffix}": moved[x] for x in variables}, list(variables))


class _Substep:
    """One substep of the variables that are not solved exactly."""

    def __init__(
        self, dynamics: Dynamics, body: Body, slopes: Values, length: Any, start: Any, label: str
    ) -> None:
        self._dynamics, self._body, self._slopes = dynamics, body, slopes
        self._length, self._start = length, start
        self._label = "" if dynamics.substeps == 1 or dynamics.looped else f"_{label}"

    def advance(self, rest: Values, linear: Values, exact: _Exact | None) -> tuple[Values, Values]:
        """Values of the linear variables (unchanged without `exact`) and of the rest."""
        noisy = any(slope.free_symbols & self._dynamics.noises for slope in self._slopes.values())
        if self._dynamics.method in ("auto", "rk4") and not noisy:
            return self._runge_kutta(rest, linear, exact)
        step = self._exponential if self._dynamics.method == "exponential_euler" else self._euler
        moved = step(rest, linear)
        if exact is not None:
            linear = exact.after(linear, self._length, f"next{self._label}")
        return linear, moved

    def _at(self, rest: Values, linear: Values, time: Any) -> Values:
        """What to put for the variables and ``t``."""
        values = {**linear, **rest}
        if any(T in slope.free_symbols for slope in self._slopes.values()):
            values[T] = self._body.local("time", time)
        return values

    def _slope_values(self, values: Values, stage: str) -> Values:
        slopes = {
            f"{x}_{stage}{self._label}": self._dynamics.gate(
                x, slope.xreplace(values), sympy.Integer(0)
            )
            for x, slope in self._slopes.items()
        }
        return self._body.locals(slopes, list(self._slopes))

    def _runge_kutta(
        self, rest: Values, linear: Values, exact: _Exact | None
    ) -> tuple[Values, Values]:
        """The classical method of order 4; linear variables at three times are exact."""
        body, length = self._body, self._length
        half = body.constant(length / 2, "half_step")
        middle = end = linear
        if exact is not None:
            middle = exact.after(linear, half, f"middle{self._label}")
            end = exact.after(middle, half, f"next{self._label}")
        k1 = self._slope_values(self._at(rest, linear, self._start), "k1")
        k2 = self._slope_values(
            self._at(self._moved(rest, k1, half, 2), middle, self._start + half), "k2"
        )
        k3 = self._slope_values(
            self._at(self._moved(rest, k2, half, 3), middle, self._start + half), "k3"
        )
        k4 = self._slope_values(
            self._at(self._moved(rest, k3, length, 4), end, self._start + length), "k4"
        )
        sixth = body.constant(length / 6, "sixth_step")
        moved = {x: rest[x] + sixth * (k1[x] + 2 * (k2[x] + k3[x]) + k4[x]) for x in rest}
        names = {f"{x}_next{self._label}": moved[x] for x in rest}
        return end, body.locals(names, list(rest))

    def _moved(self, rest: Values, slopes: Values, length: Any, stage: int) -> Values:
        names = {f"{x}_at{stage}{self._label}": rest[x] + length * slopes[x] for x in rest}
        return self._body.locals(names, list(rest))

    def _euler(self, rest: Values, linear: Values) -> Values:
        """Slopes at the beginning; noise grows with the square root of the step."""
        values = self._at(rest, linear, self._start)
        draws = {one: self._dynamics.draw() for one in sorted(self._used_noises(), key=str)}
        moved = {}
        for x, slope in self._slopes.items():
            steady = slope.xreplace(dict.fromkeys(draws, sympy.Integer(0)))
            change = self._length * steady.xreplace(values)
            for noise, draw in draws.items():
                strength = slope.diff(noise)
                if strength.free_symbols & draws.keys():
                    raise EquationError(
                        self._dynamics.places[x], "white noise does not enter linearly",
                        "write the slope as 'f + g*xi'",
                    )  # fmt: skip
                root = self._body.constant(sympy.sqrt(self._length), "root_step")
                change += root * strength.xreplace(values) * draw
            moved[x] = self._dynamics.gate(x, rest[x] + change, rest[x])
        names = {f"{x}_next{self._label}": moved[x] for x in rest}
        return self._body.locals(names, list(rest))

    def _used_noises(self) -> set[Any]:
        used = {one for slope in self._slopes.values() for one in slope.free_symbols}
        return used & self._dynamics.noises

    def _exponential(self, rest: Values, linear: Values) -> Values:
        """x + h exprel(h J) f with J = df/dx: exact for what is linear in x itself."""
        values = self._at(rest, linear, self._start)
        moved = {}
        for x, slope in self._slopes.items():
            rate = sympy.Add(*terms(slope.diff(x)))
            growth = self._length * RelativeExponential(self._length * rate)
            moved[x] = self._dynamics.gate(x, rest[x] + (growth * slope).xreplace(values), rest[x])
        names = {f"{x}_next{self._label}": moved[x] for x in rest}
        return self._body.locals(names, list(rest))
