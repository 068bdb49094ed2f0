"""A mapped experiment to the words of a run, and the words that come back to spikes and samples.

Layout of a run: initialisation (first run on a connection), changed configuration words, settling
time after CapMem changes, reset of all neurons if their backends changed, rest while the ADC wakes
up, begin tick, timed events, end tick, all off.  Experiment time 0 is the cycle after the begin
tick, the first one at which an event can leave.  An experiment has one or more stages; where one
begins, the words that differ from those of the stage before are written, in the midst of events.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol import (
    Program,
    Schedule,
    SystemConfig,
    Trace,
    initialise,
    memory_map,
)
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.instructions import CYCLES_PER_US
from firmware_protocol.registers.fpga import EVENT_RECORDING_CONFIG
from firmware_protocol.registers.readout import MADC_CONTROL
from firmware_protocol.schedule import Appointment, Timetable
from firmware_protocol.tickets import Shift, Ticket

from .mapping import readout as readouts
from .mapping.errors import MappingError
from .mapping.graph import Ints
from .mapping.readout import Readout

if TYPE_CHECKING:
    from .injection import InjectedConfiguration, InjectedReadout
    from .vendor.sta import Planned

CYCLES_PER_MS = 1000 * CYCLES_PER_US
_log = logging.getLogger(__name__)

CAPMEM_SETTLE_CYCLES = 20 * CYCLES_PER_MS
"""Agreed waiting time after CapMem writes (calix)."""
REST_CYCLES = CYCLES_PER_MS
"""Quiet time before a run: the ADC wakes up, and what an earlier run left on membranes and synaptic
lines decays (time constants are some 10 us), so that a repeated run does not depend on it."""
MADC_START_CYCLES = 10 * CYCLES_PER_US
MARGIN_CYCLES = CYCLES_PER_US
CADC_CYCLES = 212
"""From asking the CADC for a conversion to its result: 1.7 us, what the chip's own software plans
(``docs/reference/words.md``)."""
CADC_CONVERSION_CYCLES = 189
"""How long a conversion takes with default timing: 1 + 100 clocks of 4 ns until the ramp begins,
256 of the ramp, 20 after it (``docs/reference/words.md``); what is read earlier is an older one."""
CADC_ZERO = 128
MAX_CADC_WORDS = 1 << 21
"""Reads that sampling may put into a program: half of what the FPGA's memory holds."""
MAX_RUNTIME_CYCLES = (1 << 32) - 4
"""The FPGA's timer has 32 bits: 34 s."""
_ROUNDING_CYCLES = 1e-6
_BEGIN_TIMER = 2
"""Timer value of experiment time 0; the begin tick has 1."""

Image = npt.NDArray[np.uint32]
_CADC = CONTAINERS["CADCSampleQuad"]
_CAPMEM = [memory_map.BLOCKS[name].span for name in ("capmem_neurons", "capmem_shared")]
_BACKENDS = [memory_map.BLOCKS[name].span for name in ("neuron_backend", "common_backend")]
_NEURON_RESETS = memory_map.neuron_reset_address(np.arange(N_NEURONS))


def cycles(time_ms: npt.ArrayLike) -> Ints:
    """Whole FPGA cycles in a time [ms], truncated.

    A time that means a whole number of cycles yields it although binary fractions of a millisecond
    fall short of it by some 1e-7 cycles.
    """
    exact = np.asarray(time_ms, dtype=np.float64) * CYCLES_PER_MS
    return np.floor(exact + _ROUNDING_CYCLES).astype(np.int64)


@dataclass(frozen=True)
class Stage:
    """A part of an experiment in which the configuration stays.

    image    all register words of the configuration
    readout  what the converters look at
    start    when it begins [cycles of experiment time]; the first one's is 0
    stop     when it ends
    """

    image: Image
    readout: Readout
    start: int
    stop: int


@dataclass(frozen=True)
class Run:
    """One run on a chip.

    stages  in order, without gaps
    timer   (event,) int64 experiment time of each external event [cycles], not falling
    label   (event,) int64, 16-bit spike labels
    """

    stages: tuple[Stage, ...]
    timer: Ints
    label: Ints
    injected: InjectedConfiguration | None = None
    asked: InjectedReadout | None = None

    @property
    def runtime(self) -> int:
        """Length of the experiment [cycles]."""
        return self.stages[-1].stop

    @property
    def madc(self) -> bool:
        """Whether the MADC records."""
        return any(stage.readout.channels for stage in self.stages)


@dataclass(frozen=True)
class Samples:
    """Readings of the columns' ADC in one stage.

    time   (sample,) int64 [cycles of experiment time] at which the conversion is asked for
    value  (sample, sight) int16, -128..127: the register's 0..255 less 128
    """

    time: Ints
    value: npt.NDArray[np.int16]


@dataclass(frozen=True)
class Observation:
    """What a run showed, in experiment time [cycles], restricted to 0 <= t < runtime.

    spike_time, spike_label               int64, uint16 (spike,)
    madc_time, madc_value, madc_channel   int64, uint16 [LSB], uint8 (sample,)
    cadc                                  by stage; None where nothing is sampled
    reads                                 what `InjectedReadout` asked for, by section
    """

    spike_time: Ints
    spike_label: npt.NDArray[np.uint16]
    madc_time: Ints
    madc_value: npt.NDArray[np.uint16]
    madc_channel: npt.NDArray[np.uint8]
    cadc: tuple[Samples | None, ...] = (None,)
    reads: dict[str, Any] = field(default_factory=dict)


class Sampling(NamedTuple):
    """Reads of the columns' ADC in a stage: what asks for conversions, and what takes results."""

    trigger: Appointment
    latched: Appointment


@dataclass
class Built:
    """A run as words, and how to read its answer.

    image      register words that it leaves behind; None if they are not known
    timetable  of what happens within the experiment, if it is more than events
    cadc       by stage, the reads of the columns' ADC
    tickets    reads of `InjectedReadout`, by section and coordinate
    shifts     where answers to the user's own programs begin, by section
    planned    the user's commands within the experiment
    """

    program: Program
    run: Run
    image: Image | None = None
    timetable: Timetable | None = None
    cadc: tuple[Sampling | None, ...] = ()
    tickets: dict[str, dict[Any, Ticket]] = field(default_factory=dict)
    shifts: dict[str, Shift] = field(default_factory=dict)
    planned: Planned | None = None


def build(run: Run, present: Image | None) -> Built:
    """The program of a run.

    present  image the chip holds, None if unknown (then it is reset and written completely)
    """
    images = [stage.image for stage in run.stages]
    program = Program()
    built = Built(program, run, None if run.injected else images[-1])
    if present is None:
        initialise(program, _quiet_system())
    _inject(built, "pre_non_realtime")
    _configure(program, images[0], None if run.injected else present)
    _inject(built, "pre_realtime")
    if run.madc:
        _control_madc(program, wake_up=1)
    program.wait(REST_CYCLES)
    _record_events(program, True)
    if run.madc:
        _control_madc(program, start=1)
        program.wait(MADC_START_CYCLES)
    _inject(built, "inside_realtime_begin")
    _realtime(built, images)
    _inject(built, "inside_realtime_end")
    if run.madc:
        _control_madc(program, stop=1)
    _record_events(program, False)
    _inject(built, "post_realtime")
    program.halt()
    return built


def _configure(program: Program, image: Image, present: Image | None) -> None:
    """Write what differs from `present`, all if that is unknown, and let it settle."""
    changed = np.ones(image.size, dtype=bool) if present is None else image != present
    program.write(memory_map.ADDRESSES[changed], image[changed])
    program.barrier()
    if any(changed[span].any() for span in _CAPMEM):
        program.wait(CAPMEM_SETTLE_CYCLES)
    if any(changed[span].any() for span in _BACKENDS):
        # Some neurons hang in their reset after their backend was configured.
        program.write(_NEURON_RESETS, np.zeros(_NEURON_RESETS.size, np.uint32))


def _inject(built: Built, section: str) -> None:
    """Append what the user injects in a section, and reads there."""
    run = built.run
    if run.injected is not None:
        built.shifts[section] = built.program.extend(run.injected.words(section))
    if run.asked is not None and section in run.asked.names:
        built.tickets[section] = run.asked.ask(section, built.program)


@cache
def _quiet_system() -> SystemConfig:
    """The vendor's initialisation, but events are recorded only during experiments."""
    system = SystemConfig()
    system.event_recording.enable_event_recording = 0
    return system


def _realtime(built: Built, images: list[Image]) -> None:
    """Begin tick at timer 1; what has experiment time t is sent at timer t + 2."""
    run, program = built.run, built.program
    end = run.runtime + _BEGIN_TIMER
    sampled = [stage.readout.cadc for stage in run.stages]
    if len(images) == 1 and run.injected is None and not any(sampled):
        program.setup_timer()
        program.loopback()
        program.events(run.timer + _BEGIN_TIMER, run.label)
        program.wait_until(run.runtime + _BEGIN_TIMER)
        program.loopback()
        built.cadc = (None,)
    else:
        schedule = Schedule()
        schedule.loopback(_BEGIN_TIMER - 1)
        for stage, before, after in zip(run.stages[1:], images, images[1:], strict=False):
            changed = before != after
            if any(changed[span].any() for span in _CAPMEM):
                _log.warning(
                    "at %.3f ms values in the analog memory change; they take some 10 ms to settle "
                    "(between experiments, runs wait for that)",
                    stage.start / CYCLES_PER_MS,
                )
            if changed.any():
                schedule.write(
                    stage.start + _BEGIN_TIMER, memory_map.ADDRESSES[changed], after[changed]
                )
        built.cadc = tuple(_sample_cadc(schedule, stage) for stage in run.stages)
        schedule.events(run.timer + _BEGIN_TIMER, run.label)
        if run.injected is not None:
            built.planned = run.injected.planned()
            schedule = schedule.merged(built.planned.schedule.delayed(_BEGIN_TIMER))
        schedule.loopback(end)
        built.timetable = schedule.add_to(program)
    program.wait(MARGIN_CYCLES)


def _sample_cadc(schedule: Schedule, stage: Stage) -> Sampling | None:
    """Read the columns' ADC again and again: a triggering read, then the latched values.

    Samples follow each other as fast as conversion and reads allow, 1.7 us and 8 ns for each four
    columns; the first one is asked for when the stage begins.
    """
    if not stage.readout.cadc:
        return None
    half, quad, _ = _cadc_registers(stage.readout)
    trigger, latched = Program(), Program()
    for h in np.unique(half).tolist():
        trigger.read(_CADC.addresses(h, 0, 0, 0, 0))
    latched.read(_CADC.addresses(half, 0, quad, 0, 1)[:, 0])
    spacing = CADC_CYCLES + len(trigger) + len(latched)
    n = max((stage.stop - stage.start) // spacing, 0)
    times = stage.start + _BEGIN_TIMER + spacing * np.arange(n)
    return Sampling(
        schedule.repeat(times, trigger),
        schedule.repeat(times + len(trigger) + CADC_CYCLES, latched),
    )


def check_cadc(stages: Sequence[tuple[Readout, int]]) -> None:
    """MappingError if sampling the CADC takes more reads than a program holds.

    stages  what each shows, and for how long [cycles]
    """
    words, cycles = 0, 0
    for readout, duration in stages:
        if readout.cadc:
            half, _, _ = _cadc_registers(readout)
            reads = half.size + np.unique(half).size
            words += duration // (CADC_CYCLES + reads) * reads
            cycles += duration
    if words > MAX_CADC_WORDS:
        limit_ms = cycles / CYCLES_PER_MS * MAX_CADC_WORDS / words
        raise MappingError(
            f"sampling the CADC would take {words} reads, and a program holds {MAX_CADC_WORDS} of "
            f"them; record for at most {limit_ms:.0f} ms of an experiment, or fewer neurons"
        )


def _cadc_registers(readout: Readout) -> tuple[Ints, Ints, Ints]:
    """Registers to read, (n,) half and quad, and (sight,) which of their 4 n bytes is whose."""
    half, quad, entry = readouts.quads(np.array([s.circuit for s in readout.cadc], dtype=np.int64))
    register, place = np.unique(64 * half + quad, return_inverse=True)
    return register // 64, register % 64, 4 * place + entry


def _control_madc(program: Program, *, wake_up: int = 0, start: int = 0, stop: int = 0) -> None:
    word = MADC_CONTROL.encode(
        {
            "wake_up": wake_up,
            "start": start,
            "stop": stop,
            "power_down_after": 0,
            "continuous": 1,
            "pre_amp": int(not stop),
            "iconv_amp": 0,
        }
    )
    program.write(memory_map.MADC_CONTROL, word)


def _record_events(program: Program, enable: bool) -> None:
    word = EVENT_RECORDING_CONFIG.encode({"enable_event_recording": int(enable)})
    program.write(memory_map.EVENT_RECORDING_CONFIG, word)


def observe(built: Built, trace: Trace) -> Observation:
    """Times relative to experiment time 0; RuntimeError if the trace is not that of a whole run."""
    if trace.timeouts.size:
        raise RuntimeError(
            f"the chip timed out at instruction {int(trace.timeouts[0])} of the program; "
            "the run has no valid result"
        )
    if trace.ticks.size < 2 or not trace.halted:
        raise RuntimeError(
            f"the run returned {trace.ticks.size} of 2 time marks and "
            f"{'its' if trace.halted else 'no'} end; the connection lost part of it"
        )
    begin = int(trace.ticks[0]) + _BEGIN_TIMER - 1
    runtime = built.run.runtime
    spikes = _within(trace.spike_time, begin, begin + runtime)
    samples = _within(trace.madc_time, begin, begin + runtime)
    return Observation(
        trace.spike_time[spikes] - begin,
        trace.spike_label[spikes],
        trace.madc_time[samples] - begin,
        trace.madc_value[samples],
        trace.madc_channel[samples],
        tuple(_observed_cadc(built, k, trace) for k in range(len(built.cadc))),
        _observed_reads(built, trace),
    )


def _observed_reads(built: Built, trace: Trace) -> dict[str, Any]:
    """What the user asked for by section; gives tickets of the user's programs their answers."""
    run = built.run
    if run.injected is not None:
        for section, shift in built.shifts.items():
            run.injected.redeem(section, trace, shift)
    reads: dict[str, Any] = {}
    if built.planned is not None and built.timetable is not None:
        reads["inside_realtime"] = built.planned.redeem(trace, built.timetable)
    for section, tickets in built.tickets.items():
        reads[section] = None if run.asked is None else run.asked.decode(tickets, trace)
    return reads


def _observed_cadc(built: Built, number: int, trace: Trace) -> Samples | None:
    """Readings of a stage, without those that were taken before their conversion was over.

    That happens where other words hold both reads up, so that they follow each other.
    """
    sampling = built.cadc[number]
    if sampling is None or built.timetable is None:
        return None
    half, _, place = _cadc_registers(built.run.stages[number].readout)
    asked = built.timetable.executed_at(sampling.trigger)
    waited = built.timetable.executed_at(sampling.latched) - asked
    done = waited >= CADC_CONVERSION_CYCLES
    if not done.all():
        _log.warning(
            "%d of %d samples of the columns' ADC are left out, because other words (events, or "
            "those of a new configuration) delayed them in the snippet that begins at %.3f ms",
            np.count_nonzero(~done),
            done.size,
            built.run.stages[number].start / CYCLES_PER_MS,
        )
    first = built.timetable.positions(sampling.latched)[done]
    words = trace.reads[first[:, None] + np.arange(half.size)]
    shifts = np.array([24, 16, 8, 0], dtype=np.uint32)
    entries = (words[:, :, None] >> shifts & np.uint32(0xFF)).reshape(first.size, -1)
    return Samples(asked[done] - _BEGIN_TIMER, entries[:, place].astype(np.int16) - CADC_ZERO)


def _within(time: Ints, begin: int, end: int) -> slice | Ints:
    """Which items lie in begin <= t < end, by time: a slice, which copies nothing, or indices.

    Events of different links may arrive in another order than they happened.
    """
    if np.all(time[1:] >= time[:-1]):
        return slice(*np.searchsorted(time, [begin, end]).tolist())
    order = np.argsort(time, kind="stable")
    first, last = np.searchsorted(time[order], [begin, end])
    return order[first:last]
