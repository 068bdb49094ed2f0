"""Events on the PADI buses: arbitration, and line drops for the neurons they reach."""

from __future__ import annotations

import numpy as np

from ..jit import compiled, helper, inlined
from ..parameters import NEURON_TO_SYNAPSE_CYCLES
from . import lanes as ln

LABELS = 2048
"""Labels that a bus can carry: 5 bits row select, 6 bits synapse label."""

NEXT_INPUT, NEXT_EVENT = 3, 4
N_CURSOR = 5
"""Entries of the cursor after those of kernels.neurons: next FPGA input, next event's cycle."""

_LANES, _BLOCK = ln.LANES, ln.BLOCK
_EXC_EXTRA, _INH_EXTRA = np.uint64(ln.EXC_EXTRA), np.uint64(ln.INH_EXTRA)
_EXC_ADD, _INH_ADD = np.uint64(ln.EXC_ADD), np.uint64(ln.INH_ADD)


@inlined
def _grant(queues, bus, cycle, label):  # type: ignore[no-untyped-def]
    """Queue an event for the first free cycle of its bus; False if the queue is full."""
    ends, capacity = queues.fifo_ends[bus], queues.fifo.shape[1]
    if ends[1] - ends[0] >= capacity:
        return False
    slot = max(cycle, queues.bus_free[bus])
    queues.bus_free[bus] = slot + 1
    entry = queues.fifo[bus, ends[1] % capacity]
    entry[0], entry[1] = slot, label
    ends[1] += 1
    return True


@inlined
def _admit(routes, queues, cursor, start, end):  # type: ignore[no-untyped-def]
    """Grant bus cycles to events due before cycle `end`, by time, FPGA first; overflowing bus."""
    capacity = queues.delayed.shape[0]
    ends = queues.delayed_ends
    n_inputs = routes.input_cycle.size
    while True:
        k = cursor[NEXT_INPUT]
        from_fpga = routes.input_cycle[k] if k < n_inputs else ln.NEVER
        pending = ends[0] < ends[1]
        from_chip = queues.delayed[ends[0] % capacity, 0] if pending else ln.NEVER
        if min(from_fpga, from_chip) >= end:
            return -1
        if from_fpga <= from_chip:
            bus, label, cycle = routes.input_bus[k], routes.input_label[k], from_fpga
            cursor[NEXT_INPUT] += 1
        else:
            event = queues.delayed[ends[0] % capacity]
            bus, label, cycle = event[1], event[2], from_chip
            ends[0] += 1
        if not _grant(queues, bus, max(cycle, start), label):
            return bus


@inlined
def _next_arrival(routes, queues, cursor):  # type: ignore[no-untyped-def]
    """When the next event that has no bus cycle yet is due."""
    k, ends = cursor[NEXT_INPUT], queues.delayed_ends
    cycle = routes.input_cycle[k] if k < routes.input_cycle.size else ln.NEVER
    if ends[0] < ends[1]:
        cycle = min(cycle, queues.delayed[ends[0] % queues.delayed.shape[0], 0])
    return cycle


@helper
def _collect(total, drops, to, row):  # type: ignore[no-untyped-def]
    """Add a row of drops (exc lanes, then inh lanes) to a row of `total`."""
    size = np.uint64(total.shape[1])
    into, start = total[to], np.uint64(row) * size
    for k in range(size):
        into[k] += drops[start + k]


@helper
def _discharge(state, partial, total, position):  # type: ignore[no-untyped-def]
    """Discharge all lines by what came at `position` (cycle within the step), and forget it."""
    n_lanes, lanes = np.uint64(total.shape[1] // 2), np.uint64(_LANES)
    came = total[position]
    for b in range(n_lanes // lanes):
        base, first = b * np.uint64(_BLOCK), b * lanes
        w = (b * np.uint64(total.shape[0]) + np.uint64(position)) * np.uint64(4) * lanes
        for lane in range(16):
            k = np.uint64(lane)
            exc, inh, o = came[first + k], came[n_lanes + first + k], base + k
            state[o + _EXC_EXTRA] += exc * partial[w + k]
            state[o + _EXC_ADD] += exc * partial[w + lanes + k]
            state[o + _INH_EXTRA] += inh * partial[w + np.uint64(2) * lanes + k]
            state[o + _INH_ADD] += inh * partial[w + np.uint64(3) * lanes + k]
    for i in range(came.size):
        came[i] = 0


@inlined
def deliver(lanes, routes, queues, cursor, step, step_cycles):  # type: ignore[no-untyped-def]
    """Discharge lines by this step's events; return (overflowing bus or -1, whether any came)."""
    start = step * step_cycles
    end = start + step_cycles
    full = _admit(routes, queues, cursor, start, end)
    if full >= 0:
        return full, False
    positions, capacity = 0, queues.fifo.shape[1]
    earliest = _next_arrival(routes, queues, cursor)
    for bus in range(8):
        ends = queues.fifo_ends[bus]
        while ends[0] < ends[1]:
            event = queues.fifo[bus, ends[0] % capacity]
            if event[0] >= end:
                earliest = min(earliest, event[0])
                break
            row = routes.row_of[bus * LABELS + event[1]]
            if row >= 0:
                _collect(lanes.arrived, routes.drops, event[0] - start, row)
                positions |= 1 << (event[0] - start)
            ends[0] += 1
    cursor[NEXT_EVENT] = earliest
    for position in range(step_cycles):
        if positions >> position & 1:
            _discharge(lanes.state, lanes.partial, lanes.arrived, position)
    return -1, positions != 0


@inlined
def send(routes, queues, cursor, tick, lane):  # type: ignore[no-untyped-def]
    """Put a neuron's event on its way to the PADI buses that the crossbar lets it reach."""
    capacity = queues.delayed.shape[0]
    for k in range(2):
        bus = routes.neuron_bus[k, lane]
        if bus >= 0:
            event = queues.delayed[queues.delayed_ends[1] % capacity]
            event[0] = tick // 2 + NEURON_TO_SYNAPSE_CYCLES
            cursor[NEXT_EVENT] = min(cursor[NEXT_EVENT], event[0])
            event[1], event[2] = bus, routes.neuron_label[lane]
            queues.delayed_ends[1] += 1


@compiled
def has_pending(queues):  # type: ignore[no-untyped-def]
    """Whether any event is still on its way."""
    if queues.delayed_ends[0] < queues.delayed_ends[1]:
        return True
    for bus in range(8):
        if queues.fifo_ends[bus, 0] < queues.fifo_ends[bus, 1]:
            return True
    return False


@compiled
def serialise(cycle, output, n_free):  # type: ignore[no-untyped-def]
    """When events that are ready at `cycle` (sorted) leave their output, one per cycle each.

    cycle   (n,) int64, not falling; output (n,) int64; n_free (output,) first free cycle, updated
    Returns (n,) int64
    """
    leaves = np.empty_like(cycle)
    for i in range(cycle.size):
        slot = max(cycle[i], n_free[output[i]])
        n_free[output[i]] = slot + 1
        leaves[i] = slot
    return leaves
