"""Which addresses exist and what can be done there.

Oracle: the address map and the access remarks of the chip reference (2.0, 2.4, 2.15), by hand.
"""

import pytest

from emulator import access

R, W = access.READABLE, access.WRITABLE


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (0x160002, R | W),  # neuron SRAM
        (0x02C00000, R | W),  # weights in logical order, an alias of the raw words
        (0x130001, R | W),  # background source: refused by software only
        (0x110002, R | W),  # common STP: refused by software only
        (0x88000009, R | W),  # instruction timeout
        (0x80000000 + 0x7FFF, R | W),  # last word of the external memory
        (0x84000002, R | W),  # trigger of a vector generator, or DRAM: the FPGA's design decides
        (0x88007800 + 0x48, R | W),  # an I2C device
        (0x122000, W),  # neuron reset
        (0x122C00, W),  # reset of a spike counter
        (0x110000, W),  # PADI event
        (0x02C90000, W),  # correlation reset
        (0x02C94000, W),  # neuron reset of a quad
        (0xC0000, W),  # MADC control
        (0x88007001, W),  # SPI: nothing can be read
        (0x122800, R),  # spike counter
        (0x130065, R),  # drop counter
        (0x02C80000, R),  # CADC
        (0x88000003, R),  # serial number
        (0x0E000000, 0),
        (0x80008000, 0),  # behind the external memory
        (0x160000, 0),  # the first two words of a neuron are not used
    ],
)
def test_rights(address, expected):
    assert access.rights([address]).tolist() == [expected]


def test_many_addresses_are_judged_at_once():
    assert access.rights([0x0E000000, 0x122800, 0x122000, 0x160002]).tolist() == [0, R, W, R | W]


@pytest.mark.parametrize(
    ("address", "name", "word"),
    [
        (0x80001, "ADPLL", 1),
        (0x88000008, "PollingOmnibusBlockConfig", 2),
        (0x88020005, "SpikeIOOutputRoute", 0),
        (0x84000000 + 0x10000, "ExternalPPUDRAMMemory", 0),
    ],
)
def test_registers_outside_the_configuration_are_found(address, name, word):
    container, found = access.find(address)
    assert (container.name, found) == (name, word)


def test_nothing_is_found_where_nothing_is():
    assert access.find(0x0E000000) is None
    assert access.find(0xFFFFFFFF) is None
