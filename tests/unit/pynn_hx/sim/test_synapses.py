"""Synapse types: what they hand on, spike by spike.

Oracle: the rules of the cited papers, iterated here event by event; binomial distributions.
"""

import math

import numpy as np
import pytest
from pyNN.errors import NoModelAvailableError

import pynn_hx.sim as sim

DT = 0.1
TIMES = [10.0, 20.0, 25.0, 26.5, 60.0, 61.0, 62.0, 110.0]


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(DT)


def handed_on(synapse, n=1, times=TIMES, initialize=None):
    """(spike, synapse): what each spike adds to the conductance of each of `n` targets."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    tau = 3.0
    post = sim.Population(n, sim.IF_cond_exp(tau_syn_E=tau))
    projection = sim.Projection(source, post, sim.AllToAllConnector(), synapse)
    projection.initialize(**(initialize or {}))
    post.record("gsyn_exc")
    sim.run(max(times) + 5.0)
    signal = post.get_data().segments[0].analogsignals[0].magnitude
    at = np.array([round((t + 1.0) / DT) for t in times])
    return signal[at] - signal[at - 1] * np.exp(-DT / tau)


def short_term(times, u_rest, tau_rec, tau_facil, tau_psc=3.0):
    """What Tsodyks-Markram synapses of weight 1 hand on."""
    u, x, y, last, found = 0.0, 1.0, 0.0, 0.0, []
    for t in times:
        h, last = t - last, t
        for _ in range(200):  # exact enough by small steps
            x += h / 200 * (1 - x - y) / tau_rec
            y *= math.exp(-h / 200 / tau_psc)
        u *= math.exp(-h / tau_facil) if tau_facil else 0.0
        u += u_rest * (1 - u)
        found.append(u * x)
        x, y = x - found[-1], y + found[-1]
    return np.array(found)


@pytest.mark.parametrize(
    ("u_rest", "tau_rec", "tau_facil"), [(0.5, 100.0, 0.0), (0.1, 20.0, 200.0), (0.4, 3.0, 50.0)]
)
def test_facilitation_and_depression(u_rest, tau_rec, tau_facil):
    synapse = sim.TsodyksMarkramSynapse(
        U=u_rest, tau_rec=tau_rec, tau_facil=tau_facil, weight=0.01, delay=1.0
    )
    expected = 0.01 * short_term(TIMES, u_rest, tau_rec, tau_facil)
    np.testing.assert_allclose(handed_on(synapse)[:, 0], expected, rtol=0.03)


def test_parameters_of_short_term_plasticity_are_shown_as_given():
    cells = sim.Population(2, sim.IF_curr_exp())
    synapse = sim.TsodyksMarkramSynapse(U=[0.1, 0.2], tau_facil=0.0, weight=1.0)
    projection = sim.Projection(cells, cells, sim.OneToOneConnector(), synapse)
    sim.run(1.0)
    assert projection.get(["U", "tau_facil", "u", "x"], "list") == [
        (0, 0, 0.1, 0.0, 0.0, 1.0),
        (1, 1, 0.2, 0.0, 0.0, 1.0),
    ]
    projection.set(U=0.3, tau_facil=[0.0, 5.0])
    assert projection.get("tau_facil", "list") == [(0, 0, 0.0), (1, 1, 5.0)]


def test_spikes_are_transmitted_with_their_probability():
    n, p = 400, np.array([0.0, 0.3, 0.7, 1.0] * 100)
    synapse = sim.SimpleStochasticSynapse(weight=0.01, p=p, delay=1.0)
    found = handed_on(synapse, n)
    assert set(np.round(found.ravel(), 9).tolist()) == {0.0, 0.01}
    for probability in (0.0, 0.3, 0.7, 1.0):
        draws = found[:, p == probability].size
        share = (found[:, p == probability] > 0.005).sum()
        spread = (draws * probability * (1 - probability)) ** 0.5
        assert abs(share - draws * probability) <= 5 * spread
    assert (found[0] != found[1]).any()


def test_a_single_site_releases_and_recovers():
    n, u_rest, tau_rec = 4000, 0.5, 20.0
    synapse = sim.StochasticTsodyksMarkramSynapse(
        U=u_rest, tau_rec=tau_rec, tau_facil=0.0, weight=0.01, delay=1.0
    )
    released = (handed_on(synapse, n) > 0.005).mean(axis=1)
    available, last, expected = 1.0, 0.0, []
    for t in TIMES:
        available = 1 - (1 - available) * math.exp(-(t - last) / tau_rec)
        last = t
        expected.append(available * u_rest)
        available *= 1 - u_rest
    np.testing.assert_allclose(released, expected, atol=5 * 0.5 / n**0.5)


def test_several_sites_release_and_recover():
    n, sites, u_rest, tau_rec = 3000, 4, 0.3, 20.0
    synapse = sim.MultiQuantalSynapse(
        n=sites, U=u_rest, tau_rec=tau_rec, tau_facil=0.0, weight=0.01, delay=1.0
    )
    found = handed_on(synapse, n, initialize={"a": sites, "u": u_rest})
    quanta = np.round(found / 0.01)
    assert set(quanta.ravel().tolist()) <= {0.0, 1.0, 2.0, 3.0, 4.0}
    np.testing.assert_allclose(found, 0.01 * quanta, atol=1e-12)
    first = np.bincount(quanta[0].astype(int), minlength=5) / n
    binomial = [math.comb(4, k) * 0.3**k * 0.7 ** (4 - k) for k in range(5)]
    np.testing.assert_allclose(first, binomial, atol=5 * 0.5 / n**0.5)
    filled, last, expected = float(sites), 0.0, []
    for t in TIMES:
        filled = sites - (sites - filled) * math.exp(-(t - last) / tau_rec)
        last = t
        expected.append(filled * u_rest)
        filled *= 1 - u_rest
    np.testing.assert_allclose(quanta.mean(axis=1), expected, atol=5 / n**0.5)


def test_too_many_sites_are_refused():
    with pytest.raises(ValueError, match="n = 99 release sites"):
        handed_on(sim.MultiQuantalSynapse(n=99, weight=0.01, delay=1.0))


# --- plasticity -----------------------------------------------------------------------------------

PRE = [10.0, 30.0, 31.0, 50.0, 80.0, 100.0]
POST = [15.0, 28.0, 29.5, 30.5, 60.0, 79.0, 95.0]


def plastic(mechanism, fraction=1.0, delay=1.0):
    """The weight after spikes at PRE and POST; the postsynaptic neuron is made to fire."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[*PRE, 150.0]))
    drive = sim.Population(1, sim.SpikeSourceArray(spike_times=[t - DT for t in POST]))
    post = sim.Population(1, sim.IF_curr_delta(tau_refrac=0.1))
    hard = sim.StaticSynapse(weight=100.0, delay=DT)
    sim.Projection(drive, post, sim.AllToAllConnector(), hard)
    rule = sim.STDPMechanism(*mechanism, weight=0.5, delay=delay, dendritic_delay_fraction=fraction)
    projection = sim.Projection(source, post, sim.AllToAllConnector(), rule)
    post.record("spikes")
    sim.run(160.0)
    np.testing.assert_allclose(post.get_data().segments[0].spiketrains[0].magnitude, POST)
    return projection.get("weight", "list", with_address=False)[0]


def pairwise(up, down, fraction=1.0, delay=1.0, tau_plus=20.0, tau_minus=20.0):
    """The weight that changes `up` and `down`, functions of weight and trace, lead to."""
    dendritic = round(fraction * delay, 9)
    events = [(t + delay - dendritic, "pre") for t in [*PRE, 150.0]]
    events += [(t + dendritic, "post") for t in POST]
    weight, pre, post, last = 0.5, 0.0, 0.0, 0.0
    for t, kind in sorted(events):
        pre *= math.exp(-(t - last) / tau_plus)
        post *= math.exp(-(t - last) / tau_minus)
        last = t
        if kind == "pre":
            weight = min(max(weight - down(weight, post), 0.0), 1.0)
            pre += 1
        else:
            weight = min(max(weight + up(weight, pre), 0.0), 1.0)
            post += 1
    return weight


RULE = {"A_plus": 0.07, "A_minus": 0.05}
DEPENDENCES = {
    "additive": (sim.AdditiveWeightDependence(), lambda w: 1.0, lambda w: 1.0),
    "multiplicative": (sim.MultiplicativeWeightDependence(), lambda w: 1 - w, lambda w: w),
    "mixed": (sim.AdditivePotentiationMultiplicativeDepression(), lambda w: 1.0, lambda w: w),
    "gutig": (
        sim.GutigWeightDependence(mu_plus=0.4, mu_minus=0.7),
        lambda w: (1 - w) ** 0.4,
        lambda w: w**0.7,
    ),
}


@pytest.mark.parametrize("fraction", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("kind", DEPENDENCES)
def test_weights_change_by_all_pairs(kind, fraction):
    dependence, up, down = DEPENDENCES[kind]
    rule = sim.SpikePairRule(tau_plus=15.0, tau_minus=25.0, **RULE)
    expected = pairwise(
        lambda w, trace: 0.07 * up(w) * trace,
        lambda w, trace: 0.05 * down(w) * trace,
        fraction,
        delay=2.2,
        tau_plus=15.0,
        tau_minus=25.0,
    )
    found = plastic((rule, dependence), fraction, delay=2.2)
    assert found == pytest.approx(expected, rel=1e-9)
    assert abs(found - 0.5) > 0.01


def test_inhibitory_plasticity_drives_to_a_rate():
    rule = sim.Vogels2011Rule(eta=0.03, rho=5.0, tau=20.0)
    expected = pairwise(
        lambda w, trace: 0.03 * trace,
        lambda w, trace: -0.03 * (trace - 2 * 0.005 * 20.0),
        delay=2.2,
    )
    found = plastic((rule, sim.AdditiveWeightDependence()), delay=2.2)
    assert found == pytest.approx(expected, rel=1e-9)


def test_weights_stay_within_their_limits():
    strong = sim.SpikePairRule(A_plus=5.0, A_minus=0.0)
    limits = sim.AdditiveWeightDependence(w_min=0.2, w_max=0.8)
    assert plastic((strong, limits)) == 0.8
    sim.setup(DT)
    weak = sim.SpikePairRule(A_plus=0.0, A_minus=5.0)
    assert plastic((weak, limits)) == 0.2


def test_parameters_of_plasticity_can_be_read_and_set():
    cells = sim.Population(2, sim.IF_curr_exp())
    rule = sim.STDPMechanism(sim.SpikePairRule(A_plus=0.0, A_minus=0.5), weight=0.1, delay=1.0)
    projection = sim.Projection(cells, cells, sim.OneToOneConnector(), rule)
    names = ["A_plus", "A_minus", "w_max", "dendritic_delay_fraction"]
    assert projection.get(names, "list") == [(0, 0, 0.0, 0.5, 1.0, 1.0), (1, 1, 0.0, 0.5, 1.0, 1.0)]
    sim.run(1.0)
    projection.set(A_plus=[0.1, 0.2])
    assert projection.get("A_plus", "list", with_address=False) == [0.1, 0.2]
    with pytest.raises(ValueError, match="belongs to the synapse type"):
        projection.set(dendritic_delay_fraction=0.5)


def test_impossible_combinations_are_refused():
    with pytest.raises(NoModelAvailableError, match="Vogels2011Rule with GutigWeightDependence"):
        sim.STDPMechanism(sim.Vogels2011Rule(), sim.GutigWeightDependence())
    with pytest.raises(NoModelAvailableError, match="voltage_dependence"):
        sim.STDPMechanism(voltage_dependence=1)


def test_gap_junctions_are_named_and_not_there():
    with pytest.raises(NotImplementedError, match="ElectricalSynapse"):
        sim.ElectricalSynapse(weight=1.0)
