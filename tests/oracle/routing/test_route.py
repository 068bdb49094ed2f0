"""Every network is either routed exactly or refused by name.

Oracle: `tests.support.routing` walks each source's event through the written configuration and
collects the synapses that fire; the multiset must be the network's, no more, no less.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_protocol import ChipConfig
from pynn_hx.mapping.configure import identify, write_routing
from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.graph import Connections, Network
from pynn_hx.mapping.place import place
from pynn_hx.mapping.route import route
from tests.support.routing import fired_synapses, open_outputs, wanted_synapses


def network_of(n_neurons, n_external, pre, post, weight, inhibitory, recorded=None):
    connections = Connections(
        np.asarray(pre, np.int64),
        np.asarray(post, np.int64),
        np.asarray(weight, np.int64),
        np.asarray(inhibitory, bool),
    )
    if recorded is None:
        recorded = np.ones(n_neurons, bool)
    return Network(n_neurons, n_external, connections, recorded)


def configured(network, permutation=None):
    circuit = place(network.n_neurons, np.arange(512) if permutation is None else permutation)
    routing = route(network, circuit)
    chip = ChipConfig()
    write_routing(chip, routing, network.recorded)
    chip.check()
    return circuit, routing, chip


def assert_routed_exactly(network, circuit, routing, chip, sources=None):
    for source in range(network.n_neurons + network.n_external) if sources is None else sources:
        if source < network.n_neurons:
            n = int(circuit[source])
            source_input = n % 256 // 32
            label = source_input << 8 | int(chip.neurons.event_routing_address[n])
            if not chip.neurons.event_routing_enable_digital[n]:
                assert not network.recorded[source]
                assert wanted_synapses(network, circuit, source) == {}
                continue
        else:
            event = int(routing.label[source - network.n_neurons])
            if event < 0:
                assert wanted_synapses(network, circuit, source) == {}
                continue
            source_input, label = 8 + (event >> 14), event & 0x3FFF
        assert fired_synapses(chip, source_input, label) == wanted_synapses(
            network, circuit, source
        )


@st.composite
def networks(draw):
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    n_neurons = draw(st.sampled_from([1, 2, 7, 60, 200, 512]))
    n_external = draw(st.sampled_from([0, 1, 5, 70, 300]))
    n_connections = draw(st.sampled_from([0, 1, 30, 400, 3000]))
    largest = draw(st.sampled_from([1, 63, 64, 200]))
    network = network_of(
        n_neurons,
        n_external,
        rng.integers(0, n_neurons + n_external, n_connections),
        rng.integers(0, n_neurons, n_connections),
        rng.integers(0, largest, n_connections, endpoint=True),
        rng.random(n_connections) < draw(st.sampled_from([0.0, 0.3, 1.0])),
        rng.random(n_neurons) < 0.5,
    )
    return network, rng.permutation(512)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_random_networks_are_routed_exactly_or_refused_by_name(case):
    network, permutation = case
    try:
        circuit, routing, chip = configured(network, permutation)
    except MappingError as error:
        assert any(word in str(error) for word in ("synapse", "source"))
        return
    assert_routed_exactly(network, circuit, routing, chip)


def all_to_all(n_pre, n_post, weight=1):
    pre, post = np.meshgrid(np.arange(n_pre), np.arange(n_post), indexing="ij")
    return pre.reshape(-1), post.reshape(-1), np.full(pre.size, weight)


def test_every_synapse_of_the_chip_can_be_used_by_256_sources_onto_512_neurons():
    pre, post, weight = all_to_all(256, 512, 63)
    network = network_of(512, 256, pre + 512, post, weight, np.zeros(pre.size))
    circuit, routing, chip = configured(network)
    assert np.all(chip.synapses.weight == 63)
    assert_routed_exactly(network, circuit, routing, chip)


def test_one_to_one_recurrence_of_all_512_neurons_needs_few_rows():
    shuffled = np.random.default_rng(1).permutation(512)
    network = network_of(512, 0, np.arange(512), shuffled, np.full(512, 20), np.zeros(512))
    circuit, routing, chip = configured(network)
    assert_routed_exactly(network, circuit, routing, chip)
    assert routing.receiver.sum() <= 16  # two groups on each of eight buses, rarely a second driver


def test_both_signs_share_a_column_but_no_row():
    pre, post, weight = all_to_all(40, 3, 10)
    network = network_of(3, 40, pre + 3, post, weight, pre % 2 == 1)
    assert_routed_exactly(network, *configured(network))


def test_a_weight_above_63_uses_several_synapses_of_its_column():
    network = network_of(1, 1, [1], [0], [288], [False])
    circuit, routing, chip = configured(network)
    assert sorted(routing.weight.tolist()) == [36, 63, 63, 63, 63]
    assert len(set(zip(routing.row.tolist(), routing.column.tolist(), strict=True))) == 5
    assert_routed_exactly(network, circuit, routing, chip)


def test_the_largest_weight_of_one_source_fills_its_bus_and_one_more_is_refused():
    fits = network_of(1, 1, [1], [0], [64 * 63], [False])
    assert_routed_exactly(fits, *configured(fits))
    with pytest.raises(
        MappingError, match=r"PADI bus \d: 65 synapse rows of the top half .* 64 are"
    ):
        configured(network_of(1, 1, [1], [0], [64 * 63 + 1], [False]))


def test_257_synapses_of_a_neuron_are_refused():
    with pytest.raises(MappingError, match=r"circuit 0 needs 257 synapses, but a column has 256"):
        configured(
            network_of(1, 257, np.arange(257) + 1, np.zeros(257), np.ones(257), np.zeros(257))
        )


def test_more_sources_than_labels_on_all_buses_are_refused():
    n = 4 * 2048 + 1
    post = np.arange(n) % 512
    with pytest.raises(MappingError, match=r"sources send to it and it can tell 2048 apart"):
        configured(network_of(512, n, np.arange(n) + 512, post, np.ones(n), np.zeros(n)))


def test_neurons_that_nobody_listens_to_stay_off_the_buses_and_links():
    network = network_of(4, 0, [0], [1], [5], [False], recorded=np.array([0, 0, 1, 0], bool))
    circuit, routing, chip = configured(network)
    digital = chip.neurons.event_routing_enable_digital
    assert digital.nonzero()[0].tolist() == [0, 2]
    label = int(chip.neurons.event_routing_address[2])
    assert open_outputs(chip, 0, label) == [8]
    assert_routed_exactly(network, circuit, routing, chip)


def test_the_host_can_tell_all_512_neurons_apart():
    network = network_of(512, 0, np.arange(200), np.arange(200), np.ones(200), np.zeros(200))
    circuit, routing, chip = configured(network)
    table = identify(routing)
    output = circuit % 256 // 32
    label = output * 256 + chip.neurons.event_routing_address[circuit]
    assert np.array_equal(table[label], np.arange(512))


def test_without_connections_nothing_is_switched_on():
    _, _, chip = configured(network_of(3, 2, [], [], [], [], recorded=np.zeros(3, bool)))
    assert not chip.synapse_drivers.enable_receiver.any()
    assert not chip.padi.enable_spl1.any()
    assert np.all(chip.crossbar_nodes.target == 1)


def test_sources_move_to_buses_where_no_neuron_limits_how_many_can_be_told_apart():
    n = 3 * 2048 + 4 * 64 - 1  # one bus also carries a neuron's events, so four groups at most
    pre = np.append(0, np.arange(n) + 512)
    post = np.append(300, np.arange(n) % 512)
    network = network_of(512, n, pre, post, np.ones(n + 1), np.zeros(n + 1))
    circuit, routing, chip = configured(network)
    assert np.bincount(routing.bus[512:], minlength=4).tolist() == [255, 2048, 2048, 2048]
    some = (0, 512, 513, 4000, 512 + n - 1)
    assert_routed_exactly(network, circuit, routing, chip, some)
