"""Sources of current: amplitude over time, targets, changes in mid-run.

Oracle: the definitions of PyNN's sources; a membrane as an integrator of what flows into it.
"""

import copy

import numpy as np
import pytest
from pyNN.errors import NonExistentParameterError

import pynn_hx.sim as sim

DT = 0.1


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(DT)


def cells(n=1, **parameters):
    return sim.Population(n, sim.IF_curr_exp(v_thresh=1e6, **parameters))


def flowed(source, duration=30.0):
    """Recorded amplitudes [nA] at 0, 0.1 ... ms."""
    source.inject_into(cells())
    source.record()
    sim.run(duration)
    signal = source.get_data()
    assert len(signal) == round(duration / DT) + 1
    assert float(signal.t_start) == 0.0
    assert float(signal.sampling_period.rescale("ms")) == pytest.approx(DT)
    return signal.magnitude[:, 0]


def test_a_direct_current_flows_from_start_until_stop():
    found = flowed(sim.DCSource(amplitude=0.5, start=10.0, stop=20.0))
    expected = np.zeros(301)
    expected[100:200] = 0.5
    np.testing.assert_array_equal(found, expected)


def test_an_alternating_current_has_its_phase_at_start():
    found = flowed(
        sim.ACSource(amplitude=0.5, offset=0.1, frequency=100.0, phase=90.0, start=7.0, stop=25.0)
    )
    t = np.arange(70, 250) * DT
    expected = 0.1 + 0.5 * np.cos(2 * np.pi * 0.1 * (t - 7.0))
    np.testing.assert_allclose(found[70:250], expected, atol=1e-9)
    assert np.all(found[:70] == 0)
    assert np.all(found[250:] == 0)


def test_steps_are_rounded_and_the_last_of_several_counts():
    source = sim.StepCurrentSource(times=[0.41, 0.42, 0.86], amplitudes=[0.5, -0.5, 0.25])
    assert source.times.tolist() == [0.4, 0.9]
    assert source.amplitudes.tolist() == [-0.5, 0.25]
    found = flowed(source, 2.0)
    np.testing.assert_array_equal(found, [0.0] * 4 + [-0.5] * 5 + [0.25] * 12)


@pytest.mark.parametrize("times", [[0.4, -0.6, 0.8], [0.4, 0.2, 0.8], [0.5, 0.5]])
def test_times_of_steps_increase_and_are_not_negative(times):
    with pytest.raises(ValueError, match=r"negative|have to increase"):
        sim.StepCurrentSource(times=times, amplitudes=[0.1] * len(times))


def test_steps_and_amplitudes_are_as_many():
    source = sim.StepCurrentSource(times=[1.0, 2.0], amplitudes=[0.1])
    source.inject_into(cells())
    with pytest.raises(ValueError, match="2 times and 1 amplitudes"):
        sim.run(1.0)


def test_steps_equal_a_direct_current():
    targets = cells(2)
    targets[0].inject(sim.DCSource(amplitude=0.4, start=5.0, stop=12.0))
    targets[1].inject(sim.StepCurrentSource(times=[5.0, 12.0], amplitudes=[0.4, 0.0]))
    for duration in (3.3, 2.7, 14.0):
        sim.run(duration)
        first, second = targets.get_state("v")
        assert first == second


def test_noise_changes_at_its_interval_with_its_mean_and_deviation():
    found = flowed(
        sim.NoisyCurrentSource(mean=0.5, stdev=0.2, dt=0.5, start=10.0, stop=2000.0), 2100.0
    )
    assert np.all(found[:100] == 0)
    assert np.all(found[20000:] == 0)
    held = found[100:20000].reshape(-1, 5)
    assert np.all(held == held[:, :1])
    drawn = held[:, 0]
    assert np.unique(drawn).size == drawn.size
    n = drawn.size
    assert abs(drawn.mean() - 0.5) < 5 * 0.2 / n**0.5
    assert abs(drawn.std() - 0.2) < 5 * 0.2 / (2 * n) ** 0.5


def test_the_noise_of_one_source_is_the_same_in_all_its_cells():
    source = sim.NoisyCurrentSource(mean=0.0, stdev=0.5)
    other = sim.Population(2, sim.IF_curr_alpha(v_thresh=1e6))
    targets = cells(3)
    source.inject_into(targets[0:2] + other[1:])
    another = sim.NoisyCurrentSource(mean=0.0, stdev=0.5)
    another.inject_into(targets[2:])
    sim.run(50.0)
    a, b, c = targets.get_state("v")
    assert a == b == other.get_state("v")[1]
    assert a != c
    assert other.get_state("v")[0] == -65.0


def test_noise_intervals_are_multiples_of_the_step():
    with pytest.raises(ValueError, match=r"dt = 0.25 ms is not a multiple"):
        sim.NoisyCurrentSource(mean=0.0, stdev=1.0, dt=0.25)


def test_changes_in_mid_run_act_from_then_on():
    source = sim.DCSource(amplitude=0.1)
    source.inject_into(cells())
    source.record()
    sim.run(5.0)
    source.amplitude += 0.2
    sim.run(5.0)
    source.set_parameters(stop=12.0)
    sim.run(5.0)
    found = source.get_data().magnitude[:, 0]
    np.testing.assert_allclose(found, [0.1] * 50 + [0.3] * 70 + [0.0] * 31)
    assert source.amplitude == pytest.approx(0.3)
    assert isinstance(source.amplitude, float)


def test_steps_can_be_set_in_mid_run():
    source = sim.StepCurrentSource(times=[0.0], amplitudes=[0.0])
    source.inject_into(cells())
    source.record()
    sim.run(5.0)
    source.set_parameters(times=[5.0, 8.0], amplitudes=[0.2, 0.4])
    sim.run(5.0)
    np.testing.assert_allclose(
        source.get_data().magnitude[:, 0], [0.0] * 50 + [0.2] * 30 + [0.4] * 21
    )


def test_currents_of_several_sources_add_up():
    target = cells(cm=1.0, tau_m=1e9)
    for amplitude in (0.1, 0.2):
        target.inject(sim.DCSource(amplitude=amplitude))
    twice = sim.DCSource(amplitude=0.05)
    twice.inject_into(target)
    twice.inject_into([target[0]])
    sim.run(10.0)
    assert target.get_state("v")[0] == pytest.approx(-65 + 4.0, abs=1e-6)


def test_cells_may_be_added_after_a_run():
    source = sim.DCSource(amplitude=0.1)
    targets = cells(3, tau_m=1e9)
    source.inject_into(targets[0:1])
    sim.run(10.0)
    source.inject_into(targets[1:2])
    sim.run(10.0)
    np.testing.assert_allclose(targets.get_state("v"), [-63.0, -64.0, -65.0], atol=1e-6)


def test_a_reset_starts_again():
    source = sim.StepCurrentSource(times=[1.0, 2.0], amplitudes=[0.1, 0.3])
    target = cells()
    source.inject_into(target)
    source.record()
    traces = []
    for _ in range(2):
        sim.run(3.0)
        traces.append((source.get_data().magnitude, target.get_state("v")))
        sim.reset()
    np.testing.assert_array_equal(traces[0][0], traces[1][0])
    assert traces[0][1] == traces[1][1]


def test_sources_of_spikes_take_no_current():
    with pytest.raises(TypeError, match="takes no current"):
        sim.DCSource(amplitude=0.1).inject_into(sim.Population(1, sim.SpikeSourcePoisson()))


def test_misuse_is_refused():
    source = sim.DCSource(amplitude=0.1)
    with pytest.raises(NonExistentParameterError):
        sim.DCSource(height=0.1)
    with pytest.raises(RuntimeError, match=r"call record\(\) before"):
        source.get_data()
    with pytest.raises(NotImplementedError, match="no locations"):
        source.inject_into(cells(), location="soma")
    with pytest.raises(NonExistentParameterError):
        _ = source.nonsense
    assert copy.copy(source).amplitude == 0.1
