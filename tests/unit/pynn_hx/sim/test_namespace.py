"""The module as scripts see it, and what importing it must not do.

Oracle: the names that PyNN's documentation and examples use.
"""

import subprocess
import sys

import pytest

import pynn_hx.sim as sim

NAMES = """
setup end run run_for run_until reset initialize
get_current_time get_time_step get_min_delay get_max_delay num_processes rank
create connect set record record_v record_gsyn
Population PopulationView Assembly Projection Network Space
NumpyRNG GSLRNG RandomDistribution NativeRNG errors random space simulator standardmodels
IF_curr_exp IF_curr_alpha IF_curr_delta IF_cond_exp IF_cond_alpha IF_cond_exp_gsfa_grr
IF_facets_hardware1 EIF_cond_exp_isfa_ista EIF_cond_alpha_isfa_ista HH_cond_exp Izhikevich
GIF_cond_exp PointNeuron LIF AdExp ExpPSR AlphaPSR BetaPSR CurrExpPostSynapticResponse
CondExpPostSynapticResponse CondAlphaPostSynapticResponse CondBetaPostSynapticResponse
SpikeSourceArray SpikeSourcePoisson SpikeSourcePoissonRefractory SpikeSourceGamma
SpikeSourceInhGamma
StaticSynapse ElectricalSynapse TsodyksMarkramSynapse SimpleStochasticSynapse
StochasticTsodyksMarkramSynapse MultiQuantalSynapse STDPMechanism SpikePairRule Vogels2011Rule
AdditiveWeightDependence MultiplicativeWeightDependence GutigWeightDependence
AdditivePotentiationMultiplicativeDepression
DCSource StepCurrentSource ACSource NoisyCurrentSource
AllToAllConnector OneToOneConnector FixedProbabilityConnector FixedNumberPreConnector
FixedNumberPostConnector FixedTotalNumberConnector DistanceDependentProbabilityConnector
DisplacementDependentProbabilityConnector IndexBasedProbabilityConnector FromListConnector
FromFileConnector ArrayConnector CloneConnector CSAConnector SmallWorldConnector
native_cell_type native_synapse_type native_electrode_type cell_type synapse_type current_type
list_standard_models save_state restore_state
""".split()


@pytest.mark.parametrize("name", NAMES)
def test_scripts_find_it_both_ways(name):
    scope = {}
    exec("from pynn_hx.sim import *", scope)
    assert scope[name] is getattr(sim, name)


def test_modules_are_pynns():
    assert sim.random.__name__ == "pyNN.random"
    assert sim.space.__name__ == "pyNN.space"
    assert sim.simulator.name == "HX"


IMPORT = """
import sys, threading
import pynn_hx.sim as sim
assert not any(name.startswith(("numba.cuda.cudadrv.devices", "sympy")) for name in sys.modules)
assert sim.session.state._network is None
sim.setup()
cells = sim.Population(10, sim.IF_curr_exp())
sim.Projection(cells, cells, sim.OneToOneConnector())
cells.record("v")
assert sim.session.state._network is None
assert threading.active_count() == 1
"""


def test_nothing_is_allocated_before_the_first_run():
    subprocess.run(
        [sys.executable, "-c", IMPORT], env={"PYTHONPATH": ":".join(sys.path)}, check=True
    )


def test_all_standard_models_that_are_listed_can_be_made():
    sim.setup(0.1)
    names = sim.list_standard_models()
    assert "IF_cond_exp" in names
    assert names == sorted(names)
    for name in names:
        if name != "PointNeuron":
            sim.Population(1, getattr(sim, name)())
    sim.run(0.1)


def test_the_procedural_interface():
    sim.setup(0.1)
    with pytest.warns(DeprecationWarning):
        source = sim.create(sim.SpikeSourceArray(spike_times=[1.0]), n=2)
        cells = sim.create(sim.IF_curr_exp(), n=3)
        projection = sim.connect(source[0], cells, weight=0.5, delay=1.0)
        sim.set(cells, tau_m=10.0)
        sim.initialize(cells, v=-60.0)
    assert projection.get(["weight", "delay"], "list") == [(0, j, 0.5, 1.0) for j in range(3)]
    assert cells.get("tau_m") == 10.0
