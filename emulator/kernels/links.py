"""Queues between the crossbar and the FPGA: when events leave, and which find no room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..jit import compiled, larger, merged
from ..linkage import named_tuple
from .lanes import I1, I2

I64 = npt.NDArray[np.int64]

N_INPUTS, N_LINKS, N_NEURON_OUTPUTS = 20, 4, 8
TICKS_PER_CYCLE, LABEL_BITS = 2, 14


class Uplinks(NamedTuple):
    """State of the four outputs of the crossbar to the FPGA."""

    input_free: I64  # (20,) chip tick from which an input can hand on its next event
    link_free: I64  # (4,) FPGA cycle in which a link can carry its next event
    leaves: I64  # (20, depth) chip ticks at which the events in the queue of an input leave
    accepted: I64  # (20,) how many events the queue has taken so far


UPLINKS_TYPE = named_tuple(Uplinks, I1, I1, I2, I1)


def new_uplinks(depth: int) -> Uplinks:
    """Empty queues for `depth` events of each input."""
    return Uplinks(
        input_free=np.zeros(N_INPUTS, np.int64),
        link_free=np.zeros(N_LINKS, np.int64),
        leaves=np.full((N_INPUTS, depth), -1, np.int64),
        accepted=np.zeros(N_INPUTS, np.int64),
    )


@merged
def _sort_tick(tick, input_, label, first):  # type: ignore[no-untyped-def]
    """Order the events of one tick, which begin at `first`, by their inputs; not more than that."""
    n = first + 1
    while n < tick.size and tick[n] == tick[first]:
        at, i, its_label = n, input_[n], label[n]
        while at > first and input_[at - 1] > i:
            input_[at], label[at] = input_[at - 1], label[at - 1]
            at -= 1
        input_[at], label[at] = i, its_label
        n += 1


@compiled
def leave(uplinks, nodes, spacing, keeps, loses, tick, input_, label, out_tick, out_event, lost):  # type: ignore[no-untyped-def]
    """Send events that are ready at `tick` (not falling) through their nodes and links to the FPGA.

    nodes    (2, 20) mask and target of the node between each input and its link
    spacing  (4,) cycles from an event on a link to the next
    keeps    how many events a neuron event output holds while it is busy
    loses    False: queues have no limit
    Sorts events of one tick by input, stably.  Writes `out_tick` (when an event leaves, not
    falling by cycle) and `out_event` (link << 14 | label) of those that get there, and `lost` (20,)
    by input.  Returns how many get there.
    """
    depth, n_left = uplinks.leaves.shape[1], 0
    for n in range(tick.size):
        if n == 0 or tick[n] != tick[n - 1]:
            _sort_tick(tick, input_, label, n)
        i = input_[n]
        if (label[n] & nodes[0, i]) != nodes[1, i]:
            continue
        link = i % N_LINKS
        handed_on = larger(tick[n], uplinks.input_free[i])
        if loses and i < N_NEURON_OUTPUTS and handed_on - tick[n] >= keeps:
            lost[i] += 1
            continue
        uplinks.input_free[i] = handed_on + 1
        # The entry that this event would overwrite is that of the event `depth` before it.
        entry = uplinks.accepted[i] % depth
        if loses and uplinks.leaves[i, entry] > handed_on:
            lost[i] += 1
            continue
        cycle = larger(handed_on // TICKS_PER_CYCLE, uplinks.link_free[link])
        uplinks.link_free[link] = cycle + spacing[link]
        left = larger(handed_on, TICKS_PER_CYCLE * cycle)
        uplinks.leaves[i, entry] = left
        uplinks.accepted[i] += 1
        at = n_left
        while at > 0 and out_tick[at - 1] // TICKS_PER_CYCLE > cycle:
            out_tick[at], out_event[at] = out_tick[at - 1], out_event[at - 1]
            at -= 1
        out_tick[at], out_event[at] = left, link << LABEL_BITS | label[n]
        n_left += 1
    return n_left


@compiled
def enter(channel_free, depth, loses, cycle, channel, out_cycle, kept):  # type: ignore[no-untyped-def]
    """Take events that the FPGA plays at `cycle` (not falling) into the crossbar's inputs.

    channel_free  (4,) cycle in which a channel can take its next event; updated
    Writes out_cycle (when an event enters, or is lost) and kept.
    """
    for n in range(cycle.size):
        c = channel[n]
        slot = larger(cycle[n], channel_free[c])
        kept[n] = not (loses and slot - cycle[n] >= depth)
        out_cycle[n] = slot if kept[n] else cycle[n]
        if kept[n]:
            channel_free[c] = slot + 1
