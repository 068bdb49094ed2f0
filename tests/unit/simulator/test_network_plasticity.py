"""Plastic synapses inside networks: pairs of spikes, and that no way of running changes a byte.

Oracles: pair-based STDP as a sum over pairs (Morrison, Aertsen & Diesmann 2007, Neural Comput. 19),
Tsodyks, Uziel & Markram's recursion, and the same network run in another way.
"""

from __future__ import annotations

import numpy as np
import pytest

import simulator.engine_cpu
from simulator.connectivity import Procedural, Sparse
from simulator.errors import NetworkError
from simulator.models import NeuronModel, SynapseModel
from simulator.network import Network

RELAY = NeuronModel(
    name="relay",
    parameters="tau = 1e-3 : ms\n v_thresh = 0.5 : 1",
    equations="""
        dv/dt = -v/tau : 1
        dseen/dt = -seen/tau : 1
    """,
    threshold="v >= v_thresh",
    reset="v = 0",
    receptors={"drive": "v += weight", "plastic": "seen += weight"},
)
"""Fires in the step in which a weight of 1 arrives at `drive`; forgets everything at once."""

STDP = SynapseModel(
    name="stdp",
    parameters="""
        tau_plus = 20.0 : ms
        tau_minus = 15.0 : ms
        a_plus = 0.02 : weight
        a_minus = 0.03 : weight
        w_max = 10.0 : weight
    """,
    equations="""
        dr/dt = -r/tau_plus : 1
        do/dt = -o/tau_minus : 1
    """,
    on_pre="output = weight; weight = max(weight - a_minus*o, 0); r += 1",
    on_post="weight = min(weight + a_plus*r, w_max); o += 1",
)


def one(n_pre=1, n_post=1):
    starts = np.arange(n_pre + 1, dtype=np.int64) * n_post
    return Sparse(n_pre, n_post, starts, np.tile(np.arange(n_post, dtype=np.int32), n_pre))


def pair_network(pre_ms, post_ms, fraction, delay_ms=1.0):
    network = Network(dt_ms=0.1)
    neuron = network.add_neurons(RELAY, 1)
    pre, post = network.add_spike_times([pre_ms]), network.add_spike_times([post_ms])
    network.connect(post, neuron, "drive", one(), weight=1.0, delay_ms=0.1)
    path = network.connect(
        pre, neuron, "plastic", one(), STDP,
        weight=5.0, delay_ms=delay_ms, dendritic_fraction=fraction,
    )  # fmt: skip
    return network, path


@pytest.mark.parametrize("fraction", [1.0, 0.0, 0.5])
def test_weights_follow_from_pairs_of_spikes_as_the_synapse_sees_them(fraction):
    rng = np.random.default_rng(int(fraction * 10))
    pre = np.sort(rng.choice(3000, 60, False)) * 0.1
    post = np.sort(rng.choice(3000, 60, False)) * 0.1
    network, path = pair_network([*pre, 400.0], post, fraction)
    network.run(4200)
    seen_pre = np.round(np.array([*pre, 400.0]) + 1.0 - fraction, 6)
    seen_post = np.round(post + 0.1 + fraction, 6)  # it fires a step after its source
    gap = seen_post[:, None] - seen_pre[None, :-1]
    # Before the last pre spike everything after it has been seen: settle up to 400 ms.
    potentiation = 0.02 * np.exp(-gap[gap > 1e-9] / 20.0).sum()
    depression = 0.03 * np.exp(gap[gap < -1e-9] / 15.0).sum()
    last = 0.03 * np.exp((seen_post - seen_pre[-1]) / 15.0).sum()
    assert path.get("weight")[0] == pytest.approx(5.0 + potentiation - depression - last, rel=1e-9)


def test_a_depressing_synapse_follows_its_recursion():
    model = SynapseModel(
        name="depressing",
        parameters="u = 0.5 : 1\n tau_rec = 100.0 : ms",
        equations="dx/dt = (1 - x)/tau_rec : 1",
        on_pre="output = weight*u*x; x -= u*x",
        initial="x = 1",
    )
    network = Network(dt_ms=0.1)
    neuron = network.add_neurons(RELAY, 1, {"v_thresh": 1e9})
    source = network.add_spike_times([np.arange(1, 8) * 10.0])
    network.connect(source, neuron, "plastic", one(), model, weight=2.0, delay_ms=0.5)
    seen = network.record(neuron, "seen")
    network.run(800)
    x, expected = 1.0, []
    for _ in range(7):
        expected.append(2.0 * 0.5 * x)
        x = 1.0 - (1.0 - 0.5 * x) * np.exp(-10.0 / 100.0)
    assert seen.values[105:800:100, 0] == pytest.approx(expected, rel=1e-12)


def learning(threads=1):
    """120 Poisson sources onto 300 neurons which other sources drive; several delays."""
    network = Network(dt_ms=0.1, seed=8, threads=threads)
    neurons = network.add_neurons(RELAY, 300)
    drive, pre = network.add_poisson(300, rate_hz=60.0), network.add_poisson(120, rate_hz=40.0)
    each = np.arange(301, dtype=np.int64)
    network.connect(drive, neurons, "drive", Sparse(300, 300, each, each[:-1].astype(np.int32)))
    rng = np.random.default_rng(4)
    targets = np.sort(rng.integers(0, 300, (120, 50)), axis=1).astype(np.int32).ravel()
    rows = Sparse(120, 300, np.arange(121, dtype=np.int64) * 50, targets)
    delays = 0.3 + 0.1 * rng.integers(0, 30, rows.n_synapses)
    path = network.connect(
        pre, neurons, "plastic", rows, STDP,
        weight=rng.random(rows.n_synapses), delay_ms=delays, dendritic_fraction=0.4,
    )  # fmt: skip
    return network, path, network.record(neurons, "seen", [5, 250])


def test_learning_in_parts_with_threads_and_after_a_restore_is_the_same(monkeypatch):
    whole, path, seen = learning()
    whole.run(3000)
    expected = path.get("weight").tobytes(), seen.values.tobytes()
    parts, path, seen = learning()
    for n in (1, 1199, 800):
        parts.run(n)
    state = parts.save()
    parts.run(1000)
    assert (path.get("weight").tobytes(), seen.values.tobytes()) == expected
    parts.restore(state)
    parts.run(1000)
    assert path.get("weight").tobytes() == expected[0]
    assert seen.values[1:].tobytes() == np.frombuffer(expected[1]).reshape(-1, 2)[2001:].tobytes()
    monkeypatch.setattr(simulator.engine_cpu, "usable_cores", lambda: 3)
    monkeypatch.setattr(simulator.engine_cpu, "_BLOCKS_PER_THREAD", 1)
    together, path, seen = learning(threads=3)
    together.run(3000)
    assert (path.get("weight").tobytes(), seen.values.tobytes()) == expected


def test_many_spikes_of_a_neuron_wait_for_a_source_that_is_silent():
    post = np.arange(1, 9000) * 0.1
    network, path = pair_network([0.5, 950.0], post, 1.0)
    network.run(9600)
    seen_post = post + 0.1 + 1.0
    potentiation = 0.02 * np.exp(-(seen_post[seen_post > 0.55] - 0.5) / 20.0).sum()
    depression = 0.03 * np.exp((seen_post - 950.0) / 15.0).sum()
    expected = max(min(5.0 + potentiation, 10.0) - depression, 0.0)
    assert path.get("weight")[0] == pytest.approx(expected, rel=1e-6)


def test_a_reset_brings_weights_and_traces_back():
    network, path = pair_network(np.arange(1, 20) * 5.0, np.arange(1, 20) * 5.0 + 2.0, 1.0)
    network.run(1000)
    first = path.get("weight")[0]
    assert first != 5.0
    network.reset()
    assert path.get("weight")[0] == 5.0
    network.run(1000)
    assert path.get("weight")[0] == first


def test_synapses_that_change_cannot_be_drawn_anew():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(RELAY, 5)
    drawn = Procedural(5, 5, "probability", 0.5, 1, 1.0, 1.0)
    with pytest.raises(NetworkError, match="synapses stdp change, and procedural ones are not"):
        network.connect(neurons, neurons, "plastic", drawn, STDP)
