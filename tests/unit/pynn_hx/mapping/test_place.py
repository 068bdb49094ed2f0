"""Which neuron gets which circuit.

Oracle: the error types of the chip's own PyNN backend; the geometry of the chip (2 rows, blocks of
128 columns), and a placement that tries every circuit of every cell.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.place import (
    Footprint,
    alternatives,
    check_background_permutation,
    check_permutation,
    place,
    place_cells,
)

EVERYWHERE = np.arange(512)


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


def row_of(n, n_cells=1):
    return Footprint(n_cells, n, tuple(range(n)), (0,) * n)


SHAPES = [
    ((0,), (0,)),
    ((0, 1), (0, 0)),
    ((0, 0), (0, 1)),
    ((1, 0, 2, 1), (1, 0, 0, 0)),
    ((0, 40), (0, 1)),
    ((3, 0), (1, 1)),
    (tuple(range(100)), (0,) * 100),
]


@st.composite
def networks(draw):
    footprints = []
    for _ in range(draw(st.integers(0, 5))):
        shape = draw(st.one_of(st.none(), st.sampled_from(SHAPES)))
        columns, rows = shape or (None, None)
        n_cells = draw(st.integers(0, 3 if columns and len(columns) > 9 else 40))
        footprints.append(Footprint(n_cells, 1 if shape is None else len(columns), columns, rows))
    return footprints


@st.composite
def permutations(draw):
    order = np.random.default_rng(draw(st.integers(0, 9))).permutation(512)
    kind = draw(st.sampled_from(["all in order", "all shuffled", "some"]))
    return {"all in order": EVERYWHERE, "all shuffled": order, "some": order[:400]}[kind]


def by_trial(footprints, permutation):
    """The circuits, or None if something does not fit."""
    free, found = set(permutation.tolist()), []
    for n_cells, _, columns, rows in footprints:
        columns, rows = columns or (0,), rows or (0,)
        for _ in range(n_cells):
            for first in permutation.tolist():
                places = [
                    (first // 256 + r - rows[0], first % 256 + c - columns[0])
                    for c, r in zip(columns, rows, strict=True)
                ]
                circuits = [256 * row + column for row, column in places]
                on_chip = all(row in (0, 1) and 0 <= column < 256 for row, column in places)
                one_block = len({column // 128 for _, column in places}) == 1
                if on_chip and one_block and free.issuperset(circuits):
                    break
            else:
                return None
            free.difference_update(circuits)
            found += circuits
    return found


@given(networks(), permutations())
def test_every_cell_gets_the_first_place_of_the_permutation_where_all_its_circuits_are_free(
    footprints, permutation
):
    expected = by_trial(footprints, permutation)
    if expected is None:
        with pytest.raises(MappingError):
            place_cells(footprints, permutation)
    else:
        assert place_cells(footprints, permutation).tolist() == expected


@given(networks(), networks(), permutations())
def test_what_is_created_later_moves_nothing(earlier, later, permutation):
    try:
        all_of_it = place_cells(earlier + later, permutation)
    except MappingError:
        return
    alone = place_cells(earlier, permutation)
    assert np.array_equal(all_of_it[: alone.size], alone)


def test_neurons_of_one_circuit_fill_the_gaps_that_others_leave():
    wide = Footprint(2, 2, (0, 2), (0, 0))
    circuits = place_cells([wide, Footprint(3)], EVERYWHERE)
    assert circuits.tolist() == [0, 2, 1, 3, 4, 5, 6]


def test_a_neuron_does_not_reach_over_the_middle_of_the_chip():
    circuits = place_cells([row_of(100, 4)], EVERYWHERE).reshape(4, 100)
    assert circuits[:, 0].tolist() == [0, 128, 256, 384]


def test_512_neurons_of_one_circuit_are_placed_on_all_circuits():
    assert np.array_equal(place_cells([Footprint(512)], EVERYWHERE[::-1]), EVERYWHERE[::-1])


@pytest.mark.parametrize(
    ("footprints", "permutation", "message"),
    [
        ([row_of(2, 1), Footprint(511)], EVERYWHERE,
         "neuron population 1 .of 2, in the order of creation.: 510 of its 511 cells of 1 "
         "circuit.s. find a place; 0 circuits are left; use fewer cells"),
        ([row_of(100, 5)], EVERYWHERE,
         "4 of its 5 cells of 100 circuit.s. find a place; of 112 circuits that are left, no 100 "
         "lie as its 100 columns .* longest free stretch of a row is 28, .* circuits first"),
        ([row_of(2)], EVERYWHERE[:1], "0 of its 1 cells of 2 .*; 1 circuits are left"),
        ([Footprint(300), Footprint(300)], EVERYWHERE, "needs 600 neuron circuits, but the chip"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_what_is_left(footprints, permutation, message):
    with pytest.raises(MappingError, match=message):
        place_cells(footprints, permutation)


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
