"""Where a network is on the chip: circuits in the middle, their synapses above and below.

The upper half's synapses are drawn above its row of circuits, the lower half's below; columns are
those of circuits and of their synapses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from firmware_protocol.coordinates import N_BUSES, N_COLUMNS, N_ROWS

from ..mapping.graph import Ints
from .colours import Colour, ink_on, population_colours
from .placed import NOBODY, PlacedNetwork

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Pixels = npt.NDArray[np.float64]

_SIGNS = {
    1: ("excitatory row", "white"),
    2: ("inhibitory row", "black"),
    0: ("row not in use", "0.8"),
}
_EMPTY: Colour = (1.0, 1.0, 1.0)
_UNUSED_ROW: Colour = (0.92, 0.92, 0.92)
_MOST_WRITTEN_LABELS = 1000
_LINES = "0.75"
_MOST_LABELLED_ROWS = 24
_MOST_OUTLINED_COLUMNS = 48
_MOST_LEGEND_ENTRIES = 24


@dataclass(frozen=True)
class _Layout:
    """What is shown where; y grows downwards, in synapse rows.

    rows         by half, numbers of the rows that are drawn, from top to bottom
    top          y of the first row of each half
    circuits     by half that is drawn, y at which its row of circuits begins; `height` of a row
    first, last  columns
    bottom       y at which the picture ends
    """

    rows: tuple[Ints, Ints]
    top: tuple[float, float]
    circuits: dict[int, float]
    height: float
    first: int
    last: int
    bottom: float

    @property
    def width(self) -> int:
        return self.last - self.first + 1

    @property
    def is_small(self) -> bool:
        """Whether single rows and synapses can be told apart."""
        n_rows = self.rows[0].size + self.rows[1].size
        return n_rows <= _MOST_LABELLED_ROWS and self.width <= _MOST_OUTLINED_COLUMNS


def chip_map(
    axes: Axes,
    network: Any,
    *,
    by_source: bool = True,
    sort_by_bus: bool = True,
    only_used: bool = True,
    half: int | None = None,
    colours: Sequence[Colour] | None = None,
    circuit_height: float | None = None,
    alpha: float = 1.0,
    shade_unused: bool = True,
    label_synapses: bool = False,
    grid: bool = False,
) -> None:
    """Draw which circuits, synapse rows and labels a network takes.

    network         a session after its mapping (``pynn_hx.simulator.state``), or a PlacedNetwork
    by_source       colour synapses by the population that sends, else by the one that receives
    sort_by_bus     group rows by the PADI bus of their drivers, else show them as on the chip
    only_used       leave out rows and outer columns that are not in use
    half            0 top or 1 bottom, to draw only this one
    colours         one per population; default: `population_colours`
    circuit_height  of a row of circuits, in synapse rows
    alpha           of synapses
    shade_unused    grey out rows that are not in use
    label_synapses  write the label into each synapse, if there are not more than 1000
    grid            lines at the ticks of columns
    Bars beside the drivers show how many labels their synapses listen to; a dotted line is where
    the blocks of columns end, between which nothing is joined.
    Raises          RuntimeError if nothing is mapped, ValueError if labels could not be read
    """
    placed = network if isinstance(network, PlacedNetwork) else PlacedNetwork.of(network)
    shades = list(colours) if colours is not None else population_colours(len(placed.labels))
    halves = (0, 1) if half is None else (half,)
    layout = _arrange(placed, halves, sort_by_bus, only_used, circuit_height)
    if label_synapses:
        _write_labels(axes, placed, layout, shades, by_source)
    unused = _UNUSED_ROW if shade_unused else _EMPTY
    _draw_synapses(axes, placed, layout, [*shades, unused], by_source, alpha)
    _draw_circuits(axes, placed, layout, shades)
    _draw_axis(axes, layout, sort_by_bus, grid)
    _draw_label_counts(axes, placed, layout)
    _draw_legend(axes, placed, layout, shades, by_source)


def _arrange(
    placed: PlacedNetwork,
    halves: Sequence[int],
    sort_by_bus: bool,
    only_used: bool,
    circuit_height: float | None,
) -> _Layout:
    rows = []
    for half in (0, 1):
        used = placed.routing.row_mode[half] != 0
        shown = np.flatnonzero(used) if only_used else np.arange(N_ROWS)
        if sort_by_bus:
            shown = shown[np.argsort(shown // 2 % N_BUSES, kind="stable")]
        elif half == 0:
            shown = shown[::-1]  # row 0 is the one beside the circuits
        rows.append(shown if half in halves else shown[:0])
    upper, lower = rows
    height = (
        max(1.5, 0.06 * (upper.size + lower.size)) if circuit_height is None else circuit_height
    )
    first, last = _columns(placed) if only_used else (0, N_COLUMNS - 1)
    y = upper.size + (height / 4 if upper.size else 0)
    circuits = {half: y + i * height for i, half in enumerate(halves)}
    end = y + len(halves) * height
    top_of_lower = end + height / 4
    bottom = top_of_lower + lower.size if lower.size else end
    return _Layout((upper, lower), (0.0, top_of_lower), circuits, height, first, last, bottom)


def _columns(placed: PlacedNetwork) -> tuple[int, int]:
    """The columns in use, and one more on each side; at least eight."""
    used = np.flatnonzero((placed.circuits != NOBODY).any(axis=0))
    if not used.size:
        return 0, N_COLUMNS - 1
    first, last = max(int(used[0]) - 1, 0), min(int(used[-1]) + 1, N_COLUMNS - 1)
    return first, min(max(last, first + 7), N_COLUMNS - 1)


# --- parts of the picture -----------------------------------------------------------------------


def _show(axes: Axes, pixels: Pixels, left: float, right: float, y: float, height: float) -> None:
    axes.imshow(
        pixels,
        extent=(left, right, y + height, y),
        aspect="auto",
        interpolation="nearest",
        origin="upper",
    )


def _draw_synapses(
    axes: Axes,
    placed: PlacedNetwork,
    layout: _Layout,
    shades: Sequence[Colour],
    by_source: bool,
    alpha: float,
) -> None:
    populations = placed.synapses(by_source=by_source)
    *of_populations, unused = shades
    table = np.array([*of_populations, _EMPTY])  # NOBODY is the last
    left, right = layout.first - 0.5, layout.last + 0.5
    for half, (rows, y) in enumerate(zip(layout.rows, layout.top, strict=True)):
        if not rows.size:
            continue
        shown = populations[half][rows, layout.first : layout.last + 1]
        pixels = 1 - alpha * (1 - table[shown])
        mode = placed.routing.row_mode[half][rows]
        pixels[mode == 0] = unused
        _show(axes, pixels, left, right, y, rows.size)
        signs = np.array([_rgb(_SIGNS[m][1]) for m in (0, 1, 2)])[mode][:, None]
        strip = _strip(layout)
        _show(axes, signs, *strip, y, rows.size)
        for begin, end in ((left, right), strip):
            _frame(axes, begin, end, y, rows.size)
        if layout.is_small:
            _outline(axes, layout, y, rows.size, rows.size)


def _strip(layout: _Layout) -> tuple[float, float]:
    """Left and right end of the strip that shows the signs of rows."""
    return layout.first - 0.5 - 0.04 * layout.width, layout.first - 0.5 - 0.015 * layout.width


def _write_labels(
    axes: Axes,
    placed: PlacedNetwork,
    layout: _Layout,
    shades: Sequence[Colour],
    by_source: bool,
) -> None:
    r = placed.routing
    if r.synapse_label.size > _MOST_WRITTEN_LABELS:
        raise ValueError(
            f"chip_map: labels of {r.synapse_label.size} synapses cannot be read (at most "
            f"{_MOST_WRITTEN_LABELS}); leave label_synapses out"
        )
    y_of_row = np.full((2, N_ROWS), np.nan)
    for half, (rows, top) in enumerate(zip(layout.rows, layout.top, strict=True)):
        y_of_row[half, rows] = top + 0.5 + np.arange(rows.size)
    y = y_of_row[r.half, r.row]
    owner = placed.owner[placed.pre if by_source else placed.post]
    for k in np.flatnonzero(~np.isnan(y)).tolist():
        axes.text(
            r.column[k],
            y[k],
            str(r.synapse_label[k]),
            ha="center",
            va="center",
            fontsize="small" if layout.is_small else "xx-small",
            color=ink_on(shades[owner[k]]),
        )


def _draw_circuits(
    axes: Axes, placed: PlacedNetwork, layout: _Layout, shades: Sequence[Colour]
) -> None:
    table = np.array([*shades, _EMPTY])
    left, right = layout.first - 0.5, layout.last + 0.5
    for half, y in layout.circuits.items():
        shown = placed.circuits[half][layout.first : layout.last + 1]
        _show(axes, table[shown][None], left, right, y, layout.height)
        _frame(axes, left, right, y, layout.height)
        if layout.is_small:
            _outline(axes, layout, y, layout.height, 1)
        for population, begin, end in _stretches(shown):
            name = placed.labels[population]
            if end - begin > 0.014 * len(name) * layout.width:
                axes.text(
                    layout.first + (begin + end - 1) / 2,
                    y + layout.height / 2,
                    name,
                    ha="center",
                    va="center",
                    fontsize="small",
                    color=ink_on(shades[population]),
                )


def _stretches(owners: Ints) -> list[tuple[int, int, int]]:
    """(population, begin, end) of neighbours of the same population."""
    edges = np.flatnonzero(np.diff(owners)) + 1
    bounds = [0, *edges.tolist(), owners.size]
    return [(int(owners[b]), b, e) for b, e in pairwise(bounds) if owners[b] != NOBODY]


def _frame(axes: Axes, left: float, right: float, y: float, height: float) -> None:
    xs, ys = (left, right, right, left, left), (y, y, y + height, y + height, y)
    axes.plot(xs, ys, color="0.3", linewidth=0.6, clip_on=False)


def _outline(axes: Axes, layout: _Layout, y: float, height: float, n_rows: int) -> None:
    """Lines between columns and rows."""
    columns = np.arange(layout.first, layout.last) + 0.5
    axes.vlines(columns, y, y + height, color=_LINES, linewidth=0.5)
    left, right = layout.first - 0.5, layout.last + 0.5
    axes.hlines(y + np.arange(1, n_rows), left, right, color=_LINES, linewidth=0.5)


def _draw_axis(axes: Axes, layout: _Layout, sort_by_bus: bool, grid: bool) -> None:
    axes.set_xlim(_strip(layout)[0] - 0.01 * layout.width, layout.last + 0.5)
    axes.set_ylim(layout.bottom, 0)
    axes.set_xlabel("column of circuits and synapses")
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    names = ("top circuits", "bottom circuits")
    ticks = [(y + layout.height / 2, names[half]) for half, y in layout.circuits.items()]
    for top, rows in zip(layout.top, layout.rows, strict=True):
        ticks += _bus_ticks(axes, top, rows, layout) if sort_by_bus else _row_ticks(top, rows)
    axes.set_yticks([y for y, _ in ticks], [name for _, name in ticks], fontsize="small")
    axes.tick_params(axis="y", length=0)
    if layout.first < N_COLUMNS // 2 <= layout.last:
        axes.axvline(N_COLUMNS // 2 - 0.5, color=_LINES, linestyle=":", linewidth=1)
    if grid:
        axes.grid(axis="x", color=_LINES, linewidth=0.4)


def _bus_ticks(axes: Axes, top: float, rows: Ints, layout: _Layout) -> list[tuple[float, str]]:
    ticks = []
    bus = rows // 2 % N_BUSES
    for number in np.unique(bus).tolist():
        places = np.flatnonzero(bus == number)
        ticks.append((top + places.mean() + 0.5, f"bus {number}"))
        if layout.is_small:
            ticks[-1:] = [(top + i + 0.5, f"bus {number}, row {rows[i]}") for i in places]
        if places[0] > 0:
            y = top + places[0]
            axes.plot((layout.first - 0.5, layout.last + 0.5), (y, y), color="0.3", linewidth=0.8)
    return ticks


def _row_ticks(top: float, rows: Ints) -> list[tuple[float, str]]:
    step = 1 if rows.size <= _MOST_LABELLED_ROWS else 32
    return [(top + i + 0.5, f"row {rows[i]}") for i in range(rows.size) if rows[i] % step == 0]


def _draw_label_counts(axes: Axes, placed: PlacedNetwork, layout: _Layout) -> None:
    """Bars to the right: one per driver that is shown."""
    counts = placed.labels_of_drivers()
    panel = axes.inset_axes((1.03, 0.0, 0.12, 1.0))
    ys, heights, widths = [], [], []
    for half, (rows, top) in enumerate(zip(layout.rows, layout.top, strict=True)):
        for driver in np.unique(rows // 2).tolist():
            places = np.flatnonzero(rows // 2 == driver)
            ys.append(top + places[0])
            heights.append(places.size)
            widths.append(int(counts[half, driver]))
    panel.barh(ys, widths, height=heights, align="edge", color="0.45", edgecolor="white",
               linewidth=0.3)  # fmt: skip
    panel.set_ylim(axes.get_ylim())
    panel.set_xlim(0, max([1, *widths]) * 1.1)
    panel.set_xticks([max([1, *widths])])
    panel.set_yticks([])
    panel.set_xlabel("labels\nper driver", fontsize="small")
    panel.tick_params(labelsize="small")
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)


def _draw_legend(
    axes: Axes,
    placed: PlacedNetwork,
    layout: _Layout,
    shades: Sequence[Colour],
    by_source: bool,
) -> None:
    from matplotlib.patches import Patch

    sources = set(np.unique(placed.owner).tolist()) - {NOBODY}
    shown = sorted(sources)[:_MOST_LEGEND_ENTRIES]
    handles = [
        Patch(facecolor=shades[k], edgecolor="0.3", linewidth=0.5, label=placed.labels[k])
        for k in shown
    ]
    if len(sources) > len(shown):
        handles.append(Patch(facecolor="none", label=f"and {len(sources) - len(shown)} more"))
    modes = np.concatenate(
        [placed.routing.row_mode[half][rows] for half, rows in enumerate(layout.rows)]
    )
    handles += [
        Patch(facecolor=colour, edgecolor="0.3", linewidth=0.5, label=name)
        for mode, (name, colour) in _SIGNS.items()
        if np.any(modes == mode)
    ]
    role = "sends" if by_source else "receives"
    axes.legend(
        handles=handles,
        title=f"synapses have the colour of the population that {role}",
        title_fontsize="small",
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(0.0, 1.01),
        ncols=min(4, len(handles)),
        fontsize="small",
        frameon=False,
        borderaxespad=0.0,
    )


def _rgb(colour: str) -> Colour:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    return red, green, blue
