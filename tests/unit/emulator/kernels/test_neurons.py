"""The inner loop of the neuron kernel is vector code.

Oracle: the machine code.
"""

import platform
import re

import numpy as np
import pytest
from numba import njit

from emulator.kernels import neurons

ON_X86 = platform.machine().lower() in {"x86_64", "amd64"}


@pytest.mark.skipif(not ON_X86, reason="looks for x86 instructions")
def test_the_step_of_sixteen_lanes_divides_in_vectors():
    fresh = njit(error_model="numpy")(neurons._step_blocks.py_func)
    fresh(np.zeros(24 * 16, np.float32), 1, np.float32(1e-9), np.zeros(1, np.int32))
    (code,) = fresh.inspect_asm().values()
    assert len(re.findall(r"v?divps", code)) >= 4  # three OTAs and one membrane
    assert len(re.findall(r"v?divss", code)) == 0
