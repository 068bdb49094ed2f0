"""One neuron integrated by brute force: classical Runge-Kutta at 1 ns in float64, true tanh.

Written from the equations in docs/explanation/emulator.md, sharing no code with the emulator; it
takes the emulator's physical parameters (SI) and its threshold noise as numbers.
"""

import math

import numpy as np
from numba import njit

STEP_S = 1e-9
V_SUPPLY, V_HEAD, V_FOOT, V_LIN_SYN = 1.2, 0.85, 0.3, 0.07
NOISE_BLOCK_NS = 10_240


@njit
def slope(v, e, i, ota, c, offset, exc, inh):
    """dV/dt; ota = (target, conductance, v_lin), exc and inh = (i_max, offset, tau)."""
    current = ota[1] * ota[2] * math.tanh((ota[0] - v) / ota[2]) + offset
    head = min(max((V_SUPPLY - v) / V_HEAD, 0.0), 1.0)
    foot = min(max(v / V_FOOT, 0.0), 1.0)
    current += head * exc[0] * math.tanh((e + exc[1]) / V_LIN_SYN)
    current -= foot * inh[0] * math.tanh((i + inh[1]) / V_LIN_SYN)
    return current / c


@njit
def integrate(
    v,
    n_ns,
    leak,
    reset,
    c,
    offset,
    exc,
    inh,
    event_ns,
    event_drop,
    event_line,
    thresholds,
    clock_ns,
    refractory_ns,
    hold_ns,
    spikes,
):
    """V at every ns, and the number of spikes; their times [ns] go into `spikes`.

    thresholds  (block, spike) V: the threshold in a noise block after so many spikes
    """
    trace = np.empty(n_ns + 1)
    trace[0] = v
    e, i, k, n = 0.0, 0.0, 0, 0
    start, release, end, armed = -1, -1, -1, True
    h = STEP_S
    half_e, half_i = math.exp(-h / 2 / exc[2]), math.exp(-h / 2 / inh[2])
    ota = leak
    for t in range(n_ns):
        if t == start:
            spikes[n] = t
            n += 1
            ota, start, end = reset, -1, t + refractory_ns
            release = end - hold_ns
        if t == release:
            ota, release = leak, -1
        if t == end:
            armed, end = True, -1
        while k < event_ns.size and event_ns[k] == t:
            if event_line[k]:
                i += event_drop[k]
            else:
                e += event_drop[k]
            k += 1
        em, im = e * half_e, i * half_i
        en, in_ = em * half_e, im * half_i
        k1 = slope(v, e, i, ota, c, offset, exc, inh)
        k2 = slope(v + h / 2 * k1, em, im, ota, c, offset, exc, inh)
        k3 = slope(v + h / 2 * k2, em, im, ota, c, offset, exc, inh)
        k4 = slope(v + h * k3, en, in_, ota, c, offset, exc, inh)
        new = min(max(v + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), 0.0), V_SUPPLY)
        if armed:
            threshold = thresholds[t // NOISE_BLOCK_NS, n]
            if new >= threshold:
                armed = False
                part = (threshold - v) / (new - v) if v < threshold else 0.0
                tick = 4 * math.ceil((t + part) / 4)
                start = max(math.ceil(tick / clock_ns) * clock_ns, t + 1)
        v, e, i = new, en, in_
        trace[t + 1] = v
    return trace, n
