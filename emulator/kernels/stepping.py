"""One step of a neuron: vectorised over the lanes of a group of blocks, and in pieces for one lane.

Both use the same terms of :mod:`emulator.physics.membrane`.  A step leaves
what the state was at its beginning; see :mod:`emulator.kernels.lanes`.
"""

from __future__ import annotations

import numpy as np

from ..jit import embedded, fused, helper, inlined
from ..physics.membrane import (
    advance,
    advance_up_to,
    ceiling,
    exponential,
    factor,
    leak,
    room,
    steepness,
)
from ..physics.ota import amplify, saturate
from ..physics.synaptic_input import decay
from . import lanes as ln
from .lanes import AT

# Offsets into a block as unsigned integers: no sign to check keeps the inner loop free of branches.
_U = np.uint64
_V, _EXC, _INH = _U(ln.V), _U(ln.EXC), _U(ln.INH)
_OLD_V, _OLD_EXC, _OLD_INH = (_U(ln.OLD + k) for k in (ln.V, ln.EXC, ln.INH))
_BLOCK = _U(ln.BLOCK)
_OTA_B, _OTA_A = _U(AT["ota_b"]), _U(AT["ota_a"])
_OTA_MAX, _OTA_CUBIC = _U(AT["ota_max"]), _U(AT["ota_cubic"])
_OTA_STIFF, _OTA_STEEP, _OFFSET = _U(AT["ota_stiff"]), _U(AT["ota_steep"]), _U(AT["offset"])
_EXC_CUBIC, _INH_CUBIC = _U(AT["exc_cubic"]), _U(AT["inh_cubic"])
_EXC_DECAY, _EXC_HALF = _U(AT["exc_decay"]), _U(AT["exc_half"])
_EXC_SLOPE, _EXC_BIAS, _EXC_ADD = _U(AT["exc_slope"]), _U(AT["exc_bias"]), _U(AT["exc_add"])
_INH_DECAY, _INH_HALF = _U(AT["inh_decay"]), _U(AT["inh_half"])
_INH_SLOPE, _INH_BIAS, _INH_ADD = _U(AT["inh_slope"]), _U(AT["inh_bias"]), _U(AT["inh_add"])
_THRESHOLD = _U(AT["threshold"])
_EXC_COBA_B, _EXC_COBA_A = _U(AT["exc_coba_b"]), _U(AT["exc_coba_a"])
_INH_COBA_B, _INH_COBA_A = _U(AT["inh_coba_b"]), _U(AT["inh_coba_a"])
_EXP_B, _EXP_A = _U(AT["exp_b"]), _U(AT["exp_a"])
_EXP_MAX, _EXP_STIFF, _EXP_TOP = _U(AT["exp_max"]), _U(AT["exp_stiff"]), _U(AT["exp_top"])
_W, _W_NEXT, _BENT = _U(AT["w"]), _U(AT["w_next"]), _U(AT["bent"])
_PLAIN_OFFSET, _ADAPT_SLOPE = _U(AT["plain_offset"]), _U(AT["adapt_slope"])
_A_B, _A_A, _A_SLOPE = _U(AT["a_b"]), _U(AT["a_a"]), _U(AT["a_slope"])
_DRIVE, _W_DECAY, _W_HALF = _U(AT["drive"]), _U(AT["w_decay"]), _U(AT["w_half"])

_HALF, _ZERO = np.float32(0.5), np.float32(0)
_AHEAD = np.float32(ln.ADAPT_STEPS / 2)

# No function below that is used in a vectorised loop may take the array: references to it would be
# counted in every iteration, and LLVM then leaves the loop as it is.


@inlined
def _plain_currents(v, i_exc, i_inh, ota, offset, r):  # type: ignore[no-untyped-def]
    """Leak, constant and synaptic currents: (slope, minus its derivative), per step.

    i_exc, i_inh  synaptic slopes before the output stages
    r             head_b, head_a, foot_b, foot_a, -head_b
    """
    u, per_u, stiff = leak(v, ota)
    head, foot = room(r[0], r[1], v), room(r[2], r[3], v)
    slope = fused(i_exc, head, fused(u, per_u, offset))
    slope = fused(-i_inh, foot, slope)
    return slope, steepness(i_inh, foot, r[2], steepness(i_exc, head, r[4], stiff))


@helper
def step_simple(s, first, last, rails, crossed):  # type: ignore[no-untyped-def]
    """Advance blocks first..last - 1 of the simple kind; write how many lanes of each crossed."""
    r = rails[0], rails[1], rails[2], rails[3], -rails[0]
    low, high = rails[ln.LOW], rails[ln.HIGH]
    for b in range(first, last):
        base, count = _U(b) * _BLOCK, np.int32(0)
        for lane in range(16):
            o = base + _U(lane)
            v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
            i_exc = amplify(
                fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS]), s[o + _EXC_SLOPE], s[o + _EXC_CUBIC]
            )
            i_inh = amplify(
                fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS]), s[o + _INH_SLOPE], s[o + _INH_CUBIC]
            )
            ota = (
                s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC],
                s[o + _OTA_STIFF], s[o + _OTA_STEEP],
            )  # fmt: skip
            slope, stiff = _plain_currents(v, i_exc, i_inh, ota, s[o + _OFFSET], r)
            new = advance(v, slope, stiff, low, high)
            s[o + _OLD_V], s[o + _OLD_EXC], s[o + _OLD_INH] = v, exc, inh
            s[o + _V] = new
            s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
            s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])
            count += np.int32(new >= s[o + _THRESHOLD])
        crossed[b] = count


@helper
def adapt(s, first, last):  # type: ignore[no-untyped-def]
    """Take the adaptation nodes of blocks first..last - 1 through the coming interval.

    The membrane is taken to go on as in the step before, up to the interval's middle.
    """
    for b in range(first, last):
        base = _U(b) * _BLOCK
        for lane in range(16):
            o = base + _U(lane)
            w, v = s[o + _W_NEXT], s[o + _V]
            middle = fused(_AHEAD, v - s[o + _OLD_V], v)
            u = saturate(fused(s[o + _A_B], middle, s[o + _A_A]))
            goal = fused(s[o + _A_SLOPE], u, s[o + _DRIVE])
            bent = saturate(fused(w - goal, s[o + _W_HALF], goal))
            s[o + _W], s[o + _BENT] = w, bent
            s[o + _W_NEXT] = fused(w - goal, s[o + _W_DECAY], goal)
            s[o + _OFFSET] = fused(-s[o + _ADAPT_SLOPE], bent, s[o + _PLAIN_OFFSET])


@inlined
def _with_exponential(v, slope, stiff, exponent):  # type: ignore[no-untyped-def]
    """Add the exponential term: (slope, minus its derivative, the term).

    exponent  b, a, max, stiff
    """
    i_exp, grows = exponential(v, exponent[0], exponent[1], exponent[2])
    return slope + i_exp, fused(i_exp, exponent[3] if grows else _ZERO, stiff), i_exp


@inlined
def _every_current(v, i_exc, i_inh, coba, ota, exponent, offset, r):  # type: ignore[no-untyped-def]
    """All currents but those through switches: (slope, minus its derivative, exponential term).

    i_exc, i_inh  synaptic slopes before conductance mode and output stages
    coba          b and a of both factors
    """
    k_exc, k_inh = factor(coba[0], coba[1], v), factor(coba[2], coba[3], v)
    slope, stiff = _plain_currents(v, i_exc * k_exc, i_inh * k_inh, ota, offset, r)
    # The derivative of the conductance mode's factor, where it is not bent to 0.
    stiff = fused(i_inh, coba[2] if k_inh > _ZERO else _ZERO, stiff)
    stiff = fused(-i_exc, coba[0] if k_exc > _ZERO else _ZERO, stiff)
    return _with_exponential(v, slope, stiff, exponent)


@helper
def step_adaptive(s, first, last, rails, crossed):  # type: ignore[no-untyped-def]
    """Like `step_simple`, with exponential term."""
    r = rails[0], rails[1], rails[2], rails[3], -rails[0]
    low, high = rails[ln.LOW], rails[ln.HIGH]
    for b in range(first, last):
        base, count = _U(b) * _BLOCK, np.int32(0)
        for lane in range(16):
            o = base + _U(lane)
            v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
            i_exc = amplify(
                fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS]), s[o + _EXC_SLOPE], s[o + _EXC_CUBIC]
            )
            i_inh = amplify(
                fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS]), s[o + _INH_SLOPE], s[o + _INH_CUBIC]
            )
            ota = (
                s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC],
                s[o + _OTA_STIFF], s[o + _OTA_STEEP],
            )  # fmt: skip
            exponent = s[o + _EXP_B], s[o + _EXP_A], s[o + _EXP_MAX], s[o + _EXP_STIFF]
            slope, stiff = _plain_currents(v, i_exc, i_inh, ota, s[o + _OFFSET], r)
            slope, stiff, i_exp = _with_exponential(v, slope, stiff, exponent)
            most = ceiling(slope, i_exp, s[o + _EXP_TOP])
            new = advance_up_to(v, slope, stiff, most, low, high)
            s[o + _OLD_V], s[o + _OLD_EXC], s[o + _OLD_INH] = v, exc, inh
            s[o + _V] = new
            s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
            s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])
            count += np.int32(new >= s[o + _THRESHOLD])
        crossed[b] = count


@helper
def step_full(s, first, last, rails, crossed):  # type: ignore[no-untyped-def]
    """Like `step_adaptive`, in conductance mode."""
    r = rails[0], rails[1], rails[2], rails[3], -rails[0]
    low, high = rails[ln.LOW], rails[ln.HIGH]
    for b in range(first, last):
        base, count = _U(b) * _BLOCK, np.int32(0)
        for lane in range(16):
            o = base + _U(lane)
            v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
            i_exc = amplify(
                fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS]), s[o + _EXC_SLOPE], s[o + _EXC_CUBIC]
            )
            i_inh = amplify(
                fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS]), s[o + _INH_SLOPE], s[o + _INH_CUBIC]
            )
            ota = (
                s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC],
                s[o + _OTA_STIFF], s[o + _OTA_STEEP],
            )  # fmt: skip
            exponent = s[o + _EXP_B], s[o + _EXP_A], s[o + _EXP_MAX], s[o + _EXP_STIFF]
            coba = s[o + _EXC_COBA_B], s[o + _EXC_COBA_A], s[o + _INH_COBA_B], s[o + _INH_COBA_A]
            slope, stiff, i_exp = _every_current(
                v, i_exc, i_inh, coba, ota, exponent, s[o + _OFFSET], r
            )
            most = ceiling(slope, i_exp, s[o + _EXP_TOP])
            new = advance_up_to(v, slope, stiff, most, low, high)
            s[o + _OLD_V], s[o + _OLD_EXC], s[o + _OLD_INH] = v, exc, inh
            s[o + _V] = new
            s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
            s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])
            count += np.int32(new >= s[o + _THRESHOLD])
        crossed[b] = count


@inlined
def base(lane):  # type: ignore[no-untyped-def]
    """Where a lane's fields start."""
    return _U(lane // ln.LANES * ln.BLOCK + lane % ln.LANES)


@embedded
def currents(s, o, v, u_exc, u_inh, offset, rails):  # type: ignore[no-untyped-def]
    """`_every_current` for one lane; u_exc, u_inh are what the synaptic amplifiers see."""
    coba = s[o + _EXC_COBA_B], s[o + _EXC_COBA_A], s[o + _INH_COBA_B], s[o + _INH_COBA_A]
    ota = (
        s[o + _OTA_B], s[o + _OTA_A], s[o + _OTA_MAX], s[o + _OTA_CUBIC], s[o + _OTA_STIFF],
        s[o + _OTA_STEEP],
    )  # fmt: skip
    exponent = s[o + _EXP_B], s[o + _EXP_A], s[o + _EXP_MAX], s[o + _EXP_STIFF]
    r = rails[0], rails[1], rails[2], rails[3], -rails[0]
    i_exc = amplify(u_exc, s[o + _EXC_SLOPE], s[o + _EXC_CUBIC])
    i_inh = amplify(u_inh, s[o + _INH_SLOPE], s[o + _INH_CUBIC])
    return _every_current(v, i_exc, i_inh, coba, ota, exponent, offset, r)


@helper
def settled_w(s, o, v):  # type: ignore[no-untyped-def]
    """Where the adaptation node ends if the membrane stays at `v`."""
    return s[o + _A_SLOPE] * saturate(fused(s[o + _A_B], v, s[o + _A_A]))


@helper
def settle_w(s, o, v):  # type: ignore[no-untyped-def]
    """Put the adaptation node where it ends if the membrane stays at `v`."""
    w = settled_w(s, o, v)
    bent = saturate(w)
    s[o + _W], s[o + _W_NEXT], s[o + _BENT] = w, w, bent
    s[o + _OFFSET] = fused(-s[o + _ADAPT_SLOPE], bent, s[o + _PLAIN_OFFSET])


@helper
def standing(s, o, v, rails):  # type: ignore[no-untyped-def]
    """(slope, minus its derivative) if the membrane stays at `v`, no event comes and lines stay."""
    exc, inh = s[o + _EXC] + s[o + _EXC_BIAS], s[o + _INH] + s[o + _INH_BIAS]
    offset = fused(-s[o + _ADAPT_SLOPE], saturate(settled_w(s, o, v)), s[o + _PLAIN_OFFSET])
    slope, stiff, _ = currents(s, o, v, exc, inh, offset, rails)
    return slope, stiff


@helper
def coupled_slopes(s, first, last, rails, slope, stiff):  # type: ignore[no-untyped-def]
    """For coupled lanes: their own currents (slope, stiff) per step; all but v goes on."""
    for lane in range(first * ln.LANES, last * ln.LANES):
        o, k = base(lane), lane - first * ln.LANES
        v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
        u_exc = fused(exc, s[o + _EXC_HALF], s[o + _EXC_BIAS])
        u_inh = fused(inh, s[o + _INH_HALF], s[o + _INH_BIAS])
        slope[k], stiff[k], _ = currents(s, o, v, u_exc, u_inh, s[o + _OFFSET], rails)
        s[o + _OLD_V], s[o + _OLD_EXC], s[o + _OLD_INH] = v, exc, inh
        s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
        s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])


@embedded
def piece(lanes, lane, v, start, end):  # type: ignore[no-untyped-def]
    """V after the part of the present step from `start` to `end` [steps after its beginning]."""
    s, o, rails = lanes.state, base(lane), lanes.constants
    middle, part = (start + end) * _HALF, end - start
    exc = s[o + _OLD_EXC] * decay(middle * lanes.analog[ln.RATE, lane])
    inh = s[o + _OLD_INH] * decay(middle * lanes.analog[ln.RATE + 1, lane])
    u_exc, u_inh = exc + s[o + _EXC_BIAS], inh + s[o + _INH_BIAS]
    slope, stiff, i_exp = currents(s, o, v, u_exc, u_inh, s[o + _OFFSET], rails)
    most = ceiling(slope, i_exp, s[o + _EXP_TOP]) * part
    return advance_up_to(v, slope * part, stiff * part, most, rails[ln.LOW], rails[ln.HIGH])
