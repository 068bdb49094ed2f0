"""Numbers of the converters (MADC, CADC), of what connects them to circuits, and of the board."""

from __future__ import annotations

from ..number import Number

# fmt: off
NUMBERS: dict[str, Number] = {
    # MADC
    "madc_half_clock":       Number(2e-9, "s", "documented", "MADC input clock of 500 MHz"),
    "madc_conversion":       Number(12, "clock", "documented",
                              "f = f_in / (12 + sample_duration_adjust)"),
    "madc_lsb":              Number(1.54e-3, "V", "measured", "45 CADC LSB = 132 MADC LSB"),
    "madc_zero":             Number(-0.04, "V", "measured", "-0.03..-0.05 V at code 0"),
    "madc_white":            Number(1.05, "LSB", "measured",
                              "silent trace: std 1.3-1.65, autocorrelation 0.34 at 0.3 us"),
    "madc_slow":             Number(0.78, "LSB", "measured",
                              "its correlated part: std 0.69 of 10 us block means"),
    "madc_slow_tau":         Number(14e-6, "s", "measured",
                              "autocorrelation 0.30, 0.24, 0.17 at 1.5, 5, 10 us"),
    "madc_settling":         Number(120, "sample", "documented", "first samples are invalid"),
    "madc_power_up":         Number(1e-3, "s", "documented", "wake-up before start"),
    "madc_loss":             Number(1e-5, "1", "estimated",
                              "that samples get lost is documented, how many is not"),
    # CADC; a CapMem code stands for a voltage of a shared cell
    "cadc_lsb_per_slope":    Number(4.5e-3 / 350, "V/LSB", "derived",
                              "4.5 mV when calibrated; calix holds the slope at 350 meanwhile"),
    "cadc_ramp_shift":       Number(-0.07125, "V", "estimated",
                              "ramp buffer; calibrated offset code 60: not far above its limit"),
    "cadc_ramp_top":         Number(1.2, "V", "documented", "the ramp runs up to about 1.2 V"),
    "cadc_nonlinearity":     Number(0.01, "1", "estimated",
                              "excess at the top; that it is less linear there is documented"),
    "cadc_noise":            Number(0.5, "LSB", "derived", "0.5-0.9 LSB with a neuron's noise"),
    "cadc_ramp_counts":      Number(256, "clock", "derived", "8 bit at the PPU clock, 1 us"),
    "ppu_clocks_per_cycle":  Number(2, "clock", "documented", "250 MHz against 125 MHz"),
    "capmem_volt_per_code":  Number(1.875e-3, "V/LSB", "derived", "codes 70..550 = 0.15..1.05 V"),
    "capmem_volt_at_zero":   Number(0.01875, "V", "derived", "codes 70..550 = 0.15..1.05 V"),
    # wires
    "floating_line":         Number(0.0, "V", "estimated", "what nobody drives leaks to ground"),
    "current_dac_rail":      Number(1.2, "V", "estimated",
                              "a sourcing current DAC pulls an open line to the supply"),
    "mux_leak":              Number(0.2, "V/V", "estimated",
                              "that a high membrane disturbs synin reads is documented"),
    "mux_leak_onset":        Number(1.1, "V", "estimated",
                              "documented as 1.2 V, where the emulated membrane is clipped"),
    # board
    "dac_reference_low":     Number(1.2, "V", "documented",
                              "lola: v_reset, v_res_meas, mux_rfu_0, mux_rfu_1"),
    "dac_reference_high":    Number(2.5, "V", "documented",
                              "lola: i_ref_board, ana_readout_debug_0, _1, mux_dac_25"),
    "dac_supply":            Number(3.3, "V", "estimated", "the AD5328 takes 2.5 to 5.5 V"),
    "dac_full_code":         Number(4095, "LSB", "documented", "lola: code / 4095 * reference"),
}

SIGMAS: dict[str, Number] = {
    "madc.gain":             Number(0.02, "1", "measured", "chip to chip"),
    "madc.offset":           Number(0.020, "V", "measured", "304 or 254 LSB for one voltage"),
    "cadc.offset":           Number(8.0, "LSB", "estimated",
                              "std below 20 LSB is asserted before calibration"),
    "cadc.gain":             Number(0.02, "1", "estimated", "per channel"),
    "cadc.ramp_start":       Number(0.018, "V", "estimated", "per quadrant, 4 LSB of 4.5 mV"),
}
# fmt: on
