"""Models of synapses to plans: statements at spikes, and exact advance between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from . import equations
from .body import Body
from .equations import Assignment, Quantity, synapse_names
from .errors import EquationError
from .expressions import Value, symbol
from .linear import Flow, LinearSystem, linear_system
from .models import SynapseModel
from .printing import source
from .statements import Draw, State, Statement, SynapsePlan
from .units import Unit

ELAPSED = symbol("elapsed")
T = symbol("t")
BEFORE = "_before"
_TAKEN = ("t", "dt", "pi", "elapsed", "output", "delay")


class SynapsePlanner:
    """One synapse model on its way to a plan.

    Raises  EquationError, UnitError, UnknownNameError
    """

    def __init__(self, model: SynapseModel) -> None:
        self.model = model
        self.names = synapse_names(model.name, model.check_units)
        equations.read_parameters(self.names, model.parameters)
        equations.read_equations(self.names, model.equations, {}, (), may_draw=False)
        states = [one.name for one in self.names.of_kind("state")]
        taken = (*self.names.quantities, *_TAKEN, *(name + BEFORE for name in states))
        self.body = Body(taken, [one.name for one in self.names.parameters])

    def plan(self) -> SynapsePlan:
        """The plan."""
        names, model = self.names, self.model
        advance = self._advance()
        pre = self._event(model.on_pre, "on_pre")
        if not any(one.target == "output" for one in pre):
            pre.append(Assignment("output", symbol("weight"), names.place("on_pre")))
        post = self._event(model.on_post, "on_post")
        only_post = {one.target for one in post} - {one.target for one in pre}
        before = {symbol(name): symbol(name + BEFORE) for name in only_post}
        both = [Assignment(one.target, one.value.xreplace(before), one.place) for one in pre]
        on_pre, on_post = self._written(pre), self._written(post)
        initial = equations.read_initial(names, model.initial)
        return SynapsePlan(
            name=model.name,
            parameters=tuple(names.parameters),
            states=tuple(
                State(one.name, one.spelled, source(initial[one.name]))
                for one in names.of_kind("state")
            ),
            constants=tuple(self.body.constants),
            pre_draws=self._draws(on_pre),
            post_draws=self._draws(on_post),
            advance=advance,
            on_pre=on_pre,
            on_post=on_post,
            on_both=self._written(both),
        )

    def _written(self, found: Iterable[Assignment]) -> tuple[Statement, ...]:
        self.body.statements = []
        for one in found:
            self.body.assign(one.target, one.value)
        return tuple(self.body.statements)

    def _draws(self, found: Sequence[Statement]) -> tuple[Draw, ...]:
        read = {word for one in found for word in re.findall(r"\w+", one.expression)}
        return tuple(one for one in self.names.draws if one.name in read)

    def _event(self, text: str, part: str) -> list[Assignment]:
        """Statements at a spike; only on_pre may assign and read ``output``."""
        names = self.names
        targets = equations.state_units(names)
        weight = targets["weight"]
        extra: dict[str, Value] = {}
        if part == "on_pre":
            targets["output"] = Unit(weight.scale, weight.dimension)
            extra["output"] = Value(symbol("output"), weight.dimension)
        reader = names.reader(extra)
        found = equations.read_statements(names, text, part, reader, targets)
        assigned = False
        for one in found:
            if symbol("output") in one.value.free_symbols and not assigned:
                raise EquationError(one.place, "'output' is read before it is assigned",
                                    "begin with 'output = weight'")  # fmt: skip
            assigned = assigned or one.target == "output"
        return found

    def _advance(self) -> tuple[Statement, ...]:
        """States after a time without events."""
        moving = [one for one in self.names.of_kind("state") if one.slope is not None]
        slopes = {symbol(one.name): one.slope for one in moving}
        linear = linear_system(slopes, {T}, self.body.is_constant)
        for one in moving:
            self._check(one, linear)
        flow = Flow(linear, ELAPSED, self.body, may_call=False)
        themselves = {variable: variable for variable in slopes}
        moved = {}
        for one in moving:
            variable = symbol(one.name)
            try:
                moved[variable] = flow.advanced(variable, themselves)
            except NotImplementedError as reason:
                raise EquationError(
                    one.place, f"there is no short exact solution between events: {reason}",
                    "let a state follow at most one other, or follow constants alone",
                ) from None  # fmt: skip
        self.body.statements = []
        if len(moved) == 1:
            for variable, value in moved.items():
                self.body.assign(variable.name, value)
        else:
            after = self.body.locals({f"{x}_after": value for x, value in moved.items()}, moved)
            for variable, value in after.items():
                self.body.write(variable.name, source(value))
        return tuple(self.body.statements)

    def _check(self, one: Quantity, linear: LinearSystem) -> None:
        variable = symbol(one.name)
        if variable not in linear.rows:
            raise EquationError(
                one.place,
                f"'{variable}' has no exact solution between events: {linear.reasons[variable]}",
                "use slopes that are linear in the states with constant factors",
            )
