"""Time loop of the active neurons, in windows of a few steps.

Per window: events due on the PADI buses are admitted (:mod:`emulator.kernels.arrivals`); then
groups of blocks run through the window's steps (:mod:`emulator.kernels.groups`), each on its own,
by as many threads as there are; then spikes are sorted by time and neuron and sent on.  A window is
not longer than a spike needs to reach a synapse, so groups cannot influence each other inside it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..jit import compiled, helper, inlined, larger, smaller
from ..linkage import apart, call, named_tuple, record_at, reference
from ..parameters import NOISE_BLOCK_CYCLES
from . import groups as gr
from . import lanes as ln
from . import threads as th
from .arrivals import ARRIVED_UNTIL, MOST_PULSES, TRAFFIC_TYPE, UNKNOWN_KEY, Traffic, send
from .backend import bypass, fire_now
from .fire import LOG_TYPE, NETWORK_TYPE, Log, comes_after, insert
from .groups import (
    Task,
    record,
)

STEP, N_SPIKES, HELD = range(3)
CALM_FROM, ARM, N_EVENTS = 6, 7, 8
"""Entries of the cursor of this module: next step, spikes logged, arrivals after the last step; the
step behind the last one with an event; whether armed lanes need a threshold; events logged."""

GROUP = 8
"""Blocks that one thread takes through a window at a time; they fit the first-level cache.

Where there are more threads it is half of that: 5 % slower, but they wait less for each other.
"""
WINDOW = 1024
"""Longest window in steps: threads wait for each other at its end."""
_U = np.uint64


@inlined
def _merge_run(run, end, spikes, n):  # type: ignore[no-untyped-def]
    """Merge entries run.first..end - 1 into the first n of `spikes`; return how many there are."""
    a, b, to = n - 1, end - 1, n + end - run.first - 1
    while b >= run.first:
        if a >= spikes.first and comes_after(spikes, a, run.tick[b], run.lane[b]):
            spikes.tick[to], spikes.lane[to] = spikes.tick[a], spikes.lane[a]
            a -= 1
        else:
            spikes.tick[to], spikes.lane[to] = run.tick[b], run.lane[b]
            b -= 1
        to -= 1
    return n + end - run.first


@helper
def _merge(log, log_n, spikes, step_ticks):  # type: ignore[no-untyped-def]
    """Sort the window's spikes of all threads by (tick, neuron); return the log's new length.

    Each group that a thread took has left a run in its log, in order but for those of one step.
    """
    n = spikes.first
    for thread in range(log_n.shape[0]):
        tick, lane, count, begin = log[thread, 0], log[thread, 1], log_n[thread, 0], 0
        while begin < count:
            run, end = Log(tick, lane, spikes.neuron, begin), begin + 1
            while end < count and tick[end] + step_ticks > tick[end - 1]:
                end = insert(run, end, tick[end], lane[end])
            n = _merge_run(run, end, spikes, n)
            begin = end
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


class Call(NamedTuple):
    """What `advance` works on, call after call.  It writes to everything but routes."""

    task: Task
    traffic: Traffic


CALL_TYPE = named_tuple(Call, gr.TASK_TYPE, TRAFFIC_TYPE)


@apart
def assist(task_at, origin, thread):  # type: ignore[no-untyped-def]
    """Work through windows as thread number `thread` until told to quit."""
    generation, task = 0, record_at(task_at, gr.TASK_TYPE)
    n_groups, n_threads = task.groups.size - 1, task.log_n.shape[0]
    while True:
        generation += 1
        th.wait_for(task.shared, th.GENERATION, generation)
        if th.load(task.shared, th.QUIT):
            return generation
        group = th.next_group(task.shared, thread, n_groups, n_threads)
        while group < n_groups:
            call(task.addresses[gr.RUN], (task_at, group, origin, thread))
            group = th.next_group(task.shared, thread, n_groups, n_threads)
        th.add(task.shared, th.DONE, 1)


@apart
def follow(task_at, spikes_at, n_spikes, step, origin):  # type: ignore[no-untyped-def]
    """Let slaves fire with their masters; the window is one step.

    spikes_at  reference to `fire.LOG_TYPE`: those of the window begin at `spikes.first`
    n_spikes   the end of that log; returns the new one
    """
    task, spikes = record_at(task_at, gr.TASK_TYPE), record_at(spikes_at, LOG_TYPE)
    net = record_at(task.addresses[gr.NETWORK], NETWORK_TYPE)
    trace = record_at(task.addresses[gr.TRACE], gr.TRACE_TYPE).points
    lanes, shared, readers = task.lanes, task.shared, task.readers
    lanes_at, key = reference(lanes, ln.LANES_TYPE), np.int64(task.key[0])
    tick, who, n = task.log[0, 0], task.log[0, 1], n_spikes - spikes.first
    log_at = reference(ln.ThreadLog(tick, who, task.crossed[0]), ln.LOG_TYPE)
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
                n = call(
                    task.addresses[gr.SETTLE],
                    (lanes_at, log_at, b, b + 1, start, end, step // noise_steps, key, n),
                )
                if readers.first[b + 1] > readers.first[b]:
                    record(
                        lanes, readers, b, b + 1, step + 1, calm_from, step + 1 - origin,
                        trace,
                    )  # fmt: skip
        k += 1
    for k in range(known, n):
        n_spikes = insert(spikes, n_spikes, tick[k], who[k])
    return n_spikes


@inlined
def _events(task, lanes_at, spikes, n_spikes, events, start, last):  # type: ignore[no-untyped-def]
    """Spikes of a window become events; return the end of their log."""
    if task.addresses[gr.OUTPUTS] == 0:
        return n_spikes
    return call(
        task.addresses[gr.OUTPUTS],
        (task.addresses[gr.NETWORK], lanes_at, reference(spikes, LOG_TYPE),
         reference(events, LOG_TYPE), n_spikes, start, last),
    )  # fmt: skip


@apart
def advance(call_at, out_at, until_step, longest):  # type: ignore[no-untyped-def]
    """Integrate from step cursor[STEP] towards `until_step`; returns the step it came to.

    trace[:, 0] belongs to the beginning of the first step.  All threads but the first run `assist`
    meanwhile.  It ends early, with the step it came to in cursor[STEP], if the spike log is full,
    or if `serve` stops: for want of the rows of cursor[UNKNOWN_KEY], or because the log of pulses
    is full.

    call_at, out_at  references to CALL_TYPE and `lanes.OUTPUT_TYPE`
    longest          steps of a window: no spike reaches a synapse, or a slave, in less
    """
    c, out = record_at(call_at, CALL_TYPE), record_at(out_at, ln.OUTPUT_TYPE)
    task, routes, queues, cursor = c.task, c.traffic.routes, c.traffic.queues, c.traffic.cursor
    traffic_at = reference(c.traffic, TRAFFIC_TYPE)
    task_at, lanes_at = reference(task, gr.TASK_TYPE), reference(task.lanes, ln.LANES_TYPE)
    origin, step, shared = cursor[STEP], cursor[STEP], task.shared
    n_lanes, connected = task.lanes.digital.shape[1], task.addresses[gr.FOLLOW] != 0
    n_groups, n_threads, step_cycles = (
        task.groups.size - 1, task.log_n.shape[0], shared[th.STEP_CYCLES],
    )  # fmt: skip
    while step < until_step:
        wanted = smaller(until_step, step + longest)
        most = n_lanes * step_cycles * (wanted - step)
        most_events = 2 * most if connected else most
        if (
            cursor[N_SPIKES] + most > out.spike_tick.size
            or cursor[N_EVENTS] + most_events > out.event_tick.size
        ):
            break
        a, log, held = task.arrivals, task.arrivals.prelog, cursor[HELD]
        start = cursor[ARRIVED_UNTIL] if held else step * step_cycles
        came = call(task.addresses[gr.SERVE], (traffic_at, held, start, wanted * step_cycles))
        shared[th.N_ARRIVED] = held + came
        end = smaller(
            wanted, cursor[ARRIVED_UNTIL] // step_cycles
        )  # all events are known up to there
        if end > step:
            shared[th.ARM_AT], cursor[ARM] = step if cursor[ARM] else -1, 0
            shared[th.FIRST], shared[th.LAST], shared[th.CALM_FROM] = step, end, cursor[CALM_FROM]
            shared[th.DONE] = 0
            th.share_out(shared, n_groups, n_threads)
            if n_threads > 1:
                th.add(shared, th.GENERATION, 1)
            group = th.next_group(shared, 0, n_groups, n_threads)
            while group < n_groups:
                call(task.addresses[gr.RUN], (task_at, group, origin, 0))
                group = th.next_group(shared, 0, n_groups, n_threads)
            if n_threads > 1:
                th.wait_for(shared, th.DONE, n_threads - 1)
            neuron = task.lanes.digital[ln.NEURON]
            spikes = Log(out.spike_tick, out.spike_lane, neuron, cursor[N_SPIKES])
            n_spikes = _merge(task.log, task.log_n, spikes, 2 * step_cycles)
            if connected:
                spikes_at = reference(spikes, LOG_TYPE)
                n_spikes = call(
                    task.addresses[gr.FOLLOW], (task_at, spikes_at, n_spikes, step, origin)
                )
            sent = cursor[N_EVENTS]
            events = Log(out.event_tick, out.event_lane, neuron, sent)
            ticks = 2 * step_cycles
            n_events = _events(
                task, lanes_at, spikes, n_spikes, events, ticks * step, ticks * end - 1
            )
            cursor[N_SPIKES], cursor[N_EVENTS] = n_spikes, n_events
            for k in range(sent, n_events):
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
    if n_threads > 1:
        th.store(shared, th.QUIT, 1)
        th.add(shared, th.GENERATION, 1)
    return step
