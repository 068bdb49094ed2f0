"""Whether explicit methods are given steps that they survive; needs no computer algebra.

A variable that decays with a constant rate is advanced stably by Euler's method while rate*step < 2
and by Runge-Kutta's of order 4 while rate*step < 2.785 (Hairer & Wanner 1996, section IV.2).  The
planner leaves such rates among a plan's constants; of a slope that is not linear, the rate is its
constant part.  Rates that only states bring about are not seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from .errors import UnstableStepError
from .statements import CurrentPlan, NeuronPlan

LIMITS = {"euler": 2.0, "rk4": 2.785}
"""Largest stable rate*step of a real, negative rate."""


def stability(
    plan: NeuronPlan | CurrentPlan, constants: Mapping[str, npt.ArrayLike], dt: float
) -> list[str]:
    """Complaints about variables whose decay is too fast for a step; empty if there are none.

    constants  values of the plan's constants by name: numbers or (n,)
    dt         [ms]
    """
    complaints = []
    for constant in plan.constants:
        method, _, variable = constant.name.partition("_rate_")
        if method not in LIMITS or not variable:
            continue
        fastest = float(np.max(-np.asarray(constants[constant.name], np.float64), initial=0.0))
        if fastest * dt > LIMITS[method]:
            longest = LIMITS[method] / fastest
            complaints.append(
                f"model '{plan.name}', variable '{variable}': decays with {fastest:.4g} /ms "
                f"(per substep), too fast for method {method} at a step of {dt:g} ms; use a step "
                f"below {longest:.3g} ms, "
                f"or {int(np.ceil(dt / longest))} times as many substeps, "
                "or method 'auto' or 'exponential_euler'"
            )
    return complaints


def check_stability(
    plan: NeuronPlan | CurrentPlan, constants: Mapping[str, npt.ArrayLike], dt: float
) -> None:
    """Raise UnstableStepError with all complaints, if there are any."""
    complaints = stability(plan, constants, dt)
    if complaints:
        raise UnstableStepError("\n".join(complaints))
