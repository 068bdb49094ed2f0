"""Spike sources: given times, Poisson processes of host and chip, and what is not there.

Oracle: the documented parameters of the backend whose scripts are to run here, and the
statistics of a Poisson process.
"""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyNN.errors import InvalidParameterValueError
from pyNN.parameters import Sequence

import pynn_hx as pynn
from pynn_hx.standardmodels.sources import as_trains, poisson_train

Poisson, OnChip = pynn.cells.SpikeSourcePoisson, pynn.cells.SpikeSourcePoissonOnChip


@pytest.fixture(autouse=True)
def session():
    pynn.setup()
    np.random.seed(1)


def poisson_values(n=1, *, start=0.0, rate=1e5, duration=1.0):
    return {
        name: np.full(n, value)
        for name, value in (("start", start), ("rate", rate), ("duration", duration))
    }


# --- times given ----------------------------------------------------------------------------------


def test_spike_times_are_shared_or_given_for_each_cell():
    shared = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[0.1, 0.2]))
    own = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=[[0.1], [0.2, 0.3]]))
    assert [shared.spike_times(k).tolist() for k in (0, 1)] == [[0.1, 0.2]] * 2
    assert [own.spike_times(k).tolist() for k in (0, 1)] == [[0.1], [0.2, 0.3]]
    none = pynn.Population(1, pynn.cells.SpikeSourceArray())
    assert none.spike_times(0).size == 0


MIXED = [[0.1, 0.2], np.array([0.3]), Sequence([0.4, 0.5]), (), [1]]
PLAIN = [[0.1, 0.2], [0.3], [0.4, 0.5], [], [1.0]]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [3, 2, 1, 0, 4], [2, 0, 3, 4, 1]])
def test_lists_arrays_and_sequences_may_be_mixed(order):
    mixed, plain = [MIXED[k] for k in order], [PLAIN[k] for k in order]
    made = pynn.Population(5, pynn.cells.SpikeSourceArray(spike_times=mixed))
    changed = pynn.Population(5, pynn.cells.SpikeSourceArray())
    changed.set(spike_times=mixed)
    for population in (made, changed):
        assert [population.spike_times(k).tolist() for k in range(5)] == plain


@pytest.mark.parametrize(
    "times", [[0.1, 0.2], (0.1, 0.2), np.array([0.1, 0.2]), Sequence([0.1, 0.2])]
)
def test_times_for_all_cells_come_as_a_list_array_or_sequence(times):
    population = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=times))
    assert [population.spike_times(k).tolist() for k in (0, 1)] == [[0.1, 0.2]] * 2


def test_a_matrix_has_a_row_of_times_for_each_cell():
    times = np.array([[0.1, 0.2], [0.3, 0.4]])
    made = pynn.Population(2, pynn.cells.SpikeSourceArray(spike_times=times))
    changed = pynn.Population(2, pynn.cells.SpikeSourceArray())
    changed.set(spike_times=times)
    for population in (made, changed):
        assert [population.spike_times(k).tolist() for k in (0, 1)] == times.tolist()


def test_what_is_no_list_of_times_is_left_to_pynn():
    def function(cell):
        return Sequence([cell])

    assert as_trains(function) is function


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0.2, 0.1], r"must be sorted, but 0\.1 ms follows 0\.2 ms"),
        ([-0.1], "is before the experiment's begin"),
        ([0.1, float("inf")], "must be finite"),
    ],
)
def test_impossible_spike_times_are_refused_and_leave_no_population(times, message):
    with pytest.raises(InvalidParameterValueError, match=message):
        pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=times))
    assert pynn.simulator.state.populations == []
    good = pynn.Population(1, pynn.cells.SpikeSourceArray(spike_times=[0.1]))
    with pytest.raises(InvalidParameterValueError, match=message):
        good.set(spike_times=times)
    assert good.spike_times(0).tolist() == [0.1]


# --- Poisson processes drawn by the host ----------------------------------------------------------


@pytest.mark.parametrize("missing", ["start", "rate", "duration"])
def test_a_poisson_source_needs_all_its_parameters(missing):
    given_ = {"start": 0.0, "rate": 1e3, "duration": 1.0}
    del given_[missing]
    with pytest.raises(TypeError, match=missing):
        Poisson(**given_)


def test_counts_have_mean_and_variance_of_a_poisson_process():
    counts = np.array([poisson_train(0, 1e4, 5).size for _ in range(4000)])
    assert counts.mean() == pytest.approx(50, abs=5 * np.sqrt(50 / 4000))
    assert counts.var() == pytest.approx(50, rel=0.15)


def test_a_mean_count_below_one_still_gives_spikes():
    counts = np.array([poisson_train(0, 100, 5).size for _ in range(4000)])
    assert counts.mean() == pytest.approx(0.5, abs=5 * np.sqrt(0.5 / 4000))


def test_times_are_uniform_in_their_window():
    times = poisson_train(2, 1e6, 10)
    assert np.histogram(times, 10, (2, 12))[0] == pytest.approx(1000, abs=160)


@given(st.floats(0, 1e4), st.floats(0, 100), st.integers(0, 2**32 - 1))
def test_trains_are_sorted_and_stay_in_their_window(start, duration, seed):
    np.random.seed(seed)
    times = poisson_train(start, 2e4, duration)
    assert np.all(np.diff(times) >= 0)
    if duration > 0:
        assert np.all((times >= start) & (times < start + duration))


def test_a_train_is_replayed_until_a_parameter_changes():
    source, values = Poisson(0, 1e5, 1), poisson_values(3)
    first = [source.spike_times(values, k) for k in range(3)]
    equal = {name: v.copy() for name, v in values.items()}
    assert all(np.array_equal(source.spike_times(equal, k), first[k]) for k in range(3))
    values["rate"][1] = 2e5
    assert not np.array_equal(source.spike_times(values, 1), first[1])
    assert np.array_equal(source.spike_times(values, 0), first[0])
    values["rate"][1] = 1e5
    assert not np.array_equal(source.spike_times(values, 1), first[1])


def test_each_cell_and_each_population_has_its_own_train():
    source = Poisson(0, 1e5, 1)
    a, b = pynn.Population(2, source), pynn.Population(2, source)
    trains = [p.spike_times(k) for p in (a, b) for k in (0, 1)]
    assert len({train.tobytes() for train in trains}) == 4
    assert np.array_equal(a.spike_times(0), trains[0])


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_draws_its_own_trains(copied):
    source, values = Poisson(0, 1e5, 1), poisson_values()
    train = source.spike_times(values, 0)
    assert not np.array_equal(copied(source).spike_times(values, 0), train)


def test_the_global_seed_of_numpy_fixes_the_trains():
    def train():
        np.random.seed(7)
        return Poisson(0, 1e5, 1).spike_times(poisson_values(), 0)

    assert np.array_equal(train(), train())


def test_a_train_cannot_be_overwritten():
    with pytest.raises(ValueError, match="read-only"):
        Poisson(0, 1e5, 1).spike_times(poisson_values(), 0)[0] = 5


@pytest.mark.parametrize("name", ["start", "rate", "duration"])
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_impossible_processes_are_refused(name, value):
    parameters = {"start": 0.0, "rate": 1e3, "duration": 1.0} | {name: value}
    with pytest.raises(InvalidParameterValueError, match=rf"{name} of cell 0 = .* >= 0"):
        pynn.Population(1, Poisson(**parameters))


def test_parameters_may_differ_between_cells():
    population = pynn.Population(2, Poisson(start=[0, 5], rate=1e5, duration=1))
    assert population.spike_times(0).max() < 1
    assert population.spike_times(1).min() >= 5


# --- generators on the chip -----------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["rate", "seed"])
def test_a_generator_on_the_chip_needs_rate_and_seed(missing):
    given_ = {"rate": 1e3, "seed": 5}
    del given_[missing]
    with pytest.raises(TypeError, match=missing):
        OnChip(**given_)


@pytest.mark.parametrize("name", ["rate", "seed"])
def test_a_generator_has_one_rate_and_one_seed(name):
    parameters = {"rate": 1e3, "seed": 5} | {name: [10, 20]}
    with pytest.raises(AssertionError, match=f"population 'p': {name} is 10 for one cell and 20"):
        pynn.Population(2, OnChip(**parameters), label="p")


def test_some_cells_of_a_generator_cannot_be_changed_alone():
    population = pynn.Population(3, OnChip(rate=1e3, seed=5))
    with pytest.raises(AssertionError, match="rate is 1000 for one cell and 2000 for another"):
        population[1:3].set(rate=2e3)
    assert population.get("rate") == 1e3
    population.set(rate=2e3)
    assert population.get("rate") == 2e3


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"rate": -1, "seed": 1}, InvalidParameterValueError, "rate of cell 0 = -1 Hz"),
        ({"rate": 1, "seed": -1}, InvalidParameterValueError, "seed of cell 0 = -1"),
        (
            {"rate": 1, "seed": 2**32},
            OverflowError,
            r"seed = 4294967296 is outside 0\.\.4294967295",
        ),
    ],
)
def test_impossible_generators_are_refused(parameters, error, message):
    with pytest.raises(error, match=message):
        pynn.Population(1, OnChip(**parameters))


def test_the_largest_seed_is_kept_exactly():
    population = pynn.Population(1, OnChip(rate=1, seed=2**32 - 1))
    assert int(population.get("seed")) == 2**32 - 1


def test_seed_0_which_would_give_no_spikes_is_refused():
    with pytest.raises(InvalidParameterValueError, match=r"never leaves 0.* choose 1\.\."):
        pynn.Population(1, OnChip(rate=1e3, seed=0))


# --- the rest -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make", [pynn.cells.SpikeIOCell, pynn.cells.OffChipSource, lambda: pynn.cells.OffChipSource(
        enable_internal_loopback=False, data_rate_scaler=2, label="out")],
)  # fmt: skip
def test_the_spike_link_is_not_there(make):
    with pytest.raises(NotImplementedError, match=r"link is not supported.* SpikeSourceArray"):
        make()


def test_sources_share_a_base_class_and_record_spikes_alone():
    for source in (pynn.cells.SpikeSourceArray, Poisson, OnChip, pynn.cells.OffChipSource):
        assert issubclass(source, pynn.cells.ExternalNeuron)
        assert source.recordable == ["spikes"]
        assert source.receptor_types == []
        assert source.units.keys() >= set(source.get_parameter_names())
