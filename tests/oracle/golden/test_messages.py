"""Message sequences that the chip vendor's own tests assert, and the words derived from them.

Oracle: facts copied on 2026-11-21 from the vendor's open-source tests; file and line in each row.
Rows of ``WORDS`` whose source ends in "(derived)" were put together by hand from the asserted
payloads and the header rule: a convenience, not evidence.
"""

import numpy as np
import pytest

from firmware_protocol import Program, i2c, jtag, spi
from firmware_protocol.instructions import FROM_FPGA_PAYLOAD_BITS, FromFpga, ToFpga, parse

I2C, SPI = 0x88007800, 0x88007000
STOP_BIT = 0x80000000

WORDS = [
    ("setup_timer", (), [0x0400000000000000], "fisch test-timer.cpp:23 (derived)"),
    ("wait_until", (291,), [0x0500000000000123], "fisch test-playback.cpp:433 (derived)"),
    ("reset", (True,), [0x0900000000000001], "fisch test-reset.cpp:21 (derived)"),
    ("halt", (), [0x0A00000000000000], "hxcomm instruction/system.h (derived)"),
    ("loopback", (), [0x0A00000000000001], "hxcomm instruction/system.h (derived)"),
    ("write", (3, 12), [792633598841716739, 864691128455135244],
     "fisch test-omnibus.cpp:57 (derived)"),
    ("read", (3,), [792633667561193475], "fisch test-omnibus.cpp:37 (derived)"),
    ("spikes_now", ([4660],), [936748722493067828], "fisch test-event.cpp:39 (derived)"),
    ("spikes_now", ([4660, 43981],), [1008806316836432845], "fisch test-event.cpp:39 (derived)"),
    ("spikes_now", ([4660, 43981, 3855],), [1080883927998861071],
     "fisch test-event.cpp:39 (derived)"),
]  # fmt: skip

PAYLOADS = [
    ("barrier", (0b01110,), ToFpga.BARRIER, [14], "haldls test-barrier.cpp:16"),
    ("write", (3, 12, 0), ToFpga.OMNIBUS_ADDRESS, [3], "fisch test-omnibus.cpp:57"),
    ("write", (3, 12, 0), ToFpga.OMNIBUS_DATA, [12], "fisch test-omnibus.cpp:57"),
    ("read", (3,), ToFpga.OMNIBUS_ADDRESS, [133143986179], "fisch test-omnibus.cpp:37"),
    ("loopback", (), ToFpga.LOOPBACK, [1], "fisch test-null_payload_readable.cpp:23"),
]


def words_of(method, arguments):
    program = Program()
    getattr(program, method)(*arguments)
    return program.words()


@pytest.mark.parametrize(("method", "arguments", "words", "source"), WORDS)
def test_words(method, arguments, words, source):
    assert words_of(method, arguments).tolist() == words, source


@pytest.mark.parametrize(("method", "arguments", "header", "payloads", "source"), PAYLOADS)
def test_payloads(method, arguments, header, payloads, source):
    messages = parse(words_of(method, arguments))
    assert messages.payload[messages.header == header].tolist() == payloads, source


def test_dictionary():
    """hxcomm test-dictionary.cpp:4 and :21."""
    assert (ToFpga.TIMER_SETUP, ToFpga.RESET, FromFpga.JTAG_DATA) == (4, 9, 0)
    assert FROM_FPGA_PAYLOAD_BITS[FromFpga.JTAG_DATA] == 33


def test_polling_writes_address_target_and_mask():
    """haldls test-polling_omnibus_block.cpp:16, target reduced to the mask's bits."""
    program = Program()
    target, mask = 303174162 & 2271560481, 2271560481
    program.poll(305419896, target, mask)
    accesses = omnibus(program)
    assert accesses == [
        ("w", 2281701382, 305419896),
        ("w", 2281701383, target),
        ("w", 2281701384, mask),
    ]


def test_byte_enables_let_only_some_bytes_through():
    """haldls test-vector_generator.cpp:191: bytes enabled from bit 0 upwards are 0, 0, 1, 1."""
    program = Program()
    program.write(2214593024, 209715200, byte_enables=0b1100)
    payload = parse(program.words()).payload.tolist()
    assert payload == [0b1100 << 32 | 2214593024, 209715200]


# --- JTAG: (instruction) or (data, bits, keep) --------------------------------------------------


def jtag_steps(program):
    messages = parse(program.words())
    steps = []
    for header, payload in zip(messages.header.tolist(), messages.payload.tolist(), strict=True):
        if header == ToFpga.JTAG_DATA:
            steps.append((payload & (1 << 40) - 1, payload >> 40 & 0xFF, payload >> 48 & 1))
        else:
            steps.append((ToFpga(header).name, payload))
    return steps


def ins(code):
    return ("JTAG_INSTRUCTION", code)


JTAG = [
    (jtag.reset_tap, (), [("JTAG_INIT", 0)], "fisch test-reset_jtag_tap.cpp:23"),
    (jtag.clock_scaler, (12,), [("JTAG_CLOCK_SCALER", 12)], "fisch test-jtag_clock_scaler.cpp:25"),
    (jtag.read_omnibus, (3,),
     [ins(5), (4294967299, 33, 0), ins(7), (0, 3, 0), ins(6), (0, 32, 1)],
     "fisch test-omnibus_on_chip_over_jtag.cpp:34"),
    (jtag.write_omnibus, (3, 12),
     [ins(5), (3, 33, 0), ins(6), (12, 32, 0), ins(7), (0, 3, 0)],
     "fisch test-omnibus_on_chip_over_jtag.cpp:70"),
    (jtag.write_pll_register, (3, 12), [ins(3), (3, 4, 0), ins(4), (12, 32, 0)],
     "fisch test-jtag_pll_register.cpp:15 (4 bits of coordinate: chip v3)"),
    (jtag.write_phy_register, (3, 12), [ins(92), (12, 22, 0)],
     "fisch test-jtag_phy_register.cpp:14"),
    (jtag.read_id_code, (), [ins(1), (0, 32, 1)], "fisch test-jtag_id_code.cpp:14"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "steps", "source"), JTAG)
def test_jtag_sequences(function, arguments, steps, source):
    program = Program()
    function(program, *arguments)
    assert jtag_steps(program) == steps, source


def test_id_code_of_the_chip():
    """haldls jtag.h: defaults of JTAGIdCode."""
    code = jtag.IdCode.of(0x020B40DD)
    assert (code.version, code.part_number, code.manufacturer_id) == (0, 8372, 110)
    code.check()


# --- I2C and SPI: ("w", address, value) or ("r", address) ---------------------------------------


def omnibus(program):
    messages = parse(program.words())
    accesses = []
    for header, payload in zip(messages.header.tolist(), messages.payload.tolist(), strict=True):
        if header == ToFpga.OMNIBUS_ADDRESS:
            assert payload >> 32 & 0xF == 0xF
            accesses.append(("r" if payload >> 36 else "w", payload & 0xFFFFFFFF))
        elif header == ToFpga.OMNIBUS_DATA:
            accesses[-1] += (payload,)
    return accesses


DAC = i2c.DacChannel.V_RES_MEAS
MADC = i2c.Potentiometer.VDD12_MADC
ANALOG = i2c.Monitor.VDD12_ANALOG
CALIBRATION = i2c.MonitorRegister.CALIBRATION
POLARITY = i2c.PinRegister.POLARITY

BUSES = [
    (i2c.read_eeprom_id, (),
     [("w", I2C + 0x50, 252), *[("r", I2C + 0x50)] * 3, ("r", I2C + 0xD0)],
     "fisch test-i2c_id_register.cpp:16"),
    (i2c.read_dac, (DAC,), [("w", I2C + 0x4C, 20), ("r", I2C + 0x4C), ("r", I2C + 0xCC)],
     "fisch test-i2c_dac6573_rw_register.cpp:17"),
    (i2c.write_dac, (DAC, 1018),
     [("w", I2C + 0x4C, 20), ("w", I2C + 0x4C, 254), ("w", I2C + 0xCC, 128)],
     "fisch test-i2c_dac6573_rw_register.cpp:57"),
    (i2c.read_potentiometer, (MADC,), [("w", I2C + 0x2D, 3), ("r", I2C + 0xAD)],
     "fisch test-i2c_ad5252_rw_register.cpp:17"),
    (i2c.write_potentiometer, (MADC, 112), [("w", I2C + 0x2D, 3), ("w", I2C + 0xAD, 112)],
     "fisch test-i2c_ad5252_rw_register.cpp:51"),
    (i2c.read_pins, (POLARITY,), [("w", I2C + 0x38, 2), ("r", I2C + 0xB8)],
     "fisch test-i2c_tca9554_rw_register.cpp:16"),
    (i2c.write_pins, (POLARITY, 85), [("w", I2C + 0x38, 2), ("w", I2C + 0xB8, 85)],
     "fisch test-i2c_tca9554_rw_register.cpp:48"),
    (i2c.read_pins, (), [("w", I2C + 0x38, 0), ("r", I2C + 0xB8)],
     "fisch test-i2c_tca9554_ro_register.cpp"),
    (i2c.read_monitor, (ANALOG, CALIBRATION),
     [("w", I2C + 0x42, 5), ("r", I2C + 0x42), ("r", I2C + 0xC2)],
     "fisch test-i2c_ina219_rw_register.cpp:16"),
    (i2c.write_monitor, (ANALOG, CALIBRATION, 4660),
     [("w", I2C + 0x42, 5), ("w", I2C + 0x42, 18), ("w", I2C + 0xC2, 52)],
     "fisch test-i2c_ina219_rw_register.cpp:54"),
    (i2c.read_bus_voltage, (ANALOG,),
     [("w", I2C + 0x42, 2), ("r", I2C + 0x42), ("r", I2C + 0xC2)],
     "fisch test-i2c_ina219_ro_register.cpp"),
    (i2c.read_temperature, (), [("w", I2C + 0x48, 0), ("r", I2C + 0x48), ("r", I2C + 0xC8)],
     "fisch test-i2c_temp_register.cpp:16"),
    (spi.write_shift_register, (0x123456,),
     [("w", SPI + 1, 0x12), ("w", SPI + 1, 0x34), ("w", SPI + 1, STOP_BIT | 0x56)],
     "fisch test-spi_shift_register.cpp:15"),
    (spi.write_dac_channel, (0, 3, 0xFC1),
     [("w", SPI + 2, 0x3F), ("w", SPI + 2, STOP_BIT | 0xC1),
      ("w", SPI + 2, 0xA0), ("w", SPI + 2, STOP_BIT | 2)],
     "fisch test-spi_dac_data_register.cpp:15"),
    (spi.write_dac_register, (0, 3, 12), [("w", SPI + 2, 0xE0), ("w", SPI + 2, STOP_BIT | 12)],
     "fisch test-spi_dac_control_register.cpp:15"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "arguments", "accesses", "source"), BUSES)
def test_bus_sequences(function, arguments, accesses, source):
    program = Program()
    function(program, *arguments)
    assert omnibus(program) == accesses, source


def test_persistent_wiper_of_a_potentiometer():
    """haldls test-ad5252.cpp:135 asserts the value; memory registers are at 0x20 (halco i2c.h)."""
    program = Program()
    i2c.write_potentiometer(program, i2c.Potentiometer(0), 112, persistent=True)
    assert omnibus(program)[-1][2] == 112
    assert omnibus(program)[0][2] == 0x20 + 1


def test_pins_are_written_register_by_register():
    """haldls test-tca9554.cpp:63."""
    program = Program()
    registers = i2c.PinRegister.OUTPUTS, POLARITY, i2c.PinRegister.CONFIG
    for register, value in zip(registers, (170, 85, 0), strict=True):
        i2c.write_pins(program, register, value)
    assert [value for _, _, value in omnibus(program)] == [1, 170, 2, 85, 3, 0]


def test_the_second_dac_of_the_board_lies_two_addresses_further():
    """fisch spi.cpp; its test asserts another address but only exercises DAC 0."""
    program = Program()
    spi.write_dac(program, spi.DacChannel.VDD12_PLL, 0)
    assert {address for _, address, _ in omnibus(program)} == {SPI + 4}
    assert np.uint32(omnibus(program)[0][2]) == 5 << 4
