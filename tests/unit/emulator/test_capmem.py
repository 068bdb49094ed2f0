"""CapMem cells: names, settling, crosstalk, mismatch, and cells that are not refreshed.

Oracle: addresses written out by hand, exp(-t / 3 ms), a scalar model of one row in
plain Python, and the sizes in emulator/numbers within four standard errors of the sample.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.capmem import CapMem
from emulator.effects import Effects
from emulator.memory import Memory, power_on_image
from emulator.mismatch import Mismatch
from firmware_protocol.registers.capmem import NEURON_ROWS, QUADRANT_CELLS, READOUT_CELLS

TAU_CYCLES = 375_000  # 3 ms
WAIT_CYCLES = 2_500_000  # 20 ms
LONG = 1 << 40
BASE = (0x140000, 0x148000, 0x150000, 0x158000)
FULL_SHIFT = 3.0


class Chip:
    """Registers and their CapMem, with the named effects and no other."""

    def __init__(self, *on, seed=0):
        self.memory = Memory(power_on_image())
        self.cells = CapMem(
            Mismatch(seed), Effects.of(ideal=True, overrides=dict.fromkeys(on, True))
        )
        self.notes = []

    def note(self, cycle, place, text):
        self.notes.append((cycle, place, text))

    def write(self, cycle, addresses, codes):
        addresses = np.atleast_1d(np.asarray(addresses, np.uint32))
        codes = np.broadcast_to(np.asarray(codes, np.uint32), addresses.shape)
        self.memory.write(addresses, codes.copy())
        self.cells.follow(self.memory, cycle, self)

    def switch(self, cycle, quadrant, *, on):
        address = BASE[quadrant] + 0x4000 + 6
        word = self.memory.read(address) & ~(1 << 16) | on << 16
        self.write(cycle, address, word)

    def neuron(self, name, n, cycle=LONG):
        return self.cells.levels(cycle).neurons[name][n]


def row(number, quadrants=range(4)):
    """Addresses of one row's neuron cells, in the order of neurons."""
    return np.concatenate([BASE[q] + 32 * np.arange(128) + number for q in quadrants])


def everything(levels):
    return np.concatenate(
        [
            *levels.neurons.values(),
            *levels.quadrants.values(),
            np.array([*levels.globals.values()]),
        ]
    )


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "kind", "name", "index"),
    [
        (0x140000 + 32 * 5 + 0, "neurons", "leak_v_leak", 5),
        (0x148000 + 32 * 0 + 2, "neurons", "threshold_v_threshold", 128),
        (0x158000 + 32 * 127 + 23, "neurons", "multicompartment_i_bias_nmda", 511),
        (0x148000 + 32 * 128 + 8, "quadrants", "syn_i_bias_dac", 1),
        (0x150000 + 32 * 129 + 23, "quadrants", "neuron_i_bias_synin_drop", 2),
        (0x158000 + 32 * 128 + 4, "quadrants", "cadc_v_ramp_offset", 3),
        (0x140000 + 32 * 129 + 13, "globals", "madc_in_500na", None),
        (0x158000 + 32 * 128 + 22, "globals", "hagen_i_bias_dac_bottom", None),
    ],
)
def test_a_word_changes_the_cell_of_that_address_and_no_other(address, kind, name, index):
    chip = Chip()
    before = everything(chip.cells.levels(0))
    chip.write(1, address, 777)
    levels = chip.cells.levels(1)
    changed = getattr(levels, kind)[name]
    assert (changed if index is None else changed[index]) == 777
    assert np.count_nonzero(everything(levels) != before) == 1


def test_every_named_cell_is_there_and_wakes_at_its_default_code():
    levels = Chip().cells.levels(0)
    assert levels.neurons.keys() == NEURON_ROWS.keys()
    assert all(np.array_equal(v, np.zeros(512)) for v in levels.neurons.values())
    assert {k: v.tolist() for k, v in levels.quadrants.items()} == {
        name: [default] * 4 for name, (_, _, default) in QUADRANT_CELLS.items()
    }
    assert levels.globals == {name: cell[-1] for name, cell in READOUT_CELLS.items()}


def test_levels_are_not_to_be_written_to():
    levels = Chip().cells.levels(0)
    for values in (levels.neurons["leak_v_leak"], levels.quadrants["syn_i_bias_dac"]):
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 1


# --- settling -------------------------------------------------------------------------------------


@pytest.mark.parametrize("row_number", [0, 8])
@pytest.mark.parametrize("taus", [0, 0.01, 1, 3, 20 / 3])
def test_a_cell_approaches_its_code_with_a_time_constant_of_3_ms(row_number, taus):
    chip = Chip("capmem_settling")
    name = {0: "leak_v_leak", 8: "leak_i_bias"}[row_number]
    chip.write(1000, row(row_number), 800)
    found = chip.cells.levels(1000 + round(taus * TAU_CYCLES)).neurons[name]
    expected = 800 * (1 - math.exp(-round(taus * TAU_CYCLES) / TAU_CYCLES))
    assert found == pytest.approx(np.full(512, expected), rel=1e-9)


def test_20_ms_after_a_write_a_thousandth_is_left():
    chip = Chip("capmem_settling")
    chip.write(0, row(0), 1000)
    assert 1000 - chip.neuron("leak_v_leak", 0, WAIT_CYCLES) == pytest.approx(
        1000 * math.exp(-6.667), rel=1e-3
    )
    assert chip.cells.moving(WAIT_CYCLES) == pytest.approx(1000 * math.exp(-20 / 3))


def test_a_second_write_starts_from_where_the_first_had_come():
    chip = Chip("capmem_settling")
    chip.write(0, BASE[0], 600)
    chip.write(TAU_CYCLES, BASE[0], 100)
    chip.write(TAU_CYCLES, BASE[1], 50)  # another cell takes nothing from it
    then = 600 * (1 - math.exp(-1))
    assert chip.neuron("leak_v_leak", 0, 3 * TAU_CYCLES) == pytest.approx(
        100 + (then - 100) * math.exp(-2)
    )


def test_asking_in_between_changes_nothing():
    quiet, asked = Chip("capmem_settling"), Chip("capmem_settling")
    for chip in (quiet, asked):
        chip.write(0, row(0), np.arange(512))
        if chip is asked:
            for cycle in range(0, TAU_CYCLES, TAU_CYCLES // 7):
                chip.cells.levels(cycle)
                chip.cells.follow(chip.memory, cycle)
        chip.write(TAU_CYCLES, row(3), 512 + np.arange(512))
    levels = [everything(chip.cells.levels(2 * TAU_CYCLES)) for chip in (quiet, asked)]
    assert np.array_equal(*levels)


def test_a_chip_is_settled_when_its_farthest_cell_is_within_a_tenth_of_a_code():
    chip = Chip("capmem_settling", "mismatch", "capmem_crosstalk")
    chip.write(70, row(0), np.arange(512))
    chip.write(70, row(8), 1000)
    at = chip.cells.settled_at()
    last = chip.cells.levels(at - 1), chip.cells.levels(at)
    distance = np.abs(everything(last[0]) - everything(last[1])).max()
    assert distance == pytest.approx(0.1, rel=1e-5)
    assert chip.cells.moving(at - 1) == pytest.approx(distance, rel=1e-9)
    assert chip.cells.moving(at) == 0.0
    assert everything(chip.cells.levels(at)) == pytest.approx(everything(chip.cells.levels(LONG)))


def test_a_settled_chip_hands_out_one_object_until_a_code_changes():
    chip = Chip("capmem_settling")
    levels = chip.cells.levels(10)
    chip.write(20, 0x140000, 0)  # what it is already
    chip.cells.follow(chip.memory, 30)
    assert chip.cells.levels(40) is levels
    chip.write(50, 0x140000, 1)
    assert chip.cells.levels(50) is not levels
    assert chip.cells.levels(LONG) is chip.cells.levels(LONG + 1)


def test_without_settling_a_cell_jumps_even_at_a_cycle_already_asked_for():
    chip = Chip()
    chip.write(500, row(22), 123)
    assert (chip.cells.levels(500).neurons["constant_current_i_offset"] == 123).all()
    chip.write(500, row(22), 321)
    assert (chip.cells.levels(500).neurons["constant_current_i_offset"] == 321).all()
    assert (chip.cells.moving(500), chip.cells.settled_at()) == (0.0, 500)


def test_what_was_before_the_last_change_is_forgotten():
    chip = Chip("capmem_settling")
    chip.write(1000, row(0), 800)
    assert chip.neuron("leak_v_leak", 0, 0) == chip.neuron("leak_v_leak", 0, 1000) == 0
    assert chip.cells.moving(0) == 800


def test_another_chips_registers_are_noticed_even_with_equal_versions():
    one, other = Chip(), Memory(power_on_image())
    one.write(0, BASE[0], 5)
    other.write(np.array([BASE[0]], np.uint32), np.array([9], np.uint32))
    one.cells.follow(other, 1)
    assert one.neuron("leak_v_leak", 0) == 9


def test_a_reset_brings_back_the_cells_of_power_on():
    chip = Chip("capmem_settling", "mismatch", "capmem_crosstalk")
    at_first = everything(chip.cells.levels(0))
    chip.write(9, row(0), 444)
    chip.switch(10, 2, on=False)
    chip.cells.reset()
    assert np.array_equal(everything(chip.cells.levels(0)), at_first)
    assert chip.cells.settled_at() == 0
    chip.write(11, row(0, [2]), 400)  # the memory was not reset: its block is still off
    assert chip.notes[-1][:2] == (11, "CapMem SW")


# --- crosstalk ------------------------------------------------------------------------------------


@pytest.mark.parametrize("row_number", [0, 2, 8, 23])
@pytest.mark.parametrize("n_same", [1, 2, 64, 128])
def test_cells_of_a_row_that_share_a_code_shift_each_other(row_number, n_same):
    chip = Chip("capmem_crosstalk")
    codes = 300 + np.arange(128)
    codes[:n_same] = 800
    chip.write(0, row(row_number, [1]), codes)
    name = next(k for k, v in NEURON_ROWS.items() if v == row_number)
    shift = chip.cells.levels(LONG).neurons[name][128:256] - codes
    assert np.abs(shift[:n_same]) == pytest.approx(np.full(n_same, FULL_SHIFT * (n_same - 1) / 127))
    assert np.array_equal(shift[n_same:], np.zeros(128 - n_same))


def test_a_shared_cell_is_shifted_by_the_neurons_of_its_row():
    chip = Chip("capmem_crosstalk")
    chip.write(0, 0x150000 + 32 * 128 + 4, 60)
    chip.write(0, row(4, [2]), 60)
    offsets = chip.cells.levels(LONG).quadrants["cadc_v_ramp_offset"]
    assert abs(offsets[2] - 60) == pytest.approx(FULL_SHIFT * 128 / 127)
    chip.write(1, row(4, [2]), 400)
    assert chip.cells.levels(LONG).quadrants["cadc_v_ramp_offset"][2] == 60


def test_rows_and_quadrants_do_not_disturb_each_other():
    chip = Chip("capmem_crosstalk")
    chip.write(0, row(0, [0]), 500)
    chip.write(0, [BASE[1], BASE[0] + 1], 500)
    assert chip.neuron("leak_v_leak", 128) == chip.neuron("reset_v_reset", 0) == 500


def test_spreading_codes_by_5_removes_the_crosstalk():
    chip = Chip("capmem_crosstalk")
    codes = 500 + np.random.default_rng(4).integers(-5, 6, 512)
    chip.write(0, row(0), codes)
    shift = np.abs(chip.cells.levels(LONG).neurons["leak_v_leak"] - codes)
    # each of the 127 others is on a cell's code with probability 1/11
    assert shift.mean() == pytest.approx(FULL_SHIFT / 11, rel=0.1)
    assert shift.max() < 0.6


def test_rows_are_shifted_either_way_on_a_real_chip_and_each_as_a_whole():
    signs = []
    for seed in range(8):
        chips = Chip("capmem_crosstalk", "mismatch", seed=seed), Chip("mismatch", seed=seed)
        for chip in chips:
            chip.write(0, row(0), 500)
        levels = [chip.cells.levels(LONG).neurons["leak_v_leak"] for chip in chips]
        shift = (levels[0] - levels[1]).reshape(4, 128)
        assert np.abs(shift) == pytest.approx(np.full((4, 128), FULL_SHIFT))
        assert np.ptp(shift, axis=1).max() < 1e-9
        signs.extend(np.sign(shift[:, 0]))
    assert 6 <= signs.count(1.0) <= 26  # of 32: 3.5 sigma of a fair coin


def test_a_current_cell_at_code_0_is_off_whatever_its_row_does():
    chip = Chip("capmem_crosstalk", "mismatch")
    levels = chip.cells.levels(0)
    currents = [name for name, r in NEURON_ROWS.items() if r >= 8]
    assert len(currents) == 16
    assert all((levels.neurons[name] == 0).all() for name in currents)
    assert (levels.quadrants["syn_i_bias_ramp"] == 0).all()
    assert levels.globals["idac_i_bias"] == 0


# --- mismatch -------------------------------------------------------------------------------------


def fixed_pattern(row_number, name, seed=0):
    """(gain - 1, offset) of a row's 512 cells, from two codes."""
    chip = Chip("mismatch", seed=seed)
    at = []
    for code in (500, 1000):
        chip.write(code, row(row_number), code)
        at.append(chip.cells.levels(LONG).neurons[name])
    return (at[1] - at[0]) / 500 - 1, 2 * at[0] - at[1]


def test_voltage_cells_spread_by_2_mv():
    _, offset = fixed_pattern(0, "leak_v_leak")
    assert offset.std() * 1.875e-3 == pytest.approx(2e-3, rel=4 / math.sqrt(2 * 512))
    assert abs(offset.mean()) < 4 * 1.07 / math.sqrt(512)


def test_voltage_cells_of_a_quadrant_share_a_gain_that_spreads_by_1_percent():
    gains = np.stack([fixed_pattern(2, "threshold_v_threshold", s)[0] for s in range(25)])
    by_quadrant = gains.reshape(25, 4, 128)
    assert np.ptp(by_quadrant, axis=2).max() < 1e-12
    assert by_quadrant[..., 0].std() == pytest.approx(0.01, rel=4 / math.sqrt(200))


@pytest.mark.parametrize("name", ["leak_i_bias", "constant_current_i_offset"])
def test_current_cells_spread_by_4_percent_and_2_codes(name):
    gain, offset = fixed_pattern(NEURON_ROWS[name], name)
    assert gain.std() == pytest.approx(0.04, rel=4 / math.sqrt(2 * 512))
    assert offset.std() == pytest.approx(2.0, rel=4 / math.sqrt(2 * 512))
    assert abs(np.corrcoef(gain, offset)[0, 1]) < 4 / math.sqrt(512)


def test_gains_end_at_3_sigma():
    rows = [(r, name) for name, r in NEURON_ROWS.items() if r >= 8]
    gains = np.concatenate([fixed_pattern(r, name)[0] for r, name in rows])
    # 22 of 8192 normal deviates lie beyond 3 sigma
    assert np.abs(gains).max() == pytest.approx(0.12)
    assert 4 <= np.count_nonzero(np.abs(gains) > 0.11999) <= 45


def test_a_small_current_never_turns_around():
    chip = Chip("mismatch")
    chip.write(0, row(8), 1)
    level = chip.cells.levels(LONG).neurons["leak_i_bias"]
    # offset below -1 of sigma 2: 31 % are off
    assert level.min() == 0
    assert np.mean(level == 0) == pytest.approx(0.31, abs=4 * math.sqrt(0.31 * 0.69 / 512))


def test_rows_and_chips_are_uncorrelated_and_a_seed_is_a_chip():
    patterns = [
        fixed_pattern(8, "leak_i_bias", 1),
        fixed_pattern(9, "reset_i_bias", 1),
        fixed_pattern(8, "leak_i_bias", 2),
    ]
    gains = np.corrcoef([gain for gain, _ in patterns])
    assert np.abs(gains[np.triu_indices(3, 1)]).max() < 4 / math.sqrt(512)
    assert np.array_equal(patterns[0], fixed_pattern(8, "leak_i_bias", 1))


def test_shared_cells_deviate_too():
    levels = Chip("mismatch").cells.levels(0)
    deviation = levels.quadrants["neuron_i_bias_spike_comparator"] - 200
    assert np.ptp(deviation) > 1
    assert np.abs(deviation).max() < 200 * 0.12 + 2 * 4.9
    assert levels.globals["madc_in_500na"] != 500 != levels.globals["readout_sc_amp_v_ref"]


# --- cells that are not refreshed -----------------------------------------------------------------


@pytest.mark.parametrize("taus", [0.5, 12])
def test_code_1023_keeps_what_the_cell_holds(taus):
    chip = Chip("capmem_settling", "mismatch")
    chip.write(0, row(0), 700)
    stop = round(taus * TAU_CYCLES)
    held = chip.cells.levels(stop).neurons["leak_v_leak"].copy()
    chip.write(stop, row(0), 1023)
    later = chip.cells.levels(stop + 5 * TAU_CYCLES).neurons["leak_v_leak"]
    assert np.array_equal(later, held)
    chip.write(LONG, row(0), 100)
    assert chip.neuron("leak_v_leak", 3, LONG + TAU_CYCLES) == pytest.approx(
        held[3] + (chip.neuron("leak_v_leak", 3, 2 * LONG) - held[3]) * (1 - math.exp(-1))
    )


def test_a_cell_that_is_not_refreshed_bends_no_ramp():
    chip = Chip("capmem_crosstalk")
    chip.write(0, row(0, [0]), np.where(np.arange(128) < 28, 500, 1023))
    assert abs(chip.neuron("leak_v_leak", 0) - 500) == pytest.approx(FULL_SHIFT * 27 / 127)
    assert chip.neuron("leak_v_leak", 28) == pytest.approx(
        Chip("capmem_crosstalk").neuron("leak_v_leak", 28)
    )


def test_a_block_that_is_switched_off_keeps_its_cells_and_says_so():
    chip = Chip("capmem_settling")
    chip.write(0, row(8), 200)
    chip.switch(TAU_CYCLES, 1, on=False)
    chip.write(TAU_CYCLES, row(8), 900)
    held = 200 * (1 - math.exp(-1))
    levels = chip.cells.levels(LONG).neurons["leak_i_bias"].reshape(4, 128)
    assert levels[1] == pytest.approx(np.full(128, held))
    assert (levels[[0, 2, 3]] == 900).all()
    [(cycle, place, text)] = chip.notes
    assert (cycle, place) == (TAU_CYCLES, "CapMem NE")
    assert "switched off" in text
    chip.switch(LONG, 1, on=True)
    assert chip.neuron("leak_i_bias", 200, LONG + TAU_CYCLES) == pytest.approx(
        900 - (900 - held) * math.exp(-1)
    )
    assert len(chip.notes) == 1


# --- everything at once, against one row in plain Python ------------------------------------------


class PlainRow:
    """The 130 cells of one row, one by one, without mismatch."""

    def __init__(self):
        self.code, self.value, self.goal = [0] * 130, [0.0] * 130, [0.0] * 130
        self._aim()
        self.value = list(self.goal)

    def _aim(self):
        for k, code in enumerate(self.code):
            if code == 1023:
                self.goal[k] = self.value[k]
            else:
                others = sum(c == code for c in self.code) - 1
                self.goal[k] = code - 3.0 * others / 127

    def wait(self, cycles):
        share = math.exp(-cycles / TAU_CYCLES)
        away = [v - g for v, g in zip(self.value, self.goal, strict=True)]
        if max(abs(a) for a in away) * share <= 0.1:
            share = 0.0
        self.value = [g + a * share for g, a in zip(self.goal, away, strict=True)]

    def write(self, columns, code):
        before = list(self.code)
        for column in columns:
            self.code[column] = code
        if self.code != before:
            self._aim()


WRITES = st.lists(
    st.tuples(
        st.integers(0, 3 * TAU_CYCLES),
        st.sets(st.integers(0, 129), min_size=1, max_size=40),
        st.sampled_from([0, 1, 400, 401, 1022, 1023]),
    ),
    max_size=8,
)


@settings(max_examples=30, deadline=None)
@given(WRITES, st.integers(0, 3 * TAU_CYCLES))
def test_any_sequence_of_writes_gives_what_one_row_in_plain_python_does(writes, rest):
    chip, plain, now = Chip("capmem_settling", "capmem_crosstalk"), PlainRow(), 0
    for wait, columns, code in writes:
        now += wait
        plain.wait(wait)
        plain.write(columns, code)
        # Row 4 of the SE quadrant: 128 reversal potentials and cadc_v_ramp_offset.
        chip.write(now, [BASE[3] + 32 * c + 4 for c in columns], code)
    plain.wait(rest)
    levels = chip.cells.levels(now + rest)
    found = [
        *levels.neurons["inhibitory_input_v_rev_coba"][384:],
        levels.quadrants["cadc_v_ramp_offset"][3],
    ]
    assert found == pytest.approx(plain.value[:129], abs=1e-6)
