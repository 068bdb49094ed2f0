"""Recorded data as plain arrays, and their way into neo objects.

Arrays are kept, neo objects are built anew on every request, so that filtering one never empties
another.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import neo
import numpy as np
import numpy.typing as npt
import quantities as pq
from neo.core.spiketrainlist import SpikeTrainList

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_LAZY_ABOVE = 1000
"""Spike trains of more cells are made when somebody looks at them; neo takes 50 us for each."""


@dataclass(frozen=True)
class Spikes:
    """Spikes of the recorded cells of a population.

    cells   (recorded,) indices of cells, ascending
    times   (spike,) [ms], sorted by cell, then time
    counts  (recorded,) number of spikes of each
    """

    cells: Ints
    times: Floats
    counts: Ints

    def of(self, wanted: Ints | None) -> Spikes:
        """Those of some cells (None: all)."""
        if wanted is None:
            return self
        chosen = np.isin(self.cells, wanted)
        return Spikes(
            self.cells[chosen], self.times[np.repeat(chosen, self.counts)], self.counts[chosen]
        )


@dataclass(frozen=True)
class Signal:
    """Samples of one variable of some cells.

    cells   (cell,) indices, ascending
    values  (sample, cell)
    """

    variable: str
    units: str
    cells: Ints
    values: npt.NDArray[Any]
    t_start: float
    period: float

    def of(self, wanted: Ints | None) -> Signal:
        """That of some cells (None: all)."""
        if wanted is None:
            return self
        chosen = np.isin(self.cells, wanted)
        return replace(self, cells=self.cells[chosen], values=self.values[:, chosen])


@dataclass
class Segment:
    """What was recorded of a population between two resets; times in ms."""

    number: int
    t_start: float
    t_stop: float
    spikes: Spikes | None = None
    signals: list[Signal] = field(default_factory=list)
    annotations: dict[str, Any] = field(default_factory=dict)
    recorded_at: datetime.datetime = field(default_factory=datetime.datetime.now)

    def of(self, variables: set[str] | None, cells: Ints | None) -> Segment:
        """Some variables ("spikes" among them) of some cells; None: all."""
        wants_spikes = variables is None or "spikes" in variables
        return replace(
            self,
            spikes=self.spikes.of(cells) if wants_spikes and self.spikes is not None else None,
            signals=[
                chosen
                for signal in self.signals
                if variables is None or signal.variable in variables
                if (chosen := signal.of(cells)).cells.size
            ],
        )


@dataclass(frozen=True)
class Origin:
    """What neo objects say about where data are from.

    offset  what channel indices begin with: cells of earlier members of an assembly
    """

    label: str
    first_id: int
    description: str
    offset: int = 0


def neo_segment(parts: Sequence[tuple[Segment, Origin]], description: str) -> neo.Segment:
    """A neo segment of what one population, or the members of an assembly, recorded.

    Signals of one variable over the same samples become one.
    """
    first = parts[0][0]
    annotations: dict[str, Any] = {}
    for segment, _ in parts:
        annotations |= segment.annotations
    made = neo.Segment(
        name=f"segment{first.number:03d}",
        description=description,
        rec_datetime=first.recorded_at,
        **annotations,
    )
    _add_spikes(made, parts)
    together: dict[tuple[Any, ...], list[tuple[Signal, Origin]]] = {}
    for segment, origin in parts:
        for signal in segment.signals:
            key = (signal.variable, signal.units, signal.t_start, signal.period, len(signal.values))
            together.setdefault(key, []).append((signal, origin))
    for key in sorted(together, key=lambda k: (k[0], k[2])):
        signal = _neo_signal(together[key])
        signal.segment = made
        made.analogsignals.append(signal)
    return made


def _neo_signal(parts: Sequence[tuple[Signal, Origin]]) -> neo.AnalogSignal:
    first = parts[0][0]
    values = np.concatenate([signal.values for signal, _ in parts], axis=1)
    return neo.AnalogSignal(
        values.astype(np.float64),
        units=first.units,
        t_start=first.t_start * pq.ms,
        sampling_period=first.period * pq.ms,
        name=first.variable,
        source_population=";".join(origin.label for _, origin in parts),
        channel_ids=np.concatenate([s.cells + o.first_id for s, o in parts]),
        array_annotations={"channel_index": np.concatenate([s.cells + o.offset for s, o in parts])},
    )


def _add_spikes(made: neo.Segment, parts: Sequence[tuple[Segment, Origin]]) -> None:
    recorded = [(s, s.spikes, o) for s, o in parts if s.spikes is not None]
    if not recorded:
        return
    if len(recorded) == 1 and recorded[0][1].cells.size > _LAZY_ABOVE:
        made.spiketrains = _lazy_trains(*recorded[0])
    else:
        trains = [train for one in recorded for train in _trains(*one)]
        for train in trains:
            train.segment = made
        made.spiketrains = SpikeTrainList(items=trains)
    made.spiketrains.segment = made


def _trains(segment: Segment, spikes: Spikes, origin: Origin) -> list[neo.SpikeTrain]:
    ends = np.cumsum(spikes.counts)
    starts = ends - spikes.counts
    return [
        neo.SpikeTrain(
            spikes.times[a:b].copy(),
            units="ms",
            t_start=segment.t_start,
            t_stop=segment.t_stop,
            source_population=origin.label,
            channel_id=origin.first_id + cell,
            source_index=cell,
        )
        for cell, a, b in zip(spikes.cells.tolist(), starts.tolist(), ends.tolist(), strict=True)
    ]


class _LazyTrains(SpikeTrainList):
    """Spike trains over arrays that are sorted by channel.

    neo's own search through all spikes for each train, which takes long for many of them.
    """

    def _spiketrains_from_array(self) -> None:
        sorted_by, channels = np.asarray(self._channel_id_array), np.asarray(self._all_channel_ids)
        starts = np.searchsorted(sorted_by, channels, "left")
        ends = np.searchsorted(sorted_by, channels, "right")
        trains: list[Any] = []
        for k, (a, b) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
            train = neo.SpikeTrain(
                self._spike_time_array[a:b],
                **self._spiketrain_metadata,
                source_population=self._annotations["source_population"],
                channel_id=int(self._all_channel_ids[k]),
                source_index=int(self._annotations["source_index"][k]),
            )
            train.segment = self.segment
            trains.append(train)
        self._items: Any = trains

    def __reduce__(self) -> Any:
        """A copy, or a pickle, is one of neo's own lists; who reads it needs nothing of ours."""
        if self._items is None:
            self._spiketrains_from_array()
        return SpikeTrainList, (), self.__dict__


def _lazy_trains(segment: Segment, spikes: Spikes, origin: Origin) -> SpikeTrainList:
    channels = spikes.cells + origin.first_id
    return _LazyTrains.from_spike_time_array(
        spikes.times * pq.ms,
        np.repeat(channels, spikes.counts),
        channels,
        t_start=segment.t_start * pq.ms,
        t_stop=segment.t_stop * pq.ms,
        units="ms",
        source_population=origin.label,
        source_index=spikes.cells,
    )
