"""The columns' ADCs: a triggering read converts all channels of a half, others show the latch.

Sources: ``docs/reference/words.md`` (CADC, synapse array); calix common/cadc.py; physics in
:mod:`emulator.physics.cadc`, wires in :mod:`emulator.readout_network`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from firmware_protocol.catalogue import CONTAINERS

from . import biases
from .device import Bools, Context, Ints
from .kernels.converters import row_noise
from .mismatch import Mismatch
from .numbers.readout import NUMBERS, SIGMAS
from .physics import cadc as physics
from .readout_network import Levels, Network

Array = npt.NDArray[np.float64]
Codes = npt.NDArray[np.uint8]

N_HALVES, N_KINDS, N_COLUMNS = 2, 2, 256
_N_QUADS, _N_ENTRIES = 64, 4
_NOISE_LSB = NUMBERS["cadc_noise"].value
_RAMP_COUNTS = int(NUMBERS["cadc_ramp_counts"].value)
_PPU_CLOCKS = int(NUMBERS["ppu_clocks_per_cycle"].value)

_BASE = int(CONTAINERS["CADCSampleQuad"].all_addresses()[0, 0, 0, 0, 0, 0])
_HALF_BIT, _BUFFERED_BIT, _KIND_BIT = 0x01000000, 0x200000, 0x40000
_ROW_BITS, _QUAD_BITS, _ROW_LSB = 0x3FC0, 0x3F, 6
_VARIABLE_BITS = _HALF_BIT | _BUFFERED_BIT | _KIND_BIT | _ROW_BITS | _QUAD_BITS

_NEVER = np.full((N_KINDS, N_COLUMNS), np.inf)
_SIDE = np.arange(N_COLUMNS) // 128


class Sensors(Protocol):
    """Correlation sensors; :class:`emulator.correlation.Correlation` is one."""

    def read(self, half: int, row: int, cycle: int) -> Array:
        """What a row's sensors give at the CADC's inputs (2, 256) [V], causal ones first."""

    def disturbance(self, half: int, row: int, cycle: int) -> Array:
        """What they add (2, 256) [V] to neurons that are read through their columns."""


class _Pattern(NamedTuple):
    """The fixed pattern of one chip."""

    start: Array  # V, (4,) by quadrant, on top of where the ramp nominally starts
    gain: Array  # (half, kind, column)
    offset: Array  # LSB, (half, kind, column)


class Cadc:
    """Both CADCs of one chip: a `Device` for their sample registers.

    samples     (half, causal or acausal, column) uint8: the latched results
    busy_until  by half, the cycle at which its last conversion is over and can be read
    """

    def __init__(
        self,
        mismatch: Mismatch,
        network: Network,
        *,
        run_seed: int,
        sensors: Sensors | None = None,
    ) -> None:
        self._network, self._effects, self._sensors = network, network.effects, sensors
        self._key = np.uint64(run_seed)
        self._remarks = biases.Remarks(biases.CADC_NEEDS, self._effects)
        self._working: tuple[Levels, Bools] | None = None
        scale = 1.0 if self._effects.mismatch else 0.0
        channels = (N_HALVES, N_KINDS, N_COLUMNS)
        self._pattern = _Pattern(
            scale * SIGMAS["cadc.ramp_start"].value * mismatch.draw("cadc.ramp_start", (4,)),
            1 + scale * SIGMAS["cadc.gain"].value * mismatch.draw("cadc.gain", channels),
            scale * SIGMAS["cadc.offset"].value * mismatch.draw("cadc.offset", channels),
        )
        self.reset()

    # --- registers --------------------------------------------------------------------------------

    def reset(self) -> None:
        """Nothing has been converted."""
        self.samples: Codes = np.zeros((N_HALVES, N_KINDS, N_COLUMNS), np.uint8)
        self.busy_until = [0] * N_HALVES
        self._told: set[str] = set()

    def claims(self, address: Ints) -> Bools:
        """The sample registers of both halves, triggering and buffered."""
        claimed: Bools = (address & ~_VARIABLE_BITS) == _BASE
        return claimed

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """Four samples; unless it is a buffered read, after converting the addressed row."""
        half = int(address & _HALF_BIT != 0)
        if not address & _BUFFERED_BIT:
            self.convert(half, (address & _ROW_BITS) >> _ROW_LSB, cycle, context)
        return _word(self.samples[half, int(address & _KIND_BIT != 0)], address & _QUAD_BITS)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Samples cannot be written."""
        self._tell("sample registers are read-only; a write is ignored", cycle, context)

    # --- conversion -------------------------------------------------------------------------------

    changes_with_time = True

    def ready(self, address: int) -> int:
        """The answer to a triggering read leaves when the conversion is over."""
        return self.busy_until[int(address & _HALF_BIT != 0)]

    def latched(self, address: int) -> bool:
        """Buffered reads convert nothing."""
        return bool(address & _BUFFERED_BIT)

    def conversion_cycles(self, half: int) -> int:
        """How long a conversion takes until its results can be read."""
        memory = self._network.memory
        config, common = memory.block("cadc"), memory.block("correlation")
        waits = int(common["sense_delay"][half]) + int(config["reset_wait"][half])
        clocks = waits + _RAMP_COUNTS + int(config["dead_time"][half])
        return -(-clocks // _PPU_CLOCKS)

    def convert(self, half: int, row: int, cycle: int, context: Context) -> Codes:
        """Convert all channels of a half with the sensors of one row; returns and latches (2, 256).

        A conversion that is asked for while another runs waits for it; both see the voltages of
        their trigger.
        """
        begin = max(cycle, self.busy_until[half])
        self.busy_until[half] = begin + self.conversion_cycles(half)
        memory = self._network.memory
        why = ""
        if not memory.block("cadc")["enable"][half]:
            why = "is not enabled; its samples are 0"
        elif memory.block("correlation")["reset_mode"][half]:
            why = "cannot read while correlation resets are auto-calibrating; its samples are 0"
        if why:
            self._tell(f"half {half} {why}", cycle, context)
            codes = np.zeros((N_KINDS, N_COLUMNS), np.uint8)
        else:
            levels = self._network.levels(cycle)
            self._remarks.note(levels, memory, cycle, context.log)
            volts = self._inputs(half, row, levels, cycle, context)
            codes = self._codes(half, volts, levels, cycle)
        self.samples[half] = codes
        return codes

    def _inputs(self, half: int, row: int, levels: Levels, cycle: int, context: Context) -> Array:
        """Voltages (2, 256) [V] at the channels, with what disturbs them."""
        network, sensors = self._network, self._sensors
        seen = None
        if sensors is not None and network.internal(half).any():
            seen = sensors.read(half, row, cycle)
        if network.cadc_sees_neurons(half, levels):
            amplifiers = context.voltages()
        else:
            amplifiers = np.zeros(N_HALVES * N_COLUMNS)  # and nobody needs to integrate them
        volts = network.cadc_inputs(half, amplifiers, seen, levels, cycle)
        on_neurons = network.neurons_on_cadc(half)
        if sensors is not None and self._effects.correlation_disturbs_cadc and on_neurons.any():
            volts = volts + np.where(on_neurons, sensors.disturbance(half, row, cycle), 0.0)
        return volts

    def _codes(self, half: int, volts: Array, levels: Levels, cycle: int) -> Codes:
        memory, effects = self._network.memory, self._effects
        start, lsb = self._ramps(half, levels)
        exact = physics.counts(volts, start[_SIDE], lsb[_SIDE], bends=effects.ramp_nonlinearity)
        exact = exact * self._pattern.gain[half] + self._pattern.offset[half]
        exact = exact + memory.block("cadc_channels")["offset"][half]
        if effects.cadc_noise:
            noise = np.empty(N_KINDS * N_COLUMNS)
            row_noise(noise, self._key, half, cycle)
            exact = exact + _NOISE_LSB * noise.reshape(exact.shape)
        if effects.dead_biases:
            exact = np.where(self._ramp_works(half, levels)[_SIDE], exact, _NEVER)
        return physics.clip(exact)

    def _ramps(self, half: int, levels: Levels) -> tuple[Array, Array]:
        """Start and rise per count [V] of a half's two ramps, west first."""
        own = slice(2 * half, 2 * half + 2)
        offset = np.array(levels.quadrants["cadc_v_ramp_offset"][own], np.float64)
        west, east = offset
        common = self._network.memory.block("correlation")
        if common["right_uses_left_offset"][half]:
            offset[1] = west
        if common["left_uses_right_offset"][half]:
            offset[0] = east
        start = physics.ramp_start(offset) + self._pattern.start[own]
        return start, physics.ramp_lsb(np.asarray(levels.quadrants["cadc_i_ramp_slope"][own]))

    def _ramp_works(self, half: int, levels: Levels) -> Bools:
        """Which of a half's ramps (2,) stop their channels' counters."""
        if self._working is None or self._working[0] is not levels:
            blocks = [biases.works(name, levels, self._effects) for name in biases.CADC_NEEDS]
            self._working = levels, np.logical_and.reduce(blocks)
        return self._working[1][2 * half : 2 * half + 2]

    def _tell(self, text: str, cycle: int, context: Context) -> None:
        """Note something once."""
        if text not in self._told:
            self._told.add(text)
            context.log.note(cycle, "CADC", text)


def _word(codes: Codes, quad: int) -> int:
    """The word of four of a row's samples (256,): column = 2 entry + 8 (quad % 32) + quad // 32."""
    side, place = divmod(quad, _N_QUADS // 2)
    first = 2 * _N_ENTRIES * place + side
    return int.from_bytes(codes[first : first + 2 * _N_ENTRIES : 2].tobytes(), "big")
