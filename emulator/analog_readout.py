"""The MADC: what it looks at, when it takes samples, and the codes that come out.

A neuron's traces are integrated by somebody else: `wanted` says which, `sample` turns them into
codes.  What cannot be emulated sits at a defined voltage, and the log says so.
Sources: ``docs/reference/words.md`` (MADC, readout); haldls madc.h; docs/explanation/emulator.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.layout import IntArray
from firmware_protocol.memory_map import MADC_CONTROL
from firmware_protocol.registers import readout as registers

from . import biases
from .device import Bools, Context, Ints
from .errors import EmulatorError
from .kernels import converters as kernel
from .mismatch import Mismatch
from .numbers.readout import NUMBERS, SIGMAS
from .physics.synaptic_input import decay_exact
from .random import normals
from .readout_network import FLOATING_V, LEAK_ONSET_V, MEMBRANE, MUXES, Levels, Mixture, Network

Array = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]

HALF_CLOCKS_PER_CYCLE = 4
"""MADC clocks of 2 ns per FPGA cycle of 8 ns."""

_LSB_V, _ZERO_V = NUMBERS["madc_lsb"].value, NUMBERS["madc_zero"].value
_WHITE_LSB, _SLOW_LSB = NUMBERS["madc_white"].value, NUMBERS["madc_slow"].value
_SLOW_TAU_S = NUMBERS["madc_slow_tau"].value
_HALF_CLOCK_S = NUMBERS["madc_half_clock"].value
_CONVERSION_CLOCKS = int(NUMBERS["madc_conversion"].value)
_SETTLING_SAMPLES = int(NUMBERS["madc_settling"].value)
_POWER_UP_CYCLES = round(NUMBERS["madc_power_up"].value / (HALF_CLOCKS_PER_CYCLE * _HALF_CLOCK_S))
_LOSS = round(NUMBERS["madc_loss"].value * 2**32)

_PHASE_PURPOSE = 12
_LOW_WORD = 0xFFFFFFFF
_PLACE = "MADC"
_DEFAULT_GAIN_CAPACITOR = registers.MADC_CONFIG.by_name["preamp_gain_capacitor_size"].default

# Settings that the emulation does not follow: field, value that it assumes, what it does instead.
_ASSUMED = (
    ("enable_dummy_data", 0, "dummy data is not emulated; samples show the input"),
    ("enable_calibration", 0, "its self-calibration is not emulated"),
    (
        "preamp_gain_capacitor_size",
        _DEFAULT_GAIN_CAPACITOR,
        "the preamplifier's gain stays nominal",
    ),
    (
        "signal_selection_connect_current_meter",
        0,
        "the current meter is not emulated; it gives 0 V",
    ),
    ("connect_preamp_to_pads", 0, "the preamplifier does not reach the pads"),
)


@dataclass(frozen=True)
class MadcState:
    """The converter between two moments; times are cycles since power-on.

    awake_since  cycle of the wake-up, -1 while asleep
    start        cycle of the start of sampling, -1 while idle
    period       between samples [2 ns]
    limit        number of samples to take, -1 for no limit
    first_input, length  multiplexer of the first samples, and samples before it takes the other one
    taken, slow  samples so far (with lost ones), and the correlated noise [LSB]
    sleeps       whether it powers down after its last sample
    """

    awake_since: int = -1
    start: int = -1
    period: int = 17
    limit: int = -1
    first_input: int = 0
    length: int = 0
    taken: int = 0
    slow: float = 0.0
    sleeps: bool = False

    @property
    def sampling(self) -> bool:
        """Whether samples are being taken."""
        return self.start >= 0


class Samples(NamedTuple):
    """MADC samples: chip tick (4 ns), and 10-bit value with the channel in bit 10, (sample,)."""

    tick: Ints
    code: Ints


class Sources(NamedTuple):
    """What the two multiplexers see: constant + weight @ traces + leak @ excess of traces.

    neuron, quantity  (pair,) traces to be integrated: AtomicNeuron; 0 membrane, 1 excitatory,
                      2 inhibitory line, 3 adaptation
    driver            (driver,) synapse drivers, 128 * half + d, whose STP voltages are to be traced
    weight, leak      (2, pair + driver), by multiplexer
    constant          (2,) [V]
    """

    neuron: Ints
    quantity: Ints
    driver: Ints
    weight: Array
    leak: Array
    constant: Array


class Madc:
    """The membrane ADC of one chip: a `Device` for its control register."""

    def __init__(self, mismatch: Mismatch, network: Network, *, run_seed: int) -> None:
        self._network, self._effects = network, network.effects
        self._key = np.uint64(run_seed)
        self._remarks = biases.Remarks(biases.MADC_NEEDS, self._effects)
        spread = {
            name: SIGMAS[name].value * float(mismatch.draw(name, (1,))[0])
            for name in ("madc.gain", "madc.offset")
        }
        if not self._effects.mismatch:
            spread = dict.fromkeys(spread, 0.0)
        self.lsb = _LSB_V * (1 + spread["madc.gain"])
        self.code_at_zero = -(_ZERO_V + spread["madc.offset"]) / self.lsb
        self.state = MadcState()

    @property
    def sampling(self) -> bool:
        """Whether samples are being taken, so that traces are needed."""
        return self.state.sampling

    # --- control register -------------------------------------------------------------------------

    def claims(self, address: Ints) -> Bools:
        """The control register; the configuration is plain memory."""
        claimed: Bools = address == MADC_CONTROL
        return claimed

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Wake up, start or stop."""
        bits = registers.MADC_CONTROL.decode(np.array([value], np.uint32))
        state = self.state
        if bits["wake_up"] and state.awake_since < 0:
            state = replace(state, awake_since=cycle)
        if bits["stop"]:
            state = replace(state, start=-1)
            if bits["power_down_after"]:
                state = replace(state, awake_since=-1)
        if bits["start"] and not state.sampling:
            state = self._started(state, bits, cycle, context)
        self.state = state

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """The register gives back what was written."""
        return None

    def reset(self) -> None:
        """Asleep."""
        self.state = MadcState()

    def _started(
        self, state: MadcState, bits: dict[str, IntArray], cycle: int, context: Context
    ) -> MadcState:
        if not bits["pre_amp"] or not 0 <= state.awake_since <= cycle - _POWER_UP_CYCLES:
            context.log.note(
                cycle,
                _PLACE,
                f"takes no samples: it needs pre_amp, and wake_up at least {_POWER_UP_CYCLES} "
                f"cycles before the start (woken at {state.awake_since})",
            )
            return state
        config = context.memory.block("madc")
        remarks = [text for field, value, text in _ASSUMED if config[field] != value]
        for text in remarks + self._network.remarks():
            context.log.note(cycle, _PLACE, text)
        self._remarks.note(self._network.levels(cycle), context.memory, cycle, context.log)
        period = _CONVERSION_CLOCKS + int(config["sample_duration_adjust"])
        if config["enable_madc_clock_scaling"]:
            period *= 2 * (int(config["madc_clock_scale_value"]) + 1)
        unit = float(normals(int(self._key), _PHASE_PURPOSE, cycle & _LOW_WORD, 1)[0])
        limit = -1 if bits["continuous"] else int(config["number_of_samples"])
        if limit == 0:
            context.log.note(cycle, _PLACE, "takes no samples: number_of_samples is 0")
            return state
        return replace(
            state,
            start=cycle,
            period=period,
            limit=limit,
            first_input=int(config["active_mux_initially_selected_input"]),
            length=int(config["active_mux_input_select_length"]),
            taken=0,
            slow=unit * _SLOW_LSB if self._effects.madc_noise else 0.0,
            sleeps=bool(bits["power_down_after"]),
        )

    # --- signals ----------------------------------------------------------------------------------

    def wanted(self, cycle: int) -> Sources:
        """Which traces the present run needs, and what it makes of them."""
        levels = self._network.levels(cycle)
        inputs = [self._input(mux, levels) for mux in range(2)]
        pairs: dict[tuple[int, int], int] = {}
        for mixture in inputs:
            for neuron, quantity, leak in zip(
                mixture.neuron.tolist(), mixture.quantity.tolist(), mixture.leak, strict=True
            ):
                pairs.setdefault((neuron, quantity), len(pairs))
                if leak:
                    pairs.setdefault((neuron, MEMBRANE), len(pairs))
        driver = np.unique(np.concatenate([mixture.driver for mixture in inputs]))
        weight, leaks = np.zeros((2, 2, len(pairs) + driver.size))
        for mux, mixture in enumerate(inputs):
            at = len(pairs) + np.searchsorted(driver, mixture.driver)
            weight[mux, at] = mixture.driver_weight
            for neuron, quantity, share, leak in zip(
                *(column.tolist() for column in mixture[1:5]), strict=True
            ):
                weight[mux, pairs[neuron, quantity]] += share
                if leak:
                    leaks[mux, pairs[neuron, MEMBRANE]] += leak
        return Sources(
            np.array([neuron for neuron, _ in pairs], np.int64),
            np.array([quantity for _, quantity in pairs], np.int64),
            driver,
            weight,
            leaks,
            np.array([mixture.constant for mixture in inputs]),
        )

    def _input(self, mux: int, levels: Levels) -> Mixture:
        """What the converter sees while a multiplexer is selected."""
        nothing = np.empty(0, np.int64)
        none = np.empty(0)
        grounded = Mixture(FLOATING_V, nothing, nothing, none, none, nothing, none)
        if self.state.length == 0 and mux != self.state.first_input:
            return grounded
        config = self._network.memory.block("madc")
        nodes: tuple[str, ...] = ()
        if config["signal_selection_connect_preamp"] and config["connect_preamp_to_madc"]:
            if config["signal_selection_connect_active_mux"]:
                nodes += (MUXES[mux],) if config["enable_active_mux_amplifiers"] else ()
            if config["signal_selection_connect_debug"]:
                nodes += ("debug_plus",)
        if config["connect_pads_to_madc"]:
            nodes += ("pad_0",)
        if not nodes or self._dead(levels):
            return grounded
        return self._network.mixture(nodes, levels)

    def _dead(self, levels: Levels) -> bool:
        """Whether a block that every path needs is off."""
        return not all(biases.works(name, levels, self._effects) for name in biases.MADC_NEEDS)

    # --- samples ----------------------------------------------------------------------------------

    def sample(
        self, sources: Sources, traces: F32, first_step: int, step_cycles: int, end: int
    ) -> Samples:
        """Take the samples that fall into an integrated piece of time, and before cycle `end`.

        traces  (pair + driver, step + 1) float32 [V] of what is in `sources`, at first_step, ... ;
                without any an empty array still says how many steps there are
        """
        n_sources = sources.neuron.size + sources.driver.size
        if traces.shape[0] != n_sources:
            raise EmulatorError(
                f"MADC: {traces.shape[0]} traces for {n_sources} sources; integrate what "
                "Madc.wanted asks for"
            )
        state, step = self.state, step_cycles * HALF_CLOCKS_PER_CYCLE
        if not state.sampling:
            return Samples(np.empty(0, np.int64), np.empty(0, np.int64))
        begin = state.start * HALF_CLOCKS_PER_CYCLE
        trace_start = first_step * step
        trace_end = trace_start + (traces.shape[1] - 1) * step
        stop = min(trace_end, end * HALF_CLOCKS_PER_CYCLE)
        # Time that nobody integrated gives no samples.
        first = max(-(-(trace_start - begin) // state.period), state.taken)
        last = max(-(-(stop - begin) // state.period), first)
        if state.limit >= 0:
            first, last = min(first, state.limit), min(last, state.limit)
        tick, code = np.empty(last - first, np.int64), np.empty(last - first, np.int64)
        signals = np.empty((2, traces.shape[1]), np.float32)
        kernel.mix(traces, sources.weight, sources.leak, LEAK_ONSET_V, sources.constant, signals)
        place = state.start & _LOW_WORD
        run = kernel.Run(begin, state.period, place, state.first_input, state.length)
        shift = step.bit_length() - 1  # a step is a power of two of half clocks
        written, slow = kernel.sample(
            signals, trace_start, shift, run, self._converter(state.period), self._key, first,
            last - first, state.slow, tick, code, kernel.new_scratch(),
        )  # fmt: skip
        self.state = replace(state, taken=last, slow=float(slow))
        if last == state.limit:
            asleep = -1 if state.sleeps else state.awake_since
            self.state = replace(self.state, start=-1, awake_since=asleep)
        return Samples(tick[:written], code[:written])

    def _converter(self, period: int) -> kernel.Converter:
        """Constants of the sampling loop at a sampling period [2 ns]."""
        effects = self._effects
        retain = float(decay_exact(period * _HALF_CLOCK_S / _SLOW_TAU_S))
        noisy = 1.0 if effects.madc_noise else 0.0
        return kernel.Converter(
            per_lsb=1 / self.lsb,
            zero=self.code_at_zero,
            white=noisy * _WHITE_LSB,
            retain=retain,
            kick=noisy * _SLOW_LSB * float(np.sqrt(1 - retain * retain)),
            settling=_SETTLING_SAMPLES if effects.madc_settling else 0,
            loss=_LOSS if effects.madc_loss else 0,
        )
