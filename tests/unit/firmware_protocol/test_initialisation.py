"""Initialisation: the vendor's order, the vendor's words, the vendor's waiting times.

Oracle: ``docs/reference/words.md`` ("Initialisation") written out as a list by hand, and words
computed from it with the message layout alone.
"""

import numpy as np
import pytest

from emulator import Emulator
from firmware_protocol import Board, FieldRangeError, Program, SystemConfig, decode, initialise
from firmware_protocol.instructions import ToFpga, parse

US = 125


def jtag(instruction, value, n_bits):
    return [(ToFpga.JTAG_INSTRUCTION, instruction), (ToFpga.JTAG_DATA, n_bits << 40 | value)]


def pll(register, word):
    return [*jtag(3, register, 4), *jtag(4, word, 32)]


def write(address, *values):
    steps = []
    for offset, value in enumerate(values):
        steps += [(ToFpga.OMNIBUS_ADDRESS, 0xF << 32 | address + offset)]
        steps += [(ToFpga.OMNIBUS_DATA, value)]
    return steps


def wait(cycles):
    return [(ToFpga.TIMER_SETUP, 0), (ToFpga.WAIT_UNTIL, cycles)]


OMNIBUS, SYSTIME = (ToFpga.BARRIER, 1), (ToFpga.BARRIER, 4)
REFERENCE = (1 << 12, 10 << 6, 40, 0xA28, 0xA28, 0x41, 0x41, 0x2CB, 0x2CB)
TIMINGS = [
    *((base | 0x402, 255, 0xFF) for base in (0x160000, 0x168000, 0x170000, 0x178000)),
    *((base | 0x402, 255, 0xFF) for base in (0x1A1000, 0x1A9000)),
    *((base | 0x2800, 0b1111, 0b11110) for base in (0x140000, 0x148000, 0x150000, 0x158000)),
    *((base | 0x202, 0xC0, 0xFF) for base in (0x110400, 0x118400)),
    *((base | 0x102, 255, 0xFF) for base in (0x02400800, 0x02400000, 0x03400800, 0x03400000)),
]  # Gray-decoded: 8 -> 0b1111, 0x11 -> 0b11110

ORDER = [
    *write(0x88000009, 10_000 * US),
    *[(ToFpga.RESET, 1), *wait(10), (ToFpga.RESET, 0), *wait(100)],
    *[(ToFpga.JTAG_CLOCK_SCALER, 3), (ToFpga.JTAG_INIT, 0)],
    *[*pll(0, 0x2A20A902), *pll(1, 0xC0CBF200), *pll(2, 0x2A20A902), *pll(3, 0xC0CBF200)],
    *pll(4, 0x110D0101),
    *write(0x88006000, *[0x204040] * 8),
    *(step for i in range(8) for step in jtag(0x40 | (7 - i) << 3 | 4, 0x204000, 22)),
    *[*wait(100 * US), *write(0x88004000, 0xFF), *write(0x40000, 0xFF)],
    *[*write(0, 0, 0), OMNIBUS, (ToFpga.SYSTIME_INIT, 1), SYSTIME],
    *write(0x88000005, 1),
    *[*write(0xC0012, REFERENCE[0] | 1 << 15, *REFERENCE[1:]), OMNIBUS, *wait(1000)],
    *write(0xC0012, *REFERENCE),
    *(step for row in TIMINGS for step in write(*row)),
    OMNIBUS,
]


def messages(system=None, **options):
    program = Program()
    initialise(program, system, **options)
    parsed = parse(program.words())
    return list(zip(parsed.header.tolist(), parsed.payload.tolist(), strict=True))


def test_the_order_and_the_words_are_the_documented_ones():
    assert messages() == [(int(header), payload) for header, payload in ORDER]


def test_settings_reach_their_words():
    system = SystemConfig()
    system.event_recording.enable_event_recording = 0
    system.phys_chip.vbias[4] = 2
    system.capmem_timing.read_delay[1] = 100
    found = messages(system)
    assert (ToFpga.JTAG_DATA, 22 << 40 | 0x202000) in found
    at = found.index((ToFpga.OMNIBUS_ADDRESS, 0xF << 32 | 0x14A800))
    assert found[at + 1] == (ToFpga.OMNIBUS_DATA, 71)  # test-capmem.cpp:58
    at = found.index((ToFpga.OMNIBUS_ADDRESS, 0xF << 32 | 0x88000005))
    assert found[at + 1] == (ToFpga.OMNIBUS_DATA, 0)


def test_the_board_is_told_first_and_gets_a_millisecond():
    board = Board({"enable_vdd25_digital": 1}, np.full((2, 8), 0xABC))
    found = messages(board=board)
    assert found[:2] == write(0x88000009, 10_000 * US)
    extra = found[2 : len(found) - len(ORDER) + 2]
    assert found[2 + len(extra) :] == [(int(h), p) for h, p in ORDER[2:]]
    assert extra[:6] == [
        step
        for byte in (0xC1, 0x9C, 0x80000000)  # LEDs off, digital supply on; last one with stop
        for step in write(0x88007001, byte)
    ]
    assert extra[-2:] == wait(1000 * US)


def test_a_value_that_does_not_fit_leaves_the_program_as_it_was():
    system, program = SystemConfig(), Program()
    system.adplls.pre_div_p0[1] = 5
    with pytest.raises(FieldRangeError, match=r"ADPLL\.pre_div_p0\[1\] = 5 is outside 2\.\.4"):
        initialise(program, system)
    assert len(program) == 0


def test_an_unknown_group_names_the_known_ones():
    with pytest.raises(AttributeError, match=r"SystemConfig has no group 'pll'; it has \['adplls'"):
        _ = SystemConfig().pll


def test_the_emulator_takes_it_and_its_registers_read_back():
    program = Program()
    initialise(program)
    ticket = program.read([0x80000, 0x88006003, 0x14A800, 0xC0012, 0x160402])
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    assert trace.reads[ticket.span].tolist() == [0x2A20A902, 0x204040, 0b1111, 1 << 12, 255]
    assert not trace.timeouts.size
