"""Where rules of the on-chip processors will be: their names, times and observables.

The processors run no programs yet.  A script that makes a rule learns so where it makes it, not
from a missing name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar

from .standardmodels.synapses import NO_PLASTICITY_YET


class Timer:
    """When a rule is executed: for k = 0..num_periods-1 at start + k * period [hardware ms].

    Raises  KeyError if one of the three is missing, or there is another one
    """

    _names: ClassVar[tuple[str, ...]] = ("start", "period", "num_periods")
    start: float
    period: float
    num_periods: int

    def __init__(self, **times: Any) -> None:
        if times.keys() != set(self._names):
            wrong = ", ".join(sorted(times.keys() ^ set(self._names)))
            raise KeyError(f"Timer(): missing or unknown: {wrong}; give start, period, num_periods")
        self.start, self.period = float(times["start"]), float(times["period"])
        self.num_periods = int(times["num_periods"])

    def __repr__(self) -> str:
        return f"Timer(start={self.start}, period={self.period}, num_periods={self.num_periods})"


class PlasticityRule:
    """A program of the on-chip processors that changes weights during a run; not there yet.

    Raises  NotImplementedError, also from the constructors of classes derived from it
    """

    @dataclass(frozen=True)
    class ObservablePerSynapse:
        """A number for each synapse that a rule writes down each time."""

        Type = Enum("Type", ["int8", "uint8", "int16", "uint16"])
        LayoutPerRow = Enum("LayoutPerRow", ["complete_rows", "packed_active_columns"])

        type: Any
        layout_per_row: Any

    @dataclass(frozen=True)
    class ObservablePerNeuron:
        """A number for each neuron."""

        Type = Enum("Type", ["int8", "uint8", "int16", "uint16"])
        Layout = Enum("Layout", ["complete_row", "packed_active_columns"])

        type: Any
        layout: Any

    @dataclass(frozen=True)
    class ObservableArray:
        """Any numbers, `size` of them for each processor."""

        Type = Enum("Type", ["int8", "uint8", "int16", "uint16"])

        type: Any
        size: int

    def __init__(self, timer: Timer, observables: Any = None, same_id: int = 0) -> None:
        raise NotImplementedError(f"{type(self).__name__}: {NO_PLASTICITY_YET}")
