"""What the MADC looks at, and its samples: sources, multiplexers, runs, noise, characterisation.

Oracle: registers by hand, the rate, the channel bit as the documented host undoes it, the
published characteristic (1.54 mV/LSB, code 0 at -0.04 V; std of a constant input below 2 LSB), and
hand-made traces.
"""

import itertools

import numpy as np
import pytest

from emulator import EmulatorError
from emulator.analog_readout import MadcState
from emulator.readout_network import EXCITATORY, INHIBITORY, MEMBRANE
from firmware_protocol import ChipConfig, memory_map, spi
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.spi import DacChannel
from tests.support.emulated import LINES, control, read_out
from tests.support.readout_bench import POWER_UP_CYCLES, Bench, effects

LSB, ZERO = 1.54e-3, -0.04


def code(volts):
    return (np.asarray(volts) - ZERO) / LSB


def two_sources(length=1, first_input=0):
    """Neuron 0 on multiplexer 0, neuron 1 on multiplexer 1."""
    config = read_out(ChipConfig(), 0)
    read_out(config, 1)
    config.readout_source[LINES[1]][...] = [0, 1]
    config.madc.active_mux_input_select_length = length
    config.madc.active_mux_initially_selected_input = first_input
    return config


def by_neuron(neuron, quantity, t):
    """A constant voltage that tells neuron and quantity."""
    return np.full(t.size, 0.2 + 0.1 * (neuron % 8) + 0.01 * quantity)


def pairs(sources):
    return list(zip(sources.neuron.tolist(), sources.quantity.tolist(), strict=True))


def seen(bench, mux=0):
    """Volts that a multiplexer gives, for the voltages of `by_neuron`."""
    sources = bench.madc.wanted(0)
    each = [by_neuron(*pair, np.zeros(1))[0] for pair in pairs(sources)]
    return float(sources.constant[mux] + sources.weight[mux] @ np.array(each))


# --- runs -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "period"),
    [
        ({}, 17),
        ({"sample_duration_adjust": 0}, 12),
        ({"sample_duration_adjust": 7}, 19),
        ({"enable_madc_clock_scaling": 1, "madc_clock_scale_value": 3}, 17 * 8),
    ],
)
def test_the_rate_follows_the_configured_words(settings, period):
    config = read_out(ChipConfig(), 0)
    for name, value in settings.items():
        config.madc[name][...] = value
    bench = Bench(config)
    bench.start_madc()
    samples = bench.sample(12_500, by_neuron)
    at = 4 * POWER_UP_CYCLES + period * np.arange(-(-4 * 12_500 // period))  # 2 ns
    assert samples.tick.tolist() == (at // 2).tolist()


def test_a_limited_run_ends_by_itself_and_can_be_repeated():
    config = read_out(ChipConfig(), 0)
    config.madc.number_of_samples = 420
    bench = Bench(config)
    bench.start_madc(continuous=0)
    assert bench.sample(12_500, by_neuron).tick.size == 420
    assert not bench.madc.sampling
    again = POWER_UP_CYCLES + 20_000
    bench.start_madc(again, continuous=0)
    assert bench.sample(12_500, by_neuron, start=again).tick.size == 420


def test_power_down_after_sampling_asks_for_another_wake_up():
    config = read_out(ChipConfig(), 0)
    config.madc.number_of_samples = 5
    bench = Bench(config)
    bench.start_madc(continuous=0, power_down_after=1)
    bench.sample(1000, by_neuron)
    assert bench.madc.state.awake_since == -1


def test_without_a_number_of_samples_a_limited_run_takes_none():
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc(continuous=0)
    assert not bench.madc.sampling
    assert "number_of_samples is 0" in bench.notes.text


def test_a_start_too_soon_after_wake_up_takes_no_samples_and_says_so():
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc(POWER_UP_CYCLES - 1)
    assert not bench.madc.sampling
    assert "MADC: takes no samples: it needs pre_amp, and wake_up" in bench.notes.text


@pytest.mark.parametrize(("bits", "awake_since"), [({}, 0), ({"power_down_after": 1}, -1)])
def test_stop_ends_a_run_and_powers_down_if_told(bits, awake_since):
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc()
    word = int(control(stop=1, **bits)[0])
    bench.madc.write(memory_map.MADC_CONTROL, word, POWER_UP_CYCLES + 10, bench.context)
    assert not bench.madc.sampling
    assert bench.madc.state.awake_since == awake_since


def test_the_chips_reset_puts_it_to_sleep():
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc()
    bench.madc.reset()
    assert bench.madc.state == MadcState()


def test_it_claims_its_control_register_only():
    addresses = np.arange(memory_map.MADC_CONTROL - 1, memory_map.MADC_CONTROL + 3)
    assert Bench().madc.claims(addresses).tolist() == [False, True, False, False]


@pytest.mark.parametrize("step_cycles", [1, 2, 4, 8, 16])
def test_a_run_cut_into_pieces_is_the_run_in_one_piece(step_cycles):
    def play(cuts):
        bench = Bench(two_sources(), switches=effects(madc_noise=True, madc_loss=True))
        bench.start_madc()
        sources, parts = bench.madc.wanted(0), []
        for begin, end in itertools.pairwise(cuts):
            first, last = begin // step_cycles, end // step_cycles
            t = np.arange(first, last + 1) * step_cycles * 8e-9
            traces = np.stack([0.5 + 0.1 * np.sin(2e5 * t + n) for n in sources.neuron])
            parts.append(
                bench.madc.sample(sources, traces.astype(np.float32), first, step_cycles, end)
            )
        return np.concatenate([np.stack(part) for part in parts], axis=1)

    begin = POWER_UP_CYCLES
    whole = play([begin, begin + 4000])
    assert np.array_equal(play([begin, begin + 16, begin + 1600, begin + 4000]), whole)
    assert whole.shape[1] > 900


def test_a_limited_run_ends_even_if_nobody_integrated_its_end():
    config = read_out(ChipConfig(), 0)
    config.madc.number_of_samples = 100
    bench = Bench(config)
    bench.start_madc(continuous=0)
    late = POWER_UP_CYCLES + 10_000
    sources = bench.madc.wanted(late)
    trace = np.full((1, 101), 0.5, np.float32)
    assert bench.madc.sample(sources, trace, late // 4, 4, late + 400).tick.size == 0
    assert not bench.madc.sampling
    assert bench.madc.sample(sources, trace, late // 4 + 100, 4, late + 800).tick.size == 0


def test_its_control_register_reads_what_was_written():
    assert Bench().madc.read(memory_map.MADC_CONTROL, 0, None) is None


def test_time_that_nobody_integrated_gives_no_samples():
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc()
    sources = bench.madc.wanted(0)
    late = POWER_UP_CYCLES // 4 + 1000
    samples = bench.madc.sample(sources, np.full((1, 101), 0.5, np.float32), late, 4, 1 << 40)
    assert samples.tick.min() >= late * 8
    assert samples.tick.max() < (late + 100) * 8


def test_traces_that_do_not_fit_the_sources_are_refused():
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc()
    with pytest.raises(EmulatorError, match="MADC: 2 traces for 1 sources"):
        bench.madc.sample(bench.madc.wanted(0), np.zeros((2, 5), np.float32), 0, 4, 100)


# --- what it sees ---------------------------------------------------------------------------------


@pytest.mark.parametrize("neuron", [0, 1, 256, 511])
@pytest.mark.parametrize("source", range(4))
def test_every_line_and_quantity_reaches_the_converter(neuron, source):
    bench = Bench(read_out(ChipConfig(), neuron, source))
    bench.start_madc()
    assert pairs(bench.madc.wanted(0)) == [(neuron, source)]
    value = bench.sample(1000, by_neuron).code
    expected = code(by_neuron(neuron, source, np.zeros(1))[0])
    assert np.all(np.abs(value - expected) <= 0.51)


@pytest.mark.parametrize(("first_input", "length"), [(0, 1), (1, 1), (0, 4)])
def test_two_sources_alternate(first_input, length):
    bench = Bench(two_sources(length, first_input))
    bench.start_madc()
    samples = bench.sample(1000, by_neuron)
    neuron = np.where((samples.code & 1023) < code(0.25), 0, 1)
    turn = np.arange(neuron.size) // length % 2
    assert neuron.tolist() == (first_input ^ turn).tolist()


def test_the_documented_host_finds_two_sources():
    """With two sources it takes 1 - channel for the multiplexer."""
    bench = Bench(two_sources())
    bench.start_madc()
    samples = bench.sample(1000, by_neuron)
    source = 1 - (samples.code >> 10)
    for mux, neuron in ((0, 0), (1, 1)):
        value = samples.code[source == mux] & 1023
        assert np.all(np.abs(value - code(by_neuron(neuron, 0, np.zeros(1))[0])) <= 0.51)


def test_the_documented_host_keeps_all_samples_of_one_source():
    """With one source it drops samples whose channel is 1."""
    bench = Bench(read_out(ChipConfig(), 0))
    bench.start_madc()
    assert not np.any(bench.sample(1000, by_neuron).code >> 10)


def test_one_source_asks_for_the_traces_of_its_multiplexer_only():
    config = two_sources(length=0)
    bench = Bench(config)
    bench.start_madc()
    assert pairs(bench.madc.wanted(0)) == [(0, MEMBRANE)]


def test_neurons_on_one_line_are_shorted_to_their_mean():
    config = read_out(read_out(read_out(ChipConfig(), 0), 2), 6)
    bench = Bench(config)
    assert seen(bench) == pytest.approx(np.mean([0.2, 0.4, 0.8]))


def test_lines_that_meet_on_a_multiplexer_are_shorted_too():
    bench = Bench(read_out(read_out(ChipConfig(), 0), 259))
    assert seen(bench) == pytest.approx(np.mean([0.2, 0.5]))


def test_one_line_on_both_multiplexers_joins_them():
    config = two_sources()
    config.readout_source[LINES[0]][...] = 1
    bench = Bench(config)
    bench.start_madc()
    assert seen(bench, mux=0) == seen(bench, mux=1) == pytest.approx(np.mean([0.2, 0.3]))


def test_the_cadc_joins_a_neurons_two_ends_and_debug_lines_carry_them():
    config = ChipConfig()
    config.neurons.readout_enable_amplifier[5] = 1
    config.column_correlation.enable_cadc_neuron_readout_causal[0, 5] = 1
    config.column_correlation.enable_debug_causal[0, 5] = 1
    config.readout_source.cadc_debug_causal[0] = 1
    assert seen(Bench(config)) == pytest.approx(0.7)


@pytest.mark.parametrize("shorts", [True, False])
def test_a_line_and_a_cadc_channel_meet_at_the_amplifier(shorts):
    """Neuron 4 reaches the converter by the debug line, and neuron 6 through 4's readout line."""
    config = ChipConfig()
    config.neurons.readout_enable_amplifier[[4, 6]] = 1
    config.neurons.readout_enable_buffered_access[[4, 6]] = 1
    config.column_correlation.enable_cadc_neuron_readout_causal[0, 4] = 1
    config.column_correlation.enable_debug_causal[0, 4] = 1
    config.readout_source.cadc_debug_causal[0] = 1
    bench = Bench(config, switches=effects(readout_shorts=shorts))
    assert seen(bench) == pytest.approx(np.mean([0.6, 0.8]) if shorts else 0.6)


def test_a_high_membrane_leaks_into_a_synaptic_reading():
    bench = Bench(read_out(ChipConfig(), 0, EXCITATORY), switches=effects(mux_leak=True))
    bench.start_madc()
    assert pairs(bench.madc.wanted(0)) == [(0, EXCITATORY), (0, MEMBRANE)]

    def trace(membrane):
        return lambda neuron, quantity, t: np.full(t.size, 0.8 if quantity else membrane)

    for membrane, expected in ((1.0, 0.8), (1.2, 0.8 + 0.2 * (1.2 - 1.1))):
        bench.madc.reset()
        bench.start_madc()
        value = bench.sample(100, trace(membrane)).code
        assert np.all(np.abs(value - code(expected)) <= 0.51)


def test_synaptic_lines_reach_the_converter_by_their_debug_line():
    config = ChipConfig()
    config.column_current.enable_debug_inhibitory[1, [0, 2]] = 1
    config.readout_source.synin_debug_inhibitory[0] = 1
    bench = Bench(config, switches=effects(mux_leak=True))
    assert sorted(pairs(bench.madc.wanted(0))) == [(256, INHIBITORY), (258, INHIBITORY)]
    assert seen(bench) == pytest.approx(np.mean([0.22, 0.42]))


def test_a_membrane_reaches_the_converter_unbuffered_by_a_pad():
    config = ChipConfig()
    config.neurons.readout_enable_unbuffered_access[260] = 1
    config.pad_multiplexers.neuron_i_stim_mux[0, 1] = 1
    config.pad_multiplexers.neuron_i_stim_mux_to_pad[0] = 1
    config.pad_multiplexers.debug_to_pad[0] = 1
    config.readout_source.debug_plus[0] = 1
    bench = Bench(config)
    assert pairs(bench.madc.wanted(0)) == [(260, MEMBRANE)]


@pytest.mark.parametrize(("connected", "volts"), [(1, 1.2), (0, 0.0)])
def test_an_open_current_dac_sits_at_the_supply(connected, volts):
    config = ChipConfig()
    config.current_dac.enable_current = 1
    config.current_dac.current = 100
    config.readout_source.current_dac[0] = connected
    assert seen(Bench(config)) == pytest.approx(volts)


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.neurons.readout_enable_amplifier.__setitem__(0, 0),
        lambda c: c.quadrants.neuron_i_bias_readout_amp.__setitem__(0, 0),
        lambda c: c.madc.enable_active_mux_amplifiers.__setitem__((), 0),
        lambda c: c.madc.signal_selection_connect_preamp.__setitem__((), 0),
        lambda c: c.madc.connect_preamp_to_madc.__setitem__((), 0),
        lambda c: c.capmem_shared.value.__setitem__((0, 1, 12), 0),  # ac_mux_i_bias
        lambda c: c.capmem_shared.value.__setitem__((0, 1, 13), 0),  # madc_in_500na
        lambda c: c.capmem_shared.value.__setitem__((0, 1, 14), 0),  # sc_amp_i_bias
    ],
)
def test_whatever_is_switched_off_leaves_ground(change):
    config = read_out(ChipConfig(), 0)
    change(config)
    bench = Bench(config, switches=effects(dead_biases=True))
    assert seen(bench) == 0.0
    assert pairs(bench.madc.wanted(0)) == []


def test_dead_biases_can_be_ignored():
    config = read_out(ChipConfig(), 0)
    config.quadrants.neuron_i_bias_readout_amp = 0
    assert seen(Bench(config)) == pytest.approx(0.2)


def test_what_is_not_emulated_is_noted_at_the_start():
    config = read_out(ChipConfig(), 0)
    config.madc.enable_dummy_data = 1
    config.pad_multiplexers.cadc_v_ramp_mux_to_pad[1] = 1
    config.readout_source.stp_readout_top[0] = 1
    bench = Bench(config)
    bench.start_madc()
    for text in ("dummy data is not", "CADC ramps do not reach", "stp_readout_top: no driver"):
        assert f"MADC: {text}" in bench.notes.text
    assert bench.sample(100, by_neuron).tick.size > 0


# --- board and CapMem -----------------------------------------------------------------------------


def external_dac(bench, volts, pad=0):
    """Connect the board's DAC to a pad and set it."""
    register = CONTAINERS["ShiftRegister"].register
    fields = {name: np.asarray(value) for name, value in register.defaults().items()}
    fields["select_analog_readout_mux_1_input"] = np.array(1 + pad)
    fields["select_analog_readout_mux_2_input"] = np.array(3)
    bench.spi(lambda p: spi.write_shift_register(p, int(register.encode(fields)[0])))
    bench.spi(lambda p: spi.write_dac(p, DacChannel.MUX_DAC_25, round(volts / 2.5 * 4095)))
    return round(volts / 2.5 * 4095) / 4095 * 2.5


@pytest.mark.parametrize("pad", [0, 1])
def test_the_external_dac_reaches_the_converter_by_the_debug_lines(pad):
    config = ChipConfig()
    config.pad_multiplexers.debug_to_pad[pad] = 1
    config.readout_source[("debug_plus", "debug_minus")[pad]][0] = 1
    bench = Bench(config)
    volts = external_dac(bench, 0.6, pad)
    assert seen(bench) == pytest.approx(volts)


@pytest.mark.parametrize(
    "settings",
    [
        {"signal_selection_connect_debug": 1, "signal_selection_connect_active_mux": 0},
        {"connect_pads_to_madc": 1, "connect_preamp_to_madc": 0},
    ],
)
def test_pads_reach_the_converter_without_the_multiplexer(settings):
    config = ChipConfig()
    config.pad_multiplexers.debug_to_pad[0] = 1
    for name, value in settings.items():
        config.madc[name][...] = value
    bench = Bench(config)
    assert seen(bench) == 0.0
    volts = external_dac(bench, 0.6)
    assert seen(bench) == pytest.approx(volts)


@pytest.mark.parametrize("chip_seed", [0, 1, 2])
def test_the_characteristic_is_the_published_one(chip_seed):
    """A sweep of 0..1.2 V, fitted over 0.25..0.95 V, as in the lab course."""
    config = ChipConfig()
    config.pad_multiplexers.debug_to_pad[0] = 1
    config.readout_source.debug_plus[0] = 1
    bench = Bench(config, switches=effects(on=True), chip_seed=chip_seed)
    volts, means, stds = [], [], []
    for k, target in enumerate(np.linspace(0, 1.2, 25)):
        start = POWER_UP_CYCLES + 20_000 * k
        bench.madc.reset()
        volts.append(external_dac(bench, target))
        bench.start_madc(start)
        value = bench.sample(12_496, start=start).code[120:] & 1023
        means.append(value.mean())
        stds.append(value.std())
    volts, means = np.array(volts), np.array(means)
    fit = (volts >= 0.25) & (volts <= 0.95)
    slope, offset = np.polyfit(means[fit], volts[fit], 1)
    assert slope == pytest.approx(LSB, rel=3 * 0.02)
    assert offset == pytest.approx(ZERO, abs=3 * 0.02)
    assert max(stds) < 2
    # The slow noise, 1.2 mV, leaves 0.6 mV in a mean over 100 us.
    assert np.max(np.abs(np.polyval([slope, offset], means[fit]) - volts[fit])) < 3 * 0.6e-3


def test_chips_differ_in_gain_and_offset():
    madcs = [Bench(switches=effects(mismatch=True), chip_seed=seed).madc for seed in range(60)]
    gains = np.array([madc.lsb / LSB for madc in madcs])
    zeros = np.array([-madc.code_at_zero * madc.lsb for madc in madcs])
    assert gains.std() == pytest.approx(0.02, rel=0.3)
    assert zeros.std() == pytest.approx(0.020, rel=0.3)
    assert zeros.mean() == pytest.approx(ZERO, abs=0.01)
    assert Bench(chip_seed=5).madc.lsb == LSB  # mismatch off


def test_the_synaptic_debug_lines_can_be_held_by_the_external_dac():
    """As the vendor precharges lines for integration on the synaptic input."""
    config = ChipConfig()
    pads = config.pad_multiplexers
    pads.synin_debug_excitatory_to_synapse_intermediate_mux[0] = 1
    pads.synapse_intermediate_mux_to_pad[0] = 1
    config.column_current.enable_debug_excitatory[1, 7] = 1
    config.column_current.enable_debug_inhibitory[1, 7] = 1
    bench = Bench(config)
    assert bench.network.held_lines(0) is None
    volts = external_dac(bench, 1.2)
    excitatory, inhibitory = bench.network.held_lines(0)
    assert np.flatnonzero(~np.isnan(excitatory)).tolist() == [256 + 7]
    assert excitatory[256 + 7] == pytest.approx(volts)
    assert np.isnan(inhibitory).all()


@pytest.mark.parametrize(
    ("quadrant", "column", "row", "volts"),
    [
        (2, 128, 0, 0.01875 + 1.875e-3 * 310),  # stp_v_charge_0
        (3, 17, 2, 0.01875 + 1.875e-3 * 555),  # v_threshold of AtomicNeuron 3 * 128 + 17
        (0, 128, 6, 0.01875 + 1.875e-3 * 400),  # readout_sc_amp_v_ref
        (1, 17, 8, 0.0),  # a current
        (0, 129, 3, 0.0),  # unused
    ],
)
def test_capmem_voltages_reach_the_converter_by_a_pad(quadrant, column, row, volts):
    config = ChipConfig()
    config.quadrants.stp_v_charge_0 = 310
    config.neurons.threshold_v_threshold[3 * 128 + 17] = 555
    config.capmem_config.debug_row[quadrant] = 1 + row
    config.capmem_config.debug_column[quadrant] = column
    pads = config.pad_multiplexers
    pads.capmem_v_out_mux[0, quadrant] = 1
    pads.capmem_v_out_mux_to_capmem_intermediate_mux[0] = 1
    pads.capmem_intermediate_mux_to_pad[0] = 1
    pads.debug_to_pad[0] = 1
    config.readout_source.debug_plus[0] = 1
    assert seen(Bench(config)) == pytest.approx(volts)
