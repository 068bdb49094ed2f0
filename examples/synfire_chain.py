"""Synfire chain: a volley of spikes travels through eight groups of neurons, or does not.

Each group has 20 excitatory and 20 inhibitory neurons.  Excitatory ones excite both kinds of the
next group; inhibitory ones silence the excitatory ones of their own group soon after they fired.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

N_GROUPS, GROUP_SIZE = 8, 20
EXCITATION, INHIBITION = 40, -5  # weights
KICK_MS, DURATION_MS = 0.02, 0.15
CASES = {  # spikes of the kick, weight of the inhibition
    "strong kick": (20, INHIBITION),
    "weak kick": (5, INHIBITION),
    "without inhibition": (20, 0),
}


def connect(pre, post, weight):
    receptor = "inhibitory" if weight < 0 else "excitatory"
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    pynn.Projection(pre, post, pynn.AllToAllConnector(), synapse, receptor_type=receptor)


def run_chain(n_kicks, inhibition):
    """Spike times [us] after the kick: lists by kind (excitatory, inhibitory), group, neuron."""
    pynn.setup()
    cell = pynn.cells.CalibHXNeuronCuba(tau_m=10, tau_syn_E=5, tau_syn_I=10)
    groups = [[pynn.Population(GROUP_SIZE, cell) for _ in range(N_GROUPS)] for _ in range(2)]
    before = pynn.Population(n_kicks, pynn.cells.SpikeSourceArray(spike_times=[KICK_MS]))
    for excitatory, inhibitory in zip(*groups, strict=True):
        excitatory.record("spikes")
        inhibitory.record("spikes")
        connect(before, excitatory, EXCITATION)
        connect(before, inhibitory, EXCITATION)
        if inhibition:
            connect(inhibitory, excitatory, inhibition)
        before = excitatory
    pynn.run(DURATION_MS)
    trains = [[group.get_data().segments[0].spiketrains for group in kind] for kind in groups]
    pynn.end()
    return [[[1e3 * (np.asarray(t) - KICK_MS) for t in group] for group in k] for k in trains]


def describe(name, excitatory):
    """Print what arrives; return counts, medians [us] and standard deviations [us] by group."""
    volleys = [np.concatenate(group) for group in excitatory]
    counts = [volley.size for volley in volleys]
    median, width = ([f(v) if v.size else np.nan for v in volleys] for f in (np.median, np.std))
    fate = f"arrives, {width[-1]:.1f} us wide" if counts[-1] >= GROUP_SIZE / 2 else "dies out"
    print(f"{name:18}", *(f"{n:4d}" for n in counts), "  " + fate)
    return {"counts": np.array(counts), "median": np.array(median), "width": np.array(width)}


def draw(axes, name, kinds):
    for kind, colour in enumerate(pynn.plot.population_colours(2)):
        for k, group in enumerate(kinds[kind]):
            rows = (2 * k + kind + np.linspace(0, 1, GROUP_SIZE)) / 2 + 0.5
            axes.eventplot(group, lineoffsets=rows, linelengths=0.08, colors=[colour])
    axes.hlines(np.arange(1.5, N_GROUPS), -2, 60, color="0.85", linewidth=0.6)
    axes.set(title=name, xlabel="time after the kick [µs]", xlim=(-2, 60))


def main():
    print("spikes in group   ", *(f"{k + 1:4d}" for k in range(N_GROUPS)))
    figure, panels = plt.subplots(1, 3, figsize=(11, 4), sharey=True)
    results = {}
    for axes, (name, case) in zip(panels, CASES.items(), strict=True):
        spikes = run_chain(*case)
        results[name] = describe(name, spikes[0])
        draw(axes, name, spikes)
    panels[0].set_ylabel("group (blue: excitatory, orange: inhibitory)")
    figure.tight_layout()
    figure.savefig("synfire_chain.png", dpi=150)
    plt.close(figure)
    return results


if __name__ == "__main__":
    main()
