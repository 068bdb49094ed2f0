"""JTAG sequences: refusals, tickets, the chip's identity.

Oracle: the layout of a device identification code (IEEE 1149.1); the sequences themselves are
compared with the vendor's in ``tests/oracle/golden/test_messages.py``.
"""

import pytest

from firmware_protocol import LinkError, Program, ProgramError, decode, jtag
from firmware_protocol.instructions import FromFpga
from firmware_protocol.tickets import Stream
from tests.support.messages import stream

GOOD = 0x020B40DD


def test_answers_are_redeemed_by_ticket():
    program = Program()
    first, second = jtag.read_omnibus(program, 3), jtag.exchange(program, 0, 5)
    assert first.stream is Stream.JTAG
    trace = decode(stream((FromFpga.JTAG_DATA, 0x1_CAFE_CAFE), (FromFpga.JTAG_DATA, 0x3F)))
    assert trace.redeem(first).tolist() == [0xCAFECAFE]
    assert trace.redeem(second).tolist() == [0x1F]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: jtag.clock_scaler(p, 256), r"clock scaler = 256 is outside 0\.\.255"),
        (lambda p: jtag.instruction(p, 128), r"instruction = 128 is outside .* 7 bits"),
        (lambda p: jtag.data(p, 0, 2), r"n_bits = 2 is outside 3\.\.33; .*several steps"),
        (lambda p: jtag.exchange(p, 0, 34), r"n_bits = 34 is outside 3\.\.33"),
        (lambda p: jtag.data(p, 8, 3), r"data = 8 is outside 0\.\.7; 3 bits are shifted"),
        (lambda p: jtag.write_omnibus(p, 1 << 32, 0), r"Omnibus address = 4294967296 is outside"),
        (lambda p: jtag.write_omnibus(p, 0, -1), r"Omnibus value = -1 is outside"),
        (lambda p: jtag.read_omnibus(p, 1.5), r"Omnibus address = 1\.5 is no whole number"),
        (lambda p: jtag.write_pll_register(p, 16, 0), r"PLL register = 16 is outside .* 4 bits"),
        (lambda p: jtag.write_pll_register(p, 0, 1 << 32), r"PLL value = 4294967296 is outside"),
        (lambda p: jtag.write_phy_register(p, 8, 0), r"PHY register = 8 is outside .* 8 PHYs"),
        (lambda p: jtag.write_phy_register(p, 0, 1 << 22), r"PHY value = 4194304 .* 22 bits"),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_no_trace(call, message):
    program = Program()
    with pytest.raises(ProgramError, match=message):
        call(program)
    assert len(program) == 0


def test_every_part_of_the_identity_has_its_bits():
    code = jtag.IdCode.of(0b1010 << 28 | 0x1234 << 12 | 0x555 << 1 | 1)
    assert code == jtag.IdCode(version=0b1010, part_number=0x1234, manufacturer_id=0x555)


def test_the_identity_of_our_chip_passes():
    jtag.IdCode.of(GOOD).check()


@pytest.mark.parametrize("word", [0, GOOD - 1])
def test_an_identity_without_its_lowest_bit_means_that_no_chip_answers(word):
    with pytest.raises(LinkError, match=rf"{word:#010x} has bit 0 = 0, .*check its power"):
        jtag.IdCode.of(word)


@pytest.mark.parametrize("word", [0xFFFFFFFF, GOOD | 1 << 28, GOOD ^ 1 << 12, GOOD ^ 2])
def test_another_chip_is_refused(word):
    with pytest.raises(LinkError, match=r"only IdCode\(version=0, part_number=8372, .* is known"):
        jtag.IdCode.of(word).check()
