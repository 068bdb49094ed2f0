"""Static synapses on the device: spikes of one step become weights in input rings.

A warp takes one piece of one row, so that its lanes read neighbouring synapses.  Which warp adds
first is up to the device.  So that sums do not depend on it, `exact` kernels add integers: a weight
times a power of two (`fixed_point`), rounded once.  The others add floating-point numbers.

A column that is one number for all synapses is an array of one element and mask 0; else mask -1.
A weight is ``code[0] + code[1] * stored``: 0 and 1 unless it is stored in 8 or 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .launch import cuda, kernel


@cuda.jit(device=True)
def add_exact(
    ring: Any, receptor: Any, slot: Any, neuron: Any, value: Any, scaling: Any, status: Any
) -> None:
    """Add value * scale as an integer; over the limit, report the receptor instead."""
    scaled = np.float64(value) * scaling[receptor, 0]
    if abs(scaled) <= scaling[receptor, 2]:
        cuda.atomic.add(ring, (receptor, slot, neuron), round(scaled))
    else:
        status[0] = receptor + 1


@cuda.jit(device=True)
def add_real(
    ring: Any, receptor: Any, slot: Any, neuron: Any, value: Any, scaling: Any, status: Any
) -> None:
    """Add the value as it is; the order of additions is the device's."""
    cuda.atomic.add(ring, (receptor, slot, neuron), value)


def _make_sparse(add: Any) -> Any:
    @kernel
    def deliver_sparse(
        clock: Any, ids: Any, counts: Any, times: Any, times_mask: Any, first: Any, n_pre: Any,
        lag: Any, since: Any, starts: Any, targets: Any, post_first: Any, weights: Any,
        weight_mask: Any, code: Any, delays: Any, delay_mask: Any, ring: Any, receptor: Any,
        scaling: Any,
        status: Any, pieces: Any, lanes: Any,
    ) -> None:  # fmt: skip
        emitted = clock[0] - lag
        if emitted < since:
            return
        row = emitted & (ids.shape[0] - 1)
        lane = cuda.grid(1) % lanes
        item = cuda.grid(1) // lanes
        while item < counts[row] * pieces:
            k = item // pieces
            member = ids[row, k] - first
            if 0 <= member < n_pre:
                often = times[row & times_mask, k & times_mask]
                synapse = starts[member] + (item % pieces) * lanes + lane
                while synapse < starts[member + 1]:
                    value = (code[0] + code[1] * weights[synapse & weight_mask]) * often
                    slot = (emitted + delays[synapse & delay_mask]) & (ring.shape[1] - 1)
                    neuron = post_first + targets[synapse]
                    add(ring, receptor, slot, neuron, value, scaling, status)
                    synapse += pieces * lanes
            item += cuda.gridsize(1) // lanes

    return deliver_sparse


def _make_dense(add: Any) -> Any:
    @kernel
    def deliver_dense(
        clock: Any, ids: Any, counts: Any, times: Any, times_mask: Any, first: Any, n_pre: Any,
        lag: Any, since: Any, n_post: Any, no_self: Any, post_first: Any, weights: Any,
        weight_mask: Any, code: Any, delays: Any, delay_mask: Any, ring: Any, receptor: Any,
        scaling: Any,
        status: Any, pieces: Any, lanes: Any,
    ) -> None:  # fmt: skip
        emitted = clock[0] - lag
        if emitted < since:
            return
        row = emitted & (ids.shape[0] - 1)
        lane = cuda.grid(1) % lanes
        item = cuda.grid(1) // lanes
        while item < counts[row] * pieces:
            k = item // pieces
            member = ids[row, k] - first
            if 0 <= member < n_pre:
                often = times[row & times_mask, k & times_mask]
                target = (item % pieces) * lanes + lane
                while target < n_post:
                    if target != member or no_self == 0:
                        synapse = np.int64(member) * n_post + target
                        value = (code[0] + code[1] * weights[synapse & weight_mask]) * often
                        slot = (emitted + delays[synapse & delay_mask]) & (ring.shape[1] - 1)
                        add(ring, receptor, slot, post_first + target, value, scaling, status)
                    target += pieces * lanes
            item += cuda.gridsize(1) // lanes

    return deliver_dense


@dataclass(frozen=True)
class Kernels:
    """Delivery by kind of connectivity, in one arithmetic."""

    sparse: Any
    dense: Any


EXACT = Kernels(_make_sparse(add_exact), _make_dense(add_exact))
FAST = Kernels(_make_sparse(add_real), _make_dense(add_real))
