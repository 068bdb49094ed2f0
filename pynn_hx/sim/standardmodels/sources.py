"""PyNN's spike sources."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from pyNN.errors import InvalidParameterValueError
from pyNN.parameters import Sequence
from pyNN.standardmodels import cells
from scipy import special

from simulator.handles import Sources
from simulator.network import Network

from ...spike_trains import as_trains, checked_spike_times, plain_times
from .base import Floats, Ints, SourceCell, Values, same_names


class _Interval(SourceCell):
    """A source that is active from `start` for `duration`, both in ms."""

    _shared_names: ClassVar[dict[str, str]] = {}
    """Other parameters and what the engine calls them."""

    def checked(self, values: Values, place: str) -> Values:
        """The values; InvalidParameterValueError for a negative or undefined one."""
        numbers = super().checked(values, place)
        for name, column in numbers.items():
            if column.dtype == object or name == "start":
                continue
            wrong = ~(column >= 0)
            if wrong.any():
                raise InvalidParameterValueError(
                    f"{place}: {name} = {column[wrong][0]:g} {self.units.get(name, '')} must be "
                    "a number >= 0"
                )
        return numbers

    def source_values(self, values: Values) -> dict[str, Floats]:
        """Parameters as the engine takes them."""
        taken = {theirs: values[ours] for ours, theirs in self._shared_names.items()}
        taken["start"] = values["start"]
        taken["stop"] = values["start"] + values["duration"]
        return taken


def _with_units(values: dict[str, Floats], units: dict[str, str]) -> dict[str, Any]:
    return {f"{name}_{units[name]}" if name in units else name: v for name, v in values.items()}


_SOURCE_UNITS = {
    "rate": "hz",
    "beta": "hz",
    "start": "ms",
    "stop": "ms",
    "dead_time": "ms",
}


class SpikeSourcePoisson(_Interval, cells.SpikeSourcePoisson):
    """A Poisson process of `rate` [Hz] for each cell, seen alike by all its targets."""

    translations = same_names(cells.SpikeSourcePoisson.default_parameters)
    _shared_names: ClassVar[dict[str, str]] = {"rate": "rate"}

    def add_to(self, network: Network, n: int, values: Values, initial: Values) -> Sources:
        """Add sources; see the base class."""
        return network.add_poisson(n, **_with_units(self.source_values(values), _SOURCE_UNITS))


class SpikeSourcePoissonRefractory(_Interval, cells.SpikeSourcePoissonRefractory):
    """A Poisson process of mean `rate` [Hz] without intervals below `tau_refrac` [ms]."""

    translations = same_names(cells.SpikeSourcePoissonRefractory.default_parameters)
    _shared_names: ClassVar[dict[str, str]] = {"rate": "rate", "tau_refrac": "dead_time"}
    add_to = SpikeSourcePoisson.add_to


class SpikeSourceGamma(_Interval, cells.SpikeSourceGamma):
    """A renewal process: intervals of shape `alpha` and rate `beta` [Hz], mean alpha/beta."""

    translations = same_names(cells.SpikeSourceGamma.default_parameters)
    _shared_names: ClassVar[dict[str, str]] = {"alpha": "alpha", "beta": "beta"}

    def add_to(self, network: Network, n: int, values: Values, initial: Values) -> Sources:
        """Add sources; see the base class."""
        return network.add_gamma(n, **_with_units(self.source_values(values), _SOURCE_UNITS))


class SpikeSourceArray(SourceCell, cells.SpikeSourceArray):
    """Spikes at given times [ms], ascending and not negative.

    They are recorded exactly as given and leave at the first step that is not before them.  Times
    that are set in the course of a simulation replace those to come.
    """

    translations = same_names(cells.SpikeSourceArray.default_parameters)

    def __init__(self, **parameters: Any) -> None:
        if "spike_times" in parameters:
            parameters["spike_times"] = as_trains(parameters["spike_times"])
        super().__init__(**parameters)

    def checked(self, values: Values, place: str) -> Values:
        """Trains of cells; InvalidParameterValueError if unsorted or negative."""
        trains = np.empty(values["spike_times"].size, dtype=object)
        for k, times in enumerate(values["spike_times"]):
            trains[k] = Sequence(checked_spike_times(times, f"{place}, spike_times of cell {k}"))
        return {"spike_times": trains}

    def add_to(self, network: Network, n: int, values: Values, initial: Values) -> Sources:
        """Add sources; see the base class."""
        return network.add_spike_times([plain_times(t) for t in values["spike_times"]])

    def change(self, handle: Sources, changed: Values, everything: Values, indices: Ints) -> None:
        """Replace spikes to come."""
        handle.set_times([plain_times(t) for t in changed["spike_times"]], indices)


class SpikeSourceInhGamma(_Interval, cells.SpikeSourceInhGamma):
    """A gamma process whose shape `a` and scale `b` [s] change at the times `tbins` [ms].

    Spikes are drawn by the host before each run, from the seed given to `setup`.

    Source  E. Muller et al., Neural Computation 19 (2007) 2958, section 3.3
    """

    translations = same_names(cells.SpikeSourceInhGamma.default_parameters)

    def add_to(self, network: Network, n: int, values: Values, initial: Values) -> Sources:
        """Add sources that have no spikes yet; `DrawnTrains` gives them theirs."""
        return network.add_spike_times([np.empty(0)] * n)

    def change(self, handle: Sources, changed: Values, everything: Values, indices: Ints) -> None:
        """Nothing: what is drawn next sees the new values."""


class DrawnTrains:
    """The spikes of inhomogeneous gamma sources as far as they have been drawn.

    Each cell has a generator of its own, so that trains do not depend on how runs are divided.
    """

    def __init__(self, handle: Sources, seed: int, number: int) -> None:
        self._handle = handle
        self._key = (seed, number)
        self.reset()

    def reset(self) -> None:
        """Begin again at t = 0."""
        n = self._handle.n
        seeds = np.random.SeedSequence(self._key).spawn(n)
        self._generators = [np.random.Generator(np.random.Philox(seed)) for seed in seeds]
        self._last = np.full(n, np.nan)
        self._to_go = [float(g.exponential()) for g in self._generators]

    def extend(self, values: Values, now: float, stop: float) -> None:
        """Give the sources their spikes after `now` until `stop` [ms].

        values  parameters of all cells
        """
        trains = [self._continued(k, values, now, stop) for k in range(self._handle.n)]
        if any(train.size for train in trains):
            self._handle.set_times(trains)

    def _continued(self, k: int, values: Values, now: float, stop: float) -> Floats:
        first = float(values["start"][k])
        last = min(stop, first + float(values["duration"][k]))
        shapes, scales, bins = (plain_times(values[name][k]) for name in ("a", "b", "tbins"))
        edges = np.append(bins[1:], np.inf)
        time, spikes = max(now, first), []
        since = first if np.isnan(self._last[k]) else float(self._last[k])
        while time < last:
            part = max(int(np.searchsorted(bins, time, side="right")) - 1, 0)
            end = min(last, float(edges[part]))
            shape, scale = float(shapes[part]), 1e3 * float(scales[part])
            # The waiting time ends when the integral of the hazard, minus the logarithm of the
            # survivor function, has grown by an exponentially distributed number.
            begun = _hazard(shape, (time - since) / scale)
            grown = _hazard(shape, (end - since) / scale) - begun
            if self._to_go[k] >= grown:
                self._to_go[k] -= grown
                time = end
                continue
            survival = np.exp(-(begun + self._to_go[k]))
            spike = since + scale * float(special.gammainccinv(shape, survival))
            spikes.append(spike)
            time = since = spike
            self._last[k] = spike
            self._to_go[k] = float(self._generators[k].exponential())
        return np.array(spikes)


def _hazard(shape: float, age: float) -> float:
    """Integral of the hazard of a gamma distribution of scale 1 from 0 to an age."""
    return -float(np.log(max(special.gammaincc(shape, age), np.finfo(float).tiny)))
