"""Every physical number of the emulator with its provenance, and the curves from codes to SI.

This is the one place that converts register codes (LSB) to volts, amperes, siemens, farads and
seconds.  Tags: *documented* by the vendor's sources; *derived* from documented code or defaults;
*measured* in published figures; *estimated* by us, so that whatever depends on it is a guess.
The page ``docs/explanation/emulator.md`` shows the whole table and argues the choices.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .number import Number
from .numbers import (
    capmem,
    clocks,
    compartments,
    correlation,
    events,
    neuron,
    readout,
    synapses,
)
from .physics.capmem import soft_limit

Array = npt.NDArray[np.float64]

_TOPICS = (clocks, neuron, capmem, synapses, compartments, correlation, events, readout)


def _merged(tables: list[dict[str, Number]]) -> dict[str, Number]:
    merged = {name: number for table in tables for name, number in table.items()}
    if len(merged) != sum(map(len, tables)):
        raise ValueError("a number stands in two tables of emulator.numbers")
    return merged


NUMBERS = _merged([topic.NUMBERS for topic in _TOPICS])
SIGMAS = _merged([getattr(topic, "SIGMAS", {}) for topic in _TOPICS])


def _value(name: str) -> float:
    return NUMBERS[name].value


CYCLE_S, TICK_S = _value("fpga_cycle"), _value("chip_tick")
TICKS_PER_CYCLE = 2

COMPARATOR_NOISE_V = _value("comparator_noise")
NOISE_BLOCK_CYCLES = int(_value("noise_block"))
LINE_REST_V = _value("line_rest")
SYNIN_V_LIN = _value("synin_v_lin")
MEMBRANE_SUPPLY_V = _value("membrane_supply")
HEADROOM_V, FOOTROOM_V = _value("headroom"), _value("footroom")
BYPASS_DROP_V = _value("bypass_drop")
STRONG_BYPASS_DROP_V = BYPASS_DROP_V * _value("bypass_strong")
EXP_CURRENT_A, EXP_LARGEST_A = _value("exp_current"), _value("exp_largest")
ADAPT_CAPACITANCE_F, ADAPT_V_LIN = _value("adapt_capacitance"), _value("adapt_v_lin")
ADAPT_B_A = _value("adapt_b")
HOLDOFF_ROUND_TICKS = int(_value("holdoff_round"))
DEFECT_SIGMAS, STUCK_SIGMAS = _value("defect_sigmas"), _value("stuck_sigmas")

MADC_LSB_V, MADC_ZERO_V = _value("madc_lsb"), _value("madc_zero")

STEP_CYCLES = 4
"""Integration step: 32 ns.  Justified by tests/oracle/analytic."""
STEP_S = STEP_CYCLES * CYCLE_S

IDLE_JUMP_CYCLES = 25_000
"""Idle stretches up to this (200 us) are integrated, longer ones jumped to the fixed point."""
IDLE_PRELUDE_CYCLES, ADAPTIVE_PRELUDE_CYCLES = 5_000, 50_000
"""After a jump, so much (40 us, 400 us with adaptation) is integrated if a neuron would have been
firing all along."""
CHUNK_CYCLES = 500_000
"""Longest piece (4 ms) handed to the kernel at once: each costs 0.7 ms, whatever happens in
it.  Results do not depend on it."""

MAX_REFRACTORY_HOLD_TICKS = 31
"""The reset ends 31 - 2 * reset_holdoff backend clock ticks before the refractory period does."""


def sigma(name: str) -> float:
    """Size of one standard deviation of a mismatch draw."""
    return SIGMAS[name].value


def madc_to_volt(code: Array | float) -> Array:
    """Volts at a nominal MADC code."""
    return np.asarray(code, dtype=np.float64) * MADC_LSB_V + MADC_ZERO_V


def _followed(code: Array, per_code: str, offset: str, bends: bool) -> Array:
    v = madc_to_volt(_value(per_code) * code + _value(offset))
    if not bends:
        return v
    return soft_limit(v, _value("follower_low"), _value("follower_high"), _value("follower_width"))


def leak_potential(code: Array, *, bends: bool = True) -> Array:
    """v_leak [V], through its source follower: straight in the middle, flat at both ends.

    bends  False: straight everywhere
    """
    return _followed(code, "leak_per_code", "leak_offset", bends)


def reset_potential(code: Array, *, bends: bool = True) -> Array:
    """v_reset [V], through its source follower; `bends` as above."""
    return _followed(code, "reset_per_code", "reset_offset", bends)


def threshold_potential(code: Array) -> Array:
    """v_threshold [V]; no follower in between."""
    return madc_to_volt(_value("threshold_per_code") * code + _value("threshold_offset"))


def capacitance(code: Array, gain: Array, parasitic_gain: Array) -> Array:
    """Membrane capacitance [F] including the parasitic one; at least that of one code."""
    explicit = code * _value("capacitance_lsb") * gain
    total = explicit + _value("capacitance_parasitic") * parasitic_gain
    # Code 0 of a chip without parasitic capacitance: a node needs some to have a voltage.
    return np.maximum(total, _value("capacitance_lsb"))


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


def offset_current(code: Array, *, bends: bool = True) -> Array:
    """Size of the membrane offset current [A]: linear to code 800, bending down above.

    bends  False: linear everywhere
    """
    if not bends:
        return _value("offset_current") * code
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


def coba_slope(code: Array) -> Array:
    """How steeply the conductance mode changes a synaptic strength [1/V]."""
    return _value("coba_per_code") * code


def exp_potential(code: Array, *, bends: bool = True) -> Array:
    """v_exp [V]: where the exponential current is `exp_current`; the same map as the leak's."""
    return leak_potential(code, bends=bends)


def exp_delta(bias: Array) -> Array:
    """Slope parameter [V] of the exponential term: more bias, steeper, within what it can do."""
    wanted = _value("exp_delta_bias") / np.maximum(bias, 1.0)
    return np.clip(wanted, _value("exp_delta_low"), _value("exp_delta_high"))


def adaptation_conductances(tau_bias: Array, a_bias: Array) -> tuple[Array, Array, float]:
    """(g_tau, gm_a, g_w) [S] of the adaptation node from two bias currents [LSB]."""
    g_tau = np.maximum(_value("adapt_gm_tau") * tau_bias, _value("adapt_g_min"))
    return g_tau, _value("adapt_gm_a") * a_bias, _value("adapt_g_w")


def adapt_potential(code: Array, *, bends: bool = True) -> Array:
    """v_adapt_leak or v_adapt_ref [V]: the leak's map, shifted."""
    return leak_potential(code + _value("adapt_shift"), bends=bends)


def shift_offset(code: Array) -> Array:
    """Input offset [V] that i_shift_reference causes; zero at its nominal code."""
    return _value("shift_per_code") * (code - _value("shift_nominal"))
