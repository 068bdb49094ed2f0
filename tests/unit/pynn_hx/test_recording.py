"""What is recorded and how it comes back.  Oracle: the data layout of the chip's own PyNN backend
(docs/reference/pynn_api.md), and the spikes that went in."""

from pathlib import Path

import neo
import numpy as np
import pytest

import pynn_hx as pynn
from pynn_hx.recorded import View

FIRING = {
    "leak_v_leak": 1000,
    "leak_i_bias": 150,
    "threshold_enable": True,
    "threshold_v_threshold": 300,
    "reset_v_reset": 400,
    "reset_i_bias": 1022,
    "membrane_capacitance_capacitance": 63,
    "refractory_period_refractory_time": 255,
}


@pytest.fixture(autouse=True)
def session():
    pynn.setup()


def firing(n=1, **more):
    return pynn.Population(n, pynn.cells.HXNeuron(**FIRING, **more), label="firing")


def test_spike_trains_of_all_recorded_cells_come_sorted_and_annotated():
    first = firing(3)
    silent = pynn.Population(2, pynn.cells.HXNeuron(), label="silent")
    first[1:].record("spikes")
    silent.record("spikes")
    pynn.run(0.1)
    trains = first.get_data().segments[0].spiketrains
    assert [t.annotations["source_index"] for t in trains] == [1, 2]
    assert all(isinstance(t, neo.SpikeTrain) and len(t) > 2 for t in trains)
    train = trains[0]
    assert (float(train.t_start), float(train.t_stop)) == (0, 0.1)
    assert train.units.dimensionality.string == "ms"
    assert train.annotations["source_population"] == "firing"
    assert train.annotations["source_id"] == 1
    empty = silent.get_data("spikes").segments[0].spiketrains
    assert [len(t) for t in empty] == [0, 0]


def test_an_analog_signal_has_times_values_and_annotations():
    population = firing(2)
    population[1:2].record("v")
    pynn.run(0.05)
    segment = population.get_data("v").segments[0]
    assert len(segment.analogsignals) == len(segment.spiketrains) == 0
    (signal,) = segment.irregularlysampledsignals
    assert isinstance(signal, neo.IrregularlySampledSignal)
    assert signal.shape[1] == 1 and signal.dtype == np.float32
    assert signal.times.dtype == np.float64
    assert signal.name == "v" and signal.annotations["device"] == "madc"
    assert signal.annotations["source_ids"] == [1]
    assert signal.array_annotations["channel_index"].tolist() == [1]
    spacing = np.diff(signal.times.rescale("us").magnitude)
    assert spacing.mean() == pytest.approx(0.034, rel=1e-3), "500 MHz / 17"
    assert 0 <= float(signal.times[0]) and float(signal.times[-1]) < 0.05
    assert len(signal) == pytest.approx(0.05e-3 * 500e6 / 17, abs=2)


def test_sources_return_their_own_spikes_within_the_run():
    source = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[[0.01, 0.5], [0.02]]))
    source.record("spikes")
    pynn.run(0.1)
    trains = source.get_data().segments[0].spiketrains
    assert [np.asarray(t).tolist() for t in trains] == [[0.01], [0.02]]


def test_each_reset_keeps_a_segment_and_filtering_destroys_nothing():
    population = firing()
    population.record(["spikes", "v"])
    for _ in range(2):
        pynn.run(0.05)
        pynn.reset(annotations={"trial": "a"})
    pynn.run(0.05)
    assert len(population.get_data("v").segments[0].spiketrains) == 0
    assert len(population.get_data("spikes").segments[0].irregularlysampledsignals) == 0
    block = population.get_data()
    assert [s.name for s in block.segments] == ["segment000", "segment001", "segment002"]
    assert block.segments[0].annotations["trial"] == "a"
    for segment in block.segments:
        assert len(segment.spiketrains) == len(segment.irregularlysampledsignals) == 1
        assert len(segment.spiketrains[0]) > 0


def test_trials_differ_by_temporal_noise_only():
    population = firing()
    population.record("v")
    traces = []
    for _ in range(2):
        pynn.run(0.05)
        pynn.reset()
    for segment in population.get_data().segments:
        traces.append(np.asarray(segment.irregularlysampledsignals[0])[:, 0])
    n = min(map(len, traces))
    assert not np.array_equal(traces[0][:n], traces[1][:n])
    assert abs(traces[0].mean() - traces[1].mean()) < 20


def test_clear_empties_this_population_only():
    a, b = firing(), firing()
    a.record("spikes")
    b.record("spikes")
    pynn.run(0.02)
    assert len(a.get_data(clear=True).segments[0].spiketrains) == 1
    assert len(a.get_data().segments[0].spiketrains) == 0
    assert len(b.get_data().segments[0].spiketrains) == 1
    pynn.reset()
    pynn.run(0.02)
    assert len(a.get_data().segments) == 1
    assert len(b.get_data().segments) == 2


def test_before_a_run_there_is_one_empty_segment():
    population = firing()
    population.record("spikes")
    (segment,) = population.get_data().segments
    assert len(segment.spiketrains) == 0


def test_record_none_stops_the_whole_population():
    population = firing(2)
    population.record("spikes")
    population[0:1].record(None)
    pynn.run(0.02)
    assert len(population.get_data().segments[0].spiketrains) == 0


@pytest.mark.parametrize(
    ("variables", "keywords", "error", "message"),
    [
        ("w", {}, RuntimeError, r"cannot record 'w'; a HXNeuron shows spikes, v, exc_synin"),
        ("v", {"device": "scope"}, ValueError, "device 'scope' is none of madc, cadc, pad_0"),
        ("v", {"device": "pad_2"}, ValueError, "device 'pad_2' is none of"),
        ("v", {"sampling_interval": 0.1}, NotImplementedError, "the converters' rates are fixed"),
        ("v", {"locations": ["soma"]}, RuntimeError, "a point neuron has no locations"),
        (["v", "exc_synin"], {}, ValueError, "exc_synin and v at once"),
    ],
)
def test_requests_that_cannot_be_served_change_nothing(variables, keywords, error, message):
    population = firing()
    with pytest.raises(error, match=message):
        population.record(variables, **keywords)
    assert population.recorder.views() == []
    assert population.recorder.spike_cells().size == 0


def test_one_variable_of_a_neuron_at_a_time():
    a, b = firing(2), firing()
    a[0:1].record("v")
    with pytest.raises(ValueError, match=r"cell 0 already records 'v'"):
        a.record(["spikes", "exc_synin"])
    assert a.recorder.spike_cells().size == 0
    b.record("exc_synin", device="cadc")
    b.record("exc_synin")
    assert b.recorder.views() == [View(2, 1, "cadc"), View(2, 1, "madc")]


def test_a_pad_shows_one_neuron_in_one_mode():
    a, b = firing(2), firing()
    with pytest.raises(ValueError, match=r"'pad_0' shows one neuron, not 2"):
        a.record("v", device="pad_0")
    a[1:2].record("v", device="pad_0")
    a[1:2].record("v", device="pad_0_buffered")
    for device, cells in (("pad_0_unbuffered", a[1:2]), ("pad_0", b)):
        with pytest.raises(ValueError, match=r"already shows 'v' of cell 1 of population 'firing'"):
            cells.record("v", device=device)
    b.record("v", device="pad_1")
    assert [view.device for view in b.recorder.views()] == ["pad_1"]


def test_spike_counts_by_id():
    pynn.Population(1, pynn.cells.HXNeuron())
    population = firing(2)
    population.record("spikes")
    pynn.run(0.1)
    counts = population.get_spike_counts()
    trains = population.get_data().segments[0].spiketrains
    assert counts == {1: len(trains[0]), 2: len(trains[1])}
    assert population.mean_spike_count() == np.mean(list(counts.values()))
    assert population[1:].get_spike_counts() == {2: counts[2]}


def test_data_can_be_written_and_read_back(tmp_path):
    population = firing()
    population.record(["spikes", "v"])
    pynn.run(0.02)
    path = str(tmp_path / "data.pkl")
    population.write_data(path, annotations={"note": "x"})
    block = pynn.get_io(path).read_block()
    original = population.get_data()
    assert block.annotations["note"] == "x"
    assert block.annotations["label"] == "firing"
    signals = [b.segments[0].irregularlysampledsignals[0] for b in (block, original)]
    assert np.array_equal(signals[0].magnitude, signals[1].magnitude)


@pytest.mark.parametrize(
    ("file", "error", "message"),
    [
        ("spikes.txt", ValueError, r"ending of 'spikes\.txt' names no format; use \.pkl"),
        (Path("spikes"), ValueError, "names no format"),
        (3, TypeError, "cannot write to a int; pass a file name or a neo IO"),
    ],
)
def test_files_that_could_not_be_written_are_refused_before_the_run(file, error, message):
    population = firing()
    with pytest.raises(error, match=message):
        population.record("spikes", to_file=file)
    assert population.recorder.spike_cells().size == 0
    assert pynn.simulator.state.write_on_end == []


def test_a_path_and_a_neo_io_serve_as_file(tmp_path):
    population = firing()
    population.record("spikes", to_file=tmp_path / "path.pkl")
    population.record("spikes", to_file=neo.io.PickleIO(str(tmp_path / "io.pkl")))
    pynn.run(0.02)
    pynn.end()
    for name in ("path.pkl", "io.pkl"):
        block = neo.io.PickleIO(str(tmp_path / name)).read_block()
        assert len(block.segments[0].spiketrains) == 1


def test_pynns_older_record_v_records_the_membrane():
    population = firing()
    with pytest.warns(DeprecationWarning):
        population.record_v()
    assert population.recorder.views() == [View(0, 0, "madc")]
    assert pynn.simulator.state.write_on_end == []


def test_neurons_that_are_not_recorded_give_nothing():
    population = firing()
    pynn.run(0.02)
    segment = population.get_data().segments[0]
    with pytest.raises(IndexError):
        _ = segment.irregularlysampledsignals[0]


@pytest.mark.parametrize(
    "forget",
    [lambda p: p.record(None), lambda p: p.get_data(clear=True)],
    ids=["record(None)", "clear"],
)
def test_forgetting_before_a_run_does_not_touch_the_run_that_follows(forget):
    population = firing()
    forget(population)
    population.record("spikes")
    pynn.run(0.1)
    (segment,) = population.get_data().segments
    assert len(segment.spiketrains[0]) > 2


def test_requests_made_after_a_run_do_not_change_what_it_showed():
    population = firing(2)
    population[0:1].record("v")
    pynn.run(0.02)
    shown = population.get_data().segments[0].irregularlysampledsignals[0]
    population.record("spikes")
    segment = population.get_data().segments[0]
    assert len(segment.spiketrains) == 0  # their events were not asked of the chip
    assert segment.irregularlysampledsignals[0].annotations == shown.annotations


def test_spike_times_set_after_a_run_are_those_of_the_next():
    source = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.01]))
    source.record("spikes")
    pynn.run(0.05)
    source.set(spike_times=[0.02, 0.03])
    pynn.reset()
    pynn.run(0.05)
    trains = [s.spiketrains[0].magnitude.tolist() for s in source.get_data().segments]
    assert trains == [[0.01], [0.02, 0.03]]


def test_data_outlive_their_session():
    population = firing()
    population.record("spikes")
    pynn.run(0.1)
    before = population.get_data().segments[0].spiketrains[0]
    pynn.end()
    after = population.get_data().segments[0].spiketrains[0]
    assert len(after) > 2 and np.array_equal(before, after)
