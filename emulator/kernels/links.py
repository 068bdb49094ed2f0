"""Queues between the crossbar and the FPGA: when events leave, and which find no room."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..jit import compiled, larger
from ..linkage import named_tuple
from .lanes import I1, I2

I64 = npt.NDArray[np.int64]

N_INPUTS, N_LINKS, N_NEURON_OUTPUTS = 20, 4, 8
TICKS_PER_CYCLE = 2


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


@compiled
def leave(uplinks, spacing, keeps, loses, tick, input_, out_tick, kept):  # type: ignore[no-untyped-def]
    """Send events that are ready at `tick` (not falling) through the links to the FPGA.

    spacing  (4,) cycles from an event on a link to the next
    keeps    how many events a neuron event output holds while it is busy
    loses    False: queues have no limit
    Writes out_tick (when an event leaves, or is lost), kept and the state.
    """
    depth = uplinks.leaves.shape[1]
    for n in range(tick.size):
        i = input_[n]
        link = i % N_LINKS
        handed_on = larger(tick[n], uplinks.input_free[i])
        out_tick[n], kept[n] = handed_on, False
        if loses and i < N_NEURON_OUTPUTS and handed_on - tick[n] >= keeps:
            continue
        uplinks.input_free[i] = handed_on + 1
        # The entry that this event would overwrite is that of the event `depth` before it.
        at = uplinks.accepted[i] % depth
        if loses and uplinks.leaves[i, at] > handed_on:
            continue
        cycle = larger(handed_on // TICKS_PER_CYCLE, uplinks.link_free[link])
        uplinks.link_free[link] = cycle + spacing[link]
        out_tick[n] = larger(handed_on, TICKS_PER_CYCLE * cycle)
        uplinks.leaves[i, at] = out_tick[n]
        uplinks.accepted[i] += 1
        kept[n] = True


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
