"""Every bias, taken away alone: its block dies, no other does, and the log can say so.

Oracle: which cell belongs to which block and quadrant, written out here from the vendor's
containers; the vendor's operating points, at which everything works.
"""

from dataclasses import asdict, fields

import numpy as np
import pytest

from emulator.biases import BIASES, Alive, alive, warn
from emulator.capmem import CapMem
from emulator.effects import Effects
from emulator.memory import Memory, power_on_image
from emulator.mismatch import Mismatch
from firmware_protocol.memory_map import BLOCKS
from firmware_protocol.registers.capmem import QUADRANT_CELLS, READOUT_CELLS

LONG = 1 << 40
WAIT_CYCLES = 2_500_000  # 20 ms

# cell, block that it feeds, code at which software operates it (500 where none is documented)
OF_QUADRANTS = [
    ("neuron_i_bias_readout_amp", "readout_amplifier", 110),
    ("neuron_i_bias_leak_source_follower", "source_follower", 100),
    ("neuron_v_bias_casc_n", "cascode", 250),
    ("neuron_i_bias_spike_comparator", "spike_comparator", 200),
    ("neuron_i_bias_synin_drop", "synaptic_input", 300),
    ("syn_i_bias_dac", "synapse_dac", 600),
    ("syn_i_bias_ramp", "correlation_ramp", 80),
    ("syn_i_bias_store", "correlation_store", 70),
    ("syn_i_bias_corout", "correlation_output", 600),
    ("stp_i_bias_comparator", "stp_comparator", 1022),
    ("stp_i_ramp", "stp_ramp", 600),
    ("cadc_i_ramp_slope", "cadc_ramp", 350),
    ("cadc_i_bias_comp", "cadc_comparator", 1022),
    ("cadc_i_bias_vreset_buf", "cadc_reset_buffer", 1022),
    ("cadc_v_bias_ramp_buf", "cadc_ramp_buffer", 400),
]
# the same, and which of two blocks
OF_PAIRS = [
    ("hagen_i_bias_dac_top", "hagen_dac", 820, 0),
    ("hagen_i_bias_dac_bottom", "hagen_dac", 820, 1),
    ("stp_i_bias_readout_top", "stp_readout", 500, 0),
    ("stp_i_bias_readout_bottom", "stp_readout", 500, 1),
    ("readout_out_amp_i_bias_0", "output_amplifier", 1022, 0),
    ("readout_out_amp_i_bias_1", "output_amplifier", 1022, 1),
]
OF_THE_CHIP = [
    ("ac_mux_i_bias", "active_multiplexer", 500),
    ("madc_in_500na", "madc_input", 500),
    ("sc_amp_i_bias", "switched_capacitors", 500),
    ("readout_sc_amp_v_ref", "switched_capacitors", 400),
    ("pseudo_diff_buffer_bias", "pseudo_differential", 500),
    ("pseudo_diff_v_ref", "pseudo_differential", 400),
    ("idac_i_bias", "current_dac", 500),
    ("idac_i_bias_casc", "current_dac", 500),
    ("iconv_sc_amp_i_bias", "current_meter", 500),
    ("iconv_i_bias_buffer", "current_meter", 500),
    ("iconv_sc_amp_v_ref", "current_meter", 400),
]
EVERY_CELL = [
    *(
        (cell, block, quadrant, quadrant)
        for cell, block, _ in OF_QUADRANTS
        for quadrant in range(4)
    ),
    *((cell, block, None, number) for cell, block, _, number in OF_PAIRS),
    *((cell, block, None, ()) for cell, block, _ in OF_THE_CHIP),
]


class Chip:
    """Registers of a chip at its operating point, all imperfections included."""

    def __init__(self, *, seed=0, effects=None, operated=True):
        self.effects = effects or Effects()
        self.memory = Memory(power_on_image())
        self.cells = CapMem(Mismatch(seed), self.effects)
        if operated:
            for cell, _, code in OF_QUADRANTS:
                for quadrant in range(4):
                    self.put(cell, code, quadrant)
            for cell, _, code, *_ in (*OF_PAIRS, *OF_THE_CHIP):
                self.put(cell, code)
        self.cells.follow(self.memory, 0)

    def put(self, cell, code, quadrant=None):
        if quadrant is None:
            index = READOUT_CELLS[cell][:3]
        else:
            index = (quadrant, *QUADRANT_CELLS[cell][:2])
        self.set("capmem_shared", "value", index, code)

    def set(self, block, field, index, value):
        values = {k: v.copy() for k, v in self.memory.block(block).items()}
        values[field][index] = value
        table = BLOCKS[block]
        addresses = table.addresses.reshape(-1).astype(np.uint32)
        self.memory.write(addresses, table.encode(values))

    def levels(self, cycle=LONG):
        self.cells.follow(self.memory, 0)
        return self.cells.levels(cycle)

    def alive(self, cycle=LONG):
        return asdict(alive(self.levels(cycle), self.effects))

    def warnings(self):
        return list(warn(self.levels(), self.memory).values())


def all_alive():
    pairs, chip = {block for _, block, *_ in OF_PAIRS}, {block for _, block, _ in OF_THE_CHIP}
    return {
        name: np.ones(() if name in chip else 2 if name in pairs else 4, bool) for name in BIASES
    }


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name in expected:
        assert np.shape(found[name]) == expected[name].shape, name
        assert np.array_equal(found[name], expected[name]), name


def test_blocks_and_their_cells_are_those_of_the_oracle():
    listed = {}
    for cell, block, *_ in (*OF_QUADRANTS, *OF_PAIRS, *OF_THE_CHIP):
        listed.setdefault(block, set()).add(cell)
    assert {name: set(bias.cells) for name, bias in BIASES.items()} == listed
    assert [f.name for f in fields(Alive)] == list(BIASES)


@pytest.mark.parametrize("seed", range(5))
def test_at_the_operating_point_everything_works(seed):
    assert_same(Chip(seed=seed).alive(), all_alive())


@pytest.mark.parametrize(("cell", "block", "quadrant", "number"), EVERY_CELL)
def test_a_bias_of_0_kills_its_block_and_no_other(cell, block, quadrant, number):
    chip, expected = Chip(seed=2), all_alive()
    chip.put(cell, 0, quadrant)
    expected[block][number] = False
    assert_same(chip.alive(), expected)


@pytest.mark.parametrize(("cell", "block", "quadrant", "number"), EVERY_CELL[::4])
def test_without_that_effect_every_block_works(cell, block, quadrant, number):
    chip = Chip(effects=Effects(dead_biases=False))
    chip.put(cell, 0, quadrant)
    assert_same(chip.alive(), all_alive())


@pytest.mark.parametrize("cell", ["cadc_i_bias_comp", "cadc_v_bias_ramp_buf"])
@pytest.mark.parametrize("seed", range(4))
def test_20_ms_after_a_bias_was_set_to_0_its_block_is_dead_but_not_before_it_fell(cell, seed):
    chip = Chip(seed=seed)
    block = {"cadc_i_bias_comp": "cadc_comparator"}.get(cell, "cadc_ramp_buffer")
    chip.cells.follow(chip.memory, LONG)
    for quadrant in range(4):
        chip.put(cell, 0, quadrant)
    chip.cells.follow(chip.memory, LONG)
    states = [
        asdict(alive(chip.cells.levels(LONG + wait), chip.effects))[block]
        for wait in (0, WAIT_CYCLES)
    ]
    assert states[0].all()
    assert not states[1].any()


def test_a_fresh_chip_lacks_what_software_must_configure():
    found = Chip(operated=False, seed=1).alive()
    dead = {name for name, works in found.items() if not np.all(works)}
    assert dead == {
        "correlation_ramp", "correlation_store", "correlation_output", "stp_comparator", "stp_ramp",
        "hagen_dac", "stp_readout", "cadc_ramp", "cadc_comparator", "cadc_reset_buffer",
        "cadc_ramp_buffer", "output_amplifier", "pseudo_differential", "current_dac",
        "current_meter",
    }  # fmt: skip


# --- remarks --------------------------------------------------------------------------------------

SE_NEURON, SE_COLUMN, BOTTOM = 400, (1, 200), 1
COMPARATOR = [("neuron_config", "enable_threshold_comparator", SE_NEURON, 1),
              ("neuron_config", "analog_output", SE_NEURON, 1)]  # fmt: skip
AMPLIFIER = [("neuron_config", "enable_readout_amplifier", SE_NEURON, 1)]
INPUT = [("neuron_config", "enable_synaptic_input_inhibitory", SE_NEURON, 1)]
DRIVER = [("synapse_drivers", "enable_receiver", (BOTTOM, 7), 1),
          ("synapse_drivers", "row_mode_top", (BOTTOM, 7), 1)]  # fmt: skip
WEIGHTS = [*DRIVER, ("column_current", "enable_synaptic_current_excitatory", SE_COLUMN, 1)]
SENSORS = [("column_correlation", "enable_internal_acausal", SE_COLUMN, 1)]
PLASTIC = [*DRIVER, ("synapse_drivers", "enable_stp", (BOTTOM, 7), 1)]
HAGEN = [
    *PLASTIC,
    ("synapse_drivers", "enable_hagen_modulation", (BOTTOM, 7), 1),
    ("synapse_drivers", "enable_hagen_dac", (BOTTOM, 7), 1),
    ("synapse_drivers", "enable_address_out", (BOTTOM, 7), 0),
]
CADC = [("cadc", "enable", BOTTOM, 1)]
MADC = [("readout_source", "neuron_top_odd", 1, 1)]
SE, CHAIN = "quadrant SE", "readout chain"
SOUTH = ("quadrant SW", SE)  # a CADC converts in both quadrants of its half

# registers that put a block to use, the cell to take away, and where the remark points
USES = {
    "readout_amplifier": (AMPLIFIER, "neuron_i_bias_readout_amp", SE),
    "source_follower": (INPUT, "neuron_i_bias_leak_source_follower", SE),
    "cascode": (AMPLIFIER, "neuron_v_bias_casc_n", SE),
    "spike_comparator": (COMPARATOR, "neuron_i_bias_spike_comparator", SE),
    "synaptic_input": (INPUT, "neuron_i_bias_synin_drop", SE),
    "synapse_dac": (WEIGHTS, "syn_i_bias_dac", SE),
    "correlation_ramp": (SENSORS, "syn_i_bias_ramp", SE),
    "correlation_store": (SENSORS, "syn_i_bias_store", SE),
    "correlation_output": (SENSORS, "syn_i_bias_corout", SE),
    # driver 7 is odd: it is supplied from the east
    "stp_comparator": (PLASTIC, "stp_i_bias_comparator", SE),
    "stp_ramp": (PLASTIC, "stp_i_ramp", SE),
    "hagen_dac": (HAGEN, "hagen_i_bias_dac_bottom", "hagen_i_bias_dac_bottom"),
    "stp_readout": (
        [("readout_source", "stp_readout_top", 0, 1)],
        "stp_i_bias_readout_top",
        "stp_i_bias_readout_top",
    ),
    "cadc_ramp": (CADC, "cadc_i_ramp_slope", SOUTH),
    "cadc_comparator": (CADC, "cadc_i_bias_comp", SOUTH),
    "cadc_reset_buffer": (CADC, "cadc_i_bias_vreset_buf", SOUTH),
    "cadc_ramp_buffer": (CADC, "cadc_v_bias_ramp_buf", SOUTH),
    "output_amplifier": (
        [("readout_source", "buffer_1_to_pad_1", 1, 1)],
        "readout_out_amp_i_bias_1",
        "readout_out_amp_i_bias_1",
    ),
    "active_multiplexer": (MADC, "ac_mux_i_bias", CHAIN),
    "madc_input": (MADC, "madc_in_500na", CHAIN),
    "switched_capacitors": (MADC, "readout_sc_amp_v_ref", CHAIN),
    "pseudo_differential": (
        [("madc", "enable_pseudo_differential_reference_bottom", (), 1)],
        "pseudo_diff_buffer_bias",
        CHAIN,
    ),
    "current_dac": ([("current_dac", "enable_current", (), 1)], "idac_i_bias_casc", CHAIN),
    "current_meter": ([("madc", "enable_iconv_amplifier", (), 1)], "iconv_i_bias_buffer", CHAIN),
}


def test_each_block_is_put_to_use_below():
    assert USES.keys() == BIASES.keys()


@pytest.mark.parametrize("block", USES)
def test_a_dead_block_is_mentioned_where_it_is_in_use_and_nowhere_else(block):
    uses, cell, place = USES[block]
    chip = Chip(seed=3)
    for quadrant in range(4) if cell in QUADRANT_CELLS else [None]:
        chip.put(cell, 0, quadrant)
    assert chip.warnings() == []
    for use in uses:
        chip.set(*use)
    remarks = chip.warnings()
    assert tuple(where for where, _ in remarks) == ((place,) if isinstance(place, str) else place)
    assert all(text.startswith(f"{cell} supplies ") for _, text in remarks)
    assert all(BIASES[block].dies in text for _, text in remarks)


@pytest.mark.parametrize("block", USES)
def test_a_block_with_its_bias_is_not_mentioned(block):
    chip = Chip(seed=3)
    for use in USES[block][0]:
        chip.set(*use)
    assert chip.warnings() == []


@pytest.mark.parametrize(
    ("cell", "uses"),
    [
        ("madc_in_500na", [("readout_source", "buffer_0_to_pad_0", 1, 1)]),
        ("ac_mux_i_bias", [*MADC, ("madc", "enable_active_mux_amplifiers", (), 0)]),
        ("sc_amp_i_bias", [*MADC, ("madc", "connect_preamp_to_madc", (), 0)]),
        ("hagen_i_bias_dac_bottom", [*HAGEN, ("synapse_drivers", "enable_address_out", (1, 7), 1)]),
        ("hagen_i_bias_dac_bottom", HAGEN[1:]),  # the driver receives nothing
        ("hagen_i_bias_dac_top", HAGEN),
    ],
)
def test_a_block_beside_the_path_in_use_is_not_missed(cell, uses):
    chip = Chip(seed=3)
    chip.put(cell, 0)
    for use in uses:
        chip.set(*use)
    assert chip.warnings() == []


def test_a_remark_names_the_cell_what_it_gives_the_limit_the_loss_and_the_usual_code():
    chip = Chip(seed=3)
    chip.put("neuron_i_bias_spike_comparator", 0, 3)
    for use in COMPARATOR:
        chip.set(*use)
    assert chip.warnings() == [
        (
            "quadrant SE",
            "neuron_i_bias_spike_comparator supplies 0.0 LSB of at least 2, so thresholds are "
            "never crossed; 200 is usual",
        )
    ]


def test_a_block_that_needs_two_cells_names_both_that_lack_and_guesses_no_usual_code():
    chip = Chip()
    chip.set("current_dac", "enable_current", (), 1)
    for cell in ("idac_i_bias", "idac_i_bias_casc"):
        chip.put(cell, 0)
    [(_, text)] = chip.warnings()
    assert text == (
        "idac_i_bias supplies 0.0 LSB of at least 2 and idac_i_bias_casc supplies 0.0 LSB of at "
        "least 2, so the current DAC delivers nothing"
    )


@pytest.mark.parametrize(
    ("block", "selection"),
    [
        ("synapse_dac", "int_dac_bias"),
        ("correlation_ramp", "int_ramp_bias"),
        ("correlation_store", "int_store_bias"),
        ("correlation_output", "int_output_bias"),
    ],
)
def test_a_cell_that_a_pad_replaces_is_not_missed(block, selection):
    uses, cell, _ = USES[block]
    chip = Chip(seed=3)
    chip.put(cell, 0, 3)
    for use in uses:
        chip.set(*use)
    assert len(chip.warnings()) == 1
    chip.set("synapse_bias", selection, 3, 0)
    assert chip.warnings() == []
