"""PyNN on software models: ``import pynn_hx.sim as sim``.

Models are equations, from which fast code is made for the CPU or a GPU; what is here and how it
differs from other backends: ``docs/reference/sim_api.md``.
"""

from pyNN import common, core, errors, morphology, parameters, random, space
from pyNN.network import Network
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.recording import get_io
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType

from ..alias import register_pynn_alias
from . import connectors, session, standardmodels
from . import session as simulator
from .connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
    Connector,
    CSAConnector,
    DisplacementDependentProbabilityConnector,
    DistanceDependentProbabilityConnector,
    FixedNumberPostConnector,
    FixedNumberPreConnector,
    FixedProbabilityConnector,
    FixedTotalNumberConnector,
    FromFileConnector,
    FromListConnector,
    IndexBasedProbabilityConnector,
    MapConnector,
    OneToOneConnector,
    SmallWorldConnector,
)
from .control import (
    DEFAULT_MAX_DELAY,
    DEFAULT_MIN_DELAY,
    DEFAULT_TIMESTEP,
    end,
    get_current_time,
    get_max_delay,
    get_min_delay,
    get_time_step,
    initialize,
    num_processes,
    rank,
    reset,
    restore_state,
    run,
    run_for,
    run_until,
    save_state,
    setup,
)
from .native import (
    NativeCellType,
    NativeElectrodeType,
    NativeSynapseType,
    cell_type,
    current_type,
    native_cell_type,
    native_electrode_type,
    native_synapse_type,
    synapse_type,
)
from .native_random import NativeRNG
from .populations import Assembly, Population, PopulationView
from .procedural_api import connect, create, record, record_gsyn, record_v, set
from .projections import Connection, Projection
from .standardmodels.cells import (
    EIF_cond_alpha_isfa_ista,
    EIF_cond_exp_isfa_ista,
    GIF_cond_exp,
    HH_cond_exp,
    IF_cond_alpha,
    IF_cond_exp,
    IF_cond_exp_gsfa_grr,
    IF_curr_alpha,
    IF_curr_delta,
    IF_curr_exp,
    IF_facets_hardware1,
    Izhikevich,
)
from .standardmodels.electrodes import ACSource, DCSource, NoisyCurrentSource, StepCurrentSource
from .standardmodels.plasticity import (
    AdditivePotentiationMultiplicativeDepression,
    AdditiveWeightDependence,
    GutigWeightDependence,
    MultiplicativeWeightDependence,
    SpikePairRule,
    STDPMechanism,
    Vogels2011Rule,
)
from .standardmodels.receptors import (
    LIF,
    AdExp,
    AlphaPSR,
    BetaPSR,
    CondAlphaPostSynapticResponse,
    CondBetaPostSynapticResponse,
    CondExpPostSynapticResponse,
    CurrAlphaPostSynapticResponse,
    CurrExpPostSynapticResponse,
    ExpPSR,
    PointNeuron,
)
from .standardmodels.sources import (
    SpikeSourceArray,
    SpikeSourceGamma,
    SpikeSourceInhGamma,
    SpikeSourcePoisson,
    SpikeSourcePoissonRefractory,
)
from .standardmodels.synapses import (
    ElectricalSynapse,
    MultiQuantalSynapse,
    SimpleStochasticSynapse,
    StaticSynapse,
    StochasticTsodyksMarkramSynapse,
    TsodyksMarkramSynapse,
)

name = session.name
"""Of the simulator."""
# No __all__: scripts say "from pynn_hx.sim import *" and mean everything.


def list_standard_models() -> list[str]:
    """Names of the standard cell types."""
    modules = (standardmodels.cells, standardmodels.receptors, standardmodels.sources)
    found = (one for module in modules for one in vars(module).values())
    return sorted(
        {
            one.__name__
            for one in found
            if isinstance(one, type)
            and issubclass(one, StandardCellType)
            and one.__module__.startswith(__name__)
        }
    )


register_pynn_alias()  # now that this module is loaded, pyNN.hx is an attribute, too
