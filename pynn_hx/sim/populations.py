"""Populations of software models, and views of them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import common
from pyNN.errors import InvalidParameterValueError, NonExistentParameterError
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace, simplify

from simulator.network import Network

from ..selected_cells import SelectedCells, ViewOfPopulation, WholePopulation, cell_ids
from . import session
from .assemblies import Assembly
from .recording import Recorder
from .standardmodels.base import EngineCell, NeuronCell, Values
from .standardmodels.receptors import PointNeuron, parameters_of
from .standardmodels.sources import DrawnTrains, SpikeSourceInhGamma

__all__ = ["Assembly", "Population", "PopulationView"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def _column(value: Any, size: int) -> npt.NDArray[Any]:
    """(size,) values of a lazy parameter; sequences as objects.  Draws random numbers."""
    own = deepcopy(value)  # PyNN leaves a user's generators as they are, too
    own.shape = (size,)
    found = own.evaluate(simplify=False)
    array = np.asarray(found)
    if isinstance(found, ArrayParameter) or array.dtype == object:
        column = np.empty(size, dtype=object)
        column[:] = [found] * size if isinstance(found, ArrayParameter) else list(array)
        return column
    return np.array(np.broadcast_to(array, (size,)), dtype=np.float64)


class _Cells(SelectedCells):
    """What populations and views share: parameters, state and recording of some cells."""

    _assembly_class = Assembly
    _simulator = session

    @property
    def _root(self) -> Population:
        raise NotImplementedError

    @staticmethod
    def _simplified(values: npt.NDArray[Any]) -> Any:
        """One value if all cells agree."""
        if values.dtype != object:
            return SelectedCells._simplified(values)
        return simplify(values)

    def _known(self, names: tuple[str, ...]) -> list[str]:
        return [n for n in names if n in self._root.values]

    def _get_parameters(self, *names: str) -> ParameterSpace:
        values = self._root.parameter_values(self._known(names))
        shown = {n: self._shown(v[self._indices]) for n, v in values.items()}
        return ParameterSpace(shown, shape=(len(self._indices),))

    def _shown(self, values: npt.NDArray[Any]) -> Any:
        simple = self._simplified(values)
        if isinstance(simple, ArrayParameter):
            return LazyArray(simple, shape=(len(values),), dtype=type(simple))
        return simple

    def set(self, **parameters: Any) -> None:
        """Set parameters from now on: numbers, one value per cell, or whatever else PyNN takes.

        Raises  NonExistentParameterError, InvalidParameterValueError, InvalidDimensionsError; then
                nothing has changed
        """
        root, indices = self._root, self._indices
        root.change_parameters(root.evaluated(parameters, len(indices)), indices)

    def initialize(self, **initial_values: Any) -> None:
        """Set variables, and what they begin with after a reset.

        Values  numbers, distributions, one number per cell, functions of the index
        Raises  NonExistentParameterError for an unknown variable
        """
        root, indices = self._root, self._indices
        columns = {}
        for name, value in initial_values.items():
            root.check_variable(name)
            lazy = LazyArray(value, shape=(len(indices),), dtype=float)
            found = lazy.evaluate(simplify=False)
            columns[name] = np.array(np.broadcast_to(found, (len(indices),)), dtype=np.float64)
        for name, column in columns.items():
            root.change_initial(name, column, indices)

    def get_state(self, variable: str) -> Floats:
        """A variable or parameter as it is now, (cell,), whether it is recorded or not."""
        return self._root.state_values(variable)[self._indices]

    def set_state(self, variable: str, values: npt.ArrayLike) -> None:
        """Change a variable now, and not what it begins with after a reset.

        values  one number, or (cell,)
        """
        self._root.change_state(variable, values, self._indices)

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def record(
        self,
        variables: Any,
        to_file: Any = None,
        sampling_interval: float | None = None,
        locations: Any = None,
    ) -> None:
        """Record variables of these cells from now on; None: record nothing of the population.

        to_file  a file name or a neo IO that `end` writes to
        sampling_interval  [ms], a multiple of the time step
        """
        if isinstance(to_file, bool):  # PyNN's deprecated record_v() passes True for "no file"
            to_file = None
        super().record(variables, None, sampling_interval, locations)  # type: ignore[misc]
        if to_file is not None and variables is not None:
            root = self._root
            root.recorder.file = to_file
            root.session.write_on_end.append((self, variables, to_file))


class PopulationView(ViewOfPopulation, _Cells, common.PopulationView):
    """Some cells of a population."""

    @property
    def initial_values(self) -> dict[str, Any]:
        """What variables of these cells begin with, lazy arrays by name; a copy."""
        whole = self._root.initial_values
        shown = {
            name: value.evaluate(simplify=False)[self._indices] for name, value in whole.items()
        }
        return {name: LazyArray(column, dtype=float) for name, column in shown.items()}


class Population(WholePopulation, _Cells, common.Population):
    """A group of cells of one type.

    values   parameters of all cells, (cell,) by name
    handle   what the engine calls them; None until it has been told
    session  the `State` that the population belongs to
    """

    _recorder_class = Recorder
    initial_values: dict[str, Any]

    def __init__(
        self,
        size: Any,
        cellclass: Any,
        cellparams: dict[str, Any] | None = None,
        structure: Any = None,
        initial_values: dict[str, Any] | None = None,
        label: str | None = None,
    ) -> None:
        self.session = session.state
        self.handle: Any = None
        if isinstance(cellclass, type):
            cellparams = cellparams or {}
        super().__init__(size, cellclass, cellparams, structure, initial_values or {}, label)
        # Registered only now: a refused population leaves no trace.
        self.session.populations.append(self)
        self.session.recorders.append(self.recorder)
        self.session.add(self)

    @property
    def _place(self) -> str:
        return f"population {self.label!r}"

    @property
    def is_source(self) -> bool:
        """Whether the cells only send spikes."""
        return not isinstance(self.celltype, NeuronCell)

    def _create_cells(self) -> None:
        if not isinstance(self.celltype, EngineCell):
            raise TypeError(
                f"{self._place}: {type(self.celltype).__name__} is not a cell type of this backend"
                "; use pynn_hx.sim's own, or cell_type(...)"
            )
        if self.size < 1:
            raise ValueError(f"{self._place}: size {self.size}; a population has at least one cell")
        if isinstance(self.celltype, PointNeuron):
            lazy = parameters_of(self.celltype)
        else:
            lazy = dict(self.celltype.parameter_space.items())
        values = {name: _column(value, self.size) for name, value in lazy.items()}
        self.values: Values = self.celltype.checked(values, self._place)
        self._initial: dict[str, Floats] = {}
        first = self.session.take_ids(self.size)
        self.all_cells = cell_ids(first, self.size, session.ID)
        self._mask_local = np.ones(self.size, dtype=bool)
        for cell in self.all_cells:
            cell.parent = self

    # --- the engine -----------------------------------------------------------------------------

    def build(self, network: Network) -> None:
        """Tell the engine."""
        self.handle = self.celltype.add_to(network, self.size, self.values, self._initial)
        if isinstance(self.celltype, SpikeSourceInhGamma):
            number = self.session.populations.index(self)
            trains = DrawnTrains(self.handle, self.session.settings.seed, number)
            self.session.before_run.append(lambda now, stop: trains.extend(self.values, now, stop))
            self.session.after_reset.append(trains.reset)

    def require_session(self, what: str) -> session.State:
        """The session, if it is still the one this population was made in; else RuntimeError."""
        self.session.require_present(f"{self._place}: {what}")
        return self.session

    # --- parameters -----------------------------------------------------------------------------

    def evaluated(self, parameters: dict[str, Any], size: int) -> Values:
        """New values of `size` cells, (size,) by name, checked."""
        flat: dict[str, Any] = {}
        for name, value in parameters.items():
            if isinstance(value, dict | ParameterSpace):  # a receptor's
                if not any(known.startswith(f"{name}.") for known in self.values):
                    raise InvalidParameterValueError(
                        f"{self._place}: {name} = {value!r}: give a number, or one for each cell"
                    )
                flat |= {f"{name}.{inner}": v for inner, v in value.items()}
            else:
                flat[name] = value
        schema = {name: self._type_of(name) for name in self.values}
        space = ParameterSpace(flat, schema, (size,), type(self.celltype))
        columns = {name: _column(value, size) for name, value in space.items()}
        return self.celltype.checked(columns, self._place)

    def _type_of(self, name: str) -> type:
        first = self.values[name][0]
        return type(first) if isinstance(first, ArrayParameter) else float

    def parameter_values(self, names: list[str]) -> Values:
        """Present values by name, (size,) each."""
        return {name: self.values[name] for name in names}

    def change_parameters(self, changed: Values, indices: Ints) -> None:
        """Set values of some cells."""
        self.require_session("set()")
        before = {name: self.values[name] for name in changed}
        for name, column in changed.items():
            whole = self.values[name].copy()
            whole[indices] = column
            self.values[name] = whole
        if self.handle is None:
            return
        try:
            self.celltype.change(self.handle, changed, self.values, indices)
        except Exception:
            self.values |= before
            raise

    # --- variables ------------------------------------------------------------------------------

    def check_variable(self, name: str) -> None:
        """NonExistentParameterError unless the cells have such a variable."""
        known = self.celltype.initial_variables
        if name not in known:
            raise NonExistentParameterError(name, type(self.celltype).__name__, list(known))

    def change_initial(self, name: str, column: Floats, indices: Ints) -> None:
        """Set what a variable begins with, and the variable itself."""
        self.require_session("initialize()")
        default = self.celltype.default_initial_values.get(name, np.nan)
        whole = self._initial.get(name, np.full(self.size, float(default))).copy()
        whole[indices] = column
        self._initial[name] = whole
        shown = self._simplified(whole)
        self.initial_values[name] = LazyArray(shown, shape=(self.size,), dtype=float)
        if self.handle is not None and name not in self.celltype.ignored_initial_values:
            variable = self.celltype.engine_name(name)
            self.handle.set_initial(variable, column, indices)
            self.handle.set(variable, column, indices)

    def _set_cell_initial_value(self, id: Any, variable: str, value: float) -> None:
        """What a cell's ``set_initial_value`` calls."""
        self.check_variable(variable)
        self.change_initial(variable, np.array([float(value)]), np.array([self.id_to_index(id)]))

    def state_values(self, variable: str) -> Floats:
        """A variable or parameter of all cells as it is now."""
        if variable in self.values and self.values[variable].dtype != object:
            return self.values[variable].copy()
        return np.asarray(self._neurons("get_state()").get(self.celltype.engine_name(variable)))

    def change_state(self, variable: str, values: npt.ArrayLike, indices: Ints) -> None:
        """Change a variable of some cells."""
        self.require_session("set_state()")
        column = np.broadcast_to(np.asarray(values, dtype=np.float64), indices.shape)
        if variable in self.values:
            raise ValueError(
                f"{self._place}: set_state({variable!r}): this is a parameter; use set()"
            )
        self._neurons("set_state()").set(self.celltype.engine_name(variable), column, indices)

    def _neurons(self, what: str) -> Any:
        if self.is_source:
            raise TypeError(f"{self._place}: {what}: spike sources have no variables")
        if self.handle is None:
            self.require_session(what)
            assert self.session.network is not None  # which builds it
        return self.handle
