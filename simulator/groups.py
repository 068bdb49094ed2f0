"""The neurons of one model in the memory of the CPU engine.

Sixteen neurons make a block, and a block keeps its fields together: an inner loop over it runs at
constant distances from one address, so it becomes vector instructions without any test for overlap.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .build import Kernel, algebraic_kernel, constants, neuron_kernel
from .columns import used_values
from .generators.cpu import ALGEBRAIC
from .operations import I64, LANES, InputRing, Operation, SpikeRing
from .recording import Recording
from .samplers import Sampler, field_sampler
from .specification import GroupSpec, Precision
from .stability import check_stability
from .tables import algebraic_table, aligned, lane_field, neuron_table, set_lane_field

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
        seed: int,
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
        self.lanes = aligned((self.n_blocks, len(self.kernel.fields), LANES), self.real)
        self.shared = np.zeros(max(1, len(self.kernel.shared)), self.real)
        self.ring = SpikeRing(
            np.empty((ring_steps, self.n_padded), np.int32),
            np.zeros((ring_steps, threads), np.int64),
            self.partition * LANES,
        )
        self.inputs = [
            InputRing(aligned((steps, self.n_padded), self.real)) for steps in input_steps
        ]
        self.current = aligned((self.n_padded,), self.real)
        self.uses_current = uses_current and spec.plan.uses_current
        self.dirty = False
        self._pack()
        for state in spec.plan.states:
            self._store(state.name, spec.states[state.name])
        table, keep = neuron_table(
            spec.plan, n=spec.n, partition=self.partition, lanes=self.lanes, shared=self.shared,
            ring=self.ring if spec.plan.spikes else None, inputs=self.inputs, current=self.current,
            seed=seed, stream=spec.stream, dt_ms=dt_ms,
        )  # fmt: skip
        self.operation = Operation(self.kernel.address, table, [self.kernel, *keep])

    def _choose(self) -> tuple[Kernel, dict[str, Any]]:
        """The kernel for what differs between the neurons now, and all numbers by name."""
        numbers = used_values(self.spec.plan, self.spec.values)  # type: ignore[arg-type]
        numbers |= constants(self.spec.plan, numbers, self.dt_ms)
        check_stability(self.spec.plan, numbers, self.dt_ms)
        numbers["dt"] = self.dt_ms
        self._varying = frozenset(k for k, v in numbers.items() if np.ndim(v))
        return neuron_kernel(self.spec.plan, self._varying, self.precision), numbers

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

    def _store(self, name: str, values: npt.ArrayLike) -> None:
        """Fill a field; the lanes behind the last neuron get a copy of it, a harmless value."""
        set_lane_field(
            self.lanes, self.kernel.fields.index(name), np.broadcast_to(values, self.spec.n)
        )

    def read(self, name: str) -> F64:
        """A state, (n,) float64."""
        field = self.kernel.fields.index(name)
        return lane_field(self.lanes, field, self.spec.n).astype(np.float64)

    def write(self, name: str, values: npt.ArrayLike, members: I64) -> None:
        """Change a state of some neurons."""
        self.lanes[members // LANES, self.kernel.fields.index(name), members % LANES] = values

    def sampler(self, recording: Recording) -> Sampler:
        """The operation that samples a state or an algebraic variable."""
        split = np.searchsorted(recording.indices, self.bounds).astype(np.int64)
        if recording.variable in self.kernel.fields:
            field = self.kernel.fields.index(recording.variable)
            return field_sampler(recording, self.lanes, field, split)
        kernel = algebraic_kernel(self.spec.plan, recording.variable, self._varying, self.precision)
        table, keep = algebraic_table(
            neurons=recording.indices, split=split, lanes=self.lanes, shared=self.shared,
            out=np.zeros(1), current=self.current, every=recording.every,
            stride=recording.indices.size, dt_ms=self.dt_ms,
        )  # fmt: skip
        operation = Operation(kernel.address, table, [kernel, recording, *keep])
        return Sampler(recording, operation, ALGEBRAIC["out"], ALGEBRAIC["offset"])
