"""The Omnibus: plain registers, devices, and addresses where nothing is.

Oracle: the address map and access remarks of the chip reference; devices that only keep a record.
"""

import numpy as np
import pytest

from emulator.device import Context
from emulator.log import Log
from emulator.memory import Memory, power_on_image
from emulator.player.bus import Bus
from firmware_protocol import i2c

TIMEOUT, COUNTER, NEURON_RESET, NOBODY = 0x88000009, 0x122800, 0x122000, 0x0E000000
WEIGHT = 0x02C00000


class Recorder:
    """A device at some addresses that writes down what it is asked."""

    def __init__(self, *addresses, answer=None):
        self.addresses, self.answer, self.seen = addresses, answer, []

    def claims(self, address):
        return np.isin(address, self.addresses)

    def write(self, address, value, cycle, context):
        self.seen.append((address, value, cycle, context.memory.read(address)))

    def read(self, address, cycle, context):
        return self.answer

    def reset(self):
        self.seen.append("reset")


class Slow(Recorder):
    """A device whose answers take until cycle 500."""

    changes_with_time = True

    def ready(self, address):
        return 500


def bus(*devices):
    log = Log()
    return Bus(devices, Context(Memory(power_on_image()), lambda: np.zeros(512), log)), log


def texts(log):
    return [(entry.place, entry.text) for entry in log]


def u32(*values):
    return np.array(values, np.uint32)


def test_few_addresses_are_looked_up_as_many_are():
    slow = Slow(COUNTER, TIMEOUT)
    there, _ = bus(Recorder(NEURON_RESET, COUNTER), slow)
    few = np.array([WEIGHT, COUNTER, NEURON_RESET, NOBODY, TIMEOUT, COUNTER])
    many = np.resize(few, 600)
    assert there.claimed(few).tolist() == [False, True, True, False, True, True]
    assert there.slow(few).tolist() == [False, True, False, False, True, True]
    assert np.array_equal(there.claimed(many), np.resize(there.claimed(few), 600))
    assert np.array_equal(there.slow(many), np.resize(there.slow(few), 600))
    assert there.claimed(few[:0]).size == there.slow(few[:0]).size == 0


def test_who_owns_an_address_is_found_once_for_many():
    """A configuration has hundreds of addresses that act; each is written to by itself."""

    class Counting(Recorder):
        asked = 0

        def claims(self, address):
            self.asked += 1
            return super().claims(address)

    first, second = Counting(NEURON_RESET, COUNTER), Counting(COUNTER, answer=7)
    there, _ = bus(first, second)
    there.claimed(np.resize([WEIGHT, COUNTER, NEURON_RESET, NOBODY], 600))
    there.write(NEURON_RESET, 1, 10)
    there.write(COUNTER, 2, 11)
    assert there.read(COUNTER, 12) == 7
    assert (first.asked, second.asked) == (1, 1)
    assert [(address, value) for address, value, *_ in first.seen] == [
        (NEURON_RESET, 1), (COUNTER, 2),
    ]  # fmt: skip
    assert [(address, value) for address, value, *_ in second.seen] == [(COUNTER, 2)]


def test_a_read_waits_for_time_unless_all_owners_have_it_latched():
    class Latch(Recorder):
        def latched(self, address):
            return address == COUNTER

    there, _ = bus(Latch(COUNTER, NEURON_RESET), Recorder(TIMEOUT))
    assert there.latched(COUNTER)
    assert not there.latched(NEURON_RESET)
    assert not there.latched(TIMEOUT)
    both, _ = bus(Latch(COUNTER), Recorder(COUNTER))
    assert not both.latched(COUNTER)


def test_what_is_written_to_a_register_reads_back():
    omnibus, log = bus()
    omnibus.write_plain(u32(TIMEOUT, WEIGHT, TIMEOUT), u32(1, 0x3F, 2), 0)
    assert omnibus.read_plain(u32(TIMEOUT, WEIGHT), 0).tolist() == [2, 0x3F]
    assert omnibus.read(TIMEOUT, 0) == 2
    assert len(log) == 0


def test_an_unknown_address_keeps_nothing_and_reads_as_zero():
    omnibus, log = bus()
    omnibus.write_plain(u32(NOBODY, TIMEOUT), u32(7, 8), 40)
    assert omnibus.read_plain(u32(NOBODY, TIMEOUT), 50).tolist() == [0, 8]
    assert texts(log) == [
        ("register 0xe000000", "write ignored: no register is there"),
        ("register 0xe000000", "reads as 0: no register is there"),
    ]


def test_a_read_only_register_ignores_writes():
    omnibus, log = bus()
    before = omnibus.read(0x88002001, 0)
    omnibus.write(0x88002001, 7, 0)
    assert omnibus.read(0x88002001, 0) == before
    assert texts(log) == [("register 0x88002001", "write ignored: it is read-only")]


def test_a_write_only_register_reads_as_zero_even_after_a_write():
    omnibus, log = bus(Recorder(NEURON_RESET))
    omnibus.write(NEURON_RESET, 7, 0)
    assert omnibus.read(NEURON_RESET, 0) == 0
    assert texts(log) == [("register 0x122000", "reads as 0: it is write-only")]


def test_a_trigger_without_a_device_says_so():
    omnibus, log = bus()
    omnibus.write(NEURON_RESET, 0, 0)
    assert texts(log) == [
        ("register 0x122000", "write ignored: nothing that it would trigger is emulated")
    ]


def test_many_unknown_addresses_do_not_flood_the_log():
    omnibus, log = bus()
    omnibus.write_plain(NOBODY + np.arange(1000, dtype=np.uint32), np.zeros(1000, np.uint32), 0)
    assert len(log) == 9
    assert texts(log)[-1] == ("omnibus", "writes to 992 more addresses ignored")


def test_a_write_goes_to_every_device_that_claims_it_in_order_and_to_the_memory_before():
    first, second, other = Recorder(WEIGHT), Recorder(WEIGHT, COUNTER), Recorder(COUNTER)
    omnibus, _ = bus(first, second, other)
    omnibus.write(WEIGHT, 5, 10)
    assert first.seen == second.seen == [(WEIGHT, 5, 10, 5)]
    assert other.seen == []


def test_the_first_device_with_an_answer_is_read():
    omnibus, _ = bus(Recorder(COUNTER), Recorder(COUNTER, answer=3), Recorder(COUNTER, answer=4))
    assert omnibus.read(COUNTER, 0) == 3


def test_without_an_answer_the_memory_is_read():
    omnibus, _ = bus(Recorder(TIMEOUT))
    assert omnibus.read(TIMEOUT, 0) == 1_250_000
    omnibus.write(TIMEOUT, 9, 0)
    assert omnibus.read(TIMEOUT, 0) == 9


def test_disabled_bytes_keep_their_value_and_no_byte_is_no_write():
    device = Recorder(TIMEOUT)
    omnibus, _ = bus(device)
    omnibus.write(TIMEOUT, 0x11223344, 0)
    omnibus.write(TIMEOUT, 0xAABBCCDD, 1, enables=0b0101)
    omnibus.write(TIMEOUT, 0, 2, enables=0)
    assert [entry[1] for entry in device.seen] == [0x11223344, 0x11BB33DD]


def test_claims_and_what_they_mean_for_time():
    omnibus, _ = bus(Recorder(COUNTER), Slow(NEURON_RESET))
    addresses = np.array([COUNTER, NEURON_RESET, WEIGHT])
    assert omnibus.claimed(addresses).tolist() == [True, True, False]
    assert omnibus.slow(addresses).tolist() == [False, True, False]
    assert [omnibus.is_plain(a) for a in addresses.tolist()] == [False, False, True]
    assert [omnibus.changes_with_time(a) for a in addresses.tolist()] == [False, True, False]
    assert [omnibus.ready(a) for a in addresses.tolist()] == [0, 500, 0]


def test_the_reset_line_reaches_memory_and_devices():
    device = Recorder(COUNTER)
    omnibus, _ = bus(device)
    omnibus.write_plain(u32(WEIGHT, TIMEOUT), u32(5, 6), 0)
    omnibus.reset()
    assert device.seen == ["reset"]
    assert omnibus.read_plain(u32(WEIGHT, TIMEOUT), 0).tolist() == [0, 6]


def test_nobody_answers_on_the_i2c_bus():
    omnibus, log = bus()
    assert omnibus.read_plain(u32(i2c.BASE + 0x48), 0).tolist() == [i2c.NOT_ACKNOWLEDGED]
    assert len(log) == 0


@pytest.mark.parametrize("address", [0x84000005, 0x80000003, 0x880C0001])
def test_memories_of_the_fpga_are_zero_until_written(address):
    omnibus, log = bus()
    assert omnibus.read(address, 0) == 0
    omnibus.write(address, 7, 0)
    assert omnibus.read(address, 0) == 7
    assert len(log) == 0
