"""The event crossbar: which outputs an event reaches, and the counters at its edges.

Follows the words of the registers, not anybody's conventions for using them.  Sources: chip
reference 1.6, 1.7 and 2.13; haldls routing_crossbar.h (what the counters count, and that they are
read-only); grenade, which subtracts drop counters modulo 2**16, hence they wrap.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import CROSSBAR_NODES

from .device import Bools, Context, Ints
from .memory import Memory

N_INPUTS, N_OUTPUTS, N_BUSES, N_LINKS = 20, 12, 8, 4
FIRST_LINK = 8
"""Crossbar inputs and outputs 8..11 are the links from and to the FPGA."""
FIRST_BACKGROUND = 12
"""Crossbar inputs from here on are the background sources."""

_INPUT, _OUTPUT = CROSSBAR_NODES[:, 0], CROSSBAR_NODES[:, 1]
_DROP_COUNTERS = CONTAINERS["CrossbarInputDropCounter"].all_addresses()[:, 0].astype(np.int64)
_EVENT_COUNTERS = CONTAINERS["CrossbarOutputEventCounter"].all_addresses()[:, 0].astype(np.int64)
_FIRST_COUNTER, _END_COUNTER = int(_DROP_COUNTERS[0]), int(_EVENT_COUNTERS[-1]) + 1
assert _END_COUNTER - _FIRST_COUNTER == N_INPUTS + N_OUTPUTS
_DROP_WRAP, _EVENT_WRAP = 1 << 16, 1 << 24

_WIRED = np.zeros((N_INPUTS, N_OUTPUTS), bool)
_WIRED[_INPUT, _OUTPUT] = True
_N = np.arange(N_INPUTS)
_LINK = FIRST_LINK + _N % N_LINKS
assert np.array_equal(np.nonzero(_WIRED[:, FIRST_LINK:]), (_N, _N % N_LINKS))


class Inputs(NamedTuple):
    """Events at the inputs of the crossbar: (event,) int64 each."""

    cycle: Ints  # FPGA cycles since power-on, not falling
    input: Ints  # crossbar input, 0..19
    label: Ints  # 14 bit


def no_inputs() -> Inputs:
    """No events."""
    nothing = np.empty(0, np.int64)
    return Inputs(nothing, nothing, nothing)


class Crossbar:
    """Which outputs an event reaches, as the registers stand."""

    def __init__(self, memory: Memory) -> None:
        nodes, padi = memory.block("crossbar_nodes"), memory.block("padi")
        # Combinations without a node let nothing pass, as a node with mask 0 and target 1.
        self._mask = np.zeros((N_INPUTS, N_OUTPUTS), np.int64)
        self._target = np.ones((N_INPUTS, N_OUTPUTS), np.int64)
        self._mask[_INPUT, _OUTPUT], self._target[_INPUT, _OUTPUT] = nodes["mask"], nodes["target"]
        self._accepts = np.ones(N_OUTPUTS, bool)
        self._accepts[:N_BUSES] = padi["enable_spl1"].reshape(-1) != 0

    def lets_through(self, input_: Ints, label: Ints, output: int) -> Bools:
        """Whether the nodes between these inputs and an output let 14-bit labels pass."""
        return (label & self._mask[input_, output]) == self._target[input_, output]

    def passes(self, input_: Ints, label: Ints, output: int) -> Bools:
        """Whether events get from their inputs to what is connected to an output.

        A PADI bus takes them only with its enable_spl1.
        """
        if not self._accepts[output]:
            return np.zeros(input_.shape, bool)
        return self.lets_through(input_, label, output)

    def buses(self, input_: Ints, label: Ints) -> Bools:
        """(event, 8): which PADI buses the events reach."""
        return np.stack([self.passes(input_, label, bus) for bus in range(N_BUSES)], axis=1)

    def reaches_link(self, input_: Ints, label: Ints) -> Bools:
        """(event,): whether the events reach a link to the FPGA: number `input_` % 4, if any."""
        mask, target = self.link_nodes()
        return (label & mask[input_]) == target[input_]

    def link_nodes(self) -> Ints:
        """(2, 20) mask and target of the nodes between each input and link number `input` % 4."""
        return np.stack([self._mask[_N, _LINK], self._target[_N, _LINK]])


class CrossbarCounters:
    """Drop counters of the inputs and event counters of the outputs: a `Device`.

    An event that a node holds back, or for which the queue behind a node had no room, counts as a
    drop of its input if that node has enable_drop_counter.  One that a node hands on counts at its
    output if the output has enable_event_counter.  Counters wrap; only the reset line clears them.
    """

    def __init__(self) -> None:
        self._drops = np.zeros(N_INPUTS, np.int64)
        self._events = np.zeros(N_OUTPUTS, np.int64)

    def count(self, memory: Memory, input_: Ints, label: Ints) -> None:
        """Count events (event,) that arrive at inputs with 14-bit labels, as the registers stand.

        Events that a full queue then loses are to be given to `lose_at_links` as well.
        """
        counted, enabled = _counted(memory), _enabled_outputs(memory)
        outputs = np.flatnonzero(enabled | counted.any(axis=0))
        if not (outputs.size and input_.size):
            return
        crossbar = Crossbar(memory)
        for output in outputs.tolist():
            passed = crossbar.lets_through(input_, label, output)
            held_back = ~passed & _WIRED[input_, output] & counted[input_, output]
            self._drops += np.bincount(input_[held_back], minlength=N_INPUTS)
            self._events[output] += int(np.count_nonzero(passed)) * int(enabled[output])

    def lose_at_links(self, memory: Memory, n: Ints) -> None:
        """Take back n (20,) events of each input for which the queue to its link had no room.

        `count` has counted them at their output, which they do not reach.
        """
        if not n.any():
            return
        self._drops += n * _counted(memory)[_N, _LINK]
        lost = np.bincount(_LINK, weights=n, minlength=N_OUTPUTS).astype(np.int64)
        self._events -= lost * _enabled_outputs(memory)

    def lose_at_buses(self, memory: Memory, n: Ints) -> None:
        """Count n (20,) events of each input that PADI buses had no room for.

        The queue of a bus lies behind the output, so that its events stay counted there.  Which
        bus it was is not known: they count if a node from the input to any bus is counted.
        """
        self._drops += n * _counted(memory)[:, :N_BUSES].any(axis=1)

    def claims(self, address: Ints) -> Bools:
        """The counters' addresses."""
        return (address >= _FIRST_COUNTER) & (address < _END_COUNTER)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """Nothing happens: the counters are read-only."""
        context.log.note(
            cycle, "crossbar", f"write of {value:#x} to counter {address:#x} ignored: read-only"
        )

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """The low 16 or 24 bits of a count."""
        position = address - _FIRST_COUNTER
        if position < N_INPUTS:
            return int(self._drops[position]) % _DROP_WRAP
        return int(self._events[position - N_INPUTS]) % _EVENT_WRAP

    def reset(self) -> None:
        """All counts to zero."""
        self._drops[...] = 0
        self._events[...] = 0


def _counted(memory: Memory) -> Bools:
    """(20, 12): where a node exists that counts its drops."""
    counted = np.zeros((N_INPUTS, N_OUTPUTS), bool)
    counted[_INPUT, _OUTPUT] = memory.block("crossbar_nodes")["enable_drop_counter"] != 0
    return counted


def _enabled_outputs(memory: Memory) -> Bools:
    """(12,): which outputs count events."""
    return memory.block("crossbar_outputs")["enable_event_counter"].reshape(-1) != 0
