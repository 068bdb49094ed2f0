"""Synapse array: quads, column switches, drivers, PADI buses.

Source: haldls v3 synapse.cpp, synapse_driver.cpp, padi.cpp, read on 2026-11-21 (``docs/reference/words.md``).
A quad word holds four columns, entry 0 in the most significant byte.  Bits 4..0 of a weight are stored in
reverse order.
"""

import numpy as np

from ..container import QUAD_COLUMN, ROW, SYNRAM, Axis, Container, apart, words
from ..layout import Field, Register
from .sram import timing

WEIGHT = "{w}[29] {w}[24] {w}[25] {w}[26] {w}[27] {w}[28]"

# fmt: off
SYNAPSE_QUAD = Register("SynapseQuad", n_words=2, fields=(
    Field("weight",     WEIGHT.format(w=0), entries=4, step=-8),
    Field("time_calib", "0[31:30]", entries=4, step=-8),
    Field("label",      "1[29:24]", entries=4, step=-8),
    Field("amp_calib",  "1[31:30]", entries=4, step=-8),
))

SYNAPSE_WEIGHT_QUAD = Register("SynapseWeightQuad", n_words=1, fields=(Field("weight", WEIGHT.format(w=0), entries=4, step=-8),))
SYNAPSE_LABEL_QUAD = Register("SynapseLabelQuad", n_words=1, fields=(Field("label", "0[29:24]", entries=4, step=-8),))

COLUMN_CORRELATION_QUAD = Register("ColumnCorrelationQuad", n_words=4, fields=(
    Field("enable_internal_causal",             "0[30]", entries=4, step=-8),
    Field("enable_internal_acausal",            "0[31]", entries=4, step=-8),
    Field("enable_debug_causal",                "1[30]", entries=4, step=-8),
    Field("enable_debug_acausal",               "1[31]", entries=4, step=-8),
    Field("enable_cadc_neuron_readout_causal",  "2[29]", entries=4, step=-8),
    Field("enable_cadc_neuron_readout_acausal", "3[29]", entries=4, step=-8),
))

COLUMN_CURRENT_QUAD = Register("ColumnCurrentQuad", n_words=2, fields=(
    Field("enable_synaptic_current_excitatory", "0[24]", entries=4, step=-8),
    Field("enable_synaptic_current_inhibitory", "0[25]", entries=4, step=-8),
    Field("enable_debug_excitatory",            "1[24]", entries=4, step=-8),
    Field("enable_debug_inhibitory",            "1[25]", entries=4, step=-8),
))

SYNAPSE_DRIVER_CONFIG = Register("SynapseDriverConfig", n_words=3, width=16, fields=(
    Field("utilization",               "0[3:0]"),
    Field("offset",                    "0[7:4]"),
    Field("enable_hagen_dac",          "0[8]"),
    Field("row_address_compare_mask",  "0[13:9]", default=31),
    Field("enable_address_out",        "0[14]", default=1, inverted=True),
    Field("enable_receiver",           "0[15]"),
    Field("recovery",                  "1[0] 1[1] 1[2] 1[3]"),
    Field("row_mode_bottom",           "1[6] 1[4]", choices=("disabled", "excitatory", "inhibitory", "excitatory_and_inhibitory")),
    Field("row_mode_top",              "1[7] 1[5]", choices=("disabled", "excitatory", "inhibitory", "excitatory_and_inhibitory")),
    Field("hagen_dac_offset",          "1[13:8]", inverted=True),
    Field("select_target_voltages",    "2[0]", doc="voltage set 0 or 1"),
    Field("enable_readout",            "2[1]"),
    Field("enable_renewing",           "2[2]", doc="does not work on the chip"),
    Field("enable_hagen_modulation",   "2[3]"),
    Field("enable_stp",                "2[4]"),
    Field("enable_charge_sharing",     "2[6]", inverted=True, doc="does not work on the chip"),
    Field("enable_recovery",           "2[7]"),
))

COMMON_PADI_BUS_CONFIG = Register("CommonPADIBusConfig", n_words=1, fields=(
    Field("enable_spl1",            "0[0]", entries=4, step=1),
    Field("enable_extended_timing", "0[4]", entries=4, step=1),
    Field("dacen_pulse_extension",  "0[19:16]", entries=4, step=4),
))

PADI_EVENT = Register("PADIEvent", n_words=1, fields=(
    Field("fire_bus",           "0[0]", entries=4, step=1),
    Field("event_address",      "0[21:16]"),
    Field("row_select_address", "0[26:22]"),
))

COMMON_STP_CONFIG = Register("CommonSTPConfig", n_words=1, fields=(
    Field("recovery_clock_speed",  "0[3:0]"),
    Field("enable_recovery_clock", "0[4]"),
))

SYNAPSE_CORRELATION_CALIB_QUAD = Register("SynapseCorrelationCalibQuad", n_words=2, fields=(
    Field("time_calib", "0[25:24]", entries=4, step=-8, doc="larger: shorter time constant"),
    Field("amp_calib",  "1[25:24]", entries=4, step=-8, doc="larger: smaller amplitude"),
))

COMMON_SYNRAM_CONFIG = Register("CommonSynramConfig", n_words=3, fields=(
    Field("pc_conf_west",   "0[3:0]", default=8),
    Field("pc_conf_east",   "0[7:4]", default=8),
    Field("w_conf_west",    "1[7:0]", default=3),
    Field("w_conf_east",    "1[15:8]", default=3),
    Field("wait_ctr_clear", "2[2:0]", default=4),
))

_BY_QUADRANT = "0[{0}] | 0[{1}] | 0[{2}] | 0[{3}]"
SYNAPSE_BIAS_SELECTION = Register("SynapseBiasSelection", n_words=1, fields=(
    Field("int_output_bias", _BY_QUADRANT.format(4, 0, 12, 8), default=1, doc="by quadrant; 1 internal"),
    Field("int_store_bias",  _BY_QUADRANT.format(5, 1, 13, 9), default=1, doc="by quadrant; 1 internal"),
    Field("int_ramp_bias",   _BY_QUADRANT.format(6, 2, 14, 10), default=1, doc="by quadrant; 1 internal"),
    Field("int_dac_bias",    _BY_QUADRANT.format(7, 3, 15, 11), default=1, doc="by quadrant; 1 internal"),
))
# fmt: on

CONTROL = np.array([0x02000000, 0x03000000])
ACCESS = np.array([0x02C00000, 0x03C00000])
PADI = np.array([0x110000, 0x118000])

_DRIVER = Axis("idx", 128, aliases=("driver",))
_HALF = Axis("block", 2, ("top", "bottom"), ("hemisphere", "synram"))
_SYNAPSES = (SYNRAM, ROW, QUAD_COLUMN)
_COLUMNS = (SYNRAM, QUAD_COLUMN)

CONTAINERS = (
    Container(
        "SynapseQuad",
        SYNAPSE_QUAD,
        _SYNAPSES,
        lambda s, r, q: apart(ACCESS[s] + 0xF0000 + 128 * r + q, ACCESS[s] + 0xF0040 + 128 * r + q),
    ),
    Container(
        "SynapseWeightQuad",
        SYNAPSE_WEIGHT_QUAD,
        _SYNAPSES,
        lambda s, r, q: words(ACCESS[s] + 64 * r + q, 1),
    ),
    Container(
        "SynapseLabelQuad",
        SYNAPSE_LABEL_QUAD,
        _SYNAPSES,
        lambda s, r, q: words(ACCESS[s] + 0x40000 + 64 * r + q, 1),
    ),
    Container(
        "SynapseCorrelationCalibQuad",
        SYNAPSE_CORRELATION_CALIB_QUAD,
        _SYNAPSES,
        lambda s, r, q: apart(ACCESS[s] + 0x10000 + 64 * r + q, ACCESS[s] + 0x20000 + 64 * r + q),
    ),
    Container(
        "ColumnCorrelationQuad",
        COLUMN_CORRELATION_QUAD,
        _COLUMNS,
        lambda s, q: apart(
            ACCESS[s] + 0xF8080 + q,
            ACCESS[s] + 0xF80C0 + q,
            ACCESS[s] + 0x4000 + q,
            ACCESS[s] + 0x44000 + q,
        ),
    ),
    Container(
        "ColumnCurrentQuad",
        COLUMN_CURRENT_QUAD,
        _COLUMNS,
        lambda s, q: apart(ACCESS[s] + 0x14000 + q, ACCESS[s] + 0x24000 + q),
    ),
    Container(
        "CommonSynramConfig", COMMON_SYNRAM_CONFIG, (SYNRAM,), lambda s: words(CONTROL[s], 3)
    ),
    Container(
        "SynapseBiasSelection",
        SYNAPSE_BIAS_SELECTION,
        (),
        lambda: words(0x100000, 1),
        access="w",
    ),
    Container(
        "SynapseDriverConfig",
        SYNAPSE_DRIVER_CONFIG,
        (_HALF, _DRIVER),
        lambda h, d: words(PADI[h] + 0x400 + 4 * d, 3),
    ),
    Container(
        "SynapseDriverSRAMTimingConfig",
        timing("SynapseDriverSRAMTimingConfig", read_delay=0xC0),
        (_HALF,),
        lambda h: words(PADI[h] + 0x602, 2),
    ),
    Container("PADIEvent", PADI_EVENT, (_HALF,), lambda h: words(PADI[h], 1), access="w"),
    Container(
        "CommonPADIBusConfig", COMMON_PADI_BUS_CONFIG, (_HALF,), lambda h: words(PADI[h] + 1, 1)
    ),
    Container(
        "CommonSTPConfig",
        COMMON_STP_CONFIG,
        (_HALF,),
        lambda h: words(PADI[h] + 2, 1),
        access="w",
    ),
)
