"""What is recorded of a population, and the data that came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import neo
import numpy as np
import numpy.typing as npt
from pyNN.errors import RecordingError
from pyNN.recording import Variable, get_io

from simulator.network import Network

from ..spike_trains import plain_times
from . import session
from .recorded_data import Ints, Origin, Segment, Signal, Spikes, neo_segment
from .standardmodels.sources import SpikeSourceArray, SpikeSourceInhGamma

if TYPE_CHECKING:
    from .populations import Population

_SPIKES = "spikes"
_EXACT = (SpikeSourceArray, SpikeSourceInhGamma)
"""Sources whose spikes are known exactly, not only to a step."""
_BEFORE_EVERYTHING = -1.0


class _Track:
    """Cells whose variable is recorded since a common time.

    cells   (cell,) indices in the population, ascending
    handle  what the engine calls it; None until it has been told, and for spikes of `exact` sources
    since   of exact sources: spikes after this time [ms] count; None until the engine is told
    """

    def __init__(self, variable: str, cells: Ints, every: int, *, exact: bool) -> None:
        self.variable, self.cells, self.every, self.exact = variable, cells, every, exact
        self.handle: Any = None
        self.since: float | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the engine has been told."""
        return self.handle is not None or self.since is not None


class Recorder:
    """Recording of one population; PyNN's populations call it."""

    def __init__(self, population: Population, file: Any = None) -> None:
        self.population, self.file = population, file
        self.recorded: dict[str, Ints] = {}
        self._state = population.session
        self._tracks: list[_Track] = []
        self._cache: list[Segment] = []
        self._every = 1
        self._t_start = self._state.t
        self._cleared_at: float | None = None

    @property
    def _place(self) -> str:
        return f"population {self.population.label!r}"

    @property
    def sampling_interval(self) -> float:
        """Time between samples [ms]."""
        return self._every * self._state.dt

    # --- what is recorded -----------------------------------------------------------------------

    def record(
        self,
        variables: str | Iterable[str],
        ids: npt.NDArray[Any],
        sampling_interval: float | None = None,
        locations: Any = None,
    ) -> None:
        """Record variables of more cells, from now on.

        Raises  RecordingError (unknown variable), NotImplementedError (locations), ValueError
                (sampling interval); then nothing has changed
        """
        names = [variables] if isinstance(variables, str) else list(variables)
        if locations is not None:
            raise NotImplementedError(
                f"{self._place}: record(locations=...): a point neuron has no locations; leave it "
                "out"
            )
        celltype = self.population.celltype
        for name in names:
            if not self.population.can_record(name):
                raise RecordingError(Variable(name, None, None), celltype)
        self._state.require_present(f"{self._place}: record()")
        every = self._checked_interval(sampling_interval, names)
        cells = np.unique(np.atleast_1d(self.population.id_to_index(ids))).astype(np.int64)
        self._every = every
        if _SPIKES in names and _SPIKES not in self.recorded:
            self._t_start = max(self._t_start, self._state.t)
        for name in names:
            known = self.recorded.get(name, np.empty(0, np.int64))
            new = np.setdiff1d(cells, known)
            self.recorded[name] = np.union1d(known, cells)
            if new.size:
                self._add_track(name, new)

    def _checked_interval(self, interval: float | None, names: list[str]) -> int:
        """The interval in steps; that of what is recorded already if it is None."""
        sampled = [track for track in self._tracks if track.variable != _SPIKES]
        if interval is None:
            return self._every if sampled or names == [_SPIKES] else 1
        dt = self._state.dt
        every = round(interval / dt)
        if every < 1 or abs(every * dt - interval) > 1e-9 * max(1.0, interval):
            raise ValueError(
                f"{self._place}: sampling_interval {interval} ms is not a multiple of the time "
                f"step of {dt} ms; the nearest is {max(every, 1) * dt:g} ms"
            )
        if sampled and every != self._every:
            raise ValueError(
                f"{self._place}: sampling_interval {interval} ms, but its cells are sampled every "
                f"{self.sampling_interval:g} ms already; use that, or call record(None) first"
            )
        return every

    def _add_track(self, variable: str, cells: Ints) -> None:
        for track in self._tracks:
            if track.variable == variable and not track.has_begun:  # one for both
                track.cells = np.union1d(track.cells, cells)
                return
        exact = variable == _SPIKES and isinstance(self.population.celltype, _EXACT)
        track = _Track(variable, cells, self._every, exact=exact)
        self._tracks.append(track)
        self._state.add(_Beginning(self.population, track))

    def reset(self) -> None:
        """Record nothing any more; the data since the last reset are forgotten."""
        for track in self._tracks:
            if track.handle is not None:
                self._state.network.stop_recording(track.handle)
            track.cells = track.cells[:0]  # one that waits to begin has nothing to do
        self._tracks = []
        self.recorded = {}
        self._every = 1
        self._t_start = self._state.t

    def restart(self) -> None:
        """Time has been reset."""
        for track in self._tracks:
            if track.since is not None:
                track.since = _BEFORE_EVERYTHING

    # --- data -----------------------------------------------------------------------------------

    def _present(self) -> Segment:
        """What has been recorded since the last reset, or since data were cleared."""
        state = self._state
        segment = Segment(state.segment_counter, self._t_start, state.t)
        if _SPIKES in self.recorded:
            segment.spikes = self._spikes()
        celltype = self.population.celltype
        begun: dict[tuple[str, int], list[_Track]] = {}
        for track in self._tracks:
            if track.variable != _SPIKES and track.handle is not None and track.handle.n_rows:
                begun.setdefault((track.variable, track.handle.first_step), []).append(track)
        for (variable, first_step), tracks in begun.items():
            cells = np.concatenate([track.cells for track in tracks])
            order = np.argsort(cells, kind="stable")
            values = np.concatenate([track.handle.values for track in tracks], axis=1)
            units = celltype.units.get(variable, "") or "dimensionless"
            segment.signals.append(
                Signal(
                    variable,
                    "dimensionless" if units == "unknown" else units,
                    cells[order],
                    values[:, order],
                    round(first_step * state.dt, 10),
                    tracks[0].every * state.dt,
                )
            )
        return segment

    def _spikes(self) -> Spikes:
        if isinstance(self.population.celltype, _EXACT):
            return self._exact_spikes()
        steps, cells = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for track in self._tracks:
            if track.variable == _SPIKES and track.handle is not None:
                steps.append(track.handle.steps)
                cells.append(track.handle.members - self.population.handle.first)
        step, cell = np.concatenate(steps), np.concatenate(cells)
        order = np.argsort(cell, kind="stable")  # times ascend already
        recorded = self.recorded[_SPIKES]
        counts = np.bincount(cell, minlength=self.population.size)[recorded]
        times = np.round(step[order] * self._state.dt, 10)
        return Spikes(recorded, times, counts)

    def _exact_spikes(self) -> Spikes:
        """Of sources whose times are given: exactly those."""
        recorded, now = self.recorded[_SPIKES], self._state.t
        trains = []
        for cell in recorded.tolist():
            since = next((t.since for t in self._tracks if t.exact and cell in t.cells), None)
            if since is None:
                trains.append(np.empty(0))
                continue
            times = plain_times(self.population.handle.times(cell))
            trains.append(times[(times > since) & (times <= now)])
        counts = np.array([train.size for train in trains], dtype=np.int64)
        return Spikes(recorded, np.concatenate([np.empty(0), *trains]), counts)

    def store_to_cache(self, annotations: dict[str, Any] | None = None) -> None:
        """Keep the present data beyond a reset, unless nothing has happened or they are cleared."""
        state = self._state
        if state.t != 0 and self._cleared_at != state.t:
            segment = self._present()
            segment.annotations = dict(annotations or {})
            segment.signals = [replace(s, values=s.values.copy()) for s in segment.signals]
            self._cache.append(segment)
        self._cleared_at = None
        self._t_start = 0.0

    def clear(self) -> None:
        """Forget all data; what is recorded stays."""
        state = self._state
        self._cache.clear()
        for track in self._tracks:
            if track.exact:
                track.since = state.t if track.has_begun else None
            elif track.variable == _SPIKES and track.handle is not None:
                track.handle.clear()
            elif track.handle is not None:
                track.handle.clear(state.step)
        self._t_start = self._cleared_at = state.t

    def get(
        self,
        variables: Any = "all",
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
        locations: Any = None,
    ) -> neo.Block:
        """All segments as a neo Block; `variables` and `filter_ids` select."""
        segments = self.segments(variables, filter_ids)
        origin = self.origin()
        block = neo.Block(name=self.population.label, description=origin.description)
        block.annotate(**self.metadata, **(annotations or {}))
        for segment in segments:
            made = neo_segment([(segment, origin)], origin.description)
            made.block = block
            block.segments.append(made)
        block.rec_datetime = block.segments[0].rec_datetime
        if clear:
            self.clear()
        return block

    def segments(self, variables: Any = "all", filter_ids: Any = None) -> list[Segment]:
        """All segments, at least an empty one, as plain arrays."""
        names: set[str] | None = None
        if not isinstance(variables, str):
            names = set(variables)
        elif variables != "all":
            names = {variables}
        cells = None
        if filter_ids is not None:
            cells = np.atleast_1d(self.population.id_to_index(filter_ids)).astype(np.int64)
        kept = [*self._cache]
        if self._state.running:
            kept.append(self._present())
        if not kept:
            kept.append(Segment(self._state.segment_counter, self._t_start, self._state.t))
        return [segment.of(names, cells) for segment in kept]

    def origin(self, offset: int = 0) -> Origin:
        """What neo objects say about the population."""
        population = self.population
        return Origin(population.label, int(population.first_id), population.describe(), offset)

    @property
    def metadata(self) -> dict[str, Any]:
        """Annotations of a block."""
        population = self.population
        return {
            "size": population.size,
            "first_index": 0,
            "last_index": len(population),
            "first_id": int(population.first_id),
            "last_id": int(population.last_id),
            "label": population.label,
            "simulator": session.name,
            **population.annotations,
            "dt": self._state.dt,
            "mpi_processes": 1,
        }

    def write(
        self,
        variables: Any,
        file: Any = None,
        gather: bool = False,
        filter_ids: Any = None,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
        locations: Any = None,
    ) -> None:
        """Write `get` to a neo IO or to a file whose ending names the format."""
        target = file or self.file
        io = get_io(target) if isinstance(target, str) else target
        io.write_block(self.get(variables, gather, filter_ids, clear, annotations, locations))

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes by cell ID in the present segment, or in the last one before."""
        if variable != _SPIKES:
            raise ValueError(f"{self._place}: count of {variable!r}: only spikes can be counted")
        spikes = self.segments(_SPIKES, filter_ids)[-1].spikes
        if spikes is None:
            return {}
        first = int(self.population.first_id)
        cells = (spikes.cells + first).tolist()
        return dict(zip(cells, spikes.counts.tolist(), strict=True))


class _Beginning:
    """A track that the engine has not been told of."""

    def __init__(self, population: Population, track: _Track) -> None:
        self._population, self._track = population, track

    def build(self, network: Network) -> None:
        """Tell the engine."""
        track, population = self._track, self._population
        if not track.cells.size:
            return
        celltype = population.celltype
        if track.variable != _SPIKES:
            name = celltype.engine_name(track.variable)
            track.handle = network.record(population.handle, name, track.cells, track.every)
        elif track.exact:
            track.since = network.t_ms if network.step else _BEFORE_EVERYTHING
        else:
            track.handle = network.record_spikes(population.handle, track.cells)
