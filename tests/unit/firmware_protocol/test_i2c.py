"""I2C sequences: values and units, missing acknowledges, refusals.

Oracle: the makers' data sheets, worked examples by hand; the sequences of accesses themselves are
compared with the vendor's in ``tests/oracle/golden/test_messages.py``.
"""

import pytest

from firmware_protocol import LinkError, Program, ProgramError, decode, i2c
from firmware_protocol.instructions import FromFpga, ToFpga, parse
from tests.support.messages import stream

PLL = i2c.Monitor.VDD12_PLL


def answered(reading, *values):
    """The reading redeemed from a trace with these answers."""
    return reading.redeem(decode(stream(*((FromFpga.OMNIBUS_DATA, value) for value in values))))


def sent(program):
    """(address, value) of all writes."""
    messages = parse(program.words())
    addresses = messages.payload[messages.header == ToFpga.OMNIBUS_ADDRESS] & 0xFFFFFFFF
    values = messages.payload[messages.header == ToFpga.OMNIBUS_DATA]
    return list(zip(addresses.tolist(), values.tolist(), strict=True))


def test_bytes_are_joined_most_significant_first():
    assert answered(i2c.read_eeprom_id(Program()), 0x12, 0x34, 0x56, 0x78) == 0x12345678


def test_only_the_low_byte_of_an_answer_counts():
    assert answered(i2c.read_pins(Program()), 0x7FFFFFA5) == 0xA5


@pytest.mark.parametrize(
    ("raw", "celsius"),
    [
        (0x7FF0, 127.9375),
        (0x1900, 25.0),
        (0x0010, 0.0625),
        (0, 0),
        (0xFFF0, -0.0625),
        (0xC900, -55),
    ],
)
def test_temperatures_are_those_of_the_data_sheet(raw, celsius):
    """SBOS473: the 12-bit temperature data format."""
    assert answered(i2c.read_temperature(Program()), raw >> 8, raw & 0xFF) == celsius


@pytest.mark.parametrize(("raw", "volt"), [(0x0FA0, 0.04), (0xF060, -0.04), (1, 1e-5)])
def test_shunt_voltages_are_signed_steps_of_ten_microvolt(raw, volt):
    reading = i2c.read_shunt_voltage(Program(), PLL)
    assert answered(reading, raw >> 8, raw & 0xFF) == pytest.approx(volt, rel=1e-12)


def test_bus_voltages_are_steps_of_four_millivolt_above_two_flags():
    """SBOS448, worked example: 0x5d98 is 11.98 V."""
    reading = i2c.read_bus_voltage(Program(), PLL)
    assert answered(reading, 0x5D, 0x98) == pytest.approx((11.98, False, False))
    fresh = answered(reading, 0, 0b0000_1011)
    assert (fresh.voltage_v, fresh.overflow, fresh.conversion_ready) == (4e-3, True, True)


def test_current_and_power_follow_the_calibration():
    """SBOS448, worked example: 2 mOhm, 1 mA a LSB -> 0x5000; 0x2710 is 10 A, 0x1766 119.82 W."""
    program = Program()
    i2c.calibrate_monitor(program, PLL, current_lsb_a=1e-3, shunt_ohm=2e-3)
    assert [value for _, value in sent(program)] == [5, 0x50, 0x00]
    current = i2c.read_current(Program(), PLL, current_lsb_a=1e-3)
    power = i2c.read_power(Program(), PLL, current_lsb_a=1e-3)
    assert answered(current, 0x27, 0x10) == pytest.approx(10.0)
    assert answered(current, 0xFF, 0xFF) == pytest.approx(-1e-3)
    assert answered(power, 0x17, 0x66) == pytest.approx(119.82, rel=1e-3)


def test_dac_values_lose_the_bits_they_were_shifted_by():
    assert answered(i2c.read_dac(Program(), i2c.DacChannel.V_RESET), 0xFE, 0x80) == 0x3FA


@pytest.mark.parametrize(
    ("channel", "device", "register"),
    [("VDD25_DIGITAL", 0x2C, 1), ("VDD12_PLL", 0x2D, 1), ("VDD25_ANALOG", 0x2E, 3)],
)
def test_potentiometers_have_two_channels_a_device(channel, device, register):
    """halco jboa.cpp."""
    program = Program()
    i2c.write_potentiometer(program, i2c.Potentiometer[channel], 9)
    i2c.write_potentiometer(program, i2c.Potentiometer[channel], 9, persistent=True)
    base = i2c.BASE + device
    assert sent(program)[:2] == [(base, register), (base | i2c.STOP, 9)]
    assert sent(program)[2:] == [(base, 0x20 + register), (base | i2c.STOP, 9)]


def test_the_switch_takes_its_channels_without_a_register():
    program = Program()
    i2c.switch_channels(program, 0b0101)
    assert sent(program) == [(i2c.BASE | 0x70 | i2c.STOP, 0b0101)]
    assert answered(i2c.read_switch_channels(Program()), 0b0101) == 0b0101


def test_the_prescaler_is_a_register_of_the_master():
    program = Program()
    i2c.prescaler(program, 78)
    assert sent(program) == [(0x88007A00, 78)]


def test_a_device_that_does_not_acknowledge_is_named():
    reading = i2c.read_temperature(Program())
    with pytest.raises(LinkError, match=r"TMP112 at address 0x48 .* \(byte 1 of 2\); check that"):
        answered(reading, 0, 1 << 31)
    silent = i2c.read_potentiometer(Program(), i2c.Potentiometer.VDD12_MADC)
    with pytest.raises(LinkError, match=r"AD5252 \(VDD12_MADC\) at address 0x2d"):
        answered(silent, 1 << 31)
    with pytest.raises(LinkError, match=r"INA219 \(VDD12_PLL\) at address 0x45"):
        answered(i2c.read_bus_voltage(Program(), PLL), 1 << 31, 0)


def test_readings_move_with_their_program():
    program, part = Program(), Program()
    program.read([1, 2])
    reading = i2c.read_pins(part)
    shifted = reading.shifted(program.extend(part))
    assert answered(shifted, 0, 0, 0x42) == 0x42


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: i2c.write(p, i2c.EEPROM, []), r"EEPROM: 0 bytes to send; send at least 1"),
        (lambda p: i2c.write(p, i2c.EEPROM, [1, 256]), r"EEPROM: byte = 256 is outside 0\.\.255"),
        (lambda p: i2c.read(p, i2c.EEPROM, 256, 1), r"EEPROM: register = 256 is outside"),
        (lambda p: i2c.read(p, i2c.EEPROM, 0, 0), r"EEPROM: n_bytes = 0 is outside 1\.\.256"),
        (lambda p: i2c.prescaler(p, 0), r"prescaler = 0 is outside 1\.\.65535"),
        (lambda p: i2c.switch_channels(p, 16), r"mask = 16 is outside 0\.\.15; .* 4 channels"),
        (lambda p: i2c.write_pins(p, 0, 1), r"INPUTS \(0\) can only be read; write OUTPUTS"),
        (lambda p: i2c.write_pins(p, 1, 256), r"TCA9554: value = 256 is outside"),
        (lambda p: i2c.read_pins(p, 4), r"register = 4 does not exist; choose INPUTS \(0\), OUT"),
        (lambda p: i2c.write_dac(p, 0, 1024), r"DAC6573: value = 1024 is outside .* 10 bits"),
        (lambda p: i2c.write_dac(p, 4, 0), r"channel = 4 does not exist; choose V_RESET \(0\)"),
        (lambda p: i2c.write_potentiometer(p, 6, 0), r"channel = 6 does not exist; choose VDD25_D"),
        (lambda p: i2c.write_potentiometer(p, 0, 256), r"wiper = 256 is outside .* 8 bits"),
        (lambda p: i2c.write_monitor(p, 0, 2, 0), r"BUS_VOLTAGE \(2\) can only be read; write CON"),
        (lambda p: i2c.write_monitor(p, 0, 0, 1 << 16), r"value = 65536 is outside .* 16 bits"),
        (lambda p: i2c.read_monitor(p, 6, 0), r"monitor = 6 does not exist; choose VDD12_DIGITAL"),
        (lambda p: i2c.read_monitor(p, 0, 6), r"register = 6 does not exist; choose CONFIG \(0\)"),
        (lambda p: i2c.calibrate_monitor(p, 0, current_lsb_a=0), r"= 0 .* must be larger than 0"),
        (
            lambda p: i2c.calibrate_monitor(p, 0, current_lsb_a=1e-6),
            r"current_lsb_a = 1e-06 needs a calibration of 1517037, .*choose one of 2\.3e-05 A to",
        ),
    ],
)
def test_what_a_device_has_not_is_refused_and_leaves_no_trace(call, message):
    program = Program()
    with pytest.raises(ProgramError, match=message):
        call(program)
    assert len(program) == 0
