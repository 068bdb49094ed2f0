"""PyNN on the BrainScaleS-2 chip: ``import pynn_hx as pynn``.

What is here and what is not yet: ``docs/reference/pynn_api.md``.
"""

import importlib
from typing import Any

from pyNN import common, core, descriptions, errors, parameters, random, space
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.recording import get_io
from pyNN.space import Space

from . import (
    connectors,
    helper,
    plasticity_rules,
    populations,
    projections,
    recording,
    session,
    standardmodels,
)
from . import recorded as recording_data
from . import session as simulator
from .alias import register_pynn_alias
from .calibration_settings import SpikingCalibOptions, SpikingCalibTarget
from .connectors import (
    AllToAllConnector,
    ArrayConnector,
    CloneConnector,
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
    OneToOneConnector,
    SmallWorldConnector,
)
from .control import (
    DEFAULT_MAX_DELAY,
    DEFAULT_MIN_DELAY,
    RunCommand,
    end,
    get_backend_statistics,
    get_current_time,
    get_execution_instance_data,
    get_max_delay,
    get_min_delay,
    get_post_realtime_read,
    get_post_realtime_read_ppu_symbols,
    get_pre_realtime_read,
    get_time_step,
    list_standard_models,
    num_processes,
    preprocess,
    rank,
    reset,
    run,
    run_for,
    run_until,
    setup,
)
from .plasticity_rules import PlasticityRule, Timer
from .populations import Assembly, Population, PopulationView
from .procedural_api import connect, create, initialize, record, set
from .projections import Connection, Projection
from .standardmodels import cells, synapses
from .standardmodels.synapses import StaticSynapse

# What few scripts need is loaded when it is asked for.
_LAZY = {
    "InjectedConfiguration": ".injection",
    "InjectedReadout": ".injection",
    "hal": ".vendor",
    "halco": ".vendor",
    "lola": ".vendor",
    "sta": ".vendor",
    "logger": "",
    "morphology": "",
    "plot": "",
    "serialization": "pyNN",
}
# What lies below the chip's other PyNN backend and has no counterpart here.
_LOWER_LAYERS = ("grenade", "grenade_common", "hxcomm")


def __getattr__(name: str) -> Any:
    if name in _LOWER_LAYERS:
        raise AttributeError(
            f"pynn_hx.{name}: the software below the chip's other PyNN backend is not part of this "
            "one; see get_backend_statistics(), get_execution_instance_data() and setup(target=...)"
        )
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _LAZY[name]
    if module in ("", ".vendor", "pyNN"):
        found: Any = importlib.import_module(f"{module}.{name}", __name__)
    else:
        found = getattr(importlib.import_module(module, __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


# Scripts that pick their backend by a word find pynn_hx.sim as pyNN.hx; nothing is loaded yet.
register_pynn_alias()

__all__ = [
    "DEFAULT_MAX_DELAY",
    "DEFAULT_MIN_DELAY",
    "GSLRNG",
    "AllToAllConnector",
    "ArrayConnector",
    "Assembly",
    "CSAConnector",
    "CloneConnector",
    "Connection",
    "DisplacementDependentProbabilityConnector",
    "DistanceDependentProbabilityConnector",
    "FixedNumberPostConnector",
    "FixedNumberPreConnector",
    "FixedProbabilityConnector",
    "FixedTotalNumberConnector",
    "FromFileConnector",
    "FromListConnector",
    "IndexBasedProbabilityConnector",
    "InjectedConfiguration",
    "InjectedReadout",
    "NumpyRNG",
    "OneToOneConnector",
    "PlasticityRule",
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "RunCommand",
    "SmallWorldConnector",
    "Space",
    "SpikingCalibOptions",
    "SpikingCalibTarget",
    "StaticSynapse",
    "Timer",
    "cells",
    "common",
    "connect",
    "connectors",
    "core",
    "create",
    "descriptions",
    "end",
    "errors",
    "get_backend_statistics",
    "get_current_time",
    "get_execution_instance_data",
    "get_io",
    "get_max_delay",
    "get_min_delay",
    "get_post_realtime_read",
    "get_post_realtime_read_ppu_symbols",
    "get_pre_realtime_read",
    "get_time_step",
    "hal",
    "halco",
    "helper",
    "initialize",
    "list_standard_models",
    "logger",
    "lola",
    "morphology",
    "num_processes",
    "parameters",
    "plasticity_rules",
    "plot",
    "populations",
    "preprocess",
    "projections",
    "random",
    "rank",
    "record",
    "recording",
    "recording_data",
    "register_pynn_alias",
    "reset",
    "run",
    "run_for",
    "run_until",
    "serialization",
    "session",
    "set",
    "setup",
    "simulator",
    "space",
    "sta",
    "standardmodels",
    "synapses",
]
