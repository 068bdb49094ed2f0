"""``lola.AtomicNeuron``.  Oracle: the image of a :class:`ChipConfig` with the same settings."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import ChipConfig, FieldRangeError
from firmware_protocol.atomic_neuron import FIELDS, MEMBERS
from firmware_protocol.memory_map import locate
from pynn_hx.vendor import halco, lola

SETTINGS = st.fixed_dictionaries({f.name: st.integers(0, f.limit) for f in FIELDS})


@given(SETTINGS, st.integers(0, 511))
def test_words_are_those_of_a_configuration_with_these_settings(settings, n):
    chip = ChipConfig()
    for name, value in settings.items():
        chip.neurons[name][n] = value
    neuron = lola.AtomicNeuron(**settings)
    encoded = neuron.encode(halco.AtomicNeuronOnDLS(n))
    assert np.array_equal(encoded.words, chip.image()[locate(encoded.addresses)])
    assert lola.AtomicNeuron.decode(encoded.words) == neuron
    assert lola.AtomicNeuron.on(chip, n) == neuron


def test_a_neuron_has_14_members_that_check_their_values():
    neuron = lola.AtomicNeuron()
    assert tuple(neuron) == MEMBERS and len(MEMBERS) == 14
    neuron.leak.v_leak = 400
    neuron.readout.source = neuron.Readout.Source.exc_synin
    neuron.event_routing.analog_output = neuron.EventRouting.AnalogOutputMode.normal
    neuron.constant_current.type = lola.AtomicNeuron.ConstantCurrent.Type.sink
    assert repr(neuron) == (
        "AtomicNeuron(leak_v_leak=400, constant_current_type=1, event_routing_analog_output=1, "
        "readout_source=1)"
    )
    assert neuron.bayesian.to_post_pulse is True
    with pytest.raises(FieldRangeError, match=r"AtomicNeuron\.leak\.v_leak = 1023"):
        neuron.leak.v_leak = 1023
    with pytest.raises(AttributeError, match=r"Leak has no value 'v_rest'; it has v_leak"):
        neuron.leak.v_rest = 3
    with pytest.raises(AttributeError, match="has no 'leakage'"):
        _ = neuron.leakage


def test_equal_settings_are_equal_neurons():
    first, second = lola.AtomicNeuron(leak_i_bias=3), lola.AtomicNeuron(leak_i_bias=3)
    assert first == second == copy.deepcopy(first) == pickle.loads(pickle.dumps(first))
    second.threshold.enable = True
    assert first != second and first.leak == second.leak and first.threshold != second.threshold


def test_parameters_of_cells_are_truncated_and_others_passed_over():
    parameters = {"leak_v_leak": 400.9, "threshold_enable": 2.0, "colour": "red"}
    neuron = lola.AtomicNeuron.of_parameters(parameters)
    assert neuron == lola.AtomicNeuron(leak_v_leak=400, threshold_enable=True)
    with pytest.raises(OverflowError, match=r"leak\.v_leak = 2000"):
        lola.AtomicNeuron.of_parameters({"leak_v_leak": 2000.0})


def test_a_member_is_assigned_as_a_whole():
    source, target = lola.AtomicNeuron(leak_v_leak=7), lola.AtomicNeuron()
    target.leak = source.leak
    source.leak.v_leak = 9
    assert target.leak.v_leak == 7
    with pytest.raises(TypeError, match="takes a Leak"):
        target.leak = source.threshold


def test_a_view_of_a_configuration_sets_it():
    chip = ChipConfig()
    lola.AtomicNeuron.on(chip, 300).leak.v_leak = 1022
    lola.AtomicNeuron(reset_v_reset=5).write_into(chip, 2)
    assert chip.neurons.leak_v_leak[300] == 1022 and chip.neurons.reset_v_reset[2] == 5
