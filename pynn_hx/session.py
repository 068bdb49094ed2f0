"""The one global of this package: the present session, between `setup` and `end`.

PyNN's common code asks this module for `name`, `state` and `ID`.  A session owns the network as
PyNN objects see it and the connection; how a network becomes words is the business of `mapping`
and `compile`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN import common

from firmware_protocol import ChipConfig, Connection, LinkError, Trace, decode
from firmware_protocol.connection import StreamingConnection
from firmware_protocol.decoder import decode_stream
from firmware_protocol.instructions import Words

from . import compile as compiler
from . import targets
from .mapping import configure, place, report, route
from .mapping.graph import Connections, Ints, Network
from .standardmodels.cells import READOUT_SOURCES, HXNeuron

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class Mapped:
    """A network on the chip."""

    network: Network
    routing: route.Routing
    chip: ChipConfig
    madc: bool
    duration_s: float


class State(common.control.BaseState):
    """Everything between one `setup` and its `end`."""

    def __init__(
        self,
        *,
        target: str | None,
        connection: Connection | None,
        initial_config: ChipConfig | None,
        permutation: Ints,
        min_delay: float = 0.0,
        max_delay: float = 0.0,
    ) -> None:
        super().__init__()
        self.dt, self.min_delay, self.max_delay = MADC_SAMPLE_MS, min_delay, max_delay
        self.mpi_rank, self.num_processes = 0, 1
        self.initial_config = initial_config
        self.populations: list[Population] = []
        self.projections: list[Projection] = []
        self.recorders: list[Recorder] = []
        self.write_on_end: list[tuple[Any, Any, str | os.PathLike[str]]] = []
        self.id_counter = self.n_neurons = self.n_external = 0
        self.segment_counter = 0
        self.t = 0.0
        self.running: bool = False
        self.mapped: Mapped | None = None
        self.observation: compiler.Observation | None = None
        self._permutation = permutation
        self._target, self._connection, self._borrowed = target, connection, connection is not None
        self._present: compiler.Image | None = None

    # --- the network ----------------------------------------------------------------------------

    def network(self) -> Network:
        """The present network as plain arrays."""
        parts = [p.as_connections() for p in self.projections]
        if parts:
            fields = ("pre", "post", "weight", "inhibitory")
            joined = Connections(*(np.concatenate([getattr(c, f) for c in parts]) for f in fields))
        else:
            joined = Connections.none()
        recorded = np.zeros(self.n_neurons, dtype=bool)
        for population in self._neuron_populations():
            cells = population.recorder.spike_cells()
            recorded[population.offset + cells] = True
        return Network(self.n_neurons, self.n_external, joined, recorded)

    def _neuron_populations(self) -> list[Population]:
        return [p for p in self.populations if isinstance(p.celltype, HXNeuron)]

    def prepare(self) -> Mapped:
        """Place, route and configure; the populations learn what their circuits are set to."""
        started = time.perf_counter()
        network = self.network()
        circuit = place.place(network.n_neurons, self._permutation)
        routing = route.route(network, circuit)
        chip = ChipConfig() if self.initial_config is None else self.initial_config.copy()
        populations = self._neuron_populations()
        for population in populations:
            population.write_parameters(chip, circuit, self.initial_config is not None)
        configure.write_routing(chip, routing, network.recorded)
        site = self._analog_site()
        madc = site is not None
        if site is None:
            configure.write_readout(chip, np.empty(0, np.int64), None)
        else:
            neuron, variable = site
            configure.write_readout(chip, circuit[[neuron]], READOUT_SOURCES[variable])
        chip.check()
        for population in populations:
            population.learn_parameters(chip, circuit)
        self.mapped = Mapped(network, routing, chip, madc, time.perf_counter() - started)
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
            self.mapped.routing,
            n_populations=len(self.populations),
            n_projections=len(self.projections),
            mapping_s=self.mapped.duration_s,
        )

    def _analog_site(self) -> tuple[int, str] | None:
        """Network index and variable of the neuron the ADC records."""
        for population in self._neuron_populations():
            for variable, cell in population.recorder.analog_sites():
                return population.offset + cell, variable
        return None

    # --- running --------------------------------------------------------------------------------

    @property
    def connection(self) -> Connection:
        """The connection, opened when it is first needed."""
        if self._connection is None:
            self._connection = targets.connect(self._target)
        return self._connection

    def run(self, runtime_ms: float) -> None:
        """Map, execute and observe an experiment of `runtime_ms` [hardware ms]."""
        if self.running:
            raise RuntimeError(
                "this experiment has been run; the chip cannot continue where it stopped: call "
                "reset() to start again at t = 0, or run once for the whole time"
            )
        runtime = int(compiler.cycles(runtime_ms))
        mapped = self.prepare()
        timer, label = self._external_events(mapped.routing, runtime)
        run = compiler.Run(mapped.chip, timer, label, runtime, mapped.madc)
        program, image = compiler.build(run, self._present)
        self._present = None  # unknown until the run has come back whole
        self.observation = compiler.observe(self._execute(program.words()), runtime)
        self._present = image
        self.t = runtime_ms
        self.running = True
        for recorder in self.recorders:
            recorder.collect(self)

    def _execute(self, words: Words) -> Trace:
        """Run words on the chip; a connection that is lost is opened anew by the next run."""
        try:
            connection = self.connection
            if isinstance(connection, StreamingConnection):
                return decode_stream(connection.stream(words))
            return decode(connection.execute(words))
        except LinkError:
            if not self._borrowed:
                self.close()
            raise

    def run_until(self, time_point: float) -> None:
        """Run for what is left until `time_point` [ms]."""
        if time_point > self.t:
            self.run(time_point - self.t)

    def _external_events(self, routing: route.Routing, runtime: int) -> tuple[Ints, Ints]:
        """Experiment time [cycles] and label of all events of external sources, sorted by time."""
        times: list[Ints] = []
        labels: list[Ints] = []
        for population in self.populations:
            if isinstance(population.celltype, HXNeuron):
                continue
            for cell in range(population.size):
                label = routing.label[population.offset + cell]
                if label >= 0:
                    spikes = compiler.cycles(population.spike_times(cell))
                    times.append(spikes[spikes < runtime])
                    labels.append(np.full(times[-1].size, label))
        if not times:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        cycle, label = np.concatenate(times), np.concatenate(labels)
        order = np.argsort(cycle, kind="stable")
        return cycle[order], label[order]

    def reset(self) -> None:
        """Back to t = 0; the network stays."""
        self.running = False
        self.t = 0.0
        self.observation = None
        self.segment_counter += 1

    def close(self) -> None:
        """Close the connection unless the user owns it."""
        if self._connection is not None and not self._borrowed:
            self._connection.close()
        self._connection = None


state: State | None = None


def require(what: str, error: Callable[[str], Exception] = NotSetUpError) -> State:
    """The present session; `error` (NotSetUpError) if there is none."""
    if state is None:
        raise error(what)
    return state
