"""Registers that make neurons fire: what they cost, and that they still act.

Before its first run a network of PyNN resets each of its neurons, one register after the other.
"""

import numpy as np
import pytest

import pynn_hx as pynn
from emulator.analog import AnalogCore


@pytest.fixture
def builds(monkeypatch):
    """Cycles at which the emulator arranged neurons for integration anew."""
    cycles, place = [], AnalogCore._place

    def counted(self, *arguments):
        cycles.append(arguments[-1])
        return place(self, *arguments)

    monkeypatch.setattr(AnalogCore, "_place", counted)
    return cycles


@pytest.mark.parametrize("n_neurons", [1, 64])
def test_resets_of_neurons_that_can_fire_anyway_build_nothing_anew(builds, n_neurons):
    pynn.setup()
    neurons = pynn.Population(n_neurons, pynn.cells.CalibHXNeuronCuba(v_rest=160))
    neurons.record("spikes")
    pynn.run(0.1)
    assert len(builds) < 10, "however many neurons there are"
    trains = neurons.get_data().segments[0].spiketrains
    assert np.mean([len(train) > 2 for train in trains]) > 0.9, "they fire on after their reset"
