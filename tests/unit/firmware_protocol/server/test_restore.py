"""Several clients on one chip.

Oracle: a chip of its own for every client that plays only this client's programs.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_protocol import Connection, DecodeError, LinkError, ProgramError, decode
from firmware_protocol.decoder import encode_trace
from firmware_protocol.instructions import FromFpga, ToFpga
from firmware_protocol.server import restore
from firmware_protocol.server.restore import SharedChip
from tests.support.fake_chip import FakeChip, program

NEURON, RAW, WEIGHTS, UNKNOWN, TIMEOUT = 0x160002, 0x02CF0000, 0x02C00000, 0x1F0000, 0x88000009
LABELS, PPU, DRAM, RECORDING, PADI = 0x02C40000, 0x02800000, 0x84001234, 0x88000005, 0x110000
READABLE = [NEURON, RAW, RAW + 64, WEIGHTS, LABELS, PPU, DRAM, TIMEOUT, RECORDING]


def shared(**options):
    """A chip, and the backend that shares it."""
    chip = FakeChip(**options)
    return chip, SharedChip(lambda: chip)


def reads(answer):
    return decode(answer).reads.tolist()


WRITE = st.tuples(
    st.sampled_from([*READABLE, UNKNOWN]),
    st.integers(0, 0xFFFFFFFF),
    st.sampled_from([15, 15, 15, 1, 6]),
)
STEP = st.tuples(st.sampled_from("abc"), st.lists(WRITE, max_size=5), st.booleans())


@given(st.lists(STEP, max_size=12))
def test_every_client_finds_its_chip_as_if_it_were_alone(steps):
    _, backend = shared()
    tenants = {name: backend.open(name) for name in "abc"}
    alone = {name: FakeChip() for name in "abc"}
    for name, writes, reset in steps:
        words = program(*writes, reset=reset, reads=READABLE)
        assert reads(tenants[name].execute(words)) == reads(alone[name].execute(words))


def test_a_client_sees_no_setting_of_another_even_where_a_reset_clears_nothing():
    _, backend = shared(keeps_memory=True)
    a, b = backend.open("a"), backend.open("b")
    foreign = [NEURON, RAW, RAW + 64, PPU, DRAM, RECORDING]
    fresh = reads(b.execute(program(reads=foreign)))
    a.execute(program(*((address, 1) for address in foreign)))
    assert reads(b.execute(program(reads=foreign))) == fresh == [0] * 6
    assert reads(a.execute(program(reads=foreign))) == [1] * 6


def test_what_a_client_left_behind_is_gone_for_the_next_one():
    _, backend = shared(keeps_memory=True)
    a = backend.open("a")
    a.execute(program((NEURON, 5)))
    a.close()
    assert reads(backend.open("b").execute(program(reads=[NEURON]))) == [0]
    with pytest.raises(LinkError, match="a has left chip fake-0; connect again"):
        a.execute(program())
    a.close()


def test_nothing_is_restored_while_the_same_client_runs():
    chip, backend = shared()
    a = backend.open("a")
    for value in range(3):
        a.execute(program((NEURON, value)))
    assert len(chip.programs) == 4, "one restoring, three programs"


def test_a_restoring_resets_waits_and_sends_settings_before_the_program_runs():
    chip, backend = shared()
    a, b = backend.open("a"), backend.open("b")
    a.execute(program((NEURON, 7), (PADI, 1)))
    b.execute(program())
    a.execute(program())
    restoring, plain = chip.programs[-2:]
    assert int(restoring[0]) == ToFpga.RESET << 56 | 1
    assert int(restoring[-1]) == ToFpga.LOOPBACK << 56
    assert ToFpga.WAIT_UNTIL << 56 | 20_000 * 125 in restoring.tolist()
    assert plain.tolist() == program().tolist()
    assert chip.commands == [(PADI, 1)], "an event is not repeated"


def test_words_of_ones_own_initialise_the_chip():
    chip = FakeChip()
    words = program((TIMEOUT, 4))[:-1]
    backend = SharedChip(lambda: chip, initialise=words)
    assert reads(backend.open("a").execute(program(reads=[TIMEOUT]))) == [4]


def test_a_program_with_an_unclear_effect_is_refused_before_the_chip_sees_it():
    chip, backend = shared()
    a = backend.open("a")
    with pytest.raises(DecodeError, match="is no message to the FPGA"):
        a.execute(np.array([0x77 << 56], np.uint64))
    with pytest.raises(ProgramError, match="omnibus write without data"):
        a.execute(np.array([ToFpga.OMNIBUS_ADDRESS << 56, 0x0A << 56], np.uint64))
    assert chip.programs == []


def test_after_a_failure_everybody_is_restored_on_a_new_connection():
    opened = []

    def connect():
        opened.append(FakeChip())
        return opened[-1]

    backend = SharedChip(connect)
    a, b = backend.open("a"), backend.open("b")
    a.execute(program((NEURON, 7)))
    opened[-1].fails = 1
    with pytest.raises(LinkError, match="cable was pulled"):
        b.execute(program())
    assert opened[0].closed and len(opened) == 1
    assert reads(a.execute(program(reads=[NEURON]))) == [7]
    assert len(opened) == 2


def test_a_program_that_failed_leaves_nothing_to_others():
    chip, backend = shared(keeps_memory=True)
    a, b = backend.open("a"), backend.open("b")
    b.execute(program())
    a.execute(program())
    broken = chip._write
    chip._write = lambda *_: (_ for _ in ()).throw(RuntimeError("defect"))
    with pytest.raises(RuntimeError, match="defect"):
        a.execute(program((NEURON, 1)))
    chip._write = broken
    assert reads(b.execute(program(reads=[NEURON]))) == [0]
    assert int(chip.programs[-2][0]) == ToFpga.RESET << 56 | 1


def test_a_restoring_that_times_out_is_an_error_of_the_link():
    chip, backend = shared()
    cycle, kind = np.arange(2), np.array([FromFpga.TIMEOUT_NOTIFICATION, FromFpga.LOOPBACK])
    timed_out = encode_trace(cycle, kind.astype(np.uint8), np.array([3, 0], np.uint64))
    chip.execute = lambda words: timed_out
    with pytest.raises(LinkError, match="state of a could not be restored, instruction 3 of"):
        backend.open("a").execute(program())


def test_a_client_cannot_dirty_more_registers_than_are_cleaned_up(monkeypatch):
    _, backend = shared()
    monkeypatch.setattr(restore, "MAX_SETTINGS", 2)
    a = backend.open("a")
    a.execute(program((UNKNOWN, 1), (UNKNOWN + 1, 1)))
    with pytest.raises(ProgramError, match="5 registers that it has touched"):
        a.execute(program(*((UNKNOWN + k, 1) for k in range(2, 5)), reset=True))


def test_closing_the_backend_closes_the_chip():
    chip, backend = shared()
    assert isinstance(backend.open("a"), Connection)
    backend.close()
    backend.close()
    assert chip.closed
