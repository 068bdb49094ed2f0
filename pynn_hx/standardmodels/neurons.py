"""The neuron circuit in the chip's own units.

All 70 circuit parameters of :class:`HXNeuron` come from one table,
`firmware_protocol.atomic_neuron.FIELDS`.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig, FieldRangeError
from firmware_protocol.atomic_neuron import BY_NAME, FIELDS

from .base import READOUT_SOURCES, Bools, ChipNeuron, Ints, Values

_ROUTED = "event_routing_address"


class ReadoutSource(IntEnum):
    """What the readout of a neuron shows, by the register's values."""

    membrane = 0
    exc_synin = 1
    inh_synin = 2
    adaptation = 3


PLASTICITY_DEFAULTS: dict[str, float | bool] = {
    "plasticity_rule_readout_source": float(ReadoutSource.membrane),
    "plasticity_rule_enable_readout_source": False,
}
"""Parameters that plasticity rules will read; they are stored and have no effect yet."""

RECORDABLE_UNITS: dict[str, str] = {"spikes": "", **dict.fromkeys(READOUT_SOURCES, "dimensionless")}


def refuse_plasticity_rule(plasticity_rule: Any, place: str) -> None:
    """NotImplementedError unless there is no plasticity rule."""
    if plasticity_rule is not None:
        raise NotImplementedError(
            f"{place}: plasticity_rule: the on-chip processors do not run programs yet; leave it "
            "out"
        )


class HXNeuron(ChipNeuron):
    """One neuron circuit of the chip, in its own units: codes of the analog memory and flags.

    Parameters not given here take the value of the circuit that a neuron is placed on if
    `setup` was given an ``initial_config``, else the defaults, which leave everything off.
    Numbers for codes are truncated to integers; a number for a flag means on unless it is 0.
    `event_routing_address` is chosen by the mapping, whatever is given here.
    ``docs/reference/registers.md`` lists all names with their ranges and meanings.

    plasticity_rule                        must be None: NotImplementedError
    plasticity_rule_readout_source         a `ReadoutSource`, 0..3: what a plasticity rule will see
    plasticity_rule_enable_readout_source  whether it will; both are stored without effect so far
    """

    ReadoutSource = ReadoutSource

    default_parameters: ClassVar[dict[str, float | bool]] = {
        f.name: bool(f.default) if f.kind == "flag" else float(f.default)
        for f in FIELDS
        if not f.hidden
    } | PLASTICITY_DEFAULTS
    units: ClassVar[dict[str, str]] = {
        **RECORDABLE_UNITS,
        **dict.fromkeys(default_parameters, "dimensionless"),
    }

    def __init__(self, plasticity_rule: Any = None, **parameters: Any) -> None:
        refuse_plasticity_rule(plasticity_rule, "HXNeuron")
        super().__init__(**parameters)
        self.given = frozenset(parameters)

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values of one parameter as they are stored, (cell,): bool for flags, else float.

        Raises FieldRangeError (an OverflowError) naming cell, value and limit.
        """
        numbers = checked_codes(name, values, place, cells)
        if name == _ROUTED and np.any(numbers):
            warnings.warn(
                f"{place}: {_ROUTED} has no effect, routing gives every neuron its address; "
                "leave it out",
                stacklevel=2,
            )
        return numbers

    def write(
        self, chip: ChipConfig, circuits: Ints, values: Values, chosen: dict[str, Bools], place: str
    ) -> None:
        """Write codes of cells into a configuration; see the base class."""
        circuit = circuits[:, 0]
        for name in values.keys() & BY_NAME.keys():
            mine = chosen[name]
            chip.neurons[name][circuit[mine]] = values[name][mine].astype(np.int64)

    def learn(self, chip: ChipConfig, circuits: Ints) -> Values:
        """Circuit parameters that cells have in a configuration, (cell,) by name.

        The two of plasticity rules are not among them: a configuration does not hold them.
        """
        circuit = circuits[:, 0]
        return {
            name: chip.neurons[name][circuit].astype(type(default))
            for name, default in self.default_parameters.items()
            if name in BY_NAME
        }

    @classmethod
    def create_hw_entity(cls, parameters: Mapping[str, Any]) -> Any:
        """A `lola.AtomicNeuron` with these parameters; keys that are none are ignored.

        Raises FieldRangeError as :meth:`checked` does.
        """
        lola = importlib.import_module("..vendor.lola", __package__)
        entity = lola.AtomicNeuron()
        for name, value in parameters.items():
            if name not in cls.default_parameters or name not in BY_NAME:
                continue
            number = checked_codes(name, np.array([value]), cls.__name__, np.zeros(1, np.int64))[0]
            field = BY_NAME[name]
            plain = bool(number) if field.kind == "flag" else int(number)
            setattr(getattr(entity, field.member), field.field, plain)
        return entity


def checked_codes(
    name: str, values: npt.NDArray[Any], place: str, cells: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Values of an HXNeuron parameter as they are stored: bool for flags, else float.

    values  (cell,) numbers
    place   who asks, for the message
    cells   (cell,) their indices in the population, for the message
    Raises  FieldRangeError (an OverflowError) naming cell, value and limit
    """
    if isinstance(HXNeuron.default_parameters[name], bool):
        return values.astype(bool)
    limit = BY_NAME[name].limit if name in BY_NAME else max(ReadoutSource)
    return within_field(name, values, int(limit), place, cells)


def within_field(
    name: str, values: npt.NDArray[Any], limit: int, place: str, cells: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Values as float, if their integer parts lie in 0..limit; else FieldRangeError."""
    numbers = values.astype(np.float64)
    wrong = ~((np.trunc(numbers) >= 0) & (np.trunc(numbers) <= limit))  # catches NaN too
    if wrong.any():
        number = numbers[wrong][0]
        value = int(number) if np.isfinite(number) else number
        cell = f"{place}: {name} of cell {cells[wrong][0]}"
        raise FieldRangeError(cell, value, limit, "choose a code in this range")
    return numbers
