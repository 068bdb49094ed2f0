"""A program's words: what means something, and what becomes of the rest.

Oracle: the table of messages (docs/reference/words.md), by hand.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator import EmulatorError
from emulator.log import Log
from emulator.player import words as w
from firmware_protocol.instructions import PLAYBACK_WORDS, ToFpga, parse

HALT = 0x0A << 56
NOTHING = (int(ToFpga.BARRIER), 0)
WRITE, DATA = 0x0B0000_0F_88000009, 0x0C << 56


def read(*words):
    """(header, payload) of each message, whether it is halted, and the notes."""
    log = Log()
    messages, halted = w.messages(np.array(words, np.uint64), 3, log)
    pairs = list(zip(messages.header.tolist(), messages.payload.tolist(), strict=True))
    return pairs, halted, [entry.text for entry in log]


def test_good_words_are_left_alone():
    good = [0x04 << 56, WRITE, DATA | 7, 0x0A << 56 | 1, HALT]
    pairs, halted, notes = read(*good)
    expected = parse(np.array(good, np.uint64))
    assert pairs == list(zip(expected.header.tolist(), expected.payload.tolist(), strict=True))
    assert halted
    assert notes == []


@pytest.mark.parametrize("word", [0x10 << 56, 0x7F << 56 | 5, 0x80 << 56, 0xFF << 56 | 1])
def test_a_word_that_is_no_message_does_nothing_and_keeps_its_place(word):
    pairs, _, notes = read(0x04 << 56, word, HALT)
    assert pairs == [(4, 0), NOTHING, (10, 0)]
    assert notes == ["word 1 is no message to the FPGA (header above 15): ignored"]


def test_bits_beyond_a_payload_are_ignored():
    pairs, _, notes = read(0x05 << 56 | 1 << 40 | 12, HALT)
    assert pairs[0] == (5, 12)
    assert notes == ["word 0 has bits beyond its message's payload: they are ignored"]


def test_half_a_write_does_nothing():
    pairs, _, notes = read(DATA | 1, WRITE, WRITE, DATA | 2, DATA | 3, HALT)
    assert pairs == [NOTHING, NOTHING, (11, WRITE & (1 << 56) - 1), (12, 2), NOTHING, (10, 0)]
    assert notes == [
        "word 0 is omnibus data without an address: ignored (so are 1 more)",
        "word 1 is the address of an omnibus write without data: ignored",
    ]


def test_a_write_that_the_halt_cuts_off_does_nothing():
    assert read(WRITE, HALT, DATA)[0] == [NOTHING, (10, 0)]


def test_words_after_a_halt_are_ignored():
    pairs, halted, notes = read(HALT, 0x04 << 56)
    assert pairs == [(10, 0)]
    assert halted
    assert notes[0].startswith("word 0 is a halt, which ends a run: the words after it are ignored")


def test_a_program_without_halt_is_played_to_its_end():
    pairs, halted, notes = read(0x04 << 56)
    assert pairs == [(4, 0)]
    assert not halted
    assert notes == ["it has no halt, so its end is not reported; append Program.halt()"]
    assert read() == ([], False, notes)


def test_a_program_beyond_the_playback_memory_is_played_and_noted():
    words = np.full(PLAYBACK_WORDS + 1, 0x04 << 56, np.uint64)
    words[-1] = HALT
    log = Log()
    assert w.messages(words, 0, log)[0].header.size == words.size
    assert "longer than the playback memory of 4194304 words" in str(log)
    log = Log()
    w.messages(words[1:], 0, log)
    assert len(log) == 0, "one that just fits is nothing special"


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_whatever_comes_every_message_has_a_known_header_and_a_payload_that_fits(words):
    pairs, _, _ = read(*words)
    for header, payload in pairs:
        parse(np.array([header << 56 | payload], np.uint64))


def test_accesses_are_found_and_cut():
    messages, _ = w.messages(
        np.array([0x04 << 56, WRITE, DATA, 0x0B << 56 | 1 << 36 | 5, HALT], np.uint64), 0, Log()
    )
    accesses = w.Accesses.of(messages)
    assert [column.tolist() for column in accesses] == [[1, 3], [0x88000009, 5], [False, True]]
    assert [column.tolist() for column in accesses.between(2, 5)] == [[1], [5], [True]]


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (np.zeros((2, 2), np.uint64), r"shape \(2, 2\)"),
        (np.zeros(2), "type float64 is no list of words"),
        (np.array([3, -1]), "word 1 is negative"),
        ([3, -1], "pass a list of 64-bit words"),
        ([1 << 64], "pass a list of 64-bit words"),
        ("halt", "pass a list of 64-bit words"),
    ],
)
def test_what_is_no_list_of_words_is_refused(words, text):
    with pytest.raises(EmulatorError, match=text):
        w.as_words(words)


def test_lists_and_other_integers_are_words_too():
    assert w.as_words([1, 1 << 63]).tolist() == [1, 1 << 63]
    assert w.as_words(np.array([5], np.int32)).tolist() == [5]
    assert w.as_words([]).tolist() == []
