"""The numbers in the formulas of a step, as a tuple that every formula takes.

Loops over many lanes read them from memory.  LLVM loads a number that it knows anew for every
vector of lanes, rather than keep it in a register, and loads are what bounds these loops: a step of
16 lanes takes 51 instructions instead of 64 if it does not know them.
"""

from __future__ import annotations

import numpy as np

NAMES = (
    "half",
    "one",
    "limit",  # of an amplifier's input: see `physics.ota`
    "minus_limit",
    "cubic",  # -4/27
    "three_8ths",  # of `membrane.extrapolate`
    "further",  # of `membrane.upswing`
    "lowest",  # of `membrane.exp2`
    "round",
    "p1",
    "p2",
    "p3",
    "minus_5_6ths",  # of `membrane.ceiling`
    "minus_one",  # of `membrane.advance_up_to`
    "twelfth",
)
(HALF, ONE, LIMIT, MINUS_LIMIT, CUBIC, THREE_8THS, FURTHER, LOWEST, ROUND, P1, P2, P3, MINUS_5_6THS,
 MINUS_ONE, TWELFTH) = range(len(NAMES))  # fmt: skip

_ROUND = 12582912.0  # 1.5 * 2^23: adding it leaves an integer in the low bits
_VALUES = (
    0.5, 1, 1.5, -1.5, -4 / 27, 3 / 8, 0.55, -126, _ROUND, 0.69328293, 0.24221098, 0.05500892,
    -5 / 6, -1, 1 / 12,
)  # fmt: skip
COEFFICIENTS = tuple(np.float32(value) for value in _VALUES)
assert len(COEFFICIENTS) == len(NAMES) == 15  # `kernels.stepping` reads as many
