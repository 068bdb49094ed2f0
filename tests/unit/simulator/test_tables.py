"""Argument tables.  Oracle: the places that the head of `simulator/generators/cpu.py` lists."""

import struct

import numpy as np
import pytest

from simulator import tables
from simulator.operations import InputRing, SpikeRing
from tests.support.simulator_plans import LIF, NOISE, NOISY


def neurons(plan, **changed):
    size = tables.padded(20)
    given = {
        "n": 20,
        "partition": np.array([0, 1, 2]),
        "lanes": tables.aligned((2, 3, 16), np.float32),
        "shared": np.zeros(4, np.float32),
        "ring": SpikeRing(
            np.zeros((4, size), np.int32), np.zeros((4, 2), np.int64), np.array([0, 16, 20])
        ),
        "inputs": [InputRing(np.zeros((8, size), np.float32)) for _ in plan.receptors],
        "current": np.zeros(size, np.float32),
        "seed": 2**64 - 3,
        "stream": 2**32 - 1,
        "dt_ms": 0.1,
    } | changed
    return given, *tables.neuron_table(plan, **given)


def test_the_table_of_neurons_is_as_described():
    given, table, keep = neurons(NOISY)
    ring, inputs = given["ring"], given["inputs"]
    assert table[:10].tolist() == [
        20, given["partition"].ctypes.data, given["lanes"].ctypes.data,
        given["shared"].ctypes.data, given["current"].ctypes.data, ring.ids.ctypes.data,
        ring.counts.ctypes.data, 3, -3, 2**32 - 1,
    ]  # fmt: skip
    assert table[10:14].tolist() == [
        inputs[0].values.ctypes.data, 7, inputs[1].values.ctypes.data, 7,
    ]  # fmt: skip
    assert table[14:16].tolist() == [2, *struct.unpack("<q", struct.pack("<d", 0.1))]
    draws, filled = keep[-2:]
    assert table[16:].tolist() == [draws.ctypes.data, filled.ctypes.data]
    assert (draws.shape, draws.dtype) == ((2, 3, 4, 16), np.float32)
    assert (filled[:, 0] == -1).all() and filled.shape == (2, 8)


def test_what_a_model_does_not_have_is_nowhere():
    _, table, _ = neurons(LIF, ring=None, current=None)
    assert table[4:8].tolist() == [0, 0, 0, 0]
    assert table[14:].tolist() == [0, 0]


def test_arrays_of_another_type_are_refused():
    with pytest.raises(AssertionError, match="entry 3: float64, not float32"):
        neurons(LIF, shared=np.zeros(4))
    with pytest.raises(AssertionError, match="not contiguous"):
        neurons(LIF, partition=np.arange(6)[::2])


def test_fields_are_written_and_read_back_and_fill_lanes_without_neuron():
    lanes = tables.aligned((2, 3, 16), np.float32)
    tables.set_lane_field(lanes, 1, np.arange(20))
    assert tables.lane_field(lanes, 1, 20).tolist() == list(range(20))
    assert lanes[1, 1].tolist() == [16, 17, 18, 19] + 12 * [19]
    assert (lanes[:, [0, 2]] == 0).all()


def test_an_empty_group_has_no_lanes():
    lanes = tables.aligned((0, 3, 16), np.float64)
    tables.set_lane_field(lanes, 0, [])
    assert tables.padded(0) == 0 and tables.lane_field(lanes, 0, 0).size == 0


@pytest.mark.parametrize("shape", [(3, 5), (1,), (2, 1, 16)])
def test_aligned_arrays_begin_with_a_cache_line(shape):
    array = tables.aligned(shape, np.float32)
    assert array.ctypes.data % 64 == 0 and array.shape == shape and not array.any()


def test_threads_share_no_cache_line_of_columns():
    assert tables.n_columns(NOISE, 5, 3) == 48
