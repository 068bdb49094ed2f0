"""Timing of the chip's SRAM controllers: one layout for five kinds of memory.

Source: haldls sram_controller.cpp and capmem.cpp, read on 2026-11-21 (``docs/reference/words.md``).
CapMem controllers take both words *Gray-decoded*: the word on the chip is the prefix XOR of the plain one.
"""

import numpy as np
import numpy.typing as npt

from ..layout import Field, Register, WordCode

Words = npt.NDArray[np.uint32]


def from_gray(code: Words) -> Words:
    """Binary number of a Gray code: bit i is the XOR of all code bits from i upwards."""
    value = np.asarray(code, dtype=np.uint32).copy()
    for shift in (1, 2, 4, 8, 16):
        value ^= value >> np.uint32(shift)
    return value


def to_gray(value: Words) -> Words:
    """Gray code of a binary number; inverse of :func:`from_gray`."""
    array = np.asarray(value, dtype=np.uint32)
    return array ^ (array >> np.uint32(1))


GRAY_DECODED = WordCode("Gray-decoded", encode=from_gray, decode=to_gray)


def timing(
    name: str,
    *,
    read_delay: int = 255,
    address_setup_time: int = 15,
    write_width: int = 15,
    word_code: WordCode | None = None,
) -> Register:
    """The timing register of one kind of memory, with its defaults [clock cycles]."""
    # fmt: off
    return Register(name, n_words=2, word_code=word_code, fields=(
        Field("read_delay",         "0[7:0]", default=read_delay),
        Field("address_setup_time", "1[3:0]", default=address_setup_time),
        Field("write_width",        "1[7:4]", default=write_width),
    ))
    # fmt: on
