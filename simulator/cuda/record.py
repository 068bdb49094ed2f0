"""Recordings: kept on the device for a block of steps, then copied to the host at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..recording import Recording, SpikeRecording
from .bookkeeping import mark_spikes
from .compile import compiled
from .groups import DeviceGroup, Emitter, Setting
from .launch import Launch


class Samples:
    """Samples of a variable of some neurons of a group."""

    def __init__(self, recording: Recording, setting: Setting, group: DeviceGroup) -> None:
        self.recording, self.setting, self.group = recording, setting, group
        self._indices = setting.memory.put(recording.indices, np.int32)
        self._rows: Any = None

    @property
    def step_bytes(self) -> float:
        """Bytes that a step adds, on average."""
        return self.recording.indices.size * self.group.real.itemsize / self.recording.every

    def begin(self, last: int) -> list[Launch]:
        """The launch of every step up to `last`; none if no sample falls into them."""
        recording, setting, group = self.recording, self.setting, self.group
        self._n_new = recording.rows_until(last) - recording.n_rows
        if not recording.indices.size or self._n_new <= 0:
            self._n_new = 0
            return []
        shape = (self._n_new, recording.indices.size)
        if self._rows is None or self._rows.shape[0] < self._n_new:
            self._rows = setting.memory.zeros(shape, group.real)
        source = group.sampler(recording.variable)
        kernel = compiled(source.text, source.name)
        size = setting.shape.over(recording.indices.size)
        first = setting.memory.put([recording.next_step], np.int64)
        arguments = [
            setting.clock, setting.dt_ms, group.values, group.shared, group.current, self._indices,
            self._rows, first, recording.every,
        ]  # fmt: skip
        return [Launch("sample", kernel, size, setting.memory.stream, arguments)]

    def end(self) -> None:
        """Hand the samples over."""
        if self._n_new:
            recording = self.recording
            recording.reserve(recording.n_rows + self._n_new)
            rows = self.setting.memory.get(self._rows)[: self._n_new]
            recording.buffer[recording.n_rows : recording.n_rows + self._n_new] = rows
            recording.n_rows += self._n_new


class Spikes:
    """Spikes of some members of an emitter: a byte per step and member, so nothing can overflow.

    What the host gets from it is in order, whatever order the device wrote in.
    """

    def __init__(self, recording: SpikeRecording, setting: Setting, emitter: Emitter) -> None:
        self.recording, self.setting, self.emitter = recording, setting, emitter
        place = np.full(emitter.n, -1, np.int32)
        place[recording.indices] = np.arange(recording.indices.size)
        self._place = setting.memory.put(place, np.int32)
        self._raster: Any = None
        self._first = 0

    @property
    def step_bytes(self) -> float:
        """Bytes that a step adds."""
        return float(self.recording.indices.size)

    def begin(self, first: int, n_steps: int) -> list[Launch]:
        """The launch of every one of the steps."""
        n = self.recording.indices.size
        if not n:
            return []
        setting, emitter, memory = self.setting, self.emitter, self.setting.memory
        self._first = first
        if first == 1:
            self._keep_what_came_at_once()
        if self._raster is None or self._raster.shape[0] < n_steps:
            self._raster = memory.zeros((n_steps, n), np.uint8)
        else:
            memory.change(self._raster, np.uint8(0))
        size = setting.shape.over(emitter.n)
        arguments = [
            setting.clock, emitter.ids, emitter.counts, emitter.times, emitter.times_mask,
            self._place, self._raster, memory.put([first], np.int64),
        ]  # fmt: skip
        return [Launch("mark_spikes", mark_spikes, size, memory.stream, arguments)]

    def _keep_what_came_at_once(self) -> None:
        """Spikes of step 0, which come before the first step that is launched."""
        emitter, get = self.emitter, self.setting.memory.get
        n = int(get(emitter.counts)[0])
        if not n:
            return
        members, often = get(emitter.ids)[0, :n], np.ones(n, np.int64)
        if emitter.times_mask:
            often[:] = get(emitter.times)[0, :n]
        order = np.argsort(members)
        chosen = order[np.isin(members[order], self.recording.indices)]
        members = np.repeat(members[chosen].astype(np.int64), often[chosen])
        self.recording.extend(np.zeros(members.size, np.int64), members)

    def end(self) -> None:
        """Hand the spikes over: ascending steps, ascending members in a step."""
        if self.recording.indices.size:
            raster = self.setting.memory.get(self._raster)
            rows, columns = np.nonzero(raster)
            often = raster[rows, columns]
            members = self.recording.indices[columns]
            self.recording.extend(np.repeat(rows + self._first, often), np.repeat(members, often))
