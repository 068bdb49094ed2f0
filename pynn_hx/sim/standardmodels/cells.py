"""PyNN's standard neurons as equations.

They agree with NEST's models of the same kind (grid-based ones, where there is a choice); each
class names it.  Everything that a model computes can be recorded.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import cells

from simulator.models import NeuronModel

from .. import session
from .base import NeuronCell, Values, same_names
from .parts import (
    ADAPTIVE,
    LEAKY,
    Membrane,
    Port,
    alpha_conductance,
    alpha_current,
    exponential_conductance,
    exponential_current,
    neuron,
    parameter_lines,
    two_ports,
)

_EXP_CURRENTS = two_ports(
    exponential_current("isyn_exc", "tau_syn_E"), exponential_current("isyn_inh", "tau_syn_I")
)
_ALPHA_CURRENTS = two_ports(
    alpha_current("isyn_exc", "tau_syn_E"), alpha_current("isyn_inh", "tau_syn_I")
)
_EXP_CONDUCTANCES = two_ports(
    exponential_conductance("gsyn_exc", "tau_syn_E", "e_rev_E"),
    exponential_conductance("gsyn_inh", "tau_syn_I", "e_rev_I"),
)
_ALPHA_CONDUCTANCES = two_ports(
    alpha_conductance("gsyn_exc", "tau_syn_E", "e_rev_E"),
    alpha_conductance("gsyn_inh", "tau_syn_I", "e_rev_I"),
)
_KICKS = two_ports(Port("", "", "v += weight"), Port("", "", "v += weight"))


class _Standard(NeuronCell):
    """A standard cell whose model is the same for all its populations."""

    default_parameters: ClassVar[dict[str, Any]]
    recordable: ClassVar[list[str]]
    units: ClassVar[dict[str, str]]
    model: ClassVar[NeuronModel]

    def __init_subclass__(
        cls,
        ports: dict[str, Port] | None = None,
        membrane: Membrane | None = None,
        also: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Put the model together.

        also     further recordable variables and their units
        options  further fields of the model
        """
        super().__init_subclass__()
        more = also or {}
        cls.translations = same_names(cls.default_parameters)  # type: ignore[attr-defined]
        cls.recordable = [*cls.recordable, *(name for name in more if name not in cls.recordable)]
        cls.units = {**cls.units, **more}
        if ports is not None and membrane is not None:
            cls.model = neuron(
                cls.__name__, cls.default_parameters, cls.units, ports, membrane, **options
            )

    def neuron_model(self) -> NeuronModel:
        """The model in the engine's language."""
        return self.model


_CURRENTS = {"isyn_exc": "nA", "isyn_inh": "nA"}


class IF_curr_exp(
    _Standard, cells.IF_curr_exp, ports=_EXP_CURRENTS, membrane=LEAKY, also=_CURRENTS
):
    """Leaky integrate-and-fire, exponentially decaying currents; NEST's iaf_psc_exp."""


class IF_curr_alpha(
    _Standard, cells.IF_curr_alpha, ports=_ALPHA_CURRENTS, membrane=LEAKY, also=_CURRENTS
):
    """Leaky integrate-and-fire, alpha-shaped currents; NEST's iaf_psc_alpha."""


class IF_curr_delta(
    _Standard,
    cells.IF_curr_delta,
    ports=_KICKS,
    membrane=Membrane(
        "dv/dt = (v_rest - v)/tau_m + (i_offset + i_inj)/cm : mV (unless refractory)\n",
        threshold="v >= v_thresh",
        reset="v = v_reset",
    ),
):
    """Leaky integrate-and-fire, events move the membrane by their weight [mV]; iaf_psc_delta.

    Events that arrive while a neuron is refractory are lost.
    """


class IF_cond_exp(_Standard, cells.IF_cond_exp, ports=_EXP_CONDUCTANCES, membrane=LEAKY):
    """Leaky integrate-and-fire, exponentially decaying conductances; NEST's iaf_cond_exp."""


class IF_cond_alpha(_Standard, cells.IF_cond_alpha, ports=_ALPHA_CONDUCTANCES, membrane=LEAKY):
    """Leaky integrate-and-fire, alpha-shaped conductances; NEST's iaf_cond_alpha."""


class IF_cond_exp_gsfa_grr(
    _Standard,
    cells.IF_cond_exp_gsfa_grr,
    ports=_EXP_CONDUCTANCES,
    membrane=Membrane(
        "dv/dt = (v_rest - v)/tau_m + (i_syn + g_s*(e_rev_sfa - v) + g_r*(e_rev_rr - v)"
        " + i_offset + i_inj)/cm : mV (unless refractory)\n"
        "dg_s/dt = -g_s/tau_sfa : nS\n"
        "dg_r/dt = -g_r/tau_rr : nS\n",
        threshold="v >= v_thresh",
        reset="v = v_reset; g_s += q_sfa; g_r += q_rr",
    ),
):
    """Adapting by conductances, with relative refractoriness; NEST's iaf_cond_exp_sfa_rr.

    Source  E. Muller et al., Neural Computation 19 (2007) 2958
    """


class IF_facets_hardware1(
    _Standard,
    cells.IF_facets_hardware1,
    ports=two_ports(
        exponential_conductance("gsyn_exc", "tau_syn_E", "0*mV"),
        exponential_conductance("gsyn_inh", "tau_syn_I", "e_rev_I"),
    ),
    membrane=Membrane(
        "dv/dt = (g_leak*(v_rest - v) + i_syn + i_inj)/(0.2*nF) : mV (unless refractory)\n",
        threshold="v >= v_thresh",
        reset="v = v_reset",
        refractory="1.0*ms",
    ),
):
    """The neuron of the FACETS hardware: capacitance 0.2 nF, refractory for 1 ms."""


class EIF_cond_exp_isfa_ista(
    _Standard, cells.EIF_cond_exp_isfa_ista, ports=_EXP_CONDUCTANCES, membrane=ADAPTIVE
):
    """Adaptive exponential integrate-and-fire, decaying conductances; NEST's aeif_cond_exp."""


class EIF_cond_alpha_isfa_ista(
    _Standard, cells.EIF_cond_alpha_isfa_ista, ports=_ALPHA_CONDUCTANCES, membrane=ADAPTIVE
):
    """Adaptive exponential integrate-and-fire, alpha conductances; NEST's aeif_cond_alpha."""


class HH_cond_exp(
    _Standard,
    cells.HH_cond_exp,
    ports=_EXP_CONDUCTANCES,
    membrane=Membrane(
        # alpha and beta of Traub and Miles; x/(exp(x) - 1) is 1/exprel(x)
        "u = (v - v_offset)/mV : 1\n"
        "alpha_m = 0.32*4/exprel((13 - u)/4)/ms : 1/ms\n"
        "beta_m = 0.28*5/exprel((u - 40)/5)/ms : 1/ms\n"
        "alpha_h = 0.128*exp((17 - u)/18)/ms : 1/ms\n"
        "beta_h = 4/(1 + exp((40 - u)/5))/ms : 1/ms\n"
        "alpha_n = 0.032*5/exprel((15 - u)/5)/ms : 1/ms\n"
        "beta_n = 0.5*exp((10 - u)/40)/ms : 1/ms\n"
        "i_membrane = gbar_Na*m**3*h*(e_rev_Na - v) + gbar_K*n**4*(e_rev_K - v)"
        " + g_leak*(e_rev_leak - v) + i_syn + i_offset + i_inj : nA\n"
        "dv/dt = i_membrane/cm : mV\n"
        "dm/dt = alpha_m*(1 - m) - beta_m*m : 1\n"
        "dh/dt = alpha_h*(1 - h) - beta_h*h : 1\n"
        "dn/dt = alpha_n*(1 - n) - beta_n*n : 1\n",
        # A spike is the peak of an action potential: high, and no longer rising.
        threshold="v >= v_offset + 30*mV and i_membrane < 0*nA",
        reset="",
        refractory="2.0*ms",
    ),
    also={"m": "", "h": "", "n": ""},
    substeps=4,  # sodium channels are too fast for a step of 0.1 ms
):
    """Hodgkin-Huxley with the channels of Traub and Miles (1991); NEST's hh_cond_exp_traub.

    Spikes are the peaks of action potentials, at most one in 2 ms.  Steps are divided into parts of
    0.01 ms at most: the conductances of a spike are too fast for longer ones.
    """

    receptor_types: ClassVar[tuple[str, ...]] = ("excitatory", "inhibitory")
    _LONGEST_MS: ClassVar[float] = 0.01

    def neuron_model(self) -> NeuronModel:
        """The model for the present time step."""
        parts = math.ceil(session.state.dt / self._LONGEST_MS - 1e-9)
        return dataclasses.replace(self.model, substeps=parts)


class Izhikevich(
    _Standard,
    cells.Izhikevich,
    ports=_KICKS,
    membrane=Membrane(
        "dv/dt = 0.04/ms/mV*v**2 + 5/ms*v + 140*mV/ms - u + (i_offset + i_inj)/pF : mV\n"
        "du/dt = a*(b*v - u) : mV/ms\n",
        threshold="v >= 30*mV",
        reset="v = c; u += d",
        refractory="",
    ),
    method="euler",
):
    """Izhikevich's neuron of 2003, by forward Euler as in NEST's izhikevich; events move v."""


_CONDUCTANCE_DRIVE = " + ".join(port.current for port in _EXP_CONDUCTANCES.values())


class GIF_cond_exp(_Standard, cells.GIF_cond_exp, also={"i_eta": "nA", "v_t": "mV"}):
    """Generalised integrate-and-fire with stochastic spikes; NEST's gif_cond_exp.

    A spike adds to currents (a_eta, tau_eta) and to the threshold (a_gamma, tau_gamma), as many of
    each as these parameters have elements.  i_eta and v_t are the sums: their initial values follow
    from the parameters.

    Source  C. Pozzorini et al., PLoS Comput. Biol. 11 (2015) e1004275
    """

    ignored_initial_values: ClassVar[frozenset[str]] = frozenset(("i_eta", "v_t"))
    _ARRAYS: ClassVar[dict[str, str]] = {
        "tau_eta": "ms",
        "a_eta": "nA",
        "tau_gamma": "ms",
        "a_gamma": "mV",
    }

    def neuron_model(self) -> NeuronModel:
        """The model for as many elements as the parameters have."""
        counts = {}
        for kind in ("eta", "gamma"):
            base = self.parameter_space[f"tau_{kind}"].base_value
            first = base.reshape(-1)[0] if isinstance(base, np.ndarray) else base
            counts[kind] = first.value.size
        return _gif_model(self.default_parameters, self.units, counts["eta"], counts["gamma"])

    def engine_values(self, values: Values) -> Values:
        """Parameters with one column for each element of an array."""
        columns: Values = {}
        for name, column in values.items():
            if name in self._ARRAYS:
                elements = np.array([value.value for value in column], dtype=np.float64)
                columns |= {f"{name}_{k}": elements[:, k] for k in range(elements.shape[1])}
            else:
                columns[name] = column
        return columns


def _gif_model(
    defaults: dict[str, Any], units: dict[str, str], n_eta: int, n_gamma: int
) -> NeuronModel:
    counts = {"eta": n_eta, "gamma": n_gamma}
    lines = [parameter_lines(defaults, units)]
    slopes, jumps = [], ["v = v_reset"]
    for kind, unit in (("eta", "nA"), ("gamma", "mV")):
        for k in range(counts[kind]):
            lines += [f"tau_{kind}_{k} = 1.0 : ms", f"a_{kind}_{k} = 0.0 : {unit}"]
            slopes.append(f"d{kind}_{k}/dt = -{kind}_{k}/tau_{kind}_{k} : {unit}")
            jumps.append(f"{kind}_{k} += a_{kind}_{k}")
    eta = " + ".join(f"eta_{k}" for k in range(n_eta)) or "0*nA"
    gamma = "".join(f" + gamma_{k}" for k in range(n_gamma))
    return NeuronModel(
        name="GIF_cond_exp",
        parameters="\n".join(lines),
        equations=f"""
            i_eta = {eta} : nA
            v_t = v_t_star{gamma} : mV
            dv/dt = (v_rest - v)/tau_m
                + ({_CONDUCTANCE_DRIVE} - i_eta + i_offset + i_inj)/cm : mV (unless refractory)
            """.replace("\n                +", " +")
        + "\n".join(slopes)
        + "\n"
        + "".join(port.equations for port in _EXP_CONDUCTANCES.values()),
        threshold="uniform() < 1 - exp(-lambda0*dt*exp(min((v - v_t)/delta_v, 50)))",
        reset="; ".join(jumps),
        refractory="tau_refrac",
        receptors={label: port.receives for label, port in _EXP_CONDUCTANCES.items()},
    )
