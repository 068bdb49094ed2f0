"""Loops of the two converters: MADC samples of traces, noise of a CADC row, and wires in common.

Noise is drawn in a loop of its own, block by block: a draw depends on its counter alone, so that
loop fills SIMD registers, and only the correlated noise has to be added up one sample at a time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ..jit import compiled, helper, larger, merged, smaller
from ..linkage import named_tuple
from ..physics.madc import CHANNEL, code_of
from ..random import normal, philox

Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

CADC_PURPOSE, MADC_PURPOSE = 10, 11
BLOCK = 1024
"""Samples per round; its noise stays in the first-level cache."""

_LOW, _SHIFT = np.uint64(0xFFFFFFFF), np.uint64(32)
_HALF, _HALF_SHIFT = np.uint64(0xFFFF), np.uint64(16)
# A sum of n 16-bit words has this mean and standard deviation.
_WHITE_WORDS, _KICK_WORDS = 6, 2
_WHITE_MEAN = np.float32(_WHITE_WORDS * 65535 / 2)
_KICK_MEAN = np.float32(_KICK_WORDS * 65535 / 2)
_PER_WHITE_SIGMA = np.float32(1 / math.sqrt(_WHITE_WORDS * (65536**2 - 1) / 12))
_PER_KICK_SIGMA = np.float32(1 / math.sqrt(_KICK_WORDS * (65536**2 - 1) / 12))


class Run(NamedTuple):
    """One run of the MADC, times in half clocks (2 ns): what distinguishes its samples.

    start, period  sample k is taken at start + k * period
    place          of its random numbers: the cycle of its start, 32 bits
    first_input    which multiplexer it starts with
    length         samples before it takes the other one; 0: it never does
    """

    start: int
    period: int
    place: int
    first_input: int
    length: int


class Converter(NamedTuple):
    """A chip's MADC.

    per_lsb     codes per volt
    zero        code at 0 V, unrounded
    white       sigma of the independent noise [LSB]
    retain      share of the correlated noise that survives a period
    kick        sigma of what a period adds to it [LSB]
    settling    number of samples during which it settles
    loss        share of samples that get lost, times 2**32
    """

    per_lsb: float
    zero: float
    white: float
    retain: float
    kick: float
    settling: int
    loss: int


RUN_TYPE = named_tuple(Run, *[types.int64] * 5)
CONVERTER_TYPE = named_tuple(Converter, *[types.float64] * 5, types.int64, types.int64)


def new_scratch() -> tuple[F32, F32, F32, Bytes]:
    """Room for a round of samples."""
    white, kick, volts = np.empty((3, BLOCK), np.float32)
    return white, kick, volts, np.empty(BLOCK, np.uint8)


@helper
def draw(white, kick, lost, n, key, place, first, loss):  # type: ignore[no-untyped-def]
    """Random numbers of samples first .. first + n - 1.

    white, kick  (BLOCK,) float32 of unit variance: sums of six and of two 16-bit words, which end
                 at 4.2 and 2.4 sigma.  Some 400 kicks make the correlated noise, so that their own
                 distribution cannot be seen.
    lost         (BLOCK,) whether the sample gets lost.  That its kick decides is seen by nobody.
    """
    k0, k1 = key & _LOW, key >> _SHIFT
    purpose, where = np.uint64(MADC_PURPOSE), np.uint64(place)
    limit = np.uint64(loss)
    for i in range(n):
        c = np.uint64(first + i)
        a, b, c, d = philox(c & _LOW, c >> _SHIFT, where, purpose, k0, k1)
        pair = (a & _HALF) + (a >> _HALF_SHIFT) + (b & _HALF) + (b >> _HALF_SHIFT)
        six = pair + (c & _HALF) + (c >> _HALF_SHIFT)
        two = (d & _HALF) + (d >> _HALF_SHIFT)
        white[i] = (np.float32(np.int32(six)) - _WHITE_MEAN) * _PER_WHITE_SIGMA
        kick[i] = (np.float32(np.int32(two)) - _KICK_MEAN) * _PER_KICK_SIGMA
        lost[i] = d < limit


@merged
def _interpolate(volts, n, signal, offset, period, shift):  # type: ignore[no-untyped-def]
    """Values of a trace with points 2**shift half clocks apart at offset, offset + period, ..."""
    per_step, mask = np.float32(1.0 / (1 << shift)), (1 << shift) - 1
    for i in range(n):
        at = offset + i * period
        index = at >> shift
        here = signal[index]
        volts[i] = here + (signal[index + 1] - here) * (np.float32(at & mask) * per_step)


@helper
def _alternate(volts, n, signals, run, first, offset, shift):  # type: ignore[no-untyped-def]
    """As `_interpolate`, from the two inputs in turn."""
    per_step, mask = np.float32(1.0 / (1 << shift)), (1 << shift) - 1
    for i in range(n):
        at = offset + i * run.period
        index = at >> shift
        signal = signals[selected(run, first + i)]
        here = signal[index]
        volts[i] = here + (signal[index + 1] - here) * (np.float32(at & mask) * per_step)


@helper
def selected(run, k):  # type: ignore[no-untyped-def]
    """Which multiplexer sample k comes from."""
    if run.length == 0:
        return run.first_input
    return run.first_input ^ (k // run.length & 1)


@compiled
def sample(  # type: ignore[no-untyped-def]
    signals, trace_start, shift, run, converter, key, first, count, slow, tick, code, scratch
):
    """Take samples first .. first + count - 1; return (number written, slow noise).

    signals      (2, point) float32 [V], what the multiplexers give at trace_start, and every
                 2**shift half clocks after it; the samples lie between the first and last point
    run, converter  see there
    slow         the correlated noise before the first sample [LSB]
    tick, code   (count,) int64 outputs: chip tick (4 ns), and value with the channel bit
    scratch      see `new_scratch`
    """
    white, kick, volts, lost = scratch
    written, last = count - count, first + count  # no literal, which would compile once more
    per_lsb, zero = np.float32(converter.per_lsb), np.float32(converter.zero)
    sigma = np.float32(converter.white)
    while first < last:
        n = smaller(BLOCK, last - first)
        draw(white, kick, lost, n, key, run.place, first, converter.loss)
        for i in range(n):
            slow = converter.retain * slow + converter.kick * kick[i]
            kick[i] = slow
        at = run.start + first * run.period
        if run.length == 0:
            signal = signals[run.first_input]
            _interpolate(volts, n, signal, at - trace_start, run.period, shift)
        else:
            _alternate(volts, n, signals, run, first, at - trace_start, shift)
        for i in range(n):
            value = code_of(volts[i], per_lsb, zero, sigma * white[i] + kick[i])
            tick[written + i], code[written + i] = at + i * run.period >> 1, value
        _settle(code, written, n, first, converter.settling)
        _mark(code, written, n, first, run)
        written += _keep(tick, code, lost, written, n)
        first += n
    return written, slow


@merged
def _settle(code, at, n, first, settling):  # type: ignore[no-untyped-def]
    """The first samples of a run rise from nothing, so that whoever uses them sees it."""
    for k in range(first, smaller(first + n, settling)):
        code[at + k - first] = code[at + k - first] * k // settling


@merged
def _mark(code, at, n, first, run):  # type: ignore[no-untyped-def]
    """Put the channel bit: where the multiplexer stands when the conversion is over."""
    if run.length == 0 and run.first_input == 0:
        return
    for i in range(n):
        code[at + i] |= selected(run, first + i + 1) << CHANNEL


@merged
def _keep(tick, code, lost, at, n):  # type: ignore[no-untyped-def]
    """Close the gaps of lost samples; return how many are left."""
    n_lost = 0
    for i in range(n):
        n_lost += lost[i]
    if n_lost == 0:
        return n
    kept = at
    for i in range(n):
        if not lost[i]:
            tick[kept], code[kept] = tick[at + i], code[at + i]
            kept += 1
    return kept - at


@compiled
def mix(traces, weight, leak, onset, constant, out):  # type: ignore[no-untyped-def]
    """out (2, point) float32 = constant + weights of traces, and of what exceeds `onset` in them.

    traces  (pair, point) float32 [V]; weight, leak (2, pair); constant (2,) [V]
    """
    edge = np.float32(onset)
    for side in range(2):
        start = np.float32(constant[side])
        for i in range(out.shape[1]):
            out[side, i] = start
        for pair in range(traces.shape[0]):
            share, excess = np.float32(weight[side, pair]), np.float32(leak[side, pair])
            if share != 0:
                for i in range(out.shape[1]):
                    out[side, i] += share * traces[pair, i]
            if excess != 0:
                for i in range(out.shape[1]):
                    out[side, i] += excess * larger(traces[pair, i] - edge, np.float32(0))


@compiled
def row_noise(out, key, half, cycle):  # type: ignore[no-untyped-def]
    """Fill out (channel,) with unit deviates of one conversion of a CADC."""
    for channel in range(out.size):
        out[channel] = normal(key, CADC_PURPOSE, half * out.size + channel, cycle)


@compiled
def _connect(a, b, parent, group):  # type: ignore[no-untyped-def]
    """See `connected`; parent: (n_nodes,) scratch."""
    for node in range(parent.size):
        parent[node] = node
    for k in range(a.size):
        x, y = _root(parent, a[k]), _root(parent, b[k])
        parent[larger(x, y)] = smaller(x, y)
    n_groups = 0
    for node in range(parent.size):  # a root has the smallest number of its group
        root = _root(parent, node)
        if root == node:
            group[node] = n_groups
            n_groups += 1
        else:
            group[node] = group[root]


def connected(n_nodes: int, a: Ints, b: Ints) -> Ints:
    """Piece of wire of each node, (n_nodes,) from 0 up; edge k joins a[k] and b[k].

    Tarjan (1975), "Efficiency of a good but not linear set union algorithm", with path halving.
    """
    parent, group = np.empty((2, n_nodes), np.int64)
    _connect(a, b, parent, group)
    return group


@helper
def _root(parent, node):  # type: ignore[no-untyped-def]
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node
