"""The vendor's types of coordinates, and how each leads to the others.

A type is one of ours (:mod:`firmware_protocol.coordinates`), whose properties are the conversions,
or a plain number.  Types that are the same of ours convert into each other as they are.
Source: halco (v3), read on 2026-11-21 (``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import coordinates as c
from ..container import BACKEND, NEURON_ON_BACKEND, NEURON_ON_QUADRANT, QUADRANT, SYNRAM, Axis


@dataclass(frozen=True)
class Type:
    """A type of coordinate.

    axes  its parts, in the order in which it enumerates them (last fastest)
    ours  our type of the same number; None for a plain number
    """

    axes: tuple[Axis, ...]
    ours: type[c.Coordinate] | None = None


def _line(ours: type[c.Coordinate]) -> Type:
    return Type((Axis("value", ours.size, ours.names),), ours)


def _number(size: int, *names: str) -> Type:
    return Type((Axis("value", size, names),))


_ROW = Axis("row", c.N_ROWS, aliases=("y",))
_QUAD = Axis("quad_column", c.N_QUADS, aliases=("quad", "x"))
_COLUMN = Axis("column", c.N_COLUMNS, aliases=("x",))
_CELL = (Axis("row", 24, aliases=("y",)), Axis("column", 130, aliases=("x",)))
_CHANNEL = Axis("channel", 2, c.CADCChannelType.names, ("channel_type", "cadc_channel_type"))
_READOUT = Axis("readout", 2, c.CADCReadoutType.names, ("readout_type", "cadc_readout_type"))
_SAMPLE = (SYNRAM, _READOUT, _CHANNEL)
_PPU = Axis("ppu", 2, c.PPU.names)
_OUTPUT = Axis("output", 4)
_DRIVER = Axis("idx", 128, aliases=("driver",))
_BUS = Axis("bus", 4, aliases=("idx",))
_ON_BACKEND = (BACKEND, NEURON_ON_BACKEND)
_NEURON = (Axis("row", 2, c.Synram.names, ("y",)), _COLUMN)

# fmt: off
TYPES: dict[str, Type] = {
    "AtomicNeuronOnDLS":                     Type(_NEURON, c.AtomicNeuron),
    "NeuronConfigOnDLS":                     Type((QUADRANT, NEURON_ON_QUADRANT), c.NeuronConfig),
    "NeuronBackendConfigOnDLS":              Type(_ON_BACKEND, c.NeuronBackendConfig),
    "NeuronResetOnDLS":                      Type(_ON_BACKEND, c.NeuronReset),
    "SpikeCounterReadOnDLS":                 Type(_ON_BACKEND, c.SpikeCounterRead),
    "SpikeCounterResetOnDLS":                Type(_ON_BACKEND, c.SpikeCounterReset),
    "NeuronConfigOnNeuronConfigBlock":       _number(128),
    "NeuronBackendConfigOnNeuronBackendConfigBlock": _number(256),
    "NeuronResetOnNeuronResetBlock":         _number(256),
    "SpikeCounterReadOnSpikeCounterReadBlock": _number(256),
    "SpikeCounterResetOnSpikeCounterResetBlock": _number(256),
    "NeuronColumnOnDLS":                     _line(c.SynapseColumn),
    "NeuronRowOnDLS":                        _line(c.Synram),
    "NeuronEventOutputOnDLS":                Type((BACKEND, _OUTPUT), c.NeuronEventOutput),
    "NeuronEventOutputOnNeuronBackendBlock": _number(4),
    **{name: Type((QUADRANT,), c.Quadrant) for name in (
        "NeuronConfigBlockOnDLS", "CapMemBlockOnDLS", "CapMemBlockConfigOnDLS",
        "NeuronSRAMTimingConfigOnDLS", "CapMemSRAMTimingConfigOnDLS",
    )},
    **{name: Type((BACKEND,), c.BackendBlock) for name in (
        "NeuronBackendConfigBlockOnDLS", "CommonNeuronBackendConfigOnDLS", "BlockPostPulseOnDLS",
        "NeuronResetBlockOnDLS", "SpikeCounterReadBlockOnDLS", "SpikeCounterResetBlockOnDLS",
        "NeuronBackendSRAMTimingConfigOnDLS",
    )},
    **{name: _line(c.Synram) for name in (
        "SynramOnDLS", "HemisphereOnDLS", "CADCOnDLS", "CADCConfigOnDLS", "PADIBusBlockOnDLS",
        "SynapseDriverBlockOnDLS", "SynapseBlockOnDLS", "CommonPADIBusConfigOnDLS",
        "CommonSTPConfigOnDLS", "PADIEventOnDLS", "CommonSynramConfigOnDLS",
        "CommonCorrelationConfigOnDLS", "ColumnCorrelationRowOnDLS", "ColumnCurrentRowOnDLS",
    )},
    **{name: _line(c.PPU) for name in (
        "PPUOnDLS", "PPUMemoryOnDLS", "PPUControlRegisterOnDLS", "PPUStatusRegisterOnDLS",
    )},
    "PPUMemoryWordOnDLS":                    Type((_PPU, Axis("word", 4096)), c.PPUMemoryWord),
    "PPUMemoryWordOnPPU":                    _number(4096),
    "CapMemColumnOnCapMemBlock":             _line(c.CapMemColumn),
    "CapMemRowOnCapMemBlock":                _line(c.CapMemRow),
    "CapMemCellOnCapMemBlock":               Type(_CELL),
    "CapMemCellOnDLS":                       Type((QUADRANT, *_CELL), c.CapMemCell),
    "CADCChannelType":                       _line(c.CADCChannelType),
    "CADCReadoutType":                       _line(c.CADCReadoutType),
    "CADCChannelColumnOnSynram":             _line(c.SynapseColumn),
    "CADCChannelConfigOnDLS":                Type((SYNRAM, _CHANNEL, _COLUMN), c.CADCChannel),
    "CADCSampleQuadOnDLS":                   Type((*_SAMPLE, _ROW, _QUAD), c.CADCSampleQuad),
    "CADCSampleRowOnDLS":                    Type((SYNRAM, _ROW), c.SynapseRowOnChip),
    "SynapseOnSynapseRow":                   _line(c.SynapseColumn),
    "SynapseOnSynram":                       Type((_ROW, _COLUMN), c.SynapseOnSynram),
    "SynapseOnDLS":                          Type((SYNRAM, _ROW, _COLUMN), c.Synapse),
    "SynapseQuadColumnOnDLS":                _line(c.SynapseQuadColumn),
    "EntryOnQuad":                           _number(4),
    "SynapseRowOnSynram":                    _line(c.SynapseRow),
    "SynapseRowOnSynapseDriver":             _number(2, "top", "bottom"),
    "SynapseRowOnDLS":                       Type((SYNRAM, _ROW), c.SynapseRowOnChip),
    "SynapseQuadOnSynram":                   Type((_ROW, _QUAD)),
    **{name: Type((SYNRAM, _ROW, _QUAD), c.SynapseQuad) for name in (
        "SynapseQuadOnDLS", "SynapseWeightQuadOnDLS", "SynapseLabelQuadOnDLS",
        "SynapseCorrelationCalibQuadOnDLS", "CorrelationResetOnDLS",
    )},
    **{name: Type((SYNRAM, _QUAD), c.ColumnQuad) for name in (
        "ColumnCorrelationQuadOnDLS", "ColumnCurrentQuadOnDLS", "NeuronResetQuadOnDLS",
    )},
    "ColumnCorrelationQuadOnSynram":         _line(c.SynapseQuadColumn),
    "ColumnCurrentQuadOnSynram":             _line(c.SynapseQuadColumn),
    "SynapseDriverOnSynapseDriverBlock":     _line(c.SynapseDriver),
    "SynapseDriverOnPADIBus":                _number(32),
    "SynapseDriverOnDLS":                    Type((SYNRAM, _DRIVER), c.SynapseDriverOnChip),
    "PADIBusOnPADIBusBlock":                 _number(4),
    "PADIBusOnDLS":                          Type((SYNRAM, _BUS), c.PADIBus),
    "CrossbarInputOnDLS":                    _line(c.CrossbarInput),
    "CrossbarOutputOnDLS":                   _line(c.CrossbarOutput),
    "CrossbarL2OutputOnDLS":                 _line(c.SPL1Address),
    "CrossbarNodeOnDLS":                     _line(c.CrossbarNode),
    "SPL1Address":                           _line(c.SPL1Address),
    "BackgroundSpikeSourceOnDLS":            _line(c.BackgroundSpikeSource),
    "PhyConfigChipOnDLS":                    _line(c.Phy),
    "PhyConfigFPGAOnDLS":                    _line(c.Phy),
    "PhyStatusOnFPGA":                       _line(c.Phy),
    "JTAGPhyRegisterOnDLS":                  _line(c.JTAGPhyRegister),
    "ADPLLOnDLS":                            _line(c.ADPLL),
    "JTAGPLLRegisterOnDLS":                  _line(c.JTAGPLLRegister),
    "ExternalPPUMemoryByteOnFPGA":           _line(c.ExternalPPUMemoryByte),
    "ExternalPPUMemoryQuadOnFPGA":           _line(c.ExternalPPUMemoryQuad),
    "DACOnBoard":                            _line(c.DAC),
    "DACChannelOnDAC":                       _number(8),
    "DACChannelOnBoard":                     _line(c.DACChannel),
    "VDDOnBoard":                            _line(c.VDD),
}
"""The vendor's types by name."""

_BLOCK_OF_NEURON = {
    name: "backend_block" for name, kind in TYPES.items() if kind.ours is c.BackendBlock
}
_HALF = {"SynramOnDLS": "synram", "HemisphereOnDLS": "synram"}
_HALF_OF_NEURON = {name: "row" for name, kind in TYPES.items() if kind.ours is c.Synram}

PATHS: dict[str, dict[str, str]] = {
    "AtomicNeuronOnDLS": {
        "NeuronConfigOnDLS": "neuron_config",
        "NeuronBackendConfigOnDLS": "neuron_backend_config",
        "NeuronResetOnDLS": "neuron_reset",
        "SpikeCounterReadOnDLS": "spike_counter_read",
        "SpikeCounterResetOnDLS": "spike_counter_reset",
        "NeuronColumnOnDLS": "column",
        "SynapseOnSynapseRow": "column",
        "CADCChannelColumnOnSynram": "column",
        **_HALF_OF_NEURON,
        "PPUOnDLS": "row.ppu",
        "NeuronConfigBlockOnDLS": "quadrant",
        "CapMemBlockOnDLS": "quadrant",
        "CapMemBlockConfigOnDLS": "quadrant",
        "NeuronConfigOnNeuronConfigBlock": "index_on_quadrant",
        "CapMemColumnOnCapMemBlock": "index_on_quadrant",
        **_BLOCK_OF_NEURON,
        "NeuronBackendConfigOnNeuronBackendConfigBlock": "index_on_backend",
        "NeuronResetOnNeuronResetBlock": "index_on_backend",
        "SpikeCounterReadOnSpikeCounterReadBlock": "index_on_backend",
        "SpikeCounterResetOnSpikeCounterResetBlock": "index_on_backend",
        "NeuronEventOutputOnDLS": "event_output",
        "NeuronEventOutputOnNeuronBackendBlock": "event_output.on_block",
        "CrossbarInputOnDLS": "event_output.crossbar_input",
        "SynapseQuadColumnOnDLS": "column.quad",
        "EntryOnQuad": "column.entry_on_quad",
        "ColumnCorrelationQuadOnDLS": "column_quad",
        "ColumnCurrentQuadOnDLS": "column_quad",
        "NeuronResetQuadOnDLS": "column_quad",
    },
    "NeuronConfigBlockOnDLS": {**_BLOCK_OF_NEURON, **_HALF},
    "CapMemBlockOnDLS": _HALF,
    "SynramOnDLS": {"PPUOnDLS": "ppu"},
    "HemisphereOnDLS": {"PPUOnDLS": "ppu"},
    "CADCConfigOnDLS": {"PPUOnDLS": "ppu"},
    "PPUOnDLS": {**_HALF, "CADCConfigOnDLS": "synram"},
    "PPUMemoryWordOnDLS": {"PPUOnDLS": "ppu", "PPUMemoryWordOnPPU": "word"},
    "NeuronColumnOnDLS": {"SynapseQuadColumnOnDLS": "quad", "EntryOnQuad": "entry_on_quad"},
    "SynapseOnSynapseRow": {"SynapseQuadColumnOnDLS": "quad", "EntryOnQuad": "entry_on_quad"},
    "NeuronEventOutputOnDLS": {
        "CrossbarInputOnDLS": "crossbar_input",
        "NeuronEventOutputOnNeuronBackendBlock": "on_block",
        "NeuronBackendConfigBlockOnDLS": "block",
    },
    "CapMemCellOnDLS": {
        "CapMemBlockOnDLS": "block",
        "CapMemColumnOnCapMemBlock": "column",
        "CapMemRowOnCapMemBlock": "row",
        "AtomicNeuronOnDLS": "atomic_neuron",
    },
    "CADCChannelConfigOnDLS": {
        "SynramOnDLS": "synram",
        "CADCChannelType": "channel_type",
        "CADCChannelColumnOnSynram": "column",
        "AtomicNeuronOnDLS": "atomic_neuron",
    },
    "CADCSampleQuadOnDLS": {
        "SynapseQuadOnDLS": "quad",
        "CADCChannelType": "channel_type",
        "CADCReadoutType": "readout_type",
        "SynramOnDLS": "quad.synram",
    },
    "CADCSampleRowOnDLS": {"SynapseRowOnSynram": "row", "SynramOnDLS": "synram"},
    "CrossbarInputOnDLS": {
        "NeuronEventOutputOnDLS": "neuron_event_output",
        "SPL1Address": "spl1_address",
        "BackgroundSpikeSourceOnDLS": "background_spike_source",
    },
    "CrossbarOutputOnDLS": {"PADIBusOnDLS": "padi_bus", "CrossbarL2OutputOnDLS": "l2_output"},
    "CrossbarL2OutputOnDLS": {"CrossbarOutputOnDLS": "crossbar_output"},
    "SPL1Address": {"CrossbarInputOnDLS": "crossbar_input"},
    "CrossbarNodeOnDLS": {"CrossbarInputOnDLS": "input", "CrossbarOutputOnDLS": "output"},
    "PADIBusOnDLS": {
        "CrossbarOutputOnDLS": "crossbar_output",
        "PADIBusBlockOnDLS": "synram",
        "SynapseDriverBlockOnDLS": "synram",
        "HemisphereOnDLS": "synram",
        "PADIBusOnPADIBusBlock": "on_block",
    },
    "BackgroundSpikeSourceOnDLS": {
        "CrossbarInputOnDLS": "crossbar_input",
        "PADIBusOnDLS": "padi_bus",
        "CrossbarL2OutputOnDLS": "l2_output",
    },
    "SynapseRowOnSynram": {"SynapseDriverOnSynapseDriverBlock": "driver"},
    "SynapseRowOnDLS": {
        "SynapseRowOnSynram": "row",
        "SynramOnDLS": "synram",
        "SynapseDriverOnDLS": "driver",
    },
    "SynapseDriverOnSynapseDriverBlock": {
        "SynapseRowOnSynram[top]": "top_row",
        "SynapseRowOnSynram[bottom]": "bottom_row",
        "PADIBusOnPADIBusBlock": "bus_on_block",
        "SynapseDriverOnPADIBus": "index_on_bus",
    },
    "SynapseDriverOnDLS": {
        "PADIBusOnDLS": "padi_bus",
        "CapMemBlockOnDLS": "capmem_block",
        "SynapseDriverOnSynapseDriverBlock": "driver",
        "SynapseDriverBlockOnDLS": "synram",
        "SynramOnDLS": "synram",
        "SynapseRowOnSynram[top]": "driver.top_row",
        "SynapseRowOnSynram[bottom]": "driver.bottom_row",
    },
    "SynapseOnSynram": {"SynapseRowOnSynram": "row", "SynapseOnSynapseRow": "column"},
    "SynapseOnDLS": {
        "SynramOnDLS": "synram",
        "SynapseOnSynram": "on_synram",
        "SynapseRowOnSynram": "row",
        "SynapseOnSynapseRow": "column",
        "SynapseQuadOnDLS": "quad",
        "SynapseDriverOnDLS": "driver",
        "AtomicNeuronOnDLS": "atomic_neuron",
    },
    "SynapseQuadOnDLS": {
        "SynramOnDLS": "synram",
        "SynapseRowOnSynram": "row",
        "SynapseQuadColumnOnDLS": "quad_column",
        "NeuronConfigBlockOnDLS": "quadrant",
        "ColumnCorrelationQuadOnDLS": "column_quad",
        "ColumnCurrentQuadOnDLS": "column_quad",
    },
    **{name: {**_HALF, "SynapseQuadColumnOnDLS": "quad_column"} for name in (
        "ColumnCorrelationQuadOnDLS", "ColumnCurrentQuadOnDLS", "NeuronResetQuadOnDLS",
    )},
    "PhyConfigChipOnDLS": {"JTAGPhyRegisterOnDLS": "jtag_register"},
    "JTAGPhyRegisterOnDLS": {"PhyConfigChipOnDLS": "phy"},
    "JTAGPLLRegisterOnDLS": {"ADPLLOnDLS": "adpll"},
    "ExternalPPUMemoryByteOnFPGA": {"ExternalPPUMemoryQuadOnFPGA": "quad"},
    "DACChannelOnBoard": {"DACOnBoard": "dac", "DACChannelOnDAC": "channel", "VDDOnBoard": "vdd"},
    "VDDOnBoard": {"DACChannelOnBoard": "dac_channel"},
}
"""Type -> type that it leads to -> property, or chain of them, of our coordinate that does."""
# fmt: on

THROUGH: dict[str, tuple[str, str]] = {
    name: ("AtomicNeuronOnDLS", "atomic_neuron")
    for name in (
        "NeuronConfigOnDLS",
        "NeuronBackendConfigOnDLS",
        "NeuronResetOnDLS",
        "SpikeCounterReadOnDLS",
        "SpikeCounterResetOnDLS",
    )
}
"""Types that convert as another one does, and the property that leads to it."""
