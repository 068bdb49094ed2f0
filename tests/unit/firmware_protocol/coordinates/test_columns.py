"""Columns, the words that group them, and the vectors that hold them.

Oracle: the formulas of ``docs/reference/coordinates.md`` evaluated case by case.
"""

import pytest

from firmware_protocol import coordinates as c


def test_every_column_finds_itself_in_its_quad():
    for column in c.SynapseColumn.all():
        assert column.quad.column(column.entry_on_quad) == column
        assert column.quad.columns[column.entry_on_quad] == column


def test_quads_of_the_east_half():
    for quad in c.SynapseQuadColumn.all():
        assert quad.is_east == (min(quad.columns) >= 128)
        assert quad.is_east == (max(quad.columns) >= 128)


def test_even_columns_are_in_the_first_32_quads():
    assert all((column.quad < 32) == (column % 2 == 0) for column in c.SynapseColumn.all())


@pytest.mark.parametrize("entry", [-1, 4])
def test_a_quad_has_four_entries(entry):
    with pytest.raises(
        c.CoordinateError, match=rf"column: entry = {entry} does not exist; choose 0\.\.3"
    ):
        c.SynapseQuadColumn(5).column(entry)


def test_vector_lanes_hold_even_columns_then_odd_ones():
    assert [int(lane.column) for lane in c.PPUVectorLane.all()] == [
        *range(0, 256, 2),
        *range(1, 256, 2),
    ]
    assert all(column.vector_lane.column == column for column in c.SynapseColumn.all())
    assert c.PPUVectorLane.at(parity=1, lane=3) == c.SynapseColumn(7).vector_lane == 131


@pytest.mark.parametrize(("parity", "lane"), [(2, 0), (0, 128)])
def test_vectors_have_128_lanes_and_there_are_two(parity, lane):
    with pytest.raises(c.CoordinateError, match=r"PPUVectorLane\.at: (parity|lane) = "):
        c.PPUVectorLane.at(parity, lane)
