"""Arrays that grow.  Oracle: NumPy's concatenation of the same pieces."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.growing import GrowingArray


@given(st.lists(st.integers(0, 3000), max_size=12), st.integers(0, 5000))
def test_pieces_come_out_as_one_array(sizes, expected):
    pieces = [np.arange(size, dtype=np.uint16) + k for k, size in enumerate(sizes)]
    growing = GrowingArray(np.uint16)
    growing.reserve(expected)
    for piece in pieces:
        growing.extend(piece)
    assert len(growing) == sum(sizes)
    whole = growing.take()
    assert whole.dtype == np.uint16
    assert np.array_equal(whole, np.concatenate([np.empty(0, np.uint16), *pieces]))
    assert len(growing) == 0
    assert growing.take().size == 0


def test_room_is_written_by_its_taker():
    growing = GrowingArray(np.int64)
    growing.extend(np.array([1, 2]))
    growing.room(2)[...] = [3, 4]
    growing.reserve(10_000)
    growing.extend(np.array([5]))
    assert growing.take().tolist() == [1, 2, 3, 4, 5]


def test_it_is_empty_and_of_use_after_taking():
    growing = GrowingArray(np.uint64)
    growing.extend(np.array([7], np.uint64))
    first = growing.take()
    growing.extend(np.array([8, 9], np.uint64))
    assert (first.tolist(), growing.take().tolist()) == ([7], [8, 9])


def test_little_is_reserved_beyond_what_is_there():
    growing = GrowingArray(np.uint8)
    for _ in range(1000):
        growing.extend(np.zeros(1000, np.uint8))
    assert growing._items.size < 1.2 * len(growing)
