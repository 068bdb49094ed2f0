"""When messages are executed: the FPGA's time rules, and the events among the messages.

Source: docs/explanation/timing.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from firmware_protocol.instructions import READ_BIT, Barrier, Messages, ToFpga

from ..crossbar import FIRST_LINK, Inputs
from ..jit import compiled, larger

Ints = npt.NDArray[np.int64]

# Plain integers: Numba freezes these into the compiled code.
_SETUP, _WAIT, _BARRIER = int(ToFpga.TIMER_SETUP), int(ToFpga.WAIT_UNTIL), int(ToFpga.BARRIER)
_ADDRESS = int(ToFpga.OMNIBUS_ADDRESS)
_OMNIBUS_BARRIER = np.uint64(Barrier.OMNIBUS)
_READ = np.uint64(READ_BIT)
_LABEL_BITS, _LABEL_MASK = 16, 0xFFFF
_LINK_LSB, _NEURON_LABEL_MASK = 14, 0x3FFF


@compiled
def schedule(header, payload, start, timer_zero, answered, latency, cycle):  # type: ignore[no-untyped-def]
    """Fill the cycle of each message; return (cycle after the last, zero of the timer, answered).

    A message takes one cycle.  WaitUntil(v) completes at max(now, zero + v).  An omnibus barrier
    completes once every read before it has been answered, `latency` cycles after it was sent.

    answered  when the last read so far is
    """
    now = start
    for i in range(header.size):
        if header[i] == _WAIT:
            now = larger(now, timer_zero + np.int64(payload[i]))
        elif header[i] == _SETUP:
            timer_zero = now
        elif header[i] == _BARRIER and payload[i] & _OMNIBUS_BARRIER:
            now = larger(now, answered)
        elif header[i] == _ADDRESS and payload[i] & _READ:
            answered = larger(answered, now + latency)
        cycle[i] = now
        now += 1
    return now, timer_zero, answered


def events(messages: Messages, cycle: Ints) -> Inputs:
    """Events of all spike packs, in order; cycle (message,) when they are executed."""
    header, payload = messages.header, messages.payload
    packs = np.nonzero(header >= ToFpga.SPIKE_PACK_1)[0]
    count = header[packs].astype(np.int64) - ToFpga.SPIKE_PACK_1 + 1
    pack = np.repeat(packs, count)
    position = np.arange(pack.size) - np.repeat(np.cumsum(count) - count, count)
    shift = _LABEL_BITS * (np.repeat(count, count) - 1 - position)
    label = (payload[pack] >> shift.astype(np.uint64)).astype(np.int64) & _LABEL_MASK
    return Inputs(cycle[pack], FIRST_LINK + (label >> _LINK_LSB), label & _NEURON_LABEL_MASK)
