"""Recording: what neo objects hold, for populations, views and assemblies.

Oracle: PyNN's documentation; annotations as pyNN.nest makes them.
"""

import numpy as np
import pytest

import pynn_hx.sim as sim


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(0.1)


def firing(n=3, label="cells", **parameters):
    return sim.Population(
        n, sim.IF_curr_exp(i_offset=np.linspace(0.9, 1.2, n), **parameters), label=label
    )


def test_signals_say_what_and_where_from():
    sim.Population(7, sim.IF_curr_exp())
    cells = firing(5)
    cells[[4, 1]].record(["v", "spikes"], sampling_interval=0.5)
    sim.run(100.0)
    block = cells.get_data()
    (segment,) = block.segments
    (signal,) = segment.analogsignals
    first = int(cells.first_id)
    assert (signal.name, str(signal.units.dimensionality)) == ("v", "mV")
    assert signal.shape == (201, 2)
    assert float(signal.sampling_period.rescale("ms")) == 0.5
    assert signal.array_annotations["channel_index"].tolist() == [1, 4]
    assert signal.annotations["channel_ids"].tolist() == [first + 1, first + 4]
    assert signal.annotations["source_population"] == "cells"
    trains = segment.spiketrains
    assert [t.annotations["source_index"] for t in trains] == [1, 4]
    assert [t.annotations["channel_id"] for t in trains] == [first + 1, first + 4]
    assert all((float(t.t_start), float(t.t_stop)) == (0.0, 100.0) for t in trains)
    assert all(t.segment is segment for t in trains)
    assert (block.name, block.annotations["size"], block.annotations["dt"]) == ("cells", 5, 0.1)
    assert block.annotations["first_id"] == first


def test_views_show_their_own_cells():
    cells = firing(4)
    cells.record(["v", "spikes"])
    sim.run(50.0)
    view = cells[2:4]
    (segment,) = view.get_data().segments
    assert segment.analogsignals[0].array_annotations["channel_index"].tolist() == [2, 3]
    assert len(segment.spiketrains) == 2
    whole = cells.get_data().segments[0]
    np.testing.assert_array_equal(segment.analogsignals[0], whole.analogsignals[0][:, 2:4])
    assert list(view.get_spike_counts()) == [int(c) for c in view.all_cells]
    assert view.get_spike_counts()[view[0]] == len(whole.spiketrains[2]) > 0
    assert cells.mean_spike_count() == np.mean([len(t) for t in whole.spiketrains])


def test_an_assembly_joins_its_members():
    one, other = firing(3, "one"), firing(2, "other", tau_m=15.0)
    both = one[1:] + other
    both.record(["v", "spikes"])
    both[1:3].record("isyn_exc")
    sim.run(40.0)
    sim.reset()
    sim.run(20.0)
    block = both.get_data(annotations={"script": "this"})
    assert block.annotations["script"] == "this"
    assert [s.name for s in block.segments] == ["segment000", "segment001"]
    first, second = block.segments
    current, v = first.analogsignals
    assert (v.shape, current.shape) == ((401, 4), (401, 2))
    assert second.analogsignals[1].shape == (201, 4)
    assert v.array_annotations["channel_index"].tolist() == [1, 2, 2, 3]
    np.testing.assert_array_equal(v[:, 2:], other.get_data("v").segments[0].analogsignals[0])
    assert [t.annotations["source_population"] for t in first.spiketrains] == [
        "one",
        "one",
        "other",
        "other",
    ]
    both.get_data(clear=True)
    assert len(one.get_data().segments) == 1


def test_data_of_earlier_segments_survive_those_that_follow():
    cells = firing()
    cells.record("v")
    sim.run(10.0)
    sim.reset()
    before = cells.get_data().segments[0].analogsignals[0].magnitude.copy()
    sim.run(30.0)
    np.testing.assert_array_equal(cells.get_data().segments[0].analogsignals[0].magnitude, before)


def test_what_a_user_does_with_data_does_not_reach_the_recorder():
    cells = firing()
    cells.record("v")
    sim.run(10.0)
    cells.get_data().segments[0].analogsignals[0].magnitude[:] = 0
    assert cells.get_data().segments[0].analogsignals[0][0, 0] == -65.0


def test_float32_is_computed_and_double_precision_is_shown():
    sim.setup(0.1, precision="float32")
    cells = firing()
    cells.record("v")
    cells.set(tau_m=[1 / 3, 20.0, 20.0])
    sim.run(10.0)
    signal = cells.get_data().segments[0].analogsignals[0]
    assert signal.dtype == np.float64
    assert cells.get("tau_m")[0] == 1 / 3
    expected = -65 + 20 * 1.05 * (1 - np.exp(-10 / 20))
    assert signal.magnitude[-1, 1] == pytest.approx(expected, rel=1e-5)


def test_many_cells_are_recorded_lazily():
    cells = sim.Population(20001, sim.SpikeSourcePoisson(rate=10.0))
    cells.record("spikes")
    sim.run(20.0)
    trains = cells.get_data().segments[0].spiketrains
    channels, times = trains.multiplexed
    assert len(trains) == 20001
    assert times.size == sum(cells.get_spike_counts().values()) > 3000
    assert np.all(np.diff(channels) >= 0)


def test_exact_times_of_sources_are_recorded_from_when_recording_begins():
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.03, 5.07, 7.01]))
    sim.run(4.0)
    source[0:1].record("spikes")
    sim.run(2.0)
    source.record("spikes")
    sim.run(4.0)
    trains = source.get_data().segments[0].spiketrains
    assert [t.magnitude.tolist() for t in trains] == [[5.07, 7.01], [7.01]]
    assert float(trains[0].t_start) == 4.0
    source.get_data(clear=True)
    sim.run(1.0)
    assert [len(t) for t in source.get_data().segments[0].spiketrains] == [0, 0]
    sim.reset()
    sim.run(2.0)
    trains = source.get_data().segments[-1].spiketrains
    assert [t.magnitude.tolist() for t in trains] == [[1.03], [1.03]]


def test_locations_of_point_neurons_are_refused():
    with pytest.raises(NotImplementedError, match="no locations"):
        firing().record("v", locations="soma")
