"""Devices, signals and their order, on the emulator.

Oracle: the documented layout of the data; what each converter is known to see.
"""

import neo
import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx import RunCommand


@pytest.fixture(autouse=True)
def session():
    pynn.setup(initial_config=pynn.helper.chip_from_nightly())


def resting(n, **parameters):
    return pynn.Population(n, pynn.cells.HXNeuron(threshold_enable=False, **parameters))


def signals(population, *arguments, segment=-1):
    return population.get_data(*arguments).segments[segment].irregularlysampledsignals


def told(population):
    """(device, cell, whether there are samples) of all signals, in their order."""
    return [
        (s.annotations["device"], s.annotations["source_ids"][0], len(s) > 0)
        for s in signals(population)
    ]


def test_cells_of_one_population_may_be_recorded_by_different_devices():
    neurons = resting(5)
    for cell, device in enumerate(("cadc", "madc", "cadc")):
        neurons[cell : cell + 1].record("v", device=device)
    neurons[4:].record("v", device="pad_0")
    pynn.run(0.05)
    assert told(neurons) == [("madc", 1, True), ("cadc", 0, True), ("cadc", 2, True)]
    for cell in range(3):
        (signal,) = signals(neurons[cell : cell + 1])
        assert signal.annotations["source_ids"] == [cell]
    assert len(signals(neurons[3:])) == 0


@pytest.mark.parametrize("pad", ["pad_0", "pad_1", "pad_0_unbuffered", "pad_1_buffered"])
def test_a_neuron_is_on_a_pad_and_sampled_at_once(pad):
    neurons = resting(2)
    neurons[1:].record("v", device=pad)
    neurons[1:].record("v")
    pynn.run(0.05)
    assert told(neurons) == [("madc", 1, True)]
    (signal,) = signals(neurons)
    assert signal.magnitude.mean() == pytest.approx(300, abs=120), "near its leak potential"


def test_a_pad_of_another_neuron_does_not_disturb_the_sampling():
    neurons = resting(3)
    neurons[1:2].record("v")
    neurons[2:3].record("v", device="pad_0")
    pynn.run(0.05)
    assert told(neurons) == [("madc", 1, True)]


def test_both_converters_see_one_neuron_and_signals_come_in_their_order():
    neurons = resting(2)
    neurons.record("v", device="cadc")
    neurons.record("v", device="madc")
    other = resting(1)
    other.record("exc_synin")
    pynn.run(0.03, RunCommand.APPEND)
    pynn.run(0.03)
    assert told(neurons) == 2 * [(d, c, True) for d in ("madc", "cadc") for c in (0, 1)]
    shown = signals(neurons)
    assert [s.times[0] >= 0.03 for s in shown] == [False] * 4 + [True] * 4
    assert len(shown[0]) > len(shown[2]) > 5, "the MADC is the faster one"
    assert all(s.shape[1] == 1 and s.units.dimensionality.string == "dimensionless" for s in shown)
    assert np.ptp(np.concatenate([s.magnitude for s in shown[:2]])) < 300
    assert signals(other)[0].name == "exc_synin"


def test_a_pad_and_the_sampling_of_another_neuron_in_columns_of_one_parity_are_refused():
    neurons = resting(4)
    neurons[1:2].record("v")
    neurons[3:4].record("v", device="pad_0")
    with pytest.raises(RuntimeError, match="the MADC cannot see circuit 1: the pads take"):
        pynn.run(0.01)
    assert pynn.get_current_time() == 0


def test_data_that_a_script_overwrites_are_not_those_that_are_kept():
    neuron = resting(1)
    neuron.record("v")
    pynn.run(0.01)
    (first,) = signals(neuron)
    kept = first.magnitude.copy()
    first[:] = 0 * first.units
    assert np.array_equal(signals(neuron)[0].magnitude, kept)


@pytest.mark.parametrize(
    ("first", "second"),
    [([0], [0, 1]), ([0, 1], [1]), ([0, 1], [0]), ([], [0, 1]), ([0, 1], []), ([0], [1]),
     ([0, 1], [1, 2])],
)  # fmt: skip
def test_each_snippet_shows_the_neurons_that_were_recorded_in_it(first, second):
    """Whoever they are: neurons are told apart by their leak potentials."""
    neurons = resting(3, leak_v_leak=[500, 800, 600])
    rest = {0: 235, 1: 473, 2: 340}
    for cell in first:
        neurons[cell : cell + 1].record("v")
    pynn.run(0.02, RunCommand.APPEND)
    neurons.record(None)
    for cell in second:
        neurons[cell : cell + 1].record("v")
    pynn.run(0.02)
    shown = signals(neurons)
    cells = [s.annotations["source_ids"][0] for s in shown]
    assert cells == [*first, *second]
    for cell, signal in zip(cells, shown, strict=True):
        assert len(signal) > 250
        assert signal.magnitude.mean() == pytest.approx(rest[cell], abs=30)


def test_samples_have_their_documented_ranges_and_times_their_resolution():
    neuron = resting(1)
    neuron.record("v", device="cadc")
    neuron.record("v")
    pynn.run(0.5)
    madc, cadc = signals(neuron)
    assert 0 <= madc.magnitude.min() and madc.magnitude.max() <= 1023
    assert -128 <= cadc.magnitude.min() and cadc.magnitude.max() <= 127
    assert len(cadc) > 200, "not only the first 0.17 ms"
    spacing = np.diff(madc.times.rescale("ns").magnitude)
    assert set(np.rint(spacing)) <= {32.0, 40.0}, "multiples of the time stamps' 8 ns"


def test_what_consumers_do_with_signals_and_trains_works():
    neuron = resting(1)
    neuron.record(["v", "spikes"])
    pynn.run(0.05)
    (segment,) = neuron.get_data().segments
    (signal,), (train,) = segment.irregularlysampledsignals, segment.spiketrains
    part = signal.time_slice(0.01 * signal.times.units, 0.02 * signal.times.units)
    assert 200 < len(part) < 350
    part.annotate(mine=3)
    assert part.annotations["mine"] == 3
    assert float(signal.mean()) <= float(signal.max())
    assert np.array_equal(signal.base.magnitude, signal.magnitude)
    assert isinstance(signal, neo.IrregularlySampledSignal) and isinstance(train, neo.SpikeTrain)
    assert signal.annotations["source_locations"] == ["unlabeled"]
    assert np.array_equal(train.base.magnitude, train.magnitude)
    assert float(train.t_stop.rescale("us")) == pytest.approx(50)


def test_a_hundred_neurons_are_recorded_one_after_the_other():
    neurons = resting(24)
    neurons.record("v")
    pynn.run(0.005)
    assert pynn.get_execution_instance_data().executions == 12
    assert told(neurons) == [("madc", k, True) for k in range(24)]


def test_with_clear_each_loop_sees_its_own_segment():
    neuron = resting(1)
    neuron.record("v")
    for trial in range(3):
        pynn.run(0.01)
        pynn.reset({"trial": trial})
        (segment,) = neuron.get_data(clear=True).segments
        assert segment.annotations["trial"] == trial
        assert len(segment.irregularlysampledsignals) == 1


def test_a_cell_that_is_not_recorded_in_a_snippet_has_no_train_there():
    source = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.01, 0.03]))
    source[0:1].record("spikes")
    pynn.run(0.02, RunCommand.APPEND)
    source.record("spikes")
    pynn.run(0.02)
    trains = source.get_data().segments[0].spiketrains
    assert [(t.annotations["source_id"], t.magnitude.tolist()) for t in trains] == [
        (0, [0.01]), (0, [0.03]), (1, [0.03])
    ]  # fmt: skip


def test_recording_nothing_on_a_view_stops_all_and_drops_the_present_data():
    source = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    other = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    for population in (source, other):
        population.record("spikes")
    pynn.run(0.02)
    pynn.reset()
    pynn.run(0.02)
    source[0:1].record(None)
    assert [len(s.spiketrains) for s in source.get_data().segments] == [2]
    assert [len(s.spiketrains) for s in other.get_data().segments] == [1, 1]
    pynn.reset()
    pynn.run(0.02)
    assert [len(s.spiketrains) for s in source.get_data().segments] == [2, 0]


@pytest.mark.parametrize("device", ["pad", "pad_2", "pad_0_loud", "MADC", ""])
def test_devices_that_do_not_exist_are_refused(device):
    neuron = resting(1)
    with pytest.raises(ValueError, match="is none of madc, cadc, pad_0"):
        neuron.record("v", device=device)


def test_spikes_may_be_recorded_whatever_the_device():
    neuron = resting(1)
    neuron.record("spikes", device="pad_0")
    pynn.run(0.01)
    assert len(neuron.get_data().segments[0].spiketrains) == 1
