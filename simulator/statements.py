"""Plans: what a kernel computes, as plain data, after units, names and integration are settled.

A body is straight-line code over scalars: every selection (refractory neurons, reset after a spike)
is already an ``a if c else b`` in it.  Generators for CPU and CUDA print the same statements
between their own loads and stores, so both devices compute the same thing.

Expressions are text in Python's syntax over the names of the plan, ``t`` [ms], ``dt`` [ms] and the
functions in `FUNCTIONS`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

FUNCTIONS = (
    "exp", "log", "log10", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "exprel",
    "abs", "sign", "floor", "ceil", "min", "max", "pow",
)  # fmt: skip
"""What an expression may call; ``exprel(x)`` is (exp(x) - 1)/x."""


@dataclass(frozen=True, slots=True)
class Statement:
    """``target = expression``; the target is a state, a local name, ``spike`` or ``output``."""

    target: str
    expression: str

    def __str__(self) -> str:
        return f"{self.target} = {self.expression}"


@dataclass(frozen=True, slots=True)
class Constant:
    """What follows from parameters and ``dt`` alone: computed with NumPy whenever they change.

    The expression may use parameters and constants that stand before this one, and beside the
    functions of bodies ``propagator``, see `propagators.propagator`.
    """

    name: str
    expression: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a user sets, in its declared unit.

    shared  one value for a whole population; others may differ between neurons or synapses
    """

    name: str
    default: float
    unit: str
    shared: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """A variable that a kernel writes.

    initial  expression over parameters and constants, in the declared unit of the state
    hidden   made by the planner (such as ``refractory_left``), not by the author of the model
    """

    name: str
    unit: str
    initial: str = "0.0"
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Draw:
    """A random number, one per step and neuron (or per event and synapse), under a name."""

    name: str
    distribution: Literal["normal", "uniform"]


@dataclass(frozen=True, slots=True)
class Receptor:
    """A port for synaptic events: the sum of what arrives in a step is read as `input`."""

    name: str
    input: str
    weight_unit: str


@dataclass(frozen=True, slots=True)
class NeuronPlan:
    """One step of a neuron.

    body      from the states at the beginning of the step to those at its end, and ``spike`` (bool)
              if the model has a threshold; a state that is never assigned keeps its value
    substep   what is done `substeps` times before the body: from states to states, in a part of
              the step each time; a loop, since repeated statements take a compiler minutes
    algebraic recordable quantities that follow from states, parameters and constants at one time
    uses_current  whether the body reads ``i_inj`` [nA]
    """

    name: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    constants: tuple[Constant, ...]
    draws: tuple[Draw, ...]
    receptors: tuple[Receptor, ...]
    body: tuple[Statement, ...]
    algebraic: tuple[Statement, ...] = ()
    algebraic_units: tuple[str, ...] = ()
    uses_current: bool = False
    spikes: bool = True
    substep: tuple[Statement, ...] = ()
    substeps: int = 1

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Everything that happens in a step, once."""
        return (*self.substep, *self.body)


@dataclass(frozen=True, slots=True)
class SynapsePlan:
    """What happens at a synapse when a spike meets it.

    ``weight`` is the first state, in the unit of the receptor it leads to.
    advance   brings states over ``elapsed`` [ms] without events
    on_pre    also assigns ``output``
    on_both   on_pre for a step in which a post spike has come too and ``on_post`` has run: reads of
              states that only on_post assigns are those before it, named ``<state>_before``
    """

    name: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    constants: tuple[Constant, ...]
    pre_draws: tuple[Draw, ...]
    post_draws: tuple[Draw, ...]
    advance: tuple[Statement, ...]
    on_pre: tuple[Statement, ...]
    on_post: tuple[Statement, ...]
    on_both: tuple[Statement, ...]

    @property
    def is_static(self) -> bool:
        """Whether every event gives the weight and changes nothing."""
        return self.on_pre == (Statement("output", "weight"),) and not self.on_post


@dataclass(frozen=True, slots=True)
class CurrentPlan:
    """A current source over one step; the body assigns ``amplitude`` [nA].

    per_target  parameters and states have one value per target neuron instead of one per source
    """

    name: str
    parameters: tuple[Parameter, ...]
    states: tuple[State, ...]
    constants: tuple[Constant, ...]
    draws: tuple[Draw, ...]
    body: tuple[Statement, ...]
    per_target: bool = False


Plan = NeuronPlan | SynapsePlan | CurrentPlan


def to_plain(plan: Plan) -> dict[str, Any]:
    """The plan as dictionaries and lists, for a file."""
    return {"kind": type(plan).__name__, **asdict(plan)}


_PARTS: dict[str, Any] = {
    "parameters": Parameter,
    "states": State,
    "constants": Constant,
    "draws": Draw,
    "pre_draws": Draw,
    "post_draws": Draw,
    "receptors": Receptor,
    **dict.fromkeys(
        ("substep", "body", "algebraic", "advance", "on_pre", "on_post", "on_both"), Statement
    ),
}
_PLANS: dict[str, Any] = {kind.__name__: kind for kind in (NeuronPlan, SynapsePlan, CurrentPlan)}


def from_plain(plain: dict[str, Any]) -> Plan:
    """The plan of which `to_plain` made dictionaries and lists (or tuples).

    Raises ValueError if they are not those of a plan of this version.
    """
    try:
        fields = {
            name: tuple(_PARTS[name](**part) for part in value) if name in _PARTS
            else tuple(value) if isinstance(value, (list, tuple)) else value
            for name, value in plain.items() if name != "kind"
        }  # fmt: skip
        plan: Plan = _PLANS[plain["kind"]](**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a plan of this version: {error}") from error
    return plan


STATIC = SynapsePlan(
    name="static",
    parameters=(),
    states=(State("weight", "1"),),
    constants=(),
    pre_draws=(),
    post_draws=(),
    advance=(),
    on_pre=(Statement("output", "weight"),),
    on_post=(),
    on_both=(Statement("output", "weight"),),
)
"""Synapses that give their weight for every spike."""
