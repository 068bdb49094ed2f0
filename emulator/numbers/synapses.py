"""Numbers of the PADI buses, the synapse drivers and the synapses."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    # PADI buses
    "padi_depth":            Number(64, "event", "estimated",
                                    "of a volley of 512 spikes, 128 on a bus, half is lost; "
                                    "losses of 30-50 % are proposed"),
    "padi_extended":         Number(2, "cycle", "derived",
                                    "extended timing forbids back-to-back events"),
    "dacen_extension":       Number(0.125, "1/LSB", "estimated", "longer pulse per code, of 4 ns"),
    # synapses
    "both_modes_share":      Number(0.5, "1", "estimated", "charge per line if a row drives both"),
    # pulse length by short-term plasticity
    "pulse":                 Number(4e-9, "s", "estimated",
                                    "full pulse, 4 ns class in slots of 8 ns"),
    "stp_ramp_end":          Number(5e-9, "s", "estimated",
                                    "end of the pulse after the ramp began; longer than a pulse so "
                                    "that medium offsets still reach the full one"),
    "stp_ramp":              Number(0.4e6, "V/(s*LSB)", "estimated",
                                    "at i_ramp 600 codes 50..400 give 0.9..0.2 of a pulse"),
    "stp_calibration_phase": Number(2e-9, "s", "documented",
                                    "calix: i_calib sinks part of the ramp current so long"),
    "stp_offset_codes":      Number(16, "1", "estimated",
                                    "i_calib * offset / 16 is sunk; larger is shorter: documented"),
    "stp_voltage_lsb":       Number(1.875e-3, "V/LSB", "derived", "codes 70..550 are 0.15..1.05 V"),
    "stp_voltage_zero":      Number(0.01875, "V", "derived", "codes 70..550 are 0.15..1.05 V"),
    # state of short-term plasticity
    "stp_early_utilization": Number(0.2, "1", "documented",
                                    "calix: happens before each event is processed"),
    "stp_utilization_codes": Number(16, "1", "estimated", "U = utilization / 16"),
    "stp_clock":             Number(250e6, "Hz", "estimated",
                                    "recovery clock is this / 2**(speed + 1), as others are"),
    "stp_recovery":          Number(16, "1", "estimated",
                                    "recovery clock ticks per tau_rec and recovery code + 1"),
    # hagen mode
    "hagen_dac":             Number(22e-3, "V/LSB", "estimated",
                                    "per event address; 31 addresses fill the ramp at i_ramp ~450"),
    "hagen_dac_bias":        Number(820, "LSB", "documented",
                                    "operating point of hagen_i_bias_dac"),
    "hagen_offset":          Number(10e-3, "V/LSB", "estimated",
                                    "hagen_dac_offset; 64 codes cover 3 sigma of the comparators"),
    "hagen_offset_centre":   Number(24, "LSB", "estimated",
                                    "hagen_dac_offset that adds nothing; code 0 always gives the "
                                    "full pulse, as its calibration assumes"),
}

SIGMAS: dict[str, Number] = {
    "synapse.gain":          Number(0.05, "1", "estimated", "weight DAC"),
    "synapse.bit":           Number(0.133, "LSB", "estimated",
                                    "unit current source: binary weights of these have 0.3 LSB rms "
                                    "differential non-linearity"),
    "driver.gain":           Number(0.05, "1", "estimated", "driver pulse"),
    "driver.stp_offset":     Number(92e-3, "V", "estimated",
                                    "15 % of the amplitude (5 of 33 CADC LSB) at v_stp 180"),
    "driver.stp_ramp":       Number(0.05, "1", "estimated",
                                    "calix leaves 10 % for drivers with a less steep ramp"),
}
# fmt: on
