"""The vendor's containers of one register: ``hal.CrossbarOutputConfig()``.

Every container of the register tables is an attribute of this module, made when it is first asked
for; see :class:`~pynn_hx.vendor.container.Container`.  What differs from the tables is written
here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntFlag
from functools import cache
from typing import Any, ClassVar

import numpy as np

from firmware_protocol import Program
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import CYCLES_PER_US
from firmware_protocol.layout import Field, IntArray
from firmware_protocol.program import MAX_TIMER

from . import container, selection, values
from .coordinate import VendorCoordinate, coordinate_type

Container = container.Container
ReadoutSourceSelection = selection.ReadoutSourceSelection
_register = cache(container.register_type)
_ALIASES = {"ExternalPPUMemoryQuad": "ExternalPPUMemory"}


class Timer(_register(CONTAINERS["Timer"], __name__)):  # type: ignore[misc]
    """The FPGA's timer; writing it restarts it at 0."""

    __slots__ = ()
    Value: ClassVar[type[values.Ranged]] = values.ranged(
        "Timer", "Value", 0, MAX_TIMER, fpga_clock_cycles_per_us=CYCLES_PER_US
    )


class Barrier(IntFlag):
    """What to wait for: ``builder.block_until(halco.BarrierOnFPGA(), hal.Barrier.omnibus)``."""

    omnibus = 1
    jtag = 2
    systime = 4
    multi_fpga = 8
    systime_correction = 16


class _SpikePack(Container):
    """Spike events that leave at once.

    labels  spike labels, 16 bits each
    """

    __slots__ = ()
    access: ClassVar[str] = "w"

    @classmethod
    def _defaults(cls) -> dict[str, IntArray]:
        return {name: np.zeros(f.shape, f.dtype) for name, f in cls.fields.items()}

    def write_to(self, program: Program, coordinate: VendorCoordinate) -> None:
        """Append the events to a program."""
        self.check_place(coordinate)
        program.spikes_now(self._values["labels"])


def _spike_pack(n: int) -> type[_SpikePack]:
    """A pack of `n` events."""
    fields = {"labels": Field("labels", "0[15:0]", entries=n)}
    doc = f"{n} spike events of one cycle; labels: {n} spike labels, 16 bits each."
    content = {"__slots__": (), "__module__": __name__, "__doc__": doc, "fields": fields}
    return type(f"SpikePack{n}ToChip", (_SpikePack,), content)


SpikePack1ToChip, SpikePack2ToChip, SpikePack3ToChip = map(_spike_pack, (1, 2, 3))


@dataclass
class PPUMemoryBlock:
    """Consecutive words of an on-chip processor's memory, as values of its program's symbols.

    Programs of the on-chip processor come later; until then it is only a value.
    """

    size: int
    words: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.size = int(coordinate_type("PPUMemoryBlockSize")(self.size))
        self.words = self.words or [__getattr__("PPUMemoryWord")() for _ in range(self.size)]


def __getattr__(name: str) -> Any:
    table = CONTAINERS.get(_ALIASES.get(name, name))
    if table is None:
        raise AttributeError(f"hal has no container {name!r}; dir(hal) lists them")
    return _register(table, __name__)


def __dir__() -> list[str]:
    return sorted({*globals(), *CONTAINERS, *_ALIASES})
