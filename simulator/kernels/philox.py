"""Random numbers by counters: a draw follows from what it is for, not from earlier draws.

Philox4x32-10 (J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC 2011) turns four counter words and two key words of 32 bits into four random words.
Here the key is the seed (low and high word) and the counter says what the four are for: for a
neuron (neuron, step >> 2, stream, draw), of which word ``step & 3`` is the draw of that step.

A uniform is (word + 1/2)/2^32.  Normals are by Box and Muller (Ann. Math. Stat. 29 (1958), 610),
from words 0, 1 and from 2, 3; they reach 6.76 standard deviations.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from numba import types
from numba.extending import intrinsic

from .llvm import Real, Word
from .mathematics import logarithm, sine_and_cosine_of_turns

F64 = npt.NDArray[np.float64]
U64 = npt.NDArray[np.uint64]

_LOW, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
_M0, _M1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_W0, _W1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_WORD = 2.0**32


def words(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> tuple[Any, Any, Any, Any]:
    """Four random words of a counter and a key, all below 2^32, in 64 bits.

    It works on arrays of uint64, on `llvm.Word` and, compiled, on uint64.
    """
    for _ in range(10):
        p0, p1 = c0 * _M0, c2 * _M1
        c0, c1, c2, c3 = (p1 >> _SHIFT) ^ c1 ^ k0, p1 & _LOW, (p0 >> _SHIFT) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


def _uniform(word: Word) -> Real:
    """(word + 1/2)/2^32: the word as digits of a number from 2^52 on, less what it is too large."""
    shifted = (word | 0x4330000000000000).as_real()
    return (shifted - (2.0**52 - 0.5)) * (1 / _WORD)


def _pair(word: Word, other: Word) -> tuple[Real, Real]:
    radius = (logarithm(_uniform(word)) * -2.0).by_instruction("llvm.sqrt")
    sin, cos = sine_and_cosine_of_turns(_uniform(other))
    return radius * cos, radius * sin


def _of_words(result: Any, formula: Callable[..., tuple[Any, ...]]) -> Any:
    """An intrinsic of counter and key that gives four of what the formula makes of the words."""

    def typed(context: Any, c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
        four: Any = types.UniTuple(result, 4)

        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            given = [Word(builder, argument) for argument in arguments]
            values = [item.value for item in formula(*words(*given))]
            return context.make_tuple(builder, signature.return_type, values)

        return four(*[types.uint64] * 6), generate

    return intrinsic(typed)


random_words: Any = _of_words(types.uint64, lambda *w: w)
uniforms: Any = _of_words(types.float64, lambda *w: tuple(_uniform(word) for word in w))
normals: Any = _of_words(types.float64, lambda a, b, c, d: (*_pair(a, b), *_pair(c, d)))
"""``normals(c0, c1, c2, c3, k0, k1)``: four float64; all arguments uint64 below 2^32."""

BELOW_ONE = 1 - 2.0**-24
"""The largest uniform in float32, which would otherwise round to 1."""


def key_of(seed: int) -> tuple[int, int]:
    """Both key words of a seed between 0 and 2^64."""
    return seed & 0xFFFFFFFF, seed >> 32 & 0xFFFFFFFF


def draws(
    distribution: Literal["normal", "uniform"],
    members: npt.ArrayLike,
    step: int,
    *,
    stream: int,
    draw: int,
    seed: int,
) -> F64:
    """What kernels draw for members of a group in a step, with NumPy; (member,)."""
    places = np.atleast_1d(np.asarray(members, np.uint64))
    key = [np.uint64(word) for word in key_of(seed)]
    c1, c2, c3 = (np.full(places.shape, c, np.uint64) for c in (step >> 2, stream, draw))
    four = [(word.astype(np.float64) + 0.5) / _WORD for word in words(places, c1, c2, c3, *key)]
    if distribution == "uniform":
        return four[step & 3]
    radius, angle = (four[0], four[1]) if step & 2 == 0 else (four[2], four[3])
    turn = np.cos if step & 1 == 0 else np.sin
    return np.sqrt(-2.0 * np.log(radius)) * turn(2 * math.pi * angle)
