"""The links between chip and FPGA: four up, four down, one event per FPGA cycle on each.

How the real ones lose events is not published.  This model has the published properties (event
loops and single spikes get through, volleys of the whole chip lose a good third) and estimated
queues; see ``NUMBERS`` in :mod:`emulator.numbers.events`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .crossbar import FIRST_LINK, N_LINKS, Crossbar, Inputs
from .device import Ints
from .errors import EmulatorError
from .kernels import links as kernels
from .memory import Memory
from .numbers.events import NUMBERS

if TYPE_CHECKING:
    from .effects import Effects


def _count(name: str) -> int:
    return int(NUMBERS[name].value)


class Departures(NamedTuple):
    """What became of events on their way to the FPGA."""

    tick: Ints  # (left,) chip tick at which each left the chip, not falling by FPGA cycle
    event: Ints  # (left,) link << 14 | label
    lost: Ints  # (20,) how many were lost, by crossbar input


class Uplinks:
    """Chip to FPGA: the four L2 outputs of the crossbar.

    A crossbar input hands on one event per chip tick; neurons keep theirs while their event output
    is busy.  At its L2 output, each input has a queue for a few events; one that finds it full is
    lost.  A link carries an event per FPGA cycle (every second one with enable_slow): the one that
    is ready for longest, of several the one from the lowest input.
    """

    def __init__(self, effects: Effects) -> None:
        self._loses = effects.event_loss
        self._state = kernels.new_uplinks(_count("uplink_depth"))

    def leave(self, memory: Memory, ready: Inputs) -> Departures:
        """Send events that are ready at chip ticks (instead of cycles), as the nodes let them.

        Calls go forward in time.  Where they cut it makes no difference, if events of one tick stay
        together; those of one tick and input keep their order.
        """
        tick, input_, label = ready
        # Most come in order of their ticks; those of one tick the kernel sorts by input.
        if np.any(tick[1:] < tick[:-1]):
            order = np.argsort(tick, kind="stable")
            tick, input_, label = tick[order], input_[order], label[order]
        else:
            input_, label = input_.copy(), label.copy()
        slow = memory.block("crossbar_outputs")["enable_slow"].reshape(-1) != 0
        spacing = np.where(slow, _count("uplink_slow_spacing"), _count("uplink_spacing"))
        left, event = np.empty((2, tick.size), np.int64)
        lost = np.zeros(kernels.N_INPUTS, np.int64)
        n = kernels.leave(
            self._state, Crossbar(memory).link_nodes(), spacing, _count("neurons_per_output"),
            self._loses, tick, input_, label, left, event, lost,
        )  # fmt: skip
        return Departures(left[:n], event[:n], lost)

    def reset(self) -> None:
        """Empty queues."""
        self._state = kernels.new_uplinks(_count("uplink_depth"))


class Entries(NamedTuple):
    """What became of events on their way to the chip."""

    inputs: Inputs  # those that arrived, in order of their cycle
    dropped: Ints  # (20,) how many were lost, by crossbar input


class Downlinks:
    """FPGA to chip: four channels, to the crossbar inputs 8..11.

    The FPGA plays up to three labels per cycle; a channel takes one event per cycle and has a queue
    for those that wait.
    """

    def __init__(self, effects: Effects) -> None:
        self._loses = effects.event_loss
        self._free = np.zeros(N_LINKS, np.int64)

    def enter(self, played: Inputs) -> Entries:
        """Take events to the chip; their cycles are when the FPGA plays them, before any latency.

        Calls go forward in time, but an event that waits can arrive after some of the next call's.
        Events of one cycle keep their order.
        """
        channel = played.input - FIRST_LINK
        if np.any((channel < 0) | (channel >= N_LINKS)):
            wrong = int(np.argmax((channel < 0) | (channel >= N_LINKS)))
            raise EmulatorError(
                f"event {wrong}: the FPGA sends to crossbar inputs {FIRST_LINK}.."
                f"{FIRST_LINK + N_LINKS - 1}, not {int(played.input[wrong])}"
            )
        cycle, kept = np.empty(channel.size, np.int64), np.empty(channel.size, bool)
        depth = _count("downlink_depth")
        kernels.enter(self._free, depth, self._loses, played.cycle, channel, cycle, kept)
        order = np.argsort(cycle[kept], kind="stable")
        columns = (cycle, played.input, played.label)
        arrived = Inputs(*(column[kept][order] for column in columns))
        return Entries(arrived, np.bincount(played.input[~kept], minlength=kernels.N_INPUTS))

    def reset(self) -> None:
        """Empty queues."""
        self._free[...] = 0
