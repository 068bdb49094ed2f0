"""Izhikevich neurons in several regimes, advanced step by step with their membranes read each time.

After the GeNN tutorial "Defining populations of neurons", with its exercises: three more types, and
a neuron that changes its type gradually.  Parameters: Izhikevich (2003), "Simple model of spiking
neurons".  Run it with ``python examples/izhikevich_regimes.py``.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx.sim as sim

DT_MS = 0.1
#                a     b     c     d
REGIMES = {
    "RS": (0.02, 0.2, -65.0, 8.0),  # regular spiking
    "FS": (0.1, 0.2, -65.0, 2.0),  # fast spiking
    "CH": (0.02, 0.2, -50.0, 2.0),  # chattering
    "IB": (0.02, 0.2, -55.0, 4.0),  # intrinsically bursting
}
FURTHER = {
    "TC": (0.02, 0.25, -65.0, 0.05),  # thalamo-cortical
    "RZ": (0.1, 0.26, -65.0, 2.0),  # resonator
    "LTS": (0.02, 0.25, -65.0, 2.0),  # low-threshold spiking
}
# Currents of the exercises, (from [ms], amplitude [1e-3 nA]): a released hyperpolarisation makes
# TC burst; a short push while it rests on the brink makes RZ oscillate below threshold, then fire.
INPUTS = {
    "TC": [(0.0, -10.0), (60.0, 0.0), (120.0, 2.0)],
    "RZ": [(0.0, 0.0), (40.0, 0.2), (100.0, 4.0), (102.0, 0.2)],
    "LTS": [(0.0, 0.0), (40.0, 10.0)],
}
FIRST, LAST = REGIMES["RS"], REGIMES["CH"]
GRADUAL_MS = 2000.0


def population(types, v=-65.0, u=-20.0):
    """A neuron for each row of parameters, in a new network; v [mV], u [mV/ms] at first."""
    sim.setup(timestep=DT_MS)
    columns = dict(zip("abcd", np.transpose(list(types)).tolist(), strict=True))
    neurons = sim.Population(len(types), sim.Izhikevich(**columns))
    neurons.initialize(v=v, u=u)
    neurons.record("spikes")
    return neurons


def stepped(neurons, duration_ms, before_step=lambda t_ms: None):
    """Advance step by step; returns the membrane after each, (step, neuron) [mV]."""
    voltages = []
    for step in range(round(duration_ms / DT_MS)):
        before_step(step * DT_MS)
        sim.run(DT_MS)
        voltages.append(neurons.get_state("v"))
    return np.array(voltages)


def spikes(neurons):
    """Spike times [ms] of each neuron."""
    return [np.asarray(train) for train in neurons.get_data("spikes").segments[-1].spiketrains]


def four_regimes(duration_ms=200.0):
    """The tutorial: a constant current into four neurons; returns membranes and spikes."""
    neurons = population(REGIMES.values())
    current = sim.DCSource(amplitude=0.010, start=0.0)  # nA; 10 in the units of the paper
    current.inject_into(neurons)
    voltages = stepped(neurons, duration_ms)
    return voltages, spikes(neurons)


def further_types(duration_ms=200.0):
    """First exercise: each of three more neurons with a current that shows its type."""
    neurons = population(FURTHER.values(), v=-63.0, u=-16.0)  # about where they rest
    for index, name in enumerate(FURTHER):
        times, amplitudes = np.transpose(INPUTS[name])
        step = sim.StepCurrentSource(times=times.tolist(), amplitudes=(1e-3 * amplitudes).tolist())
        step.inject_into(neurons[index : index + 1])
    voltages = stepped(neurons, duration_ms)
    return voltages, spikes(neurons)


def changing_type(duration_ms=GRADUAL_MS):
    """Second exercise: from regular spiking to chattering, a little each millisecond."""
    neuron = population([FIRST])
    current = sim.DCSource(amplitude=0.010, start=0.0)
    current.inject_into(neuron)

    def change(t_ms):
        if t_ms == round(t_ms):
            there = t_ms / duration_ms
            a, b, c, d = ((1 - there) * p + there * q for p, q in zip(FIRST, LAST, strict=True))
            neuron.set(a=a, b=b, c=c, d=d)

    voltages = stepped(neuron, duration_ms, change)
    return voltages, spikes(neuron)


def draw(results, gradual):
    """Membranes of all neurons; returns the figure."""
    figure = plt.figure(figsize=(11, 9), layout="constrained")
    grid = figure.add_gridspec(5, 2)
    for column, (names, voltages) in enumerate(results):
        for row, name in enumerate(names):
            axes = figure.add_subplot(grid[row, column])
            times = DT_MS * np.arange(1, len(voltages) + 1)
            axes.plot(times, voltages[:, row], color=f"C{row + 4 * column}", linewidth=0.8)
            axes.set(title=name, ylabel="v [mV]", xlim=(0, times[-1]), ylim=(-90, 35))
    currents = figure.add_subplot(grid[3, 1])
    for row, name in enumerate(FURTHER):
        starts, amplitudes = np.transpose([*INPUTS[name], (200.0, INPUTS[name][-1][1])])
        currents.step(starts, amplitudes, where="post", color=f"C{row + 4}", label=name)
    currents.set(title="their currents", ylabel="[pA]", xlim=(0, 200))
    currents.legend(loc="lower right", ncols=3)
    bottom = figure.add_subplot(grid[4, :])
    times = DT_MS * np.arange(1, len(gradual) + 1)
    bottom.plot(times, gradual[:, 0], color="C7", linewidth=0.5)
    bottom.set(title="from RS to CH", xlabel="time [ms]", ylabel="v [mV]", xlim=(0, times[-1]))
    return figure


def main():
    """Print the spikes of each neuron and draw the membranes; returns spike times by name."""
    regimes, regime_spikes = four_regimes()
    further, further_spikes = further_types()
    gradual, gradual_spikes = changing_type()
    found = dict(zip(REGIMES, regime_spikes, strict=True))
    found |= dict(zip(FURTHER, further_spikes, strict=True))
    found["RS to CH"] = gradual_spikes[0]
    print("type      spikes  shortest and longest interval")
    for name, times in found.items():
        intervals = np.diff(times)
        print(f"{name:8}  {times.size:6}  {intervals.min():6.1f} ms {intervals.max():6.1f} ms")
    figure = draw([(REGIMES, regimes), (FURTHER, further)], gradual)
    figure.savefig("izhikevich_regimes.png", dpi=120)
    plt.close(figure)
    sim.end()
    return found


if __name__ == "__main__":
    main()
