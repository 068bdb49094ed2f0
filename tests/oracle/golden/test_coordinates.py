"""Coordinate conversions asserted by the vendor.

Oracle: halco test/hicann-dls/vx/v3/various_coords.cpp; lines in the rows.
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
    (114, c.NeuronEventOutput(3), "crossbar_input", 3),
    (149, c.SynapseDriver(23), "top_row", 47),
    (149, c.SynapseDriver(23), "bottom_row", 46),
    (158, c.SynapseRow(23), "is_top_of_driver", True),
    (158, c.SynapseRow(42), "is_top_of_driver", False),
    (243, c.CrossbarOutput(2), "padi_bus", 2),
    (243, c.CrossbarOutput(3), "padi_bus", 3),
    (222, c.CrossbarOutput(3), "l2_output", NOT_WIRED),
    (222, c.CrossbarOutput(8), "l2_output", 0),
    (222, c.CrossbarOutput(9), "l2_output", 1),
    (222, c.CrossbarOutput(10), "l2_output", 2),
    *((255, c.CrossbarInput(i), "spl1_address", NOT_WIRED) for i in (0, 1, 2, 3, 4, 5, 6, 7)),
    (255, c.CrossbarInput(8), "spl1_address", 0),
    (255, c.CrossbarInput(10), "spl1_address", 2),
    *((255, c.CrossbarInput(i), "spl1_address", NOT_WIRED) for i in (12, 13, 16, 18, 19)),
    *((120, c.CrossbarInput(i), "neuron_event_output", i) for i in (2, 3, 5, 6, 7)),
    *((120, c.CrossbarInput(i), "neuron_event_output", NOT_WIRED) for i in (9, 12, 13)),
]


@pytest.mark.parametrize(("line", "coordinate", "path", "expected"), CONVERSIONS)
def test_conversion(line, coordinate, path, expected):
    if expected is NOT_WIRED:
        with pytest.raises(c.CoordinateError):
            attribute(path)(coordinate)
    else:
        assert attribute(path)(coordinate) == expected, f"various_coords.cpp:{line}"


def test_event_output_of_a_backend_index():
    assert c.event_output_of_backend_index(47) == 1  # various_coords.cpp:98


def test_config_reset_and_counter_of_a_neuron_share_block_and_index():
    neuron = c.AtomicNeuron.at(column=128 + 23, row=0)  # various_coords.cpp:178, :207
    assert (neuron.quadrant, neuron.index_on_quadrant) == (1, 23)
    assert (neuron.backend_block, neuron.index_on_backend) == (1, 23)


def test_crossbar_node_numbers():
    assert c.CrossbarNode.at(output=9, input_=13) == 63  # various_coords.cpp:359
    with pytest.raises(c.CoordinateError, match=r"no crossbar node joins input 2 to output 9"):
        c.CrossbarNode.at(output=9, input_=2)
