"""From register fields to the physical parameters of all neuron circuits of one chip.

Applies the curves of :mod:`emulator.parameters` and the chip's mismatch; everything here is
float64 and SI.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_COLUMNS, N_NEURONS, event_output_of_neuron
from firmware_protocol.layout import IntArray

from . import parameters as p
from .memory import Memory
from .mismatch import Mismatch
from .physics.capmem import cell_current

_log = logging.getLogger("emulator")

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SOURCE = 0
"""constant_current_type of a current onto the membrane; 1 sinks it."""

_N = np.arange(N_NEURONS)
_QUADRANT, _BACKEND = _N // 128, _N % N_COLUMNS // 128


class Ota(NamedTuple):
    """Leak or reset OTA of every neuron: target [V], conductance [S], linear range [V]."""

    target: Array
    conductance: Array
    v_lin: Array


class SynapticInput(NamedTuple):
    """One synaptic input of every neuron."""

    i_max: Array  # A, 0 where the input is off
    offset: Array  # V
    tau: Array  # s, infinite where the line floats
    drop: Array  # V per weight unit, without synapse and driver mismatch


@dataclass(frozen=True)
class Circuits:
    """All neuron circuits, arrays (512,)."""

    leak: Ota
    reset: Ota
    capacitance: Array  # F
    exc: SynapticInput
    inh: SynapticInput
    offset_current: Array  # A, positive raises the membrane
    threshold: Array  # V, without noise; infinite where the neuron cannot fire
    digital: Bools  # whether spikes leave as events
    clock: Ints  # chip ticks (4 ns) per tick of the refractory clock
    refractory: Ints  # chip ticks
    hold: Ints  # chip ticks from the release of the reset to the end of the refractory period
    label: Ints  # 11 bits: event output and address
    readable: Bools  # amplifier powered and connected to the collective line
    readout_source: Ints
    enabled: dict[str, Bools]  # circuits that are switched on but not emulated


class CircuitModel:
    """The circuits of one chip: its mismatch applied to whatever its registers say."""

    def __init__(self, mismatch: Mismatch) -> None:
        self._mismatch = mismatch

    def decode(self, memory: Memory) -> Circuits:
        """Parameters of all circuits for the present registers."""
        n, quadrants = memory.neurons(), memory.quadrants()
        shared = {name: values[_QUADRANT] for name, values in quadrants.items()}
        common = {name: v[_BACKEND] for name, v in memory.block("common_backend").items()}
        leak, reset = self._leak(n, shared), self._reset(n, shared)
        forced = common["force_reset"] != 0
        leak = Ota(*(np.where(forced, r, value) for value, r in zip(leak, reset, strict=True)))
        clock, refractory, hold = _refractory(n, common)
        return Circuits(
            leak=leak,
            reset=reset,
            capacitance=p.capacitance(
                n["membrane_capacitance_capacitance"].astype(float),
                self._gain("membrane.capacitance"),
                self._gain("membrane.parasitic"),
            ),
            exc=self._input(n, shared, "excitatory_input"),
            inh=self._input(n, shared, "inhibitory_input"),
            offset_current=self._offset_current(n),
            threshold=np.where(_fires(n, shared, common), self._threshold(n), np.inf),
            digital=(n["event_routing_enable_digital"] != 0)
            & (common["enable_event_registers"] != 0),
            clock=clock,
            refractory=refractory,
            hold=hold,
            label=event_output_of_neuron(_N) << 8 | n["event_routing_address"].astype(np.int64),
            readable=_readable(n, shared),
            readout_source=n["readout_source"].astype(np.int64),
            enabled=_not_emulated(n),
        )

    def madc_scale(self) -> tuple[float, float]:
        """(volts per LSB, code at 0 V) of this chip's MADC."""
        gain = 1 + p.sigma("madc.gain") * self._chip("madc.gain")
        zero = p.MADC_ZERO_V + p.sigma("madc.offset") * self._chip("madc.offset")
        return p.MADC_LSB_V * gain, -zero / (p.MADC_LSB_V * gain)

    def _draw(self, name: str) -> Array:
        return self._mismatch.draw(name, (N_NEURONS,))

    def _gain(self, name: str) -> Array:
        # Three sigma is where production tests stop; it also keeps every gain positive.
        return 1 + p.sigma(name) * np.clip(self._draw(name), -3, 3)

    def _chip(self, name: str) -> float:
        return float(self._mismatch.draw(name, (1,))[0])

    def _chip_gain(self, name: str) -> float:
        return 1 + p.sigma(name) * self._chip(name)

    def _cell(self, name: str, code: IntArray) -> Array:
        """Current of a CapMem cell, in nominal codes."""
        gain = 1 + p.sigma("current_cell.gain") * self._draw(f"{name}.cell_gain")
        offset = p.sigma("current_cell.offset") * self._draw(f"{name}.cell_offset")
        return cell_current(code.astype(float), gain, offset)

    def _leak(self, n: dict[str, IntArray], shared: dict[str, IntArray]) -> Ota:
        spread = p.sigma("leak.v") * self._draw("leak.v") + p.sigma("chip.leak_v") * self._chip(
            "chip.leak_v"
        )
        target = p.leak_potential(n["leak_v_leak"].astype(float)) + spread
        return self._ota(n, shared, "leak", target)

    def _reset(self, n: dict[str, IntArray], shared: dict[str, IntArray]) -> Ota:
        spread = p.sigma("reset.v") * self._draw("reset.v") + p.sigma("chip.reset_v") * self._chip(
            "chip.reset_v"
        )
        target = p.reset_potential(n["reset_v_reset"].astype(float)) + spread
        ota = self._ota(n, shared, "reset", target)
        return ota._replace(
            conductance=ota.conductance / (1 + ota.conductance * p.reset_resistance())
        )

    def _ota(
        self, n: dict[str, IntArray], shared: dict[str, IntArray], name: str, target: Array
    ) -> Ota:
        divide, multiply, degenerate = (
            n[f"{name}_enable_{flag}"].astype(float)
            for flag in ("division", "multiplication", "degeneration")
        )
        conductance = p.leak_conductance(
            self._cell(name, n[f"{name}_i_bias"]), divide, multiply, degenerate
        )
        # One OTA serves leak and reset, so both see the same transconductance error.
        conductance = conductance * self._gain("leak.gm") * self._chip_gain("chip.gm")
        followers = (shared["neuron_i_bias_leak_source_follower"] > 0) & (
            shared["neuron_v_bias_casc_n"] > 0
        )
        return Ota(np.where(followers, target, 0.0), conductance, p.leak_range(degenerate))

    def _threshold(self, n: dict[str, IntArray]) -> Array:
        chip = p.sigma("chip.threshold_v") * self._chip("chip.threshold_v")
        own = p.sigma("threshold.v") * self._draw("threshold.v")
        return p.threshold_potential(n["threshold_v_threshold"].astype(float)) + own + chip

    def _input(
        self, n: dict[str, IntArray], shared: dict[str, IntArray], name: str
    ) -> SynapticInput:
        small = n[f"{name}_enable_small_capacitance"].astype(float)
        high = n[f"{name}_enable_high_resistance"].astype(float)
        on = (n[f"{name}_enable"] != 0) & (shared["neuron_i_bias_synin_drop"] > 0)
        i_max = p.synaptic_current(self._cell(f"{name}.gm", n[f"{name}_i_bias_gm"]))
        i_max = i_max * self._gain_of(f"{name}.gm", "synin.gm") * self._chip_gain("chip.synin_gm")
        tau = p.line_time_constant(self._cell(f"{name}.tau", n[f"{name}_i_bias_tau"]), small, high)
        tau = tau * self._gain_of(f"{name}.tau", "synin.tau") * self._chip_gain("chip.tau_syn")
        # The mismatch of the shift's current cell is part of the amplifier's offset.
        shift = p.shift_offset(n[f"{name}_i_shift_reference"].astype(float))
        offset = shift + p.sigma("synin.offset") * self._draw(f"{name}.offset")
        dac = 1 + p.sigma("dac_bias.gain") * self._mismatch.draw("dac_bias.gain", (4,))[_QUADRANT]
        drop = p.line_drop(shared["syn_i_bias_dac"].astype(float), small) * dac
        return SynapticInput(np.where(on, i_max, 0.0), offset, tau, drop)

    def _gain_of(self, draw: str, sigma: str) -> Array:
        return 1 + p.sigma(sigma) * np.clip(self._draw(draw), -3, 3)

    def _offset_current(self, n: dict[str, IntArray]) -> Array:
        size = p.offset_current(self._cell("offset_current", n["constant_current_i_offset"]))
        size = size * self._gain("offset_current.gain") * self._chip_gain("chip.offset_current")
        sign = np.where(n["constant_current_type"] == SOURCE, 1.0, -1.0)
        return np.where(n["constant_current_enable"] != 0, sign * size, 0.0)


def _fires(
    n: dict[str, IntArray], shared: dict[str, IntArray], common: dict[str, IntArray]
) -> Bools:
    return (
        (n["threshold_enable"] != 0)
        & (n["event_routing_analog_output"] != 0)
        & (shared["neuron_i_bias_spike_comparator"] > 0)
        & (common["enable_clocks"] != 0)
        & (common["force_reset"] == 0)
    )


def _readable(n: dict[str, IntArray], shared: dict[str, IntArray]) -> Bools:
    return (
        (n["readout_enable_amplifier"] != 0)
        & (n["readout_enable_buffered_access"] != 0)
        & (shared["neuron_i_bias_readout_amp"] > 0)
    )


def _refractory(n: dict[str, IntArray], common: dict[str, IntArray]) -> tuple[Ints, Ints, Ints]:
    """(clock, refractory, hold) in chip ticks.

    Too short a refractory period (below 31 - 2 * holdoff clock ticks) glitches on the chip; here
    the reset simply lasts until its end.
    """
    fast = n["refractory_period_input_clock"] != 0
    scale = np.where(fast, common["clock_scale_fast"], common["clock_scale_slow"]).astype(np.int64)
    clock = np.int64(2) << scale
    count = np.maximum(n["refractory_period_refractory_time"].astype(np.int64), 1)
    hold = p.MAX_REFRACTORY_HOLD_TICKS - 2 * n["refractory_period_reset_holdoff"].astype(np.int64)
    hold = np.where(count > hold, hold, 0)
    return clock, count * clock, hold * clock


_NOT_EMULATED = {
    "adaptation": ("adaptation_enable",),
    "exponential term": ("exponential_enable",),
    "conductance-based synaptic input": (
        "excitatory_input_enable_coba_mode",
        "inhibitory_input_enable_coba_mode",
    ),
    "multi-compartment switch": (
        "multicompartment_connect_soma",
        "multicompartment_connect_soma_right",
        "multicompartment_connect_right",
        "multicompartment_connect_vertical",
        "multicompartment_enable_conductance",
    ),
    "event bypass": (
        "event_routing_enable_bypass_excitatory",
        "event_routing_enable_bypass_inhibitory",
    ),
    "refractory pause": ("refractory_period_enable_pause",),
    "unbuffered readout": ("readout_enable_unbuffered_access",),
    "Bayesian or shared firing": (
        "bayesian_operation",
        "bayesian_connect_fire_vertical",
        "bayesian_connect_fire_to_right",
        "bayesian_connect_fire_from_right",
        "bayesian_enable_master",
        "bayesian_enable_slave",
    ),
}


def _not_emulated(n: dict[str, IntArray]) -> dict[str, Bools]:
    return {
        circuit: np.logical_or.reduce([n[flag] != 0 for flag in flags])
        for circuit, flags in _NOT_EMULATED.items()
    }
