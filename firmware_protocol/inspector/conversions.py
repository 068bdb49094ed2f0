"""Conversions between coordinates, by the vendor's names of their types.

A type's values are numbers (the vendor's enumeration), names, or its print (``(idx 23,block 1)``).
Conversions are properties of :mod:`firmware_protocol.coordinates`; what that package does not know
is not covered, and what the chip's wiring does not offer raises CoordinateError.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from .. import coordinates as c
from ..coordinates import CoordinateError
from .coordinate_types import PATHS, THROUGH, TYPES
from .errors import InspectError, NotCovered
from .places import Grid, described, neuron_number, printed, several, whole_number


@dataclass(frozen=True)
class Place:
    """A value of one of the vendor's types."""

    type: str
    number: int

    def __str__(self) -> str:
        axes = TYPES[self.type].axes
        if len(axes) == 1:
            return str(axes[0].names[self.number] if axes[0].names else self.number)
        grid = Grid(self.type, axes)
        index = several(grid, axes, self.number)
        parts = described(grid, tuple(index[axis.name] for axis in axes))
        return f"{self.number} ({', '.join(f'{k} {v}' for k, v in parts.items())})"


def _row_on_driver(row: int) -> int:
    """Here the vendor counts from the top."""
    return 0 if c.SynapseRow(row).is_top_of_driver else 1


_PLAIN: dict[tuple[str, str], Callable[[int], int]] = {
    ("NeuronBackendConfigOnNeuronBackendConfigBlock", "NeuronEventOutputOnNeuronBackendBlock"): (
        c.event_output_of_backend_index
    ),
    ("NeuronColumnOnDLS", "NeuronEventOutputOnDLS"): c.event_output_of_neuron,
    ("NeuronColumnOnDLS", "CapMemColumnOnCapMemBlock"): lambda n: c.config_of_neuron(n)[1],
    ("NeuronConfigOnNeuronConfigBlock", "CapMemColumnOnCapMemBlock"): int,
    ("SynapseRowOnSynram", "SynapseRowOnSynapseDriver"): _row_on_driver,
    ("SynapseQuadOnSynram", "SynapseRowOnSynram"): lambda q: int(c.SynapseQuad(q).row),
    ("SynapseQuadOnSynram", "SynapseQuadColumnOnDLS"): lambda q: int(c.SynapseQuad(q).quad_column),
    ("CapMemCellOnCapMemBlock", "CapMemRowOnCapMemBlock"): lambda n: int(c.CapMemCell(n).row),
    ("CapMemCellOnCapMemBlock", "CapMemColumnOnCapMemBlock"): (
        lambda n: int(c.CapMemCell(n).column)
    ),
}
"""Conversions from plain numbers, or to them in another way than ours."""

_PAIRS: dict[frozenset[str], tuple[str, Callable[[Mapping[str, int]], int]]] = {
    frozenset({"CrossbarOutputOnDLS", "CrossbarInputOnDLS"}): (
        "CrossbarNodeOnDLS",
        lambda p: c.CrossbarNode.at(p["CrossbarOutputOnDLS"], p["CrossbarInputOnDLS"]),
    ),
    frozenset({"SynapseQuadColumnOnDLS", "EntryOnQuad"}): (
        "SynapseOnSynapseRow",
        lambda p: c.SynapseQuadColumn(p["SynapseQuadColumnOnDLS"]).column(p["EntryOnQuad"]),
    ),
    frozenset({"NeuronColumnOnDLS", "NeuronRowOnDLS"}): (
        "AtomicNeuronOnDLS",
        lambda p: c.AtomicNeuron.at(p["NeuronColumnOnDLS"], p["NeuronRowOnDLS"]),
    ),
}
"""Types that together make another one."""


def place_of(type_name: str, value: object) -> Place:
    """A value as number, name or print; CoordinateError if it does not exist."""
    if type_name not in TYPES:
        raise NotCovered(f"no coordinate type {type_name!r} in the tables")
    axes = TYPES[type_name].axes
    if type_name == "AtomicNeuronOnDLS" and isinstance(value, (str, dict)):
        return Place(type_name, neuron_number(value))
    if type_name == "CrossbarNodeOnDLS" and isinstance(value, (str, dict)):
        return _node(value)
    index = several(Grid(type_name, axes), axes, value)
    missing = [axis.name for axis in axes if axis.name not in index]
    if missing:
        raise CoordinateError(f"{type_name} {value!r} does not say {' and '.join(missing)}")
    number = 0
    for axis in axes:
        number = number * axis.size + index[axis.name]
    return Place(type_name, number)


def _node(value: str | dict[str, object]) -> Place:
    parts = printed(value) if isinstance(value, str) else value
    if parts.keys() != {"output", "input"}:
        raise InspectError(f"CrossbarNodeOnDLS {value!r} has no output and input; write both")
    return source_of({f"Crossbar{k.capitalize()}OnDLS": v for k, v in parts.items()})


def source_of(coordinate: Mapping[str, object]) -> Place:
    """What is converted: one coordinate, or two that make one."""
    if len(coordinate) == 1:
        ((name, value),) = coordinate.items()
        return place_of(name, value)
    pair = _PAIRS.get(frozenset(coordinate))
    if pair is None:
        raise NotCovered(f"no coordinate is made of {' and '.join(coordinate) or 'nothing'}")
    parts = {name: place_of(name, value).number for name, value in coordinate.items()}
    return Place(pair[0], int(pair[1](parts)))


def convert(source: Place, target: str) -> Place:
    """A coordinate as another type; NotCovered or CoordinateError if there is no such thing."""
    ours = TYPES[source.type].ours
    kind = target.partition("[")[0]
    plain = _PLAIN.get((source.type, target))
    if plain is not None:
        return Place(kind, int(plain(source.number)))
    if ours is not None and TYPES[kind].ours is ours:
        return Place(kind, source.number)
    path = PATHS.get(source.type, {}).get(target)
    if path is not None and ours is not None:
        return Place(kind, int(attrgetter(path)(ours(source.number))))
    if source.type in THROUGH and ours is not None:
        through, step = THROUGH[source.type]
        return convert(Place(through, int(getattr(ours(source.number), step))), target)
    raise NotCovered(f"no conversion from {source.type} to {target!r} in the tables")


def expected_number(target: str, value: object) -> int:
    """The number that a file expects of a conversion to `target`."""
    if target == "enum":
        return whole_number("expected enum", value)
    return place_of(target.partition("[")[0], value).number


def targets_of(to: str) -> tuple[str, ...]:
    """``SynapseRowOnSynram[top,bottom]`` as two targets, anything else as one; or NotCovered."""
    match = re.fullmatch(r"(\w+)\[([\w, ]+)\]", to)
    name = match[1] if match else to
    if name != "enum" and name not in TYPES:
        raise NotCovered(f"no coordinate type {name!r} in the tables")
    return tuple(f"{name}[{part.strip()}]" for part in match[2].split(",")) if match else (to,)
