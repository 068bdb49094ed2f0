"""What is recorded, and its way into neo objects.

Recorded runs are kept as plain arrays; neo blocks are built anew on every request, so that
filtering one never empties another.
"""

from __future__ import annotations

import datetime
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import neo
import numpy as np
import numpy.typing as npt
import quantities as pq
from pyNN.recording import get_io

from . import session
from .compile import CYCLES_PER_MS
from .mapping.configure import identify
from .mapping.graph import Ints
from .standardmodels.cells import HXNeuron

if TYPE_CHECKING:
    from .populations import Population

DEVICES = ("madc",)
_PADS = ("pad_0", "pad_1")
FILE_ENDINGS = (".pkl", ".pickle", ".mat", ".nix", ".h5", ".nwb")
"""Formats that neo writes; all but the first two need another package."""
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """One recorded analog signal: times [ms] float64, values [LSB] float32, both (sample,)."""

    variable: str
    cell: int
    times: Floats
    values: npt.NDArray[np.float32]


@dataclass
class Segment:
    """One run of one population: spike times [ms] by cell, analog signals."""

    number: int
    t_stop: float
    spikes: dict[int, Floats]
    sites: list[Site]
    recorded_at: datetime.datetime
    annotations: dict[str, Any] = field(default_factory=dict)


def destination(file: Any, place: str) -> Any:
    """A file name as text, or a neo IO as it is; refuses what could not be written in the end.

    Raises  ValueError for an ending that names no format, TypeError for anything else
    """
    if isinstance(file, str | os.PathLike):
        name = os.fspath(file)
        if os.path.splitext(name)[1] not in FILE_ENDINGS:
            raise ValueError(
                f"{place}: the ending of {name!r} names no format; use {', '.join(FILE_ENDINGS)}"
            )
        return name
    if not hasattr(file, "write_block"):
        raise TypeError(
            f"{place}: cannot write to a {type(file).__name__}; pass a file name or a neo IO"
        )
    return file


def _names(variables: str | list[str]) -> set[str]:
    return {variables} if isinstance(variables, str) else set(variables)


class Recorder:
    """Recording of one population; PyNN's populations call it."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self._spikes: set[int] = set()
        self._analog: dict[int, str] = {}
        self._cache: list[Segment] = []
        self._present: Segment | None = None  # the run that has not been reset

    # --- requests -------------------------------------------------------------------------------

    def record(
        self,
        variables: str | list[str],
        cells: Ints,
        sampling_interval: float | None,
        locations: Any,
        device: str,
    ) -> None:
        """Add requests; see `Population.record`.  Checks everything before it changes anything."""
        place = f"population {self.population.label!r}"
        names = [variables] if isinstance(variables, str) else list(variables)
        self._check_request(place, names, sampling_interval, locations, device)
        analog = sorted({n for n in names if n != "spikes"})
        if analog:
            self._check_analog(place, analog, cells)
        if "spikes" in names:
            self._spikes.update(int(c) for c in cells)
        for variable in analog:
            self._analog.update({int(c): variable for c in cells})

    def _check_request(
        self, place: str, names: list[str], interval: float | None, locations: Any, device: str
    ) -> None:
        for n in names:
            if n not in self.population.celltype.recordable:
                raise RuntimeError(
                    f"{place}: cannot record {n!r}; a {type(self.population.celltype).__name__} "
                    f"shows {', '.join(self.population.celltype.recordable)}"
                )
        if interval:
            raise NotImplementedError(
                f"{place}: sampling_interval {interval}; the ADC's rate is fixed, thin out the "
                "samples of get_data() instead"
            )
        if locations is not None:
            raise NotImplementedError(f"{place}: locations belong to multi-compartment neurons")
        if device.startswith(_PADS) or device == "cadc":
            raise NotImplementedError(f"{place}: device {device!r} is not there yet; use 'madc'")
        if device not in DEVICES:
            raise ValueError(f"{place}: device {device!r} is none of {', '.join(DEVICES)}")

    def _check_analog(self, place: str, variables: list[str], cells: Ints) -> None:
        if len(variables) > 1:
            raise ValueError(
                f"{place}: {' and '.join(variables)} at once; a neuron has one analog output, "
                "record one variable in each run"
            )
        for cell in cells.tolist():
            if self._analog.get(cell, variables[0]) != variables[0]:
                raise ValueError(
                    f"{place}: cell {cell} already records {self._analog[cell]!r}, so not "
                    f"{variables[0]!r} as well; call record(None) first"
                )
        others = sum(len(r._analog) for r in session.require("record()").recorders if r is not self)
        total = others + len(set(self._analog) | set(cells.tolist()))
        if total > 1:
            raise NotImplementedError(
                f"{place}: {variables[0]!r} of {total} neurons; the ADC records one so far: use a "
                "view of one neuron, e.g. population[0:1].record('v'), after record(None) elsewhere"
            )

    def reset(self) -> None:
        """Forget all requests and the data of a run that has not been reset."""
        self._spikes.clear()
        self._analog.clear()
        self._present = None

    def spike_cells(self) -> Ints:
        """Cells whose spikes are recorded, sorted."""
        return np.array(sorted(self._spikes), dtype=np.int64)

    def analog_sites(self) -> list[tuple[str, int]]:
        """(variable, cell) of every analog recording."""
        return [(variable, cell) for cell, variable in sorted(self._analog.items())]

    # --- data -----------------------------------------------------------------------------------

    def collect(self, state: session.State) -> None:
        """Take what a run that has just ended showed of this population.

        At once, because requests, spike times and the session may change before somebody asks.
        """
        self._present = Segment(
            state.segment_counter,
            state.t,
            self._recorded_spikes(state),
            self._recorded_sites(state),
            datetime.datetime.now(),
        )

    def _recorded_spikes(self, state: session.State) -> dict[int, Floats]:
        cells = sorted(self._spikes)
        if not isinstance(self.population.celltype, HXNeuron):
            times = {c: self.population.spike_times(c) for c in cells}
            return {c: t[t < state.t] for c, t in times.items()}
        assert state.observation is not None and state.mapped is not None
        seen, routing = state.observation, state.mapped.routing
        neuron = identify(routing)[seen.spike_label & 0x7FF]
        wanted = self.population.offset + np.array(cells, dtype=np.int64)
        order = np.argsort(neuron, kind="stable")
        first = np.searchsorted(neuron[order], wanted)
        last = np.searchsorted(neuron[order], wanted, side="right")
        ms = seen.spike_time[order] / CYCLES_PER_MS
        return {c: ms[a:b] for c, a, b in zip(cells, first, last, strict=True)}

    def _recorded_sites(self, state: session.State) -> list[Site]:
        seen = state.observation
        assert seen is not None
        times, values = seen.madc_time / CYCLES_PER_MS, seen.madc_value.astype(np.float32)
        return [Site(variable, cell, times, values) for variable, cell in self.analog_sites()]

    def store_to_cache(self, annotations: dict[str, Any] | None = None) -> None:
        """Keep the present run's data beyond a reset."""
        if self._present is not None:
            self._present.annotations.update(annotations or {})
            self._cache.append(self._present)
            self._present = None

    def get(
        self,
        variables: str | list[str],
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
        locations: Any = None,
    ) -> neo.Block:
        """All finished runs, and the present one, as a neo Block.

        Spike trains by cell, then analog signals; `variables` and `filter_ids` select.
        """
        if locations is not None:
            raise NotImplementedError("locations belong to multi-compartment neurons")
        names = None if variables == "all" else _names(variables)
        cells = (
            None if filter_ids is None else set(self.population.id_to_index(filter_ids).tolist())
        )
        segments = self._cache + ([] if self._present is None else [self._present])
        block = neo.Block(name=self.population.label, description=self.population.describe())
        block.annotate(**self.metadata, **(annotations or {}))
        for segment in segments or [Segment(0, 0.0, {}, [], datetime.datetime.now())]:
            block.segments.append(self._as_neo(segment, names, cells))
        block.rec_datetime = block.segments[0].rec_datetime
        if clear:
            self._cache.clear()
            self._present = None
        return block

    def _as_neo(self, data: Segment, names: set[str] | None, cells: set[int] | None) -> neo.Segment:
        segment = neo.Segment(
            name=f"segment{data.number:03d}",
            description=self.population.describe(),
            rec_datetime=data.recorded_at,
            **data.annotations,
        )
        label = self.population.label
        first_id = int(self.population.first_id)
        if names is None or "spikes" in names:
            for cell, times in data.spikes.items():
                if cells is None or cell in cells:
                    train = neo.SpikeTrain(
                        times * pq.ms,
                        t_start=0.0 * pq.ms,
                        t_stop=data.t_stop * pq.ms,
                        source_population=label,
                        source_id=first_id + cell,
                        source_index=cell,
                        source_location="unlabeled",
                        source_compartment=0,
                    )
                    segment.spiketrains.append(train)
        for site in data.sites:
            if (names is None or site.variable in names) and (cells is None or site.cell in cells):
                signal = neo.IrregularlySampledSignal(
                    site.times * pq.ms,
                    site.values[:, np.newaxis],
                    units="dimensionless",
                    time_units="ms",
                    name=site.variable,
                    device="madc",
                    source_population=label,
                    source_ids=[first_id + site.cell],
                    source_locations=["unlabeled"],
                    source_compartments=[0],
                    array_annotations={"channel_index": [site.cell]},
                )
                segment.irregularlysampledsignals.append(signal)
        return segment

    @property
    def metadata(self) -> dict[str, Any]:
        """Annotations of a block."""
        population = self.population
        return {
            "size": population.size,
            "first_index": 0,
            "last_index": len(population) - 1,
            "first_id": int(population.first_id),
            "last_id": int(population.last_id),
            "label": population.label,
            "simulator": session.name,
            **population.annotations,
        }

    def write(
        self,
        variables: str | list[str],
        file: Any,
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
        locations: Any = None,
    ) -> None:
        """Write `get` to a neo IO or to a file whose ending names the format."""
        target = destination(file, f"population {self.population.label!r}")
        io = get_io(target) if isinstance(target, str) else target
        io.write_block(self.get(variables, gather, filter_ids, clear, annotations, locations))

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes by cell ID in the present run, or the last one."""
        if variable != "spikes":
            raise ValueError(f"count of {variable!r}: only spikes can be counted")
        segment = self._present or (self._cache[-1] if self._cache else None)
        spikes = {} if segment is None else segment.spikes
        wanted = (
            None if filter_ids is None else set(self.population.id_to_index(filter_ids).tolist())
        )
        first = int(self.population.first_id)
        return {first + c: len(t) for c, t in spikes.items() if wanted is None or c in wanted}
