"""Functions that are compiled apart, and what lies between them.

Oracle of records: Numba itself reads each member of one that Python wrote.
"""

import weakref
from typing import NamedTuple

import numpy as np
import pytest
from numba import TypingError, njit, types

from emulator.linkage import Record, apart, call, named_tuple, record_at, reference

F2 = types.Array(types.float32, 2, "C")
I1 = types.Array(types.int64, 1, "C")
B1 = types.Array(types.boolean, 1, "C")


class Inner(NamedTuple):
    values: np.ndarray
    flags: np.ndarray


class Outer(NamedTuple):
    first: int
    inner: Inner
    last: np.ndarray
    seed: np.uint64


OUTER = named_tuple(Outer, types.int64, named_tuple(Inner, F2, B1), I1, types.uint64)
PAIR = named_tuple(Inner, I1, I1)


@njit
def read(address):
    record = record_at(address, OUTER)
    return (
        record.first,
        record.inner.values.copy(),
        record.inner.flags.copy(),
        record.last.copy(),
        record.seed,
    )


@njit
def write(address):
    record_at(address, OUTER).inner.values[1, 2] = 7


@apart
def weighted(pair_at, factor):
    """Sum of products, times a factor."""
    pair, total = record_at(pair_at, PAIR), 0
    for k in range(pair.values.size):
        total += pair.values[k] * pair.flags[k]
    return factor * total


@njit
def through(address, left, right, factor):
    pair = Inner(left, right)
    return call(address, (reference(pair, PAIR), factor))


@pytest.fixture
def outer():
    inner = Inner(np.arange(12, dtype=np.float32).reshape(3, 4), np.array([True, False, True]))
    return Outer(-5, inner, np.array([2**62, -1]), np.uint64(2**63 + 1))


def test_compiled_code_reads_what_python_wrote(outer):
    record = Record(outer, OUTER)
    first, values, flags, last, seed = read(record.address)
    assert first == -5
    assert np.array_equal(values, outer.inner.values)
    assert np.array_equal(flags, outer.inner.flags)
    assert np.array_equal(last, outer.last)
    assert seed == outer.seed


def test_compiled_code_writes_to_the_arrays_themselves(outer):
    record = Record(outer, OUTER)
    write(record.address)
    assert outer.inner.values[1, 2] == 7


def test_a_record_keeps_its_arrays_alive():
    last = np.arange(1000)
    alive = weakref.ref(last)
    inner = Inner(np.full((2, 2), 3, np.float32), np.ones(1, bool))
    record = Record(Outer(0, inner, last, np.uint64(0)), OUTER)
    del last
    assert alive() is not None
    assert np.array_equal(read(record.address)[3], np.arange(1000))


@pytest.mark.parametrize("last", [np.zeros(2), np.arange(6)[::2], np.zeros((1, 2), np.int64)])
def test_a_record_of_another_type_is_refused(outer, last):
    with pytest.raises(TypeError, match="is expected"):
        Record(outer._replace(last=last), OUTER)


def test_a_record_of_another_class_is_refused(outer):
    with pytest.raises(TypeError, match="is expected"):
        Record(Inner(np.zeros(1, np.int64), np.zeros(1, np.int64)), OUTER)


def test_a_record_like_another_one_has_what_is_new_and_needs_the_other_one_no_more(outer):
    first = Record(outer, OUTER)
    changed = outer._replace(first=8, last=np.array([3, 4, 5]))
    record = Record(changed, OUTER, first)
    del first
    number, values, flags, last, seed = read(record.address)
    assert (number, last.tolist(), seed) == (8, [3, 4, 5], outer.seed)
    assert np.array_equal(values, outer.inner.values)
    assert np.array_equal(flags, outer.inner.flags)
    again = Record(
        changed._replace(inner=Inner(outer.inner.values, np.zeros(1, bool))), OUTER, record
    )
    _, values, flags, last, _ = read(again.address)
    assert np.array_equal(values, outer.inner.values)
    assert (flags.tolist(), last.tolist()) == ([False], [3, 4, 5])


def test_a_record_like_another_one_is_still_of_one_type(outer):
    with pytest.raises(TypeError, match="is expected"):
        Record(outer._replace(last=np.zeros(2)), OUTER, Record(outer, OUTER))


def test_python_calls_what_is_apart():
    pair = Inner(np.array([1, 2]), np.array([10, 100]))
    assert weighted(Record(pair, PAIR), -3) == -630


def test_compiled_code_calls_it_by_its_address():
    assert through(weighted.address, np.array([1, 2]), np.array([10, 100]), 2) == 420


def test_a_reference_to_another_type_is_refused_when_it_is_compiled():
    with pytest.raises(TypingError, match="_reference"):
        through(weighted.address, np.array([1.0, 2.0]), np.array([10, 100]), 2)


def test_it_keeps_its_documentation():
    assert weighted.__doc__ == "Sum of products, times a factor."
