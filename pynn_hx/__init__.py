"""PyNN on the BrainScaleS-2 chip: ``import pynn_hx as pynn``.

What is here and what is not yet: ``docs/reference/pynn_api.md``.
"""

import importlib
from typing import Any

from pyNN import common, errors, random, space
from pyNN.random import GSLRNG, NumpyRNG, RandomDistribution
from pyNN.recording import get_io
from pyNN.space import Space

from . import connectors, helper, populations, projections, session, standardmodels
from . import session as simulator
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
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _LAZY[name]
    if module in ("", ".vendor"):
        found: Any = importlib.import_module(f"{module}.{name}", __name__)
    else:
        found = getattr(importlib.import_module(module, __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})


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
    "Population",
    "PopulationView",
    "Projection",
    "RandomDistribution",
    "RunCommand",
    "SmallWorldConnector",
    "Space",
    "StaticSynapse",
    "cells",
    "common",
    "connect",
    "connectors",
    "create",
    "end",
    "errors",
    "get_backend_statistics",
    "get_current_time",
    "get_execution_instance_data",
    "get_io",
    "get_max_delay",
    "get_min_delay",
    "get_post_realtime_read",
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
    "plot",
    "populations",
    "preprocess",
    "projections",
    "random",
    "rank",
    "record",
    "reset",
    "run",
    "run_for",
    "run_until",
    "session",
    "set",
    "setup",
    "simulator",
    "space",
    "sta",
    "standardmodels",
    "synapses",
]
