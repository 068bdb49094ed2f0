"""The life of a session of `pynn_hx.sim`: setup, run, change, add, reset, end.

Oracle: PyNN's documentation, and what is said in the docstrings of `pynn_hx.sim.control`.
"""

import pickle

import numpy as np
import pytest
from pyNN.errors import InvalidParameterValueError, NonExistentParameterError

import pynn_hx.sim as sim


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(0.1)


def counts(cells):
    return list(cells.get_spike_counts().values())


def v_of(cells, segment=-1):
    return cells.get_data("v").segments[segment].analogsignals[0].magnitude


def test_setup_again_forgets_everything():
    sim.setup(0.5, min_delay=1.0, max_delay=2.0, seed=3, precision="float32")
    first = sim.Population(3, sim.IF_curr_exp())[0]
    sim.run(5.0)
    sim.setup()
    assert (sim.get_time_step(), sim.get_min_delay(), sim.get_current_time()) == (0.1, 0.1, 0.0)
    assert sim.Population(3, sim.IF_curr_exp())[0] == first


def test_what_belongs_to_an_earlier_session_says_so():
    cells = sim.Population(2, sim.IF_curr_exp())
    cells.record("v")
    sim.run(1.0)
    sim.setup(0.1)
    new = sim.Population(2, sim.IF_curr_exp())
    message = "belongs to an earlier session"
    for refused in (
        lambda: cells.set(tau_m=10.0),
        lambda: cells.record("spikes"),
        lambda: sim.Projection(cells, new, sim.AllToAllConnector()),
        lambda: sim.DCSource(amplitude=1.0).inject_into(cells),
    ):
        with pytest.raises(RuntimeError, match=message):
            refused()
    assert v_of(cells).shape == (11, 2)  # its data are still there


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timestep": 0.0}, "positive time"),
        ({"timestep": 0.1, "device": "tpu"}, "device='tpu'"),
        ({"timestep": 0.1, "precision": "half"}, "precision='half'"),
        ({"timestep": 0.1, "threads": 0}, "threads=0"),
        ({"timestep": 0.1, "seed": -1}, "seed=-1"),
    ],
)
def test_setup_refuses_and_the_session_stands(options, message):
    cells = sim.Population(1, sim.IF_curr_exp())
    with pytest.raises(ValueError, match=message):
        sim.setup(**options)
    cells.set(tau_m=10.0)


def test_keywords_of_other_backends_have_no_effect():
    assert sim.setup(0.1, spike_precision="on_grid", verbosity="error", quit_on_end=False) == 0


def test_files_are_written_once_at_the_end_and_data_stay(tmp_path):
    name = tmp_path / "cells.pkl"
    cells = sim.Population(2, sim.IF_curr_exp(), label="these")
    cells.annotate(kind="test")
    cells[0:1].record("v", to_file=str(name))
    sim.run(2.0)
    sim.end()
    written = name.stat().st_mtime_ns
    sim.end()
    assert name.stat().st_mtime_ns == written
    block = pickle.loads(name.read_bytes())
    assert block.annotations["kind"] == "test"
    assert block.segments[0].analogsignals[0].shape == (21, 1)
    assert v_of(cells).shape == (21, 1)
    sim.run(1.0)
    assert v_of(cells).shape == (31, 1)


def test_reset_keeps_parameters_and_recordings_and_brings_back_variables_and_weights():
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 4.9]))
    cell = sim.Population(1, sim.IF_curr_exp(tau_refrac=2.0))
    rule = sim.STDPMechanism(
        sim.SpikePairRule(A_plus=0.5), sim.AdditiveWeightDependence(w_max=90.0), weight=40.0
    )
    projection = sim.Projection(source, cell, sim.AllToAllConnector(), rule)
    cell.record(["v", "spikes"])
    cell.set(tau_m=10.0)
    for _ in range(2):
        sim.run(5.0)
        assert projection.get("weight", "list", with_address=False)[0] != 40.0
        sim.reset()
        assert projection.get("weight", "list", with_address=False) == [40.0]
        assert sim.get_current_time() == 0.0
    sim.run(5.0)
    np.testing.assert_array_equal(v_of(cell, 0), v_of(cell, 1))
    np.testing.assert_array_equal(v_of(cell, 0), v_of(cell, 2))
    assert cell.get("tau_m") == 10.0


def test_reset_before_a_run_or_twice_makes_no_segment():
    cell = sim.Population(1, sim.IF_curr_exp())
    cell.record("v")
    sim.reset()
    sim.run(1.0)
    sim.reset(annotations={"trial": 7})
    sim.reset()
    (segment,) = cell.get_data().segments
    assert segment.annotations["trial"] == 7


def test_populations_and_projections_of_any_delay_can_be_added_after_a_run():
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[6.0]))
    sim.run(5.0)
    cell = sim.Population(1, sim.IF_curr_delta())
    cell.record("v")
    for delay in (0.1, 9.0):
        synapse = sim.StaticSynapse(weight=1.0, delay=delay)
        sim.Projection(source, cell, sim.AllToAllConnector(), synapse)
    sim.run(15.0)
    signal = cell.get_data().segments[0].analogsignals[0]
    assert (float(signal.t_start), len(signal)) == (5.0, 151)
    jumps = np.nonzero(np.diff(signal.magnitude[:, 0]) > 0.5)[0] + 1
    assert (50 + jumps).tolist() == [61, 150]


def test_recording_may_begin_after_a_run():
    cells = sim.Population(3, sim.IF_curr_exp(i_offset=1.0))
    cells[0:1].record("v")
    sim.run(5.0)
    cells.record(["v", "spikes"])
    sim.run(5.0)
    early, late = cells.get_data().segments[0].analogsignals
    assert (float(early.t_start), early.shape) == (0.0, (101, 1))
    assert (float(late.t_start), late.shape) == (5.0, (51, 2))
    assert late.array_annotations["channel_index"].tolist() == [1, 2]
    assert early[50] == late[0, 0] == late[0, 1]


def test_record_none_stops_recording():
    cells = sim.Population(2, sim.IF_curr_exp(i_offset=1.0))
    cells.record(["v", "spikes"])
    sim.run(1.0)
    cells[0:1].record(None)
    sim.run(1.0)
    assert len(cells.get_data().segments[0].analogsignals) == 0
    cells.record("v", sampling_interval=0.5)
    sim.run(1.0)
    assert v_of(cells).shape == (3, 2)


@pytest.mark.parametrize("interval", [0.25, 0.0, 0.04])
def test_sampling_intervals_are_multiples_of_the_step(interval):
    cells = sim.Population(1, sim.IF_curr_exp())
    with pytest.raises(ValueError, match="not a multiple of the time step"):
        cells.record("v", sampling_interval=interval)


def test_all_cells_of_a_population_are_sampled_alike():
    cells = sim.Population(2, sim.IF_curr_exp())
    cells.record("v", sampling_interval=1.0)
    with pytest.raises(ValueError, match=r"every 1 ms already"):
        cells.record("v", sampling_interval=0.5)


def test_a_rate_that_is_set_between_runs_takes_effect():
    source = sim.Population(50, sim.SpikeSourcePoisson(rate=20.0))
    source.record("spikes")
    sim.run(1000.0)
    before = sum(counts(source))
    source.set(rate=100.0)
    sim.run(1000.0)
    after = sum(counts(source)) - before
    # 1000 and 5000 spikes expected; five standard deviations
    assert abs(before - 1000) < 5 * 1000**0.5
    assert abs(after - 5000) < 5 * 5000**0.5


def test_parameters_of_single_cells_can_be_set_between_runs():
    cells = sim.Population(3, sim.IF_curr_exp(i_offset=0.0))
    sim.run(5.0)
    cells[1].i_offset = 1.0
    assert cells.get("i_offset").tolist() == [0.0, 1.0, 0.0]
    sim.run(20.0)
    v = cells.get_state("v")
    assert v[0] == v[2] == -65.0
    assert v[1] == pytest.approx(-65 + 20 * (1 - np.exp(-1.0)), rel=1e-12)


def test_variables_can_be_read_and_written_between_steps():
    cells = sim.Population(3, sim.IF_curr_exp())
    assert cells.get_state("v").tolist() == [-65.0] * 3
    cells[1:].set_state("v", [-60.0, -55.0])
    sim.run(20.0)
    np.testing.assert_allclose(
        cells.get_state("v"), -65 + np.array([0.0, 5.0, 10.0]) * np.exp(-1.0), rtol=1e-12
    )
    with pytest.raises(ValueError, match="parameter; use set"):
        cells.set_state("tau_m", 1.0)


def test_refused_values_change_nothing():
    cells = sim.Population(2, sim.IF_curr_exp())
    with pytest.raises(NonExistentParameterError):
        cells.set(tau_m=1.0, nonsense=1.0)
    with pytest.raises(InvalidParameterValueError, match="give a number"):
        cells.set(tau_m={"a": 1.0})
    with pytest.raises(NonExistentParameterError):
        cells.initialize(v=-60.0, nonsense=1.0)
    assert cells.get("tau_m") == 20.0
    assert cells.initial_values["v"].evaluate(simplify=True) == -65.0
    source = sim.Population(2, sim.SpikeSourcePoisson(rate=3.0))
    sim.run(1.0)
    with pytest.raises(InvalidParameterValueError, match="rate = -1 Hz"):
        source.set(rate=[1.0, -1.0])
    assert source.get("rate") == 3.0


def test_callbacks_are_called_now_and_when_they_asked_to_be():
    heard = []

    def every(interval):
        def callback(t):
            heard.append((interval, t))
            return t + interval

        return callback

    assert sim.run(1.0, callbacks=[every(0.25), every(0.5)]) == 1.0
    assert [t for interval, t in heard if interval == 0.5] == [0.0, 0.5, 1.0]
    # 0.25 is not a multiple of the step: rounded from where it was called
    assert [t for interval, t in heard if interval == 0.25] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


def test_a_callback_that_asks_for_the_present_is_called_a_step_later():
    heard = []
    sim.run(0.3, callbacks=[lambda t: heard.append(t) or t])
    assert heard == [0.0, 0.1, 0.2, 0.3]


def test_run_until_does_not_go_back():
    assert sim.run_until(12.7) == 12.7
    assert sim.run_until(12.7) == 12.7
    with pytest.raises(ValueError, match=r"it is 12.7 ms already"):
        sim.run_until(12.0)


def test_long_runs_show_how_far_they_have_come_if_asked(capsys):
    def shown(**options):
        sim.setup(0.1, **options)
        sim.Population(1, sim.IF_curr_exp())
        sim.run(600.0)
        return capsys.readouterr().err

    assert shown() == ""  # not on a terminal
    assert "/6000" in shown(progress=True)
    assert shown(progress=False) == ""


def test_the_whole_state_can_be_saved_and_restored():
    cells = sim.Population(20, sim.IF_curr_exp(i_offset=0.9, tau_refrac=2.0))
    source = sim.Population(20, sim.SpikeSourcePoisson(rate=200.0))
    rule = sim.STDPMechanism(
        sim.SpikePairRule(), sim.MultiplicativeWeightDependence(w_max=1.0), weight=0.5, delay=1.7
    )
    projection = sim.Projection(source, cells, sim.OneToOneConnector(), rule)
    cells.record("spikes")
    sim.run(50.0)
    saved = sim.save_state()

    def rest():
        sim.run(50.0)
        found = [
            t.magnitude[t.magnitude > 50].tolist() for t in cells.get_data().segments[0].spiketrains
        ]
        return found, cells.get_state("v").tolist(), projection.get("weight", "list")

    first = rest()
    sim.restore_state(saved)
    assert sim.get_current_time() == 50.0
    assert rest() == first


def test_results_do_not_depend_on_the_number_of_threads():
    def spikes(threads):
        sim.setup(0.1, threads=threads)
        cells = sim.Population(200, sim.IF_cond_exp(i_offset=1.0))
        rng = sim.NativeRNG(5)
        connector = sim.FixedProbabilityConnector(0.1, rng=rng)
        sim.Projection(cells, cells, connector, sim.StaticSynapse(weight=0.002, delay=0.5))
        noise = sim.Population(200, sim.SpikeSourcePoisson(rate=300.0))
        sim.Projection(
            noise, cells, sim.OneToOneConnector(), sim.StaticSynapse(weight=0.01, delay=0.3)
        )
        cells.record("spikes")
        sim.run(100.0)
        return [t.magnitude.tolist() for t in cells.get_data().segments[0].spiketrains]

    assert spikes(1) == spikes(3)
