"""The chip backend: loops of set, run and get_data on a small network, and mapping of large ones.

A loop is what a script that trains in the loop does: ``set(weight)``, ``run(0.1 ms)``,
``get_data``, ``reset`` on 10 neurons and 10 sources.  Its parts are timed in a second series of
loops, by a clock around each; `chip` is the emulator.  The yardstick is the same loop's neo objects
alone, made and thrown away: what no backend that returns neo data can avoid.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import neo
import numpy as np
import quantities as pq
import report

import pynn_hx as pynn
from pynn_hx import compile as compiler
from pynn_hx import experiment
from pynn_hx.chip_access import ChipAccess
from pynn_hx.network_mapping import Mapper
from pynn_hx.recording import Recorder

N_NEURONS, N_LOOPS, RUN_MS = 10, 20, 0.1
AIM_LOOPS_PER_S, AIM_PROJECTIONS_S, AIM_FULL_CHIP_S = 50, 1.0, 3.0


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _loop() -> Callable[[], None]:
    """A network, and one turn of the loop."""
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())
    neurons = pynn.Population(N_NEURONS, pynn.cells.HXNeuron())
    neurons.record("spikes")
    times = np.arange(0.01, RUN_MS, 0.01)
    sources = pynn.Population(10, pynn.cells.SpikeSourceArray(spike_times=times))
    synapse = pynn.synapses.StaticSynapse(weight=40)
    projection = pynn.Projection(sources, neurons, pynn.AllToAllConnector(), synapse)
    rng = np.random.default_rng(0)

    def turn() -> None:
        projection.set(weight=rng.integers(0, 64, (10, N_NEURONS)))
        pynn.run(RUN_MS)
        neurons.get_data("spikes", clear=True)
        pynn.reset()

    return turn


def _neo_alone() -> None:
    block = neo.Block()
    segment = neo.Segment()
    block.segments.append(segment)
    for cell in range(N_NEURONS):
        train = neo.SpikeTrain(
            np.empty(0) * pq.ms, t_start=0 * pq.ms, t_stop=RUN_MS * pq.ms, source_id=cell
        )
        segment.spiketrains.append(train)


def _parts(turn: Callable[[], None]) -> dict[str, float]:
    """Milliseconds of each part of a loop."""
    spent: dict[str, float] = {}

    def timed(owner: Any, name: str, label: str) -> tuple[Any, str, Any]:
        original = getattr(owner, name)

        def wrapped(*arguments: Any, **keywords: Any) -> Any:
            start = time.perf_counter()
            try:
                return original(*arguments, **keywords)
            finally:
                spent[label] = spent.get(label, 0.0) + time.perf_counter() - start

        setattr(owner, name, wrapped)
        return owner, name, original

    changed = [
        timed(Mapper, "map", "map"),
        timed(experiment.Part, "image", "image"),
        timed(compiler, "build", "words"),
        timed(ChipAccess, "execute", "chip"),
        timed(Recorder, "collect", "collect"),
        timed(Recorder, "get", "get_data"),
    ]
    total = _seconds(lambda: [turn() for _ in range(N_LOOPS)])
    for owner, name, original in changed:
        setattr(owner, name, original)
    found = {f"loop_{label}_ms": 1e3 * s / N_LOOPS for label, s in spent.items()}
    found["loop_rest_ms"] = 1e3 * (total - sum(spent.values())) / N_LOOPS
    return found


def _many_projections() -> tuple[float, float]:
    """Seconds to make 650 projections among 64 neurons, and to map them."""
    pynn.setup()
    neurons = pynn.Population(64, pynn.cells.HXNeuron())
    rng = np.random.default_rng(0)
    synapse = pynn.synapses.StaticSynapse(weight=10)

    def make() -> None:
        for pre, post in rng.integers(0, 64, (650, 2)).tolist():
            ends = neurons[pre : pre + 1], neurons[post : post + 1]
            pynn.Projection(*ends, pynn.AllToAllConnector(), synapse)

    return _seconds(make), _seconds(lambda: pynn.run(None, pynn.RunCommand.PREPARE))


def _full_chip() -> tuple[float, float]:
    """Seconds to connect 256 sources to 512 neurons, all to all, and to map that."""
    pynn.setup()
    sources = pynn.Population(256, pynn.cells.SpikeSourceArray())
    neurons = pynn.Population(512, pynn.cells.HXNeuron())
    synapse = pynn.synapses.StaticSynapse(weight=10)

    def make() -> None:
        pynn.Projection(sources, neurons, pynn.AllToAllConnector(), synapse)

    return _seconds(make), _seconds(lambda: pynn.run(None, pynn.RunCommand.PREPARE))


def measure(repeats: int) -> dict[str, float]:
    """All figures: medians."""
    turn = _loop()
    for _ in range(3):
        turn()  # compiles, initialises the chip
    loops, bare = [], []
    for _ in range(repeats):
        loops.append(_seconds(lambda: [turn() for _ in range(N_LOOPS)]) / N_LOOPS)
        bare.append(_seconds(lambda: [_neo_alone() for _ in range(N_LOOPS)]) / N_LOOPS)
    figures = {
        f"loops_per_s (aim {AIM_LOOPS_PER_S})": 1 / statistics.median(loops),
        "loop_ms": 1e3 * statistics.median(loops),
        "loop_over_neo_alone": statistics.median(a / b for a, b in zip(loops, bare, strict=True)),
    } | _parts(turn)
    projections = [_many_projections() for _ in range(repeats)]
    full = [_full_chip() for _ in range(repeats)]
    for name, aim, found in (
        ("650_projections", AIM_PROJECTIONS_S, projections),
        ("all_131072_synapses", AIM_FULL_CHIP_S, full),
    ):
        made, mapped = (statistics.median(column) for column in zip(*found, strict=True))
        figures |= {f"{name}_made_s": made, f"{name}_mapped_s (aim {aim:g})": mapped}
    pynn.end()
    return figures


if __name__ == "__main__":
    report.run(__doc__, measure, repeats=9)
