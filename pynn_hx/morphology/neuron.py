"""The base of cell types that consist of several circuits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pyNN.errors import InvalidParameterValueError

from firmware_protocol import ChipConfig
from firmware_protocol.atomic_neuron import BY_NAME, FIELDS
from firmware_protocol.coordinates import (
    N_COLUMNS,
    AtomicNeuron,
    CompartmentOnLogicalNeuron,
    LogicalNeuronCompartments,
)
from firmware_protocol.morphology import LogicalNeuron

from ..standardmodels.base import READOUT_SOURCES, Bools, ChipNeuron, Ints, Values
from .parameters import McCircuitParameters, checked_numbers, simplified, stacked
from .parts import Compartment

SWITCHES = tuple(
    f"multicompartment_{name}"
    for name in (
        "connect_soma",
        "connect_soma_right",
        "connect_right",
        "connect_vertical",
        "enable_conductance",
    )
)
"""What the morphology decides, so that users cannot."""

PARAMETERS = tuple(f.name for f in FIELDS if not f.hidden and f.name not in SWITCHES)
"""The 65 circuit parameters of neurons of several circuits."""


class McNeuronBase(ChipNeuron):
    """Base of the classes that `create_mc_neuron` makes; it has no circuits itself.

    Parameters are those of HXNeuron but the five switches that make the morphology.  A value is a
    number for all circuits, or :class:`McCircuitParameters`.  What neither the constructor nor
    `set` was given is as the compartments say, else as in the initial configuration, else the
    default.
    A population keeps its values as (cell,) object arrays of McCircuitParameters.
    Circuits of a cell are numbered by compartment, in the order of their positions; bridges, which
    only continue a shared line, follow.  A bridge takes its circuit, but has no parameters.

    compartments     what it was made of, by CompartmentOnLogicalNeuron
    logical_neuron   its switches; logical_compartments: which circuits each compartment has
    """

    compartments: ClassVar[Mapping[CompartmentOnLogicalNeuron, Compartment]] = {}
    logical_neuron: ClassVar[LogicalNeuron]
    logical_compartments: ClassVar[LogicalNeuronCompartments]

    units: ClassVar[dict[str, str]] = {
        "spikes": "",
        **dict.fromkeys(READOUT_SOURCES, "dimensionless"),
        **dict.fromkeys(PARAMETERS, "dimensionless"),
    }
    default_parameters: ClassVar[dict[str, McCircuitParameters]] = {}
    from_compartments: ClassVar[Mapping[str, Bools]] = {}
    """By parameter, (circuit,): whether a compartment says it; bridges left out."""

    def __init__(self, **parameters: Any) -> None:
        if not self.compartments:
            raise TypeError(
                f"{type(self).__name__} has no compartments; make a class with create_mc_neuron() "
                "and use that"
            )
        self.refuse_lists(parameters, type(self).__name__)
        super().__init__(**parameters)
        self.given = frozenset(parameters)

    # --- compartments ---------------------------------------------------------------------------

    @classmethod
    def get_labels(cls) -> list[str]:
        """Label of each compartment, in order."""
        return [compartment.label for compartment in cls.compartments.values()]

    @classmethod
    def get_label(cls, compartment_id: int) -> str:
        """Label of a compartment; KeyError if there is none of this number."""
        try:
            return cls.compartments[CompartmentOnLogicalNeuron(int(compartment_id))].label
        except KeyError:
            raise KeyError(
                f"{cls.__name__} has compartments 0..{len(cls.compartments) - 1}, not "
                f"{int(compartment_id)}"
            ) from None

    @classmethod
    def get_compartment_ids(cls, labels: str | Iterable[str]) -> list[CompartmentOnLogicalNeuron]:
        """All compartments with these labels, label by label; ValueError for an unknown label."""
        wanted = [labels] if isinstance(labels, str) else list(labels)
        found: dict[CompartmentOnLogicalNeuron, None] = {}
        for label in wanted:
            matches = [i for i, part in cls.compartments.items() if part.label == label]
            if not matches:
                known = ", ".join(map(repr, dict.fromkeys(cls.get_labels())))
                raise ValueError(f"{cls.__name__} has no compartment {label!r}; it has {known}")
            found.update(dict.fromkeys(matches))
        return list(found)

    def can_record(self, variable: str, location: str | None = None) -> bool:
        """Whether a variable can be recorded, in the compartments of this label if one is given."""
        return variable in self.recordable and (location is None or location in self.get_labels())

    # --- parameters -----------------------------------------------------------------------------

    @classmethod
    def sizes(cls) -> tuple[int, ...]:
        """How many circuits each compartment has."""
        return tuple(compartment.size for compartment in cls.compartments.values())

    @classmethod
    def refuse_lists(cls, parameters: Mapping[str, Any], place: str) -> None:
        """InvalidParameterValueError for nested lists, which PyNN takes for arrays over cells."""
        for name, value in parameters.items():
            if isinstance(value, list | tuple) and any(isinstance(v, list | tuple) for v in value):
                raise InvalidParameterValueError(
                    f"{place}: {name} = {value!r}: values by compartment and circuit are given as "
                    "McCircuitParameters(...), alone or in a list of one for each cell"
                )

    @staticmethod
    def simplified(values: npt.NDArray[Any]) -> Any:
        """What `get` shows of stored values: `simplified` of the module `parameters`."""
        return simplified(values)

    def checked(self, name: str, values: npt.NDArray[Any], place: str, cells: Ints) -> Any:
        """Values as they are stored: (cell,) McCircuitParameters of floats, or of bools for flags.

        values  (cell,) numbers, McCircuitParameters, or both
        Raises  FieldRangeError naming cell and compartment, InvalidParameterValueError
        """
        labels = np.repeat(self.get_labels(), self.sizes())
        given = list(values)
        first = {id(value): cell for cell, value in reversed(list(enumerate(given)))}
        different = sorted(first.values())  # PyNN hands the same object over for many cells
        expanded = np.empty((len(different), labels.size))
        for row, cell in enumerate(different):
            where = f"{place}: {name} of cell {cells[cell]}"
            expanded[row] = self._per_circuit(given[cell], where)

        def whose(index: int) -> str:
            row, circuit = divmod(index, labels.size)
            return f"{place}, cell {cells[different[row]]}, compartment {str(labels[circuit])!r}"

        codes = checked_numbers(name, expanded.ravel(), whose).reshape(expanded.shape)
        made = {
            id(given[cell]): self._stored(given[cell], codes[row])
            for row, cell in enumerate(different)
        }
        stored = np.empty(len(given), dtype=object)
        stored[:] = [made[id(value)].copy() for value in given]
        return stored

    @classmethod
    def _per_circuit(cls, value: Any, place: str) -> Any:
        if isinstance(value, McCircuitParameters):
            if value.sizes != cls.sizes():
                raise InvalidParameterValueError(
                    f"{place}: compartments of {value.sizes} circuits are given, but "
                    f"{cls.__name__} has {cls.sizes()}; give one number per circuit"
                )
            return value.flat
        if not isinstance(value, bool | int | float | np.bool_ | np.integer | np.floating):
            raise InvalidParameterValueError(
                f"{place} = {value!r}: give a number for all circuits, or McCircuitParameters with "
                f"compartments of {cls.sizes()} circuits"
            )
        return value

    @classmethod
    def _stored(cls, value: Any, codes: npt.NDArray[Any]) -> McCircuitParameters:
        uniform = value.scalar is not None if isinstance(value, McCircuitParameters) else True
        if uniform:
            return McCircuitParameters.uniform(codes[0].item(), cls.sizes())
        return McCircuitParameters.of_flat(codes, cls.sizes())

    # --- the chip -------------------------------------------------------------------------------

    def write(
        self, chip: ChipConfig, circuits: Ints, values: Values, chosen: dict[str, Bools], place: str
    ) -> None:
        """Write switches and parameters of cells into a configuration.

        What compartments say is written whether chosen or not; of bridges only the switches.
        Raises MorphologyError if a closed switch beside a cell would join it to other circuits.
        """
        for cell in range(len(circuits)):
            self.logical_neuron.write(chip, self._anchor(circuits[cell]))
        own = circuits[:, : sum(self.sizes())]
        for name in PARAMETERS:
            array = chip.neurons[name]
            write = chosen[name] if name in chosen else np.zeros(len(own), dtype=bool)
            said = self.from_compartments.get(name)
            if said is not None and not write.all():
                codes = self.default_parameters[name].flat[said].astype(np.int64)
                array[own[~write][:, said]] = codes
            if write.any():
                array[own[write]] = stacked(values[name][write]).astype(np.int64)

    @staticmethod
    def _anchor(circuits: Ints) -> AtomicNeuron:
        """The upper left corner of a cell's circuits."""
        first_column = int((circuits % N_COLUMNS).min())
        return AtomicNeuron.at(first_column, int(circuits.min()) // N_COLUMNS)

    def learn(self, chip: ChipConfig, circuits: Ints) -> Values:
        """Parameter values that the circuits of cells have, (cell,) McCircuitParameters by name."""
        own, sizes = circuits[:, : sum(self.sizes())], self.sizes()
        learned = {}
        for name in PARAMETERS:
            kind = bool if BY_NAME[name].kind == "flag" else np.float64
            rows = chip.neurons[name][own].astype(kind)
            learned[name] = np.empty(len(own), dtype=object)
            for cell, row in enumerate(rows):
                learned[name][cell] = McCircuitParameters.of_flat(row, sizes)
        return learned
