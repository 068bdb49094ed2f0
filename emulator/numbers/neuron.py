"""A neuron circuit: membrane, comparator, synaptic inputs, exponential term, adaptation."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
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
    "synin_v_lin":           Number(0.07, "V", "estimated", "linear range of the synaptic OTA"),
    "synin_current":         Number(0.61e-9, "A/LSB", "derived", "PSP of 0.79 MADC LSB per weight"),
    "shift_nominal":         Number(310, "LSB", "documented",
                              "generic start value of i_shift_reference"),
    "shift_per_code":        Number(-0.5e-3, "V/LSB", "estimated", "sign documented, size not"),
    "headroom":              Number(0.85, "V", "estimated", "excitation fades below the supply"),
    "footroom":              Number(0.3, "V", "measured", "inhibition fades: published troughs"),
    "coba_per_code":         Number(0.03, "1/(V LSB)", "estimated",
                              "code 255 takes the strength to 0 within 0.13 V"),
    "bypass_drop":           Number(2e-3, "V", "estimated",
                              "line drop of one event that fires a bypassed neuron"),
    "bypass_strong":         Number(0.25, "1", "estimated",
                              "so much of that drop is enough if the neuron fires strongly"),
    # exponential term: I_s exp((V - V_T) / delta)
    "exp_current":           Number(0.2e-9, "A", "estimated",
                              "I_s at V_T; puts the rheobase of the course's exponential neuron "
                              "at codes 50 to 100"),
    "exp_largest":           Number(1e-6, "A", "estimated", "what the circuit can deliver"),
    "exp_delta_bias":        Number(6.0, "V*LSB", "estimated",
                              "delta is this / i_bias: codes 100..300 give 60..20 mV"),
    "exp_delta_low":         Number(20e-3, "V", "estimated", "steepest"),
    "exp_delta_high":        Number(60e-3, "V", "estimated", "flattest"),
    # adaptation
    "adapt_capacitance":     Number(2.2e-12, "F", "estimated", "C_w"),
    "adapt_gm_tau":          Number(0.2e-9, "S/LSB", "estimated", "tau_w 110 us at code 100"),
    "adapt_gm_a":            Number(0.15e-9, "S/LSB", "estimated", "OTA from V to w"),
    "adapt_g_w":             Number(60e-9, "S", "estimated", "OTA from w to the membrane"),
    "adapt_v_lin":           Number(0.35, "V", "estimated", "linear range of both"),
    "adapt_b":               Number(0.8e-9, "A/LSB", "measured",
                              "steps of 50 LSB at code 200, 1.02 us"),
    "adapt_shift":           Number(200, "LSB", "documented",
                              "notebook: v_adapt_leak = v_leak - 200 matches the leak"),
    "adapt_g_min":           Number(20e-12, "S", "estimated", "leakage of the w node at bias 0"),
    # temporal noise of the spike comparator
    "comparator_noise":      Number(1.1e-3, "V", "measured",
                              "threshold sigma 0.7 LSB, ISI jitter 0.5 %"),
    "noise_block":           Number(1280, "cycle", "estimated", "correlation time of 10.24 us"),
    # backend
    "holdoff_round":         Number(256, "tick", "estimated",
                              "a missed end of reset comes one round of the 8-bit counter later"),
    # instances that do not work: those whose draw lies beyond so many standard deviations
    "defect_sigmas":         Number(2.8, "1", "estimated",
                              "0.5 % of each of three circuits; 0.5-2 % proposed"),
    "stuck_sigmas":          Number(2.6, "1", "estimated",
                              "1 % of the neurons may hang; that some do is documented"),
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
    "dac_bias.gain":         Number(0.05, "1", "estimated", "synapse DACs, per quadrant"),
    "coba.v":                Number(18e-3, "V", "estimated", "reference potential"),
    "coba.gain":             Number(0.20, "1", "estimated", "slope of the conductance mode"),
    "exp.v":                 Number(20e-3, "V", "estimated", "V_T"),
    "exp.delta":             Number(0.15, "1", "estimated", "slope"),
    "adapt.capacitance":     Number(0.03, "1", "estimated", "C_w"),
    "adapt.gm":              Number(0.20, "1", "estimated", "each OTA of the adaptation"),
    "adapt.v":               Number(20e-3, "V", "estimated", "its two reference potentials"),
    # one per chip
    "chip.leak_v":           Number(5e-3, "V", "estimated", "chip to chip"),
    "chip.reset_v":          Number(5e-3, "V", "estimated", "chip to chip"),
    "chip.threshold_v":      Number(5e-3, "V", "estimated", "chip to chip"),
    "chip.gm":               Number(0.03, "1", "estimated", "chip to chip, leak and reset"),
    "chip.synin_gm":         Number(0.03, "1", "estimated", "chip to chip"),
    "chip.tau_syn":          Number(0.05, "1", "estimated", "chip to chip"),
    "chip.offset_current":   Number(0.03, "1", "estimated", "chip to chip"),
}
# fmt: on
