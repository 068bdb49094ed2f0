"""What all containers have: values by name, words at a coordinate, and the way back from words.

Containers are made from tables: :func:`register_type` makes that of a register; rows and matrices
of synapses are in :mod:`pynn_hx.vendor.composite`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from firmware_protocol import Program, jtag, spi
from firmware_protocol.container import Container as Table
from firmware_protocol.inspector import vendor
from firmware_protocol.inspector.instances import WORD_LIMIT
from firmware_protocol.inspector.places import vendor_axes
from firmware_protocol.inspector.spelling import value_of
from firmware_protocol.layout import Field, IntArray

from .coordinate import READS_AS, VendorCoordinate
from .values import Values, camel, plain, types_of, whole

Words = npt.NDArray[np.uint32]


class Encoded(NamedTuple):
    """What a container writes: addresses and words, (n,) each, in the order of writing."""

    addresses: Words
    words: Words


class Container:
    """Values with names, and how they are written to and read from a chip.

    fields    the table of each name
    storage   name -> array; its shape is that of the field's entries, () for a plain one
    access    "rw", "r" or "w"
    """

    __slots__ = ("_values",)
    fields: ClassVar[Mapping[str, Field]] = {}
    aliases: ClassVar[Mapping[str, str]] = {}
    types: ClassVar[Mapping[str, type]] = {}
    access: ClassVar[str] = "rw"
    _values: dict[str, IntArray]

    def __init__(self, *value: Any, **values: Any) -> None:
        """The default values but for those given; an only value needs no name."""
        object.__setattr__(self, "_values", self._defaults())
        if value:
            if len(value) > 1 or len(self.fields) != 1:
                raise TypeError(
                    f"{type(self).__name__}: name the values ({', '.join(self.fields) or 'none'})"
                )
            setattr(self, next(iter(self.fields)), value[0])
        for name, given in values.items():
            setattr(self, name, given)

    @classmethod
    def _defaults(cls) -> dict[str, IntArray]:
        raise NotImplementedError

    @classmethod
    def over(cls, storage: dict[str, IntArray]) -> Self:
        """A container whose values are these arrays, not copies: what is set is set there."""
        made = cls.__new__(cls)
        object.__setattr__(made, "_values", storage)
        return made

    def assign(self, other: Container) -> None:
        """Take all values of another one of this kind."""
        if type(other) is not type(self):
            raise TypeError(f"{type(self).__name__} does not take a {type(other).__name__}")
        for name, values in self._values.items():
            values[...] = other._values[name]

    # --- values by name -------------------------------------------------------------------------

    @classmethod
    def _named(cls, name: str) -> str:
        called = cls.aliases.get(name, name)
        if called in cls.fields:
            return called
        near = difflib.get_close_matches(name, cls.fields, n=3, cutoff=0.4) or list(cls.fields)
        raise AttributeError(
            f"{cls.__name__} has no value {name!r}; near to it: {', '.join(near) or 'it has none'}"
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        called = self._named(name)
        field, values = self.fields[called], self._values[called]
        if values.ndim:
            return Values(values, field, f"{type(self).__name__}.{called}")
        return plain(field, values, self.types.get(camel(called)))

    def __setattr__(self, name: str, value: Any) -> None:
        called = self._named(name)
        field, values = self.fields[called], self._values[called]
        place = f"{type(self).__name__}.{called}"
        if values.ndim:
            given = list(value) if isinstance(value, Iterable) else value
            if np.shape(given) != values.shape:
                raise ValueError(f"{place} has the shape {values.shape}, not {np.shape(given)}")
            Values(values, field, place)[...] = given
            return
        number = value_of(type(self).__name__, field, value) if isinstance(value, str) else value
        number = whole(place, number)
        field.check(number, place)
        values[...] = number

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self.fields, *self.aliases})

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __eq__(self, other: object) -> bool:
        """Whether it is a container of the same kind with the same values."""
        if type(other) is not type(self):
            return NotImplemented
        return all(np.array_equal(v, other._values[k]) for k, v in self._values.items())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """The values that are not the defaults."""
        usual = self._defaults()
        said = [
            f"{name}={np.array2string(v, threshold=8)}"
            for name, v in self._values.items()
            if not np.array_equal(v, usual[name])
        ]
        return f"{type(self).__name__}({', '.join(said)})"

    def __copy__(self) -> Self:
        return self.over({name: v.copy() for name, v in self._values.items()})

    def __deepcopy__(self, memo: object) -> Self:
        return self.__copy__()

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (type(self).__module__, type(self).__name__, self._values)

    # --- words ----------------------------------------------------------------------------------

    @classmethod
    def check_place(cls, coordinate: Any, action: str = "write") -> None:
        """TypeError if it is not written (or read) at such a coordinate, or not at all."""
        kinds = [kind for kind, name in READS_AS.items() if name == cls.__name__]
        if type(coordinate).__name__ not in kinds or not isinstance(coordinate, VendorCoordinate):
            where = " or ".join(f"halco.{kind}" for kind in kinds) or "no coordinate"
            raise TypeError(f"{cls.__name__} belongs to {where}, not to {coordinate!r}")
        if action[0] not in cls.access:
            can = "written" if cls.access == "w" else "read"
            raise TypeError(f"{cls.__name__} can only be {can}; there is nothing to {action}")

    @classmethod
    def addresses(cls, coordinate: VendorCoordinate) -> Words:
        """(n,) Omnibus addresses of the words at a coordinate, in the order of reading."""
        raise NotImplementedError

    def words(self) -> Words:
        """(n,) words of the values."""
        raise NotImplementedError

    @classmethod
    def decode(cls, words: npt.ArrayLike) -> Self:
        """The container that (n,) words mean."""
        raise NotImplementedError

    def encode(self, coordinate: VendorCoordinate) -> Encoded:
        """What is written at a coordinate; TypeError if it is none of this container's."""
        self.check_place(coordinate)
        return Encoded(self.addresses(coordinate), self.words())

    def write_to(self, program: Program, coordinate: VendorCoordinate) -> Encoded | None:
        """Append to a program what writes it; returns the words, None where it is no register."""
        encoded = self.encode(coordinate)
        program.write(encoded.addresses, encoded.words)
        return encoded


def _restored(module: str, name: str, values: dict[str, IntArray]) -> Container:
    """A container after pickling; its type is made again from its table."""
    kind: type[Container] = getattr(import_module(module), name)
    return kind.over(values)


class RegisterContainer(Container):
    """A container of one register."""

    __slots__ = ()
    table: ClassVar[Table]

    @classmethod
    def _defaults(cls) -> dict[str, IntArray]:
        return cls.table.register.defaults()

    @classmethod
    def index_at(cls, coordinate: VendorCoordinate) -> tuple[int, ...]:
        """Index of the instance along each axis of its table."""
        axes = vendor_axes(cls.table)
        numbers = np.unravel_index(int(coordinate), [a.size for a in axes]) if axes else ()
        found = {axis.name: int(i) for axis, i in zip(axes, numbers, strict=True)}
        return tuple(found[axis.name] for axis in cls.table.axes)

    @classmethod
    def addresses(cls, coordinate: VendorCoordinate) -> Words:
        """(n,) Omnibus addresses of the words at a coordinate."""
        if cls.table.rule is None:
            raise TypeError(f"{cls.__name__} is not on the chip's bus: its words have no addresses")
        return cls.table.addresses(*cls.index_at(coordinate)).reshape(-1)

    def words(self) -> Words:
        """(n,) words of the values."""
        return self.table.register.encode(self._values).reshape(-1)

    @classmethod
    def decode(cls, words: npt.ArrayLike) -> Self:
        """The container that (n,) words mean."""
        return cls.over(dict(cls.table.register.decode(words)))

    @classmethod
    def check_place(cls, coordinate: Any, action: str = "write") -> None:
        """TypeError if it is not written (or read) at such a coordinate, or not at all."""
        super().check_place(coordinate, action)
        if cls.table.rule is None and (action == "read" or cls.__name__ not in _MESSAGES):
            raise TypeError(
                f"{cls.__name__} is no register of the chip or the FPGA; a builder cannot "
                f"{action} it: use firmware_protocol (i2c, spi, jtag) with a connection"
            )

    def write_to(self, program: Program, coordinate: VendorCoordinate) -> Encoded | None:
        """Append to a program what writes it; returns the words, None where it is no register."""
        if self.table.rule is None:
            self.check_place(coordinate)
            _MESSAGES[type(self).__name__](program, self.index_at(coordinate), self)
            return None
        return super().write_to(program, coordinate)

    # --- flags that the vendor has and the tables do not ----------------------------------------

    def __getattr__(self, name: str) -> Any:
        bit = vendor.CODE_BITS.get(type(self).__name__, {}).get(name)
        return super().__getattr__(name) if bit is None else bool(self._code(bit[0]) >> bit[1] & 1)

    def __setattr__(self, name: str, value: Any) -> None:
        bit = vendor.CODE_BITS.get(type(self).__name__, {}).get(name)
        if bit is None:
            super().__setattr__(name, value)
            return
        code = self._code(bit[0]) & ~(1 << bit[1]) | int(bool(value)) << bit[1]
        value, transform = np.array(code), self.fields[bit[0]].transform
        self._values[bit[0]][...] = value if transform is None else transform.to_value(value)

    def _code(self, name: str) -> int:
        transform, value = self.fields[name].transform, self._values[name]
        return int(value if transform is None else transform.to_code(value))


def register_type(table: Table, module: str) -> type[RegisterContainer]:
    """The container of a register, by the names of its table and of the vendor."""
    fields = table.register.by_name
    aliases = dict(vendor.FIELDS.get(table.name, {}))
    if len(fields) == 1:
        aliases |= dict.fromkeys(("value", "values"), next(iter(fields)))
    types = types_of(table.name, fields)
    lines = [f"{f.name}: {f.low}..{f.limit} {f.doc}".rstrip() for f in fields.values()]
    content = {
        "__slots__": (),
        "__module__": module,
        "__doc__": "\n".join([f"{table.name}. {table.doc}".rstrip(". ") + ".", "", *lines]),
        **{"table": table, "fields": fields, "aliases": aliases, "types": types},
        "access": table.access,
        **types,
    }
    return type(table.name, (RegisterContainer,), content)


def _phy(program: Program, index: tuple[int, ...], container: Any) -> None:
    label = str(container.table.labels(index)[0])
    register = int(label.partition("[")[2].rstrip("]"))
    jtag.write_phy_register(program, register, int(container.words()[0]))


def _dac_control(program: Program, index: tuple[int, ...], container: Any) -> None:
    on = int(np.packbits(container.enable_channel.to_numpy(), bitorder="little")[0])
    gain = int(container.gain_reference)
    spi.write_dac_control(program, index[0], gain_reference=gain, enable_mask=on)


def _systime(program: Program, index: tuple[int, ...], container: Any) -> None:
    if container.do_sync:
        program.systime_init()


_MESSAGES: dict[str, Callable[[Program, tuple[int, ...], Any], None]] = {
    "Timer": lambda program, _, __: program.setup_timer(),
    "SystimeSync": _systime,
    "ResetChip": lambda program, _, c: program.reset(bool(c.value)),
    "ResetJTAGTap": lambda program, _, __: jtag.reset_tap(program),
    "JTAGClockScaler": lambda program, _, c: jtag.clock_scaler(program, c.value),
    "PhyConfigChip": _phy,
    "ShiftRegister": lambda p, _, c: spi.write_shift_register(p, int(c.words()[0]) & WORD_LIMIT),
    "DACChannel": lambda p, at, c: spi.write_dac_channel(p, at[0], at[1], c.value),
    "DACControl": _dac_control,
}
"""Containers that are no registers on the bus -> what writes them."""
