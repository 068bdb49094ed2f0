"""The chip's JTAG port: instruction register, data registers, and the way to the Omnibus.

Source: the vendor's JTAG sequences as collected in ``docs/reference/words.md`` ("JTAG").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_protocol.catalogue import CONTAINERS

ID_CODE, PLL_TARGET, SHIFT_PLL = 1, 3, 4
OMNIBUS_ADDRESS, OMNIBUS_DATA, OMNIBUS_REQUEST, BYPASS = 5, 6, 7, 127
_READ_REQUEST = 1 << 32
_LOW_WORD = 0xFFFFFFFF
PLL_BASE = 0x80000
CHIP_ADDRESSES = 1 << 31
_PHY_MASK, _PHY = 0b1000111, 0b1000100

Read = Callable[[int], int]
Write = Callable[[int, int], None]


def _id_code() -> int:
    register = CONTAINERS["JTAGIdCode"].register
    return int(register.encode(register.defaults())[0])


@dataclass
class Tap:
    """Instruction and data registers of the test access port."""

    instruction: int = ID_CODE
    pll_target: int = 0
    address: int = 0
    data: int = 0
    phys: dict[int, int] = field(default_factory=dict)

    def copy(self) -> Tap:
        """An independent copy."""
        return Tap(self.instruction, self.pll_target, self.address, self.data, dict(self.phys))

    def shift(self, value: int, n_bits: int, read: Read, write: Write) -> int:
        """Shift `n_bits` of `value` through the selected register; returns what comes out.

        read, write  reach the Omnibus; only the chip's addresses are on this way
        """
        value &= (1 << n_bits) - 1
        out = self._capture()
        if self.instruction == PLL_TARGET:
            self.pll_target = value & 0xF
        elif self.instruction == SHIFT_PLL:
            write(PLL_BASE + self.pll_target, value & _LOW_WORD)
        elif self.instruction == OMNIBUS_ADDRESS:
            self.address = value
        elif self.instruction == OMNIBUS_DATA:
            self.data = value & _LOW_WORD
        elif self.instruction == OMNIBUS_REQUEST:
            self._request(read, write)
        elif self.instruction & _PHY_MASK == _PHY:
            self.phys[self.instruction >> 3 & 0b111] = value
        return out & ((1 << n_bits) - 1)

    def _capture(self) -> int:
        if self.instruction == ID_CODE:
            return _id_code()
        return self.data if self.instruction == OMNIBUS_DATA else 0

    def _request(self, read: Read, write: Write) -> None:
        address = self.address & _LOW_WORD
        if address >= CHIP_ADDRESSES:
            self.data = 0
        elif self.address & _READ_REQUEST:
            self.data = read(address)
        else:
            write(address, self.data)
