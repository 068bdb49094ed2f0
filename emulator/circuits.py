"""From register fields and stored analog parameters to the physics of all neurons of one chip.

Applies the curves of :mod:`emulator.parameters` and the chip's mismatch; everything here is
float64 and SI.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_COLUMNS, N_NEURONS, event_output_of_neuron
from firmware_protocol.layout import IntArray

from . import parameters as p
from .biases import Alive
from .capmem import Levels
from .effects import Effects
from .memory import Memory
from .mismatch import Mismatch

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Cells = dict[str, Array]
Flags = dict[str, IntArray]

SOURCE = 0
"""constant_current_type of a current onto the membrane; 1 sinks it."""
STRONG = 2
"""event_routing_analog_output of a neuron that fires strongly: weaker events bypass it."""
_WIDE_V = 1000.0
"""Linear range of an amplifier that does not saturate."""

_N = np.arange(N_NEURONS)
QUADRANT, BACKEND = _N // 128, _N % N_COLUMNS // 128


class Ota(NamedTuple):
    """Leak or reset OTA of every neuron: target [V], conductance [S], linear range [V]."""

    target: Array
    conductance: Array
    v_lin: Array


class SynapticInput(NamedTuple):
    """One synaptic input of every neuron."""

    i_max: Array  # A, 0 where the input is off
    v_lin: float  # V
    offset: Array  # V
    tau: Array  # s, infinite where the line floats
    drop: Array  # V per weight unit, without synapse and driver mismatch
    coba: Array  # 1/V, signed: strength is multiplied by max(0, 1 + coba (V - coba_v)); 0 is CUBA
    coba_v: Array  # V
    bypass: Bools  # whether an event fires the neuron directly


class Exponential(NamedTuple):
    """I = current exp((V - v) / delta), at most `largest`."""

    current: Array  # A, 0 where the term is off
    v: Array  # V
    delta: Array  # V
    largest: float  # A


class Adaptation(NamedTuple):
    """C dw/dt = -g_tau w + i_a sat((V - v_leak)/v_lin) + i_b [pulse]; I = i_w sat(w/v_lin)."""

    capacitance: Array  # F
    g_tau: Array  # S
    i_a: Array  # A, signed
    v_leak: Array  # V
    i_b: Array  # A, signed
    pulse_ticks: Ints  # 0 where spikes cause no pulse
    i_w: Array  # A, 0 where the adaptation is off
    v_lin: float  # V
    v_ref: Array  # V, what the readout shows at w = 0


class Backend(NamedTuple):
    """The digital part of every neuron.  Ticks of 4 ns."""

    clock: Ints  # ticks per tick of the refractory clock
    refractory: Ints
    hold: Ints  # ticks from the release of the reset to the end of the refractory period
    fires: Bools  # whether a crossing or a bypassed event reaches the backend
    bypass_drop: Array  # V, line drop of one event that fires a bypassed neuron
    digital: Bools  # whether spikes leave as events
    label: Ints  # 11 bits: event output and address


@dataclass(frozen=True)
class Circuits:
    """All neuron circuits, arrays (512,)."""

    leak: Ota
    reset: Ota
    capacitance: Array  # F
    exc: SynapticInput
    inh: SynapticInput
    offset_current: Array  # A, positive raises the membrane
    exponential: Exponential
    adaptation: Adaptation
    threshold: Array  # V, without noise; infinite where the comparator is off
    paused: Bools  # whether inputs and exponential term rest during the reset
    backend: Backend
    readable: Bools  # amplifier powered
    readout_source: Ints


def holding(c: Circuits, exc: Array, inh: Array) -> Circuits:
    """The same circuits with lines held from outside at these voltages [V], nan: not held.

    Nothing moves a held line: neither its resistor nor an event.
    """
    inputs = [
        i._replace(
            tau=np.where(np.isnan(volts), i.tau, np.inf),
            drop=np.where(np.isnan(volts), i.drop, 0.0),
        )
        for i, volts in ((c.exc, exc), (c.inh, inh))
    ]
    return replace(c, exc=inputs[0], inh=inputs[1])


class CircuitModel:
    """The circuits of one chip: its mismatch applied to whatever its registers say."""

    def __init__(self, mismatch: Mismatch, effects: Effects) -> None:
        self._mismatch, self._effects = mismatch, effects
        self._bends = effects.code_nonlinearity

    def decode(self, memory: Memory, levels: Levels, alive: Alive) -> Circuits:
        """Parameters of all circuits for the present registers and analog parameters."""
        n, cells = memory.neurons(), levels.neurons
        common = {name: v[BACKEND] for name, v in memory.block("common_backend").items()}
        forced = common["force_reset"] != 0
        leak, reset = self._leak(n, cells, alive), self._reset(n, cells, alive)
        leak = Ota(*(np.where(forced, r, v) for v, r in zip(leak, reset, strict=True)))
        dac = self._dac(memory, levels, alive)[QUADRANT]
        threshold, backend = self._comparator(n, cells, common, alive), self._backend(n, common)
        return Circuits(
            leak=leak,
            reset=reset,
            capacitance=self._capacitance(n),
            exc=self._input(n, cells, alive, dac, "excitatory"),
            inh=self._input(n, cells, alive, dac, "inhibitory"),
            offset_current=self._offset_current(n, cells, alive),
            exponential=self._exponential(n, cells, alive),
            adaptation=self._adaptation(n, cells, common, alive),
            threshold=threshold,
            paused=n["refractory_period_enable_pause"] != 0,
            backend=backend,
            readable=(n["readout_enable_amplifier"] != 0) & alive.readout_amplifier[QUADRANT],
            readout_source=n["readout_source"].astype(np.int64),
        )

    # --- mismatch ---------------------------------------------------------------------------------

    def _draw(self, name: str) -> Array:
        if not self._effects.mismatch:
            return np.zeros(N_NEURONS)
        return self._mismatch.draw(name, (N_NEURONS,))

    def _gain(self, sigma: str, draw: str | None = None) -> Array:
        # Three sigma is where production tests stop; it also keeps every gain positive.
        return 1 + p.sigma(sigma) * np.clip(self._draw(draw or sigma), -3, 3)

    def _chip(self, name: str) -> float:
        if not self._effects.mismatch:
            return 0.0
        return p.sigma(name) * float(self._mismatch.draw(name, (1,))[0])

    def _spread(self, name: str, chip: str | None = None) -> Array:
        """Deviation of a potential [V]."""
        return p.sigma(name) * self._draw(name) + (self._chip(chip) if chip else 0.0)

    def _dac(self, memory: Memory, levels: Levels, alive: Alive) -> Array:
        """Bias (4,) of each quadrant's synapse DACs, in effective codes [LSB].

        What is not taken from the internal bias comes from a pad, to which nothing is connected.
        """
        internal = memory.block("synapse_bias")["int_dac_bias"] != 0
        bias = levels.quadrants["syn_i_bias_dac"] * (alive.synapse_dac & internal)
        if not self._effects.mismatch:
            return np.asarray(bias)
        gain = 1 + p.sigma("dac_bias.gain") * self._mismatch.draw("dac_bias.gain", (4,))
        return np.asarray(bias * gain)

    def _works(self, name: str) -> Bools:
        """Which instances of a circuit are not defective."""
        if not self._effects.defects:
            return np.ones(N_NEURONS, bool)
        return np.abs(self._mismatch.draw(f"defect.{name}", (N_NEURONS,))) < p.DEFECT_SIGMAS

    def _range(self, v_lin: float) -> float:
        return v_lin if self._effects.saturation else _WIDE_V

    # --- circuits ---------------------------------------------------------------------------------

    def _capacitance(self, n: Flags) -> Array:
        return p.capacitance(
            n["membrane_capacitance_capacitance"].astype(float),
            self._gain("membrane.capacitance"),
            self._gain("membrane.parasitic") * float(self._effects.parasitic_capacitance),
        )

    def _leak(self, n: Flags, cells: Cells, alive: Alive) -> Ota:
        target = p.leak_potential(cells["leak_v_leak"], bends=self._bends)
        return self._ota(n, cells, alive, "leak", target + self._spread("leak.v", "chip.leak_v"))

    def _reset(self, n: Flags, cells: Cells, alive: Alive) -> Ota:
        spread = self._spread("reset.v", "chip.reset_v")
        target = p.reset_potential(cells["reset_v_reset"], bends=self._bends) + spread
        ota = self._ota(n, cells, alive, "reset", target)
        in_series = 1 + ota.conductance * p.reset_resistance()
        return ota._replace(conductance=ota.conductance / in_series)

    def _ota(self, n: Flags, cells: Cells, alive: Alive, name: str, target: Array) -> Ota:
        divide, multiply, degenerate = (
            n[f"{name}_enable_{flag}"].astype(float)
            for flag in ("division", "multiplication", "degeneration")
        )
        conductance = p.leak_conductance(cells[f"{name}_i_bias"], divide, multiply, degenerate)
        # One OTA serves leak and reset, so both see the same transconductance error.
        conductance = conductance * self._gain("leak.gm") * (1 + self._chip("chip.gm"))
        conductance = np.where(alive.cascode[QUADRANT], conductance, 0.0)
        followed = alive.source_follower[QUADRANT]
        v_lin = p.leak_range(degenerate) if self._effects.saturation else np.full(512, _WIDE_V)
        return Ota(np.where(followed, target, 0.0), conductance, v_lin)

    def _input(self, n: Flags, cells: Cells, alive: Alive, dac: Array, sign: str) -> SynapticInput:
        name = f"{sign}_input"
        small, high = (
            n[f"{name}_enable_{flag}"].astype(float)
            for flag in ("small_capacitance", "high_resistance")
        )
        on = (n[f"{name}_enable"] != 0) & self._works(name)
        on = on & (alive.synaptic_input & alive.cascode)[QUADRANT]
        i_max = p.synaptic_current(cells[f"{name}_i_bias_gm"])
        i_max = i_max * self._gain("synin.gm", f"{name}.gm") * (1 + self._chip("chip.synin_gm"))
        tau = p.line_time_constant(cells[f"{name}_i_bias_tau"], small, high)
        tau = tau * self._gain("synin.tau", f"{name}.tau") * (1 + self._chip("chip.tau_syn"))
        shift = p.shift_offset(cells[f"{name}_i_shift_reference"])
        offset = shift + p.sigma("synin.offset") * self._draw(f"{name}.offset")
        v_lin = self._range(p.SYNIN_V_LIN)
        coba = p.coba_slope(cells[f"{name}_i_bias_coba"])
        coba = coba * self._gain("coba.gain", f"{name}.coba") * (-1 if sign == "excitatory" else 1)
        coba_v = p.leak_potential(cells[f"{name}_v_rev_coba"], bends=self._bends)
        coba_v = coba_v + p.sigma("coba.v") * self._draw(f"{name}.coba_v")
        return SynapticInput(
            i_max=np.where(on, i_max * v_lin / p.SYNIN_V_LIN, 0.0),
            v_lin=v_lin,
            offset=offset,
            tau=tau,
            drop=p.line_drop(dac, small),
            coba=np.where(n[f"{name}_enable_coba_mode"] != 0, coba, 0.0),
            coba_v=np.where(alive.source_follower[QUADRANT], coba_v, 0.0),
            bypass=n[f"event_routing_enable_bypass_{sign}"] != 0,
        )

    def _offset_current(self, n: Flags, cells: Cells, alive: Alive) -> Array:
        size = p.offset_current(cells["constant_current_i_offset"], bends=self._bends)
        size = size * self._gain("offset_current.gain") * (1 + self._chip("chip.offset_current"))
        sign = np.where(n["constant_current_type"] == SOURCE, 1.0, -1.0)
        on = (n["constant_current_enable"] != 0) & alive.cascode[QUADRANT]
        return np.where(on, sign * size, 0.0)

    def _exponential(self, n: Flags, cells: Cells, alive: Alive) -> Exponential:
        bias = cells["exponential_i_bias"]
        powered = (alive.source_follower & alive.cascode)[QUADRANT]
        on = (n["exponential_enable"] != 0) & (bias > 0) & powered
        return Exponential(
            current=np.where(on, p.EXP_CURRENT_A, 0.0),
            v=p.exp_potential(cells["exponential_v_exp"], bends=self._bends)
            + self._spread("exp.v"),
            delta=p.exp_delta(bias) * self._gain("exp.delta"),
            largest=p.EXP_LARGEST_A if self._effects.saturation else 1e3 * p.EXP_LARGEST_A,
        )

    def _adaptation(self, n: Flags, cells: Cells, common: Flags, alive: Alive) -> Adaptation:
        on = (n["adaptation_enable"] != 0) & alive.cascode[QUADRANT]
        followed = alive.source_follower[QUADRANT]
        v_lin = self._range(p.ADAPT_V_LIN)
        sign_a, sign_b = (np.where(n[f"adaptation_invert_{k}"] != 0, -1.0, 1.0) for k in "ab")
        pulse = 2 << common["clock_scale_adaptation_pulse"].astype(np.int64)
        gm_tau, gm_a, g_w = p.adaptation_conductances(
            cells["adaptation_i_bias_tau"], cells["adaptation_i_bias_a"]
        )
        v_leak = p.adapt_potential(cells["adaptation_v_leak"], bends=self._bends)
        v_leak = v_leak + self._spread("adapt.v")
        v_ref = p.adapt_potential(cells["adaptation_v_ref"], bends=self._bends)
        v_ref = v_ref + p.sigma("adapt.v") * self._draw("adapt.v_ref")
        return Adaptation(
            capacitance=p.ADAPT_CAPACITANCE_F * self._gain("adapt.capacitance"),
            g_tau=gm_tau * self._gain("adapt.gm", "adapt.gm_tau"),
            i_a=sign_a * gm_a * v_lin * self._gain("adapt.gm", "adapt.gm_a"),
            v_leak=np.where(followed, v_leak, 0.0),
            i_b=sign_b * p.ADAPT_B_A * cells["adaptation_i_bias_b"]
            * self._gain("adapt.gm", "adapt.b"),
            pulse_ticks=np.where(on & (n["adaptation_enable_pulse"] != 0), pulse, 0),
            i_w=np.where(on, g_w * v_lin * self._gain("adapt.gm", "adapt.g_w"), 0.0),
            v_lin=v_lin,
            v_ref=np.where(followed, v_ref, 0.0),
        )  # fmt: skip

    def _comparator(self, n: Flags, cells: Cells, common: Flags, alive: Alive) -> Array:
        on = (n["threshold_enable"] != 0) & _fires(n, common) & alive.spike_comparator[QUADRANT]
        v = p.threshold_potential(cells["threshold_v_threshold"])
        v = v + self._spread("threshold.v", "chip.threshold_v")
        return np.where(on & self._works("comparator"), v, np.inf)

    def _backend(self, n: Flags, common: Flags) -> Backend:
        clock, refractory, hold = self._refractory(n, common)
        return Backend(
            clock=clock,
            refractory=refractory,
            hold=hold,
            fires=_fires(n, common),
            bypass_drop=np.where(
                n["event_routing_analog_output"] == STRONG, p.STRONG_BYPASS_DROP_V, p.BYPASS_DROP_V
            ),
            digital=(n["event_routing_enable_digital"] != 0)
            & (common["enable_event_registers"] != 0),
            label=event_output_of_neuron(_N) << 8 | n["event_routing_address"].astype(np.int64),
        )

    def _refractory(self, n: Flags, common: Flags) -> tuple[Ints, Ints, Ints]:
        """(clock, refractory, hold) in ticks.

        The backend counts to the end of the refractory period and releases the reset 31 - 2 holdoff
        counts before.  A period shorter than that starts behind this point: the reset is released
        only when the 8-bit counter comes round (`holdoff_glitch`), or with the period's end.
        """
        fast = n["refractory_period_input_clock"] != 0
        scale = np.where(fast, common["clock_scale_fast"], common["clock_scale_slow"])
        clock = np.int64(2) << scale.astype(np.int64)
        count = n["refractory_period_refractory_time"].astype(np.int64)
        holdoff = n["refractory_period_reset_holdoff"].astype(np.int64)
        hold = p.MAX_REFRACTORY_HOLD_TICKS - 2 * holdoff
        missed = hold - p.HOLDOFF_ROUND_TICKS if self._effects.holdoff_glitch else 0
        hold = np.where(count >= hold, hold, missed)
        return clock, np.maximum(count, 1) * clock, hold * clock


def _fires(n: Flags, common: Flags) -> Bools:
    return (
        (n["event_routing_analog_output"] != 0)
        & (common["enable_clocks"] != 0)
        & (common["force_reset"] == 0)
    )
