"""I2C and SPI transfers told as Omnibus accesses.

Oracle: I2C window at 0x88007800 (stop flag 0x80), SPI at 0x88007000 (stop bit 31 of the value),
and the transfers of "Board" in ``docs/reference/words.md``, by hand.
"""

import pytest

from firmware_protocol.errors import ProgramError
from firmware_protocol.inspector.errors import InspectError
from firmware_protocol.inspector.sequences import sequence_of

STOP = 0x80000000

# name, coordinate, fields, addresses, words
TRANSFERS = [
    (
        "I2CIdRegister read",
        {},
        {},
        ["w:0x88007850", *["r:0x88007850"] * 3, "r:0x880078d0"],
        [0xFC],
    ),
    (
        "I2CTempRegister read",
        {},
        {},
        ["w:0x88007848", "r:0x88007848", "r:0x880078c8"],
        [0],
    ),
    (
        "I2CDAC6573RwRegister write",
        {"channel": 2},
        {"value": 1018},
        ["w:0x8800784c", "w:0x8800784c", "w:0x880078cc"],
        [0x14, 0xFE, 0x80],
    ),
    (
        "I2CAD5252RwRegister read",
        {"channel": "vdd_12madc", "register": "eemem_persistent"},
        {},
        ["w:0x8800782d", "r:0x880078ad"],
        [0x23],
    ),
    (
        "I2CTCA9554RwRegister write",
        {"register": "polarity"},
        {"value": 85},
        ["w:0x88007838", "w:0x880078b8"],
        [2, 85],
    ),
    ("I2CTCA9554RoRegister read", {}, {}, ["w:0x88007838", "r:0x880078b8"], [0]),
    (
        "I2CINA219RwRegister calibration write",
        {"monitor": 1},
        {"value": 0x1234},
        ["w:0x88007841", "w:0x88007841", "w:0x880078c1"],
        [5, 0x12, 0x34],
    ),
    (
        "I2CINA219RoRegister read",
        {"register": "bus_voltage"},
        {},
        ["w:0x88007840", "r:0x88007840", "r:0x880078c0"],
        [2],
    ),
    (
        "SPIShiftRegister write",
        {},
        {"value": 0x123456},
        ["w:0x88007001"] * 3,
        [0x12, 0x34, STOP | 0x56],
    ),
    (
        "SPIDACDataRegister write",
        {"dac": 1, "channel": 3},
        {"value": 0xABC},
        ["w:0x88007004"] * 4,
        [0x3A, STOP | 0xBC, 0xA0, STOP | 2],
    ),
    (
        "SPIDACDataRegister write",
        {"channel": "vdd12_madc"},
        {"value": 0},
        ["w:0x88007004"] * 4,
        [0x40, STOP, 0xA0, STOP | 2],
    ),
    (
        "SPIDACControlRegister write",
        {"dac": 0, "register": "power_down"},
        {"value": 0xF0},
        ["w:0x88007002"] * 2,
        [0xC0, STOP | 0xF0],
    ),
]


@pytest.mark.parametrize(("name", "at", "fields", "addresses", "words"), TRANSFERS)
def test_a_transfer_is_a_list_of_accesses(name, at, fields, addresses, words):
    found = sequence_of(name, at, fields)
    assert (found.addresses, found.words) == (addresses, words)
    assert found.access == name[-len("write") :].strip()[0]
    assert found.backend == ("omnibus-spi" if name.startswith("SPI") else "omnibus-i2c")


@pytest.mark.parametrize(
    ("name", "at", "fields", "error", "message"),
    [
        ("I2CDAC6573RwRegister read", {}, {}, InspectError, "lacks 'channel'"),
        ("I2CDAC6573RwRegister read", {"channel": 4}, {}, ProgramError, "channel = 4"),
        ("I2CDAC6573RwRegister read", {"channel": "vdd"}, {}, InspectError, "choose v_reset"),
        ("I2CAD5252RwRegister read", {"channel": 9}, {}, ProgramError, "channel = 9"),
        ("I2CTCA9554RwRegister write", {"register": "inputs"}, {"value": 1}, ProgramError, "read"),
        ("I2CINA219RoRegister bus_voltage write", {}, {"value": 1}, ProgramError, "only be read"),
        (
            "I2CINA219RwRegister calibration write",
            {"register": 4},
            {"value": 1},
            InspectError,
            "says register 4, expected 5",
        ),
        ("SPIShiftRegister write", {}, {"value": 1 << 24}, ProgramError, "outside"),
        ("SPIDACDataRegister write", {"dac": 2, "channel": 0}, {"value": 0}, ProgramError, "dac"),
        ("SPIShiftRegister write", {"dac": 2}, {"value": 0}, InspectError, "has no 'dac'"),
    ],
)
def test_what_is_wrong_is_said(name, at, fields, error, message):
    with pytest.raises(error, match=message):
        sequence_of(name, at, fields)
