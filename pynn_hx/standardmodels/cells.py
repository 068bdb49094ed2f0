"""Cell types: the chip's neuron circuit and external spike sources.

All 70 parameters of :class:`HXNeuron` come from one table,
`firmware_protocol.atomic_neuron.FIELDS`.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.errors import InvalidParameterValueError
from pyNN.models import BaseCellType
from pyNN.parameters import Sequence

from firmware_protocol import FieldRangeError
from firmware_protocol.atomic_neuron import BY_NAME, FIELDS

from .base import ChipNeuron

READOUT_SOURCES = {"v": 0, "exc_synin": 1, "inh_synin": 2, "adaptation": 3}
"""Analog observables and the readout source that shows them."""


class ExternalNeuron(BaseCellType):
    """Base of all cells that live outside the chip."""

    injectable = False
    conductance_based = False
    recordable: ClassVar[list[str]] = ["spikes"]
    receptor_types: ClassVar[list[str]] = []
    units: ClassVar[dict[str, str]] = {"spikes": ""}


class HXNeuron(ChipNeuron):
    """One neuron circuit of the chip, in its own units: codes of the analog memory and flags.

    Parameters not given here take the value of the circuit that a neuron is placed on if
    `setup` was given an ``initial_config``, else the defaults, which leave everything off.
    Numbers for codes are truncated to integers; a number for a flag means on unless it is 0.
    `event_routing_address` is chosen by the mapping, whatever is given here.
    ``docs/reference/registers.md`` lists all names with their ranges and meanings.
    """

    default_parameters: ClassVar[dict[str, float | bool]] = {
        f.name: bool(f.default) if f.kind == "flag" else float(f.default)
        for f in FIELDS
        if not f.hidden
    }
    default_initial_values: ClassVar[dict[str, float]] = {}
    recordable: ClassVar[list[str]] = ["spikes", *READOUT_SOURCES]
    receptor_types: ClassVar[list[str]] = ["excitatory", "inhibitory"]
    units: ClassVar[dict[str, str]] = {
        "spikes": "",
        **dict.fromkeys(READOUT_SOURCES, "dimensionless"),
        **dict.fromkeys(default_parameters, "dimensionless"),
    }
    conductance_based = False
    injectable = True

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**parameters)
        self.given = frozenset(parameters)


class SpikeSourceArray(ExternalNeuron):
    """Spikes at given times.

    spike_times  hardware ms since the begin of the experiment, sorted, >= 0; one list for all cells
                 or a list of lists.  Truncated to FPGA cycles of 8 ns.
    """

    default_parameters: ClassVar[dict[str, Any]] = {"spike_times": Sequence([])}
    default_initial_values: ClassVar[dict[str, float]] = {}
    units: ClassVar[dict[str, str]] = {"spikes": "", "spike_times": "ms"}


def checked_codes(
    name: str, values: npt.NDArray[Any], place: str, cells: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Values of an HXNeuron parameter as they are stored: bool for flags, else float.

    values  (cell,) numbers
    place   who asks, for the message
    cells   (cell,) their indices in the population, for the message
    Raises  FieldRangeError (an OverflowError) naming cell, value and limit
    """
    field = BY_NAME[name]
    if field.kind == "flag":
        return values.astype(bool)
    numbers = values.astype(np.float64)
    wrong = ~((np.trunc(numbers) >= 0) & (np.trunc(numbers) <= field.limit))  # catches NaN too
    if wrong.any():
        number = numbers[wrong][0]
        value = int(number) if np.isfinite(number) else number
        cell = f"{place}: {name} of cell {cells[wrong][0]}"
        raise FieldRangeError(cell, value, field.limit, "choose a code in this range")
    return numbers


def checked_spike_times(times: Any, place: str) -> npt.NDArray[np.float64]:
    """Spike times of one cell [ms]; InvalidParameterValueError if unsorted or negative."""
    array = np.asarray(getattr(times, "value", times), dtype=np.float64).reshape(-1)
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
