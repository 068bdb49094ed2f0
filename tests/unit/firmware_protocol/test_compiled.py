"""Machine code on disk, and where there is no room for it.

A machine on which nothing can be written is one on which Numba finds no place for its cache.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_protocol.compiled import compiled, on_disk

ROOT = Path(__file__).parents[3]
NOWHERE = """
import warnings
from numba.core.caching import CacheImpl
CacheImpl._locator_classes = []
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    {use}
print(*[str(w.message) for w in caught], sep="\\n")
"""
EMULATOR = """
    import numpy as np
    from emulator import Emulator, compilation
    from firmware_protocol import Program
    program = Program()
    program.halt()
    assert Emulator().execute(program.words()).size
    assert compilation.mark() is None
"""
SIMULATOR = """
    import pynn_hx.sim as sim
    sim.setup()
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
    cells.record("spikes")
    sim.run(100.0)
    assert all(cells.get_data().segments[0].spiketrains[0].size for _ in range(2))
"""


@compiled(nogil=True)
def twice(x):
    return 2 * x


def said(use, tmp_path):
    """What a program warns of on a machine where nothing can be written but one folder."""
    done = subprocess.run(
        [sys.executable, "-c", NOWHERE.format(use=use)],
        capture_output=True, text=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYNN_HX_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_compiled_with_a_cache():
    assert twice(21) == 42
    assert twice.stats.cache_path is not None


def test_other_errors_are_passed_on():
    def fails(cache):
        raise RuntimeError(f"something else, with cache={cache}")

    with pytest.raises(RuntimeError, match="with cache=True"):
        on_disk(fails)


def test_without_a_place_to_write_to_the_emulator_works_and_says_so_once(tmp_path):
    assert said(EMULATOR, tmp_path).count("set NUMBA_CACHE_DIR") == 1


def test_without_a_place_to_write_to_the_simulator_works(tmp_path):
    said(SIMULATOR, tmp_path)
