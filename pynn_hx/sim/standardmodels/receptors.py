"""Neurons put together from a membrane and any number of receptors."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pyNN.standardmodels import cells, receptors

from simulator.models import NeuronModel

from .base import NeuronCell, Values, same_names
from .parts import (
    ADAPTIVE,
    LEAKY,
    Membrane,
    Port,
    alpha_conductance,
    alpha_current,
    beta_conductance,
    exponential_conductance,
    exponential_current,
    neuron,
)


class _Receptor:
    """A receptor as a part of a `PointNeuron`."""

    default_parameters: ClassVar[dict[str, Any]]
    default_initial_values: ClassVar[dict[str, float]]
    recordable: ClassVar[list[str]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.recordable = list(cls.default_initial_values)
        cls.translations = same_names(cls.default_parameters)  # type: ignore[attr-defined]

    def port(self, label: str) -> Port:
        """The receptor under a label."""
        raise NotImplementedError

    def separated(self, values: Values) -> Values:
        """The parameters, moved apart where the equations have a gap between equal ones."""
        return values


class CurrExpPostSynapticResponse(_Receptor, receptors.CurrExpPostSynapticResponse):
    """A current that jumps by the weight [nA] and decays."""

    def port(self, label: str) -> Port:
        """The receptor under a label."""
        return exponential_current(f"{label}_isyn", f"{label}_tau_syn")


class CurrAlphaPostSynapticResponse(_Receptor, receptors.CurrExpPostSynapticResponse):
    """A current of the shape t*exp(-t/tau_syn), whose peak is the weight [nA]; not in PyNN."""

    def port(self, label: str) -> Port:
        """The receptor under a label."""
        return alpha_current(f"{label}_isyn", f"{label}_tau_syn")


class CondExpPostSynapticResponse(_Receptor, receptors.CondExpPostSynapticResponse):
    """A conductance that jumps by the weight [uS] and decays."""

    def port(self, label: str) -> Port:
        """The receptor under a label."""
        return exponential_conductance(f"{label}_gsyn", f"{label}_tau_syn", f"{label}_e_syn")


class CondAlphaPostSynapticResponse(_Receptor, receptors.CondAlphaPostSynapticResponse):
    """A conductance of the shape t*exp(-t/tau_syn), whose peak is the weight [uS]."""

    def port(self, label: str) -> Port:
        """The receptor under a label."""
        return alpha_conductance(f"{label}_gsyn", f"{label}_tau_syn", f"{label}_e_syn")


_LEAST_RATIO = 1.0 + 1e-6


class CondBetaPostSynapticResponse(_Receptor, receptors.CondBetaPostSynapticResponse):
    """A difference of two exponentials, whose peak is the weight [uS]."""

    def port(self, label: str) -> Port:
        """The receptor under a label."""
        return beta_conductance(
            f"{label}_gsyn", f"{label}_tau_rise", f"{label}_tau_decay", f"{label}_e_syn"
        )

    def separated(self, values: Values) -> Values:
        """Equal time constants, moved apart by a millionth: their difference is a denominator."""
        rise, decay = values["tau_rise"], values["tau_decay"]
        near = np.abs(decay / rise - 1.0) < _LEAST_RATIO - 1.0
        return {**values, "tau_decay": np.where(near, rise * _LEAST_RATIO, decay)}


ExpPSR = CondExpPostSynapticResponse
AlphaPSR = CondAlphaPostSynapticResponse
BetaPSR = CondBetaPostSynapticResponse


class LIF(cells.LIF):
    """The membrane of a leaky integrate-and-fire neuron."""

    translations = same_names(cells.LIF.default_parameters)
    membrane: ClassVar[Membrane] = LEAKY
    units: ClassVar[dict[str, str]] = {n: u for n, u in cells.LIF.units.items() if n != "w"}


class AdExp(cells.AdExp):
    """The membrane of an adaptive exponential integrate-and-fire neuron."""

    translations = same_names(cells.AdExp.default_parameters)
    membrane: ClassVar[Membrane] = ADAPTIVE


class PointNeuron(NeuronCell, cells.PointNeuron):
    """A membrane (`LIF`, `AdExp`) with named receptors of any kinds.

    Parameters and variables of a receptor are called ``label.name``, as in
    ``population.get("GABAA.e_syn")`` and ``population.record("AMPA.gsyn")``.  Current- and
    conductance-based receptors may be mixed, which PyNN 0.13 refuses.
    """

    def __init__(self, neuron: Any, **post_synaptic_receptors: Any) -> None:
        if not post_synaptic_receptors:
            raise ValueError(
                "PointNeuron: no receptors given; name at least one, as AMPA=CondExpPostSynapti"
                "cResponse(...)"
            )
        super().__init__(neuron, **post_synaptic_receptors)
        self._model: NeuronModel | None = None

    @property
    def conductance_based(self) -> bool:
        """Whether all receptors are."""
        return all(one.conductance_based for one in self.post_synaptic_receptors.values())

    @property
    def default_parameters(self) -> dict[str, Any]:
        """Default parameters of membrane and receptors."""
        own = dict(self.neuron.default_parameters)
        return own | {
            f"{label}.{name}": value
            for label, receptor in self.post_synaptic_receptors.items()
            for name, value in receptor.default_parameters.items()
            if name != "locations"
        }

    def get_parameter_names(self) -> list[str]:  # PyNN's is a class method
        """Names of all parameters."""
        return list(self.default_parameters)

    def has_parameter(self, name: str) -> bool:
        """Whether there is such a parameter."""
        return name in self.default_parameters

    def get_schema(self) -> dict[str, type]:
        """Type of every parameter."""
        return dict.fromkeys(self.default_parameters, float)

    @property
    def units(self) -> dict[str, str]:  # type: ignore[override]
        """Units of parameters and variables."""
        known = {**cells.PointNeuron.units.fget(self)}
        for name in self.default_parameters:
            if "." in name:
                known[name] = "mV" if name.endswith("e_syn") else "ms"
        return known

    def neuron_model(self) -> NeuronModel:
        """The model in the engine's language."""
        if self._model is None:
            labels = self.receptor_types
            renamed = {_joined(n): value for n, value in self.default_parameters.items()}
            self._model = neuron(
                f"{type(self.neuron).__name__}({', '.join(labels)})",
                renamed,
                {_joined(n): unit for n, unit in self.units.items()},
                {label: self.post_synaptic_receptors[label].port(label) for label in labels},
                self.neuron.membrane,
            )
        return self._model

    def engine_name(self, variable: str) -> str:
        """The engine's name of a variable."""
        return _joined(variable)

    def engine_values(self, values: Values) -> Values:
        """Parameters in the engine's names."""
        moved = dict(values)
        for label, receptor in self.post_synaptic_receptors.items():
            names = [n for n in receptor.default_parameters if f"{label}.{n}" in moved]
            own = receptor.separated({n: moved[f"{label}.{n}"] for n in names})
            moved |= {f"{label}.{n}": column for n, column in own.items()}
        return {_joined(name): column for name, column in moved.items()}

    def change(self, handle: Any, changed: Values, everything: Values, indices: Any) -> None:
        """Tell the engine new parameters; all of a receptor at once, as some go together."""
        labels = {name.split(".")[0] for name in changed if "." in name}
        chosen = {
            name: column[indices]
            for name, column in everything.items()
            if name in changed or name.split(".")[0] in labels
        }
        super().change(handle, chosen, everything, indices)


def _joined(name: str) -> str:
    return name.replace(".", "_")


def parameters_of(celltype: PointNeuron) -> dict[str, Any]:
    """Lazy values of all parameters of a `PointNeuron` by their full names."""
    values: dict[str, Any] = {}
    for name, value in celltype.parameter_space.items():
        if name in celltype.post_synaptic_receptors:
            values |= {f"{name}.{n}": v for n, v in value.items() if n != "locations"}
        else:
            values[name] = value
    return values
