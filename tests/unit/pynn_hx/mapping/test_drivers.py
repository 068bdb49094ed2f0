"""Codes, masks and drivers.  Oracle: the comparison of a driver, event by event.

docs/reference/words.md, "Events": a driver on place d of its bus hears a row select address r if
`r & mask == d & mask`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_hx.mapping.drivers import choose_codes, masks, may_serve, serve

NOTHING = np.zeros(0, np.int64), np.zeros((0, 2), np.int64)


def heard_by(driver, mask, code, vague):
    """Whether a driver hears any address of a group."""
    return any((r & mask) == (driver & mask) for r in range(32) if (r ^ code) & ~vague == 0)


def hears_all(driver, mask, code, vague):
    return all((r & mask) == (driver & mask) for r in range(32) if (r ^ code) & ~vague == 0)


@st.composite
def groups(draw):
    n = draw(st.integers(1, 6))
    code = draw(st.lists(st.integers(0, 31), min_size=n, max_size=n))
    vague = draw(st.lists(st.sampled_from([0, 0, 1, 16, 17]), min_size=n, max_size=n))
    return np.array(code), np.array(vague)


@settings(max_examples=60, deadline=None)
@given(groups())
def test_a_driver_may_serve_a_group_if_some_mask_hears_all_of_it_and_nothing_else(case):
    code, vague = case
    found = may_serve(code, vague)
    for driver in range(32):
        for g in range(code.size):
            possible = any(
                hears_all(driver, mask, code[g], vague[g])
                and not any(
                    heard_by(driver, mask, code[k], vague[k]) for k in range(code.size) if k != g
                )
                for mask in range(32)
            )
            assert found[driver, g] == possible


@settings(max_examples=60, deadline=None)
@given(groups(), st.data())
def test_drivers_that_serve_hear_their_group_alone(case, data):
    code, vague = case
    need = np.array([data.draw(st.integers(0, 8)) for _ in code])
    group = serve(code, vague, need)
    if group is None:
        return
    assert np.array_equal(np.bincount(group[group >= 0], minlength=code.size), need)
    mask = masks(code, vague, group)
    for driver in np.flatnonzero(group >= 0):
        g = group[driver]
        assert hears_all(driver, mask[driver], code[g], vague[g])
        others = [k for k in range(code.size) if k != g]
        assert not any(heard_by(driver, mask[driver], code[k], vague[k]) for k in others)


@pytest.mark.parametrize(
    "need",
    [
        [32],
        [31, 1],
        [16, 16],
        [20, 10, 2],
        [30, 1, 1],
        [8] * 4,
        [16, 8, 8],
        [28, 1, 1, 1, 1],
        [13, 7, 5, 4, 3],
        [5] * 6,
        [3] * 10,
        [2] * 16,
        [1] * 32,
        [16, *[1] * 16],
    ],
    ids=str,
)
def test_32_drivers_are_divided_in_any_proportion(need):
    both = np.column_stack([need, need])
    code = choose_codes(*NOTHING, both)
    assert serve(code, np.zeros_like(code), np.array(need)) is not None


def test_random_proportions_of_up_to_12_groups_are_always_met():
    rng = np.random.default_rng(5)
    for _ in range(100):
        n = int(rng.integers(2, 13))
        crowd = rng.choice(n, 32 - n, p=rng.dirichlet(np.ones(n) * 0.7))
        need = 1 + np.bincount(crowd, minlength=n)
        code = choose_codes(*NOTHING, np.column_stack([need, need]))
        assert serve(code, np.zeros_like(code), need) is not None, need


def test_33_drivers_are_not_there():
    assert serve(np.array([0, 31]), np.zeros(2, np.int64), np.array([17, 16])) is None
