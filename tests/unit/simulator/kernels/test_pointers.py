"""Memory by address.  Oracle: the arrays at these addresses."""

import struct

import numpy as np
import pytest
from numba import carray, cfunc, njit

from simulator.kernels import pointers
from simulator.kernels.pointers import as_float64, call, first_flag, flag, int64_at


@pytest.mark.parametrize("name", ["float32", "float64", "int8", "int16", "int32", "int64", "uint8"])
def test_a_pointer_reads_and_writes_at_its_address(name):
    at = getattr(pointers, f"{name}_at")

    @njit
    def move(address):
        pointer = at(address)
        pointer[2] = pointer[1]
        return carray(pointer, (3,)).sum()

    array = np.array([1, 7, 0], name)
    assert move(array.ctypes.data) == 15
    assert array.tolist() == [1, 7, 7]


def test_loads_and_stores_reach_the_array():
    load, store, at = pointers.load_lanes, pointers.store_current, pointers.float64_at

    @njit
    def copy(source, target):
        store(at(target), 1, load(at(source), 2))

    a, b = np.arange(3.0), np.zeros(2)
    copy(a.ctypes.data, b.ctypes.data)
    assert b.tolist() == [0, 2]


@cfunc("void(int64,int64,int64)")
def add_up(table, step, thread):
    int64_at(table)[0] += 100 * step + thread


def test_a_call_runs_the_function_at_an_address():
    @njit
    def run(address, table):
        for step in range(3):
            call(address, table, step, 7)

    table = np.zeros(1, np.int64)
    run(add_up.address, table.ctypes.data)
    assert table[0] == 321


def test_bits_become_a_number():
    @njit
    def convert(bits):
        return as_float64(bits)

    (bits,) = struct.unpack("<q", struct.pack("<d", -0.1))
    assert convert(bits) == -0.1


def test_flags_are_found_from_the_lowest():
    @njit
    def found(a, b):
        return first_flag(flag(flag(flag(np.int32(0), True, a), True, b), False, 0))

    assert found(5, 3) == 3
