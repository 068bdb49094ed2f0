"""What a client has set on a chip, read off its programs, and the words that set it again.

Which registers are set again, when, and which are not: :mod:`firmware_protocol.server.policy`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from .. import memory_map
from ..container import Addresses
from ..errors import ProgramError
from ..instructions import (
    BYTE_ENABLES,
    CYCLES_PER_US,
    READ_BIT,
    Barrier,
    Messages,
    ToFpga,
    Words,
    message,
    parse,
)
from ..program import Program
from ..registers.readout import MADC_CONTROL
from .policy import Kind, kinds, undo

MAX_SETTINGS = 1 << 20
"""Registers a shadow remembers; a whole chip with its processors' memories has some 130 000."""
MAX_TRANSACTIONS = 1 << 16
"""Words of bus transactions and JTAG that a shadow remembers."""
SETTLING_CYCLES = 20_000 * CYCLES_PER_US
"""Agreed waiting time after CapMem writes (calix)."""
BUS_CYCLES = 1000 * CYCLES_PER_US
"""Settling of the board's converters after SPI and I2C, and of PLLs after JTAG."""
MADC_WAKE_UP_CYCLES = 1000 * CYCLES_PER_US
_KEY_MASK = np.uint64(BYTE_ENABLES | 0xFFFFFFFF)
_ENABLES_LSB = np.uint64(32)
_ALL_BYTES = np.uint64(0xF)


def written(words: Words) -> Addresses:
    """Addresses that a program writes, sorted, each once, commands and transactions left out."""
    messages = parse(words)
    address = _addresses(messages.payload[_writes(messages)])
    kept = np.isin(kinds(address), (Kind.SETTING, Kind.STARTER))
    return np.unique(address[kept])


def _addresses(payload: npt.NDArray[np.uint64]) -> Addresses:
    return (payload & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def _writes(messages: Messages) -> npt.NDArray[np.int64]:
    """Positions of write addresses; ProgramError if one lacks its data or data its address."""
    header, payload = messages.header, messages.payload
    is_write = (header == ToFpga.OMNIBUS_ADDRESS) & ((payload & np.uint64(READ_BIT)) == 0)
    is_data = header == ToFpga.OMNIBUS_DATA
    lonely = is_write & ~np.append(is_data[1:], False)
    orphan = is_data & ~np.append(False, is_write[:-1])
    for wrong, what in ((lonely, "omnibus write without data"), (orphan, "data without address")):
        if wrong.any():
            raise ProgramError(
                f"word {int(np.argmax(wrong))}: {what}; a write is an address word and a data word"
            )
    return np.nonzero(is_write)[0]


@dataclass(frozen=True)
class Shadow:
    """The state a client has given to a chip, as far as words tell.

    keys, values   (register,) uint64 address and byte enables, uint32: settings and starters in
                   the order of their last write
    madc           control words that woke and steer the MADC, at most two
    board          bus transactions since the beginning, verbatim
    jtag           JTAG words since the last reset, verbatim
    """

    keys: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    values: npt.NDArray[np.uint32] = field(default_factory=lambda: np.empty(0, np.uint32))
    madc: tuple[int, ...] = ()
    board: Words = field(default_factory=lambda: np.empty(0, np.uint64))
    jtag: Words = field(default_factory=lambda: np.empty(0, np.uint64))

    def after(self, words: Words) -> Shadow:
        """The state after a program.

        A chip reset inside the program ends what was set on the chip before it, not what was set in
        the FPGA and on the board.
        Raises DecodeError or ProgramError for words that no FPGA would take, and ProgramError if
        the state outgrows what is remembered.
        """
        messages = parse(words)
        writes = _writes(messages)
        header, payload = messages.header, messages.payload
        resets = np.nonzero((header == ToFpga.RESET) & (payload == 1))[0]
        reset = int(resets[-1]) if resets.size else -1
        start = self._without_chip() if resets.size else self
        key, value = payload[writes] & _KEY_MASK, payload[writes + 1].astype(np.uint32)
        address = _addresses(key)
        counts = (writes > reset) | (address >= memory_map.FPGA_BASE)
        kind = kinds(address)
        kept = counts & ((kind == Kind.SETTING) | (kind == Kind.STARTER))
        keys, values = _latest(
            np.append(start.keys, key[kept]), np.append(start.values, value[kept])
        )
        is_jtag = header <= ToFpga.JTAG_DATA
        is_jtag[: reset + 1] = False
        result = replace(
            start,
            keys=keys,
            values=values,
            madc=_converter(start.madc, value[counts & (kind == Kind.CONVERTER)].tolist()),
            board=np.append(start.board, words[_bus_words(messages)]),
            jtag=np.append(start.jtag, words[is_jtag]),
        )
        result._check()
        return result

    def addresses(self) -> Addresses:
        """Addresses of all settings and starters, sorted, each once."""
        return np.unique(_addresses(self.keys))

    def words(self, leftovers: Addresses) -> Words:
        """What sets this state on a chip that has just been initialised, without a halt.

        leftovers  (n,) addresses that others may have written: those this state does not cover get
                   their defaults
        """
        whole = (self.keys >> _ENABLES_LSB) == _ALL_BYTES
        foreign = np.setdiff1d(leftovers, _addresses(self.keys[whole]))
        starts = kinds(_addresses(self.keys)) == Kind.STARTER
        bus = [self.board, self.jtag, _wait(BUS_CYCLES)] if self.board.size + self.jtag.size else []
        barrier = message(ToFpga.BARRIER, Barrier.OMNIBUS)
        return np.concatenate(
            [
                *bus,
                _plain_writes(*undo(foreign)),
                _writes_of(self.keys[~starts], self.values[~starts]),
                barrier,
                _wait(SETTLING_CYCLES),
                *self._converter_words(),
                _writes_of(self.keys[starts], self.values[starts]),
                barrier,
            ]
        )

    def _converter_words(self) -> list[Words]:
        words: list[Words] = []
        for word in self.madc:
            words += [_wait(MADC_WAKE_UP_CYCLES)] if words else []
            words.append(_plain_writes([memory_map.MADC_CONTROL], [word]))
        return words

    def _without_chip(self) -> Shadow:
        fpga = _addresses(self.keys) >= memory_map.FPGA_BASE
        return Shadow(self.keys[fpga], self.values[fpga], board=self.board)

    def _check(self) -> None:
        n_bus = self.board.size + self.jtag.size
        if self.keys.size > MAX_SETTINGS:
            raise ProgramError(
                f"the program brings this client to {self.keys.size} registers that it has set, "
                f"a shared chip restores up to {MAX_SETTINGS}; reset the chip, or write fewer "
                "words of external memory"
            )
        if n_bus > MAX_TRANSACTIONS:
            raise ProgramError(
                f"the program brings this client to {n_bus} words to board devices and JTAG, a "
                f"shared chip restores up to {MAX_TRANSACTIONS}; connect again"
            )


def _bus_words(messages: Messages) -> npt.NDArray[np.int64]:
    """Positions of all words, reads included, that go to buses behind the FPGA."""
    is_address = messages.header == ToFpga.OMNIBUS_ADDRESS
    kind = kinds(_addresses(messages.payload))
    address = np.nonzero(is_address & (kind == Kind.TRANSACTION))[0]
    data = address + 1
    data = data[(messages.payload[address] & np.uint64(READ_BIT)) == 0]
    return np.sort(np.append(address, data))


def _latest(
    keys: npt.NDArray[np.uint64], values: npt.NDArray[np.uint32]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """Without the writes that a later one covers wholly; the order of the others is kept."""
    _, back = np.unique(keys[::-1], return_index=True)
    kept = np.sort(keys.size - 1 - back)
    enables, address = keys[kept] >> _ENABLES_LSB, _addresses(keys[kept])
    partial = enables != _ALL_BYTES
    if partial.any():
        whole = np.nonzero(~partial)[0]
        order = np.argsort(address[whole], kind="stable")
        slot = np.searchsorted(address[whole][order], address)
        slot = np.minimum(slot, max(whole.size - 1, 0))
        covered = np.zeros(kept.size, dtype=bool)
        if whole.size:
            match = whole[order[slot]]
            covered = partial & (address[match] == address) & (match > np.arange(kept.size))
        kept = kept[~covered & (enables != 0)]
    return keys[kept], values[kept]


def _converter(present: tuple[int, ...], written: list[int]) -> tuple[int, ...]:
    """MADC control words to send again: what woke it, and the last one."""
    for word in written:
        bits = {k: int(v) for k, v in MADC_CONTROL.decode(np.array([word], np.uint32)).items()}
        if bits["wake_up"]:
            present = (word,)
        elif present:
            present = (present[0], word)
    return present


def _writes_of(keys: npt.NDArray[np.uint64], values: npt.NDArray[np.uint32]) -> Words:
    """Writes with their byte enables as words."""
    words = np.empty(2 * keys.size, dtype=np.uint64)
    words[0::2] = message(ToFpga.OMNIBUS_ADDRESS, keys)
    words[1::2] = message(ToFpga.OMNIBUS_DATA, values)
    return words


def _plain_writes(addresses: npt.ArrayLike, values: npt.ArrayLike) -> Words:
    program = Program()
    program.write(addresses, values)
    return program.words()


def _wait(cycles: int) -> Words:
    program = Program()
    program.wait(cycles)
    return program.words()
