"""What lies at an address, and what words there mean.

Oracle: addresses and words of ``docs/reference/words.md``, by hand.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.inspector.errors import InspectError
from firmware_protocol.inspector.lookup import (
    decode,
    decode_messages,
    nearest,
    parse_number,
    places_at,
)


def test_words_are_decoded_with_names_of_choices():
    (found,) = decode(0x1184A8, [0x3E00, 0x3F2E, 0x0040])
    assert found.container.name == "SynapseDriverConfig"
    assert found.coordinate == {"block": "bottom", "idx": 42}
    assert found.fields["row_mode_top"] == "excitatory"
    assert (found.fields["recovery"], found.partial, found.remarks) == (7, (), ())


def test_entries_are_lists():
    (found,) = decode("jtag_pll_register[4]", [0x110D0101])
    assert found.fields["adpll_output"] == ["core_0", "core_0", "core_1", "dco"]


def test_fields_of_missing_words_are_left_out_or_partial():
    (found,) = decode(0x1A1001, [0xCF])
    assert (found.container.name, found.word) == ("NeuronBackendConfig", 1)
    assert found.fields == {}
    assert found.partial == ("address_out", "reset_holdoff", "refractory_time")
    (three,) = decode(0x1A1000, [0xFE, 0xCF, 0xFC])
    assert three.partial == ()
    assert three.fields["address_out"] == 7
    assert "bayesian_operation" not in three.fields


def test_two_results_where_the_fpgas_design_decides():
    names = [found.container.name for found in decode(0x84000001, [5])]
    assert names == ["VectorGeneratorNotificationAddress", "ExternalPPUDRAMMemory"]


@pytest.mark.parametrize(
    ("address", "words", "remark"),
    [
        (0x02401000, [0x80000001], "word 0: bits 0x80000000 mean nothing"),
        (0x110406, [0x0020], "word 2: bits 0x00000020 mean nothing"),
        (0x80000, [0], "pre_div_p0 = 1 is outside 2..4"),
        (0x144000, [0b11], "word 0: bits 0x00000003 mean nothing"),
    ],
)
def test_bits_that_mean_nothing_are_remarked(address, words, remark):
    (found,) = decode(address, words)
    assert remark in found.remarks


@pytest.mark.parametrize(
    ("address", "words", "message"),
    [
        (0x13, [0], "no register is at 0x00000013; the nearest is SystimeSyncBase, at 0x00000001"),
        (0x7FFFFFFF, [0], "the nearest is ExternalPPUMemory, at 0x80000000"),
        (1 << 32, [0], "outside 0..0xffffffff"),
        (-1, [0], "outside"),
        ("jtag_pll_registr[4]", [0], r"near to it are jtag_pll_register\[4\]"),
        ("nowhere", [0], "no register is at 'nowhere'"),
        (0x110404, [1, 2, 3, 4], "SynapseDriverConfig has 3 words from 0x00110404 on, not 4"),
        (0x110404, [1 << 32], "word 0x100000000 is outside"),
    ],
)
def test_what_cannot_be_decoded_is_said(address, words, message):
    with pytest.raises(InspectError, match=message):
        decode(address, words)


@given(st.integers(0, 0xFFFFFFFF))
@settings(max_examples=30)
def test_the_nearest_register_is_one(address):
    found, container = nearest(address)
    assert container.locate(found) is not None


@pytest.mark.parametrize("name", [n for n, c in CONTAINERS.items() if c.symbols is not None])
def test_symbols_lead_to_their_container(name):
    container = CONTAINERS[name]
    for word, label in enumerate(container.labels(tuple(s - 1 for s in container.shape))):
        (place,) = places_at(label)
        assert (place.container, place.word) == (container, word)
        assert place.index == tuple(s - 1 for s in container.shape)


@pytest.mark.parametrize("name", CONTAINERS)
@given(data=st.data())
@settings(max_examples=20)
def test_any_words_decode_somehow(name, data):
    container = CONTAINERS[name]
    index = tuple(data.draw(st.integers(0, axis.size - 1)) for axis in container.axes)
    n = container.register.n_words
    first = data.draw(st.integers(0, n - 1))
    words = data.draw(st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=n - first))
    found = decode(container.labels(index)[first], words)
    mine = [f for f in found if f.container is container]
    assert mine and mine[0].index == index and mine[0].word == first
    assert set(mine[0].fields) | set(mine[0].partial) <= set(container.register.by_name)
    if len(words) == n:
        decoded = container.register.decode(np.array(words, dtype=np.uint32))
        assert mine[0].fields.keys() == decoded.keys()


def test_messages_to_the_fpga_are_named():
    assert decode_messages([0x0A << 56, 0x0A << 56 | 1, 0x04 << 56]) == [
        "system.Loopback halt",
        "system.Loopback tick",
        "timing.Setup",
    ]
    assert decode_messages([0x0B << 56 | 0x1F << 32 | 3, 0x0F << 56 | 1 << 32 | 2]) == [
        "omnibus.Address read 0x00000003 enables 0xf",
        "event.SpikePack3 0x0001 0x0000 0x0002",
    ]
    assert decode_messages([0x03 << 56 | 33 << 40 | 5, 0x05 << 56]) == [
        "jtag.Data payload 0x5 num_bits 0x21 keep 0x0",
        "timing.WaitUntil 0x0",
    ]


@pytest.mark.parametrize("word", [0xFF << 56, 1 << 64, 0x04 << 56 | 1])
def test_what_is_no_message_is_an_error(word):
    with pytest.raises(InspectError, match="no messages to the FPGA"):
        decode_messages([word])


@pytest.mark.parametrize(
    ("text", "number"),
    [("26", 26), ("0x1A", 26), (" 0b11 ", 3), ("0o17", 15), ("007", 7), ("1_000", 1000)],
)
def test_numbers_are_read_in_any_base(text, number):
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text", ["", "x", "0x", "-1", "1.5", "0b2", "1" * 5000, "0x_", "jtag_pll_register[4]"]
)
def test_what_is_no_number_is_none(text):
    assert parse_number(text) is None
