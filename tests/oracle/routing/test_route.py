"""Every network is either routed exactly or refused by name.

Oracle: `tests.support.routing` walks each source's event through the written configuration and
collects the synapses that fire; the multiset must be the network's, no more, no less.
"""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynn_hx.mapping.configure import identify
from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.place import alternatives
from tests.support.routed import all_to_all, assert_routed_exactly, configured, network_of
from tests.support.routing import open_outputs


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
    network = network_of(1, 1, [1], [0], 288, False)
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


def test_the_top_half_tells_8192_sources_apart_and_one_more_is_refused():
    n = 4 * 32 * 64  # buses, drivers, labels
    post = np.arange(n) % 256
    fits = network_of(512, n, np.arange(n) + 512, post, np.ones(n), np.zeros(n))
    assert_routed_exactly(fits, *configured(fits), sources=range(512, 512 + n, 97))
    with pytest.raises(MappingError, match=r"2049 sources send to it and it can tell 2048 apart"):
        n += 1
        configured(network_of(512, n, np.arange(n) + 512, np.arange(n) % 256, 1, 0))


def test_each_half_tells_8192_sources_of_its_own_apart_and_one_more_is_refused():
    n = 2 * 4 * 32 * 64
    post = np.arange(n) % 512
    fits = network_of(512, n, np.arange(n) + 512, post, 1, 0)
    assert_routed_exactly(fits, *configured(fits), sources=range(512, 512 + n, 197))
    with pytest.raises(MappingError, match=r"16385 sources have targets.* 16384 sources apart"):
        n += 1
        configured(network_of(512, n, np.arange(n) + 512, np.arange(n) % 512, 1, 0))


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


def test_a_neuron_on_a_bus_leaves_external_sources_nearly_all_its_drivers():
    n = 7000
    pre = np.append(0, np.arange(n) + 512)
    post = np.append(300, np.arange(n) % 256)
    network = network_of(512, n, pre, post, 1, 0)
    some = (0, 512, 513, 4000, 512 + n - 1)
    assert_routed_exactly(network, *configured(network), sources=some)


def test_two_event_outputs_divide_the_rows_of_a_bus_unequally():
    # 32 neurons of output 0 with one target each above, and 48 of output 4 that all hit one neuron:
    # too many labels for one group, too many rows for half of the drivers
    few, many = np.append(np.arange(32), np.arange(32) + 256), np.arange(32) + 128
    pre = np.concatenate([few, many, many + 256])[:112]
    post = np.append(few, np.full(48, 5))
    network = network_of(512, 0, pre, post, 20, 0)
    circuit, routing, chip = configured(network)
    assert_routed_exactly(network, circuit, routing, chip)


def test_neurons_of_both_event_outputs_mix_where_each_alone_would_need_all_rows():
    # Outputs 0 and 4 hit one neuron each with all of their 64: half of either goes to each group.
    lower, upper = (
        np.append(np.arange(32), np.arange(32) + 256),
        np.append(np.arange(32) + 128, np.arange(32) + 384),
    )
    network = network_of(
        512, 0, np.append(lower, upper), np.append(np.full(64, 60), np.full(64, 61)), 20, 0
    )
    assert_routed_exactly(network, *configured(network))


def test_crowds_in_different_halves_do_not_meet():
    # 64 neurons on bus 0 with targets above and 64 with targets below: one group in each half
    above, below = (
        np.append(np.arange(32), np.arange(32) + 256),
        np.append(np.arange(32) + 128, np.arange(32) + 384),
    )
    pre = np.append(np.repeat(above, 60), np.repeat(below, 60))
    post = np.append(np.tile(np.arange(60) + 60, 64), np.tile(np.arange(60) + 300, 64))
    network = network_of(512, 0, pre, post, 20, 0)
    circuit, routing, chip = configured(network)
    assert np.count_nonzero(routing.row_mode) == 128
    assert_routed_exactly(network, circuit, routing, chip)


def test_a_small_population_with_strong_connections_routes_once_it_is_dealt_out_to_all_buses():
    pre, post, _ = all_to_all(32, 32)
    network = network_of(32, 0, pre, post, 189, pre % 2 == 1)  # three synapses each
    with pytest.raises(MappingError, match="PADI bus 0: 96 synapse rows of the top half"):
        configured(network)
    for permutation in alternatives(32):
        assert_routed_exactly(network, *configured(network, permutation))


def test_512_neurons_connected_at_random_with_25_percent_and_both_signs_are_routed():
    rng = np.random.default_rng(0)
    pre, post = np.nonzero(rng.random((512, 512)) < 0.25)
    network = network_of(512, 0, pre, post, 20, rng.random(pre.size) < 0.2)
    circuit, routing, chip = configured(network)
    assert_routed_exactly(network, circuit, routing, chip, range(0, 512, 9))


def test_2000_external_sources_with_a_few_targets_each_are_routed():
    rng = np.random.default_rng(0)
    pre, post = np.nonzero(rng.random((2000, 512)) < 0.05)
    network = network_of(512, 2000, 512 + pre, post, 20, False)
    circuit, routing, chip = configured(network)
    assert_routed_exactly(network, circuit, routing, chip, 512 + np.arange(0, 2000, 37))
