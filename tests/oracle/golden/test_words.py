"""Register tables against words that the chip vendor's own tests assert.

Oracle: ``vectors.py`` beside this file, facts copied with file and line from the vendor's test
sources.
"""

import numpy as np
import pytest

from firmware_protocol import ChipConfig, Program, catalogue, memory_map
from firmware_protocol.memory_map import ADDRESSES, BLOCKS

from . import vectors

REGISTER_IDS = [f"{row[0]}-{row[-1].split('/')[-1]}" for row in vectors.REGISTERS]


def masked(words, masks):
    full = [0xFFFFFFFF] * len(words) if masks is None else masks
    return [int(w) & m for w, m in zip(words, full, strict=True)]


def instance_positions(block, index):
    """Positions of one instance's words in a configuration image."""
    index = index if isinstance(index, tuple) else (index,)
    return memory_map.locate(BLOCKS[block].addresses[index])


@pytest.mark.parametrize("row", vectors.REGISTERS, ids=REGISTER_IDS)
def test_register_words_and_addresses(row):
    block, index, fields, addresses, words, masks, _ = row
    chip = ChipConfig()
    for name, value in fields.items():
        getattr(chip, block)[name][index] = value
    positions = instance_positions(block, index)
    if addresses is not None:
        assert ADDRESSES[positions].tolist() == addresses
    assert masked(chip.image()[positions], masks) == masked(words, masks)


@pytest.mark.parametrize("row", vectors.REGISTERS, ids=REGISTER_IDS)
def test_decoding_the_vendors_words_returns_the_vendors_fields(row):
    block, index, fields, _, words, masks, _ = row
    image = ChipConfig().image()
    positions = instance_positions(block, index)
    keep = [0] * len(words) if masks is None else [~m & 0xFFFFFFFF for m in masks]
    image[positions] = (image[positions] & np.array(keep, np.uint32)) | np.array(
        masked(words, masks), np.uint32
    )
    decoded = getattr(ChipConfig.from_image(image), block)
    for name, value in fields.items():
        assert np.array_equal(decoded[name][index], value), name


@pytest.mark.parametrize("row", vectors.COLUMNS, ids=lambda row: f"{row[0]}{row[1]}")
def test_a_column_lands_in_the_byte_of_its_quad(row):
    block, index, fields, addresses, words, _ = row
    chip = ChipConfig()
    for name, value in fields.items():
        getattr(chip, block)[name][index] = value
    image = chip.image()
    positions = memory_map.locate(addresses)
    assert np.all(positions >= 0)
    assert image[positions].tolist() == words
    decoded = getattr(ChipConfig.from_image(image), block)
    for name, value in fields.items():
        assert decoded[name][index] == value
        assert decoded[name].sum() == value, "only this column"


@pytest.mark.parametrize(("address", "fields", "word", "source"), vectors.CONTROL)
def test_control_registers(address, fields, word, source):
    (place,) = catalogue.find(address)
    register = place.container.register
    assert register.encode(fields).tolist() == [word], source
    assert {k: int(v) for k, v in register.decode([word]).items()} == fields


def test_addresses_of_reset_and_counters():
    """haldls/tests/sw/haldls/vx/test-neuron.cpp:179, :282 and :337."""
    west_top_23, west_top_22, west_top_21 = 23, 22, 21  # backend block 0, same index
    assert memory_map.neuron_reset_address(west_top_23) == 1187932
    assert memory_map.spike_counter_address(west_top_22) == 1189976
    assert memory_map.spike_counter_address(west_top_21, reset=True) == 1190996


def test_madc_fields_lie_where_the_vendors_test_asserts_them():
    fields = BLOCKS["madc"].register.by_name
    assert fields.keys() == vectors.MADC_LAYOUT.keys()
    for name, (word, lsb, width) in vectors.MADC_LAYOUT.items():
        (piece,) = fields[name].pieces
        assert (piece.word, piece.lsb, piece.bits) == (word, lsb, width), name


@pytest.mark.parametrize(("call", "arguments", "words"), vectors.MESSAGES)
def test_messages_to_the_fpga(call, arguments, words):
    program = Program()
    getattr(program, call)(*arguments)
    assert program.words().tolist() == words


@pytest.mark.parametrize(("labels", "word"), vectors.SPIKE_PACKS)
def test_spike_packs_hold_the_first_label_in_the_most_significant_bits(labels, word):
    program = Program()
    program.setup_timer()
    program.events([1] * len(labels), labels)
    assert program.words()[-1] == word
