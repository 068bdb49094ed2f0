"""Neurons to circuits: the i-th neuron of the network gets the i-th circuit of a permutation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from firmware_protocol.coordinates import N_BUSES, N_COLUMNS, N_EVENT_OUTPUTS, N_NEURONS

from .errors import MappingError
from .graph import Ints

_COLUMNS_ON_OUTPUT = N_COLUMNS // N_EVENT_OUTPUTS


def check_permutation(permutation: Sequence[int]) -> Ints:
    """The permutation as an array; refuses what cannot name circuits.

    Raises  TypeError for negative or non-integer entries, OverflowError for entries above 511,
            ValueError for repeated ones
    """
    return _checked("neuronPermutation", permutation, N_NEURONS, "circuits")


def check_background_permutation(permutation: Sequence[int]) -> Ints:
    """Buses (0..3) of the on-chip generators, in the order in which populations need them.

    Raises  as :func:`check_permutation`, with the limit 3
    """
    return _checked("backgroundPermutation", permutation, N_BUSES, "background generators")


def _checked(name: str, permutation: Sequence[int], limit: int, what: str) -> Ints:
    entries = list(permutation)
    for entry in entries:
        if not isinstance(entry, int | np.integer) or entry < 0:
            raise TypeError(f"{name} contains {entry!r}; name {what} by integers 0..{limit - 1}")
        if entry >= limit:
            raise OverflowError(f"{name} contains {entry}; the chip has {what} 0..{limit - 1}")
    if len(set(entries)) != len(entries):
        twice = sorted({e for e in entries if entries.count(e) > 1})
        raise ValueError(f"{name} names {what} {twice} more than once")
    return np.array(entries, dtype=np.int64)


def alternatives(n_neurons: int) -> Iterator[Ints]:
    """Permutations worth a try when a network does not route with the identity.

    The identity puts the first 32 neurons onto one event output, hence onto one PADI bus.  That is
    bad for small populations with many or strong connections: all their synapses share 64 rows per
    half.  Both alternatives deal neurons out to the eight event outputs in turn, so that every
    population uses all buses:

    1. within a half: neurons 0..255 stay in the top half.  Keeps layers in separate halves, where
       each half's buses carry only those events that somebody in this half listens to.
    2. over both halves as well: targets of the same inputs, and hence the inputs' rows, spread
       evenly; helps when populations in one half take most of the connections.

    Yields  (n_neurons,) int64 circuits; nothing for networks larger than a chip
    """
    if n_neurons > N_NEURONS:
        return
    index = np.arange(n_neurons)
    on_half = index % N_COLUMNS
    column = on_half % N_EVENT_OUTPUTS * _COLUMNS_ON_OUTPUT + on_half // N_EVENT_OUTPUTS
    yield index // N_COLUMNS * N_COLUMNS + column
    pair = index // 2
    column = pair % N_EVENT_OUTPUTS * _COLUMNS_ON_OUTPUT + pair // N_EVENT_OUTPUTS
    yield index % 2 * N_COLUMNS + column


def place(n_neurons: int, permutation: Ints) -> Ints:
    """Circuit (AtomicNeuron) of each neuron: (n_neurons,) int64."""
    if n_neurons > permutation.size:
        limit = (
            f"the chip has {N_NEURONS} circuits"
            if permutation.size == N_NEURONS
            else f"neuronPermutation names {permutation.size}"
        )
        raise MappingError(
            f"the network needs {n_neurons} neuron circuits, but {limit}; "
            "use fewer neurons or split the experiment"
        )
    return permutation[:n_neurons]
