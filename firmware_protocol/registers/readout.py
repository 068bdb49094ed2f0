"""Analog readout: MADC, source selection.  Source: haldls madc.cpp, readout_mux.cpp, read on 2026-11-21."""

from ..layout import Field, Register

# fmt: off
MADC_CONTROL = Register("MADCControl", n_words=1, fields=(
    Field("wake_up",                  "0[0]"),
    Field("start",                    "0[1]"),
    Field("stop",                     "0[2]"),
    Field("power_down_after",         "0[3]"),
    Field("continuous",               "0[4]"),
    Field("pre_amp",                  "0[5]"),
    Field("iconv_amp",                "0[6]"),
))

MADC_CONFIG = Register("MADCConfig", n_words=10, width=16, fields=(
    Field("active_mux_initially_selected_input",         "0[3]"),
    Field("active_mux_input_select_length",              "0[7:4]"),
    Field("sample_duration_adjust",                      "0[10:8]", default=5),
    Field("enable_sar_reset_on_fall",                    "0[11]"),
    Field("sar_reset_wait",                              "0[13:12]"),
    Field("sar_reset_length",                            "0[15:14]"),
    Field("powerup_wait_value",                          "1[9:0]", default=96),
    Field("conversion_cycles_offset",                    "1[15:12]", default=12),
    Field("calibration_wait_value",                      "2[9:0]"),
    Field("enable_calibration",                          "2[15]"),
    Field("number_of_samples",                           "3[15:0]"),
    Field("preamp_sampling_window_start",                "4[4:0]", default=3),
    Field("preamp_sampling_window_end",                  "4[9:5]", default=8),
    Field("iconv_sampling_window_start",                 "5[4:0]", default=9),
    Field("iconv_sampling_window_end",                   "5[9:5]", default=14),
    Field("sample_on_positive_edge",                     "6[0]", default=1),
    Field("enable_dummy_data",                           "6[1]"),
    Field("connect_preamp_to_madc",                      "7[0]", default=1),
    Field("connect_pads_to_madc",                        "7[1]"),
    Field("connect_preamp_to_pads",                      "7[2]"),
    Field("preamp_gain_capacitor_size",                  "7[7:3]", default=31),
    Field("enable_madc_clock_scaling",                   "8[0]"),
    Field("madc_clock_scale_value",                      "8[12:1]"),
    Field("enable_active_mux_amplifiers",                "9[0]", default=1),
    Field("enable_pseudo_differential_reference_top",    "9[1]"),
    Field("enable_pseudo_differential_reference_bottom", "9[2]"),
    Field("signal_selection_connect_current_meter",      "9[3]"),
    Field("signal_selection_connect_active_mux",         "9[4]", default=1),
    Field("signal_selection_connect_debug",              "9[5]"),
    Field("signal_selection_connect_preamp",             "9[6]", default=1),
    Field("enable_iconv_amplifier",                      "9[7]"),
    Field("connect_iconv_neuron_top",                    "9[8]"),
    Field("connect_iconv_neuron_bottom",                 "9[9]"),
    Field("connect_iconv_synapse_inhibitory",            "9[10]"),
    Field("connect_iconv_synapse_excitatory",            "9[11]"),
))

READOUT_SOURCE_SELECTION = Register("ReadoutSourceSelection", n_words=1, fields=(
    Field("debug_plus",          "0[0]"),
    Field("debug_minus",         "0[1]"),
    Field("current_dac",         "0[2]"),
    Field("synin_debug_inhibitory", "0[3]"),
    Field("synin_debug_excitatory", "0[4]"),
    Field("cadc_debug_causal",   "0[5]"),
    Field("cadc_debug_acausal",  "0[6]"),
    Field("stp_readout_top",     "0[7]"),
    Field("stp_readout_bottom",  "0[8]"),
    Field("neuron_top_odd",      "0[9]"),
    Field("neuron_top_even",     "0[10]"),
    Field("neuron_bottom_odd",   "0[11]"),
    Field("neuron_bottom_even",  "0[12]"),
    Field("buffer_1_to_pad_1",   "0[13]", doc="in the second selection only"),
    Field("buffer_0_to_pad_0",   "0[14]", doc="in the second selection only"),
))
# fmt: on
