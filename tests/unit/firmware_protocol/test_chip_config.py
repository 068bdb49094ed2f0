"""ChipConfig: views, defaults, images and refusals.

Oracle: documented defaults of ``docs/reference/words.md``, and the tables applied register by
register.
"""

import numpy as np
import pytest

from firmware_protocol import ChipConfig, FieldRangeError, memory_map
from firmware_protocol.atomic_neuron import BY_NAME, FIELDS, MEMBERS
from firmware_protocol.memory_map import ADDRESSES, BLOCKS


def random_chip(seed):
    rng = np.random.default_rng(seed)
    chip = ChipConfig()
    for name, block in BLOCKS.items():
        for field in block.register.fields:
            array = getattr(chip, name)[field.name]
            array[...] = rng.integers(field.low, field.limit, array.shape, endpoint=True)
    return chip


def test_an_image_round_trips_every_field_of_the_chip():
    chip = random_chip(4)
    image = chip.image()
    assert image.shape == ADDRESSES.shape
    assert ChipConfig.from_image(image) == chip
    assert np.array_equal(ChipConfig.from_image(image).image(), image)


def test_documented_defaults_that_are_not_zero():
    chip = ChipConfig()
    assert np.all(chip.neurons.excitatory_input_enable_small_capacitance == 1)
    assert np.all(chip.neurons.refractory_period_reset_holdoff == 15)
    assert np.all(chip.neurons.bayesian_to_post_pulse == 1)
    assert np.all(chip.quadrants.neuron_v_bias_casc_n == 250)
    assert np.all(chip.quadrants.syn_i_bias_dac == 1022)
    assert chip.readout_chain.madc_in_500na == 500
    assert np.all(chip.synapse_drivers.row_address_compare_mask == 31)
    assert chip.madc.sample_duration_adjust == 5


def test_seventy_circuit_parameters_in_fourteen_members():
    assert len([f for f in FIELDS if not f.hidden]) == 70
    assert len(MEMBERS) == 14 == len({f.member for f in FIELDS})


def test_neuron_names_are_views_of_registers_and_capmem_rows():
    chip = ChipConfig()
    chip.neurons.leak_v_leak[300] = 321
    chip.neurons.event_routing_address = np.arange(512) % 256
    assert chip.capmem_neurons["value"][0, 300] == 321
    assert chip.neuron_backend.address_out[17] == 17
    chip.quadrants.syn_i_bias_dac[2] = 77
    assert chip.capmem_shared["value"][2, 0, 8] == 77
    chip.readout_chain.madc_in_500na = 5
    assert chip.capmem_shared["value"][0, 1, 13] == 5


def test_atomic_neuron_view_reads_and_writes_one_circuit():
    chip = ChipConfig()
    neuron = chip.atomic_neuron(5)
    neuron.leak.v_leak = 400
    neuron.threshold.enable = True
    assert (neuron.leak.v_leak, neuron.threshold.enable) == (400, True)
    assert chip.neurons.leak_v_leak.nonzero()[0].tolist() == [5]
    with pytest.raises(FieldRangeError, match=r"AtomicNeuron\(5\)\.leak\.v_leak = 1023 is outside"):
        neuron.leak.v_leak = 1023
    with pytest.raises(AttributeError, match=r"AtomicNeuron\.leak has no field 'v_rest'"):
        neuron.leak.v_rest = 1
    with pytest.raises(ValueError, match=r"AtomicNeuron\(512\) does not exist"):
        chip.atomic_neuron(512)


def test_unknown_groups_and_fields_are_named():
    chip = ChipConfig()
    with pytest.raises(AttributeError, match=r"ChipConfig has no group 'neuron'; it has"):
        _ = chip.neuron
    with pytest.raises(AttributeError, match=r"chip\.synapses has no field 'weights'; it has"):
        chip.synapses.weights = 3


def test_a_value_that_does_not_fit_is_named_before_any_word_is_made():
    chip = ChipConfig()
    chip.synapses.weight[1, 2, 3] = 64
    with pytest.raises(FieldRangeError, match=r"chip\.synapses\.weight\[1, 2, 3\] = 64 .* 0\.\.63"):
        chip.image()
    chip = ChipConfig()
    chip.neurons.leak_v_leak[7] = 1024
    with pytest.raises(
        FieldRangeError, match=r"chip\.neurons\.leak_v_leak\[7\] = 1024 .* 0\.\.1023"
    ):
        chip.image()


def test_copies_are_independent():
    chip = random_chip(5)
    copy = chip.copy()
    copy.neurons.leak_v_leak[0] ^= 1
    copy.synapses.weight[0, 0, 0] ^= 1
    assert chip == random_chip(5)
    assert copy != chip


def test_limits_of_names_follow_from_their_registers():
    assert BY_NAME["leak_v_leak"].limit == 1022
    assert BY_NAME["membrane_capacitance_capacitance"].limit == 63
    assert BY_NAME["event_routing_address"].limit == 255
    assert BY_NAME["bayesian_operation"].limit == 3
    assert BY_NAME["threshold_enable"].limit == 1


def test_the_bypass_preset_differs_from_the_default_where_it_says():
    chip = ChipConfig.preset("neuron_bypass")
    expected = ChipConfig()
    expected.neurons.threshold_enable = 0
    expected.neurons.event_routing_enable_bypass_excitatory = 1
    expected.neurons.event_routing_enable_bypass_inhibitory = 1
    expected.padi.dacen_pulse_extension = 15
    assert chip == expected != ChipConfig()
    assert ChipConfig.preset() == ChipConfig.preset("default") == ChipConfig()


def test_an_unknown_preset_names_the_known_ones():
    with pytest.raises(ValueError, match=r"no such preset; choose of \('default', 'neuron_byp"):
        ChipConfig.preset("bypass")


def test_writing_the_changes_turns_one_configuration_into_the_other():
    before, after = ChipConfig(), ChipConfig()
    rng = np.random.default_rng(11)
    after.synapses.weight[...] = rng.integers(0, 64, (2, 256, 256))
    after.background_sources.period[3] = 500
    after.cadc_channels.offset[1, 0, 200] = -7
    addresses, words = after.changes_from(before)
    image = before.image()
    image[memory_map.locate(addresses)] = words
    assert ChipConfig.from_image(image) == after
    assert before.changes_from(before).addresses.size == 0


def test_a_background_source_is_enabled_by_its_last_word():
    """The generator starts with what seed, mask and rate hold when the enable bit rises."""
    chip = ChipConfig()
    chip.background_sources.enable[2] = 1
    chip.background_sources.seed[2] = 77
    addresses, words = chip.changes_from(ChipConfig())
    assert addresses.tolist() == [0x130001 + 6 + 1, 0x130001 + 6]
    assert words.tolist() == [77, 1]


def test_signed_fields_are_checked_at_both_ends():
    chip = ChipConfig()
    chip.cadc_channels.offset[0, 1, 3] = -129
    with pytest.raises(
        FieldRangeError,
        match=r"chip\.cadc_channels\.offset\[0, 1, 3\] = -129 is outside -128\.\.127",
    ):
        chip.check()


def test_processor_memory_is_part_of_a_configuration():
    chip = ChipConfig()
    chip.ppu_memory.value[1, 4095] = 0xDEADBEEF
    addresses, words = chip.changes_from(ChipConfig())
    assert (addresses.tolist(), words.tolist()) == ([0x03800FFF], [0xDEADBEEF])


def test_groups_are_listed_in_the_order_in_which_they_are_written():
    assert [name for name, _ in ChipConfig().groups()] == list(memory_map.BLOCKS)


def test_one_block_of_an_image_can_be_written_anew():
    chip = ChipConfig()
    image = chip.image()
    chip.synapses.weight[1, 2, 3] = 9
    chip.padi.enable_spl1 = 1
    chip.encode_block("synapses", image)
    partly = ChipConfig()
    partly.synapses.weight[1, 2, 3] = 9
    assert np.array_equal(image, partly.image())
    before = image.copy()
    chip.synapses.weight[1, 2, 3] = 64
    with pytest.raises(FieldRangeError, match=r"chip\.synapses\.weight\[1, 2, 3\] = 64"):
        chip.encode_block("synapses", image)
    assert np.array_equal(image, before)
