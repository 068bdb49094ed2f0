"""Devices on the boards as files of words describe them: I2C and SPI transfers on the Omnibus.

Addresses read ``w:0x88007850`` or ``r:...``, one per byte; words are the values written, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from .. import i2c, spi
from ..instructions import member
from ..program import Program
from .errors import InspectError
from .messages import Arguments, Sequence, accesses

_8_BITS, _10_BITS, _12_BITS, _16_BITS, _24_BITS = ((1 << n) - 1 for n in (8, 10, 12, 16, 24))


class _WiperRegister(IntEnum):
    """Registers of a channel of the AD5252."""

    RDAC_VOLATILE = 0
    EEMEM_PERSISTENT = 1


def _eeprom(name: str, program: Program, arguments: Arguments) -> str:
    i2c.read_eeprom_id(program)
    return "r"


def _temperature(name: str, program: Program, arguments: Arguments) -> str:
    i2c.read_temperature(program)
    return "r"


def _dac6573(name: str, program: Program, arguments: Arguments) -> str:
    number = arguments.member("coordinate", i2c.DacChannel, "channel", "DAC6573ChannelOnBoard")
    channel = member(f"{name}: channel", i2c.DacChannel, number)
    if name.endswith("read"):
        i2c.read_dac(program, channel)
        return "r"
    i2c.write_dac(program, channel, arguments.number("fields", "value", limit=_10_BITS))
    return "w"


def _ad5252(name: str, program: Program, arguments: Arguments) -> str:
    keys = ("channel", "AD5252ChannelOnBoard")
    number = arguments.member("coordinate", i2c.Potentiometer, *keys)
    channel = member(f"{name}: channel", i2c.Potentiometer, number)
    register = arguments.member("coordinate", _WiperRegister, "register", default=0)
    persistent = register == _WiperRegister.EEMEM_PERSISTENT
    if name.endswith("read"):
        i2c.read_potentiometer(program, channel, persistent=persistent)
        return "r"
    value = arguments.number("fields", "value", "wiper", limit=_8_BITS)
    i2c.write_potentiometer(program, channel, value, persistent=persistent)
    return "w"


def _tca9554(name: str, program: Program, arguments: Arguments) -> str:
    inputs = i2c.PinRegister.INPUTS if "Ro" in name else None
    number = arguments.member("coordinate", i2c.PinRegister, "register", default=inputs)
    register = member(f"{name}: register", i2c.PinRegister, number)
    if name.endswith("read"):
        i2c.read_pins(program, register)
        return "r"
    i2c.write_pins(program, register, arguments.number("fields", "value", limit=_8_BITS))
    return "w"


def _ina219(name: str, program: Program, arguments: Arguments) -> str:
    """A name may say the register too: ``I2CINA219RwRegister calibration write``."""
    keys = ("monitor", "INA219OnBoard", "ina219")
    which = arguments.member("coordinate", i2c.Monitor, *keys, default=0)
    monitor = member(f"{name}: monitor", i2c.Monitor, which)
    words = name.split()[1:-1]
    said = i2c.MonitorRegister[words[0].upper()] if words else None
    number = arguments.member("coordinate", i2c.MonitorRegister, "register", default=said)
    if said is not None and number != said:
        raise InspectError(
            f"{name}: the coordinate says register {number}, expected {int(said)} by the name"
        )
    register = member(f"{name}: register", i2c.MonitorRegister, number)
    if name.endswith("read"):
        i2c.read_monitor(program, monitor, register)
        return "r"
    value = arguments.number("fields", "value", limit=_16_BITS)
    i2c.write_monitor(program, monitor, register, value)
    return "w"


def _shift_register(name: str, program: Program, arguments: Arguments) -> str:
    spi.write_shift_register(program, arguments.number("fields", "value", limit=_24_BITS))
    return "w"


def _dac_data(name: str, program: Program, arguments: Arguments) -> str:
    """A channel by its name on the board, or by DAC and number on it."""
    dac = arguments.number("coordinate", "dac", "DACOnBoard", limit=1, default=0)
    channel = arguments.member("coordinate", spi.DacChannel, "channel", "DACChannelOnBoard")
    value = arguments.number("fields", "value", limit=_12_BITS)
    place = divmod(channel, spi.N_CHANNELS) if channel >= spi.N_CHANNELS else (dac, channel)
    spi.write_dac_channel(program, *place, value)
    return "w"


def _dac_control(name: str, program: Program, arguments: Arguments) -> str:
    dac = arguments.number("coordinate", "dac", "DACOnBoard", limit=spi.N_DACS - 1)
    number = arguments.member("coordinate", spi.DacRegister, "register")
    value = arguments.number("fields", "value", limit=_8_BITS)
    register = member(f"{name}: register", spi.DacRegister, number)
    spi.write_dac_register(program, dac, register, value)
    return "w"


_Build = Callable[[str, Program, Arguments], str]
_MONITOR_REGISTERS = tuple(m.name.lower() for m in i2c.MonitorRegister)
_TRANSFERS: dict[str, _Build] = {
    "I2CIdRegister read": _eeprom,
    "I2CTempRegister read": _temperature,
    "I2CDAC6573RwRegister read": _dac6573,
    "I2CDAC6573RwRegister write": _dac6573,
    "I2CAD5252RwRegister read": _ad5252,
    "I2CAD5252RwRegister write": _ad5252,
    "I2CTCA9554RoRegister read": _tca9554,
    "I2CTCA9554RwRegister read": _tca9554,
    "I2CTCA9554RwRegister write": _tca9554,
    **{
        f"I2CINA219{kind}Register {register}{action}": _ina219
        for kind in ("Rw", "Ro")
        for register in ("", *(f"{name} " for name in _MONITOR_REGISTERS))
        for action in ("read", "write")
    },
    "SPIShiftRegister write": _shift_register,
    "SPIDACDataRegister write": _dac_data,
    "SPIDACControlRegister write": _dac_control,
}
PLACEHOLDERS = {"omnibus-i2c": "i2c", "omnibus-spi": "spi"}
"""Backend -> what a file may write instead of a transfer's addresses."""


def transfer(name: str, arguments: Arguments) -> Sequence | None:
    """The accesses of an I2C or SPI transfer; None if the name is no such transfer."""
    build = _TRANSFERS.get(name)
    if build is None:
        return None
    program = Program()
    access = build(name, program, arguments)
    arguments.done()
    names, values = accesses(program)
    backend = "omnibus-spi" if name.startswith("SPI") else "omnibus-i2c"
    return Sequence(names, list(values), access, backend)
