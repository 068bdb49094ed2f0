"""What needs no time steps: line weights of a step, and the state after a long idle stretch."""

from __future__ import annotations

import numpy as np

from ..jit import compiled, helper, larger, smaller
from ..physics.synaptic_input import decay_exact
from ..random import uniform
from . import lanes as ln
from .lanes import ARMED, AT, BLOCKED, NEVER, STUCK
from .stepping import base, settle, standing

PHASE_PURPOSE = 4
_HALF = np.float32(0.5)
_SCAN = 64
_BISECTIONS = 22  # a 64th of 1.2 V / 2**22 is below float32 resolution
_MARGIN_SIGMAS = np.float32(5)
_U = np.uint64
_PULSE_LEFT, _OTA, _FIELD = _U(AT["pulse_left"]), _U(AT["ota_b"]), _U(ln.LANES)


@compiled
def fill_decay(rate, out):  # type: ignore[no-untyped-def]
    """out = exp(-rate), both (n,) float64."""
    for k in range(rate.size):
        out[k] = decay_exact(rate[k])


@compiled
def line_weights(rate, n_positions, per_v_lin, partial):  # type: ignore[no-untyped-def]
    """Fill the weights of an event inside a step, per volt of line drop.

    rate     (2, lane) float64 1 / tau of the excitatory and inhibitory lines [1/step]
    partial  (block * position * 4 * 16,): per receptor the mean over the step of what an event at
             the beginning of cycle `position` adds to the line, and what is left of it at the end
    """
    for lane in range(rate.shape[1]):
        for r in range(2):
            for position in range(n_positions):
                part = 1.0 - position / n_positions
                y = rate[r, lane] * part
                left = decay_exact(y)
                mean = (1.0 - left) / y if y > 1e-6 else 1.0 - y / 2
                block = (lane // ln.LANES * n_positions + position) * 4 * ln.LANES
                o = block + 2 * r * ln.LANES + lane % ln.LANES
                partial[o], partial[o + ln.LANES] = mean * part * per_v_lin, left * per_v_lin


@helper
def _rest(s, o, rails):  # type: ignore[no-untyped-def]
    """The lowest stable potential: where dV/dt first turns negative, w having settled as well."""
    low, high = rails[ln.LOW], rails[ln.HIGH]
    width = (high - low) / np.float32(_SCAN)
    for _ in range(_SCAN):
        middle = low + width
        if standing(s, o, middle, rails)[0] <= 0:
            break
        low = middle
    high = smaller(low + width, high)
    for _ in range(_BISECTIONS):
        v = (low + high) * _HALF
        if standing(s, o, v, rails)[0] > 0:
            low = v
        else:
            high = v
    return (low + high) * _HALF


@compiled
def jump(lanes, stale, gap_steps, tick, key):  # type: ignore[no-untyped-def]
    """Bring idle lanes to where a long wait leaves them; return how many of them would be firing.

    stale  (lane,) bool: which lanes; gap_steps  (lane,) how long their lines had to decay
    tick   the present chip tick, which also seeds the phase of firing neurons
    """
    s, d, own, firing = lanes.state, lanes.digital, lanes.analog, 0
    low, high, due = lanes.constants[ln.LOW], lanes.constants[ln.HIGH], lanes.block[ln.DUE]
    for lane in range(stale.size):
        if not stale[lane]:
            continue
        o = base(lane)
        stuck = d[ln.MODE, lane] == STUCK
        row = ln.RESET_OTA if stuck else ln.LEAK
        for k in range(6):
            s[o + _OTA + _U(k) * _FIELD] = own[row + k, lane]
        s[o + _U(ln.EXC)] *= np.float32(decay_exact(gap_steps[lane] * own[ln.RATE, lane]))
        s[o + _U(ln.INH)] *= np.float32(decay_exact(gap_steps[lane] * own[ln.RATE + 1, lane]))
        s[o + _PULSE_LEFT] = 0
        v, threshold = _rest(s, o, lanes.constants), own[ln.COMPARATOR, lane]
        if not stuck:
            d[ln.MODE, lane], d[ln.TIMER, lane] = ARMED, NEVER
            margin = threshold - _MARGIN_SIGMAS * lanes.constants[ln.NOISE]
            if v > margin:
                reset = -own[ln.RESET_OTA + 1, lane] / own[ln.RESET_OTA, lane]
                reset = smaller(larger(reset, low), high)
                if reset < threshold:
                    firing += 1
                    phase = np.float32(uniform(key, PHASE_PURPOSE, d[ln.NEURON, lane], tick))
                    v = reset + phase * (smaller(v, margin) - reset)
                else:
                    firing += d[ln.LEVEL, lane]
                    d[ln.MODE, lane], d[ln.TIMER, lane] = BLOCKED, tick
                    due[lane // ln.LANES] = smaller(due[lane // ln.LANES], tick)
        settle(lanes, _U(lane), v)
    return firing
