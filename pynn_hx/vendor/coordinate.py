"""Coordinates as the vendor's software has them, made from the tables of types.

A vendor's type is a subclass of our coordinate of the same number, if there is one, so that it goes
wherever ours goes.  Coordinates of different types are never equal, whatever their numbers, so that
they can be keys of one mapping.
Source: halco as collected in ``docs/reference/coordinates.md``; the types and the conversions
between them are :mod:`firmware_protocol.inspector.coordinate_types`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from operator import attrgetter, index
from typing import Any, ClassVar, Self

import numpy as np

from firmware_protocol import coordinates as c
from firmware_protocol.catalogue import CONTAINERS, SECTIONS
from firmware_protocol.container import Axis
from firmware_protocol.container import Container as Table
from firmware_protocol.coordinates import Coordinate, CoordinateError
from firmware_protocol.inspector import NotCovered, conversions, vendor
from firmware_protocol.inspector.composites import COMPOSITES, Composite
from firmware_protocol.inspector.coordinate_types import TYPES, Type
from firmware_protocol.inspector.places import vendor_axes
from firmware_protocol.memory_map import FPGA_BASE

_UNUSUAL = {
    "SynapseDriverConfig": "SynapseDriverOnDLS",
    "CrossbarOutputEventCounter": "CrossbarOutputOnDLS",
    "CrossbarInputDropCounter": "CrossbarInputOnDLS",
    "ExternalPPUMemory": "ExternalPPUMemoryQuadOnFPGA",
    "SynapseMatrix": "SynramOnDLS",
    "PhyConfigFPGA": "PhyConfigFPGAOnDLS",
    "CommonPhyConfigFPGA": "CommonPhyConfigFPGAOnDLS",
    "ReadoutSourceSelection": "SourceMultiplexerOnReadoutSourceSelection",
}
"""Container -> type of its coordinate, where it is not named after it or lies elsewhere."""

_ON_FPGA = ("Barrier", "PollingOmnibusBlock", "SystimeSync", "NullPayloadReadable")


def _name_of_type(name: str) -> str:
    """The type of the coordinates of a container."""
    if name in _UNUSUAL:
        return _UNUSUAL[name]
    table = CONTAINERS.get(name)
    if table in SECTIONS["Board"]:
        return f"{name}OnBoard"
    on_fpga = table is not None and table.rule is not None and _first_address(table) >= FPGA_BASE
    return f"{name}On{'FPGA' if on_fpga or name in _ON_FPGA else 'DLS'}"


def _first_address(table: Table) -> int:
    return int(table.addresses(*(0,) * len(table.axes))[0])


def _twin(axes: tuple[Axis, ...]) -> type[Coordinate] | None:
    """Our coordinate of the same parts."""
    kinds = tuple(map(vendor.kind, axes))
    same = (t.ours for t in TYPES.values() if tuple(map(vendor.kind, t.axes)) == kinds)
    return next(same, None) if axes else None


def _types() -> tuple[dict[str, Type], dict[str, str]]:
    types, reads = dict(TYPES), {}
    every: dict[str, Table | Composite] = {**CONTAINERS, **COMPOSITES}
    for name, container in every.items():
        axes = vendor_axes(container)
        types.setdefault(_name_of_type(name), Type(axes, _twin(axes)))
        reads[_name_of_type(name)] = name
    types["SpikeLabel"] = Type((Axis("value", c.SpikeLabel.size),), c.SpikeLabel)
    types["ReadoutSourceSelectionOnDLS"] = Type(())
    types["PPUMemoryBlockSize"] = Type((Axis("value", 4097),))
    on_neuron = (Axis("row", 2, c.Synram.names), Axis("column", 128))
    types["AtomicNeuronOnLogicalNeuron"] = Type(on_neuron, c.AtomicNeuronOnLogicalNeuron)
    compartment = c.CompartmentOnLogicalNeuron
    types["CompartmentOnLogicalNeuron"] = Type((Axis("value", compartment.size),), compartment)
    for n in (1, 2, 3):
        types[f"SpikePack{n}ToChipOnDLS"] = Type(())
        reads[f"SpikePack{n}ToChipOnDLS"] = f"SpikePack{n}ToChip"
    reads |= {
        "AtomicNeuronOnDLS": "AtomicNeuron",
        "ReadoutSourceSelectionOnDLS": "ReadoutSourceSelection",
    }
    del reads[_UNUSUAL["ReadoutSourceSelection"]]
    return types, reads


KINDS, READS_AS = _types()
"""Every type of coordinate; type -> name of the container that is written and read there."""


class Enum(int):
    """A plain number where the vendor's constructors ask for an enumeration."""


class VendorCoordinate(Coordinate):
    """A coordinate by one of the vendor's names.

    ``T()`` is the first one, ``T(n)`` and ``T(Enum(n))`` the one of a number; parts of a grid come
    innermost first, as plain numbers or coordinates: ``SynapseRowOnDLS(SynapseRowOnSynram(5),
    SynramOnDLS.bottom)``.  ``coordinate.toX()`` converts.
    Raises CoordinateError for places, parts and conversions that do not exist.
    """

    axes: ClassVar[tuple[Axis, ...]] = ()
    min: ClassVar[int] = 0
    max: ClassVar[int] = 0

    def __new__(cls, *parts: Any) -> Self:
        """The coordinate of a number or of its parts."""
        if len(parts) > 1:
            return super().__new__(cls, cls._of_parts(parts))
        return super().__new__(cls, parts[0] if parts else 0)

    @classmethod
    def _of_parts(cls, parts: tuple[Any, ...]) -> int:
        if issubclass(cls, c.CrossbarNode):
            output, input_ = sorted(parts, key=lambda part: isinstance(part, c.CrossbarInput))
            return int(c.CrossbarNode.at(output, input_))
        left, number, scale = list(cls.axes), 0, 1
        for part in parts:
            size = type(part).size if isinstance(part, Coordinate) else (left or [_NONE])[-1].size
            taken: list[Axis] = []
            while left and prod(axis.size for axis in taken) < size:
                taken.insert(0, left.pop())
            if not taken or prod(axis.size for axis in taken) != size:
                why = f"{part!r} is no part; {cls._form()}"
                raise CoordinateError(f"{cls.__name__}{parts!r}: {why}")
            if not 0 <= index(part) < size:
                raise CoordinateError(f"{cls.__name__}{parts!r}: {part!r} must be 0..{size - 1}")
            number, scale = number + scale * index(part), scale * size
        if left:
            raise CoordinateError(f"{cls.__name__}{parts!r}: a part is missing; {cls._form()}")
        return number

    @classmethod
    def _form(cls) -> str:
        names = ", ".join(f"{axis.name} (of {axis.size})" for axis in reversed(cls.axes))
        return f"give {names}, or one number 0..{cls.size - 1}"

    def __eq__(self, other: object) -> bool:
        """Whether it is the same place of the same kind; a plain number is compared as such."""
        if isinstance(other, Coordinate):
            related = isinstance(other, type(self)) or isinstance(self, type(other))
            return related and int(self) == int(other)
        return bool(int(self) == other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = int.__hash__

    def value(self) -> int:
        """The plain number."""
        return int(self)

    def toEnum(self) -> Enum:
        """The plain number, in the vendor's wrapping."""
        return Enum(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("to") and name[2:] in KINDS:
            target = name[2:]
            return lambda: convert(self, target)
        raise AttributeError(
            f"{type(self).__name__} has no {name!r}; conversions are to{{type}}(), such as toEnum()"
        )

    @classmethod
    def parts_of(cls, number: int) -> tuple[int, ...]:
        """Index along each axis."""
        sizes = tuple(axis.size for axis in cls.axes)
        return tuple(int(i) for i in np.unravel_index(number, sizes)) if sizes else ()


_NONE = Axis("nothing", 0)


class _AtomicNeuron(c.AtomicNeuron):
    """With the vendor's names of its column and row."""

    def x(self) -> VendorCoordinate:
        """Its column."""
        return coordinate_type("NeuronColumnOnDLS")(int(self.column))

    def y(self) -> VendorCoordinate:
        """Its row."""
        return coordinate_type("NeuronRowOnDLS")(int(self.row))


class _Synapse(c.Synapse):
    """With the names that placed connections have."""

    @property
    def synapse_row(self) -> VendorCoordinate:
        """Its row of the chip."""
        row = c.SynapseRowOnChip.at(self.synram, self.row)
        return coordinate_type("SynapseRowOnDLS")(int(row))

    @property
    def synapse_on_row(self) -> VendorCoordinate:
        """Its place in the row."""
        return coordinate_type("SynapseOnSynapseRow")(int(self.column))


_OWN: dict[str, type[Coordinate]] = {
    "AtomicNeuronOnDLS": _AtomicNeuron,
    "SynapseOnDLS": _Synapse,
}


@cache
def coordinate_type(name: str) -> type[VendorCoordinate]:
    """The vendor's type of this name; KeyError if there is none."""
    kind = KINDS[name]
    size = prod(axis.size for axis in kind.axes)
    names = kind.axes[0].names if len(kind.axes) == 1 else ()
    ours = _OWN.get(name, kind.ours or Coordinate)
    made = type(
        name,
        (VendorCoordinate, ours),
        {
            "__module__": "pynn_hx.vendor.halco",
            "__doc__": f"{name}: one of {size} places.  See :class:`VendorCoordinate`.",
            "axes": kind.axes,
            "size": size,
            "names": names,
            "max": size - 1,
        },
    )
    for number, place in enumerate(names):
        setattr(made, place, made(number))
    return made


_MORE: dict[tuple[str, str], Callable[[Any], int]] = {
    ("SynapseOnDLS", "SynapseRowOnDLS"): attrgetter("synapse_row"),
    ("SynapseRowOnDLS", "PADIBusOnDLS"): attrgetter("driver.padi_bus"),
    ("SynapseDriverOnDLS", "SynapseDriverOnPADIBus"): attrgetter("driver.index_on_bus"),
}
"""Conversions that the tables spell as two steps."""


def convert(coordinate: VendorCoordinate, target: str) -> Any:
    """A coordinate as another type; CoordinateError where there is no such conversion.

    Where a place has a top and a bottom one (rows of a driver), a dict from these to the places.
    """
    name, kind = type(coordinate).__name__, KINDS[type(coordinate).__name__]
    made = coordinate_type(target)
    if (name, target) in _MORE:
        return made(int(_MORE[name, target](coordinate)))
    if kind.ours is not None and kind.ours is KINDS[target].ours:
        return made(int(coordinate))
    start, end = _known(name), _known(target)
    if start is None or end is None:
        raise CoordinateError(f"{coordinate!r} does not convert to {target}")
    try:
        return made(conversions.convert(conversions.Place(start, int(coordinate)), end).number)
    except NotCovered:
        both = [f"{end}[{side}]" for side in ("top", "bottom")]
    try:
        found = [conversions.convert(conversions.Place(start, int(coordinate)), t) for t in both]
    except NotCovered:
        raise CoordinateError(f"{coordinate!r} does not convert to {target}") from None
    on_driver = coordinate_type("SynapseRowOnSynapseDriver")
    return {on_driver(n): made(place.number) for n, place in enumerate(found)}


def _known(name: str) -> str | None:
    """A type of the tables that counts the same."""
    if name in TYPES:
        return name
    ours = KINDS[name].ours
    return next((t for t, kind in TYPES.items() if ours is not None and kind.ours is ours), None)
