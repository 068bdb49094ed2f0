"""When things happen in `pynn_hx.sim`: the conventions of NEST's grid-based models.

Oracle: numbers measured once with the same scripts on NEST 3.10 (spike_precision="on_grid"), and
closed forms where they are named.  The time step is 0.1 ms.
"""

import numpy as np
import pytest

import pynn_hx.sim as sim

DT = 0.1


def signal(cells, name="v"):
    return cells.get_data(name).segments[-1].filter(name=name)[0].magnitude


def first_change(column):
    """The step of the first sample that differs from the first one."""
    return int(np.argmax(np.abs(column - column[0]) > 1e-9))


def spikes(cells, k=0):
    return cells.get_data("spikes").segments[-1].spiketrains[k].magnitude


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(DT, min_delay=DT)


def driven(**parameters):
    """One neuron under constant current; v = -65 + 20*(1 - exp(-t/20)) crosses -50 at 27.7259."""
    cell = sim.Population(1, sim.IF_curr_exp(i_offset=1.0, tau_refrac=2.0, **parameters))
    cell.record(["spikes", "v"])
    return cell


def test_a_crossing_is_recorded_at_the_end_of_its_step_and_the_refractory_time_follows():
    cell = driven()
    sim.run(100.0)
    assert spikes(cell).tolist() == [27.8, 57.6, 87.4]
    v = signal(cell)[:, 0]
    assert v.size == 1001
    assert v[0] == -65.0
    at = 278
    assert v[at - 1] < -50.0
    assert np.all(v[at : at + 21] == -65.0)
    assert v[at + 21] > -65.0


def test_samples_without_a_spike_follow_the_closed_form():
    cell = driven(v_thresh=0.0)
    sim.run(100.0)
    t = np.arange(1001) * DT
    expected = -65.0 + 20.0 * (1 - np.exp(-t / 20.0))
    np.testing.assert_allclose(signal(cell)[:, 0], expected, rtol=1e-12)


def excited(celltype, weight, delay=1.0, times=(5.0,)):
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(times)))
    cell = sim.Population(1, celltype)
    synapse = sim.StaticSynapse(weight=weight, delay=delay)
    return cell, sim.Projection(source, cell, sim.AllToAllConnector(), synapse)


def test_a_source_spike_moves_the_membrane_a_delay_and_a_step_later():
    cell, _ = excited(sim.IF_curr_exp(), 1.0)
    cell.record("v")
    sim.run(20.0)
    assert first_change(signal(cell)[:, 0]) == 61


def test_a_conductance_jumps_to_its_weight_a_delay_later():
    cell, _ = excited(sim.IF_cond_exp(), 0.01)
    cell.record(["v", "gsyn_exc"])
    sim.run(20.0)
    conductance = signal(cell, "gsyn_exc")[:, 0]
    assert first_change(conductance) == 60
    assert conductance[60] == pytest.approx(0.01, rel=1e-14)
    assert first_change(signal(cell)[:, 0]) == 61


@pytest.mark.parametrize(
    ("celltype", "name", "weight"),
    [(sim.IF_cond_alpha, "gsyn_exc", 0.02), (sim.IF_curr_alpha, "isyn_exc", 0.7)],
)
def test_an_alpha_function_peaks_at_its_weight_after_tau(celltype, name, weight):
    cell, _ = excited(celltype(tau_syn_E=2.0), weight)
    cell.record(name)
    sim.run(20.0)
    response = signal(cell, name)[:, 0]
    assert response.argmax() == 60 + 20
    t = np.arange(response.size - 60) * DT
    np.testing.assert_allclose(response[60:], weight * t / 2 * np.exp(1 - t / 2), atol=1e-12)


def test_a_neurons_spike_moves_another_a_delay_and_a_step_later():
    sender = sim.Population(1, sim.IF_curr_exp(i_offset=2.0))
    receiver = sim.Population(1, sim.IF_curr_exp())
    sim.Projection(
        sender, receiver, sim.OneToOneConnector(), sim.StaticSynapse(weight=1.0, delay=1.0)
    )
    sender.record("spikes")
    receiver.record("v")
    sim.run(20.0)
    when = first_change(signal(receiver)[:, 0]) * DT
    assert when - spikes(sender)[0] == pytest.approx(1.1)


def test_times_off_the_grid_are_recorded_exactly_and_delivered_at_the_next_step():
    cell, projection = excited(sim.IF_curr_exp(), 1.0, times=(5.02, 6.05, 7.08))
    projection.pre.record("spikes")
    cell.record("v")
    sim.run(20.0)
    assert spikes(projection.pre).tolist() == [5.02, 6.05, 7.08]
    assert first_change(signal(cell)[:, 0]) == 51 + 10 + 1


def test_spikes_at_the_beginning_and_at_the_end_are_recorded():
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0, 0.1, 10.0]))
    source.record("spikes")
    sim.run(10.0)
    assert spikes(source).tolist() == [0.0, 0.1, 10.0]


def test_a_spike_at_0_is_delivered():
    cell, _ = excited(sim.IF_curr_exp(), 1.0, times=(0.0,))
    cell.record("v")
    sim.run(5.0)
    assert first_change(signal(cell)[:, 0]) == 11


@pytest.mark.parametrize(("given", "rounded"), [(1.04, 1.0), (1.06, 1.1)])
def test_delays_are_rounded_to_steps_and_shown_rounded(given, rounded):
    cell, projection = excited(sim.IF_curr_exp(), 1.0, delay=given)
    cell.record("v")
    sim.run(20.0)
    assert projection.get("delay", "list", with_address=False) == [rounded]
    assert first_change(signal(cell)[:, 0]) == 51 + round(rounded / DT)


def test_a_current_moves_the_membrane_a_step_after_its_start_until_its_stop():
    cell = sim.Population(1, sim.IF_curr_exp())
    cell.inject(sim.DCSource(amplitude=0.1, start=10.0, stop=20.0))
    cell.record("v")
    sim.run(30.0)
    v = signal(cell)[:, 0]
    assert first_change(v) == 101
    assert v.argmax() == 200


def test_parts_of_a_run_equal_the_whole_bit_by_bit():
    def trace(*parts):
        sim.setup(DT)
        cell, _ = excited(sim.IF_cond_exp(i_offset=0.5), 0.01)
        cell.record("v")
        for part in parts:
            sim.run(part)
        return signal(cell)

    np.testing.assert_array_equal(trace(10.0, 7.3, 12.7), trace(30.0))


def test_the_same_seed_gives_the_same_poisson_trains_after_another_setup():
    def trains(**options):
        sim.setup(DT, **options)
        source = sim.Population(2, sim.SpikeSourcePoisson(rate=100.0))
        source.record("spikes")
        sim.run(200.0)
        return spikes(source, 0).tolist(), spikes(source, 1).tolist()

    first, second = trains()
    assert first != second
    assert trains() == (first, second)
    assert trains(seed=7) != (first, second)
    assert trains(rng_seed=7) == trains(seed=7)


def test_the_smallest_delay_is_that_of_all_projections_unless_it_is_set():
    assert sim.get_min_delay() == DT
    sim.setup(DT)
    assert sim.get_min_delay() == DT
    excited(sim.IF_curr_exp(), 1.0, delay=0.7)
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.7, 0.7)
    excited(sim.IF_curr_exp(), 1.0, delay=1.3)
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.7, 1.3)
    sim.setup(DT, min_delay=0.5, max_delay=4.0)
    assert (sim.get_min_delay(), sim.get_max_delay()) == (0.5, 4.0)


def test_cleared_data_go_on_with_the_last_sample():
    cell = driven()
    sim.run(10.0)
    first = cell.get_data(clear=True).segments[0].analogsignals[0]
    sim.run(10.0)
    second = cell.get_data().segments[0].analogsignals[0]
    assert (len(first), len(second)) == (101, 101)
    assert (first.t_start, second.t_start) == (0.0, 10.0)
    assert second[0] == first[-1]


def test_segments_after_resets_repeat():
    cell = driven()
    for duration in (10.0, 10.0, 5.0):
        sim.run(duration)
        if duration == 10.0:
            sim.reset()
    traces = [s.analogsignals[0].magnitude for s in cell.get_data("v").segments]
    assert [len(trace) for trace in traces] == [101, 101, 51]
    np.testing.assert_array_equal(traces[0], traces[1])
    np.testing.assert_array_equal(traces[0][:51], traces[2])


def test_time_is_a_multiple_of_the_step_without_drift():
    times = [sim.run(DT) for _ in range(1000)]
    assert times[-1] == sim.get_current_time() == 100.0
    assert times[2] == 0.3
