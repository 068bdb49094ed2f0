"""An experiment: snippets that follow each other, and the runs on the chip that it takes.

A snippet is a network as it was when it was queued, held for some time.  Usually the chip runs the
whole experiment once.  It runs it several times in a row if more neurons are recorded than the
MADC sees at a time, and part by part if the network is larger than the chip: what earlier parts
send to later ones is recorded and played back as events of external sources.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig

from . import compile as compiler
from .mapping import configure, readout
from .mapping.errors import MappingError
from .mapping.graph import Ints, Network
from .mapping.readout import Pad, Readout, Sight
from .mapping.route import Routing, reweight
from .recorded import View

if TYPE_CHECKING:
    from .injection import InjectedConfiguration, InjectedReadout
    from .projections import Projection
    from .recording import Recorder, Requests

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """What of a network the chip holds at a time.

    network  in its own numbering
    slots    (part.network.n_neurons,) the whole network's number of each neuron circuit
    origin   (part.network.n_external,) the whole network's number of what each external source
             plays: an external source, or a neuron of an earlier part
    circuit  (part.network.n_neurons,) AtomicNeuron
    chip     the configuration, but for the readout
    connections  (connection of the part,) its number in the whole network
    """

    network: Network
    slots: Ints
    origin: Ints
    circuit: Ints
    routing: Routing
    chip: ChipConfig
    connections: Ints
    _images: dict[Readout, compiler.Image] = field(default_factory=dict)

    def image(self, shown: Readout) -> compiler.Image:
        """All register words, with converters that look at something."""
        if shown not in self._images:
            chip = self.chip.copy()
            readout.write(chip, shown)
            self._images[shown] = chip.image()
        return self._images[shown]

    def reweighted(self, weight: Ints) -> Part | None:
        """The same with other weights; None if they do not take as many synapses.

        weight  (connection of the whole network,)
        """
        connections = replace(self.network.connections, weight=weight[self.connections])
        network = replace(self.network, connections=connections)
        routing = reweight(self.routing, self.network, network)
        if routing is None:
            return None
        chip = self.chip.copy()
        configure.write_weights(chip, routing)
        images = {shown: image.copy() for shown, image in self._images.items()}
        for image in images.values():
            chip.encode_block("synapses", image)
        return replace(self, network=network, routing=routing, chip=chip, _images=images)


@dataclass(frozen=True)
class Mapped:
    """A network on the chip, in one or more parts.

    duration_s  wall time of mapping [s]
    spans       which connections of the network are a projection's
    """

    network: Network
    parts: tuple[Part, ...]
    duration_s: float
    spans: Mapping[Projection, slice] = field(default_factory=dict)

    @property
    def routing(self) -> Routing:
        """Where everything went in the first part; the only one unless the network is too large."""
        return self.parts[0].routing

    @property
    def chip(self) -> ChipConfig:
        """The first part's configuration."""
        return self.parts[0].chip

    @property
    def circuit(self) -> Ints:
        """(n_neurons,) AtomicNeuron of every slot; circuits repeat if there are several parts."""
        circuit = np.empty(self.network.n_neurons, dtype=np.int64)
        for part in self.parts:
            circuit[part.slots] = part.circuit
        return circuit


@dataclass(frozen=True)
class Snippet:
    """A part of an experiment's time.

    start, stop    [cycles of experiment time]
    source, cycle  (event,) int64: external sources' events, experiment time, sorted by time
    views          all analog quantities to be recorded
    requests       by recorder, what it recorded when the snippet was queued
    trains         by recorder, what sources of the FPGA play: (start_ms, stop_ms) times by cell
    """

    mapped: Mapped
    start: int
    stop: int
    source: Ints
    cycle: Ints
    views: tuple[View, ...]
    requests: Mapping[Recorder, Requests]
    trains: Mapping[Recorder, dict[int, npt.NDArray[np.float64]]]


def _none() -> Ints:
    return np.empty(0, dtype=np.int64)


@dataclass
class Seen:
    """What an experiment showed of one snippet; times in cycles of experiment time.

    spike_time, spike_slot            (spike,) int64, sorted by time
    background_time, background_cell  (event,) int64: recorded events of on-chip sources
    signals                           by view: times (sample,) int64, values (sample,) float32
    """

    spike_time: Ints = field(default_factory=_none)
    spike_slot: Ints = field(default_factory=_none)
    background_time: Ints = field(default_factory=_none)
    background_cell: Ints = field(default_factory=_none)
    signals: dict[View, tuple[Ints, npt.NDArray[np.float32]]] = field(default_factory=dict)

    @cached_property
    def spikes_by_slot(self) -> tuple[Ints, npt.NDArray[np.float64]]:
        """Slot and time [ms] of all spikes, by slot, then time; to be asked when all are there."""
        return _sorted_by(self.spike_slot, self.spike_time)

    @cached_property
    def background_by_cell(self) -> tuple[Ints, npt.NDArray[np.float64]]:
        """The same of events of on-chip sources, by cell."""
        return _sorted_by(self.background_cell, self.background_time)


def _sorted_by(key: Ints, cycles: Ints) -> tuple[Ints, npt.NDArray[np.float64]]:
    order = np.lexsort((cycles, key))
    return key[order], cycles[order] / compiler.CYCLES_PER_MS


@dataclass(frozen=True)
class Execution:
    """One run on the chip: its part of the network, and what the converters see by snippet."""

    part: int
    readouts: tuple[Readout, ...]
    first: bool


Execute = Callable[[compiler.Run], compiler.Observation]


def executions(snippets: Sequence[Snippet]) -> list[Execution]:
    """The runs that an experiment takes; MappingError if its snippets do not go together."""
    n_parts = {len(s.mapped.parts) for s in snippets}
    if len(n_parts) > 1:
        raise MappingError(
            f"snippets of one experiment take {' and '.join(map(str, sorted(n_parts)))} parts of "
            "the chip; a network larger than the chip must keep its size over an experiment"
        )
    found = []
    for part in range(n_parts.pop()):
        plans = [_readouts(snippet, part) for snippet in snippets]
        n_runs = max(map(len, plans))
        for run in range(n_runs):
            chosen = tuple(p[run] if run < len(p) else replace(p[0], madc=(None, None), cadc=())
                           for p in plans)  # fmt: skip
            found.append(Execution(part, readout.together(chosen), run == 0))
        times = [snippet.stop - snippet.start for snippet in snippets]
        compiler.check_cadc(list(zip((p[0] for p in plans), times, strict=True)))
    return found


def _warn_of_repetitions(planned: Sequence[Execution]) -> None:
    """Say so if a part runs several times; once per experiment, however many snippets it has."""
    n_runs = int(np.bincount([execution.part for execution in planned]).max())
    if n_runs > 1:
        _log.warning(
            "the MADC sees two neurons at a time, one in an even and one in an odd column: the "
            "experiment is run %d times to record all; record fewer neurons, or device='cadc'",
            n_runs,
        )


def _sights(snippet: Snippet, part: int) -> dict[View, Sight]:
    """Views of circuits that lie in a part."""
    mine = snippet.mapped.parts[part]
    local = np.full(snippet.mapped.network.n_neurons, -1, dtype=np.int64)
    local[mine.slots] = np.arange(mine.slots.size)
    return {
        view: Sight(int(mine.circuit[local[view.slot]]), view.source)
        for view in snippet.views
        if local[view.slot] >= 0
    }


def _readouts(snippet: Snippet, part: int) -> list[Readout]:
    sights = _sights(snippet, part)
    madc = [s for view, s in sights.items() if view.device == "madc"]
    cadc = dict.fromkeys(s for view, s in sights.items() if view.device == "cadc")
    pads: list[Pad | None] = [None, None]
    for view, sight in sights.items():
        if view.device.startswith("pad_"):
            pads[int(view.device[4])] = Pad(sight, not view.device.endswith("_unbuffered"))
    readout.check_pads(pads)
    return readout.plan(madc, pads, cadc)


def execute(
    snippets: Sequence[Snippet],
    run: Execute,
    injected: InjectedConfiguration | None = None,
    asked: InjectedReadout | None = None,
) -> tuple[list[Seen], dict[str, Any]]:
    """Run an experiment and tell what it showed, by snippet, and what was asked to be read."""
    results = [Seen() for _ in snippets]
    reads: dict[str, Any] = {}
    planned = executions(snippets)
    _warn_of_repetitions(planned)
    for execution in planned:
        stages = tuple(
            compiler.Stage(s.mapped.parts[execution.part].image(shown), shown, s.start, s.stop)
            for s, shown in zip(snippets, execution.readouts, strict=True)
        )
        timer, label = _events(snippets, execution.part, results)
        seen = run(compiler.Run(stages, timer, label, injected, asked))
        reads = seen.reads or reads
        for number, snippet in enumerate(snippets):
            _collect_signals(results[number], snippet, execution, number, seen)
            if execution.first:
                _collect_spikes(results[number], snippet, execution.part, seen)
    for result in results:
        order = np.argsort(result.spike_time, kind="stable")
        result.spike_time, result.spike_slot = result.spike_time[order], result.spike_slot[order]
    return results, reads


def _events(snippets: Sequence[Snippet], part: int, results: Sequence[Seen]) -> tuple[Ints, Ints]:
    """Experiment time [cycles] and label of all events for a part, sorted by time."""
    times, labels = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for snippet, earlier in zip(snippets, results, strict=True):
        mine = snippet.mapped.parts[part]
        n = snippet.mapped.network.n_neurons
        # One table for both kinds of sources: slots first, as the network numbers them.
        label = np.full(n + snippet.mapped.network.n_external, -1, dtype=np.int64)
        label[mine.origin] = mine.routing.label
        cycle = np.concatenate([snippet.cycle, earlier.spike_time])
        found = label[np.concatenate([n + snippet.source, earlier.spike_slot])]
        order = np.argsort(cycle[found >= 0], kind="stable")
        times.append(cycle[found >= 0][order])
        labels.append(found[found >= 0][order])
    return np.concatenate(times), np.concatenate(labels)


def _collect_spikes(result: Seen, snippet: Snippet, part: int, seen: compiler.Observation) -> None:
    first, last = np.searchsorted(seen.spike_time, [snippet.start, snippet.stop])
    time, label = seen.spike_time[first:last], seen.spike_label[first:last]
    mine = snippet.mapped.parts[part]
    sender = configure.identify_events(mine.routing, label)
    neuron = (sender >= 0) & (sender < mine.network.n_neurons)
    result.spike_time = np.concatenate([result.spike_time, time[neuron]])
    result.spike_slot = np.concatenate([result.spike_slot, mine.slots[sender[neuron]]])
    if part == 0:  # each part has the whole background; what the first one saw is what there was
        first_cell = int(mine.network.background_starts[0])
        background = sender >= first_cell
        result.background_time = time[background]
        result.background_cell = sender[background] - first_cell


def _collect_signals(
    result: Seen, snippet: Snippet, execution: Execution, number: int, seen: compiler.Observation
) -> None:
    shown = execution.readouts[number]
    by_sight = {sight: channel for channel, sight in shown.channels.items()}
    first, last = np.searchsorted(seen.madc_time, [snippet.start, snippet.stop])
    inside = slice(int(first), int(last))
    for view, sight in _sights(snippet, execution.part).items():
        if view.device == "madc" and sight in by_sight:
            mine = seen.madc_channel[inside] == by_sight[sight]
            values = seen.madc_value[inside][mine].astype(np.float32)
            result.signals[view] = seen.madc_time[inside][mine], values
        samples = seen.cadc[number]
        if view.device == "cadc" and sight in shown.cadc and samples is not None:
            column = samples.value[:, shown.cadc.index(sight)].astype(np.float32)
            result.signals[view] = samples.time, column
