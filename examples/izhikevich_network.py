"""A thousand Izhikevich neurons as PymoNNto's tutorial writes them: rules, one after another.

The tutorial's neuron is no differential equation but a list of assignments per iteration of half a
millisecond; here they are the `update` of a cell type, in the tutorial's order, without units.
Run it with ``python examples/izhikevich_network.py``.
"""

import matplotlib.pyplot as plt
import numpy as np
from pyNN.random import NumpyRNG, RandomDistribution

import pynn_hx.sim as sim

DT_MS = 0.5
N_EXC, N_INH = 800, 200
RuleNeuron = sim.cell_type(
    "rule_neuron",
    parameters="a = 0.02; b = 0.2; c = -65; d = 8; threshold = 30; strength = 20",
    equations="""
        v : 1
        u : 1
        fired : 1      # 1 in an iteration that finds v above the threshold
        noise : 1
        arriving : 1   # what the synapses bring in this iteration
        current : 1    # of the iteration before, as in the tutorial
    """,
    update="""
        current = noise + arriving
        arriving = 0
        noise = strength*uniform()
        fired = where(v > threshold, 1, 0)
        u = where(fired > 0, u + d, u)
        v = where(fired > 0, c, v)
        v = v + dt*(0.04*v**2 + 5*v + 140 - u + current)
        u = u + dt*a*(b*v - u)
    """,
    threshold="v > threshold",
    receptors={"GLUTAMATE": "arriving += 0.5*weight", "GABA": "arriving -= weight"},
    check_units=False,
)


def build(seed=1, strength=20.0):
    """The network; returns its two populations, and its projections in rows of their source."""
    rng = NumpyRNG(seed=seed)
    sim.setup(timestep=DT_MS, seed=seed)
    excitatory = sim.Population(N_EXC, RuleNeuron(strength=strength), label="excitatory_neurons")
    inhibitory = sim.Population(N_INH, RuleNeuron(strength=strength), label="inhibitory_neurons")
    for neurons in (excitatory, inhibitory):
        # PymoNNto reads '0;-65' as "uniform between", and the rule multiplies by one more draw.
        unit = rng.next(2 * neurons.size).reshape(2, -1)
        between = rng.next(2 * neurons.size).reshape(2, -1)
        neurons.initialize(v=-65 * unit[0] * between[0], u=-8 * unit[1] * between[1])
        neurons.record(["v", "u", "fired"])
        neurons.record("spikes")
    weight = RandomDistribution("uniform", low=0.0, high=1.0, rng=rng)
    synapse = sim.StaticSynapse(weight=weight, delay=DT_MS)
    projections = [
        [
            sim.Projection(pre, post, sim.AllToAllConnector(), synapse, receptor_type=receptor)
            for post in (excitatory, inhibitory)
        ]
        for pre, receptor in ((excitatory, "GLUTAMATE"), (inhibitory, "GABA"))
    ]
    return (excitatory, inhibitory), projections


def recorded(neurons):
    """What the recorder holds, (sample, neuron) by variable; sample 0 is the initial state."""
    segment = neurons.get_data().segments[0]
    return {name: segment.filter(name=name)[0].magnitude for name in ("v", "u", "fired")}


def draw(data):
    """The tutorial's three figures, of the excitatory neurons."""
    figure, panels = plt.subplots(3, figsize=(9, 9), layout="constrained")
    times = DT_MS * np.arange(len(data["v"]))
    for axes, name in zip(panels, ("v", "u"), strict=False):
        axes.plot(times, data[name][:, :8], linewidth=0.6)
        axes.set(ylabel=name, xlim=(0, times[-1]), title=f"{name} of eight excitatory neurons")
    extent = (0, times[-1], N_EXC, 0)
    panels[2].imshow(data["fired"].T, cmap="gray", aspect="auto", extent=extent)
    panels[2].set(xlabel="time [ms]", ylabel="neuron", title="fired")
    return figure


def main(iterations=1000):
    """Run, print the activity, draw; returns the recordings of the excitatory neurons."""
    (excitatory, inhibitory), _ = build()
    sim.run(iterations * DT_MS)
    data = recorded(excitatory)
    for neurons in (excitatory, inhibitory):
        rate = 1e3 * recorded(neurons)["fired"].sum() / neurons.size / (iterations * DT_MS)
        print(f"{neurons.label}: {rate:.1f} spikes per neuron and second")
    figure = draw(data)
    figure.savefig("izhikevich_network.png", dpi=120)
    plt.close(figure)
    sim.end()
    return data


if __name__ == "__main__":
    main()
