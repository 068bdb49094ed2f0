"""f-I curve: how fast a calibrated neuron fires, driven by a constant current.

The chip's stimulus is an offset current on each membrane, set as a code.  It is swept for eight
neurons at once; one of them is compared with the leaky integrate-and-fire equation.  Synaptic
inputs are off, because each would add a small current of its own.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

REST, RESET, THRESHOLD = 80, 70, 125  # CADC LSB
TAU_M, TAU_REFRACTORY = 20.0, 2.0  # us
CODES = np.arange(0, 1001, 20)  # offset current, LSB
LINEAR = 800  # LSB; above it the current source flattens


def rate_khz(train):
    """Inverse mean interval; the first spike, which begins at rest, is left out."""
    times_ms = np.asarray(train)[1:]
    return (len(times_ms) - 1) / (times_ms[-1] - times_ms[0]) if len(times_ms) > 1 else 0.0


def measure(neurons, code, duration_ms=1.0):
    """Firing rates [kHz] of all neurons at one code of the offset current."""
    for circuit in neurons.actual_hwparams:
        circuit.excitatory_input.enable = circuit.inhibitory_input.enable = False
        circuit.constant_current.enable = True
        circuit.constant_current.i_offset = int(code)
    pynn.run(duration_ms)
    segment = neurons.get_data("spikes", clear=True).segments[0]
    pynn.reset()
    return [rate_khz(train) for train in segment.spiketrains]


def theory_khz(current):
    """Rate of a leaky integrate-and-fire neuron; current > 1 in units of the rheobase."""
    drive = (THRESHOLD - REST) * current
    ratio = (drive + REST - RESET) / (drive + REST - THRESHOLD)
    return 1e3 / (TAU_REFRACTORY + TAU_M * np.log(ratio))


def main(n_neurons=8):
    pynn.setup()
    cell = pynn.cells.CalibHXNeuronCuba(
        v_rest=REST, v_reset=RESET, v_thresh=THRESHOLD, tau_m=TAU_M, tau_refrac=TAU_REFRACTORY
    )
    neurons = pynn.Population(n_neurons, cell)
    neurons.record("spikes")
    pynn.run(None, pynn.RunCommand.PREPARE)  # calibrates; after it codes can be changed
    rates = np.array([measure(neurons, code) for code in CODES])  # (code, neuron)
    pynn.end()

    works = np.flatnonzero(rates[-1])  # one neuron in a hundred is defective
    rates = rates[:, works]
    rheobase = CODES[(rates > 0).argmax(axis=0)]
    linear = (CODES > 1.2 * rheobase.max()) & (CODES <= LINEAR)
    slope = 1e3 * np.polyfit(CODES[linear], rates[linear], 1)[0]  # Hz per LSB
    shown = np.argsort(rheobase)[rheobase.size // 2]
    print(f"rheobase: {rheobase.mean():.0f} LSB on average, {rheobase.min()}-{rheobase.max()} LSB")
    print(f"slope:    {slope.mean():.0f} Hz/LSB on average, standard deviation {slope.std():.0f}")
    print(
        f"neuron {works[shown]} begins at {rheobase[shown]} LSB and gains {slope[shown]:.0f} Hz/LSB"
    )

    figure, axes = plt.subplots(figsize=(6, 4))
    axes.plot(CODES, np.delete(rates, shown, axis=1), color="0.75", linewidth=0.8)
    axes.plot([], [], color="0.75", label="other neurons")
    axes.plot(CODES, rates[:, shown], "o", color="C0", markersize=4, label=f"neuron {works[shown]}")
    fine = np.geomspace(1.0001, CODES[-1] / rheobase[shown], 500)
    axes.plot(fine * rheobase[shown], theory_khz(fine), "k--", label="LIF with the targets")
    axes.axvline(LINEAR, color="C3", linestyle=":", label="current source flattens")
    axes.set(xlabel="offset current [CapMem LSB]", ylabel="firing rate [kHz, hardware time]")
    axes.legend(loc="upper left")
    figure.tight_layout()
    figure.savefig("fi_curve.png", dpi=150)
    plt.close(figure)
    return {"codes": CODES, "rates": rates, "rheobase": rheobase, "slope": slope, "shown": shown}


if __name__ == "__main__":
    main()
