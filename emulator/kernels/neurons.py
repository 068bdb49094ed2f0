"""Time loop of the active neurons, in windows of a few steps.

Per window: events due on the PADI buses are admitted (:mod:`emulator.kernels.arrivals`); then
groups of blocks run through the window's steps, each on its own, by as many threads as there are;
then spikes are sorted by time and neuron and sent on.  A window is not longer than a spike needs to
reach a synapse, so groups cannot influence each other inside it.

Per step of a group: events become line drops, all lanes step, and the few lanes whose backend acts
are settled (:mod:`emulator.kernels.backend`).  What changes slowly advances once per interval of
steps; an event interrupts that for the synaptic lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.extending import overload

from ..jit import HELPER_OPTIONS, compiled, helper, inlined, larger, merged, smaller
from ..parameters import NOISE_BLOCK_CYCLES
from . import lanes as ln
from . import threads as th
from .arrivals import ARRIVED_UNTIL, MOST_PULSES, UNKNOWN_KEY, Arrivals, send, serve
from .backend import bypass, fire_now, forget_thresholds, settle_block
from .coupling import step_coupled
from .fire import Log, insert, outputs
from .lanes import AT, I64, NEVER
from .stepping import (
    adapt,
    base,
    enter_interval,
    enter_rest,
    leave_interval,
    step_adaptive,
    step_full,
    step_lines,
    step_simple,
)

STEP, N_SPIKES, HELD = range(3)
CALM_FROM, ARM, N_EVENTS = 6, 7, 8
"""Entries of the cursor of this module: next step, spikes logged, arrivals after the last step; the
step behind the last one with an event; whether armed lanes need a threshold; events logged."""

GROUP = 8
"""Blocks that one thread takes through a window at a time; they fit the first-level cache.

Where there are more threads it is half of that: 5 % slower, but they wait less for each other.
"""
WINDOW = 256
"""Longest window in steps."""
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


@helper
def _fire_bypassed(lanes, drops, first, last, d, gain, tick):  # type: ignore[no-untyped-def]
    """Let events fire neurons directly where their circuits are set so."""
    for b in range(first, last):
        if lanes.block[ln.BYPASSED, b]:
            for lane in range(16):
                n, at = b * ln.LANES + lane, d[0] + b * d[1] + lane
                exc, inh = drops[at] * gain, drops[at + ln.LANES] * gain
                if exc >= lanes.analog[ln.BYPASS, n] or inh >= lanes.analog[ln.BYPASS + 1, n]:
                    bypass(lanes, _U(n), tick)


@helper
def _arrive(lanes, drops, blocks, arrivals, event, first, last, step, step_cycles, n_lanes):  # type: ignore[no-untyped-def]
    """Let an event of this step reach those of blocks first..last - 1 whose bits are set."""
    cycle, gain = arrivals.cycle[event], arrivals.gain[event]
    at, stride = cycle - step * step_cycles, 2 * ln.LANES
    d = (arrivals.row[event] * lanes.block.shape[1] * stride, stride)
    w = (at * 2 * stride, step_cycles * 2 * stride)
    _discharge(lanes.state, lanes.partial, drops, first, last, blocks, d, w, gain, n_lanes)
    _fire_bypassed(lanes, drops, first, last, d, gain, 2 * cycle)


@inlined
def _record(lanes, readers, first, last, step, calm_from, column, trace):  # type: ignore[no-untyped-def]
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


class Task(NamedTuple):
    """What every thread needs, besides the window that the shared array describes."""

    lanes: ln.Lanes
    readers: ln.Readers
    groups: I64  # (group + 1,) first block of each, all of a kind; coupled blocks are one, the last
    drops: ln.F32  # (row * block * 2 * LANES,) V
    blocks: I64  # (row,) see Routes
    arrivals: Arrivals
    crossed: ln.I32  # (thread, block) scratch; threads write to it in every step, so far apart
    log: I64  # (thread, 2, capacity) tick and lane of the window's spikes
    log_n: I64  # (thread, 8): the first entry counts
    shared: I64  # see kernels.threads
    trace: ln.F32  # (pair, step + 1) V at the chunk's start and after each step
    key: npt.NDArray[np.uint64]  # (1,) run seed


@helper
def _merge(log, log_n, spikes):  # type: ignore[no-untyped-def]
    """Sort the window's spikes of all threads by (tick, neuron); return the log's new length."""
    n = spikes.first
    for thread in range(log_n.shape[0]):
        for k in range(log_n[thread, 0]):
            n = insert(spikes, n, log[thread, 0, k], log[thread, 1, k])
        log_n[thread, 0] = 0
    return n


@inlined
def _log_is_full(tick, n):  # type: ignore[no-untyped-def]
    return tick.size > 0 and n[0] + MOST_PULSES > tick.size


@helper
def _hold(cycle, row, gain, shared, cursor, end):  # type: ignore[no-untyped-def]
    """Move arrivals from step `end` on to the front; return the step of the last one before."""
    n, step_cycles, held, last = shared[th.N_ARRIVED], shared[th.STEP_CYCLES], 0, -1
    for k in range(n):
        if cycle[k] >= end * step_cycles:
            cycle[held], row[held], gain[held] = cycle[k], row[k], gain[k]
            held += 1
        else:
            last = cycle[k] // step_cycles
    cursor[HELD] = held
    return last


@compiled
def fire(lanes, lane, tick):  # type: ignore[no-untyped-def]
    """`backend.fire_now`, called from Python."""
    fire_now(lanes, _U(lane), tick)


@inlined
def _step_of(cycle, event, n_arrived, step_cycles):  # type: ignore[no-untyped-def]
    """In which step an event arrives; never if there is none."""
    return cycle[event] // step_cycles if event < n_arrived else NEVER


@inlined
def _next_group(shared):  # type: ignore[no-untyped-def]
    """A group of blocks of the present window that nobody has taken, or one too many."""
    return th.add(shared, th.NEXT_GROUP, 1)


@inlined
def _at_once(into, left, to_event, to_timer, ticks):  # type: ignore[no-untyped-def]
    """Steps that a group can take before anything but a crossing happens.

    into    steps since the present interval began
    left    steps of the window; to_event  steps until the next event; to_timer  ticks until `due`
    """
    at_most = smaller(ln.INTERVAL - into, left)
    return smaller(smaller(at_most, to_event), larger(to_timer, 0) // ticks + 1)


@inlined
def _advance_lines(s, first, last, step, calm_from, rails):  # type: ignore[no-untyped-def]
    """Synaptic slopes of gentle blocks for this step, or for what is left of the interval."""
    into = step % ln.INTERVAL
    if step < calm_from:
        step_lines(s, first, last, rails)
    elif into == 0:
        enter_interval(s, first, last, rails)
    elif step == calm_from:
        enter_rest(s, first, last, ln.INTERVAL - into, rails)


@merged
def _run_group(task, coupling, group, origin, thread):  # type: ignore[no-untyped-def]
    """Take a group of blocks, all of one kind, through the present window."""
    lanes, arrivals, key, shared = task.lanes, task.arrivals, task.key[0], task.shared
    s, rails, crossed = lanes.state, lanes.constants, task.crossed[thread]
    log_tick, log_lane, n_spikes = task.log[thread, 0], task.log[thread, 1], task.log_n[thread, 0]
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
        _record(lanes, task.readers, first, last, step, calm_from, step - origin, task.trace)
    while step < until:
        into, came, n, reached = step % ln.INTERVAL, next_event == step, 1, 0
        if step >= next_noise or step == arm_at:
            forget_thresholds(lanes, first * ln.LANES, last * ln.LANES)
            next_noise = (step // noise_steps + 1) * noise_steps
        if into == 0 and kind != ln.SIMPLE:
            adapt(s, first, last, rails)
        if came:
            if step > calm_from and into and kind <= ln.ADAPTIVE:
                leave_interval(s, first, last, ln.INTERVAL - into, n_lanes)
            calm_from = step + 1
        while next_event == step:
            blocks = task.blocks[arrivals.row[event]]
            _arrive(
                lanes, task.drops, blocks, arrivals, event, first, last, step, step_cycles, n_lanes
            )
            reached |= blocks
            event += 1
            next_event = _step_of(arrivals.cycle, event, n_arrived, step_cycles)
        if came:
            due = _earliest(lanes.block, first, last)
        if kind <= ln.ADAPTIVE:
            _advance_lines(s, first, last, step, calm_from, rails)
            if step >= calm_from and not closely:
                n = _at_once(into, until - step, next_event - step, due - step * ticks, ticks)
        taken, before = 1, step
        while taken > 0 and step < before + n:
            part = 1 if watched else n
            if kind == ln.SIMPLE:
                taken = step_simple(s, first, last, part, rails, crossed)
            elif kind == ln.ADAPTIVE:
                taken = step_adaptive(s, first, last, part, rails, crossed)
            elif kind == ln.FULL:
                taken = step_full(s, first, last, rails, crossed)
            else:
                step_coupled(lanes, coupling, first, last)
                for b in range(first, last):
                    crossed[b] = 1
                taken = -1
            step += abs(taken)
            if n > 1 and watched:
                _record(lanes, task.readers, first, last, step, step, step - origin, task.trace)
        end = step * ticks
        if taken < 0 or due < end:
            for b in range(first, last):
                if crossed[b] or lanes.block[ln.DUE, b] < end:
                    n_spikes = settle_block(
                        lanes, b, end - ticks, end, (step - 1) // noise_steps, key,
                        log_tick, log_lane, n_spikes, n_lanes,
                    )  # fmt: skip
            due = _earliest(lanes.block, first, last)
        if came:
            _forget_events(s, lanes.offset, first, last, reached, rails[ln.FULL_LINE], n_lanes)
        if watched:
            _record(lanes, task.readers, first, last, step, calm_from, step - origin, task.trace)
    task.log_n[thread, 0] = n_spikes


@compiled
def assist(task, coupling, origin, thread):  # type: ignore[no-untyped-def]
    """Work through windows as thread number `thread` until told to quit."""
    generation = 0
    while True:
        generation += 1
        th.wait_for(task.shared, th.GENERATION, generation)
        if th.load(task.shared, th.QUIT):
            return
        group = _next_group(task.shared)
        while group < task.groups.size - 1:
            _run_group(task, coupling, group, origin, thread)
            group = _next_group(task.shared)
        th.add(task.shared, th.DONE, 1)


def follow(task, net, spikes, n_spikes, step, origin):  # type: ignore[no-untyped-def]
    """Let slaves fire with their masters; the window is one step.

    spikes  a log of those of the window, from `spikes.first` to n_spikes - 1
    Returns  the new n_spikes; for compiled code only
    """
    raise NotImplementedError("called from compiled code only")


@overload(follow, jit_options=HELPER_OPTIONS)
def _follow(
    task: Any, net: Any, spikes: Any, n_spikes: Any, step: Any, origin: Any
) -> Callable[..., int]:
    def nothing(task: Any, net: Any, spikes: Any, n_spikes: Any, step: Any, origin: Any) -> Any:
        return n_spikes

    def let_fire(task: Any, net: Any, spikes: Any, n_spikes: Any, step: Any, origin: Any) -> Any:
        lanes, shared, readers = task.lanes, task.shared, task.readers
        n_lanes = lanes.digital.shape[1] // lanes.block.shape[1]
        tick, who, n = task.log[0, 0], task.log[0, 1], n_spikes - spikes.first
        noise_steps = larger(NOISE_BLOCK_CYCLES // shared[th.STEP_CYCLES], 1)
        calm_from = step + 1 if shared[th.N_ARRIVED] else shared[th.CALM_FROM]
        end = (step + 1) * 2 * shared[th.STEP_CYCLES]
        start = end - 2 * shared[th.STEP_CYCLES]
        for k in range(n):
            tick[k], who[k] = spikes.tick[spikes.first + k], spikes.lane[spikes.first + k]
        known, k = n, 0
        while k < n:
            master = spikes.neuron[who[k]]
            for e in range(net.slave_first[master], net.slave_first[master + 1]):
                lane = _U(net.slave[e])
                b = net.slave[e] // ln.LANES
                bypass(lanes, lane, tick[k])
                if lanes.digital[ln.TIMER, lane] < end:
                    n = settle_block(
                        lanes, b, start, end, step // noise_steps, task.key[0], tick, who, n,
                        n_lanes,
                    )  # fmt: skip
                    if readers.first[b + 1] > readers.first[b]:
                        _record(
                            lanes, readers, b, b + 1, step + 1, calm_from, step + 1 - origin,
                            task.trace,
                        )  # fmt: skip
            k += 1
        for k in range(known, n):
            n_spikes = insert(spikes, n_spikes, tick[k], who[k])
        return n_spikes

    return let_fire if len(net) else nothing


@compiled
def advance(task, coupling, net, routes, queues, drivers, out, cursor, until_step, longest):  # type: ignore[no-untyped-def]
    """Integrate from step cursor[STEP] towards `until_step`.

    Writes to everything it is given but routes.  trace[:, 0] belongs to the beginning of the first
    step.  All threads but the first run `assist` meanwhile.  It ends early, with the step it came
    to in cursor[STEP], if the spike log is full, or if `serve` stops: for want of the rows of
    cursor[UNKNOWN_KEY], or because the log of pulses is full.

    coupling  what coupled lanes need, or ()
    net       `fire.Network`, or () if no neuron makes others fire
    longest   steps of a window: no spike reaches a synapse, or a slave, in less
    """
    origin, step, shared = cursor[STEP], cursor[STEP], task.shared
    n_lanes = task.lanes.digital.shape[1]
    helpers, step_cycles = task.log_n.shape[0] - 1, shared[th.STEP_CYCLES]
    while step < until_step:
        wanted = smaller(until_step, step + longest)
        most = n_lanes * step_cycles * (wanted - step)
        most_events = 2 * most if len(net) else most
        if (
            cursor[N_SPIKES] + most > out.spike_tick.size
            or cursor[N_EVENTS] + most_events > out.event_tick.size
        ):
            break
        a, log, held = task.arrivals, task.arrivals.prelog, cursor[HELD]
        start = cursor[ARRIVED_UNTIL] if held else step * step_cycles
        rest = Arrivals(a.cycle[held:], a.row[held:], a.gain[held:], a.prelog)
        came = serve(routes, queues, drivers, cursor, start, wanted * step_cycles, rest)
        shared[th.N_ARRIVED] = held + came
        end = smaller(
            wanted, cursor[ARRIVED_UNTIL] // step_cycles
        )  # all events are known up to there
        if end > step:
            shared[th.ARM_AT], cursor[ARM] = step if cursor[ARM] else -1, 0
            shared[th.FIRST], shared[th.LAST], shared[th.CALM_FROM] = step, end, cursor[CALM_FROM]
            shared[th.DONE] = shared[th.NEXT_GROUP] = 0
            if helpers:
                th.add(shared, th.GENERATION, 1)
            group = _next_group(task.shared)
            while group < task.groups.size - 1:
                _run_group(task, coupling, group, origin, 0)
                group = _next_group(task.shared)
            if helpers:
                th.wait_for(shared, th.DONE, helpers)
            neuron = task.lanes.digital[ln.NEURON]
            spikes = Log(out.spike_tick, out.spike_lane, neuron, cursor[N_SPIKES])
            cursor[N_SPIKES] = follow(
                task, net, spikes, _merge(task.log, task.log_n, spikes), step, origin
            )
            sent = cursor[N_EVENTS]
            events = Log(out.event_tick, out.event_lane, neuron, sent)
            window = cursor[N_SPIKES], 2 * step_cycles * step, 2 * step_cycles * end - 1
            cursor[N_EVENTS] = outputs(net, task.lanes, spikes, events, window)
            for k in range(sent, cursor[N_EVENTS]):
                send(routes, queues, cursor, out.event_tick[k], out.event_lane[k])
        last_event = _hold(a.cycle, a.row, a.gain, shared, cursor, end)
        if last_event >= step:
            cursor[CALM_FROM] = last_event + 1
        step = end
        if (
            end < wanted
            and cursor[ARRIVED_UNTIL] < wanted * step_cycles
            and (cursor[UNKNOWN_KEY] >= 0 or _log_is_full(log.tick, log.n))
        ):
            break
    cursor[STEP] = step
    if helpers:
        th.store(shared, th.QUIT, 1)
        th.add(shared, th.GENERATION, 1)
