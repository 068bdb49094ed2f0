"""CapMem: the analog parameter memory of a quadrant, its cells and its block configuration.

Source: haldls v3 capmem.cpp, read on 2026-11-21 (``docs/reference/words.md``).  A cell of code 1023 is not refreshed.
"""

import numpy as np

from ..container import QUADRANT, Axis, Container, words
from ..layout import Field, IntArray, Register, Transform
from .sram import GRAY_DECODED, timing

REFRESH_DISABLED = 1023


def _row_to_one_hot(row: IntArray) -> IntArray:
    """0 (no debug readout) stays 0; row + 1 becomes the bit 23 - row."""
    array = np.asarray(row, dtype=np.int64)
    shift = np.clip(24 - array, 0, 23)
    return np.where(array > 0, np.int64(1) << shift, 0).astype(np.uint32)


def _one_hot_to_row(code: IntArray) -> IntArray:
    array = np.asarray(code, dtype=np.int64)
    row = np.zeros_like(array)
    for bit in range(24):
        row[array == 1 << bit] = 24 - bit
    return row


# fmt: off
CAPMEM_CELL = Register("CapMemCell", n_words=1, fields=(
    Field("value", "0[9:0]", unit="LSB", doc="0..1022; 1023 switches the refresh off"),
))

CAPMEM_BLOCK_CONFIG = Register("CapMemBlockConfig", n_words=10, fields=(
    Field("debug_row",                   "0[23:0]", limit=24, transform=Transform("one-hot, row 0 is bit 23", _row_to_one_hot, _one_hot_to_row),
          doc="0 no debug readout, else 1 + row of the cell on the debug line"),
    Field("debug_column",                "1[7:0]"),
    Field("debug_v_ref_select",          "2[1:0]", choices=("off", "v_ref_v", "v_ref_i")),
    Field("v_global_bias",               "3[3:0]", default=7),
    Field("debug_level_shifter_bias",    "3[7:4]", default=3),
    Field("debug_source_follower_bias",  "3[11:8]", default=3),
    Field("debug_out_amp_bias",          "3[15:12]", default=7),
    Field("current_cell_res",            "4[5:0]", default=8),
    Field("debug_i_out_select",          "5[1:0]", choices=("disabled", "i_out_mux", "i_out_ramp")),
    Field("sub_counter",                 "6[15:0]", default=16),
    Field("enable_capmem",               "6[16]", default=1),
    Field("enable_boost",                "6[17]"),
    Field("enable_autoboost",            "6[18]"),
    Field("prescale_ramp",               "6[23:20]", default=3, limit=6),
    Field("prescale_pause",              "6[27:24]", default=3, limit=6),
    Field("boost_factor",                "6[31:28]"),
    Field("pulse_b",                     "7[15:0]", default=7),
    Field("pulse_a",                     "7[31:16]", default=4),
    Field("boost_b",                     "8[15:0]"),
    Field("boost_a",                     "8[31:16]"),
    Field("pause_counter",               "9[31:0]", default=8096),
))

# Row of a neuron's column that holds each of its 8 voltages (rows 0..7) and 16 currents.
NEURON_ROWS = {
    "leak_v_leak": 0,                        "inhibitory_input_i_bias_tau": 14,
    "reset_v_reset": 1,                      "inhibitory_input_i_bias_coba": 15,
    "threshold_v_threshold": 2,              "inhibitory_input_i_shift_reference": 16,
    "excitatory_input_v_rev_coba": 3,        "inhibitory_input_i_bias_gm": 17,
    "inhibitory_input_v_rev_coba": 4,        "adaptation_i_bias_tau": 18,
    "adaptation_v_leak": 5,                  "adaptation_i_bias_a": 19,
    "exponential_v_exp": 6,                  "adaptation_i_bias_b": 20,
    "adaptation_v_ref": 7,                   "exponential_i_bias": 21,
    "leak_i_bias": 8,                        "constant_current_i_offset": 22,
    "reset_i_bias": 9,                       "multicompartment_i_bias_nmda": 23,
    "excitatory_input_i_bias_tau": 10,
    "excitatory_input_i_bias_coba": 11,
    "excitatory_input_i_shift_reference": 12,
    "excitatory_input_i_bias_gm": 13,
}

# (column - 128, row, default) of the cells that every quadrant has.
QUADRANT_CELLS = {
    "stp_v_charge_0":                    (0, 0, 0),
    "stp_v_charge_1":                    (0, 1, 0),
    "stp_v_recover_0":                   (0, 2, 0),
    "stp_v_recover_1":                   (0, 3, 0),
    "cadc_v_ramp_offset":                (0, 4, 0),
    "cadc_v_bias_ramp_buf":              (0, 5, 0),
    "neuron_v_bias_casc_n":              (0, 7, 250),
    "syn_i_bias_dac":                    (0, 8, 1022),
    "syn_i_bias_ramp":                   (0, 9, 0),
    "syn_i_bias_store":                  (0, 10, 0),
    "syn_i_bias_corout":                 (0, 11, 0),
    "stp_i_bias_comparator":             (0, 12, 0),
    "stp_i_ramp":                        (0, 13, 0),
    "stp_i_calib":                       (0, 14, 0),
    "cadc_i_ramp_slope":                 (0, 15, 0),
    "cadc_i_bias_comp":                  (0, 16, 0),
    "cadc_i_bias_vreset_buf":            (0, 17, 0),
    "neuron_i_bias_readout_amp":         (0, 18, 110),
    "neuron_i_bias_leak_source_follower": (0, 19, 100),
    "neuron_i_bias_spike_comparator":    (0, 20, 200),
    "neuron_i_bias_synin_drop":          (1, 23, 300),
}

# (quadrant, column - 128, row, default) of the cells that exist once.
READOUT_CELLS = {
    "readout_sc_amp_v_ref":     (0, 0, 6, 400),
    "pseudo_diff_v_ref":        (1, 0, 6, 400),
    "iconv_test_voltage":       (2, 0, 6, 400),
    "iconv_sc_amp_v_ref":       (3, 0, 6, 400),
    "iconv_sc_amp_i_bias":      (0, 0, 21, 500),
    "stp_i_bias_readout_top":   (1, 0, 21, 0),
    "stp_i_bias_readout_bottom": (3, 0, 21, 0),
    "pseudo_diff_buffer_bias":  (0, 0, 22, 0),
    "hagen_i_bias_dac_top":     (1, 0, 22, 0),
    "hagen_i_bias_dac_bottom":  (3, 0, 22, 0),
    "readout_out_amp_i_bias_0": (0, 0, 23, 0),
    "readout_out_amp_i_bias_1": (0, 1, 8, 0),
    "idac_i_bias":              (0, 1, 9, 0),
    "idac_i_bias_casc":         (0, 1, 10, 0),
    "iconv_i_bias_buffer":      (0, 1, 11, 0),
    "ac_mux_i_bias":            (0, 1, 12, 500),
    "madc_in_500na":            (0, 1, 13, 500),
    "sc_amp_i_bias":            (0, 1, 14, 500),
}

REFERENCE_GENERATOR_CONFIG = Register("ReferenceGeneratorConfig", n_words=9, width=16, fields=(
    Field("enable_internal_reference", "0[12]", default=1),
    Field("enable_reference_output",   "0[13]"),
    Field("enable_reference_pad",      "0[14]"),
    Field("enable_reset",              "0[15]"),
    Field("reference_control",         "1[11:6]", default=10),
    Field("resistor_control",          "2[5:0]", default=40),
    Field("capmem_amplifier",          "3[5:0] | 3[11:6] | 4[5:0] | 4[11:6]", default=40, doc="by quadrant"),
    Field("capmem_offset",             "5[5:0] | 5[11:6] | 6[5:0] | 6[11:6]", default=1, doc="by quadrant"),
    Field("capmem_slope",              "7[5:0] | 7[11:6] | 8[5:0] | 8[11:6]", default=11, doc="by quadrant"),
))
# fmt: on

CAPMEM_BASE = np.array([0x140000, 0x148000, 0x150000, 0x158000])

CONTAINERS = (
    Container(
        "CapMemCell",
        CAPMEM_CELL,
        (QUADRANT, Axis("column", 130), Axis("row", 24)),
        lambda block, column, row: words(CAPMEM_BASE[block] + 32 * column + row, 1),
        doc="columns 0..127 neurons, 128 and 129 shared parameters",
    ),
    Container(
        "CapMemBlockConfig",
        CAPMEM_BLOCK_CONFIG,
        (QUADRANT,),
        lambda block: words(CAPMEM_BASE[block] + 0x4000, 10),
    ),
    Container(
        "CapMemSRAMTimingConfig",
        timing(
            "CapMemSRAMTimingConfig",
            read_delay=8,
            address_setup_time=1,
            write_width=1,
            word_code=GRAY_DECODED,
        ),
        (QUADRANT,),
        lambda block: words(CAPMEM_BASE[block] + 0x2800, 2),
    ),
    Container(
        "ReferenceGeneratorConfig", REFERENCE_GENERATOR_CONFIG, (), lambda: words(0xC0012, 9)
    ),
)
