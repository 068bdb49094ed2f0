"""The 256 synapse drivers: from their registers and CapMem cells to pulses.

Driver d of a half takes its analog parameters from CapMem block 2 * half + d % 2.  A
driver without short-term plasticity sends full pulses.  What the ramp current does: the pulse
starts when a ramp of that slope passes the STP voltage, so larger currents lengthen all pulses.
Charge sharing and renewing are broken on the chip; their bits do nothing here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from firmware_protocol.layout import IntArray

from . import biases
from .kernels.arrivals import (
    CIRCUIT,
    DRIVERS_PER_BUS,
    HAGEN,
    N_BUSES,
    N_DRIVERS,
    PLAIN,
    PLASTIC,
    Drivers,
    Records,
    follow_drivers,
    recover,
)
from .memory import Memory
from .mismatch import Mismatch
from .numbers.synapses import NUMBERS, SIGMAS

if TYPE_CHECKING:
    from .effects import Effects

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

DRIVER_BLOCKS = ("synapse_drivers", "stp")
"""Registers that `SynapseDrivers.decode` looks at, next to the CapMem levels."""

_CYCLE_S = 8e-9
_SHAPE = (2, N_DRIVERS // 2)
_HALF, _D = np.divmod(np.arange(N_DRIVERS), N_DRIVERS // 2)
_BLOCK = 2 * _HALF + _D % 2
_NEEDED = ("stp_comparator", "stp_ramp")
"""What pulses need, by its name in `emulator.biases`."""
_WHOLE_ADDRESS, _MOST_SIGNIFICANT = 63, 32


class Levels(Protocol):
    """What CapMem cells give, in effective codes [LSB]."""

    @property
    def quadrants(self) -> dict[str, Array]:
        """(4,) each."""

    @property
    def globals(self) -> dict[str, float]:
        """Cells that exist once."""


def _number(name: str) -> float:
    return NUMBERS[name].value


def stp_voltage(code: Array) -> Array:
    """Voltage [V] of a v_charge or v_recover cell."""
    return code * _number("stp_voltage_lsb") + _number("stp_voltage_zero")


def recovery_rate(recovery: Array, clock_speed: Ints) -> Array:
    """1 / tau_rec [1/s]: both codes make tau_rec larger, the clock's by factors of two."""
    clock = _number("stp_clock") / np.left_shift(2, clock_speed)
    return clock / (_number("stp_recovery") * (recovery + 1))


def pulse_width(i_ramp: Array, i_calib: Array, offset: Array) -> tuple[Array, Array]:
    """Relative width at 0 V, and how much of it a volt of STP voltage takes [1/V].

    i_ramp, i_calib  effective codes [LSB]; without a ramp there is no pulse
    offset           0..15: i_calib * offset / 16 is taken from the ramp in its first 2 ns
    """
    running = i_ramp > 0
    ramp = np.where(running, i_ramp, 1.0)
    sunk = np.clip(i_calib * offset / _number("stp_offset_codes"), 0.0, ramp)
    delay = _number("stp_calibration_phase") * sunk / ramp
    start = (_number("stp_ramp_end") - delay) / _number("pulse")
    per_volt = 1 / (_number("stp_ramp") * ramp * _number("pulse"))
    return np.where(running, start, 0.0), np.where(running, per_volt, 0.0)


def hagen_voltage(offset: Array, bias: Array) -> tuple[Array, Array]:
    """Output of the hagen DAC: (V at address 0, V per address), from two codes [LSB]."""
    scale = bias / _number("hagen_dac_bias")
    zero = _number("hagen_offset") * (offset - _number("hagen_offset_centre"))
    return zero * scale, _number("hagen_dac") * scale


class SynapseDrivers:
    """The drivers of one chip: their mismatch, their STP voltages, their present parameters."""

    def __init__(self, mismatch: Mismatch, effects: Effects) -> None:
        self._effects = effects
        self.gain = 1 + self._spread(mismatch, "driver.gain")
        """(2, 128) pulse amplitude"""
        self._offset = self._spread(mismatch, "driver.stp_offset").reshape(-1)
        self._ramp = 1 + self._spread(mismatch, "driver.stp_ramp").reshape(-1)
        self._circuits = np.zeros(N_DRIVERS, CIRCUIT)
        self._of: tuple[Memory, object, Levels] | None = None  # what is decoded

    def _spread(self, mismatch: Mismatch, name: str) -> Array:
        if not self._effects.mismatch:
            return np.zeros(_SHAPE)
        return SIGMAS[name].value * mismatch.draw(name, _SHAPE)

    def reset(self) -> None:
        """Discharge all STP capacitors, as after power-on."""
        self._circuits[:] = np.zeros(1, CIRCUIT)
        self._of = None

    def voltages(self, cycle: int) -> Array:
        """(256,) STP voltages [V] at `cycle`, which no event may precede."""
        then = self._circuits.copy()
        recover(then, np.ones(N_DRIVERS, bool), cycle)
        return np.array(then["v"])

    def circuits(self) -> Records:
        """(256,) CIRCUIT, a copy of what the last events have left."""
        return self._circuits.copy()

    def decode(self, memory: Memory, levels: Levels, cycle: int) -> Drivers:
        """Parameters for the present registers and levels, in force from `cycle` on.

        The array of circuits is the same in all results: with its STP voltages it is the state.
        """
        of, version = self._of, memory.version(DRIVER_BLOCKS)
        if of is None or of[0] is not memory or of[1] != version or of[2] is not levels:
            self._of, self._decoded = (memory, version, levels), self._decode(memory, levels, cycle)
        return self._decoded

    def _decode(self, memory: Memory, levels: Levels, cycle: int) -> Drivers:
        fields = {k: v.reshape(-1) for k, v in memory.block("synapse_drivers").items()}
        common = {k: v[_HALF] for k, v in memory.block("stp").items()}
        analog = {k: v[_BLOCK] for k, v in levels.quadrants.items() if k.startswith("stp_")}
        kind = _kinds(fields)
        second = fields["select_target_voltages"] != 0
        v_charge, v_recover = (
            stp_voltage(np.where(second, analog[f"stp_v_{name}_1"], analog[f"stp_v_{name}_0"]))
            for name in ("charge", "recover")
        )
        start, per_volt = self._pulses(fields, analog, levels)
        dac_zero, dac_step = _hagen(fields, levels)
        self._replace(
            cycle,
            kind=kind,
            forwarded=np.where(
                fields["enable_address_out"] != 0, _WHOLE_ADDRESS, _MOST_SIGNIFICANT
            ),
            v_charge=v_charge,
            v_recover=v_recover,
            utilization=fields["utilization"] / _number("stp_utilization_codes"),
            rate=_rates(fields, common, kind),
            offset=self._offset,
            start=start,
            per_volt=per_volt,
            dac_zero=dac_zero,
            dac_step=dac_step,
        )
        listening = _listening(memory)
        return Drivers(self._circuits, listening, listening & _bits(kind != PLAIN)[:, None])

    def _pulses(
        self, fields: dict[str, IntArray], analog: dict[str, Array], levels: Levels
    ) -> tuple[Array, Array]:
        start, per_volt = pulse_width(
            analog["stp_i_ramp"] * self._ramp,
            analog["stp_i_calib"],
            fields["offset"].astype(float),
        )
        compares = [biases.works(name, levels, self._effects)[_BLOCK] for name in _NEEDED]
        works = np.logical_and.reduce(compares)
        return np.where(works, start, 0.0), np.where(works, per_volt, 0.0)

    def _replace(self, cycle: int, **values: Array | Ints) -> None:
        """Set parameters; capacitors whose recovery changes recover in the old way up to now."""
        old = self._circuits
        stale = (old["rate"] != values["rate"]) | (old["v_recover"] != values["v_recover"])
        recover(old, stale, cycle)
        for name, value in values.items():
            self._circuits[name] = value


class DriverTraces:
    """STP voltages of some drivers in consecutive pieces of time, from now on."""

    def __init__(self, model: SynapseDrivers, driver: Ints, step_cycles: int) -> None:
        self._driver, self._step_cycles = driver, step_cycles
        self._begin = model.circuits() if driver.size else np.zeros(0, CIRCUIT)
        self._tick = self._pulsed = np.empty(0, np.int64)

    def piece(self, tick: Ints, pulsed: Ints, first_step: int, n_points: int) -> F32:
        """(driver, point) voltages [V] at the boundaries of steps from `first_step` on.

        tick, pulsed  (pulse,) what drivers sent since the piece before, and when
        """
        volts = np.empty((self._driver.size, n_points), np.float32)
        if self._driver.size:
            self._tick = np.concatenate([self._tick, tick])
            self._pulsed = np.concatenate([self._pulsed, pulsed])
            follow_drivers(
                self._begin, self._driver, self._tick, self._pulsed,
                first_step, self._step_cycles, volts,
            )  # fmt: skip
        return volts


def _kinds(fields: dict[str, IntArray]) -> Ints:
    """PLAIN, PLASTIC or HAGEN; the last needs four bits to agree."""
    hagen = (
        (fields["enable_hagen_modulation"] != 0)
        & (fields["enable_hagen_dac"] != 0)
        & (fields["enable_address_out"] == 0)
    )
    return np.where(fields["enable_stp"] == 0, PLAIN, np.where(hagen, HAGEN, PLASTIC))


def _rates(fields: dict[str, IntArray], common: dict[str, IntArray], kind: Ints) -> Array:
    """1 / tau_rec [1/cycle]; 0 unless the driver's circuit and its half's clock are on."""
    on = (
        (kind == PLASTIC)
        & (fields["enable_recovery"] != 0)
        & (common["enable_recovery_clock"] != 0)
    )
    speed = common["recovery_clock_speed"].astype(np.int64)
    return np.where(on, recovery_rate(fields["recovery"].astype(float), speed) * _CYCLE_S, 0.0)


def _hagen(fields: dict[str, IntArray], levels: Levels) -> tuple[Array, Array]:
    names = ("hagen_i_bias_dac_top", "hagen_i_bias_dac_bottom")
    bias = np.array([float(levels.globals[name]) for name in names])[_HALF]
    return hagen_voltage(fields["hagen_dac_offset"].astype(float), bias)


def _bits(of_driver: npt.NDArray[np.bool_]) -> Ints:
    """(256,) flags of drivers as one number per bus, (8,), bit k for driver 4 k + bus % 4."""
    by_bus = of_driver.reshape(2, DRIVERS_PER_BUS, 4).transpose(0, 2, 1).reshape(N_BUSES, -1)
    return (by_bus.astype(np.int64) << np.arange(DRIVERS_PER_BUS)).sum(axis=1)


def _listening(memory: Memory) -> Ints:
    """(8 buses, 32 row selects) which drivers of the bus react, bit k for its driver k."""
    fields = memory.block("synapse_drivers")
    mask = fields["row_address_compare_mask"].reshape(-1).astype(np.int64)
    receives = fields["enable_receiver"].reshape(-1) != 0
    position = _D // 4
    return np.stack(
        [
            _bits(receives & ((select & mask) == (position & mask)))
            for select in range(DRIVERS_PER_BUS)
        ],
        axis=1,
    )
