"""Reading, writing and saving static synapses while a simulation runs.

Oracle: what was written; and a second pathway that was made with it from the beginning.
"""

import numpy as np
import pytest

from simulator.connectivity import Sparse
from simulator.pathways import Ends
from tests.support.delivered import Bench, pathway

ROWS, _ = Sparse.from_pairs([0, 0, 1], [0, 1, 1], 2, 2)
SPIKES = {step: [0, 1] for step in range(1, 12)}


def test_values_come_back_as_they_were_written():
    runtime = Bench(2, 2).deliver(pathway(ROWS, np.array([0.1, 0.2, 0.3]), np.array([1, 5, 2])))
    assert runtime.get("weight").tolist() == [0.1, 0.2, 0.3]
    np.testing.assert_allclose(runtime.get("delay"), [0.1, 0.5, 0.2], rtol=1e-15)
    runtime.set("weight", [0.05, 0.15, 0.25])
    runtime.set("delay", 0.3)
    assert runtime.get("weight").tolist() == [0.05, 0.15, 0.25]
    np.testing.assert_allclose(runtime.get("delay"), [0.3] * 3, rtol=1e-15)


def test_weights_set_in_mid_run_act_from_the_next_step_on():
    bench = Bench(2, 2)
    runtime = bench.deliver(pathway(ROWS, np.array([1.0, 2.0, 3.0]), 1))
    before = bench.run([runtime], SPIKES, 3)
    runtime.set("weight", [10.0, 20.0, 30.0])
    assert not runtime.rebuild_needed
    after = bench.run([runtime], SPIKES, 2, first_step=4)
    assert before[-1].tolist() == [1, 5]
    assert after[0].tolist() == [10, 50]


def test_one_weight_becoming_many_asks_for_the_operation_to_be_read_again():
    bench = Bench(2, 2)
    runtime = bench.deliver(pathway(ROWS, 1.0, 1))
    address = runtime.operation.address
    runtime.set("weight", [1.0, 2.0, 3.0])
    assert runtime.rebuild_needed
    assert runtime.operation.address != address
    assert bench.run([runtime], SPIKES, 2)[1].tolist() == [1, 5]


def test_a_shorter_delay_changes_the_minimal_delay():
    bench = Bench(2, 2)
    runtime = bench.deliver(pathway(ROWS, 1.0, 4))
    assert (runtime.minimal_delay, runtime.spike_rows, runtime.input_rows) == (4, 4, 1)
    runtime.set("delay", [0.2, 0.3, 0.9])
    assert runtime.rebuild_needed
    assert (runtime.minimal_delay, runtime.spike_rows, runtime.input_rows) == (2, 2, 8)
    found = bench.run([runtime], {1: [0]}, 5)
    assert [tuple(place) for place in np.argwhere(found)] == [(2, 0), (3, 1)]


def test_a_delay_beyond_the_rings_waits_for_longer_ones():
    bench = Bench(2, 2, spike_rows=8, input_rows=8)
    runtime = bench.deliver(pathway(ROWS, 1.0, 4))
    runtime.set("delay", [0.1, 2.0, 0.1])
    assert runtime.rebuild_needed
    longer = Bench(2, 2)
    with pytest.raises(ValueError, match=r"rings hold spikes of 8 steps and inputs of 8; .* 1 and"):
        runtime.bind(Ends(bench.ring, bench.inputs, bench.bounds))
    runtime.bind(Ends(longer.ring, longer.inputs, longer.bounds))
    found = longer.run([runtime], {1: [0]}, 25)
    assert [tuple(place) for place in np.argwhere(found)] == [(1, 0), (20, 1)]


@pytest.mark.parametrize("weights", [2.5, np.array([1.0, 2.0, 3.0])])
def test_a_snapshot_brings_back_weights_and_leaves_delays(weights):
    bench = Bench(2, 2)
    runtime = bench.deliver(pathway(ROWS, weights, np.array([1, 2, 3])))
    saved = runtime.snapshot()
    runtime.set("weight", 9.0)
    runtime.set("delay", 0.7)
    runtime.reset()
    assert runtime.get("weight").tolist() == [9.0] * 3
    runtime.restore({})
    assert runtime.get("weight").tolist() == [9.0] * 3
    runtime.restore(saved)
    np.testing.assert_array_equal(runtime.get("weight"), np.broadcast_to(weights, 3))
    np.testing.assert_allclose(runtime.get("delay"), [0.7] * 3)


def test_memory_and_largest_error_are_told():
    random = np.random.default_rng(1).normal(size=3)
    runtime = Bench(2, 2).deliver(pathway(ROWS, random, 1, weight_bits=8))
    assert runtime.quantisation_error == np.abs(runtime.get("weight") - random).max()
    assert runtime.memory_bytes == ROWS.memory_bytes + 3 + 1


def test_what_cannot_be_is_refused():
    bench = Bench(2, 2, spike_rows=8, input_rows=8)
    with pytest.raises(ValueError, match=r"weight: values of shape \(2,\) for 3 synapses"):
        bench.deliver(pathway(ROWS, np.array([1.0, 2.0]), 1))
    with pytest.raises(ValueError, match=r"its delays need 12 and 1: make longer rings"):
        bench.deliver(pathway(ROWS, 1.0, 12))
    with pytest.raises(ValueError, match=r"targets 1 \.\. 2 are not among the neurons 0 \.\. 1"):
        bench.deliver(pathway(ROWS, 1.0, 1, post_first=1))
    with pytest.raises(KeyError, match=r"no 'tau'; it has weight and delay"):
        bench.deliver(pathway(ROWS, 1.0, 1)).set("tau", 1.0)
