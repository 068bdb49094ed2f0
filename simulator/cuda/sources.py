"""Spike sources on the device."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..specification import I64, SourceSpec
from .bookkeeping import emit_times
from .emit import begin_renewal, emit_renewal
from .groups import Emitter, Setting
from .launch import Launch

_MS = 1e3
"""ms in a second."""


class DeviceSource:
    """One kind of sources: who fires when, and the launch that writes it down."""

    def __init__(self, spec: SourceSpec, setting: Setting, emitter: Emitter) -> None:
        self.spec, self.setting, self.emitter = spec, setting, emitter
        self.due = setting.memory.put(np.full(spec.n, np.nan), np.float64)
        self.draws = setting.memory.zeros((spec.n,), np.int64)
        self._columns: list[Any] = []
        self._take_over()

    def _take_over(self) -> None:
        """Parameters or times of the specification."""
        put = self.setting.memory.put
        if self.spec.kind == "times":
            self._columns = _table_of_events(self.spec, put)
            return
        values = self.spec.values
        none = np.zeros(self.spec.n)
        rate = values["rate"] if self.spec.kind == "poisson" else values["beta"]
        shape = none if self.spec.kind == "poisson" else values["alpha"]
        dead = values["dead_time"] if self.spec.kind == "poisson" else none
        with np.errstate(divide="ignore"):
            scale = np.where(rate > 0, _MS / rate - dead, np.inf)
        columns = (values["start"], values["stop"], shape, scale, dead)
        self._columns = [put(column, np.float64) for column in columns]

    def begin(self, step: int) -> None:
        """Get ready for what follows `step`: draw when those fire of whom it is not known."""
        if self.spec.kind == "times":
            return
        start, _, shape, scale, dead = self._columns
        arguments = [
            step * self.setting.dt_ms, self.due, self.draws, start, shape, scale, dead,
            self.setting.seed, self.spec.stream,
        ]  # fmt: skip
        size, stream = self.setting.shape.over(self.spec.n), self.setting.memory.stream
        Launch("begin_renewal", begin_renewal, size, stream, arguments)()

    def update(self, members: I64, step: int) -> None:
        """Take over changed parameters or times; the next spikes of `members` are drawn anew."""
        self._take_over()
        if self.spec.kind != "times":
            due = self.setting.memory.get(self.due)
            due[members] = np.nan
            self.setting.memory.change(self.due, due)
        self.begin(step)

    def emit(self) -> Launch:
        """The launch that emits the spikes of a step."""
        setting, emitter = self.setting, self.emitter
        stream = setting.memory.stream
        size = setting.shape.over(self.spec.n)
        ring = [emitter.ids, emitter.counts, emitter.times]
        if self.spec.kind == "times":
            given = [setting.clock, *self._columns, *ring]
            return Launch("emit_times", emit_times, size, stream, given)
        _, stop, shape, scale, dead = self._columns
        arguments = [
            setting.clock, setting.dt_ms, self.due, self.draws, stop, shape, scale, dead,
            setting.seed, self.spec.stream, *ring,
        ]  # fmt: skip
        return Launch("emit_renewal", emit_renewal, size, stream, arguments)


def _table_of_events(spec: SourceSpec, put: Any) -> list[Any]:
    """Events sorted by step and member, equal ones counted; steps without events cost a word.

    Returns  steps (distinct,), starts (distinct + 1,) int64; members, counts (event,) int32
    """
    pairs = np.stack([np.asarray(spec.steps, np.int64), np.asarray(spec.indices, np.int64)])
    pairs, often = np.unique(pairs, axis=1, return_counts=True)
    steps, starts = np.unique(pairs[0], return_index=True)
    starts = np.append(starts, pairs.shape[1])
    if not steps.size:
        steps = np.array([np.iinfo(np.int64).max])
        starts = np.array([0, 0])
    return [
        put(steps, np.int64), put(starts, np.int64), put(pairs[1], np.int32), put(often, np.int32)
    ]  # fmt: skip
