"""Models to plans: everything that is decided once for a model's text.

Slow (fractions of a second to a few seconds, computer algebra); whoever can keeps the result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sympy

from . import equations
from .body import DT, Body
from .equations import Assignment, Names, Quantity
from .errors import EquationError
from .expressions import symbol
from .functions import Floor
from .integrate import Dynamics, T, advance, check_method
from .models import CurrentModel, NeuronModel, SynapseModel
from .printing import source
from .receptors import read_receptor
from .statements import CurrentPlan, Draw, NeuronPlan, Receptor, State, Statement, SynapsePlan
from .synapses import SynapsePlanner
from .units import CURRENT, TIME

REFRACTORY = symbol("refractory_left")
I_INJ = symbol("i_inj")
_RESERVED_NAMES = ("t", "dt", "pi", "i_inj", "spike", "amplitude", "refractory_left")


def plan_neuron(model: NeuronModel) -> NeuronPlan:
    """The plan of a neuron model.

    Raises  EquationError, UnitError, UnknownNameError
    """
    return _NeuronPlanner(model).plan()


def plan_synapse(model: SynapseModel) -> SynapsePlan:
    """The plan of a synapse model; raises as `plan_neuron` does."""
    return SynapsePlanner(model).plan()


def plan_current(model: CurrentModel) -> CurrentPlan:
    """The plan of a current source; raises as `plan_neuron` does."""
    names = equations.neuron_names(model.name, model.check_units)
    del names.known["i_inj"]
    _read(names, model, flags=())
    body = _body(names)
    _assign(body, _statements_of(names, model.update, "update"), None)
    place = names.place("amplitude", model.amplitude)
    reader = names.reader()
    amplitude = reader.expect(reader.read(model.amplitude, place), CURRENT, "the amplitude")
    body.assign("amplitude", equations.expanded(names, amplitude))
    _integrate(names, model, body, free=None)
    initial = equations.read_initial(names, model.initial)
    return CurrentPlan(
        name=model.name,
        parameters=tuple(names.parameters),
        states=_states(names, initial),
        constants=tuple(body.constants),
        draws=_used(names.draws, body.statements),
        body=tuple(body.statements),
        per_target=model.per_target,
    )


def _read(names: Names, model: NeuronModel | CurrentModel, flags: Iterable[str]) -> None:
    check_method(names.place("method"), model.method, model.substeps)
    equations.read_parameters(names, model.parameters)
    noises = equations.noise_names(model.equations)
    equations.read_equations(names, model.equations, noises, flags)


def _body(names: Names, extra: Iterable[str] = ()) -> Body:
    taken = (*names.quantities, *_RESERVED_NAMES, *extra)
    return Body(taken, [one.name for one in names.parameters])


def _statements_of(names: Names, text: str, part: str) -> list[Assignment]:
    return equations.read_statements(
        names, text, part, names.reader(), equations.state_units(names)
    )


def _assign(body: Body, found: Iterable[Assignment], condition: Any) -> None:
    for one in found:
        body.select(one.target, condition, one.value)


def _integrate(
    names: Names, model: NeuronModel | CurrentModel, body: Body, free: Any, *, looped: bool = False
) -> None:
    """Write statements that advance the variables, and assign the states."""
    moving = [one for one in names.of_kind("state") if one.slope is not None]
    noises = frozenset(map(symbol, equations.noise_names(model.equations)))
    dynamics = Dynamics(
        slopes={symbol(one.name): one.slope for one in moving},
        places={symbol(one.name): one.place for one in moving},
        draw=lambda: names.draw("normal"),
        gated=frozenset(symbol(one.name) for one in moving if one.is_gated),
        noises=noises,
        free=free,
        method=model.method,
        substeps=model.substeps,
        looped=looped,
    )
    for variable, value in advance(dynamics, body).items():
        body.write(variable.name, source(value))


def _states(names: Names, initial: dict[str, Any]) -> tuple[State, ...]:
    return tuple(
        State(one.name, one.spelled, source(initial[one.name])) for one in names.of_kind("state")
    )


def _used(draws: Iterable[Draw], statements: Sequence[Statement]) -> tuple[Draw, ...]:
    """The draws that statements read."""
    read = {word for one in statements for word in re.findall(r"\w+", one.expression)}
    return tuple(one for one in draws if one.name in read)


class _NeuronPlanner:
    """One neuron model on its way to a plan."""

    def __init__(self, model: NeuronModel) -> None:
        self.model = model
        self.names = equations.neuron_names(model.name, model.check_units)
        _read(self.names, model, flags=(equations.UNLESS_REFRACTORY,))
        self._check_refractory()
        self.receptors, self.inputs = self._read_receptors()
        self.body = _body(self.names, [one.input for one in self.receptors])
        self.free: Any = None

    def plan(self) -> NeuronPlan:
        names, model, body = self.names, self.model, self.body
        _assign(body, _statements_of(names, model.update, "update"), None)
        if model.refractory:
            self.free = symbol(body.unused("free"))
            self._write_free()
        looped = self._can_loop()
        _integrate(names, model, body, self.free, looped=looped)
        substep: tuple[Statement, ...] = ()
        if looped:
            substep, body.statements = tuple(body.statements), []
            if model.refractory:
                self._write_free()
        if model.refractory:
            body.write(REFRACTORY.name, f"max({REFRACTORY} - 1.0, 0.0)")
        for one in self.inputs:
            gated = names.quantities[one.target].is_gated
            body.select(one.target, self.free if gated else None, one.value)
        if model.threshold:
            self._spike()
        initial = equations.read_initial(names, model.initial)
        states = _states(names, initial)
        algebraic, units, stored = self._algebraic(initial)
        if model.refractory:
            stored = (State(REFRACTORY.name, "1", hidden=True), *stored)
        statements = (*substep, *body.statements)
        text = " ".join(one.expression for one in statements)
        return NeuronPlan(
            name=model.name,
            parameters=tuple(names.parameters),
            states=(*states, *stored),
            constants=tuple(body.constants),
            draws=_used(names.draws, statements),
            receptors=self.receptors,
            body=tuple(body.statements),
            algebraic=algebraic,
            algebraic_units=units,
            uses_current=bool(re.search(r"\bi_inj\b", text)),
            spikes=bool(model.threshold),
            substep=substep,
            substeps=model.substeps if looped else 1,
        )

    def _write_free(self) -> None:
        self.body.write(self.free.name, f"{REFRACTORY} <= 0.0")

    def _can_loop(self) -> bool:
        """Whether substeps are alike: they do not look at the time, and draw nothing of their own.

        What `update` writes stands before them and would be repeated.
        """
        names, model = self.names, self.model
        slopes = [one.slope for one in names.of_kind("state") if one.slope is not None]
        own = {T, *map(symbol, equations.noise_names(model.equations))}
        return (
            model.substeps > 1
            and not model.update
            and not any(one.free_symbols & own for one in slopes)
        )

    def _check_refractory(self) -> None:
        for one in self.names.of_kind("state"):
            if one.is_gated and not self.model.refractory:
                raise EquationError(one.place, "the model has no refractory time",
                                    "set refractory= or remove the flag")  # fmt: skip
        for part in ("reset", "refractory"):
            line = getattr(self.model, part)
            if line and not self.model.threshold:
                raise EquationError(self.names.place(part, line), "the model has no threshold",
                                    "set threshold= to a condition")  # fmt: skip

    def _spike(self) -> None:
        names, model, body = self.names, self.model, self.body
        place = names.place("threshold", model.threshold)
        reader = names.reader()
        condition = reader.condition(reader.read(model.threshold, place))
        text = source(body.hoisted(equations.expanded(names, condition)))
        body.write("spike", f"{self.free} and ({text})" if model.refractory else text)
        spike = symbol("spike")
        _assign(body, _statements_of(names, model.reset, "reset"), spike)
        if model.refractory:
            body.select(REFRACTORY.name, spike, self._refractory_steps())

    def _refractory_steps(self) -> Any:
        """The refractory time in steps, rounded to the nearest as NEST does."""
        names, model = self.names, self.model
        reader = names.reader()
        place = names.place("refractory", model.refractory)
        time = reader.expect(reader.read(model.refractory, place), TIME, "the refractory time")
        half = sympy.Rational(1, 2)
        steps = Floor(equations.expanded(names, time) / DT + half)
        if self.body.is_constant(steps):
            return self.body.constant(steps, "refractory_steps")
        return steps

    def _read_receptors(self) -> tuple[tuple[Receptor, ...], list[Assignment]]:
        receptors: list[Receptor] = []
        inputs: list[Assignment] = []
        for name, text in self.model.receptors.items():
            plain = "input_" + re.sub(r"\W", "_", name)
            while plain in self.names.quantities or plain in [one.input for one in receptors]:
                plain += "_"
            found, unit = read_receptor(self.names, name, text, symbol(plain))
            receptors.append(Receptor(name, plain, unit))
            inputs.extend(found)
        return tuple(receptors), inputs

    def _algebraic(
        self, initial: dict[str, Any]
    ) -> tuple[tuple[Statement, ...], tuple[str, ...], tuple[State, ...]]:
        """Recordable quantities; those that depend on what a step brings become states."""
        names, body = self.names, self.body
        noises = set(map(symbol, equations.noise_names(self.model.equations)))
        brought = {symbol(one.name) for one in names.draws} | {I_INJ, T}
        statements, units, stored = [], [], []
        for one in names.of_kind("algebraic"):
            if one.value.free_symbols & noises:
                continue  # white noise has no value at a time
            if one.value.free_symbols & brought:
                body.assign(one.name, one.value.xreplace({T: T + DT}))
                stored.append(State(one.name, one.spelled, self._at_start(one, initial)))
            else:
                statements.append(Statement(one.name, source(body.hoisted(one.value))))
                units.append(one.spelled)
        return tuple(statements), tuple(units), tuple(stored)

    def _at_start(self, one: Quantity, initial: dict[str, Any]) -> str:
        """An algebraic quantity before the first step, with nothing injected or drawn."""
        values = {symbol(name): value for name, value in initial.items()}
        others = one.value.free_symbols - values.keys()
        known = {symbol(parameter.name) for parameter in self.names.parameters} | {DT}
        values.update(dict.fromkeys(others - known, sympy.Integer(0)))
        return source(one.value.xreplace(values))
