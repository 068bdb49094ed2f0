"""Spike sources of the CPU engine."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .groups import split
from .kernels import emit
from .operations import I64, Operation, SpikeRing
from .specification import SourceSpec

F64 = npt.NDArray[np.float64]
_kernels = lru_cache(emit.kernels)
_MS = 1e3  # ms in a second


class SourceRuntime:
    """One kind of sources: its ring of spikes, its state, and the operation that fills the ring."""

    def __init__(
        self, spec: SourceSpec, *, dt_ms: float, seed: int, threads: int, ring_steps: int
    ) -> None:
        self.spec = spec
        renewal, given, self._first = _kernels()
        self._is_given = spec.kind == "times"
        n = max(1, spec.n)
        first = np.zeros(threads + 1, np.int64)
        first[1:] = spec.n
        if not self._is_given:
            first = split(spec.n, threads)
        self.ring = SpikeRing(
            np.empty((ring_steps, n), np.int32), np.zeros((ring_steps, threads), np.int64), first,
            np.ones((ring_steps, n), np.int32),
        )  # fmt: skip
        self.due, self.draws = np.full(n, np.nan), np.zeros(n, np.int64)
        self._position, self._dt = np.zeros(1, np.int64), np.array([dt_ms])
        kernel = given if self._is_given else renewal
        self.operation = Operation(kernel.address, np.zeros(emit.N_EMIT, np.int64), [kernel])
        table = self.operation.arguments
        ring = self.ring
        assert ring.times is not None
        table[emit.N], table[emit.SEED], table[emit.STREAM] = spec.n, _signed(seed), spec.stream
        table[emit.IDS], table[emit.IDS_STRIDE] = ring.ids.ctypes.data, n
        table[emit.COUNTS], table[emit.SEGMENTS] = ring.counts.ctypes.data, threads
        table[emit.FIRST], table[emit.RING_MASK] = first.ctypes.data, ring_steps - 1
        table[emit.TIMES], table[emit.DT] = ring.times.ctypes.data, self._dt.ctypes.data
        table[emit.NEXT], table[emit.DRAWS] = self.due.ctypes.data, self.draws.ctypes.data
        table[emit.POSITION] = self._position.ctypes.data
        self._columns: dict[int, npt.NDArray[Any]] = {}
        self._point()

    def _point(self) -> None:
        """Take over the parameters or the times of the specification."""
        values = self.spec.values
        if self._is_given:
            self._columns = {
                emit.STEPS: np.ascontiguousarray(self.spec.steps, np.int64),
                emit.INDICES: np.ascontiguousarray(self.spec.indices, np.int32),
            }
            self.operation.arguments[emit.N_EVENTS] = self.spec.steps.size
        else:
            with np.errstate(divide="ignore"):
                if self.spec.kind == "poisson":
                    dead = values["dead_time"]
                    scale = np.where(values["rate"] > 0, _MS / values["rate"] - dead, np.inf)
                else:
                    dead = np.zeros(self.spec.n)
                    scale = np.where(values["beta"] > 0, _MS / values["beta"], np.inf)
            self._columns = {
                emit.START_TIME: values["start"].copy(), emit.STOP_TIME: values["stop"].copy(),
                emit.SCALE: scale, emit.DEAD: dead.copy(),
            }  # fmt: skip
            if self.spec.kind == "gamma":
                self._columns[emit.SHAPE] = values["alpha"].copy()
        for entry, column in self._columns.items():
            self.operation.arguments[entry] = column.ctypes.data

    def begin(self, step: int) -> None:
        """Get ready for the step after `step`; at 0 what is due at t = 0 is emitted now."""
        if self._is_given:
            self._position[0] = np.searchsorted(self.spec.steps, step, side="right")
            if step == 0:
                self._emit_now()
        else:
            self._draw_unknown(step)

    def _draw_unknown(self, step: int) -> None:
        self._first.ctypes(self.operation.arguments.ctypes.data, step, 0)

    def _emit_now(self) -> None:
        """The spikes of step 0, which no step of the loop ends with."""
        ring = self.ring
        assert ring.times is not None
        n = int(np.searchsorted(self.spec.steps, 0, side="right"))
        members, times = np.unique(self.spec.indices[:n], return_counts=True)
        ring.ids[0, : members.size], ring.times[0, : members.size] = members, times
        ring.counts[0, 0] = members.size

    def update(self, members: I64, step: int) -> None:
        """Take over changed parameters of some sources: they are drawn from now on."""
        self._point()
        if not self._is_given:
            self.due[members] = np.nan
        self.begin(step)

    def reset(self) -> None:
        """As at the beginning."""
        self.ring.counts[:] = 0
        self.due[:], self.draws[:] = np.nan, 0
        self.begin(0)


def make_source(
    spec: SourceSpec, *, dt_ms: float, seed: int, threads: int, ring_steps: int
) -> SourceRuntime:
    """A source with its ring, at t = 0."""
    return SourceRuntime(spec, dt_ms=dt_ms, seed=seed, threads=threads, ring_steps=ring_steps)


def _signed(word: int) -> int:
    """A 64-bit word as the signed number that an int64 table holds."""
    return word - 2**64 if word >= 2**63 else word
