"""Synapse types."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.standardmodels import build_translations
from pyNN.standardmodels import synapses as standard


class StaticSynapse(standard.StaticSynapse):
    """A synapse of constant weight and no delay.

    weight  digital weight, an integer (rounded if not): 0..63 for each hardware synapse; larger
            ones take several.  Positive onto excitatory receptors, negative onto inhibitory ones.
    delay   0 or None: the chip has no configurable delays
    """

    default_parameters: ClassVar[dict[str, Any]] = {"weight": 0.0, "delay": None}
    parameter_checks: ClassVar[dict[str, Any]] = {}  # projections check, with a clearer message
    translations: ClassVar[dict[str, Any]] = build_translations(
        ("weight", "weight"), ("delay", "delay")
    )

    def __init__(self, weight: Any = 0.0, delay: Any = None) -> None:
        if np.isscalar(delay):
            check_delays(np.asarray(delay), "StaticSynapse")
        super().__init__(weight=weight, delay=delay)

    def _get_minimum_delay(self) -> float:
        return 0.0


def check_delays(delays: npt.NDArray[Any], place: str) -> None:
    """Refuse delays other than 0 with a ValueError; NaN means "no connection" and passes."""
    wrong = np.atleast_1d(delays)[~np.isnan(np.atleast_1d(delays).astype(float))]
    wrong = wrong[wrong != 0]
    if wrong.size:
        raise ValueError(
            f"{place}: delay {wrong[0]} ms; the chip has no configurable delays, "
            "leave delay at 0 (or shift spike_times of a source)"
        )


def digital_weights(
    weights: npt.NDArray[np.float64], receptor_type: str, place: str
) -> npt.NDArray[np.float64]:
    """Weights rounded to integers, as floats; ConnectionError where the sign is wrong."""
    if np.any(~np.isfinite(weights)):
        raise PyNNConnectionError(f"{place}: weights must be finite numbers")
    rounded = np.rint(weights) + 0.0  # no negative zero
    wrong = rounded > 0 if receptor_type == "inhibitory" else rounded < 0
    if wrong.any():
        sign = "<= 0" if receptor_type == "inhibitory" else ">= 0"
        raise PyNNConnectionError(
            f"{place}: weight {weights[wrong][0]:g} onto the {receptor_type} receptor must be "
            f"{sign}; change its sign or the receptor_type"
        )
    return rounded
