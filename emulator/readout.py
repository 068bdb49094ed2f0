"""The readout chain: which neurons the MADC sees, and when it takes samples."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.layout import IntArray

from . import parameters as p
from .analog import Piece
from .circuits import Circuits
from .errors import EmulatorError
from .kernels import madc as kernel
from .memory import Memory
from .physics.synaptic_input import decay_exact
from .random import normal

_log = logging.getLogger("emulator")

Ints = npt.NDArray[np.int64]

_NEURON_LINES = ("neuron_top_even", "neuron_top_odd", "neuron_bottom_even", "neuron_bottom_odd")
"""Line of hemisphere r and column parity c: index 2 r + c."""
_OTHER_SOURCES = (
    "debug_plus", "debug_minus", "current_dac", "synin_debug_inhibitory", "synin_debug_excitatory",
    "cadc_debug_causal", "cadc_debug_acausal", "stp_readout_top", "stp_readout_bottom",
)  # fmt: skip
_ADAPTATION = 3
_PHASE_PURPOSE = 5


@dataclass(frozen=True)
class MadcState:
    """The converter between two moments; times are cycles since power-on.

    awake_since  cycle of the wake-up, -1 while asleep
    start        cycle of the start of sampling, -1 while idle
    period       between samples [2 ns]
    limit        number of samples to take, -1 for no limit
    taken, slow  samples so far, and the correlated noise [sigma]
    """

    awake_since: int = -1
    start: int = -1
    period: int = 17
    limit: int = -1
    taken: int = 0
    slow: float = 0.0

    @property
    def sampling(self) -> bool:
        """Whether samples are being taken."""
        return self.start >= 0


class Samples(NamedTuple):
    """MADC samples: chip tick (4 ns) and 10-bit code, (sample,) each."""

    tick: Ints
    code: Ints


def control(
    state: MadcState, bits: dict[str, IntArray], memory: Memory, cycle: int, key: int
) -> MadcState:
    """The converter after a write to its control register at `cycle`."""
    if bits["wake_up"] and state.awake_since < 0:
        state = replace(state, awake_since=cycle)
    if bits["stop"]:
        state = replace(state, start=-1)
        if bits["power_down_after"]:
            state = replace(state, awake_since=-1)
    if not bits["start"] or state.sampling:
        return state
    if not bits["pre_amp"] or not 0 <= state.awake_since <= cycle - p.MADC_POWER_UP_CYCLES:
        _log.warning(
            "MADC started at cycle %d takes no samples: it needs pre_amp, and wake_up at least %d "
            "cycles before (woken at %d)",
            cycle, p.MADC_POWER_UP_CYCLES, state.awake_since,
        )  # fmt: skip
        return state
    return _started(state, bits, memory.block("madc"), cycle, key)


def _started(
    state: MadcState, bits: dict[str, IntArray], config: dict[str, IntArray], cycle: int, key: int
) -> MadcState:
    length = int(config["active_mux_input_select_length"])
    if length:
        raise EmulatorError(
            f"MADC: active_mux_input_select_length = {length} "
            "alternates between two inputs, which is not emulated yet; use 0 (one input)"
        )
    period = 12 + int(config["sample_duration_adjust"])
    if config["enable_madc_clock_scaling"]:
        period *= 2 * (int(config["madc_clock_scale_value"]) + 1)
    place = cycle & 0xFFFFFFFF
    return replace(
        state,
        start=cycle,
        period=period,
        limit=-1 if bits["continuous"] else int(config["number_of_samples"]),
        taken=0,
        slow=float(normal(np.uint64(key), _PHASE_PURPOSE, place, 0)),
    )


def readers(memory: Memory, circuits: Circuits) -> Ints:
    """AtomicNeurons that drive the line which the MADC's active multiplexer selects."""
    config = memory.block("madc")
    path = ("signal_selection_connect_active_mux", "signal_selection_connect_preamp",
            "connect_preamp_to_madc", "enable_active_mux_amplifiers")  # fmt: skip
    if not all(config[name] for name in path):
        return np.empty(0, np.int64)
    mux = int(config["active_mux_initially_selected_input"])
    selection = {name: int(v[mux]) for name, v in memory.block("readout_source").items()}
    for name in _OTHER_SOURCES:
        if selection[name]:
            raise EmulatorError(
                f"readout multiplexer {mux}: source {name} is not emulated yet; select neuron lines"
            )
    n = np.arange(circuits.readable.size)
    line = 2 * (n // 256) + n % 2
    selected = np.array([selection[name] for name in _NEURON_LINES]) != 0
    chosen = n[circuits.readable & selected[line]]
    adaptation = chosen[circuits.readout_source[chosen] == _ADAPTATION]
    if adaptation.size:
        raise EmulatorError(
            f"neuron {int(adaptation[0])}: readout_source 3 (adaptation) is not emulated yet; "
            "use 0 membrane, 1 excitatory or 2 inhibitory input"
        )
    return chosen


def sample(
    state: MadcState, piece: Piece, step_cycles: int, scale: tuple[float, float], key: int, end: int
) -> tuple[MadcState, Samples]:
    """Take the samples that fall into an integrated piece, and before cycle `end`."""
    half = p.HALF_CLOCKS_PER_CYCLE
    steps = piece.trace.size - 1
    stop = min((piece.first_step + steps) * step_cycles, end) * half
    if state.limit >= 0:
        stop = min(stop, state.start * half + state.limit * state.period)
    room = max((stop - state.start * half) // state.period + 2 - state.taken, 0)
    tick, code = np.empty(room, np.int64), np.empty(room, np.int64)
    lsb, zero = scale
    taken, slow = kernel.sample(
        piece.trace,
        piece.first_step * step_cycles * half,
        step_cycles * half,
        state.start * half,
        state.period,
        state.taken,
        stop,
        state.start & 0xFFFFFFFF,
        state.slow,
        lsb,
        zero,
        decay_exact(state.period * 2e-9 / p.MADC_SLOW_TAU_S),
        np.uint64(key),
        tick,
        code,
    )
    n = int(taken) - state.taken
    return replace(state, taken=int(taken), slow=float(slow)), Samples(tick[:n], code[:n])
