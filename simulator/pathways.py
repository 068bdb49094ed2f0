"""Pathways at run time: what carries spikes of one emitter to the inputs of one group.

`deliver` makes one from its specification.  Order of additions: see `kernels.deliver_sparse`.
"""

from __future__ import annotations

from .connectivity import Connectivity, Procedural, pairs
from .operations import InputRing, SpikeHistory, SpikeRing
from .pathway_ends import Ends, PathwayRuntime
from .plastic_pathways import PlasticPathway
from .procedural_pathways import ProceduralPathway, expand
from .specification import I64, PathwaySpec, Precision
from .static_pathways import StaticPathway

__all__ = ["Ends", "PathwayRuntime", "deliver", "endpoints"]


def endpoints(connectivity: Connectivity) -> tuple[I64, I64]:
    """Pre and post of each synapse, (synapse,) each, in the order in which `get` gives values.

    Procedural synapses are drawn for it; of dense ones those that are left out are in it too.
    """
    if isinstance(connectivity, Procedural):
        return pairs(expand(connectivity)[0])
    return pairs(connectivity)


def deliver(
    spec: PathwaySpec,
    *,
    ring: SpikeRing,
    inputs: InputRing,
    bounds: I64,
    history: SpikeHistory | None,
    dt_ms: float,
    seed: int,
    precision: Precision,
    step: int = 0,
) -> PathwayRuntime:
    """Make a pathway ready to run.

    bounds   (T + 1,) int64: neurons of the target group that each thread owns
    history  spikes of the target group; needed by plastic synapses
    seed     of the draws of plastic synapses
    step     the last step that is complete: states of plastic synapses are those after it
    Raises   ValueError if a column does not fit the connectivity or a ring is too short
    """
    ends = Ends(ring, inputs, bounds, history)
    if spec.plan.is_static and isinstance(spec.connectivity, Procedural):
        return ProceduralPathway(spec, ends, dt_ms, precision)
    if spec.plan.is_static:
        return StaticPathway(spec, ends, dt_ms, precision)
    return PlasticPathway(spec, ends, dt_ms, seed, precision, step)
