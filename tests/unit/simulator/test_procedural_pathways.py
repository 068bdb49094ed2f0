"""Synapses that are drawn for every spike.

Oracles: sparse delivery of the list that `expand` gives; NumPy's Philox for the list itself; means
and variances of the binomial distribution, to five standard deviations.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.connectivity import Procedural, pairs
from simulator.kernels.philox import words
from simulator.procedural_pathways import expand
from tests.support.delivered import Bench, pathway
from tests.support.synapse_plans import DEPRESSION

N_PRE, N_POST, STEPS = 12, 2600, 6
KINDS = [("probability", 0.03), ("number_post", 41), ("number_post", 1500)]


def uniform(member, piece, draw, purpose, seed):
    counter = [np.uint64(c) for c in (member, piece, draw >> 2, purpose)]
    w = words(*counter, np.uint64(seed & 0xFFFFFFFF), np.uint64(seed >> 32))
    return int(w[draw & 3])


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**64 - 1),
    kind=st.sampled_from(KINDS),
    high=st.sampled_from([0.5, 1.5]),
    threads=st.integers(1, 3),
    precision=st.sampled_from(["float32", "float64"]),
)
def test_procedural_is_its_expansion(seed, kind, high, threads, precision):
    connectivity = Procedural(9, 2500, *kind, seed, 0.5, high)
    random = np.random.default_rng(seed)
    spikes = {
        step: {int(m): int(random.integers(1, 4)) for m in random.choice(N_PRE, 3, False)}
        for step in range(STEPS)
    }
    ends = {"pre_first": 2, "post_first": 60}
    bench = Bench(N_PRE, N_POST, threads, precision, times=True)
    runtime = bench.deliver(pathway(connectivity, 0.0, 2, **ends))
    found = bench.run([runtime], spikes, STEPS)
    rows, weights = expand(connectivity)
    np.testing.assert_array_equal(runtime.get("weight"), weights)
    assert runtime.n_synapses == rows.n_synapses
    bench = Bench(N_PRE, N_POST, 1, precision, times=True)
    spec = pathway(rows, weights, 2, **ends)
    np.testing.assert_array_equal(found, bench.run([bench.deliver(spec)], spikes, STEPS))


def test_targets_of_a_number_are_upper_halves_of_words():
    seed = 2**50 + 3
    rows, weights = expand(Procedural(3, 700, "number_post", 1030, seed, -1.0, 2.0))
    draws = [(i, k // 1024, k % 1024) for i in range(3) for k in range(1030)]
    drawn = [
        (
            place[0],
            uniform(*place, 0, seed) * 700 >> 32,
            -1.0 + 3.0 * ((uniform(*place, 1, seed) + 0.5) / 2**32),
        )
        for place in draws
    ]
    drawn.sort(key=lambda one: one[:2])
    pre, post = pairs(rows)
    assert list(zip(pre, post, strict=True)) == [one[:2] for one in drawn]
    np.testing.assert_allclose(weights, [one[2] for one in drawn], rtol=1e-15)


def test_columns_left_out_are_geometric():
    rows, _ = expand(Procedural(2, 2500, "probability", 0.1, 5, 1.0, 1.0))
    expected = []
    for member in range(2):
        for piece, end in ((0, 2048), (1, 2500)):
            column, draw = 2048 * piece, 0
            while True:
                u = (uniform(member, piece, draw, 0, 5) + 0.5) / 2**32
                column += math.floor(math.log(u) / math.log1p(-0.1))
                if column >= end:
                    break
                expected.append((member, column))
                column, draw = column + 1, draw + 1
    assert list(zip(*pairs(rows), strict=True)) == expected


@pytest.mark.parametrize("probability", [0.002, 0.1, 0.7])
def test_every_pair_has_its_probability(probability):
    rows, _ = expand(Procedural(300, 2000, "probability", probability, 1, 1.0, 1.0))
    pre, post = pairs(rows)
    for members, n, trials in ((pre, 300, 2000), (post, 2000, 300)):
        counts = np.bincount(members, minlength=n)
        expected, deviation = trials * probability, math.sqrt(trials * probability)
        assert abs(counts.mean() - expected) < 5 * deviation / math.sqrt(n)
        variance = trials * probability * (1 - probability)
        assert abs(counts.var() / variance - 1) < 5 * math.sqrt((2 + 1 / variance) / n)


def test_probabilities_nought_and_one():
    assert expand(Procedural(3, 2000, "probability", 1.0, 1, 1.0, 1.0))[0].n_synapses == 6000
    bench = Bench(1, 50)
    for probability, count in ((0.0, 0), (1.0, 50)):
        spec = pathway(Procedural(1, 50, "probability", probability, 1, 2.0, 2.0), 0.0, 1)
        runtime = bench.deliver(spec)
        assert runtime.n_synapses == count
        assert bench.run([runtime], {1: [0]}, 3).sum() == 2 * count


def test_weights_and_delays_are_one_number():
    bench = Bench(3, 40)
    runtime = bench.deliver(pathway(Procedural(3, 40, "probability", 0.5, 1, 0.0, 1.0), 0.0, 2))
    runtime.set("weight", 0.25)
    assert set(runtime.get("weight")) == {0.25}
    runtime.set("delay", 0.5)
    assert runtime.rebuild_needed
    assert runtime.minimal_delay == 5
    assert runtime.get("delay")[0] == 0.5
    runtime.restore(runtime.snapshot())
    runtime.reset()
    assert runtime.get("weight")[0] == runtime.spec.connectivity.high == 0.25
    with pytest.raises(ValueError, match=r"weight: 2 values for synapses|values of shape \(2,\)"):
        runtime.set("weight", [1.0, 2.0])
    with pytest.raises(KeyError, match=r"no 'tau'; it has weight and delay"):
        runtime.set("tau", 1.0)


@pytest.mark.parametrize(
    ("kind", "value", "low", "high", "message"),
    [
        ("probability", 1.5, 0, 1, r"probability 1\.5 is outside 0 \.\. 1"),
        ("number_post", 1.5, 0, 1, r"1\.5 targets of each member; give a whole number"),
        ("probability", 0.5, 1, 0, r"weights from 1 to 0; give two numbers, the smaller one first"),
    ],
)
def test_impossible_numbers_are_refused(kind, value, low, high, message):
    with pytest.raises(ValueError, match=message):
        Bench(1, 1).deliver(pathway(Procedural(1, 1, kind, value, 0, low, high), 0.0, 1))


def test_synapses_that_are_not_stored_have_one_delay():
    with pytest.raises(ValueError, match=r"delays from 1 to 2 steps of synapses that are not"):
        spec = pathway(Procedural(1, 9, "probability", 0.5, 1, 0, 1), 0.0, np.array([1, 2]))
        Bench(1, 9).deliver(spec)


def test_plastic_synapses_are_those_of_the_expansion():
    connectivity = Procedural(3, 40, "number_post", 9, 5, 0.5, 1.5)
    rows, weights = expand(connectivity)
    found = []
    for one, weight in ((connectivity, 0.0), (rows, weights)):
        bench = Bench(3, 40)
        spec = pathway(one, weight, 2, plan=DEPRESSION, states={"x": 1.0})
        found.append(bench.run([bench.deliver(spec)], {1: [0, 2], 4: [2]}, 9))
    assert np.any(found[0])
    np.testing.assert_array_equal(*found)
