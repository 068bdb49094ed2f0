"""Types that users write as equations, used as PyNN's own.

Oracle: standard types of the same equations, and closed forms.
"""

import numpy as np
import pytest

import pynn_hx.sim as sim
from simulator.errors import EquationError, UnitError

LEAKY = {
    "parameters": "tau = 20.0 : ms\nrest = -65.0 : mV\npeak = -50.0 : mV\ndrive = 0.0 : mV",
    "equations": """
        distance = v - rest : mV
        dv/dt = (drive - distance)/tau : mV (unless refractory)
    """,
    "initial": "v = rest",
    "threshold": "v >= peak",
    "reset": "v = rest",
    "refractory": "2*ms",
    "receptors": {"kick": "v += weight", "brake": "v -= weight"},
}


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(0.1)


def test_a_cell_type_from_equations():
    leaky = sim.cell_type("Leaky", **LEAKY)
    cells = sim.Population(3, leaky(drive=[20.0, 0.0, 0.0], rest=-60.0), initial_values={})
    assert cells.celltype.recordable == ["spikes", "v", "distance"]
    assert cells.get("tau") == 20.0
    cells.record(["spikes", "v", "distance"])
    cells[2:].initialize(v=-55.0)
    sim.run(20.0)
    (segment,) = cells.get_data().segments
    signals = {s.name: s for s in segment.analogsignals}
    assert signals["v"][0].magnitude.tolist() == [-60.0, -60.0, -55.0]
    assert str(signals["distance"].units.dimensionality) == "mV"
    # 20*(1 - exp(-t/20)) = 10 at 13.863
    assert segment.spiketrains[0].magnitude.tolist() == [13.9]
    assert cells.get_state("distance")[2] == pytest.approx(5 * np.exp(-1.0), rel=1e-12)


def test_it_is_projected_onto_by_its_receptors():
    leaky = sim.cell_type("Leaky", **LEAKY)
    assert sim.native_cell_type("Leaky") is leaky
    cells = sim.Population(2, leaky())
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    for receptor, weight in (("kick", 3.0), ("brake", 1.0)):
        synapse = sim.StaticSynapse(weight=weight, delay=1.0)
        sim.Projection(source, cells[0:1], sim.AllToAllConnector(), synapse, receptor_type=receptor)
    sim.run(2.0)
    np.testing.assert_allclose(cells.get_state("v"), [-63.0, -65.0], rtol=1e-12)
    with pytest.raises(Exception, match="kick"):
        sim.Projection(source, cells, sim.AllToAllConnector(), receptor_type="excitatory")


def test_mistakes_in_equations_are_found_when_the_type_is_made():
    with pytest.raises(UnitError, match="dv/dt"):
        sim.cell_type("Wrong", equations="dv/dt = v : mV")
    with pytest.raises(EquationError):
        sim.synapse_type("Wrong", on_pre="output = weigth")
    with pytest.raises(EquationError):
        sim.current_type("Wrong", "slope*t")


def test_a_synapse_type_from_events():
    depressing = sim.synapse_type(
        "Depressing",
        parameters="share = 0.5 : 1\ntau = 50.0 : ms",
        equations="dused/dt = -used/tau : 1",
        on_pre="output = weight*(1 - used); used += share*(1 - used)",
    )
    assert sim.native_synapse_type("Depressing") is depressing
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 2.0]))
    cells = sim.Population(2, sim.IF_curr_delta(tau_m=1e12))
    synapse = depressing(weight=1.0, delay=0.5, share=[0.5, 0.2])
    projection = sim.Projection(source, cells, sim.AllToAllConnector(), synapse)
    sim.run(3.0)
    used = np.array([0.5, 0.2]) * np.exp(-1 / 50)
    np.testing.assert_allclose(cells.get_state("v") + 65, 1 + (1 - used), rtol=1e-9)
    names = ["weight", "share", "used"]
    rows = np.array(projection.get(names, "list", with_address=False))
    np.testing.assert_allclose(rows[:, 1], [0.5, 0.2])
    np.testing.assert_allclose(rows[:, 2], used + [0.5, 0.2] * (1 - used), rtol=1e-9)


def test_a_plastic_synapse_type_equals_the_standard_one():
    def weights(synapse):
        sim.setup(0.1)
        source = sim.Population(5, sim.SpikeSourcePoisson(rate=50.0))
        cells = sim.Population(5, sim.IF_curr_exp(i_offset=[0.8, 0.9, 1.0, 1.1, 1.2]))
        projection = sim.Projection(source, cells, sim.AllToAllConnector(), synapse())
        sim.run(500.0)
        return projection.get("weight", "array")

    pair = sim.synapse_type(
        "Pair",
        parameters="w_max = 1.0 : weight",
        equations="da/dt = -a/(20*ms) : 1\ndb/dt = -b/(20*ms) : 1",
        on_pre="weight = clip(weight - 0.01*b*w_max, 0*w_max, w_max); a += 1; output = weight",
        on_post="weight = clip(weight + 0.01*a*w_max, 0*w_max, w_max); b += 1",
    )
    found = weights(lambda: pair(weight=0.5, delay=1.5, dendritic_delay_fraction=0.4))
    standard = sim.AdditiveWeightDependence(), 0.4
    expected = weights(
        lambda: sim.STDPMechanism(
            sim.SpikePairRule(),
            standard[0],
            weight=0.5,
            delay=1.5,
            dendritic_delay_fraction=standard[1],
        )
    )
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.unique(found).size > 10


def test_a_current_type_from_an_expression():
    ramp = sim.current_type(
        "Ramp",
        "where(t > start - 0.5*dt, slope*(t - start), 0*nA)",
        parameters="slope = 0.1 : nA/ms\nstart = 0.0 : ms",
    )
    assert sim.native_electrode_type("Ramp") is ramp
    source = ramp(start=1.0)
    cells = sim.Population(1, sim.IF_curr_exp(tau_m=1e12, v_thresh=1e6))
    source.inject_into(cells)
    source.record()
    sim.run(2.0)
    source.slope = 0.0
    sim.run(1.0)
    found = source.get_data().magnitude[:, 0]
    expected = [*np.zeros(10), *(0.01 * np.arange(10)), *np.zeros(11)]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert cells.get_state("v")[0] + 65 == pytest.approx(0.1 * sum(expected), rel=1e-9)


def test_unknown_native_types_are_named():
    with pytest.raises(ValueError, match=r"no native type 'iaf_psc_exp'; make it first: cell_type"):
        sim.native_cell_type("iaf_psc_exp")
