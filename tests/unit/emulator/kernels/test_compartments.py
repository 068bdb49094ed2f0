"""One implicit step of joined circuits, against dense linear algebra.

Oracle: the same formulas with full matrices (NumPy), SciPy's matrix exponential for linear
circuits, and counts of operations.  The matrices are assembled here from the topology alone.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from emulator.compartments import Resistors, Topology, clusters, node_capacitance, topology
from emulator.kernels.compartments import REST_STEP_S, REST_STEPS, Clusters, couple_all, rest_limit
from emulator.kernels.compartments import rewind as rewind_cluster
from emulator.physics.compartments import STAGE

C_F, LINE_F, G_S = 2.46e-12, 50e-15, 0.9e-6  # a full membrane, a piece of line, 500 LSB
DT_S = 32e-9
ON = np.inf
NAMES = ("connect_soma", "connect_soma_right", "connect_right", "connect_vertical",
         "enable_conductance")  # fmt: skip


class Network(NamedTuple):
    """Some joined circuits with the matrices of their equation, by position in `clusters.v`."""

    topology: Topology
    clusters: Clusters
    lane: np.ndarray  # (512,)
    circuits: np.ndarray  # (lane,)
    c: np.ndarray  # (node,) F
    laplacian: np.ndarray  # (node, node) S
    push: np.ndarray  # (node,) A
    node: np.ndarray  # (lane,) node of each lane


def switches(**closed):
    settings = {f"multicompartment_{name}": np.zeros(512, np.int64) for name in NAMES}
    for name, circuits in closed.items():
        settings[f"multicompartment_{name}"][list(circuits)] = 1
    return settings


def network(settings, *, g=G_S, offset=0.0, capacitance=C_F, order=None):
    t = topology(settings)
    g, offset, capacitance = (np.broadcast_to(x, 512) for x in (g, offset, capacitance))
    circuits = np.flatnonzero(t.cluster >= 0)
    if order is not None:
        circuits = order(circuits)
    lane = np.full(512, -1)
    lane[circuits] = np.arange(circuits.size)
    k = clusters(t, lane, capacitance, LINE_F, Resistors(g, offset))
    where = np.full(t.n_nodes, -1)
    where[k.group] = np.arange(k.group.size)
    laplacian, push = np.zeros((k.group.size, k.group.size)), np.zeros(k.group.size)
    for n in np.flatnonzero(t.resistor):
        ends = where[t.node[n]], where[t.line_node[n]]
        laplacian[np.ix_(ends, ends)] += g[n] * np.array([[1, -1], [-1, 1]])
        push[ends[0]] += g[n] * offset[n]
        push[ends[1]] -= g[n] * offset[n]
    c = node_capacitance(t, capacitance, LINE_F)[k.group]
    return Network(t, k, lane, circuits, c, laplacian, push, where[t.node[circuits]])


def per_node(net, by_lane):
    return np.bincount(net.node, weights=by_lane, minlength=net.c.size)


def step(net, current, stiffness, dt=DT_S, low=-ON, high=ON, limit=ON):
    v = np.zeros(net.circuits.size)
    couple_all(net.clusters, current, stiffness, dt, low, high, limit, v)
    return v


def dense_step(net, v, current, stiffness, dt):
    s = net.laplacian + np.diag(per_node(net, stiffness))
    x = dt * s / net.c[:, None]
    force = (per_node(net, current) + net.push - net.laplacian @ v) / net.c
    one = np.eye(v.size)
    root = np.linalg.inv(one + STAGE * x)
    return v + dt * root @ root @ (one + STAGE**2 * x) @ force


chain = {
    "connect_right": range(0, 8, 2),
    "connect_soma": range(2, 8, 2),
    "enable_conductance": range(1, 7, 2),
    "connect_soma_right": range(1, 7, 2),
}


def relax(net, target, g, dt, n_steps):
    """Linear leaks (lane,) from rest 0; voltages (node,) afterwards."""
    v = net.clusters.v[net.node]
    for _ in range(n_steps):
        v = step(net, g * (target - v), g, dt)
    return net.clusters.v.copy()


def exact(net, target, g, t):
    s = (net.laplacian + np.diag(per_node(net, g))) / net.c[:, None]
    drive = (per_node(net, g * target) + net.push) / net.c
    rest = np.linalg.solve(s, drive)
    return rest - expm(-s * t) @ rest


@given(data=st.data())
def test_a_step_of_any_network_is_the_step_with_full_matrices(data):
    window = [row + column for row in (0, 256) for column in range(124, 132)]
    some = st.sets(st.sampled_from(window))
    settings = switches(**{name: data.draw(some, label=name) for name in NAMES})
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    net = network(
        settings,
        g=random.uniform(0, 5e-6, 512),
        offset=random.normal(0, 0.01, 512),
        capacitance=random.uniform(0.16e-12, 2.5e-12, 512),
    )
    net.clusters.v[:] = random.uniform(0, 1.2, net.c.size)
    current = random.normal(0, 1e-7, net.circuits.size)
    stiffness = random.uniform(-1e-6, 5e-6, net.circuits.size)
    # Less than the bound on feedback, which the formula here does not have.
    assert (per_node(net, stiffness) > -0.5 * net.c / DT_S).all()
    expected = dense_step(net, net.clusters.v.copy(), current, stiffness, DT_S)
    v = step(net, current, stiffness)
    assert np.allclose(
        net.clusters.v, expected, rtol=0, atol=1e-13 * (1 + abs(expected).max(initial=0))
    )
    assert np.array_equal(v, net.clusters.v[net.node])


def test_a_chain_of_127_compartments_follows_the_matrix_exponential():
    # Two circuits each, 64 in the upper row and 64 in the lower; the first of either are one.
    even = [row + column for row in (0, 256) for column in range(0, 128, 2)]
    odd = [n + 1 for n in even if n % 256 != 126]
    net = network(
        switches(
            connect_right=even,
            connect_vertical=[0, 256],
            connect_soma=[n for n in even if n % 256],
            enable_conductance=odd,
            connect_soma_right=odd,
        ),
        offset=0.01,
    )
    assert [net.topology.n_clusters, net.c.size] == [1, 127]
    g = np.full(net.circuits.size, 0.1e-6)
    target = np.where(net.circuits == 127, 1.0, 0.3)
    after = relax(net, target, g, DT_S, 300)
    assert np.abs(after - exact(net, target, g, 300 * DT_S)).max() < 1e-5


@pytest.mark.parametrize("kind", ["chain", "star"])
def test_in_a_tree_nothing_fills_in(kind):
    if kind == "chain":
        odd = range(1, 127, 2)
        settings = switches(
            connect_right=range(0, 128, 2),
            connect_soma=range(2, 128, 2),
            enable_conductance=odd,
            connect_soma_right=odd,
        )
    else:
        settings = switches(enable_conductance=range(128), connect_soma_right=range(127))
    k = network(settings).clusters
    assert k.v.size in (64, 129)
    assert [k.below.size, k.update.size] == [k.v.size - 1, 0]


def test_the_work_for_a_ladder_grows_as_its_length():
    def updates(n):
        # Two lines, and in each column membranes of both rows joined, with a resistor to each.
        both = [*range(n), *range(256, 256 + n)]
        closed = {"connect_vertical": both, "enable_conductance": both}
        right = [*range(n - 1), *range(256, 255 + n)]
        return network(switches(**closed, connect_soma_right=right)).clusters.update.size

    assert updates(128) == 128 / 32 * updates(32) > 0


def test_joining_in_another_order_changes_no_voltage():
    random = np.random.default_rng(1)
    target, g = random.uniform(0.2, 0.9, 512), random.uniform(0, 1e-6, 512)
    first = network(switches(**chain), offset=0.01)
    second = network(switches(**chain), offset=0.01, order=random.permutation)
    results = [
        relax(net, target[net.circuits], g[net.circuits], DT_S, 50)[net.node[net.lane[:8]]]
        for net in (first, second)
    ]
    assert np.abs(results[0] - results[1]).max() < 1e-14
    # The same chain in another place of the chip: other nodes, same voltages.
    moved = network(switches(**{k: [256 + 40 + n for n in v] for k, v in chain.items()}),
                    offset=0.01)  # fmt: skip
    lanes = moved.lane[256 + 40 + np.arange(8)]
    by_lane = np.empty((2, 8))
    by_lane[:, lanes] = target[:8], g[:8]
    elsewhere = relax(moved, *by_lane, DT_S, 50)[moved.node[lanes]]
    assert np.abs(results[0] - elsewhere).max() < 1e-14


def test_resistors_create_no_charge():
    net = network(switches(**chain), offset=0.02, g=np.random.default_rng(2).uniform(0, 8e-6, 512))
    net.clusters.v[:] = np.linspace(0.1, 1.1, net.c.size)
    charge = net.c @ net.clusters.v
    zero = np.zeros(net.circuits.size)
    for _ in range(1000):
        step(net, zero, zero)
    assert net.c @ net.clusters.v == pytest.approx(charge, rel=1e-13)
    current = np.full(zero.size, 1e-9)
    step(net, current, zero)
    assert net.c @ net.clusters.v == pytest.approx(charge + DT_S * 1e-9 * zero.size, rel=1e-13)


def test_halving_the_step_quarters_the_error_of_a_saturating_leak():
    def final(n_steps):
        net = network(switches(**chain))
        v = net.clusters.v[net.node]
        for _ in range(n_steps):
            u = (np.linspace(0.2, 0.6, v.size) - v) / 0.35
            current = 4e-7 * 0.35 * (u - 4 / 27 * u**3)
            v = step(net, current, 4e-7 * (1 - 4 / 9 * u**2), 8e-6 / n_steps)
        return net.clusters.v.copy()

    reference = final(6400)
    coarse, fine = (np.abs(final(n) - reference).max() for n in (50, 100))
    assert coarse / fine == pytest.approx(4, rel=0.1)


def test_a_line_much_faster_than_the_step_follows_its_membrane():
    settings = switches(enable_conductance=[0, 1], connect_soma_right=[0])
    net = network(settings, g=1022 * 1.8e-9 * 4 * 10, capacitance=C_F)
    line = int(np.argmin(net.c))
    net.clusters.v[:] = 0.4
    net.clusters.v[line] = 1.0  # tau = 0.7 ns
    zero, away = np.zeros(2), [0.6]
    for _ in range(4):
        step(net, zero, zero)
        away.append(abs(net.clusters.v[line] - 0.4 - 0.6 * 0.1 / (2 * 2.46 + 0.1)))
    assert all(b < 0.21 * a for a, b in pairwise(away))


def test_the_rails_clip_each_node_and_can_be_off():
    net = network(switches(**chain))
    big = np.full(8, 1e-3)
    assert step(net, big, np.zeros(8), low=0.0, high=1.2).tolist() == [1.2] * 8
    assert step(net, -big, np.zeros(8), low=0.0, high=1.2).tolist() == [0.0] * 8
    assert step(net, big, np.zeros(8)).min() > 1.2


def test_positive_feedback_of_any_strength_keeps_its_direction():
    net = network(switches(**chain))
    net.clusters.v[:] = 0.5
    current = np.full(8, 1e-7)
    weak = step(net, current, np.full(8, -1e-5))[0] - 0.5
    net.clusters.v[:] = 0.5
    strong = step(net, current, np.full(8, -1.0))[0] - 0.5
    net.clusters.v[:] = 0.5
    none = step(net, current, np.zeros(8))[0] - 0.5
    assert 0 < none < weak < strong < 2 * none


def test_a_step_can_be_taken_back():
    net = network(switches(**chain))
    net.clusters.v[:] = np.linspace(0.1, 0.9, net.c.size)
    before, v = net.clusters.v.copy(), np.zeros(8)
    step(net, np.full(8, 1e-7), np.zeros(8))
    assert np.abs(net.clusters.v - before).min() > 1e-6
    rewind_cluster(net.clusters, 0, v)
    assert np.array_equal(net.clusters.v, before)
    assert np.array_equal(v, before[net.node])


def saturating(v, target, i_max):
    """A leak OTA with V_lin = 350 mV: current [A] and its stiffness [S]."""
    u = (target - v) / 0.35
    inside = np.abs(u) <= 1.5
    current = i_max * np.where(inside, u - 4 / 27 * u**3, np.sign(u))
    return current, i_max / 0.35 * np.where(inside, 1 - 4 / 9 * u**2, 0)


@pytest.mark.parametrize("line_g", [1e-9, 0.9e-6, 1e-5], ids=["soft", "usual", "stiff"])
@pytest.mark.parametrize("leak_g", [2e-9, 0.2e-6, 15e-6])
def test_fifty_long_steps_find_where_all_currents_cancel(line_g, leak_g):
    random = np.random.default_rng(7)
    for start in (0.0, 0.5, 1.2):
        net = network(switches(**chain), g=line_g, offset=random.normal(0, 0.01, 512))
        net.clusters.v[:] = start
        target = random.uniform(0.2, 1.0, 8)
        v = net.clusters.v[net.node]
        for k in range(REST_STEPS):
            current, stiffness = saturating(v, target, leak_g * 0.35)
            v = step(net, current, stiffness, REST_STEP_S, 0.0, 1.2, rest_limit(k))
        current, stiffness = saturating(v, target, leak_g * 0.35)
        left = per_node(net, current) + net.push - net.laplacian @ net.clusters.v
        total = net.laplacian + np.diag(per_node(net, stiffness))
        assert np.abs(np.linalg.solve(total, left)).max() < 1e-9  # V from the resting state


def test_without_bounds_long_steps_swing_for_ever():
    # Why rest_limit exists: Newton's method between 0 V and a target 0.42 V, 1.2 V_lin away.
    def swing(limit):
        net = network(switches(connect_right=[0]), g=0.0)
        v = net.clusters.v[net.node]
        for k in range(REST_STEPS):
            current, stiffness = saturating(v, 0.42, 0.2e-6 * 0.35)
            v = step(net, current, stiffness, REST_STEP_S, 0.0, 1.2, limit(k))
        return abs(v[0] - 0.42)

    assert swing(lambda k: ON) > 0.3
    assert swing(rest_limit) < 1e-12
