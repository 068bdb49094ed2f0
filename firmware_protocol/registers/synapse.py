"""Synapse array: quads, column switches, drivers, PADI buses.

Source: haldls v3 synapse.cpp, synapse_driver.cpp, padi.cpp, read on 2026-11-21 (``docs/reference/words.md``).
A quad word holds four columns, entry 0 in the most significant byte.  Bits 4..0 of a weight are stored in
reverse order.
"""

from ..layout import Field, Register

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
    Field("internal_causal",               "0[30]", entries=4, step=-8),
    Field("internal_acausal",              "0[31]", entries=4, step=-8),
    Field("debug_causal",                  "1[30]", entries=4, step=-8),
    Field("debug_acausal",                 "1[31]", entries=4, step=-8),
    Field("neuron_readout_causal",         "2[29]", entries=4, step=-8),
    Field("neuron_readout_acausal",        "3[29]", entries=4, step=-8),
))

COLUMN_CURRENT_QUAD = Register("ColumnCurrentQuad", n_words=2, fields=(
    Field("synaptic_current_excitatory",   "0[24]", entries=4, step=-8),
    Field("synaptic_current_inhibitory",   "0[25]", entries=4, step=-8),
    Field("debug_excitatory",              "1[24]", entries=4, step=-8),
    Field("debug_inhibitory",              "1[25]", entries=4, step=-8),
))

SYNAPSE_DRIVER_CONFIG = Register("SynapseDriverConfig", n_words=3, width=16, fields=(
    Field("utilization",               "0[3:0]"),
    Field("offset",                    "0[7:4]"),
    Field("enable_hagen_dac",          "0[8]"),
    Field("row_address_compare_mask",  "0[13:9]", default=31),
    Field("enable_address_out",        "0[14]", default=1, inverted=True),
    Field("enable_receiver",           "0[15]"),
    Field("recovery",                  "1[0] 1[1] 1[2] 1[3]"),
    Field("row_mode_bottom",           "1[6] 1[4]", doc="0 disabled, 1 excitatory, 2 inhibitory, 3 both"),
    Field("row_mode_top",              "1[7] 1[5]", doc="0 disabled, 1 excitatory, 2 inhibitory, 3 both"),
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
# fmt: on
