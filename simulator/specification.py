"""What a network consists of, for an engine: plans, columns of numbers, and who is wired to whom.

`Network` writes these; engines for CPU and CUDA read them.  Numbers are float64 columns in declared
units, a scalar where all are equal; an engine converts them to its precision.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from .connectivity import Connectivity
from .statements import CurrentPlan, NeuronPlan, SynapsePlan

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Column = F64 | float
"""(n,) or one number for all."""
Precision = Literal["float32", "float64"]


@dataclass
class GroupSpec:
    """All neurons of one model, whatever populations they came from.

    values  parameters and constants by name; states their initial values, (n,) each
    stream  which random numbers: differs between the groups of a network
    """

    plan: NeuronPlan
    n: int
    values: dict[str, Column]
    states: dict[str, F64]
    stream: int


@dataclass
class SourceSpec:
    """Spike sources of one kind: ``times`` (given), ``poisson`` or ``gamma`` (renewal processes).

    times   steps (sorted, int64) and the source of each event
    others  columns: rate [Hz], start and stop [ms]; dead_time [ms] of ``poisson``;
            alpha [1] and beta [Hz] of ``gamma`` (shape and rate of the intervals)
    """

    kind: Literal["times", "poisson", "gamma"]
    n: int
    values: dict[str, F64] = field(default_factory=dict)
    steps: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    indices: I64 = field(default_factory=lambda: np.empty(0, np.int64))
    stream: int = 0


@dataclass(frozen=True)
class Range:
    """Consecutive members of an emitter: a group (``is_source`` false) or a set of sources."""

    emitter: int
    first: int
    n: int
    is_source: bool = False


@dataclass
class PathwaySpec:
    """Synapses from consecutive emitters to consecutive neurons of one group.

    weights   one number, or (synapse,) in the order of `connectivity`
    delays    steps: one number, or (synapse,) int64
    axonal    steps of the delay before the synapse, same shape (plastic synapses)
    values    parameters and constants of the plan: number or (synapse,)
    states    initial values of the plan's states but the weight: number or (synapse,)
    since    spikes of earlier steps are not carried: the synapses, or their delays, are newer
    weight_bits  0: as the precision says; 8 or 16: stored in so many bits, as multiples of a step
    """

    plan: SynapsePlan
    pre: Range
    post: Range
    receptor: int
    connectivity: Connectivity
    weights: Column
    delays: I64 | int
    axonal: I64 | int = 0
    values: dict[str, Column] = field(default_factory=dict)
    states: dict[str, Column] = field(default_factory=dict)
    weight_bits: int = 0
    stream: int = 0
    since: int = 0


@dataclass
class CurrentSpec:
    """One current source and the neurons it flows into.

    targets  neuron of `group` for each target, (n,), a neuron at most once
    """

    plan: CurrentPlan
    group: int
    targets: I64
    values: dict[str, Column]
    states: dict[str, Column]
    stream: int = 0


@dataclass
class NetworkSpec:
    """Everything an engine needs to allocate and run."""

    dt_ms: float
    seed: int
    precision: Precision
    trial: int = 0
    """How often the network has been reset: every trial has random numbers of its own."""
    in_flight_steps: int = 1
    """Inputs of so many steps are on their way when an engine begins: its rings need the room."""
    groups: list[GroupSpec] = field(default_factory=list)
    sources: list[SourceSpec] = field(default_factory=list)
    pathways: list[PathwaySpec] = field(default_factory=list)
    currents: list[CurrentSpec] = field(default_factory=list)

    @property
    def key(self) -> int:
        """The 64-bit key of this trial's random numbers: the seed itself in the first trial."""
        return (self.seed + self.trial * 0x9E3779B97F4A7C15) % 2**64
