"""Static dense delivery.

Oracle: sparse delivery of the same synapses, itself tested against an event list; and the table
of weights, read by eye.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.connectivity import Dense, Sparse
from tests.support.delivered import Bench, pathway

N_PRE, N_POST, STEPS = 40, 50, 20


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    one_weight=st.booleans(),
    longest=st.sampled_from([1, 9]),
    no_self=st.booleans(),
    threads=st.integers(1, 3),
    times=st.booleans(),
    precision=st.sampled_from(["float32", "float64"]),
)
def test_dense_is_sparse_with_everyone(
    seed, one_weight, longest, no_self, threads, times, precision
):
    random = np.random.default_rng(seed)
    n_pre, n_post = 23, 31
    weights = 0.7 if one_weight else random.normal(size=n_pre * n_post)
    delays = 1 if longest == 1 else random.integers(1, longest + 1, n_pre * n_post)
    pre, post = np.divmod(np.arange(n_pre * n_post), n_post)
    there = (pre != post) | (not no_self)
    rows, _ = Sparse.from_pairs(pre[there], post[there], n_pre, n_post)
    spikes = {
        step: {int(m): int(random.integers(1, 4)) for m in random.choice(N_PRE, 6, False)}
        for step in range(STEPS)
    }
    ends = {"pre_first": 3, "post_first": 16}
    bench = Bench(N_PRE, N_POST, threads, precision, 32, 32, times)
    found = bench.run(
        [bench.deliver(pathway(Dense(n_pre, n_post, no_self), weights, delays, **ends))],
        spikes,
        STEPS,
    )
    bench = Bench(N_PRE, N_POST, 1, precision, 32, 32, times)
    columns = [x if np.ndim(x) == 0 else x[there] for x in (weights, delays)]
    expected = bench.run([bench.deliver(pathway(rows, *columns, **ends))], spikes, STEPS)
    np.testing.assert_array_equal(found, expected)
    assert np.any(found)


@pytest.mark.parametrize("no_self", [False, True])
def test_rows_of_weights_belong_to_presynaptic_members(no_self):
    bench = Bench(3, 3)
    weights = np.arange(1.0, 10.0)
    runtime = bench.deliver(pathway(Dense(3, 3, no_self), weights, 2))
    found = bench.run([runtime], {1: [1]}, 3)
    assert found.tolist() == [[0, 0, 0], [0, 0, 0], [4, 0 if no_self else 5, 6]]
    assert runtime.n_synapses == 9
    np.testing.assert_array_equal(runtime.get("weight"), weights)
