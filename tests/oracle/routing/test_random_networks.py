"""Networks of all kinds, up to the limits: routed exactly, or refused for a reason.

Oracles: `tests.support.routing` walks events of every source, and of every label that a generator
can draw, through the written configuration.  Where a network is refused, `lacking` counts what it
takes at least: rows, columns, labels.  That is no proof of the opposite, because sources of one
bus that differ too much need rows of their own; so a few refusals are left which no count explains,
and their share is limited here.  Of 4000 networks 546 were refused when this was written, 13 of
them unexplained.
"""

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pynn_hx.mapping.errors import MappingError
from pynn_hx.mapping.graph import Background, Connections, Network
from tests.support.routed import assert_routed_exactly, configured
from tests.support.routing import lacking

DENSITIES = {"dense": 1.0, "sparse": 0.1, "sparser": 0.02}


def random_projection(rng, sources, n_neurons):
    """(pre, post, weight, inhibitory) between random ranges of sources and neurons."""
    first = int(rng.integers(sources[0], sources[1]))
    last = int(rng.integers(first, sources[1])) + 1
    to = int(rng.integers(n_neurons))
    n_pre, n_post = last - first, int(rng.integers(to, n_neurons)) + 1 - to
    kind = rng.choice(["one-to-one", *DENSITIES])
    if kind == "one-to-one":
        n = min(n_pre, n_post)
        pre, post = rng.permutation(n_pre)[:n], rng.permutation(n_post)[:n]
    else:
        pre, post = np.nonzero(rng.random((n_pre, n_post)) < DENSITIES[kind])
    largest = int(rng.choice([10, 63, 64, 200]))
    mixed = rng.random() < 0.3
    inhibitory = rng.random(pre.size) < 0.3 if mixed else np.full(pre.size, rng.random() < 0.3)
    return pre + first, post + to, rng.integers(0, largest, pre.size, endpoint=True), inhibitory


def random_network(rng):
    """Neurons, external sources and background cells with one to four projections."""
    n = int(rng.choice([1, 5, 32, 100, 256, 400, 512]))
    n_external = int(rng.choice([0, 0, 5, 64, 130, 300, 800]))
    background = tuple(
        Background(int(rng.choice([1, 3, 17, 64, 65, 100, 200, 256])), bool(rng.random() < 0.5))
        for _ in range(rng.choice([0, 0, 0, 1, 2, 4]))
    )
    ends = np.cumsum([n, n_external, *(p.size for p in background)])
    ranges = [(0, ends[-1]), *zip([0, *ends[:-1]], ends, strict=True)]
    ranges = [r for r in ranges if r[0] < r[1]]
    parts = [
        random_projection(rng, ranges[rng.integers(len(ranges))], n)
        for _ in range(rng.integers(1, 5))
    ]
    c = Connections(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return Network(n, n_external, c, rng.random(n) < 0.5, background)


def some_sources(rng, network, most=40):
    return rng.permutation(network.n_neurons + network.n_external)[:most].tolist()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1))
def test_whatever_is_routed_fires_exactly_the_synapses_asked_for(seed):
    rng = np.random.default_rng(seed)
    network, generators = random_network(rng), rng.permutation(4)
    permutation = np.arange(512) if rng.random() < 0.5 else rng.permutation(512)
    try:
        circuit, routing, chip = configured(network, permutation, generators)
    except MappingError as error:
        assert any(word in str(error) for word in ("synapse", "source"))
        return
    on = chip.neurons.event_routing_enable_digital[circuit].astype(bool)
    sender = circuit % 256 // 32 * 256 + chip.neurons.event_routing_address[circuit]
    assert np.unique(sender[on]).size == on.sum(), "the host cannot tell neurons apart"
    assert_routed_exactly(network, circuit, routing, chip, some_sources(rng, network))


def test_few_networks_are_refused_that_do_not_provably_lack_something():
    refused, unexplained, n = 0, [], 400
    for seed in range(n):
        rng = np.random.default_rng(seed)
        network = random_network(rng)
        permutation = np.arange(512) if rng.random() < 0.5 else rng.permutation(512)
        try:
            configured(network, permutation)
        except MappingError as error:
            refused += 1
            if not lacking(network, permutation[: network.n_neurons], range(4)):
                unexplained.append((seed, str(error)))
    share = len(unexplained) / n
    print(f"{n} networks, {refused} refused, {len(unexplained)} of them unexplained: {unexplained}")
    assert refused > n / 20, "networks too small to say anything"
    assert share < 0.01


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32 - 1))
def test_what_provably_lacks_something_is_always_refused(seed):
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    try:
        circuit, *_ = configured(network)
    except MappingError:
        return
    assert lacking(network, circuit, range(4)) == []


def test_up_to_64_sources_on_a_bus_are_never_refused_for_less_than_64_rows():
    """Then a single group serves them, whose rows are counted exactly."""
    for seed in range(60):
        rng = np.random.default_rng(seed)
        n_external = int(rng.integers(1, 257))
        pre, post = np.nonzero(rng.random((n_external, 512)) < rng.random())
        c = Connections(
            pre + 512, post, rng.integers(0, 64, pre.size), np.zeros(pre.size, dtype=bool)
        )
        network = Network(512, n_external, c, np.zeros(512, bool))
        circuit, routing, chip = configured(network)  # 256 sources, a synapse each at most
        assert_routed_exactly(
            network, circuit, routing, chip, 512 + rng.permutation(n_external)[:10]
        )
