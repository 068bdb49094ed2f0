"""STP voltages of synapse drivers on the readout lines: which are seen, and how they move in time.

Oracle: the mean of the sources on a wire, and the closed form of short-term plasticity
(emulator.physics.stp) in numbers worked out here.
"""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from calibration.nominal import nominal_chip
from emulator.readout_network import MEMBRANE
from firmware_protocol import ChipConfig
from firmware_protocol.registers.capmem import READOUT_CELLS
from tests.support.emulated import (
    add_inputs,
    chip,
    connect,
    ideal_core,
    on_bus,
    read_out,
    trace_of,
    watch,
)
from tests.support.readout_bench import Bench, effects

ORIGIN = 1_280_000  # cycles: long after power-on, a boundary of steps and noise blocks


def stp_chip(drivers, bias=100):
    """Drivers of the bottom half on their readout line, and that on multiplexer 0."""
    config = ChipConfig()
    config.readout_source.stp_readout_bottom[0] = 1
    config.synapse_drivers.enable_readout[1, drivers] = 1
    quadrant, column, row, _ = READOUT_CELLS["stp_i_bias_readout_bottom"]
    config.capmem_shared.value[quadrant, column, row] = bias
    return config


def test_stp_voltages_of_the_selected_drivers_reach_the_converter_as_their_mean():
    bench = Bench(stp_chip([7, 20]))
    sources = bench.madc.wanted(0)
    assert sources.driver.tolist() == [128 + 7, 128 + 20]
    assert sources.weight[0].tolist() == [0.5, 0.5]
    assert not sources.constant.any()


def test_a_line_of_stp_voltages_and_a_neuron_on_one_multiplexer_count_alike():
    bench = Bench(read_out(stp_chip([7, 20]), 0))
    sources = bench.madc.wanted(0)
    assert (sources.neuron.tolist(), sources.quantity.tolist()) == ([0], [MEMBRANE])
    assert sources.weight[0].tolist() == [0.5, 0.25, 0.25]


@pytest.mark.parametrize(("drivers", "bias"), [([], 100), ([7], 0)])
def test_without_a_selected_driver_or_its_buffer_no_stp_voltage_is_seen(drivers, bias):
    bench = Bench(stp_chip(drivers, bias), switches=effects(dead_biases=True))
    assert bench.madc.wanted(0).driver.size == 0
    assert not bench.madc.wanted(0).constant.any()


def test_stp_voltages_reach_columns_by_a_multiplexer_and_their_debug_line():
    config = stp_chip([3, 4])
    config.cadc.enable = 1
    for name in ("cadc_v_ramp_offset", "cadc_i_ramp_slope", "cadc_v_bias_ramp_buf",
                 "cadc_i_bias_comp", "cadc_i_bias_vreset_buf"):  # fmt: skip
        config.quadrants[name][...] = nominal_chip().quadrants[name]
    config.readout_source.cadc_debug_causal[0] = 1
    config.column_correlation.enable_debug_causal[0, 9] = 1
    bench = Bench(config)
    codes = []
    for volts in (0.4, 0.6):
        bench.stp_volts[128 + 3], bench.stp_volts[128 + 4] = volts - 0.1, volts + 0.1
        codes.append(bench.read_cadc(0)[0, 9])
    assert np.diff(codes) == pytest.approx(0.2 / 4.5e-3, abs=2)


def stp_train():
    """A driver with plasticity, and events that reach it, three of them in one step."""
    config = connect(add_inputs(chip(leak_v_leak=600, threshold_enable=0)), 0, [40, 40])
    config.quadrants.stp_v_charge_0, config.quadrants.stp_v_recover_0 = 100, 400
    drivers = config.synapse_drivers
    drivers.enable_stp[0, 0], drivers.enable_recovery[0, 0] = 1, 1
    drivers.utilization[0, 0], drivers.recovery[0, 0] = 6, 3
    config.stp.enable_recovery_clock, config.stp.recovery_clock_speed = 1, 6
    cycles = ORIGIN + np.array([1000, 1001, 1002, 5000, 7003])
    return config, cycles, on_bus(cycles, [1, 2, 3, 1, 2])


@pytest.mark.parametrize("length", [20, 5000, 20_000])
def test_the_trace_of_a_drivers_voltage_is_its_voltage_however_time_is_cut(length):
    config, cycles, inputs = stp_train()
    core, memory = ideal_core(config, inputs)
    seen = replace(watch(), drivers=np.array([0]))
    pieces, ends = [], []
    for start in range(ORIGIN, ORIGIN + 20_000, length):
        pieces += core.integrate(memory, seen, start, start + length)
        ends.append(core.driver_voltages(memory, start + length)[0])
    trace = trace_of(pieces)
    every = length // 4
    assert trace[every::every] == pytest.approx(ends, abs=1e-6)
    v_charge, v_recover = (0.01875 + 1.875e-3 * code for code in (100, 400))
    tau, v = 16 * 4 * 2**7 * 4e-9 / 8e-9, v_recover
    for cycle, until in itertools.pairwise([*cycles - ORIGIN, 20_000]):
        v += (0.2 + 0.8 * 6 / 16) * (v_charge - v)
        at = np.arange(cycle // 4 + 1, until // 4 + 1)
        expected = v_recover + (v - v_recover) * np.exp(-(4 * at - cycle) / tau)
        assert trace[at] == pytest.approx(expected, abs=1e-6)
        v = v_recover + (v - v_recover) * np.exp(-(until - cycle) / tau)
    assert trace[: 1000 // 4] == pytest.approx(v_recover)
