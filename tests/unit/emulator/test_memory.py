"""The register image and its decoded view.

Oracle: ChipConfig, which encodes through the same tables from the other side.
"""

import numpy as np

from emulator.memory import NEURON_BLOCKS, ROUTING_BLOCKS, Memory, power_on_image
from firmware_protocol import ChipConfig, memory_map
from firmware_protocol.atomic_neuron import FIELDS


def random_config():
    config, rng = ChipConfig(), np.random.default_rng(1)
    for field in FIELDS:
        config.neurons[field.name][...] = rng.integers(0, field.limit + 1, 512)
    config.quadrants.syn_i_bias_dac = [1, 2, 3, 4]
    return config


def test_neurons_read_as_they_were_configured():
    config = random_config()
    neurons = Memory(config.image()).neurons()
    for field in FIELDS:
        assert np.array_equal(neurons[field.name], config.neurons[field.name]), field.name


def test_quadrant_cells_read_as_they_were_configured():
    assert Memory(random_config().image()).quadrants()["syn_i_bias_dac"].tolist() == [1, 2, 3, 4]


def test_a_chip_wakes_with_the_default_configuration():
    assert ChipConfig.from_image(power_on_image()) == ChipConfig()


def test_only_real_changes_renew_a_version():
    memory = Memory(power_on_image())
    before = memory.version(NEURON_BLOCKS), memory.version(ROUTING_BLOCKS)
    memory.write(memory_map.ADDRESSES, power_on_image())
    assert (memory.version(NEURON_BLOCKS), memory.version(ROUTING_BLOCKS)) == before
    node = memory_map.BLOCKS["crossbar_nodes"].addresses.reshape(-1)[:1]
    memory.write(node, np.array([1], np.uint32))
    assert memory.version(NEURON_BLOCKS) == before[0]
    assert memory.version(ROUTING_BLOCKS) != before[1]


def test_the_last_write_to_an_address_wins_and_copies_are_independent():
    memory = Memory(power_on_image())
    address = memory_map.ADDRESSES[:1].repeat(2)
    copy = memory.copy()
    memory.write(address, np.array([1, 2], np.uint32))
    assert (memory.read(int(address[0])), copy.read(int(address[0]))) == (2, 0)
