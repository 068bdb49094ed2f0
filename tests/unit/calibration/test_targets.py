"""Targets fit each other, or are refused."""

from dataclasses import replace

import numpy as np
import pytest

from calibration.targets import spiking


def test_deployed_targets_are_those_of_the_vendor():
    targets = spiking(3)
    assert targets.size == 3
    assert not targets.conductance_based
    assert [targets.leak[0], targets.reset[0], targets.threshold[0]] == [80, 70, 125]


def test_the_reference_of_conductances_lies_between_leak_and_threshold():
    assert spiking().coba_reference.tolist() == [102.5]


def test_a_reversal_potential_alone_is_refused():
    with pytest.raises(ValueError, match="both reversal potentials, or neither"):
        replace(spiking(2), reversal_exc=np.full(2, 300.0))


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones((2, 1)), 1.0])
def test_targets_of_different_shapes_are_refused(wrong):
    with pytest.raises(ValueError, match=r"must have the shape \(neuron,\)"):
        replace(spiking(2), leak=wrong)
