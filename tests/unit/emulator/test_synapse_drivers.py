"""Synapse drivers from words to pulse widths: short-term plasticity, offset trims, hagen mode.

Oracle: the circuits' published equations in numbers worked out here from the words;
for calibrations, an exhaustive search over the trims.
"""

import numpy as np
import pytest

from emulator.memory import Memory
from emulator.mismatch import Mismatch
from emulator.synapse_drivers import SynapseDrivers
from firmware_protocol import ChipConfig
from tests.support.synapses import Bench, effects, label_of, levels, listen

LSB_AT_180 = 33
"""CADC LSB of an amplitude in the calibration of the offsets: its spread of 5 LSB is 15 %."""


def plastic(half=0, driver=0, *, recovering=True, clock=3, **settings):
    config = ChipConfig()
    config.padi.enable_spl1 = 1
    config.stp.enable_recovery_clock = int(recovering)
    config.stp.recovery_clock_speed = clock
    return listen(config, half, driver, enable_stp=1, enable_recovery=1, **settings)


def widths(config, cycles, *, half=0, driver=0, address=0, **options):
    """Relative pulse widths of a driver at some cycles."""
    bus = 4 * half + driver % 4
    events = [(cycle, bus, label_of(driver, address), 8) for cycle in cycles]
    neurons = 256 * half + np.arange(16)
    found = Bench(config, events, neurons=neurons, **options).play(max(cycles) + 1)
    assert [cycle for cycle, _, _ in found] == list(cycles)
    return [gain for _, _, gain in found]


def volts(code):
    return 0.15 + (code - 70) * (1.05 - 0.15) / (550 - 70)


def width_at(v, *, i_ramp=600, i_calib=600, offset=0):
    """t = 5 ns - V / (0.4 V/us per LSB) - offset / 16 of 2 ns, of 4 ns."""
    delay = 2e-9 * offset / 16 * i_calib / i_ramp
    t = 5e-9 - delay - v / (0.4e6 * i_ramp)
    return float(np.clip(t / 4e-9, 0, 1))


def test_a_driver_without_plasticity_sends_full_pulses():
    config = plastic(utilization=8)
    config.synapse_drivers.enable_stp = 0
    assert widths(config, [10, 20, 30]) == [1.0, 1.0, 1.0]


def test_utilization_moves_the_voltage_towards_v_charge_by_sixteenths():
    """Recovery off: V starts at 0 and only events move it, early by 0.2 and then by u / 16."""
    config = plastic(recovering=False, utilization=4, offset=7)
    v, expected = 0.0, []
    for _ in range(6):
        v += 0.2 * (volts(400) - v)
        expected.append(width_at(v, offset=7))
        v += 4 / 16 * (volts(400) - v)
    cells = levels(stp_v_charge_0=400)
    assert widths(config, [1, 2, 3, 400, 500, 600], cells=cells) == pytest.approx(expected)


@pytest.mark.parametrize(("recovery", "clock"), [(0, 3), (5, 3), (15, 3), (5, 6)])
def test_the_time_constant_of_recovery(recovery, clock):
    """tau = 16 (recovery + 1) periods of 2**(clock + 1) / 250 MHz."""
    tau_cycles = 16 * (recovery + 1) * 2 ** (clock + 1) * 4e-9 / 8e-9
    config, far = plastic(recovery=recovery, clock=clock), 50_000_000
    gap = round(0.8 * tau_cycles)
    found = widths(config, [far, far + gap], cells=levels(stp_v_charge_0=100, stp_v_recover_0=380))
    c, r = volts(100), volts(380)
    first = r + 0.2 * (c - r)
    before = r + (first - r) * np.exp(-gap / tau_cycles)
    assert found == pytest.approx([width_at(first), width_at(before + 0.2 * (c - before))])


@pytest.mark.parametrize(("off", "bits"), [("clock", {}), ("circuit", {"enable_recovery": 0})])
def test_recovery_needs_its_circuit_and_the_common_clock(off, bits):
    config = plastic(recovering=off != "clock")
    for name, value in bits.items():
        config.synapse_drivers[name][:] = value
    bench = Bench(config)
    assert not bench.model.voltages(10_000_000).any()
    assert Bench(plastic()).model.voltages(10_000_000)[0] == pytest.approx(volts(400))


@pytest.mark.parametrize(("voltage_set", "ratio"), [(0, (1.5, 5.0)), (1, (0.1, 0.7))])
def test_set_0_facilitates_and_set_1_depresses(voltage_set, ratio):
    """calix: 100 / 400 in set 0, 330 / 50 in set 1, equalised with medium offsets."""
    config = plastic(select_target_voltages=voltage_set, utilization=4, recovery=15, offset=7)
    start = 1_000_000
    found = widths(config, [start + 100 * k for k in range(20)] + [10 * start])
    steps = np.diff(found[:20])
    assert np.all(steps >= 0) if voltage_set == 0 else np.all(steps <= 0)
    assert ratio[0] < found[19] / found[0] < ratio[1]
    assert found[20] == pytest.approx(found[0], rel=1e-3)


def test_the_recovered_state_is_never_fully_seen():
    found = widths(plastic(offset=7), [50_000_000])
    v = volts(400) + 0.2 * (volts(100) - volts(400))
    assert found == pytest.approx([width_at(v, offset=7)])
    assert found[0] > 1.2 * width_at(volts(400), offset=7)


@pytest.mark.parametrize(
    ("half", "driver", "block"), [(0, 6, 0), (0, 7, 1), (1, 126, 2), (1, 1, 3)]
)
def test_even_drivers_take_their_biases_from_the_west_and_odd_ones_from_the_east(
    half, driver, block
):
    config = plastic(half, driver, recovering=False, offset=2)
    cells = levels(stp_i_ramp=[300, 450, 600, 900], stp_i_calib=600, stp_v_charge_0=700)
    found = widths(config, [5], half=half, driver=driver, cells=cells)
    expected = [width_at(0.2 * volts(700), i_ramp=i, offset=2) for i in (300, 450, 600, 900)]
    assert len(set(expected)) == 4
    assert found == pytest.approx([expected[block]])


@pytest.mark.parametrize("cell", ["stp_i_bias_comparator", "stp_i_ramp"])
def test_a_dead_bias_lets_modulated_drivers_send_nothing(cell):
    config = listen(plastic(), 0, 1)
    events = [(10, 0, 0, 8), (10, 1, 0, 8)]
    found = Bench(config, events, cells=levels(**{cell: 0})).play(20)
    assert [gain for _, _, gain in found] == [1.0]  # the driver without plasticity


def test_dead_biases_can_be_switched_off():
    alive = effects(dead_biases=False)
    found = widths(plastic(), [10], cells=levels(stp_i_bias_comparator=0), switches=alive)
    assert found[0] > 0


def test_a_larger_ramp_current_lengthens_all_pulses():
    config = plastic(recovering=False, utilization=0)
    cells = [levels(stp_i_ramp=i, stp_v_charge_0=600, stp_i_calib=0) for i in (300, 400, 600)]
    found = [widths(config, [5, 6], cells=c) for c in cells]
    assert np.all(np.diff(found, axis=0) > 0)


def amplitudes(chip, offset, block, cells):
    """Amplitudes [CADC LSB] of a CapMem block's drivers at v_stp 180 with these offsets."""
    config = ChipConfig()
    config.synapse_drivers.enable_stp = 1
    config.synapse_drivers.offset = offset
    bench = Bench(config, mismatch=chip, cells=cells)
    c = bench.drivers.circuits.reshape(2, 128)[block // 2, block % 2 :: 2]
    width = np.clip(c["start"] - (volts(180) + c["offset"]) * c["per_volt"], 0, 1)
    gain = bench.model.gain[block // 2, block % 2 :: 2]
    nominal = width_at(volts(180), offset=7)
    return LSB_AT_180 * width * gain / nominal


@pytest.mark.parametrize("block", range(4))
def test_offset_trims_remove_the_spread_within_a_block(block):
    """Raw std above the trimmed one by more than 1 LSB, the trimmed one below 2 LSB."""
    chip, cells = Mismatch(3), levels(stp_v_charge_0=180, stp_v_recover_0=180)
    by_code = np.array([amplitudes(chip, code, block, cells) for code in range(16)])
    before = by_code[7]
    best = np.abs(by_code - np.median(before)).argmin(axis=0)
    after = by_code[best, np.arange(64)]
    assert np.all(np.diff(by_code, axis=0) <= 0), "a larger offset never lengthens a pulse"
    assert 3.5 < before.std() < 6.5
    assert before.std() > after.std() + 1
    assert after.std() < 2


def test_the_offset_trim_needs_its_current():
    cells = levels(stp_i_calib=0, stp_v_charge_0=300)
    config = plastic(recovering=False)
    found = [widths(config, [5, 6], cells=cells)]
    config.synapse_drivers.offset = 15
    found.append(widths(config, [5, 6], cells=cells))
    assert found[0] == found[1]


def hagen(half=0, driver=0, **settings):
    bits = {
        "enable_stp": 1,
        "enable_hagen_modulation": 1,
        "enable_hagen_dac": 1,
        "enable_address_out": 0,
    }
    return listen(plastic(recovering=False), half, driver, **(bits | settings))


CALIBRATED_HAGEN = {"offset": 7, "hagen_dac_offset": 32}


def activations(config, **options):
    """Widths for activation 1..31, that is event address 31..1."""
    cells = options.pop("cells", None) or levels(stp_i_ramp=480, stp_i_calib=480)
    return np.array(
        [
            widths(config, [5], address=32 - activation, cells=cells, **options)[0]
            for activation in range(1, 32)
        ]
    )


def test_hagen_pulses_are_proportional_to_the_activation():
    width = activations(hagen(**CALIBRATED_HAGEN))
    line = np.polyfit(np.arange(1, 32), width, 1)
    error = width - np.polyval(line, np.arange(1, 32))
    assert np.abs(error).max() < 0.5 / 31, "half an activation"
    assert abs(line[1]) < 1.5 / 31
    assert np.all(np.diff(width) > 0)
    assert width[-1] > 20 / 31


@pytest.mark.parametrize(
    "changed",
    [
        {"enable_hagen_modulation": 0},
        {"enable_hagen_dac": 0},
        {"enable_address_out": 1},
    ],
)
def test_hagen_modulation_needs_all_its_bits(changed):
    """Without one of them the width follows the STP voltage, which is the same for all addresses.

    Synapse labels are 0: with the whole address forwarded only address 0 reaches them.
    """
    config = hagen(**(CALIBRATED_HAGEN | changed))
    addresses = [0] if "enable_address_out" in changed else [0, 9, 31]
    cells = levels(stp_v_charge_0=180)
    found = {widths(config, [5], address=a, cells=cells)[0] for a in addresses}
    assert found == {np.float32(width_at(0.2 * volts(180), offset=7))}


def test_the_most_significant_bit_selects_the_row_by_the_synapses_label():
    config = hagen(**CALIBRATED_HAGEN)
    config.synapse_drivers.row_mode_top[0, 0] = 1
    config.synapses.weight[0, 0], config.synapses.weight[0, 1] = 10, 20
    config.synapses.label[0, 0], config.synapses.label[0, 1] = 32, 0
    for address, weight in ((7, 20), (32 + 7, 10)):
        bench = Bench(config, [(5, 0, address, 8)], cells=levels(stp_i_ramp=480))
        found = bench.play(10)
        drop = bench.drops(found)[0] / 0.21e-3
        assert drop == pytest.approx(weight * found[0][2], rel=1e-5)


def hagen_widths(model, cells, offset, activation):
    """(256,) relative amplitudes of all drivers; offset: hagen DAC code of each."""
    config = ChipConfig()
    config.synapse_drivers.enable_stp = 1
    config.synapse_drivers.enable_hagen_modulation = 1
    config.synapse_drivers.enable_hagen_dac = 1
    config.synapse_drivers.enable_address_out = 0
    config.synapse_drivers.offset = 7
    config.synapse_drivers.hagen_dac_offset = np.broadcast_to(offset, 256).reshape(2, 128)
    c = model.decode(Memory(config.image()), cells, 0).circuits
    v = c["dac_zero"] + c["dac_step"] * (32 - activation) + c["offset"]
    return np.clip(c["start"] - v * c["per_volt"], 0, 1) * model.gain.reshape(-1)


def test_ramp_current_and_dac_offsets_calibrate_the_activations():
    """As calix: offsets at activation 29 nested in a search of the ramp current at activation 2."""
    model = SynapseDrivers(Mismatch(5), effects())
    quadrant = 2 * (np.arange(256) // 128) + np.arange(256) % 2
    most = hagen_widths(model, levels(stp_i_ramp=1022, stp_i_calib=480), 0, 31)

    def calibrated(i_ramp):
        cells = levels(stp_i_ramp=i_ramp, stp_i_calib=i_ramp)
        at_29 = np.array([hagen_widths(model, cells, code, 29) for code in range(64)])
        return cells, np.abs(at_29 - 0.9 * 29 / 31 * most).argmin(axis=0)

    low, high = np.zeros(4), np.full(4, 1022.0)
    for _ in range(8):
        cells, offset = calibrated((low + high) / 2)
        small = hagen_widths(model, cells, offset, 2)
        found = np.array([small[quadrant == q].mean() for q in range(4)])
        target = np.array([(0.9 * 2 / 31 * most)[quadrant == q].mean() for q in range(4)])
        low = np.where(found < target, (low + high) / 2, low)
        high = np.where(found < target, high, (low + high) / 2)
    assert np.all((350 < low) & (high < 650))
    assert np.mean((offset == 0) | (offset == 63)) < 0.02, "the trim's range suffices"
    table = 31 * np.array([hagen_widths(model, cells, offset, a) for a in range(1, 32)])
    assert table.std(axis=1).max() < 4
    assert table.std(axis=1).max() > 1
    assert table[-1].mean() > 20
    untrimmed = 31 * hagen_widths(model, cells, 32, 15)
    assert untrimmed.std() > 1.5 * table[14].std()


def test_capacitors_keep_their_voltage_when_the_configuration_changes():
    bench = Bench(plastic(recovery=7))
    model, memory = bench.model, bench.memory
    tau = 16 * 8 * 16 * 4e-9 / 8e-9
    at = 700
    before = volts(400) * (1 - np.exp(-at / tau))
    assert model.voltages(at)[0] == pytest.approx(before)
    model.decode(memory, levels(stp_v_recover_0=100), at)
    after = volts(100) + (before - volts(100)) * np.exp(-1000 / tau)
    assert model.voltages(at)[0] == pytest.approx(before)
    assert model.voltages(at + 1000)[0] == pytest.approx(after)
    model.reset()
    assert not model.voltages(at + 1000).any()


def test_decoding_the_same_words_again_changes_no_voltage():
    once, often = Bench(plastic(recovery=7)), Bench(plastic(recovery=7))
    for cycle in range(0, 2000, 100):
        often.model.decode(often.memory, levels(), cycle)
    assert often.model.voltages(2000).tolist() == once.model.voltages(2000).tolist()


def test_without_mismatch_all_drivers_are_alike():
    config = ChipConfig()
    config.synapse_drivers.enable_stp = 1
    bench = Bench(config, mismatch=Mismatch(1), switches=effects(mismatch=False))
    assert np.all(bench.model.gain == 1)
    assert np.ptp(bench.drivers.circuits["per_volt"]) == 0
    assert not bench.drivers.circuits["offset"].any()


@pytest.mark.parametrize("mask", [31, 0, 0b11100, 0b00011])
def test_drivers_compare_the_row_select_under_their_mask(mask):
    config = ChipConfig()
    config.synapse_drivers.enable_receiver = 1
    config.synapse_drivers.enable_receiver[1, 4 * 9 + 2] = 0
    config.synapse_drivers.row_address_compare_mask = mask
    drivers = Bench(config).drivers
    for bus in range(8):
        for select in range(32):
            fires = {k for k in range(32) if (k ^ select) & mask == 0}
            fires -= {9} if bus == 6 else set()
            assert int(drivers.listening[bus, select]) == sum(1 << k for k in fires)
            assert drivers.modulated[bus, select] == 0
