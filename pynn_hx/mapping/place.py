"""Neurons to circuits: the i-th neuron of the network gets the i-th circuit of a permutation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from firmware_protocol.coordinates import N_NEURONS

from .errors import MappingError
from .graph import Ints


def check_permutation(permutation: Sequence[int]) -> Ints:
    """The permutation as an array; refuses what cannot name circuits.

    Raises  TypeError for negative or non-integer entries, OverflowError for entries above 511,
            ValueError for repeated ones
    """
    entries = list(permutation)
    for entry in entries:
        if not isinstance(entry, int | np.integer) or entry < 0:
            raise TypeError(
                f"neuronPermutation contains {entry!r}; name circuits by integers 0..511"
            )
        if entry >= N_NEURONS:
            raise OverflowError(
                f"neuronPermutation contains {entry}; the chip has circuits 0..{N_NEURONS - 1}"
            )
    if len(set(entries)) != len(entries):
        twice = sorted({e for e in entries if entries.count(e) > 1})
        raise ValueError(f"neuronPermutation names circuits {twice} more than once")
    return np.array(entries, dtype=np.int64)


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
