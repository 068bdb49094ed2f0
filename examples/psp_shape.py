"""PSP shape: what synaptic time constant, weight and strength do to a potential.

One neuron gets one input spike every 0.2 ms, which is long enough to relax in between.  The
recorded membrane is averaged over these spikes, so that noise is much smaller than the PSP.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import curve_fit

import pynn_hx as pynn

TAU_M = 2.0  # us; shorter than any synaptic one, so that the membrane rises and the synapse decays
TAUS_SYN = (5.0, 10.0, 15.0, 20.0, 30.0)  # us
WEIGHTS = np.array([0, 8, 16, 24, 32, 40, 48, 56, 63])
STRENGTHS = (250, 500)  # bias of the synaptic input's amplifier (gm) [CapMem LSB]
SPIKES_MS = np.arange(0.05, 10.0, 0.2)
AFTER_US = np.arange(-10, 140, 0.1)  # times relative to an input spike
TOP = (AFTER_US > 4) & (AFTER_US < 6)  # where PSPs of 10 us are highest


def double_exponential(t, height, delay, tau_rise, tau_decay):
    """PSP of a membrane with one time constant and current-based synapses with the other."""
    s = np.maximum(t - delay, 0)
    return height * (np.exp(-s / tau_decay) - np.exp(-s / tau_rise))


def measure_psp(neuron, projection, weight=63, tau_syn=10.0, strength=500):
    """Mean PSP [MADC LSB] at times AFTER_US."""
    neuron.set(tau_syn_E=tau_syn, i_synin_gm_E=strength)
    projection.set(weight=weight)
    pynn.run(10.0)
    signal = neuron.get_data("v", clear=True).segments[0].irregularlysampledsignals[0]
    pynn.reset()
    times_ms, lsb = np.asarray(signal.times), np.asarray(signal)[:, 0]
    cut = [np.interp(spike + 1e-3 * AFTER_US, times_ms, lsb) for spike in SPIKES_MS]
    psp = np.mean(cut, axis=0)
    return psp - psp[AFTER_US < 0].mean()


def main():
    pynn.setup()
    neuron = pynn.Population(1, pynn.cells.CalibHXNeuronCuba(tau_m=TAU_M, v_thresh=200))
    neuron.record("v")
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=SPIKES_MS))
    projection = pynn.Projection(
        source, neuron, pynn.AllToAllConnector(), pynn.synapses.StaticSynapse(weight=63)
    )
    psps = [measure_psp(neuron, projection, tau_syn=tau) for tau in TAUS_SYN]
    heights = {
        strength: np.array([
            measure_psp(neuron, projection, weight=weight, strength=strength)[TOP].mean()
            for weight in WEIGHTS
        ])
        for strength in STRENGTHS
    }  # fmt: skip
    pynn.end()

    guess, bounds = (20, 1, 2, 10), ((0, 0, 0.1, 0.1), (1000, 5, 100, 100))
    fits = [curve_fit(double_exponential, AFTER_US, psp, guess, bounds=bounds)[0] for psp in psps]
    tau_rise, tau_decay = np.array(fits)[:, 2:].T
    slopes = {s: WEIGHTS @ h / (WEIGHTS @ WEIGHTS) for s, h in heights.items()}
    for strength, slope in slopes.items():
        print(f"strength {strength}: {slope:.3f} MADC LSB per unit of weight")
    for target, rise, decay in zip(TAUS_SYN, tau_rise, tau_decay, strict=True):
        print(f"tau_syn {target:2.0f} us: rises with {rise:.1f} us, decays with {decay:.1f} us")

    figure, (shape, strong, times) = plt.subplots(1, 3, figsize=(11, 3.5))
    for number, (tau, psp) in enumerate(zip(TAUS_SYN, psps, strict=True)):
        colour = plt.colormaps["viridis"](number / len(TAUS_SYN))
        shape.plot(AFTER_US, psp, linewidth=1, color=colour, label=f"{tau:.0f} µs")
    shape.set(xlabel="time after input spike [µs]", ylabel="PSP [MADC LSB]")
    shape.legend(title="target of $\\tau_{syn}$")
    for strength, height in heights.items():
        (line,) = strong.plot(WEIGHTS, height, "o", label=f"gm {strength}")
        strong.plot(WEIGHTS, slopes[strength] * WEIGHTS, color=line.get_color(), linewidth=0.8)
    strong.set(xlabel="weight", ylabel="height of the PSP [MADC LSB]")
    strong.legend()
    times.plot(TAUS_SYN, tau_decay, "o", label="decay: $\\tau_{syn}$")
    times.plot(TAUS_SYN, tau_rise, "s", label="rise: $\\tau_m$")
    times.plot([0, 30], [0, 30], "k--", linewidth=0.8, label="as targeted")
    times.plot([0, 30], [TAU_M, TAU_M], "k--", linewidth=0.8)
    times.set(xlabel="target of $\\tau_{syn}$ [µs]", ylabel="fitted time constant [µs]")
    times.legend()
    figure.tight_layout()
    figure.savefig("psp_shape.png", dpi=150)
    plt.close(figure)
    return {"heights": heights, "slopes": slopes, "tau_rise": tau_rise, "tau_decay": tau_decay}


if __name__ == "__main__":
    main()
