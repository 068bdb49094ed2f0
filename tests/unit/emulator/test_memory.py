"""The register image and its decoded view.

Oracle: ChipConfig, which encodes through the same tables from the other side.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emulator.memory import NEURON_BLOCKS, ROUTING_BLOCKS, Memory, power_on_image
from firmware_protocol import ChipConfig, memory_map
from firmware_protocol.atomic_neuron import FIELDS
from firmware_protocol.catalogue import CONTAINERS


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


_QUADS = CONTAINERS["SynapseWeightQuad"].all_addresses().reshape(-1)
_OTHERS = np.concatenate(
    [
        container.all_addresses().reshape(-1)[:2]
        for container in CONTAINERS.values()
        if container.rule
    ]
)


@given(
    st.lists(
        st.tuples(
            st.one_of(
                st.sampled_from(memory_map.ADDRESSES[::97].tolist()),
                st.sampled_from(_QUADS[::301].tolist()),
                st.sampled_from(_OTHERS.tolist()),
                st.integers(0, 2**32 - 1),
            ),
            st.integers(0, 2**32 - 1),
        ),
        min_size=2,
        max_size=12,
    )
)
def test_words_written_one_by_one_or_together_are_the_same(words):
    address, value = np.array(words, np.uint32).T.copy()
    together, one_by_one = Memory(power_on_image()), Memory(power_on_image())
    refused = together.write(address, value)
    alone = [one_by_one.write(address[k : k + 1], value[k : k + 1]) for k in range(len(words))]
    assert np.concatenate(alone).tolist() == refused.tolist()
    assert np.array_equal(one_by_one.image, together.image)
    assert one_by_one.others == together.others
    for name, block in memory_map.BLOCKS.items():
        if not np.array_equal(one_by_one.image[block.span], power_on_image()[block.span]):
            assert one_by_one.version((name,)) != Memory(power_on_image()).version((name,))


def test_weights_and_labels_can_be_written_and_read_through_their_own_quads():
    """Addresses S + 64 row + quad and S + 0x40000 + 64 row + quad; column 28 is quad 3, entry 2."""
    weights, labels = (CONTAINERS[f"Synapse{k}Quad"] for k in ("Weight", "Label"))
    memory = Memory(power_on_image())
    weight_word = weights.register.encode({"weight": [0, 0, 61, 0]})[0]
    label_word = labels.register.encode({"label": [1, 2, 3, 4]})[0]
    address = 0x02C00000 + 64 * 7 + 3
    before = memory.version(ROUTING_BLOCKS)
    assert memory.changes(np.array([address], np.uint32), np.array([weight_word]))
    memory.write(
        np.array([address, address + 0x40000], np.uint32), np.array([weight_word, label_word])
    )
    assert memory.version(ROUTING_BLOCKS) != before
    synapses = memory.block("synapses")
    assert synapses["weight"][0, 7, 28] == 61 == synapses["weight"].sum()
    assert synapses["label"][0, 7, [24, 26, 28, 30]].tolist() == [1, 2, 3, 4]
    assert memory.read(address) == weight_word
    assert memory.read(address + 0x40000) == label_word
    assert not memory.changes(np.array([address], np.uint32), np.array([weight_word]))


def test_an_alias_keeps_the_calibration_bits_of_its_word_and_order_decides():
    memory, config = Memory(power_on_image()), ChipConfig()
    config.synapses.time_calib[0, 7, 28] = 2
    config.synapses.weight[0, 7, 28] = 5
    raw = memory_map.BLOCKS["synapses"].addresses[0, 7, 3, 0]
    word = config.image()[memory_map.locate([raw])][0]
    alias = 0x02C00000 + 64 * 7 + 3
    nine = CONTAINERS["SynapseWeightQuad"].register.encode({"weight": [0, 0, 9, 0]})[0]
    memory.write(np.array([raw, alias], np.uint32), np.array([word, nine]))
    assert memory.block("synapses")["weight"][0, 7, 28] == 9
    assert memory.block("synapses")["time_calib"][0, 7, 28] == 2
    memory.write(np.array([alias, raw], np.uint32), np.array([nine, word]))
    assert memory.field("synapses", "weight")[0, 7, 28] == 5


def test_weights_written_through_quads_act_on_neurons_like_raw_ones():
    """A word of either kind must leave the same image."""
    config = ChipConfig()
    config.synapses.weight[1] = np.arange(256 * 256).reshape(256, 256) % 64
    raw, quads = Memory(power_on_image()), Memory(power_on_image())
    raw.write(memory_map.ADDRESSES, config.image())
    alias = CONTAINERS["SynapseWeightQuad"]
    arranged = memory_map.BLOCKS["synapses"].arrange(config.synapses.weight)
    quads.write(
        alias.all_addresses().reshape(-1), alias.register.encode({"weight": arranged}).reshape(-1)
    )
    assert np.array_equal(raw.image, quads.image)
