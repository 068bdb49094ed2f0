"""The board's DACs and switches, driven by the words that the host's SPI functions write.

Oracle: AD5328 data sheet (12 bits; gain, reference, LDAC, power-down and reset commands),
references of lola dac.cpp, multiplexer inputs of haldls spi.h.
"""

import numpy as np
import pytest

from emulator import EmulatorError
from emulator.board import LDO_CODES
from firmware_protocol import Program, instructions, spi
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.initialisation import Board as BoardSettings
from firmware_protocol.initialisation import initialise
from firmware_protocol.instructions import ToFpga
from firmware_protocol.spi import DacChannel, DacRegister
from tests.support.readout_bench import Bench


@pytest.fixture
def bench():
    return Bench()


def write(bench, function, *arguments, **options):
    bench.spi(lambda program: function(program, *arguments, **options))


def switches(bench, **values):
    register = CONTAINERS["ShiftRegister"].register
    fields = {name: np.asarray(value) for name, value in register.defaults().items()}
    on = {name: np.array(1) for name in fields if name.startswith("enable_vdd")}
    fields |= on | {name: np.array(value) for name, value in values.items()}
    write(bench, spi.write_shift_register, int(register.encode(fields)[0]))


@pytest.mark.parametrize("channel", list(DacChannel)[:8])
def test_channels_are_codes_of_4095_times_their_reference(bench, channel):
    reference = 1.2 if channel <= DacChannel.MUX_RFU_1 else 2.5
    write(bench, spi.write_dac, channel, 2048)
    assert bench.board.volts(channel) == pytest.approx(2048 / 4095 * reference)


def test_the_board_starts_as_the_vendor_initialises_it(bench):
    assert [bench.board.volts(channel) for channel in list(DacChannel)[:8]] == [0.0] * 8
    assert LDO_CODES[DacChannel.VDD12_ANALOG] == 1630
    assert [bench.board.pad(0), bench.board.pad(1)] == [None, None]


def test_a_value_waits_for_its_load_command(bench):
    address = spi.BASE + 2
    bench.spi(lambda program: program.write(address, [0x7F, spi.STOP | 0xFF]))
    assert bench.board.volts(DacChannel.MUX_DAC_25) == 0
    write(bench, spi.write_dac_register, 0, DacRegister.LDAC, 0b10)
    assert bench.board.volts(DacChannel.MUX_DAC_25) == pytest.approx(2.5)


def test_with_load_held_low_values_act_at_once(bench):
    write(bench, spi.write_dac_register, 0, DacRegister.LDAC, 0b00)
    bench.spi(lambda program: program.write(spi.BASE + 2, [0x10, spi.STOP | 0x00]))
    bench.spi(lambda program: program.write(spi.BASE + 2, [0x18, spi.STOP | 0x00]))
    assert bench.board.v_res_meas == pytest.approx(2048 / 4095 * 1.2)


def test_gain_doubles_a_group_of_four_channels_up_to_the_supply(bench):
    for channel in (DacChannel.V_RES_MEAS, DacChannel.MUX_DAC_25):
        write(bench, spi.write_dac, channel, 2000)
    write(bench, spi.write_dac_control, 0, gain_reference=0b011100)
    assert bench.board.v_res_meas == pytest.approx(2000 / 4095 * 2.4)
    assert bench.board.volts(DacChannel.MUX_DAC_25) == pytest.approx(2000 / 4095 * 2.5)
    write(bench, spi.write_dac_control, 0, gain_reference=0b101100)
    assert bench.board.volts(DacChannel.MUX_DAC_25) == pytest.approx(2000 / 4095 * 5.0)
    write(bench, spi.write_dac, DacChannel.MUX_DAC_25, 4095)
    assert bench.board.volts(DacChannel.MUX_DAC_25) == pytest.approx(3.3)


def test_the_supply_can_be_the_reference(bench):
    write(bench, spi.write_dac, DacChannel.V_RES_MEAS, 1000)
    write(bench, spi.write_dac_control, 0, gain_reference=0b001101)
    assert bench.board.v_res_meas == pytest.approx(1000 / 4095 * 3.3)


def test_powered_down_channels_give_nothing_and_keep_their_value(bench):
    write(bench, spi.write_dac, DacChannel.V_RES_MEAS, 3000)
    write(bench, spi.write_dac_control, 0, enable_mask=0b11111101)
    assert bench.board.v_res_meas == 0
    write(bench, spi.write_dac_control, 0)
    assert bench.board.v_res_meas == pytest.approx(3000 / 4095 * 1.2)


def test_a_reset_command_zeroes_its_own_dac_only(bench):
    write(bench, spi.write_dac, DacChannel.V_RES_MEAS, 3000)
    write(bench, spi.write_dac_register, 1, DacRegister.RESET, 0)
    assert bench.board.v_res_meas > 0
    write(bench, spi.write_dac_register, 0, DacRegister.RESET, 0)
    assert bench.board.v_res_meas == 0


def test_a_whole_reset_command_also_forgets_the_modes(bench):
    write(bench, spi.write_dac_control, 0, gain_reference=0b011100, enable_mask=0b11111101)
    bench.spi(lambda p: p.write(spi.BASE + 2, [0xF0, spi.STOP]))  # mode 3, bit 12
    write(bench, spi.write_dac, DacChannel.V_RES_MEAS, 1000)
    assert bench.board.v_res_meas == pytest.approx(1000 / 4095 * 1.2)


def test_v_reset_reaches_1_85_volts_as_the_vendor_sets_it(bench):
    write(bench, spi.write_dac, DacChannel.V_RESET, 4095)
    assert bench.board.v_reset == pytest.approx(1.2)
    write(bench, spi.write_dac, DacChannel.MUX_DAC_25, round(1.85 / 2.5 * 4095))
    assert bench.board.v_reset == pytest.approx(1.85, abs=1e-3)


@pytest.mark.parametrize(("pad", "first"), [(0, 1), (1, 2)])
@pytest.mark.parametrize("second", [1, 3])
def test_the_multiplexers_bring_the_external_dac_to_a_pad(bench, pad, first, second):
    write(bench, spi.write_dac, DacChannel.MUX_DAC_25, 1638)
    switches(
        bench, select_analog_readout_mux_1_input=first, select_analog_readout_mux_2_input=second
    )
    assert bench.board.pad(pad) == pytest.approx(1638 / 4095 * 2.5)
    assert bench.board.pad(1 - pad) is None


def test_debug_dacs_have_a_switch_to_a_pad_each(bench):
    write(bench, spi.write_dac, DacChannel.ANA_READOUT_DEBUG_1, 1000)
    switches(bench, enable_dac_to_readout_1=1)
    assert bench.board.pad(1) == pytest.approx(1000 / 4095 * 2.5)
    assert bench.board.pad(0) is None


def test_sources_that_meet_on_a_pad_give_their_mean(bench):
    write(bench, spi.write_dac, DacChannel.MUX_DAC_25, 1000)
    write(bench, spi.write_dac, DacChannel.ANA_READOUT_DEBUG_0, 3000)
    switches(bench, select_analog_readout_mux_1_input=1, select_analog_readout_mux_2_input=3,
             enable_dac_to_readout_0=1)  # fmt: skip
    assert bench.board.pad(0) == pytest.approx(2000 / 4095 * 2.5)


def test_frames_of_a_wrong_length_change_nothing_and_are_noted(bench):
    before = bench.board.version
    bench.spi(lambda program: program.write(spi.BASE + 2, [spi.STOP | 0xFF]))
    assert bench.board.version == before
    assert "board: SPI frame of 1 bytes to 0x88007002 is ignored" in bench.notes.text


def test_switched_off_supplies_are_noted(bench):
    switches(bench, enable_vdd12_madc=0)
    assert "supplies are switched off (enable_vdd12_madc)" in bench.notes.text


def test_every_change_counts(bench):
    write(bench, spi.write_dac, DacChannel.V_RES_MEAS, 1)
    assert bench.board.version == 2  # value, load


def test_the_chips_reset_leaves_the_board_alone(bench):
    write(bench, spi.write_dac, DacChannel.V_RES_MEAS, 3000)
    bench.board.reset()
    assert bench.board.v_res_meas > 0


def test_words_of_the_hosts_initialisation_arrive(bench):
    values = np.zeros((2, 8), int)
    values[DacChannel.V_RES_MEAS.place] = 3071
    program = Program()
    initialise(program, board=BoardSettings({"enable_vdd12_madc": 1}, values))
    messages = instructions.parse(program.words())
    for i in np.nonzero(messages.header == ToFpga.OMNIBUS_ADDRESS)[0].tolist():
        address = int(messages.payload[i] & 0xFFFFFFFF)
        if bench.board.claims(np.array([address]))[0]:
            bench.board.write(address, int(messages.payload[i + 1]), 0, bench.context)
    assert bench.board.v_res_meas == pytest.approx(0.9, abs=1e-3)


def test_supply_trims_are_no_voltages(bench):
    with pytest.raises(EmulatorError, match="vdd12_pll trims a supply"):
        bench.board.volts(DacChannel.VDD12_PLL)


def test_nothing_can_be_read(bench):
    assert bench.board.read(spi.BASE + 2, 0, bench.context) is None
