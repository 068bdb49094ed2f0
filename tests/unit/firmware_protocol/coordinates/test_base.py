"""What every coordinate promises: range, names, enumeration, iteration.

Oracle: the counts and enumeration rules of ``docs/reference/coordinates.md`` ("Kinds of places").
"""

import pickle

import numpy as np
import pytest

from firmware_protocol import ProtocolError
from firmware_protocol import coordinates as c
from tests.support.sources import ROOT

KINDS = [
    kind
    for kind in (getattr(c, name) for name in c.__all__)
    if isinstance(kind, type) and issubclass(kind, c.Coordinate) and kind is not c.Coordinate
]
# fmt: off
SIZES = {
    "AtomicNeuron": 512, "NeuronConfig": 4 * 128, "NeuronBackendConfig": 2 * 256,
    "NeuronReset": 2 * 256, "SpikeCounterRead": 2 * 256, "SpikeCounterReset": 2 * 256,
    "NeuronEventOutput": 8, "Synram": 2, "PPU": 2, "Quadrant": 4, "BackendBlock": 2,
    "Synapse": 131072, "SynapseOnSynram": 65536, "SynapseQuad": 2 * 16384, "SynapseQuadColumn": 64,
    "SynapseColumn": 256, "SynapseRow": 256, "SynapseRowOnChip": 512, "ColumnQuad": 128,
    "SynapseDriver": 128, "SynapseDriverOnChip": 256, "PADIBus": 8, "PPUVectorLane": 256,
    "CADCChannel": 1024, "CADCChannelType": 2, "CADCReadoutType": 2, "CADCSampleQuad": 131072,
    "CapMemCell": 4 * 130 * 24, "CapMemColumn": 130, "CapMemRow": 24,
    "CrossbarInput": 20, "CrossbarOutput": 12, "CrossbarNode": 76, "BackgroundSpikeSource": 8,
    "SPL1Address": 4, "SpikeLabel": 65536, "PPUMemoryWord": 2 * 4096,
    "ExternalPPUMemoryByte": 0x20000, "ExternalPPUMemoryQuad": 0x8000,
    "ExternalPPUDRAMByte": 0x10000000, "ExternalPPUDRAMQuad": 0x4000000,
    "ADPLL": 2, "PLLClockOutput": 4, "JTAGPLLRegister": 16, "Phy": 8, "JTAGPhyRegister": 8,
    "Pad": 2, "SourceMultiplexer": 2, "VectorGenerator": 2, "DAC": 2, "DACChannel": 16, "VDD": 6,
    "SpikeIOInputRoute": 256, "SpikeIOOutputRoute": 65536,
    "OutputRoutingTableEntry": 65536, "InputRoutingTableEntry": 32768,
    "AtomicNeuronOnLogicalNeuron": 256, "CompartmentOnLogicalNeuron": 255,
}
# fmt: on


def test_there_are_as_many_as_the_chip_has():
    assert {kind.__name__: kind.size for kind in KINDS} == SIZES


def test_every_kind_is_on_the_reference_page():
    page = (ROOT / "docs/reference/coordinates.md").read_text(encoding="utf-8")
    assert [name for name in SIZES if f"`{name}`" not in page] == []


@pytest.mark.parametrize("kind", KINDS)
def test_out_of_range_is_refused_with_the_range(kind):
    assert kind(kind.size - 1) == kind.size - 1
    for wrong in (-1, kind.size):
        with pytest.raises(
            c.CoordinateError,
            match=rf"{kind.__name__}\({wrong}\) does not exist; the chip has 0..{kind.size - 1}",
        ):
            kind(wrong)


@pytest.mark.parametrize("kind", [k for k in KINDS if k.size <= 1024])
def test_all_instances_come_in_order(kind):
    instances = list(kind.all())
    assert [i.enum for i in instances] == list(range(kind.size))
    assert {type(i) for i in instances} == {kind}


@pytest.mark.parametrize("kind", [k for k in KINDS if k.names])
def test_names_and_numbers_are_a_bijection(kind):
    assert len(set(kind.names)) == kind.size
    assert all(kind.named(i.name) == i for i in kind.all())


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(c.CoordinateError, match="nothing is called 'middle'; names are top, bott"):
        c.Synram.named("middle")
    with pytest.raises(c.CoordinateError, match=r"names are none, but numbers 0\.\.511"):
        c.AtomicNeuron.named("first")
    with pytest.raises(c.CoordinateError, match=r"AtomicNeuron\(3\): this kind of place has num"):
        _ = c.AtomicNeuron(3).name


def test_one_kind_of_place_is_not_taken_for_another():
    with pytest.raises(
        c.CoordinateError,
        match=r"SynapseRow\(SynapseColumn\(3\)\): a SynapseColumn is no SynapseRow; use a conver",
    ):
        c.SynapseRow(c.SynapseColumn(3))
    assert c.SynapseRow(int(c.SynapseColumn(3))) == c.SynapseRow(3)
    assert c.SynapseRow(c.SynapseRow(3)) == 3


@pytest.mark.parametrize("value", [3.0, "3", None, np.float64(3)])
def test_only_whole_numbers_are_places(value):
    with pytest.raises(TypeError, match=r"a coordinate is a whole number, 0\.\.255"):
        c.SynapseRow(value)


def test_numbers_of_numpy_are_places():
    assert c.SynapseRow(np.uint8(200)) == 200
    assert type(np.asarray([c.SynapseRow(5)])[0]) is np.int64


def test_a_coordinate_prints_its_kind_and_survives_pickle():
    bus = c.PADIBus(6)
    assert repr(bus) == str(bus) == "PADIBus(6)"
    copy = pickle.loads(pickle.dumps(bus))
    assert (copy, type(copy)) == (bus, c.PADIBus)


def test_the_error_is_a_protocol_error_and_a_value_error():
    assert issubclass(c.CoordinateError, ProtocolError)
    assert issubclass(c.CoordinateError, ValueError)
    assert c.CoordinateError.__module__ == "firmware_protocol.coordinates"


def test_halves_sides_and_quadrants():
    assert [q.name for q in c.Quadrant.all()] == ["nw", "ne", "sw", "se"]
    assert [(int(q.synram), int(q.backend_block)) for q in c.Quadrant.all()] == [
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
    ]
    assert all(c.Quadrant.at(q.synram, q.backend_block) == q for q in c.Quadrant.all())
    assert c.Synram(1).ppu.synram == 1
