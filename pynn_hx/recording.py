"""What is recorded of a population, and the data that came of it."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import neo
import numpy as np
from pyNN.recording import get_io

from . import session
from .compile import CYCLES_PER_MS
from .mapping.graph import Ints
from .recorded import (
    Choice,
    Floats,
    Origin,
    Segment,
    Signal,
    Site,
    Stretch,
    Train,
    View,
    segment_of,
)
from .standardmodels.base import READOUT_SOURCES, BackgroundSource, ChipNeuron

if TYPE_CHECKING:
    from .experiment import Seen, Snippet
    from .populations import Population

CONVERTERS = ("madc", "cadc")
PADS = tuple(f"pad_{n}{mode}" for n in range(2) for mode in ("", "_buffered", "_unbuffered"))
FILE_ENDINGS = (".pkl", ".pickle", ".mat", ".nix", ".h5", ".nwb")
"""Formats that neo writes; all but the first two need another package."""


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


@dataclass(frozen=True)
class Analog:
    """The analog quantity of a site that is recorded, and by which devices."""

    variable: str
    devices: tuple[str, ...]


@dataclass(frozen=True)
class Requests:
    """What is recorded of a population."""

    spikes: frozenset[Site] = frozenset()
    analog: Mapping[Site, Analog] = field(default_factory=dict)


class Recorder:
    """Recording of one population; PyNN's populations call it."""

    def __init__(self, population: Population) -> None:
        self.population = population
        self.requests = Requests()
        self._cache: list[Segment] = []
        self._present: Segment | None = None  # the experiment that has not been reset

    @property
    def _place(self) -> str:
        return f"population {self.population.label!r}"

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
        names = [variables] if isinstance(variables, str) else list(variables)
        self._check(names, sampling_interval, device)
        compartments = self.population.compartments(locations, RuntimeError)
        sites = [Site(int(c), k) for c in cells for k in compartments]
        analog = sorted({n for n in names if n != "spikes"})
        changed = dict(self.requests.analog)
        if analog:
            self._check_analog(analog, sites)
            self._check_pads(device, sites, analog[0])
            for site in sites:
                known = changed[site].devices if site in changed else ()
                devices = tuple(dict.fromkeys((*known, device)))
                changed[site] = Analog(analog[0], devices)
        spikes = self.requests.spikes.union(sites) if "spikes" in names else self.requests.spikes
        self.requests = Requests(spikes, changed)

    def _check(self, names: list[str], interval: float | None, device: str) -> None:
        for n in names:
            if n not in self.population.celltype.recordable:
                raise RuntimeError(
                    f"{self._place}: cannot record {n!r}; a "
                    f"{type(self.population.celltype).__name__} shows "
                    f"{', '.join(self.population.celltype.recordable)}"
                )
        if interval:
            raise NotImplementedError(
                f"{self._place}: sampling_interval {interval}; the converters' rates are fixed, "
                "thin out the samples of get_data() instead"
            )
        if device not in (*CONVERTERS, *PADS):
            raise ValueError(
                f"{self._place}: device {device!r} is none of {', '.join((*CONVERTERS, *PADS))}"
            )

    def _check_analog(self, variables: list[str], sites: list[Site]) -> None:
        if len(variables) > 1:
            raise ValueError(
                f"{self._place}: {' and '.join(variables)} at once; a neuron has one analog "
                "output, record one variable in each run"
            )
        for site in sites:
            known = self.requests.analog.get(site)
            if known is not None and known.variable != variables[0]:
                raise ValueError(
                    f"{self._place}: cell {site.cell} already records {known.variable!r}, so not "
                    f"{variables[0]!r} as well; call record(None) first"
                )

    def _check_pads(self, device: str, sites: list[Site], variable: str) -> None:
        """A pin shows one quantity of one neuron, buffered or not."""
        if not device.startswith("pad_"):
            return
        if len(sites) > 1:
            raise ValueError(
                f"{self._place}: device {device!r} shows one neuron, not {len(sites)}; record a "
                "view of one, e.g. population[0:1]"
            )
        wanted = (self, sites[0], variable, device.endswith("_unbuffered"))
        for recorder in session.require("record()").recorders:
            for site, analog in recorder.requests.analog.items():
                for other in analog.devices:
                    taken = (recorder, site, analog.variable, other.endswith("_unbuffered"))
                    if other[:5] == device[:5] and taken != wanted:
                        raise ValueError(
                            f"{self._place}: {device!r} already shows {analog.variable!r} of cell "
                            f"{site.cell} of population {recorder.population.label!r} as "
                            f"{other!r}; use the other pad, or call record(None) there first"
                        )

    def reset(self) -> None:
        """Forget all requests and the data of an experiment that has not been reset."""
        self.requests = Requests()
        self._present = None

    def spike_cells(self) -> Ints:
        """Cells whose spikes are recorded, sorted."""
        return np.array(sorted({site.cell for site in self.requests.spikes}), dtype=np.int64)

    def spike_sites(self) -> list[Site]:
        """Where spikes are recorded, sorted."""
        return sorted(self.requests.spikes)

    def views(self) -> list[View]:
        """The analog quantities that are recorded, as the chip knows them."""
        return [
            View(self.population.slot(site), READOUT_SOURCES[analog.variable], device)
            for site, analog in sorted(self.requests.analog.items())
            for device in analog.devices
        ]

    # --- data -----------------------------------------------------------------------------------

    def collect(self, number: int, snippets: Iterable[Snippet], seen: Iterable[Seen]) -> None:
        """Take what an experiment that has just ended showed of this population.

        At once, because requests, spike times and the session may change before somebody asks.

        number  of the segment
        """
        stretches = [
            self._stretch(snippet, shown)
            for snippet, shown in zip(snippets, seen, strict=True)
            if self in snippet.requests
        ]
        self._present = Segment(number, stretches, datetime.datetime.now())

    def _stretch(self, snippet: Snippet, seen: Seen) -> Stretch:
        asked = snippet.requests[self]
        signals = []
        for site, analog in asked.analog.items():
            for device in analog.devices:
                view = self._view(site, analog.variable, device)
                if view in seen.signals:
                    times, values = seen.signals[view]
                    ms = times / CYCLES_PER_MS
                    signals.append(Signal(analog.variable, device, site, ms, values))
        start, stop = snippet.start / CYCLES_PER_MS, snippet.stop / CYCLES_PER_MS
        return Stretch(start, stop, self._trains(sorted(asked.spikes), snippet, seen), signals)

    def _view(self, site: Site, variable: str, device: str) -> View:
        return View(self.population.slot(site), READOUT_SOURCES[variable], device)

    def _trains(self, sites: list[Site], snippet: Snippet, seen: Seen) -> list[Train]:
        celltype = self.population.celltype
        if isinstance(celltype, ChipNeuron):
            where = np.array([self.population.slot(site) for site in sites], dtype=np.int64)
            return self._cut(sites, where, *seen.spikes_by_slot)
        if isinstance(celltype, BackgroundSource):
            where = self.population.offset + np.array([s.cell for s in sites], dtype=np.int64)
            return self._cut(sites, where, *seen.background_by_cell)
        played = snippet.trains.get(self, {})
        return [Train(site, played[site.cell]) for site in sites]

    @staticmethod
    def _cut(sites: list[Site], where: Ints, key: Ints, ms: Floats) -> list[Train]:
        """Trains of sites out of all spikes, sorted by `key`, the number in `where`."""
        first, last = np.searchsorted(key, where), np.searchsorted(key, where, side="right")
        return [Train(s, ms[a:b]) for s, a, b in zip(sites, first, last, strict=True)]

    def store_to_cache(self, annotations: dict[str, Any] | None = None) -> None:
        """Keep the present experiment's data beyond a reset."""
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
        """All finished experiments, and the present one, as a neo Block.

        Spike trains by snippet and cell, then analog signals; `variables`, `filter_ids` and
        `locations` select.
        """
        choice = self._choice(variables, filter_ids, locations)
        segments = self._cache + ([] if self._present is None else [self._present])
        origin = self._origin()
        block = neo.Block(name=self.population.label, description=origin.description)
        block.annotate(**self.metadata, **(annotations or {}))
        for segment in segments or [Segment(0, [], datetime.datetime.now())]:
            block.segments.append(segment_of(segment, origin, choice))
        block.rec_datetime = block.segments[0].rec_datetime
        if clear:
            self._cache.clear()
            self._present = None
        return block

    def _choice(self, variables: str | list[str], filter_ids: Any, locations: Any) -> Choice:
        names = None
        if variables != "all":
            names = {variables} if isinstance(variables, str) else set(variables)
        cells = None
        if filter_ids is not None:
            cells = set(np.atleast_1d(self.population.id_to_index(filter_ids)).tolist())
        compartments = None
        if locations is not None:
            compartments = self.population.compartments(locations, RuntimeError)
        return Choice(names, cells, compartments)

    def _origin(self) -> Origin:
        population = self.population
        return Origin(
            population.label,
            int(population.first_id),
            tuple("unlabeled" if c.label is None else c.label for c in population.layout),
            population.describe(),
        )

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
        target = destination(file, self._place)
        io = get_io(target) if isinstance(target, str) else target
        io.write_block(self.get(variables, gather, filter_ids, clear, annotations, locations))

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes by cell ID in the present experiment, or the last one."""
        if variable != "spikes":
            raise ValueError(f"count of {variable!r}: only spikes can be counted")
        segment = self._present or (self._cache[-1] if self._cache else None)
        choice = self._choice("all", filter_ids, None)
        first = int(self.population.first_id)
        counts: dict[int, int] = {}
        for stretch in [] if segment is None else segment.stretches:
            for train in stretch.trains:
                if choice.has("spikes", train.site):
                    cell = first + train.site.cell
                    counts[cell] = counts.get(cell, 0) + len(train.times)
        return counts
