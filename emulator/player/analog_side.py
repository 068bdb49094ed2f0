"""The one place where the sequencer meets the circuits: time that passes, events, what is seen.

Lets the analog core integrate what somebody observes, and hands what comes out to the converters,
the counters, the links and the response.  Knows neither words nor messages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.instructions import FromFpga

from .. import parameters as p
from ..analog import AnalogCore
from ..analog_readout import Madc, Sources
from ..analog_state import Piece, Watch
from ..background import BackgroundSources
from ..correlation import Correlation
from ..counters import SpikeCounters
from ..crossbar import Crossbar, CrossbarCounters, Inputs, no_inputs
from ..latencies import Latencies
from ..links import Downlinks, Uplinks
from ..memory import Memory
from ..padi import PadiRegisters
from ..readout_network import Network
from ..response import Response
from .devices import EventRecording
from .foresight import NEVER, Observable

PIECE_CYCLES = p.CHUNK_CYCLES
"""Longest stretch that is integrated before its results are handed on; bounds the memory."""
_PRELUDE_CYCLES = 12_500
"""Background activity is followed for so long before somebody looks at it (100 us)."""
_OUTPUT_LSB, _OUTPUT_MASK = 8, 7  # of a neuron's label: its event output
_NOTHING = np.empty(0, np.int64)
_NOBODY = np.zeros(N_NEURONS, bool)


@dataclass(frozen=True)
class Parts:
    """The parts of chip and FPGA that see what the circuits do."""

    recording: EventRecording
    madc: Madc
    network: Network
    counters: SpikeCounters
    crossbar: CrossbarCounters
    background: BackgroundSources
    padi: PadiRegisters
    correlation: Correlation
    uplinks: Uplinks
    downlinks: Downlinks


class AnalogSide:
    """Circuits, converters and links of one chip, as time passes for them.

    Between programs it keeps what is on its way; `begin` attaches it to a program's response.
    """

    def __init__(
        self, core: AnalogCore, memory: Memory, parts: Parts, *, latencies: Latencies
    ) -> None:
        self._core, self._memory, self._parts = core, memory, parts
        self._latencies = latencies
        self._response: Response | None = None
        self._echoes = no_inputs()
        self._uncounted = no_inputs()  # events on their way to the crossbar
        self._watched: dict[Observable, tuple[int, int]] = {}
        self._reached = self._now = 0
        self._lost = np.zeros_like(core.router.queues.dropped)

    @property
    def step_cycles(self) -> int:
        """Integration step [FPGA cycles]."""
        return self._core.step_cycles

    def reset(self) -> None:
        """The chip's reset line: circuits and queues as after power-on.

        Events that the FPGA has played and that have not left the chip yet are lost, whether they
        are in a link, in the crossbar or on a bus; so are spikes that wait to leave.  What has left
        reaches the FPGA.
        """
        self._core.reset()
        self._parts.uplinks.reset()
        self._parts.downlinks.reset()
        self._echoes, self._uncounted = no_inputs(), no_inputs()
        self._lost[...] = 0
        if self._response is not None:
            first = self._now + self._latencies.chip_to_fpga
            self._response.forget(FromFpga.SPIKE_PACK_1, first)

    # --- what is to come --------------------------------------------------------------------------

    def begin(self, response: Response) -> None:
        """From now on, what comes out belongs to this response."""
        self._response = response

    def send(self, events: Inputs, now: int) -> None:
        """Events that the FPGA plays from cycle `now` on, up to where time is let pass next."""
        if not events.cycle.size:
            return
        entries = self._parts.downlinks.enter(events)
        entered = entries.inputs
        self._uncounted = _joined([self._uncounted, entered])
        self._parts.crossbar.lose_at_buses(self._memory, entries.dropped)
        due = entered.cycle + self._latencies.fpga_to_synapse
        self._core.feed(Inputs(due, entered.input, entered.label))
        back = Inputs(entered.cycle + self._latencies.fpga_to_fpga, entered.input, entered.label)
        self._echoes = _joined([self._echoes, back])

    def watch(self, watched: dict[Observable, tuple[int, int]]) -> None:
        """Between which cycles something is observed besides recordings; NEVER as an end: on."""
        self._watched = watched
        self._core.log_pulses(Observable.CORRELATION in watched)

    def before_write(self, cycle: int) -> None:
        """Registers are about to change at `cycle`: what has happened is seen with the old ones."""
        self._count(cycle)
        self._parts.correlation.flush(cycle)
        self._hold(cycle)

    def after_write(self, cycle: int) -> None:
        """Registers have changed at `cycle`."""
        self._core.levels(self._memory, cycle)
        self._hold(cycle)

    def _hold(self, cycle: int) -> None:
        """Sources outside hold the synaptic lines to which debug switches connect them."""
        self._core.hold(self._memory, cycle, self._parts.network.held_lines(cycle))

    # --- time -------------------------------------------------------------------------------------

    def observing(self, cycle: int) -> bool:
        """Whether somebody looks at circuits at this moment, so that times of changes matter."""
        watched = any(first <= cycle <= last for first, last in self._watched.values())
        return self._parts.recording.enabled or self._parts.madc.sampling or watched

    def observed_from(self) -> int:
        """The first cycle at which a program begins to look at something through registers."""
        return min((first for first, _ in self._watched.values()), default=NEVER)

    def advance(self, end: int) -> Iterator[int]:
        """Let time pass up to cycle `end`, in whole integration steps, piece by piece.

        Yields  cycles before which everything that reaches the FPGA has been reported
        """
        self._now = max(end, self._now)
        self._count(end)
        if end < self._reached + self._core.step_cycles:
            return
        for first, last in self._spans(self._reached, end):
            while first < last:
                stop = min(last, (first // PIECE_CYCLES + 1) * PIECE_CYCLES)
                yield self._integrate(first, stop)
                first = stop
        yield self._pass(end, [])

    def _count(self, end: int) -> None:
        """Let the crossbar's counters see the FPGA's events up to cycle `end`."""
        there = int(np.searchsorted(self._uncounted.cycle, end))
        if there:
            events = Inputs(*(column[:there] for column in self._uncounted))
            self._uncounted = Inputs(*(column[there:] for column in self._uncounted))
            self._parts.crossbar.count(self._memory, events.input, events.label)

    def quiet_until(self, start: int, end: int) -> int:
        """First cycle, at most `end`, at which anything that is counted may happen."""
        if self._may_spike() or self._parts.background.active:
            return start
        busy = self._core.busy_span(start, end)
        return end if busy is None else busy[0]

    def _spans(self, start: int, end: int) -> list[tuple[int, int]]:
        """Parts of a stretch of time, in order, in which circuits have to be integrated."""
        self._fire_registers()
        if self._parts.madc.sampling:
            windows = [(start, end)]
        elif self._may_spike() or self._parts.background.active:
            seen = self._parts.recording.enabled
            windows = [(start, end)] if seen else self._watch_windows(start, end)
        else:
            windows = []
        spans, at = [], start
        for first, last in [*windows, (end, end)]:
            busy = self._core.busy_span(at, first) if first > at else None
            spans += [busy] if busy is not None else []
            spans += [(first, last)] if last > first else []
            at = last
        return spans

    def _watch_windows(self, start: int, end: int) -> list[tuple[int, int]]:
        """Where registers are observed: disjoint parts of a stretch, in order."""
        clipped = sorted(
            (max(first, start), min(last, end)) for first, last in self._watched.values()
        )
        windows: list[tuple[int, int]] = []
        for first, last in clipped:
            if last <= first:
                continue
            if windows and first <= windows[-1][1]:
                windows[-1] = (windows[-1][0], max(last, windows[-1][1]))
            else:
                windows.append((first, last))
        return windows

    def _may_spike(self) -> bool:
        """Whether any neuron could send a spike, or fire for a counter, as the registers stand."""
        return self._core.may_spike(self._memory, self._reached, everyone=bool(self._watched))

    def _fire_registers(self) -> None:
        """Events of the PADI registers on their way."""
        self._core.deliver(self._parts.padi, self._latencies.fpga_to_synapse)

    # --- what comes out ---------------------------------------------------------------------------

    def _integrate(self, start: int, end: int) -> int:
        parts = self._parts
        self._hold(start)
        background = self._background(start, end)
        sources = parts.madc.wanted(start) if parts.madc.sampling else None
        pieces = self._core.integrate(self._memory, self._watch(sources), start, end)
        for piece in pieces:
            if sources is not None:
                self._sample(sources, piece, end)
            parts.counters.add(piece.spike_neuron, piece.spike_tick)
            if Observable.CORRELATION in self._watched:
                post_tick, post_neuron = self._core.post_pulses(self._memory, piece)
                parts.correlation.add(
                    piece.pulses.tick, piece.pulses.driver, piece.pulses.address,
                    post_tick, post_neuron, until=2 * end,
                )  # fmt: skip
        lost = self._core.router.queues.dropped
        if np.any(lost != self._lost):
            parts.crossbar.lose_at_buses(self._memory, lost - self._lost)
            self._lost = lost.copy()
        return self._pass(end, pieces, background)

    def _background(self, start: int, end: int) -> Inputs:
        """Events of the background sources in an integrated stretch, put on their way."""
        source = self._parts.background
        if not source.active:
            return no_inputs()
        if start > source.cycle:
            # Nobody looked; what the membranes hold of it is of the last 100 us.
            early = max(start - _PRELUDE_CYCLES, source.cycle)
            before = source.events(early, start)
            self._core.feed(self._on_buses(before))
            self._core.integrate(self._memory, self._watch(None), early, start)
        # Integration proceeds in whole steps, but a source may be written to, and so be further on.
        events = source.events(max(start, source.cycle), end)
        self._core.feed(self._on_buses(events))
        return events

    def _on_buses(self, events: Inputs) -> Inputs:
        due = events.cycle + self._latencies.background_to_synapse
        return Inputs(due, events.input, events.label)

    def _watch(self, sources: Sources | None) -> Watch:
        neuron, quantity, drivers = (_NOTHING,) * 3 if sources is None else sources[:3]
        sampled = _NOBODY
        if Observable.CADC in self._watched:
            sampled = self._parts.network.sampled_neurons()
        return Watch(neuron, quantity, bool(self._watched), sampled, drivers)

    def _sample(self, sources: Sources, piece: Piece, end: int) -> None:
        samples = self._parts.madc.sample(
            sources, piece.trace, piece.first_step, self._core.step_cycles, end
        )
        if self._response is not None and self._parts.recording.enabled:
            arrival = samples.tick // p.TICKS_PER_CYCLE + self._latencies.chip_to_fpga
            self._response.add_events(FromFpga.MADC_PACK_1, arrival, samples.tick, samples.code)

    def _pass(self, end: int, pieces: list[Piece], background: Inputs | None = None) -> int:
        """Send what leaves the chip before `end`; return the cycle before which that is all."""
        settled = end // self._core.step_cycles * self._core.step_cycles
        start, self._reached = self._reached, max(settled, self._reached)
        leaving = [self._spikes(pieces), self._returning(_in_ticks(self._due_echoes(settled)))]
        if background is not None and background.cycle.size:
            self._parts.crossbar.count(self._memory, background.input, background.label)
            leaving.append(self._returning(_in_ticks(background)))
        leaving = [events for events in leaving if events.cycle.size]
        if leaving and self._parts.recording.enabled and self._reached > start:
            self._leave(_joined(leaving))
        return self._reached

    def _spikes(self, pieces: list[Piece]) -> Inputs:
        """Events of neurons by chip tick; they are counted where they enter the crossbar."""
        spikes = [piece for piece in pieces if piece.event_tick.size]
        if not spikes:
            return no_inputs()
        backend = self._core.circuits(self._memory, self._reached).backend
        neuron, tick = spikes[0].event_neuron, spikes[0].event_tick
        if len(spikes) > 1:
            neuron = np.concatenate([piece.event_neuron for piece in spikes])
            tick = np.concatenate([piece.event_tick for piece in spikes])
        sent = backend.digital[neuron]
        if not sent.all():
            neuron, tick = neuron[sent], tick[sent]
        label = backend.label[neuron]
        output = label >> _OUTPUT_LSB & _OUTPUT_MASK
        self._parts.crossbar.count(self._memory, output, label)
        return Inputs(tick, output, label)

    def _due_echoes(self, end: int) -> Inputs:
        """FPGA events that reach their link before cycle `end`."""
        due = self._echoes.cycle < end
        if not due.any():
            return no_inputs()
        now = Inputs(*(column[due] for column in self._echoes))
        self._echoes = Inputs(*(column[~due] for column in self._echoes))
        return now

    def _returning(self, events: Inputs) -> Inputs:
        """Those of events from elsewhere than neurons that go on to the FPGA; most often none."""
        if not events.cycle.size:
            return events
        reaches = Crossbar(self._memory).reaches_link(events.input, events.label)
        return Inputs(*(column[reaches] for column in events))

    def _leave(self, events: Inputs) -> None:
        """Through the nodes of the crossbar and the links to the FPGA; `cycle` is in ticks here."""
        left = self._parts.uplinks.leave(self._memory, events)
        self._parts.crossbar.lose_at_links(self._memory, left.lost)
        if self._response is not None:
            arrival = left.tick // p.TICKS_PER_CYCLE + self._latencies.chip_to_fpga
            self._response.add_events(FromFpga.SPIKE_PACK_1, arrival, left.tick, left.event)

    # --- what registers ask -----------------------------------------------------------------------

    def fire(self, neuron: int, cycle: int) -> None:
        """Make a neuron's backend see a spike at `cycle`, if its fire output is on."""
        self._core.fire(self._memory, neuron, cycle)

    def voltages(self) -> npt.NDArray[np.float64]:
        """(512,) what each neuron's readout amplifier sees now [V]."""
        self._hold(self._now)
        watch = self._watch(None)
        self._core.integrate(self._memory, watch, self._now, self._now)
        membranes, selected = self._core.amplified(self._memory, self._now)
        return self._parts.network.amplifier_inputs(selected, membranes)


def _joined(events: list[Inputs]) -> Inputs:
    if len(events) == 1:
        return events[0]
    return Inputs(*(np.concatenate(column) for column in zip(*events, strict=True)))


def _in_ticks(events: Inputs) -> Inputs:
    return events._replace(cycle=events.cycle * p.TICKS_PER_CYCLE)
