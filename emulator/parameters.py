"""Every physical number of the emulator with its provenance, and the curves from codes to SI.

This is the one place that converts register codes (LSB) to volts, amperes, siemens, farads and
seconds.  Tags: *documented* by the vendor's sources; *derived* from documented code or defaults;
*measured* in published figures; *estimated* by us, so that whatever depends on it is a guess.
The page ``docs/explanation/emulator.md`` shows the whole table and argues the choices.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from .physics.capmem import soft_limit

Array = npt.NDArray[np.float64]
Tag = Literal["documented", "derived", "measured", "estimated"]


class Number(NamedTuple):
    """A number and where it comes from."""

    value: float
    unit: str
    tag: Tag
    source: str


# fmt: off
NUMBERS: dict[str, Number] = {
    # clocks and latencies
    "fpga_cycle":            Number(8e-9, "s", "documented", "FPGA timer of 125 MHz"),
    "chip_tick":             Number(4e-9, "s", "documented",
                              "event timestamps and neuron backend, 250 MHz"),
    "madc_half_clock":       Number(2e-9, "s", "documented", "MADC input clock of 500 MHz"),
    "fpga_to_synapse":       Number(62, "cycle", "estimated", "some 0.5 us; no published number"),
    "neuron_to_synapse":     Number(12, "cycle", "estimated", "some 0.1 us; no published number"),
    "chip_to_fpga":          Number(37, "cycle", "estimated", "some 0.3 us; no published number"),
    "fpga_to_fpga":          Number(62, "cycle", "estimated",
                              "FPGA event echoed by the crossbar, at its output"),
    "read_latency":          Number(100, "cycle", "estimated",
                              "register read, FPGA to chip and back"),
    # membrane
    "capacitance_lsb":       Number(36.5e-15, "F/LSB", "documented", "2.2..2.3 pF at code 63"),
    "capacitance_parasitic": Number(0.16e-12, "F", "derived",
                              "joining circuits raises tau by > 24 %"),
    "leak_gm":               Number(1.5e-9, "S/LSB", "measured", "tau 10.7 us at code 150"),
    "leak_v_lin":            Number(0.35, "V", "estimated",
                              "published slopes of 59 and 51 LSB/us, 100 LSB apart"),
    "degeneration":          Number(4, "1", "estimated",
                              "widens V_lin and lowers gm by this factor"),
    "leak_scaling":          Number(8, "1", "documented", "division and multiplication flags"),
    "reset_tau_min":         Number(0.5e-6, "s", "documented",
                              "fastest reset, x8 at code 1022 and full C"),
    "membrane_supply":       Number(1.2, "V", "estimated", "upper rail; the lower one is 0 V"),
    # CapMem maps, in MADC LSB as published; one LSB is madc_lsb, code 0 lies at madc_zero
    "leak_per_code":         Number(0.79, "LSB/LSB", "documented", "lab notebook"),
    "leak_offset":           Number(-180, "LSB", "documented",
                              "lab notebook; 374 at code 700 measured"),
    "reset_per_code":        Number(0.61, "LSB/LSB", "measured",
                              "codes 300 and 400 in two figures"),
    "reset_offset":          Number(-12, "LSB", "measured", "codes 300 and 400 in two figures"),
    "threshold_per_code":    Number(0.99, "LSB/LSB", "documented", "older lab notebook"),
    "threshold_offset":      Number(60, "LSB", "documented",
                              "older lab notebook; the newer says 1.14, +64"),
    "follower_low":          Number(0.0, "V", "estimated",
                              "where the leak and reset followers bottom out"),
    "follower_high":         Number(1.0, "V", "estimated", "where they run out of headroom"),
    "follower_width":        Number(0.05, "V", "estimated", "how softly they do"),
    # offset current
    "offset_current":        Number(0.085e-9, "A/LSB", "measured", "f-I rheobase; AdEx step slope"),
    "offset_linear_to":      Number(800, "LSB", "documented", "flattens above"),
    "offset_bend":           Number(600, "LSB", "estimated",
                              "quadratic loss (x - 800)^2 / this above 800"),
    # synaptic input
    "line_rest":             Number(1.2, "V", "documented", "pulled up to about 1.2 V"),
    "line_drop":             Number(0.21e-3, "V", "derived", "per weight unit at DAC code 600"),
    "line_drop_dac":         Number(600, "LSB", "documented", "DAC code of that drop"),
    "tau_syn":               Number(260e-6, "s*LSB", "derived",
                              "10 us at code 26; 1022 gives 0.25 us"),
    "small_capacitance":     Number(0.35, "1", "estimated",
                              "line capacitance without its capacitor"),
    "high_resistance":       Number(6, "1", "estimated", "factor 5..8 proposed"),
    "synin_v_lin":           Number(0.07, "V", "estimated", "undegenerated pair"),
    "synin_current":         Number(0.50e-9, "A/LSB", "derived", "PSP of 0.73 MADC LSB per weight"),
    "shift_nominal":         Number(310, "LSB", "documented",
                              "generic start value of i_shift_reference"),
    "shift_per_code":        Number(-0.5e-3, "V/LSB", "estimated", "sign documented, size not"),
    "headroom":              Number(0.85, "V", "estimated", "excitation fades below the supply"),
    "footroom":              Number(0.3, "V", "measured", "inhibition fades: published troughs"),
    "both_modes_share":      Number(0.5, "1", "estimated", "charge per line if a row drives both"),
    "dacen_extension":       Number(0.125, "1/LSB", "estimated", "longer pulse per code, of 4 ns"),
    # readout
    "madc_lsb":              Number(1.54e-3, "V", "measured", "45 CADC LSB = 132 MADC LSB"),
    "madc_zero":             Number(-0.04, "V", "measured", "-0.03..-0.05 V at code 0"),
    "madc_white":            Number(1.1, "LSB", "measured", "silent trace, std 1.3-1.65"),
    "madc_slow":             Number(0.75, "LSB", "measured", "its correlated part"),
    "madc_slow_tau":         Number(10e-6, "s", "measured", "its autocorrelation"),
    "madc_settling":         Number(120, "sample", "documented", "first samples are invalid"),
    "madc_power_up":         Number(1e-3, "s", "documented", "wake-up before start"),
    # temporal noise of the spike comparator
    "comparator_noise":      Number(1.1e-3, "V", "measured",
                              "threshold sigma 0.7 LSB, ISI jitter 0.5 %"),
    "noise_block":           Number(1280, "cycle", "estimated", "correlation time of 10.24 us"),
}

SIGMAS: dict[str, Number] = {
    # per neuron
    "leak.v":                Number(18e-3, "V", "measured", "spread 16-22 mV before calibration"),
    "reset.v":               Number(18e-3, "V", "measured", "spread 15-22 mV"),
    "threshold.v":           Number(16e-3, "V", "measured", "10 LSB between neighbours"),
    "leak.gm":               Number(0.12, "1", "measured", "rise slopes, 13 %"),
    "membrane.capacitance":  Number(0.01, "1", "estimated", "C_mem"),
    "membrane.parasitic":    Number(0.10, "1", "estimated", "C_par"),
    "offset_current.gain":   Number(0.10, "1", "estimated", "i_mem_offset"),
    "synin.tau":             Number(0.20, "1", "estimated", "line resistor"),
    "synin.gm":              Number(0.15, "1", "estimated", "synaptic OTA"),
    "synin.offset":          Number(2e-3, "V", "estimated",
                              "decision 0005: 8 mV would disable nominal codes"),
    "current_cell.gain":     Number(0.04, "1", "estimated", "every current cell"),
    "current_cell.offset":   Number(2.0, "LSB", "estimated", "every current cell, 1 nA/LSB"),
    # synapses
    "synapse.gain":          Number(0.05, "1", "estimated", "weight DAC"),
    "driver.gain":           Number(0.05, "1", "estimated", "driver pulse"),
    "dac_bias.gain":         Number(0.05, "1", "estimated", "per quadrant"),
    # one per chip
    "chip.leak_v":           Number(5e-3, "V", "estimated", "chip to chip"),
    "chip.reset_v":          Number(5e-3, "V", "estimated", "chip to chip"),
    "chip.threshold_v":      Number(5e-3, "V", "estimated", "chip to chip"),
    "chip.gm":               Number(0.03, "1", "estimated", "chip to chip, leak and reset"),
    "chip.synin_gm":         Number(0.03, "1", "estimated", "chip to chip"),
    "chip.tau_syn":          Number(0.05, "1", "estimated", "chip to chip"),
    "chip.offset_current":   Number(0.03, "1", "estimated", "chip to chip"),
    "madc.gain":             Number(0.02, "1", "measured", "chip to chip"),
    "madc.offset":           Number(0.020, "V", "measured", "304 or 254 LSB for one voltage"),
}
# fmt: on


def _value(name: str) -> float:
    return NUMBERS[name].value


FPGA_TO_SYNAPSE_CYCLES = int(_value("fpga_to_synapse"))
NEURON_TO_SYNAPSE_CYCLES = int(_value("neuron_to_synapse"))
CHIP_TO_FPGA_CYCLES = int(_value("chip_to_fpga"))
FPGA_TO_FPGA_CYCLES = int(_value("fpga_to_fpga"))
READ_LATENCY_CYCLES = int(_value("read_latency"))
CYCLE_S, TICK_S = _value("fpga_cycle"), _value("chip_tick")
TICKS_PER_CYCLE = 2
HALF_CLOCKS_PER_CYCLE = 4

COMPARATOR_NOISE_V = _value("comparator_noise")
NOISE_BLOCK_CYCLES = int(_value("noise_block"))
LINE_REST_V = _value("line_rest")
SYNIN_V_LIN = _value("synin_v_lin")
MEMBRANE_SUPPLY_V = _value("membrane_supply")
HEADROOM_V, FOOTROOM_V = _value("headroom"), _value("footroom")

MADC_LSB_V, MADC_ZERO_V = _value("madc_lsb"), _value("madc_zero")
MADC_WHITE_LSB, MADC_SLOW_LSB = _value("madc_white"), _value("madc_slow")
MADC_SLOW_TAU_S = _value("madc_slow_tau")
MADC_SETTLING_SAMPLES = int(_value("madc_settling"))
MADC_POWER_UP_CYCLES = round(_value("madc_power_up") / CYCLE_S)

STEP_CYCLES = 4
"""Integration step: 32 ns.  Justified by benchmarks/step_size.py and tests/oracle/analytic."""
STEP_S = STEP_CYCLES * CYCLE_S

IDLE_JUMP_CYCLES = 25_000
"""Idle stretches up to this (200 us) are integrated, longer ones jumped to the fixed point."""
IDLE_PRELUDE_CYCLES = 12_500
"""After a jump, so much (100 us) is integrated if a neuron would have been firing all along."""
CHUNK_CYCLES = 125_000
"""Longest piece (1 ms) handed to the kernel at once; results do not depend on it."""

MAX_REFRACTORY_HOLD_TICKS = 31
"""The reset ends 31 - 2 * reset_holdoff backend clock ticks before the refractory period does."""


def sigma(name: str) -> float:
    """Size of one standard deviation of a mismatch draw."""
    return SIGMAS[name].value


def madc_to_volt(code: Array | float) -> Array:
    """Volts at a nominal MADC code."""
    return np.asarray(code, dtype=np.float64) * MADC_LSB_V + MADC_ZERO_V


def _followed(code: Array, per_code: str, offset: str) -> Array:
    v = madc_to_volt(_value(per_code) * code + _value(offset))
    return soft_limit(v, _value("follower_low"), _value("follower_high"), _value("follower_width"))


def leak_potential(code: Array) -> Array:
    """v_leak [V], through its source follower: straight in the middle, flat at both ends."""
    return _followed(code, "leak_per_code", "leak_offset")


def reset_potential(code: Array) -> Array:
    """v_reset [V], through its source follower."""
    return _followed(code, "reset_per_code", "reset_offset")


def threshold_potential(code: Array) -> Array:
    """v_threshold [V]; no follower in between."""
    return madc_to_volt(_value("threshold_per_code") * code + _value("threshold_offset"))


def capacitance(code: Array, gain: Array, parasitic_gain: Array) -> Array:
    """Membrane capacitance [F] including the parasitic one."""
    explicit = code * _value("capacitance_lsb") * gain
    return explicit + _value("capacitance_parasitic") * parasitic_gain


def leak_conductance(current: Array, divide: Array, multiply: Array, degenerate: Array) -> Array:
    """gm [S] of the leak or reset OTA from its bias current [LSB] and three flags (0/1)."""
    scale = _value("leak_scaling") ** (multiply - divide) / _value("degeneration") ** degenerate
    return _value("leak_gm") * current * scale


def leak_range(degenerate: Array) -> Array:
    """V_lin [V] of the leak or reset OTA."""
    return _value("leak_v_lin") * _value("degeneration") ** degenerate


def reset_resistance() -> float:
    """Resistance in series with the reset OTA [Ohm], so that its fastest tau is `reset_tau_min`."""
    full_c = 63 * _value("capacitance_lsb") + _value("capacitance_parasitic")
    full_g = _value("leak_gm") * 1022 * _value("leak_scaling")
    return _value("reset_tau_min") / full_c - 1 / full_g


def offset_current(code: Array) -> Array:
    """Size of the membrane offset current [A]: linear to code 800, bending down above."""
    excess = np.maximum(code - _value("offset_linear_to"), 0.0)
    return _value("offset_current") * (code - excess**2 / _value("offset_bend"))


def line_time_constant(current: Array, small: Array, high: Array) -> Array:
    """tau_syn [s] of a line from its bias current [LSB] and two flags; infinite (floating) at 0."""
    factor = _value("small_capacitance") ** small * _value("high_resistance") ** high
    with np.errstate(divide="ignore"):
        return np.where(current > 0, _value("tau_syn") * factor / current, np.inf)


def line_drop(dac_code: Array, small: Array) -> Array:
    """Drop [V] of a line per weight unit of one event."""
    relative = dac_code / _value("line_drop_dac")
    return _value("line_drop") * relative / _value("small_capacitance") ** small


def synaptic_current(bias: Array) -> Array:
    """I_max [A] of the synaptic OTA from its bias current [LSB].

    A weight unit drops the line by d = 0.21 mV, so in the linear range Q = I_max d tau / V_lin
    flows.  With tau_m = tau_syn = tau a PSP peaks at Q / (e C).  At bias 500, tau 10 us and
    C = 2.46 pF the published gain of 0.73 MADC LSB (1.12 mV) needs Q = 7.5 fC, I_max = 250 nA,
    0.50 nA per LSB.
    """
    return _value("synin_current") * bias


def shift_offset(code: Array) -> Array:
    """Input offset [V] that i_shift_reference causes; zero at its nominal code."""
    return _value("shift_per_code") * (code - _value("shift_nominal"))


def pulse_gain(extension: Array) -> Array:
    """Relative charge of an event on a bus with this dacen_pulse_extension."""
    return 1 + _value("dacen_extension") * extension


def both_modes_share() -> float:
    """Share of a pulse that each line gets if its row is excitatory and inhibitory at once."""
    return _value("both_modes_share")
