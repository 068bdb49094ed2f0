"""Devices of the board, reached through the FPGA's I2C and SPI masters: words, not sequences.

How the words travel is in :mod:`firmware_protocol.i2c` and :mod:`firmware_protocol.spi`.
Source: haldls i2c.cpp, spi.cpp, shift_register, read on 2026-11-21 (``docs/reference/words.md``); scales of the
INA219 and TMP112 from their data sheets (Texas Instruments SBOS448, SBOS473).
"""

from ..container import Axis, Container
from ..layout import Field, Register

# fmt: off
SHIFT_REGISTER = Register("ShiftRegister", n_words=1, width=24, fields=(
    Field("select_analog_readout_mux_1_input", "0[1:0]"),
    Field("select_analog_readout_mux_2_input", "0[3:2]"),
    Field("select_analog_readout_mux_3_input", "0[5:4]"),
    Field("enable_i_ref_board",       "0[6]"),
    Field("enable_measure_i_ref",     "0[7]"),
    Field("enable_dac_to_readout_0",  "0[8]"),
    Field("enable_dac_to_readout_1",  "0[9]"),
    Field("enable_led",               "0[10] | 0[11] | 0[12] | 0[15] | 0[22] | 0[23]", inverted=True, doc="LEDs 1, 2, 3, 4, 7, 8"),
    Field("enable_adc_power_down",    "0[13]"),
    Field("enable_adc_reset",         "0[14]"),
    Field("enable_vdd25_digital",     "0[16]"),
    Field("enable_vdd12_digital",     "0[17]"),
    Field("enable_vdd25_analog",      "0[18]"),
    Field("enable_vdd12_analog",      "0[19]"),
    Field("enable_vdd12_madc",        "0[20]"),
    Field("enable_vdd12_pll",         "0[21]"),
))
DAC_CHANNEL = Register("DACChannel", n_words=1, fields=(Field("value", "0[11:0]", unit="LSB"),))
DAC_CONTROL = Register("DACControl", n_words=2, fields=(
    Field("gain_reference",  "0[5:0]", default=0b001100),
    Field("enable_channel",  "1[0]", default=1, entries=8, step=1, inverted=True, doc="power-down register"),
))

AD5252_CHANNEL = Register("AD5252ChannelConfig", n_words=1, fields=(Field("wiper", "0[7:0]"),))
AD5252_PERSISTENT = Register("AD5252ChannelConfigPersistent", n_words=1, fields=AD5252_CHANNEL.fields)
DAC6573_CHANNEL = Register("DAC6573ChannelConfig", n_words=1, fields=(Field("value", "0[9:0]", unit="LSB"),))
TCA9554_INPUTS = Register("TCA9554Inputs", n_words=1, fields=(Field("inputs", "0[7:0]"),))
TCA9554_CONFIG = Register("TCA9554Config", n_words=3, fields=(
    Field("outputs",  "0[7:0]"),
    Field("polarity", "1[7:0]"),
    Field("config",   "2[7:0]"),
))
TMP112 = Register("TMP112Temperature", n_words=1, fields=(Field("value", "0[15:0]", doc="two's complement; left aligned 1/16 degree Celsius"),))
INA219_CONFIG = Register("INA219Config", n_words=1, fields=(Field("value", "0[15:0]"),))
INA219_SHUNT_VOLTAGE = Register("INA219ShuntVoltage", n_words=1, fields=(Field("value", "0[15:0]", unit="10 uV", doc="two's complement"),))
INA219_BUS_VOLTAGE = Register("INA219BusVoltage", n_words=1, fields=(
    Field("overflow",         "0[0]"),
    Field("conversion_ready", "0[1]"),
    Field("value",            "0[15:3]", unit="4 mV"),
))
EEPROM_ID = Register("I2CIdRegister", n_words=1, fields=(Field("value", "0[31:0]"),))
# fmt: on

_DAC = Axis("dac", 2)
_CHANNEL = Axis("channel", 8)
AD5252_CHANNELS = Axis("channel", 6)
_MONITOR = Axis("monitor", 6)

CONTAINERS = (
    Container("ShiftRegister", SHIFT_REGISTER, symbols=lambda: ("spi.shift_register",), access="w"),
    Container(
        "DACChannel",
        DAC_CHANNEL,
        (_DAC, _CHANNEL),
        symbols=lambda dac, channel: (f"spi.dac[{dac}].data[{channel}]",),
        access="w",
    ),
    Container(
        "DACControl",
        DAC_CONTROL,
        (_DAC,),
        symbols=lambda dac: (f"spi.dac[{dac}].gain", f"spi.dac[{dac}].power_down"),
        access="w",
    ),
    Container(
        "AD5252ChannelConfig",
        AD5252_CHANNEL,
        (AD5252_CHANNELS,),
        symbols=lambda channel: (f"ad5252.rdac[{channel}]",),
    ),
    Container(
        "AD5252ChannelConfigPersistent",
        AD5252_PERSISTENT,
        (AD5252_CHANNELS,),
        symbols=lambda channel: (f"ad5252.eemem_persistent[{channel}]",),
    ),
    Container(
        "DAC6573ChannelConfig",
        DAC6573_CHANNEL,
        (Axis("channel", 4),),
        symbols=lambda channel: (f"dac6573[{channel}]",),
    ),
    Container("TCA9554Inputs", TCA9554_INPUTS, symbols=lambda: ("tca9554.inputs",), access="r"),
    Container(
        "TCA9554Config",
        TCA9554_CONFIG,
        symbols=lambda: ("tca9554.outputs", "tca9554.polarity", "tca9554.config"),
    ),
    Container("TMP112Temperature", TMP112, symbols=lambda: ("tmp112.temperature",), access="r"),
    Container(
        "INA219Config", INA219_CONFIG, (_MONITOR,), symbols=lambda i: (f"ina219[{i}].config",)
    ),
    Container(
        "INA219ShuntVoltage",
        INA219_SHUNT_VOLTAGE,
        (_MONITOR,),
        symbols=lambda i: (f"ina219[{i}].shunt_voltage",),
        access="r",
    ),
    Container(
        "INA219BusVoltage",
        INA219_BUS_VOLTAGE,
        (_MONITOR,),
        symbols=lambda i: (f"ina219[{i}].bus_voltage",),
        access="r",
    ),
    Container("I2CIdRegister", EEPROM_ID, symbols=lambda: ("eeprom.id",), access="r"),
)
