"""Groups of blocks of lanes, and how one of them gets through a window of steps.

Per step: events become line drops, all lanes step, and the few lanes whose backend acts are settled
(:mod:`emulator.kernels.backend`).  What changes slowly advances once per interval of steps; an
event interrupts that for the synaptic lines.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ..jit import helper, inlined, larger, smaller
from ..linkage import apart, call, named_tuple, record_at, reference
from ..parameters import NOISE_BLOCK_CYCLES
from . import lanes as ln
from . import threads as th
from .arrivals import ARRIVALS_TYPE, Arrivals
from .backend import bypass, forget_thresholds
from .lanes import AT, F1, F2, I1, I2, I3, LANES_TYPE, NEVER, READERS_TYPE
from .stepping import (
    base,
    enter_interval,
    enter_rest,
    leave_interval,
    step_lines,
)

_U = np.uint64
_FIELD, _TWO, _THREE = _U(ln.LANES), _U(2 * ln.LANES), _U(3 * ln.LANES)
_BLOCK, _EXC, _INH = _U(ln.BLOCK), _U(ln.EXC), _U(ln.INH)
_EXC_BIAS, _EXC_ADD, _INH_BIAS, _INH_ADD = (
    _U(AT[name]) for name in ("exc_bias", "exc_add", "inh_bias", "inh_add")
)
_W, _W_NEXT = AT["w"], _U(AT["w_next"])
_RISE = _U(AT["exc_rise"]), _U(AT["inh_rise"])
_NO_DROP, _ZERO = np.float32(ln.NO_DROP), np.float32(0)


# The two loops below read one array and write another.  With 16 as a literal LLVM unrolls them to
# scalar code before it knows that they do not overlap; a number of lanes that it does not know lets
# it vectorise them behind a check.


@helper
def _discharge(s, weights, drops, first, last, blocks, d, w, gain, n_lanes):  # type: ignore[no-untyped-def]
    """Discharge the lines of those of blocks first..last - 1 whose bits are set.

    d, w  where the drops and weights of block 0 begin, and from a block to the next: (at, stride)
    """
    for b in range(first, last):
        if not blocks >> b & 1:
            continue
        o, at = _U(b) * _BLOCK, _U(d[0] + b * d[1])
        e = _U(w[0] + b * w[1])
        for lane in range(n_lanes):
            k = _U(lane)
            exc, inh = drops[at + k] * gain, drops[at + _FIELD + k] * gain
            s[o + _EXC_BIAS + k] += exc * weights[e + k]
            s[o + _EXC_ADD + k] += exc * weights[e + _FIELD + k]
            s[o + _INH_BIAS + k] += inh * weights[e + _TWO + k]
            s[o + _INH_ADD + k] += inh * weights[e + _THREE + k]


@helper
def _forget_events(s, offset, first, last, blocks, full_line, n_lanes):  # type: ignore[no-untyped-def]
    """After a step with events: nothing comes in the next; no line lies below ground.

    offset  (2 lane,) of the excitatory, then of the inhibitory amplifiers
    blocks  bit b: whether an event reached block b
    """
    inhibitory = _U(offset.size // 2)
    for b in range(first, last):
        if not blocks >> b & 1:
            continue
        o, n = _U(b) * _BLOCK, _U(b * ln.LANES)
        for lane in range(n_lanes):
            k = _U(lane)
            s[o + k + _EXC_BIAS], s[o + k + _EXC_ADD] = offset[n + k], _NO_DROP
            s[o + k + _INH_BIAS], s[o + k + _INH_ADD] = offset[inhibitory + n + k], _NO_DROP
            s[o + k + _EXC] = smaller(s[o + k + _EXC], full_line)
            s[o + k + _INH] = smaller(s[o + k + _INH], full_line)


@inlined
def _arrive(lanes, drops, blocks, arrivals, event, first, last, step, step_cycles, n_lanes):  # type: ignore[no-untyped-def]
    """Let an event of this step reach those of blocks first..last - 1 whose bits are set."""
    at, stride = arrivals.cycle[event] - step * step_cycles, 2 * ln.LANES
    d = (arrivals.row[event] * lanes.block.shape[1] * stride, stride)
    w = (at * 2 * stride, step_cycles * 2 * stride)
    gain = arrivals.gain[event]
    _discharge(lanes.state, lanes.partial, drops, first, last, blocks, d, w, gain, n_lanes)


@inlined
def record(lanes, readers, first, last, step, calm_from, column, trace):  # type: ignore[no-untyped-def]
    """Write what is to be seen at the beginning of `step` to the trace."""
    for k in range(readers.first[first], readers.first[last]):
        o = base(readers.lane[k])
        value = lanes.state[o + _U(readers.field[k])]
        if readers.field[k] == _W:
            part = np.float32((step - 1) % ln.INTERVAL + 1) / np.float32(ln.INTERVAL)
            value += (lanes.state[o + _W_NEXT] - value) * part
        elif readers.field[k] != ln.V and step > calm_from:
            if lanes.block[ln.KIND, readers.lane[k] // ln.LANES] <= ln.ADAPTIVE:
                rise = lanes.state[o + (_RISE[0] if readers.field[k] == ln.EXC else _RISE[1])]
                for _ in range((-step) % ln.INTERVAL):
                    value *= rise
        trace[k, column] = readers.scale[k, 0] + readers.scale[k, 1] * value


@inlined
def _sees_more_than_membranes(field, first, last):  # type: ignore[no-untyped-def]
    """Whether anything of these blocks is recorded that does not go on from step to step alone.

    Lines and adaptation nodes are drawn for an interval: only `_record` knows them in between.
    """
    more = False
    for k in range(first, last):
        more |= field[k] != ln.V
    return more


@inlined
def _earliest(block, first, last):  # type: ignore[no-untyped-def]
    """When the first timer of these blocks is due."""
    due = block[ln.DUE, first]
    for b in range(first + 1, last):
        due = smaller(due, block[ln.DUE, b])
    return due


class Trace(NamedTuple):
    """What is recorded during a call."""

    points: ln.F32  # (pair, step + 1) V at the chunk's start and after each step


TRACE_TYPE = named_tuple(Trace, F2)


class Task(NamedTuple):
    """What every thread needs, besides the window that the shared array describes."""

    lanes: ln.Lanes
    readers: ln.Readers
    groups: ln.I64  # (group + 1,) first block of each, all of a kind; the last may be coupled
    drops: ln.F32  # (row * block * 2 * LANES,) V
    blocks: ln.I64  # (row,) see Routes
    arrivals: Arrivals
    crossed: ln.I32  # (thread, block) scratch; threads write to it in every step, so far apart
    log: ln.I64  # (thread, 2, capacity) tick and lane of the window's spikes
    log_n: ln.I64  # (thread, 8): the first entry counts
    shared: ln.I64  # see kernels.threads
    key: npt.NDArray[np.uint64]  # (1,) run seed
    addresses: ln.I64  # (N_ADDRESSES,) see RUN


TASK_TYPE = named_tuple(
    Task,
    LANES_TYPE, READERS_TYPE, I1, F1, I1, ARRIVALS_TYPE, types.Array(types.int32, 2, "C"), I3, I2,
    I1, types.Array(types.uint64, 1, "C"), I1,
)  # fmt: skip
RUN, SETTLE, FOLLOW, OUTPUTS, COUPLING, NETWORK, TRACE = range(7)
BYPASS, SERVE, LINES, ADAPT, STEPS = range(7, 12)
N_ADDRESSES = STEPS + 4
"""Entries of a task's addresses: of functions (`run_group`, `backend.settle`, `neurons.follow`,
`fire.outputs`), of a `coupling.Coupling`, a `fire.Network` and a `Trace`, and again of functions
(`fire_bypassed`, `arrivals.serve`, `advance_lines`, `stepping.adapt`, and those that step blocks of
each kind).  0 where there is nothing of the kind: what few networks need is compiled only for them.
"""


@inlined
def _step_of(cycle, event, n_arrived, step_cycles):  # type: ignore[no-untyped-def]
    """In which step an event arrives; never if there is none."""
    return cycle[event] // step_cycles if event < n_arrived else NEVER


@inlined
def _at_once(into, left, to_event, to_timer, ticks):  # type: ignore[no-untyped-def]
    """Steps that a group can take before anything but a crossing happens.

    into    steps since the present interval began
    left    steps of the window; to_event  steps until the next event; to_timer  ticks until `due`
    """
    at_most = smaller(ln.INTERVAL - into, left)
    return smaller(smaller(at_most, to_event), larger(to_timer, 0) // ticks + 1)


@apart
def advance_lines(lanes_at, first, last, step, calm_from):  # type: ignore[no-untyped-def]
    """Synaptic slopes of gentle blocks for this step, or for what is left of the interval."""
    lanes = record_at(lanes_at, LANES_TYPE)
    s, rails = lanes.state, lanes.constants
    into = step % ln.INTERVAL
    if step < calm_from:
        step_lines(s, first, last, rails)
    elif into == 0:
        enter_interval(s, first, last, rails)
    elif step == calm_from:
        enter_rest(s, first, last, ln.INTERVAL - into, rails)
    return into


@apart
def fire_bypassed(task_at, event, first, last):  # type: ignore[no-untyped-def]
    """Let an event fire neurons of these blocks directly where their circuits are set so.

    Returns nothing of meaning.
    """
    task = record_at(task_at, TASK_TYPE)
    lanes, drops, gain = task.lanes, task.drops, task.arrivals.gain[event]
    row = task.arrivals.row[event] * lanes.block.shape[1]
    for b in range(first, last):
        if lanes.block[ln.BYPASSED, b]:
            for lane in range(16):
                n, at = b * ln.LANES + lane, (row + b) * 2 * ln.LANES + lane
                exc, inh = drops[at] * gain, drops[at + ln.LANES] * gain
                if exc >= lanes.analog[ln.BYPASS, n] or inh >= lanes.analog[ln.BYPASS + 1, n]:
                    bypass(lanes, _U(n), 2 * task.arrivals.cycle[event])
    return 0


@apart
def run_group(task_at, group, origin, thread):  # type: ignore[no-untyped-def]
    """Take a group of blocks, all of one kind, through the present window.

    task_at  reference to TASK_TYPE
    origin   step to which the first point of the trace belongs
    Returns  nothing of meaning
    """
    task = record_at(task_at, TASK_TYPE)
    lanes, arrivals, shared, crossed = task.lanes, task.arrivals, task.shared, task.crossed[thread]
    s, rails, n_spikes = lanes.state, lanes.constants, task.log_n[thread, 0]
    lanes_at, key = reference(lanes, LANES_TYPE), np.int64(task.key[0])
    log_at = reference(ln.ThreadLog(task.log[thread, 0], task.log[thread, 1], crossed), ln.LOG_TYPE)
    addresses, trace = task.addresses, record_at(task.addresses[TRACE], TRACE_TYPE).points
    step_cycles, n_arrived, calm_from = (
        shared[th.STEP_CYCLES], shared[th.N_ARRIVED], shared[th.CALM_FROM],
    )  # fmt: skip
    noise_steps, ticks, arm_at = (
        larger(NOISE_BLOCK_CYCLES // step_cycles, 1), 2 * step_cycles, shared[th.ARM_AT],
    )  # fmt: skip
    n_lanes = lanes.digital.shape[1] // lanes.block.shape[1]
    first, last = task.groups[group], task.groups[group + 1]
    step, until, kind = shared[th.FIRST], shared[th.LAST], lanes.block[ln.KIND, first]
    next_noise = -(-step // noise_steps) * noise_steps
    seen, seen_end = task.readers.first[first], task.readers.first[last]
    watched = seen_end > seen
    closely = _sees_more_than_membranes(task.readers.field, seen, seen_end)
    event = n_arrived - n_arrived  # an integer like others, not a literal that compiles once more
    next_event = _step_of(arrivals.cycle, event, n_arrived, step_cycles)
    due = _earliest(lanes.block, first, last)
    if watched and step == origin:
        record(lanes, task.readers, first, last, step, calm_from, step - origin, trace)
    while step < until:
        into, came, n, reached = step % ln.INTERVAL, next_event == step, 1, 0
        if step >= next_noise or step == arm_at:
            forget_thresholds(lanes, first * ln.LANES, last * ln.LANES)
            next_noise = (step // noise_steps + 1) * noise_steps
        if into == 0 and kind != ln.SIMPLE:
            call(addresses[ADAPT], (lanes_at, first, last))
        if came:
            if step > calm_from and into and kind <= ln.ADAPTIVE:
                leave_interval(s, first, last, ln.INTERVAL - into, n_lanes)
            calm_from = step + 1
        while next_event == step:
            blocks = task.blocks[arrivals.row[event]]
            _arrive(
                lanes, task.drops, blocks, arrivals, event, first, last, step, step_cycles, n_lanes
            )
            if addresses[BYPASS] != 0:
                call(addresses[BYPASS], (task_at, event, first, last))
            reached |= blocks
            event += 1
            next_event = _step_of(arrivals.cycle, event, n_arrived, step_cycles)
        if came:
            due = _earliest(lanes.block, first, last)
        if kind <= ln.ADAPTIVE:
            call(addresses[LINES], (lanes_at, first, last, step, calm_from))
            if step >= calm_from and not closely:
                n = _at_once(into, until - step, next_event - step, due - step * ticks, ticks)
        taken, before = 1, step
        while taken > 0 and step < before + n:
            part = 1 if watched else n
            if kind != ln.CLUSTER:
                taken = call(addresses[STEPS + kind], (lanes_at, log_at, first, last, part))
            else:
                call(addresses[STEPS + kind], (lanes_at, addresses[COUPLING], first, last))
                for b in range(first, last):
                    crossed[b] = 1
                taken = -1
            step += abs(taken)
            if n > 1 and watched:
                record(lanes, task.readers, first, last, step, step, step - origin, trace)
        end = step * ticks
        if taken < 0 or due < end:
            block = (step - 1) // noise_steps
            n_spikes = call(
                addresses[SETTLE],
                (lanes_at, log_at, first, last, end - ticks, end, block, key, n_spikes),
            )
            due = _earliest(lanes.block, first, last)
        if came:
            _forget_events(s, lanes.offset, first, last, reached, rails[ln.FULL_LINE], n_lanes)
        if watched:
            record(lanes, task.readers, first, last, step, calm_from, step - origin, trace)
    task.log_n[thread, 0] = n_spikes
    return 0
