"""Register tables: round trip, limits and refusals.

Oracle: the table itself read bit by bit (a slow decoder written here), and hand-computed words.
"""

import numpy as np
import pytest

from firmware_protocol.errors import FieldRangeError
from firmware_protocol.layout import Field, Register
from firmware_protocol.memory_map import BLOCKS, CONTROL_REGISTERS
from firmware_protocol.registers import neuron, synapse

REGISTERS = {
    register.name: register
    for register in [
        *(block.register for block in BLOCKS.values()),
        *CONTROL_REGISTERS.values(),
        neuron.SPIKE_COUNTER_READ,
        synapse.SYNAPSE_WEIGHT_QUAD,
        synapse.SYNAPSE_LABEL_QUAD,
    ]
}
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
        values = {f.name: np.zeros(f.shape, np.int64) for f in register.fields}
        values[field.name] = values[field.name] + field.limit + 1
        with pytest.raises(FieldRangeError, match=rf"{register.name}\.{field.name}.* is outside"):
            register.encode(values)


@every_register
def test_every_bit_of_a_field_reads_back_where_the_table_says(register):
    for field in register.fields:
        if field.transform is not None:
            continue
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
