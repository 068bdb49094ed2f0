"""Static sparse delivery: what arrives where, when, and in which order it is added.

Oracle: an event list in plain Python; sums are exact because they are made in the same order.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.connectivity import Sparse
from tests.support.delivered import Bench, expected_inputs, pathway

N_PRE, N_POST, STEPS = 40, 50, 30


def random_network(seed, n_synapses, delays, *, n_pre=25, n_post=33):
    random = np.random.default_rng(seed)
    pre, post = random.integers(0, n_pre, n_synapses), random.integers(0, n_post, n_synapses)
    rows, _ = Sparse.from_pairs(pre, post, n_pre, n_post)
    steps = random.integers(delays[0], delays[1] + 1, n_synapses)
    spikes = {
        step: {int(m): int(random.integers(1, 4)) for m in random.choice(N_PRE, 6, False)}
        for step in range(STEPS)
    }
    return rows, random.normal(size=n_synapses), steps, spikes


def events(rows, weights, delays, spikes, *, pre_first, post_first, times=False):
    """(step of arrival, target, weight) of all spikes, as they must be added."""
    n = rows.n_synapses
    weights, delays = np.broadcast_to(weights, n), np.broadcast_to(delays, n)
    for step, members in sorted(spikes.items()):
        for member in sorted(members):
            if not pre_first <= member < pre_first + rows.n_pre:
                continue
            for k in range(*rows.starts[member - pre_first : member - pre_first + 2]):
                factor = members[member] if times else 1
                weight = np.multiply(weights[k], weights.dtype.type(factor))
                yield step + delays[k], rows.targets[k] + post_first, weight


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_synapses=st.integers(0, 300),
    one_weight=st.booleans(),
    delays=st.sampled_from([(1, 1), (3, 3), (1, 12), (2, 29)]),
    threads=st.integers(1, 3),
    times=st.booleans(),
    precision=st.sampled_from(["float32", "float64"]),
)
def test_every_event_arrives_and_sums_are_exact(
    seed, n_synapses, one_weight, delays, threads, times, precision
):
    rows, weights, steps, spikes = random_network(seed, n_synapses, delays)
    weights = np.float64(0.3) if one_weight else weights
    steps = delays[0] if delays[0] == delays[1] else steps
    bench = Bench(N_PRE, N_POST, threads, precision, 32, 32, times)
    spec = pathway(rows, weights, steps, pre_first=7, post_first=11)
    found = bench.run([bench.deliver(spec)], spikes, STEPS)
    stored = np.asarray(weights).astype(precision)
    due = events(rows, stored, steps, spikes, pre_first=7, post_first=11, times=times)
    np.testing.assert_array_equal(found, expected_inputs(due, STEPS, N_POST, precision))


def test_delays_may_spread_over_more_than_256_steps():
    rows, _ = Sparse.from_pairs([0, 0], [0, 1], 1, 2)
    bench = Bench(1, 2, input_rows=512)
    found = bench.run([bench.deliver(pathway(rows, 1.0, np.array([2, 402])))], {1: [0]}, 410)
    assert [tuple(place) for place in np.argwhere(found)] == [(2, 0), (402, 1)]


@pytest.mark.parametrize("bits", [8, 16])
def test_codes_give_the_weights_that_get_gives(bits):
    rows, weights, steps, spikes = random_network(5, 300, (1, 9))
    bench = Bench(N_PRE, N_POST, precision="float32")
    runtime = bench.deliver(pathway(rows, weights, steps, weight_bits=bits))
    found = bench.run([runtime], spikes, STEPS)
    stored = runtime.get("weight").astype(np.float32)
    due = events(rows, stored, steps, spikes, pre_first=0, post_first=0)
    np.testing.assert_array_equal(found, expected_inputs(due, STEPS, N_POST, "float32"))
