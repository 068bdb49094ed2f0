"""Pathways of the simulator between written spikes and read inputs, without neurons."""

from ctypes import CFUNCTYPE, c_int64
from dataclasses import dataclass, field

import numpy as np

from simulator.history import grow, keep_history, new_history
from simulator.operations import InputRing, Operation, SpikeHistory, SpikeRing
from simulator.pathways import deliver
from simulator.specification import PathwaySpec, Range
from simulator.statements import Statement, SynapsePlan

STATIC = SynapsePlan("static", (), (), (), (), (), (), (Statement("output", "weight"),), (), ())
KERNEL = CFUNCTYPE(None, c_int64, c_int64, c_int64)
DT_MS = 0.1


def call(operation, step, threads):
    """One step of an operation, its threads one after the other."""
    for thread in range(threads):
        KERNEL(operation.address)(operation.arguments.ctypes.data, step, thread)


def bounds_of(n, threads):
    """Contiguous parts of whole blocks of 16, as the engine makes them."""
    blocks = -(-n // 16)
    inner = [16 * (blocks * thread // threads) for thread in range(threads)]
    return np.array([*inner, n], np.int64)


def spike_ring(n, threads, rows, times):
    shape = (rows, 16 * -(-n // 16))
    ids = np.full(shape, -1, np.int32)
    counts = np.zeros((rows, threads), np.int64)
    return SpikeRing(
        ids, counts, bounds_of(n, threads), np.zeros(shape, np.int32) if times else None
    )


def fire(ring, step, members):
    """Write the spikes of a step: members, or {member: how often}."""
    row = step % ring.ids.shape[0]
    ring.counts[row] = 0
    for member in sorted(members):
        thread = np.searchsorted(ring.first, member, side="right") - 1
        place = ring.first[thread] + ring.counts[row, thread]
        ring.ids[row, place] = member
        if ring.times is not None:
            ring.times[row, place] = members[member]
        ring.counts[row, thread] += 1


@dataclass
class Bench:
    """An emitter of `n_pre` and a group of `n_post`, with a pathway between parts of them.

    times  whether the ring says how often a member fires
    """

    n_pre: int
    n_post: int
    threads: int = 1
    precision: str = "float64"
    spike_rows: int = 64
    input_rows: int = 64
    times: bool = False
    seed: int = 1
    ring: SpikeRing = field(init=False)
    inputs: InputRing = field(init=False)
    bounds: np.ndarray = field(init=False)
    margin: int = 1
    history: SpikeHistory = field(init=False)
    keep: Operation = field(init=False)
    growths: int = 0

    def __post_init__(self):
        self.ring = spike_ring(self.n_pre, self.threads, self.spike_rows, self.times)
        self.targets = spike_ring(self.n_post, self.threads, self.spike_rows, False)
        self.history = new_history(self.n_post, self.margin)
        self.keep = keep_history(self.history, self.targets, self.margin)
        width = 16 * -(-self.n_post // 16)
        self.inputs = InputRing(np.zeros((self.input_rows, width), self.precision))
        self.bounds = bounds_of(self.n_post, self.threads)

    def deliver(self, spec, **others):
        return deliver(
            spec,
            ring=self.ring,
            inputs=self.inputs,
            bounds=self.bounds,
            dt_ms=DT_MS,
            seed=self.seed,
            precision=self.precision,
            **({"history": self.history} | others),
        )

    def run(self, pathways, spikes, n_steps, first_step=1, target_spikes=None):
        """Inputs of the steps, (n_steps, n_post); spikes: {step: members}, of the emitter and of
        the targets.
        """
        target_spikes = target_spikes or {}
        result = np.zeros((n_steps, self.n_post), self.precision)
        if first_step == 1:
            fire(self.ring, 0, spikes.get(0, []))
        for k, step in enumerate(range(first_step, first_step + n_steps)):
            for pathway in pathways:
                call(pathway.operation, step, self.threads)
            row = self.inputs.values[step % self.input_rows]
            result[k] = row[: self.n_post]
            row[:] = 0
            fire(self.ring, step, spikes.get(step, []))
            fire(self.targets, step, target_spikes.get(step, []))
            call(self.keep, step, self.threads)
            if self.history.full[0]:
                grow(self.history, pathways, step, self.margin)
                self.growths += 1
        return result


def pathway(connectivity, weights, delays, **others):
    """Specification of a pathway from the first members to the first neurons."""
    return PathwaySpec(
        plan=others.pop("plan", STATIC),
        pre=Range(0, others.pop("pre_first", 0), connectivity.n_pre),
        post=Range(0, others.pop("post_first", 0), connectivity.n_post),
        receptor=0,
        connectivity=connectivity,
        weights=weights,
        delays=delays,
        **others,
    )


def expected_inputs(events, n_steps, n_post, precision):
    """Inputs that follow from (step of arrival, target, weight), added in the order given."""
    result = np.zeros((n_steps, n_post), precision)
    for step, target, weight in events:
        if 1 <= step <= n_steps:
            result[step - 1, target] += result.dtype.type(weight)
    return result
