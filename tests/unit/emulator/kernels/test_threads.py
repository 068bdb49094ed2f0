"""How the groups of a window are shared out among threads."""

import numpy as np
import pytest
from numba import njit

from emulator.kernels import threads as th


@njit
def share_out(shared, n_groups, n_threads):
    th.share_out(shared, n_groups, n_threads)


@njit
def next_group(shared, thread, n_groups, n_threads):
    return th.next_group(shared, thread, n_groups, n_threads)


def taken(order, n_groups, n_threads):
    """Which thread takes which group, if they ask in this order until there is none."""
    shared = th.new_shared(4, n_threads)
    share_out(shared, n_groups, n_threads)
    found = []
    for thread in order:
        group = next_group(shared, thread, n_groups, n_threads)
        if group < n_groups:
            found.append((thread, group))
    return found


@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("n_groups", [0, 1, 2, 7, 32])
def test_every_group_is_taken_once(n_groups, n_threads):
    rng = np.random.default_rng(n_groups + 100 * n_threads)
    order = rng.integers(0, n_threads, n_groups + 5)
    groups = [group for _, group in taken(order, n_groups, n_threads)]
    assert sorted(groups) == list(range(n_groups))


def test_threads_that_are_equally_fast_keep_to_their_own():
    assert taken([0, 1] * 4, 8, 2) == [
        (0, 0),
        (1, 4),
        (0, 1),
        (1, 5),
        (0, 2),
        (1, 6),
        (0, 3),
        (1, 7),
    ]


def test_a_thread_that_is_done_takes_from_the_others():
    assert [group for _, group in taken([1] * 8, 8, 2)] == [4, 5, 6, 7, 0, 1, 2, 3]
