"""A program's words to messages that can be played: what means nothing is ignored, and noted."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.instructions import (
    HALT,
    HEADER_LSB,
    PAYLOAD_MASK,
    PLAYBACK_WORDS,
    READ_BIT,
    TO_FPGA_PAYLOAD_BITS,
    Messages,
    ToFpga,
    Words,
)

from ..device import Bools, Ints, Notes
from ..errors import EmulatorError

PLACE = "program"
_READ, _LOW_WORD = np.uint64(READ_BIT), np.uint64(0xFFFFFFFF)
_LIMITS = (np.uint64(1) << TO_FPGA_PAYLOAD_BITS.astype(np.uint64)) - np.uint64(1)
_N_HEADERS = len(TO_FPGA_PAYLOAD_BITS)
_NOTHING = ToFpga.BARRIER
"""With payload 0 it waits for nothing: a message that takes its cycle and does nothing else."""


class Accesses(NamedTuple):
    """Reads and writes of a program, (access,) in order: where its address is, what it is."""

    at: Ints
    address: Ints
    is_read: Bools

    @classmethod
    def of(cls, messages: Messages) -> Accesses:
        """Find them."""
        at = np.nonzero(messages.header == ToFpga.OMNIBUS_ADDRESS)[0]
        payload = messages.payload[at]
        return cls(at, (payload & _LOW_WORD).astype(np.int64), (payload & _READ) != 0)

    def between(self, first: int, bound: int) -> Accesses:
        """Those of messages `first` up to, not in, `bound`; counted from `first`."""
        part = slice(*np.searchsorted(self.at, [first, bound]).tolist())
        return Accesses(self.at[part] - first, self.address[part], self.is_read[part])


def as_words(words: npt.ArrayLike) -> Words:
    """(n,) uint64; EmulatorError for what is no list of 64-bit words."""
    try:
        array = words if isinstance(words, np.ndarray) else np.asarray(words, dtype=np.uint64)
    except (OverflowError, TypeError, ValueError) as error:
        raise EmulatorError(f"program: {error}; pass a list of 64-bit words") from None
    if array.ndim != 1 or array.dtype.kind not in "ui":
        raise EmulatorError(
            f"program: an array of shape {array.shape} and type {array.dtype} is no list of words; "
            "pass (n,) uint64, e.g. Program.words()"
        )
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        raise EmulatorError(f"program: word {int(np.argmin(array))} is negative; words are uint64")
    return array.astype(np.uint64, copy=False)


def messages(words: Words, cycle: int, log: Notes) -> tuple[Messages, bool]:
    """Messages up to the halt, and whether there is one; words that mean nothing do nothing.

    Each word keeps its place, so that a time-out names the index its sender knows.
    cycle  of the first one, for the notes
    """
    header = (words >> np.uint64(HEADER_LSB)).astype(np.uint8)
    payload = words & np.uint64(PAYLOAD_MASK)
    loopbacks = np.nonzero(header == ToFpga.LOOPBACK)[0]
    halts = loopbacks[payload[loopbacks] & np.uint64(1) == HALT]
    halted = halts.size > 0
    end = int(halts[0]) + 1 if halted else words.size
    if end < words.size:
        log.note(
            cycle,
            PLACE,
            f"word {end - 1} is a halt, which ends a run: the words after it are ignored; execute "
            "them as a program of their own",
        )
    if not halted:
        log.note(cycle, PLACE, "it has no halt, so its end is not reported; append Program.halt()")
    header, payload = header[:end], payload[:end]
    _understand(header, payload, cycle, log)
    if end > PLAYBACK_WORDS:
        log.note(
            cycle,
            PLACE,
            f"it is longer than the playback memory of {PLAYBACK_WORDS} words: the chip would not "
            "guarantee when it is executed (emulated as if it did)",
        )
    return Messages(header, payload), halted


def _understand(
    header: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64], cycle: int, log: Notes
) -> None:
    """Make messages of what can be understood, and put nothing where it cannot (in place)."""
    unknown = np.nonzero(header >= _N_HEADERS)[0]
    if unknown.size:
        _note(unknown, "is no message to the FPGA (header above 15): ignored", cycle, log)
        _silence(header, payload, unknown)
    large = np.nonzero(payload > _LIMITS[header])[0]
    if large.size:
        _note(large, "has bits beyond its message's payload: they are ignored", cycle, log)
        payload[large] &= _LIMITS[header[large]]
    at = np.nonzero(header == ToFpga.OMNIBUS_ADDRESS)[0]
    at = at[(payload[at] & _READ) == 0]
    is_data = np.append(header == ToFpga.OMNIBUS_DATA, False)
    lonely = at[~is_data[at + 1]]
    is_data[at + 1] = False
    orphan = np.nonzero(is_data)[0]
    if orphan.size:
        _note(orphan, "is omnibus data without an address: ignored", cycle, log)
        _silence(header, payload, orphan)
    if lonely.size:
        _note(lonely, "is the address of an omnibus write without data: ignored", cycle, log)
        _silence(header, payload, lonely)


def _silence(header: npt.NDArray[np.uint8], payload: npt.NDArray[np.uint64], where: Ints) -> None:
    header[where], payload[where] = _NOTHING, 0


def _note(where: Ints, text: str, cycle: int, log: Notes) -> None:
    more = f" (so are {where.size - 1} more)" if where.size > 1 else ""
    log.note(cycle, PLACE, f"word {int(where[0])} {text}{more}")
