"""Logic gates from spiking neurons: a spike is 1, silence is 0.

Every neuron's firing weight is measured first, because no two neurons of a chip are alike; the
weights of a gate are fractions of it.  Run it with ``python examples/logic_gates.py``.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

TRIAL_MS = 0.1  # far longer than the time constants of membrane and synapses, 10 us each
TRIALS = [(0, 0), (0, 1), (1, 0), (1, 1)]
N_CANDIDATES = 16
GATES = ["OR", "AND", "NOT B", "A, not B", "B, not A", "XOR"]
OR, AND, NOT, ONLY_A, ONLY_B, XOR = range(6)
EXPECTED = {"OR": [0, 1, 1, 1], "AND": [0, 0, 0, 1], "NOT B": [1, 0, 1, 0], "XOR": [0, 1, 1, 0]}
WEIGHTS = range(40, 641, 20)


def firing_weights(neurons):
    """(neuron,) smallest weight at which a single input spike makes each neuron fire."""
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    synapse = pynn.synapses.StaticSynapse(weight=WEIGHTS[0])
    probe = pynn.Projection(source, neurons, pynn.AllToAllConnector(), synapse)
    smallest = np.full(neurons.size, WEIGHTS[-1])
    for weight in reversed(WEIGHTS):
        probe.set(weight=weight)
        pynn.run(0.1)
        trains = neurons.get_data("spikes", clear=True).segments[-1].spiketrains
        smallest[[len(train) > 0 for train in trains]] = weight
        pynn.reset()
    probe.set(weight=0)
    return smallest


def connect(source, neurons, gate, strength, firing_weight):
    """Let a source excite a gate, or inhibit it if the strength is negative."""
    weight = int(strength * firing_weight[gate])
    pynn.Projection(
        source,
        neurons[[gate]],
        pynn.AllToAllConnector(),
        pynn.synapses.StaticSynapse(weight=weight),
        receptor_type="excitatory" if weight > 0 else "inhibitory",
    )


def build(neurons, firing_weight):
    """Make inputs A and B and a clock that spikes in every trial, and wire the gates up."""
    starts = TRIAL_MS * np.arange(len(TRIALS)) + 0.01
    bits = np.array(TRIALS).T.astype(bool)
    a, b, clock = (
        pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=times))
        for times in (starts[bits[0]], starts[bits[1]], starts)
    )
    for source, gate, strength in [
        (a, OR, 1.5), (b, OR, 1.5),
        (a, AND, 0.7), (b, AND, 0.7),
        (clock, NOT, 1.5), (b, NOT, -1.5),
        (a, ONLY_A, 1.5), (b, ONLY_A, -1.5),
        (b, ONLY_B, 1.5), (a, ONLY_B, -1.5),
        (neurons[[ONLY_A]], XOR, 1.5), (neurons[[ONLY_B]], XOR, 1.5),
    ]:  # fmt: skip
        connect(source, neurons, gate, strength, firing_weight)
    return [a, b, clock]


def draw(trains, names, file_name):
    """Raster of inputs and gates, one shade per trial."""
    figure, axes = plt.subplots(figsize=(7, 4))
    pynn.plot.raster(axes, trains)
    axes.set_yticks(range(len(names)), names)
    axes.set(ylabel="", ylim=(len(names) - 0.5, -0.5), xlim=(0, 1e3 * TRIAL_MS * len(TRIALS)))
    for trial, (a, b) in enumerate(TRIALS):
        left = 1e3 * TRIAL_MS * trial
        axes.axvspan(left, left + 1e3 * TRIAL_MS, color="0.93" if trial % 2 else "1.0", zorder=-1)
        axes.text(left + 50, -0.8, f"A = {a}, B = {b}", ha="center")
    figure.tight_layout()
    figure.savefig(file_name, dpi=150)
    plt.close(figure)


def main():
    """Print the truth table and draw the raster; returns the outputs by gate, (trial,) each."""
    pynn.setup()
    candidates = pynn.Population(N_CANDIDATES, pynn.cells.CalibHXNeuronCuba(tau_refrac=20))
    candidates.record("spikes")
    firing_weight = firing_weights(candidates)
    unusual = np.abs(firing_weight - np.median(firing_weight))
    chosen = np.sort(np.argsort(unusual)[: len(GATES)])
    neurons, firing_weight = candidates[chosen], firing_weight[chosen]
    inputs = build(neurons, firing_weight)
    for source in inputs:
        source.record("spikes")
    pynn.run(TRIAL_MS * len(TRIALS))
    trains = [p.get_data("spikes").segments[-1].spiketrains for p in [*inputs, neurons]]
    trains = [train for of_population in trains for train in of_population]
    pynn.end()
    edges = TRIAL_MS * np.arange(len(TRIALS) + 1)
    spikes = [np.histogram(train.magnitude, edges)[0] for train in trains[len(inputs) :]]
    outputs = {gate: (n > 0).astype(int).tolist() for gate, n in zip(GATES, spikes, strict=True)}
    print("Firing weights of the chosen neurons:", *firing_weight)
    print("A B | " + " | ".join(EXPECTED))
    for trial, (a, b) in enumerate(TRIALS):
        row = " | ".join(str(outputs[gate][trial]).center(len(gate)) for gate in EXPECTED)
        print(f"{a} {b} | {row}".rstrip())
    n_wrong = sum(outputs[gate] != bits for gate, bits in EXPECTED.items())
    print(f"{n_wrong} of {len(EXPECTED)} gates are wrong.")
    draw(trains, ["A", "B", "clock", *GATES], "logic_gates.png")
    return {gate: outputs[gate] for gate in EXPECTED}


if __name__ == "__main__":
    main()
