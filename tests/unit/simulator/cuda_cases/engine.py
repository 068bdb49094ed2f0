"""Networks on CUDA: the same as on the CPU, whatever the device does first.

Oracles: the CPU engine, to the last bit where weights are multiples of a power of two, so that no
sum of them is rounded; the error bound of `simulator.cuda.fixed_point`; the engine itself with
other launches.
"""

import numpy as np
import pytest

import simulator.cuda.launch
from simulator.connectivity import Dense, Procedural, Sparse
from simulator.cuda.launch import SIMULATED, Shape
from simulator.handles import Neurons
from simulator.models import CurrentModel
from simulator.network import Network
from tests.support.cuda_engines import engine_of, run
from tests.support.neuron_models import LIF

RAMP = CurrentModel(
    name="ramp",
    parameters="slope = 0.1 : nA/ms\n start = 1.0 : ms",
    equations="drift = slope*(t - start) : nA",
    amplitude="where(t >= start, drift, 0)",
)
NOISE = CurrentModel(
    name="noise", parameters="sigma = 0.5 : nA", amplitude="sigma*normal()", per_target=True
)


def rows(n_pre, n_post, n, seed):
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, n_pre, n), rng.integers(0, n_post, n)
    return Sparse.from_pairs(*pairs, n_pre, n_post)[0]


def small(device="cpu", *, multiples=True, n=12, **settings):
    """Recurrent LIF neurons with sources of all kinds, and what is recorded of them."""
    network = Network(dt_ms=0.1, seed=5, device=device, **settings)
    neurons = network.add_neurons(LIF, n, {"tau_m": np.linspace(10, 20, n), "i_offset": 0.9})
    poisson = network.add_poisson(5, rate_hz=500.0, start_ms=1.0, dead_time_ms=0.5)
    gamma = network.add_gamma(3, alpha=[0.5, 2.0, 5.0], beta_hz=1000.0, stop_ms=15.0)
    given = network.add_spike_times([[0.0, 0.5, 0.5], [1.0], []])
    rng = np.random.default_rng(1)
    weights = rng.integers(1, 40, 40) / 16 if multiples else rng.random(40)
    network.connect(
        poisson, neurons, "excitatory", rows(5, n, 40, 2), weight=weights,
        delay_ms=rng.integers(1, 9, 40) * 0.1,
    )  # fmt: skip
    network.connect(gamma, neurons, "inhibitory", Dense(3, n), weight=-0.25, delay_ms=0.2)
    network.connect(given, neurons[2:6], "excitatory", Dense(3, 4), weight=2.0, delay_ms=0.3)
    inner = 0.25 if multiples else 0.3
    network.connect(
        neurons, neurons, "excitatory", Dense(n, n, no_self=True), weight=inner, delay_ms=0.4
    )
    v = network.record(neurons, "v")
    i_syn = network.record(neurons, "i_syn", [1, 4], every=3)
    spikes = [network.record_spikes(m) for m in (neurons, poisson, gamma, given)]
    return network, (v, i_syn), spikes


def everything(recordings, spikes):
    return (
        *(r.values.copy() for r in recordings),
        *(a for s in spikes for a in (s.steps, s.members)),
    )


def assert_close(one, other):
    """Equal to a few units in the last place; a device rounds a*b + c once, and the CPU twice."""
    if SIMULATED:
        np.testing.assert_array_max_ulp(one, other, maxulp=8)
    else:
        np.testing.assert_allclose(one, other, rtol=1e-11 if one.dtype == np.float64 else 1e-4)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_spikes_are_those_of_the_cpu_and_voltages_agree_to_a_few_units_in_the_last_place(precision):
    results = []
    for device in ("cpu", "cuda"):
        network, recordings, spikes = small(device, precision=precision)
        network.run(200)
        results.append(everything(recordings, spikes))
    on_cpu, on_cuda = results
    assert on_cpu[2].size > 20
    for one, other in zip(on_cpu[2:], on_cuda[2:], strict=True):
        assert np.array_equal(one, other)
    for one, other in zip(on_cpu[:2], on_cuda[:2], strict=True):
        assert one.dtype == other.dtype == precision
        assert_close(one, other)


def test_rounded_weights_stay_within_the_bound_of_fixed_point():
    results = []
    for device in ("cpu", "cuda"):
        network, recordings, spikes = small(device, multiples=False)
        network.run(100)
        results.append(everything(recordings, spikes))
    assert np.array_equal(results[0][2], results[1][2])
    # In-degree 28, 2**8 spikes of a source in a step: 1/scale < 2**-48 of the largest weight.
    assert results[0][0] == pytest.approx(results[1][0], abs=1e-11)


@pytest.mark.parametrize("shape", [Shape(4, 2, 4), Shape(6, 1, 3)])
def test_the_shape_of_launches_changes_nothing(shape):
    results = []
    for chosen in (None, shape):
        network, recordings, spikes = small("cuda", multiples=False)
        run(engine_of(network, shape=chosen), 40)
        results.append(everything(recordings, spikes))
    assert same(*results)


class Shuffled:
    """NumPy for the simulator, which starts blocks and threads in another order each time."""

    def __init__(self):
        self._rng = np.random.default_rng(8)

    def __getattr__(self, name):
        return getattr(np, name)

    def ndindex(self, *shape):
        return iter(self._rng.permutation(list(np.ndindex(*shape))).tolist())


def test_the_order_of_blocks_and_threads_changes_nothing(monkeypatch):
    if not SIMULATED:
        pytest.skip("a device orders its blocks itself")
    results = []
    for shuffle in (False, True):
        if shuffle:
            kernel = simulator.cuda.launch.cuda.simulator.kernel
            monkeypatch.setattr(kernel, "np", Shuffled())
        network, recordings, spikes = small("cuda", multiples=False)
        run(engine_of(network, shape=Shape(4, 3, 2)), 40)
        results.append(everything(recordings, spikes))
    assert same(*results)


def test_floating_point_sums_differ_by_rounding_only():
    results = []
    for deterministic in (True, False):
        network, recordings, spikes = small("cuda", multiples=False)
        run(engine_of(network, deterministic=deterministic), 60)
        results.append(everything(recordings, spikes))
    assert results[0][0] == pytest.approx(results[1][0], abs=1e-11)


def test_currents_are_those_of_the_cpu():
    results = []
    for device in ("cpu", "cuda"):
        network = Network(dt_ms=0.1, seed=2, device=device)
        neurons = network.add_neurons(LIF, 6)
        network.inject(RAMP, {neurons: [0, 3, 4]}, {"slope": 2.0})
        each = network.inject(NOISE, {neurons: [5, 3, 1]}, {"sigma": [0.1, 0.2, 0.4]})
        v, spikes = network.record(neurons, "v"), network.record_spikes(neurons)
        network.run(40)
        each.set("sigma", 0.3)
        network.run(60)
        results.append(everything([v], [spikes]))
    assert results[0][1].size > 0
    np.testing.assert_allclose(results[1][0], results[0][0], rtol=1e-12)
    assert np.array_equal(results[0][1], results[1][1])


def test_runs_may_be_divided_and_parameters_states_and_weights_changed_between():
    results = []
    for device in ("cpu", "cuda"):
        network, recordings, spikes = small(device)
        neurons = network.spec.groups[0]
        members = spikes[0]
        network.run(17)
        population = Neurons(network, 0, 0, neurons.n)
        population.set("i_offset", np.linspace(0.0, 2.0, 12))
        population.set("v", -52.0, [3, 4])
        network.write_pathway(0, "weight", np.arange(40) / 8)
        network.write_source(0, "rate", 900.0, np.array([0, 1]))
        network.run(43)
        results.append((*everything(recordings, spikes), members.steps))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_saved_state_goes_on_as_if_nothing_had_happened():
    network, recordings, _ = small("cuda", multiples=False)
    network.run(30)
    saved = network.save()
    network.run(40)
    wanted = recordings[0].values[31:].copy()
    network.restore(saved)
    network.run(40)
    assert np.array_equal(recordings[0].values[1:], wanted)


def test_a_state_saved_on_the_cpu_goes_on_on_the_device():
    on_cpu, recordings, _ = small("cpu")
    on_cpu.run(30)
    saved = on_cpu.save()
    on_cpu.run(40)
    on_cuda, continued, _ = small("cuda")
    on_cuda.restore(saved)
    on_cuda.run(40)
    assert_close(recordings[0].values[31:], continued[0].values[1:])


def test_a_reset_network_starts_from_its_initial_values():
    network, recordings, _ = small("cuda")
    network.run(20)
    first = recordings[0].values[0].copy()
    network.reset()
    network.run(5)
    assert recordings[0].values.shape == (6, 12)
    assert np.array_equal(recordings[0].values[0], first)


def test_an_event_that_outgrows_the_scale_is_an_error_that_names_the_receptor():
    network = Network(dt_ms=0.1, device="cuda")
    neurons = network.add_neurons(LIF, 2)
    source = network.add_spike_times([np.full(2000, 1.0)])
    network.connect(source, neurons, "excitatory", Dense(1, 2), weight=0.001)
    with pytest.raises(OverflowError, match=r"lif.excitatory: an event exceeded .* nA"):
        network.run(20)


def test_weights_set_to_much_larger_values_get_another_scale():
    network = Network(dt_ms=0.1, device="cuda")
    neurons = network.add_neurons(LIF, 1, {"v_thresh": 1e9})
    source = network.add_spike_times([[1.0, 2.0]])
    pathway = network.connect(source, neurons, "excitatory", Dense(1, 1), weight=1e-6)
    i_syn = network.record(neurons, "i_syn")
    network.run(14)
    pathway.set("weight", 1e6)
    network.run(7)
    assert i_syn.values[11, 0] == pytest.approx(1e-6, rel=1e-12)
    assert i_syn.values[21, 0] == pytest.approx(1e6, rel=1e-9)


def test_populations_without_members_are_harmless():
    network = Network(device="cuda")
    empty = network.add_neurons(LIF, 0)
    source = network.add_poisson(0, rate_hz=1.0)
    network.record_spikes(empty)
    network.record(empty, "v")
    network.record_spikes(source)
    network.run(3)
    assert empty.get("v").size == 0


@pytest.mark.parametrize(
    ("kind", "value"), [("probability", 0.3), ("probability", 1.0), ("number_post", 7)]
)
@pytest.mark.parametrize("low", [0.25, 1.0])
def test_procedural_synapses_are_those_of_the_cpu(kind, value, low):
    results = []
    for device in ("cpu", "cuda"):
        network = Network(dt_ms=0.1, device=device)
        neurons = network.add_neurons(LIF, 30, {"v_thresh": 1e9})
        source = network.add_spike_times([[1.0, 1.0, 2.0], [1.2], [], [0.5]])
        drawn = Procedural(4, 20, kind, value, 2**40 + 1, low, 1.0)
        network.connect(source, neurons[5:25], "excitatory", drawn, delay_ms=0.2)
        i_syn = network.record(neurons, "i_syn")
        network.run(30)
        results.append(i_syn.values)
    assert np.count_nonzero(results[0][-1]) > 7
    np.testing.assert_allclose(results[1], results[0], rtol=1e-12, atol=1e-13)
