"""Clocks, links, processors and time of the chip itself.

Source: haldls ppu.cpp, pll.cpp, phy.cpp, systime.cpp, jtag.cpp, read on 2026-11-21 (``docs/reference/words.md``).
"""

import numpy as np

from ..container import Axis, Container, words
from ..layout import Field, IntArray, Register, Transform


def _less_one(value: IntArray) -> IntArray:
    return np.asarray(value, dtype=np.int64) - 1


def _plus_one(code: IntArray) -> IntArray:
    return np.asarray(code, dtype=np.int64) + 1


LESS_ONE = Transform("less one", _less_one, _plus_one)
_TAPS = ("core_0", "core_1", "dco")

# fmt: off
PPU_CONTROL = Register("PPUControlRegister", n_words=1, fields=(
    Field("inhibit_reset",       "0[0]", doc="1 runs the processor"),
    Field("force_clock_on",      "0[1]"),
    Field("force_clock_off",     "0[2]"),
    Field("cache_controller_enable", "0[3]"),
))
PPU_STATUS = Register("PPUStatusRegister", n_words=1, fields=(Field("sleep", "0[0]"),))
PPU_MEMORY_WORD = Register("PPUMemoryWord", n_words=1, fields=(Field("value", "0[31:0]"),))

ADPLL = Register("ADPLL", n_words=2, fields=(
    Field("loop_filter_int",       "0[4:0]", default=2),
    Field("loop_filter_prop",      "0[9:5]", default=8),
    Field("loop_div_n",            "0[14:10]", default=10),
    Field("core_div_m0",           "0[19:15]", default=1),
    Field("core_div_m1",           "0[24:20]", default=2),
    Field("pre_div_p0",            "0[26:25]", default=2, low=2, limit=4, transform=LESS_ONE),
    Field("pre_div_p1",            "0[28:27]", default=2, low=2, limit=4, transform=LESS_ONE),
    Field("pre_div_p2",            "0[30:29]", default=2, low=2, limit=4, transform=LESS_ONE),
    Field("tune",                  "1[11:0]", default=512),
    Field("dco_power_switch",      "1[17:12]", default=63),
    Field("open_lock",             "1[18]"),
    Field("enforce_lock",          "1[19]", default=1),
    Field("pfd_select",            "1[20]"),
    Field("lock_window",           "1[21]"),
    Field("filter_shift",          "1[23:22]", default=3),
    Field("disable_output",        "1[24]"),
    Field("enable",                "1[30]", default=1),
    Field("use_external_config",   "1[31]", default=1),
))

PLL_CLOCK_OUTPUT_BLOCK = Register("PLLClockOutputBlock", n_words=1, fields=(
    Field("enable_output",  "0[0]", default=1, entries=4, step=8, doc="serdes, phy reference, PPU, MADC clock"),
    Field("bypass_output",  "0[1]", entries=4, step=8),
    Field("adpll",          "0[2]", default=(0, 0, 1, 0), entries=4, step=8),
    Field("adpll_output",   "0[4:3]", default=(0, 0, 1, 2), entries=4, step=8, choices=_TAPS),
    Field("switch_spl1_to_madc_clock", "0[31]"),
))

PLL_SELF_TEST = Register("PLLSelfTest", n_words=1, fields=(
    Field("clock_enable",         "0[0]"),
    Field("pre_scaler_p",         "0[4:1]"),
    Field("select_source",        "0[6:5]"),
    Field("check_range",          "0[11:8]"),
    Field("check_value",          "0[31:12]"),
))
PLL_SELF_TEST_STATUS = Register("PLLSelfTestStatus", n_words=1, fields=(
    Field("counter_value", "0[19:0]"),
    Field("finished",      "0[20]"),
    Field("success",       "0[21]"),
))


def _phy(name: str, *, init_master: int) -> Register:
    return Register(name, n_words=1, width=22, fields=(
        Field("bit_slip",                "0[0]"),
        Field("manual_delay",            "0[4:1]"),
        Field("enable_delay_measurement", "0[5]"),
        Field("init_master",             "0[6]", default=init_master),
        Field("manual_tx_valid",         "0[7]"),
        Field("force_lvds_power_enable", "0[8]"),
        Field("force_start",             "0[9]"),
        Field("manual_training_mode",    "0[10]"),
        Field("enable_ber_loopback",     "0[11]"),
        Field("vbias",                   "0[14:12]", default=4),
        Field("debug_outputs",           "0[15]"),
        Field("disable_idle_pattern",    "0[17]"),
        Field("clock_prealign",          "0[18]"),
        Field("des_recal",               "0[19]"),
        Field("enable_loopback",         "0[20]"),
        Field("enable_auto_init",        "0[21]", default=1),
    ))


PHY_CONFIG_FPGA = _phy("PhyConfigFPGA", init_master=1)
PHY_CONFIG_CHIP = _phy("PhyConfigChip", init_master=0)
COMMON_PHY_CONFIG_FPGA = Register("CommonPhyConfigFPGA", n_words=1, fields=(
    Field("enable_phy", "0[0]", default=1, entries=8, step=1),
))
COMMON_PHY_CONFIG_CHIP = Register("CommonPhyConfigChip", n_words=1, fields=(
    Field("enable_phy", "0[7]", default=1, entries=8, step=-1, doc="bit order reversed"),
))

SYSTIME_SYNC_BASE = Register("SystimeSyncBase", n_words=2, fields=(
    Field("value", "1[10:0] 0[31:0]", unit="chip clock cycles", doc="low word first"),
))

JTAG_ID_CODE = Register("JTAGIdCode", n_words=1, fields=(
    Field("stop_bit",        "0[0]", default=1, low=1),
    Field("manufacturer_id", "0[11:1]", default=110),
    Field("part_number",     "0[27:12]", default=8372),
    Field("version",         "0[31:28]"),
))
# fmt: on

_PPU = Axis("ppu", 2, ("top", "bottom"))
_PPU_CONTROL = np.array([0x02A00000, 0x03A00000])
_PPU_MEMORY = np.array([0x02800000, 0x03800000])
N_PHYS = 8
JTAG_PLL = "jtag_pll_register"
JTAG_PHY = "jtag_phy_register"

CONTAINERS = (
    Container("PPUControlRegister", PPU_CONTROL, (_PPU,), lambda ppu: words(_PPU_CONTROL[ppu], 1)),
    Container(
        "PPUStatusRegister",
        PPU_STATUS,
        (_PPU,),
        lambda ppu: words(_PPU_CONTROL[ppu] + 1, 1),
        access="r",
    ),
    Container(
        "PPUMemoryWord",
        PPU_MEMORY_WORD,
        (_PPU, Axis("word", 4096)),
        lambda ppu, word: words(_PPU_MEMORY[ppu] + word, 1),
        doc="mailbox: words 3072..4095; exit code: word 3071",
    ),
    Container("ADPLL", ADPLL, (Axis("pll", 2),), lambda i: words(0x80000 + 2 * i, 2)),
    Container("PLLClockOutputBlock", PLL_CLOCK_OUTPUT_BLOCK, (), lambda: words(0x80004, 1)),
    Container("PLLSelfTest", PLL_SELF_TEST, (), lambda: words(0x80005, 1)),
    Container("PLLSelfTestStatus", PLL_SELF_TEST_STATUS, (), lambda: words(0x80007, 1), access="r"),
    Container(
        "PhyConfigFPGA",
        PHY_CONFIG_FPGA,
        (Axis("phy", N_PHYS),),
        lambda i: words(0x88006000 + i, 1),
    ),
    Container(
        "PhyConfigChip",
        PHY_CONFIG_CHIP,
        (Axis("phy", N_PHYS),),
        symbols=lambda i: (f"{JTAG_PHY}[{N_PHYS - 1 - i}]",),
        access="w",
        doc="JTAG PHY register 7 - i",
    ),
    Container("CommonPhyConfigFPGA", COMMON_PHY_CONFIG_FPGA, (), lambda: words(0x88004000, 1)),
    Container("CommonPhyConfigChip", COMMON_PHY_CONFIG_CHIP, (), lambda: words(0x40000, 1)),
    Container("SystimeSyncBase", SYSTIME_SYNC_BASE, (), lambda: words(0, 2)),
    Container("JTAGIdCode", JTAG_ID_CODE, (), symbols=lambda: ("jtag.id_code",), access="r"),
)


def jtag_pll_registers(container: Container, index: tuple[int, ...]) -> tuple[str, ...]:
    """The JTAG registers behind the PLL's Omnibus addresses (0x80000 + register)."""
    addresses = container.addresses(*index)
    return tuple(f"{JTAG_PLL}[{int(a) - 0x80000}]" for a in addresses)
