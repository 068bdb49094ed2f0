"""Synapse types."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.errors import ConnectionError as PyNNConnectionError
from pyNN.errors import NonExistentParameterError
from pyNN.standardmodels import build_translations
from pyNN.standardmodels import synapses as standard

NO_PLASTICITY_YET = (
    "programs of the plasticity processors come with a later version; until then weights change "
    "only by Projection.set(weight=...) between runs"
)
"""What to say where a plasticity rule is asked for."""


class StaticSynapse(standard.StaticSynapse):
    """A synapse of constant weight and no delay.

    weight  digital weight, an integer (rounded if not): 0..63 for each hardware synapse; larger
            ones take several.  Positive onto excitatory receptors, negative onto inhibitory ones;
            onto conductance-based cells inhibitory weights may have either sign.
    delay   0 or None: the chip has no configurable delays
    """

    default_parameters: ClassVar[dict[str, Any]] = {"weight": 0.0, "delay": None}
    parameter_checks: ClassVar[dict[str, Any]] = {}  # projections check, with a clearer message
    translations: ClassVar[dict[str, Any]] = build_translations(
        ("weight", "weight"), ("delay", "delay")
    )

    def __init__(self, weight: Any = 0.0, delay: Any = None) -> None:
        if isinstance(delay, int | float | list | tuple | np.ndarray | np.number):
            check_delays(np.asarray(delay), type(self).__name__)
        super().__init__(weight=weight, delay=delay)

    def _get_minimum_delay(self) -> float:
        return 0.0

    def get_native_names(self, *names: str) -> list[str]:
        """The chip's names of parameters, all if none is given."""
        for name in names:
            if name not in self.translations:
                raise NonExistentParameterError(name, type(self).__name__, self.translations)
        return list(super().get_native_names(*names))


class PlasticSynapse(StaticSynapse):
    """A synapse whose weight a plasticity rule may change; without a rule it is static.

    weight           as of `StaticSynapse`
    plasticity_rule  None; NotImplementedError for anything else
    """

    def __init__(self, weight: Any = 0, delay: Any = 0, plasticity_rule: Any = None) -> None:
        if plasticity_rule is not None:
            raise NotImplementedError(f"PlasticSynapse(plasticity_rule=...): {NO_PLASTICITY_YET}")
        super().__init__(weight=weight, delay=delay)
        self.plasticity_rule = None


class StaticRecordingSynapse(StaticSynapse):
    """A synapse of constant weight whose weight and correlation are recorded; not there yet."""

    def __init__(self, timer: Any = None, weight: Any = 0, observables: Any = None) -> None:
        raise NotImplementedError(f"StaticRecordingSynapse: {NO_PLASTICITY_YET}")


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
    weights: npt.NDArray[np.float64],
    receptor_type: str,
    place: str,
    *,
    conductance_based: bool = False,
) -> npt.NDArray[np.float64]:
    """Weights rounded to integers, half to even, as floats.

    Excitatory weights are >= 0.  Inhibitory ones are <= 0 and, onto conductance-based cells, for
    which PyNN gives positive ones, of either sign; it is the receptor that decides.
    Raises  ConnectionError where the sign is wrong, or for what is not a finite number
    """
    if not np.isfinite(weights).all():
        raise PyNNConnectionError(f"{place}: weights must be finite numbers")
    rounded = np.rint(weights) + 0.0  # no negative zero
    inhibitory = receptor_type == "inhibitory"
    if inhibitory and conductance_based:
        return rounded
    wrong = rounded > 0 if inhibitory else rounded < 0
    if wrong.any():
        sign = "<= 0" if inhibitory else ">= 0"
        raise PyNNConnectionError(
            f"{place}: weight {weights[wrong][0]:g} onto the {receptor_type} receptor must be "
            f"{sign}; change its sign or the receptor_type"
        )
    return rounded
