"""Populations, views and assemblies of chip neurons and external sources."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import common
from pyNN.parameters import ParameterSpace, Sequence, simplify

from firmware_protocol import ChipConfig
from firmware_protocol.atomic_neuron import BY_NAME

from . import session
from .mapping.graph import Ints
from .recording import Recorder, destination
from .standardmodels.cells import HXNeuron, checked_codes, checked_spike_times

Values = dict[str, npt.NDArray[Any]]

_ROUTED = "event_routing_address"


class Assembly(common.Assembly):
    """A list of populations and views that can be used as one."""

    _simulator = session

    def record(
        self,
        variables: str | list[str] | None,
        to_file: Any = None,
        sampling_interval: float | None = None,
        locations: Any = None,
        *,
        device: str = "madc",
    ) -> None:
        """Record from every member; see `Population.record`."""
        for population in self.populations:
            population.record(variables, to_file, sampling_interval, locations, device=device)


def _simplified(values: npt.NDArray[Any]) -> Any:
    """A scalar if all cells agree; PyNN's own leaves flags as arrays."""
    if values.dtype == object:
        return simplify(values)
    return values[0].item() if np.all(values == values[0]) else values


def _per_cell(values: Any, size: int) -> npt.NDArray[Any]:
    """(size,) array of values; PyNN evaluates a list of one value to that value."""
    if isinstance(values, np.ndarray) and values.shape == (size,):
        return values.copy()
    out = np.empty(size, dtype=object if isinstance(values, Sequence) else np.asarray(values).dtype)
    out[:] = values if isinstance(values, np.ndarray) else [values] * size
    return out


class _Cells:
    """What populations and views share: parameters and recording of `_root` cells `_indices`."""

    _assembly_class = Assembly
    _simulator = session

    @property
    def _root(self) -> Population:
        raise NotImplementedError

    @property
    def _indices(self) -> Ints:
        raise NotImplementedError

    def _get_parameters(self, *names: str) -> ParameterSpace:
        known = [n for n in names if n in self._root.celltype.default_parameters]
        values = self._root.parameter_values(known)
        shown = {n: _simplified(v[self._indices]) for n, v in values.items()}
        return ParameterSpace(shown, self._root.celltype.get_schema(), shape=(len(self._indices),))

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        parameter_space.evaluate(simplify=False)
        indices = self._indices
        values = {n: _per_cell(v, indices.size) for n, v in parameter_space.items()}
        self._root.change_parameters(values, indices)

    def find_units(self, variable: Any) -> str:
        """Unit of a recordable variable or a parameter."""
        return str(self._root.celltype.units[getattr(variable, "name", variable)])

    def initialize(self, **initial_values: Any) -> None:
        """Warn that initial values have no effect: the chip's membranes cannot be preset."""
        if initial_values:
            warnings.warn(
                f"initial value of {', '.join(initial_values)}: no effect, the chip's membranes "
                "cannot be preset; neurons begin relaxed to their leak potential",
                stacklevel=2,
            )

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def record(
        self,
        variables: str | list[str] | None,
        to_file: Any = None,
        sampling_interval: float | None = None,
        locations: Any = None,
        *,
        device: str = "madc",
    ) -> None:
        """Record variables of these cells from the next run on.

        variables  "spikes", one of "v exc_synin inh_synin adaptation", or a list of both; None
                   stops all recording of the whole population
        to_file    file name or neo IO that `end` writes to; the name's ending says the format
        device     "madc", the fast ADC; it records one neuron and one variable at a time
        Raises     RuntimeError (unknown variable), ValueError (device, second analog variable,
                   ending of a file), TypeError (to_file that is neither name nor neo IO),
                   NotImplementedError (more than one neuron, sampling_interval, locations)
        """
        state = self._root.require_session("record()")
        recorder = self._root.recorder
        if variables is None:
            recorder.reset()
            return
        if isinstance(to_file, bool):  # PyNN's deprecated record_v() passes True for "no file"
            to_file = None
        if to_file is not None:
            to_file = destination(to_file, f"population {self._root.label!r}")
        recorder.record(variables, self._indices, sampling_interval, locations, device)
        if to_file is not None:
            state.write_on_end.append((self, variables, to_file))


class PopulationView(_Cells, common.PopulationView):
    """Some cells of a population."""

    @property
    def _root(self) -> Population:
        return self.grandparent

    @property
    def _indices(self) -> Ints:
        return np.atleast_1d(self.index_in_grandparent(np.arange(self.size)))


class Population(_Cells, common.Population):
    """A group of cells of one type: neuron circuits of the chip, or external spike sources.

    offset  number of the first cell among all neurons (or all external sources) of the session
    """

    _recorder_class = Recorder

    def __init__(
        self,
        size: int,
        cellclass: Any,
        cellparams: dict[str, Any] | None = None,
        structure: Any = None,
        initial_values: dict[str, Any] | None = None,
        label: str | None = None,
    ) -> None:
        state = self._session = session.require("Population()")
        if isinstance(cellclass, type):
            cellparams = cellparams or {}
        super().__init__(size, cellclass, cellparams, structure, initial_values or {}, label)
        # Registered only now: a refused population leaves no trace.
        is_neuron = isinstance(self.celltype, HXNeuron)
        self.offset = state.n_neurons if is_neuron else state.n_external
        if is_neuron:
            state.n_neurons += self.size
        else:
            state.n_external += self.size
        state.id_counter += self.size
        state.populations.append(self)
        state.recorders.append(self.recorder)

    @property
    def _root(self) -> Population:
        return self

    @property
    def _indices(self) -> Ints:
        return np.arange(self.size)

    def _create_cells(self) -> None:
        first = session.require("Population()").id_counter
        self.all_cells = np.array(
            [session.ID(n) for n in range(first, first + self.size)], dtype=session.ID
        )
        self._mask_local = np.ones(self.size, dtype=bool)
        space = deepcopy(self.celltype.parameter_space)  # cell types may be shared
        space.shape = (self.size,)
        space.evaluate(simplify=False)
        values = {n: _per_cell(v, self.size) for n, v in space.items()}
        self._parameters = self._checked(values, self._indices)
        given: frozenset[str] = getattr(self.celltype, "given", frozenset())
        self._given = {n: np.full(self.size, n in given) for n in self._parameters}
        self._learned: Values | None = None
        for cell in self.all_cells:
            cell.parent = self

    # --- parameters -----------------------------------------------------------------------------

    def _checked(self, values: Values, indices: Ints) -> Values:
        """Values as they are stored; raises before anything is changed."""
        place = f"population {self.label!r}"
        if isinstance(self.celltype, HXNeuron):
            checked = {n: checked_codes(n, v, place, indices) for n, v in values.items()}
            if np.any(checked.get(_ROUTED, 0)):
                warnings.warn(
                    f"{place}: {_ROUTED} has no effect, routing gives every neuron its address; "
                    "leave it out",
                    stacklevel=2,
                )
            return checked
        checked = {}
        for name, cells in values.items():
            checked[name] = np.empty(indices.size, dtype=object)
            for k, times in enumerate(cells):
                where = f"{place}, {name} of cell {indices[k]}"
                checked[name][k] = Sequence(checked_spike_times(times, where))
        return checked

    def require_session(self, what: str) -> session.State:
        """The session, if it is still the one this population was made in; else RuntimeError."""
        if session.require(what) is not self._session:
            raise RuntimeError(
                f"population {self.label!r}: {what}: it belongs to an earlier session, which "
                "setup() has replaced since; make the population again"
            )
        return self._session

    def _require_mapping(self, what: str) -> None:
        if (
            isinstance(self.celltype, HXNeuron)
            and self._session.initial_config is not None
            and self._learned is None
        ):
            raise RuntimeError(
                f"population {self.label!r}: {what} before the network is mapped: with an "
                "initial_config, values depend on the circuits the neurons are placed on; call "
                "run(None, RunCommand.PREPARE) first, or give values to HXNeuron(...)"
            )

    def parameter_values(self, names: list[str]) -> Values:
        """Present values by name, (size,) each."""
        self._require_mapping("get()")
        if self._learned is None:
            return {n: self._parameters[n] for n in names}
        return {n: np.where(self._given[n], self._parameters[n], self._learned[n]) for n in names}

    def change_parameters(self, values: Values, indices: Ints) -> None:
        """Set values of some cells; all are checked before the first is changed."""
        self.require_session("set()")
        self._require_mapping("set()")
        checked = self._checked(values, indices)
        for name, value in checked.items():
            self._parameters[name][indices] = value
            self._given[name][indices] = True

    def source_numbers(self, indices: Ints, location: tuple[int, ...] | None) -> Ints:
        """(cell,) network number of cells as sources.

        location  the compartment that sends; None for the first
        """
        is_neuron = isinstance(self.celltype, HXNeuron)
        return self.offset + (0 if is_neuron else self._session.n_neurons) + indices

    def target_slots(self, indices: Ints, location: tuple[int, ...] | None) -> Ints:
        """(cell, n) network numbers of the circuits of a compartment; None is the first one."""
        return (self.offset + indices)[:, None]

    def write_parameters(self, chip: ChipConfig, circuit: Ints, keep_base: bool) -> None:
        """Write codes into the circuits of this population's neurons.

        keep_base  leave what no one has set, because the chip holds an initial configuration
        """
        mine = circuit[self.offset : self.offset + self.size]
        for name, values in self._parameters.items():
            chosen = self._given[name] if keep_base else np.ones(self.size, dtype=bool)
            if chosen.any():
                codes = checked_codes(
                    name, values, f"population {self.label!r}", np.arange(self.size)
                )
                chip.neurons[name][mine[chosen]] = codes[chosen].astype(np.int64)

    def learn_parameters(self, chip: ChipConfig, circuit: Ints) -> None:
        """Remember what the circuits of this population are set to."""
        if self._session.initial_config is None:
            return
        mine = circuit[self.offset : self.offset + self.size]
        self._learned = {
            n: chip.neurons[n][mine].astype(bool if BY_NAME[n].kind == "flag" else float)
            for n in self._parameters
        }

    def spike_times(self, cell: int) -> npt.NDArray[np.float64]:
        """Times [ms] of a source's cell."""
        times = self._parameters["spike_times"][cell]
        return np.asarray(getattr(times, "value", times), dtype=np.float64).reshape(-1)
