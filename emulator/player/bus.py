"""The Omnibus: which register a word address means, and what a read or a write does there.

Plain registers are words of the :class:`~emulator.memory.Memory`; beside them stand devices, which
act.  What nobody is at, or what cannot be done there, is ignored or reads as 0, and is noted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from .. import access
from ..device import Bools, Context, Device, Ints
from ..memory import Memory

Words = npt.NDArray[np.uint32]

_MOST_NOTED = 8
_FEW = 64  # addresses that are looked up one by one
"""Addresses of one stretch of writes that are noted each."""
_WHOLE_WORD = 0xF

_MOST_KNOWN = 1 << 18
"""Addresses whose owners are remembered: more than all devices together have."""


class Bus:
    """Registers and devices of a chip and its FPGA.

    devices  in the order in which they are asked; a write goes to every one that claims the
             address, a read to the first that has an answer.  Optional methods of a device:
             ``ready(address) -> int``, the cycle before which the answer to a read of that address
             cannot leave (conversions take time); ``latched(address) -> bool``, whether a read of
             it shows what earlier reads and writes left, whatever time has passed; and the
             attribute ``changes_with_time``, true if its answers change although no event comes and
             nothing is written.
    """

    def __init__(self, devices: Sequence[Device], context: Context) -> None:
        self.devices = tuple(devices)
        self.memory: Memory = context.memory
        self._context, self._log = context, context.log
        self._known_owners: dict[int, tuple[Device, ...]] = {}

    # --- who is where -----------------------------------------------------------------------------

    def claimed(self, addresses: Ints) -> Bools:
        """Which addresses (n,) belong to devices."""
        if addresses.size <= _FEW:
            return np.array([bool(self._owners(a)) for a in addresses.tolist()], bool)
        by_device = np.array([device.claims(addresses) for device in self.devices])
        claimed: Bools = np.any(by_device, axis=0)
        own, first = np.unique(addresses[claimed], return_index=True)
        for address, who in zip(own.tolist(), by_device[:, claimed][:, first].T, strict=True):
            if address not in self._known_owners:
                self._remember(address, tuple(itertools.compress(self.devices, who)))
        return claimed

    def slow(self, addresses: Ints) -> Bools:
        """Which addresses (n,) belong to devices whose answers may take longer than others."""
        if addresses.size <= _FEW:
            owners = [self._owners(address) for address in addresses.tolist()]
            return np.array([any(hasattr(d, "ready") for d in own) for own in owners], bool)
        return self._any([d for d in self.devices if hasattr(d, "ready")], addresses)

    def changes_with_time(self, address: int) -> bool:
        """Whether what is read there may change although nothing happens in the chip."""
        return any(getattr(d, "changes_with_time", False) for d in self._owners(address))

    def latched(self, address: int) -> bool:
        """Whether what is read there does not depend on the time that has passed."""
        return all(hasattr(d, "latched") and d.latched(address) for d in self._owners(address))

    def is_plain(self, address: int) -> bool:
        """Whether only writes change what is read there."""
        return not self._owners(address)

    @staticmethod
    def _any(devices: Sequence[Device], addresses: Ints) -> Bools:
        claimed = np.zeros(addresses.shape, bool)
        for device in devices:
            claimed |= device.claims(addresses)
        return claimed

    def _owners(self, address: int) -> tuple[Device, ...]:
        owners = self._known_owners.get(address)
        if owners is None:
            place = np.array([address], np.int64)
            owners = tuple(device for device in self.devices if device.claims(place)[0])
            self._remember(address, owners)
        return owners

    def _remember(self, address: int, owners: tuple[Device, ...]) -> None:
        if len(self._known_owners) == _MOST_KNOWN:
            self._known_owners.clear()
        self._known_owners[address] = owners

    # --- plain registers --------------------------------------------------------------------------

    def write_plain(self, addresses: Words, values: Words, cycle: int) -> None:
        """Write whole words, in order, to addresses (n,) that no device claims."""
        refused = self.memory.write(addresses, values)
        if not refused.size:
            return
        unique = np.unique(refused)
        for address in unique[:_MOST_NOTED].tolist():
            self._log.note(cycle, f"register {address:#x}", f"write ignored: {_refusal(address)}")
        if unique.size > _MOST_NOTED:
            self._log.note(
                cycle, "omnibus", f"writes to {unique.size - _MOST_NOTED} more addresses ignored"
            )

    def read_plain(self, addresses: Words, cycle: int) -> Words:
        """Read (n,) addresses that no device claims."""
        words = self.memory.read_all(addresses)
        silent = access.rights(addresses) & access.READABLE == 0
        if silent.any():
            words[silent] = 0
            for address in np.unique(addresses[silent])[:_MOST_NOTED].tolist():
                self._note_read(address, cycle)
        return words

    # --- one register, whoever it belongs to ------------------------------------------------------

    def write(self, address: int, value: int, cycle: int, enables: int = _WHOLE_WORD) -> None:
        """Write the bytes of a word that are enabled; time has been let pass up to `cycle`."""
        if not enables:
            return
        if enables != _WHOLE_WORD:
            mask = sum(0xFF << 8 * k for k in range(4) if enables >> k & 1)
            value = value & mask | self.memory.read(address) & ~mask
        owners = self._owners(address)
        at, word = np.array([address], np.uint32), np.array([value], np.uint32)
        if not owners:
            self.write_plain(at, word, cycle)
            return
        self.memory.write(at, word)
        for device in owners:
            device.write(address, value, cycle, self._context)

    def read(self, address: int, cycle: int) -> int:
        """Read a word; time has been let pass up to `cycle`."""
        for device in self._owners(address):
            word = device.read(address, cycle, self._context)
            if word is not None:
                return word
        return int(self.read_plain(np.array([address], np.uint32), cycle)[0])

    def ready(self, address: int) -> int:
        """Cycle before which the answer to the last read of this address cannot leave."""
        waits: list[Callable[[int], int]] = [
            device.ready for device in self._owners(address) if hasattr(device, "ready")
        ]
        return max((wait(address) for wait in waits), default=0)

    def reset(self) -> None:
        """The chip's reset line: registers to their defaults, devices to their power-on state."""
        self.memory.reset()
        for device in self.devices:
            device.reset()

    def _note_read(self, address: int, cycle: int) -> None:
        what = "it is write-only" if access.rights([address])[0] else "no register is there"
        self._log.note(cycle, f"register {address:#x}", f"reads as 0: {what}")


def _refusal(address: int) -> str:
    """Why a register keeps nothing."""
    right = int(access.rights([address])[0])
    if not right:
        return "no register is there"
    if right == access.READABLE:
        return "it is read-only"
    return "nothing that it would trigger is emulated"
