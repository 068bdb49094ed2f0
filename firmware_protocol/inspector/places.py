"""Coordinates as people and files spell them, and the indices that the tables want.

A coordinate is a mapping: names of axes (``{"synram": "top", "row": 5}``), the vendor's types
(``{"SynapseRowOnSynram": 5}``), one number for the whole (``{"enum": 291}``, counted as the vendor
does), or the vendor's print of it (``"(idx 23,block 1)"``).  Parts that are said twice must agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import numpy as np

from .. import i2c, spi
from ..container import Axis
from ..coordinates import AtomicNeuron, CoordinateError, CrossbarNode, Synram, backend_of_neuron
from . import vendor
from .errors import InspectError, NotCovered

Parts = dict[str, int]

FLAT = ("enum", "coord", "coordinate")
_PART = r"\w+\s*[ =:]\s*\w+"
_PRINTED = re.compile(rf"{_PART}(\s*,\s*{_PART})*")
_NEURONS = (
    "NeuronConfig",
    "NeuronBackendConfig",
    "NeuronReset",
    "SpikeCounterRead",
    "SpikeCounterReset",
)
_NEURON_KEYS = ("AtomicNeuronOnDLS", "atomic_neuron", "neuron")
CHANNEL_NAMES: dict[str, type[IntEnum]] = {
    "DACChannel": spi.DacChannel,
    "DAC6573ChannelConfig": i2c.DacChannel,
    "AD5252ChannelConfig": i2c.Potentiometer,
    "AD5252ChannelConfigPersistent": i2c.Potentiometer,
    "INA219Config": i2c.Monitor,
    "INA219ShuntVoltage": i2c.Monitor,
    "INA219BusVoltage": i2c.Monitor,
}
"""Devices on the boards -> the names of their channels, which number the whole coordinate."""


class Placed(Protocol):
    """What has instances: a container, several of them together, or a type of coordinate."""

    @property
    def name(self) -> str:
        """The vendor's name."""

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The parts of its coordinate."""


@dataclass(frozen=True)
class Grid:
    """A type of coordinate by itself."""

    name: str
    axes: tuple[Axis, ...]


def whole_number(place: str, value: object) -> int:
    """`value` if it is an int (and no bool), else InspectError."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InspectError(f"{place} = {value!r} is no whole number; write one, such as 3")
    return value


def plain(name: str) -> str:
    """A name without what spellings differ in."""
    return re.sub(r"[\s_-]", "", name).lower()


def member_named(kind: type[IntEnum], name: str) -> IntEnum | None:
    """The member of an enumeration that a name means, whatever its underscores."""
    return next((m for m in kind if plain(m.name) == plain(name)), None)


def printed(text: str) -> dict[str, object]:
    """``"(idx 23,block 1)"`` as a mapping; InspectError if it is something else."""
    inner = text.strip()
    if inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1].strip()
    if _PRINTED.fullmatch(inner) is None:
        raise InspectError(
            f"coordinate {text!r} cannot be read; write it as '(idx 23,block 1)' or as JSON"
        )
    parts: dict[str, object] = {}
    for part in inner.split(","):
        name, value = re.split(r"\s*[ =:]\s*", part.strip(), maxsplit=1)
        parts[name] = int(value) if value.isdecimal() else value
    return parts


def vendor_axes(placed: Placed) -> tuple[Axis, ...]:
    """The axes in the order in which the vendor's coordinate enumerates them."""
    by_name = {axis.name: axis for axis in placed.axes}
    return tuple(by_name[n] for n in vendor.ORDER.get(placed.name, tuple(by_name)))


def index_of(placed: Placed, at: Mapping[str, object]) -> tuple[int, ...]:
    """Index of the instance that a coordinate names, one number per axis.

    Raises NotCovered for a part whose name is unknown, CoordinateError for one that does not exist,
    that is missing, or that is said twice and differently.
    """
    found: Parts = {}
    for key, value in _expanded(placed, at):
        for axis, number in _parts(placed, key, value).items():
            if found.setdefault(axis, number) != number:
                raise CoordinateError(
                    f"{placed.name}: {axis} is {found[axis]} and, by {key!r}, {number}; say it once"
                )
    missing = [axis.name for axis in placed.axes if axis.name not in found]
    if missing:
        raise CoordinateError(
            f"{placed.name}: the coordinate {dict(at)} does not say {' and '.join(missing)}; "
            f"it has {', '.join(axis.name for axis in placed.axes)}"
        )
    return tuple(found[axis.name] for axis in placed.axes)


def _expanded(placed: Placed, at: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """The parts; pairs that only together name an instance have become one."""
    rest = dict(at)
    if placed.name in _NEURONS and {"column", "row"} <= rest.keys():
        pair = {"column": rest.pop("column"), "row": rest.pop("row")}
        yield _NEURON_KEYS[0], pair
    if placed.name == "CrossbarNode":
        for output, input_ in (("output", "input"), ("CrossbarOutputOnDLS", "CrossbarInputOnDLS")):
            if {output, input_} <= rest.keys():
                yield "node", {"output": rest.pop(output), "input": rest.pop(input_)}
    yield from rest.items()


def _parts(placed: Placed, key: str, value: object) -> Parts:
    """Axes that one entry of a coordinate fixes, and where."""
    axes = {axis.name: axis for axis in placed.axes}
    if placed.name in _NEURONS and key in _NEURON_KEYS:
        return _of_neuron(placed, value)
    names = CHANNEL_NAMES.get(placed.name)
    member = member_named(names, value) if names and isinstance(value, str) else None
    if member is not None:
        return _unravelled(placed, vendor_axes(placed), int(member))
    if isinstance(value, (str, dict)) and placed.name == "CrossbarNode":
        return {"node": _node(value)}
    for axis in placed.axes:
        if key not in FLAT and (key == axis.name or key in axis.aliases):
            return {axis.name: _on_axis(placed, axis, value)}
    for order in _typed(placed, key):
        return several(placed, tuple(axes[name] for name in order), value)
    for axis in placed.axes:
        if key in vendor.KEYS.get(vendor.kind(axis), ()):
            return {axis.name: _on_axis(placed, axis, value)}
    raise NotCovered(
        f"coordinate {key!r} of {placed.name} is unknown; it has {', '.join(axes) or 'no parts'}"
    )


def _typed(placed: Placed, key: str) -> Iterator[tuple[str, ...]]:
    """The axes that a vendor's type of this name enumerates, if it fits the container."""
    kinds = {vendor.kind(axis): axis.name for axis in placed.axes}
    parts = vendor.PARTS.get(key)
    if parts is not None and kinds.keys() >= set(parts):
        yield tuple(kinds[part] for part in parts)
    own = re.fullmatch(rf"{re.escape(placed.name)}On[A-Z]\w*", key) is not None
    if key in FLAT or own or key in vendor.WHOLE.get(placed.name, ()):
        yield tuple(axis.name for axis in vendor_axes(placed))


def several(placed: Placed, axes: tuple[Axis, ...], value: object) -> Parts:
    """Where several axes are by one value: a number, the vendor's print of it, or a mapping."""
    if isinstance(value, str) and len(axes) == 1:
        return {axes[0].name: _on_axis(placed, axes[0], value)}
    if isinstance(value, str):
        value = printed(value)
    if isinstance(value, dict):
        found: Parts = {}
        for key, part in value.items():
            found |= _parts(placed, key, part)
        return found
    return _unravelled(placed, axes, whole_number(f"coordinate of {placed.name}", value))


def _unravelled(placed: Placed, axes: tuple[Axis, ...], number: int) -> Parts:
    sizes = tuple(axis.size for axis in axes)
    n = int(np.prod(sizes, dtype=np.int64))
    if not 0 <= number < n:
        raise CoordinateError(f"{placed.name}: number {number} does not exist; choose 0..{n - 1}")
    index = np.unravel_index(number, sizes) if sizes else ()
    return {axis.name: int(i) for axis, i in zip(axes, index, strict=True)}


def _on_axis(placed: Placed, axis: Axis, value: object) -> int:
    """The number that an int or a name means on one axis."""
    if isinstance(value, bool):
        whole_number(f"{placed.name}: {axis.name}", value)
    if isinstance(value, str):
        lower = re.sub(r"[\s-]", "_", value.strip().lower())
        names = axis.names or vendor.AXIS_NAMES.get(vendor.kind(axis), ())
        value = vendor.NAMES.get(lower, lower)
        value = names.index(value) if value in names else lower
    return axis.index(value, placed.name)


def _node(value: object) -> int:
    """Number of the crossbar node that joins an output to an input."""
    parts = printed(value) if isinstance(value, str) else value
    if not isinstance(parts, dict) or parts.keys() != {"output", "input"}:
        raise InspectError(f"CrossbarNode: {value!r} is no pair; write '(output 9,input 13)'")
    output, input_ = (whole_number(f"CrossbarNode: {k}", parts[k]) for k in ("output", "input"))
    return int(CrossbarNode.at(output, input_))


_NEURON = Grid("AtomicNeuron", (Axis("row", 2, Synram.names),))


def neuron_number(value: object) -> int:
    """Number of an AtomicNeuron: an int, or column and row (x and y) as mapping or print."""
    if isinstance(value, str):
        value = printed(value)
    if isinstance(value, dict):
        parts = {{"x": "column", "y": "row"}.get(k, k): v for k, v in value.items()}
        if parts.keys() != {"column", "row"}:
            raise InspectError(f"neuron {value!r} has no column and row; write both, or a number")
        column = whole_number("neuron: column", parts["column"])
        row = _on_axis(_NEURON, _NEURON.axes[0], parts["row"])
        return int(AtomicNeuron.at(column, row))
    return int(AtomicNeuron(whole_number("AtomicNeuron", value)))


def _of_neuron(placed: Placed, value: object) -> Parts:
    n = neuron_number(value)
    block, idx = divmod(n, 128) if placed.name == "NeuronConfig" else backend_of_neuron(n)
    return {"block": block, "idx": idx}


def described(placed: Placed, index: tuple[int, ...]) -> dict[str, int | str]:
    """The coordinate of an instance by axis, with names where an axis has names."""
    return {
        axis.name: axis.names[i] if axis.names else i
        for axis, i in zip(placed.axes, index, strict=True)
    }
