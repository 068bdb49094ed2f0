"""Memories, clocks, links and pins.

Oracle: ``docs/reference/coordinates.md`` ("Around the array") evaluated case by case, and the
addresses of the register tables, which were copied from another source.
"""

import pytest

from firmware_protocol import coordinates as c
from firmware_protocol.catalogue import CONTAINERS


def test_ppu_words_are_numbered_processor_by_processor():
    for word in c.PPUMemoryWord.all():
        assert c.PPUMemoryWord.at(word.ppu, word.word) == word
        assert c.PPUMemoryWord.of_byte(word.ppu, word.byte + 3) == word


def test_the_mailbox_is_the_last_kibiword_and_the_exit_code_is_below_it():
    mailbox = [w.word for w in c.PPUMemoryWord.all() if w.is_mailbox and w.ppu == 1]
    assert mailbox == list(c.MAILBOX_WORDS) == list(range(3072, 4096))
    assert c.PPUMemoryWord.at(0, 3072).byte == 0x3000
    assert [w for w in c.PPUMemoryWord.all() if w.is_exit_code] == [3071, 4096 + 3071]
    assert c.EXIT_CODE_WORD == 3071


def test_a_processor_has_16_kibibyte():
    with pytest.raises(c.CoordinateError, match=r"of_byte: byte = 16384 does not exist"):
        c.PPUMemoryWord.of_byte(0, 16384)
    with pytest.raises(c.CoordinateError, match=r"at: word = 4096 does not exist"):
        c.PPUMemoryWord.at(0, 4096)


@pytest.mark.parametrize(
    ("byte", "bits", "enable"),
    [(0, (31, 24), 8), (5, (23, 16), 4), (6, (15, 8), 2), (7, (7, 0), 1)],
)
@pytest.mark.parametrize("kind", [c.ExternalPPUMemoryByte, c.ExternalPPUDRAMByte])
def test_words_beside_the_fpga_are_big_endian(kind, byte, bits, enable):
    place = kind(byte)
    assert (place.bits, place.byte_enable) == (bits, enable)
    assert place.quad == byte // 4
    assert place.quad.byte(place.entry_on_quad) == place


def test_a_word_has_four_bytes():
    with pytest.raises(c.CoordinateError, match=r"byte: entry = 4 does not exist"):
        c.ExternalPPUMemoryQuad(0).byte(4)


def test_jtag_counts_the_phys_the_other_way_round():
    for phy in c.Phy.all():
        assert phy.jtag_register.phy == phy
        label = CONTAINERS["PhyConfigChip"].labels((int(phy),))
        assert label == [f"jtag_phy_register[{int(phy.jtag_register)}]"]


def test_enable_masks_of_the_two_ends_mirror_each_other():
    off = {c.Phy(n) for n in range(4)}  # off -> the chip's mask is 0x0f
    on = set(c.Phy.all()) - off
    assert sum(1 << phy.enable_bit_chip for phy in on) == 0x0F
    assert sum(1 << phy.enable_bit_fpga for phy in on) == 0xF0


def test_pll_registers():
    for pll in c.ADPLL.all():
        assert [register.adpll for register in pll.registers] == [pll, pll]
        addresses = [register.address for register in pll.registers]
        assert addresses == CONTAINERS["ADPLL"].addresses(int(pll)).tolist()
    with pytest.raises(c.CoordinateError, match=r"JTAGPLLRegister\(5\) sets no PLL; those are reg"):
        _ = c.JTAGPLLRegister(5).adpll


def test_dac_channels_and_supplies():
    assert c.DACChannel.named("mux_dac_25") == c.DACChannel.at(dac=0, channel=7)
    assert c.DACChannel.named("vdd12_pll") == c.DACChannel.at(dac=1, channel=5)
    assert all(c.DACChannel.at(ch.dac, ch.channel) == ch for ch in c.DACChannel.all())
    assert all(vdd.dac_channel.vdd == vdd for vdd in c.VDD.all())
    for channel in set(c.DACChannel.all()) - {vdd.dac_channel for vdd in c.VDD.all()}:
        with pytest.raises(c.CoordinateError, match=r"sets no supply voltage; those are channels"):
            _ = channel.vdd
    with pytest.raises(c.CoordinateError, match=r"DACChannel\.at: channel = 8 does not exist"):
        c.DACChannel.at(0, 8)
