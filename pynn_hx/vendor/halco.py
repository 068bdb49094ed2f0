"""The vendor's coordinates: ``halco.AtomicNeuronOnDLS(halco.NeuronColumnOnDLS(3), ...)``.

Every type of the tables is an attribute of this module; see
:class:`~pynn_hx.vendor.coordinate.VendorCoordinate` for what they all have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, TypeVar

from firmware_protocol.coordinates import LogicalNeuronCompartments, LogicalNeuronPlacement

from .coordinate import KINDS, Enum, VendorCoordinate, coordinate_type

__all__ = [
    "Coordinate",
    "Enum",
    "LogicalNeuronCompartments",
    "LogicalNeuronOnDLS",
    "common",
    "iter_all",
]

Coordinate = VendorCoordinate
T = TypeVar("T", bound=VendorCoordinate)


def iter_all(kind: type[T]) -> Iterator[T]:
    """Every coordinate of a type, in the order of the numbers."""
    return kind.all()


class LogicalNeuronOnDLS(LogicalNeuronPlacement):
    """A logical neuron on the chip: compartments, and the circuit at which they begin."""

    def get_atomic_neurons(self) -> list[VendorCoordinate]:
        """All its circuits by number."""
        return [coordinate_type("AtomicNeuronOnDLS")(int(n)) for n in sorted(self.atomic_neurons)]

    def get_placed_compartments(self) -> dict[VendorCoordinate, list[VendorCoordinate]]:
        """By compartment, its circuits."""
        compartment = coordinate_type("CompartmentOnLogicalNeuron")
        circuit = coordinate_type("AtomicNeuronOnDLS")
        placed = self.placed_compartments.items()
        return {compartment(int(i)): [circuit(int(n)) for n in found] for i, found in placed}


common = SimpleNamespace(Enum=Enum, iter_all=iter_all)
"""What the vendor keeps in ``halco.common``."""


def __getattr__(name: str) -> Any:
    if name in KINDS:
        return coordinate_type(name)
    if re.fullmatch(r"EnumRanged_\d+_", name):
        return Enum
    raise AttributeError(f"halco has no {name!r}; dir(halco) lists the coordinates")


def __dir__() -> list[str]:
    return sorted([*__all__, *KINDS])
