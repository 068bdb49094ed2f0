"""One time step of circuits that are joined to each other.

A cluster is a set of nodes (membranes, soma lines) joined by resistors.  Its matrix is sparse and
symmetric: it is factored as L D L^T, node after node in an order fixed beforehand
(:mod:`emulator.compartments`).  In a tree (chains, stars, any dendrite) every column of L has one
entry, so a step costs a few operations per node; where there are loops, the entries that fill in
are part of the pattern.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ..jit import compiled, helper, larger, smaller
from ..linkage import named_tuple
from ..physics.compartments import change, exchange, implicit, stiffness_used
from .lanes import I1

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

REST_STEPS = 50
REST_STEP_S = 1e-3
"""Steps of `couple` that lead to where all currents cancel; see `rest_limit`."""
_REST_LIMIT_V, _REST_SHRINK = 0.2, 0.93


class Clusters(NamedTuple):
    """All clusters that are integrated; numbers of nodes and entries run through all of them.

    The pattern of L: rows below[first_below[k] : first_below[k+1]] of column k, all beyond k.
    """

    first_node: I64  # (cluster + 1,)
    first_member: I64  # (node + 1,)
    member: I64  # (member,) lane of each membrane that is part of a node
    group: I64  # (node,) its number in the Topology
    capacitance: F64  # (node,) F
    load: F64  # (node,) S  sum of the conductances at a node
    push: F64  # (node,) A  what the offsets of its resistors drive into it
    first_below: I64  # (node + 1,)
    below: I64  # (entry,) row of L
    conductance: F64  # (entry,) S  between column and row, 0 where L only fills in
    first_update: I64  # (node + 1,)
    update: I64  # (update,) entry of L that each pair of entries of a column changes
    v: F64  # (node,) V  the state
    v_old: F64  # (node,) V  before the last step
    diagonal: F64  # scratch from here on: (node,) D
    lower: F64  # (entry,) L
    first: F64  # (node,) stages u
    second: F64  # (node,) and w


_D1 = types.Array(types.float64, 1, "C")
CLUSTERS_TYPE = named_tuple(
    Clusters, I1, I1, I1, I1, _D1, _D1, _D1, I1, I1, _D1, I1, I1, _D1, _D1, _D1, _D1, _D1, _D1
)


@helper
def _assemble(clusters, begin, end, current, stiffness, dt):  # type: ignore[no-untyped-def]
    """Currents of all nodes into `first`, A into `diagonal` and `lower`."""
    v, total = clusters.v, clusters.first
    for node in range(begin, end):
        inward, steepness = clusters.push[node], clusters.load[node]
        own = 0.0
        for m in range(clusters.first_member[node], clusters.first_member[node + 1]):
            inward += current[clusters.member[m]]
            own += stiffness[clusters.member[m]]
        capacitance = clusters.capacitance[node]
        steepness += stiffness_used(own, capacitance, dt)
        total[node] = inward
        clusters.diagonal[node] = capacitance + implicit(steepness, dt)
    for node in range(begin, end):
        for entry in range(clusters.first_below[node], clusters.first_below[node + 1]):
            g, other = clusters.conductance[entry], clusters.below[entry]
            flow = exchange(g, v[node], v[other])
            total[node] += flow
            total[other] -= flow
            clusters.lower[entry] = -implicit(g, dt)


@helper
def _factor(clusters, begin, end):  # type: ignore[no-untyped-def]
    """A = L D L^T in place."""
    lower, diagonal = clusters.lower, clusters.diagonal
    for node in range(begin, end):
        stop, update = clusters.first_below[node + 1], clusters.first_update[node]
        for entry in range(clusters.first_below[node], stop):
            value = lower[entry]
            share = value / diagonal[node]
            diagonal[clusters.below[entry]] -= share * value
            for other in range(entry + 1, stop):
                lower[clusters.update[update]] -= share * lower[other]
                update += 1
            lower[entry] = share


@helper
def _solve(clusters, begin, end, x):  # type: ignore[no-untyped-def]
    """Replace the right-hand side in `x` by the solution."""
    lower, below, first_below = clusters.lower, clusters.below, clusters.first_below
    for node in range(begin, end):
        for entry in range(first_below[node], first_below[node + 1]):
            x[below[entry]] -= lower[entry] * x[node]
    for back in range(end - begin):
        node = end - 1 - back
        value = x[node] / clusters.diagonal[node]
        for entry in range(first_below[node], first_below[node + 1]):
            value -= lower[entry] * x[below[entry]]
        x[node] = value


@helper
def show(clusters, cluster, v):  # type: ignore[no-untyped-def]
    """Write a cluster's voltages to the lanes of its membranes, v: (lane,) V."""
    for node in range(clusters.first_node[cluster], clusters.first_node[cluster + 1]):
        for m in range(clusters.first_member[node], clusters.first_member[node + 1]):
            v[clusters.member[m]] = clusters.v[node]


@helper
def rewind(clusters, cluster, v):  # type: ignore[no-untyped-def]
    """Take back the last step of a cluster, to replay it in pieces; writes v: (lane,) V."""
    for node in range(clusters.first_node[cluster], clusters.first_node[cluster + 1]):
        clusters.v[node] = clusters.v_old[node]
    show(clusters, cluster, v)


@helper
def couple(  # type: ignore[no-untyped-def]
    clusters, cluster, current, stiffness, dt, low, high, largest_change, v
):
    """Advance one cluster by `dt` [s] (:mod:`emulator.physics.compartments`).

    current         (lane,) A      into each membrane at the start of the step, without resistors
    stiffness       (lane,) S      -d current / dV there
    low, high       V              the rails; infinite to switch them off
    largest_change  V              if a node would move more, all of them move less in proportion;
                                   infinite except in the search for a resting state
    v               (lane,) V      written: the new voltage of every membrane
    Also writes clusters.v, clusters.v_old and the scratch arrays.
    """
    begin, end = clusters.first_node[cluster], clusters.first_node[cluster + 1]
    _assemble(clusters, begin, end, current, stiffness, dt)
    first, second = clusters.first, clusters.second
    _factor(clusters, begin, end)
    for node in range(begin, end):
        first[node] *= dt
    _solve(clusters, begin, end, first)
    for node in range(begin, end):
        second[node] = clusters.capacitance[node] * first[node]
    _solve(clusters, begin, end, second)
    largest = 0.0
    for node in range(begin, end):
        first[node] = change(first[node], second[node])
        largest = larger(largest, abs(first[node]))
    shrink = largest_change / largest if largest > largest_change else 1.0
    for node in range(begin, end):
        clusters.v_old[node] = clusters.v[node]
        clusters.v[node] = smaller(larger(clusters.v[node] + shrink * first[node], low), high)
    show(clusters, cluster, v)


@helper
def rest_limit(step):  # type: ignore[no-untyped-def]
    """`largest_change` [V] of step 0 .. REST_STEPS - 1 of the search for a resting state.

    With a long `dt` a step of `couple` is one of Newton's method, which overshoots where an OTA
    saturates and may then swing for ever between the same two voltages.  Bounded steps cannot
    overshoot far, and as the bound shrinks no swing survives; together they still span 2.8 V.
    """
    limit = _REST_LIMIT_V
    for _ in range(step):
        limit *= _REST_SHRINK
    return limit


@compiled
def couple_all(clusters, current, stiffness, dt, low, high, largest_change, v):  # type: ignore[no-untyped-def]
    """`couple` for every cluster, called from Python."""
    for cluster in range(clusters.first_node.size - 1):
        couple(clusters, cluster, current, stiffness, dt, low, high, largest_change, v)
