"""Standard cells: what they do, under known input.

Oracle: closed forms, or another way to the same number; traces against NEST are compared elsewhere.
"""

import numpy as np
import pytest
from pyNN.errors import InvalidParameterValueError, NonExistentParameterError, RecordingError
from pyNN.parameters import Sequence
from scipy import stats

import pynn_hx.sim as sim
from pynn_hx.sim.standardmodels import cells as standard_cells
from pynn_hx.sim.standardmodels.base import NeuronCell
from simulator.build import plan_of

NEURONS = [
    one
    for one in vars(standard_cells).values()
    if isinstance(one, type)
    and issubclass(one, NeuronCell)
    and one.__module__ == standard_cells.__name__
    and not one.__name__.startswith("_")
]
DT = 0.1


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(DT)


def run_with_input(celltype, weight, receptor="excitatory", times=(1.0,), duration=30.0):
    """The cell, run with spikes that arrive 1 ms after `times`, and everything recorded."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=list(times)))
    cell = sim.Population(1, celltype)
    synapse = sim.StaticSynapse(weight=weight, delay=1.0)
    sim.Projection(source, cell, sim.AllToAllConnector(), synapse, receptor_type=receptor)
    cell.record(cell.celltype.recordable)
    sim.run(duration)
    segment = cell.get_data().segments[0]
    signals = {s.name: s.magnitude[:, 0] for s in segment.analogsignals}
    return signals | {"spikes": segment.spiketrains[0].magnitude}


@pytest.mark.parametrize("celltype", NEURONS, ids=lambda c: c.__name__)
def test_parameters_and_variables_are_pynns_and_all_of_them_can_be_read(celltype):
    plan = plan_of(celltype().neuron_model())
    names = {p.name for p in plan.parameters}
    given = celltype().engine_values(
        {n: np.array([v], dtype=object) for n, v in celltype.default_parameters.items()}
    )
    assert names == set(given)
    known = {s.name for s in plan.states} | {a.target for a in plan.algebraic} | {"spikes"}
    assert set(celltype.recordable) <= known
    assert set(celltype.recordable) - {"spikes"} <= celltype.units.keys()
    cells = sim.Population(2, celltype())
    cells.record(celltype.recordable)
    sim.run(1.0)
    segment = cells.get_data().segments[0]
    assert {s.name for s in segment.analogsignals} == set(celltype.recordable) - {"spikes"}
    assert all(np.isfinite(s.magnitude).all() for s in segment.analogsignals)


@pytest.mark.parametrize("celltype", NEURONS, ids=lambda c: c.__name__)
def test_initial_values_are_pynns(celltype):
    cells = sim.Population(1, celltype())
    for name, value in celltype.default_initial_values.items():
        assert cells.get_state(name) == pytest.approx(value), name


def test_a_delta_synapse_moves_the_membrane_by_exactly_its_weight():
    v = run_with_input(sim.IF_curr_delta(), 0.5)["v"]
    assert v[20] - v[19] == pytest.approx(0.5, abs=1e-12)


def test_events_on_a_refractory_delta_neuron_are_lost():
    found = run_with_input(
        sim.IF_curr_delta(tau_refrac=2.0), 20.0, times=(1.0, 2.0, 3.0, 3.1), duration=10.0
    )
    # spikes at 2.0 and 4.1; what arrives at 3.0 and 4.0 meets a refractory neuron
    np.testing.assert_allclose(found["spikes"], [2.0, 4.1])


def test_inhibitory_currents_are_recorded_with_their_sign():
    found = run_with_input(sim.IF_curr_exp(tau_syn_I=4.0), -0.3, "inhibitory")
    t = np.arange(281) * DT
    np.testing.assert_allclose(found["isyn_inh"][20:], -0.3 * np.exp(-t / 4.0), rtol=1e-9)
    assert np.all(found["isyn_exc"] == 0)


def test_conductances_pull_to_their_reversal_potentials():
    for receptor, limit in (("excitatory", 0.0), ("inhibitory", -70.0)):
        sim.setup(DT)
        celltype = sim.IF_cond_exp(v_thresh=1e3, tau_syn_E=1e9, tau_syn_I=1e9)
        v = run_with_input(celltype, 100 / 20, receptor, duration=10.0)["v"]
        # 100 times the leak
        assert v[-1] == pytest.approx(limit - (limit + 65) / 101, abs=1e-6)


def test_spikes_of_an_adapting_neuron_add_conductances():
    celltype = sim.IF_cond_exp_gsfa_grr(i_offset=1.0, q_sfa=10.0, q_rr=100.0, tau_sfa=50.0)
    found = run_with_input(celltype, 0.0, duration=60.0)
    k = round(found["spikes"][0] / DT)
    assert (found["g_s"][k - 1], found["g_s"][k]) == (0.0, 10.0)
    assert (found["g_r"][k - 1], found["g_r"][k]) == (0.0, 100.0)
    assert found["g_s"][k + 10] == pytest.approx(10.0 * np.exp(-1.0 / 50.0))


def test_an_exponential_neuron_without_slope_fires_at_its_threshold():
    celltype = sim.EIF_cond_exp_isfa_ista(
        delta_T=0.0, a=0.0, v_thresh=-50.0, v_spike=-45.0, i_offset=1.0, tau_refrac=2.0
    )
    spike = run_with_input(celltype, 0.0)["spikes"][0]
    tau, start, asymptote = 9.3667, -70.6, -70.6 + 9.3667 / 0.281
    crossing = tau * np.log((asymptote - start) / (asymptote + 50.0))
    assert spike == pytest.approx(np.ceil(crossing / DT) * DT)


def test_spike_triggered_adaptation_adds_b():
    found = run_with_input(sim.EIF_cond_exp_isfa_ista(i_offset=0.8, b=0.1), 0.0)
    k = round(found["spikes"][0] / DT)
    assert found["w"][k] - found["w"][k - 1] == pytest.approx(0.1, abs=5e-4)
    assert found["v"][k] == -70.6


def test_a_hodgkin_huxley_neuron_fires_once_per_action_potential_near_its_peak():
    found = run_with_input(sim.HH_cond_exp(i_offset=0.6), 0.0, duration=100.0)
    v = found["v"]
    peaks = np.nonzero((v[1:-1] > v[:-2]) & (v[1:-1] >= v[2:]) & (v[1:-1] > 0))[0] + 1
    assert peaks.size >= 5
    np.testing.assert_allclose(found["spikes"], peaks * DT, atol=0.11)


def test_izhikevichs_neuron_steps_as_he_wrote_it():
    v, u, expected = -70.0, -14.0, []
    for _ in range(1000):
        v, u = v + 0.1 * (0.04 * v * v + 5 * v + 140 - u + 10.0), u + 0.1 * 0.02 * (0.2 * v - u)
        if v >= 30.0:
            v, u = -65.0, u + 2.0
        expected.append(v)
    found = run_with_input(sim.Izhikevich(i_offset=0.01), 0.0, duration=100.0)
    np.testing.assert_allclose(found["v"][1:], expected, rtol=1e-9)
    assert found["spikes"].size >= 2


GIF = {"tau_eta": (10.0,), "a_eta": (0.2,), "tau_gamma": (5.0, 50.0), "a_gamma": (2.0, 1.0)}


def test_a_gif_neuron_has_as_many_elements_as_its_arrays():
    cells = sim.Population(
        2, sim.GIF_cond_exp(**GIF, i_offset=1.0, delta_v=1e-6, v_t_star=-55.0, tau_refrac=2.0)
    )
    assert cells.get("tau_gamma").value.tolist() == [5.0, 50.0]
    cells.record(["spikes", "v_t", "i_eta"])
    sim.run(15.0)
    segment = cells.get_data().segments[0]
    # 20 nA MOhm/ms * (1 - exp(-t/20)) = 10 mV at t = 13.863
    assert segment.spiketrains[0].magnitude.tolist() == [13.9]
    v_t = segment.filter(name="v_t")[0].magnitude[:, 0]
    i_eta = segment.filter(name="i_eta")[0].magnitude[:, 0]
    assert (v_t[138], i_eta[138]) == (-55.0, 0.0)
    assert (v_t[139], i_eta[139]) == (-52.0, 0.2)
    t = np.arange(11) * DT
    np.testing.assert_allclose(i_eta[139:150], 0.2 * np.exp(-t / 10.0), rtol=1e-12)
    expected = -55.0 + 2.0 * np.exp(-t / 5.0) + np.exp(-t / 50.0)
    np.testing.assert_allclose(v_t[139:150], expected, rtol=1e-12)


def test_arrays_of_gif_neurons_can_be_set_and_differ():
    cells = sim.Population(2, sim.GIF_cond_exp(**{**GIF, "a_eta": [(0.1,), (0.3,)]}))
    cells.set(tau_eta=(20.0,))
    sim.run(0.1)
    cells[1:].set(tau_gamma=(7.0, 70.0))
    assert [a.value.tolist() for a in cells.get("a_eta")] == [[0.1], [0.3]]
    assert cells.get("tau_eta").value.tolist() == [20.0]
    assert [a.value.tolist() for a in cells.get("tau_gamma")] == [[5.0, 50.0], [7.0, 70.0]]


# --- composed neurons -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("receptor", "name", "shape"),
    [
        (sim.CurrExpPostSynapticResponse(tau_syn=3.0), "A.isyn", lambda t: np.exp(-t / 3)),
        (
            sim.CurrAlphaPostSynapticResponse(tau_syn=3.0),
            "A.isyn",
            lambda t: t / 3 * np.exp(1 - t / 3),
        ),
        (sim.ExpPSR(tau_syn=3.0), "A.gsyn", lambda t: np.exp(-t / 3)),
        (sim.AlphaPSR(tau_syn=3.0), "A.gsyn", lambda t: t / 3 * np.exp(1 - t / 3)),
    ],
)
def test_responses_of_receptors(receptor, name, shape):
    celltype = sim.PointNeuron(sim.LIF(), A=receptor, B=sim.ExpPSR())
    found = run_with_input(celltype, 0.01, "A")
    t = np.arange(281) * DT
    np.testing.assert_allclose(found[name][20:], 0.01 * shape(t), atol=1e-12)
    assert np.all(found["B.gsyn"] == 0)


@pytest.mark.parametrize(("rise", "decay"), [(1.0, 4.0), (2.0, 2.0), (4.0, 1.0)])
def test_a_beta_function_peaks_at_its_weight(rise, decay):
    receptor = sim.BetaPSR(tau_rise=rise, tau_decay=decay)
    found = run_with_input(sim.PointNeuron(sim.AdExp(), A=receptor), 0.01, "A")
    peak = (
        20 + (rise if rise == decay else rise * decay / (decay - rise) * np.log(decay / rise)) / DT
    )
    assert found["A.gsyn"].max() == pytest.approx(0.01, rel=1e-3)
    assert abs(found["A.gsyn"].argmax() - peak) <= 1


def test_parameters_of_receptors_are_read_and_set_by_their_labels():
    celltype = sim.PointNeuron(sim.LIF(tau_m=10.0), A=sim.ExpPSR(tau_syn=1.0), B=sim.AlphaPSR())
    cells = sim.Population(2, celltype)
    assert cells.get(["tau_m", "A.tau_syn", "B.e_syn"]) == [10.0, 1.0, 0.0]
    cells.set(A={"tau_syn": 4.0})
    cells[1:].set(**{"B.tau_syn": 7.0})
    sim.run(0.1)
    cells[0:1].set(**{"A.tau_syn": 2.0}, tau_m=5.0)
    assert cells.get("A.tau_syn").tolist() == [2.0, 4.0]
    assert cells.get("B.tau_syn").tolist() == [5.0, 7.0]
    assert cells.get("tau_m").tolist() == [5.0, 10.0]
    with pytest.raises(NonExistentParameterError):
        cells.set(**{"C.tau_syn": 1.0})


def test_a_neuron_without_receptors_is_refused():
    with pytest.raises(ValueError, match="name at least one"):
        sim.PointNeuron(sim.LIF())


def test_composed_and_monolithic_neurons_agree():
    monolith = run_with_input(sim.IF_curr_exp(tau_syn_E=3.0, i_offset=0.5), 0.4)
    sim.setup(DT)
    parts = sim.PointNeuron(sim.LIF(i_offset=0.5), A=sim.CurrExpPostSynapticResponse(tau_syn=3.0))
    np.testing.assert_allclose(run_with_input(parts, 0.4, "A")["v"], monolith["v"], rtol=1e-12)


# --- sources --------------------------------------------------------------------------------------


def intervals(celltype, duration=20000.0, n=3):
    source = sim.Population(n, celltype)
    source.record("spikes")
    sim.run(duration)
    return [np.diff(t.magnitude) for t in source.get_data().segments[0].spiketrains]


def test_intervals_of_gamma_sources():
    for found, shape, rate in zip(
        intervals(sim.SpikeSourceGamma(alpha=[2, 4, 1], beta=[100.0, 200.0, 50.0])),
        [2, 4, 1],
        [0.1, 0.2, 0.05],
        strict=True,
    ):
        assert stats.kstest(found, "gamma", (shape, 0, 1 / rate)).statistic < 0.05


def test_refractory_sources_keep_their_rate_and_their_distance():
    celltype = sim.SpikeSourcePoissonRefractory(rate=50.0, tau_refrac=5.0)
    for found in intervals(celltype):
        assert found.min() >= 5.0 - 1e-9
        assert stats.kstest(found - 5.0, "expon", (0, 15.0)).statistic < 0.05


def test_sources_fire_between_start_and_the_end_of_their_duration():
    source = sim.Population(
        40, sim.SpikeSourcePoisson(rate=500.0, start=20.0, duration=[30.0] * 20 + [0.0] * 20)
    )
    source.record("spikes")
    sim.run(100.0)
    trains = [t.magnitude for t in source.get_data().segments[0].spiketrains]
    together = np.concatenate(trains[:20])
    assert together.min() >= 20.0
    assert together.max() <= 50.0
    assert abs(together.size - 300) < 5 * 300**0.5
    assert sum(t.size for t in trains[20:]) == 0


@pytest.mark.parametrize(
    ("celltype", "message"),
    [
        (sim.SpikeSourcePoisson(rate=-1.0), "rate = -1 Hz must be a number >= 0"),
        (sim.SpikeSourceGamma(alpha=-2.0), "alpha = -2"),
        (sim.SpikeSourceArray(spike_times=[2.0, 1.0]), "1.0 ms follows 2.0 ms"),
        (sim.SpikeSourceArray(spike_times=[[1.0], [-2.0]]), "cell 1: spike time -2.0 ms"),
    ],
)
def test_impossible_sources_are_refused_with_their_population(celltype, message):
    with pytest.raises(InvalidParameterValueError, match=message):
        sim.Population(2, celltype)
    assert sim.session.state.populations == []


def test_spike_times_may_be_given_in_many_ways_and_replaced():
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0, 2.0]))
    source.record("spikes")
    sim.run(1.5)
    source.set(spike_times=[Sequence([1.2, 3.0]), Sequence([4.0])])
    source[0].spike_times = np.array([1.4, 3.5])
    sim.run(8.5)
    trains = [t.magnitude.tolist() for t in source.get_data().segments[0].spiketrains]
    # what has been sent stays, what would have been before now is not sent any more
    assert trains == [[1.0, 3.5], [1.0, 4.0]]


def test_inhomogeneous_gamma_sources_change_their_rate():
    celltype = sim.SpikeSourceInhGamma(
        a=Sequence([4.0, 4.0]), b=Sequence([0.0025, 0.01]), tbins=Sequence([0.0, 10000.0])
    )
    source = sim.Population(3, celltype)
    source.record("spikes")
    for _ in range(4):
        sim.run(5000.0)
    for train in source.get_data().segments[0].spiketrains:
        times = train.magnitude
        early, late = np.diff(times[times < 10000.0]), np.diff(times[times > 10100.0])
        for found, scale in ((early, 2.5), (late, 10.0)):
            distance = stats.kstest(found, "gamma", (4.0, 0, scale)).statistic
            assert distance < 2 / found.size**0.5
    first = [t.magnitude.tolist() for t in source.get_data().segments[0].spiketrains]
    sim.reset()
    sim.run(20000.0)
    again = [t.magnitude.tolist() for t in source.get_data().segments[-1].spiketrains]
    assert again == first


def test_what_cannot_be_recorded_is_refused():
    with pytest.raises(RecordingError):
        sim.Population(1, sim.IF_curr_exp()).record("w")
    with pytest.raises(RecordingError):
        sim.Population(1, sim.SpikeSourcePoisson()).record("v")


def test_a_cell_type_of_another_backend_is_refused():
    import pyNN.standardmodels.cells as others

    with pytest.raises(TypeError, match="not a cell type of this backend"):
        sim.Population(1, others.IF_curr_exp())
