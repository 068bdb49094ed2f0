"""Rows of synapses from pairs, and where threads find theirs.

Oracle: NumPy's stable sort, and `searchsorted` row by row.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.connectivity import Dense, Procedural, Sparse, split_rows
from simulator.pathways import endpoints

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), max_size=60)


@given(PAIRS, st.booleans())
def test_rows_are_a_stable_sort_by_pre_and_post(pairs, by_columns):
    if by_columns:
        pairs = sorted(pairs, key=lambda pair: pair[1])
    pre, post = np.array(pairs, np.int64).reshape(-1, 2).T
    rows, order = Sparse.from_pairs(pre, post, 7, 9)
    expected = np.lexsort((post, pre))
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_array_equal(rows.targets, post[expected])
    np.testing.assert_array_equal(rows.starts, np.searchsorted(pre[expected], np.arange(8)))
    assert rows.n_synapses == len(pairs)


@given(PAIRS, st.lists(st.integers(0, 9), max_size=3))
def test_rows_are_split_where_targets_reach_a_bound(pairs, inner):
    pre, post = np.array(pairs, np.int64).reshape(-1, 2).T
    rows, _ = Sparse.from_pairs(pre, post, 7, 9)
    bounds = np.array([0, *sorted(inner), 9])
    positions = split_rows(rows, bounds)
    expected = [
        rows.starts[i] + np.searchsorted(rows.targets[rows.starts[i] : rows.starts[i + 1]], bound)
        for i in range(7)
        for bound in bounds[:-1]
    ]
    np.testing.assert_array_equal(positions, [*expected, len(pairs)])


def test_one_thread_uses_the_rows_as_they_are():
    rows, _ = Sparse.from_pairs([0, 1], [1, 0], 2, 2)
    assert split_rows(rows, np.array([0, 2])) is rows.starts


@pytest.mark.parametrize(
    ("pre", "post", "message"),
    [
        ([0, 1], [0], r"2 presynaptic indices and 1 postsynaptic"),
        ([0, 2], [0, 0], r"pre\[1\] = 2 is outside 0 \.\. 1; number the members from 0"),
        ([0, 1], [0, -1], r"post\[1\] = -1 is outside 0 \.\. 1"),
        ([[0]], [0], r"pre has shape \(1, 1\)"),
        ([0.5], [0], r"type float64; give a list of integers"),
    ],
)
def test_pairs_that_are_not_indices_are_refused(pre, post, message):
    with pytest.raises(ValueError, match=message):
        Sparse.from_pairs(pre, post, 2, 2)


def test_more_members_than_32_bits_count_are_refused():
    with pytest.raises(ValueError, match=r"post counts 2147483648 members; the limit is"):
        Sparse.from_pairs([0], [0], 1, 2**31)


def test_memory_is_that_of_the_arrays():
    rows, _ = Sparse.from_pairs([0, 1, 1], [1, 0, 2], 2, 3)
    assert rows.memory_bytes == rows.starts.nbytes + rows.targets.nbytes
    assert Dense(10, 10).memory_bytes == 0


def test_endpoints_are_in_the_order_of_the_synapses():
    rows, _ = Sparse.from_pairs([1, 0, 1], [2, 1, 0], 2, 3)
    assert [one.tolist() for one in endpoints(rows)] == [[0, 1, 1], [1, 0, 2]]
    assert [one.tolist() for one in endpoints(Dense(2, 2))] == [[0, 0, 1, 1], [0, 1, 0, 1]]
    drawn = endpoints(Procedural(2, 3, "probability", 1.0, 1, 0.0, 0.0))
    assert [one.tolist() for one in drawn] == [[0, 0, 0, 1, 1, 1], [0, 1, 2, 0, 1, 2]]
