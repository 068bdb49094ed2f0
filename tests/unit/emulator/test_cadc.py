"""The CADC through its words: addresses, latch, column switches, calibration.

Oracle: addresses and bits written out by hand, the calibrated characteristic V = 0.06 V +
4.5 mV code, and the vendor's calibration routine (ramp offset, ramp slope,
channel offsets) that has to succeed.
"""

import numpy as np
import pytest

from emulator.physics import cadc as physics
from firmware_protocol import ChipConfig, memory_map, spi
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.spi import DacChannel
from tests.support.readout_bench import Bench, effects

OFFSET, SLOPE = 60, 350
"""Ramp codes at which a nominal CADC is calibrated."""


def chip():
    """CADCs on, with nominal ramps; nothing connected."""
    config = ChipConfig()
    config.cadc.enable = 1
    config.quadrants.cadc_v_ramp_offset = OFFSET
    config.quadrants.cadc_i_ramp_slope = SLOPE
    config.quadrants.cadc_v_bias_ramp_buf = 400
    config.quadrants.cadc_i_bias_comp = 1022
    config.quadrants.cadc_i_bias_vreset_buf = 1022
    return config


def on_neurons(config=None):
    """All channels look at the neurons' amplifiers."""
    config = config or chip()
    config.neurons.readout_enable_amplifier = 1
    config.column_correlation.enable_cadc_neuron_readout_causal = 1
    config.column_correlation.enable_cadc_neuron_readout_acausal = 1
    return config


def on_debug_line(config=None):
    """All channels look at a CapMem cell: stp_v_charge_0 of quadrant 0, by pad 0."""
    config = config or chip()
    config.column_correlation.enable_debug_causal = 1
    config.column_correlation.enable_debug_acausal = 1
    config.capmem_config.debug_row[0] = 1
    config.capmem_config.debug_column[0] = 128
    pads = config.pad_multiplexers
    pads.capmem_v_out_mux[0, 0] = 1
    for switch in (
        "capmem_v_out_mux_to_capmem_intermediate_mux",
        "capmem_intermediate_mux_to_pad",
        "cadc_debug_causal_to_synapse_intermediate_mux",
        "cadc_debug_acausal_to_synapse_intermediate_mux",
        "synapse_intermediate_mux_to_pad",
    ):
        pads[switch][0] = 1
    return config


def code(volts):
    return np.floor((np.asarray(volts) - 0.06) / 4.5e-3 + 0.5)


class Sensors:
    """Correlation sensors that give different voltages in each row and column."""

    def __init__(self, extra=0.0):
        self.extra = extra

    def read(self, half, row, cycle):
        causal = 0.3 + 0.1 * half + 1e-3 * row + 1e-3 * np.arange(256)
        return np.stack([causal, causal + 0.05])

    def disturbance(self, half, row, cycle):
        return np.full((2, 256), self.extra)


# --- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("half", [0, 1])
def test_each_sample_stands_in_the_byte_of_its_column(half):
    bench = Bench(on_neurons())
    bench.volts = np.linspace(0.1, 1.1, 512)
    expected = code(bench.volts[256 * half : 256 * half + 256])
    assert np.array_equal(bench.read_cadc(half), [expected, expected])


def test_addresses_are_those_of_the_reference():
    cadc = Bench().cadc
    ours = np.array([0x02C80000, 0x03CC0000 + 64 * 255 + 63, 0x02C80000 | 0x200000])
    others = np.array([0x02C90000, 0x02C94000, 0x02CF0000, 0x02C40000, 0x02C00000, 0x02D80000])
    assert cadc.claims(ours).all()
    assert not cadc.claims(others).any()
    assert cadc.claims(CONTAINERS["CADCSampleQuad"].all_addresses().reshape(-1).astype(int)).all()


def test_buffered_reads_show_what_the_trigger_latched():
    bench = Bench(on_neurons())
    bench.volts[:] = 0.5
    bench.read_cadc(0)
    bench.volts[:] = 0.8
    container = CONTAINERS["CADCSampleQuad"]
    buffered = int(container.addresses(0, 0, 5, 0, 1)[0])
    trigger = int(container.addresses(0, 0, 5, 1, 0)[0])
    old, new = (int(code(v)) * 0x01010101 for v in (0.5, 0.8))
    assert bench.cadc.read(buffered, 1, bench.context) == old
    assert bench.cadc.read(trigger, 2, bench.context) == new
    assert bench.cadc.read(buffered, 3, bench.context) == new


def test_a_trigger_converts_its_half_only():
    bench = Bench(on_neurons())
    bench.volts[:] = 0.5
    bench.read_cadc(0)
    assert bench.cadc.samples[0].min() > 0
    assert bench.cadc.samples[1].max() == 0


def test_a_conversion_takes_waits_and_ramp_at_the_ppu_clock():
    bench = Bench(on_neurons())
    assert bench.cadc.conversion_cycles(0) == -(-(1 + 100 + 256 + 20) // 2)
    bench.read_cadc(0, cycle=1000)
    assert bench.cadc.busy_until == [1000 + 189, 0]
    bench.read_cadc(0, cycle=1001)  # waits for the first
    assert bench.cadc.busy_until[0] == 1000 + 2 * 189


def test_the_chips_reset_empties_the_latch():
    bench = Bench(on_neurons())
    bench.volts[:] = 0.5
    bench.read_cadc(0)
    bench.cadc.reset()
    assert bench.cadc.read(0x02E80000, 0, bench.context) == 0


def test_writes_are_ignored_and_noted_once():
    bench = Bench(on_neurons())
    for _ in range(2):
        bench.cadc.write(0x02C80000, 1, 0, bench.context)
    assert bench.notes.text == "CADC: sample registers are read-only; a write is ignored"


# --- what the channels see ------------------------------------------------------------------------


def test_causal_and_acausal_switches_are_their_own():
    config = on_neurons()
    config.column_correlation.enable_cadc_neuron_readout_acausal = 0
    config.column_correlation.enable_internal_acausal = 1
    bench = Bench(config, sensors=Sensors())
    bench.volts[:] = 0.7
    causal, acausal = bench.read_cadc(1, row=20)
    assert set(causal.tolist()) == {int(code(0.7))}
    assert np.array_equal(acausal, code(0.3 + 0.1 + 0.02 + 1e-3 * np.arange(256) + 0.05))


def test_unconnected_channels_read_zero_and_cost_no_integration():
    bench = Bench(chip())
    bench.volts[:] = 0.7
    assert bench.read_cadc(0).max() == 0
    assert bench.asked == 0


def test_a_switched_off_amplifier_gives_nothing():
    config = on_neurons()
    config.neurons.readout_enable_amplifier[3] = 0
    bench = Bench(config)
    bench.volts[:] = 0.7
    assert bench.read_cadc(0)[:, 3].tolist() == [0, 0]
    assert bench.read_cadc(0)[:, 4].tolist() == [int(code(0.7))] * 2


def test_sources_that_meet_on_a_channel_give_their_mean():
    config = on_neurons()
    config.column_correlation.enable_internal_causal[0, 9] = 1
    bench = Bench(config, sensors=Sensors())
    bench.volts[:] = 0.7
    causal, acausal = bench.read_cadc(0, row=0)
    # The amplifier's output is one wire: it pulls the acausal channel along.
    mean = int(code((0.7 + 0.3 + 0.009) / 2))
    assert [causal[9], acausal[9]] == [mean, mean]
    assert causal[8] == code(0.7)


@pytest.mark.parametrize("leaks", [True, False])
def test_a_high_membrane_leaks_into_synaptic_readings_only(leaks):
    config = on_neurons()
    config.neurons.readout_source[:6] = [0, 1, 2, 3, 0, 1]
    bench = Bench(config, switches=effects(mux_leak=leaks))
    membranes = np.full(512, 1.2)
    membranes[5] = 1.1
    seen = bench.network.amplifier_inputs(np.full(512, 0.8), membranes)
    extra = 0.2 * (1.2 - 1.1) if leaks else 0.0
    assert seen[:6] == pytest.approx([0.8, 0.8 + extra, 0.8 + extra, 0.8, 0.8, 0.8])


@pytest.mark.parametrize("shorts", [True, False])
def test_neurons_on_one_readout_line_also_meet_at_the_cadc(shorts):
    config = on_neurons()
    for neuron in (10, 12, 13):
        config.neurons.readout_enable_buffered_access[neuron] = 1
    bench = Bench(config, switches=effects(readout_shorts=shorts))
    bench.volts[[10, 12, 13]] = 0.4, 0.8, 0.9
    read = bench.read_cadc(0)[0, [10, 12, 13]]
    assert read.tolist() == code([0.6, 0.6, 0.9] if shorts else [0.4, 0.8, 0.9]).tolist()


def test_the_external_dac_reaches_all_channels_by_pad_and_debug_line():
    config = on_debug_line()
    config.capmem_config.debug_row[0] = 0
    bench = Bench(config)
    register = CONTAINERS["ShiftRegister"].register
    fields = {name: np.asarray(value) for name, value in register.defaults().items()}
    fields["select_analog_readout_mux_1_input"] = np.array(1)
    fields["select_analog_readout_mux_2_input"] = np.array(3)
    bench.spi(lambda p: spi.write_shift_register(p, int(register.encode(fields)[0])))
    for volts in np.linspace(0.1, 1.0, 7):
        dac = round(volts / 2.5 * 4095)
        bench.spi(lambda p, dac=dac: spi.write_dac(p, DacChannel.MUX_DAC_25, dac))
        assert set(bench.read_cadc(1).reshape(-1).tolist()) == {int(code(dac / 4095 * 2.5))}


@pytest.mark.parametrize("enabled", [True, False])
def test_high_correlation_voltages_disturb_neurons_only(enabled):
    config = on_neurons()
    config.column_correlation.enable_cadc_neuron_readout_acausal[:, 128:] = 0
    config.column_correlation.enable_internal_acausal[:, 128:] = 1
    switches = effects(correlation_disturbs_cadc=enabled)
    bench = Bench(config, switches=switches, sensors=Sensors(extra=0.009))
    bench.volts[:] = 0.7
    causal, acausal = bench.read_cadc(0)
    assert set(causal.tolist()) == {int(code(0.709 if enabled else 0.7))}
    assert acausal[200] == code(0.3 + 0.2 + 0.05)


# --- ramps ----------------------------------------------------------------------------------------


def test_a_nominal_chip_is_calibrated_at_nominal_codes():
    bench = Bench(on_debug_line())
    for cell, expected in ((70, 20), (310, 120), (550, 220)):
        bench.set_cell("stp_v_charge_0", cell)
        assert np.all(bench.read_cadc(0) == expected)
        assert np.all(bench.read_cadc(1) == expected)


def test_channel_offsets_add_to_the_code():
    config = on_neurons()
    config.cadc_channels.offset[1, 0, 7] = -128
    config.cadc_channels.offset[1, 1, 7] = 127
    bench = Bench(config)
    bench.volts[:] = 0.06 + 4.5e-3 * 150
    assert bench.read_cadc(1)[:, 6:8].T.tolist() == [[150, 150], [22, 255]]


def test_a_half_can_start_from_the_other_offset():
    config = on_neurons()
    config.quadrants.cadc_v_ramp_offset[:] = [60, 100, 60, 100]
    config.correlation.right_uses_left_offset[0] = 1
    config.correlation.left_uses_right_offset[1] = 1
    bench = Bench(config)
    bench.volts[:] = 0.6
    assert len(set(bench.read_cadc(0).reshape(-1).tolist())) == 1
    assert bench.read_cadc(0)[0, 0] == code(0.6)
    late = code(0.6 - 40 * 1.875e-3)
    assert set(bench.read_cadc(1).reshape(-1).tolist()) == {int(late)}


@pytest.mark.parametrize(
    ("change", "samples"),
    [
        (lambda c: c.cadc.enable.__setitem__(0, 0), 0),
        (lambda c: c.correlation.reset_mode.__setitem__(0, 1), 0),
        (lambda c: c.quadrants.cadc_i_bias_comp.__setitem__(slice(2), 0), 255),
        (lambda c: c.quadrants.cadc_v_bias_ramp_buf.__setitem__(slice(2), 0), 255),
        (lambda c: c.quadrants.cadc_i_bias_vreset_buf.__setitem__(slice(2), 0), 255),
        (lambda c: c.quadrants.cadc_i_ramp_slope.__setitem__(slice(2), 0), 255),
        (lambda c: c.quadrants.neuron_i_bias_readout_amp.__setitem__(slice(2), 0), 0),
    ],
)
def test_what_is_switched_off_is_dead(change, samples):
    config = on_neurons()
    change(config)
    bench = Bench(config, switches=effects(dead_biases=True))
    bench.volts[:] = 0.7
    assert set(bench.read_cadc(0).reshape(-1).tolist()) == {samples}
    assert set(bench.read_cadc(1).reshape(-1).tolist()) == {int(code(0.7))}


def test_why_samples_are_zero_is_noted():
    config = on_neurons()
    config.cadc.enable[1] = 0
    bench = Bench(config)
    bench.read_cadc(1)
    assert "CADC: half 1 is not enabled; its samples are 0" in bench.notes.text


def test_noise_is_half_an_lsb_and_follows_from_run_seed_and_cycle():
    def reads(seed):
        bench = Bench(on_neurons(), switches=effects(cadc_noise=True), run_seed=seed)
        bench.volts[:] = 0.06 + 4.5e-3 * 150
        return np.stack([bench.read_cadc(0, cycle=cycle) for cycle in range(40)])

    first = reads(1)
    assert np.array_equal(first, reads(1))
    assert not np.array_equal(first, reads(2))
    # Rounding adds 1/12 LSB^2 to noise of this size.
    assert first.std() == pytest.approx(np.sqrt(0.25 + 1 / 12), rel=0.03)


def test_channels_differ_by_some_eight_lsb_before_calibration():
    bench = Bench(on_neurons(), switches=effects(mismatch=True))
    bench.volts[:] = 0.6
    read = np.concatenate([bench.read_cadc(half).reshape(-1) for half in range(2)])
    assert 7 < read.std() < 20  # below 20 is what the vendor's test asks for


# --- calibration ----------------------------------------------------------------------------------


def bisect(measure, target):
    """Codes (4,) at which a falling (4,) observation is nearest the target, of the last three."""
    codes, step, tried = np.full(4, 512), 256, []
    for _ in range(11):
        seen = measure(codes)
        tried.append((np.abs(seen - target), codes))
        codes = np.clip(codes + np.where(seen > target, step, -step), 0, 1022)
        step = max(step // 2, 1)
    errors = np.array([error for error, _ in tried[-3:]])
    return np.array([code for _, code in tried[-3:]])[errors.argmin(axis=0), np.arange(4)]


class Calibration:
    """The vendor's routine: everything by words and CADC reads."""

    def __init__(self, bench):
        self.bench, self.cycle = bench, 0

    def read(self):
        """(half, kind, column)"""
        self.cycle += 2_500_000
        return np.stack([self.bench.read_cadc(half, cycle=self.cycle) for half in range(2)])

    def quadrant_means(self):
        return self.read().reshape(2, 2, 2, 128).mean(axis=(1, 3)).reshape(4)

    def search(self, cell, reference, target):
        self.bench.set_cell("stp_v_charge_0", reference)

        def measure(codes):
            self.bench.set_cell(cell, codes)
            return self.quadrant_means()

        codes = bisect(measure, target)
        self.bench.set_cell(cell, codes)
        return codes

    def align(self, reference):
        """Channel offsets from one measurement; returns them, (half, kind, column)."""
        self.bench.set_cell("stp_v_charge_0", reference)
        before = self.read()
        offset = int(np.median(before)) - before
        addresses = CONTAINERS["CADCChannelConfig"].all_addresses()[..., 0]
        self.bench.memory.write(
            np.moveaxis(addresses, 2, 1).reshape(-1), (offset + 128).reshape(-1).astype(np.uint32)
        )
        return offset


def scatter(name, codes):
    """Effective codes of cells: 4 % gain and 2 LSB on currents, 1 LSB (2 mV) on voltages."""
    key = sum(map(ord, name))
    draw = np.random.default_rng(key).normal(size=(2, 4))
    if "_i_" in name:
        return codes * (1 + 0.04 * draw[0]) + 2 * draw[1] * (codes > 0)
    return codes + draw[0]


@pytest.mark.parametrize(
    ("low", "high", "chip_seed"), [(70, 550, 0), (70, 550, 3), (150, 500, 1), (150, 340, 2)]
)
def test_the_vendors_calibration_succeeds_on_every_channel(low, high, chip_seed):
    switches = effects(on=True)
    config = on_debug_line()
    bench = Bench(config, switches=switches, chip_seed=chip_seed, scatter=scatter)
    run = Calibration(bench)
    bench.set_cell("cadc_i_ramp_slope", 350)
    offsets = run.search("cadc_v_ramp_offset", low, 20)
    slopes = run.search("cadc_i_ramp_slope", high, 220)
    assert np.all((offsets > 0) & (offsets < 1022) & (slopes > 0) & (slopes < 1022))
    channel = run.align((low + high) // 2)
    after = run.read()
    assert np.all((channel > -128) & (channel < 127))
    assert abs(np.median(after) - 128) < 50
    assert after.std() < 3
    assert np.ptp(run.quadrant_means()) < 5
    # A ramp that ends up flatter than during the first search (slope 350) lifts the lower end.
    lsb = (physics.cell_voltage(high) - physics.cell_voltage(low) + 20 * 4.5e-3) / 220
    for reference, expected in ((low, 20 * 4.5e-3 / lsb), (high, 220)):
        bench.set_cell("stp_v_charge_0", reference)
        assert np.median(run.read()) == pytest.approx(float(expected), abs=5)


def test_a_calibrated_chip_reads_volts_as_everybody_converts_them():
    bench = Bench(on_debug_line(), switches=effects(on=True), scatter=scatter)
    run = Calibration(bench)
    bench.set_cell("cadc_i_ramp_slope", 350)
    run.search("cadc_v_ramp_offset", 70, 20)
    run.search("cadc_i_ramp_slope", 550, 220)
    run.align(310)
    neurons = on_neurons()
    for name in ("column_correlation", "neuron_config"):
        block = memory_map.BLOCKS[name]
        bench.memory.write(block.addresses.reshape(-1), neurons.image()[block.span])
    bench.volts[:] = 0.06 + 4.5e-3 * 120
    neuron = np.stack([bench.read_cadc(half).mean(axis=0) for half in range(2)])
    assert neuron.mean() == pytest.approx(120, abs=3)
    assert neuron.std() < 2
