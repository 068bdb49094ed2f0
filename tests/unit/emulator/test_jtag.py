"""What the JTAG port refuses, or a chip would do otherwise, is in the log.

Oracle: ``docs/reference/words.md`` (JTAG): instructions, lengths of their registers, and that only
the chip's half of the addresses is on this way.
"""

import pytest

from emulator import Emulator
from firmware_protocol import Program, decode, initialisation, jtag
from firmware_protocol.instructions import KEEP_BIT, ToFpga, message

CHIP, FPGA = 0x100000, 0x88000009


def noted(fill):
    """(entries of the log about JTAG, trace) of a program that `fill` writes."""
    emulator, program = Emulator(), Program()
    fill(program)
    program.halt()
    trace = decode(emulator.execute(program.words()))
    return [entry.text for entry in emulator.log if entry.place == "JTAG"], trace


def shift(instruction, n_bits, value=0):
    """A program's instruction and a shift of any length, which `jtag.data` would refuse."""

    def fill(program):
        jtag.instruction(program, instruction)
        program.append(message(ToFpga.JTAG_DATA, KEEP_BIT | n_bits << 40 | value))

    return fill


def test_a_write_to_the_fpga_is_ignored_and_noted():
    (text,), _ = noted(lambda program: jtag.write_omnibus(program, FPGA, 7))
    assert text.startswith("register 0x88000009: write ignored: JTAG reaches addresses below 0x8")
    assert text.endswith("reach the FPGA's over the Omnibus")


def test_a_read_from_the_fpga_gives_0_and_is_noted():
    (text,), trace = noted(lambda program: jtag.read_omnibus(program, FPGA))
    assert text.startswith("register 0x88000009: reads as 0: JTAG reaches addresses below 0x80000")
    assert trace.jtag.tolist() == [0]


@pytest.mark.parametrize("instruction", [0, 2, 8, 99])
def test_an_instruction_that_is_not_emulated_is_noted(instruction):
    (text,), trace = noted(shift(instruction, 32))
    assert text.startswith(f"instruction {instruction} ignored, and data that follow it: ")
    assert "1, 3, 4, 5, 6, 7, 127 and 68 + 8 i for PHY register i" in text
    assert trace.jtag.tolist() == [0]


@pytest.mark.parametrize("n_bits", [0, 2, 34, 255])
def test_a_shift_of_a_length_that_the_fpga_does_not_have_is_noted(n_bits):
    (text,), _ = noted(shift(jtag.Instruction.IDCODE, n_bits))
    assert text.startswith(f"a shift of {n_bits} bits is outside 3..33: ")


@pytest.mark.parametrize(
    ("instruction", "n_bits", "length"),
    [(3, 3, 4), (4, 33, 32), (5, 32, 33), (6, 31, 32), (0x44, 21, 22), (0x7C, 32, 22)],
)
def test_a_shift_of_another_length_than_its_register_s_is_noted(instruction, n_bits, length):
    (text,), _ = noted(shift(instruction, n_bits))
    assert text.startswith(
        f"{n_bits} bits are shifted under instruction {instruction}, whose register has {length}: "
    )


@pytest.mark.parametrize("length", [3, 32, 33])
@pytest.mark.parametrize("instruction", [1, 7, 127])
def test_registers_that_keep_nothing_may_be_shifted_by_any_length(instruction, length):
    assert noted(shift(instruction, length))[0] == []


def test_what_the_initialisation_and_the_ways_to_the_chip_do_is_not_noted():
    def fill(program):
        initialisation.initialise(program)
        jtag.reset_tap(program)
        jtag.clock_scaler(program, 3)
        jtag.read_id_code(program)
        jtag.write_omnibus(program, CHIP, 7)
        jtag.read_omnibus(program, CHIP)
        jtag.write_phy_register(program, 7, 1)

    texts, trace = noted(fill)
    assert texts == []
    assert trace.jtag.tolist()[-1] == 7
