"""Time loop of the active neurons: vector step, then the few neurons with something to settle.

Per step of `ticks` x 4 ns:
1. events due on the PADI buses become line drops (:mod:`emulator.kernels.events`)
2. a block of lanes steps, vectorised; crossings of the threshold are only counted
3. if a lane crossed or a timer falls into the step, those lanes replay it exactly in scalar pieces
4. spikes are sorted, logged and sent on; the readout line is written to the trace
"""

from __future__ import annotations

import numpy as np

from ..jit import compiled, fused, helper, inlined
from ..parameters import COMPARATOR_NOISE_V, LINE_REST_V, NOISE_BLOCK_CYCLES, SYNIN_V_LIN
from ..physics.membrane import membrane_step
from ..physics.synaptic_input import decay, input_slope
from ..random import normal
from . import lanes as ln
from .events import NEXT_EVENT, deliver, send
from .lanes import ARMED, BLOCKED, NEVER, PENDING, REFRACTORY, RESET

DONE, SPIKE_LOG_FULL, BUS_OVERFLOW = range(3)
"""How `advance` ended: at `until_step`; early, with the step in cursor[0], for want of room."""

STEP, N_SPIKES, FULL_BUS = range(3)
"""Entries of the cursor of this module: next step, spikes logged, overflowing bus."""

NOISE_PURPOSE = 1
_SPIKES_PER_BLOCK_BITS = 20
_LANES = np.int64(ln.LANES)
_INFINITE = np.float32(np.inf)
_NO_DROP = np.float32(ln.NO_DROP_V)
_SIGMA, _REST = np.float32(COMPARATOR_NOISE_V), np.float32(LINE_REST_V)
_TICK_S, _HALF, _ZERO = np.float32(4e-9), np.float32(0.5), np.float32(0)
_PER_V_LIN_SYN = np.float32(1 / SYNIN_V_LIN)

# Offsets into a block as unsigned integers: no sign to check keeps the inner loop free of branches.
_U = np.uint64
_V, _EXC, _INH = _U(ln.V), _U(ln.EXC), _U(ln.INH)
_V_OLD, _EXC_OLD, _INH_OLD = _U(ln.V_OLD), _U(ln.EXC_OLD), _U(ln.INH_OLD)
_TARGET, _SLOPE, _PER_V_LIN = _U(ln.TARGET), _U(ln.SLOPE), _U(ln.PER_V_LIN)
_EXC_DECAY, _EXC_HALF = _U(ln.EXC_DECAY), _U(ln.EXC_HALF)
_INH_DECAY, _INH_HALF = _U(ln.INH_DECAY), _U(ln.INH_HALF)
_EXC_SLOPE, _EXC_OFFSET = _U(ln.EXC_SLOPE), _U(ln.EXC_OFFSET)
_INH_SLOPE, _INH_OFFSET = _U(ln.INH_SLOPE), _U(ln.INH_OFFSET)
_OFFSET = _U(ln.OFFSET)
_EXC_EXTRA, _INH_EXTRA = _U(ln.EXC_EXTRA), _U(ln.INH_EXTRA)
_EXC_ADD, _INH_ADD = _U(ln.EXC_ADD), _U(ln.INH_ADD)
_THRESHOLD, _BLOCK = _U(ln.THRESHOLD), _U(ln.BLOCK)


@helper
def _step_blocks(s, n_blocks, dt, crossed):  # type: ignore[no-untyped-def]
    """Advance all lanes by `dt` [s]; write to `crossed` how many of a block passed threshold."""
    for b in range(n_blocks):
        base, count = np.uint64(b) * _BLOCK, np.int32(0)
        for lane in range(16):
            o = base + np.uint64(lane)
            v, exc, inh = s[o + _V], s[o + _EXC], s[o + _INH]
            i_exc = input_slope(
                fused(exc, s[o + _EXC_HALF], s[o + _EXC_EXTRA]),
                s[o + _EXC_OFFSET],
                _PER_V_LIN_SYN,
                s[o + _EXC_SLOPE],
            )
            i_inh = input_slope(
                fused(inh, s[o + _INH_HALF], s[o + _INH_EXTRA]),
                s[o + _INH_OFFSET],
                _PER_V_LIN_SYN,
                s[o + _INH_SLOPE],
            )
            ota = s[o + _TARGET], s[o + _SLOPE], s[o + _PER_V_LIN]
            new = membrane_step(v, ota[0], ota[1], ota[2], s[o + _OFFSET], i_exc, i_inh, dt)
            s[o + _V_OLD], s[o + _EXC_OLD], s[o + _INH_OLD] = v, exc, inh
            s[o + _V] = new
            s[o + _EXC] = fused(exc, s[o + _EXC_DECAY], s[o + _EXC_ADD])
            s[o + _INH] = fused(inh, s[o + _INH_DECAY], s[o + _INH_ADD])
            count += np.int32(new >= s[o + _THRESHOLD])
        crossed[b] = count


@inlined
def _base(lane):  # type: ignore[no-untyped-def]
    """Where a lane's fields start."""
    return (lane // _LANES) * ln.BLOCK + lane % _LANES


@inlined
def _piece(lanes, lane, v, start, end):  # type: ignore[no-untyped-def]
    """V after the part of the present step from `start` to `end` [ticks after its beginning]."""
    s, o = lanes.state, _base(lane)
    middle = np.float32(start + end) * _HALF
    exc = s[o + ln.EXC_OLD] * decay(middle * lanes.rate[0, lane])
    inh = s[o + ln.INH_OLD] * decay(middle * lanes.rate[1, lane])
    i_exc = input_slope(
        exc + s[o + ln.EXC_EXTRA], s[o + ln.EXC_OFFSET], _PER_V_LIN_SYN, s[o + ln.EXC_SLOPE]
    )
    i_inh = input_slope(
        inh + s[o + ln.INH_EXTRA], s[o + ln.INH_OFFSET], _PER_V_LIN_SYN, s[o + ln.INH_SLOPE]
    )
    dt = np.float32(end - start) * _TICK_S
    ota = s[o + ln.TARGET], s[o + ln.SLOPE], s[o + ln.PER_V_LIN]
    return membrane_step(v, ota[0], ota[1], ota[2], s[o + ln.OFFSET], i_exc, i_inh, dt)


@inlined
def _switch(lanes, lane, ota):  # type: ignore[no-untyped-def]
    o = _base(lane)
    lanes.state[o + ln.TARGET] = ota[0, lane]
    lanes.state[o + ln.SLOPE] = ota[1, lane]
    lanes.state[o + ln.PER_V_LIN] = ota[2, lane]


@inlined
def noisy_threshold(lanes, lane, block, key):  # type: ignore[no-untyped-def]
    """Threshold [V] of an armed lane in noise block `block`; redrawn after every spike."""
    counter = (np.uint64(block) << np.uint64(_SPIKES_PER_BLOCK_BITS)) ^ np.uint64(
        lanes.spikes[lane]
    )
    draw = normal(key, NOISE_PURPOSE, lanes.neuron[lane], counter)
    return lanes.threshold[lane] + _SIGMA * np.float32(draw)


@inlined
def _rearm(lanes, lane, v, block, key, step_end):  # type: ignore[no-untyped-def]
    """The comparator acts on an edge: armed only once the membrane is below threshold."""
    threshold = noisy_threshold(lanes, lane, block, key)
    if v < threshold:
        lanes.mode[lane], lanes.timer[lane] = ARMED, NEVER
        lanes.state[_base(lane) + ln.THRESHOLD] = threshold
    else:
        lanes.mode[lane], lanes.timer[lane] = BLOCKED, step_end


@inlined
def _settle(lanes, lane, step_start, step_end, block, key, spike_tick, spike_lane, n):  # type: ignore[no-untyped-def]
    """Replay this step for a lane whose backend acts inside it; return the spikes logged."""
    o = _base(lane)
    v, at = lanes.state[o + ln.V_OLD], step_start
    while lanes.timer[lane] < step_end:
        due, mode = max(lanes.timer[lane], step_start), lanes.mode[lane]
        if due > at:
            v = _piece(lanes, lane, v, at - step_start, due - step_start)
            at = due
        if mode == PENDING:
            spike_tick[n], spike_lane[n] = at, lane
            n += 1
            lanes.spikes[lane] += 1
            lanes.mode[lane], lanes.end[lane] = RESET, at + lanes.refractory[lane]
            lanes.timer[lane] = lanes.end[lane] - lanes.hold[lane]
            _switch(lanes, lane, lanes.reset)
        elif mode == RESET:
            _switch(lanes, lane, lanes.leak)
            lanes.mode[lane], lanes.timer[lane] = REFRACTORY, lanes.end[lane]
        else:
            _rearm(lanes, lane, v, block, key, step_end)
    if step_end > at:
        v = _piece(lanes, lane, v, at - step_start, step_end - step_start)
    lanes.state[o + ln.V] = v
    return n


@inlined
def _settle_block(lanes, block, step_start, step_end, noise_block, key, spike_tick, spike_lane, n):  # type: ignore[no-untyped-def]
    """Settle the lanes of a block: those that crossed their threshold and those whose timer is due.

    A crossing is placed within the step by linear interpolation; the backend sees it at its next
    clock edge.
    """
    earliest = NEVER
    for lane in range(block * _LANES, (block + 1) * _LANES):
        o = _base(lane)
        new, threshold = lanes.state[o + ln.V], lanes.state[o + ln.THRESHOLD]
        if new >= threshold:
            old = lanes.state[o + ln.V_OLD]
            part = (threshold - old) / (new - old) if old < threshold else _ZERO
            tick = step_start + np.int64(np.ceil(part * np.float32(step_end - step_start)))
            clock = lanes.clock[lane]
            lanes.state[o + ln.THRESHOLD] = _INFINITE
            lanes.mode[lane], lanes.timer[lane] = PENDING, (tick + clock - 1) // clock * clock
        if lanes.timer[lane] < step_end:
            n = _settle(
                lanes, lane, step_start, step_end, noise_block, key, spike_tick, spike_lane, n
            )
        earliest = min(earliest, lanes.timer[lane])
    lanes.due[block] = earliest
    return n


@inlined
def _sort_spikes(tick, lane, first, last):  # type: ignore[no-untyped-def]
    """Insertion sort of the few spikes of one step by (tick, lane)."""
    for i in range(first + 1, last):
        t, k, j = tick[i], lane[i], i
        while j > first and (tick[j - 1] > t or (tick[j - 1] == t and lane[j - 1] > k)):
            tick[j], lane[j] = tick[j - 1], lane[j - 1]
            j -= 1
        tick[j], lane[j] = t, k


@compiled
def redraw_thresholds(lanes, n_lanes, block, key):  # type: ignore[no-untyped-def]
    """Give every armed lane its threshold for noise block `block`."""
    for lane in range(n_lanes):
        if lanes.mode[lane] == ARMED and lanes.threshold[lane] < _INFINITE:
            lanes.state[_base(lane) + ln.THRESHOLD] = noisy_threshold(lanes, lane, block, key)


@inlined
def _read_line(state, readout_lane, readout_source):  # type: ignore[no-untyped-def]
    """Mean over the neurons shorted on the readout line [V]; 0 where none is connected."""
    total = _ZERO
    for k in range(readout_lane.size):
        o = _base(readout_lane[k])
        if readout_source[k] == 0:
            total += state[o + ln.V]
        elif readout_source[k] == 1:
            total += _REST - state[o + ln.EXC]
        else:
            total += _REST - state[o + ln.INH]
    return total / np.float32(max(readout_lane.size, 1))


@helper
def _clear_events(state, n_blocks):  # type: ignore[no-untyped-def]
    """Forget what events added to the lines in this step."""
    for b in range(n_blocks):
        extra, add = b * ln.BLOCK + ln.EXC_EXTRA, b * ln.BLOCK + ln.EXC_ADD
        for k in range(2 * ln.LANES):
            state[extra + k], state[add + k] = _ZERO, _NO_DROP


@compiled
def advance(  # type: ignore[no-untyped-def]
    lanes, routes, queues, out, cursor, until_step, step_cycles, key, readout_lane, readout_source
):
    """Integrate from step cursor[STEP] up to `until_step`; return DONE or why it ended early.

    Writes to lanes, queues, out and cursor.  out.trace[0] belongs to the beginning of the first
    step.
    step_cycles     FPGA cycles per step (a power of two)
    key             uint64, the run seed
    readout_lane    (reader,) lanes connected to the readout line; readout_source: 0 v, 1 exc, 2 inh
    """
    n_blocks, n_lanes = lanes.state.size // ln.BLOCK, lanes.neuron.size
    ticks = 2 * step_cycles
    dt = np.float32(ticks) * _TICK_S
    block_steps = max(NOISE_BLOCK_CYCLES // step_cycles, 1)
    first_step, crossed = cursor[STEP], np.zeros(n_blocks, np.int32)
    out.trace[0] = _read_line(lanes.state, readout_lane, readout_source)
    for step in range(first_step, until_step):
        if cursor[N_SPIKES] + 4 * n_lanes * step_cycles > out.spike_tick.size:
            cursor[STEP] = step
            return SPIKE_LOG_FULL
        start, end, block = step * ticks, (step + 1) * ticks, step // block_steps
        if step % block_steps == 0:
            redraw_thresholds(lanes, n_lanes, block, key)
        any_event = False
        if cursor[NEXT_EVENT] < (step + 1) * step_cycles:
            bus, any_event = deliver(lanes, routes, queues, cursor, step, step_cycles)
            if bus >= 0:
                cursor[STEP], cursor[FULL_BUS] = step, bus
                return BUS_OVERFLOW
        first = cursor[N_SPIKES]
        n = first
        _step_blocks(lanes.state, n_blocks, dt, crossed)
        for b in range(n_blocks):
            if crossed[b] or lanes.due[b] < end:
                n = _settle_block(
                    lanes, b, start, end, block, key, out.spike_tick, out.spike_lane, n
                )
        if n > first:
            _sort_spikes(out.spike_tick, out.spike_lane, first, n)
            for k in range(first, n):
                send(routes, queues, cursor, out.spike_tick[k], out.spike_lane[k])
            cursor[N_SPIKES] = n
        if any_event:
            _clear_events(lanes.state, n_blocks)
        out.trace[step - first_step + 1] = _read_line(lanes.state, readout_lane, readout_source)
    cursor[STEP] = until_step
    return DONE
