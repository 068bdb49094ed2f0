"""Time loop of the active neurons, in windows of a few steps.

Per window: events due on the PADI buses are admitted (:mod:`emulator.kernels.arrivals`); then
groups of blocks run through the window's steps, each on its own, by as many threads as there are;
then spikes are sorted by time and neuron and sent on.  A window is not longer than a spike needs to
reach a synapse, so groups cannot influence each other inside it.

Per step of a group: events become line drops, all lanes step, and the few lanes whose backend acts
are settled (:mod:`emulator.kernels.backend`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..jit import compiled, helper, inlined
from ..parameters import NOISE_BLOCK_CYCLES
from . import lanes as ln
from . import threads as th
from .arrivals import ARRIVED_UNTIL, MOST_PULSES, UNKNOWN_KEY, Arrivals, send, serve
from .backend import bypass, fire_now, redraw_thresholds, settle_block
from .coupling import step_coupled
from .lanes import AT, I64
from .stepping import adapt, base, step_adaptive, step_full, step_simple

STEP, N_SPIKES, HELD = range(3)
"""Entries of the cursor of this module: next step, spikes logged, arrivals after the last step."""

GROUP = 8
"""Blocks that one thread takes through a window at a time; they fit the first-level cache."""
WINDOW = 64
"""Longest window in steps."""
_U = np.uint64
_FIELD, _TWO, _THREE = _U(ln.LANES), _U(2 * ln.LANES), _U(3 * ln.LANES)
_BLOCK = _U(ln.BLOCK)
_EXC_BIAS, _EXC_ADD, _INH_BIAS, _INH_ADD = (
    _U(AT[name]) for name in ("exc_bias", "exc_add", "inh_bias", "inh_add")
)
_W, _W_NEXT = AT["w"], _U(AT["w_next"])
_NO_DROP, _ZERO = np.float32(ln.NO_DROP), np.float32(0)


@helper
def _discharge(s, weights, drops, first, last, d, w, gain):  # type: ignore[no-untyped-def]
    """Discharge the lines of blocks first..last - 1.

    d, w  where the drops and weights of block 0 begin, and from a block to the next: (at, stride)
    """
    for b in range(first, last):
        o, at = _U(b) * _BLOCK, _U(d[0] + b * d[1])
        e = _U(w[0] + b * w[1])
        for lane in range(16):
            k = _U(lane)
            s[o + _EXC_BIAS + k] += drops[at + k] * gain * weights[e + k]
        for lane in range(16):
            k = _U(lane)
            s[o + _EXC_ADD + k] += drops[at + k] * gain * weights[e + _FIELD + k]
        for lane in range(16):
            k = _U(lane)
            s[o + _INH_BIAS + k] += drops[at + _FIELD + k] * gain * weights[e + _TWO + k]
        for lane in range(16):
            k = _U(lane)
            s[o + _INH_ADD + k] += drops[at + _FIELD + k] * gain * weights[e + _THREE + k]


@helper
def _fire_bypassed(lanes, drops, first, last, d, gain, tick):  # type: ignore[no-untyped-def]
    """Let events fire neurons directly where their circuits are set so."""
    for b in range(first, last):
        if lanes.block[ln.BYPASSED, b]:
            for lane in range(16):
                n, at = b * ln.LANES + lane, d[0] + b * d[1] + lane
                exc, inh = drops[at] * gain, drops[at + ln.LANES] * gain
                if exc >= lanes.analog[ln.BYPASS, n] or inh >= lanes.analog[ln.BYPASS + 1, n]:
                    bypass(lanes, n, tick)


@helper
def _arrive(lanes, drops, arrivals, event, first, last, step, step_cycles):  # type: ignore[no-untyped-def]
    """Let an event of this step reach blocks first..last - 1."""
    cycle, gain = arrivals.cycle[event], arrivals.gain[event]
    at, stride = cycle - step * step_cycles, 2 * ln.LANES
    d = (arrivals.row[event] * lanes.block.shape[1] * stride, stride)
    w = (at * 2 * stride, step_cycles * 2 * stride)
    _discharge(lanes.state, lanes.partial, drops, first, last, d, w, gain)
    _fire_bypassed(lanes, drops, first, last, d, gain, 2 * cycle)


@helper
def _forget_events(lanes, first, last):  # type: ignore[no-untyped-def]
    """After a step with events: nothing comes in the next; no line lies below ground."""
    s, bias, full = lanes.state, lanes.analog, lanes.constants[ln.FULL_LINE]
    for b in range(first, last):
        o, n = _U(b * ln.BLOCK), b * ln.LANES
        for lane in range(16):
            k = _U(lane)
            s[o + k + _EXC_BIAS], s[o + k + _EXC_ADD] = bias[ln.OFFSET, n + lane], _NO_DROP
            s[o + k + _INH_BIAS], s[o + k + _INH_ADD] = bias[ln.OFFSET + 1, n + lane], _NO_DROP
            s[o + k + _U(ln.EXC)] = min(s[o + k + _U(ln.EXC)], full)
            s[o + k + _U(ln.INH)] = min(s[o + k + _U(ln.INH)], full)


@inlined
def _record(lanes, readers, first, last, step, column, trace):  # type: ignore[no-untyped-def]
    """Write what is to be seen at the beginning of `step` to the trace."""
    for k in range(readers.first[first], readers.first[last]):
        o = base(readers.lane[k])
        value = lanes.state[o + _U(readers.field[k])]
        if readers.field[k] == _W:
            part = np.float32((step - 1) % ln.ADAPT_STEPS + 1) / np.float32(ln.ADAPT_STEPS)
            value += (lanes.state[o + _W_NEXT] - value) * part
        trace[k, column] = readers.scale[k, 0] + readers.scale[k, 1] * value


@inlined
def _first_of(lanes, kind, first, last):  # type: ignore[no-untyped-def]
    """First block of a kind or a later one in a group; kinds are sorted."""
    at = first
    while at < last and lanes.block[ln.KIND, at] < kind:
        at += 1
    return at


class Task(NamedTuple):
    """What every thread needs, besides the window that the shared array describes."""

    lanes: ln.Lanes
    readers: ln.Readers
    groups: I64  # (group + 1,) first block of each; coupled blocks are one group, the last
    drops: ln.F32  # (row * block * 2 * LANES,) V
    arrivals: Arrivals
    crossed: ln.I32  # (block,) scratch
    log: I64  # (thread, 2, capacity) tick and lane of the window's spikes
    log_n: I64  # (thread, 8): the first entry counts
    shared: I64  # see kernels.threads
    trace: ln.F32  # (pair, step + 1)
    key: npt.NDArray[np.uint64]  # (1,) run seed


@helper
def _merge(task, out, cursor):  # type: ignore[no-untyped-def]
    """Sort the window's spikes of all threads by (tick, neuron) behind those of the output."""
    n = first = cursor[N_SPIKES]
    tick, lane, neuron = out.spike_tick, out.spike_lane, task.lanes.digital[ln.NEURON]
    for thread in range(task.log_n.shape[0]):
        for k in range(task.log_n[thread, 0]):
            t, who = task.log[thread, 0, k], task.log[thread, 1, k]
            j = n
            while j > first and (
                tick[j - 1] > t or (tick[j - 1] == t and neuron[lane[j - 1]] > neuron[who])
            ):
                tick[j], lane[j] = tick[j - 1], lane[j - 1]
                j -= 1
            tick[j], lane[j] = t, who
            n += 1
        task.log_n[thread, 0] = 0
    cursor[N_SPIKES] = n
    return first


@inlined
def _log_is_full(task):  # type: ignore[no-untyped-def]
    log = task.arrivals.prelog
    return log.tick.size > 0 and log.n[0] + MOST_PULSES > log.tick.size


@helper
def _receive(task, routes, queues, drivers, cursor, step, end):  # type: ignore[no-untyped-def]
    """Let events arrive up to step `end`; return the step up to which all of them are known."""
    a, n, step_cycles = task.arrivals, cursor[HELD], task.shared[th.STEP_CYCLES]
    start = cursor[ARRIVED_UNTIL] if n else step * step_cycles
    rest = Arrivals(a.cycle[n:], a.row[n:], a.gain[n:], a.prelog)
    n += serve(routes, queues, drivers, cursor, start, end * step_cycles, rest)
    task.shared[th.N_ARRIVED] = n
    return min(end, cursor[ARRIVED_UNTIL] // step_cycles)


@helper
def _hold(task, cursor, end):  # type: ignore[no-untyped-def]
    """Move arrivals from step `end` on to the front."""
    a, n, held = task.arrivals, task.shared[th.N_ARRIVED], 0
    for k in range(n):
        if a.cycle[k] >= end * task.shared[th.STEP_CYCLES]:
            a.cycle[held], a.row[held], a.gain[held] = a.cycle[k], a.row[k], a.gain[k]
            held += 1
    cursor[HELD] = held


@compiled
def fire(lanes, lane, tick):  # type: ignore[no-untyped-def]
    """`backend.fire_now`, called from Python."""
    fire_now(lanes, lane, tick)


@compiled
def redraw(task, step):  # type: ignore[no-untyped-def]
    """Give all armed lanes their threshold for the noise block of `step`."""
    noise_steps = max(NOISE_BLOCK_CYCLES // task.shared[th.STEP_CYCLES], 1)
    n = task.lanes.digital.shape[1]
    first = n - n  # an integer like others, or another variant would be compiled for a literal
    redraw_thresholds(task.lanes, first, n, step // noise_steps, task.key[0])


@helper
def _run_group(task, coupling, first, last, step, until, origin, thread):  # type: ignore[no-untyped-def]
    """Take blocks first..last - 1 through the window from `step` to `until`."""
    lanes, arrivals, key = task.lanes, task.arrivals, task.key[0]
    log_tick, log_lane, n = task.log[thread, 0], task.log[thread, 1], task.log_n[thread, 0]
    step_cycles, n_arrived = task.shared[th.STEP_CYCLES], task.shared[th.N_ARRIVED]
    ticks, event = 2 * step_cycles, 0
    noise_steps = max(NOISE_BLOCK_CYCLES // step_cycles, 1)
    adaptive = _first_of(lanes, ln.ADAPTIVE, first, last)
    full = _first_of(lanes, ln.FULL, first, last)
    while step < until:
        start, end = step * ticks, (step + 1) * ticks
        if step % noise_steps == 0:
            redraw_thresholds(lanes, first * ln.LANES, last * ln.LANES, step // noise_steps, key)
        if step % ln.ADAPT_STEPS == 0 and adaptive < last:
            adapt(lanes.state, adaptive, last)
        before = event
        while event < n_arrived and arrivals.cycle[event] < (step + 1) * step_cycles:
            _arrive(lanes, task.drops, arrivals, event, first, last, step, step_cycles)
            event += 1
        if lanes.block[ln.KIND, first] == ln.CLUSTER:
            step_coupled(lanes, coupling, first, last)
            for b in range(first, last):
                task.crossed[b] = 1
        else:
            step_simple(lanes.state, first, adaptive, lanes.constants, task.crossed)
            step_adaptive(lanes.state, adaptive, full, lanes.constants, task.crossed)
            step_full(lanes.state, full, last, lanes.constants, task.crossed)
        for b in range(first, last):
            if task.crossed[b] or lanes.block[ln.DUE, b] < end:
                n = settle_block(
                    lanes, b, start, end, step // noise_steps, key, log_tick, log_lane, n
                )
        if event > before:
            _forget_events(lanes, first, last)
        step += 1
        _record(lanes, task.readers, first, last, step, step - origin, task.trace)
    task.log_n[thread, 0] = n


@helper
def _share(task, coupling, origin, thread):  # type: ignore[no-untyped-def]
    """Take groups through the present window until none is left."""
    while True:
        group = th.add(task.shared, th.NEXT_GROUP, 1)
        if group >= task.groups.size - 1:
            return
        _run_group(
            task, coupling, task.groups[group], task.groups[group + 1],
            task.shared[th.FIRST], task.shared[th.LAST], origin, thread,
        )  # fmt: skip


@compiled
def assist(task, coupling, origin, thread):  # type: ignore[no-untyped-def]
    """Work through windows as thread number `thread` until told to quit."""
    generation = 0
    while True:
        generation += 1
        th.wait_for(task.shared, th.GENERATION, generation)
        if th.load(task.shared, th.QUIT):
            return
        _share(task, coupling, origin, thread)
        th.add(task.shared, th.DONE, 1)


@compiled
def advance(task, coupling, routes, queues, drivers, out, cursor, until_step, longest):  # type: ignore[no-untyped-def]
    """Integrate from step cursor[STEP] towards `until_step`.

    Writes to everything it is given but routes.  trace[:, 0] belongs to the beginning of the first
    step.  All threads but the first run `assist` meanwhile.  It ends early, with the step it came
    to in cursor[STEP], if the spike log is full, or if `serve` stops: for want of the rows of
    cursor[UNKNOWN_KEY], or because the log of pulses is full.

    coupling  what coupled lanes need, or ()
    longest   steps of a window: no spike reaches a synapse in less
    """
    origin, step, shared = cursor[STEP], cursor[STEP], task.shared
    n_blocks, n_lanes = task.lanes.block.shape[1], task.lanes.digital.shape[1]
    helpers, step_cycles = task.log_n.shape[0] - 1, shared[th.STEP_CYCLES]
    _record(task.lanes, task.readers, 0, n_blocks, step, 0, task.trace)
    while step < until_step:
        wanted = min(until_step, step + longest)
        if cursor[N_SPIKES] + n_lanes * step_cycles * (wanted - step) > out.spike_tick.size:
            break
        end = _receive(task, routes, queues, drivers, cursor, step, wanted)
        if end > step:
            shared[th.FIRST], shared[th.LAST] = step, end
            shared[th.DONE] = shared[th.NEXT_GROUP] = 0
            if helpers:
                th.add(shared, th.GENERATION, 1)
            _share(task, coupling, origin, 0)
            if helpers:
                th.wait_for(shared, th.DONE, helpers)
            for k in range(_merge(task, out, cursor), cursor[N_SPIKES]):
                send(routes, queues, cursor, out.spike_tick[k], out.spike_lane[k])
        _hold(task, cursor, end)
        step = end
        if (
            end < wanted
            and cursor[ARRIVED_UNTIL] < wanted * step_cycles
            and (cursor[UNKNOWN_KEY] >= 0 or _log_is_full(task))
        ):
            break
    cursor[STEP] = step
    if helpers:
        th.store(shared, th.QUIT, 1)
        th.add(shared, th.GENERATION, 1)
