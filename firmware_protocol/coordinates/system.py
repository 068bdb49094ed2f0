"""Memories, clocks, links and pins: what is around the array.

Source: halco (ppu.h, fpga.h, highspeed_link.h, jtag.h, pll.h, readout.h, xboard.h, v3), read on
2026-11-21 (``docs/reference/coordinates.md``).
"""

from __future__ import annotations

from typing import ClassVar, Self

from .base import PPU, Coordinate, CoordinateError, check_part

N_WORDS_ON_PPU = 4096
"""16 KiB of memory per processor."""
MAILBOX_WORDS = range(3072, 4096)
"""Words of a PPU's memory that are the mailbox; the stack grows down from below it."""
EXIT_CODE_WORD = 3071
"""Word of a PPU's memory that holds what the program returned."""
BYTES = 4
"""Bytes of a word."""
PLL_BASE = 0x80000
N_PHYS = 8


class PPUMemoryWord(Coordinate):
    """A word of the processors' memories: ppu*4096 + word."""

    size = PPU.size * N_WORDS_ON_PPU

    @classmethod
    def at(cls, ppu: int, word: int) -> PPUMemoryWord:
        """The word 0..4095 of a processor."""
        checked = check_part("PPUMemoryWord.at: word", word, N_WORDS_ON_PPU)
        return cls(int(PPU(ppu)) * N_WORDS_ON_PPU + checked)

    @classmethod
    def of_byte(cls, ppu: int, byte: int) -> PPUMemoryWord:
        """The word in which a byte address 0..16383 of a processor lies."""
        place = "PPUMemoryWord.of_byte: byte"
        return cls.at(ppu, check_part(place, byte, N_WORDS_ON_PPU * BYTES) // BYTES)

    @property
    def ppu(self) -> PPU:
        """Its processor."""
        return PPU(int(self) // N_WORDS_ON_PPU)

    @property
    def word(self) -> int:
        """Its number there, 0..4095."""
        return int(self) % N_WORDS_ON_PPU

    @property
    def byte(self) -> int:
        """The processor's address of its first byte."""
        return self.word * BYTES

    @property
    def is_mailbox(self) -> bool:
        """Whether it is part of the mailbox."""
        return self.word in MAILBOX_WORDS

    @property
    def is_exit_code(self) -> bool:
        """Whether it holds what the program returned."""
        return self.word == EXIT_CODE_WORD


class _Byte(Coordinate):
    """A byte of memory beside the FPGA; words are big-endian."""

    @property
    def entry_on_quad(self) -> int:
        """Its place in its word: 0 is the most significant byte."""
        return int(self) % BYTES

    @property
    def bits(self) -> tuple[int, int]:
        """(msb, lsb) of it in its word."""
        lsb = 8 * (BYTES - 1 - self.entry_on_quad)
        return lsb + 7, lsb

    @property
    def byte_enable(self) -> int:
        """The byte enables that write it alone; bit k enables bits 8k+7..8k."""
        return 1 << (BYTES - 1 - self.entry_on_quad)


class ExternalPPUMemoryByte(_Byte):
    """A byte of the FPGA's block memory, which both processors reach."""

    size = 0x20000

    @property
    def quad(self) -> ExternalPPUMemoryQuad:
        """Its word."""
        return ExternalPPUMemoryQuad(int(self) // BYTES)


class ExternalPPUDRAMByte(_Byte):
    """A byte of the FPGA's DRAM, which both processors reach."""

    size = 0x10000000

    @property
    def quad(self) -> ExternalPPUDRAMQuad:
        """Its word."""
        return ExternalPPUDRAMQuad(int(self) // BYTES)


class ExternalPPUMemoryQuad(Coordinate):
    """A word of the FPGA's block memory."""

    size = ExternalPPUMemoryByte.size // BYTES

    def byte(self, entry: int) -> ExternalPPUMemoryByte:
        """Its byte of an entry 0..3 (0 most significant)."""
        return ExternalPPUMemoryByte(
            int(self) * BYTES + check_part(f"{self!r}.byte: entry", entry, BYTES)
        )


class ExternalPPUDRAMQuad(Coordinate):
    """A word of the FPGA's DRAM."""

    size = ExternalPPUDRAMByte.size // BYTES

    def byte(self, entry: int) -> ExternalPPUDRAMByte:
        """Its byte of an entry 0..3 (0 most significant)."""
        return ExternalPPUDRAMByte(
            int(self) * BYTES + check_part(f"{self!r}.byte: entry", entry, BYTES)
        )


class Phy(Coordinate):
    """A link between chip and FPGA: PhyConfigFPGA, PhyConfigChip and PhyStatus of that number."""

    size = N_PHYS

    @property
    def jtag_register(self) -> JTAGPhyRegister:
        """Where the chip's end is set: counted the other way round."""
        return JTAGPhyRegister(N_PHYS - 1 - int(self))

    @property
    def enable_bit_fpga(self) -> int:
        """Bit of the FPGA's enable mask."""
        return int(self)

    @property
    def enable_bit_chip(self) -> int:
        """Bit of the chip's enable mask: counted the other way round."""
        return N_PHYS - 1 - int(self)


class JTAGPhyRegister(Coordinate):
    """A register of a link's end on the chip, reached over JTAG."""

    size = N_PHYS

    @property
    def phy(self) -> Phy:
        """The link."""
        return Phy(N_PHYS - 1 - int(self))


class ADPLL(Coordinate):
    """One of the chip's two PLLs."""

    size = 2

    @property
    def registers(self) -> tuple[JTAGPLLRegister, JTAGPLLRegister]:
        """Its lower and its upper register."""
        return JTAGPLLRegister(2 * int(self)), JTAGPLLRegister(2 * int(self) + 1)


class JTAGPLLRegister(Coordinate):
    """A register of the clock generation; four bits on this chip, three on those before.

    0..3 PLLs, 4 clock outputs, 5 self test, 7 status of the self test.
    """

    size = 16

    @property
    def adpll(self) -> ADPLL:
        """The PLL that it sets; CoordinateError for the other registers."""
        if self >= 2 * ADPLL.size:
            raise CoordinateError(f"{self!r} sets no PLL; those are registers 0..3")
        return ADPLL(int(self) // 2)

    @property
    def address(self) -> int:
        """The same register's word address on the Omnibus."""
        return PLL_BASE + int(self)


class PLLClockOutput(Coordinate):
    """A clock made from the PLLs."""

    size = 4
    names = ("serdes_ser_send_clk", "phy_ref_clk", "ppu_clk", "madc_clk")


class Pad(Coordinate):
    """An analog pad of the chip, with its multiplexer."""

    size = 2


class SourceMultiplexer(Coordinate):
    """One of the two multiplexers in front of the readout chain's buffers."""

    size = 2


class VectorGenerator(Coordinate):
    """A generator of hagen-mode events in the FPGA: top, bottom."""

    size = 2
    names = ("top", "bottom")


class SpikeIOInputRoute(Coordinate):
    """A route of the serial spike input, by the 8 bits that arrive."""

    size = 256


class SpikeIOOutputRoute(Coordinate):
    """A route of the serial spike output, by the spike label that leaves the chip."""

    size = 65536


class OutputRoutingTableEntry(Coordinate):
    """An entry of the routing table between chips, by the spike label that leaves this one."""

    size = 65536


class InputRoutingTableEntry(Coordinate):
    """An entry of the routing table between chips, by the 15-bit label that arrives."""

    size = 32768


class DAC(Coordinate):
    """A DAC of the xBoard."""

    size = 2


class DACChannel(Coordinate):
    """A channel of the xBoard's DACs, 12 bits: dac*8 + channel."""

    CHANNELS: ClassVar[int] = 8
    size = 16
    names = (
        *("v_reset", "v_res_meas", "mux_rfu_0", "mux_rfu_1"),
        *("i_ref_board", "ana_readout_debug_0", "ana_readout_debug_1", "mux_dac_25"),
        *("vdd25_digital", "vdd12_digital", "vdd25_analog", "vdd12_analog"),
        *("vdd12_madc", "vdd12_pll", "general_purpose_0", "general_purpose_1"),
    )

    @classmethod
    def at(cls, dac: int, channel: int) -> Self:
        """The channel 0..7 of a DAC."""
        checked = check_part("DACChannel.at: channel", channel, cls.CHANNELS)
        return cls(int(DAC(dac)) * cls.CHANNELS + checked)

    @property
    def dac(self) -> DAC:
        """Its DAC."""
        return DAC(int(self) // self.CHANNELS)

    @property
    def channel(self) -> int:
        """Its number there, 0..7."""
        return int(self) % self.CHANNELS

    @property
    def vdd(self) -> VDD:
        """The supply that it sets; CoordinateError for the other channels."""
        if self.name not in VDD.names:
            raise CoordinateError(
                f"{self!r} ({self.name}) sets no supply voltage; those are channels 8..13"
            )
        return VDD.named(self.name)


class VDD(Coordinate):
    """A supply voltage of the chip."""

    size = 6
    names = DACChannel.names[8:14]

    @property
    def dac_channel(self) -> DACChannel:
        """What sets it."""
        return DACChannel.named(self.name)
