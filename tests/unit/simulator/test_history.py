"""Histories that grow, give up what nobody needs, and bring synapses up to date.

Oracle: the same network with a history that never runs short.
"""

import numpy as np
import pytest

from simulator import history
from simulator.connectivity import Sparse
from tests.support.delivered import Bench, pathway
from tests.support.synapse_plans import PAIRS

STEPS = 400


def run(monkeypatch, *, room, most, dendritic, pre_share=0.02):
    monkeypatch.setattr(history, "FIRST_ROOM", room)
    monkeypatch.setattr(history, "LEAST_ROOM", room)
    monkeypatch.setattr(history, "MOST_ROOM", most)
    random = np.random.default_rng(4)
    n_pre, n_post, n = 12, 20, 100
    rows, _ = Sparse.from_pairs(random.integers(0, n_pre, n), random.integers(0, 9, n), n_pre, 9)
    delays = random.integers(1, 6, n)
    axonal = delays - np.rint(delays * dendritic).astype(int)
    bench = Bench(n_pre, n_post)
    runtime = bench.deliver(
        pathway(rows, random.uniform(0.5, 1.5, n), delays, axonal=axonal, plan=PAIRS, post_first=7)
    )
    spikes = {s: np.flatnonzero(random.random(n_pre) < pre_share) for s in range(1, STEPS)}
    targets = {s: np.flatnonzero(random.random(n_post) < 0.3) for s in range(1, STEPS)}
    found = bench.run([runtime], spikes, STEPS, target_spikes=targets)
    return found, bench, runtime


@pytest.mark.parametrize("dendritic", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("most", [8, 4096])
def test_growing_and_settling_change_no_result(monkeypatch, dendritic, most):
    expected, bench, _ = run(monkeypatch, room=1024, most=4096, dendritic=dendritic)
    assert bench.growths == 0
    found, bench, _ = run(monkeypatch, room=8, most=most, dendritic=dendritic)
    assert bench.growths > 3
    np.testing.assert_array_equal(found, expected)


def test_settling_keeps_a_history_short(monkeypatch):
    _, bench, _ = run(monkeypatch, room=32, most=32, dendritic=1.0, pre_share=0.0)
    assert bench.history.steps.shape[1] == 32
    _, bench, _ = run(monkeypatch, room=32, most=4096, dendritic=1.0, pre_share=0.0)
    assert bench.history.steps.shape[1] >= 128


def test_spikes_that_all_synapses_have_seen_are_given_up_first(monkeypatch):
    _, bench, _ = run(monkeypatch, room=64, most=4096, dendritic=1.0, pre_share=0.9)
    assert bench.growths > 0
    assert bench.history.steps.shape[1] == 64


def test_neurons_without_plastic_synapses_need_nothing():
    bench = Bench(1, 2)
    bench.run([], {}, 100, target_spikes={step: [0, 1] for step in range(1, 101)})
    assert bench.growths > 0
    assert bench.history.steps.shape[1] == history.FIRST_ROOM
    assert bench.history.counts.tolist() == [100, 100]


def test_a_margin_is_kept_free():
    assert history.new_history(3, margin=100).steps.shape == (3, 512)
    bench = Bench(1, 1, margin=20)
    targets = {step: [0] for step in range(1, 200)}
    room = bench.history.steps.shape[1]
    bench.run([], {}, room - 21, target_spikes=targets)
    assert bench.growths == 0
    bench.run([], {}, 1, first_step=room - 20, target_spikes=targets)
    assert bench.growths == 1


def test_a_snapshot_brings_back_spikes_and_room():
    bench = Bench(1, 2)
    targets = {step: [0, 1] for step in range(1, 21)}
    bench.run([], {}, 20, target_spikes=targets)
    saved = history.snapshot(bench.history)
    history.clear(bench.history)
    assert bench.history.counts.tolist() == [0, 0]
    history.restore(bench.history, saved)
    assert bench.history.steps[0, :20].tolist() == list(range(1, 21))
    assert bench.history.counts.tolist() == [20, 20]
