"""Recorded data: membrane traces and spikes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .colours import PALETTE

if TYPE_CHECKING:
    import neo
    from matplotlib.axes import Axes

_TRACE, _MARK, _INPUT = PALETTE[0], PALETTE[3], "0.6"


def membrane_trace(
    axes: Axes,
    signal: neo.IrregularlySampledSignal,
    *,
    spikes: neo.SpikeTrain | None = None,
    inputs: Sequence[float] | Any = (),
) -> None:
    """Draw an analog signal over hardware time in microseconds.

    signal  (sample, 1), as `get_data("v")` returns it [LSB of the converter]
    spikes  the neuron's spikes, marked above the trace
    inputs  times [ms] of input spikes, drawn as vertical lines
    """
    times_us = np.asarray(signal.times.rescale("us"))
    values = np.asarray(signal)[:, 0]
    for k, time_ms in enumerate(inputs):
        label = "input spikes" if k == 0 else None
        axes.axvline(1e3 * float(time_ms), color=_INPUT, linestyle=":", linewidth=1, label=label)
    device = signal.annotations.get("device", "madc")
    marker = "." if device == "cadc" else ""  # its samples are far apart
    axes.plot(times_us, values, color=_TRACE, linewidth=0.8, marker=marker, label="recorded")
    if spikes is not None and len(spikes):
        height = np.full(len(spikes), values.max())
        times = np.asarray(spikes.rescale("us"))
        axes.plot(times, height, "v", color=_MARK, label="output spikes")
    names = {"v": "membrane potential", "exc_synin": "excitatory synaptic input",
             "inh_synin": "inhibitory synaptic input", "adaptation": "adaptation"}  # fmt: skip
    axes.set_xlabel("hardware time [µs]")
    axes.set_ylabel(f"{names.get(signal.name, signal.name)} [{device.upper()} LSB]")
    axes.margins(x=0)
    axes.legend(loc="lower right")


def raster(axes: Axes, spiketrains: Sequence[neo.SpikeTrain]) -> None:
    """Draw one row of marks per cell over hardware time in microseconds.

    Rows are numbers of cells in their population; trains of several populations are stacked, in the
    order in which they come.
    """
    times = [np.asarray(t.rescale("us")) for t in spiketrains]
    if times:
        axes.eventplot(times, lineoffsets=_rows(spiketrains), linelengths=0.8, colors=_TRACE)
    axes.set_xlabel("hardware time [µs]")
    axes.set_ylabel("neuron")


def _rows(spiketrains: Sequence[neo.SpikeTrain]) -> list[int]:
    """(train,) rows; trains of one cell, as several snippets leave them, share one."""
    cells = [
        (t.annotations.get("source_population"), t.annotations.get("source_index", k))
        for k, t in enumerate(spiketrains)
    ]
    if len({population for population, _ in cells}) == 1:
        return [index for _, index in cells]
    row_of = {cell: row for row, cell in enumerate(dict.fromkeys(cells))}
    return [row_of[cell] for cell in cells]
