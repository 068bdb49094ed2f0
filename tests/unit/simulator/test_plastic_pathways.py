"""Synapses that change: pair rules, short-term depression, chance.

Oracles: pair sums written out (Morrison, Aertsen, Diesmann, Neural Computation 19 (2007), 1437,
with weights as in NEST's stdp_synapse); the closed form of depression at constant intervals
(Tsodyks and Markram, PNAS 94 (1997), 719); NumPy's Philox draws.  Results of one, two and three
threads are the same bits.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.connectivity import Dense, Sparse, pairs
from simulator.kernels.philox import words
from tests.support.delivered import DT_MS, STATIC, Bench, pathway
from tests.support.synapse_plans import DEPRESSION, PAIRS, RELEASE

N_PRE, N_POST, STEPS = 20, 35, 60


class PairRule:
    """One synapse of `PAIRS`: its traces are sums over all earlier spikes.

    Without a dendritic delay a target's spike comes after a presynaptic one of the same step,
    which may be its cause.
    """

    def __init__(self, weight, causal):
        self.weight, self.pre, self.post, self.causal = weight, [], [], causal
        self.p = {one.name: one.default for one in PAIRS.parameters}

    def on_post(self, step):
        pre = [one for one in self.pre if one < step + self.causal]
        trace = sum(math.exp((one - step) * DT_MS / self.p["tau_plus"]) for one in pre)
        self.weight = min(self.p["w_max"], self.weight + self.p["A_plus"] * trace)
        self.post.append(step)

    def on_pre(self, step):
        post = [one for one in self.post if one < step]
        trace = sum(math.exp((one - step) * DT_MS / self.p["tau_minus"]) for one in post)
        self.weight = max(0.0, self.weight - self.p["A_minus"] * trace)
        self.pre.append(step)
        return self.weight


def pair_rule_network(rows, weights, delays, axonal, spikes, target_spikes):
    """(inputs, weights) of plain Python; a target's spike that arrives with another comes first."""
    pre, post = pairs(rows)
    inputs, final = np.zeros((STEPS, N_POST)), np.array(weights)
    for k in range(rows.n_synapses):
        dendritic = delays[k] - axonal[k]
        rule = PairRule(weights[k], causal=dendritic == 0)
        order = 0 if dendritic else 2
        events = [
            (step + dendritic, order, 0) for step, who in target_spikes.items() if post[k] in who
        ]
        for step, who in spikes.items():
            events += [(step + axonal[k], 1, step + delays[k])] * who.get(int(pre[k]), 0)
        for arrival, order, due in sorted(events):
            if order != 1:
                rule.on_post(arrival)
            elif due <= STEPS:
                inputs[due - 1, post[k]] += rule.on_pre(arrival)
                final[k] = rule.weight
    return inputs, final


def random_spikes(random, n, share, multiple):
    return {
        step: {
            int(m): int(random.integers(1, 3)) if multiple else 1
            for m in np.flatnonzero(random.random(n) < share)
        }
        for step in range(1, STEPS - 12)
    }


FRACTIONS = st.sampled_from([0.0, 0.3, 0.5, 1.0])


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    dendritic=FRACTIONS,
    longest=st.sampled_from([1, 4, 12]),
    threads=st.integers(1, 3),
    multiple=st.booleans(),
)
def test_pair_rule_agrees_with_sums_over_pairs(seed, dendritic, longest, threads, multiple):
    random = np.random.default_rng(seed)
    n = 60
    rows, _ = Sparse.from_pairs(random.integers(0, N_PRE, n), random.integers(0, 30, n), N_PRE, 30)
    delays = random.integers(1, longest + 1, n)
    delays[0] = longest
    axonal = delays - np.rint(delays * dendritic).astype(int)
    weights = random.uniform(0.5, 1.5, n)
    spikes = random_spikes(random, N_PRE, 0.08, multiple)
    target_spikes = random_spikes(random, N_POST, 0.1, False)
    bench = Bench(N_PRE, N_POST, threads, times=True)
    spec = pathway(rows, weights, delays, plan=PAIRS, axonal=axonal, pre_first=0)
    runtime = bench.deliver(spec)
    found = bench.run([runtime], spikes, STEPS, target_spikes=target_spikes)
    expected, final = pair_rule_network(rows, weights, delays, axonal, spikes, target_spikes)
    np.testing.assert_allclose(found, expected, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(runtime.get("weight"), final, rtol=1e-11)


def noisy_network(plan, threads, precision="float64", **others):
    """Inputs, states and how often the history grew, of a network with all kinds of delays."""
    random = np.random.default_rng(3)
    n = 300
    rows, _ = Sparse.from_pairs(random.integers(0, 9, n), random.integers(0, 33, n), 9, 33)
    delays = random.integers(2, 9, n)
    columns = {
        "weights": random.uniform(0.5, 1.5, n),
        "delays": delays,
        "axonal": random.integers(0, delays + 1),
        "pre_first": 5,
        "post_first": 2,
    }
    bench = Bench(N_PRE, N_POST, threads, precision, times=True)
    spec = pathway(rows, plan=plan, **columns | others)
    runtime = bench.deliver(spec)
    spikes = random_spikes(random, N_PRE, 0.05, True)
    target_spikes = random_spikes(random, N_POST, 0.9, False)
    found = bench.run([runtime], spikes, STEPS, target_spikes=target_spikes)
    return found, {state.name: runtime.get(state.name) for state in plan.states}, bench.growths


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("plan", [PAIRS, DEPRESSION, RELEASE], ids=lambda plan: plan.name)
def test_results_do_not_depend_on_the_number_of_threads(plan, precision):
    one, states, growths = noisy_network(plan, 1, precision)
    assert np.any(one)
    for threads in (2, 3):
        found, others, n = noisy_network(plan, threads, precision)
        np.testing.assert_array_equal(found, one)
        assert n == growths
        for name, values in states.items():
            np.testing.assert_array_equal(others[name], values)


def test_parameters_may_differ_between_synapses():
    tau = np.full(300, 2.0)
    one, states, _ = noisy_network(PAIRS, 1, values={"tau_plus": 2.0, "A_plus": 0.3})
    two, others, _ = noisy_network(PAIRS, 1, values={"tau_plus": tau, "A_plus": 0.3})
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(states["weight"], others["weight"])


@pytest.mark.parametrize("no_self", [False, True])
def test_dense_plastic_synapses_are_sparse_ones(no_self):
    random = np.random.default_rng(8)
    dense = Dense(N_PRE, N_PRE, no_self)
    pre, post = pairs(dense)
    there = (pre != post) | (not no_self)
    rows, _ = Sparse.from_pairs(pre[there], post[there], N_PRE, N_PRE)
    weights, delays = random.uniform(0, 1, 400), random.integers(1, 7, 400)
    spikes = random_spikes(random, N_PRE, 0.1, False)
    target_spikes = random_spikes(random, N_POST, 0.1, False)
    found = []
    for connectivity, chosen in ((dense, slice(None)), (rows, there)):
        bench = Bench(N_PRE, N_POST)
        axonal = (delays - delays // 2)[chosen]
        spec = pathway(connectivity, weights[chosen], delays[chosen], plan=PAIRS, axonal=axonal)
        runtime = bench.deliver(spec)
        inputs = bench.run([runtime], spikes, STEPS, target_spikes=target_spikes)
        found.append((inputs, runtime.get("weight")))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1][there], found[1][1])
    np.testing.assert_array_equal(found[0][1][~there], weights[~there])


def test_depression_at_constant_intervals_has_a_closed_form():
    rows, _ = Sparse.from_pairs([0], [0], 1, 1)
    bench = Bench(1, 1)
    spec = pathway(rows, 1.5, 3, plan=DEPRESSION, states={"x": 1.0}, axonal=1)
    interval, n = 4, 12
    found = bench.run([bench.deliver(spec)], {1 + interval * k: [0] for k in range(n)}, STEPS)
    recovered = math.exp(-interval * DT_MS / 5.0)
    limit = (1 - recovered) / (1 - 0.6 * recovered)
    expected = 1.5 * 0.4 * (limit + (1 - limit) * (0.6 * recovered) ** np.arange(n))
    np.testing.assert_allclose(found[3 : 3 + n * interval : interval, 0], expected, rtol=1e-13)


def test_draws_are_those_of_the_synapse_the_step_and_the_repetition():
    rows, _ = Sparse.from_pairs([0, 0], [0, 1], 1, 2)
    bench = Bench(1, 2, times=True, seed=2**40 + 9)
    spec = pathway(rows, 1.0, 3, plan=RELEASE, axonal=1, stream=6, values={"p": 2.0})
    runtime = bench.deliver(spec)
    found = bench.run([runtime], {5: {0: 2}}, 9)
    total = np.zeros(2)
    for repetition in range(2):
        counter = [np.arange(2), *(np.full(2, c) for c in (6, 6, (repetition << 8) + 1))]
        w = words(*(c.astype(np.uint64) for c in counter), np.uint64(9), np.uint64(2**8))
        u = [(one.astype(float) + 0.5) / 2**32 for one in w]
        total += np.sqrt(-2 * np.log(u[0])) * np.cos(2 * math.pi * u[1])
    np.testing.assert_allclose(found[7], total, rtol=1e-12)
    counter = [np.arange(2), *(np.full(2, c) for c in (6, 6, 1 << 8))]
    w = words(*(c.astype(np.uint64) for c in counter), np.uint64(9), np.uint64(2**8))
    np.testing.assert_array_equal(runtime.get("last_draw"), (w[0].astype(float) + 0.5) / 2**32)


def test_what_reacts_to_targets_needs_their_history():
    rows, _ = Sparse.from_pairs([0], [0], 1, 1)
    with pytest.raises(ValueError, match=r"'pairs' react to spikes of their targets, of which no"):
        Bench(1, 1).deliver(pathway(rows, 1.0, 1, plan=PAIRS), history=None)
    Bench(1, 1).deliver(pathway(rows, 1.0, 1, plan=DEPRESSION), history=None)


def test_states_reset_restore_and_set():
    rows, _ = Sparse.from_pairs([0, 0], [0, 1], 1, 2)
    bench = Bench(1, 2)
    spec = pathway(rows, np.array([1.0, 2.0]), 2, plan=DEPRESSION, states={"x": 1.0}, axonal=1)
    runtime = bench.deliver(spec)
    spikes = {1: [0], 4: [0], 8: [0], 13: [0]}
    first = bench.run([runtime], spikes, 6)
    saved = runtime.snapshot()
    second = bench.run([runtime], spikes, 6, first_step=7)
    runtime.restore(saved)
    again = bench.run([runtime], spikes, 6, first_step=7)
    np.testing.assert_array_equal(again, second)
    runtime.reset()
    assert runtime.get("x").tolist() == [1.0, 1.0]
    np.testing.assert_array_equal(bench.run([runtime], spikes, 6), first)
    runtime.set("weight", [3.0, 6.0])
    runtime.set("U", 0.2)
    runtime.reset()
    assert runtime.get("U").tolist() == [0.2, 0.2]
    changed = bench.run([runtime], spikes, 3)
    np.testing.assert_allclose(changed[2], [0.6, 1.2], rtol=1e-15)


def test_parameters_change_with_their_constants_and_may_become_columns():
    rows, _ = Sparse.from_pairs([0], [0], 1, 1)
    bench = Bench(1, 1)
    runtime = bench.deliver(pathway(rows, 1.0, 2, plan=PAIRS))
    runtime.set("tau_plus", 4.0)
    assert runtime.get("rate").tolist() == [-0.25]
    assert not runtime.rebuild_needed
    with pytest.raises(KeyError, match=r"'pairs' have no 'tau'; have delay, weight, r, o, A_plus"):
        runtime.set("tau", 1.0)
    runtime.set("delay", 0.5)
    assert runtime.rebuild_needed
    assert (runtime.minimal_delay, runtime.spike_rows, runtime.input_rows) == (5, 5, 1)


@pytest.mark.parametrize(
    ("delays", "axonal", "message"),
    [
        (0, 0, r"delays from 0 to 0 steps; those of plastic synapses are 1 to 65535"),
        (np.array([1, 70000]), 0, r"delays from 1 to 70000 steps"),
        (3, 4, r"axonal delays from 4 to 4 steps of delays from 3 to 3; a part is between"),
        (np.array([1, 2, 3]), 0, r"delays of shape \(3,\) for 2 synapses"),
    ],
)
def test_impossible_delays_are_refused(delays, axonal, message):
    rows, _ = Sparse.from_pairs([0, 0], [0, 1], 1, 2)
    with pytest.raises(ValueError, match=message):
        Bench(1, 2).deliver(pathway(rows, 1.0, delays, plan=PAIRS, axonal=axonal))


def test_codes_are_for_static_synapses():
    rows, _ = Sparse.from_pairs([0], [0], 1, 1)
    with pytest.raises(ValueError, match=r"weight_bits 8 for synapses 'pairs', which change; use"):
        Bench(1, 1).deliver(pathway(rows, 1.0, 1, plan=PAIRS, weight_bits=8))


@pytest.mark.parametrize("plan", [STATIC, PAIRS], ids=lambda plan: plan.name)
def test_no_synapse_at_all_is_a_pathway_too(plan):
    rows, _ = Sparse.from_pairs([], [], 3, 4)
    bench = Bench(3, 4)
    runtime = bench.deliver(pathway(rows, np.empty(0), np.empty(0, np.int64), plan=plan))
    assert runtime.minimal_delay == 1
    assert not bench.run([runtime], {1: [0, 1, 2]}, 3, target_spikes={1: [0]}).any()
    assert runtime.get("weight").size == 0
