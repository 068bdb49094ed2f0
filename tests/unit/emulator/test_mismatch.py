"""Mismatch draws: independent of each other and of the order in which they are asked for.

Oracle: the definition, f(chip seed, CRC-32 of the name, index).
"""

import zlib

import numpy as np

from emulator.mismatch import Mismatch
from emulator.random import normal


def test_a_draw_is_a_function_of_seed_name_and_index():
    drawn = Mismatch(7).draw("leak.gm", (512,))
    expected = normal(np.uint64(7), 0xC41B0000, zlib.crc32(b"leak.gm"), 300)
    assert drawn[300] == expected


def test_other_parameters_and_sizes_change_nothing():
    alone, busy = Mismatch(7), Mismatch(7)
    busy.draw("new.parameter", (4,))
    assert np.array_equal(alone.draw("leak.gm", (512,)), busy.draw("leak.gm", (512,)))
    assert np.array_equal(alone.draw("leak.gm", (100,)), busy.draw("leak.gm", (512,))[:100])


def test_parameters_and_chips_are_uncorrelated():
    a, b = Mismatch(0).draw("leak.gm", (512,)), Mismatch(0).draw("leak.v", (512,))
    c = Mismatch(1).draw("leak.gm", (512,))
    assert abs(np.corrcoef([a, b, c])[np.triu_indices(3, 1)]).max() < 4 / np.sqrt(512)
