"""Register tables: round trip, limits and refusals.

Oracle: the table itself read bit by bit (a slow decoder written here), and hand-computed words.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.errors import FieldRangeError
from firmware_protocol.layout import Field, Register
from firmware_protocol.registers import neuron, synapse
from firmware_protocol.registers.sram import from_gray, to_gray

REGISTERS = {name: c.register for name, c in CONTAINERS.items() if c.register.fields}
every_register = pytest.mark.parametrize("register", REGISTERS.values(), ids=REGISTERS.keys())


def random_values(register, rng, n):
    return {
        f.name: rng.integers(f.low, f.limit, (n, *f.shape), endpoint=True).astype(f.dtype)
        for f in register.fields
    }


@every_register
def test_every_table_survives_a_round_trip(register):
    values = random_values(register, np.random.default_rng(1), 200)
    words = register.encode(values)
    assert words.shape == (200, register.n_words)
    decoded = register.decode(words)
    for name, value in values.items():
        assert np.array_equal(decoded[name], value), name
        assert decoded[name].dtype == register.by_name[name].dtype


@every_register
def test_the_fast_path_for_many_instances_equals_the_plain_one(register):
    values = random_values(register, np.random.default_rng(2), 1100)
    many = register.encode(values)
    few = np.concatenate(
        [
            register.encode({k: v[i : i + 100] for k, v in values.items()})
            for i in range(0, 1100, 100)
        ]
    )
    assert np.array_equal(many, few)


@every_register
def test_one_more_than_the_limit_is_refused_by_name(register):
    for field in register.fields:
        values = register.defaults()
        too_large = np.full(field.shape, field.limit + 1, np.int64)
        with pytest.raises(FieldRangeError, match=rf"{register.name}\.{field.name}.* is outside"):
            register.encode(values | {field.name: too_large})


@every_register
def test_one_less_than_the_smallest_value_is_refused_by_name(register):
    for field in register.fields:
        too_small = np.full(field.shape, field.low - 1, np.int64)
        with pytest.raises(FieldRangeError, match=rf"{register.name}\.{field.name}.* is outside"):
            register.encode(register.defaults() | {field.name: too_small})


@every_register
def test_every_bit_of_a_field_reads_back_where_the_table_says(register):
    for field in register.fields:
        if field.transform is not None or register.word_code is not None:
            continue  # these have hand-computed words below
        for entry in range(field.entries or 1):
            for piece in field.entry_pieces(entry):
                words = np.zeros(register.n_words, np.uint32)
                words[piece.word] = np.uint32(1 << piece.lsb)
                flipped = int(np.atleast_1d(register.decode(words)[field.name])[entry])
                zero = int(np.atleast_1d(register.decode(np.zeros_like(words))[field.name])[entry])
                assert flipped ^ zero == 1 << piece.field_lsb


def test_defaults_of_driver_and_backend_are_not_zero_words():
    """Trap 2 of the word reference: default driver 3E00 3F00 0040, default backend FF FF BC 00."""
    driver = synapse.SYNAPSE_DRIVER_CONFIG
    assert driver.encode(driver.defaults()).tolist() == [0x3E00, 0x3F00, 0x0040]
    backend = neuron.NEURON_BACKEND_CONFIG
    assert backend.encode(backend.defaults()).tolist() == [0xFF, 0xFF, 0xBC, 0x00]


def test_an_all_zero_backend_means_address_255_and_refractory_255():
    fields = neuron.NEURON_BACKEND_CONFIG.decode([0, 0, 0, 0])
    assert fields["address_out"] == 255
    assert fields["refractory_time"] == 255
    assert synapse.SYNAPSE_DRIVER_CONFIG.decode([0, 0, 0])["enable_address_out"] == 1


def test_weights_are_stored_with_their_low_five_bits_reversed():
    quad = synapse.SYNAPSE_WEIGHT_QUAD
    assert quad.encode({"weight": [0b000001, 0, 0, 0]}).tolist() == [0b010000 << 24]
    assert quad.encode({"weight": [0, 0, 0, 0b100000]}).tolist() == [0b100000]


def test_capmem_timing_words_are_gray_decoded_as_wholes():
    """haldls/tests/sw/haldls/vx/test-capmem.cpp:58: 100 -> 71, 0x75 -> 89."""
    register = CONTAINERS["CapMemSRAMTimingConfig"].register
    fields = {"read_delay": 100, "address_setup_time": 5, "write_width": 7}
    assert register.encode(fields).tolist() == [71, 89]
    assert {k: int(v) for k, v in register.decode([71, 89]).items()} == fields


@given(st.integers(0, 2**32 - 1))
def test_gray_decoding_is_undone_for_every_word(word):
    one = np.array([word], np.uint32)
    assert to_gray(from_gray(one))[0] == word == from_gray(to_gray(one))[0]
    # By definition: bit i of the number is the parity of the code's bits from i upwards.
    expected = sum(((word >> i).bit_count() & 1) << i for i in range(32))
    assert from_gray(one)[0] == expected


@pytest.mark.parametrize(
    ("current", "word"), [(0, 0), (63, 0x3F), (64, 0x100), (128, 0x300), (255, 0x73F)]
)
def test_the_current_dac_holds_its_upper_bits_as_a_thermometer(current, word):
    register = CONTAINERS["CurrentDAC"].register
    assert register.encode(register.defaults() | {"current": current}).tolist() == [word]
    assert register.decode([word])["current"] == current


@pytest.mark.parametrize(
    ("offset", "word"), [(-128, 0), (-1, 127), (0, 128), (12, 140), (127, 255)]
)
def test_cadc_offsets_are_stored_plus_128(offset, word):
    register = CONTAINERS["CADCChannelConfig"].register
    assert register.encode({"offset": offset}).tolist() == [word]
    assert register.decode([word])["offset"] == offset


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ADPLL", [0x2A20A902, 0xC0CBF200]),
        ("PLLClockOutputBlock", [0x110D0101]),
        ("PhyConfigFPGA", [0x204040]),
        ("PhyConfigChip", [0x204000]),
        ("JTAGIdCode", [0x020B40DD]),
        ("SynapseBiasSelection", [0xFFFF]),
        ("CADCConfig", [20 << 12 | 100 << 4]),
        ("CommonSynramConfig", [0x88, 0x0303, 4]),
        ("ReferenceGeneratorConfig", [0x1000, 10 << 6, 40, 0xA28, 0xA28, 0x41, 0x41, 0x2CB, 0x2CB]),
    ],
)
def test_default_words(name, words):
    """The documented defaults of ``docs/reference/words.md`` ("Initialisation"), by hand."""
    register = CONTAINERS[name].register
    assert register.encode(register.defaults()).tolist() == words


@pytest.mark.parametrize(("mode", "words"), [(0, (0, 0)), (1, (0, 1 << 2)), (2, (1 << 6, 1 << 2))])
def test_a_strong_analog_output_is_fire_and_strong_fire(mode, words):
    """lola v3 neuron.cpp: both bits for strong; strong fire alone reads back as off."""
    encoded = neuron.NEURON_CONFIG.encode(neuron.NEURON_CONFIG.defaults() | {"analog_output": mode})
    assert (encoded[0], encoded[4]) == words
    assert neuron.NEURON_CONFIG.decode(encoded)["analog_output"] == mode
    assert neuron.NEURON_CONFIG.decode([1 << 6, 0, 0, 0, 0, 0])["analog_output"] == 0


def test_times_of_43_bits_have_their_low_word_first_on_the_chip_and_last_on_the_fpga():
    """Trap 7: SystimeSyncBase low, high; FPGA-side times and the DNA high, low."""
    value = (1 << 42) + 5
    assert CONTAINERS["SystimeSyncBase"].register.encode({"value": value}).tolist() == [5, 1 << 10]
    fpga = CONTAINERS["FPGASystimeSyncLastAsicSystime"].register
    assert fpga.encode({"value": value}).tolist() == [1 << 10, 5]
    assert fpga.decode([1 << 10, 5])["value"] == value


def test_choices_bound_a_field():
    register = Register("Example", 1, (Field("mode", "0[1:0]", choices=("off", "slow", "fast")),))
    assert register.by_name["mode"].limit == 2
    with pytest.raises(FieldRangeError, match=r"Example\.mode = 3 is outside 0\.\.2"):
        register.encode({"mode": 3})


def test_entries_may_lie_anywhere():
    register = Register("Example", 2, (Field("q", "0[4:3] | 1[0] 0[0]"),))
    words = register.encode({"q": [[1, 2], [3, 1]]})
    assert words.tolist() == [[1 << 3, 1], [3 << 3 | 1, 0]]
    assert register.decode(words)["q"].tolist() == [[1, 2], [3, 1]]


@given(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=6), st.booleans())
def test_entries_in_the_four_bytes_of_a_word(words, inverted):
    """Entry e lies in byte 3 - e: bit 2 of the byte on top of its bits 5 and 4, by hand."""
    field = Field("x", "0[26] 0[29:28]", entries=4, step=-8, inverted=inverted)
    register = Register("Bytes", n_words=1, fields=(field,))
    raw = [[word >> 8 * (3 - e) & 0xFF for e in range(4)] for word in words]
    plain = [[(byte >> 2 & 1) << 2 | byte >> 4 & 3 for byte in four] for four in raw]
    values = np.array(plain) ^ (7 if inverted else 0)
    array = np.array(words, np.uint32)[:, None]
    assert register.decode(array)["x"].tolist() == values.tolist()
    assert register.decode(array[0])["x"].tolist() == values[0].tolist()
    kept = array & np.uint32(0x34343434)
    assert register.encode({"x": values.astype(np.uint8)}).tolist() == kept.tolist()
    assert register.encode({"x": values[0]}).tolist() == kept[0].tolist()


def test_unknown_and_missing_fields_are_named():
    register = Register("Example", 1, (Field("a", "0[3:0]"), Field("b", "0[4]")))
    with pytest.raises(TypeError, match=r"Example: unknown or missing fields \['b', 'c'\]"):
        register.encode({"a": 1, "c": 1})


def test_tables_that_overlap_or_leave_their_word_cannot_be_written():
    with pytest.raises(ValueError, match=r"Example\.b overlaps another field"):
        Register("Example", 1, (Field("a", "0[3:0]"), Field("b", "0[3]")))
    with pytest.raises(ValueError, match=r"Example\.a leaves its register"):
        Register("Example", 1, (Field("a", "0[8:0]"),), width=8)
    with pytest.raises(ValueError, match=r"has its lower bit first"):
        Field("a", "0[0:3]")
    with pytest.raises(ValueError, match=r"is not of the form"):
        Field("a", "word0[3:0]")


def test_error_carries_its_parts():
    with pytest.raises(FieldRangeError) as caught:
        Register("Example", 1, (Field("a", "0[3:0]"),)).encode({"a": [1, 2, 16]})
    error = caught.value
    assert (error.place, error.value, error.limit) == ("Example.a[2]", 16, 15)
    assert isinstance(error, OverflowError)
