"""Fixed-pattern noise: one weight, a hundred synapses, as many different potentials.

A hundred sources fire one after the other, so each PSP belongs to one synapse.  Repetitions tell
what is the same every time (fixed pattern) from what is not (trial-to-trial noise).
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

N_SYNAPSES, N_TRIALS, WEIGHT = 100, 20, 40
SPIKES_MS = 0.1 * np.arange(1, N_SYNAPSES + 1)  # 0.1 ms: a PSP is over when the next one begins
AFTER_US = np.arange(-10, 60, 0.1)  # times relative to an input spike


def record_trial(neuron):
    """Membrane [MADC LSB] around each input spike, (synapse, time)."""
    pynn.run(SPIKES_MS[-1] + 0.1)
    signal = neuron.get_data("v", clear=True).segments[0].irregularlysampledsignals[0]
    pynn.reset()
    around_ms = SPIKES_MS[:, np.newaxis] + 1e-3 * AFTER_US
    psps = np.interp(around_ms, np.asarray(signal.times), np.asarray(signal)[:, 0])
    return psps - psps[:, AFTER_US < 0].mean(axis=1, keepdims=True)


def main():
    pynn.setup()
    neuron = pynn.Population(1, pynn.cells.CalibHXNeuronCuba(tau_syn_E=5, v_thresh=200))
    neuron.record("v")
    cell = pynn.cells.SpikeSourceArray(spike_times=[[spike] for spike in SPIKES_MS])
    sources = pynn.Population(N_SYNAPSES, cell)
    synapse = pynn.synapses.StaticSynapse(weight=WEIGHT)
    pynn.Projection(sources, neuron, pynn.AllToAllConnector(), synapse)
    psps = np.array([record_trial(neuron) for _ in range(N_TRIALS)])  # (trial, synapse, time)
    pynn.end()

    # The height of a PSP is that of the mean PSP, scaled to fit it best (least squares).
    shape = psps.mean(axis=(0, 1))
    heights = shape.max() * (psps @ shape) / (shape @ shape)  # (trial, synapse) [MADC LSB]
    by_synapse = heights.mean(axis=0)
    trial_noise = heights.std(axis=0, ddof=1)
    mean, rest_of_noise = by_synapse.mean(), np.mean(trial_noise**2) / N_TRIALS
    fixed_pattern = np.sqrt(by_synapse.var(ddof=1) - rest_of_noise)
    noise = np.sqrt(np.mean(trial_noise**2))
    print(f"mean height of a PSP: {mean:.1f} MADC LSB")
    print(f"fixed pattern:  standard deviation {fixed_pattern:.2f} LSB, {fixed_pattern / mean:.1%}")
    print(f"trial to trial: standard deviation {noise:.2f} LSB, {noise / mean:.1%}")

    figure, (shapes, histogram) = plt.subplots(1, 2, figsize=(9, 3.5))
    shapes.plot(AFTER_US, psps.mean(axis=0)[:30].T, color="C0", linewidth=0.4, alpha=0.6)
    shapes.plot(AFTER_US, shape, color="black", label="mean of all synapses")
    shapes.set(xlabel="time after input spike [µs]", ylabel="PSP, mean of trials [MADC LSB]")
    shapes.legend()
    bins = np.linspace(heights.min(), heights.max(), 18)
    repeated = mean + (heights - by_synapse).ravel()
    histogram.hist(by_synapse, bins, density=True, color="C0", label="synapses, mean of trials")
    histogram.hist(
        repeated, bins, density=True, histtype="step", color="C3", label="trials, about the mean"
    )
    histogram.set(xlabel="height of the PSP [MADC LSB]", ylabel="density [1/LSB]")
    histogram.margins(y=0.35)
    histogram.legend()
    figure.tight_layout()
    figure.savefig("fixed_pattern_noise.png", dpi=150)
    plt.close(figure)
    return {"mean": mean, "fixed_pattern": fixed_pattern, "trial_to_trial": noise,
            "heights": heights}  # fmt: skip


if __name__ == "__main__":
    main()
