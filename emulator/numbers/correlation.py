"""Numbers of the correlation sensors; the curves stand in :mod:`emulator.physics.correlation`."""

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    "correlation_tau":            Number(400e-6, "s*LSB", "derived",
                                  "5 us at the default syn_i_bias_ramp of 80"),
    "correlation_amplitude":      Number(0.1575, "V*LSB", "derived",
                                  "0.5 CADC LSB of 4.5 mV at the default syn_i_bias_store of 70"),
    "correlation_packet_limit":   Number(0.9, "V", "estimated", "a pair takes no more than this"),
    "correlation_time_trim":      Number(0.8, "1", "estimated",
                                  "per time_calib step; only the sign is documented"),
    "correlation_amplitude_trim": Number(0.8, "1", "estimated",
                                  "per amp_calib step; only the sign is documented"),
    "correlation_v_res_meas":     Number(0.9, "V", "documented", "board DAC v_res_meas"),
    "correlation_res_meas_slope": Number(0.05, "V", "estimated",
                                  "more v_res_meas, more amplitude (derived), e-fold per this"),
    "correlation_v_reset":        Number(1.85, "V", "documented", "board DAC behind v_reset"),
    "correlation_reset_tau":      Number(40e-9, "s", "estimated",
                                  "the default reset of 0.8 us is 20 of these"),
    "correlation_linear_to":      Number(1.13, "V", "derived",
                                  "160 CADC LSB below 1.85 V: the end of the linear range"),
    "correlation_floor":          Number(0.95, "V", "estimated", "200 CADC LSB below 1.85 V"),
    "correlation_follower":       Number(0.80, "V", "derived",
                                  "1.85 V is read near the top of the CADC's 0.15..1.05 V"),
    "correlation_follower_limit": Number(1.2, "V", "estimated", "the follower's supply"),
    "correlation_droop":          Number(22.5e-3, "V", "estimated",
                                  "at store code 70, as 1/code^2: low codes lower the baseline"),
    "correlation_droop_store":    Number(70, "LSB", "derived", "store code of that droop"),
    "correlation_defect_sigmas":  Number(2.326, "1", "estimated",
                                  "1 % of the sensors do not work"),
    "correlation_disturbance":    Number(0.02, "1", "estimated",
                                  "share of a capacitor's excess in a neuron's CADC reading"),
    "correlation_disturbs_from":  Number(1.2, "V", "estimated", "where that excess begins"),
}

SIGMAS: dict[str, Number] = {
    "correlation.tau":                 Number(0.35, "1", "estimated", "per synapse, log-normal"),
    "correlation.amplitude":           Number(0.35, "1", "estimated", "per synapse, log-normal"),
    "correlation.tau_asymmetry":       Number(0.30, "1", "estimated",
                                       "per synapse, ln(causal / acausal)"),
    "correlation.amplitude_asymmetry": Number(0.30, "1", "estimated",
                                       "per synapse, ln(causal / acausal)"),
    "correlation.gradient":            Number(0.10, "1", "estimated",
                                       "logarithm from edge to edge of an array, each direction"),
    "correlation.follower":            Number(10e-3, "V", "estimated", "per column and branch"),
}
# fmt: on
