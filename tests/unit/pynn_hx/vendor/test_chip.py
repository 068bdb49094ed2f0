"""``lola.Chip``.  Oracle: the arrays of the :class:`ChipConfig` that it is."""

import numpy as np
import pytest

from firmware_protocol import ChipConfig
from pynn_hx.vendor import hal, halco, lola, sta


def test_the_tree_of_containers_lies_over_the_arrays():
    chip = lola.Chip()
    chip.neuron_block.atomic_neurons[halco.AtomicNeuronOnDLS(300)].leak.i_bias = 666
    chip.neuron_block.backends[halco.CommonNeuronBackendConfigOnDLS(1)].clock_scale_fast = 2
    block = chip.synapse_driver_blocks[halco.SynapseDriverBlockOnDLS.bottom]
    block.padi_bus.dacen_pulse_extension.fill(10)
    block.synapse_drivers[halco.SynapseDriverOnSynapseDriverBlock(5)].enable_receiver = True
    chip.synapse_blocks[1].matrix.weights[3][5] = 7
    chip.synapse_blocks[1].i_bias_dac[0] = 1000
    chip.crossbar.nodes[halco.CrossbarNodeOnDLS(4)].mask = 3
    chip.crossbar.outputs.enable_event_counter[2] = True
    chip.background_spike_sources[2].rate = 9
    chip.cadc_readout_chains[1].channels_acausal[8].offset = 4
    assert chip.neurons.leak_i_bias[300] == 666
    assert chip.common_backend.clock_scale_fast.tolist() == [0, 2]
    assert chip.padi.dacen_pulse_extension.tolist() == [[0] * 4, [10] * 4]
    assert np.argwhere(chip.synapse_drivers.enable_receiver).tolist() == [[1, 5]]
    assert np.argwhere(chip.synapses.weight).tolist() == [[1, 3, 5]]
    assert chip.quadrants.syn_i_bias_dac.tolist() == [1022, 1022, 1000, 1022]
    assert chip.crossbar_nodes.mask[4] == 3 and chip.background_sources.rate[2] == 9
    assert chip.crossbar_outputs.enable_event_counter[2] == 1
    assert chip.cadc_channels.offset[1, 1, 8] == 4


def test_a_place_takes_the_values_of_a_container():
    chip, neuron = lola.Chip(), lola.AtomicNeuron(leak_v_leak=5)
    chip.neuron_block.atomic_neurons[halco.AtomicNeuronOnDLS(1)] = neuron
    neuron.leak.v_leak = 6
    assert chip.neurons.leak_v_leak[1] == 5
    with pytest.raises(TypeError, match="does not take"):
        chip.neuron_block.backends[0] = hal.CapMemCell()
    with pytest.raises(IndexError, match=r"choose 0\.\.1"):
        _ = chip.neuron_block.backends[2]


def test_the_bypass_preset_is_a_fresh_chip_each_time():
    first, second = lola.Chip.default_neuron_bypass, lola.Chip.default_neuron_bypass
    assert first == second == ChipConfig.preset("neuron_bypass") and first is not second
    assert isinstance(first.copy(), lola.Chip)


def test_a_chip_of_a_configuration_is_the_same_configuration():
    config = ChipConfig()
    lola.Chip.of(config).neuron_block.atomic_neurons[3].leak.v_leak = 8
    assert config.neurons.leak_v_leak[3] == 8


def test_what_a_chip_reads_is_what_was_applied():
    builder, row = sta.PlaybackProgramBuilderDumper(), lola.SynapseWeightRow()
    row.values.from_numpy(np.arange(256) % 64)
    neuron = lola.AtomicNeuron(leak_v_leak=123)
    builder.write(halco.SynapseWeightRowOnDLS(300), row)
    builder.write(halco.AtomicNeuronOnDLS(17), neuron)
    builder.write(halco.EventRecordingConfigOnFPGA(), hal.EventRecordingConfig(True))
    before = lola.Chip()
    chip = sta.convert_to_chip(builder.done(), before)
    assert chip.read(halco.SynapseWeightRowOnDLS(300)) == row
    assert chip.read(halco.AtomicNeuronOnDLS(17)) == neuron
    assert chip.synapses.weight[1, 44].tolist() == (np.arange(256) % 64).tolist()
    assert before == ChipConfig()
    with pytest.raises(TypeError, match="no part of a configuration"):
        chip.read(halco.EventRecordingConfigOnFPGA())
