"""The chip's carrier board: two DACs and a shift register of switches behind the FPGA's SPI master.

Frames are bytes written one by one to a device's address; the last one carries the stop bit.  Gives
the voltages that reach the chip; the board's own ADC, its supplies and its LEDs are not there.
Sources: ``docs/reference/words.md`` (SPI); Analog Devices AD5328 data sheet (registers); lola
dac.cpp (references); haldls spi.h (multiplexers); calix (what is wired to the chip).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from firmware_protocol.registers.board import SHIFT_REGISTER
from firmware_protocol.spi import (
    BASE,
    EXTERNAL_REFERENCE,
    N_CHANNELS,
    N_DACS,
    STOP,
    DacChannel,
    DacRegister,
)
from firmware_protocol.spi import SHIFT_REGISTER as SHIFT_REGISTER_ADDRESS

from .device import Bools, Context, Ints, among
from .errors import EmulatorError
from .numbers.readout import NUMBERS

_FULL_CODE = NUMBERS["dac_full_code"].value
_SUPPLY_V = NUMBERS["dac_supply"].value
_LOW_V, _HIGH_V = NUMBERS["dac_reference_low"].value, NUMBERS["dac_reference_high"].value

REFERENCES: dict[DacChannel, float] = {
    DacChannel.V_RESET: _LOW_V,
    DacChannel.V_RES_MEAS: _LOW_V,
    DacChannel.MUX_RFU_0: _LOW_V,
    DacChannel.MUX_RFU_1: _LOW_V,
    DacChannel.I_REF_BOARD: _HIGH_V,
    DacChannel.ANA_READOUT_DEBUG_0: _HIGH_V,
    DacChannel.ANA_READOUT_DEBUG_1: _HIGH_V,
    DacChannel.MUX_DAC_25: _HIGH_V,
}
"""Reference [V] of the channels that are voltages; the others trim supplies."""

LDO_CODES: dict[DacChannel, int] = {
    DacChannel.VDD25_DIGITAL: 4095 - 3487,
    DacChannel.VDD25_ANALOG: 4095 - 3487,
    DacChannel.VDD12_DIGITAL: 4095 - 2465,
    DacChannel.VDD12_ANALOG: 4095 - 2465,
    DacChannel.VDD12_MADC: 4095 - 3655,
    DacChannel.VDD12_PLL: 4095 - 3655,
}
"""What the vendor's initialisation sets (lola, default_ldo_2); it leaves the others at zero."""

_DACS = tuple(BASE + 2 + 2 * dac for dac in range(N_DACS))
_FRAME_BYTES = {SHIFT_REGISTER_ADDRESS: 3, **dict.fromkeys(_DACS, 2)}
_ADDRESSES = np.sort(np.array(list(_FRAME_BYTES), np.int64))
_LDAC_FOLLOW, _LDAC_ONCE = 0b00, 0b10
_CONTROL, _WHOLE_RESET = 0x8000, 0x1000
_CHANNELS_PER_GROUP = 4
_SUPPLY_SWITCHES = tuple(name for name in SHIFT_REGISTER.by_name if name.startswith("enable_vdd"))

# What each of the multiplexers on the board connects to their common line.
_MUX_1 = (None, "pad_0", "pad_1", DacChannel.MUX_RFU_0)
_MUX_2 = (None, DacChannel.V_RESET, DacChannel.V_RES_MEAS, DacChannel.MUX_DAC_25)
_MUX_3 = (None, None, DacChannel.MUX_RFU_1, None)


@dataclass
class _Dac:
    """Registers of one AD5328: what was written, what is at the outputs, and its modes."""

    written: list[int] = field(default_factory=lambda: [0] * N_CHANNELS)
    output: list[int] = field(default_factory=lambda: [0] * N_CHANNELS)
    gain_reference: int = EXTERNAL_REFERENCE
    follows: bool = False
    power_down: int = 0


class Board:
    """The board, in the state in which the vendor's initialisation leaves it: a `Device`.

    version  counts changes
    """

    def __init__(self) -> None:
        self._dacs = [_Dac() for _ in range(N_DACS)]
        for channel, code in LDO_CODES.items():
            dac, place = channel.place
            self._dacs[dac].written[place] = self._dacs[dac].output[place] = code
        self._switches = _decode_switches(_default_switches())
        self._frames: dict[int, list[int]] = {address: [] for address in _FRAME_BYTES}
        self.version = 0

    # --- what reaches the chip --------------------------------------------------------------------

    def volts(self, channel: DacChannel) -> float:
        """Voltage of a DAC channel [V]; 0 V while it is powered down."""
        if channel not in REFERENCES:
            raise EmulatorError(
                f"board DAC channel {channel.name.lower()} trims a supply: its voltage is not "
                f"emulated; ask for one of {[c.name.lower() for c in REFERENCES]}"
            )
        number, place = channel.place
        dac, group = self._dacs[number], place // _CHANNELS_PER_GROUP
        if dac.power_down >> place & 1:
            return 0.0
        reference = _SUPPLY_V if dac.gain_reference >> group & 1 else REFERENCES[channel]
        gain = 2.0 if dac.gain_reference >> 4 + group & 1 else 1.0
        return min(dac.output[place] / _FULL_CODE * reference * gain, _SUPPLY_V)

    @property
    def v_reset(self) -> float:
        """Voltage at the chip's v_reset pin [V].

        The vendor's software drives it with mux_dac_25: the channel that is called v_reset ends at
        1.2 V, and correlation sensors want 1.85 V.  That channel counts while mux_dac_25 is at 0.
        """
        return self.volts(DacChannel.MUX_DAC_25) or self.volts(DacChannel.V_RESET)

    @property
    def v_res_meas(self) -> float:
        """Voltage at the chip's v_res_meas pin [V]."""
        return self.volts(DacChannel.V_RES_MEAS)

    def pad(self, number: int) -> float | None:
        """Voltage [V] that the board applies to readout pad 0 or 1; None where it applies none.

        A pad hangs on the line of the board's multiplexers, or on a DAC of its own.  Sources that
        meet on it give their mean.
        """
        sources = []
        if _MUX_1[self._switches["select_analog_readout_mux_1_input"]] == f"pad_{number}":
            sources += self._line()
        if self._switches[f"enable_dac_to_readout_{number}"]:
            sources.append(self.volts(DacChannel(DacChannel.ANA_READOUT_DEBUG_0 + number)))
        return sum(sources) / len(sources) if sources else None

    def _line(self) -> list[float]:
        """Voltages that meet on the multiplexers' common line."""
        second = _MUX_2[self._switches["select_analog_readout_mux_2_input"]]
        third = _MUX_3[self._switches["select_analog_readout_mux_3_input"]]
        chosen = [channel for channel in (second, third) if channel is not None]
        return [self.v_reset if c == DacChannel.V_RESET else self.volts(c) for c in chosen]

    # --- words ------------------------------------------------------------------------------------

    def claims(self, address: Ints) -> Bools:
        """The shift register and the two DACs."""
        return among(address, _ADDRESSES)

    def write(self, address: int, value: int, cycle: int, context: Context) -> None:
        """A byte of a frame; the one with the stop bit makes the frame act."""
        frame = self._frames[address]
        frame.append(value & 0xFF)
        if not value & STOP:
            return
        self._frames[address] = []
        if len(frame) != _FRAME_BYTES[address]:
            context.log.note(
                cycle,
                "board",
                f"SPI frame of {len(frame)} bytes to {address:#x} is ignored: its device takes "
                f"{_FRAME_BYTES[address]}",
            )
            return
        word = int.from_bytes(bytes(frame))
        if address == SHIFT_REGISTER_ADDRESS:
            self._shift(word, cycle, context)
        else:
            self._command(self._dacs[_DACS.index(address)], word)
        self.version += 1

    def read(self, address: int, cycle: int, context: Context) -> int | None:
        """The SPI master gives nothing back but what the memory holds."""
        return None

    def reset(self) -> None:
        """The chip's reset line does not reach the board."""

    def _shift(self, word: int, cycle: int, context: Context) -> None:
        self._switches = _decode_switches(word)
        off = [name for name in _SUPPLY_SWITCHES if not self._switches[name]]
        if off:
            context.log.note(
                cycle, "board", f"supplies are switched off ({', '.join(off)}); the chip works on"
            )

    @staticmethod
    def _command(dac: _Dac, word: int) -> None:
        """A 16-bit frame of the AD5328."""
        if not word & _CONTROL:
            dac.written[word >> 12] = word & 0xFFF
        else:
            register, value = word >> 13 & 3, word & 0xFF
            if register == DacRegister.GAIN_REFERENCE:
                dac.gain_reference = value & 0x3F
            elif register == DacRegister.LDAC:
                dac.follows = value & 3 == _LDAC_FOLLOW
                if value & 3 == _LDAC_ONCE:
                    dac.output = list(dac.written)
            elif register == DacRegister.POWER_DOWN:
                dac.power_down = value
            else:
                dac.written, dac.output = [0] * N_CHANNELS, [0] * N_CHANNELS
                if word & _WHOLE_RESET:
                    dac.gain_reference, dac.follows, dac.power_down = 0, False, 0
        if dac.follows:
            dac.output = list(dac.written)


def _default_switches() -> int:
    """The vendor's default: supplies on, reference current on, nothing on the multiplexers."""
    on = dict.fromkeys((*_SUPPLY_SWITCHES, "enable_i_ref_board"), np.array(1))
    return int(SHIFT_REGISTER.encode_unchecked({**SHIFT_REGISTER.defaults(), **on})[0])


def _decode_switches(word: int) -> dict[str, int]:
    decoded = SHIFT_REGISTER.decode(np.array([word], np.uint32))
    return {name: int(value) for name, value in decoded.items() if value.ndim == 0}
