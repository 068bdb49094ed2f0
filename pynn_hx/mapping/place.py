"""Neurons to circuits, in the order in which they were created and that of a permutation.

Neurons of one circuit get the first free circuits of the permutation; those of several get the
first place where all their circuits are free.  What is created later moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from firmware_protocol.coordinates import N_BUSES, N_COLUMNS, N_EVENT_OUTPUTS, N_NEURONS

from .errors import MappingError
from .graph import Bools, Ints

N_BLOCK_COLUMNS = N_COLUMNS // 2
"""Columns that can be joined; no switch leads from column 127 to 128."""

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


class Footprint(NamedTuple):
    """What the cells of a population take.

    n_cells, n_circuits  how many, and circuits of each
    columns, rows        (n_circuits,) place of each circuit relative to the others; None for
                         neurons of one circuit.  Circuits of one row may go to either row of the
                         chip; those of both rows keep theirs: 0 top, 1 bottom
    """

    n_cells: int
    n_circuits: int = 1
    columns: Sequence[int] | None = None
    rows: Sequence[int] | None = None


def place_cells(footprints: Sequence[Footprint], permutation: Ints) -> Ints:
    """Circuit (AtomicNeuron) of each slot, (slot,) int64: by population, cell and circuit of it.

    footprints   of all populations, in the order of their creation
    permutation  (n,) circuits that may be used; a cell's first circuit goes through it in order
    Raises       MappingError naming the population that does not fit, and what is left
    """
    wanted = [Footprint(*footprint) for footprint in footprints]
    if all(footprint.columns is None for footprint in wanted):
        return place(sum(footprint.n_cells for footprint in wanted), permutation)
    free = np.zeros(N_NEURONS, dtype=bool)
    free[permutation] = True
    parts = [np.empty(0, dtype=np.int64)]
    for number, footprint in enumerate(wanted):
        if footprint.columns is None:
            circuits = permutation[free[permutation]][: footprint.n_cells, None]
        else:
            circuits = _windows(footprint, free, permutation)
        if len(circuits) < footprint.n_cells:
            _refuse(wanted, number, len(circuits), free, circuits)
        free[circuits] = False
        parts.append(circuits.ravel())
    return np.concatenate(parts)


def _windows(footprint: Footprint, free: Bools, permutation: Ints) -> Ints:
    """The first places that are free, at most as many as wanted: (cell, n_circuits)."""
    candidates = _candidates(footprint, permutation)
    candidates = candidates[free[candidates].all(axis=1)]
    left = free.copy()
    chosen: list[int] = []
    for row, circuits in enumerate(candidates):
        if len(chosen) == footprint.n_cells:
            break
        if left[circuits].all():
            left[circuits] = False
            chosen.append(row)
    return candidates[chosen]


def _candidates(footprint: Footprint, permutation: Ints) -> Ints:
    """All places within a block of columns, by the permutation's circuit that is the first."""
    columns, rows = np.asarray(footprint.columns), np.asarray(footprint.rows)
    first_row, first_column = permutation[:, None] // N_COLUMNS, permutation[:, None] % N_COLUMNS
    column = first_column + (columns - columns[0])
    row = first_row + (rows - rows[0])
    block = first_column // N_BLOCK_COLUMNS
    fits = (column // N_BLOCK_COLUMNS == block) & (row >= 0) & (row < N_NEURONS // N_COLUMNS)
    return (row * N_COLUMNS + column)[fits.all(axis=1)]


def _refuse(
    wanted: Sequence[Footprint], number: int, n_placed: int, free: Bools, circuits: Ints
) -> None:
    free = free.copy()
    free[circuits] = False
    footprint, n_free = wanted[number], int(np.count_nonzero(free))
    columns = () if footprint.columns is None else footprint.columns
    if footprint.columns is None or n_free < footprint.n_circuits:
        left = f"{n_free} circuits are left"
        remedy = "use fewer cells or split the experiment"
    else:
        left = (
            f"of {n_free} circuits that are left, no {footprint.n_circuits} lie as its "
            f"{max(columns) - min(columns) + 1} columns in "
            f"{len(set(footprint.rows or ()))} row(s) need (the longest free stretch of a row is "
            f"{_longest_stretch(free)}, and none crosses from column 127 to 128)"
        )
        remedy = "create the populations of neurons with several circuits first, or use fewer cells"
    raise MappingError(
        f"neuron population {number} (of {len(wanted)}, in the order of creation): {n_placed} of "
        f"its {footprint.n_cells} cells of {footprint.n_circuits} circuit(s) find a place; {left}; "
        f"{remedy}"
    )


def _longest_stretch(free: Bools) -> int:
    """Most free circuits side by side that can be joined."""
    blocks = np.zeros((N_NEURONS // N_BLOCK_COLUMNS, N_BLOCK_COLUMNS + 2), dtype=np.int8)
    blocks[:, 1:-1] = free.reshape(-1, N_BLOCK_COLUMNS)
    steps = np.diff(blocks.ravel())
    stretches = np.flatnonzero(steps < 0) - np.flatnonzero(steps > 0)
    return int(stretches.max(initial=0))
