"""Devices on the xBoard's SPI bus: sequences of Omnibus writes, as functions on a program.

The FPGA's SPI master collects the low bytes written to a device's address; bit 31 of a value marks
the last byte of a frame.  Nothing can be read.
Source: fisch spi.cpp and halco dac.cpp as collected in ``docs/reference/words.md``; the register
names of the DAC are those of the AD5328 data sheet.
"""

from __future__ import annotations

from enum import IntEnum

from .instructions import member, whole_number
from .program import Program

BASE = 0x88007000
STOP = 0x80000000
"""In a value: the last byte of a frame."""
SHIFT_REGISTER = BASE + 1
N_DACS, N_CHANNELS = 2, 8

_CONTROL_FRAME = 0x80
_REGISTER_LSB = 5
_UPDATE_ONCE = 0b10
"""LDAC: move what has been written to the outputs once."""
EXTERNAL_REFERENCE = 0b001100
"""Gain and reference register: external reference, buffered, gain 1, as the board is wired."""


class DacChannel(IntEnum):
    """Channels of the xBoard's two DACs; DAC and channel are quotient and remainder by 8."""

    V_RESET = 0
    V_RES_MEAS = 1
    MUX_RFU_0 = 2
    MUX_RFU_1 = 3
    I_REF_BOARD = 4
    ANA_READOUT_DEBUG_0 = 5
    ANA_READOUT_DEBUG_1 = 6
    MUX_DAC_25 = 7
    VDD25_DIGITAL = 8
    VDD12_DIGITAL = 9
    VDD25_ANALOG = 10
    VDD12_ANALOG = 11
    VDD12_MADC = 12
    VDD12_PLL = 13
    GENERAL_PURPOSE_0 = 14
    GENERAL_PURPOSE_1 = 15

    @property
    def place(self) -> tuple[int, int]:
        """DAC (0, 1) and channel on it (0..7)."""
        return divmod(self.value, N_CHANNELS)


class DacRegister(IntEnum):
    """Control registers of a DAC."""

    GAIN_REFERENCE = 0
    LDAC = 1
    POWER_DOWN = 2
    RESET = 3


def write_shift_register(program: Program, word: int) -> None:
    """Set the board's 24 switches (container ``ShiftRegister``)."""
    remedy = "the shift register has 24 bits"
    bits = whole_number("SPI shift register", word, (1 << 24) - 1, remedy)
    _send(program, SHIFT_REGISTER, bits.to_bytes(3))


def write_dac(program: Program, channel: DacChannel, value: int) -> None:
    """Set a channel to `value` [LSB], 12 bits; it takes effect at once."""
    dac, on_dac = member("SPI DAC: channel", DacChannel, channel).place
    write_dac_channel(program, dac, on_dac, value)


def write_dac_channel(program: Program, dac: int, channel: int, value: int) -> None:
    """As :func:`write_dac`, for channel 0..7 of DAC 0 or 1."""
    address = _dac_address(dac)
    place = f"SPI DAC {dac}"
    c = whole_number(f"{place}: channel", channel, N_CHANNELS - 1, "a DAC has 8 channels")
    code = whole_number(f"{place}: value of channel {c}", value, 0xFFF, "the DAC has 12 bits")
    _send(program, address, (c << 12 | code).to_bytes(2))
    write_dac_register(program, dac, DacRegister.LDAC, _UPDATE_ONCE)


def write_dac_control(
    program: Program,
    dac: int,
    *,
    gain_reference: int = EXTERNAL_REFERENCE,
    enable_mask: int = 0xFF,
) -> None:
    """Choose reference and gain of a DAC, and which of its channels are on.

    enable_mask  bit i switches channel i on; the register itself holds the complement
    """
    _dac_address(dac)
    place = f"SPI DAC {dac}"
    gain = whole_number(f"{place}: gain_reference", gain_reference, 0x3F, "the register has 6 bits")
    on = whole_number(f"{place}: enable_mask", enable_mask, 0xFF, "a DAC has 8 channels")
    write_dac_register(program, dac, DacRegister.GAIN_REFERENCE, gain)
    write_dac_register(program, dac, DacRegister.POWER_DOWN, ~on & 0xFF)


def write_dac_register(program: Program, dac: int, register: DacRegister, value: int) -> None:
    """Write 8 bits to a control register of a DAC."""
    address = _dac_address(dac)
    number = member(f"SPI DAC {dac}: register", DacRegister, register)
    place = f"SPI DAC {dac}: {number.name}"
    byte = whole_number(place, value, 0xFF, "the registers have 8 bits")
    _send(program, address, bytes([_CONTROL_FRAME | number << _REGISTER_LSB, byte]))


def _dac_address(dac: int) -> int:
    return BASE + 2 + 2 * whole_number("SPI: DAC", dac, N_DACS - 1, "the board has two DACs")


def _send(program: Program, address: int, frame: bytes) -> None:
    """One frame, most significant byte first."""
    program.write(address, [*frame[:-1], STOP | frame[-1]])
