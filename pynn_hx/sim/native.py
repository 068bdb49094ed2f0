"""Cell, synapse and current types that users write as equations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.errors import InvalidDimensionsError, NonExistentParameterError
from pyNN.models import BaseCellType
from pyNN.standardmodels import StandardSynapseType

from simulator.build import plan_of
from simulator.models import CurrentModel, NeuronModel, SynapseModel
from simulator.statements import NeuronPlan

from .currents import CurrentSource, targets_of
from .standardmodels.base import NeuronCell, same_names
from .standardmodels.synapses import EngineSynapse

_CONDUCTANCE_UNITS = ("uS", "nS", "pS", "mS", "S")
_VOLTAGE_UNITS = ("mV", "V", "uV")
_SPELLED_BY_QUANTITIES = {
    "1": "dimensionless", "pC": "nA*ms", "fC": "pA*ms", "nC": "uA*ms", "GOhm": "mV/pA",
}  # fmt: skip
"""Units of the language that the package quantities does not know by that name."""


class NativeCellType(NeuronCell, BaseCellType):
    """Base of the cell types that `cell_type` makes."""

    model: ClassVar[NeuronModel]
    variables: ClassVar[tuple[str, ...]]
    has_signed_receptors: ClassVar[bool] = False

    def neuron_model(self) -> NeuronModel:
        """The model in the engine's language."""
        return self.model

    @property
    def initial_variables(self) -> tuple[str, ...]:
        """Variables that may be given initial values; others begin as the model says."""
        return self.variables


def cell_type(
    name: str,
    equations: str,
    *,
    parameters: str = "",
    receptors: Mapping[str, str] | None = None,
    **options: Any,
) -> type[NativeCellType]:
    """A cell type from equations.

    name        of the class
    equations   lines ``dx/dt = ... : unit`` and ``x = ... : unit``
    parameters  lines ``name = default : unit``
    receptors   what an event of a ``weight`` does, by the name of the receptor
    options     threshold, reset, refractory, initial, update (text), method, substeps, check_units;
                docs/reference/model_language.md has the language
    Raises      simulator.errors.EquationError, UnitError, UnknownNameError

    All variables can be recorded and, if they are states, initialised.
    """
    model = NeuronModel(
        name=name,
        equations=equations,
        parameters=parameters,
        receptors=dict(receptors or {}),
        **options,
    )
    plan = plan_of(model)
    assert isinstance(plan, NeuronPlan)
    states = {state.name: state.unit for state in plan.states if not state.hidden}
    computed = dict(zip((one.target for one in plan.algebraic), plan.algebraic_units, strict=True))
    units = {p.name: p.unit for p in plan.parameters} | states | computed
    weight_units = {receptor.weight_unit for receptor in plan.receptors}
    return type(
        name,
        (NativeCellType,),
        {
            "__doc__": f"{name}: a cell type from equations.",
            "model": model,
            "variables": tuple(states),
            "default_parameters": {p.name: p.default for p in plan.parameters},
            "default_initial_values": {},
            "recordable": [*(["spikes"] if plan.spikes else []), *states, *computed],
            "units": {name: _SPELLED_BY_QUANTITIES.get(u, u) for name, u in units.items()},
            "receptor_types": [receptor.name for receptor in plan.receptors],
            "conductance_based": bool(weight_units) and weight_units <= {*_CONDUCTANCE_UNITS},
            "voltage_based_synapses": bool(weight_units) and weight_units <= {*_VOLTAGE_UNITS},
            "injectable": plan.uses_current,
        },
    )


class NativeSynapseType(EngineSynapse, StandardSynapseType):
    """Base of the synapse types that `synapse_type` makes.

    dendritic_delay_fraction  part of the delay behind the synapse, 0..1
    """

    model: ClassVar[SynapseModel]
    changes_weight: ClassVar[bool] = True  # perhaps

    def __init__(self, dendritic_delay_fraction: float = 1.0, **parameters: Any) -> None:
        if not 0 <= dendritic_delay_fraction <= 1:
            raise ValueError(
                f"{type(self).__name__}: dendritic_delay_fraction {dendritic_delay_fraction} is "
                "not within 0..1"
            )
        super().__init__(**parameters)
        self.dendritic_delay_fraction = float(dendritic_delay_fraction)

    @property
    def dendritic_fraction(self) -> float:
        """Part of the delay that lies behind the synapse."""
        return self.dendritic_delay_fraction

    def synapse_model(self) -> SynapseModel:
        """The model in the engine's language."""
        return self.model


def synapse_type(
    name: str, *, on_pre: str = "", on_post: str = "", **options: Any
) -> type[NativeSynapseType]:
    """A synapse type from events and equations.

    on_pre   statements when a presynaptic spike meets the synapse; ``output`` goes to the receptor
    on_post  statements when a postsynaptic spike meets it
    options  parameters, equations, initial (text), check_units;
             docs/reference/model_language.md has the language
    Raises   simulator.errors.EquationError, UnitError, UnknownNameError

    Every synapse has ``weight`` and ``delay``.
    """
    model = SynapseModel(name=name, on_pre=on_pre, on_post=on_post, **options)
    plan = plan_of(model)
    defaults = {"weight": 0.0, "delay": None} | {p.name: p.default for p in plan.parameters}
    return type(
        name,
        (NativeSynapseType,),
        {
            "__doc__": f"{name}: a synapse type from equations.",
            "model": model,
            "default_parameters": defaults,
            "translations": same_names(defaults),
            "state_variables": tuple(s.name for s in plan.states if s.name != "weight"),
        },
    )


class NativeElectrodeType(CurrentSource):
    """Base of the current types that `current_type` makes.

    If its model is ``per_target``, parameters are one number or (target,), in the order of the
    cells that it is injected into, which is then possible once.
    """

    def __init__(self, **parameters: Any) -> None:
        self._n_targets = 0
        if not self.model.per_target:
            super().__init__(**parameters)
            return
        super().__init__()  # PyNN's own checks know sources with one value only
        self.set_parameters(**parameters)

    def _evaluated(self, parameters: dict[str, Any]) -> dict[str, Any]:
        if not self.model.per_target:
            return super()._evaluated(parameters)
        for name in parameters:
            if name not in self.default_parameters:
                raise NonExistentParameterError(
                    name, type(self).__name__, list(self.default_parameters)
                )
        columns = {name: np.array(value, np.float64) for name, value in parameters.items()}
        if self._n_targets:
            self._check_shapes(columns, self._n_targets)
        return columns

    def _check_shapes(self, columns: dict[str, npt.NDArray[np.float64]], n: int) -> None:
        for name, column in columns.items():
            if column.shape not in ((), (n,)):
                raise InvalidDimensionsError(
                    f"{type(self).__name__}.{name}: an array of shape {column.shape} for {n} "
                    "target cells; give one number, or one per target"
                )

    def inject_into(self, cells: Any, location: Any = None) -> None:
        """Let the current flow into a population, view, assembly, or list of cells."""
        if not self.model.per_target:
            super().inject_into(cells, location)
            return
        if self._n_targets:
            raise ValueError(
                f"{type(self).__name__}: inject_into(): it has a value for each of "
                f"{self._n_targets} cells that it flows into already; make another source"
            )
        n = sum(indices.size for indices in targets_of(cells).values())
        self._check_shapes(self._values, n)
        super().inject_into(cells, location)
        self._n_targets = n

    def record(self) -> None:
        """Record the amplitude from now on; NotImplementedError if there are many."""
        if self.model.per_target:
            raise NotImplementedError(
                f"{type(self).__name__}: record(): it has an amplitude for each cell; record a "
                "variable of the cells"
            )
        super().record()


def current_type(name: str, amplitude: str, **options: Any) -> type[NativeElectrodeType]:
    """A source of current from equations.

    amplitude  expression of the current [nA] at ``t``
    options    parameters, equations, update, initial (text), method, substeps, check_units,
               per_target; docs/reference/model_language.md has the language
    Raises     simulator.errors.EquationError, UnitError, UnknownNameError

    One trace flows into all target cells; with ``per_target=True`` each has its own parameters.
    """
    model = CurrentModel(name=name, amplitude=amplitude, **options)
    plan = plan_of(model)
    defaults = {p.name: p.default for p in plan.parameters}
    return type(
        name,
        (NativeElectrodeType,),
        {
            "__doc__": f"{name}: a source of current from equations.",
            "model": model,
            "default_parameters": defaults,
            "translations": same_names(defaults),
        },
    )


def native_cell_type(model_name: str) -> type[NativeCellType]:
    """The cell type of that name that `cell_type` made last; PyNN's way to ask for it."""
    return _made(NativeCellType, model_name, "cell_type")


def native_synapse_type(model_name: str) -> type[NativeSynapseType]:
    """The synapse type of that name that `synapse_type` made last."""
    return _made(NativeSynapseType, model_name, "synapse_type")


def native_electrode_type(model_name: str) -> type[NativeElectrodeType]:
    """The current type of that name that `current_type` made last."""
    return _made(NativeElectrodeType, model_name, "current_type")


def _made(base: Any, name: str, maker: str) -> Any:
    found = [one for one in base.__subclasses__() if one.__name__ == name]
    if not found:
        raise ValueError(
            f"there is no native type {name!r}; make it first: {maker}({name!r}, ...). There are "
            f"{', '.join(sorted(one.__name__ for one in base.__subclasses__())) or 'none'}"
        )
    return found[-1]
