"""What a program will look at besides its recordings: only what is observed gets integrated.

Counters and sensors show what happened before they are read.  So whoever reads them observes since
their first reset: in this program, or, if it does not reset them, from its begin.  What a program
resets and does not read afterwards is observed on, for a later program that may.

Who samples the columns' ADC looks at correlation sensors only if a column connects them to it.
Counters of the crossbar have no reset, but they stand still until they are enabled.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import NamedTuple

import numpy as np

from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.instructions import Messages, ToFpga

from ..device import Ints, among
from ..memory import Memory
from .words import Accesses

NEVER = np.iinfo(np.int64).max
_LOW_WORD = np.uint64(0xFFFFFFFF)
_POLL_PLACE = CONTAINERS["PollingOmnibusBlockConfig"]
_INTERNAL = ("enable_internal_causal", "enable_internal_acausal")
_COUNTING = (
    ("CrossbarOutputConfig", "crossbar_outputs", "enable_event_counter"),
    ("CrossbarNode", "crossbar_nodes", "enable_drop_counter"),
)
"""Container, its name in a configuration, and field of what enables the crossbar's counters."""


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
        reads = read_at[among(read, _table(_READS[what]))]
        resets = np.empty(0, np.int64)
        if what in _RESETS:
            resets = write_at[among(write, _table(_RESETS[what]))]
        if what is Observable.CORRELATION and not (resets.size or what in still):
            reads = reads if _sensors_on_cadc(messages, accesses, memory) else reads[:0]
        span = _span(reads, resets, what in still)
        if what is Observable.CROSSBAR_COUNTERS and span is not None and what not in still:
            first = _counts_from(messages, accesses, memory)
            span = Span(first, span.last) if first <= span.last else None
        if what is Observable.CADC:
            span = Span(int(reads.min()), int(reads.max())) if reads.size else None
        if span is not None:
            spans[what] = span
    return spans


def begins_with_reset(what: Observable, accesses: Accesses) -> bool:
    """Whether a program's first message is a reset of what is observed."""
    if what not in _RESETS or not accesses.at.size or accesses.at[0] or accesses.is_read[0]:
        return False
    return bool(among(accesses.address[:1], _table(_RESETS[what]))[0])


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


def _counts_from(messages: Messages, accesses: Accesses, memory: Memory) -> int:
    """Message from which on the crossbar may count: 0 if it does already, NEVER if it does not."""
    first = NEVER
    for container, block, name in _COUNTING:
        if np.any(memory.block(block)[name]):
            return 0
        enabling = _setting(messages, accesses, container, (name,))
        first = min(first, int(enabling[0])) if enabling.size else first
    return first


def _setting(
    messages: Messages, accesses: Accesses, container: str, fields: tuple[str, ...]
) -> Ints:
    """Messages, in order, that write a word in which any of these flags of a container is set."""
    address, mask = _flags(container, fields)
    mine = accesses.at[~accesses.is_read & among(accesses.address, address)]
    return mine[(messages.payload[mine + 1] & mask) != 0]


@cache
def _flags(container: str, fields: tuple[str, ...]) -> tuple[Ints, np.uint64]:
    """Sorted addresses of the words that hold flags of a container, one of each, and their bits."""
    found = CONTAINERS[container]
    on = {f.name: np.full(f.shape, int(f.name in fields)) for f in found.register.fields}
    words = found.register.encode(on)
    (number,) = np.nonzero(words)[0].tolist()
    address = found.all_addresses()[..., number].astype(np.int64)
    return np.sort(address.reshape(-1)), np.uint64(words[number])


def _sensors_on_cadc(messages: Messages, accesses: Accesses, memory: Memory) -> bool:
    """Whether correlation sensors are connected to the CADC, before a program or by it."""
    columns = memory.block("column_correlation")
    if any(np.any(columns[name]) for name in _INTERNAL):
        return True
    return bool(_setting(messages, accesses, "ColumnCorrelationQuad", _INTERNAL).size)


def _polled(polls: Ints, messages: Messages, accesses: Accesses, memory: Memory) -> Ints:
    """The address each poll (poll,) looks at."""
    if not polls.size:
        return np.empty(0, np.int64)
    register = int(_POLL_PLACE.addresses()[0])
    written = accesses.at[~accesses.is_read & (accesses.address == register)]
    values = (messages.payload[written + 1] & _LOW_WORD).astype(np.int64)
    values = np.concatenate([[memory.read(register)], values])
    return values[np.searchsorted(written, polls)]
