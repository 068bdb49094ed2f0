"""SPI sequences: channels, control registers, refusals.

Oracle: channel table and frames of ``docs/reference/words.md``; more sequences are compared with
the vendor's in ``tests/oracle/golden/test_messages.py``.
"""

import pytest

from firmware_protocol import Program, ProgramError, spi
from firmware_protocol.instructions import ToFpga, parse

STOP = 1 << 31


def sent(program):
    """(address, value) of all writes."""
    messages = parse(program.words())
    addresses = messages.payload[messages.header == ToFpga.OMNIBUS_ADDRESS] & 0xFFFFFFFF
    values = messages.payload[messages.header == ToFpga.OMNIBUS_DATA]
    return list(zip(addresses.tolist(), values.tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "place"),
    [("V_RESET", (0, 0)), ("MUX_DAC_25", (0, 7)), ("VDD25_DIGITAL", (1, 0)), ("VDD12_PLL", (1, 5))],
)
def test_channels_by_name_are_those_of_their_dac(name, place):
    by_name, by_number = Program(), Program()
    spi.write_dac(by_name, spi.DacChannel[name], 0xABC)
    spi.write_dac_channel(by_number, *place, 0xABC)
    assert by_name == by_number
    channel = place[1] << 4
    assert [value for _, value in sent(by_name)[:2]] == [channel | 0xA, STOP | 0xBC]


def test_control_writes_reference_and_the_complement_of_the_enable_mask():
    program = Program()
    spi.write_dac_control(program, 1, enable_mask=0b00001111)
    assert sent(program) == [
        (0x88007004, 0x80),
        (0x88007004, STOP | 0b001100),
        (0x88007004, 0x80 | 2 << 5),
        (0x88007004, STOP | 0b11110000),
    ]


def test_a_frame_of_the_shift_register_is_three_bytes():
    program = Program()
    spi.write_shift_register(program, 0xFF0001)
    assert sent(program) == [(0x88007001, 0xFF), (0x88007001, 0), (0x88007001, STOP | 1)]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: spi.write_shift_register(p, 1 << 24), r"= 16777216 is outside .* 24 bits"),
        (lambda p: spi.write_dac(p, 16, 0), r"channel = 16 does not exist; choose V_RESET \(0\)"),
        (lambda p: spi.write_dac_channel(p, 2, 0, 0), r"DAC = 2 is outside 0\.\.1; .* two DACs"),
        (lambda p: spi.write_dac_channel(p, 0, 8, 0), r"DAC 0: channel = 8 is outside 0\.\.7"),
        (lambda p: spi.write_dac_channel(p, 1, 2, 4096), r"DAC 1: value of channel 2 = 4096 .*12"),
        (lambda p: spi.write_dac_control(p, 0, enable_mask=256), r"enable_mask = 256 is outside"),
        (lambda p: spi.write_dac_control(p, 0, gain_reference=64), r"gain_reference = 64 is outs"),
        (lambda p: spi.write_dac_register(p, 0, 4, 0), r"register = 4 does not exist; choose GAIN"),
        (lambda p: spi.write_dac_register(p, 0, 1, 256), r"DAC 0: LDAC = 256 is outside 0\.\.255"),
    ],
)
def test_what_the_board_has_not_is_refused_and_leaves_no_trace(call, message):
    program = Program()
    with pytest.raises(ProgramError, match=message):
        call(program)
    assert len(program) == 0
