"""A list of pictures of the mapped network: chip maps and matrices.

The pictures are those of :mod:`pynn_hx.plot`, on figures of their own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import plot, session

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Ints = npt.NDArray[np.int64]


class PlotTypes(Enum):
    """Kinds of pictures."""

    CHIP_MAP = "chip_map"
    MATRIX = "matrix"


@dataclass
class _Plot:
    kind: PlotTypes
    options: dict[str, Any]
    figure: Figure | None = field(default=None)


class ChipPlotter:
    """Pictures of the network that the present session has mapped, drawn and saved by number.

    Mapped means that `run` was called, at least with ``RunCommand.PREPARE``.  The arguments are
    what pictures use unless they are told otherwise.

    do_label_synapses           write its label into each synapse
    has_grid                    grid lines
    color_is_source             synapses have the colour of the population that sends
    alpha                       of synapses
    custom_title                over the picture
    population_contrast_groups  by name, numbers of populations that get shades of one colour
    """

    def __init__(
        self,
        do_label_synapses: bool = False,
        has_grid: bool = True,
        color_is_source: bool = True,
        alpha: float = 0.9,
        custom_title: str | None = None,
        population_contrast_groups: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.default_options: dict[str, Any] = {
            "do_label_synapses": do_label_synapses,
            "has_grid": has_grid,
            "color_is_source": color_is_source,
            "alpha": alpha,
            "custom_title": custom_title,
            "population_contrast_groups": population_contrast_groups,
        }
        self.neuron_map: Ints | None = None
        self.synapse_map: Ints | None = None
        self.pop_matrix: Ints | None = None
        self.neuron_matrix: Ints | None = None
        self._plots: list[_Plot] = []

    # --- the list -------------------------------------------------------------------------------

    def add_plot_chip_map(
        self,
        do_label_synapses: bool | None = None,
        has_grid: bool | None = None,
        color_is_source: bool | None = None,
        alpha: float | None = None,
        custom_title: str | None = None,
        population_contrast_groups: Mapping[str, Sequence[int]] | None = None,
        neuron_height: int = 50,
        center: tuple[int, int] | None = None,
        sort_synapse_by_padi_bus: bool = True,
        highlight_empty_rows: bool = True,
        separate_view: bool = False,
    ) -> int:
        """Add a picture of the whole chip; returns its number.

        neuron_height         of a row of circuits, in synapse rows
        center                not there; set limits on the axes of the figure
        highlight_empty_rows  grey out rows that are not in use
        separate_view         draw the halves of the chip side by side
        Raises                NotImplementedError for `center`
        """
        if center is not None:
            raise NotImplementedError(
                f"add_plot_chip_map(center={center!r}): there is no view of a part; leave it out "
                "and set limits on the axes of what plot_by_id() returns"
            )
        given = {
            "do_label_synapses": do_label_synapses,
            "has_grid": has_grid,
            "color_is_source": color_is_source,
            "alpha": alpha,
            "custom_title": custom_title,
            "population_contrast_groups": population_contrast_groups,
        }
        own = {
            "neuron_height": neuron_height,
            "sort_synapse_by_padi_bus": sort_synapse_by_padi_bus,
            "highlight_empty_rows": highlight_empty_rows,
            "separate_view": separate_view,
        }
        return self._add(PlotTypes.CHIP_MAP, given, own)

    def add_plot_matrix(
        self,
        do_label_synapses: bool | None = None,
        has_grid: bool | None = None,
        color_is_source: bool | None = None,
        alpha: float | None = None,
        custom_title: str | None = None,
        population_contrast_groups: Mapping[str, Sequence[int]] | None = None,
        plot_each_neuron: bool = False,
    ) -> int:
        """Add a matrix of the numbers of synapses between populations; returns its number.

        Of the options that all pictures share, it uses the title and the grid.
        plot_each_neuron  between sources of spikes and neuron circuits instead
        """
        given = {
            "do_label_synapses": do_label_synapses,
            "has_grid": has_grid,
            "color_is_source": color_is_source,
            "alpha": alpha,
            "custom_title": custom_title,
            "population_contrast_groups": population_contrast_groups,
        }
        return self._add(PlotTypes.MATRIX, given, {"plot_each_neuron": plot_each_neuron})

    def _add(self, kind: PlotTypes, given: Mapping[str, Any], own: Mapping[str, Any]) -> int:
        chosen = {name: value for name, value in given.items() if value is not None}
        self._plots.append(_Plot(kind, {**self.default_options, **chosen, **own}))
        return len(self._plots) - 1

    def modify_plot(self, plot_id: int, **options: Any) -> None:
        """Change options of a picture; it is drawn anew.  TypeError for one it does not have."""
        picture = self._plot(plot_id)
        unknown = sorted(options.keys() - picture.options.keys())
        if unknown:
            raise TypeError(
                f"modify_plot({plot_id}): a {picture.kind.value} has no {', '.join(unknown)}; it "
                f"has {', '.join(picture.options)}"
            )
        picture.options.update(options)
        picture.figure = None

    def remove_plot(self, plot_id: int) -> None:
        """Take a picture off the list; later ones move up."""
        self._plots.remove(self._plot(plot_id))

    def clear_plot(self, plot_id: int) -> None:
        """Forget what was drawn, not what is to be drawn."""
        self._plot(plot_id).figure = None

    def clear_all_plots(self) -> None:
        """Forget everything that was drawn."""
        for picture in self._plots:
            picture.figure = None

    def _plot(self, plot_id: int) -> _Plot:
        if not 0 <= plot_id < len(self._plots):
            raise IndexError(
                f"there is no picture {plot_id}; {len(self._plots)} were added, numbered from 0"
            )
        return self._plots[plot_id]

    # --- drawing --------------------------------------------------------------------------------

    def plot_all(self) -> list[Figure]:
        """Draw all pictures of the network as it is mapped now."""
        return [self.plot_by_id(number) for number in range(len(self._plots))]

    def plot_by_id(self, plot_id: int) -> Figure:
        """Draw one picture; RuntimeError if nothing is mapped."""
        from matplotlib.figure import Figure

        picture, placed = self._plot(plot_id), _placed()
        options = picture.options
        is_map = picture.kind is PlotTypes.CHIP_MAP
        figure = Figure(figsize=(10, 10) if is_map else (8, 7), layout="constrained")
        if is_map:
            halves: tuple[int | None, ...] = (0, 1) if options["separate_view"] else (None,)
            columns = figure.subplots(1, len(halves), squeeze=False)[0]
            for axes, half in zip(columns, halves, strict=True):
                _draw_map(axes, placed, half, options)
        else:
            axes = figure.add_subplot()
            each_cell, grid = options["plot_each_neuron"], options["has_grid"]
            plot.synapse_counts(axes, placed, each_cell=each_cell, grid=grid)
        if options["custom_title"] is not None:
            figure.suptitle(options["custom_title"])
        picture.figure = figure
        return figure

    def save_all(
        self,
        folder: str = "",
        name: str = "",
        formats: Sequence[str] = ("png", "pdf"),
        dpi: float = 900,
    ) -> list[Path]:
        """Save all pictures; returns the files.  See `save_by_id`."""
        numbers = range(len(self._plots))
        return [path for n in numbers for path in self.save_by_id(n, folder, name, formats, dpi)]

    def save_by_id(
        self,
        plot_id: int,
        folder: str = "",
        name: str = "",
        formats: Sequence[str] = ("png", "pdf"),
        dpi: float = 900,
    ) -> list[Path]:
        """Save a picture as ``<folder>/<name>_<kind>_<number>.<format>``; returns the files.

        It is drawn first if it was not; the folder is made if it does not exist.
        """
        picture = self._plot(plot_id)
        figure = picture.figure if picture.figure is not None else self.plot_by_id(plot_id)
        stem = "_".join(part for part in (name, picture.kind.value, str(plot_id)) if part)
        Path(folder).mkdir(parents=True, exist_ok=True)
        paths = [Path(folder) / f"{stem}.{ending}" for ending in formats]
        for path in paths:
            figure.savefig(path, dpi=dpi)
        return paths

    # --- data -----------------------------------------------------------------------------------

    def retrieve_data(
        self,
        neuron_map: bool = True,
        synapse_map: bool = True,
        pop_matrix: bool = True,
        neuron_matrix: bool = True,
    ) -> None:
        """Fill the attributes of these names from the network as it is mapped now.

        neuron_map     (2, 256) row, column: number of the population of a circuit, or -1
        synapse_map    (2, 256, 256) half, row, column: of a synapse's source, or -1
        pop_matrix     (population, population) hardware synapses from one to another
        neuron_matrix  (source, circuit) the same, by source of spikes and neuron circuit
        """
        placed = _placed()
        if neuron_map:
            self.neuron_map = placed.circuits
        if synapse_map:
            self.synapse_map = placed.synapses()
        if pop_matrix:
            self.pop_matrix = placed.population_matrix()
        if neuron_matrix:
            self.neuron_matrix = placed.neuron_matrix()

    def get_padibus_pop_counts(self) -> dict[str, list[int]]:
        """Synapse rows in use on each of the chip's eight PADI buses, top half first.

        "external": rows with synapses of other sources; "onChip": of neurons; a row can have both
        """
        external, on_chip = _placed().rows_of_buses().tolist()
        return {"external": external, "onChip": on_chip}

    def get_most_often_postneuron(self) -> tuple[int, int, int]:
        """The circuit that most synapses lead to: its population, its number in it, how many."""
        placed = _placed()
        counts = np.bincount(placed.post, minlength=1)
        slot = int(counts.argmax())
        if not counts[slot]:
            raise RuntimeError("the network has no synapses; make a Projection first")
        population = int(placed.owner[slot])
        first = int(np.flatnonzero(placed.owner == population)[0])
        return population, slot - first, int(counts[slot])


def _placed() -> plot.PlacedNetwork:
    return plot.PlacedNetwork.of(session.state)


def _draw_map(
    axes: Axes, placed: plot.PlacedNetwork, half: int | None, options: Mapping[str, Any]
) -> None:
    colours = plot.population_colours(len(placed.labels), options["population_contrast_groups"])
    plot.chip_map(
        axes,
        placed,
        by_source=options["color_is_source"],
        sort_by_bus=options["sort_synapse_by_padi_bus"],
        only_used=False,
        half=half,
        colours=colours,
        circuit_height=options["neuron_height"],
        alpha=options["alpha"],
        shade_unused=options["highlight_empty_rows"],
        label_synapses=options["do_label_synapses"],
        grid=options["has_grid"],
    )
