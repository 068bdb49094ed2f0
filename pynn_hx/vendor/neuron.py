"""``lola.AtomicNeuron``: all settings of one neuron circuit, by member.

The members, their fields, limits and places are :mod:`firmware_protocol.atomic_neuron`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from enum import IntEnum
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from firmware_protocol import ChipConfig, FieldRangeError
from firmware_protocol.atomic_neuron import BY_NAME, FIELDS, MEMBERS, NeuronField
from firmware_protocol.catalogue import CONTAINERS
from firmware_protocol.coordinates import AtomicNeuron as Circuit
from firmware_protocol.coordinates import backend_of_neuron, config_of_neuron

from .container import Container, Words
from .coordinate import VendorCoordinate
from .values import camel, choices, ranged, whole

Settings = MutableMapping[str, int]
_REGISTERS = {"neuron_config": "NeuronConfig", "neuron_backend": "NeuronBackendConfig"}
_CELLS = [f for f in FIELDS if f.block == "capmem_neurons"]
_TYPE_NAMES = {"AnalogOutput": "AnalogOutputMode"}


class _OnChip(Settings):
    """The settings of a circuit in the arrays of a configuration."""

    def __init__(self, chip: ChipConfig, n: int) -> None:
        self._neurons, self._n = chip.neurons, int(Circuit(int(n)))

    def __getitem__(self, name: str) -> int:
        return int(self._neurons[name][self._n])

    def __setitem__(self, name: str, value: int) -> None:
        self._neurons[name][self._n] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError("a circuit keeps all its settings")

    def __iter__(self) -> Iterator[str]:
        return iter(BY_NAME)

    def __len__(self) -> int:
        return len(BY_NAME)


class Member:
    """One part of a circuit's settings: ``neuron.leak.v_leak = 400``."""

    __slots__ = ("_settings",)
    fields: ClassVar[Mapping[str, NeuronField]] = {}
    types: ClassVar[Mapping[str, type]] = {}
    _settings: Settings

    def __init__(self, settings: Settings | None = None) -> None:
        given = _defaults() if settings is None else settings
        object.__setattr__(self, "_settings", given)

    def __getattr__(self, name: str) -> Any:
        field = self._field(name)
        value = self._settings[field.name]
        kind = self.types.get(name)
        if kind is not None and issubclass(kind, IntEnum):
            return kind(value)
        return bool(value) if field.kind == "flag" else value

    def __setattr__(self, name: str, value: Any) -> None:
        field = self._field(name)
        place = f"AtomicNeuron.{field.member}.{name}"
        number = whole(place, value)
        if not 0 <= number <= field.limit:
            raise FieldRangeError(place, number, field.limit, "choose a code in range")
        self._settings[field.name] = number

    @classmethod
    def _field(cls, name: str) -> NeuronField:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in cls.fields:
            raise AttributeError(
                f"AtomicNeuron.{cls.__name__} has no value {name!r}; it has {', '.join(cls.fields)}"
            )
        return cls.fields[name]

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.fields})

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __eq__(self, other: object) -> bool:
        """Whether it is the same part with the same values."""
        if type(other) is not type(self):
            return NotImplemented
        names = [field.name for field in self.fields.values()]
        return all(self._settings[n] == other._settings[n] for n in names)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={getattr(self, name)}" for name in self.fields)
        return f"{type(self).__name__}({values})"


def _defaults() -> dict[str, int]:
    return {f.name: f.default for f in FIELDS}


def _member_type(member: str) -> type[Member]:
    fields = {f.field: f for f in FIELDS if f.member == member}
    owner, types, named = f"AtomicNeuron.{camel(member)}", {}, {}
    for name, field in fields.items():
        called = _TYPE_NAMES.get(camel(name), camel(name))
        if field.kind == "flag":
            continue
        options: tuple[str, ...] = ()
        if field.block in _REGISTERS:
            table = CONTAINERS[_REGISTERS[field.block]].register.by_name
            options = table[str(field.key)].choices
        made: type = (
            choices(owner, called, options) if options else ranged(owner, called, 0, field.limit)
        )
        types[name] = named[called] = made
    doc = "\n".join(["Settings by name.", "", *(f"{n}: {f.doc}" for n, f in fields.items())])
    content = {"__slots__": (), "__module__": __name__, "__doc__": doc, "fields": fields}
    return type(camel(member), (Member,), {**content, "types": types, **named})


_MEMBER_TYPES = {member: _member_type(member) for member in MEMBERS}


class AtomicNeuron(Container):
    """All settings of one neuron circuit: 14 members, such as ``leak`` and ``threshold``.

    ``AtomicNeuron()`` stands for itself and has the defaults (all off); :meth:`on` gives one that
    is a view of a circuit of a configuration: what is set there is set in the configuration.
    ``AtomicNeuron.Readout.Source.membrane`` and the like are the enumerations.
    """

    __slots__ = ("_members", "_settings")
    __module__ = "pynn_hx.vendor.lola"
    _settings: Settings
    _members: dict[str, Member]

    def __init__(self, **values: Any) -> None:
        """The defaults but for values by flat name, such as ``leak_v_leak=400``."""
        self._adopt(_defaults())
        for name, value in values.items():
            if name not in BY_NAME:
                raise AttributeError(f"AtomicNeuron has no value {name!r}; see BY_NAME")
            setattr(self._members[BY_NAME[name].member], BY_NAME[name].field, value)

    def _adopt(self, settings: Settings) -> None:
        object.__setattr__(self, "_values", {})
        object.__setattr__(self, "_settings", settings)
        members = {name: kind(settings) for name, kind in _MEMBER_TYPES.items()}
        object.__setattr__(self, "_members", members)

    @classmethod
    def on(cls, chip: ChipConfig, n: int) -> AtomicNeuron:
        """A view of circuit `n` (0..511) of a configuration; CoordinateError if there is none."""
        made = cls.__new__(cls)
        made._adopt(_OnChip(chip, n))
        return made

    @classmethod
    def of_parameters(cls, parameters: Mapping[str, Any]) -> AtomicNeuron:
        """The circuit that parameters of a cell mean: numbers are truncated, others passed over.

        Raises FieldRangeError (an OverflowError) for a number that does not fit, TypeError or
        ValueError for what is none.
        """
        flags = {n: bool(v) for n, v in parameters.items() if n in BY_NAME and _is_flag(n)}
        codes = {n: int(v) for n, v in parameters.items() if n in BY_NAME and n not in flags}
        return cls(**flags, **codes)

    def values(self) -> dict[str, int]:
        """All settings by flat name."""
        return {f.name: self._settings[f.name] for f in FIELDS}

    def assign(self, other: Container) -> None:
        """Take all settings of another circuit."""
        if not isinstance(other, AtomicNeuron):
            raise TypeError(f"an AtomicNeuron takes another one, not {other!r}")
        self._settings.update(other.values())

    def write_into(self, chip: ChipConfig, n: int) -> None:
        """Write all settings to circuit `n` of a configuration."""
        self.on(chip, n).assign(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in self._members:
            raise AttributeError(f"AtomicNeuron has no {name!r}; it has {', '.join(MEMBERS)}")
        return self._members[name]

    def __setattr__(self, name: str, value: Any) -> None:
        member = self.__getattr__(name)
        if type(value) is not type(member):
            raise TypeError(f"AtomicNeuron.{name} takes a {type(member).__name__}, not {value!r}")
        for field in member.fields:
            setattr(member, field, getattr(value, field))

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *MEMBERS})

    def __iter__(self) -> Iterator[str]:
        return iter(MEMBERS)

    def __eq__(self, other: object) -> bool:
        """Whether all settings are the same."""
        if not isinstance(other, AtomicNeuron):
            return NotImplemented
        return self.values() == other.values()

    __hash__ = None

    def __repr__(self) -> str:
        """The settings that are not the defaults."""
        said = [f"{f.name}={self._settings[f.name]}" for f in FIELDS if self._is_set(f)]
        return f"AtomicNeuron({', '.join(said)})"

    def _is_set(self, field: NeuronField) -> bool:
        return self._settings[field.name] != field.default

    def __copy__(self) -> Self:
        return type(self)(**self.values())

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.values(),)

    # --- words ----------------------------------------------------------------------------------

    @classmethod
    def addresses(cls, coordinate: VendorCoordinate) -> Words:
        """(n,) addresses: circuit's switches, its backend, its CapMem cells."""
        n = int(coordinate)
        rows = np.array([int(f.key) for f in _CELLS])
        places = [
            CONTAINERS["NeuronConfig"].addresses(*config_of_neuron(n)),
            CONTAINERS["NeuronBackendConfig"].addresses(*backend_of_neuron(n)),
            CONTAINERS["CapMemCell"].addresses(*config_of_neuron(n), rows),
        ]
        return np.concatenate([a.reshape(-1) for a in places])

    def words(self) -> Words:
        """(n,) words of the settings."""
        words = [
            CONTAINERS[name].register.encode(
                {str(f.key): self._settings[f.name] for f in FIELDS if f.block == block}
            )
            for block, name in _REGISTERS.items()
        ]
        cells = np.array([self._settings[f.name] for f in _CELLS])
        words.append(CONTAINERS["CapMemCell"].register.encode({"value": cells}))
        return np.concatenate([w.reshape(-1) for w in words])

    @classmethod
    def decode(cls, words: npt.ArrayLike) -> Self:
        """The settings that (n,) words mean."""
        array, settings, start = np.asarray(words, dtype=np.uint32), _defaults(), 0
        for block, name in _REGISTERS.items():
            register = CONTAINERS[name].register
            values = register.decode(array[start : start + register.n_words])
            start += register.n_words
            settings |= {f.name: int(values[str(f.key)]) for f in FIELDS if f.block == block}
        cells = CONTAINERS["CapMemCell"].register.decode(array[start:, None])["value"]
        settings |= {f.name: int(v) for f, v in zip(_CELLS, cells, strict=True)}
        made = cls.__new__(cls)
        made._adopt(settings)
        return made


def _is_flag(name: str) -> bool:
    return BY_NAME[name].kind == "flag"


def _restored(values: dict[str, int]) -> AtomicNeuron:
    return AtomicNeuron(**values)


for _name, _kind in _MEMBER_TYPES.items():
    setattr(AtomicNeuron, camel(_name), _kind)
