"""A mapped network to the words of a run, and the words that come back to spikes and samples.

Layout of a run: initialisation (first run on a connection), changed configuration words, settling
time after CapMem changes, reset of all neurons if their backends changed, rest while the ADC wakes
up, begin tick, timed events, end tick, all off.  Experiment time 0 is the cycle after the begin
tick, the first one at which an event can leave.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig, Program, SystemConfig, Trace, initialise, memory_map
from firmware_protocol.coordinates import N_NEURONS
from firmware_protocol.instructions import CYCLES_PER_US
from firmware_protocol.registers.fpga import EVENT_RECORDING_CONFIG
from firmware_protocol.registers.readout import MADC_CONTROL

from .mapping.graph import Ints

CYCLES_PER_MS = 1000 * CYCLES_PER_US
CAPMEM_SETTLE_CYCLES = 20 * CYCLES_PER_MS
"""Agreed waiting time after CapMem writes (calix)."""
REST_CYCLES = CYCLES_PER_MS
"""Quiet time before a run: the ADC wakes up, and what an earlier run left on membranes and synaptic
lines decays (time constants are some 10 us), so that a repeated run does not depend on it."""
MADC_START_CYCLES = 10 * CYCLES_PER_US
MARGIN_CYCLES = CYCLES_PER_US
MAX_RUNTIME_CYCLES = (1 << 32) - 4
"""The FPGA's timer has 32 bits: 34 s."""
_ROUNDING_CYCLES = 1e-6
_BEGIN_TIMER = 2
"""Timer value of experiment time 0; the begin tick has 1."""

Image = npt.NDArray[np.uint32]
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
class Run:
    """One run on a chip.

    chip     the configuration, complete
    timer    (event,) int64 experiment time of each external event [cycles], not falling
    label    (event,) int64, 16-bit spike labels
    runtime  [cycles]
    madc     whether the ADC records
    """

    chip: ChipConfig
    timer: Ints
    label: Ints
    runtime: int
    madc: bool


@dataclass(frozen=True)
class Observation:
    """What a run showed, in experiment time [cycles], restricted to 0 <= t < runtime.

    spike_time, spike_label   int64, uint16 (spike,)
    madc_time, madc_value     int64, uint16 [LSB] (sample,)
    """

    spike_time: Ints
    spike_label: npt.NDArray[np.uint16]
    madc_time: Ints
    madc_value: npt.NDArray[np.uint16]


def build(run: Run, present: Image | None) -> tuple[Program, Image]:
    """The program of a run and the register image it leaves behind.

    present  image the chip holds, None if unknown (then it is reset and written completely)
    """
    image = run.chip.image()
    program = Program()
    if present is None:
        initialise(program, _quiet_system())
        changed = np.ones(image.size, dtype=bool)
    else:
        changed = image != present
    program.write(memory_map.ADDRESSES[changed], image[changed])
    program.barrier()
    if any(changed[span].any() for span in _CAPMEM):
        program.wait(CAPMEM_SETTLE_CYCLES)
    if any(changed[span].any() for span in _BACKENDS):
        # Some neurons hang in their reset after their backend was configured.
        program.write(_NEURON_RESETS, np.zeros(_NEURON_RESETS.size, np.uint32))
    if run.madc:
        _control_madc(program, wake_up=1)
    program.wait(REST_CYCLES)
    _record_events(program, True)
    if run.madc:
        _control_madc(program, start=1)
        program.wait(MADC_START_CYCLES)
    _realtime(program, run)
    if run.madc:
        _control_madc(program, stop=1)
    _record_events(program, False)
    program.halt()
    return program, image


@cache
def _quiet_system() -> SystemConfig:
    """The vendor's initialisation, but events are recorded only during experiments."""
    system = SystemConfig()
    system.event_recording.enable_event_recording = 0
    return system


def _realtime(program: Program, run: Run) -> None:
    """Begin tick at timer 1; events of experiment time t leave at timer t + 2."""
    program.setup_timer()
    program.loopback()
    program.events(run.timer + _BEGIN_TIMER, run.label)
    program.wait_until(run.runtime + _BEGIN_TIMER)
    program.loopback()
    program.wait(MARGIN_CYCLES)


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


def observe(trace: Trace, runtime: int) -> Observation:
    """Times relative to experiment time 0; RuntimeError if the trace is not that of a whole run."""
    if trace.timeouts.size:
        raise RuntimeError(
            f"the chip timed out at instruction {int(trace.timeouts[0])} of the program; "
            "the run has no valid result"
        )
    if trace.ticks.size != 2 or not trace.halted:
        raise RuntimeError(
            f"the run returned {trace.ticks.size} of 2 time marks and "
            f"{'its' if trace.halted else 'no'} end; the connection lost part of it"
        )
    begin = int(trace.ticks[0]) + _BEGIN_TIMER - 1
    spikes = _within(trace.spike_time, begin, begin + runtime)
    samples = _within(trace.madc_time, begin, begin + runtime)
    return Observation(
        trace.spike_time[spikes] - begin,
        trace.spike_label[spikes],
        trace.madc_time[samples] - begin,
        trace.madc_value[samples],
    )


def _within(time: Ints, begin: int, end: int) -> slice | npt.NDArray[np.bool_]:
    """Which items lie in begin <= t < end: a slice, which copies nothing, if times do not fall."""
    if np.all(time[1:] >= time[:-1]):
        return slice(*np.searchsorted(time, [begin, end]).tolist())
    return (time >= begin) & (time < end)
