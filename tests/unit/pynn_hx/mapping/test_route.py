"""The two array tricks under the router.  Oracle: the same, element by element.

Whether routing as a whole is right is asked in tests/oracle/routing.
"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pynn_hx.mapping.demand import rank_within, split_weights


@given(st.lists(st.integers(0, 1000), max_size=40))
def test_weights_are_split_into_as_few_synapses_of_at_most_63_as_possible(weights):
    connection, parts = split_weights(np.array(weights, dtype=np.int64))
    for k, weight in enumerate(weights):
        mine = parts[connection == k].tolist()
        assert sum(mine) == weight
        assert len(mine) == max(1, -(-weight // 63))
        assert all(0 <= part <= 63 for part in mine)
    assert np.all(np.diff(connection) >= 0)


@given(st.lists(st.integers(-3, 3), max_size=40))
def test_the_rank_counts_earlier_equal_elements(values):
    expected = [values[:k].count(value) for k, value in enumerate(values)]
    assert rank_within(np.array(values, dtype=np.int64)).tolist() == expected
