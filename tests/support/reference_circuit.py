"""One neuron circuit with every term, integrated by brute force in float64.

Written from the equations below, sharing no code with the emulator: classical Runge-Kutta at 1 ns
for membrane and adaptation, exact exponentials for the synaptic lines, the comparator's crossing by
bisection inside a step.  It knows no register; :mod:`tests.support.reference_scenarios` does.

    sat(u)   = u - 4/27 u^3 for |u| <= 1.5, else +-1
    C dV/dt  = G V_lin sat((V_target - V) / V_lin) + I_off
               + I_exc K(V) H(V) sat((E + off) / V_lin) - I_inh K(V) F(V) sat((I + off) / V_lin)
               + min(I_s exp((V - V_T) / delta), I_max) - G_w V_lin sat((W - V_ref) / V_lin)
    C_w dW/dt = G_tau (V_ref - W) + G_a V_lin sat((V - V_leak) / V_lin) + I_b   [I_b during a pulse]
    dE/dt    = -E / tau, E += drop at an event, E <= 1.2 V; the same for the inhibitory line I
    K        = max(0, 1 + c (V_coba - V)), c of the inhibitory input with the other sign
    H, F     = (V_supply - V) / headroom, (V - ground) / footroom, both kept within 0..1

A crossing of the threshold is seen by the backend at the next edge of its clock.  Then the reset
amplifier replaces the leak until `hold_ticks` before the end of the refractory period; the
comparator is armed from that end on, but not before the membrane is below threshold.  With `pause`
synaptic and exponential currents are off while the circuit resets.  A spike starts (or restarts)
the adaptation pulse.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

Array = npt.NDArray[np.float64]

TICK_NS = 4
LINE_REST_V = 1.2
LINEAR_V = 1000.0
"""V_lin of an amplifier that does not saturate."""

_NEVER = np.iinfo(np.int64).max


class Ota(NamedTuple):
    """Leak or reset amplifier."""

    target: float  # V
    conductance: float  # S
    v_lin: float = LINEAR_V


class SynapticInput(NamedTuple):
    """One synaptic input."""

    i_max: float = 0.0  # A
    offset: float = 0.0  # V
    tau: float = 10e-6  # s, infinite where the line floats
    v_lin: float = 0.07  # V
    coba: float = 0.0  # 1/V, modulation per volt; 0 is a current-based input
    v_coba: float = 0.0  # V, where the modulation is 1


class Exponential(NamedTuple):
    """Exponential term; off without saturation current."""

    i_s: float = 0.0  # A, current at v_t
    v_t: float = 0.0  # V
    delta: float = 1.0  # V
    i_max: float = 1e-6  # A


class Adaptation(NamedTuple):
    """Adaptation; off without g_w.  A negative g_a or i_b stands for an inverted a or b."""

    capacitance: float = 1.0  # F
    g_w: float = 0.0  # S, adaptation voltage to membrane current
    v_lin_w: float = LINEAR_V  # V
    v_ref: float = 0.0  # V
    g_tau: float = 0.0  # S
    g_a: float = 0.0  # S
    v_lin_a: float = LINEAR_V  # V
    v_leak: float = 0.0  # V
    i_b: float = 0.0  # A
    pulse_ticks: int = 0


class Rails(NamedTuple):
    """Supplies, which the membrane cannot leave and near which synaptic currents fade."""

    ground: float = 0.0  # V
    supply: float = 1.2  # V
    headroom: float = 0.85  # V
    footroom: float = 0.3  # V


NO_INPUT, NO_EXPONENTIAL, NO_ADAPTATION = SynapticInput(), Exponential(), Adaptation()
RAILS = Rails()
NO_RAILS = Rails(ground=-math.inf, supply=math.inf, headroom=1.0, footroom=1.0)


class Backend(NamedTuple):
    """Comparator (threshold in V) and digital backend; clock, refractory and hold in 4 ns ticks."""

    threshold: float = math.inf
    clock_ticks: int = 2
    refractory_ticks: int = 2
    hold_ticks: int = 0
    pause: bool = False


SILENT = Backend()


@dataclass(frozen=True)
class Circuit:
    """Everything about one neuron circuit, SI."""

    leak: Ota
    reset: Ota
    capacitance: float  # F
    offset_current: float = 0.0  # A
    exc: SynapticInput = NO_INPUT
    inh: SynapticInput = NO_INPUT
    exponential: Exponential = NO_EXPONENTIAL
    adaptation: Adaptation = NO_ADAPTATION
    backend: Backend = SILENT
    rails: Rails = RAILS


class _Terms(NamedTuple):
    """What the compiled code takes of a `Circuit`."""

    leak: Ota
    reset: Ota
    capacitance: float
    exc: SynapticInput
    inh: SynapticInput
    exponential: Exponential
    adaptation: Adaptation
    backend: Backend
    rails: Rails


class Result(NamedTuple):
    """State on the grid, just before what happens at that moment; arrays (sample,)."""

    v: Array  # V, membrane
    w: Array  # V, adaptation
    exc: Array  # V, drop of the excitatory line
    inh: Array  # V
    spike_ticks: npt.NDArray[np.int64]  # 4 ns since tick 0, as the backend saw them


@njit
def saturate(u):
    """The differential pair: slope 1 at 0, flat beyond 1.5."""
    if u > 1.5:
        return 1.0
    if u < -1.5:
        return -1.0
    return u - 4.0 / 27.0 * u * u * u


@njit
def _unit(x):
    return min(max(x, 0.0), 1.0)


@njit
def _input_current(drop, v, source, sign):
    modulation = max(0.0, 1.0 + sign * source.coba * (source.v_coba - v))
    return source.i_max * modulation * saturate((drop + source.offset) / source.v_lin)


@njit
def _membrane_current(v, w, exc, inh, resets, offset, p):
    ota = p.reset if resets else p.leak
    total = ota.conductance * ota.v_lin * saturate((ota.target - v) / ota.v_lin) + offset
    if not (resets and p.backend.pause):
        rails = p.rails
        total += _input_current(exc, v, p.exc, 1.0) * _unit((rails.supply - v) / rails.headroom)
        total -= _input_current(inh, v, p.inh, -1.0) * _unit((v - rails.ground) / rails.footroom)
        e = p.exponential
        if e.i_s > 0.0:
            # The exponent is limited only so that exp cannot overflow; i_max acts long before.
            total += min(e.i_s * math.exp(min((v - e.v_t) / e.delta, 300.0)), e.i_max)
    a = p.adaptation
    return total - a.g_w * a.v_lin_w * saturate((w - a.v_ref) / a.v_lin_w)


@njit
def _slopes(v, w, exc, inh, resets, pulse, offset, p):
    """(dV/dt, dW/dt) [V/s]."""
    a = p.adaptation
    into_w = a.g_tau * (a.v_ref - w) + a.g_a * a.v_lin_a * saturate((v - a.v_leak) / a.v_lin_a)
    if pulse:
        into_w += a.i_b
    current = _membrane_current(v, w, exc, inh, resets, offset, p)
    return current / p.capacitance, into_w / a.capacitance


@njit
def _runge_kutta(v, w, exc, inh, decay, resets, pulse, offset, h, p):
    """(V, W) after `h` [s]; decay: factors of both lines over h / 2."""
    exc_half, inh_half = exc * decay[0], inh * decay[1]
    exc_end, inh_end = exc_half * decay[0], inh_half * decay[1]
    k1, l1 = _slopes(v, w, exc, inh, resets, pulse, offset, p)
    k2, l2 = _slopes(v + h / 2 * k1, w + h / 2 * l1, exc_half, inh_half, resets, pulse, offset, p)
    k3, l3 = _slopes(v + h / 2 * k2, w + h / 2 * l2, exc_half, inh_half, resets, pulse, offset, p)
    k4, l4 = _slopes(v + h * k3, w + h * l3, exc_end, inh_end, resets, pulse, offset, p)
    return v + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), w + h / 6 * (l1 + 2 * l2 + 2 * l3 + l4)


@njit
def _edge_ns(crossed_ns, clock_ticks, first_tick):
    """When the backend sees a crossing in the step that ends then: at the next edge of its clock.

    A step never straddles a tick, so where in the step the crossing lies does not matter.
    """
    tick = math.ceil(crossed_ns / TICK_NS) + first_tick
    return ((tick + clock_ticks - 1) // clock_ticks * clock_ticks - first_tick) * TICK_NS


@njit
def _integrate(p, state, grid, event_ns, drops, switch_ns, currents, first_tick, step, out, spikes):
    """Fill `out` (quantity, sample) and `spikes`; return how many spikes there were."""
    v, w, exc, inh = state
    h, backend, rails = step * 1e-9, p.backend, p.rails
    decay = math.exp(-h / 2 / p.exc.tau), math.exp(-h / 2 / p.inh.tau)
    offset, n_switched, n_events, n_sampled, n_spikes = currents[0], 0, 0, 0, 0
    spike, release, end, pulse_end, t = _NEVER, _NEVER, _NEVER, np.int64(0), np.int64(0)
    resets, armed = False, v < backend.threshold
    idle = not armed
    while True:
        if n_sampled < grid.size and grid[n_sampled] == t:
            out[0, n_sampled], out[1, n_sampled] = v, w
            out[2, n_sampled], out[3, n_sampled] = exc, inh
            n_sampled += 1
            if n_sampled == grid.size:
                return n_spikes
        while n_switched < switch_ns.size and switch_ns[n_switched] == t:
            n_switched += 1
            offset = currents[n_switched]
        if t == spike:
            spikes[n_spikes] = t // TICK_NS + first_tick
            n_spikes += 1
            resets, spike, end = True, _NEVER, t + backend.refractory_ticks * TICK_NS
            release = end - backend.hold_ticks * TICK_NS
            pulse_end = t + p.adaptation.pulse_ticks * TICK_NS
        if t == release:
            resets, release = False, _NEVER
        if t == end:
            idle, end = True, _NEVER
        if idle and v < backend.threshold:
            armed, idle = True, False
        while n_events < event_ns.size and event_ns[n_events] == t:
            exc = min(exc + drops[n_events, 0], LINE_REST_V)
            inh = min(inh + drops[n_events, 1], LINE_REST_V)
            n_events += 1
        pulse = t < pulse_end
        new, w_new = _runge_kutta(v, w, exc, inh, decay, resets, pulse, offset, h, p)
        exc, inh = exc * decay[0] * decay[0], inh * decay[1] * decay[1]
        if armed and new >= backend.threshold:
            spike, armed = _edge_ns(t + step, backend.clock_ticks, first_tick), False
        v, w = min(max(new, rails.ground), rails.supply), w_new
        t += step


def simulate(
    circuit: Circuit,
    grid_ns: npt.ArrayLike,
    *,
    events: Sequence[tuple[int, float, float]] = (),
    currents: Sequence[tuple[int, float]] = (),
    start: tuple[float, float] | None = None,
    first_tick: int = 0,
    step_ns: int = 1,
) -> Result:
    """Integrate a circuit from time 0 to the end of the grid.

    grid_ns     (sample,) ascending times of the samples [ns]
    events      (time [ns], drop of the excitatory line [V], of the inhibitory one), ascending
    currents    (time [ns], offset current from then on [A]), ascending
    start       membrane and adaptation voltage at time 0; without it leak target and baseline
    first_tick  tick (4 ns since power-on) of time 0: where the edges of the backend's clock lie
    step_ns     1, 2 or 4; all times are multiples of it
    """
    if step_ns not in (1, 2, 4):
        raise ValueError(f"step_ns = {step_ns}; a tick of 4 ns takes steps of 1, 2 or 4 ns")
    grid = np.asarray(grid_ns, np.int64)
    event_ns = np.array([t for t, _, _ in events], np.int64)
    switch_ns = np.array([t for t, _ in currents], np.int64)
    for times in (grid, event_ns, switch_ns):
        if np.any(times % step_ns) or np.any(np.diff(times) < 0) or np.any(times < 0):
            raise ValueError(f"times must be ascending multiples of {step_ns} ns from 0 on")
    drops = np.array([(e, i) for _, e, i in events], float).reshape(-1, 2)
    current = np.array([circuit.offset_current, *(value for _, value in currents)])
    v, w = (circuit.leak.target, circuit.adaptation.v_ref) if start is None else start
    out = np.empty((4, grid.size))
    shortest = max(circuit.backend.refractory_ticks, 1) * TICK_NS
    spikes = np.empty(int(grid[-1]) // shortest + 1, np.int64)
    terms = _Terms(*(_floats(getattr(circuit, name)) for name in _Terms._fields))
    n = _integrate(
        terms,
        (float(v), float(w), 0.0, 0.0),
        grid,
        event_ns,
        drops,
        switch_ns,
        current,
        first_tick,
        step_ns,
        out,
        spikes,
    )
    return Result(*out, spikes[:n])


def _floats(part):
    """Floats where the class says float, so that a 0 given as int does not compile anew."""
    if not isinstance(part, tuple):
        return float(part)
    types = (type(part)._field_defaults.get(name, 0.0) for name in part._fields)
    return type(part)(*(type(t)(value) for t, value in zip(types, part, strict=True)))
