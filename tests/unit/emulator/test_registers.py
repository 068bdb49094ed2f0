"""Ways to a register that are no plain write or read: byte enables, polling, JTAG, defaults.

Oracle: ``docs/reference/words.md`` (Omnibus messages, polling, JTAG sequences), by hand.
"""

import numpy as np
import pytest

from emulator import Emulator
from firmware_protocol import Program, ProtocolError, decode, i2c
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import ToFpga, message
from tests.support.emulated import chip, experiment, read_out

TIMEOUT, POLL = 0x88000009, (0x88000006, 0x88000007, 0x88000008)
INS, DATA = ToFpga.JTAG_INSTRUCTION, ToFpga.JTAG_DATA
KEEP = 1 << 48


def run(*parts, emulator=None):
    """Play messages and parts of programs, then halt; the trace."""
    program = Program()
    for part in parts:
        program._append(part if isinstance(part, np.ndarray) else part.words())
    program.halt()
    return decode((emulator or Emulator()).execute(program.words()))


def write(address, value):
    program = Program()
    program.write(address, value)
    return program


def read(*addresses):
    program = Program()
    program.read(addresses)
    return program


def tick():
    return message(ToFpga.LOOPBACK, 1)


@pytest.mark.parametrize(
    ("enables", "expected"),
    [(0b0000, 0x11223344), (0b0001, 0x112233DD), (0b1000, 0xAA223344), (0b0110, 0x11BBCC44)],
)
def test_only_enabled_bytes_are_written(enables, expected):
    """Bit k of the enables stands for bits 8k+7..8k."""
    partial = message(ToFpga.OMNIBUS_ADDRESS, enables << 32 | TIMEOUT)
    data = message(ToFpga.OMNIBUS_DATA, 0xAABBCCDD)
    trace = run(write(TIMEOUT, 0x11223344), partial, data, read(TIMEOUT))
    assert trace.reads.tolist() == [expected]


def test_a_poll_that_is_true_goes_on_and_one_that_is_not_times_out():
    poll = message(ToFpga.POLLING_OMNIBUS_BLOCK, 1)
    setup = write([TIMEOUT, *POLL], [5000, 0x0, 0x12, 0xFF])  # (register 0 & 0xff) == 0x12
    true = run(setup, write(0, 0x3412), tick(), poll, tick())
    assert true.timeouts.size == 0
    assert np.diff(true.ticks)[0] < 200
    false = run(setup, write(0, 0x3413), tick(), poll, tick())
    assert false.timeouts.tolist() == [8 + 2 + 1], "the index of the poll in the program"
    assert 5000 <= np.diff(false.ticks)[0] < 5200


def test_a_poll_may_wait_for_a_difference():
    unequal = message(ToFpga.POLLING_OMNIBUS_BLOCK, 0)
    setup = write([TIMEOUT, *POLL], [5000, 0x0, 0x12, 0xFF])
    assert run(setup, write(0, 0x13), unequal).timeouts.size == 0
    assert run(setup, write(0, 0x12), unequal).timeouts.size == 1


def test_a_poll_in_an_experiment_leaves_the_rest_of_it_alone():
    words = experiment(read_out(chip(), 0), 100)
    plain = decode(Emulator().execute(words))
    poll = message(ToFpga.POLLING_OMNIBUS_BLOCK, 1)  # defaults: (register 0 & 0) == 0, true
    polled = decode(Emulator().execute(np.concatenate([poll, words])))
    assert polled.timeouts.size == 0
    assert polled.spike_label.size == pytest.approx(plain.spike_label.size, abs=1)
    assert polled.madc_value.size == pytest.approx(plain.madc_value.size, abs=2)


def test_the_id_code_of_the_chip_is_read_over_jtag():
    trace = run(message(ToFpga.JTAG_INIT), message(INS, 1), message(DATA, KEEP | 32 << 40))
    assert trace.jtag.tolist() == [0x020B40DD]


def over_jtag(address, value=None):
    """A read, or a write of `value`: address, data, request."""
    first = [message(INS, 5), message(DATA, 33 << 40 | (address | (value is None) << 32))]
    request = [message(INS, 7), message(DATA, 3 << 40)]
    if value is None:
        return [*first, *request, message(INS, 6), message(DATA, KEEP | 32 << 40)]
    return [*first, message(INS, 6), message(DATA, 32 << 40 | value), *request]


def test_registers_of_the_chip_are_reached_over_jtag_too():
    trace = run(*over_jtag(0x100000, 0x1234), read(0x100000), *over_jtag(0x100000))
    assert trace.reads.tolist() == [0x1234]
    assert trace.jtag.tolist() == [0x1234]


def test_registers_of_the_fpga_are_not_on_jtag():
    trace = run(*over_jtag(TIMEOUT, 7), read(TIMEOUT), *over_jtag(TIMEOUT))
    assert trace.reads.tolist() == [1_250_000]
    assert trace.jtag.tolist() == [0]


def test_a_pll_register_written_over_jtag_reads_back_over_the_omnibus():
    target = [message(INS, 3), message(DATA, 4 << 40 | 4)]
    value = [message(INS, 4), message(DATA, 32 << 40 | 0x110D0103)]
    assert run(*target, *value, read(0x80004)).reads.tolist() == [0x110D0103]


def test_nobody_acknowledges_on_the_boards_i2c_bus():
    """Bit 31 of an answer is a missing acknowledge; a 0 would be taken for a temperature."""
    program = Program()
    reading = i2c.read_temperature(program)
    program.halt()
    trace = decode(Emulator().execute(program.words()))
    assert all(word == 1 << 31 for word in trace.reads)
    with pytest.raises(ProtocolError, match="TMP112"):
        reading.redeem(trace)


def test_what_was_never_written_reads_as_its_default():
    names = ("ADPLL", "PhyConfigFPGA", "CapMemSRAMTimingConfig", "InstructionTimeoutConfig")
    for name in names:
        container = CONTAINERS[name]
        index = (0,) * len(container.axes)
        expected = container.register.encode(container.register.defaults()).tolist()
        assert run(read(*container.addresses(*index))).reads.tolist() == expected, name
    assert run(read(0x0E000000)).reads.tolist() == [0], "nobody knows this address"


def test_the_reset_line_resets_the_chip_and_leaves_the_fpga():
    trace = run(
        write([TIMEOUT, 0x80004], [77, 0]), message(ToFpga.RESET, 1), read(TIMEOUT, 0x80004)
    )
    assert trace.reads.tolist() == [77, 0x110D0101]


@pytest.mark.parametrize("seed", [0, 3, (1 << 48) - 1])
def test_the_serial_number_of_the_fpga_tells_chip_seeds_apart(seed):
    dna = CONTAINERS["FPGADeviceDNA"]
    trace = run(read(*dna.addresses()), emulator=Emulator(chip_seed=seed))
    value = int(dna.register.decode(trace.reads)["value"])
    assert value & (1 << 48) - 1 == seed
    assert value >> 48 == 0x155
