"""Spike labels and the way of an event.

Oracle: the bit table of ``docs/reference/words.md`` ("Spike label"); for the rules, every case
counted one by one in plain Python.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import ChipConfig, FieldRangeError
from firmware_protocol import coordinates as c
from firmware_protocol.coordinates import labels

ANY_LABEL = st.integers(0, 0xFFFF)
ANY_MASK = st.integers(0, 31)


@given(ANY_LABEL)
def test_parts_are_the_documented_bits(value):
    label, bits = c.SpikeLabel(value), f"{value:016b}"
    assert label.spl1_address == int(bits[:2], 2)
    assert label.neuron_label == int(bits[2:], 2)
    assert label.neuron_event_output == int(bits[5:8], 2)
    assert label.neuron_backend_address_out == int(bits[8:], 2)
    assert label.padi_label == int(bits[5:], 2)
    assert label.row_select_address == int(bits[5:10], 2)
    assert label.synapse_label == int(bits[10:], 2)


def test_parts_have_their_types():
    label = c.SpikeLabel(0xFFFF)
    assert repr(label.spl1_address) == "SPL1Address(3)"
    assert repr(label.neuron_event_output) == "NeuronEventOutput(7)"
    assert (type(label.padi_label), type(label.neuron_label)) == (int, int)


@pytest.mark.parametrize(
    "parts",
    [
        ("spl1_address", "neuron_label"),
        ("neuron_event_output", "neuron_backend_address_out"),
        ("spl1_address", "row_select_address", "synapse_label"),
        ("neuron_event_output", "synapse_label"),
        ("padi_label",),
    ],
)
def test_labels_are_put_together_from_parts_that_do_not_overlap(parts):
    every = c.SpikeLabel(0xFFFF)
    label = c.SpikeLabel.of(**{part: getattr(every, part) for part in parts})
    width = sum(labels.PARTS[part].bits for part in parts)
    assert int(label).bit_count() == width
    assert all(getattr(label, part) == labels.PARTS[part].limit for part in parts)


@pytest.mark.parametrize(
    ("one", "other", "bit"),
    [
        ("neuron_label", "synapse_label", 0),
        ("neuron_backend_address_out", "row_select_address", 6),
        ("neuron_event_output", "row_select_address", 8),
    ],
)
def test_parts_that_overlap_are_refused(one, other, bit):
    with pytest.raises(c.CoordinateError, match=f"{one} and {other} both say bit {bit}; give one"):
        c.SpikeLabel.of(**{one: 0, other: 0})


def test_a_part_that_is_too_large_is_refused_with_its_limit():
    with pytest.raises(FieldRangeError, match=r"synapse_label = 64 is outside 0\.\.63; .* 6 bits"):
        c.SpikeLabel.of(synapse_label=64)
    with pytest.raises(FieldRangeError, match=r"row_select_address = -1 is outside 0\.\.31"):
        labels.assemble(row_select_address=np.array([3, -1]))


def test_an_unknown_part_or_a_fraction_is_a_type_error():
    with pytest.raises(TypeError, match="a spike label has no part 'row'; it has spl1_address, "):
        c.SpikeLabel.of(row=3)
    with pytest.raises(TypeError, match=r"synapse_label = 1\.5; parts are whole numbers"):
        c.SpikeLabel.of(synapse_label=1.5)


@given(ANY_LABEL, st.sampled_from(sorted(labels.PARTS)), st.data())
def test_replacing_a_part_leaves_the_other_bits(value, part, data):
    lsb, bits = labels.PARTS[part]
    new = data.draw(st.integers(0, (1 << bits) - 1))
    changed = c.SpikeLabel(value).replace(**{part: new})
    assert getattr(changed, part) == new
    assert (changed ^ value) & ~(((1 << bits) - 1) << lsb) == 0


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 31), st.integers(0, 63)), max_size=20))
def test_arrays_of_labels_are_as_single_ones(rows):
    link, row, synapse = np.array(rows, dtype=np.uint8).reshape(-1, 3).T
    many = labels.assemble(spl1_address=link, row_select_address=row, synapse_label=synapse)
    assert many.dtype == np.uint16
    assert many.tolist() == [
        c.SpikeLabel.of(spl1_address=a, row_select_address=r, synapse_label=s) for a, r, s in rows
    ]
    assert np.array_equal(labels.extract(many, "row_select_address"), row)


def test_parts_are_broadcast_together():
    grid = labels.assemble(row_select_address=np.arange(32)[:, None], synapse_label=np.arange(64))
    assert np.array_equal(grid.reshape(-1), np.arange(2048))


def test_the_vendors_padi_label_lacks_the_upper_bit_of_the_row_select():
    label = c.SpikeLabel.of(row_select_address=0b10000, synapse_label=5)
    assert label.padi_label == 1 << 10 | 5
    assert label.padi_label & labels.VENDOR_PADI_MASK == 5


def test_a_label_to_the_chip_enters_and_one_from_it_left_by_its_link():
    label = c.SpikeLabel.of(spl1_address=2)
    assert (label.crossbar_input, label.crossbar_output) == (10, 10)
    assert label.spike_io_output_route == label.output_routing_table_entry == 2 << 14


def test_a_neurons_label_names_its_output_and_the_only_link_that_it_reaches():
    for neuron in list(c.AtomicNeuron.all())[::31]:
        label = c.SpikeLabel.of_neuron(neuron, 0xA5)
        assert label.neuron_event_output == neuron.event_output
        assert label.neuron_backend_address_out == 0xA5
        node = c.CrossbarNode.at(label.crossbar_output, neuron.event_output.crossbar_input)
        assert node.output.l2_output == label.spl1_address


# --- the way of an event ---


@given(ANY_LABEL, st.integers(0, 0x3FFF), st.integers(0, 0x3FFF))
def test_a_node_compares_the_bits_of_its_mask(label, mask, target):
    every_bit = all((label >> bit & mask >> bit & 1) == (target >> bit & 1) for bit in range(14))
    assert bool(labels.node_passes(label, mask, target)) == every_bit


def test_the_default_node_passes_all_and_mask_0_target_1_none():
    every = np.arange(1 << 16)
    assert labels.node_passes(every, *labels.PASS_ALL).all()
    assert not labels.node_passes(every, *labels.DROP_ALL).any()
    nodes = ChipConfig().crossbar_nodes
    assert (int(nodes.mask[0]), int(nodes.target[0])) == labels.PASS_ALL


def test_an_event_passes_the_wired_nodes_that_let_it():
    mask, target = np.zeros(76, int), np.ones(76, int)
    open_node = c.CrossbarNode.at(output=5, input_=9)
    mask[open_node], target[open_node] = 1 << 13, 1 << 13
    assert labels.passing_nodes(9, 1 << 13 | 7, mask, target) == (open_node,)
    assert labels.passing_nodes(9, 7, mask, target) == ()
    assert labels.passing_nodes(8, 1 << 13, mask, target) == ()
    assert len(labels.passing_nodes(8, 0, np.zeros(76, int), np.zeros(76, int))) == 9


@given(ANY_MASK, ANY_MASK, ANY_MASK)
def test_a_driver_compares_the_bits_of_its_mask(row_select, index, mask):
    differs = any((row_select ^ index) >> bit & 1 and mask >> bit & 1 for bit in range(5))
    assert bool(labels.driver_fires(row_select, index, mask)) == (not differs)


@given(ANY_MASK, st.lists(ANY_MASK, min_size=32, max_size=32))
def test_the_drivers_that_hear_are_those_that_fire(row_select, masks):
    expected = [i for i in range(32) if labels.driver_fires(row_select, i, masks[i])]
    assert labels.drivers_that_hear(row_select, masks).tolist() == expected


@pytest.mark.parametrize("cleared", range(6))
def test_every_cleared_mask_bit_doubles_the_drivers_that_hear(cleared):
    mask = 31 & ~((1 << cleared) - 1)
    assert labels.drivers_that_hear(21, mask).size == 2**cleared


def test_a_driver_forwards_the_upper_label_bit_always_and_the_rest_if_enabled():
    every = np.arange(64)
    assert np.array_equal(labels.forwarded_address(every, 1), every)
    assert np.array_equal(labels.forwarded_address(every, 0), np.repeat([0, 32], 32))


def test_a_neurons_row_select_is_its_output_and_two_address_bits():
    for output in range(8):
        for address in range(256):
            label = c.SpikeLabel.of(neuron_event_output=output, neuron_backend_address_out=address)
            expected = output << 2 | address >> 6
            assert label.row_select_address == expected
            assert labels.neuron_row_select(output, address) == expected


def test_on_a_bus_two_bits_of_a_neurons_row_select_are_the_bus_and_one_the_side():
    for output in c.NeuronEventOutput.all():
        select = int(labels.neuron_row_select(int(output), 0))
        assert {bus.on_block for bus in output.padi_buses} == {select >> 2 & 3}
        assert select >> 4 == output.block


@pytest.mark.parametrize("output", range(8))
def test_with_full_masks_a_neuron_can_reach_four_of_32_drivers(output):
    assert labels.reachable_drivers(output, 31).tolist() == [4 * output + i for i in range(4)]


@pytest.mark.parametrize(("mask", "reached"), [(0b11011, 8), (0b00011, 32), (0b11100, 4), (0, 32)])
def test_cleared_mask_bits_widen_a_neurons_reach(mask, reached):
    assert labels.reachable_drivers(5, mask).size == reached


def test_reach_is_the_union_over_all_addresses():
    masks = np.random.default_rng(4).integers(0, 32, 32)
    for output in range(8):
        selects = {int(labels.neuron_row_select(output, a)) for a in range(256)}
        union = sorted({int(d) for s in selects for d in labels.drivers_that_hear(s, masks)})
        assert labels.reachable_drivers(output, masks).tolist() == union
