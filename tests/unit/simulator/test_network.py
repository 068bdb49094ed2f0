"""Network on the CPU: when things happen, and that nothing depends on how a run is divided.

Oracles: the conventions that NEST and NEURON agree on (measured with NEST 3.10 and NEURON 9 under
PyNN 0.13, dt = 0.1 ms), closed forms, and the network itself run in another way.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import simulator.engine_cpu
from simulator.connectivity import Sparse
from simulator.errors import NetworkError
from simulator.models import NeuronModel
from simulator.network import Network
from tests.support.neuron_models import LIF


def one_to_one(n):
    return Sparse(n, n, np.arange(n + 1, dtype=np.int64), np.arange(n, dtype=np.int32))


def random_rows(n_pre, n_post, per_row, seed):
    targets = np.random.default_rng(seed).integers(0, n_post, (n_pre, per_row))
    targets.sort(axis=1)
    starts = np.arange(n_pre + 1, dtype=np.int64) * per_row
    return Sparse(n_pre, n_post, starts, targets.astype(np.int32).ravel())


def balanced(threads=1, **settings):
    """400 + 100 neurons and 100 Poisson sources with several delays, and what they record."""
    network = Network(dt_ms=0.1, seed=3, threads=threads, **settings)
    rng = np.random.default_rng(5)
    excitatory = network.add_neurons(LIF, 400, {"tau_m": 15.0 + 5.0 * rng.random(400)})
    inhibitory = network.add_neurons(LIF, 100)
    noise = network.add_poisson(100, rate_hz=400.0)
    rows = random_rows(100, 400, 60, 1)
    network.connect(noise, excitatory, "excitatory", rows, weight=0.4, delay_ms=0.5)
    rows = random_rows(400, 100, 20, 2)
    delays = 0.3 + 0.1 * rng.integers(0, 20, rows.n_synapses)
    network.connect(excitatory, inhibitory, "excitatory", rows, weight=0.5, delay_ms=delays)
    rows = random_rows(100, 400, 30, 3)
    weights = -rng.random(rows.n_synapses)
    network.connect(inhibitory, excitatory, "inhibitory", rows, weight=weights, delay_ms=0.8)
    v = network.record(excitatory, "v", [0, 17, 399])
    return network, v, [network.record_spikes(p) for p in (excitatory, inhibitory, noise)]


def bytes_of(v, spikes):
    return v.values.tobytes(), *(a.tobytes() for s in spikes for a in (s.steps, s.members))


def test_a_source_spike_is_a_current_after_its_delay_and_a_voltage_one_step_later():
    network = Network(dt_ms=0.1)
    neuron = network.add_neurons(LIF, 1)
    source = network.add_spike_times([[5.0]])
    network.connect(source, neuron, "excitatory", one_to_one(1), weight=1.0, delay_ms=1.0)
    current, v = network.record(neuron, "i_syn"), network.record(neuron, "v")
    network.run(100)
    assert current.values.shape == (101, 1)
    assert np.flatnonzero(current.values)[0] == 60
    assert current.values[60] == 1.0
    assert np.flatnonzero(v.values != -65.0)[0] == 61


def test_spikes_are_stamped_at_the_end_of_their_step_and_refractoriness_holds_the_reset():
    network = Network(dt_ms=0.1)
    neuron = network.add_neurons(LIF, 1, {"i_offset": 1.0})
    v, spikes = network.record(neuron, "v"), network.record_spikes(neuron)
    network.run(1000)
    # From rest to threshold: -tau_m ln(1 - 15/20) = 27.7259 ms; then 2 ms and as long again.
    assert spikes.steps.tolist() == [278, 278 + 298, 278 + 2 * 298]
    assert np.all(v.values[278:299] == -65.0)
    assert v.values[299] > -65.0


def test_a_source_spike_at_zero_and_off_the_grid():
    network = Network(dt_ms=0.1)
    neuron = network.add_neurons(LIF, 3)
    source = network.add_spike_times([[0.0], [0.26], [0.1, 0.1]])
    network.connect(source, neuron, "excitatory", one_to_one(3), weight=1.0, delay_ms=0.1)
    current, spikes = network.record(neuron, "i_syn"), network.record_spikes(source)
    network.run(10)
    assert [np.flatnonzero(c)[0] for c in current.values.T] == [1, 4, 2]
    assert current.values[2, 2] == 2.0
    assert spikes.steps.tolist() == [0, 1, 1, 3]
    assert spikes.members.tolist() == [0, 2, 2, 1]


def test_a_delay_of_one_step_between_neurons():
    network = Network(dt_ms=0.1)
    first = network.add_neurons(LIF, 1, {"i_offset": 1.0})
    second = network.add_neurons(LIF, 1)
    network.connect(first, second, "excitatory", one_to_one(1), weight=1.0, delay_ms=0.1)
    current = network.record(second, "i_syn")
    network.run(300)
    assert np.flatnonzero(current.values)[0] == 279


def test_a_run_in_parts_is_the_run():
    whole, *recorded = balanced()
    whole.run(1500)
    expected = bytes_of(*recorded)
    parts, *recorded = balanced()
    for n in (1, 99, 1, 399, 700, 300):
        parts.run(n)
    assert bytes_of(*recorded) == expected
    assert recorded[1][0].steps.size > 100


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_byte(threads, monkeypatch):
    alone, *recorded = balanced()
    alone.run(1000)
    expected = bytes_of(*recorded)
    monkeypatch.setattr(simulator.engine_cpu, "usable_cores", lambda: threads)
    monkeypatch.setattr(simulator.engine_cpu, "_BLOCKS_PER_THREAD", 1)
    together, *recorded = balanced(threads=threads)
    together.run(1000)
    assert together._engine.threads == threads
    assert bytes_of(*recorded) == expected


def test_a_saved_state_goes_on_as_the_run_did():
    network, v, spikes = balanced()
    network.run(400)
    state = network.save()
    v.clear(network.step)
    [s.clear() for s in spikes]
    network.run(600)
    expected = bytes_of(v, spikes)
    network.restore(state)
    assert network.step == 400
    network.run(600)
    assert bytes_of(v, spikes) == expected


def test_a_restored_state_has_the_parameters_and_the_noise_of_its_trial():
    network = Network(dt_ms=0.1, seed=4)
    neurons = network.add_neurons(LIF, 3)
    source = network.add_poisson(20, rate_hz=500.0)
    spikes = network.record_spikes(source)
    network.run(50)
    network.reset()
    network.run(50)
    state = network.save()
    spikes.clear()
    network.run(200)
    expected = spikes.steps.tobytes(), spikes.members.tobytes()
    network.reset()
    source.set("rate", 5.0)
    neurons.set("cm", 2.0)
    network.restore(state)
    assert (source.get("rate")[0], neurons.get("cm")[0]) == (500.0, 1.0)
    network.run(200)
    assert (spikes.steps.tobytes(), spikes.members.tobytes()) == expected


def test_a_state_of_another_network_is_refused():
    network = Network(dt_ms=0.1)
    network.add_neurons(LIF, 3)
    state = network.save()
    network.add_neurons(LIF, 1)
    with pytest.raises(NetworkError, match=r"3 values of lif\.v_rest for 4 neurons: this state is"):
        network.restore(state)


def test_what_is_added_between_runs_does_not_disturb_what_is_there():
    network, *recorded = balanced()
    network.run(1000)
    expected = bytes_of(*recorded)
    network, *recorded = balanced()
    network.run(500)
    more = network.add_neurons(LIF, 30, {"i_offset": 2.0})
    of_more = network.record_spikes(more)
    network.run(500)
    assert bytes_of(*recorded) == expected
    assert of_more.steps.min() > 500
    assert set(of_more.members) == set(range(more.first, more.first + 30))


def test_parameters_may_change_between_runs_from_equal_to_different_and_back():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 20)
    network.run(10)
    neurons.set("i_offset", np.linspace(0.0, 1.0, 20))
    network.run(10)
    v = neurons.get("v")
    assert v[0] == -65.0 and np.all(np.diff(v) > 0)
    neurons.set("i_offset", 0.0)
    neurons.set("v", -65.0, indices=[3])
    network.run(1000)
    assert neurons.get("v")[3] == -65.0
    assert neurons.get("i_offset").tolist() == [0.0] * 20


def test_a_reset_starts_anew_with_nothing_in_flight_and_other_noise():
    network = Network(dt_ms=0.1)
    neuron = network.add_neurons(LIF, 1)
    source, noise = network.add_spike_times([[0.9]]), network.add_poisson(5, rate_hz=500.0)
    path = network.connect(source, neuron, "excitatory", one_to_one(1), weight=1.0, delay_ms=2.0)
    path.set("weight", 3.0)
    current, spikes = network.record(neuron, "i_syn"), network.record_spikes(noise)
    network.run(10)
    network.reset()
    assert (network.step, current.n_rows) == (0, 0)
    network.run(100)
    first = spikes.steps.tolist()
    assert np.flatnonzero(current.values)[0] == 29
    assert current.values[29] == 3.0
    network.reset()
    network.run(100)
    assert spikes.steps.tolist() != first


@pytest.mark.parametrize("rate_hz, dead_ms", [(50.0, 0.0), (800.0, 0.5), (20000.0, 0.0)])
def test_poisson_sources_fire_at_their_rate_with_exponential_intervals(rate_hz, dead_ms):
    network = Network(dt_ms=0.01, seed=11)
    n, seconds = 200, 1.0
    source = network.add_poisson(n, rate_hz=rate_hz, dead_time_ms=dead_ms)
    spikes = network.record_spikes(source)
    network.run(round(seconds * 1e5))
    expected = n * rate_hz * seconds
    regular = (1.0 - rate_hz * dead_ms * 1e-3) ** 2  # variance of counts over that of Poisson
    assert abs(spikes.steps.size - expected) < 4.0 * np.sqrt(expected * regular)
    if rate_hz < 1e4:
        order = np.lexsort((spikes.steps, spikes.members))
        gaps = np.diff(spikes.steps[order]) * 0.01
        gaps = gaps[np.diff(spikes.members[order]) == 0]
        law = stats.expon(dead_ms, 1e3 / rate_hz - dead_ms)
        assert stats.kstest(gaps[:5000] - 0.005, law.cdf).statistic < 0.03


def test_gamma_sources_have_gamma_intervals():
    network = Network(dt_ms=0.01, seed=2)
    source = network.add_gamma(2, alpha=[0.5, 3.0], beta_hz=[100.0, 300.0])
    spikes = network.record_spikes(source)
    network.run(1_000_000)
    for member, law in enumerate((stats.gamma(0.5, scale=10.0), stats.gamma(3.0, scale=10 / 3))):
        gaps = np.diff(spikes.steps[spikes.members == member]) * 0.01
        assert gaps.size > 500
        assert stats.kstest(gaps, law.cdf).pvalue > 1e-3


def test_a_source_has_a_start_a_stop_and_a_rate_that_may_change():
    network = Network(dt_ms=0.1, seed=1)
    source = network.add_poisson(50, rate_hz=200.0, start_ms=10.0, stop_ms=[30.0] * 25 + [1e9] * 25)
    spikes = network.record_spikes(source)
    network.run(1000)
    assert spikes.steps.min() > 100
    assert spikes.steps[spikes.members < 25].max() <= 300
    before = spikes.steps.size
    source.set("rate", 0.0)
    network.run(1000)
    assert spikes.steps.size == before


@pytest.mark.parametrize("precision, error", [("float64", 1e-14), ("float32", 1e-6)])
def test_substeps_cut_a_step_into_parts(precision, error):
    model = NeuronModel(
        name="cubic",
        parameters="k = 1.0 : 1/ms\n tau_refrac = 0.3 : ms",
        equations="""
            dx/dt = -k*x**3 + k*y : 1 (unless refractory)
            dy/dt = -k*y**2 : 1
        """,
        threshold="x > 1.9", reset="x = 1", refractory="tau_refrac", method="euler", substeps=5,
    )  # fmt: skip
    network = Network(dt_ms=0.1, precision=precision)
    start = np.array([0.3, 2.5] * 9)
    neurons = network.add_neurons(model, 18, initial={"x": start, "y": 0.5})
    network.run(4)
    x, y = np.array([0.3, 2.5]), np.array([0.5, 0.5])
    resting = np.zeros(2)
    for _ in range(4):
        for _ in range(5):
            x, y = np.where(resting > 0, x, x + 0.02 * (y - x**3)), y - 0.02 * y**2
        fires = (x > 1.9) & (resting == 0)
        resting = np.where(fires, 3, np.maximum(resting - 1, 0))
        x = np.where(fires, 1.0, x)
    assert neurons.get("x") == pytest.approx(np.tile(x, 9), rel=error)
    assert neurons.get("y") == pytest.approx(np.tile(y, 9), rel=error)


def test_new_spike_times_replace_those_to_come_and_keep_those_that_were():
    network = Network(dt_ms=0.1)
    source = network.add_spike_times([[1.0, 5.0], [2.0, 9.0]])
    spikes = network.record_spikes(source)
    network.run(30)
    source.set_times([[0.5, 4.0]], indices=[0])
    network.run(70)
    assert spikes.steps.tolist() == [10, 20, 40, 90]
    assert source.times(0).tolist() == [1.0, 4.0]


def test_recordings_sample_cleared_and_sparse():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 4, {"i_offset": 0.5})
    fine, coarse = network.record(neurons, "v", [2]), network.record(neurons, "v", every=7)
    network.run(30)
    assert coarse.values.shape == (5, 4)
    assert np.array_equal(coarse.values[:, 2], fine.values[::7, 0])
    last = fine.values[-1].copy()
    fine.clear(network.step)
    network.run(10)
    assert fine.values.shape == (11, 1)
    assert np.array_equal(fine.values[0], last)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda n, p: n.add_neurons(LIF, 2, {"tau": 1.0}), "lif has no parameter 'tau'; it has"),
        (lambda n, p: n.add_neurons(LIF, 2, {"cm": [1.0] * 3}), "give one or 2"),
        (lambda n, p: p.get("speed"), "lif has no variable 'speed'"),
        (lambda n, p: p.set("v", 0.0, [5]), "index 5 is not among the 5 members"),
        (lambda n, p: n.connect(p, p, "gaba", one_to_one(5)), "no receptor 'gaba'; it has"),
        (
            lambda n, p: n.connect(p, p, "excitatory", one_to_one(5), delay_ms=0.01),
            "delay 0.01 ms is shorter than a step of 0.1 ms",
        ),
        (lambda n, p: n.add_spike_times([[2.0, 1.0]]), "spike source 0: spike times have to be"),
        (lambda n, p: n.add_poisson(1, rate_hz=-1.0), "rate = -1.0 is not >= 0"),
        (lambda n, p: n.record(p, "w"), "no variable 'w' to record; it has"),
    ],
)
def test_bad_input_is_refused_before_anything_changes(call, message):
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 5)
    with pytest.raises((NetworkError, IndexError), match=message):
        call(network, neurons)
    assert (network.spec.groups[0].n, network.spec.pathways, network.spec.sources) == (5, [], [])


def test_a_network_that_cannot_fit_says_so_before_it_is_allocated(monkeypatch):
    monkeypatch.setattr("simulator.memory.available", lambda: 10_000)
    network = Network(dt_ms=0.1)
    network.add_neurons(LIF, 1000)
    with pytest.raises(MemoryError, match=r"GiB are needed and .* GiB are free; use precision"):
        network.run(1)


def test_states_that_are_not_finite_are_reported_after_a_run():
    model = NeuronModel(name="explosive", equations="dx/dt = x**2/ms : 1", initial="x = 1")
    network = Network(dt_ms=0.1)
    network.add_neurons(model, 3)
    with pytest.warns(UserWarning, match=r"explosive\.x of some neurons is infinite or not"):
        network.run(40)


def test_buffers_of_large_networks_stay_small():
    network = Network(dt_ms=0.1)
    neurons = network.add_neurons(LIF, 300_000, {"i_offset": 10.0})
    spikes = network.record_spikes(neurons)
    network.run(60)
    (keeper,) = network._engine._keepers
    assert keeper.buffer.members.nbytes < 64e6
    # 10 nA into 20 MOhm: threshold after 1.56 ms, then 2 ms of rest.
    assert spikes.steps.size == 2 * 300_000
    assert set(np.unique(spikes.steps)) == {16, 52}
