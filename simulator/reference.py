"""Plans run step by step with NumPy in float64: what kernels for CPU and CUDA are compared with.

Slow, and independent of the generators: a step executes the statements of the body as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import algebra
from .kernels.philox import draws
from .statements import CurrentPlan, Draw, NeuronPlan, Statement

F64 = npt.NDArray[np.float64]


def _run(body: Sequence[Statement], known: dict[str, Any]) -> None:
    """Execute statements; results go into `known`."""
    for statement in body:
        known[statement.target] = algebra.value(statement.expression, known)


class _Reference:
    """Members of a group, in float64.

    values  states, parameters and constants by name: (n,) or a number
    step    steps done
    """

    def __init__(
        self, plan: NeuronPlan | CurrentPlan, n: int, values: Mapping[str, Any], *, dt_ms: float,
        seed: int = 0, stream: int = 0,
    ) -> None:  # fmt: skip
        self.plan, self.n, self.dt_ms = plan, n, dt_ms
        self.seed, self.stream, self.step = seed, stream, 0
        self.values = {name: np.asarray(value, np.float64) for name, value in values.items()}
        for state in plan.states:
            self.values[state.name] = np.broadcast_to(self.values[state.name], n).copy()

    def _draw(self, draw: Draw, k: int) -> F64:
        return draws(
            draw.distribution, np.arange(self.n), self.step, stream=self.stream, draw=k,
            seed=self.seed,
        )  # fmt: skip

    def _advance(self, arriving: Mapping[str, Any]) -> dict[str, Any]:
        self.step += 1
        known = {**self.values, "dt": self.dt_ms, "t": (self.step - 1) * self.dt_ms, **arriving}
        known |= {draw.name: self._draw(draw, k) for k, draw in enumerate(self.plan.draws)}
        for _ in range(getattr(self.plan, "substeps", 1)):
            _run(getattr(self.plan, "substep", ()), known)
        _run(self.plan.body, known)
        for state in self.plan.states:
            value = np.asarray(known[state.name], np.float64)
            self.values[state.name] = np.broadcast_to(value, self.n).copy()
        return known


class Neurons(_Reference):
    """Neurons of one model."""

    plan: NeuronPlan

    def advance(self, inputs: Mapping[str, Any] | None = None, i_inj: Any = 0.0) -> Any:
        """One step with what arrives at each receptor; returns who fired, (n,) bool."""
        arriving = {receptor.input: 0.0 for receptor in self.plan.receptors}
        for receptor in self.plan.receptors:
            arriving[receptor.input] = (inputs or {}).get(receptor.name, 0.0)
        known = self._advance({**arriving, "i_inj": i_inj})
        return np.broadcast_to(known.get("spike", False), self.n)

    def algebraic(self, name: str, i_inj: Any = 0.0) -> F64:
        """An algebraic quantity at the end of the step, (n,)."""
        known = {**self.values, "dt": self.dt_ms, "t": self.step * self.dt_ms, "i_inj": i_inj}
        _run(self.plan.algebraic, known)
        return np.broadcast_to(np.asarray(known[name], np.float64), self.n)


class Currents(_Reference):
    """A current source: `n` targets if its plan is per target, else n = 1."""

    plan: CurrentPlan

    def advance(self) -> F64:
        """One step; returns the amplitude [nA], (n,)."""
        amplitude = np.asarray(self._advance({})["amplitude"], np.float64)
        return np.broadcast_to(amplitude, self.n)
