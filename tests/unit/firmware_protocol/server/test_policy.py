"""Which registers are restored.  Oracle: docs/reference/words.md, addresses typed again here."""

import numpy as np
import pytest

from firmware_protocol import memory_map
from firmware_protocol.server.policy import EXCEPTIONS, Kind, kinds, undo


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        (0x160002, Kind.SETTING),  # neuron configuration
        (0x140000, Kind.SETTING),  # CapMem
        (0x02CF0000, Kind.SETTING),  # synapses
        (0x02800000, Kind.SETTING),  # a processor's memory
        (0x88000009, Kind.SETTING),  # instruction time-out
        (0xDEADBEE, Kind.SETTING),  # nobody knows it
        (0x110000, Kind.COMMAND),  # PADI event
        (0x118000, Kind.COMMAND),
        (0x122000, Kind.COMMAND),  # neuron resets
        (0x12A3FC, Kind.COMMAND),
        (0x122400, Kind.COMMAND),  # post pulse
        (0x122C00, Kind.COMMAND),  # spike counter reset
        (0x02C90000, Kind.COMMAND),  # correlation reset
        (0x03C9403F, Kind.COMMAND),  # neuron reset by quad
        (0x02C80000, Kind.COMMAND),  # CADC samples
        (0x130065, Kind.COMMAND),  # crossbar counters
        (0x02A00001, Kind.COMMAND),  # processor status
        (0x88000003, Kind.COMMAND),  # FPGA identity
        (0x02A00000, Kind.STARTER),  # processor control
        (0x130001, Kind.STARTER),  # background source: enable
        (0x130002, Kind.SETTING),  # background source: seed
        (0x88000005, Kind.STARTER),  # event recording
        (0xC0000, Kind.CONVERTER),  # MADC control
        (0xC0001, Kind.SETTING),  # MADC configuration
        (0x88007001, Kind.TRANSACTION),  # SPI
        (0x88007A00, Kind.TRANSACTION),  # I2C prescaler
    ],
)
def test_a_register_is_restored_as_its_nature_demands(address, kind):
    assert Kind(int(kinds([address])[0])) is kind


def test_every_exception_has_a_reason():
    assert all(entry.reason for entry in EXCEPTIONS)


def test_no_register_of_a_configuration_is_lost():
    found = kinds(memory_map.ADDRESSES)
    assert set(np.unique(found).tolist()) <= {Kind.SETTING, Kind.STARTER}


def test_undoing_gives_registers_the_value_of_a_new_container():
    wanted = {
        0x110400: 0x3E00,  # synapse driver: compare mask all ones
        0x1A1002: 0xBC,  # neuron backend
        0x88000009: 1_250_000,  # 10 ms
        0x88006003: 0x204040,  # a link's physical layer
        0x80000010: 0,  # external memory
        0x84000010: 0,
        0x02C00000: 0,  # weights
    }
    addresses, values = undo(np.array(sorted(wanted), np.uint32))
    assert dict(zip(addresses.tolist(), values.tolist(), strict=True)) == wanted


def test_what_no_table_knows_is_left_to_the_reset_line_which_the_fpga_has_not():
    addresses, values = undo(np.array([0x1F0000, 0x160002, 0x8800F000], np.uint32))
    assert addresses.tolist() == [0x160002, 0x8800F000] and values.tolist() == [0, 0]
