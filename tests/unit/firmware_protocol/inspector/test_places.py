"""Coordinates as people, files and the vendor spell them.

Oracle: halco's enumerations (outer * inner size + inner; a grid is y * width + x) and its print of
coordinates; the vendor's files of test words.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import CapMemCell, CoordinateError, CrossbarNode
from firmware_protocol.inspector.composites import COMPOSITES
from firmware_protocol.inspector.errors import InspectError, NotCovered
from firmware_protocol.inspector.places import described, index_of, printed, vendor_axes

# container, coordinate, index
SPELLINGS = [
    ("MADCConfig", {}, ()),
    ("MADCConfig", {"MADCConfigOnDLS": 0}, ()),
    ("CADCConfig", {"synram": 1}, (1,)),
    ("CADCConfig", {"hemisphere": "bottom"}, (1,)),
    ("CADCConfig", {"CADCConfigOnDLS": "Bottom"}, (1,)),
    ("CADCConfig", {"PPUOnDLS": 1}, (1,)),
    ("CommonSTPConfig", {"block": "top"}, (0,)),
    ("CommonSTPConfig", {"PADIBusBlockOnDLS": 1}, (1,)),
    ("NeuronSRAMTimingConfig", {"coord": 1}, (1,)),
    ("NeuronSRAMTimingConfig", {"block": "top-right"}, (1,)),
    ("BackgroundSpikeSource", {"BackgroundSpikeSourceOnDLS": 3}, (3,)),
    ("NeuronConfig", {"block": 1, "idx": 23}, (1, 23)),
    ("NeuronConfig", {"NeuronConfigOnDLS": "(idx 23,block 1)"}, (1, 23)),
    ("NeuronConfig", {"NeuronConfigOnDLS": {"idx": 23, "block": "ne"}}, (1, 23)),
    ("NeuronConfig", {"NeuronConfigOnDLS": 151}, (1, 23)),
    ("NeuronConfig", {"AtomicNeuronOnDLS": 151}, (1, 23)),
    ("NeuronConfig", {"column": 151, "row": 0}, (1, 23)),
    (
        "NeuronConfig",
        {"NeuronConfigBlockOnDLS": 1, "NeuronConfigOnNeuronConfigBlock": 23},
        (1, 23),
    ),
    ("NeuronReset", {"idx": 23, "block": "west"}, (0, 23)),
    ("NeuronReset", {"AtomicNeuronOnDLS": "(x 151,y 1)"}, (1, 151)),
    ("SpikeCounterRead", {"column": 3, "row": "bottom"}, (0, 131)),
    ("SynapseDriverConfig", {"SynapseDriverOnDLS": 128 + 42}, (1, 42)),
    ("SynapseDriverConfig", {"block": "bottom", "driver": 42}, (1, 42)),
    ("SynapseQuad", {"SynapseQuadOnDLS": 16384 + 64 * 5 + 3}, (1, 5, 3)),
    ("SynapseQuad", {"SynramOnDLS": "bottom", "SynapseQuadOnSynram": 64 * 5 + 3}, (1, 5, 3)),
    ("SynapseQuad", {"half": 1, "row": 5, "quad": 3}, (1, 5, 3)),
    ("CapMemCell", {"CapMemCellOnDLS": 3120 + 130 * 7 + 5}, (1, 5, 7)),
    ("CapMemCell", {"enum": 3120 + 130 * 7 + 5}, (1, 5, 7)),
    ("CapMemCell", {"block": 1, "CapMemCellOnCapMemBlock": 130 * 7 + 5}, (1, 5, 7)),
    ("CADCChannelConfig", {"CADCChannelConfigOnDLS": 512 + 256 + 3}, (1, 3, 1)),
    (
        "CADCSampleQuad",
        {"synram": 0, "quad_column": 3, "row": 5, "channel": "acausal", "readout": "buffered"},
        (0, 5, 3, 1, 1),
    ),
    ("CADCSampleQuad", {"enum": 32768 + 16384 + 64 * 5 + 3}, (0, 5, 3, 1, 1)),
    ("CrossbarNode", {"output": 9, "input": 13}, (63,)),
    ("CrossbarNode", {"CrossbarNodeOnDLS": "(output 9,input 13)"}, (63,)),
    ("CrossbarNode", {"CrossbarOutputOnDLS": 9, "CrossbarInputOnDLS": 13}, (63,)),
    ("CrossbarInputDropCounter", {"CrossbarInputOnDLS": 5}, (5,)),
    ("PPUMemoryWord", {"enum": 291}, (0, 291)),
    ("PPUMemoryWord", {"PPUOnDLS": "bottom", "PPUMemoryWordOnPPU": 5}, (1, 5)),
    ("VectorGeneratorLUTEntry", {"generator": "bottom", "index": 7}, (1, 7)),
    ("DACChannel", {"channel": "vdd12_madc"}, (1, 4)),
    ("DAC6573ChannelConfig", {"channel": "v_res_meas"}, (2,)),
    ("INA219Config", {"INA219OnBoard": "vdd12_digital"}, (0,)),
    ("ExternalPPUMemory", {"ExternalPPUMemoryQuadOnFPGA": 9}, (9,)),
    ("SynapseRow", {"SynapseRowOnDLS": 256 + 12}, (1, 12)),
    ("CADCSampleRow", {"CADCSampleRowOnDLS": 12}, (0, 12)),
    ("ColumnCurrentRow", {"ColumnCurrentRowOnDLS": 1}, (1,)),
]


def placed(name):
    return COMPOSITES[name] if name in COMPOSITES else CONTAINERS[name]


@pytest.mark.parametrize(("name", "at", "index"), SPELLINGS)
def test_a_coordinate_is_understood(name, at, index):
    assert index_of(placed(name), at) == index


@pytest.mark.parametrize(
    ("name", "at", "message"),
    [
        ("CADCConfig", {"synram": 2}, r"synram = 2 does not exist; choose 0\.\.1"),
        ("CADCConfig", {"synram": "left"}, r"synram = 'left' does not exist"),
        ("CADCConfig", {"synram": -1}, r"synram = -1 does not exist"),
        ("CADCConfig", {}, r"does not say synram; it has synram"),
        ("NeuronConfig", {"block": 1}, r"does not say idx; it has block, idx"),
        ("NeuronConfig", {"enum": 512}, r"number 512 does not exist; choose 0\.\.511"),
        ("NeuronConfig", {"column": 256, "row": 0}, r"SynapseColumn\(256\) does not exist"),
        ("NeuronConfig", {"column": 0, "row": 2}, r"AtomicNeuron: row = 2 does not exist"),
        ("CapMemCell", {"enum": 5, "row": 1, "column": 5}, r"row is 0 and, by 'row', 1; say it"),
        ("CrossbarNode", {"output": 9, "input": 2}, r"no crossbar node joins input 2 to output 9"),
        ("MADCConfig", {"enum": 1}, r"number 1 does not exist; choose 0\.\.0"),
    ],
)
def test_a_place_that_does_not_exist_is_an_error(name, at, message):
    with pytest.raises(CoordinateError, match=message):
        index_of(placed(name), at)


@pytest.mark.parametrize(
    ("name", "at", "message"),
    [
        ("CADCConfig", {"quadrant": 1}, r"'quadrant' of CADCConfig is unknown; it has synram"),
        ("MADCConfig", {"synram": 1}, r"'synram' of MADCConfig is unknown; it has no parts"),
        ("CADCConfig", {"CapMemBlockOnDLS": 1}, "is unknown"),
        ("NeuronConfig", {"SynapseDriverOnSynapseDriverBlock": 1, "block": 0}, "is unknown"),
        ("CommonNeuronBackendConfig", {"SynramOnDLS": 1}, "is unknown"),
    ],
)
def test_a_part_of_another_container_is_not_covered(name, at, message):
    with pytest.raises(NotCovered, match=message):
        index_of(placed(name), at)


@pytest.mark.parametrize("value", [True, None, 1.5, [1], {"idx": 1.5, "block": 0}, "23", "(1,2)"])
def test_what_is_no_coordinate_is_an_error(value):
    with pytest.raises((InspectError, CoordinateError)):
        index_of(CONTAINERS["NeuronConfig"], {"NeuronConfigOnDLS": value})


@pytest.mark.parametrize("name", [*CONTAINERS, *COMPOSITES])
@given(data=st.data())
def test_every_spelling_of_an_instance_leads_to_its_index(name, data):
    place = placed(name)
    index = tuple(data.draw(st.integers(0, axis.size - 1)) for axis in place.axes)
    order = vendor_axes(place)
    by_name = dict(zip([axis.name for axis in place.axes], index, strict=True))
    flat = 0
    for axis in order:
        flat = flat * axis.size + by_name[axis.name]
    spellings = [described(place, index), by_name, {"enum": flat}, {f"{name}OnDLS": flat}]
    spellings += [{(*axis.aliases, axis.name)[0]: by_name[axis.name] for axis in place.axes}]
    for at in spellings:
        if "coord" not in at:
            assert index_of(place, at) == index, at


@given(
    st.integers(0, CapMemCell.size - 1).map(CapMemCell),
    st.integers(0, CrossbarNode.size - 1).map(CrossbarNode),
)
def test_numbers_mean_what_the_coordinates_say(cell, node):
    found = index_of(CONTAINERS["CapMemCell"], {"enum": int(cell)})
    assert found == (cell.block, cell.column, cell.row)
    at = {"output": int(node.output), "input": int(node.input)}
    assert index_of(CONTAINERS["CrossbarNode"], at) == (node,)


def test_a_print_is_read_with_any_separator():
    assert printed("(idx 23,block 1)") == printed("idx=23, block=1") == {"idx": 23, "block": 1}
    for text in ("(idx 23,block 1", "", "(23)", "idx"):
        with pytest.raises(InspectError, match="cannot be read"):
            printed(text)


def test_the_vendors_order_names_every_axis():
    for place in (*CONTAINERS.values(), *COMPOSITES.values()):
        assert sorted(a.name for a in vendor_axes(place)) == sorted(a.name for a in place.axes)
        assert np.prod([a.size for a in vendor_axes(place)], dtype=np.int64) >= 1
