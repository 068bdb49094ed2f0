"""Entries against the tables: what is right, wrong, and not covered.

Oracle: entries worked out by hand from ``docs/reference/words.md``; each is then spoilt in one
place, which must be found.  The vendor's own entries are in ``tests/system/test_words_check.py``.
"""

import json
import re
from pathlib import Path

import pytest

from firmware_protocol.inspector.check import Outcome, check, check_entry
from firmware_protocol.inspector.check_rows import said_positions

GOLDEN = json.loads(
    (Path(__file__).parents[3] / "oracle" / "golden" / "words.json").read_text(encoding="utf-8")
)


def entry(container, coordinate, fields, addresses, words, **more):
    return {
        "container": container,
        "coordinate": coordinate,
        "fields": fields,
        "addresses": addresses,
        "words": words,
        "source": "by hand",
        "kind": "derived",
        **more,
    }


def golden(container):
    return next(e for e in GOLDEN if e["container"] == container)


DRIVER = entry(
    "SynapseDriverConfig",
    {"block": "top", "idx": 1},
    {"recovery": 8, "row_mode_top": "excitatory"},
    [0x110404, 0x110405, 0x110406],
    [0x3E00, 0x3F21, 0x0040],
)
RIGHT = [
    DRIVER,
    entry("SynapseQuad", {"synram": "top", "row": 1, "quad_column": 3},
          {"entry2": {"weight": 61, "label": 63, "time_calib": 2, "amp_calib": 1}},
          [0x02CF0083, 0x02CF00C3], [0xB700, 0x7F00]),
    entry("ADPLL", {"pll": 1}, {}, [0x80002, 0x80003], [0x2A20A902, 0xC0CBF200]),
    entry("ADPLL", {"ADPLLOnDLS": 0}, {}, ["jtag_pll_register[0]", "jtag_pll_register[1]"],
          [0x2A20A902, 0xC0CBF200], backend="jtag_pll"),
    entry("CommonPhyConfigChip", {}, {"enable_phy": [0, 0, 0, 0, 1, 1, 1, 1]}, [0x40000], [0x0F]),
    entry("JTAGIdCode", {}, {}, ["jtag.id_code"], [0x020B40DD], access="r"),
    entry("CrossbarNode", {"output": 9, "input": 13}, {"target": 1}, [0x130058], [0x10000]),
    entry("Barrier", {}, {"omnibus": True}, ["timing.Barrier"], [1], backend="ut"),
    entry("SpikeCounterRead", {"column": 3, "row": 1}, {"count": 5}, [0x122A0C], None),
    entry("ExternalPPUMemoryByte", {"byte": 5}, {"value": 18}, [0x80000001], [18 << 16],
          byte_enables=[[0, 0, 1, 0]]),
    entry("SynapseRow", {"SynapseRowOnDLS": 268}, {"weights": {"23": 63}, "labels": {"23": 1}},
          [0x03CF0622, 0x03CF0662], [63, 1]),
    entry("CorrelationResetRow", {"synram": 0, "row": 1}, {},
          [0x02C90040 + q for q in range(64)], [0] * 64, access="w"),
    entry("ut:timing.Barrier", {}, {"jtag": 1}, ["to_fpga"], [0x0700000000000002]),
    entry("SPIShiftRegister write", {}, {"value": 0x123456}, ["spi"], [0x12, 0x34, 0x80000056]),
    entry("coordinate", {"CapMemCellOnDLS": 3120 + 7 * 130 + 5},
          {"to": "AtomicNeuronOnDLS", "expected": 133}, [], []),
    entry("coordinate", {"CapMemCellOnDLS": 128}, {"to": "AtomicNeuronOnDLS", "expected": None},
          [], []),
    entry("coordinate", {"CrossbarInputOnDLS": 20}, {"to": "enum", "expected": "domain_error"},
          [], None),
    entry("CommonPhyConfigChip", {}, {}, [0x40000], None,
          bitfields=[{"field": "enable_phy2", "word": 0, "lsb": 5, "width": 1}]),
    entry("NeuronConfig", {"idx": 0, "block": 0}, {}, [0x160002 + w for w in range(6)], None,
          kind="test-layout",
          bitfields=[{"field": "membrane_capacitance", "word": 3, "lsb": 2, "width": 6}]),
]  # fmt: skip


@pytest.mark.parametrize("raw", RIGHT, ids=lambda raw: raw["container"])
def test_an_entry_that_the_tables_say_too_is_right(raw):
    verdict = check_entry(0, raw)
    assert verdict.outcome is Outcome.RIGHT, verdict.lines


SPOILT = [
    (DRIVER, {"words": [0x3E00, 0x3F22, 0x0040]},
     r"entry 5 SynapseDriverConfig: word 1 at 0x00110405: expected 0x00003f22, ours 0x00003f21 "
     r"\(recovery 4 there, 8 ours\)"),
    (DRIVER, {"words": [0x3E00, 0x3F21, 0x10040]}, "ours 0x00000040 .in bits of no field."),
    (DRIVER, {"words": [0x3E00, 0x3F21]}, "expected 2 words, ours are 3: 0x00003e00"),
    (DRIVER, {"words": [0x3E00, 0x3F21, 1 << 40]}, "word 2: expected .*, ours have 32 bits"),
    (DRIVER, {"words": [0x3E00, 0x3F21, "x"]}, r"malformed: words\[2\] = 'x' is no number"),
    (DRIVER, {"words": [1, 0x3F23, 0], "masks": [0, 0xFF, 0]},
     "expected 0x00003f23, ours 0x00003f21 under mask 0x000000ff"),
    (DRIVER, {"addresses": [0x110404, 0x110405, 0x110407]},
     "address 2: expected 0x00110407, ours 0x00110406"),
    (DRIVER, {"addresses": [0x110404]}, "expected 1 addresses, ours are 3: 0x00110404, "),
    (DRIVER, {"addresses": ["a", 0x110405, 0x110406]}, "address 0: expected a, ours 0x00110404"),
    (DRIVER, {"coordinate": {"block": "top", "idx": 2}}, "address 0: .*, ours 0x00110408"),
    (DRIVER, {"coordinate": {"block": "top", "idx": 128}}, r"idx = 128 does not exist; choose 0"),
    (DRIVER, {"coordinate": {"block": "top"}}, "does not say idx"),
    (DRIVER, {"fields": {"recovery": 8}}, "word 1 at .*row_mode_top excitatory there, disabled"),
    (DRIVER, {"fields": {"recover": 8}}, "no field 'recover'; it has utilization, "),
    (DRIVER, {"fields": {"recovery": 16}}, r"recovery = 16 is outside 0\.\.15"),
    (DRIVER, {"access": "r"}, "access: expected 'r', ours 'rw'"),
    (DRIVER, {"backend": "jtag_pll"}, "is reached through omnibus or omnibus_chip_over_jtag"),
    (DRIVER, {"byte_enables": [[1, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1]]},
     "byte enables of word 1: expected 0b1110, ours 0b1111"),
    (DRIVER, {"bitfields": [{"field": "utilization", "word": 0, "lsb": 1, "width": 4}]},
     "utilization: expected 4 bits from bit 1 of word 0, ours 4 from bit 0 of word 0"),
    (DRIVER, {"bitfields": [{"field": "x", "word": 0, "lsb": 1, "width": 4}]}, "no field 'x'"),
    (golden("ResetJTAGTap write"), {"container": "ResetJTAGTap read"},
     "expected a 'r' access, ours is 'w'"),
    (golden("PLLClockOutputBlock"), {"backend": "omnibus"},
     r"address 0: expected jtag_pll_register\[4\], ours 0x00080004"),
    (golden("VectorGeneratorFIFOWord"), {"byte_enables": [[1, 1, 0, 0]]},
     "byte enables of word 0: expected 0b0011, ours 0b1100"),
    (golden("SynapseMatrix"), {"addresses": [47121955]},
     "expected addresses 0x02cf0623, ours are 0x02cf0622"),
    (golden("SynapseMatrix"), {"addresses": [5]}, "expected address 0x00000005, ours are 0x02cf0"),
    (golden("SynapseMatrix"), {"words": [62]}, "word 1604 at .*: expected 0x0000003e, ours 0x0"),
    (golden("SynapseMatrix"), {"words": [62, 1]}, "expected 2 words, ours are 1"),
    (golden("SynapseMatrix"), {"note": "word index 1605"},
     r"expected words \[1605\] of the sequence, ours are \[1604\]"),
    (golden("SynapseMatrix"), {"addresses": []}, "expected no addresses, ours are 32768"),
    (golden("CADCSampleRow"), {"addresses": [49021708, 48759562]}, "ours come in rising order"),
    (golden("CADCSampleRow"), {"backend": "jtag_phy"}, "is reached through omnibus"),
    (golden("CADCSampleRow"), {"byte_enables": [15, 15]}, "byte_enables mean nothing"),
    (golden("CADCSamples"), {"fields": {"causal": {"top,86": 14}}},
     "word 11 of the sequence: expected 0xf, ours 0xe"),
    (golden("CADCSamples"), {"addresses": [46661632, 63438848, 48758786]},
     r"expected words \[0, 1, 2\] of the sequence, ours are \[0, 1, 3\]"),
    (golden("ut:timing.WaitUntil"), {"words": [360287970189639970]},
     "word 0: expected 0x500000000000122, ours 0x500000000000123"),
    (golden("ut:timing.WaitUntil"), {"addresses": ["from_fpga"]}, "expected from_fpga, ours to_f"),
    (golden("ut:timing.WaitUntil"), {"backend": "ut"}, "backend: expected 'ut', ours 'ut64'"),
    (golden("ut:timing.WaitUntil"), {"masks": [1]}, "masks mean nothing for ut:timing.WaitUntil"),
    (golden("ut:timing.WaitUntil"), {"words": []}, "expected 0 words, ours are 1: 0x5000000000"),
    (golden("I2CINA219RwRegister calibration write"), {"words": None}, "nothing to compare"),
    (golden("I2CINA219RwRegister calibration write"), {"words": [18, 53]}, "word 1: expected 0x35"),
    (golden("OmnibusChipOverJTAG read"), {"coordinate": {"address": 4}}, "word 1: expected"),
    (golden("UT dictionary"), {"fields": {"to_fpga": {"4": "timing.Setup size 1"}}},
     "expected 'timing.Setup size 1', ours 'timing.Setup size 0'"),
    (golden("UT dictionary"), {"fields": {"to_fpga": {}}}, "says nothing"),
    (golden("UT dictionary"), {"coordinate": {"x": 1}}, "expected coordinate .*, ours is none"),
    (golden("UT dictionary"), {"words": [1], "addresses": [1]}, "expected addresses and words"),
    (golden("coordinate"), {"fields": {"to": "NeuronEventOutputOnNeuronBackendBlock"}},
     "fields of a coordinate are 'to' .a type. and 'expected'"),
    (golden("coordinate"), {"coordinate": {}}, "no coordinate to convert"),
    (golden("coordinate"), {"coordinate": {"NeuronBackendConfigOnNeuronBackendConfigBlock": 63},
                            "fields": {"to": "NeuronEventOutputOnNeuronBackendBlock",
                                       "expected": 2}},
     "63 to NeuronEventOutputOnNeuronBackendBlock: expected 2, ours 1"),
    (golden("coordinate"), {"coordinate": {"CrossbarInputOnDLS": 8},
                            "fields": {"to": "SPL1Address", "expected": None}},
     "8 to SPL1Address: expected None, ours 0"),
    (golden("coordinate"), {"coordinate": {"CrossbarInputOnDLS": 7},
                            "fields": {"to": "SPL1Address", "expected": 0}},
     "expected 0, ours does not exist: .*is no FPGA link"),
    (golden("coordinate"), {"coordinate": {"CrossbarInputOnDLS": 99},
                            "fields": {"to": "SPL1Address", "expected": None}},
     r"99 does not exist"),
    (golden("coordinate"), {"coordinate": {"SynapseDriverOnSynapseDriverBlock": 23},
                            "fields": {"to": "SynapseRowOnSynram[top,bottom]", "expected": [47]}},
     "expected 1 values, ours are 2"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "change", "message"), SPOILT)
def test_what_the_tables_contradict_is_wrong_and_said(raw, change, message):
    verdict = check_entry(5, {**raw, **change})
    assert verdict.outcome is Outcome.WRONG
    assert all(line.startswith("entry 5 ") for line in verdict.lines)
    assert any(re.search(message, line) for line in verdict.lines), verdict.lines


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"container": "SynapseDriverConfg"}, "near to it are SynapseDriverConfig"),
        ({"coordinate": {"wafer": 1}}, "coordinate 'wafer' of SynapseDriverConfig is unknown"),
        ({"backend": "pigeon"}, "backend 'pigeon' is unknown"),
        ({"container": "ut:timing.Wait"}, "no message is called"),
        (
            {"container": "coordinate", "coordinate": {"WaferOnDLS": 1}, "words": [],
             "addresses": [], "fields": {"to": "enum", "expected": 1}},
            "no coordinate type 'WaferOnDLS'",
        ),
        (
            {"container": "coordinate", "coordinate": {"SynramOnDLS": 1}, "words": [],
             "addresses": [], "fields": {"to": "EntryOnQuad", "expected": 1}},
            "no conversion from SynramOnDLS to 'EntryOnQuad'",
        ),
    ],
)  # fmt: skip
def test_what_the_tables_do_not_know_is_not_covered(change, reason):
    verdict = check_entry(5, {**DRIVER, **change})
    assert verdict.outcome is Outcome.NOT_COVERED
    (line,) = verdict.lines
    assert line.startswith("entry 5 ") and ": not covered: " in line and reason in line


def test_an_address_may_be_hexadecimal_text():
    spelled = {**DRIVER, "addresses": ["0x110404", "0x00110405", 0x110406]}
    assert check_entry(0, spelled).outcome is Outcome.RIGHT
    spelled["addresses"][0] = "0x110405"
    assert check_entry(0, spelled).outcome is Outcome.WRONG


def test_a_report_counts_what_was_compared():
    unknown = {**DRIVER, "container": "Wafer"}
    wrong = {**DRIVER, "words": [1, 2, 3]}
    report = check([DRIVER, unknown, wrong, 5])
    assert report.summary == "3 checked, 2 wrong, 1 not covered"
    assert not report.clean
    assert len(report.lines) == 1 + 3 + 1
    assert check([DRIVER]).clean


def test_a_report_of_nothing_is_not_clean():
    report = check([])
    assert report.summary == "0 checked, 0 wrong, 0 not covered"
    assert not report.clean


def test_masks_hide_only_what_they_leave_out():
    spoilt = {**DRIVER, "words": [0x3E00, 0x3F29, 0x0040]}
    assert check_entry(0, {**spoilt, "masks": [0xFFFF, 0xFFF7, 0xFFFF]}).outcome is Outcome.RIGHT
    assert check_entry(0, {**spoilt, "masks": [0xFFFF, 0x0008, 0xFFFF]}).outcome is Outcome.WRONG


@pytest.mark.parametrize(
    ("note", "positions"),
    [
        ("word index 1604 = 2*(12*64+34)", [1604]),
        ("first, second and 65th read address", [0, 1, 64]),
        ("first three read addresses: trigger top", [0, 1, 2]),
        ("some other read address", None),
        ("read order: causal quad column 0 with trigger", None),
        ("", None),
    ],
)
def test_positions_are_read_from_notes(note, positions):
    assert said_positions(note) == positions
