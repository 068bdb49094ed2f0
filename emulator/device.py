"""What a part of the chip looks like to the sequencer: registers that do something when touched.

Plain configuration needs no device: its words lie in :class:`emulator.memory.Memory` and are
decoded when somebody needs them.  A device is for addresses where the moment matters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .memory import Memory

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def among(address: Ints, table: Ints) -> Bools:
    """Which addresses (n,) are in a sorted table; quick if few lie in its range."""
    near = np.nonzero((address >= table[0]) & (address <= table[-1]))[0]
    found = np.zeros(address.shape, bool)
    found[near] = table[np.searchsorted(table, address[near])] == address[near]
    return found


class Notes(Protocol):
    """Where diagnostics go; :class:`emulator.log.Log` is one."""

    def note(self, cycle: int, place: str, text: str) -> None:
        """Keep a remark about what happened at `cycle` [FPGA cycles since power-on]."""


@dataclass(frozen=True)
class Context:
    """What a device may look at while it answers.

    memory    the registers, with this write already in them
    voltages  gives (512,) float64 [V]: what each neuron's readout amplifier sees at the present
              cycle (its selected source), integrated up to now
    log       for diagnostics
    """

    memory: Memory
    voltages: Callable[[], npt.NDArray[np.float64]]
    log: Notes


class Device(Protocol):
    """A part of the chip or its FPGA that acts when its registers are written or read.

    Three members are optional: ``ready(address) -> int``, the cycle before which the answer to the
    last read of an address cannot leave (conversions take time); ``latched(address) -> bool``,
    whether a read of it shows what earlier reads and writes left, whatever time has passed; and
    ``changes_with_time``, true if answers change although no event comes and nothing is written.
    """

    def claims(self, address: Ints) -> Bools:
        """Which of these word addresses belong to the device, (n,) each."""

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """A word arrives at `cycle`; time has been let pass up to there."""

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """The word a read at `cycle` gets; None for what the memory holds."""

    def reset(self) -> None:
        """The chip's reset line: back to the state after power-on."""
