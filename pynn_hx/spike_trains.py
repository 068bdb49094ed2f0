"""Spike times that somebody gives: their forms, and what they may be."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN.errors import InvalidParameterValueError
from pyNN.parameters import Sequence

Times = npt.NDArray[np.float64]


def as_trains(spike_times: Any) -> Any:
    """Spike times in a form that PyNN takes: one `Sequence`, or a list of one for each cell.

    Anything that is neither numbers nor a list of lists (a function, say) passes unchanged.
    """
    if isinstance(spike_times, (list, tuple, np.ndarray)):
        if any(isinstance(t, (Sequence, list, tuple, np.ndarray)) for t in spike_times):
            return [Sequence(plain_times(times)) for times in spike_times]
        return Sequence(plain_times(spike_times))
    return spike_times


def plain_times(times: Any) -> npt.NDArray[np.float64]:
    """Times of one cell [ms] as an array, whatever they are wrapped in."""
    return np.asarray(getattr(times, "value", times), dtype=np.float64).reshape(-1)


def checked_spike_times(times: Any, place: str) -> Times:
    """Spike times of one cell [ms]; InvalidParameterValueError if unsorted or negative."""
    array = plain_times(times)
    if not np.all(np.isfinite(array)):
        raise InvalidParameterValueError(f"{place}: spike times must be finite numbers of ms")
    if np.any(array < 0):
        raise InvalidParameterValueError(
            f"{place}: spike time {array.min()} ms is before the experiment's begin at 0 ms"
        )
    if np.any(np.diff(array) < 0):
        index = int(np.nonzero(np.diff(array) < 0)[0][0])
        raise InvalidParameterValueError(
            f"{place}: spike times must be sorted, but {array[index + 1]} ms follows "
            f"{array[index]} ms; pass sorted(spike_times)"
        )
    return array
