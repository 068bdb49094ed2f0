"""From the objects of a session to a configuration of the chip.

The only place where PyNN's objects and `mapping`, which knows none of them, meet.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

import numpy as np

from calibration.nominal import nominal_chip
from firmware_protocol import ChipConfig

from .experiment import Mapped, Part
from .mapping import configure, partition, place, route
from .mapping.background import write_background
from .mapping.errors import MappingError
from .mapping.graph import Background, Connections, Ints, Network
from .standardmodels.calibrated import CalibratedNeuron, write_shared

if TYPE_CHECKING:
    from .populations import Population
    from .session import State

_log = logging.getLogger(__name__)

N_CIRCUITS = 512


def network_of(state: State) -> Network:
    """The present network as plain arrays."""
    parts = [p.as_connections() for p in state.projections]
    if parts:
        fields = ("pre", "post", "weight", "inhibitory")
        joined = Connections(*(np.concatenate([getattr(c, f) for c in parts]) for f in fields))
    else:
        joined = Connections.none()
    recorded = np.zeros(state.n_slots, dtype=bool)
    background = []
    for population in state.populations:
        if population.is_neuron:
            sites = population.recorder.spike_sites()
            recorded[[population.slot(site) for site in sites]] = True
        elif population.is_background:
            background.append(
                Background(population.size, bool(population.recorder.requests.spikes))
            )
    return Network(state.n_slots, state.n_external, joined, recorded, tuple(background))


class Mapper:
    """Maps the network of a session; keeps what has not changed since.

    base  the configuration that all others start from
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._base: ChipConfig | None = None
        self._last: Mapped | None = None
        self._moved: Ints | None = None  # the permutation, if it is not that of the settings

    @property
    def base(self) -> ChipConfig:
        """The configuration that mapping starts from."""
        if self._base is None:
            given = self._state.initial_config
            self._base = _default_base() if given is None else given.copy()
        return self._base

    def forget(self) -> None:
        """Settings of cells have changed, or there are new ones."""
        self._last = None

    def map(self) -> Mapped:
        """Place, route and configure; the populations learn what their circuits are set to."""
        started = time.perf_counter()
        network = network_of(self._state)
        last = self._last
        parts = None if last is None else _reweighted(last, network)
        if parts is None:
            parts = tuple(self._parts(network))
        spans, at = {}, 0
        for projection in self._state.projections:
            spans[projection] = slice(at, at + len(projection))
            at += len(projection)
        self._last = Mapped(network, parts, time.perf_counter() - started, spans)
        return self._last

    # --- parts ------------------------------------------------------------------------------------

    def _parts(self, network: Network) -> list[Part]:
        populations = [p for p in self._state.populations if p.is_neuron]
        shared = self._shared(populations)
        cells = [p.offset + p.n_circuits * np.arange(p.size) for p in populations]
        chosen = partition.partition(
            network,
            np.concatenate([np.empty(0, np.int64), *cells]),
            limit=min(N_CIRCUITS, self._state.settings.permutation.size),
        )
        return [self._part(network, slots, populations, shared) for slots in chosen]

    def _part(
        self, network: Network, slots: Ints, populations: list[Population], shared: ChipConfig
    ) -> Part:
        if slots.size == network.n_neurons:
            n, n_external = network.n_neurons, network.n_external
            part, origin = network, n + np.arange(n_external)
            connections = np.arange(network.connections.pre.size)
        else:
            part, origin, connections = partition.subnetwork(network, slots)
        local = np.full(network.n_neurons, -1, dtype=np.int64)
        local[slots] = np.arange(slots.size)
        cells = [self._cells(p, local) for p in populations]
        footprints = [
            place.Footprint(c.size, p.n_circuits, p.celltype.columns, p.celltype.rows)
            for p, c in zip(populations, cells, strict=True)
        ]
        circuit, routing = self._place_and_route(part, footprints)
        chip = shared.copy()
        of_population = [
            (p, c, circuit[local[self._slots(p, c)]])
            for p, c in zip(populations, cells, strict=True)
        ]
        for population, chosen, circuits in of_population:
            population.write_parameters(chip, chosen, circuits)
        background = np.array([b.recorded for b in part.background], dtype=bool)
        configure.write_routing(chip, routing, part.recorded, background)
        self._write_background(chip, routing)
        chip.check()
        for population, chosen, circuits in of_population:
            population.learn_parameters(chip, chosen, circuits)
        return Part(part, slots, origin, circuit, routing, chip, connections)

    def _place_and_route(
        self, part: Network, footprints: list[place.Footprint]
    ) -> tuple[Ints, route.Routing]:
        """Circuits and routing; other circuits than asked for if only those can be routed.

        Neurons stay where they are as soon as anything has been mapped, and where the user or an
        initial configuration wants them.
        """
        settings = self._state.settings
        permutations = [settings.permutation if self._moved is None else self._moved]
        if settings.may_move_neurons and self._state.mapped is None:
            permutations += place.alternatives(N_CIRCUITS)
        problem: MappingError | None = None
        for number, permutation in enumerate(permutations):
            circuit = place.place_cells(footprints, permutation)
            try:
                routing = route.route(
                    part, circuit, background_permutation=settings.background_permutation
                )
            except MappingError as error:
                problem = problem or error
                continue
            if number:
                _log.info("neurons are spread over the chip, since in order they cannot be routed")
                self._moved = permutation
            return circuit, routing
        assert problem is not None, "there is at least one permutation"
        raise problem

    @staticmethod
    def _cells(population: Population, local: Ints) -> Ints:
        """Cells of a population that belong to a part."""
        first = population.offset + population.n_circuits * np.arange(population.size)
        return np.nonzero(local[first] >= 0)[0]

    @staticmethod
    def _slots(population: Population, cells: Ints) -> Ints:
        """(cell, n_circuits) slots of cells."""
        n = population.n_circuits
        return population.offset + n * cells[:, None] + np.arange(n)

    # --- settings that circuits share -------------------------------------------------------------

    def _shared(self, populations: list[Population]) -> ChipConfig:
        """The base, with what calibrated populations ask of settings that all circuits share."""
        chip = self.base.copy()
        calibrated = [p for p in populations if isinstance(p.celltype, CalibratedNeuron)]
        write_shared(
            chip,
            [
                (p.label, p.parameter_values(list(p.celltype.default_parameters)))
                for p in calibrated
            ],
        )
        return chip

    def _write_background(self, chip: ChipConfig, routing: route.Routing) -> None:
        sources = [p for p in self._state.populations if p.is_background]
        if sources:
            rates = [float(p.value("rate")) for p in sources]
            write_background(chip, routing, rates, [int(p.value("seed")) for p in sources])


def _default_base() -> ChipConfig:
    """The vendor's defaults, and nominal biases of the CADC, without which it reads nothing."""
    chip, nominal = ChipConfig(), nominal_chip()
    for name in nominal.quadrants:
        if name.startswith("cadc_"):
            chip.quadrants[name][...] = nominal.quadrants[name]
    return chip


def _reweighted(last: Mapped, network: Network) -> tuple[Part, ...] | None:
    """The parts of a mapped network with other weights; None if more than these have changed."""
    same = (
        last.network.same_wiring(network)
        and last.network.background == network.background
        and np.array_equal(last.network.recorded, network.recorded)
    )
    if not same:
        return None
    parts = [part.reweighted(network.connections.weight) for part in last.parts]
    return None if None in parts else tuple(part for part in parts if part is not None)
