"""PyNN's older procedural interface."""

from __future__ import annotations

from typing import Any

from pyNN import common

from . import session
from .connectors import FixedProbabilityConnector
from .populations import Population
from .projections import Projection
from .standardmodels.synapses import StaticSynapse

create = common.build_create(Population)
connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
record = common.build_record(session)
set = common.set


def record_v(source: Any, filename: Any) -> None:
    """Record the membrane potential into a file; older than `record`."""
    record("v", source, filename)


def record_gsyn(source: Any, filename: Any) -> None:
    """Record the synaptic conductances into a file; older than `record`."""
    record(["gsyn_exc", "gsyn_inh"], source, filename)
