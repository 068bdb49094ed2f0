"""Instances of containers: addresses, words, byte enables, and ways to reach them.

Oracle: numbers of ``docs/reference/words.md`` and of the vendor's tests, by hand.
"""

import pytest

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import CoordinateError
from firmware_protocol.errors import FieldRangeError
from firmware_protocol.inspector.errors import InspectError, NotCovered
from firmware_protocol.inspector.instances import Instance, symbols, usual_backends


def test_words_and_addresses_of_an_instance():
    at = {"block": "bottom", "idx": 42}
    instance = Instance.of("SynapseDriverConfig", at, {"row_address_compare_mask": 31})
    assert instance.addresses() == [0x1184A8, 0x1184A9, 0x1184AA]
    assert instance.words() == [0x3E00, 0x3F00, 0x0040]
    assert instance.byte_enables() == [0xF, 0xF, 0xF]
    assert instance.coordinate == {"block": "bottom", "idx": 42}


def test_the_plls_registers_have_symbols_over_jtag():
    block = Instance.of("PLLClockOutputBlock", {}, {}, "jtag_pll")
    assert (block.addresses(), block.words()) == (["jtag_pll_register[4]"], [0x110D0101])
    second = Instance.of("ADPLL", {"pll": 1}, {}, "jtag_pll")
    assert second.addresses() == ["jtag_pll_register[2]", "jtag_pll_register[3]"]


@pytest.mark.parametrize(
    ("byte", "address", "word", "enables"),
    [(0, 0x80000000, 0x12000000, 0b1000), (7, 0x80000001, 0x12, 0b0001)],
)
def test_a_byte_of_external_memory_is_a_word_with_one_enable(byte, address, word, enables):
    instance = Instance.of("ExternalPPUMemoryByte", {"byte": byte}, {"value": 0x12})
    assert instance.addresses() == [address]
    assert instance.words() == [word]
    assert instance.byte_enables() == [enables]


@pytest.mark.parametrize(
    ("name", "backends"),
    [
        ("NeuronConfig", ("omnibus", "omnibus_chip_over_jtag")),
        ("PhyConfigFPGA", ("omnibus",)),
        ("ADPLL", ("omnibus", "omnibus_chip_over_jtag", "jtag_pll")),
        ("PhyConfigChip", ("jtag_phy",)),
        ("AD5252ChannelConfigPersistent", ("i2c_ad5252",)),
        ("Barrier", ("ut",)),
        ("NullPayloadReadable", ("ut",)),
        ("DACControl", ("spi_dac",)),
    ],
)
def test_how_a_container_is_reached(name, backends):
    assert usual_backends(CONTAINERS[name]) == backends


def test_every_container_is_reached_somehow():
    assert all(usual_backends(container) for container in CONTAINERS.values())


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("NeuronConfg", {}, {}), NotCovered, r"called 'NeuronConfg'; near to it are NeuronConfig"),
        (("CADCConfig", {"synram": 3}, {}), CoordinateError, "does not exist"),
        (("CADCConfig", {"synram": 0}, {"enable": 2}), FieldRangeError, "outside"),
        (("CADCConfig", {"synram": 0}, {}, "jtag_pll"), InspectError, r"through omnibus or"),
        (("CADCConfig", {"synram": 0}, {}, "carrier pigeon"), NotCovered, "is unknown"),
        (("ExternalPPUMemoryByte", {"byte": 1 << 17}, {"value": 1}), CoordinateError, "exist"),
        (("ExternalPPUMemoryByte", {"byte": 1}, {"bytes": 1}), InspectError, "'value'"),
        (("ExternalPPUMemoryByte", {"quad": 1}, {"value": 1}), NotCovered, "it has byte"),
    ],
)
def test_what_is_wrong_is_said(arguments, error, message):
    with pytest.raises(error, match=message):
        Instance.of(*arguments)


def test_words_that_contradict_the_fields_are_named():
    instance = Instance.of("CADCConfig", {"synram": 0}, {"reset_wait": 12})
    assert instance.contradictions([0xC0]) == []
    (problem,) = instance.contradictions([0xD1])
    assert problem == "the words decode to reset_wait = 13, expected 12"
    assert instance.fields_that_differ([0xC1]) == [
        "enable 1 there, 0 ours",
        "dead_time 0 there, 20 ours",
    ]


def test_every_symbol_leads_back_to_its_container():
    found = symbols()
    container, index, word = found["jtag_phy_register[3]"]
    assert (container.name, index, word) == ("PhyConfigChip", (4,), 0)
    assert found["jtag_pll_register[3]"][1:] == ((1,), 1)
    assert found["timing.Barrier"][0].name == "Barrier"
    named = [c for c in CONTAINERS.values() if c.symbols is not None]
    assert {c.name for c in named} <= {c.name for c, _, _ in found.values()}
