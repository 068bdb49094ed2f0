"""The neurons of one model in the memory of the CPU engine.

Sixteen neurons make a block, and a block keeps its fields together: an inner loop over it runs at
constant distances from one address, so it becomes vector instructions without any test for overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .build import NeuronKernel, constants, neuron_kernel
from .columns import used_values
from .operations import LANES, I64, InputRing, SpikeRing
from .specification import GroupSpec, Precision

F64 = npt.NDArray[np.float64]


def split(n_blocks: int, threads: int) -> I64:
    """First block of every thread, and the end: (threads + 1,)."""
    return np.array([n_blocks * k // threads for k in range(threads + 1)], np.int64)


class GroupRuntime:
    """Lanes, rings and the kernel of a group.

    ring_steps    R, a power of two: how many steps of spikes are kept
    input_steps   D of every receptor, powers of two
    uses_current  whether some current source flows into the group
    """

    def __init__(
        self,
        spec: GroupSpec,
        *,
        dt_ms: float,
        precision: Precision,
        threads: int,
        ring_steps: int,
        input_steps: list[int],
        uses_current: bool,
    ) -> None:
        self.spec, self.dt_ms, self.precision = spec, dt_ms, precision
        self.real = np.dtype(precision)
        self.n_blocks = -(-spec.n // LANES)
        self.n_padded = self.n_blocks * LANES
        self.partition = split(self.n_blocks, threads)
        self.bounds = np.minimum(self.partition * LANES, spec.n)
        self.kernel, self._numbers = self._choose()
        self.lanes = np.zeros((self.n_blocks, len(self.kernel.fields), LANES), self.real)
        self.shared = np.zeros(max(1, len(self.kernel.shared)), self.real)
        self.ring = SpikeRing(
            np.empty((ring_steps, self.n_padded), np.int32),
            np.zeros((ring_steps, threads), np.int64),
            self.partition * LANES,
        )
        self.inputs = [
            InputRing(np.zeros((steps, self.n_padded), self.real)) for steps in input_steps
        ]
        reads = spec.plan.uses_current
        self.current = np.zeros(self.n_padded if reads else 0, self.real)
        self.uses_current = uses_current and reads
        self.dirty = False
        self._pack()
        self.reset()

    def _choose(self) -> tuple[NeuronKernel, dict[str, Any]]:
        """The kernel for what differs between the neurons now, and all numbers by name."""
        numbers = used_values(self.spec.plan, self.spec.values)  # type: ignore[arg-type]
        numbers |= constants(self.spec.plan, numbers, self.dt_ms)
        numbers["dt"] = self.dt_ms
        varying = frozenset(k for k, v in numbers.items() if np.ndim(v))
        return neuron_kernel(self.spec.plan, varying, self.precision), numbers

    def _pack(self) -> None:
        for k, name in enumerate(self.kernel.shared):
            self.shared[k] = self._numbers[name]
        for name in self.kernel.fields:
            if name in self._numbers:
                self._store(name, self._numbers[name])

    def refresh(self) -> bool:
        """Take over changed parameters; false if that needs another kernel."""
        kernel, numbers = self._choose()
        if (kernel.fields, kernel.shared) != (self.kernel.fields, self.kernel.shared):
            return False
        self._numbers, self.dirty = numbers, False
        self._pack()
        return True

    def reset(self) -> None:
        """Initial states; nothing in flight."""
        for state in self.spec.plan.states:
            self._store(state.name, self.spec.states[state.name])
        self.ring.counts[:] = 0
        for ring in self.inputs:
            ring.values[:] = 0

    def _field(self, name: str) -> npt.NDArray[Any]:
        return self.lanes[:, self.kernel.fields.index(name), :]

    def _store(self, name: str, values: npt.ArrayLike) -> None:
        """Fill a field; the lanes behind the last neuron get a copy of it, a harmless value."""
        if not self.spec.n:
            return
        padded = np.empty(self.n_padded, self.real)
        padded[: self.spec.n] = values
        padded[self.spec.n :] = padded[self.spec.n - 1]
        self._field(name)[...] = padded.reshape(self.n_blocks, LANES)

    def read(self, name: str) -> F64:
        """A state, (n,) float64."""
        return self._field(name).reshape(-1)[: self.spec.n].astype(np.float64)

    def write(self, name: str, values: npt.ArrayLike, members: I64) -> None:
        """Change a state of some neurons."""
        self._field(name)[members // LANES, members % LANES] = values
