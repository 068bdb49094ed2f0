"""Plastic synapses on CUDA.

Oracles: sums over pairs of spikes, written out; the CPU engine.
"""

import numpy as np
import pytest

import simulator.engine_cuda
from simulator.connectivity import Dense, Sparse
from simulator.cuda.launch import Shape
from simulator.handles import Neurons
from simulator.models import NeuronModel, SynapseModel
from simulator.network import Network
from tests.support.cuda_engines import engine_of, run
from tests.support.neuron_models import LIF

RELAY = NeuronModel(
    name="relay",
    parameters="limit = 0.5 : 1",
    equations="dx/dt = -x/(1000*ms) : 1\n dy/dt = -y/(1000*ms) : 1",
    threshold="x > limit",
    reset="x = 0",
    receptors={"drive": "x += weight", "learning": "y += weight"},
)
STDP = SynapseModel(
    name="stdp",
    parameters="""
        a_plus = 0.01 : weight
        a_minus = 0.012 : weight
        tau_plus = 15.0 : ms
        tau_minus = 25.0 : ms
    """,
    equations="dr/dt = -r/tau_plus : 1\n do/dt = -o/tau_minus : 1",
    on_pre="output = weight; weight = weight - a_minus*o; r = r + 1",
    on_post="weight = weight + a_plus*r; o = o + 1",
)
UNRELIABLE = SynapseModel(
    name="unreliable",
    parameters="p = 0.4 : 1\n jitter = 0.1 : weight",
    on_pre="output = where(uniform() < p, weight + jitter*normal(), 0)",
)
DEPRESSION = SynapseModel(
    name="depression",
    parameters="tau_rec = 20.0 : ms\n u = 0.5 : 1",
    equations="dx/dt = (1 - x)/tau_rec : 1",
    on_pre="output = weight*u*x; x = x*(1 - u)",
    initial="x = 1",
)


def pair_sum(pre_ms, post_ms, axonal_ms, dendritic_ms):
    """What all pairs up to the last presynaptic spike add; a pair at dt = 0 counts neither way."""
    pre = [round(t / 0.1) + round(axonal_ms / 0.1) for t in pre_ms]
    # What a spike does to a synapse of its own neuron without any delay comes after its step.
    late = 0.5 if dendritic_ms == 0 else 0.0
    post = [round(t / 0.1) + round(dendritic_ms / 0.1) + late for t in post_ms]
    change = 0.0
    for met in (step for step in post if step <= pre[-1]):
        change += sum(0.01 * np.exp(-(int(met) - step) * 0.1 / 15.0) for step in pre if step < met)
        change -= sum(0.012 * np.exp(-(step - int(met)) * 0.1 / 25.0) for step in pre if step > met)
    return change


def relays(device, pre_times, post_times, *, delay_ms, fraction, weight=0.5):
    """Sources and neurons that fire at given times, joined by STDP."""
    network = Network(dt_ms=0.1, device=device)
    source = network.add_spike_times(pre_times)
    neurons = network.add_neurons(RELAY, len(post_times))
    # A neuron fires one step after its driver, so that it fires at the given times.
    driver = network.add_spike_times([np.asarray(t) - 0.1 for t in post_times])
    one_to_one = Sparse(
        len(post_times), len(post_times), np.arange(len(post_times) + 1),
        np.arange(len(post_times), dtype=np.int32),
    )  # fmt: skip
    network.connect(driver, neurons, "drive", one_to_one, weight=1.0, delay_ms=0.1)
    pathway = network.connect(
        source, neurons, "learning", Dense(len(pre_times), len(post_times)), STDP, weight=weight,
        delay_ms=delay_ms, dendritic_fraction=fraction,
    )  # fmt: skip
    return network, pathway, network.record_spikes(neurons)


PRE = [[2.0, 5.0, 9.0, 14.0], [3.0, 3.5, 14.0]]
POST = [[1.0, 4.0, 9.5, 12.0], [3.0, 5.0, 13.0]]


@pytest.mark.parametrize(("delay_ms", "fraction"), [(1.0, 1.0), (1.0, 0.0), (2.0, 0.5)])
def test_stdp_is_the_sum_over_pairs(delay_ms, fraction):
    network, pathway, spikes = relays("cuda", PRE, POST, delay_ms=delay_ms, fraction=fraction)
    network.run(175)
    times = spikes.steps * 0.1
    for k, post in enumerate(POST):
        assert times[spikes.members == k] == pytest.approx(post)
    axonal = delay_ms * (1 - fraction)
    wanted = [0.5 + pair_sum(pre, post, axonal, delay_ms - axonal) for pre in PRE for post in POST]
    assert pathway.get("weight") == pytest.approx(wanted, rel=1e-12)


def learning(device, model, **settings):
    """Random neurons with plastic synapses of several delays among them, and from sources."""
    network = Network(dt_ms=0.1, seed=7, device=device)
    n = 8
    rng = np.random.default_rng(4)
    neurons = network.add_neurons(LIF, n, {"i_offset": np.linspace(0.7, 1.2, n)})
    noise = network.add_poisson(4, rate_hz=2000.0)
    network.connect(noise, neurons, "excitatory", Dense(4, n), model, weight=2.0, delay_ms=0.2)
    inner = network.connect(
        neurons, neurons, "excitatory", Dense(n, n, no_self=settings.get("no_self", True)), model,
        weight=rng.integers(1, 9, n * n) / 8.0, delay_ms=rng.integers(2, 20, n * n) * 0.1,
        dendritic_fraction=settings.get("fraction", 1.0),
    )  # fmt: skip
    return network, inner, network.record(neurons, "v"), network.record_spikes(neurons)


@pytest.mark.parametrize("model", [STDP, UNRELIABLE, DEPRESSION], ids=lambda m: m.name)
@pytest.mark.parametrize("fraction", [1.0, 0.3])
def test_plastic_synapses_are_those_of_the_cpu(model, fraction):
    results = []
    for device in ("cpu", "cuda"):
        network, inner, v, spikes = learning(device, model, fraction=fraction)
        network.run(100)
        results.append((v.values, inner.get("weight"), spikes.steps, spikes.members))
    assert results[0][2].size > 10
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9)
    assert np.array_equal(results[0][2], results[1][2])


def test_the_shape_of_launches_changes_nothing():
    results = []
    for shape in (None, Shape(4, 3, 4)):
        network, _, v, spikes = learning("cuda", STDP)
        engine = engine_of(network, shape=shape)
        run(engine, 80)
        results.append((v.values, engine.read_pathway(1, "weight"), spikes.steps, spikes.members))
    assert all(np.array_equal(one, other) for one, other in zip(*results, strict=True))


def test_a_saved_state_goes_on_as_if_nothing_had_happened():
    network, inner, v, _ = learning("cuda", STDP)
    network.run(50)
    saved = network.save()
    network.run(50)
    wanted = v.values[51:].copy(), inner.get("weight")
    network.restore(saved)
    network.run(50)
    assert np.array_equal(v.values[1:], wanted[0])
    assert np.array_equal(inner.get("weight"), wanted[1])


@pytest.mark.parametrize("large", [16, 4096])
def test_a_history_that_is_full_loses_no_spike(monkeypatch, large):
    # Blocks of four steps and (with `large` = 16) synapses that are settled before it grows.
    monkeypatch.setattr(simulator.engine_cuda, "_SHORTEST_BLOCK", 4)
    monkeypatch.setattr(simulator.engine_cuda, "_LARGE_HISTORY", large)
    post = [np.arange(1, 41) * 0.5]
    network, pathway, _ = relays("cuda", [[0.3, 21.0]], post, delay_ms=0.5, fraction=1.0)
    network.run(225)
    assert network._engine.groups[0].history.steps.shape[1] == (16 if large == 16 else 64)
    wanted = 0.5 + pair_sum([0.3, 21.0], post[0], 0.0, 0.5)
    assert pathway.get("weight")[0] == pytest.approx(wanted, rel=1e-12)


def test_parameters_of_synapses_may_come_to_differ():
    network, pathway, _ = relays("cuda", PRE, POST, delay_ms=1.0, fraction=1.0)
    pathway.set("a_plus", [0.01, 0.0, 0.01, 0.0])
    network.run(60)
    pathway.set("a_minus", [0.0, 0.0, 0.0, 0.0])
    before = pathway.get("weight")
    network.run(115)
    after = pathway.get("weight")
    assert after[[1, 3]] == pytest.approx(before[[1, 3]], abs=0)
    assert np.all(after[[0, 2]] > before[[0, 2]])


def test_synapses_may_be_added_and_delays_changed_while_spikes_are_on_their_way():
    results = []
    for device in ("cpu", "cuda"):
        network, _, v, _ = learning(device, STDP)
        network.run(40)
        neurons = Neurons(network, 0, 0, 8)
        late = network.connect(neurons, neurons, "excitatory", Dense(8, 8), STDP, delay_ms=1.5)
        again = network.connect(
            neurons, neurons, "inhibitory", Dense(8, 8), weight=-0.25, delay_ms=2.0
        )
        network.run(30)
        again.set("delay", 0.7)
        network.run(30)
        results.append((v.values, late.get("weight")))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-9)
