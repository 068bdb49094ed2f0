"""Columns of numbers for a specification, checked: shapes, names, delays, spike times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from . import algebra
from .build import constants
from .connectivity import Connectivity, Procedural
from .errors import NetworkError
from .specification import PathwaySpec
from .statements import NeuronPlan, Parameter, Plan, State, SynapsePlan

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Values = Mapping[str, npt.ArrayLike]


def matching(place: str, values: npt.ArrayLike, n: int) -> F64:
    """The values as float64: one, or `n` of them.

    Raises  NetworkError for another shape.
    """
    given = np.asarray(values, np.float64)
    if given.ndim == 0 or given.shape == (n,):
        return given
    raise NetworkError(f"{place}: {given.shape} values where {n} are needed; give one or {n}")


def full(column: npt.ArrayLike, n: int) -> Any:
    """A number or column as a column of `n`."""
    column = np.asarray(column)
    return np.full(n, column) if column.ndim == 0 else column


def complete(place: str, parameters: Sequence[Parameter], given: Values, n: int) -> dict[str, F64]:
    """A column for every parameter: what is given, else its default.

    Raises  NetworkError for unknown names, wrong shapes, and several values of a shared parameter.
    """
    _check_names(place, "parameter", given, [p.name for p in parameters])
    result = {}
    for p in parameters:
        values = matching(f"{place}.{p.name}", given.get(p.name, p.default), n)
        if p.shared and values.ndim and values.size and not np.all(values == values[0]):
            raise NetworkError(
                f"{place}.{p.name} is shared: one value for the population, not {values.size}"
            )
        result[p.name] = np.array(full(values, n), np.float64)
    return result


def check_shared(place: str, name: str, members: I64, given: F64, population: Any) -> None:
    """Refuse to give a shared parameter several values in one population.

    Raises  NetworkError.
    """
    several = given.ndim and given.size and not np.all(given == given[0])
    if several or members.size != population.n:
        raise NetworkError(
            f"{place}.{name} is shared: set one value for the whole population of {population.n}"
        )


def initial_states(
    plan: Plan, values: Mapping[str, F64], given: Values, n: int, dt_ms: float
) -> dict[str, F64]:
    """The initial value of every state (of a synapse: but the weight), (n,).

    Raises  NetworkError for unknown names and wrong shapes.
    """
    states: Sequence[State] = plan.states
    if isinstance(plan, SynapsePlan):
        states = states[1:]
    _check_names(plan.name, "state", given, [s.name for s in states])
    known: dict[str, Any] = dict(values)
    known |= constants(plan, values, dt_ms) | {"dt": dt_ms, "t": 0.0}
    result = {}
    for state in states:
        value = given.get(state.name)
        if value is None:
            value = algebra.value(state.initial, known)
        column = matching(f"{plan.name}.{state.name}", value, n)
        result[state.name] = np.array(full(column, n), np.float64)
        known[state.name] = result[state.name]
    return result


def _check_names(place: str, what: str, given: Iterable[str], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            raise NetworkError(
                f"{place} has no {what} {name!r}; it has {', '.join(known) or 'none'}"
            )


# -- spike sources ---------------------------------------------------------------------------------


def sources(kind: str, n: int, **values: npt.ArrayLike) -> dict[str, F64]:
    """Columns of the parameters of `n` sources, checked."""
    given = {
        k: np.array(full(matching(f"{kind}.{k}", v, n), n), np.float64) for k, v in values.items()
    }
    check_source(kind, given)
    return given


def check_source(kind: str, values: Mapping[str, F64]) -> None:
    """Refuse negative rates and the like.

    Raises  NetworkError.
    """
    for name in ("rate", "beta", "dead_time"):
        if name in values and not np.all(values[name] >= 0):
            wrong = values[name][~(values[name] >= 0)][0]
            raise NetworkError(f"{kind} source: {name} = {wrong} is not >= 0")
    if "alpha" in values and not np.all(values["alpha"] > 0):
        raise NetworkError(f"{kind} source: alpha = {values['alpha'].min()} is not positive")
    if "dead_time" in values:
        busy = values["rate"] * values["dead_time"] * 1e-3
        if np.any(busy >= 1):
            k = int(np.argmax(busy))
            raise NetworkError(
                f"{kind} source {k}: rate {values['rate'][k]} Hz is out of reach with a dead time "
                f"of {values['dead_time'][k]} ms between spikes; the limit is their product, 1"
            )


def spike_times(source: int, times_ms: npt.ArrayLike) -> F64:
    """Spike times of one source, checked.

    Raises  NetworkError unless they are finite, ascending and not negative.
    """
    times = np.array(times_ms, np.float64).reshape(-1)
    if times.size and (not np.all(np.isfinite(times)) or times.min() < 0):
        wrong = times[~(np.isfinite(times) & (times >= 0))][0]
        raise NetworkError(f"spike source {source}: time {wrong} ms is not a time >= 0")
    if np.any(np.diff(times) < 0):
        raise NetworkError(f"spike source {source}: spike times have to be ascending; sort them")
    return times


def steps_of(times_ms: F64, dt_ms: float) -> I64:
    """The step at which a spike of a time is delivered: the first one not before it."""
    return np.ceil(times_ms / dt_ms - 1e-6).astype(np.int64)


def events(times: Sequence[F64], dt_ms: float) -> tuple[I64, I64]:
    """Steps and sources of all spikes, ascending in both."""
    if not times:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    steps = np.concatenate([steps_of(t, dt_ms) for t in times])
    indices = np.repeat(np.arange(len(times)), [t.size for t in times])
    order = np.lexsort((indices, steps))
    return steps[order], indices[order].astype(np.int64)


def continued(old: F64, new: F64, now_ms: float, dt_ms: float) -> F64:
    """What has been sent of the old times, followed by what is still to come of the new ones."""
    now = round(now_ms / dt_ms)
    sent = old[steps_of(old, dt_ms) <= now] if now > 0 else old[:0]
    coming = new[steps_of(new, dt_ms) > now] if now > 0 else new
    return np.concatenate([sent, coming])


def n_values(connectivity: Connectivity) -> int:
    """How many values may be given for synapses: procedural ones have one for all."""
    return 1 if isinstance(connectivity, Procedural) else connectivity.n_synapses


# -- synapses --------------------------------------------------------------------------------------


def pathway(
    plan: SynapsePlan,
    connectivity: Connectivity,
    *,
    weight: npt.ArrayLike,
    delay_ms: npt.ArrayLike,
    parameters: Values,
    initial: Values,
    dendritic_fraction: float,
    dt_ms: float,
) -> dict[str, Any]:
    """The columns of a `PathwaySpec`, numbers where all synapses are alike."""
    n = n_values(connectivity)
    place = f"synapses {plan.name}"
    if not 0 <= dendritic_fraction <= 1:
        raise NetworkError(f"{place}: dendritic fraction {dendritic_fraction} is not within 0..1")
    delays = delay_steps(place, delay_ms, n, dt_ms)
    # The part before the synapse is the smaller of what is left, so that fraction 1 leaves none.
    axonal = np.floor(delays * (1.0 - dendritic_fraction) + 0.5).astype(np.int64)
    weights = matching(f"{place}.weight", weight, n)
    rows = 1 if all(np.ndim(v) == 0 for v in parameters.values()) else n
    values = complete(place, plan.parameters, parameters, rows)
    state_rows = 1 if all(np.ndim(v) == 0 for v in initial.values()) else n
    if rows > 1 or state_rows > 1:
        known = {k: full(v[0], n) if v.size == 1 else v for k, v in values.items()}
        states = initial_states(plan, known, initial, n, dt_ms)
    else:
        states = initial_states(plan, values, initial, 1, dt_ms)
    return {
        "weights": collapsed(weights),
        "delays": collapsed_steps(delays),
        "axonal": collapsed_steps(axonal),
        "values": {k: collapsed(v) for k, v in values.items()},
        "states": {k: collapsed(v) for k, v in states.items()},
    }


def delay_steps(place: str, delay_ms: npt.ArrayLike, n: int, dt_ms: float) -> I64:
    """Delays in steps, one or (n,).

    Raises  NetworkError for one below a step.
    """
    given = matching(f"{place}.delay", delay_ms, n)
    steps = np.rint(given / dt_ms).astype(np.int64)
    if steps.size and steps.min() < 1:
        raise NetworkError(
            f"{place}: delay {given.min()} ms is shorter than a step of {dt_ms} ms; make it "
            "at least as long, or the step shorter"
        )
    return steps


def set_delays(spec: PathwaySpec, delay_ms: npt.ArrayLike, dt_ms: float) -> None:
    """Change the delays of a pathway; the part before the synapse stays the same share."""
    old, old_axonal = np.asarray(spec.delays), np.asarray(spec.axonal)
    share = float(np.mean(old_axonal / old)) if old.size else 0.0
    n = n_values(spec.connectivity)
    steps = delay_steps(f"synapses {spec.plan.name}", delay_ms, n, dt_ms)
    spec.delays = collapsed_steps(steps)
    spec.axonal = collapsed_steps(np.floor(steps * share + 0.5).astype(np.int64))


def pathway_column(spec: PathwaySpec, name: str) -> npt.ArrayLike:
    """The initial weights, a parameter or the initial values of a state.

    Raises  NetworkError for an unknown name.
    """
    if name == "weight":
        return spec.weights
    for kept in (spec.values, spec.states):
        if name in kept:
            return kept[name]
    raise NetworkError(
        f"synapses {spec.plan.name} have no {name!r}; they have "
        f"{', '.join(('weight', 'delay', *spec.values, *spec.states))}"
    )


def set_pathway(spec: PathwaySpec, name: str, values: npt.ArrayLike) -> None:
    """Change the same."""
    pathway_column(spec, name)
    n = n_values(spec.connectivity)
    column = collapsed(matching(f"synapses {spec.plan.name}.{name}", values, n))
    if isinstance(spec.connectivity, Procedural):
        spec.connectivity = replace(spec.connectivity, low=float(column), high=float(column))
    elif name == "weight":
        spec.weights = column
    elif name in spec.values:
        spec.values[name] = column
    else:
        spec.states[name] = column


def collapsed(column: F64) -> Any:
    """One number if all are equal, else the column."""
    if column.ndim == 0:
        return float(column)
    if column.size and np.all(column == column[0]):
        return float(column[0])
    return np.array(column, np.float64)


def collapsed_steps(column: npt.ArrayLike) -> Any:
    """One integer if all are equal, else the column."""
    column = np.asarray(column, np.int64)
    if column.ndim == 0:
        return int(column)
    if column.size and np.all(column == column[0]):
        return int(column[0])
    return np.array(column)


def used_values(plan: NeuronPlan, values: Mapping[str, F64]) -> dict[str, Any]:
    """The parameters of a group, numbers where all neurons are alike."""
    return {p.name: collapsed(np.asarray(values[p.name])) for p in plan.parameters}
