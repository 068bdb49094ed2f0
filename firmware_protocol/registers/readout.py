"""Analog readout: MADC, source selection, pads, current DAC.

Source: haldls madc.cpp, readout.cpp, current_dac.cpp, read on 2026-11-21.
"""

import numpy as np

from ..container import Axis, Container, words
from ..layout import Field, IntArray, Register, Transform


def _to_thermometer(current: IntArray) -> IntArray:
    """The two upper of eight bits become a thermometer code of three."""
    value = np.asarray(current, dtype=np.int64)
    return ((1 << (value >> 6)) - 1) << 6 | (value & 63)


def _from_thermometer(code: IntArray) -> IntArray:
    array = np.asarray(code, dtype=np.int64)
    ones = (array >> 6 & 1) + (array >> 7 & 1) + (array >> 8 & 1)
    return ones << 6 | (array & 63)


THERMOMETER = Transform("upper two bits as a thermometer", _to_thermometer, _from_thermometer)

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

PAD_MULTIPLEXER_CONFIG = Register("PadMultiplexerConfig", n_words=2, width=16, fields=(
    Field("cadc_v_ramp_mux",                                 "0[3]", entries=4, step=-1, doc="by quadrant"),
    Field("cadc_v_ramp_mux_to_pad",                          "0[4]"),
    Field("capmem_i_out_mux",                                "0[8]", entries=4, step=-1, doc="by quadrant"),
    Field("capmem_i_out_mux_to_capmem_intermediate_mux",     "0[9]"),
    Field("capmem_intermediate_mux_to_pad",                  "0[10]"),
    Field("capmem_v_out_mux",                                "0[14]", entries=4, step=-1, doc="by quadrant"),
    Field("capmem_v_out_mux_to_capmem_intermediate_mux",     "0[15]"),
    Field("capmem_v_ref_mux",                                "1[3]", entries=4, step=-1, doc="by quadrant"),
    Field("capmem_v_ref_mux_to_capmem_intermediate_mux",     "1[4]"),
    Field("neuron_i_stim_mux",                               "1[5]", entries=2, step=1, doc="top, bottom"),
    Field("cadc_debug_causal_to_synapse_intermediate_mux",   "1[7]"),
    Field("cadc_debug_acausal_to_synapse_intermediate_mux",  "1[8]"),
    Field("synin_debug_inhibitory_to_synapse_intermediate_mux", "1[9]"),
    Field("synin_debug_excitatory_to_synapse_intermediate_mux", "1[10]"),
    Field("synapse_intermediate_mux_to_pad",                 "1[11]"),
    Field("buffer_to_pad",                                   "1[13]", entries=2, step=-1, doc="buffer 0, buffer 1"),
    Field("debug_to_pad",                                    "1[14]"),
    Field("neuron_i_stim_mux_to_pad",                        "1[15]"),
))

CURRENT_DAC = Register("CurrentDAC", n_words=1, fields=(
    Field("current",         "0[10:8] 0[5:0]", limit=255, transform=THERMOMETER),
    Field("sign",            "0[6]", choices=("source", "sink")),
    Field("enable_current",  "0[7]"),
    Field("connect_neuron",  "0[11]", entries=2, step=1, doc="top, bottom"),
    Field("connect_synapse", "0[13]", entries=2, step=1, doc="excitatory, inhibitory line; the vendor's bit names say the opposite"),
))
# fmt: on

CONTAINERS = (
    Container("MADCControl", MADC_CONTROL, (), lambda: words(0xC0000, 1), access="w"),
    Container("MADCConfig", MADC_CONFIG, (), lambda: words(0xC0001, 10)),
    Container("CurrentDAC", CURRENT_DAC, (), lambda: words(0xC000B, 1)),
    Container(
        "ReadoutSourceSelection",
        READOUT_SOURCE_SELECTION,
        (Axis("mux", 2),),
        lambda mux: words(0xC000C + mux, 1),
    ),
    Container(
        "PadMultiplexerConfig",
        PAD_MULTIPLEXER_CONFIG,
        (Axis("pad", 2),),
        lambda pad: words(0xC000E + 2 * pad, 2),
    ),
)
