"""Spike-timing dependent plasticity, put together from a rule and a weight dependence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pyNN.errors import NoModelAvailableError
from pyNN.standardmodels import synapses

from simulator.models import SynapseModel

from .. import session
from .base import same_names
from .synapses import EngineSynapse

_LOWER, _UPPER = "min(w_min, w_max)", "max(w_min, w_max)"


@dataclass(frozen=True)
class Change:
    """How far a spike pair moves the weight, as factors of the amplitude [unit of the weight]."""

    up: str
    down: str


class _WeightDependence:
    change: ClassVar[Change]
    parameters: ClassVar[str] = "w_min = 0.0 : weight\nw_max = 1.0 : weight\n"


class AdditiveWeightDependence(_WeightDependence, synapses.AdditiveWeightDependence):
    """Changes of A_plus*w_max and A_minus*w_max, whatever the weight is, within w_min..w_max."""

    translations = same_names(synapses.AdditiveWeightDependence.default_parameters)
    change: ClassVar[Change] = Change("w_max", "w_max")


class MultiplicativeWeightDependence(_WeightDependence, synapses.MultiplicativeWeightDependence):
    """Changes of A_plus*(w_max - w) and A_minus*(w - w_min)."""

    translations = same_names(synapses.MultiplicativeWeightDependence.default_parameters)
    change: ClassVar[Change] = Change("(w_max - weight)", "(weight - w_min)")


class AdditivePotentiationMultiplicativeDepression(
    _WeightDependence, synapses.AdditivePotentiationMultiplicativeDepression
):
    """Changes of A_plus*w_max and A_minus*(w - w_min)."""

    translations = same_names(
        synapses.AdditivePotentiationMultiplicativeDepression.default_parameters
    )
    change: ClassVar[Change] = Change("w_max", "(weight - w_min)")


class GutigWeightDependence(_WeightDependence, synapses.GutigWeightDependence):
    """With W = w_max - w_min: A_plus*W*((w_max - w)/W)^mu_plus, A_minus*W*((w - w_min)/W)^mu_minus.

    Source  R. Gütig et al., J. Neurosci. 23 (2003) 3697
    """

    translations = same_names(synapses.GutigWeightDependence.default_parameters)
    parameters: ClassVar[str] = (
        _WeightDependence.parameters + "mu_plus = 0.5 : 1\nmu_minus = 0.5 : 1\n"
    )
    change: ClassVar[Change] = Change(
        "(w_max - w_min)*max((w_max - weight)/(w_max - w_min), 0)**mu_plus",
        "(w_max - w_min)*max((weight - w_min)/(w_max - w_min), 0)**mu_minus",
    )


class SpikePairRule(synapses.SpikePairRule):
    """All pairs of spikes; each side leaves a trace that decays."""

    translations = same_names(synapses.SpikePairRule.default_parameters)
    weight_dependences: ClassVar[tuple[type, ...]] = (_WeightDependence,)

    def synapse_model(self, dependence: _WeightDependence) -> SynapseModel:
        """The rule with a weight dependence."""
        change = dependence.change
        return SynapseModel(
            name=f"SpikePairRule, {type(dependence).__name__}",
            parameters=dependence.parameters
            + "tau_plus = 20.0 : ms\ntau_minus = 20.0 : ms\n"
            + "A_plus = 0.01 : 1\nA_minus = 0.01 : 1\n",
            equations="""
                dtrace_pre/dt = -trace_pre/tau_plus : 1
                dtrace_post/dt = -trace_post/tau_minus : 1
            """,
            on_pre=f"""
                weight = clip(weight - A_minus*trace_post*{change.down}, {_LOWER}, {_UPPER})
                trace_pre += 1
                output = weight
            """,
            on_post=f"""
                weight = clip(weight + A_plus*trace_pre*{change.up}, {_LOWER}, {_UPPER})
                trace_post += 1
            """,
        )


class Vogels2011Rule(synapses.Vogels2011Rule):
    """Inhibitory plasticity that drives neurons to the rate `rho` [Hz].

    A pair of spikes, in any order, adds eta*exp(-|dt|/tau) to the weight, a presynaptic spike takes
    2*eta*rho*tau from it, within w_min..w_max.  `eta` has the unit of the weight.  (pyNN.neuron
    takes `rho` in kHz and, of each spike, only the nearest of the other side.)

    Source  T. P. Vogels et al., Science 334 (2011) 1569
    """

    translations = same_names(synapses.Vogels2011Rule.default_parameters)
    weight_dependences: ClassVar[tuple[type, ...]] = (AdditiveWeightDependence,)

    def synapse_model(self, dependence: _WeightDependence) -> SynapseModel:
        """The rule within the limits of a weight dependence."""
        return SynapseModel(
            name="Vogels2011Rule",
            parameters=dependence.parameters
            + "tau = 20.0 : ms\neta = 0.0000000001 : weight\nrho = 3.0 : Hz\n",
            equations="""
                dtrace_pre/dt = -trace_pre/tau : 1
                dtrace_post/dt = -trace_post/tau : 1
            """,
            on_pre=f"""
                weight = clip(weight + eta*(trace_post - 2*rho*tau), {_LOWER}, {_UPPER})
                trace_pre += 1
                output = weight
            """,
            on_post=f"""
                weight = clip(weight + eta*trace_pre, {_LOWER}, {_UPPER})
                trace_post += 1
            """,
        )


class STDPMechanism(EngineSynapse, synapses.STDPMechanism):
    """A synapse whose weight changes with the times of spikes on both sides.

    timing_dependence   `SpikePairRule` or `Vogels2011Rule`
    weight_dependence   one of the weight dependences
    dendritic_delay_fraction  part of the delay, 0..1, by which the synapse sees postsynaptic spikes
                        later; the rest is that by which it sees presynaptic ones later
    Raises  NoModelAvailableError for a combination that does not exist
    """

    base_translations = same_names(("weight", "delay", "dendritic_delay_fraction"))
    state_variables: ClassVar[tuple[str, ...]] = ("trace_pre", "trace_post")
    changes_weight: ClassVar[bool] = True

    def __init__(
        self,
        timing_dependence: Any = None,
        weight_dependence: Any = None,
        voltage_dependence: Any = None,
        dendritic_delay_fraction: float = 1.0,
        weight: Any = 0.0,
        delay: Any = None,
    ) -> None:
        if voltage_dependence is not None:
            raise NoModelAvailableError(
                "STDPMechanism(voltage_dependence=...): there is none in this backend; use "
                "synapse_type(...) to write a rule of your own"
            )
        timing_dependence = timing_dependence or SpikePairRule()
        weight_dependence = weight_dependence or AdditiveWeightDependence()
        possible = getattr(timing_dependence, "weight_dependences", ())
        if not isinstance(weight_dependence, possible):
            raise NoModelAvailableError(
                f"STDPMechanism: {type(timing_dependence).__name__} with "
                f"{type(weight_dependence).__name__} is not there; possible are "
                f"{', '.join(one.__name__.lstrip('_') for one in possible) or 'none of them'}"
            )
        if delay is None:
            delay = session.state.min_delay
        super().__init__(
            timing_dependence, weight_dependence, None, dendritic_delay_fraction, weight, delay
        )

    def _build_translations(self) -> None:
        # PyNN 0.13 adds to the translations of the class, so that parameters leak into others.
        self.translations = {  # type: ignore[misc]
            **self.base_translations,
            **self.timing_dependence.translations,
            **self.weight_dependence.translations,
        }

    @property
    def dendritic_fraction(self) -> float:
        """Part of the delay that lies behind the synapse."""
        return float(self.dendritic_delay_fraction)

    @property
    def possible_models(self) -> set[str]:
        """The name of the model."""
        return {self.synapse_model().name}

    def synapse_model(self) -> SynapseModel:
        """The model in the engine's language."""
        return self.timing_dependence.synapse_model(self.weight_dependence)
