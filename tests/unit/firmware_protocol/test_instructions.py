"""Splitting words to the FPGA.  Oracle: the message table of ``docs/reference/words.md``."""

import numpy as np
import pytest

from firmware_protocol import DecodeError, Program
from firmware_protocol.instructions import Barrier, ToFpga, parse


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
