"""Firing patterns of adaptive exponential neurons under a step of current.

From neuron to neuron, potentials differ by more than a pattern tolerates.  So the codes of each
pattern are given to 40 neurons, and one that shows it is then recorded; a chip has others for you.
Run it with ``python examples/adex_patterns.py``.
"""

import matplotlib.pyplot as plt
import numpy as np

import pynn_hx as pynn

ON_US, OFF_US, END_US = 100, 700, 1000
N_CANDIDATES = 40
COMMON = {
    "leak_v_leak": 700, "leak_i_bias": 70, "membrane_capacitance_capacitance": 63,
    "reset_v_reset": 500, "reset_i_bias": 1022, "reset_enable_multiplication": True,
    "threshold_enable": True, "threshold_v_threshold": 620,
    "refractory_period_refractory_time": 30, "refractory_period_enable_pause": True,
    "adaptation_enable": True, "adaptation_enable_pulse": True,
    "adaptation_v_ref": 500, "adaptation_v_leak": 500, "adaptation_i_bias_tau": 100,
    "exponential_enable": True, "exponential_i_bias": 300,
    "excitatory_input_enable": False, "inhibitory_input_enable": False,
    "constant_current_i_offset": 300,
}  # fmt: skip
PATTERNS = {
    "adaptation": {"adaptation_i_bias_a": 0, "adaptation_i_bias_b": 220, "exponential_v_exp": 749},
    "transient": {"adaptation_i_bias_a": 100, "adaptation_i_bias_b": 220, "exponential_v_exp": 835},
    "initial bursting": {"adaptation_i_bias_a": 20, "adaptation_i_bias_b": 240,
                         "exponential_v_exp": 777, "exponential_i_bias": 206, "reset_v_reset": 822},
    "regular bursting": {"adaptation_i_bias_a": 20, "adaptation_i_bias_b": 240,
                         "exponential_v_exp": 821, "reset_v_reset": 857},
}  # fmt: skip


def neurons_on(circuits):
    """A new session with neurons on these circuits, equally many for each pattern."""
    chip = pynn.helper.chip_from_nightly()
    chip.common_backend.clock_scale_slow = 3  # refractory time: 30 cycles of 64 ns
    chip.common_backend.clock_scale_adaptation_pulse = 7  # a spike charges w for 1 us
    pynn.setup(initial_config=chip, neuronPermutation=circuits, strict_parameters=False)
    each = [COMMON | codes for codes in PATTERNS.values()]
    codes = {k: np.repeat([c[k] for c in each], len(circuits) // len(each)) for k in each[-1]}
    neurons = pynn.Population(len(circuits), pynn.cells.HXNeuron(**codes))
    neurons.record("spikes")
    return neurons


def step_of_current(neurons):
    """Rest, current, rest: three parts of one experiment; returns its data."""
    for on, duration_us in (False, ON_US), (True, OFF_US - ON_US), (False, END_US - OFF_US):
        neurons.set(constant_current_enable=on)
        pynn.run(1e-3 * duration_us, pynn.RunCommand.APPEND)
    pynn.run(None)
    segment = neurons.get_data(clear=True).segments[-1]
    pynn.reset()
    return segment


def of_cell(trains, cell):
    """(spike,) times of a cell [us], of all three parts."""
    own = [train for train in trains if train.annotations["source_index"] == cell]
    return 1e3 * np.concatenate([train.magnitude for train in own])


def recorded(neurons, cell, variable):
    """Data of an experiment of its own for one cell, so that spikes and trace are of one run."""
    neurons.record(None)
    neurons[[cell]].record(["spikes", variable])
    return step_of_current(neurons)


def trace(segment):
    """(sample,) times [us] and (sample,) values [MADC LSB] of the recorded cell."""
    signals = segment.irregularlysampledsignals  # one for each part of the experiment
    times = 1e3 * np.concatenate([signal.times.magnitude for signal in signals])
    return times, np.concatenate([signal.magnitude[:, 0] for signal in signals])


def bursts(spikes):
    """(burst,) how many spikes: longer than half the longest interval is a pause."""
    intervals = np.diff(spikes)
    ends = np.flatnonzero(intervals > 0.5 * intervals.max(initial=0)) + 1
    return np.diff(np.concatenate([[0], ends, [spikes.size]])).astype(int)


def pattern_of(spikes):
    """The name of a firing pattern; None for no spikes, spikes at rest, and everything else."""
    if spikes.size == 0 or spikes[0] < ON_US or spikes[-1] > OFF_US + 10:
        return None
    sizes = bursts(spikes)
    if spikes[-1] < ON_US + 150:
        return "transient"
    if sizes.size > 4 and sizes.max() == 1 and interval_ratio(spikes) > 1.2:
        return "adaptation"
    if sizes.size > 4 and sizes[0] > 2 and sizes[1:].max() == 1:
        return "initial bursting"
    if sizes.size > 3 and sizes[:-1].min() > 1:  # the last one may be cut off
        return "regular bursting"
    return None


def interval_ratio(spikes):
    """Last interval between spikes over the first; NaN if there is none."""
    intervals = np.diff(spikes)
    return intervals[-1] / intervals[0] if intervals.size else np.nan


def draw(axes, membrane, adaptation, spikes):
    """Membrane and adaptation of one neuron, and its spikes."""
    axes.axvspan(ON_US, OFF_US, color="0.93", label="current")
    axes.plot(*membrane, color="C0", linewidth=0.8, label="membrane v")
    axes.plot(*adaptation, color="C1", linewidth=0.8, label="adaptation w")
    axes.plot(spikes, np.full(spikes.size, 800), "|", color="C3", markersize=9, label="spikes")
    axes.set(xlim=(0, END_US), ylim=(250, 850))


def main():
    """Print what was measured and draw the traces; returns the spike times [us] by pattern."""
    candidates = neurons_on(range(N_CANDIDATES * len(PATTERNS)))
    trials = [step_of_current(candidates) for _ in range(2)]  # noise shall not decide the pattern
    trains = [[of_cell(trial.spiketrains, k) for trial in trials] for k in range(candidates.size)]
    shown = []
    for k, name in enumerate(PATTERNS):
        own = range(k * N_CANDIDATES, (k + 1) * N_CANDIDATES)
        right = [c for c in own if all(pattern_of(spikes) == name for spikes in trains[c])]
        shown.append(sorted(right, key=lambda cell: trains[cell][0][0]))
    chosen = [cells[len(cells) // 2] for cells in shown]  # those of medium latency

    neurons = neurons_on(chosen)
    membranes = [recorded(neurons, cell, "v") for cell in range(neurons.size)]
    adaptations = [recorded(neurons, cell, "adaptation") for cell in range(neurons.size)]
    pynn.end()

    figure, panels = plt.subplots(
        2, 2, figsize=(9, 6), sharex=True, sharey=True, layout="constrained"
    )
    print("pattern           shown by  latency  last/first interval  spikes per burst")
    found = {}
    for cell, (name, axes) in enumerate(zip(PATTERNS, panels.flat, strict=True)):
        found[name] = spikes = of_cell(membranes[cell].spiketrains, cell)
        count, latency = f"{len(shown[cell])} of {N_CANDIDATES}", f"{spikes[0] - ON_US:.0f} us"
        ratio = f"{interval_ratio(spikes):.1f}" if spikes.size > 2 else "-"
        print(f"{name:16}  {count:>8}  {latency:>7}  {ratio:>19} ", *bursts(spikes))
        draw(axes, trace(membranes[cell]), trace(adaptations[cell]), spikes)
        axes.set_title(f"{name} (neuron {chosen[cell]})")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.supxlabel("hardware time [µs]")
    figure.supylabel("potential [MADC LSB]")
    figure.savefig("adex_patterns.png", dpi=150)
    plt.close(figure)
    return found


if __name__ == "__main__":
    main()
