"""Pathways of synapses that give their weight for every spike."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .connectivity import Dense, Procedural, Sparse, split_rows
from .kernels import delivery_table as entries
from .kernels.deliver_dense import dense
from .kernels.deliver_sparse import sparse
from .operations import Operation
from .pathway_ends import Ends, address, check_ends, common_arguments, local_bounds
from .specification import F64, PathwaySpec, Precision
from .synapse_columns import (
    Delays,
    Weights,
    column,
    real_of,
    steps_of,
    store_delays,
    store_weights,
)

_sparse: Any = cache(sparse)
_dense: Any = cache(dense)


@dataclass
class StaticPathway:
    """Synapses that give their weight for every spike, and never change on their own."""

    spec: PathwaySpec
    ends: Ends
    dt_ms: float
    precision: Precision
    rebuild_needed: bool = False
    weights: Weights = field(init=False)
    delays: Delays = field(init=False)
    operation: Operation = field(init=False)

    def __post_init__(self) -> None:
        self._store_weights(self.spec.weights)
        self.delays = store_delays("pathway: delay", self.spec.delays, self.n_synapses)
        check_ends(self, self.spec, self.ends)
        self.operation = Operation(0, np.zeros(entries.LENGTH, np.int64))
        self._renew()

    @property
    def n_synapses(self) -> int:
        """Synapses that `get` gives values of."""
        return self._connectivity.n_synapses

    @property
    def minimal_delay(self) -> int:
        """Steps."""
        return self.delays.minimal

    @property
    def spike_rows(self) -> int:
        """Steps back to the oldest spikes that are read."""
        return self.delays.minimal

    @property
    def input_rows(self) -> int:
        """Steps from now on for which inputs are written."""
        return self.delays.maximal - self.delays.minimal + 1

    @property
    def quantisation_error(self) -> float:
        """Largest difference of a weight from what was given, in its unit."""
        return self.weights.error

    @property
    def memory_bytes(self) -> int:
        """What rows, weights and delays take."""
        stored = self.weights.memory_bytes + self.delays.beyond.nbytes
        return self._connectivity.memory_bytes + stored

    @property
    def _connectivity(self) -> Sparse | Dense:
        connectivity = self.spec.connectivity
        assert not isinstance(connectivity, Procedural)
        return connectivity

    def bind(self, ends: Ends) -> None:
        """Use other rings or bounds from now on."""
        check_ends(self, self.spec, ends)
        self.ends = ends
        self._renew()

    def get(self, name: str) -> F64:
        """See `PathwayRuntime`."""
        if name == "weight":
            return self.weights.values(self.n_synapses)
        if name == "delay":
            return cast(F64, self.delays.steps(self.n_synapses) * self.dt_ms)
        raise KeyError(f"pathway: a static synapse has no '{name}'; it has weight and delay")

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """See `PathwayRuntime`."""
        given = column(f"pathway: {name}", values, self.n_synapses)
        if name == "weight":
            self._store_weights(given)
        elif name == "delay":
            steps = steps_of("pathway", given, self.dt_ms)
            self.delays = store_delays("pathway: delay", steps, self.n_synapses)
        else:
            self.get(name)
        self._renew_if_possible()

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """Weights [unit of the receptor]."""
        one = self.weights.one
        return {"weight": self.get("weight") if one is None else np.asarray(one)}

    def restore(self, saved: dict[str, npt.NDArray[Any]]) -> None:
        """See `PathwayRuntime`."""
        if "weight" in saved:
            self._store_weights(saved["weight"])
            self._renew_if_possible()

    def reset(self) -> None:
        """Nothing: what a user has set stays, and nothing else changes."""

    def _store_weights(self, values: npt.ArrayLike) -> None:
        given = column("pathway: weight", values, self.n_synapses)
        self.weights = store_weights(given, self.precision, self.spec.weight_bits)

    def _renew_if_possible(self) -> None:
        """Take over changed columns; if rings are too short now, wait for `bind`."""
        rings = self.ends.ring.ids, self.ends.inputs.values
        before = self.operation.address, self.operation.arguments[entries.MINIMAL_DELAY]
        if rings[0].shape[0] < self.spike_rows or rings[1].shape[0] < self.input_rows:
            self.rebuild_needed = True
            return
        self._renew()
        self.rebuild_needed |= before != (self.operation.address, self.minimal_delay)

    def _renew(self) -> None:
        """Write the argument table anew."""
        bounds = local_bounds(self.spec, self.ends.bounds)
        table = common_arguments(
            self.spec,
            self.ends,
            bounds,
            minimal_delay=self.minimal_delay,
            length=entries.LENGTH,
        )
        table[entries.WEIGHTS] = address(self.weights.stored)
        table[entries.CODE] = address(self.weights.code)
        table[entries.DELAYS] = address(self.delays.beyond)
        variant = real_of(self.precision), self.weights.kind, self.delays.kind
        keep: list[Any] = [bounds, self.weights, self.delays, self.ends]
        connectivity = self._connectivity
        if isinstance(connectivity, Sparse):
            positions = split_rows(connectivity, bounds)
            table[entries.POSITIONS] = address(positions)
            table[entries.TARGETS] = address(connectivity.targets)
            keep += [positions, connectivity]
            kernel = _sparse(*variant)
        else:
            table[entries.N_POST] = connectivity.n_post
            table[entries.NO_SELF] = connectivity.no_self
            kernel = _dense(*variant)
        self.operation.arguments[:] = table
        self.operation.address, self.operation.keep = kernel.address, [kernel, *keep]
