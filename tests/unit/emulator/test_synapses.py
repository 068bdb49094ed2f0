"""Rows of line drops: what an event does to the lines of the active neurons.

Oracle: the sentences of the chip's event path, interpreted driver by driver and
synapse by synapse in plain Python.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.kernels import arrivals as ar
from emulator.mismatch import Mismatch
from firmware_protocol import ChipConfig
from tests.support.synapses import Bench, effects, levels, listen

NEURONS = np.array([0, 5, 131, 255, 256, 300, 400, 511, *[-1] * 8])


def random_chip(seed, *, modulation):
    rng = np.random.default_rng(seed)
    config = ChipConfig()
    drivers = config.synapse_drivers
    config.padi.enable_spl1 = 1
    config.padi.dacen_pulse_extension = rng.integers(0, 16, (2, 4))
    drivers.enable_receiver = rng.random((2, 128)) < 0.5
    drivers.enable_address_out = rng.random((2, 128)) < 0.8
    drivers.row_address_compare_mask = rng.choice([31, 0, 0b11100], (2, 128))
    drivers.row_mode_top = rng.integers(0, 4, (2, 128))
    drivers.row_mode_bottom = rng.integers(0, 4, (2, 128))
    if modulation:
        drivers.enable_stp = rng.random((2, 128)) < 0.5
        drivers.enable_hagen_modulation = rng.random((2, 128)) < 0.7
        drivers.enable_hagen_dac = rng.random((2, 128)) < 0.7
        drivers.offset = rng.integers(0, 16, (2, 128))
        drivers.hagen_dac_offset = rng.integers(0, 64, (2, 128))
        drivers.select_target_voltages = rng.integers(0, 2, (2, 128))
    config.synapses.weight = rng.integers(0, 64, (2, 256, 256))
    config.synapses.label = rng.integers(0, 64, (2, 256, 256))
    return config


def first_width(drivers, half, driver, address):
    """Width of a driver's first pulse ever, its capacitor being empty; codes of `levels`."""
    bits = {name: int(drivers[name][half, driver]) for name in (
        "enable_stp", "enable_hagen_modulation", "enable_hagen_dac", "enable_address_out",
        "offset", "hagen_dac_offset", "select_target_voltages")}  # fmt: skip
    if not bits["enable_stp"]:
        return 1.0
    if bits["enable_hagen_modulation"] and bits["enable_hagen_dac"]:
        hagen = not bits["enable_address_out"]
    else:
        hagen = False
    charge = 330 if bits["select_target_voltages"] else 100
    v = 0.2 * (0.15 + (charge - 70) * 0.9 / 480)
    if hagen:
        v = 0.022 * (address % 32) + 0.010 * (bits["hagen_dac_offset"] - 24)
    t = 5e-9 - 2e-9 * bits["offset"] / 16 - v / (0.4e6 * 600)
    return min(max(t / 4e-9, 0.0), 1.0)


def weights_of(config, bus, label, neuron):
    """(exc, inh) charge [weight units] of an event on a bus at a neuron: one driver at a time."""
    half, column = divmod(neuron, 256)
    if bus // 4 != half:
        return 0.0, 0.0
    select, address, totals = label >> 6, label & 63, [0.0, 0.0]
    d = config.synapse_drivers
    for driver in range(bus % 4, 128, 4):
        mask = int(d.row_address_compare_mask[half, driver])
        if not d.enable_receiver[half, driver] or (select ^ driver // 4) & mask:
            continue
        sent = address if d.enable_address_out[half, driver] else address & 0b100000
        width = first_width(d, half, driver, address)
        for row, mode in ((2 * driver, d.row_mode_bottom), (2 * driver + 1, d.row_mode_top)):
            if config.synapses.label[half, row, column] != sent:
                continue
            weight = width * float(config.synapses.weight[half, row, column])
            share = 0.5 if mode[half, driver] == 3 else 1.0
            for line in (0, 1):
                if int(mode[half, driver]) >> line & 1:
                    totals[line] += weight * share
    gain = 1 + 0.125 * float(config.padi.dacen_pulse_extension[half, bus % 4])
    return gain * totals[0], gain * totals[1]


@pytest.mark.parametrize("modulation", [False, True])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_drops_are_what_the_words_say(modulation, seed):
    config, rng = random_chip(seed, modulation=modulation), np.random.default_rng(seed)
    unit_drops = rng.random((2, 512)) * (rng.random((2, 512)) < 0.7)
    keys = rng.permutation(8 * 2048)[:15].tolist()
    for bus, label in (divmod(key, 2048) for key in keys):
        bench = Bench(config, [(3, bus, label, 8)], neurons=NEURONS, unit_drops=unit_drops)
        found = bench.play(5)
        expected = np.array([weights_of(config, bus, label, n) for n in NEURONS[:8].tolist()]).T
        expected *= unit_drops[:, NEURONS[:8]]
        assert bench.drops(found)[:, :8] == pytest.approx(expected, rel=1e-5, abs=1e-9)
        assert not bench.drops(found)[:, 8:].any()
        if not modulation:
            assert [gain for _, _, gain in found] == [1.0] * len(found)
            assert len(found) == int(expected.any())


def test_labels_with_the_same_effect_share_a_row():
    """A driver that listens to all row selects, one that ignores the lower five address bits."""
    config = listen(ChipConfig(), 0, 0, row_address_compare_mask=0)
    listen(config, 0, 1, enable_address_out=0)
    keys = [*(select << 6 for select in range(32)), *(2048 + address for address in range(32))]
    bench = Bench(config, keys=keys)
    rows = bench.routes.row_of[keys]
    assert set(rows[:32]) | set(rows[32:]) == {0, 1}
    assert len(set(rows[:32])) == len(set(rows[32:])) == 1
    assert len(bench.routes.drops) == 2


def test_a_modulated_driver_leaves_the_others_row_alone():
    config = ChipConfig()
    for driver in (0, 4, 8):
        listen(config, 0, driver, row_address_compare_mask=0)
    config.synapse_drivers.enable_stp[0, 4] = 1
    bench = Bench(config, keys=[0], cells=levels())
    row, own = bench.routes.row_of[0], bench.routes.driver_row[4, 0]
    assert bench.routes.drops[row, 0, 0] == pytest.approx(2 * 0.21e-3)
    assert bench.routes.drops[own, 0, 0] == pytest.approx(0.21e-3)
    assert len(bench.routes.drops) == 2


def test_labels_nobody_asked_for_are_unknown_and_those_without_effect_have_no_row():
    config = listen(ChipConfig(), 0, 0)
    bench = Bench(config, keys=[0, 1])
    assert bench.routes.row_of[:3].tolist() == [0, ar.NO_ROW, ar.UNKNOWN]


def column_of_weights(chip, code, *, switches=None):
    """Drops [weight units] of all synapses of bottom rows in the top half for one weight code."""
    config = ChipConfig()
    for driver in range(128):
        listen(config, 0, driver)
    config.synapses.weight[0] = code
    keys = [bus * 2048 + (select << 6) for bus in range(4) for select in range(32)]
    bench = Bench(
        config, keys=keys, mismatch=chip, switches=switches, neurons=np.arange(256), unit_drops=1.0
    )
    drops = bench.routes.drops[bench.routes.row_of[keys], :, 0]
    order = np.argsort([4 * (k % 2048 >> 6) + k // 2048 for k in keys])
    return drops.reshape(128, 256)[order] / bench.model.gain[0][:, None]


def test_synapses_spread_by_their_gain_and_their_bits():
    """Gain 5 %; unit sources of 0.133 LSB add sqrt(w) times that: 0.3 LSB rms between codes."""
    chip = Mismatch(2)
    drops = {code: column_of_weights(chip, code) for code in (1, 2, 3, 31, 32, 63)}
    for code, found in drops.items():
        relative = np.hypot(0.05, 0.133 / np.sqrt(code))
        assert found.mean() == pytest.approx(code, rel=0.005)
        assert found.std() / code == pytest.approx(relative, rel=0.03)
    bits = np.array([0.133 * 2.0 ** (k / 2) for k in range(6)])
    toggled = [[(code ^ (code + 1)) >> k & 1 for k in range(6)] for code in range(63)]
    steps = np.sqrt((np.array(toggled) * bits**2).sum(axis=1))
    assert np.sqrt((steps**2).mean()) == pytest.approx(0.3, rel=0.01)
    assert (drops[3] - drops[1] - drops[2]).std() < 1e-6, "codes are sums of the same bits"
    step = drops[32] - drops[31]
    assert step.std() == pytest.approx(np.hypot(0.05, steps[31]), rel=0.03)
    assert 0.05 < np.mean(step < 0) < 0.3, "not every DAC is monotone at its largest carry"


def test_the_pattern_belongs_to_the_chip_and_can_be_switched_off():
    assert np.array_equal(column_of_weights(Mismatch(2), 21), column_of_weights(Mismatch(2), 21))
    assert not np.array_equal(
        column_of_weights(Mismatch(2), 21), column_of_weights(Mismatch(3), 21)
    )
    flat = column_of_weights(Mismatch(2), 21, switches=effects(mismatch=False))
    assert flat == pytest.approx(21)


def test_drivers_differ_by_five_percent():
    gain = Bench(ChipConfig(), mismatch=Mismatch(7)).model.gain
    assert gain.shape == (2, 128)
    assert gain.std() == pytest.approx(0.05, rel=0.15)


def test_a_weight_is_the_sum_of_the_bits_that_build_uses():
    chip = Mismatch(2)
    array = Bench(ChipConfig(), mismatch=chip).array
    drops = column_of_weights(chip, 45)
    found = [array.weight(0, 2 * 17, column, 45) for column in range(256)]
    assert drops[17] == pytest.approx(found, rel=1e-6)
