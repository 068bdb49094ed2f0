"""Conversions by the vendor's names of types.

Oracle: halco's tests (various_coords.cpp, frozen in ``tests/oracle/golden/words.json``) and the
formulas of "Geometry" in ``docs/reference/words.md``.
"""

from math import prod
from operator import attrgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.coordinates import Coordinate, CoordinateError
from firmware_protocol.inspector.conversions import (
    Place,
    convert,
    expected_number,
    place_of,
    source_of,
    targets_of,
)
from firmware_protocol.inspector.coordinate_types import PATHS, THROUGH, TYPES
from firmware_protocol.inspector.errors import InspectError, NotCovered

# source, target, number
CONVERSIONS = [
    ({"AtomicNeuronOnDLS": 300}, "NeuronConfigOnDLS", 300),
    ({"AtomicNeuronOnDLS": 300}, "NeuronResetOnDLS", 44 + 128),
    ({"AtomicNeuronOnDLS": "(x 200,y 1)"}, "CapMemBlockOnDLS", 3),
    ({"NeuronColumnOnDLS": 200, "NeuronRowOnDLS": "bottom"}, "NeuronEventOutputOnDLS", 6),
    ({"NeuronBackendConfigOnDLS": 256 + 128 + 5}, "AtomicNeuronOnDLS", 256 + 128 + 5),
    ({"SpikeCounterReadOnDLS": 128}, "NeuronConfigOnDLS", 256),
    ({"NeuronConfigBlockOnDLS": 3}, "NeuronResetBlockOnDLS", 1),
    ({"NeuronConfigBlockOnDLS": "se"}, "CapMemBlockOnDLS", 3),
    ({"SynapseOnSynapseRow": 23}, "SynapseQuadColumnOnDLS", 34),
    ({"SynapseQuadColumnOnDLS": 34, "EntryOnQuad": 3}, "SynapseOnSynapseRow", 23),
    ({"SynapseDriverOnDLS": "(idx 23,block bottom)"}, "CapMemBlockOnDLS", 3),
    ({"SynapseDriverOnDLS": 128 + 23}, "PADIBusOnDLS", 4 + 3),
    ({"SynapseDriverOnSynapseDriverBlock": 23}, "SynapseDriverOnPADIBus", 5),
    ({"CapMemCellOnDLS": 3120 + 7 * 130 + 5}, "AtomicNeuronOnDLS", 133),
    ({"CrossbarNodeOnDLS": "(output 9,input 13)"}, "CrossbarInputOnDLS", 13),
    ({"BackgroundSpikeSourceOnDLS": 5}, "CrossbarL2OutputOnDLS", 1),
    ({"PhyConfigChipOnDLS": 3}, "JTAGPhyRegisterOnDLS", 4),
    ({"ExternalPPUMemoryByteOnFPGA": 7}, "ExternalPPUMemoryQuadOnFPGA", 1),
    ({"DACChannelOnBoard": "vdd12_madc"}, "VDDOnBoard", 4),
    ({"SynapseQuadOnDLS": 16384 + 64 * 5 + 3}, "SynapseRowOnSynram", 5),
]


@pytest.mark.parametrize(("source", "target", "number"), CONVERSIONS)
def test_a_coordinate_converts(source, target, number):
    assert convert(source_of(source), target) == Place(target, number)


def test_a_target_may_ask_for_two_places():
    assert targets_of("SynapseRowOnSynram[top,bottom]") == (
        "SynapseRowOnSynram[top]",
        "SynapseRowOnSynram[bottom]",
    )
    source = place_of("SynapseDriverOnSynapseDriverBlock", 23)
    assert convert(source, "SynapseRowOnSynram[top]").number == 47
    assert convert(source, "SynapseRowOnSynram[bottom]").number == 46


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ({"CrossbarOutputOnDLS": 3}, "CrossbarL2OutputOnDLS"),
        ({"CrossbarInputOnDLS": 12}, "SPL1Address"),
        ({"CapMemCellOnDLS": 129}, "AtomicNeuronOnDLS"),
        ({"JTAGPLLRegisterOnDLS": 4}, "ADPLLOnDLS"),
    ],
)
def test_what_is_not_wired_is_an_error(source, target):
    with pytest.raises(CoordinateError):
        convert(source_of(source), target)


@pytest.mark.parametrize(
    "source",
    [
        {"CrossbarNodeOnDLS": "(output 9,input 2)"},
        {"CrossbarInputOnDLS": 20},
        {"NeuronConfigOnDLS": {"block": 1}},
        {"SynramOnDLS": "left"},
    ],
)
def test_a_place_that_does_not_exist_is_an_error(source):
    with pytest.raises(CoordinateError):
        source_of(source)


def test_what_is_unknown_is_not_covered():
    with pytest.raises(NotCovered, match="no coordinate type 'WaferOnDLS'"):
        place_of("WaferOnDLS", 0)
    with pytest.raises(NotCovered, match="no coordinate type 'Wafer'"):
        targets_of("Wafer")
    with pytest.raises(NotCovered, match=r"from SynramOnDLS to 'EntryOnQuad'"):
        convert(place_of("SynramOnDLS", 0), "EntryOnQuad")
    with pytest.raises(NotCovered, match="made of SynramOnDLS and PPUOnDLS"):
        source_of({"SynramOnDLS": 0, "PPUOnDLS": 0})
    with pytest.raises(InspectError, match="write both"):
        place_of("CrossbarNodeOnDLS", "(output 9)")


def test_expectations_are_read_as_the_target_type():
    assert expected_number("NeuronResetOnDLS", "(idx 23,block 1)") == 256 + 23
    assert expected_number("SynapseRowOnSynapseDriver", "bottom") == 1
    assert expected_number("enum", 63) == 63
    with pytest.raises(InspectError, match="expected enum = '63' is no whole number"):
        expected_number("enum", "63")


@pytest.mark.parametrize("name", TYPES)
def test_a_type_and_ours_number_the_same_places(name):
    kind = TYPES[name]
    if kind.ours is not None:
        assert prod(axis.size for axis in kind.axes) == kind.ours.size
    last = prod(axis.size for axis in kind.axes) - 1
    assert place_of(name, last).number == last
    assert str(place_of(name, last))


@pytest.mark.parametrize(
    ("source", "target"), [(s, t) for s, targets in PATHS.items() for t in targets]
)
@given(data=st.data())
def test_every_path_leads_to_a_place_of_its_type(source, target, data):
    ours = TYPES[source].ours
    place = ours(data.draw(st.integers(0, ours.size - 1)))
    try:
        found = attrgetter(PATHS[source][target])(place)
    except CoordinateError:
        return
    kind = TYPES[target.partition("[")[0]]
    assert 0 <= int(found) < prod(axis.size for axis in kind.axes)
    if isinstance(found, Coordinate):
        assert type(found) is kind.ours


def test_types_that_convert_through_another_do():
    for name, (through, step) in THROUGH.items():
        assert type(getattr(TYPES[name].ours(5), step)) is TYPES[through].ours
