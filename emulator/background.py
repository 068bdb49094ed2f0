"""The eight background spike sources beside the crossbar: registers and events.

Sources: haldls background.h (meaning of the fields) and its hardware tests (250 MHz clock); chip
reference 1.9.
"""

from __future__ import annotations

import numpy as np

from firmware_protocol.catalogue import CONTAINERS

from .crossbar import FIRST_BACKGROUND, Inputs, no_inputs
from .device import Bools, Context, Ints
from .errors import EmulatorError
from .kernels.background import NEVER, Generators, generate, skip, tables

_SOURCES = CONTAINERS["BackgroundSpikeSource"]
_ADDRESSES = _SOURCES.all_addresses().astype(np.int64)
_N_SOURCES, _N_WORDS = _ADDRESSES.shape
_PLACE = {int(a): divmod(k, _N_WORDS) for k, a in enumerate(_ADDRESSES.reshape(-1))}
_FIRST, _END = int(_ADDRESSES.min()), int(_ADDRESSES.max()) + 1
_TICKS = 2
"""Chip ticks (the sources' clock cycles) per FPGA cycle."""
_ENABLE_WORD = 2
_MOST_AT_ONCE = 1 << 18
"""Events for which the compiled code gets room; it is called again for more."""


class BackgroundSources:
    """The sources: a `Device`.

    Enabling a source loads its seed and starts a full period, at whose end the first event can
    come.  While it runs, a new rate, mask, label or mode counts from the end of the running period
    on, a new period from the one after that; a new seed waits for the next time it is enabled.  A
    source with period 0, of which nothing is documented, is silent.

    cycle  up to which events have been handed out or skipped
    """

    def __init__(self) -> None:
        self._words = np.zeros((_N_SOURCES, _N_WORDS), np.uint32)
        self._generators = Generators(*np.zeros((len(Generators._fields), _N_SOURCES), np.int64))
        self.cycle = 0
        self.reset()

    @property
    def active(self) -> bool:
        """Whether any source may send events as its registers stand."""
        running = self._generators.next_tick != NEVER
        silent = (self._generators.random != 0) & (self._generators.rate == 0)
        return bool(np.any(running & ~silent))

    def events(self, start_cycle: int, end_cycle: int) -> Inputs:
        """Events in FPGA cycles from `start_cycle` up to, but not in, `end_cycle`.

        Calls and writes go forward in time; what lies between them is skipped, however long.  How
        a stretch of time is cut into calls makes no difference.
        """
        if start_cycle < self.cycle:
            raise EmulatorError(
                f"background sources are asked for events from cycle {start_cycle} on, but have "
                f"gone on to cycle {self.cycle}; ask in order of time"
            )
        self._skip(start_cycle)
        self.cycle = max(end_cycle, start_cycle)
        parts = [no_inputs()]
        while room := min(self._periods(_TICKS * end_cycle), _MOST_AT_ONCE):
            tick, source, label = np.empty((3, room), np.int64)
            n = generate(self._generators, tables(), _TICKS * end_cycle, tick, source, label)
            parts.append(Inputs(tick[:n] // _TICKS, source[:n] + FIRST_BACKGROUND, label[:n]))
        return Inputs(*(np.concatenate(column) for column in zip(*parts, strict=True)))

    def _periods(self, end_tick: int) -> int:
        """How many periods end before a tick."""
        ahead = end_tick - self._generators.next_tick
        here = ahead > 0
        return int(np.sum(-(-ahead[here] // self._generators.period[here])))

    def _skip(self, cycle: int) -> None:
        if cycle > self.cycle:
            skip(self._generators, tables(), _TICKS * cycle)
            self.cycle = cycle

    # --- registers --------------------------------------------------------------------------------

    def claims(self, address: Ints) -> Bools:
        """The sources' three words each."""
        return (address >= _FIRST) & (address < _END)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """A word of a source; it acts from `cycle` on, and never on events handed out before."""
        source, word = _PLACE[address]
        if int(self._words[source, word]) == value:
            return
        self._skip(cycle)
        self._words[source, word] = value
        fields = {k: int(v) for k, v in _SOURCES.register.decode(self._words[source]).items()}
        self._configure(source, fields)
        if word == _ENABLE_WORD and fields["enable"]:
            for text in _doubts(fields):
                context.log.note(cycle, f"background source {source}", text)

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """Nothing but the words: the vendor's software refuses to read them."""
        return None

    def reset(self) -> None:
        """All words zero, which is off."""
        self._words[...] = 0
        self._generators.next_tick[...] = NEVER

    def _configure(self, source: int, fields: dict[str, int]) -> None:
        """Let a source follow its words."""
        g = self._generators
        was_running = g.next_tick[source] != NEVER
        running = fields["enable"] and fields["period"]
        if running and not was_running:
            g.next_tick[source] = _TICKS * self.cycle + fields["period"]
            g.state[source] = fields["seed"]
        elif not running:
            g.next_tick[source] = NEVER
        g.period[source], g.random[source] = max(fields["period"], 1), fields["enable_random"]
        g.rate[source], g.mask[source] = fields["rate"], fields["mask"]
        g.label[source] = fields["neuron_label"]


def _doubts(fields: dict[str, int]) -> list[str]:
    """What a user may want to know about the settings of an enabled source."""
    doubts = []
    if not fields["period"]:
        doubts.append("enabled with period 0, which is not documented: it stays silent")
    if fields["enable_random"] and not fields["seed"]:
        doubts.append(
            "enabled in random mode with seed 0: its shift register stays 0, so that it is silent "
            "below rate 255 and its labels are not random; choose another seed"
        )
    return doubts
