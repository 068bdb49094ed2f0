"""Pathways on the device whose synapses are drawn anew for every spike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ..connectivity import Procedural
from ..kernels.deliver_procedural import width
from ..procedural_pathways import expand
from ..specification import F64, I64, PathwaySpec
from .deliver_procedural import BY_CHANCE, BY_NUMBER
from .groups import DeviceGroup, Emitter, Setting
from .launch import Launch
from .memory import Array, word
from .pathways import REPEATS


class DeviceProcedural:
    """Static synapses with one delay that take no memory; see `pathways.DevicePathway`.

    Raises  ValueError if delays differ.
    """

    is_static = True
    looks_back = False
    touched = None

    def __init__(
        self, spec: PathwaySpec, setting: Setting, emitter: Emitter, group: DeviceGroup
    ) -> None:
        assert isinstance(spec.connectivity, Procedural)
        self.spec, self.setting, self.emitter, self.group = spec, setting, emitter, group
        self.connectivity = spec.connectivity
        delays = np.asarray(spec.delays)
        if delays.size and delays.min() != delays.max():
            raise ValueError(
                f"synapses {spec.plan.name}: delays from {delays.min()} to {delays.max()} steps of "
                "synapses that are not stored; give one number, or connect with a list of synapses"
            )
        self.minimal_delay = int(delays.min()) if delays.size else 1
        self.n = int(self.connectivity.n_pre * self.connectivity.n_post * bool(spec.pre.n))

    @property
    def largest(self) -> float:
        """Largest magnitude of a weight."""
        return float(max(abs(self.connectivity.low), abs(self.connectivity.high)))

    @property
    def headroom(self) -> float:
        """How many times larger than `largest` an event may be."""
        return REPEATS if self.spec.pre.is_source else 1.0

    def in_degrees(self) -> I64:
        """(n,) at most so many synapses onto each neuron of the group: they are not counted."""
        one = self.connectivity
        most = one.n_pre if one.kind == "probability" else one.n_pre * int(one.value)
        count = np.zeros(self.group.spec.n, np.int64)
        count[self.spec.post.first : self.spec.post.first + self.spec.post.n] = most
        return count

    def deliver(self, status: Any) -> list[Launch]:
        """The launch that takes the spikes whose weights arrive in this step."""
        one, emitter, shape = self.connectivity, self.emitter, self.setting.shape
        by_chance = one.kind == "probability"
        if by_chance and one.value == 0:
            return []
        columns = width(one.value if by_chance else None)
        pieces = max(1, -(-(one.n_post if by_chance else int(one.value)) // columns))
        rows = self.spec.pre.n * pieces
        with np.errstate(divide="ignore"):
            scale = float(max(1 / np.log1p(-one.value), -1e300)) if by_chance else 0.0
        arguments = [
            self.setting.clock, emitter.ids, emitter.counts, emitter.times, emitter.times_mask,
            self.spec.pre.first, self.spec.pre.n, self.minimal_delay, self.spec.since, one.n_post,
            columns,
            scale if by_chance else int(one.value), float(one.low), float(one.high - one.low),
            word(one.seed), self.spec.post.first, self.group.ring, self.spec.receptor,
            self.group.scaling, status, pieces, shape.lanes,
        ]  # fmt: skip
        variant = self.setting.exact, self.setting.precision
        kernel = BY_CHANCE[variant] if by_chance else BY_NUMBER[variant]
        size = shape.over(rows) if by_chance else shape.over_rows(rows)
        return [Launch(one.kind, kernel, size, self.setting.memory.stream, arguments)]

    def get(self, name: str) -> F64:
        """``weight``, in the order of `procedural_pathways.expand`."""
        if name != "weight":
            raise KeyError(f"synapses {self.spec.plan.name} have no {name!r}, only a weight")
        return expand(self.connectivity)[1]

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Set the weight of all synapses to one number."""
        given = np.asarray(values, np.float64)
        if name != "weight" or given.size != 1:
            raise ValueError(
                f"synapses {self.spec.plan.name}: {given.size} values of {name!r} for synapses "
                "that are not stored; give one weight, or connect with a list of synapses"
            )
        weight = float(given.reshape(()))
        one = replace(self.connectivity, low=weight, high=weight)
        self.connectivity = self.spec.connectivity = one

    def snapshot(self) -> dict[str, Array]:
        """Nothing: a simulation changes nothing."""
        return {}

    def restore(self, saved: dict[str, Array]) -> None:
        """Nothing."""

    def begin(self, step: int) -> None:
        """Nothing: static synapses have no time."""
