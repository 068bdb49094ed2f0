"""Which circuits are joined to which: from the switches to nodes, clusters and their matrices.

A node is what is one conductor: membranes and pieces of the soma lines joined by closed switches.
Resistors join nodes to clusters.  A circuit that is joined to nothing, not even to its piece of the
line, is in no cluster.  Knows nothing of time; :mod:`emulator.kernels.compartments` does.

Which switch closes what:
* `connect_right`, `connect_soma_right`: to the next column.  Between columns 127 and 128 there is
  no connection (calix, test_capacitance_characterization.py; halco ends a logical neuron there).
* `connect_vertical`: both circuits must close theirs (grenade demands both of a valid neuron).
* `connect_soma`: a membrane to its piece of the line; `enable_conductance`: the resistor there.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_COLUMNS, N_NEURONS

from .errors import EmulatorError
from .kernels.compartments import Clusters
from .mismatch import Mismatch
from .numbers.compartments import NUMBERS, SIGMAS
from .physics.compartments import resistor_conductance

if TYPE_CHECKING:
    from .effects import Effects

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SINGLE = -1
"""Cluster of a circuit that is in none."""

SWITCHES = ("connect_soma", "connect_soma_right", "connect_right", "connect_vertical",
            "enable_conductance")  # fmt: skip

_N = np.arange(N_NEURONS)
_LINE = N_NEURONS + _N  # pieces of the soma lines are numbered after the membranes
_HAS_RIGHT = _N % 128 != 127
_OPPOSITE = (_N + N_COLUMNS) % N_NEURONS
_TOP = _N < N_COLUMNS
_LARGEST_DRAW = 3  # sigma; as for all other circuits, and it keeps conductances positive


@dataclass(frozen=True)
class Topology:
    """What the switches make of the 512 circuits; arrays (512,) unless noted.

    closed     by name, without "multicompartment_": which switches are closed
    node       of each membrane
    line_node  of each piece of the soma lines, below the circuit of that number
    resistor   whether a resistor joins `node` to `line_node` of the circuit
    cluster    of each circuit, SINGLE where it is in none
    node_cluster  (n_nodes,) the same of each node
    """

    closed: Mapping[str, Bools]
    node: Ints
    line_node: Ints
    resistor: Bools
    cluster: Ints
    node_cluster: Ints

    @property
    def n_nodes(self) -> int:
        """Nodes of the chip, whether in a cluster or not."""
        return self.node_cluster.size

    @property
    def n_clusters(self) -> int:
        """Clusters of the chip."""
        return int(self.node_cluster.max()) + 1

    def with_clusters(self, circuits: Bools) -> Bools:
        """These circuits and all that share a cluster with one of them: (512,) -> (512,)."""
        touched = np.zeros(self.n_clusters + 1, bool)  # the last one stands for SINGLE
        touched[self.cluster[circuits]] = True
        touched[SINGLE] = False
        return circuits | touched[self.cluster]


def _components(one: Ints, other: Ints, size: int) -> Ints:
    """Number of the component of each of `size` things that pairs (one, other) join."""
    if not one.size:
        return np.arange(size)
    # Not before it is needed: loading it takes a tenth of the time to a new process's first result.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(one.size, np.int8), (one, other)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def topology(neurons: Mapping[str, npt.NDArray[Any]]) -> Topology:
    """Nodes and clusters for neuron settings by AtomicNeuron name, (512,) each."""
    closed = {name: neurons[f"multicompartment_{name}"] != 0 for name in SWITCHES}
    right = closed["connect_right"] & _HAS_RIGHT
    line_right = closed["connect_soma_right"] & _HAS_RIGHT
    vertical = closed["connect_vertical"] & closed["connect_vertical"][_OPPOSITE] & _TOP
    soma = closed["connect_soma"]
    one = np.concatenate([_N[right], _LINE[line_right], _N[vertical], _N[soma]])
    other = np.concatenate([_N[right] + 1, _LINE[line_right] + 1, _OPPOSITE[vertical], _LINE[soma]])
    group = _components(one, other, 2 * N_NEURONS)
    node, line_node = group[:N_NEURONS], group[N_NEURONS:]
    resistor = closed["enable_conductance"] & (node != line_node)
    joined = _components(node[resistor], line_node[resistor], int(group.max()) + 1)
    # A membrane alone has one thing in its component; anything more makes a cluster of it.
    things = np.bincount(joined[group], minlength=joined.size)
    is_cluster = np.zeros(joined.size, bool)
    is_cluster[joined[node]] = True
    is_cluster &= things > 1
    number = np.where(is_cluster, np.cumsum(is_cluster) - 1, SINGLE)
    return Topology(closed, node, line_node, resistor, number[joined[node]], number[joined])


class Resistors(NamedTuple):
    """Inter-compartment resistor of every circuit, whether enabled or not."""

    conductance: Array  # S
    offset: Array  # V, lifts the line as seen from the membrane


def resistors(
    neurons: Mapping[str, npt.NDArray[Any]],
    bias: Array,
    mismatch: Mismatch,
    effects: Effects,
) -> Resistors:
    """The resistors for neuron settings by AtomicNeuron name and what their bias cells supply.

    bias  (512,) [LSB]  `i_bias_nmda` as CapMem delivers it
    """
    divide, multiply = (
        neurons[f"multicompartment_enable_conductance_{flag}"].astype(float)
        for flag in ("division", "multiplication")
    )
    nominal = resistor_conductance(
        bias, divide, multiply, NUMBERS["icc_gm"].value, NUMBERS["icc_scaling"].value
    )
    if not effects.mismatch:
        return Resistors(nominal, np.zeros(N_NEURONS))
    gain, offset = (
        SIGMAS[name].value
        * np.clip(mismatch.draw(name, (N_NEURONS,)), -_LARGEST_DRAW, _LARGEST_DRAW)
        for name in ("icc.gm", "icc.offset")
    )
    return Resistors(nominal * (1 + gain), offset)


def line_capacitance(effects: Effects) -> float:
    """Capacitance [F] of one piece of soma line."""
    return NUMBERS["soma_line_capacitance"].value if effects.parasitic_capacitance else 0.0


def node_capacitance(topology: Topology, capacitance: Array, line: float) -> Array:
    """(n_nodes,) [F] from that of the membranes (512,) and of a piece of line.

    It is never below a wire's, so every node has a voltage even if parasitics are off and no
    capacitor is on.
    """
    size = topology.n_nodes
    membranes = np.bincount(topology.node, weights=capacitance, minlength=size)
    total = membranes + line * np.bincount(topology.line_node, minlength=size)
    return np.maximum(total, NUMBERS["wire_capacitance"].value)


def share_charge(
    topology: Topology, capacitance: Array, line: float, v: Array, line_v: Array
) -> Array:
    """Node voltages (n_nodes,) [V] after the switches have closed: the charge stays what it was.

    capacitance, line  as for `node_capacitance`
    v, line_v          (512,) [V] of membranes and pieces of line before
    A node of one membrane keeps its voltage exactly.
    """
    size = topology.n_nodes
    charge = np.bincount(topology.node, weights=capacitance * v, minlength=size)
    charge += np.bincount(topology.line_node, weights=line * line_v, minlength=size)
    shared = charge / node_capacitance(topology, capacitance, line)
    members = np.bincount(topology.node, minlength=size)
    members += np.bincount(topology.line_node, minlength=size)
    alone = members == 1
    shared[topology.line_node[alone[topology.line_node]]] = line_v[alone[topology.line_node]]
    shared[topology.node[alone[topology.node]]] = v[alone[topology.node]]
    return shared


def line_voltages(topology: Topology, clusters: Clusters, line_v: Array) -> Array:
    """(512,) [V] of the pieces of the soma lines after the clusters were integrated.

    line_v  what it was before; pieces in no cluster keep it
    """
    known = np.zeros(topology.n_nodes, bool)
    value = np.zeros(topology.n_nodes)
    known[clusters.group], value[clusters.group] = True, clusters.v
    return np.where(known[topology.line_node], value[topology.line_node], line_v)


def clusters(
    topology: Topology, lane: Ints, capacitance: Array, line: float, resistors: Resistors
) -> Clusters:
    """What the kernel needs of all clusters that have lanes.

    Their voltages are 0; begin with ``clusters.v[:] = share_charge(...)[clusters.group]``.
    lane         (512,) lane of each circuit, negative where it has none; a cluster has lanes for
                 all of its circuits or for none (see `Topology.with_clusters`)
    capacitance  (512,) [F] of the membranes; line [F] of a piece of soma line
    """
    has_lane = lane >= 0
    if np.any(topology.with_clusters(has_lane) != has_lane):
        missing = np.flatnonzero(topology.with_clusters(has_lane) & ~has_lane)
        raise EmulatorError(
            f"clusters: circuits {missing.tolist()} have no lane, but circuits joined to them do; "
            "choose lanes for Topology.with_clusters(circuits)"
        )
    active = np.zeros(topology.n_clusters + 1, bool)
    active[topology.cluster[has_lane]] = True
    active[SINGLE] = False
    joins = topology.resistor & active[topology.cluster]
    edges = _Edges(
        topology.node[joins],
        topology.line_node[joins],
        resistors.conductance[joins],
        resistors.offset[joins],
    )
    nodes = np.flatnonzero(active[topology.node_cluster])
    order = elimination_order(nodes, topology.node_cluster[nodes], edges.membrane, edges.line)
    return _numbered(topology, order, edges, lane, node_capacitance(topology, capacitance, line))


class _Edges(NamedTuple):
    """Resistors in use, (edge,) each: the nodes at both ends, S, V."""

    membrane: Ints
    line: Ints
    conductance: Array
    offset: Array


class Elimination(NamedTuple):
    """In which order nodes are eliminated, and which others each of them then touches."""

    order: list[int]
    below: list[list[int]]  # (position,) positions of later nodes, ascending


def elimination_order(nodes: Ints, cluster: Ints, one: Ints, other: Ints) -> Elimination:
    """Cluster after cluster, always a node with the fewest neighbours left (minimum degree).

    In a tree that is a leaf, so nothing fills in, however many resistors meet at one line, which
    no ordering into a narrow band can offer.  Ties go to the lowest number.
    nodes, cluster  (n,) nodes and the cluster of each; one, other: (edge,) nodes at either end
    Source: A. George & J. Liu, "The evolution of the minimum degree ordering algorithm",
    SIAM Review 31 (1989).
    """
    beside: dict[int, set[int]] = {node: set() for node in nodes.tolist()}
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        beside[a].add(b)
        beside[b].add(a)
    home = dict(zip(nodes.tolist(), cluster.tolist(), strict=True))
    waiting = [(home[node], len(others), node) for node, others in beside.items()]
    heapq.heapify(waiting)
    position: dict[int, int] = {}
    touched: list[set[int]] = []
    while waiting:
        _, degree, node = heapq.heappop(waiting)
        if node in position or degree != len(beside[node]):
            continue  # its neighbours have changed since, so it waits elsewhere in the heap, too
        position[node] = len(position)
        touched.append(beside[node])
        for neighbour in beside[node]:
            beside[neighbour] |= beside[node] - {neighbour}
            beside[neighbour].discard(node)
            heapq.heappush(waiting, (home[neighbour], len(beside[neighbour]), neighbour))
    return Elimination(list(position), [sorted(position[n] for n in row) for row in touched])


def _starts(lengths: Iterable[int]) -> Ints:
    return np.concatenate([[0], np.cumsum(np.fromiter(lengths, np.int64))]).astype(np.int64)


def _updates(below: Sequence[Sequence[int]], entry: Mapping[tuple[int, int], int]) -> list[Ints]:
    """Per column: the entry that each pair of its entries changes, in the kernel's order."""
    return [
        np.array(
            [entry[a, b] for i, a in enumerate(row) for b in row[i + 1 :]],
            dtype=np.int64,
        )
        for row in below
    ]


def _numbered(
    topology: Topology, elimination: Elimination, edges: _Edges, lane: Ints, capacitance: Array
) -> Clusters:
    """Everything by position in the order of elimination."""
    order, below = elimination
    size = len(order)
    group = np.array(order, dtype=np.int64)
    position = np.full(topology.n_nodes, -1)
    position[group] = np.arange(size)
    entry = {
        pair: k
        for k, pair in enumerate((column, row) for column in range(size) for row in below[column])
    }
    conductance = np.zeros(len(entry))
    load, push = np.zeros(size), np.zeros(size)
    one, other = position[edges.membrane], position[edges.line]
    drive = edges.conductance * edges.offset
    for a, b, g, current in zip(one, other, edges.conductance, drive, strict=True):
        conductance[entry[min(a, b), max(a, b)]] += g
        load[[a, b]] += g
        push[a] += current
        push[b] -= current
    members = [np.flatnonzero((topology.node == node) & (lane >= 0)) for node in order]
    updates = _updates(below, entry)
    cluster = topology.node_cluster[group]
    return Clusters(
        first_node=_starts(np.unique(cluster, return_counts=True)[1]),
        first_member=_starts(m.size for m in members),
        member=lane[np.concatenate([*members, np.zeros(0, np.int64)])].astype(np.int64),
        group=group,
        capacitance=capacitance[group],
        load=load,
        push=push,
        first_below=_starts(len(row) for row in below),
        below=np.array([row for rows in below for row in rows], dtype=np.int64),
        conductance=conductance,
        first_update=_starts(u.size for u in updates),
        update=np.concatenate([*updates, np.zeros(0, np.int64)]),
        v=np.zeros(size),
        v_old=np.zeros(size),
        diagonal=np.zeros(size),
        lower=np.zeros(len(entry)),
        first=np.zeros(size),
        second=np.zeros(size),
    )


def report(topology: Topology, bias: Array | None = None) -> list[tuple[str, str]]:
    """(place, remark) for switches that do nothing or surprise; empty if there is none.

    bias  (512,) [LSB] of the resistors, to find those that are enabled but have none
    """
    closed, conductance = topology.closed, topology.closed["enable_conductance"]
    at_border = ~_HAS_RIGHT
    one_sided = closed["connect_vertical"] & ~closed["connect_vertical"][_OPPOSITE]
    ends = np.bincount(topology.line_node[topology.resistor], minlength=topology.n_nodes)
    membranes = np.bincount(topology.node, minlength=topology.n_nodes)
    dead_end = topology.resistor & ((ends == 1) & (membranes == 0))[topology.line_node]
    floating = closed["connect_soma_right"] & _HAS_RIGHT
    floating &= topology.node_cluster[topology.line_node] == SINGLE
    unbiased = np.zeros(N_NEURONS, bool) if bias is None else topology.resistor & (bias <= 0)
    remarks = (
        (closed["connect_right"] & at_border,
         "connect_right is closed, but no membrane lies to the right: columns 127 and 128 are not "
         "joined; it does nothing"),
        (closed["connect_soma_right"] & at_border,
         "connect_soma_right is closed, but the soma line ends in columns 127 and 255; it does "
         "nothing"),
        (one_sided,
         "connect_vertical is closed on this side only, so the membranes stay apart; close it in "
         "the other row, too"),
        (conductance & ~topology.resistor,
         "enable_conductance is set, but the membrane is also joined to this line directly, so the "
         "resistor is short-circuited"),
        (dead_end,
         "enable_conductance is set, but nothing else is joined to this soma line: it only follows "
         "the membrane"),
        (unbiased, "enable_conductance is set, but i_bias_nmda supplies no current"),
        (floating,
         "connect_soma_right is closed, but no circuit is joined to this soma line: it floats, and "
         "whatever is joined to it next shares charge with it"),
    )  # fmt: skip
    return [
        (f"neuron {n}", remark) for where, remark in remarks for n in np.flatnonzero(where).tolist()
    ]
