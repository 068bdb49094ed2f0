"""Current sources of the CPU engine, and the arrays into which they flow."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from .build import Kernel, constants, current_kernel
from .columns import collapsed
from .groups import GroupRuntime
from .kernels import clear
from .operations import LANES, Operation
from .specification import CurrentSpec, Precision
from .tables import aligned, current_table, n_columns

_clear_kernel: Any = lru_cache(clear.clear_kernel)


class CurrentRuntime:
    """One current source and its targets in one group."""

    def __init__(
        self,
        spec: CurrentSpec,
        group: GroupRuntime,
        *,
        dt_ms: float,
        seed: int,
        precision: Precision,
    ) -> None:
        self.spec, self._group = spec, group
        self._dt_ms, self._seed, self._precision = dt_ms, seed, precision
        self._real = np.dtype(precision)
        self._rows = spec.targets.size if spec.plan.per_target else 1
        self._state = {name: np.array(v, np.float64) for name, v in spec.states.items()}
        self.operation = Operation(0, np.zeros(1, np.int64))
        self._bind()

    def _numbers(self) -> dict[str, Any]:
        numbers: dict[str, Any] = {k: collapsed(np.asarray(v)) for k, v in self.spec.values.items()}
        numbers |= constants(self.spec.plan, numbers, self._dt_ms)
        return numbers | {"dt": self._dt_ms}

    def _bind(self) -> None:
        """Choose the kernel for what differs between targets, and lay the numbers out for it."""
        numbers = self._numbers()
        varying = frozenset(k for k, v in numbers.items() if np.ndim(v))
        self.kernel: Kernel = current_kernel(self.spec.plan, varying, self._precision)
        group = self._group
        size = n_columns(self.spec.plan, self.spec.targets.size, len(group.bounds) - 1)
        self.columns: npt.NDArray[Any] = aligned((len(self.kernel.fields), size), self._real)
        self.shared = np.zeros(max(1, len(self.kernel.shared)), self._real)
        self.trace = aligned((size,), self._real)
        self._fill(numbers)
        for name, values in self._state.items():
            self.columns[self.kernel.fields.index(name)] = values
        targets = np.ascontiguousarray(self.spec.targets, np.int64)
        table, keep = current_table(
            self.spec.plan, targets=targets,
            split=np.searchsorted(targets, group.bounds).astype(np.int64),
            columns=self.columns, shared=self.shared, current=group.current, trace=self.trace,
            seed=self._seed, stream=self.spec.stream, dt_ms=self._dt_ms,
        )  # fmt: skip
        self.operation.address, self.operation.arguments = self.kernel.address, table
        self.operation.keep = [self.kernel, *keep]

    def _fill(self, numbers: dict[str, Any]) -> None:
        for k, name in enumerate(self.kernel.shared):
            self.shared[k] = numbers[name]
        for k, name in enumerate(self.kernel.fields):
            if name in numbers:
                self.columns[k] = numbers[name]

    def update(self) -> bool:
        """Take over changed parameters; true if the operation is another one now."""
        numbers = self._numbers()
        varying = {k for k, v in numbers.items() if np.ndim(v)}
        if varying - set(self.kernel.fields) or any(
            name in numbers and name not in varying for name in self.kernel.fields
        ):
            self._state = self.snapshot()
            self._bind()
            return True
        self._fill(numbers)
        return False

    def amplitude(self) -> npt.NDArray[np.float64]:
        """What flowed in the last step [nA]: (1,), or one per target."""
        return self.trace[: self._rows].astype(np.float64)

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """The states."""
        return {
            s.name: self.columns[self.kernel.fields.index(s.name), : self._rows].astype(np.float64)
            for s in self.spec.plan.states
        }

    def restore(self, saved: dict[str, npt.NDArray[Any]]) -> None:
        """Go back to saved states."""
        for name, values in saved.items():
            self.columns[self.kernel.fields.index(name)] = values


def clearing(group: GroupRuntime) -> Operation:
    """The operation that forgets the currents of the last step, a thread those of its neurons."""
    table = np.zeros(clear.N_CLEAR, np.int64)
    table[clear.VALUES] = group.current.ctypes.data
    table[clear.BOUNDS] = (bounds := group.partition * LANES).ctypes.data
    kernel = _clear_kernel(group.real.type)
    return Operation(kernel.address, table, [kernel, group, bounds])
