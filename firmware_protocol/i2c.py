"""Devices on the boards' I2C bus: sequences of Omnibus accesses, as functions on a program.

The FPGA's I2C master is a window of Omnibus addresses: a device's 7-bit address, flags above it.
A write sends the low byte of its value, a read answers with a byte, or with bit 31 where no device
acknowledged.  The master repeats the start condition by itself where reading follows writing.
Functions that read return a :class:`Reading`, which knows its device, its unit and its ticket.
Source: fisch i2c.cpp and halco jboa.cpp, xboard.cpp as collected in ``docs/reference/words.md``;
where those are silent (the switch; power, current and calibration of the monitors) the makers' data
sheets: Texas Instruments INA219 (SBOS448), TMP112 (SBOS473), TCA9546A, TCA9554 and DAC6573, Analog
Devices AD5252.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from .decoder import Trace
from .errors import LinkError, ProgramError
from .instructions import member, whole_number
from .program import Program
from .tickets import Shift, Ticket

BASE = 0x88007800
STOP = 0x80
"""In an access' address: end the transfer after this byte."""
REPEATED_START = 0x100
"""In an access' address: begin anew, although neither device nor direction change."""
PRESCALER = BASE + 0x200
NOT_ACKNOWLEDGED = 1 << 31

T = TypeVar("T")


class Device(NamedTuple):
    """A device: its name in messages, its 7-bit address on the bus."""

    name: str
    address: int


EEPROM = Device("EEPROM", 0x50)
TMP112 = Device("TMP112", 0x48)
TCA9546 = Device("TCA9546", 0x70)
TCA9554 = Device("TCA9554", 0x38)
DAC6573 = Device("DAC6573", 0x4C)


class Monitor(IntEnum):
    """The INA219 current monitors by the supply they watch (halco xboard.cpp)."""

    VDD12_DIGITAL = 0
    VDD25_DIGITAL = 1
    VDD12_ANALOG = 2
    VDD25_ANALOG = 3
    VDD12_MADC = 4
    VDD12_PLL = 5


class Potentiometer(IntEnum):
    """Channels of the AD5252 digital potentiometers of the jBoA board (halco jboa.cpp).

    Two channels a device, devices from address 0x2c.  Boards with an ultra96 have the same channels
    for PLL, MADC and the analog supplies, but the digital ones at 0x2f.
    """

    VDD25_DIGITAL = 0
    VDD12_DIGITAL = 1
    VDD12_PLL = 2
    VDD12_MADC = 3
    VDD12_ANALOG = 4
    VDD25_ANALOG = 5


class DacChannel(IntEnum):
    """Channels of the DAC6573 (halco jboa.cpp)."""

    V_RESET = 0
    I_REF_BOARD = 1
    V_RES_MEAS = 2
    V_READOUT = 3


class Pin(IntEnum):
    """Pins of the TCA9554 I/O expander of the jBoA board (halco jboa.cpp); 1 switches off."""

    DISABLE_VDD25_DIGITAL = 0
    DISABLE_VDD12_DIGITAL = 1
    DISABLE_VDD12_PLL = 2
    DISABLE_VDD12_MADC = 3
    DISABLE_VDD25_ANALOG = 4
    DISABLE_VDD12_ANALOG = 5
    DISABLE_LED = 6
    DISABLE_POWER = 7


class PinRegister(IntEnum):
    """Registers of the TCA9554, a bit per pin: polarity 1 inverts inputs, config 1 is an input."""

    INPUTS = 0
    OUTPUTS = 1
    POLARITY = 2
    CONFIG = 3


class MonitorRegister(IntEnum):
    """Registers of an INA219 (SBOS448, table 2), 16 bits each."""

    CONFIG = 0
    SHUNT_VOLTAGE = 1
    BUS_VOLTAGE = 2
    POWER = 3
    CURRENT = 4
    CALIBRATION = 5


MONITOR_ADDRESS = 0x40
SHUNT_OHM = 0.027
"""Shunt at the monitors that the vendor's software expects."""
_SHUNT_LSB_V = 10e-6
_BUS_LSB_V = 4e-3
_CALIBRATION_SCALE = 0.04096
_POWER_LSBS_PER_CURRENT_LSB = 20
_POTENTIOMETER_ADDRESS = 0x2C
_PERSISTENT = 0x20
_DAC_WRITE_AND_UPDATE = 0x10
_EEPROM_ID = 0xFC
_TMP112_LSB_C = 0.0625
_16_BITS = 0xFFFF


@dataclass(frozen=True)
class Reading(Generic[T]):
    """A value that a device was asked for.

    convert  the bytes, joined, first one most significant -> the value
    """

    device: Device
    ticket: Ticket
    convert: Callable[[int], T]

    def redeem(self, trace: Trace) -> T:
        """The value; LinkError naming the device if it did not acknowledge."""
        answers = trace.redeem(self.ticket)
        silent = np.nonzero(answers & np.uint32(NOT_ACKNOWLEDGED))[0]
        if silent.size:
            raise LinkError(
                f"I2C device {self.device.name} at address {self.device.address:#04x} did not "
                f"acknowledge (byte {int(silent[0])} of {answers.size}); check that the board "
                "carries it, its power, and the channels of the TCA9546 switch"
            )
        return self.convert(int.from_bytes((answers & np.uint32(0xFF)).astype(np.uint8).tobytes()))

    def shifted(self, shift: Shift) -> Reading[T]:
        """The reading after its program became part of another one (:meth:`Program.extend`)."""
        return replace(self, ticket=self.ticket.shifted(shift))


# --- any device ---------------------------------------------------------------------------------


def write(program: Program, device: Device, data: Sequence[int]) -> None:
    """Send bytes to a device; for most, the first one is the number of a register."""
    if not len(data):
        raise ProgramError(f"I2C {device.name}: 0 bytes to send; send at least 1")
    values = [whole_number(f"I2C {device.name}: byte", b, 0xFF, "send bytes") for b in data]
    program.write([*[_access(device)] * (len(values) - 1), _access(device, STOP)], values)


def read(program: Program, device: Device, register: int | None, n_bytes: int) -> Reading[int]:
    """Ask for `n_bytes` from a register on; `register` None: from where the device is."""
    n = whole_number(f"I2C {device.name}: n_bytes", n_bytes, 256, "read in several steps", low=1)
    if register is not None:
        remedy = "registers are numbered by a byte"
        pointer = whole_number(f"I2C {device.name}: register", register, 0xFF, remedy)
        program.write(_access(device), pointer)
    ticket = program.read([*[_access(device)] * (n - 1), _access(device, STOP)])
    return Reading(device, ticket, int)


def _access(device: Device, flags: int = 0) -> int:
    """The Omnibus address of one byte from or to a device."""
    return BASE | device.address | flags


def prescaler(program: Program, value: int) -> None:
    """Divide the FPGA's clock for the bus: 125 MHz / (4 * `value`) is the bus clock.

    That formula is of the public Verilog core behind the FPGA's I2C master (verilog-i2c).
    """
    remedy = "the prescaler has 16 bits"
    program.write(PRESCALER, whole_number("I2C prescaler", value, _16_BITS, remedy, low=1))


def _signed(value: int) -> int:
    """A 16-bit two's complement."""
    return value - (1 << 16) if value & 1 << 15 else value


def _halves(value: int) -> list[int]:
    return [value >> 8, value & 0xFF]


# --- EEPROM, temperature, switch, pins ----------------------------------------------------------


def read_eeprom_id(program: Program) -> Reading[int]:
    """Ask for the 32-bit serial number of the chip carrier board."""
    return read(program, EEPROM, _EEPROM_ID, 4)


def read_temperature(program: Program) -> Reading[float]:
    """Ask for the temperature of the chip carrier board [degree Celsius]."""
    return _converted(read(program, TMP112, 0, 2), _celsius)


def _celsius(raw: int) -> float:
    """12 bits, left aligned in 16, two's complement, 1/16 degree."""
    return (_signed(raw) >> 4) * _TMP112_LSB_C


def switch_channels(program: Program, mask: int) -> None:
    """Connect the bus behind the TCA9546 to the channels of a 4-bit mask (0: to none)."""
    bits = whole_number("I2C TCA9546: mask", mask, 0xF, "the switch has 4 channels")
    write(program, TCA9546, [bits])


def read_switch_channels(program: Program) -> Reading[int]:
    """Ask which channels of the TCA9546 are connected: a 4-bit mask."""
    return read(program, TCA9546, None, 1)


def write_pins(program: Program, register: PinRegister, value: int) -> None:
    """Write a register of the TCA9554, a bit per :class:`Pin`; inputs cannot be written."""
    number = member("I2C TCA9554: register", PinRegister, register)
    if number is PinRegister.INPUTS:
        raise ProgramError(
            "I2C TCA9554: register INPUTS (0) can only be read; write OUTPUTS, POLARITY or CONFIG"
        )
    bits = whole_number("I2C TCA9554: value", value, 0xFF, "there are 8 pins")
    write(program, TCA9554, [number, bits])


def read_pins(program: Program, register: PinRegister = PinRegister.INPUTS) -> Reading[int]:
    """Ask for a register of the TCA9554: a bit per :class:`Pin`."""
    return read(program, TCA9554, member("I2C TCA9554: register", PinRegister, register), 1)


# --- voltages -----------------------------------------------------------------------------------


def write_dac(program: Program, channel: DacChannel, value: int) -> None:
    """Set a channel of the DAC6573 to `value` [LSB], 10 bits; it takes effect at once."""
    code = whole_number("I2C DAC6573: value", value, 0x3FF, "the DAC has 10 bits")
    write(program, DAC6573, [_dac_register(channel), *_halves(code << 6)])


def read_dac(program: Program, channel: DacChannel) -> Reading[int]:
    """Ask for the setting of a channel of the DAC6573 [LSB]."""
    reading = read(program, DAC6573, _dac_register(channel), 2)
    return _converted(reading, lambda raw: raw >> 6)


def _dac_register(channel: DacChannel) -> int:
    return _DAC_WRITE_AND_UPDATE | member("I2C DAC6573: channel", DacChannel, channel) << 1


def write_potentiometer(
    program: Program, channel: Potentiometer, wiper: int, *, persistent: bool = False
) -> None:
    """Set the wiper (0..255) of an AD5252 channel.

    persistent  write the device's memory instead, from which the wiper is set at power-up
    """
    code = whole_number("I2C AD5252: wiper", wiper, 0xFF, "the wiper has 8 bits")
    device, register = _potentiometer(channel, persistent)
    write(program, device, [register, code])


def read_potentiometer(
    program: Program, channel: Potentiometer, *, persistent: bool = False
) -> Reading[int]:
    """Ask for the wiper of an AD5252 channel, or for the one it has after power-up."""
    device, register = _potentiometer(channel, persistent)
    return read(program, device, register, 1)


def _potentiometer(channel: Potentiometer, persistent: bool) -> tuple[Device, int]:
    """Device and register: the AD5252 has channels 1 and 3, its memory from register 0x20 on."""
    wanted = member("I2C AD5252: channel", Potentiometer, channel)
    index, which = divmod(wanted, 2)
    device = Device(f"AD5252 ({wanted.name})", _POTENTIOMETER_ADDRESS + index)
    return device, (_PERSISTENT if persistent else 0) + 1 + 2 * which


# --- INA219 monitors ----------------------------------------------------------------------------


class BusVoltage(NamedTuple):
    """Supply voltage [V]; whether power and current overflowed; whether the value is fresh."""

    voltage_v: float
    overflow: bool
    conversion_ready: bool


def _monitor(monitor: Monitor) -> Device:
    wanted = member("I2C INA219: monitor", Monitor, monitor)
    return Device(f"INA219 ({wanted.name})", MONITOR_ADDRESS + wanted)


def write_monitor(
    program: Program, monitor: Monitor, register: MonitorRegister, value: int
) -> None:
    """Write CONFIG or CALIBRATION of an INA219, 16 bits."""
    number = member("I2C INA219: register", MonitorRegister, register)
    if number not in (MonitorRegister.CONFIG, MonitorRegister.CALIBRATION):
        raise ProgramError(
            f"I2C INA219: register {number.name} ({int(number)}) can only be read; write CONFIG or "
            "CALIBRATION"
        )
    device = _monitor(monitor)
    remedy = "its registers have 16 bits"
    bits = whole_number(f"I2C {device.name}: value", value, _16_BITS, remedy)
    write(program, device, [number, *_halves(bits)])


def read_monitor(program: Program, monitor: Monitor, register: MonitorRegister) -> Reading[int]:
    """Ask for a register of an INA219 as it is, 16 bits."""
    number = member("I2C INA219: register", MonitorRegister, register)
    return read(program, _monitor(monitor), number, 2)


def calibrate_monitor(
    program: Program, monitor: Monitor, *, current_lsb_a: float, shunt_ohm: float = SHUNT_OHM
) -> None:
    """Tell an INA219 which current one LSB shall mean; without it, it measures no current.

    The register becomes 0.04096 / (current_lsb_a * shunt_ohm), truncated (SBOS448, equation 1).
    """
    place = f"I2C {_monitor(monitor).name}: current_lsb_a = {current_lsb_a}"
    if not (current_lsb_a > 0 and shunt_ohm > 0):
        raise ProgramError(f"{place} and shunt_ohm = {shunt_ohm} must be larger than 0")
    calibration = int(_CALIBRATION_SCALE / (current_lsb_a * shunt_ohm))
    if not 1 < calibration <= _16_BITS:
        raise ProgramError(
            f"{place} needs a calibration of {calibration}, outside 2..{_16_BITS}; choose one of "
            f"{_CALIBRATION_SCALE / (_16_BITS * shunt_ohm):.1e} A to "
            f"{_CALIBRATION_SCALE / (2 * shunt_ohm):.1e} A"
        )
    # Bit 0 of the register does not exist.
    write_monitor(program, monitor, MonitorRegister.CALIBRATION, calibration & ~1)


def read_shunt_voltage(program: Program, monitor: Monitor) -> Reading[float]:
    """Ask for the voltage over the shunt [V], steps of 10 uV; over its resistance: current."""
    reading = read_monitor(program, monitor, MonitorRegister.SHUNT_VOLTAGE)
    return _converted(reading, lambda raw: _signed(raw) * _SHUNT_LSB_V)


def read_bus_voltage(program: Program, monitor: Monitor) -> Reading[BusVoltage]:
    """Ask for the supply's voltage [V], steps of 4 mV."""
    reading = read_monitor(program, monitor, MonitorRegister.BUS_VOLTAGE)
    return _converted(
        reading, lambda raw: BusVoltage((raw >> 3) * _BUS_LSB_V, bool(raw & 1), bool(raw & 2))
    )


def read_current(program: Program, monitor: Monitor, *, current_lsb_a: float) -> Reading[float]:
    """Ask for the current [A] of a monitor calibrated to `current_lsb_a`."""
    reading = read_monitor(program, monitor, MonitorRegister.CURRENT)
    return _converted(reading, lambda raw: _signed(raw) * current_lsb_a)


def read_power(program: Program, monitor: Monitor, *, current_lsb_a: float) -> Reading[float]:
    """Ask for the power [W] of a calibrated monitor, in steps of 20 times `current_lsb_a`."""
    reading = read_monitor(program, monitor, MonitorRegister.POWER)
    return _converted(reading, lambda raw: raw * _POWER_LSBS_PER_CURRENT_LSB * current_lsb_a)


def _converted(reading: Reading[int], convert: Callable[[int], T]) -> Reading[T]:
    """The same question, its answer read otherwise."""
    return Reading(reading.device, reading.ticket, convert)
