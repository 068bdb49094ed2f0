"""One step of a neuron: vectorised over the lanes of a group of blocks, and in pieces for one lane.

Gentle lanes (`emulator.packing.Packer.gentle`), which most are, take their synaptic and adaptation
currents as constant for an interval of steps, unless an event comes; what is left to do per step is
leak, exponential term and the sum.  All others step by a stiff method with every term.
"""

from __future__ import annotations

import numpy as np

from ..jit import fused, helper, inlined, larger, merged, smaller
from ..linkage import apart, record_at
from ..physics.coefficients import COEFFICIENTS
from ..physics.membrane import (
    advance_up_to,
    ceiling,
    exponential,
    extrapolate,
    factor,
    leak,
    room,
    runaway,
    steepness,
    upswing,
)
from ..physics.ota import amplify, saturate
from . import lanes as ln
from .lanes import AT

# Offsets into a block as unsigned integers: no sign to check keeps the inner loop free of branches.
_U = np.uint64
_V, _EXC, _INH = _U(ln.V), _U(ln.EXC), _U(ln.INH)
_OLD_V, _SLOPE, _SLOPE_OLD, _SYN = (
    _U(AT[name]) for name in ("v_old", "slope", "slope_old", "synaptic")
)
_BLOCK = _U(ln.BLOCK)
_OTA_B, _OTA_A = _U(AT["ota_b"]), _U(AT["ota_a"])
_OTA_MAX, _OTA_CUBIC = _U(AT["ota_max"]), _U(AT["ota_cubic"])
_OTA_STIFF, _OTA_STEEP, _OFFSET = _U(AT["ota_stiff"]), _U(AT["ota_steep"]), _U(AT["offset"])
_EXC_CUBIC, _INH_CUBIC = _U(AT["exc_cubic"]), _U(AT["inh_cubic"])
_EXC_DECAY, _EXC_HALF = _U(AT["exc_decay"]), _U(AT["exc_half"])
_EXC_SLOPE, _EXC_BIAS, _EXC_ADD = _U(AT["exc_slope"]), _U(AT["exc_bias"]), _U(AT["exc_add"])
_INH_DECAY, _INH_HALF = _U(AT["inh_decay"]), _U(AT["inh_half"])
_INH_SLOPE, _INH_BIAS, _INH_ADD = _U(AT["inh_slope"]), _U(AT["inh_bias"]), _U(AT["inh_add"])
_EXC_LONG, _EXC_MEAN, _EXC_RISE = _U(AT["exc_long"]), _U(AT["exc_mean"]), _U(AT["exc_rise"])
_INH_LONG, _INH_MEAN, _INH_RISE = _U(AT["inh_long"]), _U(AT["inh_mean"]), _U(AT["inh_rise"])
_THRESHOLD = _U(AT["threshold"])
_EXC_COBA_B, _EXC_COBA_A = _U(AT["exc_coba_b"]), _U(AT["exc_coba_a"])
_INH_COBA_B, _INH_COBA_A = _U(AT["inh_coba_b"]), _U(AT["inh_coba_a"])
_EXP_B, _EXP_A = _U(AT["exp_b"]), _U(AT["exp_a"])
_EXP_MAX, _EXP_STIFF, _EXP_TOP = _U(AT["exp_max"]), _U(AT["exp_stiff"]), _U(AT["exp_top"])
_W, _W_NEXT, _BENT = _U(AT["w"]), _U(AT["w_next"]), _U(AT["bent"])
_PLAIN_OFFSET, _ADAPT_SLOPE = _U(AT["plain_offset"]), _U(AT["adapt_slope"])
_A_B, _A_A, _A_SLOPE = _U(AT["a_b"]), _U(AT["a_a"]), _U(AT["a_slope"])
_DRIVE, _PULSE_LEFT = _U(AT["drive"]), _U(AT["pulse_left"])
_W_DECAY, _W_HALF = _U(AT["w_decay"]), _U(AT["w_half"])

_HALF, _ZERO, _ONE = np.float32(0.5), np.float32(0), np.float32(1)
_2_3RDS, _6TH = np.float32(2 / 3), np.float32(1 / 6)
_AHEAD = np.float32(ln.INTERVAL / 2)
_NO_DROP = np.float32(ln.NO_DROP)


@inlined
def _coefficients(rails):  # type: ignore[no-untyped-def]
    """`COEFFICIENTS` from memory; see there for why."""
    k = ln.COEFFICIENTS
    return (
        rails[k], rails[k + 1], rails[k + 2], rails[k + 3], rails[k + 4], rails[k + 5],
        rails[k + 6], rails[k + 7], rails[k + 8], rails[k + 9], rails[k + 10], rails[k + 11],
        rails[k + 12], rails[k + 13], rails[k + 14],
    )  # fmt: skip


# --- per interval ---------------------------------------------------------------------------------


@apart
def adapt(lanes_at, first, last):  # type: ignore[no-untyped-def]
    """Take the adaptation nodes of blocks first..last - 1 through the coming interval.

    The membrane is taken to go on as in the step before, up to the interval's middle.
    """
    lanes = record_at(lanes_at, ln.LANES_TYPE)
    s, c = lanes.state, _coefficients(lanes.constants)
    for b in range(first, last):
        base = _U(b) * _BLOCK
        for lane in range(16):
            o = base + _U(lane)
            w, left = s[o + _W_NEXT], s[o + _PULSE_LEFT]
            middle = fused(_AHEAD, s[o + _SLOPE], s[o + _V])
            u = saturate(fused(s[o + _A_B], middle, s[o + _A_A]), c)
            goal = fused(s[o + _A_SLOPE], u, s[o + _DRIVE] * smaller(left, _ONE))
            s[o + _PULSE_LEFT] = larger(left - _ONE, _ZERO)
            bent = saturate(fused(w - goal, s[o + _W_HALF], goal), c)
            s[o + _W], s[o + _BENT] = w, bent
            s[o + _W_NEXT] = fused(w - goal, s[o + _W_DECAY], goal)
            s[o + _OFFSET] = fused(-s[o + _ADAPT_SLOPE], bent, s[o + _PLAIN_OFFSET])
    return 0


@inlined
def _amplified(s, o, u_exc, u_inh, c):  # type: ignore[no-untyped-def]
    """Currents of both synaptic amplifiers."""
    return (
        amplify(u_exc, s[o + _EXC_SLOPE], s[o + _EXC_CUBIC], c),
        amplify(u_inh, s[o + _INH_SLOPE], s[o + _INH_CUBIC], c),
    )


@inlined
def _synaptic(v, i_exc, i_inh, r, c):  # type: ignore[no-untyped-def]
    """Synaptic slope behind both output stages.

    r  head_b, head_a, foot_b, foot_a
    """
    return fused(-i_inh, room(r[2], r[3], v, c), i_exc * room(r[0], r[1], v, c))


@merged
def enter_interval(s, first, last, rails):  # type: ignore[no-untyped-def]
    """Synaptic slopes of gentle blocks for an interval without events; lines go to its end."""
    r, c = (rails[0], rails[1], rails[2], rails[3]), _coefficients(rails)
    for b in range(first, last):
        base = _U(b) * _BLOCK
        for lane in range(16):
            o = base + _U(lane)
            exc, inh = s[o + _EXC], s[o + _INH]
            u_exc = fused(exc, s[o + _EXC_MEAN], s[o + _EXC_BIAS])
            u_inh = fused(inh, s[o + _INH_MEAN], s[o + _INH_BIAS])
            i_exc, i_inh = _amplified(s, o, u_exc, u_inh, c)
            middle = fused(_AHEAD, s[o + _SLOPE], s[o + _V])
            s[o + _SYN] = _synaptic(middle, i_exc, i_inh, r, c)
            s[o + _EXC] = fused(exc, s[o + _EXC_LONG], _NO_DROP)
            s[o + _INH] = fused(inh, s[o + _INH_LONG], _NO_DROP)


@inlined
def _power(x, one, two, four):  # type: ignore[no-untyped-def]
    """x to the power of one + 2 two + 4 four, each 0 or 1."""
    x2 = x * x
    x4 = x2 * x2
    x, x2, x4 = (
        fused(one, x - _ONE, _ONE),
        fused(two, x2 - _ONE, _ONE),
        fused(four, x4 - _ONE, _ONE),
    )
    return x * x2 * x4


@inlined
def _mean(middle):  # type: ignore[no-untyped-def]
    """Mean of an exponential from 1 to middle^2, by Simpson's rule."""
    return fused(_2_3RDS, middle, fused(middle, middle, _ONE) * _6TH)


@merged
def enter_rest(s, first, last, n, rails):  # type: ignore[no-untyped-def]
    """`enter_interval` for the last `n` steps of one, fewer than INTERVAL."""
    r, c = (rails[0], rails[1], rails[2], rails[3]), _coefficients(rails)
    one, two, four = np.float32(n & 1), np.float32(n >> 1 & 1), np.float32(n >> 2 & 1)
    ahead = np.float32(n) * _HALF
    for b in range(first, last):
        base = _U(b) * _BLOCK
        for lane in range(16):
            o = base + _U(lane)
            exc, inh = s[o + _EXC], s[o + _INH]
            exc_half = _power(s[o + _EXC_HALF], one, two, four)
            inh_half = _power(s[o + _INH_HALF], one, two, four)
            u_exc = fused(exc, _mean(exc_half), s[o + _EXC_BIAS])
            u_inh = fused(inh, _mean(inh_half), s[o + _INH_BIAS])
            i_exc, i_inh = _amplified(s, o, u_exc, u_inh, c)
            middle = fused(ahead, s[o + _SLOPE], s[o + _V])
            s[o + _SYN] = _synaptic(middle, i_exc, i_inh, r, c)
            s[o + _EXC] = fused(exc, exc_half * exc_half, _NO_DROP)
            s[o + _INH] = fused(inh, inh_half * inh_half, _NO_DROP)


@helper
def leave_interval(s, first, last, n, n_lanes):  # type: ignore[no-untyped-def]
    """Lines of gentle blocks back to `n` steps before the end of the interval that they went to."""
    for b in range(first, last):
        base = _U(b) * _BLOCK
        for _ in range(n):
            for lane in range(n_lanes):
                o = base + _U(lane)
                s[o + _EXC] *= s[o + _EXC_RISE]
                s[o + _INH] *= s[o + _INH_RISE]


@merged
def step_lines(s, first, last, rails):  # type: ignore[no-untyped-def]
    """Synaptic slopes of gentle blocks for one step; lines go to its end."""
    r, c = (rails[0], rails[1], rails[2], rails[3]), _coefficients(rails)
    for b in range(first, last):
        base = _U(b) * _BLOCK
        for lane in range(16):
            o = base + _U(lane)
            exc, inh = s[o + _EXC], s[o + _INH]
            u_exc = fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS])
            u_inh = fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS])
            i_exc, i_inh = _amplified(s, o, u_exc, u_inh, c)
            middle = fused(_HALF, s[o + _SLOPE], s[o + _V])
            s[o + _SYN] = _synaptic(middle, i_exc, i_inh, r, c)
            s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
            s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])


# --- per step -------------------------------------------------------------------------------------


@inlined
def _state_of(lanes_at, log_at):  # type: ignore[no-untyped-def]
    """Arrays that steps work on."""
    lanes = record_at(lanes_at, ln.LANES_TYPE)
    return lanes.state, lanes.constants, record_at(log_at, ln.LOG_TYPE).crossed


@apart
def step_simple(lanes_at, log_at, first, last, n):  # type: ignore[no-untyped-def]
    """Advance gentle blocks first..last - 1 without exponential term by up to `n` steps.

    Stops after a step in which a lane crosses its threshold, and writes how many of each block do.
    Returns the steps taken, negative if it stopped for that.

    lanes_at, log_at  references to LANES_TYPE and LOG_TYPE
    """
    s, rails, crossed = _state_of(lanes_at, log_at)
    low, high, taken, total = rails[ln.LOW], rails[ln.HIGH], 0, np.int32(0)
    c = _coefficients(rails)
    while taken < n and total == 0:
        for b in range(first, last):
            base, count = _U(b) * _BLOCK, np.int32(0)
            for lane in range(16):
                o = base + _U(lane)
                v, slope = s[o + _V], s[o + _SLOPE]
                ota = s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC]
                middle = extrapolate(v, slope, s[o + _SLOPE_OLD], c)
                u, per_u = leak(middle, ota, c)
                present = fused(u, per_u, s[o + _OFFSET]) + s[o + _SYN]
                new = smaller(larger(v + present, low), high)
                s[o + _OLD_V], s[o + _SLOPE_OLD] = v, slope
                s[o + _V], s[o + _SLOPE] = new, present
                count = np.int32(count + np.int32(new >= s[o + _THRESHOLD]))
            crossed[b] = count
            total += count
        taken += 1
    return -taken if total else taken


@apart
def step_adaptive(lanes_at, log_at, first, last, n):  # type: ignore[no-untyped-def]
    """Like `step_simple`, with exponential term."""
    s, rails, crossed = _state_of(lanes_at, log_at)
    low, high, taken, total = rails[ln.LOW], rails[ln.HIGH], 0, np.int32(0)
    c = _coefficients(rails)
    while taken < n and total == 0:
        for b in range(first, last):
            base, count = _U(b) * _BLOCK, np.int32(0)
            for lane in range(16):
                o = base + _U(lane)
                v, slope = s[o + _V], s[o + _SLOPE]
                ota = s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC]
                slope_old = s[o + _SLOPE_OLD]
                middle = extrapolate(v, slope, slope_old, c)
                ahead = upswing(v, slope, slope_old, c)
                i_exp = exponential(ahead, s[o + _EXP_B], s[o + _EXP_A], s[o + _EXP_MAX], c)
                u, per_u = leak(middle, ota, c)
                present = fused(u, per_u, s[o + _OFFSET]) + s[o + _SYN] + i_exp
                new = smaller(larger(v + present, low), high)
                s[o + _OLD_V], s[o + _SLOPE_OLD] = v, slope
                s[o + _V], s[o + _SLOPE] = new, present
                count = np.int32(count + np.int32(new >= s[o + _THRESHOLD]))
            crossed[b] = count
            total += count
        taken += 1
    return -taken if total else taken


@inlined
def _every_input(v, i_exc, i_inh, coba, r, c):  # type: ignore[no-untyped-def]
    """Synaptic currents in conductance mode: (slope, minus its derivative).

    i_exc, i_inh  synaptic slopes before conductance mode and output stages
    coba          b and a of both factors
    """
    k_exc, k_inh = factor(coba[0], coba[1], v), factor(coba[2], coba[3], v)
    # The derivative of the conductance mode's factor, where it is not bent to 0.
    stiff = i_inh * (coba[2] if k_inh > _ZERO else _ZERO)
    stiff = fused(-i_exc, coba[0] if k_exc > _ZERO else _ZERO, stiff)
    i_exc, i_inh = i_exc * k_exc, i_inh * k_inh
    head, foot = room(r[0], r[1], v, c), room(r[2], r[3], v, c)
    stiff = steepness(i_inh, foot, r[2], steepness(i_exc, head, -r[0], stiff, c), c)
    return fused(-i_inh, foot, i_exc * head), stiff


@inlined
def _membrane(v, slope, stiff, ota, exponent, c):  # type: ignore[no-untyped-def]
    """Add leak and exponential term: (slope, minus its derivative, exponential term).

    ota       OTA_FIELDS of kernels.lanes; exponent  b, a, max, stiff
    """
    u, per_u = leak(v, ota, c)
    i_exp = exponential(v, exponent[0], exponent[1], exponent[2], c)
    slope = fused(u, per_u, slope) + i_exp
    stiff = fused(ota[5], u * u, ota[4]) + stiff
    return slope, runaway(v, i_exp, exponent, stiff), i_exp


@apart
def step_full(lanes_at, log_at, first, last, n):  # type: ignore[no-untyped-def]
    """The same by one step with every term, by a stiff method, for lanes that are not gentle.

    One of several steps, that is: `n` is not looked at.
    """
    s, rails, crossed = _state_of(lanes_at, log_at)
    r, c = (rails[0], rails[1], rails[2], rails[3]), _coefficients(rails)
    low, high, total = rails[ln.LOW], rails[ln.HIGH], np.int32(0)
    for b in range(first, last):
        base, count = _U(b) * _BLOCK, np.int32(0)
        for lane in range(16):
            o = base + _U(lane)
            v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
            u_exc = fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS])
            u_inh = fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS])
            i_exc, i_inh = _amplified(s, o, u_exc, u_inh, c)
            ota = (
                s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC],
                s[o + _OTA_STIFF], s[o + _OTA_STEEP],
            )  # fmt: skip
            exponent = s[o + _EXP_B], s[o + _EXP_A], s[o + _EXP_MAX], s[o + _EXP_STIFF]
            coba = s[o + _EXC_COBA_B], s[o + _EXC_COBA_A], s[o + _INH_COBA_B], s[o + _INH_COBA_A]
            synaptic, stiff = _every_input(v, i_exc, i_inh, coba, r, c)
            slope, stiff, i_exp = _membrane(v, synaptic + s[o + _OFFSET], stiff, ota, exponent, c)
            most = ceiling(slope, i_exp, s[o + _EXP_TOP], c)
            new = advance_up_to(v, slope, stiff, most, low, high, c)
            s[o + _OLD_V], s[o + _SLOPE], s[o + _SYN] = v, new - v, synaptic
            s[o + _V] = new
            s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
            s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])
            count = np.int32(count + np.int32(new >= s[o + _THRESHOLD]))
        crossed[b] = count
        total += count
    return -1 if total else 1


# --- one lane -------------------------------------------------------------------------------------


@inlined
def base(lane):  # type: ignore[no-untyped-def]
    """Where a lane's fields start."""
    return _U(lane) // _U(ln.LANES) * _BLOCK + _U(lane) % _U(ln.LANES)


@inlined
def synapses(s, o, v, u_exc, u_inh, rails):  # type: ignore[no-untyped-def]
    """`_every_input` for one lane; u_exc, u_inh are what the synaptic amplifiers see."""
    coba = s[o + _EXC_COBA_B], s[o + _EXC_COBA_A], s[o + _INH_COBA_B], s[o + _INH_COBA_A]
    r = rails[0], rails[1], rails[2], rails[3]
    i_exc, i_inh = _amplified(s, o, u_exc, u_inh, COEFFICIENTS)
    return _every_input(v, i_exc, i_inh, coba, r, COEFFICIENTS)


@inlined
def membrane(s, o, v, slope, stiff):  # type: ignore[no-untyped-def]
    """`_membrane` for one lane."""
    ota = (
        s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC], s[o + _OTA_STIFF],
        s[o + _OTA_STEEP],
    )  # fmt: skip
    exponent = s[o + _EXP_B], s[o + _EXP_A], s[o + _EXP_MAX], s[o + _EXP_STIFF]
    return _membrane(v, slope, stiff, ota, exponent, COEFFICIENTS)


@merged
def settled_w(s, o, v):  # type: ignore[no-untyped-def]
    """Where the adaptation node ends if the membrane stays at `v`."""
    return s[o + _A_SLOPE] * saturate(fused(s[o + _A_B], v, s[o + _A_A]), COEFFICIENTS)


@helper
def standing(s, o, v, rails):  # type: ignore[no-untyped-def]
    """(slope, minus its derivative) if the membrane stays at `v`, no event comes and lines stay."""
    exc, inh = s[o + _EXC] + s[o + _EXC_BIAS], s[o + _INH] + s[o + _INH_BIAS]
    offset = fused(
        -s[o + _ADAPT_SLOPE], saturate(settled_w(s, o, v), COEFFICIENTS), s[o + _PLAIN_OFFSET]
    )
    synaptic, stiff = synapses(s, o, v, exc, inh, rails)
    slope, stiff, _ = membrane(s, o, v, synaptic + offset, stiff)
    return slope, stiff


@inlined
def draw_inputs(lanes, lane):  # type: ignore[no-untyped-def]
    """Take up the synaptic slope of the present lines and amplifiers."""
    s, o = lanes.state, base(lane)
    exc = s[o + _EXC] + lanes.offset[lane]
    inh = s[o + _INH] + lanes.offset[_U(lanes.offset.size // 2) + _U(lane)]
    s[o + _SYN] = synapses(s, o, s[o + _V], exc, inh, lanes.constants)[0]


@helper
def settle(lanes, lane, v):  # type: ignore[no-untyped-def]
    """Put a membrane at `v`, and the adaptation node where it ends if it stays there."""
    s, o = lanes.state, base(lane)
    w = settled_w(s, o, v)
    bent = saturate(w, COEFFICIENTS)
    s[o + _W], s[o + _W_NEXT], s[o + _BENT] = w, w, bent
    s[o + _OFFSET] = fused(-s[o + _ADAPT_SLOPE], bent, s[o + _PLAIN_OFFSET])
    s[o + _V], s[o + _OLD_V] = v, v
    draw_inputs(lanes, lane)
    take_slope(s, o)


@merged
def kick(lanes, lane, part):  # type: ignore[no-untyped-def]
    """An adaptation pulse begins after `part` of the present interval.

    What it adds grows with time, as the node's tau is much longer than an interval: the straight
    line from w to w_next is bent there.  Of a whole interval's share, `half` decays until its end;
    a part of one at the interval's end has less time for that, and one at its beginning more.
    """
    s, o, pulse = lanes.state, base(lane), lanes.analog[ln.PULSE, lane]
    first = smaller(pulse, _ONE - part)
    half = _HALF * (_ONE - s[o + _W_DECAY])
    if s[o + _PULSE_LEFT] == _ZERO:
        share = first * (_ONE + half * (_ONE - first))
        added = s[o + _DRIVE] * (_ONE - s[o + _W_DECAY]) * share
        s[o + _W] -= added * part / (_ONE - part)
        s[o + _W_NEXT] += added
    left = pulse - first
    last = left - np.floor(left)
    s[o + _PULSE_LEFT] = left - half * last * (_ONE - last)


@inlined
def take_slope(s, o):  # type: ignore[no-untyped-def]
    """After a jump of the membrane or of its currents, what was is no hint of what comes."""
    slope, _, _ = membrane(s, o, s[o + _V], s[o + _OFFSET] + s[o + _SYN], _ZERO)
    s[o + _SLOPE], s[o + _SLOPE_OLD] = slope, slope


@helper
def coupled_slopes(s, first, last, rails, slope, stiff):  # type: ignore[no-untyped-def]
    """For coupled lanes: their own currents (slope, stiff) per step; all but v goes on."""
    for lane in range(first * ln.LANES, last * ln.LANES):
        o, k = base(lane), lane - first * ln.LANES
        v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
        u_exc = fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS])
        u_inh = fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS])
        synaptic, stiff_syn = synapses(s, o, v, u_exc, u_inh, rails)
        slope[k], stiff[k], _ = membrane(s, o, v, synaptic + s[o + _OFFSET], stiff_syn)
        s[o + _SLOPE], s[o + _OLD_V] = v - s[o + _OLD_V], v
        s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
        s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])


@inlined
def piece(lanes, lane, v, part):  # type: ignore[no-untyped-def]
    """V after `part` of a step from `v`, with the present step's synaptic slope."""
    s, o, rails = lanes.state, base(lane), lanes.constants
    slope, stiff, i_exp = membrane(s, o, v, s[o + _OFFSET] + s[o + _SYN], _ZERO)
    most = ceiling(slope, i_exp, s[o + _EXP_TOP], COEFFICIENTS) * part
    return advance_up_to(
        v, slope * part, stiff * part, most, rails[ln.LOW], rails[ln.HIGH], COEFFICIENTS
    )
