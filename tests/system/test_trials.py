"""A run repeated after `reset` shows the same, whatever the one before it ended with.

Oracle: the chip's slowest time constants here are 10 us, so a trial that begins a millisecond
after the last cannot remember it.
"""

import numpy as np
import pytest

import pynn_hx as pynn


def trials(spike_times, weight, n=3):
    """Spike times [us] of one neuron in `n` trials with 20 sources."""
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    neuron = pynn.Population(1, pynn.cells.HXNeuron(threshold_v_threshold=424))
    neuron.record("spikes")
    sources = pynn.Population(20, pynn.cells.SpikeSourceArray(spike_times=spike_times))
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    pynn.Projection(sources, neuron, pynn.AllToAllConnector(), synapse)
    for _ in range(n):
        pynn.run(0.03)
        pynn.reset()
    return [1e3 * np.asarray(s.spiketrains[0]) for s in neuron.get_data().segments]


@pytest.mark.parametrize("weight", [14, 26])
def test_input_at_the_end_of_a_trial_does_not_show_in_the_next(weight):
    alone = trials([0.001], weight)
    with_late_input = trials([0.001, 0.029], weight)
    assert [len(t) for t in with_late_input] == [len(t) for t in alone]
    for a, b in zip(alone, with_late_input, strict=True):
        assert np.allclose(a, b, atol=0.5)  # us; comparator noise moves a spike by some 0.1


def test_trials_of_one_input_agree_with_each_other():
    counts = {len(t) for t in trials([0.001], 22, n=5)}
    assert counts == {1}
