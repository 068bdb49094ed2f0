"""Neurons that fire with others, and events made of two neurons' refractory states.

A slave fires with its master, in the same step.  Logic turns the two states of a neuron, its own
and that of its wire, into events.
"""

from __future__ import annotations

from typing import NamedTuple

from numba import types

from ..jit import helper, inlined, larger, smaller
from ..linkage import apart, named_tuple, record_at
from . import lanes as ln
from .lanes import I1, I2, I64

LOCAL, AND, XNOR, MULLER_C = range(4)
"""Operations: an event when the own state rises; when both are high; when both become equal again;
when both are high, and again only after both have been low (lola, AtomicNeuron::Bayesian)."""
OWN, WIRE, LATCH, SINCE, N_STATE = range(5)
"""Rows of a network's state: until which tick either state is high, 0: low; whether the output of
the operation is; the tick in which that of XNOR last changed."""


class Network(NamedTuple):
    """Whom the spike of a neuron concerns; by AtomicNeuron, (512,) unless noted."""

    slave_first: I64  # (513,) where its slaves begin in:
    slave: I64  # (n,) their lanes
    ear_first: I64  # (513,) where the neurons with logic that hear of it begin in:
    ear: I64  # (n,)
    state_of_ear: I64  # (n,) whether it is their OWN state or that of their WIRE
    logic: I64  # (n,) neurons with logic
    lane: I64
    operation: I64
    state: I64  # (N_STATE, 512); outlives the network


NETWORK_TYPE = named_tuple(Network, I1, I1, I1, I1, I1, I1, I1, I1, I2)


class Log(NamedTuple):
    """Events of a window, sorted by tick and neuron from entry `first` on."""

    tick: I64
    lane: I64
    neuron: I64  # (lane,)
    first: int


LOG_TYPE = named_tuple(Log, I1, I1, I1, types.int64)


@inlined
def comes_after(log, k, tick, lane):  # type: ignore[no-untyped-def]
    """Whether entry k belongs behind an event of a lane at `tick`."""
    return log.tick[k] > tick or (
        log.tick[k] == tick and log.neuron[log.lane[k]] > log.neuron[lane]
    )


@inlined
def insert(log, n, tick, lane):  # type: ignore[no-untyped-def]
    """Put an entry where it belongs among the first n; return how many there are now."""
    j = n
    while j > log.first and comes_after(log, j - 1, tick, lane):
        log.tick[j], log.lane[j] = log.tick[j - 1], log.lane[j - 1]
        j -= 1
    log.tick[j], log.lane[j] = tick, lane
    return n + 1


@helper
def _look(net, neuron, tick, log, n):  # type: ignore[no-untyped-def]
    """A neuron's states have changed at `tick`: an event may follow; return the log's length."""
    s, operation = net.state, net.operation[neuron]
    own, wire, latch = s[OWN, neuron] != 0, s[WIRE, neuron] != 0, s[LATCH, neuron] != 0
    if operation == AND:
        output = own and wire
        sends = output and not latch
    elif operation == XNOR:
        output = own != wire  # of the XOR
        sends = latch and not output and tick > s[SINCE, neuron]
        if output != latch:
            s[SINCE, neuron] = tick
    else:
        output = (own and wire) or (latch and (own or wire))
        sends = output and not latch
    s[LATCH, neuron] = output
    if sends:
        n = insert(log, n, tick, net.lane[neuron])
    return n


@inlined
def _end(state, neuron, tick):  # type: ignore[no-untyped-def]
    """A neuron's states that end at `tick` do."""
    for k in (OWN, WIRE):
        if state[k, neuron] == tick:
            state[k, neuron] = 0


@helper
def fall(net, neuron, until, log, n):  # type: ignore[no-untyped-def]
    """Let a neuron's states fall that do so up to tick `until`; return the log's length."""
    s = net.state
    while True:
        own, wire = s[OWN, neuron], s[WIRE, neuron]
        tick = larger(own, wire) if own == 0 or wire == 0 else smaller(own, wire)
        if tick == 0 or tick > until:
            return n
        _end(s, neuron, tick)
        n = _look(net, neuron, tick, log, n)


@helper
def rise(net, neuron, which, tick, end, log, n):  # type: ignore[no-untyped-def]
    """A state is high from `tick` to `end`; return the log's length.

    What falls in the same tick does so together with it, not before.
    """
    n = fall(net, neuron, tick - 1, log, n)
    _end(net.state, neuron, tick)
    net.state[which, neuron] = larger(net.state[which, neuron], end)
    return _look(net, neuron, tick, log, n)


@apart
def outputs(net_at, lanes_at, spikes_at, events_at, n_spikes, start, last):  # type: ignore[no-untyped-def]
    """Turn the spikes of a window into events, behind `events.first`.

    net_at, lanes_at     references to NETWORK_TYPE and LANES_TYPE
    spikes_at, events_at  to LOG_TYPE; the spikes of the window begin at `spikes.first`
    n_spikes             end of the log of spikes
    start, last          first and last tick of the window
    Returns  the end of the log of events
    """
    net, lanes = record_at(net_at, NETWORK_TYPE), record_at(lanes_at, ln.LANES_TYPE)
    spikes, events = record_at(spikes_at, LOG_TYPE), record_at(events_at, LOG_TYPE)
    n = events.first
    for k in range(spikes.first, n_spikes):
        tick, lane = spikes.tick[k], spikes.lane[k]
        neuron = lanes.digital[ln.NEURON, lane]
        if net.operation[neuron] == LOCAL:
            n = insert(events, n, tick, lane)
        high_until = tick + lanes.digital[ln.REFRACTORY_TICKS, lane]
        for e in range(net.ear_first[neuron], net.ear_first[neuron + 1]):
            n = rise(net, net.ear[e], net.state_of_ear[e], tick, high_until, events, n)
    for k in range(net.logic.size):
        n = fall(net, net.logic[k], last, events, n)
    # What fell while nobody was integrating has no place in this window.
    late = events.first
    while late < n and events.tick[late] < start:
        late += 1
    for k in range(late, n):
        events.tick[events.first + k - late] = events.tick[k]
        events.lane[events.first + k - late] = events.lane[k]
    return events.first + n - late
