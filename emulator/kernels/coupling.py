"""Steps of the lanes that are coupled to others by multi-compartment switches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import types

from ..jit import compiled, helper
from ..linkage import apart, named_tuple, record_at
from . import lanes as ln
from .compartments import CLUSTERS_TYPE, REST_STEP_S, REST_STEPS, Clusters, couple, rest_limit
from .stepping import base, coupled_slopes, settle, standing

F64 = npt.NDArray[np.float64]
_UNBOUNDED = np.inf


class Coupling(NamedTuple):
    """Clusters and scratch arrays, (lane,) counted from the first coupled one."""

    clusters: Clusters
    slope: ln.F32  # V/step
    stiff: ln.F32  # 1/step
    current: F64  # A
    conductance: F64  # S
    v: F64  # V
    per_step: F64  # F/s, capacitance / step
    step_s: F64  # (1,) s


_D1 = types.Array(types.float64, 1, "C")
COUPLING_TYPE = named_tuple(Coupling, CLUSTERS_TYPE, ln.F1, ln.F1, _D1, _D1, _D1, _D1, _D1)


@helper
def _couple(lanes, coupling, first_lane, dt, largest_change):  # type: ignore[no-untyped-def]
    """Advance all clusters by `dt` [s] from the slopes at hand; write the membranes."""
    clusters, v = coupling.clusters, coupling.v
    for k in range(v.size):
        coupling.current[k] = coupling.slope[k] * coupling.per_step[k]
        coupling.conductance[k] = coupling.stiff[k] * coupling.per_step[k]
    low, high = np.float64(lanes.constants[ln.LOW]), np.float64(lanes.constants[ln.HIGH])
    for cluster in range(clusters.first_node.size - 1):
        couple(
            clusters, cluster, coupling.current, coupling.conductance, dt, low, high,
            largest_change, v,
        )  # fmt: skip
    # What persists between calls is float32, so a step must not carry more than that to the next.
    for node in range(clusters.v.size):
        clusters.v[node] = np.float64(np.float32(clusters.v[node]))
    for k in range(v.size):
        if lanes.digital[ln.NEURON, first_lane + k] >= 0:
            lanes.state[base(first_lane + k)] = np.float32(v[k])


@apart
def step_coupled(lanes_at, coupling_at, first, last):  # type: ignore[no-untyped-def]
    """Advance blocks first..last - 1, all coupled ones, by a step; returns nothing of meaning.

    lanes_at, coupling_at  references to LANES_TYPE and COUPLING_TYPE
    """
    lanes, coupling = record_at(lanes_at, ln.LANES_TYPE), record_at(coupling_at, COUPLING_TYPE)
    coupled_slopes(lanes.state, first, last, lanes.constants, coupling.slope, coupling.stiff)
    _couple(lanes, coupling, first * ln.LANES, coupling.step_s[0], _UNBOUNDED)
    return 0


@compiled
def rest_clusters(lanes, coupling, first, last):  # type: ignore[no-untyped-def]
    """Bring coupled blocks to where all currents cancel; return how many lanes would be firing."""
    first_lane, firing = first * ln.LANES, 0
    for k in range(REST_STEPS):
        for lane in range(first_lane, last * ln.LANES):
            o = base(lane)
            settle(lanes, np.uint64(lane), lanes.state[o])
            slope, stiff = standing(lanes.state, o, lanes.state[o], lanes.constants)
            coupling.slope[lane - first_lane] = slope
            coupling.stiff[lane - first_lane] = stiff
        _couple(lanes, coupling, first_lane, REST_STEP_S, rest_limit(k))
    for lane in range(first_lane, last * ln.LANES):
        settle(lanes, np.uint64(lane), lanes.state[base(lane)])
        if lanes.state[base(lane)] >= lanes.analog[ln.COMPARATOR, lane]:
            firing += 1
    return firing
