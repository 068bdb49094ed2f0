"""Runs the neuron kernel: its scratch arrays, its threads, its returns for want of something."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_NEURONS

from . import compilation
from . import parameters as p
from .kernels import arrivals as ar
from .kernels import fire, groups, idle
from .kernels import lanes as ln
from .kernels import neurons as kernel
from .kernels import threads as th
from .kernels.backend import settle
from .kernels.compartments import Clusters
from .kernels.coupling import COUPLING_TYPE, Coupling, rest_clusters, step_coupled
from .kernels.stepping import adapt, step_adaptive, step_full, step_simple
from .linkage import Record
from .packing import Places

Ints = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]

_SPIKE_LOG = 1 << 17
_ARRIVALS, _PULSES = 1 << 13, 1 << 16
_APART = 32  # int32 in two cache lines
_FEW_LANES = 128
"""With fewer lanes a second thread costs more than it does."""


_STEPS = {
    ln.SIMPLE: step_simple,
    ln.ADAPTIVE: step_adaptive,
    ln.FULL: step_full,
    ln.CLUSTER: step_coupled,
}


class Result(NamedTuple):
    """How far a call of the kernel came, and what happened.

    missing  key of an event for which rows are needed before it can go on, or -1
    spike_tick, spike_lane, event_tick, event_lane  in order; see `kernels.lanes.Output`
    trace    good until the next call
    pulses   tick, driver and address of what the synapse drivers sent, if it is logged
    """

    step: int
    missing: int
    spike_tick: Ints
    spike_lane: Ints
    event_tick: Ints
    event_lane: Ints
    trace: F32
    pulses: tuple[Ints, Ints, Ints]


class Integration:
    """Holds the lanes between calls of the kernel."""

    def __init__(self, step_cycles: int, run_seed: int, threads: int) -> None:
        self._step_cycles, self._threads = step_cycles, threads
        self._seed = np.array([run_seed], np.uint64)
        self._cursor = np.zeros(ar.N_CURSOR, np.int64)
        self._arrivals = ar.new_arrivals(_ARRIVALS)
        most = kernel.WINDOW * N_NEURONS * step_cycles  # a spike per cycle, in a window
        self._log = np.zeros((threads, 2, most), np.int64)
        self._log_n = np.zeros((threads, 8), np.int64)
        self._task: Any = None
        self._records: list[Record] = []
        self._record: Record | None = None
        self._stale = False  # whether the record's members are not the present ones
        self._output: tuple[ln.Output, Record] | None = None
        self._trace: tuple[F32, Record] | None = None

    def load(
        self,
        lanes: ln.Lanes,
        clusters: Clusters,
        readers: ln.Readers,
        capacitance: npt.NDArray[np.float64],
        places: Places,
        net: fire.Network | tuple[()],
    ) -> None:
        """Take lanes to integrate.  capacitance: (512,) [F] of the neurons."""
        self.lanes, self.clusters, self._readers = lanes, clusters, readers
        self._output = self._trace = None  # of other sizes
        self._first_coupled = int((places.kind != ln.CLUSTER).sum())
        n_blocks = places.kind.size
        threads = self._threads if places.neuron.size >= _FEW_LANES else 1
        first: list[int] = []
        for kind in np.unique(places.kind):
            of_kind = np.nonzero(places.kind == kind)[0]
            size = of_kind.size if kind == ln.CLUSTER else kernel.GROUP // min(threads, 2)
            first.extend(of_kind[::size].tolist())
        self._coupling, self._net = self._couple(clusters, capacitance, places), net
        compilation.finish()
        if threads > 1:
            kernel.assist.compile()  # before threads wait for each other
        self._stale = True
        self._task = groups.Task(
            lanes=lanes,
            readers=readers,
            groups=np.array([*first, n_blocks], np.int64),
            drops=np.zeros(0, np.float32),
            blocks=np.zeros(0, np.int64),
            arrivals=self._arrivals,
            crossed=np.zeros((threads, n_blocks + _APART), np.int32),
            log=self._log[:threads],
            log_n=self._log_n[:threads],
            shared=th.new_shared(self._step_cycles, threads),
            key=self._seed,
            addresses=self._addresses(np.unique(places.kind)),
        )

    def _addresses(self, kinds: Ints) -> Ints:
        """What these lanes need, see `groups.RUN`; compiles it."""
        addresses = np.zeros(groups.N_ADDRESSES, np.int64)
        addresses[groups.RUN] = groups.run_group.address
        addresses[groups.SETTLE] = settle.address
        addresses[groups.SERVE] = ar.serve.address
        addresses[groups.LINES] = groups.advance_lines.address
        if np.any(kinds != ln.SIMPLE):
            addresses[groups.ADAPT] = adapt.address
        for kind in kinds.tolist():
            addresses[groups.STEPS + kind] = _STEPS[kind].address
        if self.lanes.block[ln.BYPASSED].any():
            addresses[groups.BYPASS] = groups.fire_bypassed.address
        self._records = []
        if isinstance(self._coupling, Coupling):
            self._records.append(Record(self._coupling, COUPLING_TYPE))
            addresses[groups.COUPLING] = self._records[-1].address
        if isinstance(self._net, fire.Network):
            self._records.append(Record(self._net, fire.NETWORK_TYPE))
            addresses[groups.NETWORK] = self._records[-1].address
            addresses[groups.FOLLOW] = kernel.follow.address
            addresses[groups.OUTPUTS] = fire.outputs.address
        return addresses

    def _couple(
        self, clusters: Clusters, capacitance: npt.NDArray[np.float64], places: Places
    ) -> Coupling | tuple[()]:
        """What the kernel needs of coupled lanes, or nothing if there is none."""
        size = (places.kind.size - self._first_coupled) * ln.LANES
        if not size:
            return ()
        step_s = self._step_cycles * p.CYCLE_S
        return Coupling(
            clusters=clusters,
            slope=np.zeros(size, np.float32),
            stiff=np.zeros(size, np.float32),
            current=np.zeros(size),
            conductance=np.zeros(size),
            v=np.zeros(size),
            per_step=places.spread(capacitance / step_s, 0.0)[places.neuron.size - size :].copy(),
            step_s=np.array([step_s]),
        )

    def connect(self, routes: ar.Routes, queues: ar.Queues, drivers: ar.Drivers) -> None:
        """Take routes for these lanes."""
        self._stale = True
        self._routes, self._queues, self._drivers = routes, queues, drivers
        self._task = self._task._replace(drops=routes.drops.reshape(-1), blocks=routes.blocks)
        delay = max(int(routes.neuron_delay) // self._step_cycles, 1)
        self._longest = delay if np.any(routes.neuron_bus >= 0) else kernel.WINDOW
        if isinstance(self._net, fire.Network) and self._net.slave.size:
            self._longest = 1

    def ahead(self, step: Ints | int) -> Ints:
        """By how many steps the lines of gentle lanes are ahead of `step`."""
        calm = np.asarray(step) > self._cursor[kernel.CALM_FROM]
        return np.where(calm, -np.asarray(step) % ln.INTERVAL, 0)

    def arm(self, step: int) -> None:
        """Give armed lanes their present threshold before they step."""
        self._cursor[kernel.STEP], self._cursor[kernel.HELD] = step, 0
        self._cursor[kernel.ARM] = 1

    def jump(self, stale: npt.NDArray[np.bool_], gap_steps: Ints, tick: int) -> int:
        """Put stale lanes where a long wait leaves them; return how many would be firing."""
        firing = int(idle.jump(self.lanes, stale, gap_steps, tick, self._seed[0]))
        if stale[self._first_coupled * ln.LANES :].any():
            n_blocks = self.lanes.block.shape[1]
            firing += int(rest_clusters(self.lanes, self._coupling, self._first_coupled, n_blocks))
        return firing

    def run(self, step: int, until_step: int) -> Result:
        """Integrate from `step` towards `until_step`."""
        cursor = self._cursor
        if cursor[kernel.STEP] != step:
            cursor[kernel.STEP], cursor[kernel.HELD] = step, 0
        cursor[kernel.N_SPIKES] = cursor[kernel.N_EVENTS] = 0
        trace, call = self._points(until_step - step + 1), self._call()
        threads = self._task.log_n.shape[0]
        self._task.shared[:] = th.new_shared(self._step_cycles, threads)
        out, of_out = self._logs()
        helpers = [
            threading.Thread(target=kernel.assist, args=(call, step, k)) for k in range(1, threads)
        ]
        for helper in helpers:
            helper.start()
        kernel.advance(call, of_out, until_step, self._longest)
        for helper in helpers:
            helper.join()
        done, n = int(cursor[kernel.STEP]), int(cursor[kernel.N_SPIKES])
        n_events = int(cursor[kernel.N_EVENTS])
        missing = int(cursor[ar.UNKNOWN_KEY]) if done < until_step else -1
        log = self._arrivals.prelog
        n_pulses, log.n[0] = int(log.n[0]), 0
        tick, driver, address = (a[:n_pulses].copy() for a in (log.tick, log.driver, log.address))
        fired = out.spike_tick[:n].copy(), out.spike_lane[:n].copy()
        left = fired
        if self._net:
            left = out.event_tick[:n_events].copy(), out.event_lane[:n_events].copy()
        seen = trace[:, : done - step + 1]
        return Result(done, missing, *fired, *left, seen, (tick, driver, address))

    def _logs(self) -> tuple[ln.Output, Record]:
        """Room for what the kernel finds, kept from run to run."""
        if self._output is None:
            lanes = self.lanes.digital.shape[1]
            size = max(_SPIKE_LOG, 2 * kernel.WINDOW * lanes * self._step_cycles)
            spikes = np.empty((2, size), np.int64)
            # Both states of a neuron with logic can change as often as it can fire.
            events = np.empty((2, 2 * size), np.int64) if self._net else spikes
            out = ln.Output(spikes[0], spikes[1], events[0], events[1])
            self._output = out, Record(out, ln.OUTPUT_TYPE)
        return self._output

    def _points(self, n: int) -> F32:
        """Room for `n` points of all traces, or more; the kernel's task refers to it."""
        if self._trace is None or self._trace[0].shape[1] < n:
            points = np.empty((self._readers.lane.size, n), np.float32)
            self._trace = points, Record(groups.Trace(points), groups.TRACE_TYPE)
        self._task.addresses[groups.TRACE] = self._trace[1].address
        return self._trace[0]

    def _call(self) -> Record:
        """What the kernel works on; begins with the task."""
        if self._record is None or self._stale:
            traffic = ar.Traffic(
                self._routes, self._queues, self._drivers, self._cursor, self._arrivals
            )
            call = kernel.Call(self._task, traffic)
            self._record, self._stale = Record(call, kernel.CALL_TYPE, self._record), False
        return self._record

    def log_pulses(self, on: bool) -> None:
        """Whether results tell the pulses of synapse drivers."""
        if on != (self._arrivals.prelog.tick.size > 0):
            self._arrivals = ar.new_arrivals(_ARRIVALS, _PULSES if on else 0)
            if self._task is not None:
                self._task, self._stale = self._task._replace(arrivals=self._arrivals), True

    def fire(self, lane: int, tick: int) -> None:
        """Make a lane's backend see a spike at `tick`."""
        kernel.fire(self.lanes, lane, tick)
