"""Recorded data as plain arrays, and their way into neo objects.

Arrays are kept, neo objects are built anew on every request, so that filtering one never empties
another.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import neo
import numpy as np
import numpy.typing as npt
import quantities as pq

Floats = npt.NDArray[np.float64]
_DEVICES = ("madc", "cadc")


class Site(NamedTuple):
    """Where something is recorded: a cell of a population, and one of its compartments."""

    cell: int
    compartment: int = 0


class View(NamedTuple):
    """An analog quantity that is recorded: slot, readout source, device."""

    slot: int
    source: int
    device: str


@dataclass(frozen=True)
class Train:
    """Spike times [ms] of a site."""

    site: Site
    times: Floats


@dataclass(frozen=True)
class Signal:
    """One recorded analog signal: times [ms] float64, values [LSB] float32, both (sample,)."""

    variable: str
    device: str
    site: Site
    times: Floats
    values: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """What one snippet showed of a population; times [ms] since the experiment's begin."""

    t_start: float
    t_stop: float
    trains: list[Train]
    signals: list[Signal]


@dataclass
class Segment:
    """One experiment of one population."""

    number: int
    stretches: list[Stretch]
    recorded_at: datetime.datetime
    annotations: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """What of the data is asked for; None means all.

    names         variables, "spikes" among them
    cells         indices in the population
    compartments  indices of compartments
    """

    names: Collection[str] | None = None
    cells: Collection[int] | None = None
    compartments: Collection[int] | None = None

    def has(self, name: str, site: Site) -> bool:
        """Whether a variable of a site is asked for."""
        return (
            (self.names is None or name in self.names)
            and (self.cells is None or site.cell in self.cells)
            and (self.compartments is None or site.compartment in self.compartments)
        )


@dataclass(frozen=True)
class Origin:
    """What annotations say about a population."""

    label: str
    first_id: int
    locations: tuple[str, ...]
    description: str


def segment_of(data: Segment, origin: Origin, choice: Choice) -> neo.Segment:
    """A neo segment: spike trains by snippet and cell, then analog signals.

    Signals are ordered by snippet, variable, device (MADC first) and site.
    """
    segment = neo.Segment(
        name=f"segment{data.number:03d}",
        description=origin.description,
        rec_datetime=data.recorded_at,
        **data.annotations,
    )
    for stretch in data.stretches:
        for train in stretch.trains:
            if choice.has("spikes", train.site):
                segment.spiketrains.append(_train(train, stretch, origin))
    for stretch in data.stretches:
        for signal in sorted(stretch.signals, key=_order):
            if choice.has(signal.variable, signal.site):
                segment.irregularlysampledsignals.append(_signal(signal, origin))
    return segment


def join(blocks: Sequence[neo.Block], sizes: Sequence[int]) -> neo.Block:
    """A block of all that several have: segments of one number become one, member by member.

    The given blocks are used up.  Channel indices become those of cells of all members together.

    sizes  cells of each member
    """
    segments: dict[str, neo.Segment] = {}
    first = np.cumsum([0, *sizes])
    for block, offset in zip(blocks, first[:-1].tolist(), strict=True):
        for segment in block.segments:
            for signal in segment.irregularlysampledsignals:
                signal.array_annotations["channel_index"] += offset
            into = segments.setdefault(segment.name, segment)
            if into is not segment:
                for train in segment.spiketrains:
                    into.spiketrains.append(train)
                for signal in segment.irregularlysampledsignals:
                    into.irregularlysampledsignals.append(signal)
    joined = neo.Block()
    for name in sorted(segments):
        joined.segments.append(segments[name])
    return joined


def _order(signal: Signal) -> tuple[str, int, Site]:
    return signal.variable, _DEVICES.index(signal.device), signal.site


def _train(train: Train, stretch: Stretch, origin: Origin) -> neo.SpikeTrain:
    return neo.SpikeTrain(
        train.times * pq.ms,
        t_start=stretch.t_start * pq.ms,
        t_stop=stretch.t_stop * pq.ms,
        source_population=origin.label,
        source_id=origin.first_id + train.site.cell,
        source_index=train.site.cell,
        source_location=origin.locations[train.site.compartment],
        source_compartment=train.site.compartment,
    )


def _signal(signal: Signal, origin: Origin) -> neo.IrregularlySampledSignal:
    return neo.IrregularlySampledSignal(
        signal.times * pq.ms,
        pq.Quantity(signal.values[:, np.newaxis].copy(), "dimensionless"),  # scripts use its .base
        time_units="ms",
        name=signal.variable,
        device=signal.device,
        source_population=origin.label,
        source_ids=[origin.first_id + signal.site.cell],
        source_locations=[origin.locations[signal.site.compartment]],
        source_compartments=[signal.site.compartment],
        array_annotations={"channel_index": [signal.site.cell]},
    )
