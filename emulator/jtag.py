"""The chip's JTAG port: instruction register, data registers, and the way to the Omnibus.

Source: the vendor's JTAG sequences as collected in ``docs/reference/words.md`` ("JTAG").
What the port cannot do, or a chip would do otherwise, is noted; see :mod:`emulator.log`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.jtag import MAX_BITS, MIN_BITS

PLACE = "JTAG"
"""Where notes say that something happened."""

ID_CODE, PLL_TARGET, SHIFT_PLL = 1, 3, 4
OMNIBUS_ADDRESS, OMNIBUS_DATA, OMNIBUS_REQUEST, BYPASS = 5, 6, 7, 127
_READ_REQUEST = 1 << 32
_LOW_WORD = 0xFFFFFFFF
PLL_BASE = 0x80000
CHIP_ADDRESSES = 1 << 31
_PHY_MASK, _PHY, _PHY_BITS = 0b1000111, 0b1000100, 22

_LENGTHS = {PLL_TARGET: 4, SHIFT_PLL: 32, OMNIBUS_ADDRESS: 33, OMNIBUS_DATA: 32}
"""Bits of the registers that keep what is shifted in, besides those of PHYs."""
_KNOWN = {ID_CODE, OMNIBUS_REQUEST, BYPASS, *_LENGTHS}

Read = Callable[[int], int]
Write = Callable[[int, int], None]
Note = Callable[[str], None]


def _id_code() -> int:
    register = CONTAINERS["JTAGIdCode"].register
    return int(register.encode(register.defaults())[0])


def _is_phy(instruction: int) -> bool:
    return instruction & _PHY_MASK == _PHY


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

    def select(self, instruction: int, note: Note) -> None:
        """Shift an instruction in; one that is not emulated selects no register."""
        self.instruction = instruction
        if instruction not in _KNOWN and not _is_phy(instruction):
            note(
                f"instruction {instruction} ignored, and data that follow it: the emulator knows "
                f"{', '.join(str(known) for known in sorted(_KNOWN))} and 68 + 8 i for PHY "
                "register i (0..7); choose one of these"
            )

    def shift(self, value: int, n_bits: int, read: Read, write: Write, note: Note) -> int:
        """Shift `n_bits` of `value` through the selected register; returns what comes out.

        read, write  reach the Omnibus; only the chip's addresses are on this way
        """
        self._check_length(n_bits, note)
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
            self._request(read, write, note)
        elif _is_phy(self.instruction):
            self.phys[self.instruction >> 3 & 0b111] = value
        return out & ((1 << n_bits) - 1)

    def _capture(self) -> int:
        if self.instruction == ID_CODE:
            return _id_code()
        return self.data if self.instruction == OMNIBUS_DATA else 0

    def _check_length(self, n_bits: int, note: Note) -> None:
        length = _PHY_BITS if _is_phy(self.instruction) else _LENGTHS.get(self.instruction, n_bits)
        if not MIN_BITS <= n_bits <= MAX_BITS:
            note(
                f"a shift of {n_bits} bits is outside {MIN_BITS}..{MAX_BITS}: emulated as if the "
                "FPGA could; shift as many bits as the register has"
            )
        elif n_bits != length:
            note(
                f"{n_bits} bits are shifted under instruction {self.instruction}, whose register "
                f"has {length}: a chip would misplace them (emulated as its lowest bits); shift "
                f"{length} bits"
            )

    def _request(self, read: Read, write: Write, note: Note) -> None:
        address, is_read = self.address & _LOW_WORD, self.address & _READ_REQUEST
        if address >= CHIP_ADDRESSES:
            self.data = 0
            what = "reads as 0" if is_read else "write ignored"
            note(
                f"register {address:#x}: {what}: JTAG reaches addresses below "
                f"{CHIP_ADDRESSES:#x}, which are the chip's; reach the FPGA's over the Omnibus"
            )
        elif is_read:
            self.data = read(address)
        else:
            write(address, self.data)
