"""Register by register: what is sent again when a client's state is restored, and what is not.

Everything that :data:`EXCEPTIONS` does not list is a plain setting: the last word written counts.
Registers that can only be read are never sent again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt

from .. import memory_map
from ..catalogue import CONTAINERS
from ..chip_config import ChipConfig
from ..container import Addresses

Values = npt.NDArray[np.uint32]


class Kind(IntEnum):
    """What becomes of a register when a client's state is restored."""

    SETTING = 0
    """Sent again, in the order in which the words were last written."""
    STARTER = 1
    """Sent again, but after all settings and their settling: it starts something."""
    COMMAND = 2
    """Never sent again: writing it makes something happen once, or it can only be read."""
    TRANSACTION = 3
    """Sent again word by word, reads included: a bus behind it counts every word."""
    CONVERTER = 4
    """The MADC's control: the word that woke it and the last one are sent again, 1 ms apart."""


@dataclass(frozen=True)
class Special:
    """A container that is no plain setting; `word` if only one of its words is meant."""

    container: str
    kind: Kind
    reason: str
    word: int | None = None


def _word_of(container: str, field: str) -> int:
    return CONTAINERS[container].register.by_name[field].pieces[0].word


# fmt: off
EXCEPTIONS: tuple[Special, ...] = (
    Special("PADIEvent", Kind.COMMAND, "would stimulate synapses"),
    Special("NeuronReset", Kind.COMMAND, "would reset membranes"),
    Special("NeuronResetQuad", Kind.COMMAND, "would reset membranes and sensors"),
    Special("BlockPostPulse", Kind.COMMAND, "would send a pulse"),
    Special("SpikeCounterReset", Kind.COMMAND, "counts are lost anyway"),
    Special("CorrelationReset", Kind.COMMAND, "traces are lost anyway"),
    Special("PLLSelfTest", Kind.COMMAND, "starts a measurement"),
    Special("PerfTest", Kind.COMMAND, "starts a measurement"),
    Special("SystimeCorrectionBarrierConfig", Kind.COMMAND, "waits for other FPGAs"),
    Special("BackgroundSpikeSource", Kind.STARTER, "seed and rate are taken when it is enabled",
               _word_of("BackgroundSpikeSource", "enable")),
    Special("PPUControlRegister", Kind.STARTER, "a processor starts and must find its program"),
    Special("EventRecordingConfig", Kind.STARTER, "events of the restoring are nobody's"),
    Special("MADCControl", Kind.CONVERTER, "needs 1 ms between waking and starting"),
)
"""The containers that are no plain settings."""
# fmt: on

BUSES = (0x88007000, 0x88007BFF)
"""First and last address of the SPI and I2C controllers: a shared board's converters."""


@cache
def _special() -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Sorted addresses of everything that is no plain setting, and the kind of each."""
    addresses, kinds_ = [], []
    for container in CONTAINERS.values():
        if container.rule is not None and container.access == "r":
            addresses.append(container.all_addresses().reshape(-1))
            kinds_.append(np.full(addresses[-1].size, Kind.COMMAND))
    for entry in EXCEPTIONS:
        found = CONTAINERS[entry.container].all_addresses()
        chosen = found if entry.word is None else found[..., entry.word]
        addresses.append(chosen.reshape(-1))
        kinds_.append(np.full(chosen.size, entry.kind))
    joined = np.concatenate(addresses).astype(np.int64)
    order = np.argsort(joined)
    return joined[order], np.concatenate(kinds_)[order].astype(np.int64)


def kinds(addresses: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The :class:`Kind` of each word address."""
    wanted = np.asarray(addresses, dtype=np.int64)
    special, kind = _special()
    slot = np.minimum(np.searchsorted(special, wanted), special.size - 1)
    found = np.where(special[slot] == wanted, kind[slot], Kind.SETTING)
    first, last = BUSES
    return np.where((wanted >= first) & (wanted <= last), Kind.TRANSACTION, found)


@cache
def _defaults() -> tuple[Addresses, Values]:
    """Sorted addresses of all registers but large memories, and the word of a new container."""
    addresses, values = [memory_map.ADDRESSES], [ChipConfig().image()]  # go before the others
    for container in CONTAINERS.values():
        if container.rule is None or container.memory or container.access == "r":
            continue
        if not container.register.fields:
            continue  # a command: any word does
        found = container.all_addresses()
        fields = container.register.defaults(found.shape[:-1])
        addresses.append(found.reshape(-1))
        values.append(container.register.encode_unchecked(fields).reshape(-1).astype(np.uint32))
    joined = np.concatenate(addresses).astype(np.uint32)
    unique, first = np.unique(joined, return_index=True)
    return unique, np.concatenate(values)[first]


def undo(addresses: Addresses) -> tuple[Addresses, Values]:
    """Writes (addresses, values) that undo others' writes to these addresses.

    Registers and memories of the tables get the value of a new container.  What no table knows is
    set to 0 in the FPGA, and left to the reset line on the chip.
    """
    known, word = _defaults()
    slot = np.minimum(np.searchsorted(known, addresses), known.size - 1)
    found = known[slot] == addresses
    values = np.where(found, word[slot], np.uint32(0))
    for container in CONTAINERS.values():
        if container.memory:
            first = int(container.addresses(*(0,) * len(container.axes))[0])
            inside = (addresses >= first) & (addresses < first + container.n_instances) & ~found
            fresh = container.register.encode_unchecked(container.register.defaults(()))
            values[inside] = np.uint32(fresh.reshape(-1)[0])
            found |= inside
    found |= addresses >= memory_map.FPGA_BASE
    return addresses[found], values[found]
