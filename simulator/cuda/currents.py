"""Current sources on the device: amplitudes first, then their sum into the neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..build import constants
from ..generators.cuda import current_source
from ..specification import CurrentSpec
from .bookkeeping import add_current
from .compile import compiled
from .groups import DeviceGroup, Setting
from .launch import Launch
from .memory import Array


class DeviceCurrent:
    """One current source and the neurons of one group into which it flows."""

    def __init__(self, spec: CurrentSpec, setting: Setting, group: DeviceGroup) -> None:
        self.spec, self.setting, self.group = spec, setting, group
        self.rows = spec.targets.size if spec.plan.per_target else 1
        self.trace = setting.memory.zeros((self.rows,), setting.precision)
        self._targets = setting.memory.put(spec.targets, np.int32)
        self._choose()
        self._pack(dict(spec.states))

    def _choose(self) -> None:
        numbers: dict[str, Any] = {k: _plain(v) for k, v in self.spec.values.items()}
        numbers |= constants(self.spec.plan, numbers, self.setting.dt_ms)
        numbers["dt"] = self.setting.dt_ms
        self._numbers = numbers
        varying = frozenset(name for name, v in numbers.items() if np.ndim(v))
        self._source = current_source(self.spec.plan, varying, self.setting.precision)

    def _pack(self, states: dict[str, Any]) -> None:
        real = np.dtype(self.setting.precision)
        values = np.empty((len(self._source.fields), self.rows), real)
        for row, name in zip(values, self._source.fields, strict=True):
            row[:] = states[name] if name in states else self._numbers[name]
        self._values = self.setting.memory.put(values, real)
        shared = [self._numbers[name] for name in self._source.shared]
        self._shared = self.setting.memory.put(shared, real)

    def update_parameters(self) -> None:
        """Take over what has changed in the specification."""
        states = self.snapshot()
        self._choose()
        self._pack(states)

    def launches(self) -> list[Launch]:
        """The launches of a step: compute, then add."""
        setting, stream = self.setting, self.setting.memory.stream
        kernel = compiled(self._source.text, self._source.name)
        rows, targets = setting.shape.over(self.rows), setting.shape.over(self.spec.targets.size)
        arguments = [
            setting.clock, setting.dt_ms, self._values, self._shared, self.trace, setting.seed,
            self.spec.stream,
        ]  # fmt: skip
        mask = -1 if self.spec.plan.per_target else 0
        adding = [self.trace, mask, self._targets, self.group.current]
        return [
            Launch(self.spec.plan.name, kernel, rows, stream, arguments),
            Launch("add_current", add_current, targets, stream, adding),
        ]

    def snapshot(self) -> dict[str, Array]:
        """States by name, (row,)."""
        values = self.setting.memory.get(self._values)[:, : self.rows].astype(np.float64)
        return {s.name: values[k] for k, s in enumerate(self.spec.plan.states)}

    def restore(self, saved: dict[str, Array]) -> None:
        """Go back to a snapshot."""
        self._pack(saved)


def _plain(column: Any) -> Any:
    """A number where there is but one."""
    array = np.asarray(column, np.float64)
    return float(array.reshape(-1)[0]) if array.size == 1 else array
