"""What needs no time steps: line weights of a step, and the state after a long idle stretch."""

from __future__ import annotations

import numpy as np

from ..jit import compiled, helper
from ..parameters import COMPARATOR_NOISE_V, SYNIN_V_LIN, TICK_S
from ..physics.membrane import V_SUPPLY, membrane_slope
from ..physics.synaptic_input import decay_exact, input_slope
from ..random import uniform
from . import lanes as ln
from .lanes import ARMED, BLOCKED, NEVER

PHASE_PURPOSE = 4
_PER_V_LIN_SYN = np.float32(1 / SYNIN_V_LIN)
_HALF = np.float32(0.5)
_FIRING_MARGIN = np.float32(5 * COMPARATOR_NOISE_V)
_BISECTIONS = 26  # 1.2 V / 2**26 is below float32 resolution


@compiled
def line_weights(tau, step_s, n_positions, state, rate, partial):  # type: ignore[no-untyped-def]
    """Fill decay factors per step and the weights of an event inside a step.

    tau      (2, lane) float64 [s], infinite for a floating line
    partial  (block * position * 4 * 16,): per receptor the mean over the step of what an event at
             the beginning of cycle `position` adds to the line, and what is left of it at the end
    """
    n_lanes = tau.shape[1]
    for lane in range(n_lanes):
        base = lane // ln.LANES * ln.BLOCK + lane % ln.LANES
        for r in range(2):
            x = step_s / tau[r, lane]
            rate[r, lane] = TICK_S / tau[r, lane]
            state[base + (ln.INH_DECAY if r else ln.EXC_DECAY)] = decay_exact(x)
            state[base + (ln.INH_HALF if r else ln.EXC_HALF)] = decay_exact(x / 2)
            for position in range(n_positions):
                part = 1.0 - position / n_positions
                y = x * part
                left = decay_exact(y)
                mean = (1.0 - left) / y if y > 1e-6 else 1.0 - y / 2
                block = (lane // ln.LANES * n_positions + position) * 4 * ln.LANES
                o = block + 2 * r * ln.LANES + lane % ln.LANES
                partial[o], partial[o + ln.LANES] = mean * part, left


@helper
def _rest(s, o):  # type: ignore[no-untyped-def]
    """Membrane potential at which all currents cancel, by bisection: dV/dt never rises with V."""
    i_exc = input_slope(s[o + ln.EXC], s[o + ln.EXC_OFFSET], _PER_V_LIN_SYN, s[o + ln.EXC_SLOPE])
    i_inh = input_slope(s[o + ln.INH], s[o + ln.INH_OFFSET], _PER_V_LIN_SYN, s[o + ln.INH_SLOPE])
    low, high = np.float32(0), V_SUPPLY
    for _ in range(_BISECTIONS):
        v = (low + high) * _HALF
        slope = membrane_slope(
            v,
            s[o + ln.TARGET],
            s[o + ln.SLOPE],
            s[o + ln.PER_V_LIN],
            s[o + ln.OFFSET],
            i_exc,
            i_inh,
        )
        if slope > 0:
            low = v
        else:
            high = v
    return (low + high) * _HALF


@compiled
def jump(lanes, stale, tau, gap_s, tick, key):  # type: ignore[no-untyped-def]
    """Bring idle lanes to where a long wait leaves them; return how many of them would be firing.

    stale  (lane,) bool: which lanes; gap_s  (lane,) how long their lines had to decay [s]
    tick   the present chip tick, which also seeds the phase of firing neurons
    """
    s, firing = lanes.state, 0
    for lane in range(stale.size):
        if not stale[lane]:
            continue
        o = lane // ln.LANES * ln.BLOCK + lane % ln.LANES
        for k in range(3):
            s[o + ln.TARGET + k * ln.LANES] = lanes.leak[k, lane]
        s[o + ln.EXC] *= np.float32(decay_exact(gap_s[lane] / tau[0, lane]))
        s[o + ln.INH] *= np.float32(decay_exact(gap_s[lane] / tau[1, lane]))
        v, threshold = _rest(s, o), lanes.threshold[lane]
        lanes.mode[lane], lanes.timer[lane] = ARMED, NEVER
        if v > threshold - _FIRING_MARGIN:
            reset = min(max(lanes.reset[0, lane], np.float32(0)), V_SUPPLY)
            if reset < threshold:
                firing += 1
                phase = np.float32(uniform(key, PHASE_PURPOSE, lanes.neuron[lane], tick))
                v = reset + phase * (min(v, threshold - _FIRING_MARGIN) - reset)
            else:
                lanes.mode[lane], lanes.timer[lane] = BLOCKED, tick
        s[o + ln.V] = v
    return firing
