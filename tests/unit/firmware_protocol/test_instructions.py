"""Splitting words to the FPGA, and checked numbers.

Oracle: the message table of ``docs/reference/words.md``.
"""

import numpy as np
import pytest

from firmware_protocol import DecodeError, Program, ProgramError
from firmware_protocol.instructions import (
    Barrier,
    ToFpga,
    member,
    message,
    parse,
    whole_number,
    whole_numbers,
)


def test_a_program_parses_into_what_was_built():
    program = Program()
    program.reset(True)
    program.write([0x10, 0x20], [1, 0xFFFFFFFF])
    program.barrier(Barrier.OMNIBUS)
    program.halt()
    messages = parse(program.words())
    assert [ToFpga(h).name for h in messages.header.tolist()] == [
        "RESET",
        *["OMNIBUS_ADDRESS", "OMNIBUS_DATA"] * 2,
        "BARRIER",
        "LOOPBACK",
    ]
    assert messages.payload.tolist() == [1, 0xF00000010, 1, 0xF00000020, 0xFFFFFFFF, 1, 0]


def test_unknown_headers_are_named_with_their_position():
    words = Program()
    words.halt()
    bad = np.concatenate([words.words(), np.array([16 << 56], np.uint64)])
    with pytest.raises(DecodeError, match=r"word 1: header 0x10 is no message") as caught:
        parse(bad)
    assert caught.value.word_index == 1


def test_payloads_too_large_for_their_message_are_named():
    with pytest.raises(DecodeError, match=r"word 0: payload 0x2 of LOOPBACK exceeds its 1 bits"):
        parse([(ToFpga.LOOPBACK << 56) | 2])


def test_a_message_is_its_header_above_its_payload():
    assert message(ToFpga.RESET, [0, 1]).tolist() == [9 << 56, 9 << 56 | 1]


@pytest.mark.parametrize(
    "values", [5, [5, 0], np.array([7], np.uint8), True, np.uint64(3), [], np.zeros((2, 0))]
)
def test_whole_numbers_keep_their_values_and_shape(values):
    array = whole_numbers("place", values, 7, "remedy")
    assert array.dtype == np.int64
    assert np.array_equal(array, np.asarray(values))
    assert array.shape == np.shape(values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, -3], r"place = -3 is outside 0\.\.7; remedy"),
        ([1, 8], r"place = 8 is outside 0\.\.7; remedy"),
        (1 << 70, r"place = 1180591620717411303424 is outside"),
        (np.uint64(1 << 63), r"place = 9223372036854775808 is outside"),
        ([1, 2.0], r"place = 1\.0 is no whole number \(0\.\.7\); round it first"),
        (float("nan"), r"place = nan is no whole number"),
        (None, r"place = None is no whole number"),
        ("5", r"place = '5' is no whole number"),
    ],
)
def test_what_is_no_whole_number_of_the_range_is_refused(values, message):
    with pytest.raises(ProgramError, match=message):
        whole_numbers("place", values, 7, "remedy")


def test_one_number_is_no_array():
    assert whole_number("place", np.int8(3), 7, "remedy", low=3) == 3
    with pytest.raises(ProgramError, match=r"place = \[1\] is an array \(0\.\.7\); pass one"):
        whole_number("place", [1], 7, "remedy")
    with pytest.raises(ProgramError, match=r"place = 2 is outside 3\.\.7; remedy"):
        whole_number("place", 2, 7, "remedy", low=3)


def test_members_of_an_enumeration_are_offered_by_name():
    assert member("place", ToFpga, 9) is ToFpga.RESET
    with pytest.raises(ProgramError, match=r"place = 16 does not exist; choose JTAG_INIT \(0\)"):
        member("place", ToFpga, 16)
