"""Izhikevich's pulse-coupled network of 2003, from equations as ANNarchy's tutorial has them.

A thousand neurons in one population, of which two views get parameters of their own; a spike
moves the membranes behind it at once.  Run it with ``python examples/pulse_coupled_network.py``.
"""

import matplotlib.pyplot as plt
import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx.sim as sim

N_EXC, N_INH = 800, 200
DT_MS = 1.0  # ANNarchy's default, as its explicit Euler method
Izhikevich = sim.cell_type(
    "pulse_coupled",
    parameters="""
        noise = 5.0 : mV/ms
        a = 0.02 : 1/ms
        b = 0.2 : 1/ms
        c = -65.0 : mV
        d = 2.0 : mV/ms
        v_thresh = 30.0 : mV
    """,
    equations="""
        i = noise*normal() : mV/ms
        dv/dt = 0.04/ms/mV*v**2 + 5/ms*v + 140*mV/ms - u + i : mV
        du/dt = a*(b*v - u) : mV/ms
    """,
    threshold="v >= v_thresh",
    reset="v = c; u += d",
    receptors={"exc": "v += weight", "inh": "v -= weight"},
    method="euler",
)


def build(seed=1):
    """The network; returns its population."""
    rng = NumpyRNG(seed=seed)
    sim.setup(timestep=DT_MS, min_delay=DT_MS, seed=seed)
    neurons = sim.Population(N_EXC + N_INH, Izhikevich())
    excitatory, inhibitory = neurons[:N_EXC], neurons[N_EXC:]
    r_exc, r_inh = rng.next(N_EXC), rng.next(N_INH)
    excitatory.set(noise=5.0, a=0.02, b=0.2, c=-65 + 15 * r_exc**2, d=8 - 6 * r_exc**2)
    inhibitory.set(noise=2.0, a=0.02 + 0.08 * r_inh, b=0.25 - 0.05 * r_inh, c=-65.0, d=2.0)
    b = np.concatenate([np.full(N_EXC, 0.2), 0.25 - 0.05 * r_inh])
    neurons.initialize(v=-65.0, u=-65.0 * b)
    for pre, receptor, high in (excitatory, "exc", 0.5), (inhibitory, "inh", 1.0):
        weight = RandomDistribution("uniform", low=0.0, high=high, rng=rng)
        synapse = sim.StaticSynapse(weight=weight, delay=DT_MS)
        sim.Projection(pre, neurons, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    return neurons


def draw(trains, v, counts):
    """Raster, one membrane, spikes per step."""
    figure, panels = plt.subplots(3, figsize=(9, 9), sharex=True, layout="constrained")
    times = np.concatenate(trains)
    cells = np.repeat(np.arange(len(trains)), [train.size for train in trains])
    panels[0].plot(times, cells, ".", color="C0", markersize=1)
    panels[0].set(title="Raster plot", ylabel="neuron", xlim=(0, DT_MS * len(counts)))
    panels[1].plot(np.arange(len(v)) * DT_MS, v[:, 15], color="C1", linewidth=0.8)
    panels[1].set(title="Membrane potential of neuron 15", ylabel="v [mV]")
    panels[2].plot(DT_MS * np.arange(1, len(counts) + 1), counts, color="C2", linewidth=0.8)
    panels[2].set(title="Number of spikes", xlabel="time [ms]", ylabel="spikes per step")
    return figure


def main(duration_ms=1000.0):
    """Run, print the rate, draw; returns spike times [ms] by neuron."""
    neurons = build()
    neurons.record(["spikes", "v"])
    sim.run(duration_ms)
    segment = neurons.get_data().segments[0]
    trains = [np.asarray(train) for train in segment.spiketrains]
    steps = np.round(np.concatenate(trains) / DT_MS).astype(int)
    counts = np.bincount(steps, minlength=round(duration_ms / DT_MS) + 1)[1:]
    rates = [
        1e3 * np.mean([t.size for t in part]) / duration_ms
        for part in (trains[:N_EXC], trains[N_EXC:])
    ]
    print(f"excitatory {rates[0]:.1f} Hz, inhibitory {rates[1]:.1f} Hz")
    figure = draw(trains, segment.analogsignals[0].magnitude, counts)
    figure.savefig("pulse_coupled_network.png", dpi=120)
    plt.close(figure)
    sim.end()
    return trains


if __name__ == "__main__":
    main()
