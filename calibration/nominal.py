"""Nominal codes: those with which a typical chip meets targets.

They are the same for every neuron and every chip, so a particular one misses the targets by its
mismatch.  On emulated chips standard deviations are 4.5 CADC LSB for each potential, 14 % for
tau_mem, 25 % for tau_syn, 17 % for strengths; offsets of the synaptic amplifiers move a resting
membrane by another 11 CADC LSB at a strength of 500, 4 with the conductance-based defaults.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig
from firmware_protocol.atomic_neuron import CAPMEM_LIMIT, FIELDS

from . import maps
from .refractory import NO_HOLDOFF, RefractoryClocks, choose_clocks, counts
from .targets import SPIKING_DAC_BIAS, NeuronTargets, spiking

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Codes = dict[str, Ints]

SHIFT_REFERENCE = 310
"""Generic start value of i_shift_reference (calix); right where the input has no offset."""
LOWEST_LEAK_BIAS, HIGHEST_LEAK_BIAS = 63, 959
"""Beyond these the conductance is divided or multiplied by 8: where calix decides on it."""
LOWEST_TAU_BIAS = 26
"""Below, where a code is 4 % of tau_syn and more, the high resistance takes over: at 10 us."""
HIGHEST_COBA_BIAS = 255
"""Useful limit of i_bias_coba (calix)."""


def nominal_codes(targets: NeuronTargets, clocks: RefractoryClocks) -> Codes:
    """Codes (n,) of all settings of a circuit that users see, by name.

    clocks  of the refractory counters, as the chip has them
    Codes that lie outside their field are limited to it, so a target out of reach is missed.
    Raises FieldRangeError if a refractory time does not fit the clocks, ValueError if a reversal
    potential lies on the wrong side of its reference.
    """
    codes = {
        f.name: np.full(targets.size, f.default, dtype=np.int64) for f in FIELDS if not f.hidden
    }
    count, input_clock = counts(targets.tau_refractory, clocks)
    codes |= {
        "leak_v_leak": _limited(maps.leak_code(maps.volts(targets.leak))),
        "reset_v_reset": _limited(maps.reset_code(maps.volts(targets.reset))),
        # as fast as possible
        "reset_i_bias": np.full_like(count, CAPMEM_LIMIT),
        "reset_enable_multiplication": np.ones_like(count),
        "threshold_enable": np.ones_like(count),
        "threshold_v_threshold": _limited(maps.threshold_code(maps.volts(targets.threshold))),
        "membrane_capacitance_capacitance": targets.capacitance.astype(np.int64),
        "refractory_period_refractory_time": count,
        "refractory_period_input_clock": input_clock,
        "refractory_period_reset_holdoff": np.full_like(count, NO_HOLDOFF),
    }
    codes |= _leak(targets)
    codes |= _input("excitatory", targets.tau_syn_exc, targets.synin_gm_exc)
    codes |= _input("inhibitory", targets.tau_syn_inh, targets.synin_gm_inh)
    if targets.reversal_exc is not None and targets.reversal_inh is not None:
        above = targets.reversal_exc - targets.coba_reference
        below = targets.coba_reference - targets.reversal_inh
        codes |= _coba("excitatory", above, targets) | _coba("inhibitory", below, targets)
    return codes


def _limited(code: Array, low: int = 0, high: int = CAPMEM_LIMIT) -> Ints:
    return np.rint(np.clip(code, low, high)).astype(np.int64)


def _leak(targets: NeuronTargets) -> Codes:
    """Bias of the leak and its switches, for C / tau."""
    plain = maps.leak_bias(targets.tau_mem, targets.capacitance)
    divide, multiply = plain < LOWEST_LEAK_BIAS, plain > HIGHEST_LEAK_BIAS
    scale = np.where(divide, 1 / maps.LEAK_SCALE, np.where(multiply, maps.LEAK_SCALE, 1))
    return {
        "leak_i_bias": _limited(plain / scale, low=1),
        "leak_enable_division": divide.astype(np.int64),
        "leak_enable_multiplication": multiply.astype(np.int64),
    }


def _input(sign: str, tau_us: Array, gm: Array) -> Codes:
    """A current-based input: large capacitor except for the shortest time constants."""
    plain = maps.TAU_SYN_US / tau_us
    high, small = np.rint(plain) < LOWEST_TAU_BIAS, np.rint(plain) > CAPMEM_LIMIT
    factor = np.where(high, maps.HIGH_RESISTANCE, np.where(small, maps.SMALL_CAPACITANCE, 1))
    return {
        f"{sign}_input_enable": np.ones(tau_us.size, np.int64),
        f"{sign}_input_i_bias_tau": _limited(plain * factor, low=1),
        f"{sign}_input_enable_high_resistance": high.astype(np.int64),
        f"{sign}_input_enable_small_capacitance": small.astype(np.int64),
        f"{sign}_input_i_bias_gm": _limited(np.trunc(gm)),
        f"{sign}_input_i_shift_reference": np.full(tau_us.size, SHIFT_REFERENCE),
    }


def _coba(sign: str, distance: Array, targets: NeuronTargets) -> Codes:
    """Strength 1 at the reference potential, 0 at the reversal potential.

    distance  [CADC LSB] from the reference to the reversal potential, in the direction of the sign;
              below 29 the reversal potential is missed, it lies further off
    """
    if np.any(distance <= 0):
        n = int(np.argmax(distance <= 0))
        side = "above" if sign == "excitatory" else "below"
        raise ValueError(
            f"neuron {n}: {sign} reversal potential lies {-distance[n]:g} CADC LSB on the wrong "
            f"side of its reference at {targets.coba_reference[n]:g} CADC LSB, the midpoint of "
            f"leak and threshold; choose it {side} that"
        )
    with np.errstate(divide="ignore"):
        bias = maps.coba_bias(distance * maps.CADC_LSB_V)
    return {
        f"{sign}_input_enable_coba_mode": np.ones(targets.size, np.int64),
        f"{sign}_input_i_bias_coba": _limited(bias, high=HIGHEST_COBA_BIAS),
        f"{sign}_input_v_rev_coba": _limited(maps.leak_code(maps.volts(targets.coba_reference))),
    }


@dataclass(frozen=True)
class SharedCodes:
    """What neurons share: a code for all quadrants, or for the chip, by name.

    quadrants      cells of every quadrant: CADC, synapses, short-term plasticity, neurons
    readout_chain  cells that exist once
    clocks         of the refractory counters
    """

    quadrants: dict[str, int]
    readout_chain: dict[str, int]
    clocks: RefractoryClocks

    def write(self, chip: ChipConfig) -> None:
        """Write all of them into a configuration; anything else there stays."""
        for name, code in self.quadrants.items():
            chip.quadrants[name][...] = code
        for name, code in self.readout_chain.items():
            chip.readout_chain[name][...] = code
        chip.common_backend.clock_scale_slow = self.clocks.slow
        chip.common_backend.clock_scale_fast = self.clocks.fast


_QUADRANT_CODES: dict[str, int] = {
    "neuron_v_bias_casc_n": 250,
    "neuron_i_bias_readout_amp": 110,
    "neuron_i_bias_leak_source_follower": 100,
    "neuron_i_bias_spike_comparator": 200,
    "neuron_i_bias_synin_drop": 300,
    "syn_i_bias_ramp": 80,
    "syn_i_bias_store": 70,
    "syn_i_bias_corout": 600,
    "stp_i_bias_comparator": 1022,
    "stp_i_ramp": 600,
    "stp_v_charge_0": 100,
    "stp_v_recover_0": 400,
    "stp_v_charge_1": 330,
    "stp_v_recover_1": 50,
    "cadc_v_ramp_offset": round(maps.cadc_offset_code()),
    "cadc_i_ramp_slope": maps.CADC_SLOPE,
    "cadc_v_bias_ramp_buf": 400,
    "cadc_i_bias_comp": 1022,
    "cadc_i_bias_vreset_buf": 1022,
}
_READOUT_CODES: dict[str, int] = {
    "readout_out_amp_i_bias_0": 1022,
    "readout_out_amp_i_bias_1": 1022,
    "readout_sc_amp_v_ref": 400,
    "pseudo_diff_v_ref": 400,
    "ac_mux_i_bias": 500,
    "madc_in_500na": 500,
    "sc_amp_i_bias": 500,
}


def nominal_shared(dac_bias: int, clocks: RefractoryClocks) -> SharedCodes:
    """Settings that all neurons of a chip share.

    dac_bias  bias of the synapse DACs in every quadrant [CapMem LSB]
    Cells not named keep what they have.  Source: defaults and operating points of calix; the CADC's
    from the characteristic that calix aims at, 70..550 CapMem LSB reading as 20..220.
    """
    quadrants = _QUADRANT_CODES | {"syn_i_bias_dac": dac_bias}
    return SharedCodes(quadrants, dict(_READOUT_CODES), clocks)


def nominal_chip() -> ChipConfig:
    """A new configuration in which all 512 neurons have nominal codes for "spiking" targets."""
    chip, targets = ChipConfig(), spiking()
    clocks = choose_clocks(targets.tau_refractory)
    nominal_shared(SPIKING_DAC_BIAS, clocks).write(chip)
    for name, code in nominal_codes(targets, clocks).items():
        chip.neurons[name][...] = code
    return chip
