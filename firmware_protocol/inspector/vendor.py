"""The vendor's names of coordinates, names and values, where they differ from those of the tables.

Source: halco (types of coordinates and their enumeration), haldls and lola (accessors and
enumerations of containers), v3, read on 2026-11-21.
"""

from __future__ import annotations

from ..container import Axis

# What a part of a coordinate is.
HALF, QUADRANT, BACKEND, DRIVER = "half", "quadrant", "backend", "driver"


def kind(axis: Axis) -> str:
    """What the axis counts: one of the kinds above, or its name and size."""
    by_names = {"top": HALF, "nw": QUADRANT, "west": BACKEND}
    if axis.names and axis.names[0] in by_names:
        return by_names[axis.names[0]]
    return DRIVER if "driver" in axis.aliases else f"{axis.name}{axis.size}"


# fmt: off
PARTS: dict[str, tuple[str, ...]] = {
    "SynramOnDLS":                (HALF,),
    "HemisphereOnDLS":            (HALF,),
    "PPUOnDLS":                   (HALF,),
    "CADCOnDLS":                  (HALF,),
    "PADIBusBlockOnDLS":          (HALF,),
    "SynapseDriverBlockOnDLS":    (HALF,),
    "SynapseBlockOnDLS":          (HALF,),
    "CapMemBlockOnDLS":           (QUADRANT,),
    "NeuronConfigBlockOnDLS":     (QUADRANT,),
    "NeuronBackendConfigBlockOnDLS": (BACKEND,),
    "NeuronResetBlockOnDLS":      (BACKEND,),
    "SpikeCounterReadBlockOnDLS": (BACKEND,),
    "SpikeCounterResetBlockOnDLS": (BACKEND,),
    "NeuronConfigOnNeuronConfigBlock": ("idx128",),
    "NeuronBackendConfigOnNeuronBackendConfigBlock": ("idx256",),
    "NeuronResetOnNeuronResetBlock": ("idx256",),
    "SpikeCounterReadOnSpikeCounterReadBlock": ("idx256",),
    "SpikeCounterResetOnSpikeCounterResetBlock": ("idx256",),
    "SynapseDriverOnSynapseDriverBlock": (DRIVER,),
    "SynapseRowOnSynram":         ("row256",),
    "SynapseRowOnDLS":            (HALF, "row256"),
    "SynapseQuadColumnOnDLS":     ("quad_column64",),
    "ColumnCorrelationQuadOnSynram": ("quad_column64",),
    "ColumnCurrentQuadOnSynram":  ("quad_column64",),
    "SynapseQuadOnSynram":        ("row256", "quad_column64"),
    "SynapseQuadOnDLS":           (HALF, "row256", "quad_column64"),
    "CADCChannelColumnOnSynram":  ("column256",),
    "CADCChannelType":            ("channel2",),
    "CADCReadoutType":            ("readout2",),
    "CADCChannelConfigOnSynram":  ("channel2", "column256"),
    "CADCSampleQuadUnspecifiedReadoutOnSynram": ("channel2", "row256", "quad_column64"),
    "CADCSampleQuadOnSynram":     ("readout2", "channel2", "row256", "quad_column64"),
    "CapMemColumnOnCapMemBlock":  ("column130",),
    "CapMemRowOnCapMemBlock":     ("row24",),
    "CapMemCellOnCapMemBlock":    ("row24", "column130"),
    "CrossbarInputOnDLS":         ("input20",),
    "CrossbarOutputOnDLS":        ("output12",),
    "PPUMemoryWordOnPPU":         ("word4096",),
    "SourceMultiplexerOnReadoutSourceSelection": ("mux2",),
    "PadOnDLS":                   ("pad2",),
    "VectorGeneratorOnFPGA":      ("generator2",),
    "VectorGeneratorLUTEntryOnVectorGeneratorLUT": ("entry256",),
    "DACOnBoard":                 ("dac2",),
    "DACChannelOnDAC":            ("channel8",),
}
"""Type -> what its parts are, in the order in which it enumerates them (last fastest)."""

ORDER: dict[str, tuple[str, ...]] = {
    "CapMemCell":        ("block", "row", "column"),
    "CADCChannelConfig": ("synram", "channel", "column"),
    "CADCSampleQuad":    ("synram", "readout", "channel", "row", "quad_column"),
}
"""Containers whose coordinate enumerates its parts in another order than the table's axes."""

WHOLE: dict[str, tuple[str, ...]] = {
    "SynapseDriverConfig":           ("SynapseDriverOnDLS",),
    "ExternalPPUMemory":             ("ExternalPPUMemoryQuadOnFPGA",),
    "DACChannel":                    ("DACChannelOnBoard",),
    "DACControl":                    ("DACControlBlockOnBoard",),
    "AD5252ChannelConfig":           ("AD5252ChannelOnBoard",),
    "AD5252ChannelConfigPersistent": ("AD5252ChannelOnBoard",),
    "DAC6573ChannelConfig":          ("DAC6573ChannelOnBoard", "DAC6573ChannelOnDAC6573"),
    "INA219Config":                  ("INA219OnBoard",),
    "INA219ShuntVoltage":            ("INA219OnBoard", "INA219StatusOnBoard"),
    "INA219BusVoltage":              ("INA219OnBoard", "INA219StatusOnBoard"),
}
"""Container -> types of its coordinate that are not named after it."""

KEYS: dict[str, tuple[str, ...]] = {
    HALF:            ("half", "hemisphere", "synram", "block"),
    QUADRANT:        ("quadrant", "capmem_block"),
    BACKEND:         ("backend", "backend_block"),
    DRIVER:          ("index",),
    "idx128":        ("index", "neuron_on_block"),
    "idx256":        ("index", "neuron_on_block"),
    "quad_column64": ("quad", "column_quad", "x"),
    "row256":        ("synapse_row", "y"),
    "row24":         ("y",),
    "column130":     ("x",),
    "pll2":          ("adpll",),
    "mux2":          ("multiplexer", "source_multiplexer"),
    "channel2":      ("channel_type", "cadc_channel_type"),
    "readout2":      ("cadc_readout_type",),
    "source8":       ("background_spike_source",),
    "word4096":      ("address", "index"),
    "generator2":    ("vector_generator",),
    "entry256":      ("lut_entry", "index"),
    "entry32768":    ("index",),
    "entry65536":    ("index",),
    "quad32768":     ("word", "index"),
    "quad67108864":  ("word", "index"),
}
"""Other names of a part of a coordinate, besides the axis' own name and aliases."""

AXIS_NAMES: dict[str, tuple[str, ...]] = {"generator2": ("top", "bottom")}
"""Names of the places on an axis whose table has numbers only."""

NAMES: dict[str, str] = {
    "left": "west", "right": "east",
    "north_west": "nw", "north_east": "ne", "south_west": "sw", "south_east": "se",
    "top_left": "nw", "top_right": "ne", "bottom_left": "sw", "bottom_right": "se",
}
"""Other names of a place on an axis."""

FIELDS: dict[str, dict[str, str]] = {
    "NeuronConfig": {
        "enable_synaptic_input_excitatory_small_capacitance": "excitatory_enable_small_capacitance",
        "enable_synaptic_input_inhibitory_small_capacitance": "inhibitory_enable_small_capacitance",
        "enable_synaptic_input_excitatory_small_capacitor": "excitatory_enable_small_capacitance",
        "enable_synaptic_input_inhibitory_small_capacitor": "inhibitory_enable_small_capacitance",
        "enable_synaptic_input_excitatory_high_resistance": "excitatory_enable_high_resistance",
        "enable_synaptic_input_inhibitory_high_resistance": "inhibitory_enable_high_resistance",
        "enable_synaptic_input_excitatory_coba_mode": "excitatory_enable_coba_mode",
        "enable_synaptic_input_inhibitory_coba_mode": "inhibitory_enable_coba_mode",
        "enable_leak_degeneration":    "leak_enable_degeneration",
        "enable_leak_division":        "leak_enable_division",
        "enable_leak_multiplication":  "leak_enable_multiplication",
        "enable_reset_degeneration":   "reset_enable_degeneration",
        "enable_reset_division":       "reset_enable_division",
        "enable_reset_multiplication": "reset_enable_multiplication",
        "invert_membrane_offset":      "invert_current",
        "membrane_capacitor_size":     "membrane_capacitance",
        "enable_multicomp_conductance": "enable_conductance",
        "enable_divide_multicomp_conductance_bias": "conductance_division",
        "enable_multiply_multicomp_conductance_bias": "conductance_multiplication",
    },
    "NeuronBackendConfig": {"post_overwrite": "enable_post_overwrite"},
    "ResetChip":           {"reset": "value"},
    "Timer":               {"timer": "value"},
}
"""Container -> the vendor's accessor -> the table's field."""

CODE_BITS: dict[str, dict[str, tuple[str, int]]] = {
    "NeuronConfig": {
        "enable_fire":        ("analog_output", 0),
        "enable_strong_fire": ("analog_output", 1),
    },
    "NeuronBackendConfig": {
        "enable_bayesian_0":  ("bayesian_operation", 0),
        "enable_bayesian_1":  ("bayesian_operation", 1),
    },
}
"""Container -> the vendor's flag -> the table's field of which it is one bit, and which."""

VALUES: dict[str, tuple[str, ...]] = {
    "exc_synin": ("excitatory",),
    "inh_synin": ("inhibitory",),
    "disabled":  ("off", "disabled"),
    "off":       ("disabled",),
    "auto_calibrated": ("auto_calibrating",),
}
"""The vendor's name of a value -> the names that the tables may give it."""

# fmt: on
