"""The one global of this package: the present session, between `setup` and `end`.

PyNN's common code asks this module for `name`, `state` and `ID`.  A session owns the network as
PyNN objects see it, the queue of snippets and the connection; how a network becomes a configuration
is the business of `network_mapping`, how an experiment runs that of `experiment`.
"""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pyNN import common

from firmware_protocol import ChipConfig, Connection

from . import compile as compiler
from . import experiment
from .chip_access import ChipAccess
from .experiment import Mapped, Snippet
from .mapping import report
from .mapping.graph import Ints, Network
from .network_mapping import Mapper, network_of
from .standardmodels.base import BackgroundSource, ChipNeuron

if TYPE_CHECKING:
    from .injection import InjectedConfiguration, InjectedReadout
    from .populations import Population
    from .projections import Projection
    from .recording import Recorder

name = "HX"
MADC_SAMPLE_MS = 3.4e-5
"""Spacing of MADC samples: 17 cycles of 500 MHz."""


class NotSetUpError(AttributeError, RuntimeError):
    """Something needs a session, and there is none."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} needs a session; call pynn_hx.setup() first")


class ID(int, common.IDMixin):
    """A cell: an integer, consecutive over all populations of a session."""

    def __init__(self, n: int) -> None:
        int.__init__(n)
        common.IDMixin.__init__(self)

    def inject(self, current_source: Any, location: Any = None) -> None:
        """NotImplementedError (TypeError for a source of spikes): there are no current sources."""
        self.parent.inject(current_source)


@dataclass(frozen=True)
class Settings:
    """What `setup` was told.

    permutation             (n,) circuits in the order in which neurons take them
    background_permutation  (n,) generators, likewise
    may_move_neurons        whether other circuits will do if these cannot be routed
    strict_parameters       whether values of neurons are refused until an initial configuration's
                            circuits are known
    """

    permutation: Ints
    background_permutation: Ints
    target: str | None = None
    connection: Connection | None = None
    initial_config: ChipConfig | None = None
    injected_config: InjectedConfiguration | None = None
    injected_readout: InjectedReadout | None = None
    strict_parameters: bool = True
    may_move_neurons: bool = False
    min_delay: float = 0.0
    max_delay: float = 0.0


@dataclass(frozen=True)
class ExecutionData:
    """What the last execution took.

    executions  runs on the chip
    words_sent  64-bit words of their programs
    spikes      of neurons, recorded or replayed
    chip_s      wall time in which the chip (or the emulator) had a program [s]
    total_s     wall time of the whole `run` [s]
    """

    executions: int
    words_sent: int
    spikes: int
    chip_s: float
    total_s: float


class State(common.control.BaseState):
    """Everything between one `setup` and its `end`."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.dt, self.min_delay, self.max_delay = (
            MADC_SAMPLE_MS,
            settings.min_delay,
            settings.max_delay,
        )
        self.mpi_rank, self.num_processes = 0, 1
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.recorders: list[Recorder] = []
        self.write_on_end: list[tuple[Any, Any, str | os.PathLike[str]]] = []
        self.id_counter = self.n_slots = self.n_external = self.n_background = 0
        self.segment_counter = 0
        self.t_cycles = 0
        self.running: bool = False
        self.mapped: Mapped | None = None
        self.reads: dict[str, Any] = {}
        self.execution: ExecutionData | None = None
        self._mapper = Mapper(self)
        self._queue: list[Snippet] = []
        self._chip = ChipAccess(settings.target, settings.connection)

    # --- the network ----------------------------------------------------------------------------

    @property
    def initial_config(self) -> ChipConfig | None:
        """Configuration to start from; None for the defaults."""
        return self.settings.initial_config

    @property
    def strict_parameters(self) -> bool:
        """Whether values are refused until an initial configuration's circuits are known."""
        return self.settings.strict_parameters

    @property
    def grenade_chip_config(self) -> Any:
        """What runs are based on, a `lola.Chip`; the next mapping sees changes."""
        self.changed()
        lola = importlib.import_module(".vendor.lola", __package__)  # few need it
        return lola.Chip.of(self._mapper.base)

    @property
    def neuron_placement(self) -> Placement:
        """Which circuits neurons are on, as older scripts ask for it."""
        return Placement(self)

    def register(self, population: Population) -> int:
        """Take a new population in; returns the number of its first cell among its kind."""
        celltype = population.celltype
        if isinstance(celltype, ChipNeuron):
            offset = self.n_slots
            self.n_slots += population.size * celltype.n_circuits
        elif isinstance(celltype, BackgroundSource):
            offset = self.n_background
            self.n_background += population.size
        else:
            offset = self.n_external
            self.n_external += population.size
        self.id_counter += population.size
        self.populations.append(population)
        self.recorders.append(population.recorder)
        self.changed()
        return offset

    def first_number(self, celltype: Any) -> int:
        """Number, in the network, of the first source of a cell type's kind."""
        if isinstance(celltype, ChipNeuron):
            return 0
        if isinstance(celltype, BackgroundSource):
            return self.n_slots + self.n_external
        return self.n_slots

    def changed(self) -> None:
        """Something that mapping depends on, other than weights and inputs, has changed."""
        self._mapper.forget()

    def network(self) -> Network:
        """The present network as plain arrays."""
        return network_of(self)

    def prepare(self) -> Mapped:
        """Place, route and configure; the populations learn what their circuits are set to."""
        self.mapped = self._mapper.map()
        return self.mapped

    def statistics(self) -> report.MappedTopologyStatistics:
        """What the mapped network takes of the chip; RuntimeError before the first mapping."""
        if self.mapped is None:
            raise RuntimeError(
                "get_backend_statistics(): nothing is mapped yet; call run() or "
                "run(None, RunCommand.PREPARE) first"
            )
        return report.summarise(
            self.mapped.network,
            [part.routing for part in self.mapped.parts],
            n_populations=len(self.populations),
            n_projections=len(self.projections),
            mapping_s=self.mapped.duration_s,
        )

    def mapped_synapses(self, projection: Projection) -> tuple[Ints, Ints, Ints, Ints]:
        """Hardware synapses of a projection: connection index, half, row, column; (synapse,) each.

        RuntimeError before the mapping.
        """
        if self.mapped is None or projection not in self.mapped.spans:
            raise RuntimeError(
                f"projection {projection.label!r}: placed_connections before the network is "
                "mapped; call run(None, RunCommand.PREPARE) first"
            )
        span = self.mapped.spans[projection]
        found = []
        for part in self.mapped.parts:
            connection = part.connections[part.routing.connection]
            mine = (connection >= span.start) & (connection < span.stop)
            r = part.routing
            found.append((connection[mine] - span.start, r.half[mine], r.row[mine], r.column[mine]))
        connection, half, row, column = (
            np.concatenate(field) for field in zip(*found, strict=True)
        )
        return connection, half, row, column

    # --- running --------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """The connection, opened when it is first needed."""
        return self._chip.connection

    @property
    def t(self) -> float:
        """Time of the experiment [ms], queued snippets included."""
        return self.t_cycles / compiler.CYCLES_PER_MS

    @t.setter
    def t(self, value: float) -> None:
        self.t_cycles = int(compiler.cycles(value))

    @property
    def n_queued(self) -> int:
        """Snippets that wait for their execution."""
        return len(self._queue)

    def require_fresh(self, what: str) -> None:
        """RuntimeError if an experiment has been executed and not reset."""
        if self.running:
            raise RuntimeError(
                f"{what}: this experiment has been run; the chip cannot continue where it stopped: "
                "call reset() to start again at t = 0, or queue its parts with RunCommand.APPEND "
                "before the first of them is executed"
            )

    def append(self, cycles: int) -> None:
        """Queue the present network for some time; nothing is changed if it cannot be mapped."""
        start, stop = self.t_cycles, self.t_cycles + cycles
        if stop > compiler.MAX_RUNTIME_CYCLES:
            limit_ms = compiler.MAX_RUNTIME_CYCLES / compiler.CYCLES_PER_MS
            raise ValueError(
                f"run(): the experiment would last {stop / compiler.CYCLES_PER_MS:.0f} ms and may "
                f"last {limit_ms:.0f} ms; execute and reset() before"
            )
        mapped = self.prepare()
        requests = {r: r.requests for r in self.recorders}
        views = tuple(view for recorder in self.recorders for view in recorder.views())
        source, cycle = self._external_events(start, stop)
        trains = {
            p.recorder: self._trains(p, start, stop)
            for p in self.populations
            if not p.is_neuron and not p.is_background and p.recorder.requests.spikes
        }
        snippet = Snippet(mapped, start, stop, source, cycle, views, requests, trains)
        experiment.executions([*self._queue, snippet])  # refuses what cannot be read out
        self._queue.append(snippet)
        self.t_cycles = stop

    def execute(self) -> None:
        """Run all queued snippets, one after the other."""
        started = time.perf_counter()
        chip = self._chip
        chip.start_counting()
        config, readout = self.settings.injected_config, self.settings.injected_readout
        seen, self.reads = experiment.execute(self._queue, chip.run, config, readout)
        self.running = True
        for recorder in self.recorders:
            recorder.collect(self.segment_counter, self._queue, seen)
        self.execution = ExecutionData(
            executions=chip.n_runs,
            words_sent=chip.words_sent,
            spikes=sum(s.spike_time.size for s in seen),
            chip_s=chip.chip_s,
            total_s=time.perf_counter() - started,
        )

    def run(self, runtime_ms: float) -> None:
        """Queue the present network for `runtime_ms` [hardware ms] and execute all."""
        self.require_fresh("run()")
        before, queued = self.t_cycles, len(self._queue)
        self.append(int(compiler.cycles(runtime_ms)))
        try:
            self.execute()
        except BaseException:
            # What was queued before stays; the snippet of this call is not left behind.
            del self._queue[queued:]
            self.t_cycles = before
            raise

    def run_until(self, time_point: float) -> None:
        """Run for what is left until `time_point` [ms]."""
        if time_point > self.t:
            self.run(time_point - self.t)

    def _external_events(self, start: int, stop: int) -> tuple[Ints, Ints]:
        """Source number and experiment time [cycles] of all external events of a snippet."""
        sources, cycles = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for population in self.populations:
            if population.is_neuron or population.is_background:
                continue
            for cell in range(population.size):
                found = compiler.cycles(population.spike_times(cell))
                first, last = np.searchsorted(found, [start, stop])
                cycles.append(found[first:last])
                sources.append(np.full(last - first, population.offset + cell))
        source, cycle = np.concatenate(sources), np.concatenate(cycles)
        order = np.argsort(cycle, kind="stable")
        return source[order], cycle[order]

    @staticmethod
    def _trains(
        population: Population, start: int, stop: int
    ) -> dict[int, npt.NDArray[np.float64]]:
        """Times [ms] that recorded cells of a source play in a snippet."""
        trains = {}
        for cell in population.recorder.spike_cells().tolist():
            times = population.spike_times(cell)
            first, last = np.searchsorted(compiler.cycles(times), [start, stop])
            trains[cell] = times[first:last]
        return trains

    def reset(self) -> None:
        """Back to t = 0; the network stays, queued snippets go."""
        self.running = False
        self._queue = []
        self.t_cycles = 0
        self.segment_counter += 1

    def close(self) -> None:
        """Close the connection unless the user owns it."""
        self._chip.close()


class Placement:
    """Which circuits neurons are on."""

    def __init__(self, owner: State) -> None:
        self._state = owner

    def id2logicalneuron(self, cells: int | Sequence[int]) -> Any:
        """AtomicNeurons of a cell, or a list of them for several; RuntimeError before mapping."""
        if self._state.mapped is None:
            raise RuntimeError(
                "neuron_placement: neurons have no circuits yet; call run(None, RunCommand.PREPARE)"
            )
        if isinstance(cells, int | np.integer):
            return self._circuits(int(cells))
        return [self._circuits(int(cell)) for cell in cells]

    def _circuits(self, cell: int) -> list[int]:
        assert self._state.mapped is not None
        for population in self._state.populations:
            first = int(population.first_id)
            if population.is_neuron and first <= cell < first + population.size:
                n = population.n_circuits
                slots = population.offset + (cell - first) * n + np.arange(n)
                return [int(c) for c in self._state.mapped.circuit[slots]]
        raise ValueError(f"neuron_placement: cell {cell} is no neuron of this session")


state: State | None = None


def require(what: str, error: Callable[[str], Exception] = NotSetUpError) -> State:
    """The present session; `error` (NotSetUpError) if there is none."""
    if state is None:
        raise error(what)
    return state
