"""How much of a chip a mapped network takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firmware_protocol.coordinates import N_COLUMNS, N_DRIVERS, N_NEURONS, N_ROWS, N_SYNRAMS

from .graph import Network
from .route import Routing

N_SYNAPSES = N_SYNRAMS * N_ROWS * N_COLUMNS


@dataclass(frozen=True)
class MappedTopologyStatistics:
    """Sizes of a network and of what it takes of the chip.

    n_synapses       hardware synapses; a connection of weight 0..63 takes one
    n_synapse_rows   rows in use, of which each carries one sign
    fullest_column   synapses of the neuron that has the most (a column has 256)
    n_executions     parts of the network that the chip holds one after the other
    mapping_s        wall time of placing, routing and configuring [s]
    """

    n_populations: int
    n_projections: int
    n_neurons: int
    n_external: int
    n_connections: int
    n_synapses: int
    n_synapse_rows: int
    n_synapse_drivers: int
    fullest_column: int
    mapping_s: float
    n_background: int = 0
    n_executions: int = 1

    @property
    def neuron_usage(self) -> float:
        """Fraction of the chip's neuron circuits in use."""
        return self.n_neurons / (N_NEURONS * self.n_executions)

    @property
    def synapse_usage(self) -> float:
        """Fraction of the chip's synapses in use."""
        return self.n_synapses / (N_SYNAPSES * self.n_executions)

    @property
    def synapse_driver_usage(self) -> float:
        """Fraction of the chip's synapse drivers in use."""
        return self.n_synapse_drivers / (N_SYNRAMS * N_DRIVERS * self.n_executions)

    def __str__(self) -> str:
        return "\n".join(
            (
                f"{type(self).__name__}:",
                f"  populations         {self.n_populations}",
                f"  projections         {self.n_projections}",
                f"  neurons             {self.n_neurons} ({self.neuron_usage:.1%} of the chip)",
                f"  external sources    {self.n_external}",
                f"  background cells    {self.n_background}",
                f"  connections         {self.n_connections}",
                f"  synapses            {self.n_synapses} ({self.synapse_usage:.1%})",
                f"  synapse rows        {self.n_synapse_rows}",
                f"  synapse drivers     {self.n_synapse_drivers} ({self.synapse_driver_usage:.1%})",
                f"  fullest column      {self.fullest_column} of {N_ROWS} synapses",
                f"  executions          {self.n_executions}",
                f"  mapped in           {1e3 * self.mapping_s:.1f} ms",
            )
        )


def summarise(
    network: Network,
    routings: Sequence[Routing],
    *,
    n_populations: int,
    n_projections: int,
    mapping_s: float,
) -> MappedTopologyStatistics:
    """Count what the routings of a network's parts use; usages are means over the parts."""
    columns = [np.bincount(r.half * N_COLUMNS + r.column, minlength=1) for r in routings]
    return MappedTopologyStatistics(
        n_populations=n_populations,
        n_projections=n_projections,
        n_neurons=network.n_neurons,
        n_external=network.n_external,
        n_connections=int(network.connections.pre.size),
        n_background=sum(b.size for b in network.background),
        n_synapses=sum(int(r.row.size) for r in routings),
        n_synapse_rows=sum(int(np.count_nonzero(r.row_mode)) for r in routings),
        n_synapse_drivers=sum(int(np.count_nonzero(r.receiver)) for r in routings),
        fullest_column=max(int(column.max()) for column in columns),
        n_executions=len(routings),
        mapping_s=mapping_s,
    )
