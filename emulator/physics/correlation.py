"""One correlation sensor: the time between two pulses becomes a packet of charge.

    tau = k_tau / I_ramp                  a pulse starts a ramp; a transistor below its threshold
    A   = k_A / I_store exp(dV / slope)   makes the ramp an exponential (dV: v_res_meas - 0.9 V)
    V_acc <- V_acc - A exp(-dt / tau) headroom(V_acc)       at a pulse of the other kind, dt later
    V_out = V_acc - V_follower - droop(I_store) + offset
The branch called causal is started by presynaptic pulses and sampled by postsynaptic ones, the
acausal one the other way round.  Exponential, defaults and signs follow the vendor's calibration
(docs/explanation/correlation_sensors.md); the laws 1 / I are the simplest that fit them.
"""

from __future__ import annotations

from ..jit import compiled, helper, inlined, larger, smaller
from ..number import Number
from ..numbers.correlation import NUMBERS
from ..parameters import TICK_S
from .synaptic_input import decay_exact


def _value(name: str) -> float:
    number: Number = NUMBERS[f"correlation_{name}"]
    return number.value


TAU, AMPLITUDE = _value("tau"), _value("amplitude")
TIME_TRIM, AMPLITUDE_TRIM = _value("time_trim"), _value("amplitude_trim")
PACKET_LIMIT_V = _value("packet_limit")
V_RES_MEAS, RES_MEAS_SLOPE_V = _value("v_res_meas"), _value("res_meas_slope")
RESET_TAU_S = _value("reset_tau")
FLOOR_V, LINEAR_TO_V = _value("floor"), _value("linear_to")
FOLLOWER_V, FOLLOWER_LIMIT_V = _value("follower"), _value("follower_limit")
DROOP_V, DROOP_STORE = _value("droop"), _value("droop_store")
DISTURBANCE, DISTURBS_FROM_V = _value("disturbance"), _value("disturbs_from")
_SMALLEST_STORE = 1e-3  # LSB; below it the store current is off and every limit is reached


@compiled
def exponential(x):  # type: ignore[no-untyped-def]
    """exp(x) in float64 by + - * / alone; see `decay_exact`."""
    return decay_exact(-x) if x <= 0.0 else 1.0 / decay_exact(x)


@compiled
def retention(duration):  # type: ignore[no-untyped-def]
    """What is left of a capacitor's distance from the reset voltage after `duration` [tick]."""
    return decay_exact(duration * TICK_S / RESET_TAU_S)


@compiled
def measure_gain(v_res_meas):  # type: ignore[no-untyped-def]
    """Amplitude relative to the one at 0.9 V, from where a ramp starts [V]."""
    return exponential((v_res_meas - V_RES_MEAS) / RES_MEAS_SLOPE_V)


@compiled
def droop(store):  # type: ignore[no-untyped-def]
    """How far a store current [LSB] pulls the output below the capacitor [V]."""
    ratio = DROOP_STORE / larger(store, _SMALLEST_STORE)
    return DROOP_V * ratio * ratio


@helper
def decay_rate(ramp, trim, factor):  # type: ignore[no-untyped-def]
    """dt / tau per chip tick, from the ramp current [LSB], time_calib 0..3 and a mismatch factor.

    Zero without current: the ramp stays where it was started.
    """
    shorter = 1.0
    for _ in range(trim):
        shorter *= TIME_TRIM
    return TICK_S * larger(ramp, 0.0) / (TAU * shorter * factor)


@helper
def packet(store, gain, trim, factor):  # type: ignore[no-untyped-def]
    """Voltage step of a pair without delay [V]: store current [LSB], amp_calib 0..3, mismatch."""
    size = AMPLITUDE / larger(store, _SMALLEST_STORE) * gain * factor
    for _ in range(trim):
        size *= AMPLITUDE_TRIM
    return smaller(size, PACKET_LIMIT_V)


@inlined
def discharge(v, step, floor, per_headroom):  # type: ignore[no-untyped-def]
    """V_acc [V] after a step [V], which is whole above floor + 1 / per_headroom and 0 at floor."""
    headroom = smaller(larger((v - floor) * per_headroom, 0.0), 1.0)
    return larger(v - step * headroom, smaller(v, floor))


@helper
def follow(v, droop_v, offset):  # type: ignore[no-untyped-def]
    """Output of a sensor's source follower [V]."""
    return smaller(larger(v - FOLLOWER_V - droop_v + offset, 0.0), FOLLOWER_LIMIT_V)


@helper
def disturbance(v):  # type: ignore[no-untyped-def]
    """What a capacitor at `v` [V] adds to a neuron's reading in its column [V]."""
    return DISTURBANCE * larger(v - DISTURBS_FROM_V, 0.0)
