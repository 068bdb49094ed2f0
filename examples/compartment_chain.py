"""A chain of four compartments: a synaptic potential gets lower and later on its way.

The same input to the first compartment is seen in all of them, for two conductances between
neighbours.  Run it with ``python examples/compartment_chain.py``.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn
from pynn_hx.morphology import Compartment, SharedLineConnection, create_mc_neuron

N_COMPARTMENTS = 4
CONDUCTANCES = (800, 200)  # codes of the resistors' bias
INPUTS_MS = 0.05 + 0.2 * np.arange(10)
N_SOURCES, WEIGHT = 4, 40
BINS_US = np.arange(-20, 130, 0.5)
PASSIVE = {
    "leak_v_leak": 600, "leak_i_bias": 150, "membrane_capacitance_capacitance": 63,
    "reset_v_reset": 400, "threshold_enable": False,
}  # fmt: skip


def chain(conductance):
    """A cell type: compartment k has circuit 2k, and circuit 2k + 1 with the resistor to the next.

    The line from circuit 2k + 1 to circuit 2k + 2 joins neighbours.
    """
    last = N_COMPARTMENTS - 1
    compartments = [
        Compartment(
            positions=[2 * k, 2 * k + 1],
            label=f"compartment {k}",
            connect_shared_line=[2 * k] if k > 0 else None,
            connect_conductance=[(2 * k + 1, conductance)] if k < last else None,
            **PASSIVE,
        )
        for k in range(N_COMPARTMENTS)
    ]
    lines = [SharedLineConnection(2 * k + 1, 2 * k + 2, row=0) for k in range(last)]
    return create_mc_neuron("Chain", compartments, lines, single_active_circuit=True)


def mean_response(signal):
    """(bin,) deflection [MADC LSB] around an input, from the mean over all inputs."""
    times, values = 1e3 * signal.times.magnitude, signal.magnitude[:, 0]
    since = times[:, None] - 1e3 * INPUTS_MS
    sums, counts = (
        np.histogram(since, BINS_US, weights=w)[0]
        for w in (np.broadcast_to(values[:, None], since.shape), None)
    )
    mean = sums / counts
    return mean - mean[BINS_US[:-1] < 0].mean()


def responses(conductance):
    """(compartment, bin) deflections after inputs to the first compartment."""
    Chain = chain(conductance)
    chip = pynn.helper.chip_from_nightly()
    pynn.setup(initial_config=chip)
    neuron = pynn.Population(1, Chain())
    source = pynn.Population(N_SOURCES, pynn.cells.SpikeSourceArray(spike_times=INPUTS_MS))
    first = pynn.AllToAllConnector(location_selector="compartment 0")
    pynn.Projection(source, neuron, first, pynn.synapses.StaticSynapse(weight=WEIGHT))
    neuron.record("v", locations=Chain.get_labels())
    pynn.run(INPUTS_MS[-1] + 0.15)
    signals = neuron.get_data("v").segments[0].irregularlysampledsignals
    by_label = {signal.annotations["source_locations"][0]: signal for signal in signals}
    pynn.end()
    return np.array([mean_response(by_label[label]) for label in Chain.get_labels()])


def main():
    """Print heights and attenuation, draw the responses; returns heights by conductance."""
    figure, panels = plt.subplots(1, len(CONDUCTANCES), figsize=(9, 4), sharey=True)
    heights = {}
    print("conductance  compartment  height [LSB]  of the first  of the one before  peak [us]")
    for conductance, axes in zip(CONDUCTANCES, panels, strict=True):
        traces = responses(conductance)
        heights[conductance] = peak = traces.max(axis=1)
        for k, trace in enumerate(traces):
            before = peak[k] / peak[max(k - 1, 0)]
            print(f"{conductance:11}  {k:11}  {peak[k]:12.1f}  {peak[k] / peak[0]:12.2f}  "
                  f"{before:17.2f}  {BINS_US[trace.argmax()]:9.1f}")  # fmt: skip
            axes.plot(BINS_US[:-1], trace, label=f"compartment {k}")
        axes.set(title=f"conductance {conductance}", xlabel="time since the input [µs]")
    panels[0].set_ylabel("deflection of the membrane [MADC LSB]")
    panels[0].legend()
    figure.tight_layout()
    figure.savefig("compartment_chain.png", dpi=150)
    plt.close(figure)
    return heights


if __name__ == "__main__":
    main()
