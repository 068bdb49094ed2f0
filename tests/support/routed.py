"""Networks through place, route and configure, and the judgement of `routing` on the outcome."""

from collections import Counter

import numpy as np

from firmware_protocol import ChipConfig
from pynn_hx.mapping.background import write_background
from pynn_hx.mapping.configure import identify_events, write_routing
from pynn_hx.mapping.graph import Connections, Network
from pynn_hx.mapping.place import place
from pynn_hx.mapping.route import route
from tests.support.routing import (
    background_events,
    fired_synapses,
    open_outputs,
    wanted_synapses,
)


def network_of(n_neurons, n_external, pre, post, weight, inhibitory, recorded=None, background=()):
    """A network from lists; one weight or sign may stand for all."""
    pre = np.asarray(pre, np.int64)
    connections = Connections(
        pre,
        np.asarray(post, np.int64),
        np.broadcast_to(np.asarray(weight, np.int64), pre.shape),
        np.broadcast_to(np.asarray(inhibitory, bool), pre.shape),
    )
    if recorded is None:
        recorded = np.ones(n_neurons, bool)
    return Network(n_neurons, n_external, connections, recorded, tuple(background))


def all_to_all(n_pre, n_post, weight=1):
    """(pre, post, weight) of everything to everything."""
    pre, post = np.meshgrid(np.arange(n_pre), np.arange(n_post), indexing="ij")
    return pre.reshape(-1), post.reshape(-1), np.full(pre.size, weight)


def configured(network, permutation=None, generators=range(4)):
    """(circuit, routing, chip) of a network; background populations are switched on."""
    circuit = place(network.n_neurons, np.arange(512) if permutation is None else permutation)
    routing = route(network, circuit, background_permutation=np.array(generators))
    chip = ChipConfig()
    wanted = np.array([p.recorded for p in network.background], bool)
    write_routing(chip, routing, network.recorded, wanted)
    write_background(chip, routing, 1e4, [1] * wanted.size)
    chip.check()
    return circuit, routing, chip


def assert_routed_exactly(network, circuit, routing, chip, sources=None):
    """Events of every source (or of some) fire the synapses that its connections ask for."""
    for source in range(network.n_neurons + network.n_external) if sources is None else sources:
        event = _event_of(network, circuit, routing, chip, source)
        wanted = wanted_synapses(network, circuit, source)
        if event is None:
            assert wanted == {}
        else:
            assert fired_synapses(chip, *event) == wanted
    for population in range(len(network.background)):
        assert_background_exact(network, circuit, routing, chip, population)


def _event_of(network, circuit, routing, chip, source):
    """Crossbar input and 14-bit label of a source's event; None if it sends none."""
    if source < network.n_neurons:
        n = int(circuit[source])
        if not chip.neurons.event_routing_enable_digital[n]:
            assert not network.recorded[source]
            return None
        return n % 256 // 32, n % 256 // 32 << 8 | int(chip.neurons.event_routing_address[n])
    event = int(routing.label[source - network.n_neurons])
    return None if event < 0 else (8 + (event >> 14), event & 0x3FFF)


def assert_background_exact(network, circuit, routing, chip, population):
    """Every label that a population's generators can draw fires its cell's synapses, or none.

    The generators of both halves draw the same, so what they fire belongs together.
    """
    size = network.background[population].size
    first = network.n_neurons + network.n_external
    first += sum(p.size for p in network.background[:population])
    mine = [g for g in (0, 4) if chip.background_sources.enable[g + routing.generator[population]]]
    mine = [g + int(routing.generator[population]) for g in mine]
    assert mine
    fired = {}
    heard = Counter()
    for generator in mine:
        events = background_events(chip, generator)
        assert len(events) < 2 * size or size == 1, "no more labels than cells rounded up"
        for cell, label in events:
            there = fired_synapses(chip, 12 + generator, label)
            fired[cell] = fired.get(cell, Counter()) + there
            on_host = [o for o in open_outputs(chip, 12 + generator, label) if o >= 8]
            heard[cell] += len(on_host)
            expected = first + cell if cell < size else -1
            for output in on_host:
                assert identify_events(routing, [output - 8 << 14 | label]) == [expected]
    for cell, what in fired.items():
        wanted = wanted_synapses(network, circuit, first + cell) if cell < size else {}
        assert what == wanted
    assert set(heard.values()) <= {int(network.background[population].recorded)}
