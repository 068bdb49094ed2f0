"""Neuron registers: circuit configuration, digital backend, common backend.

Source: haldls v3 neuron.cpp and neuron_backend.cpp bit fields, read on 2026-11-21 (``docs/reference/words.md``).
"""

import numpy as np

from ..container import (
    BACKEND,
    NEURON_ON_BACKEND,
    NEURON_ON_QUADRANT,
    QUAD_COLUMN,
    QUADRANT,
    SYNRAM,
    Container,
    words,
)
from ..layout import Field, IntArray, Register, Transform
from .sram import timing


def _to_fire_bits(mode: IntArray) -> IntArray:
    """Strong fire (the upper bit) comes with fire."""
    return np.array([0b00, 0b01, 0b11])[np.asarray(mode, dtype=np.int64)]


def _from_fire_bits(code: IntArray) -> IntArray:
    """Without fire, strong fire has no effect: off."""
    return np.array([0, 1, 0, 2])[np.asarray(code, dtype=np.int64)]


FIRE = Transform("off 00, normal 01, strong 11", _to_fire_bits, _from_fire_bits)

# fmt: off
NEURON_CONFIG = Register("NeuronConfig", n_words=6, width=8, fields=(
    Field("reset_enable_degeneration",           "0[0]"),
    Field("reset_enable_division",               "0[1]"),
    Field("reset_enable_multiplication",         "0[2]"),
    Field("leak_enable_degeneration",            "0[3]"),
    Field("leak_enable_division",                "0[4]"),
    Field("leak_enable_multiplication",          "0[5]"),
    Field("analog_output",                       "0[6] 4[2]", choices=("off", "normal", "strong"), transform=FIRE, doc="bits strong fire, fire"),
    Field("inhibitory_enable_coba_mode",         "1[1]"),
    Field("excitatory_enable_coba_mode",         "1[2]"),
    Field("enable_unbuffered_access",            "1[3]"),
    Field("enable_readout_amplifier",            "1[4]"),
    Field("readout_source",                      "1[6:5]", choices=("membrane", "excitatory", "inhibitory", "adaptation"), doc="excitatory, inhibitory: synaptic inputs"),
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
    Field("invert_current",                      "4[0]", choices=("source", "sink")),
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
    Field("select_input_clock",         "2[1]", choices=("slow", "fast"), doc="backend clock"),
    Field("enable_adaptation_pulse",    "2[6]"),
    Field("enable_bayesian_extension",  "2[7]", default=1),
    Field("enable_neuron_slave",        "3[0]"),
    Field("connect_fire_bottom",        "3[1]"),
    Field("connect_fire_from_right",    "3[2]", doc="does not work on the chip"),
    Field("connect_fire_to_right",      "3[3]"),
    Field("enable_spike_out",           "3[4]"),
    Field("enable_neuron_master",       "3[5]"),
    Field("bayesian_operation",         "3[6] 3[7]", choices=("local", "and", "xnor", "muller_c")),
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

NEURON_RESET = Register("NeuronReset", n_words=1, fields=())
BLOCK_POST_PULSE = Register("BlockPostPulse", n_words=1, fields=())
SPIKE_COUNTER_RESET = Register("SpikeCounterReset", n_words=1, fields=())
NEURON_RESET_QUAD = Register("NeuronResetQuad", n_words=1, fields=())
# fmt: on

QUADRANT_BASE = np.array([0x160000, 0x168000, 0x170000, 0x178000])
BACKEND_BASE = np.array([0x1A1000, 0x1A9000])
EVENT_BASE = np.array([0x122000, 0x12A000])
SYNAPSE_ACCESS = np.array([0x02C00000, 0x03C00000])

_BACKEND_AXES = (BACKEND, NEURON_ON_BACKEND)

CONTAINERS = (
    Container(
        "NeuronConfig",
        NEURON_CONFIG,
        (QUADRANT, NEURON_ON_QUADRANT),
        lambda block, idx: words(QUADRANT_BASE[block] + 8 * idx + 2, 6),
    ),
    Container(
        "NeuronBackendConfig",
        NEURON_BACKEND_CONFIG,
        _BACKEND_AXES,
        lambda block, idx: words(BACKEND_BASE[block] + 4 * idx, 4),
        doc="idx = column % 128 + 128 * row",
    ),
    Container(
        "CommonNeuronBackendConfig",
        COMMON_NEURON_BACKEND_CONFIG,
        (BACKEND,),
        lambda block: words(BACKEND_BASE[block] + 0x800, 2),
    ),
    Container(
        "NeuronReset",
        NEURON_RESET,
        _BACKEND_AXES,
        lambda block, idx: words(EVENT_BASE[block] + 4 * idx, 1),
        access="w",
    ),
    Container(
        "BlockPostPulse",
        BLOCK_POST_PULSE,
        (BACKEND,),
        lambda block: words(EVENT_BASE[block] + 0x400, 1),
        access="w",
    ),
    Container(
        "SpikeCounterRead",
        SPIKE_COUNTER_READ,
        _BACKEND_AXES,
        lambda block, idx: words(EVENT_BASE[block] + 0x800 + 4 * idx, 1),
        access="r",
    ),
    Container(
        "SpikeCounterReset",
        SPIKE_COUNTER_RESET,
        _BACKEND_AXES,
        lambda block, idx: words(EVENT_BASE[block] + 0xC00 + 4 * idx, 1),
        access="w",
    ),
    Container(
        "NeuronResetQuad",
        NEURON_RESET_QUAD,
        (SYNRAM, QUAD_COLUMN),
        lambda synram, quad: words(SYNAPSE_ACCESS[synram] + 0x94000 + quad, 1),
        access="w",
        doc="resets four neurons, and the row 0 correlation sensors of their columns",
    ),
    Container(
        "NeuronSRAMTimingConfig",
        timing("NeuronSRAMTimingConfig"),
        (QUADRANT,),
        lambda block: words(QUADRANT_BASE[block] + 0x402, 2),
    ),
    Container(
        "NeuronBackendSRAMTimingConfig",
        timing("NeuronBackendSRAMTimingConfig"),
        (BACKEND,),
        lambda block: words(BACKEND_BASE[block] + 0x402, 2),
    ),
)
