"""From the objects of a session to a configuration of the chip.

The only place where PyNN's objects and `mapping`, which knows none of them, meet.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from calibration.nominal import nominal_chip
from firmware_protocol import ChipConfig

from .experiment import Mapped, Part
from .mapping import configure, partition, place, route
from .mapping.errors import MappingError
from .mapping.graph import Background, Connections, Ints, Network
from .standardmodels.calibrated import CalibratedNeuron, write_shared

if TYPE_CHECKING:
    from .populations import Population
    from .session import State

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
        if last is not None and _same_topology(last.network, network):
            weight = network.connections.weight
            parts = tuple(part.reweighted(weight) for part in last.parts)
        else:
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
        whole = np.arange(network.n_neurons)
        chosen = [whole]
        if network.n_neurons > min(N_CIRCUITS, self._state.settings.permutation.size):
            chosen = self._split(network, populations)
        return [self._part(network, slots, populations, shared) for slots in chosen]

    def _split(self, network: Network, populations: list[Population]) -> list[Ints]:
        circuits = np.concatenate([np.full(p.size, p.n_circuits) for p in populations])
        limit = min(N_CIRCUITS, self._state.settings.permutation.size)
        return partition.split(network, circuits, limit)

    def _part(
        self, network: Network, slots: Ints, populations: list[Population], shared: ChipConfig
    ) -> Part:
        if slots.size == network.n_neurons:
            part, replay, connections = network, np.arange(network.n_external), None
        else:
            part, replay, connections = partition.subnetwork(network, slots)
        local = np.full(network.n_neurons, -1, dtype=np.int64)
        local[slots] = np.arange(slots.size)
        cells = [self._cells(p, local) for p in populations]
        circuit = place.place_cells(
            [
                place.Footprint(c.size, p.n_circuits, p.celltype.columns, p.celltype.rows)
                for p, c in zip(populations, cells, strict=True)
            ],
            self._state.settings.permutation,
        )
        routing = route.route(
            part, circuit, background_permutation=self._state.settings.background_permutation
        )
        chip = shared.copy()
        of_population = [
            (p, c, circuit[local[self._slots(p, c)]])
            for p, c in zip(populations, cells, strict=True)
        ]
        for population, chosen, circuits in of_population:
            population.write_parameters(chip, chosen, circuits)
        configure.write_routing(chip, routing, part.recorded)
        self._write_background(chip, routing)
        chip.check()
        for population, chosen, circuits in of_population:
            population.learn_parameters(chip, chosen, circuits)
        if connections is None:
            connections = np.arange(network.connections.pre.size)
        return Part(part, slots, replay, circuit, routing, chip, connections)

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

    # --- settings that circuits share ---------------------------------------------------------------

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
            configure.write_background(
                chip,
                routing,
                np.array([float(p.value("rate")) for p in sources]),
                np.array([int(p.value("seed")) for p in sources]),
            )


def _default_base() -> ChipConfig:
    """The vendor's defaults, and nominal biases of the CADC, without which it reads nothing."""
    chip, nominal = ChipConfig(), nominal_chip()
    for name in nominal.quadrants:
        if name.startswith("cadc_"):
            chip.quadrants[name][...] = nominal.quadrants[name]
    return chip


def _same_topology(before: Network, now: Network) -> bool:
    """Whether only weights differ, and those in ways that take as many synapses as before."""
    a, b = before.connections, now.connections
    return (
        before.n_neurons == now.n_neurons
        and before.n_external == now.n_external
        and before.background == now.background
        and np.array_equal(before.recorded, now.recorded)
        and np.array_equal(a.pre, b.pre)
        and np.array_equal(a.post, b.post)
        and np.array_equal(a.inhibitory, b.inhibitory)
        and np.array_equal(route.synapses_needed(a.weight), route.synapses_needed(b.weight))
    )


__all__ = ["Mapper", "MappingError", "network_of"]
