"""Spike trains of large populations are neo's, though they are made late.

Oracle: those of a small population with the same cells.
"""

import copy
import pickle

import numpy as np
import pytest
from neo.core.spiketrainlist import SpikeTrainList

import pynn_hx.sim as sim

N = 1500


@pytest.fixture(scope="module")
def data():
    sim.setup(timestep=0.1, device="cpu")
    cells = sim.Population(N, sim.IF_curr_exp(i_offset=np.linspace(0.0, 2.0, N)))
    cells.record("spikes")
    sim.run(60.0)
    block = cells.get_data()
    last = cells[N - 3 :].get_data().segments[0].spiketrains
    first_id = int(cells.first_id)
    sim.end()
    return block, last, first_id


def test_late_trains_are_those_of_a_few_cells(data):
    block, last, _ = data
    trains = block.segments[0].spiketrains
    assert len(trains) == N
    assert trains[0].size == 0
    for late, early in zip(trains[N - 3 :], last, strict=True):
        assert early.size > 3
        assert np.array_equal(late.magnitude, early.magnitude)
        assert (late.t_start, late.t_stop) == (early.t_start, early.t_stop)
        assert late.annotations == early.annotations
        assert late.segment is block.segments[0]


def test_all_spikes_can_be_had_without_trains(data):
    block, _, first_id = data
    channels, times = block.segments[0].spiketrains.multiplexed
    assert channels.size == times.size == sum(t.size for t in block.segments[0].spiketrains)
    assert channels.min() > first_id and channels.max() == first_id + N - 1


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_and_pickles_are_plain_neo(data, copied):
    block, last, _ = data
    trains = copied(block).segments[0].spiketrains
    assert type(trains) is SpikeTrainList
    assert np.array_equal(trains[N - 1].magnitude, last[2].magnitude)
