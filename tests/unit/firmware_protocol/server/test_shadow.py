"""What a client has set, read off its programs.

Oracle: a chip that remembers registers (tests/support/fake_chip.py) and played the same programs.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import ChipConfig, DecodeError, Program, ProgramError
from firmware_protocol.instructions import ToFpga
from firmware_protocol.server import shadow
from firmware_protocol.server.shadow import Shadow, written
from tests.support.fake_chip import FakeChip, program

NEURON, RAW, WEIGHTS, UNKNOWN, TIMEOUT = 0x160002, 0x02CF0000, 0x02C00000, 0x1F0000, 0x88000009
MADC, RECORDING, PROCESSOR, PADI, SPI = 0xC0000, 0x88000005, 0x02A00000, 0x110000, 0x88007001
NOBODY = np.empty(0, np.uint32)


def writes_of(words):
    """(address, value) of a program's writes, in order."""
    addresses = np.nonzero(words >> np.uint64(56) == ToFpga.OMNIBUS_ADDRESS)[0]
    return [(int(words[i]) & 0xFFFFFFFF, int(words[i + 1]) & 0xFFFFFFFF) for i in addresses]


def after(*programs):
    state = Shadow()
    for words in programs:
        state = state.after(words)
    return state


def test_the_last_word_of_a_register_counts():
    state = after(program((NEURON, 1), (UNKNOWN, 7), (NEURON, 2)), program((NEURON, 3)))
    assert writes_of(state.words(NOBODY)) == [(UNKNOWN, 7), (NEURON, 3)]


ADDRESSES = st.sampled_from([NEURON, RAW, WEIGHTS, RAW + 64, UNKNOWN, TIMEOUT, RECORDING])
WRITE = st.tuples(ADDRESSES, st.integers(0, 0xFFFFFFFF), st.sampled_from([15, 15, 1, 6, 12, 0]))
PROGRAMS = st.lists(st.builds(lambda w, r: program(*w, reset=r), st.lists(WRITE), st.booleans()))


@given(PROGRAMS)
def test_a_chip_set_from_a_shadow_equals_the_one_that_played_the_programs(programs):
    played, restored = FakeChip(), FakeChip()
    for words in programs:
        played.execute(words)
    halt = program()
    restored.execute(np.append(after(*programs).words(NOBODY), halt))
    assert restored.settings() == played.settings()


def test_a_reset_ends_what_was_set_on_the_chip_but_not_in_the_fpga():
    state = after(program((NEURON, 1), (TIMEOUT, 5)), program((NEURON, 2), reset=True))
    assert sorted(writes_of(state.words(NOBODY))) == [(NEURON, 2), (TIMEOUT, 5)]
    state = after(program((NEURON, 1), (TIMEOUT, 5)), program(reset=True))
    assert writes_of(state.words(NOBODY)) == [(TIMEOUT, 5)]


def test_a_reset_counts_where_it_stands_in_the_program():
    reset = np.array([ToFpga.RESET << 56 | 1, ToFpga.RESET << 56], np.uint64)
    words = np.concatenate([program((NEURON, 1))[:-1], reset, program((UNKNOWN, 2))])
    assert writes_of(after(words).words(NOBODY)) == [(UNKNOWN, 2)]


def test_what_starts_something_comes_after_everything_has_settled():
    state = after(program((RECORDING, 1), (PROCESSOR, 1), (NEURON, 1)))
    words = state.words(NOBODY)
    assert writes_of(words) == [(NEURON, 1), (RECORDING, 1), (PROCESSOR, 1)]
    settled = int(np.nonzero(words >> np.uint64(56) == ToFpga.WAIT_UNTIL)[0][0])
    assert int(words[settled]) & 0xFFFFFFFF == 20_000 * 125, "20 ms for the CapMem"
    assert writes_of(words[:settled]) == [(NEURON, 1)]


def test_commands_are_not_repeated():
    state = after(program((PADI, 1), (0x122000, 1), (0x02C90000, 3), (0x122C00, 1)))
    assert writes_of(state.words(NOBODY)) == []


def test_the_converter_is_woken_a_millisecond_before_its_last_word():
    wake, start, stop = 0b110001, 0b110010, 0b010100
    state = after(program((MADC, wake), (MADC, start)), program((MADC, stop), (MADC, start)))
    words = state.words(NOBODY)
    assert writes_of(words) == [(MADC, wake), (MADC, start)]
    waits = words[words >> np.uint64(56) == ToFpga.WAIT_UNTIL] & np.uint64(0xFFFFFFFF)
    assert waits.tolist() == [20_000 * 125, 1000 * 125]
    assert writes_of(state.after(program((MADC, wake))).words(NOBODY)) == [(MADC, wake)]
    assert writes_of(after(program((MADC, stop))).words(NOBODY)) == [], "it sleeps already"


def test_bus_transactions_are_repeated_word_by_word_reads_included():
    state = after(program((SPI, 1), (NEURON, 2), (SPI, 1), reads=[0x88007840, NEURON]))
    words = state.words(NOBODY)
    assert writes_of(words)[:2] == [(SPI, 1), (SPI, 1)]
    is_read = (words >> np.uint64(36)) == (ToFpga.OMNIBUS_ADDRESS << 20 | 1)
    assert (words[is_read] & np.uint64(0xFFFFFFFF)).tolist() == [0x88007840]


def test_jtag_is_repeated_word_by_word_until_the_next_reset():
    jtag = np.array([ToFpga.JTAG_INSTRUCTION << 56 | 3, ToFpga.JTAG_DATA << 56 | 5], np.uint64)
    state = after(np.append(jtag, program((SPI, 1))))
    assert state.words(NOBODY)[2:4].tolist() == jtag.tolist()
    after_reset = state.after(program(reset=True))
    assert writes_of(after_reset.words(NOBODY)) == [(SPI, 1)]
    assert not np.isin(jtag, after_reset.words(NOBODY)).any()


def test_what_others_left_gets_its_default_unless_it_is_set_anyway():
    state = after(program((NEURON, 9)))
    left = np.array([NEURON, 0x110400], np.uint32)
    assert writes_of(state.words(left)) == [(0x110400, 0x3E00), (NEURON, 9)]
    partly = after(program((NEURON, 9, 1)))
    assert writes_of(partly.words(left)) == [(0x110400, 0x3E00), (NEURON, 0), (NEURON, 9)]


def test_a_whole_configuration_fits():
    config = Program()
    config.write(shadow.memory_map.ADDRESSES, ChipConfig().image())
    config.halt()
    assert after(config.words()).keys.size == shadow.memory_map.ADDRESSES.size


def test_written_names_settings_but_no_commands_and_buses():
    words = program((NEURON, 1), (RECORDING, 1), (PADI, 1), (SPI, 1), (NEURON, 2))
    assert written(words).tolist() == [NEURON, RECORDING]


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        ([0x77 << 56], DecodeError, "header 0x77 is no message to the FPGA"),
        ([ToFpga.OMNIBUS_ADDRESS << 56, 0x0A << 56], ProgramError, "word 0: omnibus write without"),
        ([0x0A << 56, ToFpga.OMNIBUS_DATA << 56], ProgramError, "word 1: data without address"),
    ],
)
def test_words_whose_effect_is_unclear_are_refused(words, error, message):
    with pytest.raises(error, match=message):
        after(np.array(words, np.uint64))


def test_a_state_that_outgrows_what_is_remembered_is_refused(monkeypatch):
    monkeypatch.setattr(shadow, "MAX_SETTINGS", 3)
    monkeypatch.setattr(shadow, "MAX_TRANSACTIONS", 3)
    with pytest.raises(
        ProgramError, match="4 registers that it has set, a shared chip restores up"
    ):
        after(program(*((UNKNOWN + k, 1) for k in range(4))))
    with pytest.raises(ProgramError, match="4 words to board devices and JTAG"):
        after(program((SPI, 1), (SPI, 1)))
