"""A network of spiking neurons: what it consists of, and the time it has come to.

Nothing is allocated before the first run.  Everything may be changed or added later: the engine is
then built anew around the state it had.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import columns, memory
from .build import plan_of
from .connectivity import Connectivity, Procedural
from .engines import make_engine
from .errors import NetworkError
from .handles import Current, Members, Neurons, Pathway, Sources
from .models import CurrentModel, NeuronModel, SynapseModel
from .recording import Recording, SpikeRecording
from .specification import (
    CurrentSpec,
    GroupSpec,
    NetworkSpec,
    PathwaySpec,
    Precision,
    SourceSpec,
)
from .state_access import StateAccess
from .statements import STATIC, CurrentPlan, NeuronPlan, SynapsePlan

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Values = Mapping[str, npt.ArrayLike]
Snapshot = dict[str, npt.NDArray[Any]]

_CALL_SECONDS = 0.2
"""A long run is done in calls of about this length, so that Ctrl-C and a progress bar work."""
_FIRST_CALL_STEPS = 256
_STEPS_WORTH_A_CHECK = 10
"""Stepping through a run is not slowed down by looking for states that are not finite."""


class Network(StateAccess):
    """Neurons, sources, synapses and recordings, and a clock that counts steps.

    dt_ms      length of a step [ms]
    seed       of all random numbers, 0 .. 2**64 - 1
    precision  of states and sums: ``float32`` or ``float64``
    threads    how many at most; results do not depend on it
    device     ``cpu`` or ``cuda``
    """

    def __init__(
        self,
        *,
        dt_ms: float = 0.1,
        seed: int = 0,
        precision: Precision = "float64",
        threads: int = 1,
        device: str = "cpu",
    ) -> None:
        if not dt_ms > 0:
            raise NetworkError(f"network: dt_ms = {dt_ms} is not a positive time in ms")
        if precision not in ("float32", "float64"):
            raise NetworkError(
                f"network: precision {precision!r} is neither 'float32' nor 'float64'"
            )
        if threads < 1:
            raise NetworkError(f"network: threads = {threads}; at least 1")
        if not 0 <= seed < 2**64:
            raise NetworkError(f"network: seed {seed} is not within 0 .. 2**64 - 1")
        self.spec = NetworkSpec(float(dt_ms), int(seed), precision)
        self.threads, self.device = threads, device
        self.step = 0
        self.recordings: list[Recording] = []
        self.spike_recordings: list[SpikeRecording] = []
        self._group_of_plan: dict[NeuronPlan, int] = {}
        self._initial_expressions: list[dict[str, bool]] = []
        self._spike_times: list[list[F64]] = []
        self._current_orders: list[I64] = []
        self._engine: Any = None
        self._pending: Snapshot = {}
        self._streams = 0

    # -- building ---------------------------------------------------------------------------------

    @property
    def dt_ms(self) -> float:
        """Length of a step [ms]."""
        return self.spec.dt_ms

    @property
    def t_ms(self) -> float:
        """Time [ms]: steps done, times dt."""
        return self.step * self.spec.dt_ms

    def _stream(self) -> int:
        self._streams += 1
        return self._streams

    def add_neurons(
        self,
        model: NeuronModel | NeuronPlan,
        n: int,
        parameters: Values | None = None,
        initial: Values | None = None,
    ) -> Neurons:
        """Add `n` neurons.

        parameters, initial  one number or (n,) for parameters and for initial values of states
        Raises  NetworkError for unknown names and wrong shapes.
        """
        plan = model if isinstance(model, NeuronPlan) else plan_of(model)
        if n < 0:
            raise NetworkError(f"{plan.name}: {n} neurons; at least 0")
        given = columns.complete(plan.name, plan.parameters, parameters or {}, n)
        states = columns.initial_states(plan, given, initial or {}, n, self.dt_ms)
        self._suspend()
        number = self._group_of_plan.setdefault(plan, len(self.spec.groups))
        if number == len(self.spec.groups):
            self.spec.groups.append(GroupSpec(plan, 0, {}, {}, self._stream()))
        group = self.spec.groups[number]
        first = group.n
        for name, column in states.items():
            key = f"group{number}/{name}"
            if key in self._pending:
                self._pending[key] = np.concatenate([self._pending[key], column])
        for old, new in ((group.values, given), (group.states, states)):
            for name, column in new.items():
                old[name] = (
                    np.concatenate([columns.full(old[name], first), column]) if first else column
                )
        group.n += n
        return Neurons(self, number, first, n)

    def _add_sources(self, source: SourceSpec, times: list[F64]) -> Sources:
        self._suspend()
        self.spec.sources.append(source)
        self._spike_times.append(times)
        return Sources(self, len(self.spec.sources) - 1, 0, source.n)

    def add_poisson(
        self,
        n: int,
        *,
        rate_hz: npt.ArrayLike,
        start_ms: npt.ArrayLike = 0.0,
        stop_ms: npt.ArrayLike = np.inf,
        dead_time_ms: npt.ArrayLike = 0.0,
    ) -> Sources:
        """`n` Poisson processes of mean rate `rate_hz`; no interval is below the dead time."""
        values = columns.sources(
            "poisson", n, rate=rate_hz, start=start_ms, stop=stop_ms, dead_time=dead_time_ms
        )
        return self._add_sources(SourceSpec("poisson", n, values, stream=self._stream()), [])

    def add_gamma(
        self,
        n: int,
        *,
        alpha: npt.ArrayLike,
        beta_hz: npt.ArrayLike,
        start_ms: npt.ArrayLike = 0.0,
        stop_ms: npt.ArrayLike = np.inf,
    ) -> Sources:
        """`n` renewal processes with gamma intervals: shape `alpha`, rate `beta_hz` [Hz]."""
        values = columns.sources(
            "gamma", n, alpha=alpha, beta=beta_hz, start=start_ms, stop=stop_ms
        )
        return self._add_sources(SourceSpec("gamma", n, values, stream=self._stream()), [])

    def add_spike_times(self, times_ms: Sequence[npt.ArrayLike]) -> Sources:
        """A source for each list of spike times [ms], ascending; delivered at the next step."""
        times = [columns.spike_times(k, t) for k, t in enumerate(times_ms)]
        source = SourceSpec("times", len(times), stream=self._stream())
        source.steps, source.indices = columns.events(times, self.dt_ms)
        return self._add_sources(source, times)

    def connect(
        self,
        pre: Members,
        post: Neurons,
        receptor: str,
        connectivity: Connectivity,
        model: SynapseModel | SynapsePlan = STATIC,
        *,
        weight: npt.ArrayLike | None = None,
        delay_ms: npt.ArrayLike | None = None,
        parameters: Values | None = None,
        initial: Values | None = None,
        dendritic_fraction: float = 1.0,
        weight_bits: int = 0,
    ) -> Pathway:
        """Connect `pre` to a receptor of `post`.

        weight, parameters, initial  one number, or one per synapse in the order of `connectivity`;
                  a weight of 1 if not given; none for `Procedural`, which has weights of its own
        delay_ms  the same, rounded to steps, at least one; a single step if not given
        dendritic_fraction  part of the delay behind the synapse: plastic synapses see spikes of
                  their neuron so much later, and of the source so much earlier
        """
        plan = model if isinstance(model, SynapsePlan) else plan_of(model)
        target = self.spec.groups[post.emitter].plan
        names = [r.name for r in target.receptors]
        if receptor not in names:
            raise NetworkError(f"{target.name} has no receptor {receptor!r}; it has {names}")
        if (connectivity.n_pre, connectivity.n_post) != (pre.n, post.n):
            raise NetworkError(
                f"{plan.name}: connectivity of {connectivity.n_pre} x {connectivity.n_post} "
                f"between {pre.n} and {post.n} members"
            )
        if isinstance(connectivity, Procedural) and not plan.is_static:
            raise NetworkError(
                f"synapses {plan.name} change, and procedural ones are not stored; use Sparse"
            )
        if isinstance(connectivity, Procedural) and weight is not None:
            raise NetworkError(
                f"synapses {plan.name}: procedural ones have the weights of their connectivity; "
                "give low and high there, and no weight here"
            )
        self._suspend()
        pathway = columns.pathway(
            plan, connectivity,
            weight=1.0 if weight is None else weight,
            delay_ms=self.dt_ms if delay_ms is None else delay_ms,
            parameters=parameters or {}, initial=initial or {},
            dendritic_fraction=dendritic_fraction, dt_ms=self.dt_ms,
        )  # fmt: skip
        self.spec.pathways.append(
            PathwaySpec(
                plan, pre.range, post.range, names.index(receptor), connectivity,
                weight_bits=weight_bits, stream=self._stream(),
                since=self.step + 1 if self.step else 0, **pathway,
            )
        )  # fmt: skip
        return Pathway(self, len(self.spec.pathways) - 1)

    def inject(
        self,
        model: CurrentModel | CurrentPlan,
        targets: Mapping[Neurons, npt.ArrayLike | None],
        parameters: Values | None = None,
        initial: Values | None = None,
    ) -> Current:
        """Let a current flow into some neurons of some populations (None: all of one).

        parameters, initial  one number each; with ``per_target`` of the model one per target, in
                             the order in which the targets are given
        """
        plan = model if isinstance(model, CurrentPlan) else plan_of(model)
        chosen = [(p.emitter, p.chosen(indices)) for p, indices in targets.items()]
        total = sum(c.size for _, c in chosen)
        rows = total if plan.per_target else 1
        given = columns.complete(plan.name, plan.parameters, parameters or {}, rows)
        states = columns.initial_states(plan, given, initial or {}, rows, self.dt_ms)
        self._suspend()
        numbers, first, stream = [], 0, self._stream()
        for group, members in chosen:
            order = np.argsort(members, kind="stable")
            if np.any(np.diff(members[order]) == 0):
                raise NetworkError(
                    f"{plan.name}: a current flows into a neuron twice; add a second one"
                )
            part = first + order if plan.per_target else np.zeros(1, np.int64)
            self.spec.currents.append(
                CurrentSpec(
                    plan, group, members[order],
                    {k: v[part] for k, v in given.items()},
                    {k: v[part] for k, v in states.items()}, stream,
                )
            )  # fmt: skip
            self._current_orders.append(order)
            numbers.append(len(self.spec.currents) - 1)
            first += members.size
        return Current(self, numbers)

    # -- recording --------------------------------------------------------------------------------

    def record(
        self,
        neurons: Neurons,
        variable: str,
        indices: npt.ArrayLike | None = None,
        every: int = 1,
    ) -> Recording:
        """Sample a state or an algebraic variable from now on, every so many steps."""
        if variable not in neurons.names:
            raise NetworkError(
                f"{self.spec.groups[neurons.emitter].plan.name} has no variable {variable!r} to "
                f"record; it has {', '.join(neurons.names)}"
            )
        if every < 1:
            raise NetworkError(f"recording of {variable}: every {every} steps; at least 1")
        group = self.spec.groups[neurons.emitter]
        self._suspend()
        recording = Recording(
            neurons.emitter, variable, np.unique(neurons.chosen(indices)), every, self.step,
            np.dtype(self.spec.precision if variable in group.states else np.float64),
        )  # fmt: skip
        self.recordings.append(recording)
        return recording

    def record_spikes(
        self, members: Members, indices: npt.ArrayLike | None = None
    ) -> SpikeRecording:
        """Keep the spikes of some members from now on."""
        self._suspend()
        recording = SpikeRecording(
            members.emitter, members.is_source, np.unique(members.chosen(indices))
        )
        self.spike_recordings.append(recording)
        return recording

    def stop_recording(self, recording: Recording | SpikeRecording) -> None:
        """Record no more into it; what it holds stays."""
        self._suspend()
        recording.active = False
        self.recordings = [r for r in self.recordings if r is not recording]
        self.spike_recordings = [r for r in self.spike_recordings if r is not recording]

    # -- time -------------------------------------------------------------------------------------

    def run(self, n_steps: int, report: Callable[[int], object] | None = None) -> None:
        """Do `n_steps` steps; `report`, if given, hears now and then how many are done.

        Raises  MemoryError before anything is allocated, if it would not suffice;
                UnstableStepError if a step is too long for a model.
        """
        if self._engine is not None and self._engine.stale():
            self._suspend()
        engine = self._engine if self._engine is not None else self._build()
        for recording in self.recordings:
            if recording.n_rows == 0:
                self._sample_now(recording)
        done, call = 0, _FIRST_CALL_STEPS
        while done < n_steps:
            began = time.perf_counter()
            steps = engine.run(self.step + 1, min(call, n_steps - done))
            self.step += steps
            done += steps
            if report is not None:
                report(done)
            if steps == call and time.perf_counter() - began < _CALL_SECONDS / 2:
                call *= 2
        if n_steps >= _STEPS_WORTH_A_CHECK:
            self._warn_of_what_is_not_finite(engine)

    def _warn_of_what_is_not_finite(self, engine: Any) -> None:
        for number, name in engine.not_finite():
            warnings.warn(
                f"{self.spec.groups[number].plan.name}.{name} of some neurons is infinite or not a "
                f"number at {self.t_ms:g} ms: the step of {self.dt_ms:g} ms is too long for this "
                "model with these inputs; use a shorter one, or more substeps",
                stacklevel=3,
            )

    def reset(self) -> None:
        """Back to t = 0: initial values and weights, nothing in flight, sources from the start."""
        if self._engine is not None:
            self._engine.close()
        self._engine, self.step, self._pending = None, 0, {}
        self.spec.trial += 1
        for pathway in self.spec.pathways:
            pathway.since = 0
        for recording in self.recordings:
            recording.clear(0)
        for spikes in self.spike_recordings:
            spikes.clear()

    def save(self) -> Snapshot:
        """The state as arrays by name, for `restore` or ``numpy.savez``; without recordings."""
        state = dict(self._pending) if self._engine is None else self._engine.snapshot()
        for key, kept, name in self._parameters():
            state[key] = np.array(kept[name])
        state["step"], state["trial"] = np.array(self.step), np.array(self.spec.trial)
        return state

    def _parameters(self) -> Iterator[tuple[str, dict[str, Any], str]]:
        """A key, the dictionary and the name in it, for every parameter that `set` may change."""
        kinds: dict[str, list[Any]] = {
            "group": self.spec.groups, "source": self.spec.sources, "current": self.spec.currents,
            "pathway": self.spec.pathways,
        }  # fmt: skip
        for kind, parts in kinds.items():
            for k, part in enumerate(parts):
                for name in part.values:
                    yield f"{kind}{k}/parameter/{name}", part.values, name

    def restore(self, state: Snapshot) -> None:
        """Go back to where `save` was called on the same network."""
        for g, group in enumerate(self.spec.groups):
            for name in group.values:
                size = np.size(state.get(f"group{g}/parameter/{name}", ()))
                if size != group.n:
                    raise NetworkError(
                        f"restore: {size} values of {group.plan.name}.{name} for {group.n} "
                        "neurons: this state is of another network"
                    )
        missing = [key for key, _, _ in self._parameters() if key not in state]
        if missing:
            raise NetworkError(f"restore: no {missing[0]}: this state is of another network")
        for key, kept, name in self._parameters():
            kept[name] = np.array(state[key]) if np.ndim(state[key]) else float(state[key])
        if self._engine is not None:
            self._engine.close()
        self._engine = None
        self.step, self.spec.trial = int(state["step"]), int(state["trial"])
        self._pending = {
            k: v for k, v in state.items() if "/parameter/" not in k and k not in ("step", "trial")
        }
        for recording in self.recordings:
            recording.clear(self.step)
        for spikes in self.spike_recordings:
            spikes.clear()

    def memory_estimate(self) -> int:
        """Bytes that a run will take, beside recordings."""
        return memory.estimate(self.spec, self.threads)

    def _suspend(self) -> None:
        """Take the state out of the engine, which the next run builds anew."""
        if self._engine is not None:
            self._pending = self._engine.snapshot()
            self._engine.close()
            self._engine = None

    def _build(self) -> Any:
        memory.check(self.memory_estimate(), "network")
        coming = [v for k, v in self._pending.items() if k.startswith("inputs")]
        coming = [v for v in coming if v.ndim == 2 and v.size]
        steps = [np.flatnonzero(v.any(axis=1)).max(initial=-1) + 2 for v in coming]
        self.spec.in_flight_steps = int(max(steps, default=1))
        self._engine = make_engine(
            self.spec, self.recordings, self.spike_recordings,
            device=self.device, threads=self.threads, step=self.step,
        )  # fmt: skip
        self._engine.restore(self._pending, self.step)
        self._pending = {}
        return self._engine

    def _sample_now(self, recording: Recording) -> None:
        group = self.spec.groups[recording.group]
        whole = Neurons(self, recording.group, 0, group.n)
        recording.first_step = self.step
        recording.append(self.read(whole, recording.variable)[recording.indices])
