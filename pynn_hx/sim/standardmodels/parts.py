"""Parts of neuron models in the engine's language, from which standard cells are put together.

Names and units are PyNN's, so that parameters need no translation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyNN.parameters import ArrayParameter

from simulator.models import NeuronModel

_UNIT_SPELLINGS = {"": "1", "dimensionless": "1", "/ms": "1/ms"}


@dataclass(frozen=True)
class Port:
    """A receptor with its synaptic variable.

    current    expression of the current into the membrane [nA]; empty if events move v itself
    equations  of the synaptic variables
    receives   what an event does
    """

    current: str
    equations: str
    receives: str


def exponential_current(name: str, tau: str) -> Port:
    """A current that jumps by the weight [nA] and decays."""
    return Port(name, f"d{name}/dt = -{name}/{tau} : nA\n", f"{name} += weight")


def alpha_current(name: str, tau: str) -> Port:
    """A current of the shape t*exp(-t/tau), with the weight [nA] as its peak at t = tau."""
    return Port(name, *_alpha(name, tau, "nA"))


def exponential_conductance(name: str, tau: str, reversal: str) -> Port:
    """A conductance that jumps by the weight [uS] and decays."""
    equation = f"d{name}/dt = -{name}/{tau} : uS\n"
    return Port(f"{name}*({reversal} - v)", equation, f"{name} += weight")


def alpha_conductance(name: str, tau: str, reversal: str) -> Port:
    """A conductance of the shape t*exp(-t/tau), with the weight [uS] as its peak at t = tau."""
    return Port(f"{name}*({reversal} - v)", *_alpha(name, tau, "uS"))


def beta_conductance(name: str, tau_rise: str, tau_decay: str, reversal: str) -> Port:
    """A conductance exp(-t/tau_decay) - exp(-t/tau_rise), scaled to the weight [uS] at its peak.

    Source  A. Roth and M. C. W. van Rossum, Modeling Synapses, in: Computational Modeling Methods
            for Neuroscientists, MIT Press 2010, equations 6.4 to 6.6
    """
    rise = f"{name}_rise"
    ratio, slower = f"({tau_decay}/{tau_rise})", f"({tau_decay} - {tau_rise})"
    at_peak = f"({ratio}**(-{tau_rise}/{slower}) - {ratio}**(-{tau_decay}/{slower}))"
    equations = (
        f"d{name}/dt = {rise} - {name}/{tau_decay} : uS\nd{rise}/dt = -{rise}/{tau_rise} : uS/ms\n"
    )
    receives = f"{rise} += weight*(1/{tau_rise} - 1/{tau_decay})/{at_peak}"
    return Port(f"{name}*({reversal} - v)", equations, receives)


def _alpha(name: str, tau: str, unit: str) -> tuple[str, str]:
    rise = f"{name}_rise"
    equations = (
        f"d{name}/dt = {rise} - {name}/{tau} : {unit}\nd{rise}/dt = -{rise}/{tau} : {unit}/ms\n"
    )
    return equations, f"{rise} += e*weight/{tau}"


def two_ports(exciting: Port, inhibiting: Port) -> dict[str, Port]:
    """The receptors of most standard cells."""
    return {"excitatory": exciting, "inhibitory": inhibiting}


@dataclass(frozen=True)
class Membrane:
    """The equations of a membrane but for its synapses.

    The text of `equations` contains ``i_syn``, the current of all synapses [nA].
    """

    equations: str
    threshold: str
    reset: str
    refractory: str = "tau_refrac"


LEAKY = Membrane(
    "dv/dt = (v_rest - v)/tau_m + (i_syn + i_offset + i_inj)/cm : mV (unless refractory)\n",
    threshold="v >= v_thresh",
    reset="v = v_reset",
)
"""Leaky integration to a threshold."""

ADAPTIVE = Membrane(
    # NEST and this model let v be no higher than the peak in all slopes.  Without slope factor
    # (delta_T = 0) there is no exponential and the neuron fires at v_thresh.
    "v_used = min(v, v_spike) : mV\n"
    "steepness = min((v_used - v_thresh)/max(delta_T, 1e-6*mV), 50) : 1\n"
    "dv/dt = (v_rest - v_used + delta_T*exp(steepness))/tau_m"
    " + (i_syn - w + i_offset + i_inj)/cm : mV (unless refractory)\n"
    "dw/dt = (a*(v_used - v_rest) - w)/tau_w : nA\n",
    threshold="v >= where(delta_T > 0*mV, v_spike, v_thresh)",
    reset="v = v_reset; w += b",
)
"""Adaptive exponential integrate-and-fire; Brette and Gerstner, J. Neurophysiol. 94 (2005) 3637."""


def neuron(
    name: str,
    defaults: Mapping[str, Any],
    units: Mapping[str, str],
    ports: Mapping[str, Port],
    membrane: Membrane,
    **options: Any,
) -> NeuronModel:
    """A membrane with receptors as a model.

    defaults, units  of all parameters
    options          further fields of the model
    """
    currents = [port.current for port in ports.values() if port.current]
    equations = membrane.equations + "".join(port.equations for port in ports.values())
    if currents:
        # The reversal potentials of the adaptive model act on the bounded potential too.
        total = " + ".join(currents)
        if "v_used" in membrane.equations:
            total = total.replace("- v)", "- v_used)")
        equations = f"i_syn = {total} : nA\n{equations}"
    return NeuronModel(
        name=name,
        parameters=parameter_lines(defaults, units),
        equations=equations,
        threshold=membrane.threshold,
        reset=membrane.reset,
        refractory=membrane.refractory,
        receptors={label: port.receives for label, port in ports.items()},
        **options,
    )


def parameter_lines(defaults: Mapping[str, Any], units: Mapping[str, str]) -> str:
    """Declarations of parameters that have one number per neuron."""
    return "\n".join(
        f"{name} = {value} : {_UNIT_SPELLINGS.get(units[name], units[name])}"
        for name, value in defaults.items()
        if not isinstance(value, ArrayParameter)
    )
