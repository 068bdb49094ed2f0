"""Who is connected to whom: weights of a projection, numbers of synapses of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..mapping.graph import Ints
from .placed import NOBODY, PlacedNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_CELLS_WITH_NUMBERS = 11
_NO_CONNECTION = "0.9"


def weight_matrix(axes: Axes, projection: Any) -> None:
    """Draw the digital weights of a projection; where two connections are parallel, their sum.

    Small matrices show the numbers.  Pairs of cells that are not connected are grey.
    """
    from matplotlib.ticker import MaxNLocator

    weights = np.atleast_2d(projection.get("weight", format="array"))
    connected = ~np.isnan(weights)
    largest = float(np.abs(weights[connected]).max(initial=0))
    limit = max(largest, 1.0) if largest > 63 else 63.0
    inhibitory = projection.receptor_type == "inhibitory"
    axes.set_facecolor(_NO_CONNECTION)
    image = axes.imshow(
        np.ma.masked_invalid(weights),
        cmap="Purples_r" if inhibitory else "Oranges",
        vmin=-limit if inhibitory else 0,
        vmax=0 if inhibitory else limit,
        aspect="auto" if max(weights.shape) > 3 * min(weights.shape) else "equal",
        interpolation="nearest",
    )
    axes.set_xlabel(f"cell of {projection.post.label}")
    axes.set_ylabel(f"cell of {projection.pre.label}")
    axes.set_title(
        f"{projection.receptor_type}, {np.count_nonzero(connected)} pairs connected",
        fontsize="medium",
    )
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if axes.figure is not None:
        axes.figure.colorbar(image, ax=axes, label="weight [LSB]")
    if max(weights.shape) <= _MOST_CELLS_WITH_NUMBERS:
        _write_numbers(axes, weights, limit)


def synapse_counts(axes: Axes, network: Any, *, each_cell: bool = False, grid: bool = True) -> None:
    """Draw how many hardware synapses lead from one population to another.

    network    a session after its mapping (``pynn_hx.simulator.state``), or a PlacedNetwork
    each_cell  from one source of spikes to one neuron circuit instead
    grid       lines between populations
    """
    from matplotlib.ticker import MaxNLocator

    placed = network if isinstance(network, PlacedNetwork) else PlacedNetwork.of(network)
    counts = placed.neuron_matrix() if each_cell else placed.population_matrix()
    targets = sorted(set(placed.owner[: placed.n_slots].tolist()) - {NOBODY})
    if not each_cell:
        counts = counts[:, targets]
    axes.set_facecolor(_NO_CONNECTION)
    image = axes.imshow(
        np.ma.masked_equal(counts, 0),
        cmap="viridis_r",
        vmin=0,
        vmax=max(1, int(counts.max(initial=0))),
        aspect="auto",
        interpolation="nearest",
    )
    columns = placed.owner[: placed.n_slots] if each_cell else np.array(targets, dtype=np.int64)
    rows = placed.owner if each_cell else np.arange(len(placed.labels))
    _name_spans(axes.xaxis, columns, placed, axes.axvline if grid else None)
    _name_spans(axes.yaxis, rows, placed, axes.axhline if grid else None)
    axes.tick_params(axis="x", rotation=90)
    axes.set_xlabel("to")
    axes.set_ylabel("from")
    if axes.figure is not None:
        ticks = MaxNLocator(integer=True)
        axes.figure.colorbar(image, ax=axes, label="hardware synapses", ticks=ticks)
    if max(counts.shape) <= _MOST_CELLS_WITH_NUMBERS:
        _write_numbers(axes, np.where(counts > 0, counts, np.nan), int(counts.max(initial=1)))


def _name_spans(axis: Any, owner: Ints, placed: PlacedNetwork, line: Any) -> None:
    """Names in the middle of each population, lines between them."""
    bounds = np.array([0, *(np.flatnonzero(np.diff(owner)) + 1).tolist(), owner.size])
    if owner.size:
        middles = (bounds[:-1] + bounds[1:] - 1) / 2
        axis.set_ticks(middles, [placed.labels[owner[begin]] for begin in bounds[:-1]])
    if line is not None:
        for edge in bounds[1:-1].tolist():
            line(edge - 0.5, color="0.4", linewidth=0.6)


def _write_numbers(axes: Axes, values: Any, limit: float) -> None:
    for (row, column), value in np.ndenumerate(values):
        if not np.isnan(value):
            ink = "white" if abs(value) > 0.6 * limit else "black"
            axes.text(
                column, row, f"{value:.0f}", ha="center", va="center", color=ink, fontsize="small"
            )
