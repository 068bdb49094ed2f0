"""Neuron registers: circuit configuration, digital backend, common backend.

Source: haldls v3 neuron.cpp and neuron_backend.cpp bit fields, read on 2026-11-21 (``docs/reference/words.md``).
"""

from ..layout import Field, Register

# fmt: off
NEURON_CONFIG = Register("NeuronConfig", n_words=6, width=8, fields=(
    Field("reset_enable_degeneration",           "0[0]"),
    Field("reset_enable_division",               "0[1]"),
    Field("reset_enable_multiplication",         "0[2]"),
    Field("leak_enable_degeneration",            "0[3]"),
    Field("leak_enable_division",                "0[4]"),
    Field("leak_enable_multiplication",          "0[5]"),
    Field("analog_output",                       "0[6] 4[2]", limit=2, doc="0 off, 1 normal, 2 strong (bypass)"),
    Field("inhibitory_enable_coba_mode",         "1[1]"),
    Field("excitatory_enable_coba_mode",         "1[2]"),
    Field("enable_unbuffered_access",            "1[3]"),
    Field("enable_readout_amplifier",            "1[4]"),
    Field("readout_source",                      "1[6:5]", doc="0 membrane, 1 exc., 2 inh. synaptic input, 3 adaptation"),
    Field("enable_readout",                      "1[7]", doc="buffered access to the readout line"),
    Field("invert_adaptation_b",                 "2[0]"),
    Field("invert_adaptation_a",                 "2[1]"),
    Field("enable_adaptation",                   "2[2]"),
    Field("enable_exponential",                  "2[3]"),
    Field("inhibitory_enable_small_capacitance", "2[4]"),
    Field("excitatory_enable_small_capacitance", "2[5]"),
    Field("inhibitory_enable_high_resistance",   "2[6]"),
    Field("excitatory_enable_high_resistance",   "2[7]"),
    Field("enable_membrane_offset",              "3[0]"),
    Field("membrane_capacitance",                "3[7:2]", doc="63 is about 2.3 pF"),
    Field("invert_current",                      "4[0]", doc="0 source, 1 sink"),
    Field("enable_threshold_comparator",         "4[3]"),
    Field("enable_synaptic_input_inhibitory",    "4[4]"),
    Field("enable_synaptic_input_excitatory",    "4[5]"),
    Field("enable_bypass_inhibitory",            "4[6]"),
    Field("enable_bypass_excitatory",            "4[7]"),
    Field("connect_soma_right",                  "5[0]"),
    Field("connect_bottom",                      "5[1]"),
    Field("enable_conductance",                  "5[2]"),
    Field("connect_membrane_right",              "5[3]"),
    Field("connect_soma",                        "5[4]"),
    Field("conductance_multiplication",          "5[5]", doc="x4"),
    Field("conductance_division",                "5[6]", doc="/4"),
    Field("enable_pause",                        "5[7]"),
))

NEURON_BACKEND_CONFIG = Register("NeuronBackendConfig", n_words=4, width=8, fields=(
    Field("address_out",                "0[5:0] 1[5:4]", inverted=True),
    Field("reset_holdoff",              "1[7:6] 0[7:6]", default=15, unit="2 clock cycles"),
    Field("refractory_time",            "1[3:0] 2[5:2]", inverted=True, unit="clock cycles"),
    Field("enable_post_overwrite",      "2[0]"),
    Field("select_input_clock",         "2[1]", doc="0 slow, 1 fast backend clock"),
    Field("enable_adaptation_pulse",    "2[6]"),
    Field("enable_bayesian_extension",  "2[7]", default=1),
    Field("enable_neuron_slave",        "3[0]"),
    Field("connect_fire_bottom",        "3[1]"),
    Field("connect_fire_from_right",    "3[2]", doc="does not work on the chip"),
    Field("connect_fire_to_right",      "3[3]"),
    Field("enable_spike_out",           "3[4]"),
    Field("enable_neuron_master",       "3[5]"),
    Field("bayesian_operation",         "3[6] 3[7]", doc="0 local, 1 AND, 2 XNOR, 3 Muller C"),
))

COMMON_NEURON_BACKEND_CONFIG = Register("CommonNeuronBackendConfig", n_words=2, fields=(
    Field("enable_event_registers",        "0[0]", default=1),
    Field("force_reset",                   "0[1]"),
    Field("enable_clocks",                 "0[2]", default=1),
    Field("clock_scale_slow",              "0[7:4]", doc="f = 250 MHz / 2**(scale + 1)"),
    Field("clock_scale_fast",              "0[11:8]"),
    Field("sample_positive_edge",          "0[12]", default=1, entries=4, step=1),
    Field("clock_scale_adaptation_pulse",  "0[19:16]"),
    Field("clock_scale_post_pulse",        "0[23:20]"),
    Field("wait_global_post_pulse",        "1[7:0]", default=1),
    Field("wait_spike_counter_reset",      "1[15:8]", default=4),
    Field("wait_spike_counter_read",       "1[23:16]", default=112),
    Field("wait_fire_neuron",              "1[31:24]", default=4),
))

SPIKE_COUNTER_READ = Register("SpikeCounterRead", n_words=1, fields=(
    Field("count",    "0[7:0]"),
    Field("overflow", "0[8]"),
))
# fmt: on
