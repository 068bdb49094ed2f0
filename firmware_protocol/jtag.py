"""The chip's JTAG port: sequences of instructions and data, as functions on a program.

JTAG reaches what the links to the chip need before they work: PLLs, PHYs, the identity of the chip.
Every function checks its arguments, appends messages, and returns a ticket where it asks.
Source: fisch jtag.cpp (chip v3) as collected in ``docs/reference/words.md`` ("Messages to the
FPGA").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from .errors import LinkError
from .instructions import KEEP_BIT, ToFpga, message, whole_number
from .program import Program
from .registers.infrastructure import JTAG_ID_CODE
from .tickets import Stream, Ticket

MIN_BITS, MAX_BITS = 3, 33
"""Lengths of a data shift."""
_N_BITS_LSB = 40
_WORD_LIMIT = (1 << 32) - 1
_READ_BIT = 1 << 32
_PLL_REGISTER_BITS = 4
"""On chips before v3 the coordinate of a PLL register had 3 bits."""
_PHY_BITS = 22
N_PHYS = 8


class Instruction(IntEnum):
    """Instructions of the chip's JTAG controller, 7 bits; those of a PHY: :func:`select_phy`."""

    EXTEST = 0
    IDCODE = 1
    SAMPLE_PRELOAD = 2
    PLL_TARGET_REGISTER = 3
    SHIFT_PLL = 4
    OMNIBUS_ADDRESS = 5
    OMNIBUS_DATA = 6
    OMNIBUS_REQUEST = 7
    BYPASS = 127


def reset_tap(program: Program) -> None:
    """Bring the JTAG controller into its reset state."""
    program.append(message(ToFpga.JTAG_INIT))


def clock_scaler(program: Program, value: int) -> None:
    """Divide the JTAG clock; `value` has 8 bits."""
    scaler = whole_number("jtag: clock scaler", value, 0xFF, "the scaler has 8 bits")
    program.append(message(ToFpga.JTAG_CLOCK_SCALER, scaler))


def instruction(program: Program, value: Instruction | int) -> None:
    """Shift an instruction into the controller: 7 bits."""
    code = whole_number("jtag: instruction", value, 0x7F, "instructions have 7 bits")
    program.append(message(ToFpga.JTAG_INSTRUCTION, code))


def data(program: Program, value: int, n_bits: int) -> None:
    """Shift the lowest `n_bits` (3..33) of `value` into the register chosen last."""
    _shift(program, value, n_bits, 0)


def exchange(program: Program, value: int, n_bits: int) -> Ticket:
    """As :func:`data`; the ticket redeems what was shifted out meanwhile, `n_bits` wide."""
    _shift(program, value, n_bits, KEEP_BIT)
    kept = program.answers.jtag
    return Ticket(slice(kept - 1, kept), Stream.JTAG, n_bits)


def _shift(program: Program, value: int, n_bits: int, keep: int) -> None:
    remedy = "shift longer data in several steps"
    n = whole_number("jtag: n_bits", n_bits, MAX_BITS, remedy, low=MIN_BITS)
    bits = whole_number("jtag: data", value, (1 << n) - 1, f"{n} bits are shifted")
    program.append(message(ToFpga.JTAG_DATA, bits | n << _N_BITS_LSB | keep))


def write_omnibus(program: Program, address: int, value: int) -> None:
    """Write a 32-bit word of the chip's Omnibus without its high-speed links."""
    remedy = "the chip's Omnibus has 32-bit words and addresses"
    a = whole_number("jtag: Omnibus address", address, _WORD_LIMIT, remedy)
    v = whole_number("jtag: Omnibus value", value, _WORD_LIMIT, remedy)
    instruction(program, Instruction.OMNIBUS_ADDRESS)
    data(program, a, 33)
    instruction(program, Instruction.OMNIBUS_DATA)
    data(program, v, 32)
    instruction(program, Instruction.OMNIBUS_REQUEST)
    data(program, 0, 3)


def read_omnibus(program: Program, address: int) -> Ticket:
    """Read a 32-bit word of the chip's Omnibus without its high-speed links."""
    remedy = "the chip's Omnibus has 32-bit addresses"
    a = whole_number("jtag: Omnibus address", address, _WORD_LIMIT, remedy)
    instruction(program, Instruction.OMNIBUS_ADDRESS)
    data(program, _READ_BIT | a, 33)
    instruction(program, Instruction.OMNIBUS_REQUEST)
    data(program, 0, 3)
    instruction(program, Instruction.OMNIBUS_DATA)
    return exchange(program, 0, 32)


def write_pll_register(program: Program, register: int, value: int) -> None:
    """Write a PLL register: 0..3 the two ADPLLs, low word first; 4 clock outputs; 5 self test."""
    limit = (1 << _PLL_REGISTER_BITS) - 1
    r = whole_number("jtag: PLL register", register, limit, "its coordinate has 4 bits")
    v = whole_number("jtag: PLL value", value, _WORD_LIMIT, "PLL registers have 32 bits")
    instruction(program, Instruction.PLL_TARGET_REGISTER)
    data(program, r, _PLL_REGISTER_BITS)
    instruction(program, Instruction.SHIFT_PLL)
    data(program, v, 32)


def write_phy_register(program: Program, register: int, value: int) -> None:
    """Write a PHY's register of 22 bits; PHY i of the chip is register 7 - i."""
    r = whole_number("jtag: PHY register", register, N_PHYS - 1, "the chip has 8 PHYs")
    v = whole_number("jtag: PHY value", value, (1 << _PHY_BITS) - 1, "PHY registers have 22 bits")
    instruction(program, 0x40 | r << 3 | 4)
    data(program, v, _PHY_BITS)


def read_id_code(program: Program) -> Ticket:
    """Ask which chip this is; :meth:`IdCode.of` reads the answer."""
    instruction(program, Instruction.IDCODE)
    return exchange(program, 0, 32)


@dataclass(frozen=True)
class IdCode:
    """Which kind of chip answers (IEEE 1149.1 device identification)."""

    version: int
    part_number: int
    manufacturer_id: int

    @classmethod
    def of(cls, word: int) -> IdCode:
        """Read an answer of 32 bits; LinkError if it cannot have come from a chip."""
        fields = {k: int(v) for k, v in JTAG_ID_CODE.decode([word & _WORD_LIMIT]).items()}
        if not fields.pop("stop_bit"):
            raise LinkError(
                f"JTAG ID code {word:#010x} has bit 0 = 0, but that of every chip is 1: no chip "
                "answers; check its power, the cable, and the JTAG clock scaler"
            )
        return cls(**fields)

    def check(self) -> None:
        """LinkError unless this is the chip that this software knows, HICANN-X version 3."""
        if self != HICANN_X_V3:
            raise LinkError(
                f"JTAG ID code says {self}, but only {HICANN_X_V3} (HICANN-X v3) is known; connect "
                "such a chip, or check the JTAG clock scaler"
            )


HICANN_X_V3 = IdCode(version=0, part_number=8372, manufacturer_id=110)
