"""Correlation sensors and the columns' ADCs (CADC).

Source: haldls v3 correlation.cpp, cadc.cpp, read on 2026-11-21 (``docs/reference/words.md``).
"""

import numpy as np

from ..container import CHANNEL, COLUMN, QUAD_COLUMN, ROW, SYNRAM, Axis, Container, words
from ..layout import Field, IntArray, Register, Transform
from .sram import timing


def _to_offset_binary(value: IntArray) -> IntArray:
    return np.asarray(value, dtype=np.int64) + 128


def _from_offset_binary(code: IntArray) -> IntArray:
    return np.asarray(code, dtype=np.int64) - 128


OFFSET_BINARY = Transform("as value + 128", _to_offset_binary, _from_offset_binary)

# fmt: off
COMMON_CORRELATION_CONFIG = Register("CommonCorrelationConfig", n_words=4, width=12, fields=(
    Field("sense_delay",             "0[11:0]", default=1, unit="PPU clock cycles"),
    Field("reset_duration",          "1[11:0]", default=200, unit="PPU clock cycles", doc="plus 3"),
    Field("reset_fall_time",         "2[11:0]", default=5, unit="PPU clock cycles"),
    Field("reset_mode",              "3[0]", choices=("normal", "auto_calibrating"), doc="auto_calibrating disables CADC readings"),
    Field("right_uses_left_offset",  "3[1]", doc="CADC ramp of the right half starts from the left v_offset"),
    Field("left_uses_right_offset",  "3[2]", doc="CADC ramp of the left half starts from the right v_offset"),
))

CADC_CONFIG = Register("CADCConfig", n_words=1, fields=(
    Field("enable",     "0[0]"),
    Field("reset_wait", "0[11:4]", default=100, unit="PPU clock cycles"),
    Field("dead_time",  "0[19:12]", default=20, unit="PPU clock cycles"),
))

CADC_CHANNEL_CONFIG = Register("CADCChannelConfig", n_words=1, fields=(
    Field("offset", "0[7:0]", low=-128, limit=127, transform=OFFSET_BINARY, unit="LSB"),
))

CADC_SAMPLE_QUAD = Register("CADCSampleQuad", n_words=1, fields=(
    Field("sample", "0[31:24]", entries=4, step=-8, unit="LSB"),
))

CORRELATION_RESET = Register("CorrelationReset", n_words=1, fields=())
# fmt: on

CONTROL = np.array([0x02000000, 0x03000000])
ACCESS = np.array([0x02C00000, 0x03C00000])
READOUT = Axis("readout", 2, ("trigger_read", "buffered"), ("readout_type",))
_SIDE = Axis("block", 4, ("nw", "ne", "sw", "se"), ("coord",))
# The eastern half's SRAM comes first.
_SRAM = np.array([0x02400800, 0x02400000, 0x03400800, 0x03400000])

CONTAINERS = (
    Container(
        "CommonCorrelationConfig",
        COMMON_CORRELATION_CONFIG,
        (SYNRAM,),
        lambda s: words(CONTROL[s] + 0x200000, 4),
    ),
    Container("CADCConfig", CADC_CONFIG, (SYNRAM,), lambda s: words(CONTROL[s] + 0x401000, 1)),
    Container(
        "CADCChannelConfig",
        CADC_CHANNEL_CONFIG,
        (SYNRAM, COLUMN, CHANNEL),
        lambda s, column, channel: words(
            _SRAM[2 * s + column // 128] + 2 * (column % 128) + channel, 1
        ),
    ),
    Container(
        "CADCOffsetSRAMTimingConfig",
        timing("CADCOffsetSRAMTimingConfig"),
        (_SIDE,),
        lambda block: words(_SRAM[block] | 0x102, 2),
    ),
    Container(
        "CADCSampleQuad",
        CADC_SAMPLE_QUAD,
        (SYNRAM, ROW, QUAD_COLUMN, CHANNEL, READOUT),
        lambda s, r, q, channel, readout: words(
            ACCESS[s] + 0x80000 + 0x40000 * channel + 64 * r + q + 0x200000 * readout, 1
        ),
        access="r",
    ),
    Container(
        "CorrelationReset",
        CORRELATION_RESET,
        (SYNRAM, ROW, QUAD_COLUMN),
        lambda s, r, q: words(ACCESS[s] + 0x90000 + 64 * r + q, 1),
        access="w",
    ),
)
