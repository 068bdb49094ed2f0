"""Synapses on the device: columns in the order of the connectivity, and the launch of a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..build import constants
from ..connectivity import Dense, Procedural, Sparse
from ..generators.synapses_cuda import settle_source, touch_source
from ..specification import F64, I64, PathwaySpec
from ..synapse_columns import store_weights
from ..synapse_timing import timing
from .bookkeeping import seen_by_all
from .compile import compiled
from .deliver import EXACT, FAST
from .groups import DeviceGroup, Emitter, Setting
from .launch import Launch
from .memory import Array

_PIECE = 8
"""Synapses of a row that one thread of a warp does one after the other."""
_GROWTH = 2.0**12
"""How far weights that learn may outgrow the largest of weights and limits that are given."""
REPEATS = 2.0**8
"""How often a source may fire in one step, so that its weights still fit the fixed-point scale."""
Snapshot = dict[str, Array]


class DevicePathway:
    """Stored synapses between an emitter and a receptor of a group."""

    def __init__(
        self, spec: PathwaySpec, setting: Setting, emitter: Emitter, group: DeviceGroup
    ) -> None:
        self.spec, self.setting, self.emitter, self.group = spec, setting, emitter, group
        rows = _rows(spec)
        self.n = rows.n_synapses
        self.is_static = spec.plan.is_static
        self.touched: Any = None
        self.lags = [1]
        put = setting.memory.put
        delays = np.atleast_1d(np.asarray(spec.delays, np.int64))
        self.minimal_delay = int(delays.min()) if delays.size else 1
        self._delays, self._delay_mask = put(delays, np.int32), _mask(delays)
        if isinstance(rows, Dense):
            self._longest_row = rows.n_post
        else:
            self._longest_row = int(np.diff(rows.starts).max(initial=0))
            self._starts, self._targets = put(rows.starts, np.int64), put(rows.targets, np.int32)
        if self.is_static:
            self.lags = [self.minimal_delay]
            self._store(spec.weights)
        else:
            self._store_visits()
            self.touched = setting.memory.zeros((self.n,), np.int64)
            self._choose()
            self._pack({"weight": spec.weights, **spec.states})

    # -- what is stored ---------------------------------------------------------------------------

    def _store(self, weights: npt.ArrayLike) -> None:
        """Weights of static synapses."""
        given = np.asarray(weights, np.float64)
        stored = store_weights(given, self.setting.precision, self.spec.weight_bits)
        self._weights = self.setting.memory.put(stored.stored, stored.stored.dtype)
        self._code = self.setting.memory.put(stored.code, stored.code.dtype)
        self._weight_mask = 0 if given.ndim == 0 else -1
        self._stored = stored
        self.largest = float(np.abs(stored.values(max(1, given.size))).max(initial=0.0))

    def _store_visits(self) -> None:
        """How many steps after a spike each synapse is visited; -1: it does not exist."""
        spec = self.spec
        when = timing(spec.delays, spec.axonal, self.n, looks_back=bool(spec.plan.on_post))
        self.lags = [int(lag) for lag in when.visits]
        visits = np.atleast_1d(when.visits[when.part])
        if isinstance(spec.connectivity, Dense) and spec.connectivity.no_self:
            visits = np.broadcast_to(visits, self.n).copy()
            pre, post = np.divmod(np.arange(self.n), spec.connectivity.n_post)
            visits[pre == post] = -1
        put = self.setting.memory.put
        self._visits, self._visit_mask = put(visits, np.int32), _mask(visits)
        column = np.atleast_1d(np.asarray(spec.axonal, np.int64))
        self._axonal, self._axonal_mask = put(column, np.int32), _mask(column)

    def _choose(self) -> None:
        """The kernel of plastic synapses for what differs between them now."""
        numbers: dict[str, Any] = dict(self.spec.values)
        numbers |= constants(self.spec.plan, numbers, self.setting.dt_ms)
        numbers["dt"] = self.setting.dt_ms
        self._numbers = numbers
        self._varying = varying = frozenset(name for name, v in numbers.items() if np.ndim(v))
        self._source = touch_source(
            self.spec.plan, varying, self.setting.precision, exact=self.setting.exact
        )

    def _pack(self, states: dict[str, Any]) -> None:
        real = np.dtype(self.setting.precision)
        values = np.empty((len(self._source.fields), self.n), real)
        for row, name in zip(values, self._source.fields, strict=True):
            row[:] = states[name] if name in states else self._numbers[name]
        self._values = self.setting.memory.put(values, real)
        shared = [self._numbers[name] for name in self._source.shared]
        self._shared = self.setting.memory.put(shared, real)
        self._find_largest(states["weight"])

    def _find_largest(self, weights: npt.ArrayLike) -> None:
        """What events of plastic synapses are measured with: weights, and limits of weights."""
        unit = next(s.unit for s in self.spec.plan.states if s.name == "weight")
        known = [np.abs(np.asarray(weights)).max(initial=0.0)]
        for parameter in self.spec.plan.parameters:
            if parameter.unit == unit and parameter.name in self.spec.values:
                magnitude = np.abs(np.asarray(self.spec.values[parameter.name]))
                known.append(magnitude[np.isfinite(magnitude)].max(initial=0.0))
        self.largest = float(max(known)) or 1.0

    # -- fixed point ------------------------------------------------------------------------------

    def in_degrees(self) -> I64:
        """(n,) synapses onto each neuron of the whole group."""
        count = np.zeros(self.group.spec.n, np.int64)
        if isinstance(self.spec.connectivity, Dense):
            part = slice(self.spec.post.first, self.spec.post.first + self.spec.post.n)
            count[part] += self.spec.connectivity.n_pre
        elif self.n:
            targets = self.setting.memory.get(self._targets)[: self.n] + self.spec.post.first
            count += np.bincount(targets, minlength=count.size)
        return count

    @property
    def headroom(self) -> float:
        """How many times larger than `largest` an event may be."""
        growth = 1.0 if self.is_static else _GROWTH
        return growth * (REPEATS if self.spec.pre.is_source else 1.0)

    # -- running ----------------------------------------------------------------------------------

    def deliver(self, status: Any) -> list[Launch]:
        """The launches that take the spikes whose weights may arrive from this step on."""
        return [self._visit(lag, status) for lag in self.lags]

    def _visit(self, lag: int, status: Any) -> Launch:
        setting, emitter, group = self.setting, self.emitter, self.group
        shape, stream = setting.shape, setting.memory.stream
        pieces = max(1, -(-self._longest_row // (shape.lanes * _PIECE)))
        size = shape.over_rows(pieces * self.spec.pre.n)
        spikes = [
            setting.clock, emitter.ids, emitter.counts, emitter.times, emitter.times_mask,
            self.spec.pre.first, self.spec.pre.n, lag, self.spec.since,
        ]  # fmt: skip
        ends = [group.ring, self.spec.receptor, group.scaling, status, pieces, shape.lanes]
        delays = [self._delays, self._delay_mask]
        if not self.is_static:
            kernel = compiled(self._source.text, self._source.name)
            arguments = [
                *spikes, self._starts, self._targets, self.spec.post.first, self._values,
                self._shared, *delays, self._axonal, self._axonal_mask, self._visits,
                self._visit_mask, self.touched, *self._history(), *ends, setting.seed,
                self.spec.stream,
            ]  # fmt: skip
            return Launch(self.spec.plan.name, kernel, size, stream, arguments)
        kernels = EXACT if setting.exact else FAST
        stored = [self._weights, self._weight_mask, self._code, *delays, *ends]
        if isinstance(self.spec.connectivity, Dense):
            rows: list[Any] = [self.spec.connectivity.n_post, int(self.spec.connectivity.no_self)]
            kernel = kernels.dense
        else:
            rows = [self._starts, self._targets]
            kernel = kernels.sparse
        arguments = [*spikes, *rows, self.spec.post.first, *stored]
        return Launch(kernel.__name__, kernel, size, stream, arguments)

    def _history(self) -> list[Any]:
        """Spikes of the target group, as they are now; something small if nobody looks."""
        history = self.group.history
        if history is None:
            return [self.setting.memory.zeros((1, 1), np.int64), self.touched]
        return [history.steps, history.counts]

    @property
    def looks_back(self) -> bool:
        """Whether the synapses need the history of the target group."""
        return bool(self.spec.plan.on_post) and not self.is_static and self.n > 0

    def lower_seen(self, seen: Any) -> None:
        """Lower `seen` (neuron,) to the spikes that all these synapses have met."""
        arguments = [
            self._targets, self.spec.post.first, self.touched, self._delays, self._delay_mask,
            self._axonal, self._axonal_mask, self._visits, self._visit_mask, *self._history(), seen,
        ]  # fmt: skip
        size, stream = self.setting.shape.over(self.n), self.setting.memory.stream
        Launch("seen_by_all", seen_by_all, size, stream, arguments)()

    def settle(self) -> None:
        """Bring every synapse up to where no presynaptic spike can come before any more."""
        source = settle_source(self.spec.plan, self._varying, self.setting.precision)
        arguments = [
            self.setting.clock, self._targets, self.spec.post.first, self._values, self._shared,
            self._delays, self._delay_mask, self._axonal, self._axonal_mask, self._visits,
            self._visit_mask, self.touched, *self._history(), self.setting.seed, self.spec.stream,
        ]  # fmt: skip
        size, stream = self.setting.shape.over(self.n), self.setting.memory.stream
        Launch("settle", compiled(source.text, source.name), size, stream, arguments)()

    # -- reading and writing ----------------------------------------------------------------------

    def get(self, name: str) -> F64:
        """``weight``, a parameter or a state, (synapse,)."""
        if self.is_static:
            if name != "weight":
                raise KeyError(f"synapses {self.spec.plan.name} have no {name!r}, only a weight")
            return np.array(self._stored.values(self.n), np.float64)
        if name in self._source.fields:
            values = self.setting.memory.get(self._values)
            return values[self._source.fields.index(name), : self.n].astype(np.float64)
        return np.array(np.broadcast_to(self._numbers[name], (self.n,)), np.float64)

    def set(self, name: str, values: npt.ArrayLike) -> None:
        """Change one of the same: one number, or one per synapse."""
        if self.is_static:
            if name != "weight":
                raise KeyError(f"synapses {self.spec.plan.name} have no {name!r}, only a weight")
            self._store(values)
            return
        states = self._states()
        if name in states:
            states[name] = np.asarray(values, np.float64)
        else:
            self.spec.values[name] = np.asarray(values, np.float64)
            self._choose()
        self._pack(states)

    def _states(self) -> dict[str, Any]:
        values = self.setting.memory.get(self._values)[:, : self.n].astype(np.float64)
        return {s.name: values[k] for k, s in enumerate(self.spec.plan.states)}

    def snapshot(self) -> Snapshot:
        """Everything that a simulation or `set` changes, under the names of the CPU engine."""
        if self.is_static:
            one = self._stored.one
            return {"weight": self.get("weight") if one is None else np.array(one)}
        states = {f"value:{name}": values for name, values in self._states().items()}
        return states | {"touched": self.setting.memory.get(self.touched)[: self.n]}

    def restore(self, saved: Snapshot) -> None:
        """Go back to a snapshot; parameters are those of the specification."""
        if self.is_static:
            if "weight" in saved:
                self._store(saved["weight"])
            return
        states = self._states()
        self._pack({name: saved.get(f"value:{name}", old) for name, old in states.items()})
        if "touched" in saved:
            self.setting.memory.change(self.touched, saved["touched"])

    def begin(self, step: int) -> None:
        """Synapses that have seen nothing yet begin at a step."""
        if self.touched is not None:
            self.setting.memory.change(self.touched, np.int64(2 * step))


def _mask(column: npt.NDArray[Any]) -> int:
    return 0 if column.size == 1 else -1


def _rows(spec: PathwaySpec) -> Sparse | Dense:
    """The synapses as they are stored: plastic ones in rows even if they are dense."""
    found = spec.connectivity
    assert not isinstance(found, Procedural)
    if isinstance(found, Sparse) or spec.plan.is_static:
        return found
    starts = np.arange(found.n_pre + 1, dtype=np.int64) * found.n_post
    targets = np.tile(np.arange(found.n_post, dtype=np.int32), found.n_pre)
    return Sparse(found.n_pre, found.n_post, starts, targets)
