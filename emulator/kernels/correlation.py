"""Loops over correlation sensors: replaying pulses, setting up their constants, reading a row.

A presynaptic pulse walks along its rows, a postsynaptic one down its column.  So whatever belongs
to the acausal branch, which presynaptic pulses sample, lies as (half, row, column), and whatever
belongs to the causal branch as (half, column, row).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..jit import compiled, helper, larger
from ..physics.correlation import (
    decay_rate,
    discharge,
    disturbance,
    droop,
    exponential,
    follow,
    packet,
)
from ..physics.synaptic_input import decay_exact

RESET, PRE, POST = 0, 1, 2
"""Kinds of pulses, in the order in which they count within one tick."""
CAUSAL, ACAUSAL = 0, 1
NEVER = np.int64(-(1 << 62))
"""Tick of a pulse that was never seen."""
N_HALVES, N_DRIVERS, N_ADDRESSES, N_LINES, N_QUADS = 2, 128, 64, 256, 64
_ROWS_PER_DRIVER, _COLUMNS_PER_QUADRANT, _ENTRIES = 2, 128, 4

NEGLIGIBLE_TIMES = 20.0
"""Later than so many tau a pair moves no float32 voltage: exp(-20) 0.9 V is less than half of the
smallest step at the sensors' voltages, 2**-25 V."""


class Pulses(NamedTuple):
    """What happened to the sensors, in order; arrays (event,)."""

    kind: npt.NDArray[np.int64]
    tick: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    """128 * half + driver, AtomicNeuron, or (256 * half + row) * 64 + quad of a reset."""
    detail: npt.NDArray[np.int64]
    """Forwarded address of a presynaptic pulse; tick of the end of a reset."""
    retain: npt.NDArray[np.float64]
    """Share of its distance from the reset voltage that a capacitor keeps in a reset."""


class Memories(NamedTuple):
    """When each sensor last saw a pulse; int64 [tick].

    own     (half, column, row) presynaptic, as far as not in `recent`
    recent  (half, driver, address) last presynaptic pulse since the labels last changed
    post    (half, column) postsynaptic
    """

    own: npt.NDArray[np.int64]
    recent: npt.NDArray[np.int64]
    post: npt.NDArray[np.int64]


class Sensors(NamedTuple):
    """Accumulation capacitors.

    voltage  (branch, half, 256, 256) float32 [V]
    held     (half, row, quad) int64: tick until which a reset holds them
    """

    voltage: npt.NDArray[np.float32]
    held: npt.NDArray[np.int64]


class Tuning(NamedTuple):
    """Constants of the branches, (branch, half, 256, 256) float32, and limits [V, 1/V]."""

    rate: npt.NDArray[np.float32]
    packet: npt.NDArray[np.float32]
    floor: float
    per_headroom: float
    v_reset: float


class Labels(NamedTuple):
    """Which synapses an event reaches.

    by_row, by_column  uint8 labels (half, row, column) and (half, column, row)
    driven             (half, row) bool: whether the row's mode lets pulses through
    """

    by_row: npt.NDArray[np.uint8]
    by_column: npt.NDArray[np.uint8]
    driven: npt.NDArray[np.bool_]


@helper
def _sample(voltage, dt, rate, size, floor, per_headroom):  # type: ignore[no-untyped-def]
    """Capacitor voltage after a pair `dt` [tick] apart."""
    times = dt * np.float64(rate)
    if voltage <= 0.0 or times > NEGLIGIBLE_TIMES:
        return voltage
    step = np.float64(size) * decay_exact(times)
    return np.float32(discharge(np.float64(voltage), step, floor, per_headroom))


@helper
def _last_seen(own, sent, driven):  # type: ignore[no-untyped-def]
    """Tick of the last presynaptic pulse that a synapse saw: its own or what its driver sent."""
    return larger(own, sent) if driven else own


@helper
def _pre(tick, place, address, labels, memories, sensors, tuning):  # type: ignore[no-untyped-def]
    """Acausal branches sample the postsynaptic ramps of the synapses that this pulse reaches."""
    half, driver = place // N_DRIVERS, place % N_DRIVERS
    post, floor, per_headroom = memories.post[half], tuning.floor, tuning.per_headroom
    for row in range(_ROWS_PER_DRIVER * driver, _ROWS_PER_DRIVER * (driver + 1)):
        if not labels.driven[half, row]:
            continue
        label, held = labels.by_row[half, row], sensors.held[half, row]
        voltage = sensors.voltage[ACAUSAL, half, row]
        rate, size = tuning.rate[ACAUSAL, half, row], tuning.packet[ACAUSAL, half, row]
        for column in range(N_LINES):
            last = post[column]
            if label[column] != address or last == NEVER:
                continue
            if tick < held[column % 2 * 32 + column // 8]:
                continue
            v, dt = voltage[column], larger(tick - last, 0)
            voltage[column] = _sample(v, dt, rate[column], size[column], floor, per_headroom)


@helper
def _post(tick, place, labels, memories, sensors, tuning):  # type: ignore[no-untyped-def]
    """Causal branches of a column sample their presynaptic ramps."""
    half, column = place // N_LINES, place % N_LINES
    own, recent = memories.own[half, column], memories.recent[half]
    label, driven = labels.by_column[half, column], labels.driven[half]
    voltage = sensors.voltage[CAUSAL, half, column]
    held = sensors.held[half, :, column % 2 * 32 + column // 8]
    rate, size = tuning.rate[CAUSAL, half, column], tuning.packet[CAUSAL, half, column]
    floor, per_headroom = tuning.floor, tuning.per_headroom
    for row in range(N_LINES):
        sent = recent[row // _ROWS_PER_DRIVER, label[row]]
        last = _last_seen(own[row], sent, driven[row])
        if last == NEVER or tick < held[row]:
            continue
        v, dt = voltage[row], larger(tick - last, 0)
        voltage[row] = _sample(v, dt, rate[row], size[row], floor, per_headroom)


@helper
def _reset(place, end, retain, v_reset, sensors):  # type: ignore[no-untyped-def]
    """Charge both capacitors of a quad's four synapses, and hold them until `end`."""
    half, row, quad = place // (N_LINES * N_QUADS), place // N_QUADS % N_LINES, place % N_QUADS
    sensors.held[half, row, quad] = end
    for entry in range(_ENTRIES):
        column = 2 * entry + 8 * (quad % 32) + quad // 32
        for branch in range(2):
            a, b = (column, row) if branch == CAUSAL else (row, column)
            v = np.float64(sensors.voltage[branch, half, a, b])
            sensors.voltage[branch, half, a, b] = v_reset + (v - v_reset) * retain


@compiled
def replay(pulses, labels, memories, sensors, tuning):  # type: ignore[no-untyped-def]
    """Let the sensors see pulses; writes `memories` and `sensors`."""
    for e in range(pulses.tick.size):
        tick, place = pulses.tick[e], pulses.place[e]
        if pulses.kind[e] == RESET:
            _reset(place, pulses.detail[e], pulses.retain[e], tuning.v_reset, sensors)
        elif pulses.kind[e] == PRE:
            _pre(tick, place, pulses.detail[e], labels, memories, sensors, tuning)
            memories.recent[place // N_DRIVERS, place % N_DRIVERS, pulses.detail[e]] = tick
        else:
            _post(tick, place, labels, memories, sensors, tuning)
            memories.post[place // N_LINES, place % N_LINES] = tick


@compiled
def remember(pulses, memories):  # type: ignore[no-untyped-def]
    """Note when pulses came, and nothing else: what is left to do while no sensor is in use."""
    for e in range(pulses.tick.size):
        tick, place = pulses.tick[e], pulses.place[e]
        if pulses.kind[e] == PRE:
            memories.recent[place // N_DRIVERS, place % N_DRIVERS, pulses.detail[e]] = tick
        elif pulses.kind[e] == POST:
            memories.post[place // N_LINES, place % N_LINES] = tick


@compiled
def settle(labels, memories):  # type: ignore[no-untyped-def]
    """Hand what the drivers sent to each synapse's own memory, before its label changes."""
    for half in range(N_HALVES):
        for column in range(N_LINES):
            for row in range(N_LINES):
                driver, label = row // _ROWS_PER_DRIVER, labels.by_column[half, column, row]
                sent = memories.recent[half, driver, label]
                own = memories.own[half, column, row]
                memories.own[half, column, row] = _last_seen(own, sent, labels.driven[half, row])
    memories.recent[:] = NEVER


@compiled
def exponentials(logarithm, factor):  # type: ignore[no-untyped-def]
    """Fill factor (n,) float32 with exp(logarithm), (n,) float64."""
    for i in range(logarithm.size):
        factor[i] = exponential(logarithm[i])


@compiled
def tune(ramp, store, gain, time_calib, amp_calib, tau_factor, amplitude_factor, rate, size):  # type: ignore[no-untyped-def]
    """Fill rate and size (branch, half, 256, 256) float32, see `Tuning`.

    ramp, store            (4,) currents of the quadrants [LSB]
    time_calib, amp_calib  (half, row, column) trims
    tau_factor, amplitude_factor  (branch, half, 256, 256) mismatch; nominal is 1
    """
    for half in range(N_HALVES):
        for row in range(N_LINES):
            for column in range(N_LINES):
                q = 2 * half + column // _COLUMNS_PER_QUADRANT
                slow, small = time_calib[half, row, column], amp_calib[half, row, column]
                for branch in range(2):
                    a, b = (column, row) if branch == CAUSAL else (row, column)
                    where = (branch, half, a, b)
                    rate[where] = decay_rate(ramp[q], slow, tau_factor[where])
                    size[where] = packet(store[q], gain, small, amplitude_factor[where])


@compiled
def read_row(voltage, half, row, store, offset, out):  # type: ignore[no-untyped-def]
    """Fill out (branch, column) float64 [V] with what the CADC sees of a row.

    store  (4,) currents of the quadrants [LSB]; offset (branch, half, column) [V]
    """
    west, east = droop(store[2 * half]), droop(store[2 * half + 1])
    for column in range(N_LINES):
        sag = west if column < _COLUMNS_PER_QUADRANT else east
        causal, acausal = voltage[CAUSAL, half, column, row], voltage[ACAUSAL, half, row, column]
        out[CAUSAL, column] = follow(np.float64(causal), sag, offset[CAUSAL, half, column])
        out[ACAUSAL, column] = follow(np.float64(acausal), sag, offset[ACAUSAL, half, column])


@compiled
def disturb_row(voltage, half, row, out):  # type: ignore[no-untyped-def]
    """Fill out (branch, column) float64 [V] with what a row adds to readings of neurons."""
    for column in range(N_LINES):
        out[CAUSAL, column] = disturbance(np.float64(voltage[CAUSAL, half, column, row]))
        out[ACAUSAL, column] = disturbance(np.float64(voltage[ACAUSAL, half, row, column]))
