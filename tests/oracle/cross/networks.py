"""Networks whose statistics two simulators must share, as PyNN scripts, and those statistics.

CUBA and COBA: the balanced networks of Vogels and Abbott (2005) as benchmarks 2 and 1 of Brette et
al. (2007), with the numbers of PyNN's example VAbenchmarks.  Izhikevich: the pulse-coupled network
of Izhikevich (2003), with noise currents that change every millisecond.
Nothing here imports a simulator; `sim` is a PyNN backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN.random import NumpyRNG, RandomDistribution

F64 = npt.NDArray[np.float64]
NETWORKS = ("CUBA", "COBA", "Izhikevich")
STATISTICS = ("rate", "irregularity", "correlation")
TRANSIENT_MS, END_MS = 200.0, 1000.0
BIN_MS = 5.0
N_CORRELATED = 200
"""Neurons of which every pair is correlated."""


def run(sim: Any, name: str, draw: int, *, factor: float = 1.0, **setup: Any) -> dict[str, float]:
    """Run one network with connections drawn from the seed `draw`; returns its `STATISTICS`.

    factor  of what drives the network: excitatory weights of COBA, the noise of Izhikevich's; what
            is missing to 2 weakens the inhibition of CUBA, whose rate hardly follows its excitation
    """
    build = _izhikevich if name == "Izhikevich" else _vogels_abbott
    neurons = build(sim, name, NumpyRNG(seed=draw), factor, setup)
    neurons.record("spikes")
    sim.run(END_MS)
    channels, times = neurons.get_data("spikes").segments[0].spiketrains.multiplexed
    order = np.lexsort([times, channels])
    ends = np.searchsorted(channels[order] - neurons.first_id, np.arange(1, neurons.size))
    trains = np.split(np.asarray(times, float)[order], ends)
    sim.end()
    return statistics(trains)


def statistics(trains: list[F64]) -> dict[str, float]:
    """Mean rate [Hz], mean CV of intervals, mean correlation of counts, after the transient.

    A network that has fallen silent, as COBA does now and then, has NaN of each.
    """
    late = [train[train > TRANSIENT_MS] for train in trains]
    if not any(train.size for train in late):
        return dict.fromkeys(STATISTICS, np.nan)
    rate = 1e3 * np.mean([train.size for train in late]) / (END_MS - TRANSIENT_MS)
    intervals = [np.diff(train) for train in late if train.size > 3]
    cv = np.mean([each.std() / each.mean() for each in intervals]) if intervals else np.nan
    edges = np.arange(TRANSIENT_MS, END_MS + BIN_MS / 2, BIN_MS) + 1e-6  # no spike on an edge
    counts = np.array([np.histogram(train, edges)[0] for train in late[:N_CORRELATED]])
    counts = counts[counts.any(axis=1)]
    pairs = np.corrcoef(counts)[np.triu_indices(len(counts), 1)]
    return {"rate": float(rate), "irregularity": float(cv), "correlation": float(pairs.mean())}


def _vogels_abbott(sim: Any, name: str, rng: Any, factor: float, setup: dict[str, Any]) -> Any:
    sim.setup(timestep=0.1, min_delay=0.2, max_delay=1.0, **setup)
    n_exc, n_inh, probability = 3200, 800, 0.02
    parameters = {
        "tau_m": 20.0, "cm": 0.2, "v_reset": -60.0, "v_thresh": -50.0, "tau_refrac": 5.0,
        "tau_syn_E": 5.0, "tau_syn_I": 10.0,
    }  # fmt: skip
    if name == "COBA":
        model = sim.IF_cond_exp(**parameters, v_rest=-60.0, e_rev_E=0.0, e_rev_I=-80.0)
        w_exc, w_inh = 4.0e-3, 51.0e-3
    else:
        model = sim.IF_curr_exp(**parameters, v_rest=-49.0)
        w_exc, w_inh = 0.27e-3 * 60.0, -4.5e-3 * 20.0
    neurons = sim.Population(n_exc + n_inh, model)
    neurons.initialize(v=RandomDistribution("uniform", low=-60.0, high=-50.0, rng=rng))
    halves = {"excitatory": neurons[:n_exc], "inhibitory": neurons[n_exc:]}
    if name == "COBA":
        w_exc *= factor
    else:
        w_inh *= 2.0 - factor
    weights = {"excitatory": w_exc, "inhibitory": w_inh}
    for receptor, pre in halves.items():
        synapse = sim.StaticSynapse(weight=weights[receptor], delay=0.2)
        connector = sim.FixedProbabilityConnector(probability, rng=rng)
        sim.Projection(pre, neurons, connector, synapse, receptor_type=receptor)
    if name == "COBA":
        start = sim.Population(20, sim.SpikeSourcePoisson(rate=100.0, duration=50.0))
        connector = sim.FixedProbabilityConnector(0.01, rng=rng)
        synapse = sim.StaticSynapse(weight=0.1, delay=0.2)
        sim.Projection(start, neurons, connector, synapse, receptor_type="excitatory")
    return neurons


def _izhikevich(sim: Any, name: str, rng: Any, factor: float, setup: dict[str, Any]) -> Any:
    sim.setup(timestep=0.5, min_delay=0.5, max_delay=1.0, **setup)
    n_exc, n_inh = 800, 200
    unit = {"low": 0.0, "high": 1.0}
    r_exc, r_inh = (rng.next(n, "uniform", unit) for n in (n_exc, n_inh))
    neurons = sim.Population(
        n_exc + n_inh,
        sim.Izhikevich(
            a=np.concatenate([np.full(n_exc, 0.02), 0.02 + 0.08 * r_inh]),
            b=np.concatenate([np.full(n_exc, 0.2), 0.25 - 0.05 * r_inh]),
            c=np.concatenate([-65 + 15 * r_exc**2, np.full(n_inh, -65.0)]),
            d=np.concatenate([8 - 6 * r_exc**2, np.full(n_inh, 2.0)]),
        ),
    )
    b = np.asarray(neurons.get("b", simplify=False))
    neurons.initialize(v=-65.0, u=-65.0 * b)
    for first, last, low, high, receptor in (
        (0, n_exc, 0.0, 0.5, "excitatory"),
        (n_exc, n_exc + n_inh, -1.0, 0.0, "inhibitory"),
    ):
        weight = RandomDistribution("uniform", low=low, high=high, rng=rng)
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(
            neurons[first:last], neurons, sim.AllToAllConnector(), synapse, receptor_type=receptor
        )
    for cell in range(n_exc + n_inh):  # each its own: a shared source gives all the same noise
        stdev = (5e-3 if cell < n_exc else 2e-3) * factor
        noise = sim.NoisyCurrentSource(mean=0.0, stdev=stdev, start=0.0, stop=END_MS, dt=1.0)
        noise.inject_into(neurons[cell : cell + 1])
    return neurons
