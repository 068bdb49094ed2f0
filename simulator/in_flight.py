"""Spikes on their way when delays change: they are brought to their inputs ahead of time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .pathways import endpoints
from .specification import PathwaySpec

Snapshot = dict[str, npt.NDArray[Any]]


def arrive(state: Snapshot, spec: PathwaySpec, weights: npt.NDArray[np.float64], step: int) -> None:
    """Add what a pathway still carries after `step` to the inputs of later steps.

    state    a snapshot taken after `step`; its inputs grow by the steps that are needed
    spec     the static pathway with the delays that these spikes have
    weights  (synapse,) of its synapses
    """
    kind = "source" if spec.pre.is_source else "group"
    name = f"spikes/{kind}{spec.pre.emitter}"
    if f"{name}/steps" not in state:
        return
    delays = np.asarray(spec.delays)
    if not delays.size:
        return
    emitted = state[f"{name}/steps"]
    members = state[f"{name}/ids"] - spec.pre.first
    # The pathway takes spikes that are as old as its shortest delay; older ones are in already.
    waiting = (emitted > step - int(delays.min())) & (emitted >= spec.since)
    waiting &= (members >= 0) & (members < spec.pre.n)
    pre, post = endpoints(spec.connectivity)
    if getattr(spec.connectivity, "no_self", False):
        weights = np.where(pre == post, 0.0, weights)
    key = f"inputs{spec.post.emitter}/{spec.receptor}"
    coming = state[key]
    rows = max(coming.shape[0], int(delays.max()))
    grown = np.zeros((rows, coming.shape[1]), coming.dtype)
    grown[: coming.shape[0]] = coming
    delays = np.broadcast_to(delays, pre.shape)
    for at, member, times in zip(
        emitted[waiting], members[waiting], state[f"{name}/times"][waiting], strict=True
    ):
        own = pre == member
        arrivals = at + delays[own] - step - 1
        np.add.at(grown, (arrivals, post[own] + spec.post.first), times * weights[own])
    state[key] = grown
