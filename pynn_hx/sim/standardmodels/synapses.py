"""PyNN's synapse types as events and equations of the engine."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import ModelNotAvailable, synapses

from simulator.models import SynapseModel
from simulator.statements import STATIC, SynapsePlan

from .. import session
from .base import Floats, same_names

_LEAST_TAU_MS = 1e-6
"""In place of a time constant of 0: a millionth of a ms, over which nothing survives a step."""


class EngineSynapse:
    """A synapse type of this backend.

    state_variables  what `Projection.initialize` and `Projection.get` know beside the parameters
    """

    state_variables: ClassVar[tuple[str, ...]] = ()
    changes_weight: ClassVar[bool] = False
    """Whether spikes change the weight."""
    weight_bits: int = 0
    """In how many bits a weight is stored; 0: as `setup` says."""
    translations: ClassVar[dict[str, Any]]
    parameter_space: Any

    def synapse_model(self) -> SynapseModel | SynapsePlan:
        """The model in the engine's language."""
        raise NotImplementedError

    @property
    def dendritic_fraction(self) -> float:
        """Part of the delay that lies behind the synapse, for plasticity."""
        return 1.0

    def engine_values(self, values: dict[str, Floats | float]) -> dict[str, Floats | float]:
        """Parameters but weight and delay in the engine's names: a number or (synapse,) each."""
        return values

    def values_of_targets(self, population: Any, receptor: str) -> dict[str, Floats]:
        """Parameters that follow from the postsynaptic cell, (cell,) each, of a population."""
        return {}

    def _get_minimum_delay(self) -> float:
        return session.state.min_delay


class StaticSynapse(EngineSynapse, synapses.StaticSynapse):
    """A synapse of constant weight.

    weight_bits  8 or 16: weights are stored as so many bits each, as multiples of 1/255 or 1/65535
                 of their range, which `Projection.get` then shows; 0: as setup's precision says
    """

    translations = same_names(synapses.StaticSynapse.default_parameters)

    def __init__(self, *, weight_bits: int = 0, **parameters: Any) -> None:
        if weight_bits not in (0, 8, 16):
            raise ValueError(
                f"StaticSynapse: weight_bits={weight_bits}; weights are stored in 8 or 16 bits, or "
                "in full (0)"
            )
        super().__init__(**parameters)
        self.weight_bits = weight_bits

    def synapse_model(self) -> SynapseModel | SynapsePlan:
        """The model in the engine's language."""
        return STATIC


class ElectricalSynapse(ModelNotAvailable):
    """Gap junctions: not available."""


class _Fixed(EngineSynapse):
    """A synapse type whose model is the same for all projections."""

    model: ClassVar[SynapseModel]

    def synapse_model(self) -> SynapseModel | SynapsePlan:
        """The model in the engine's language."""
        return self.model


class _Facilitating(EngineSynapse):
    """A synapse type for which a facilitation time constant of 0 means none."""

    def engine_values(self, values: dict[str, Floats | float]) -> dict[str, Floats | float]:
        """Parameters without zeros among the time constants."""
        names = values.keys() & {"tau_facil", "tau_rec"}
        return {**values, **{n: np.maximum(values[n], _LEAST_TAU_MS) for n in names}}


_SHORT_TERM = """
    U = 0.5 : 1
    tau_rec = 100.0 : ms
    tau_facil = 0.000001 : ms
"""


class TsodyksMarkramSynapse(_Facilitating, _Fixed, synapses.TsodyksMarkramSynapse):
    """Facilitation and depression by resources that are used and recover.

    Transmitter is active with the time constant of the receptor, as it is when the network is
    built, or for 3 ms if that has none; then it recovers.  NEST's tsodyks_synapse.

    Source  M. Tsodyks, A. Uziel and H. Markram, J. Neurosci. 20 (2000) RC50, equations 3 to 5
    """

    translations = same_names(synapses.TsodyksMarkramSynapse.default_parameters)
    state_variables: ClassVar[tuple[str, ...]] = ("u", "x", "y")
    model: ClassVar[SynapseModel] = SynapseModel(
        name="TsodyksMarkramSynapse",
        parameters=_SHORT_TERM + "tau_psc = 3.0 : ms\n",
        equations="""
            du/dt = -u/tau_facil : 1
            dx/dt = (1 - x - y)/tau_rec : 1
            dy/dt = -y/tau_psc : 1
        """,
        initial="u = 0; x = 1; y = 0",
        on_pre="""
            u += U*(1 - u)
            output = weight*u*x
            y += u*x
            x -= u*x
        """,
    )

    def values_of_targets(self, population: Any, receptor: str) -> dict[str, Floats]:
        """Transmitter is active as long as the synaptic current or conductance decays."""
        names = {"excitatory": "tau_syn_E", "inhibitory": "tau_syn_I"}
        name = names.get(receptor, "")
        known = population.values
        if name not in known:
            name = f"{receptor}.tau_syn"
        return {"tau_psc": known[name]} if name in known else {}


class SimpleStochasticSynapse(_Fixed, synapses.SimpleStochasticSynapse):
    """Each spike is transmitted with probability `p`; NEST's bernoulli_synapse."""

    translations = same_names(synapses.SimpleStochasticSynapse.default_parameters)
    model: ClassVar[SynapseModel] = SynapseModel(
        name="SimpleStochasticSynapse",
        parameters="p = 0.5 : 1",
        on_pre="output = where(uniform() < p, weight, 0*weight)",
    )


class StochasticTsodyksMarkramSynapse(
    _Facilitating, _Fixed, synapses.StochasticTsodyksMarkramSynapse
):
    """A single release site that releases with a facilitating probability and then recovers.

    Source  G. Fuhrmann et al., J. Neurophysiol. 87 (2002) 140
    """

    translations = same_names(synapses.StochasticTsodyksMarkramSynapse.default_parameters)
    state_variables: ClassVar[tuple[str, ...]] = ("u", "r")
    model: ClassVar[SynapseModel] = SynapseModel(
        name="StochasticTsodyksMarkramSynapse",
        parameters=_SHORT_TERM,
        # empty: probability that a used site has not recovered since the last event
        equations="""
            du/dt = -u/tau_facil : 1
            dempty/dt = -empty/tau_rec : 1
            r : 1
        """,
        initial="r = 1",
        # a site that releases is marked by r < 0 until the end of the event
        on_pre="""
            u += U*(1 - u)
            r = where(r > 0.5 or uniform() >= empty, 1, 0)
            r = where(uniform() < u, -r, r)
            output = where(r < 0, weight, 0*weight)
            r = max(r, 0)
            empty = 1
        """,
    )


MAX_SITES = 32


class MultiQuantalSynapse(_Facilitating, synapses.MultiQuantalSynapse):
    """`n` release sites, each as that of a stochastic Tsodyks-Markram synapse.

    n  at most 32.  NEST's quantal_stp_synapse.
    Source  G. Fuhrmann et al., J. Neurophysiol. 87 (2002) 140
    """

    translations = same_names(synapses.MultiQuantalSynapse.default_parameters)
    state_variables: ClassVar[tuple[str, ...]] = ("u", "a")

    def synapse_model(self) -> SynapseModel | SynapsePlan:
        """The model, with as many draws as there are sites at most."""
        sites = self.parameter_space["n"]
        base = sites.base_value
        if not sites.operations and isinstance(base, np.ndarray | int | float):
            most = int(np.max(base)) if np.size(base) else 1
        else:
            most = MAX_SITES
        if not 1 <= most <= MAX_SITES:
            raise ValueError(
                f"MultiQuantalSynapse: n = {most} release sites; this backend draws for each of 1 "
                f"to {MAX_SITES}: use several projections"
            )
        return _multi_quantal(most)


def _multi_quantal(most: int) -> SynapseModel:
    recovered, released = (
        "\n".join(f"moved += where({k} < {sites}, 1, 0)" for k in range(most))
        for sites in ("n - a and uniform() >= empty", "a and uniform() < u")
    )
    return SynapseModel(
        name=f"MultiQuantalSynapse({most})",
        parameters=_SHORT_TERM + "n = 1 : 1\n",
        equations="""
            du/dt = -u/tau_facil : 1
            dempty/dt = -empty/tau_rec : 1
            a : 1
            moved : 1
        """,
        initial="a = n; u = U",
        on_pre=f"""
            u = U + u*(1 - U)
            moved = 0
            {recovered}
            a += moved
            moved = 0
            {released}
            a -= moved
            empty = 1
            output = weight*moved
        """,
    )
