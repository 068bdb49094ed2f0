"""A nominal configuration: typical codes for the targets of the deployed "spiking" calibration.

It is the same for every chip, so a particular chip misses the targets by its mismatch; per-chip
calibration routines are not there yet.  Targets: leak 80, reset 70 and threshold 125 CADC LSB
(0.42, 0.375 and 0.6225 V at 4.5 mV/LSB + 60 mV), membrane and synaptic time constants 10 us,
refractory period 2 us, synapse DAC bias 600, synaptic input bias 500
(``docs/explanation/emulator.md`` has the code-to-volt maps).
"""

from __future__ import annotations

from firmware_protocol import ChipConfig

# name -> (code, where it comes from)
NEURON_CODES: dict[str, tuple[int, str]] = {
    "leak_v_leak": (606, "0.42 V = 299 MADC LSB = 0.79 code - 180"),
    "leak_i_bias": (164, "2.46 pF / 10 us = 246 nS at 1.5 nS/LSB"),
    "reset_v_reset": (461, "0.375 V = 270 MADC LSB = 0.61 code - 12"),
    "reset_i_bias": (1022, "as fast as possible"),
    "reset_enable_multiplication": (1, "as fast as possible"),
    "threshold_enable": (1, ""),
    "threshold_v_threshold": (374, "0.6225 V = 430 MADC LSB = 0.99 code + 60"),
    "membrane_capacitance_capacitance": (63, "calix default"),
    "refractory_period_refractory_time": (32, "2 us at 64 ns a count"),
    "refractory_period_reset_holdoff": (15, "no hold-off"),
    **{
        f"{sign}_input_{name}": value
        for sign in ("excitatory", "inhibitory")
        for name, value in {
            "enable": (1, ""),
            "i_bias_tau": (26, "10 us at 260 us LSB"),
            "i_bias_gm": (500, "calix default"),
            "i_shift_reference": (310, "generic start value of calix"),
            "enable_small_capacitance": (0, "large capacitor for 10 us"),
        }.items()
    },
}

QUADRANT_CODES: dict[str, int] = {
    "syn_i_bias_dac": 600,
    "syn_i_bias_ramp": 80,
    "syn_i_bias_store": 70,
    "syn_i_bias_corout": 600,
    "stp_i_bias_comparator": 1022,
    "cadc_v_bias_ramp_buf": 400,
    "cadc_i_bias_comp": 1022,
    "cadc_i_bias_vreset_buf": 1022,
}
"""calix defaults; cells not named keep the values of a new :class:`ChipConfig`."""

REFRACTORY_CLOCK_SCALE = 3
"""250 MHz / 2**4: 64 ns a count, the scale calix chooses for 2 us."""


def nominal_chip() -> ChipConfig:
    """A new configuration in which all 512 neurons have the nominal "spiking" codes."""
    chip = ChipConfig()
    for name, (code, _) in NEURON_CODES.items():
        chip.neurons[name][...] = code
    for name, code in QUADRANT_CODES.items():
        chip.quadrants[name][...] = code
    chip.readout_chain.readout_out_amp_i_bias_0 = 1022
    chip.readout_chain.readout_out_amp_i_bias_1 = 1022
    chip.common_backend.clock_scale_slow = REFRACTORY_CLOCK_SCALE
    chip.common_backend.clock_scale_fast = REFRACTORY_CLOCK_SCALE
    return chip
