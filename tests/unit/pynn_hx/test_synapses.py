"""Weights and delays as the chip has them.  Oracle: Python's round, and the sign of a row."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyNN.errors import ConnectionError as PyNNConnectionError

from pynn_hx.standardmodels.synapses import (
    PlasticSynapse,
    StaticRecordingSynapse,
    StaticSynapse,
    check_delays,
    digital_weights,
)


def test_without_arguments_a_synapse_has_no_weight_and_no_delay():
    space = StaticSynapse().parameter_space
    assert (space["weight"].base_value, space["delay"].base_value) == (0.0, 0.0)


@given(st.floats(0, 1e4))
def test_weights_are_rounded_as_python_rounds(weight):
    (rounded,) = digital_weights(np.array([weight]), "excitatory", "here")
    assert rounded == round(weight)
    (negative,) = digital_weights(np.array([-weight]), "inhibitory", "here")
    assert negative == -round(weight)


@pytest.mark.parametrize(("weight", "receptor"), [(-1.0, "excitatory"), (1.0, "inhibitory")])
def test_the_sign_of_a_weight_must_be_that_of_its_receptor(weight, receptor):
    message = f"here: weight {weight:g} onto the {receptor} receptor must be .= 0; change its sign"
    with pytest.raises(PyNNConnectionError, match=message):
        digital_weights(np.array([0.0, weight]), receptor, "here")


def test_a_weight_that_rounds_to_zero_has_no_sign():
    assert str(digital_weights(np.array([-0.4]), "excitatory", "here")[0]) == "0.0"


@pytest.mark.parametrize("weight", [np.nan, np.inf])
def test_weights_are_finite(weight):
    with pytest.raises(PyNNConnectionError, match="here: weights must be finite numbers"):
        digital_weights(np.array([weight]), "excitatory", "here")


@pytest.mark.parametrize("delay", [1.0, -1.0, [0.0, 0.5]])
def test_the_only_delay_is_zero(delay):
    with pytest.raises(ValueError, match="the chip has no configurable delays, leave delay at 0"):
        check_delays(np.asarray(delay), "here")
    check_delays(np.zeros_like(np.asarray(delay)), "here")


def test_a_delay_is_refused_when_the_synapse_type_is_made():
    with pytest.raises(ValueError, match=r"StaticSynapse: delay 0\.1 ms"):
        StaticSynapse(delay=0.1)


@pytest.mark.parametrize("delay", [[0.0, 0.5], np.array([[0.5]]), np.float64(1), -1])
def test_delays_in_lists_and_arrays_are_refused_as_early(delay):
    with pytest.raises(ValueError, match="the chip has no configurable delays"):
        PlasticSynapse(delay=delay)


@given(st.floats(-1e4, 1e4))
def test_inhibition_of_conductances_keeps_the_sign_that_was_given(weight):
    (rounded,) = digital_weights(np.array([weight]), "inhibitory", "here", conductance_based=True)
    assert rounded == round(weight)


def test_excitation_of_conductances_is_positive():
    with pytest.raises(PyNNConnectionError, match="must be >= 0"):
        digital_weights(np.array([-1.0]), "excitatory", "here", conductance_based=True)


def test_a_plastic_synapse_without_a_rule_is_a_static_one():
    space = PlasticSynapse().parameter_space
    assert (space["weight"].base_value, space["delay"].base_value) == (0.0, 0.0)
    synapse = PlasticSynapse(weight=np.ones((2, 3)), delay=0, plasticity_rule=None)
    assert isinstance(synapse, StaticSynapse)
    assert synapse.plasticity_rule is None
    assert synapse.parameter_space["weight"].shape == (2, 3)


def test_plasticity_is_announced_for_later():
    message = "programs of the plasticity processors come with a later version; until then"
    with pytest.raises(NotImplementedError, match=message):
        PlasticSynapse(weight=3, plasticity_rule=object())
    with pytest.raises(NotImplementedError, match=message):
        StaticRecordingSynapse(timer=object(), weight=3, observables={"weights"})
