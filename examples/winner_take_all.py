"""Soft winner-take-all: two populations compete by the inhibition that they share.

Each gets Poisson input; the contrast c makes its rates R (1 + c) and R (1 - c).  Recurrent
excitation and shared inhibition turn a small difference of inputs into a large one of outputs.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

N_EXCITATORY, N_INHIBITORY, N_SOURCES = 20, 10, 20
INPUT_HZ, DURATION_MS = 30e3, 5.0  # rate of each source, in hardware time
CONTRASTS = [-0.4, -0.2, -0.1, 0.0, 0.1, 0.2, 0.4]
INPUT, SELF, TO_INHIBITION, INHIBITION = 30, 30, 40, -63  # weights


def connect(pre, post, weight):
    receptor = "inhibitory" if weight < 0 else "excitatory"
    synapse = pynn.synapses.StaticSynapse(weight=weight)
    pynn.Projection(pre, post, pynn.AllToAllConnector(), synapse, receptor_type=receptor)


def build(competition):
    """Populations A, B and inhibition; sources of A and of B."""
    cell = pynn.cells.CalibHXNeuronCuba(tau_syn_E=5, tau_syn_I=10)
    a, b, inhibition = (
        pynn.Population(n, cell) for n in (N_EXCITATORY, N_EXCITATORY, N_INHIBITORY)
    )
    poisson = pynn.cells.SpikeSourcePoisson(start=0, rate=INPUT_HZ, duration=DURATION_MS)
    sources = [pynn.Population(N_SOURCES, poisson) for _ in "AB"]
    for source, excitatory in zip(sources, (a, b), strict=True):
        connect(source, excitatory, INPUT)
        if competition:
            connect(excitatory, excitatory, SELF)
            connect(excitatory, inhibition, TO_INHIBITION)
            connect(inhibition, excitatory, INHIBITION)
    return (a, b, inhibition), sources


def sweep(competition):
    """Mean rates [kHz] (contrast, population), and spike times [us] of each contrast."""
    pynn.setup()
    populations, sources = build(competition)
    for population in populations:
        population.record("spikes")
    for contrast in CONTRASTS:
        sources[0].set(rate=INPUT_HZ * (1 + contrast))
        sources[1].set(rate=INPUT_HZ * (1 - contrast))
        pynn.run(DURATION_MS)
        pynn.reset()
    segments = zip(*(p.get_data("spikes").segments for p in populations), strict=True)
    spikes = [[[1e3 * np.asarray(t) for t in p.spiketrains] for p in one] for one in segments]
    pynn.end()
    rates = [[np.mean([t.size for t in p]) / DURATION_MS for p in one] for one in spikes]
    return np.array(rates), spikes


def selectivity(rates):
    """(A - B) / (A + B): 1 if only A fires, -1 if only B does."""
    return (rates[:, 0] - rates[:, 1]) / (rates[:, 0] + rates[:, 1])


def draw(rates, alone, spikes):
    colours = pynn.plot.population_colours(3)
    figure, (raster, rate, index) = plt.subplots(1, 3, figsize=(12, 3.6))
    first_row = np.cumsum([0, N_EXCITATORY, N_EXCITATORY])
    for k, name in enumerate(("A", "B", "inhibition")):
        rows = first_row[k] + np.arange(len(spikes[k]))
        raster.eventplot(spikes[k], lineoffsets=rows, colors=[colours[k]])
        rate.plot(CONTRASTS, rates[:, k], "o-", color=colours[k], label=name)
    raster.set(xlabel="hardware time [µs]", ylabel="neuron", xlim=(0, 1000), title="contrast 0.2")
    rate.set(xlabel="contrast of inputs", ylabel="mean rate [kHz]", ylim=(0, None))
    index.plot(CONTRASTS, selectivity(rates), "o-", color="black", label="with competition")
    index.plot(CONTRASTS, selectivity(alone), "s--", color="0.6", label="without")
    index.set(xlabel="contrast of inputs", ylabel="selectivity (A - B) / (A + B)")
    index.grid(color="0.9")
    index.legend()
    rate.legend(loc=(0.62, 0.52))
    figure.tight_layout()
    figure.savefig("winner_take_all.png", dpi=150)
    plt.close(figure)


def main():
    np.random.seed(0)  # the Poisson sources draw from numpy
    alone, _ = sweep(competition=False)
    rates, spikes = sweep(competition=True)
    print("contrast   A [kHz]   B [kHz]   winner   selectivity   without competition")
    for c, (a, b, _), *index in zip(
        CONTRASTS, rates, selectivity(rates), selectivity(alone), strict=True
    ):
        print(
            f"{c:8.1f} {a:9.1f} {b:9.1f}   {'AB'[int(b > a)]:>6} {index[0]:13.2f} {index[1]:15.2f}"
        )
    draw(rates, alone, spikes[CONTRASTS.index(0.2)])
    return {"rates": rates, "selectivity": selectivity(rates), "alone": selectivity(alone)}


if __name__ == "__main__":
    main()
