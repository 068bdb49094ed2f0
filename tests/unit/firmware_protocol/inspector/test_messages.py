"""Messages to the FPGA as words, and sequences told as payloads.

Oracle: the message dictionary (header in bits 63..56, payload right aligned) and the sequences of
"Messages to the FPGA" in ``docs/reference/words.md``, by hand.
"""

import pytest

from firmware_protocol.errors import ProgramError, ProtocolError
from firmware_protocol.inspector.errors import InspectError, NotCovered
from firmware_protocol.inspector.messages import (
    TO_FPGA_NAMES,
    dictionary_problems,
    is_word,
    same_word,
    vendor_message_name,
)
from firmware_protocol.inspector.sequences import sequence_of

# name, coordinate, fields, words
MESSAGES = [
    ("ut:jtag.Init", {}, {}, [0]),
    ("ut:jtag.Scaler", {}, {"value": 12}, [0x01 << 56 | 12]),
    ("ut:jtag.Ins", {}, {"value": 6}, [0x02 << 56 | 6]),
    ("ut:jtag.Ins", {}, {"instruction": "OMNIBUS_DATA"}, [0x02 << 56 | 6]),
    (
        "ut:jtag.Data",
        {},
        {"payload": 5, "num_bits": 33, "keep": 1},
        [0x03 << 56 | 1 << 48 | 33 << 40 | 5],
    ),
    ("ut:timing.Setup", {}, {}, [0x04 << 56]),
    ("ut:timing.WaitUntil", {}, {"value": 291}, [0x05 << 56 | 291]),
    ("ut:timing.SystimeInit", {}, {}, [0x06 << 56 | 1]),
    ("ut:timing.Barrier", {}, {"omnibus": 1, "systime": 1}, [0x07 << 56 | 5]),
    ("ut:timing.PollingOmnibusBlock", {}, {"enable_expects_equality": 0}, [0x08 << 56]),
    ("ut:system.Reset", {}, {"reset": 1}, [0x09 << 56 | 1]),
    ("ut:system.Loopback halt", {}, {}, [0x0A << 56]),
    ("ut:system.Loopback tick", {}, {}, [0x0A << 56 | 1]),
    (
        "ut:omnibus write",
        {"address": 3},
        {"value": 12, "byte_enables": 5},
        [0x0B << 56 | 5 << 32 | 3, 0x0C << 56 | 12],
    ),
    ("ut:omnibus read", {"address": 3}, {}, [0x0B << 56 | 0x1F << 32 | 3]),
    ("ut:event SpikePack1", {}, {"labels": [0x1234]}, [0x0D << 56 | 0x1234]),
    ("ut:event SpikePack3", {}, {"labels": [1, 2, 3]}, [0x0F << 56 | 1 << 32 | 2 << 16 | 3]),
]


@pytest.mark.parametrize(("name", "at", "fields", "words"), MESSAGES)
def test_a_message_is_a_header_and_a_payload(name, at, fields, words):
    found = sequence_of(name, at, fields)
    assert found.words == words
    assert found.addresses == ["to_fpga"] * len(words)
    assert found.backend == "ut64"


@pytest.mark.parametrize(("name", "at", "fields", "words"), MESSAGES)
def test_the_fields_are_read_back_from_the_words(name, at, fields, words):
    meant = sequence_of(name, at, fields).read_back(words)
    said = {k: v for k, v in {**at, **fields}.items() if k in meant and not isinstance(v, str)}
    assert {key: meant[key] for key in said} == said


def data(payload, num_bits, keep=0):
    return {"payload": payload, "num_bits": num_bits, "keep": keep}


SEQUENCES = [
    (
        "OmnibusChipOverJTAG write",
        {"address": 3},
        {"value": 12},
        ["jtag.Ins", "jtag.Data"] * 3,
        [
            "OMNIBUS_ADDRESS(5)",
            data(3, 33),
            "OMNIBUS_DATA(6)",
            data(12, 32),
            "OMNIBUS_REQUEST(7)",
            data(0, 3),
        ],
        "w",
    ),
    (
        "JTAGPLLRegister write",
        {"JTAGPLLRegisterOnDLS": 4},
        {"value": 5},
        ["jtag.Ins", "jtag.Data"] * 2,
        ["PLL_TARGET_REGISTER(3)", data(4, 4), "SHIFT_PLL(4)", data(5, 32)],
        "w",
    ),
    (
        "JTAGPhyRegister write",
        {"register": 3},
        {"value": 0x204000},
        ["jtag.Ins", "jtag.Data"],
        [0x40 | 3 << 3 | 4, data(0x204000, 22)],
        "w",
    ),
    (
        "JTAGIdCode read",
        {},
        {},
        ["jtag.Ins", "jtag.Data"],
        ["IDCODE(1)", data(0, 32, 1)],
        "r",
    ),
    (
        "Omnibus write (fisch)",
        {"address": 3},
        {"value": 12, "byte_enables": 0},
        ["omnibus.Address", "omnibus.Data"],
        [3, 12],
        "w",
    ),
    ("Omnibus read", {"address": 3}, {}, ["omnibus.Address"], [0x1F00000003], "r"),
]


@pytest.mark.parametrize(("name", "at", "fields", "addresses", "words", "access"), SEQUENCES)
def test_a_sequence_is_told_as_payloads(name, at, fields, addresses, words, access):
    found = sequence_of(name, at, fields)
    assert (found.addresses, found.words, found.access) == (addresses, words, access)


def test_a_container_is_no_sequence():
    assert sequence_of("ResetJTAGTap write", {}, {}) is None
    assert sequence_of("NeuronConfig", {}, {}) is None


@pytest.mark.parametrize(
    ("name", "at", "fields", "error", "message"),
    [
        ("ut:timing.Wait", {}, {}, NotCovered, r"called 'timing\.Wait'; those to the FPGA are"),
        ("ut:omnibus.Data", {}, {}, NotCovered, "omnibus write"),
        ("ut:timing.WaitUntil", {}, {}, InspectError, "lacks 'value'"),
        ("ut:timing.WaitUntil", {}, {"value": 1 << 32}, ProtocolError, "outside"),
        ("ut:timing.WaitUntil", {}, {"value": "1"}, InspectError, "is no whole number"),
        ("ut:timing.WaitUntil", {"x": 1}, {"value": 1}, InspectError, r"has no 'x' \(coordinate\)"),
        ("ut:timing.Setup", {}, {"value": 1}, InspectError, r"has no 'value' \(fields\)"),
        ("ut:event SpikePack2", {}, {"labels": [1]}, InspectError, "write a list of 2"),
        ("ut:event SpikePack1", {}, {"labels": ["1"]}, InspectError, "no whole numbers"),
        ("ut:event SpikePack1", {}, {"labels": [1 << 16]}, ProgramError, "outside"),
        ("ut:jtag.Data", {}, {"payload": 8, "num_bits": 3}, ProgramError, "outside"),
        ("ut:jtag.Ins", {}, {"value": "JUMP"}, InspectError, "is unknown; choose extest"),
        ("OmnibusChipOverJTAG read", {"address": 1 << 31}, {}, ProgramError, "outside"),
        ("Omnibus read", {}, {}, InspectError, "lacks 'address'"),
        ("Omnibus read", {"address": True}, {"value": 1}, InspectError, "has no 'value'"),
        ("JTAGPLLRegister write", {"register": 1, "enum": 1}, {}, InspectError, "mean the same"),
    ],
)
def test_what_is_wrong_is_said(name, at, fields, error, message):
    with pytest.raises(error, match=message):
        sequence_of(name, at, fields)


def test_an_instruction_may_be_written_by_name_number_or_both():
    for written in ("OMNIBUS_DATA(6)", "omnibus data", 6):
        assert same_word(written, "OMNIBUS_DATA(6)")
    for written in ("OMNIBUS_DATA(5)", "OMNIBUS_ADDRESS(6)", 5, True, {"payload": 6}):
        assert not same_word(written, "OMNIBUS_DATA(6)")
    assert same_word(3, 3)
    assert not same_word(True, 1)
    assert not same_word("3", 3)


def test_what_may_be_a_word():
    assert all(is_word(w) for w in (0, "OMNIBUS_DATA(6)", {"payload": 1}))
    assert not any(is_word(w) for w in (True, None, 1.5, [1], {"payload": "1"}))


def test_dictionaries_are_compared_by_name_and_size():
    good = {"to_fpga": {"4": "timing.Setup size 0", "3": "to_fpga_jtag.Data size 56"}}
    assert dictionary_problems(good) == (2, [])
    wrong = {"from_fpga": {"0": "jtag Data size 32", "99": "jtag Data size 33"}}
    n, problems = dictionary_problems(wrong)
    assert n == 2
    assert problems[0].endswith("expected 'jtag Data size 32', ours 'jtag.Data size 33'")
    assert problems[1].endswith("ours 'no message'")


@pytest.mark.parametrize(
    "fields",
    [{"fpga": {}}, {"to_fpga": 1}, {"to_fpga": {"4": "timing.Setup"}}, {"to_fpga": {"4": 0}}],
)
def test_a_dictionary_that_cannot_be_read_is_an_error(fields):
    with pytest.raises(InspectError, match=r"unknown; write|cannot be read"):
        dictionary_problems(fields)


def test_names_of_messages_are_unique():
    assert len(set(TO_FPGA_NAMES.values())) == len(TO_FPGA_NAMES) == 16
    assert vendor_message_name("event SpikePack1") == "event.SpikePack1"
