"""Projections: connections between populations, and where they are on the chip."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np
from pyNN import common
from pyNN.space import Space

from . import session
from .mapping.demand import MAX_WEIGHT
from .mapping.graph import Connections
from .projection_ends import End, check_targets
from .projection_values import Connection, ConnectionArrays
from .standardmodels.synapses import StaticSynapse

if TYPE_CHECKING:
    from .vendor.halco import SynapseOnDLS

__all__ = ["Connection", "Projection"]


class Projection(ConnectionArrays):
    """All connections of one kind between two populations, views or assemblies.

    Connections are kept sorted by (presynaptic, postsynaptic) index; several of one pair stay in
    the order in which the connector made them.

    receptor_type                  "excitatory" if None
    pre_compartment, post_compartment  compartment that sends and that receives, 0 for the first
                                   and for point neurons; a list of them for an Assembly
    Raises  ConnectionError (cells that cannot receive, receptor, sign of a weight), ValueError
            (delay, location), TypeError (connector, synapse type); then nothing has changed
    """

    _simulator = session
    _static_synapse_class = StaticSynapse

    def __init__(
        self,
        presynaptic_neurons: Any,
        postsynaptic_neurons: Any,
        connector: Any,
        synapse_type: Any = None,
        source: str | None = None,
        receptor_type: str | None = None,
        space: Space | None = None,
        label: str | None = None,
    ) -> None:
        state = session.require("Projection()")
        check_targets(postsynaptic_neurons)
        if synapse_type is not None and not isinstance(synapse_type, StaticSynapse):
            raise TypeError(
                f"projection: synapse type {type(synapse_type).__name__} is not one of this chip; "
                "use pynn_hx.synapses.StaticSynapse"
            )
        super().__init__(
            presynaptic_neurons,
            postsynaptic_neurons,
            connector,
            synapse_type,
            source,
            receptor_type or "excitatory",
            space or Space(),
            label,
        )
        self._place = f"projection {self.label!r}"
        sends = getattr(connector, "source_location_selector", None)
        self._pre_end = End(self.pre, sends, self._place)
        receives = getattr(connector, "location_selector", None)
        self._post_end = End(self.post, receives, self._place)
        for end in (self._pre_end, self._post_end):
            end.require_session("Projection()")
        self.pre_compartment = _one_or_list(self._pre_end)
        self.post_compartment = _one_or_list(self._post_end)
        self._parts = []
        connector.connect(self)
        self._finish()
        self._number = len(state.projections)
        state.projections.append(self)

    def get_data(self, observable: str) -> Any:
        """Observables of a plasticity rule; RuntimeError as there is none."""
        raise RuntimeError(
            f"{self._place}: get_data({observable!r}): its synapses have no plasticity rule"
        )

    def as_connections(self) -> Connections:
        """The projection as plain arrays in network numbering."""
        weight = np.abs(self._weight).astype(np.int64)
        n_synapses = np.maximum(-(-weight // MAX_WEIGHT), 1)
        return Connections(
            self._pre_end.source_numbers()[self._pre],
            self._post_end.slots(self._post, n_synapses, self._number),
            weight,
            np.full(len(self), self.receptor_type == "inhibitory"),
        )

    @property
    def placed_connections(self) -> list[list[SynapseOnDLS]]:
        """The hardware synapses of each connection, in the order of `connections`.

        They are coordinates that injected configurations and readouts take.

        Raises  RuntimeError before the network is mapped
        """
        state = session.require("placed_connections")
        connection, half, row, column = state.mapped_synapses(self)
        number = (half * 256 + row) * 256 + column
        kind = importlib.import_module(".vendor.halco", __package__).SynapseOnDLS  # few need it
        placed: list[list[SynapseOnDLS]] = [[] for _ in range(len(self))]
        for c, synapse in zip(connection.tolist(), number.tolist(), strict=True):
            placed[c].append(kind(synapse))
        return placed


def _one_or_list(end: End) -> int | list[int]:
    is_assembly = isinstance(end.cells, common.Assembly)
    return list(end.compartments) if is_assembly else end.compartments[0]
