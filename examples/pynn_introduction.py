"""Introduction to PyNN: five sources excite one neuron, and its membrane potential is recorded.

The program of the lab course's introduction; only the import, the setup and the file name of the
picture differ.  Run it with ``python examples/pynn_introduction.py`` or ``pynn-hx demo``.
"""

import matplotlib.pyplot as plt

import pynn_hx as pynn
from pynn_hx import plot

pynn.setup(initial_config=pynn.helper.chip_from_nightly())

# define the neuron parameters of the population
n_neurons = 1
neuron_parameters = {                           # range
    "leak_v_leak": 400,                         # (300-1000)
    "leak_i_bias": 200,                         # (0-1022)
    "threshold_v_threshold": 400,               # (0-600)
    "threshold_enable": True,                   #
    "refractory_period_refractory_time": 100,   # (0-255)
    "reset_v_reset": 300,                       # (300-1000)
    "reset_i_bias": 1000,                       # (0-1022)
    "membrane_capacitance_capacitance": 63,     # (0-63)
}  # fmt: skip
neuron_type = pynn.cells.HXNeuron(**neuron_parameters)
# save the configured neuron in the population 'pop'
pop = pynn.Population(n_neurons, neuron_type)

# record spikes and membrane potential 'v' of the neuron in the population 'pop'
pop.record(["spikes", "v"])

# create a source population that generates spikes at given times
spike_times = [0.01, 0.03, 0.05, 0.07, 0.09]
src = pynn.Population(5, pynn.cells.SpikeSourceArray(spike_times=spike_times))

# define a synapse and its weight
synapse_weight = 63
synapse = pynn.synapses.StaticSynapse(weight=synapse_weight)
# connect the pre-synaptic population 'src' to the post-synaptic neuron in 'pop'
pynn.Projection(
    src, pop, pynn.AllToAllConnector(), synapse_type=synapse, receptor_type="excitatory"
)

# the duration is given in ms, this is in the hardware domain, not in the biological
# (the hardware is faster by a factor of approx. 1000 compared to biology)
duration = 0.1
pynn.run(duration)

# read out the spikes of the neuron in 'pop'
spiketrain = pop.get_data("spikes").segments[0].spiketrains[0]
print(f"The neuron spiked {len(spiketrain)} times.")
print(f"The spike times were: {spiketrain}")

# plot its membrane potential
mem_v = pop.get_data("v").segments[0].irregularlysampledsignals[0]
figure, axes = plt.subplots(figsize=(7, 4))
plot.membrane_trace(axes, mem_v, spikes=spiketrain, inputs=spike_times)
figure.tight_layout()
figure.savefig("membrane.png", dpi=150)
plt.close(figure)
print("The membrane potential is drawn in membrane.png.")

pynn.end()
