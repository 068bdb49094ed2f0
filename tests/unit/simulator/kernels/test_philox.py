"""Counter-based random numbers.

Oracles: the known answers published with Random123 (kat_vectors, philox4x32 10); moments and tails
of the distributions, with tolerances of five standard errors.
"""

import math

import numpy as np
import pytest
from numba import njit

from simulator.kernels.philox import draws, key_of, normals, random_words, uniforms, words

KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000",
     "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff",
     "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0",
     "d16cfe09 94fdcceb 5001e420 24126ea1"),
]  # fmt: skip


def numbers(text):
    return [np.uint64(int(word, 16)) for word in text.split()]


@njit
def compiled_words(a, b, c, d, k, m):
    return random_words(a, b, c, d, k, m)


@njit
def compiled_normals(a, b, c, d, k, m):
    return normals(a, b, c, d, k, m)


@njit
def compiled_uniforms(a, b, c, d, k, m):
    return uniforms(a, b, c, d, k, m)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_words_are_those_published(counter, key, expected):
    arrays = [np.array([word]) for word in numbers(counter) + numbers(key)]
    assert [int(word[0]) for word in words(*arrays)] == [int(w) for w in numbers(expected)]


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_compiled_words_are_those_published(counter, key, expected):
    assert compiled_words(*numbers(counter), *numbers(key)) == tuple(map(int, numbers(expected)))


def four(function, member, step, seed=5, stream=2, draw=1):
    given = (member, step >> 2, stream, draw, *key_of(seed))
    return function(*(np.uint64(word) for word in given))


@pytest.mark.parametrize("seed", [5, 2**63 + 12345])
def test_compiled_draws_are_those_of_numpy(seed):
    for step in (0, 1, 6, 2**34 + 3):
        for member in (0, 17, 2**32 - 1):
            uniform = four(compiled_uniforms, member, step, seed)[step & 3]
            normal = four(compiled_normals, member, step, seed)[step & 3]
            given = {"stream": 2, "draw": 1, "seed": seed}
            assert uniform == draws("uniform", member, step, **given)[0]
            assert normal == pytest.approx(draws("normal", member, step, **given)[0], rel=1e-14)


def test_draws_differ_between_members_steps_streams_and_draws():
    rng = np.random.default_rng(0)
    places = rng.integers(0, 50, (400, 4))
    found = {
        tuple(map(int, place)): draws(
            "uniform", place[0], int(place[1]), stream=int(place[2]), draw=int(place[3]), seed=1
        )[0]
        for place in places
    }
    assert len(set(found.values())) == len(found)


@pytest.fixture(scope="module")
def many_normals():
    members = np.arange(250_000)
    return np.array([draws("normal", members, s, stream=0, draw=0, seed=3) for s in range(4)])


def test_normals_have_the_moments_of_a_normal_distribution(many_normals):
    z, n = many_normals.ravel(), many_normals.size
    for order, moment in ((1, 0), (2, 1), (3, 0), (4, 3), (6, 15)):
        spread = math.sqrt(math.prod(range(2 * order - 1, 0, -2)) - moment**2)
        assert np.mean(z**order) == pytest.approx(moment, abs=5 * spread / math.sqrt(n))


@pytest.mark.parametrize("bound", [1.0, 2.0, 3.0, 4.0])
def test_normals_have_the_tails_of_a_normal_distribution(many_normals, bound):
    n = many_normals.size
    expected = n * math.erfc(bound / math.sqrt(2))
    assert np.sum(np.abs(many_normals) > bound) == pytest.approx(
        expected, abs=5 * math.sqrt(expected)
    )


def test_the_four_normals_of_a_call_are_uncorrelated(many_normals):
    correlation = np.corrcoef(many_normals) - np.eye(4)
    assert np.abs(correlation).max() < 5 / math.sqrt(many_normals.shape[1])


def test_uniforms_fill_their_interval_evenly():
    u = draws("uniform", np.arange(100_000), 2, stream=0, draw=0, seed=9)
    counts, _ = np.histogram(u, 50, (0, 1))
    assert np.sum((counts - 2000.0) ** 2 / 2000) < 49 + 5 * math.sqrt(2 * 49)
    assert u.min() > 0 and u.max() < 1
