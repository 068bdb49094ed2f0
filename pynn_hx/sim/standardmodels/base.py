"""What the backend asks of a cell type or synapse type: how it is said to the engine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.standardmodels import build_translations

from simulator.handles import Neurons, Sources
from simulator.models import NeuronModel
from simulator.network import Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Values = dict[str, npt.NDArray[Any]]
"""Columns by name, (cell,); of dtype object where a value is a sequence."""


def same_names(names: Iterable[str]) -> dict[str, Any]:
    """Translations of parameters that the engine knows by PyNN's names and in PyNN's units."""
    return build_translations(*((name, name) for name in names))


class EngineCell:
    """A cell type of this backend.

    add_to and change get and give columns in PyNN's names and units.
    """

    parameter_space: Any
    units: ClassVar[dict[str, str]]
    has_signed_receptors: ClassVar[bool] = True
    """Whether the name of a receptor says which sign its weights have."""

    @property
    def initial_variables(self) -> tuple[str, ...]:
        """Variables that may be given initial values."""
        return ()

    def checked(self, values: Values, place: str) -> Values:
        """The values as they are stored; InvalidParameterValueError naming the place."""
        return {
            name: column if column.dtype == object else column.astype(np.float64)
            for name, column in values.items()
        }

    def add_to(self, network: Network, n: int, values: Values, initial: Values) -> Any:
        """Add `n` cells to a network; returns their handle.

        initial  what variables begin with, (cell,) by name; NaN where the model says it
        """
        raise NotImplementedError

    def change(self, handle: Any, changed: Values, everything: Values, indices: Ints) -> None:
        """Tell the engine new values of some cells.

        changed     (cell,) of the cells `indices`
        everything  (cell,) of all cells, the new values among them
        """
        raise NotImplementedError


class NeuronCell(EngineCell):
    """A cell type that is a neuron model of the engine.

    engine_names  engine's names of variables that are called differently in PyNN
    ignored_initial_values  variables that follow from others: initial values are taken and not used
    """

    engine_names: ClassVar[dict[str, str]] = {}
    ignored_initial_values: ClassVar[frozenset[str]] = frozenset()
    default_initial_values: ClassVar[dict[str, float]]

    @property
    def initial_variables(self) -> tuple[str, ...]:
        """Variables that may be given initial values."""
        return tuple(self.default_initial_values)

    def neuron_model(self) -> NeuronModel:
        """The model in the engine's language."""
        raise NotImplementedError

    def engine_name(self, variable: str) -> str:
        """The engine's name of a variable."""
        return self.engine_names.get(variable, variable)

    def engine_values(self, values: Values) -> dict[str, Floats]:
        """Parameters in the engine's names, (cell,) each."""
        return values

    def add_to(self, network: Network, n: int, values: Values, initial: Values) -> Neurons:
        """Add neurons; see the base class."""
        states = {
            self.engine_name(name): column
            for name, column in initial.items()
            if name not in self.ignored_initial_values
        }
        whole = {name: column for name, column in states.items() if not np.isnan(column).any()}
        handle = network.add_neurons(self.neuron_model(), n, self.engine_values(values), whole)
        for name in states.keys() - whole.keys():
            given = np.nonzero(~np.isnan(states[name]))[0]
            handle.set_initial(name, states[name][given], given)
            handle.set(name, states[name][given], given)
        return handle

    def change(self, handle: Neurons, changed: Values, everything: Values, indices: Ints) -> None:
        """Tell the engine new parameters of some neurons."""
        for name, column in self.engine_values(changed).items():
            handle.set(name, column, indices)


class SourceCell(EngineCell):
    """A cell type that only sends spikes."""

    def source_values(self, values: Values) -> dict[str, Floats]:
        """Parameters in the engine's names, (cell,) each, of those that `values` has."""
        raise NotImplementedError

    def change(self, handle: Sources, changed: Values, everything: Values, indices: Ints) -> None:
        """Tell the engine new parameters of some sources."""
        chosen = {name: column[indices] for name, column in everything.items()}
        for name, column in self.source_values(chosen).items():
            handle.set(name, column, indices)
