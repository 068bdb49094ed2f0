"""Philox and the deviates made of it.

Oracle: the known-answer tests of the Random123 distribution (Salmon et al. 2011); moments of the
Irwin-Hall distribution.
"""

import numpy as np
import pytest
from numba import njit

from emulator.random import normal, normals, philox, uniform

ONES = 0xFFFFFFFF


@njit
def draw(counter, key):
    return philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1])


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ((ONES,) * 4, (ONES,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            "d16cfe09 94fdcceb 5001e420 24126ea1",
        ),
    ],
)
def test_philox_gives_the_published_answers(counter, key, expected):
    words = draw(np.array(counter, np.uint64), np.array(key, np.uint64))
    assert " ".join(f"{int(word):08x}" for word in words) == expected


def test_normals_have_the_moments_of_eight_summed_uniforms():
    x = normals(1, 2, 3, 200_000)
    assert abs(x.mean()) < 4 / np.sqrt(x.size)
    assert x.std() == pytest.approx(1, abs=0.01)
    assert np.mean(x**4) == pytest.approx(3 - 6 / (5 * 8), abs=0.05)
    assert np.abs(x).max() < 8 * 0.5 / np.sqrt(8 / 12)


def test_every_argument_makes_another_number():
    base = normal(np.uint64(1), 2, 3, 4)
    others = [
        normal(np.uint64(9), 2, 3, 4),
        normal(np.uint64(1), 9, 3, 4),
        normal(np.uint64(1), 2, 9, 4),
        normal(np.uint64(1), 2, 3, 9),
        normal(np.uint64(1 << 40), 2, 3, 4),
        normal(np.uint64(1), 2, 3, 4 + (1 << 40)),
    ]
    assert len({base, *others}) == 7


def test_uniforms_fill_the_unit_interval():
    x = np.array([uniform(np.uint64(5), 0, 0, k) for k in range(20_000)])
    assert x.min() >= 0 and x.max() < 1
    assert np.histogram(x, 10, (0, 1))[0] == pytest.approx(2000, abs=5 * np.sqrt(2000))
