"""Training with the chip in the loop: one neuron learns to spike at given times.

Thirty sources repeat the same spikes.  After each run the recorded output is compared with the
target, and every weight follows what its source had to do with a missing or a superfluous spike.
The rule knows a typical neuron's response; the chip in the loop makes up for the difference.
Run it with ``python examples/in_the_loop.py``.
"""

import time

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

N_SOURCES, SPIKES_PER_SOURCE, N_LOOPS, MAX_WEIGHT = 30, 4, 60, 126
DURATION_US, DELAY_US = 300.0, 1.0  # DELAY: of an event on its way to the membrane
TARGETS_US = np.array([70.0, 130.0, 175.0, 240.0])
TAU_US = 10.0  # of membrane, synapses and of the distance
RATE, DECAY = 8.0, 0.98


def response(since_us):
    """Membrane response to an input, 1 at its peak; both time constants are equal."""
    s = np.clip(since_us - DELAY_US, 0, None) / TAU_US
    return s * np.exp(1 - s)


def distance(a, b):
    """Squared van Rossum distance of two spike trains [us], 1 for a single missing spike."""
    times, signs = np.concatenate([a, b]), np.repeat([1, -1], [len(a), len(b)])
    overlap = np.exp(-np.abs(times[:, None] - times) / TAU_US)
    return signs @ overlap @ signs


def weight_change(inputs, output):
    """(source,) sum of responses at missing spikes minus those at superfluous spikes."""
    times, signs = np.concatenate([TARGETS_US, output]), np.ones(TARGETS_US.size + output.size)
    signs[TARGETS_US.size :] = -1
    responses = response(times[:, None, None] - inputs)  # (output or target, source, spike)
    return np.einsum("t,tsk->s", signs, responses)


class Experiment:
    """A neuron with an excitatory and an inhibitory synapse from each source."""

    def __init__(self, inputs):
        pynn.setup()
        self.neuron = pynn.Population(1, pynn.cells.CalibHXNeuronCuba())
        self.neuron.record("spikes")
        sources = pynn.Population(
            N_SOURCES, pynn.cells.SpikeSourceArray(spike_times=[list(1e-3 * t) for t in inputs])
        )
        self.excitatory, self.inhibitory = (
            pynn.Projection(sources, self.neuron, pynn.AllToAllConnector(), receptor_type=sign)
            for sign in ("excitatory", "inhibitory")
        )

    def run(self, weight):
        """(spike,) output [us] with these (source,) signed weights."""
        rounded = np.rint(weight)[:, None]
        self.excitatory.set(weight=np.maximum(rounded, 0))
        self.inhibitory.set(weight=np.minimum(rounded, 0))
        pynn.run(1e-3 * DURATION_US)
        (train,) = self.neuron.get_data("spikes", clear=True).segments[-1].spiketrains
        pynn.reset()
        return 1e3 * train.magnitude


def train(experiment, inputs, rng):
    """Yield output and distance of each loop."""
    weight = rng.uniform(0, 30, N_SOURCES)
    for loop in range(N_LOOPS):
        output = experiment.run(weight)
        yield output, distance(TARGETS_US, output)
        weight = weight + RATE * DECAY**loop * weight_change(inputs, output)
        weight = np.clip(weight, -MAX_WEIGHT, MAX_WEIGHT)


def draw(outputs, losses, file_name):
    """The learning curve, and the output of each loop below the target."""
    figure, (curve, raster) = plt.subplots(1, 2, figsize=(9, 4))
    curve.plot(losses)
    curve.set(xlabel="loop", ylabel="squared van Rossum distance", ylim=(0, None))
    raster.vlines(TARGETS_US, 0, N_LOOPS, color="C1", linewidth=4, alpha=0.4)
    raster.eventplot(outputs, colors="C0", linelengths=0.9)
    raster.set(xlabel="hardware time [µs]", ylabel="loop", xlim=(0, DURATION_US))
    raster.set_title("target (orange) and output (blue)")
    figure.tight_layout()
    figure.savefig(file_name, dpi=150)
    plt.close(figure)


def main():
    """Print how the training went and draw it; returns distance by loop and the last output."""
    rng = np.random.default_rng(1)
    inputs = np.sort(rng.uniform(5, DURATION_US, (N_SOURCES, SPIKES_PER_SOURCE)))
    experiment = Experiment(inputs)
    experiment.run(np.zeros(N_SOURCES))  # opens the connection and configures the chip
    started = time.perf_counter()
    outputs, losses = zip(*train(experiment, inputs, rng), strict=True)
    per_second = N_LOOPS / (time.perf_counter() - started)
    pynn.end()
    print(f"distance: {losses[0]:.2f} at first, {losses[-1]:.2f} after {N_LOOPS} loops")
    print(f"{per_second:.0f} loops per second")
    print("target [us]:", *(f"{t:6.1f}" for t in TARGETS_US))
    print("spikes [us]:", *(f"{t:6.1f}" for t in outputs[-1]))
    draw(outputs, losses, "in_the_loop.png")
    return losses, outputs[-1]


if __name__ == "__main__":
    main()
