"""The memory map: every word has one address and one place in an image.

Oracle: base addresses and strides of ``docs/reference/words.md`` ("Address map"), by hand.
"""

import itertools

import numpy as np
import pytest

from firmware_protocol import memory_map
from firmware_protocol.memory_map import ADDRESSES, BLOCKS

CASES = [
    ("neuron_config", (128 + 23, 0), 0x168000 + 8 * 23 + 2),
    ("neuron_config", (511, 5), 0x178000 + 8 * 127 + 7),
    ("neuron_backend", (256, 0), 0x1A1000 + 4 * 128),
    ("neuron_backend", (511, 3), 0x1A9000 + 4 * 255 + 3),
    ("capmem_neurons", (23, 300, 0), 0x150000 + 32 * 44 + 23),
    ("capmem_shared", (3, 1, 23, 0), 0x158000 + 32 * 129 + 23),
    ("capmem_config", (2, 9), 0x154009),
    ("synapses", (1, 255, 63, 1), 0x03C00000 + 0xF0000 + 128 * 255 + 63 + 64),
    ("synapse_drivers", (1, 127, 2), 0x118400 + 4 * 127 + 2),
    ("padi", (0, 0), 0x110001),
    ("crossbar_nodes", (75, 0), 0x130019 + 75),
    ("readout_source", (1, 0), 0xC000D),
]


@pytest.mark.parametrize(("block", "index", "address"), CASES)
def test_address_of_a_word(block, index, address):
    assert BLOCKS[block].addresses[index] == address


def test_no_address_is_used_twice():
    assert np.unique(ADDRESSES).size == ADDRESSES.size


def test_locate_is_the_inverse_of_the_address_list():
    order = np.random.default_rng(3).permutation(ADDRESSES.size)
    assert np.array_equal(memory_map.locate(ADDRESSES[order]), order)


def test_locate_marks_foreign_addresses():
    foreign = [0x0, memory_map.MADC_CONTROL, 0xFFFFFFFF, memory_map.EVENT_RECORDING_CONFIG]
    assert memory_map.locate(foreign).tolist() == [-1] * 4


def test_blocks_tile_the_image():
    spans = [b.span for b in BLOCKS.values()]
    assert spans[0].start == 0 and spans[-1].stop == ADDRESSES.size
    assert all(a.stop == b.start for a, b in itertools.pairwise(spans))


def test_column_order_of_a_quad_block_round_trips():
    block = BLOCKS["synapses"]
    columns = np.arange(2 * 256 * 256).reshape(2, 256, 256)
    quads = block.arrange(columns)
    assert quads.shape == (2, 256, 64, 4)
    assert quads[0, 0, 34, 3] == 23
    assert np.array_equal(block.restore(quads), columns)
