"""How much memory a network takes, said before it is taken."""

from __future__ import annotations

import numpy as np

from .connectivity import Procedural, Sparse
from .operations import LANES
from .specification import NetworkSpec, PathwaySpec

_WORD = 8
_RING_STEPS = 4


def synapse_bytes(spec: PathwaySpec, real: int) -> int:
    """Bytes of the synapses of a pathway: targets, weights, delays, states."""
    connectivity = spec.connectivity
    if isinstance(connectivity, Procedural):
        return (connectivity.n_pre + 1) * _WORD
    n, each = connectivity.n_synapses, 4 if isinstance(connectivity, Sparse) else 0
    weight = spec.weight_bits // 8 or real
    plastic = not spec.plan.is_static
    each += weight if plastic or np.ndim(spec.weights) else 0
    each += 2 if np.ndim(spec.delays) else 0
    if plastic:
        each += _WORD + real * (len(spec.plan.states) - 1)
        each += real * sum(1 for v in spec.values.values() if np.ndim(v))
    return n * each + (spec.connectivity.n_pre + 1) * _WORD


def estimate(spec: NetworkSpec, threads: int) -> int:
    """Bytes that an engine allocates for a network, beside recordings."""
    real = 4 if spec.precision == "float32" else 8
    total = 0
    for group in spec.groups:
        padded = -(-group.n // LANES) * LANES
        fields = len(group.plan.states) + len(group.plan.parameters) + len(group.plan.constants)
        total += padded * (fields * real + len(group.plan.receptors) * real + _RING_STEPS * 4)
    for source in spec.sources:
        total += source.n * (2 * _WORD + 2 * _RING_STEPS * 4) + source.steps.size * 12
    for pathway in spec.pathways:
        total += synapse_bytes(pathway, real)
        if threads > 1 and isinstance(pathway.connectivity, Sparse):
            total += pathway.connectivity.n_pre * (threads + 1) * _WORD
    return total


def available() -> int | None:
    """Bytes that the machine can still give, or None if it does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        return None
    return None


def check(needed: int, what: str) -> None:
    """Refuse what will not fit.

    Raises  MemoryError with what is needed and what there is.
    """
    there = available()
    if there is not None and needed > there:
        raise MemoryError(
            f"{what}: about {needed / 2**30:.1f} GiB are needed and {there / 2**30:.1f} GiB are "
            "free; use precision='float32', 8- or 16-bit weights, procedural connectivity, or "
            "fewer synapses"
        )
