"""Which neuron gets which circuit.  Oracle: the error types of the chip's own PyNN backend."""

import numpy as np
import pytest

from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.place import (
    alternatives,
    check_background_permutation,
    check_permutation,
    place,
)


def test_the_ith_neuron_gets_the_ith_circuit_of_the_permutation():
    permutation = check_permutation([511, 3, np.int64(0)])
    assert place(2, permutation).tolist() == [511, 3]


def test_a_network_without_neurons_needs_no_circuit():
    assert place(0, check_permutation(range(512))).size == 0


@pytest.mark.parametrize(
    ("permutation", "error", "message"),
    [
        ([0, 1, 0, 1], ValueError, r"names circuits \[0, 1\] more than once"),
        ([512], OverflowError, r"contains 512; the chip has circuits 0\.\.511"),
        ([-1], TypeError, r"contains -1; name circuits by integers 0\.\.511"),
        ([1.0], TypeError, r"contains 1\.0"),
    ],
)
def test_permutations_that_cannot_name_circuits_are_refused(permutation, error, message):
    with pytest.raises(error, match=message):
        check_permutation(permutation)


@pytest.mark.parametrize(
    ("n", "permutation", "message"),
    [
        (513, range(512), "needs 513 neuron circuits, but the chip has 512 circuits"),
        (3, range(2), "needs 3 neuron circuits, but neuronPermutation names 2"),
    ],
)
def test_too_many_neurons_are_refused_with_both_numbers(n, permutation, message):
    with pytest.raises(MappingError, match=message):
        place(n, check_permutation(permutation))


@pytest.mark.parametrize(
    ("permutation", "error", "message"),
    [
        ([0, 1, 0], ValueError, r"backgroundPermutation names .* \[0\] more than once"),
        ([4], OverflowError, r"backgroundPermutation contains 4; .* generators 0\.\.3"),
        ([-1], TypeError, r"backgroundPermutation contains -1"),
    ],
)
def test_generators_are_named_by_the_four_buses(permutation, error, message):
    with pytest.raises(error, match=message):
        check_background_permutation(permutation)
    assert check_background_permutation([3, 1]).tolist() == [3, 1]


@pytest.mark.parametrize("n", [0, 1, 100, 512])
def test_alternatives_are_permutations_that_deal_neurons_out_to_all_event_outputs(n):
    found = list(alternatives(n))
    assert len(found) == 2
    for permutation in found:
        circuit = place(n, check_permutation(permutation))
        per_output = np.bincount(circuit % 256 // 32, minlength=8)
        assert per_output.max() - per_output.min() <= 2
    same_half, both_halves = found
    assert np.all(same_half[:256] < 256)
    assert abs(int((both_halves < 256).sum()) * 2 - n) <= 1


def test_a_network_larger_than_a_chip_has_no_placement_at_all():
    assert list(alternatives(513)) == []
