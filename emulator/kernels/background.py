"""Background spike sources: their random numbers, and events in order of time.

The generator is a linear feedback shift register of 32 bits.  The chip's polynomial is not
published; this one, x^32 + x^22 + x^2 + x + 1, has the longest possible period.  A linear register
that goes n shifts ahead multiplies its state by the n-th power of a matrix over GF(2): tables of
such powers replace shifting bit by bit.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..jit import compiled, inlined
from ..numbers.events import NUMBERS

I64 = npt.NDArray[np.int64]

NEVER = np.iinfo(np.int64).max
_BITS, _WORD = 32, (1 << 32) - 1
_TAPS = (
    _BITS,
    *(int(NUMBERS[f"background_tap_{name}"].value) for name in ("high", "middle", "low")),
)
_SHIFTS = int(NUMBERS["background_shifts"].value)
_DRAWN_ZERO = int(NUMBERS["background_drawn_zero"].value)


class Generators(NamedTuple):
    """The sources, (source,) int64 each."""

    next_tick: I64  # chip tick at which the running period ends; NEVER while disabled
    period: I64  # ticks, above zero
    random: I64  # 1: draw at the end of a period, 0: always an event
    rate: I64  # 8 bit
    mask: I64  # 8 bit, label bits to randomise
    label: I64  # 14 bit
    state: I64  # of the shift register, 32 bit


class Tables(NamedTuple):
    """How the shift register moves on.

    draw    (4, 256) what each value of each byte of a state adds to the state after a draw
    powers  (32, 32) what each bit of a state adds to the state after 2**k draws, by k and bit
    """

    draw: I64
    powers: I64


def _shift(state: I64) -> I64:
    """States after one shift to the left."""
    feedback = np.zeros_like(state)
    for tap in _TAPS:
        feedback ^= state >> (tap - 1) & 1
    return state << 1 & _WORD | feedback


def _transform(columns: I64, state: I64) -> I64:
    """Multiply states by the matrix with these columns."""
    out = np.zeros_like(state)
    for bit in range(_BITS):
        out ^= columns[bit] * (state >> bit & 1)
    return out


@cache
def tables() -> Tables:
    """The tables; not to be written to."""
    columns = np.int64(1) << np.arange(_BITS)
    for _ in range(_SHIFTS):
        columns = _shift(columns)
    byte = np.arange(256) << 8 * np.arange(4)[:, None]
    powers = [columns]
    for _ in range(_BITS - 1):
        powers.append(_transform(powers[-1], powers[-1]))
    return Tables(draw=_transform(columns, byte), powers=np.stack(powers))


@inlined
def _drawn(state, draw):  # type: ignore[no-untyped-def]
    """State after a draw."""
    low = draw[0, state & 255] ^ draw[1, state >> 8 & 255]
    return low ^ draw[2, state >> 16 & 255] ^ draw[3, state >> 24 & 255]


@inlined
def _jumped(state, powers, n):  # type: ignore[no-untyped-def]
    """State after n draws; the register returns to a state after 2**32 - 1 of them."""
    n = n % _WORD
    for k in range(_BITS):
        if n >> k & 1:
            moved = 0
            for bit in range(_BITS):
                moved ^= powers[k, bit] * (state >> bit & 1)
            state = moved
    return state


@inlined
def _fires(state, rate):  # type: ignore[no-untyped-def]
    """Whether a draw gives an event: if its low byte is at most the rate, where 0 counts as 255.

    That is the documented comparison, and keeps what is documented of its result: rate 0 is off
    and 255 fires in every period.  In between the mean interval is 256 / rate periods, 0.4 % above
    the documented 255 / rate; the bare comparison would give 256 / (rate + 1).
    """
    value = state & 255
    return (value if value > 0 else _DRAWN_ZERO) <= rate


@compiled
def generate(generators, tables, end_tick, out_tick, out_source, out_label):  # type: ignore[no-untyped-def]
    """Write events before `end_tick` in order of time, then of source; return their number.

    out_tick, out_source, out_label  (room,) int64; ends early when they are full
    Writes to the outputs and to the generators' next_tick and state.
    """
    next_tick, period, draw = generators.next_tick, generators.period, tables.draw
    n = 0
    while n < out_tick.size:
        s, tick = -1, end_tick
        for k in range(next_tick.size):
            if next_tick[k] < tick:
                s, tick = k, next_tick[k]
        if s < 0:
            break
        next_tick[s] += period[s]
        label = generators.label[s]
        if generators.random[s]:
            state = _drawn(generators.state[s], draw)
            generators.state[s] = state
            if not _fires(state, generators.rate[s]):
                continue
            mask = generators.mask[s]
            label = label & ~mask | state >> 8 & mask
        out_tick[n], out_source[n], out_label[n] = tick, s, label
        n += 1
    return n


@compiled
def skip(generators, tables, tick):  # type: ignore[no-untyped-def]
    """Move the generators on to `tick` as if their events before it had been generated."""
    next_tick, period = generators.next_tick, generators.period
    for s in range(next_tick.size):
        if next_tick[s] < tick:
            n = (tick - next_tick[s] + period[s] - 1) // period[s]
            next_tick[s] += n * period[s]
            if generators.random[s]:
                generators.state[s] = _jumped(generators.state[s], tables.powers, n)
