"""Coordinate conversions asserted by the vendor.

Oracle: halco test/hicann-dls/vx/v3/various_coords.cpp; lines in the rows, or names of its tests.
"""

import pytest

from firmware_protocol import coordinates as c

NOT_WIRED = None


def attribute(path):
    def get(value):
        for name in path.split("."):
            value = getattr(value, name)
        return int(value)

    return get


CONVERSIONS = [
    *((114, c.NeuronEventOutput(i), "crossbar_input", i) for i in range(8)),
    (149, c.SynapseDriver(23), "top_row", 47),
    (149, c.SynapseDriver(23), "bottom_row", 46),
    (158, c.SynapseRow(23), "is_top_of_driver", True),
    (158, c.SynapseRow(42), "is_top_of_driver", False),
    *((243, c.CrossbarOutput(o), "padi_bus", o) for o in range(8)),
    *((243, c.CrossbarOutput(o), "padi_bus", NOT_WIRED) for o in range(8, 12)),
    *((222, c.CrossbarOutput(o), "l2_output", NOT_WIRED) for o in range(8)),
    *((222, c.CrossbarOutput(o), "l2_output", o - 8) for o in range(8, 12)),
    *((255, c.CrossbarInput(i), "spl1_address", NOT_WIRED) for i in range(8)),
    *((255, c.CrossbarInput(i), "spl1_address", i - 8) for i in range(8, 12)),
    *((255, c.CrossbarInput(i), "spl1_address", NOT_WIRED) for i in range(12, 20)),
    *((120, c.CrossbarInput(i), "neuron_event_output", i) for i in range(8)),
    *((120, c.CrossbarInput(i), "neuron_event_output", NOT_WIRED) for i in range(8, 20)),
    (340, c.Phy(3), "jtag_register", 4),
    ("SynapseDriverOnSynapseDriverBlock", c.SynapseDriver(47), "index_on_bus", 11),
    ("CrossbarL2OutputOnDLS", c.SPL1Address(3), "crossbar_output", 11),
    ("SPL1Address", c.SPL1Address(3), "crossbar_input", 11),
    ("PADIBusOnDLS", c.PADIBus.at(1, 2), "crossbar_output", 6),
    ("BackgroundSpikeSourceOnDLS", c.BackgroundSpikeSource(5), "crossbar_input", 17),
    ("BackgroundSpikeSourceOnDLS", c.BackgroundSpikeSource(5), "l2_output", 1),
    ("SynapseQuadOnDLS", c.SynapseQuad.at(1, 23, 13), "quadrant", 2),
    ("PPUMemoryWordOnDLS", c.PPUMemoryWord.at(1, 1), "enum", 4097),
    ("PPUMemoryWordOnDLS", c.PPUMemoryWord(4097), "ppu", 1),
    ("PPUMemoryWordOnDLS", c.PPUMemoryWord(4097), "word", 1),
    ("DACChannelOnBoard", c.DACChannel.named("vdd12_madc"), "vdd", 4),
    ("DACChannelOnBoard", c.DACChannel.named("v_reset"), "vdd", NOT_WIRED),
    *(("CapMemColumnOnCapMemBlock", c.CapMemColumn(i), "is_shared", i >= 128) for i in range(130)),
]


@pytest.mark.parametrize(("source", "coordinate", "path", "expected"), CONVERSIONS)
def test_conversion(source, coordinate, path, expected):
    if expected is NOT_WIRED:
        with pytest.raises(c.CoordinateError):
            attribute(path)(coordinate)
    else:
        assert attribute(path)(coordinate) == expected, f"various_coords.cpp: {source}"


def test_event_output_of_a_backend_index():
    for index, output in ((47, 1), (128 + 65, 2)):  # various_coords.cpp:98
        assert c.event_output_of_backend_index(index) == output
        for block in (0, 1):
            assert c.NeuronBackendConfig.at(block, index).event_output.on_block == output


def test_config_reset_and_counter_of_a_neuron_share_block_and_index():
    config = c.NeuronConfig.at(block=1, index=23)  # various_coords.cpp:178, :207
    neuron = config.atomic_neuron
    for place in (neuron.neuron_reset, neuron.spike_counter_read, neuron.spike_counter_reset):
        assert (place.block, place.index) == (1, 23)


def test_blocks_of_configs_and_of_resets():
    assert c.Quadrant(1).backend_block == 1


def test_crossbar_node_numbers():
    assert c.CrossbarNode.at(output=9, input_=13) == 63  # various_coords.cpp:359
    with pytest.raises(c.CoordinateError, match=r"no crossbar node joins input 2 to output 9"):
        c.CrossbarNode.at(output=9, input_=2)


@pytest.mark.parametrize("kind", [c.Synram, c.PPU])
def test_halves_are_top_and_bottom(kind):
    assert (kind.named("top"), kind.named("bottom")) == (0, 1)


def test_sizes_of_cadc_sample_quads():
    assert c.CADCSampleQuad.size == 2 * 2 * 2 * 16384


# LogicalNeuronCompartments, FlipX and FlipY
@pytest.mark.parametrize(
    ("flip", "compartments", "flipped"),
    [
        ("flip_x", [[0, 1], [2]], [[2, 1], [0]]),
        ("flip_x", [[0, 1], [128]], [[1, 0], [129]]),
        ("flip_y", [[0, 1], [128]], [[128, 129], [0]]),
    ],
)
def test_flips_of_a_logical_neuron(flip, compartments, flipped):
    neuron = c.LogicalNeuronCompartments.of(compartments)
    assert getattr(neuron, flip)() == c.LogicalNeuronCompartments.of(flipped)


@pytest.mark.parametrize("compartments", [[[1, 1], [2]], [[1, 2], [2]]])
def test_circuits_of_a_logical_neuron_are_unique(compartments):
    with pytest.raises(c.CoordinateError):
        c.LogicalNeuronCompartments.of(compartments)
