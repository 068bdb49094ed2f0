"""The neurons of one model on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..build import constants
from ..columns import used_values
from ..generators.cuda import KernelSource, neuron_source, sampler_source
from ..specification import F64, I64, GroupSpec, Precision
from .compile import compiled
from .fixed_point import Scaling
from .launch import Launch, Shape
from .memory import Memory


@dataclass
class Emitter:
    """Who fired in the last steps, on the device.

    ids         (R, n) int32: step n in row n & (R - 1), in no particular order
    counts      (R,) int32
    times       like ids: how often each fired; (1, 1) with a 1 where nobody fires twice
    times_mask  -1 if `times` is like `ids`, else 0
    """

    n: int
    ids: Any
    counts: Any
    times: Any
    times_mask: int


@dataclass
class History:
    """Steps at which the neurons of a group fired, for plastic synapses.

    steps   (n, H) int64: spike number k of a neuron in column k & (H - 1)
    counts  (n,) int64: spikes so far
    """

    steps: Any
    counts: Any


@dataclass(frozen=True)
class Setting:
    """What all parts of an engine share."""

    memory: Memory
    shape: Shape
    clock: Any
    dt_ms: float
    seed: np.uint64
    precision: Precision
    exact: bool


class DeviceGroup:
    """States, parameters, inputs and spikes of a group, and its kernels.

    input_steps  D, a power of two: steps for which inputs are kept
    """

    def __init__(
        self,
        spec: GroupSpec,
        setting: Setting,
        emitter: Emitter,
        *,
        input_steps: int,
        history: bool,
    ) -> None:
        self.spec, self.setting, self.emitter = spec, setting, emitter
        memory = setting.memory
        self.real = np.dtype(setting.precision)
        n_receptors = len(spec.plan.receptors)
        kind = np.dtype(np.int64) if setting.exact else self.real
        self.ring = memory.zeros((n_receptors, input_steps, spec.n), kind)
        self.scaling = memory.put(np.ones((n_receptors, 3)), np.float64)
        self.scales = [Scaling(1.0, 1.0, 0.0)] * n_receptors
        self.current = memory.zeros((2, spec.n), self.real)  # so far in this step; in the last one
        self.history: History | None = None
        if history:
            self.history = History(
                memory.zeros((spec.n, 16), np.int64), memory.zeros((spec.n,), np.int64)
            )
        self._choose()
        self._pack(spec.states)

    def _choose(self) -> None:
        numbers: dict[str, Any] = used_values(self.spec.plan, self.spec.values)  # type: ignore[arg-type]
        numbers |= constants(self.spec.plan, numbers, self.setting.dt_ms)
        numbers["dt"] = self.setting.dt_ms
        self._numbers = numbers
        self.varying = frozenset(name for name, v in numbers.items() if np.ndim(v))
        self.source = neuron_source(
            self.spec.plan, self.varying, self.setting.precision, exact=self.setting.exact,
            history=self.history is not None,
        )  # fmt: skip

    def _pack(self, states: dict[str, F64]) -> None:
        values = np.empty((len(self.source.fields), self.spec.n), self.real)
        for row, name in zip(values, self.source.fields, strict=True):
            row[:] = states[name] if name in states else self._numbers[name]
        self.values = self.setting.memory.put(values, self.real)
        shared = [self._numbers[name] for name in self.source.shared]
        self.shared = self.setting.memory.put(shared, self.real)

    def update_parameters(self) -> None:
        """Take over what has changed in the specification; another kernel if need be."""
        states = {s.name: self.read(s.name) for s in self.spec.plan.states}
        self._choose()
        self._pack(states)

    def set_scales(self, scales: list[Scaling]) -> None:
        """Use other fixed-point scales; what is on its way keeps its value."""
        memory = self.setting.memory
        if self.setting.exact and scales != self.scales:
            units = memory.get(self.ring)
            for k, (old, new) in enumerate(zip(self.scales, scales, strict=True)):
                if np.any(units[k]):
                    units[k] = np.rint(units[k] * (old.inverse * new.scale))
            memory.change(self.ring, units)
        self.scales = scales
        rows = [(s.scale, s.inverse, s.limit) for s in scales]
        self.scaling = memory.put(np.array(rows).reshape(-1, 3), np.float64)

    def update(self) -> Launch:
        """The launch that advances the group by a step."""
        setting, emitter = self.setting, self.emitter
        kernel = compiled(self.source.text, self.source.name)
        arguments = [
            setting.clock, setting.dt_ms, self.values, self.shared, self.current, self.ring,
            self.scaling, emitter.ids, emitter.counts, setting.seed, self.spec.stream,
        ]  # fmt: skip
        if self.history is not None:
            arguments += [self.history.steps, self.history.counts]
        size = setting.shape.over(self.spec.n)
        return Launch(self.spec.plan.name, kernel, size, setting.memory.stream, arguments)

    def sampler(self, variable: str) -> KernelSource:
        """The kernel that samples a state or an algebraic quantity."""
        precision = self.setting.precision
        return sampler_source(self.spec.plan, self.varying, precision, variable)

    def read(self, name: str) -> F64:
        """A state, (n,) float64."""
        values = self.setting.memory.get(self.values)
        return values[self.source.fields.index(name), : self.spec.n].astype(np.float64)

    def write(self, name: str, given: npt.ArrayLike, members: I64) -> None:
        """Change a state of some neurons."""
        values = self.setting.memory.get(self.values)
        values[self.source.fields.index(name), members] = given
        self.setting.memory.change(self.values, values)
