"""What a program will look at besides its recordings: only what is observed gets integrated.

Counters and sensors show what happened before they are read.  So whoever reads them observes since
their first reset: in this program, or, if it does not reset them, from its begin.  What a program
resets and does not read afterwards is observed on, for a later program that may.

Who samples the columns' ADC looks at correlation sensors only if a column connects them to it.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import Messages, ToFpga

from ..device import Bools, Ints
from ..memory import Memory
from .words import Accesses

NEVER = np.iinfo(np.int64).max
_LOW_WORD = np.uint64(0xFFFFFFFF)
_POLL_PLACE = CONTAINERS["PollingOmnibusBlockConfig"]
_COLUMN = CONTAINERS["ColumnCorrelationQuad"]
_INTERNAL = ("enable_internal_causal", "enable_internal_acausal")


class Observable(IntEnum):
    """What a program can look at through registers."""

    SPIKE_COUNTERS = 0
    CROSSBAR_COUNTERS = 1
    CADC = 2
    CORRELATION = 3


class Span(NamedTuple):
    """Index of a program's first and last message between which something is observed.

    first 0 is the program's begin; last NEVER means: for longer than this program
    """

    first: int
    last: int


_READS = {
    Observable.SPIKE_COUNTERS: ("SpikeCounterRead",),
    Observable.CROSSBAR_COUNTERS: ("CrossbarInputDropCounter", "CrossbarOutputEventCounter"),
    Observable.CADC: ("CADCSampleQuad",),  # shows the present: observed while it is read
    Observable.CORRELATION: ("CADCSampleQuad",),
}
_RESETS = {
    Observable.SPIKE_COUNTERS: ("SpikeCounterReset",),
    Observable.CORRELATION: ("CorrelationReset",),
}


@cache
def _table(names: tuple[str, ...]) -> Ints:
    """Sorted addresses of these containers' instances, which share none."""
    parts = [CONTAINERS[name].all_addresses().astype(np.int64).reshape(-1) for name in names]
    return np.sort(np.concatenate(parts))


def foresee(
    messages: Messages,
    accesses: Accesses,
    memory: Memory,
    still: frozenset[Observable] = frozenset(),
) -> dict[Observable, Span]:
    """When a program observes what; without an entry, it does not.

    memory  registers before the program: where a poll looks is itself a register
    still   what an earlier program has left under observation
    """
    at, address, is_read = accesses
    polls = np.nonzero(messages.header == ToFpga.POLLING_OMNIBUS_BLOCK)[0]
    read_at = np.concatenate([at[is_read], polls])
    read = np.concatenate([address[is_read], _polled(polls, messages, accesses, memory)])
    write_at, write = at[~is_read], address[~is_read]
    spans = {}
    for what in Observable:
        reads = read_at[_among(read, _table(_READS[what]))]
        resets = np.empty(0, np.int64)
        if what in _RESETS:
            resets = write_at[_among(write, _table(_RESETS[what]))]
        if what is Observable.CORRELATION and not (resets.size or what in still):
            reads = reads if _sensors_on_cadc(messages, accesses, memory) else reads[:0]
        span = _span(reads, resets, what in still)
        if what is Observable.CADC:
            span = Span(int(reads.min()), int(reads.max())) if reads.size else None
        if span is not None:
            spans[what] = span
    return spans


def begins_with_reset(what: Observable, accesses: Accesses) -> bool:
    """Whether a program's first message is a reset of what is observed."""
    if what not in _RESETS or not accesses.at.size or accesses.at[0] or accesses.is_read[0]:
        return False
    return bool(_among(accesses.address[:1], _table(_RESETS[what]))[0])


def _span(reads: Ints, resets: Ints, still: bool) -> Span | None:
    """Which messages something is observed between, (n,) indices of its reads and resets."""
    if not (reads.size or resets.size):
        return Span(0, NEVER) if still else None
    first_read = int(reads.min()) if reads.size else NEVER
    first_reset = int(resets.min()) if resets.size else NEVER
    first = first_reset if first_reset < first_read and not still else 0
    last_read = int(reads.max()) if reads.size else -1
    last_reset = int(resets.max()) if resets.size else -1
    return Span(first, last_read if last_read > last_reset else NEVER)


@cache
def _switches() -> tuple[Ints, np.uint64]:
    """Sorted addresses of the words that connect sensors to the CADC, and which bits do."""
    on = {f.name: np.full(f.entries, f.name in _INTERNAL) for f in _COLUMN.register.fields}
    words = _COLUMN.register.encode({name: bits.astype(np.int64) for name, bits in on.items()})
    (number,) = np.nonzero(words)[0].tolist()
    address = _COLUMN.all_addresses()[..., number].astype(np.int64)
    return np.sort(address.reshape(-1)), np.uint64(words[number])


def _sensors_on_cadc(messages: Messages, accesses: Accesses, memory: Memory) -> bool:
    """Whether correlation sensors are connected to the CADC, before a program or by it."""
    columns = memory.block("column_correlation")
    if any(np.any(columns[name]) for name in _INTERNAL):
        return True
    address, mask = _switches()
    mine = ~accesses.is_read & _among(accesses.address, address)
    return bool(np.any(messages.payload[accesses.at[mine] + 1] & mask))


def _polled(polls: Ints, messages: Messages, accesses: Accesses, memory: Memory) -> Ints:
    """The address each poll (poll,) looks at."""
    if not polls.size:
        return np.empty(0, np.int64)
    register = int(_POLL_PLACE.addresses()[0])
    written = accesses.at[~accesses.is_read & (accesses.address == register)]
    values = (messages.payload[written + 1] & _LOW_WORD).astype(np.int64)
    values = np.concatenate([[memory.read(register)], values])
    return values[np.searchsorted(written, polls)]


def _among(address: Ints, table: Ints) -> Bools:
    """Which addresses are in a sorted table; quick if few lie in its range."""
    near = np.nonzero((address >= table[0]) & (address <= table[-1]))[0]
    found = np.zeros(address.shape, bool)
    found[near] = table[np.searchsorted(table, address[near])] == address[near]
    return found
