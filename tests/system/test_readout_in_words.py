"""Columns' ADCs, correlation sensors and the whole chip, end to end: words in, words out.

Oracle: what two independent observers of one chip say about the same thing (counters and recorded
spikes, a column's ADC and the codes that were written, an event register and the FPGA's events),
closed forms for time constants, and the published limits that the tests name.
"""

import numpy as np
import pytest

from calibration.nominal import nominal_chip
from emulator import Emulator
from emulator.readout_network import EXCITATORY
from firmware_protocol import decode
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.memory_map import MADC_CONTROL
from firmware_protocol.registers.capmem import READOUT_CELLS
from firmware_protocol.spi import DacChannel, write_dac, write_shift_register
from tests.support.emulated import (
    LINES,
    Result,
    add_inputs,
    chip,
    close_crossbar,
    connect,
    control,
    experiment,
    open_node,
    read_out,
)
from tests.support.played import (
    QUIET,
    SILENT,
    cadc_chip,
    play,
    read_cadc,
    recording,
    reset_neurons,
    samples,
    us,
)
from tests.support.synapses import STP_CELLS

SET_0, STP_TAU_US = ("charge", "recover"), 16 * 16 * 2**7 * 4e-3
COUNTS, OVERFLOW = 256, 0x100
CADC_LSB_V, CADC_ZERO_V = 4.5e-3, 0.06
MADC_LSB_V, MADC_ZERO_V = 1.54e-3, -0.04
DAC_25_V, DAC_FULL, DAC_12_V = 2.5, 4095, 1.2


# --- columns' ADCs --------------------------------------------------------------------------------


def leak_lsb(code):
    """CADC LSB of a leak code: 0.79 code - 180 MADC LSB."""
    volts = (0.79 * np.asarray(code) - 180) * MADC_LSB_V + MADC_ZERO_V
    return (volts - CADC_ZERO_V) / CADC_LSB_V


def write_leak(program, code):
    config = cadc_chip()
    before = config.copy()
    config.neurons.leak_v_leak = code
    changes = config.changes_from(before)
    program.write(changes.addresses, changes.words)


@pytest.mark.parametrize("half", [0, 1])
def test_the_cadc_shows_membranes_and_follows_their_leak(half):
    codes = np.full(512, 606)
    codes[::3] = 700

    def fill(program):
        first = read_cadc(program, half)
        write_leak(program, codes)
        program.wait(us(20_000))
        return first, read_cadc(program, half)

    trace, (first, second) = play(cadc_chip(), fill, effects=QUIET)
    for asked, code in ((first, 606), (second, codes[256 * half : 256 * half + 256])):
        trigger, causal, acausal = (trace.redeem(t).astype(np.int64) for t in asked)
        assert trigger[0] == causal[0], "what triggers is what is latched"
        for kind in (causal, acausal):
            assert np.abs(samples(kind) - leak_lsb(code)).max() < 6
    assert samples(trace.redeem(second[1]).astype(np.int64))[1] == pytest.approx(80, abs=4)


def test_a_leak_code_is_63_percent_there_after_3_ms():
    def fill(program):
        first = read_cadc(program)
        write_leak(program, np.full(512, 750))
        program.wait(us(3_000))
        second = read_cadc(program)
        program.wait(us(30_000))
        return [asked[1] for asked in (first, second, read_cadc(program))]

    trace, asked = play(cadc_chip(), fill, effects=QUIET | {"capmem_settling": True})
    before, after, settled = (samples(trace.redeem(a).astype(np.int64)).mean() for a in asked)
    assert settled == pytest.approx(leak_lsb(750), abs=6)
    assert (after - before) / (settled - before) == pytest.approx(1 - np.exp(-1), abs=0.05)


# --- short-term plasticity ------------------------------------------------------------------------


def test_the_madc_shows_a_drivers_voltage_fall_with_events_and_recover():
    """Each event takes it 0.2 and then 6/16 of its way to v_charge; tau is 16 x 16 x 2^7 x 4 ns."""
    config = connect(add_inputs(chip(0, **SILENT)), 0, (40,))
    for name, code in STP_CELLS.items():
        config.quadrants[name][...] = code
    quadrant, column, row, _ = READOUT_CELLS["stp_i_bias_readout_top"]
    config.capmem_shared.value[quadrant, column, row] = 200
    drivers = config.synapse_drivers
    for name, value in {"enable_stp": 1, "utilization": 6, "enable_recovery": 1, "recovery": 15,
                        "enable_readout": 1}.items():  # fmt: skip
        drivers[name][0, 0] = value
    config.stp.enable_recovery_clock, config.stp.recovery_clock_speed = 1, 6
    config.readout_source.stp_readout_top[0] = 1
    times_us = [100, 140, 150, 400]
    words = experiment(config, 900, ([us(t) for t in times_us], [1] * 4))
    result = Result(Emulator(effects=QUIET).execute(words))
    v_charge, v_recover = (0.01875 + 1.875e-3 * STP_CELLS[f"stp_v_{n}_0"] for n in SET_0)
    v, since, expected = v_recover, 0.0, np.full(result.t.size, v_recover)
    for time in times_us:
        v = v_recover + (v - v_recover) * np.exp(-(time - since) / STP_TAU_US)
        v, since = v + (0.2 + 0.8 * 6 / 16) * (v_charge - v), time
        decay = np.exp(-(result.t - time) / STP_TAU_US)
        expected = np.where(result.t > time, v_recover + (v - v_recover) * decay, expected)
    codes = (expected - MADC_ZERO_V) / MADC_LSB_V
    calm = np.all([(result.t < at) | (result.t > at + 2) for at in times_us], axis=0)
    assert np.abs(result.v - codes)[calm].max() < 4
    assert np.ptp(codes) > 200


# --- synaptic lines held from outside -------------------------------------------------------------

HELD_V = 1.1


def floating(config):
    """Neuron 0 with an excitatory line that floats, readable, and the way to it by pad 0."""
    config.neurons.excitatory_input_i_bias_tau[0] = 0
    config.neurons.readout_source[0] = EXCITATORY
    pads = config.pad_multiplexers
    pads.synin_debug_excitatory_to_synapse_intermediate_mux[0] = 1
    pads.synapse_intermediate_mux_to_pad[0] = 1
    return config


def external_dac(program, volts):
    register = CONTAINERS["ShiftRegister"].register
    fields = {name: np.asarray(value) for name, value in register.defaults().items()}
    fields |= {"select_analog_readout_mux_1_input": 1, "select_analog_readout_mux_2_input": 3}
    write_shift_register(program, int(register.encode(fields)[0]))
    write_dac(program, DacChannel.MUX_DAC_25, round(volts / DAC_25_V * DAC_FULL))


def switch(program, config, closed):
    """Write the debug switch of column 0."""
    before = config.copy()
    before.column_current.enable_debug_excitatory[0, 0] = not closed
    config.column_current.enable_debug_excitatory[0, 0] = closed
    changes = config.changes_from(before)
    program.write(changes.addresses, changes.words)


def test_a_held_line_neither_follows_events_nor_moves_when_it_is_let_go():
    """Three events of weight 63 take 3 x 63 x 0.21 mV from a floating line."""
    config = floating(connect(add_inputs(chip(0, **SILENT)), 0, (63,)))
    read_out(config, 0, EXCITATORY)

    def fill(program):
        external_dac(program, HELD_V)
        program.write(MADC_CONTROL, control(wake_up=1, pre_amp=1, continuous=1))
        program.wait(us(1000))
        recording(program, True)
        program.write(MADC_CONTROL, control(start=1, pre_amp=1, continuous=1))
        marks = []
        for closed in (None, True, None, False, None):
            program.wait(us(20))
            marks.append(program.loopback())
            if closed is None:
                for _ in range(3):
                    program.spikes_now([1])
                    program.wait(us(1))
            else:
                switch(program, config, closed)
        program.wait(us(20))
        recording(program, False)
        return marks

    trace, marks = play(config, fill, effects=QUIET)
    drop, seen = 3 * 63 * 0.21e-3, []
    for mark in marks:
        after = trace.madc_time - int(trace.redeem(mark)[0])
        settled = (after > us(8)) & (after < us(18))
        seen.append(trace.madc_value[settled].mean() * MADC_LSB_V + MADC_ZERO_V)
    assert seen == pytest.approx([1.2 - drop, HELD_V, HELD_V, HELD_V, HELD_V - drop], abs=3e-3)


def test_a_line_is_precharged_though_nobody_looks():
    config = floating(cadc_chip())

    def fill(program):
        external_dac(program, 0.9)
        for closed in (True, False):
            switch(program, config, closed)
            program.wait(us(100))
        return read_cadc(program)

    trace, asked = play(config, fill, effects=QUIET)
    codes = samples(trace.redeem(asked[1]).astype(np.int64))
    assert codes[0] == pytest.approx((0.9 - CADC_ZERO_V) / CADC_LSB_V, abs=4)


# --- the whole chip -------------------------------------------------------------------------------


def busy_chip():
    config = add_inputs(nominal_chip(), np.arange(512))
    close_crossbar(config)
    config.neurons.event_routing_analog_output = 1
    config.neurons.event_routing_enable_digital = 1
    config.synapse_drivers.enable_receiver = 1
    config.synapse_drivers.row_address_compare_mask = 0
    config.synapse_drivers.row_mode_bottom = 1
    config.synapses.weight[:, :16] = 30
    for source in range(8):
        open_node(config, source, 12 + source)
    sources = config.background_sources
    sources.period[...], sources.enable[...] = 1250, 1
    sources.seed[...], sources.rate[...], sources.enable_random[...] = 7 + np.arange(8), 60, 1
    return read_out(config, 5)


def test_two_threads_give_the_same_bytes():
    words = experiment(busy_chip(), 500.0)
    one, two = (Emulator(threads=n, chip_seed=1).execute(words) for n in (1, 2))
    assert np.array_equal(one, two)
    assert decode(one).spike_time.size > 100


def test_an_ideal_chip_has_no_noise():
    config = read_out(chip(5, **SILENT), 5)
    result = Result(Emulator(ideal=True).execute(experiment(config, 200.0)))
    assert result.v.size > 1000
    assert np.ptp(result.v[200:]) <= 1
    noisy = Result(Emulator().execute(experiment(config, 200.0)))
    assert np.ptp(noisy.v[200:]) > 3


def test_the_madc_alternates_between_two_neurons():
    config = read_out(chip([2, 5], threshold_enable=0), 2)
    config.neurons.leak_v_leak[[2, 5]] = [606, 750]
    read_out(config, 5)
    config.readout_source[LINES[1]][...] = [0, 1]
    config.madc.active_mux_input_select_length = 1
    result = Result(Emulator(effects=QUIET).execute(experiment(config, 200.0)))
    channel = result.trace.madc_channel[-500:]
    value = result.trace.madc_value[-500:].astype(float)
    assert np.all(channel[1:] != channel[:-1])
    for number, code in ((1, 606), (0, 750)):
        assert np.median(value[channel == number]) == pytest.approx(0.79 * code - 180, abs=40)


# --- correlation ----------------------------------------------------------------------------------


def test_causal_pairs_lower_the_causal_branch_alone():
    """Pairs of 1 us take half a CADC LSB each; the acausal partner is 99 us away."""
    n_pairs, neuron = 40, 3
    config = connect(add_inputs(chip(neuron, **SILENT), neuron), neuron, (1,))
    config.cadc.enable = 1
    config.quadrants.cadc_i_ramp_slope, config.quadrants.cadc_v_ramp_offset = 350, 60
    for name in ("cadc_v_bias_ramp_buf", "cadc_i_bias_comp", "cadc_i_bias_vreset_buf"):
        config.quadrants[name][...] = nominal_chip().quadrants[name]
    for name in ("syn_i_bias_ramp", "syn_i_bias_store", "syn_i_bias_corout"):
        config.quadrants[name][...] = nominal_chip().quadrants[name]
    config.column_correlation.enable_internal_causal = 1
    config.column_correlation.enable_internal_acausal = 1

    def fill(program):
        write_dac(program, DacChannel.MUX_DAC_25, round(1.85 / DAC_25_V * DAC_FULL))
        write_dac(program, DacChannel.V_RES_MEAS, round(0.9 / DAC_12_V * DAC_FULL))
        program.wait(us(1000))
        resets = CONTAINERS["CorrelationReset"].addresses(0, 0, np.arange(64))[:, 0]
        program.write(resets, 0)
        program.wait(us(10))
        fresh = read_cadc(program)
        program.wait(us(500))
        program.write(resets, 0)
        program.wait(us(10))
        for _ in range(n_pairs):
            program.spikes_now([1])
            program.wait(us(1))
            reset_neurons(program, [neuron])
            program.wait(us(98))
        return fresh, read_cadc(program)

    trace, (fresh, after) = play(config, fill, effects=QUIET)
    drop = [
        samples(trace.redeem(a).astype(np.int64)) - samples(trace.redeem(b).astype(np.int64))
        for a, b in zip(fresh[1:], after[1:], strict=True)
    ]
    causal, acausal = drop
    assert 8 < causal[neuron] < 25
    assert acausal[neuron] <= 1
    others = np.delete(np.arange(256), neuron)
    assert np.abs(causal[others]).max() <= 1
