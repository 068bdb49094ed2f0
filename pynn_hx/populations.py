"""Populations and views of chip neurons and external sources."""

from __future__ import annotations

import warnings
from copy import copy, deepcopy
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN import common
from pyNN.parameters import simplify

from firmware_protocol import ChipConfig
from firmware_protocol.chip_config import Group, neuron_view

from . import session
from .assemblies import Assembly
from .cell_values import CellValues
from .mapping.graph import Ints
from .morphology import McCircuitParameters, McNeuronBase
from .recorded import Site
from .recording import Recorder, destination
from .selected_cells import SelectedCells, ViewOfPopulation, WholePopulation, cell_ids, per_cell
from .standardmodels.base import (
    BackgroundSource,
    ChipNeuron,
    CompartmentLayout,
    ExternalNeuron,
    FpgaSource,
    Values,
)
from .standardmodels.calibrated import CalibratedNeuron

__all__ = ["Assembly", "Population", "PopulationView"]

_POINT = (CompartmentLayout(None, (0,)),)


class _Cells(SelectedCells):
    """What populations and views share: parameters and recording of `_root` cells `_indices`."""

    _assembly_class = Assembly
    _simulator = session

    @staticmethod
    def _simplified(values: npt.NDArray[Any]) -> Any:
        """A scalar if all cells agree; PyNN's own leaves flags as arrays."""
        if values.dtype == object:
            several = isinstance(values[0], McCircuitParameters)
            return McNeuronBase.simplified(values) if several else simplify(values)
        return SelectedCells._simplified(values)

    def set(self, **parameters: Any) -> None:
        """Set parameters: scalars, one value per cell, or what PyNN's own `set` takes."""
        if isinstance(self._root.celltype, McNeuronBase):
            self._root.celltype.refuse_lists(parameters, f"population {self._root.label!r}")
        super().set(**parameters)

    def initialize(self, **initial_values: Any) -> None:
        """Warn that initial values have no effect: the chip's membranes cannot be preset."""
        if initial_values:
            warnings.warn(
                f"initial value of {', '.join(initial_values)}: no effect, the chip's membranes "
                "cannot be preset; neurons begin relaxed to their leak potential",
                stacklevel=2,
            )

    def inject(self, current_source: Any) -> None:
        """NotImplementedError (TypeError for sources of spikes): there are no current sources."""
        place = f"population {self._root.label!r}"
        if not self._root.celltype.injectable:
            raise TypeError(f"{place}: inject(): a source of spikes takes no current")
        raise NotImplementedError(
            f"{place}: inject(): the chip has no current sources that follow a function of time; "
            "for a constant current set constant_current_enable, constant_current_i_offset and "
            "constant_current_type of HXNeuron, or let a spike source excite the cells"
        )

    def get_plasticity_data(self, observable: str) -> Any:
        """Observables of a plasticity rule; RuntimeError as there is none."""
        raise RuntimeError(
            f"population {self._root.label!r}: get_plasticity_data({observable!r}): its cells have "
            "no plasticity rule"
        )

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    # --- calibrated cells -------------------------------------------------------------------------

    @property
    def calib_target(self) -> tuple[Any, ...]:
        """Targets of the calibration, by cell; a copy.  AttributeError before the mapping."""
        self._root.calibrated_codes("calib_target")
        return tuple(self._root.target_of(int(k)) for k in self._indices)

    @property
    def calib_hwparams(self) -> tuple[Any, ...]:
        """Settings that the calibration found, by cell; a copy.  AttributeError as above."""
        codes = self._root.calibrated_codes("calib_hwparams")
        kept = {name: values.copy() for name, values in codes.items()}
        return tuple(neuron_view(Group("neurons", kept), int(k)) for k in self._indices)

    @property
    def actual_hwparams(self) -> tuple[Any, ...]:
        """Settings that the next run uses, by cell: changing ``.leak.v_leak`` changes the run."""
        codes = self._root.calibrated_codes("actual_hwparams")
        changed = self._root.corrected
        return tuple(neuron_view(Group("neurons", codes), int(k), changed) for k in self._indices)

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
        locations  labels of compartments; by default the first one
        device     "madc", the fast ADC, which sees two neurons at a time (more of them take more
                   runs); "cadc", the columns' ADC, slower, all neurons at once; "pad_0" or "pad_1",
                   an analog pin, which returns no data ("_buffered" or "_unbuffered" may follow)
        Raises     RuntimeError (unknown variable, location of a point neuron), ValueError (device,
                   second analog variable, pad in use, unknown location, ending of a file),
                   TypeError (to_file that is neither name nor neo IO), NotImplementedError
                   (sampling_interval)
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


class PopulationView(ViewOfPopulation, _Cells, common.PopulationView):
    """Some cells of a population."""


class Population(WholePopulation, _Cells, common.Population):
    """A group of cells of one type: neuron circuits of the chip, or spike sources.

    offset  number of the first cell's first circuit among all circuits that neurons of the session
            take; of a source, number of its first cell among all of its kind
    layout  compartments of a cell
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
        elif isinstance(cellclass, ExternalNeuron | CalibratedNeuron):
            cellclass = copy(cellclass)  # which draws trains, or knows settings, of its own
        super().__init__(size, cellclass, cellparams, structure, initial_values or {}, label)
        if isinstance(self.celltype, CalibratedNeuron):
            self.celltype.population = self
        # Registered only now: a refused population leaves no trace.
        self.offset = state.register(self)

    @property
    def layout(self) -> tuple[CompartmentLayout, ...]:
        """Compartments of a cell."""
        return self.celltype.layout if isinstance(self.celltype, ChipNeuron) else _POINT

    @property
    def n_circuits(self) -> int:
        """Circuits of a cell; 1 for sources, which have none."""
        return self.celltype.n_circuits if isinstance(self.celltype, ChipNeuron) else 1

    def _create_cells(self) -> None:
        first = session.require("Population()").id_counter
        self.all_cells = cell_ids(first, self.size, session.ID)
        self._mask_local = np.ones(self.size, dtype=bool)
        space = deepcopy(self.celltype.parameter_space)  # cell types may be shared
        space.shape = (self.size,)
        space.evaluate(simplify=False)
        values = {n: per_cell(v, self.size) for n, v in space.items()}
        checked = {
            n: self.celltype.checked(n, v, self._place, self._indices) for n, v in values.items()
        }
        self._values = CellValues(self.celltype, self.size, checked)
        for cell in self.all_cells:
            cell.parent = self

    # --- numbers in the network -------------------------------------------------------------------

    def compartments(self, locations: Any, on_point: type[Exception] = ValueError) -> list[int]:
        """Numbers of the compartments with these labels; the first one for None.

        on_point  what to raise if the neuron has only one, without a label
        Raises    ValueError for an unknown label
        """
        if locations is None:
            return [0]
        names = [locations] if isinstance(locations, str) else list(locations)
        known = [c.label for c in self.layout]
        if known == [None]:
            raise on_point(
                f"population {self.label!r}: location {', '.join(map(repr, names))}: a point "
                "neuron has no locations; leave it out"
            )
        for name in names:
            if name not in known:
                raise ValueError(
                    f"population {self.label!r}: no location {name!r}; there are "
                    f"{', '.join(map(repr, dict.fromkeys(known)))}"
                )
        return [k for k, label in enumerate(known) if label in names]

    def slot(self, site: Site) -> int:
        """Number of the circuit that spikes and is read out for a site."""
        circuit = self.layout[site.compartment].circuits[0]
        return self.offset + site.cell * self.n_circuits + circuit

    def source_numbers(self, indices: Ints, location: tuple[int, ...] | None = None) -> Ints:
        """Network numbers of cells as sources of events, (cell,).

        location  the compartment that sends, as a tuple of one; None for the first
        """
        compartment = 0 if location is None else location[0]
        first = self._session.first_number(self.celltype) + self.offset
        circuit = self.layout[compartment].circuits[0]
        return first + indices * self.n_circuits + circuit

    def target_slots(self, indices: Ints, location: tuple[int, ...] | None = None) -> Ints:
        """Circuits of a compartment of cells, (cell, circuit); None for the first compartment."""
        compartment = 0 if location is None else location[0]
        circuits = np.array(self.layout[compartment].circuits, dtype=np.int64)
        return self.offset + indices[:, None] * self.n_circuits + circuits

    # --- parameters -----------------------------------------------------------------------------

    @property
    def _place(self) -> str:
        return f"population {self.label!r}"

    def require_session(self, what: str) -> session.State:
        """The session, if it is still the one this population was made in; else RuntimeError."""
        if session.require(what) is not self._session:
            raise RuntimeError(
                f"population {self.label!r}: {what}: it belongs to an earlier session, which "
                "setup() has replaced since; make the population again"
            )
        return self._session

    @property
    def _keeps_base(self) -> bool:
        """Whether values that nobody has set are those of the initial configuration."""
        return (
            isinstance(self.celltype, ChipNeuron)
            and self.celltype.follows_initial_config
            and self._session.initial_config is not None
        )

    def _require_mapping(self, what: str) -> None:
        if self._keeps_base and not self._values.known and self._session.strict_parameters:
            raise RuntimeError(
                f"population {self.label!r}: {what} before the network is mapped: with an "
                "initial_config, values depend on the circuits the neurons are placed on; call "
                "run(None, RunCommand.PREPARE) first, give values to the cell type, or call "
                "setup(strict_parameters=False)"
            )

    def parameter_values(self, names: list[str]) -> Values:
        """Present values by name, (size,) each."""
        self._require_mapping("get()")
        return self._values.get(names)

    def change_parameters(self, values: Values, indices: Ints) -> None:
        """Set values of some cells; all are checked before the first is changed."""
        self.require_session("set()")
        self._require_mapping("set()")
        self._values.change(self._values.check(values, indices, self._place), indices)
        if not isinstance(self.celltype, FpgaSource):
            self._session.changed()

    def write_parameters(self, chip: ChipConfig, cells: Ints, circuits: Ints) -> None:
        """Write settings into the circuits (cell, n_circuits) of some of the neurons."""
        self._values.write(chip, cells, circuits, self._place, keep_base=self._keeps_base)

    def learn_parameters(self, chip: ChipConfig, cells: Ints, circuits: Ints) -> None:
        """Remember what the circuits of some of the neurons are set to."""
        if self._keeps_base:
            self._values.learn(chip, cells, circuits)

    def calibrated_codes(self, what: str) -> Values:
        """Codes that the targets came to, (size,) each; AttributeError before the mapping."""
        calibration = self._values.calibration
        if calibration is None:
            raise AttributeError(
                f"population {self.label!r}: {what} belongs to calibrated cell types, not to "
                f"{type(self.celltype).__name__}"
            )
        if calibration.codes is None:
            raise AttributeError(
                f"population {self.label!r}: {what} is there once the network is mapped; call "
                "run(None, RunCommand.PREPARE) first"
            )
        return calibration.codes

    def corrected(self) -> None:
        """The user has changed a calibrated setting."""
        assert self._values.calibration is not None
        self._values.calibration.corrected = True
        self.require_session("actual_hwparams").changed()

    def target_of(self, cell: int) -> Any:
        """The calibration target of a cell."""
        return self.celltype.target(self._values.values, cell)

    @property
    def is_neuron(self) -> bool:
        """Whether the cells are circuits of the chip."""
        return isinstance(self.celltype, ChipNeuron)

    @property
    def is_background(self) -> bool:
        """Whether the cells are a generator on the chip."""
        return isinstance(self.celltype, BackgroundSource)

    def spike_times(self, cell: int) -> npt.NDArray[np.float64]:
        """Times [ms] of a source's cell."""
        assert isinstance(self.celltype, FpgaSource)
        return self.celltype.spike_times(self._values.values, cell)

    def value(self, name: str) -> Any:
        """A parameter that is equal over the population."""
        return self._values.values[name][0]
