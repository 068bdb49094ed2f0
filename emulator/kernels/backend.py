"""What a neuron's digital backend does inside a step: crossings, clock edges, resets, re-arming.

Only lanes with something to settle come here; the step of such a lane is replayed in pieces between
its events, from the state at its beginning.
"""

from __future__ import annotations

import numpy as np

from ..jit import first_bit, helper, inlined, larger, merged, smaller
from ..linkage import apart, record_at
from ..random import normal
from . import lanes as ln
from .lanes import ARMED, AT, BLOCKED, NEVER, PENDING, REFRACTORY, RESET
from .stepping import base, draw_inputs, kick, piece, take_slope

NOISE_PURPOSE = np.uint64(1)
_LARGEST_DRAW = np.float32(4.9)  # see `emulator.random`
_SPIKES_PER_BLOCK_BITS = 20
_U = np.uint64
_OTA = _U(AT["ota_b"])
_FIELD, _OLD_V = _U(ln.LANES), _U(AT["v_old"])
_THRESHOLD = _U(AT["threshold"])
_EXC_SLOPE, _INH_SLOPE, _EXP_MAX = _U(AT["exc_slope"]), _U(AT["inh_slope"]), _U(AT["exp_max"])
_INFINITE, _ZERO, _ONE = np.float32(np.inf), np.float32(0), np.float32(1)
_EXP_OFF = np.float32(ln.EXP_OFF)


@helper
def noisy_threshold(lanes, lane, block, key):  # type: ignore[no-untyped-def]
    """Threshold [V] of an armed lane in noise block `block`; redrawn after every spike."""
    counter = (np.uint64(block) << np.uint64(_SPIKES_PER_BLOCK_BITS)) ^ np.uint64(
        lanes.digital[ln.SPIKES, lane]
    )
    draw = normal(key, NOISE_PURPOSE, _U(lanes.digital[ln.NEURON, lane]), counter)
    return lanes.analog[ln.COMPARATOR, lane] + lanes.constants[ln.NOISE] * np.float32(draw)


@inlined
def _lowest_threshold(lanes, lane):  # type: ignore[no-untyped-def]
    """What no draw comes below: below it, nobody needs to know the threshold."""
    return lanes.analog[ln.COMPARATOR, lane] - _LARGEST_DRAW * lanes.constants[ln.NOISE]


@helper
def forget_thresholds(lanes, first, last):  # type: ignore[no-untyped-def]
    """A noise block begins: armed lanes first..last - 1 draw thresholds when they matter."""
    for k in range(first, last):
        lane = _U(k)
        if lanes.digital[ln.MODE, lane] == ARMED:
            lanes.state[base(lane) + _THRESHOLD] = _lowest_threshold(lanes, lane)


@helper
def _switch(lanes, lane):  # type: ignore[no-untyped-def]
    """Connect the leak or the reset OTA; a pause takes away other currents during the reset."""
    s, o, own = lanes.state, base(lane), lanes.analog
    resetting = lanes.digital[ln.MODE, lane] == RESET
    row = ln.RESET_OTA if resetting else ln.LEAK
    for k in range(6):
        s[o + _OTA + _U(k) * _FIELD] = own[row + k, lane]
    if lanes.digital[ln.PAUSED, lane]:
        for k in range(2):
            s[o + _EXC_SLOPE + _U(k) * _FIELD] = _ZERO if resetting else own[ln.GATED + k, lane]
            s[o + _INH_SLOPE + _U(k) * _FIELD] = _ZERO if resetting else own[ln.GATED + 2 + k, lane]
        s[o + _EXP_MAX] = _EXP_OFF if resetting else own[ln.GATED + 4, lane]
        draw_inputs(lanes, lane)


@inlined
def _pend(lanes, lane, tick):  # type: ignore[no-untyped-def]
    """A spike at `tick`: the backend sees it at its next clock edge."""
    clock = lanes.digital[ln.CLOCK, lane]
    lanes.state[base(lane) + _THRESHOLD] = _INFINITE
    lanes.digital[ln.MODE, lane] = PENDING
    lanes.digital[ln.TIMER, lane] = (tick + clock - 1) // clock * clock


@helper
def _rearm(lanes, lane, v, block, key, step_end):  # type: ignore[no-untyped-def]
    """A comparator that acts on an edge is armed only once the membrane is below threshold."""
    threshold = _lowest_threshold(lanes, lane)
    if v >= threshold:
        threshold = noisy_threshold(lanes, lane, block, key)
    if v < threshold or threshold == _INFINITE:
        lanes.digital[ln.MODE, lane], lanes.digital[ln.TIMER, lane] = ARMED, NEVER
        lanes.state[base(lane) + _THRESHOLD] = threshold
    elif lanes.digital[ln.LEVEL, lane]:
        _pend(lanes, lane, step_end)
    else:
        lanes.digital[ln.MODE, lane], lanes.digital[ln.TIMER, lane] = BLOCKED, step_end


@merged
def _fire(lanes, lane, tick, step_ticks):  # type: ignore[no-untyped-def]
    """The backend's clock edge after a crossing: an event leaves and the refractory time begins."""
    d = lanes.digital
    d[ln.SPIKES, lane] += 1
    end = tick + d[ln.REFRACTORY_TICKS, lane]
    d[ln.MODE, lane], d[ln.END, lane] = RESET, end
    d[ln.TIMER, lane] = end - d[ln.HOLD, lane]
    _switch(lanes, lane)
    if lanes.analog[ln.PULSE, lane] > _ZERO:
        interval = ln.INTERVAL * step_ticks
        kick(lanes, lane, np.float32(tick % interval) / np.float32(interval))


@merged
def _release(lanes, lane, v, tick):  # type: ignore[no-untyped-def]
    """The reset ends.  A membrane below any threshold is armed early: see `_cross`."""
    d, lowest = lanes.digital, _lowest_threshold(lanes, lane)
    if v < lowest:
        d[ln.MODE, lane], d[ln.TIMER, lane] = ARMED, NEVER
        lanes.state[base(lane) + _THRESHOLD] = lowest
    else:
        d[ln.MODE, lane], d[ln.TIMER, lane] = REFRACTORY, larger(d[ln.END, lane], tick)
    _switch(lanes, lane)


@merged
def _cross(lanes, lane, tick):  # type: ignore[no-untyped-def]
    """The membrane rises through its threshold, unless that was armed too early."""
    if tick < lanes.digital[ln.END, lane]:
        lanes.digital[ln.MODE, lane] = REFRACTORY
        lanes.digital[ln.TIMER, lane] = lanes.digital[ln.END, lane]
        lanes.state[base(lane) + _THRESHOLD] = _INFINITE
    else:
        _pend(lanes, lane, tick)


@helper
def _settle_lane(lanes, lane, start, end, block, key, log_tick, log_lane, n):  # type: ignore[no-untyped-def]
    """Let a lane's backend act inside this step; return the spikes logged.

    The step is replayed in pieces between the actions.  A lane that is coupled to others keeps its
    membrane: what it switches takes effect at the next step.
    """
    s, o, d = lanes.state, base(lane), lanes.digital
    if d[ln.MODE, lane] >= REFRACTORY:
        # Nothing is switched, so there is nothing to replay: look at the end of the step.
        _rearm(lanes, lane, s[o], block, key, end)
        return n
    replay = lanes.block[ln.KIND, lane // _FIELD] != ln.CLUSTER
    per_tick = np.float32(1) / np.float32(end - start)
    v, at = s[o + _OLD_V] if replay else s[o], start
    while d[ln.TIMER, lane] < end:
        due, mode = larger(d[ln.TIMER, lane], start), d[ln.MODE, lane]
        if due > at:
            if replay:
                v = piece(lanes, lane, v, np.float32(due - at) * per_tick)
            at = due
        if mode == PENDING:
            log_tick[n], log_lane[n] = at, np.int64(lane)
            n += 1
            _fire(lanes, lane, at, end - start)
            if d[ln.INSTANT, lane]:
                v = -lanes.analog[ln.RESET_OTA + 1, lane] / lanes.analog[ln.RESET_OTA, lane]
        elif mode == RESET:
            _release(lanes, lane, v, at)
        else:
            _rearm(lanes, lane, v, block, key, end)
    if end > at and replay:
        v = piece(lanes, lane, v, np.float32(end - at) * per_tick)
    s[o] = v
    take_slope(s, o)
    return n


@helper
def fire_now(lanes, lane, tick):  # type: ignore[no-untyped-def]
    """The backend sees a spike at `tick`, whatever it does."""
    _pend(lanes, lane, tick)
    due = lanes.block[ln.DUE]
    due[lane // _FIELD] = smaller(due[lane // _FIELD], lanes.digital[ln.TIMER, lane])


@helper
def bypass(lanes, lane, tick):  # type: ignore[no-untyped-def]
    """An event fires a neuron directly, unless it is refractory."""
    mode = lanes.digital[ln.MODE, lane]
    if (mode == ARMED or mode == BLOCKED) and tick >= lanes.digital[ln.END, lane]:
        fire_now(lanes, lane, tick)


@inlined
def _settle_block(lanes, b, start, end, block, key, log_tick, log_lane, n, n_lanes):  # type: ignore[no-untyped-def]
    """Settle the lanes of a block that crossed or whose timer is due before tick `end`.

    A crossing is placed within the step by linear interpolation.

    n_lanes  16, but not known to the compiler, which would unroll loops instead of vectorising them
    """
    earliest, s, timer = NEVER, lanes.state, lanes.digital[ln.TIMER]
    first, at, crossed, due = _U(b) * _FIELD, _U(b) * _U(ln.BLOCK), np.int64(0), np.int64(0)
    for k in range(n_lanes):
        # Unsigned, or each access would look whether it counts from the end.
        o = at + _U(k)
        crossed |= np.int64(s[o] >= s[o + _THRESHOLD]) << k
        due |= np.int64(timer[first + _U(k)] < end) << k
    while crossed:
        k = first_bit(crossed)
        crossed &= crossed - 1
        lane, o = first + _U(k), at + _U(k)
        threshold = noisy_threshold(lanes, lane, block, key)
        new, old = s[o], s[o + _OLD_V]
        s[o + _THRESHOLD] = threshold
        if new >= threshold:
            part = (threshold - old) / (new - old) if old < threshold else _ZERO
            _cross(lanes, lane, start + np.int64(np.ceil(part * np.float32(end - start))))
            due |= np.int64(timer[lane] < end) << k
    while due:
        k = first_bit(due)
        due &= due - 1
        n = _settle_lane(lanes, first + _U(k), start, end, block, key, log_tick, log_lane, n)
    for k in range(n_lanes):
        earliest = smaller(earliest, timer[_U(b) * _FIELD + _U(k)])
    lanes.block[ln.DUE, b] = earliest
    return n


@apart
def settle(lanes_at, log_at, first, last, start, end, block, key, n):  # type: ignore[no-untyped-def]
    """Settle those of blocks first..last - 1 where something happened before tick `end`.

    lanes_at, log_at  references to LANES_TYPE and LOG_TYPE
    start             where the step begins; block  of the threshold's noise; key  run seed
    Returns           the spikes in the log, of which there were `n`
    """
    lanes, log = record_at(lanes_at, ln.LANES_TYPE), record_at(log_at, ln.LOG_TYPE)
    n_lanes = lanes.digital.shape[1] // lanes.block.shape[1]
    due, crossed, acts = lanes.block[ln.DUE], log.crossed, np.int64(0)
    for b in range(first, last):
        o = _U(b)
        acts |= np.int64((crossed[o] != 0) | (due[o] < end)) << (b - first)
    while acts:
        b = first + first_bit(acts)
        acts &= acts - 1
        n = _settle_block(
            lanes, b, start, end, block, np.uint64(key), log.tick, log.lane, n, n_lanes
        )
    return n
