"""Networks larger than a chip in parts.  Oracle: what a sequence of executions needs: every
connection in one part, and no spike from a later one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.graph import Background, Connections, Network
from pynn_hx.mapping.partition import partition, subnetwork


def network_of(n, n_external, pre, post, background=(), weight=1):
    pre = np.asarray(pre, np.int64)
    c = Connections(pre, np.asarray(post, np.int64), np.full(pre.size, weight), pre % 2 == 1)
    return Network(n, n_external, c, np.zeros(n, bool), background)


def assert_in_order(network, parts, limit=512):
    """Every slot is in one part, none is too large, and no presynaptic neuron comes later."""
    assert np.array_equal(np.sort(np.concatenate(parts)), np.arange(network.n_neurons))
    assert all(part.size <= limit for part in parts)
    part_of = np.empty(network.n_neurons, int)
    for k, part in enumerate(parts):
        part_of[part] = k
    c = network.connections
    internal = c.pre < network.n_neurons
    assert np.all(part_of[c.pre[internal]] <= part_of[c.post[internal]])
    return part_of


def two_layers(rng, dense):
    """10 -> 1000 -> 1000 neurons, the second step one-to-one or sparse."""
    pre = [np.repeat(np.arange(10), 1000)]
    post = [10 + np.tile(np.arange(1000), 10)]
    if dense:
        a, b = np.nonzero(rng.random((1000, 1000)) < 0.02)
    else:
        a = b = np.arange(1000)
    return network_of(2010, 0, np.append(pre[0], 10 + a), np.append(post[0], 1010 + b))


@pytest.mark.parametrize("dense", [False, True], ids=["one-to-one", "sparse"])
def test_ten_onto_a_thousand_onto_a_thousand_takes_four_chips(dense):
    network = two_layers(np.random.default_rng(1), dense)
    parts = partition(network)
    assert len(parts) == 4  # 2010 / 512, rounded up
    assert_in_order(network, parts)


def test_a_network_that_fits_stays_whole_even_if_it_is_recurrent():
    n = np.arange(512)
    parts = partition(network_of(512, 0, n, (n + 1) % 512))
    assert len(parts) == 1 and np.array_equal(parts[0], n)


def test_neurons_in_a_circle_stay_together():
    n = np.arange(300)
    circle = np.append(n + 100, n + 500), np.append((n + 1) % 300 + 100, (n + 1) % 300 + 500)
    network = network_of(900, 0, *circle)
    part_of = assert_in_order(network, partition(network))
    assert np.unique(part_of[100:400]).size == 1
    assert np.unique(part_of[500:800]).size == 1


def test_a_circle_larger_than_a_chip_is_refused_with_both_numbers():
    n = np.arange(600)
    with pytest.raises(MappingError, match=r"600 neuron circuits .*circle.* the chip has 512"):
        partition(network_of(700, 0, n, (n + 1) % 600))


def test_slots_of_a_cell_stay_together_and_close_circles():
    # Cell 0 is slots 0..2: what enters slot 0 may leave from slot 2.
    network = network_of(12, 0, [2, 5], [4, 0])
    parts = partition(network, [0, 3, 6, 9], limit=6)
    part_of = assert_in_order(network, parts, 6)
    assert len(set(part_of[:6].tolist())) == 1
    with pytest.raises(MappingError, match=r"6 neuron circuits .* the chip has 5"):
        partition(network, [0, 3, 6, 9], limit=5)


def test_a_cell_larger_than_a_chip_is_refused():
    with pytest.raises(MappingError, match="the cell at slot 3 needs 9 neuron circuits"):
        partition(network_of(12, 0, [], []), [0, 3], limit=8)


@pytest.mark.parametrize("starts", [[], [1, 2], [0, 0], [0, 20]])
def test_starts_of_cells_that_make_no_sense_are_refused(starts):
    with pytest.raises(ValueError, match="atom_starts must rise from 0"):
        partition(network_of(20, 0, [], []), starts, limit=5)


@st.composite
def feed_forward(draw):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, n_external = draw(st.integers(1, 60)), draw(st.integers(0, 5))
    background = tuple(Background(size) for size in draw(st.lists(st.integers(1, 5), max_size=2)))
    n_sources = n + n_external + sum(p.size for p in background)
    m = draw(st.integers(0, 150))
    pre, post = rng.integers(0, n_sources, m), rng.integers(0, n, m)
    rank = rng.permutation(n)  # connections rise in rank, unless within three ranks
    back = (pre < n) & (rank[np.minimum(pre, n - 1)] // 3 > rank[post] // 3)
    pre[back], post[back] = post[back], pre[back]
    return network_of(n, n_external, pre, post, background), draw(st.integers(3, 30))


@settings(max_examples=200, deadline=None)
@given(feed_forward())
def test_parts_run_in_order_and_hold_every_connection_once(case):
    network, limit = case
    parts = partition(network, limit=limit)
    assert_in_order(network, parts, limit)
    # First fit leaves no two parts that one part could hold, if nothing else keeps them apart.
    if not network.connections.pre.size:
        assert len(parts) == -(-network.n_neurons // limit)
    subnetworks = [subnetwork(network, part) for part in parts]
    indices = np.concatenate([s.connection for s in subnetworks])
    assert np.array_equal(np.sort(indices), np.arange(network.connections.pre.size))


@settings(max_examples=200, deadline=None)
@given(feed_forward())
def test_a_subnetwork_names_the_same_connections_in_numbers_of_its_own(case):
    network, limit = case
    c = network.connections
    first_background = network.n_neurons + network.n_external
    done = np.zeros(0, int)
    for part in partition(network, limit=limit):
        local, origin, connection = subnetwork(network, part)
        background = np.arange(first_background, network.n_sources)
        whole = np.concatenate([part, origin, background])  # local to global number
        mine = local.connections
        assert np.array_equal(whole[mine.pre], c.pre[connection])
        assert np.array_equal(whole[mine.post], c.post[connection])
        assert np.array_equal(mine.weight, c.weight[connection])
        assert np.array_equal(mine.inhibitory, c.inhibitory[connection])
        assert local.n_sources == whole.size and local.background == network.background
        replayed = origin[origin < network.n_neurons]
        assert np.all(np.isin(replayed, done)), "spikes that are not known yet"
        done = np.append(done, part[local.recorded])


def test_what_is_recorded_stays_so_and_what_later_parts_need_is_too():
    network = network_of(6, 0, [0, 2], [3, 1])
    network.recorded[4] = True
    first = subnetwork(network, np.array([0, 1, 2]))
    assert first.network.recorded.tolist() == [True, False, False]
    second = subnetwork(network, np.array([3, 4, 5]))
    assert second.network.recorded.tolist() == [False, True, False]
    assert second.origin.tolist() == [0]
