"""What all pathways have at run time: rings at both ends, and a table of arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .kernels import delivery_table as entries
from .operations import InputRing, Operation, SpikeHistory, SpikeRing
from .specification import F64, I64, PathwaySpec


class PathwayRuntime(Protocol):
    """What an engine knows of a pathway.

    operation       to be called once a step and thread, before the neurons of the step
    minimal_delay   it takes spikes that are so many steps old
    spike_rows      it reads spikes of up to so many steps ago: the spike ring needs as many rows,
                    and more by the steps that threads may be ahead of each other
    input_rows      it adds to inputs of so many steps from now on: rows that the input ring needs
    rebuild_needed  the operation, or one of the numbers above, is not what it was: read them
                    again, call `bind` with longer rings if they have to be, and clear the flag
    """

    operation: Operation
    rebuild_needed: bool

    @property
    def minimal_delay(self) -> int:
        """Steps."""

    @property
    def spike_rows(self) -> int:
        """Steps."""

    @property
    def input_rows(self) -> int:
        """Steps."""

    @property
    def n_synapses(self) -> int:
        """Synapses that `get` gives values of."""

    def bind(self, ends: Ends) -> None:
        """Use other rings or bounds from now on."""

    def get(self, name: str) -> F64:
        """Values by synapse, (synapse,) float64, in the order of the connectivity.

        name  ``weight`` [unit of the receptor], ``delay`` [ms], a parameter or state in its unit
        One value for all comes as a read-only view.  What a kernel stores in float32 or in codes
        is given as it is stored.
        """

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Set to one number or (synapse,) numbers, from the next step on."""

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """Copies of weights and of everything that a simulation changes.

        Parameters and delays are not in it: they are the specification's.
        """

    def restore(self, saved: dict[str, npt.NDArray[Any]]) -> None:
        """Go back to a snapshot; what is not in it stays."""

    def reset(self) -> None:
        """Weights and states as they were given, or set, last."""


@dataclass(frozen=True)
class Ends:
    """Where a pathway takes spikes from and where it adds weights.

    bounds   (T + 1,) int64: neurons of the group that thread th owns are bounds[th]..bounds[th+1]-1
    history  spikes of the target neurons, for plastic synapses
    """

    ring: SpikeRing
    inputs: InputRing
    bounds: I64
    history: SpikeHistory | None = None


def address(array: npt.NDArray[Any] | None) -> int:
    """Where an array is; 0 for none."""
    return 0 if array is None else array.ctypes.data


def local_bounds(spec: PathwaySpec, bounds: I64) -> I64:
    """Bounds of threads among the targets of a pathway, numbered from its first one."""
    result = np.clip(bounds - spec.post.first, 0, spec.post.n)
    result[0], result[-1] = 0, spec.post.n
    return result


def common_arguments(
    spec: PathwaySpec, ends: Ends, bounds: I64, *, minimal_delay: int, length: int
) -> I64:
    """An argument table with what all ways of delivery need; `bounds` are local ones."""
    ring, values = ends.ring, ends.inputs.values
    table = np.zeros(length, np.int64)
    table[entries.IDS] = address(ring.ids)
    table[entries.IDS_STRIDE] = ring.ids.shape[1]
    table[entries.COUNTS] = address(ring.counts)
    table[entries.SEGMENTS] = ring.counts.shape[1]
    table[entries.FIRST] = address(ring.first)
    table[entries.RING_MASK] = ring.ids.shape[0] - 1
    table[entries.TIMES] = address(ring.times)
    table[entries.PRE_FIRST] = spec.pre.first
    table[entries.PRE_STOP] = spec.pre.first + spec.pre.n
    table[entries.MINIMAL_DELAY] = minimal_delay
    table[entries.INPUTS] = address(values) + spec.post.first * values.itemsize
    table[entries.INPUTS_STRIDE] = values.shape[1]
    table[entries.INPUTS_MASK] = values.shape[0] - 1
    table[entries.BOUNDS] = address(bounds)
    table[entries.THREADS] = bounds.size - 1
    table[entries.SINCE] = spec.since
    return table


def check_ends(runtime: PathwayRuntime, spec: PathwaySpec, ends: Ends) -> None:
    """Raise ValueError if rings are too short for a pathway or bounds leave out a target."""
    spikes, inputs = ends.ring.ids.shape[0], ends.inputs.values.shape[0]
    if spikes < runtime.spike_rows or inputs < runtime.input_rows:
        raise ValueError(
            f"pathway: rings hold spikes of {spikes} steps and inputs of {inputs}; its delays need"
            f" {runtime.spike_rows} and {runtime.input_rows}: make longer rings"
        )
    first, stop = spec.post.first, spec.post.first + spec.post.n
    if not (ends.bounds[0] <= first and stop <= ends.bounds[-1]):
        raise ValueError(
            f"pathway: targets {first} .. {stop - 1} are not among the neurons {ends.bounds[0]} .."
            f" {ends.bounds[-1] - 1} that threads own; give bounds of the whole group"
        )
