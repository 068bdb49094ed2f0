"""Field values as people and files spell them, and the arrays that the tables want.

What is said of a field with several entries: a list with a value for each, a shorter list of the
flags that are set, a mapping from entry to value, or one key for each (``bypass_output0``); what is
said of one entry of all fields: ``{"entry2": {...}}``.  Fields that are not said keep their
defaults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..container import Axis, Container
from ..errors import FieldRangeError
from ..layout import Field, IntArray
from . import vendor
from .errors import InspectError
from .places import Grid, several, whole_number

ALL_BYTES = 0b1111
_HALVES = ("left", "right")


@dataclass
class Spelled:
    """Values of all fields of one instance, and which of them were said.

    values  field -> array of the field's shape
    given   field -> bool array of the same shape
    enables bytes of the words that are written (bit k: bits 8 k + 7 .. 8 k); None: all
    """

    container: Container
    values: dict[str, IntArray] = field(init=False)
    given: dict[str, npt.NDArray[np.bool_]] = field(init=False)
    enables: int | None = None

    def __post_init__(self) -> None:
        self.values = self.container.register.defaults()
        self.given = {name: np.zeros(v.shape, dtype=bool) for name, v in self.values.items()}

    def set(self, key: str, value: object) -> None:
        """One entry of a mapping of fields."""
        table, aliases = self._table, vendor.FIELDS.get(self.container.name, {})
        name, entry = _split(aliases.get(key, key), table)
        if name in table:
            self._field(table[name], entry, value)
        elif (entry_of := re.fullmatch(r"entry_?(\d+)", key)) and isinstance(value, dict):
            for inner, inner_value in value.items():
                self._entry_of(inner, int(entry_of[1]), inner_value)
        elif (bit := vendor.CODE_BITS.get(self.container.name, {}).get(key)) is not None:
            self._code_bit(table[bit[0]], bit[1], key, value)
        else:
            known = ", ".join(table) or "none; writing anything triggers it"
            raise InspectError(f"{self.container.name} has no field {key!r}; it has {known}")

    @property
    def _table(self) -> dict[str, Field]:
        return self.container.register.by_name

    def _entry_of(self, name: str, entry: int, value: object) -> None:
        found = self._table.get(name)
        if found is None or not found.entries:
            several_ = [f.name for f in self._table.values() if f.entries]
            raise InspectError(
                f"{self.container.name} has no field {name!r} with entries; it has {several_}"
            )
        self._field(found, entry, value)

    def _field(self, f: Field, entry: int | None, value: object) -> None:
        if not f.entries:
            self._put(f, (), value)
        elif entry is not None:
            self._put(f, (_entry(self.container, f, entry),), value)
        elif isinstance(value, dict):
            for key, part in value.items():
                self._put(f, (_entry(self.container, f, _int_of(key)),), part)
        elif isinstance(value, list):
            self._list(f, value)
        else:
            raise InspectError(
                f"{self.container.name}.{f.name} = {value!r}: it has {f.entries} entries; write a "
                f'list of {f.entries} values, or {{"0": value}}'
            )

    def _list(self, f: Field, values: list[object]) -> None:
        """A value for each entry, or the numbers of the flags that are set."""
        n, place = f.entries, f"{self.container.name}.{f.name}"
        all_set = f.limit == 1 and n > 2 and values == list(range(n))
        if len(values) == n and not all_set:
            for entry, value in enumerate(values):
                self._put(f, (entry,), value)
            return
        if f.limit != 1 or len(values) > n:
            raise InspectError(f"{place} = {values!r} has {len(values)} of {n} values; write all")
        which = [_entry(self.container, f, whole_number(place, value)) for value in values]
        if len(set(which)) != len(which):
            raise InspectError(f"{place} = {values!r} says a flag twice; write each once")
        for entry in range(n):
            self._put(f, (entry,), int(entry in which))

    def _code_bit(self, f: Field, bit: int, key: str, value: object) -> None:
        """A flag of the vendor's that is one bit of the code of a field of ours."""
        flag = int(_flag(f"{self.container.name}.{key}", value))
        before = np.asarray(self.values[f.name])
        code = int(before if f.transform is None else f.transform.to_code(before))
        after = np.asarray(code & ~(1 << bit) | flag << bit)
        after = after if f.transform is None else f.transform.to_value(after)
        self.values[f.name][...] = after
        self.given[f.name][...] = True

    def _put(self, f: Field, entry: tuple[int, ...], value: object) -> None:
        number = value_of(self.container.name, f, value)
        place = f"{self.container.name}.{f.name}" + (f"[{entry[0]}]" if entry else "")
        if not f.low <= number <= f.limit:
            raise FieldRangeError(place, number, f.limit, "choose one that fits", low=f.low)
        if self.given[f.name][entry] and self.values[f.name][entry] != number:
            before = int(self.values[f.name][entry])
            raise InspectError(f"{place} is said to be {before} and {number}; say it once")
        self.values[f.name][entry] = number
        self.given[f.name][entry] = True


def value_of(container: str, f: Field, value: object) -> int:
    """The number that an int, a bool, or the name of a choice means."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value
    if isinstance(value, str):
        lower = value.strip().lower()
        for name in (lower, *vendor.VALUES.get(lower, ())):
            if name in f.choices:
                return f.choices.index(name)
        if re.fullmatch(r"0x[0-9a-f]+", lower):
            return int(lower, 16)
        known = list(f.choices) or f"a number ({f.low}..{f.limit})"
        raise InspectError(f"{container}.{f.name} = {value!r} is unknown; choose {known}")
    raise InspectError(
        f"{container}.{f.name} = {value!r} is no value; write a number ({f.low}..{f.limit})"
    )


def _split(key: str, table: Mapping[str, Field]) -> tuple[str, int | None]:
    """Field and entry of a key such as ``bypass_output0``; the key itself if it is a field."""
    match = re.fullmatch(r"(.*?\D)_?(\d+)", key)
    if key in table or match is None:
        return key, None
    for name in (match[1], match[1].rstrip("_")):
        if name in table and table[name].entries:
            return name, int(match[2])
    return key, None


def _int_of(key: object) -> int:
    if isinstance(key, str) and key.isdecimal():
        return int(key)
    raise InspectError(f"entry {key!r} is no number; number the entries from 0")


def _entry(container: Container, f: Field, entry: int) -> int:
    if not 0 <= entry < f.entries:
        raise InspectError(
            f"{container.name}.{f.name} has no entry {entry}; choose 0..{f.entries - 1}"
        )
    return entry


# --- what the vendor says in another way than the tables ----------------------------------------


def _flag(place: str, value: object) -> bool:
    number = int(value) if isinstance(value, bool) else whole_number(place, value)
    if number not in (0, 1):
        raise FieldRangeError(place, number, 1, "it is on or off")
    return bool(number)


_CELL = Grid("CapMemCellOnCapMemBlock", (Axis("row", 24), Axis("column", 130)))


def _debug_cell(spelled: Spelled, fields: dict[str, object]) -> None:
    """CapMemBlockConfig: the cell on the debug line, and whether there is one."""
    on = _flag("debug_readout_enable", fields.pop("debug_readout_enable", 0))
    cell = {"row": 0, "column": 0}
    if "debug_capmem_cell" in fields:
        cell = _cell(fields.pop("debug_capmem_cell"))
        spelled.set("debug_column", cell["column"])
    spelled.set("debug_row", 1 + cell["row"] if on else 0)


def _cell(value: object) -> dict[str, int]:
    """Row and column; a number beside them must agree."""
    if not isinstance(value, dict):
        return several(_CELL, _CELL.axes, value)
    found = several(_CELL, _CELL.axes, {k: v for k, v in value.items() if k != "enum"})
    if "enum" in value:
        flat = several(_CELL, _CELL.axes, value["enum"])
        if found | flat != flat | found:
            raise InspectError(f"debug_capmem_cell: enum {value['enum']} is {flat}, not {found}")
        found = flat
    if found.keys() != {"row", "column"}:
        raise InspectError(f"debug_capmem_cell {value!r} does not say row and column; write both")
    return found


def _ramp_offsets(spelled: Spelled, fields: dict[str, object]) -> None:
    """CommonCorrelationConfig: which half's v_offset the ramp of each half starts from."""
    assignment = fields.pop("cadc_v_offset_assignment")
    if not isinstance(assignment, dict) or not assignment.keys() <= set(_HALVES):
        raise InspectError(
            f'cadc_v_offset_assignment = {assignment!r}; write {{"left": "left", "right": "right"}}'
        )
    for half, source in assignment.items():
        if isinstance(source, int) and 0 <= source < len(_HALVES):
            source = _HALVES[source]
        if source not in _HALVES:
            raise InspectError(f"cadc_v_offset_assignment: {source!r} is neither left nor right")
        other = _HALVES[1 - _HALVES.index(half)]
        spelled.set(f"{half}_uses_{other}_offset", int(source == other))


def _byte_enables(spelled: Spelled, fields: dict[str, object]) -> None:
    """VectorGeneratorFIFOWord: entries that are written; entry 0 is the most significant byte."""
    enable = fields.pop("enable")
    if not isinstance(enable, list) or len(enable) != 4:
        raise InspectError(f"enable = {enable!r}; write a list of 4 flags, one per entry")
    flags = [_flag(f"enable[{entry}]", value) for entry, value in enumerate(enable)]
    spelled.enables = sum(flag << (3 - entry) for entry, flag in enumerate(flags))


_TRANSLATED: dict[tuple[str, str], Callable[[Spelled, dict[str, object]], None]] = {
    ("CapMemBlockConfig", "debug_readout_enable"): _debug_cell,
    ("CapMemBlockConfig", "debug_capmem_cell"): _debug_cell,
    ("CommonCorrelationConfig", "cadc_v_offset_assignment"): _ramp_offsets,
    ("VectorGeneratorFIFOWord", "enable"): _byte_enables,
}


def spelled(container: Container, fields: Mapping[str, object]) -> Spelled:
    """The values of all fields of one instance.

    Raises InspectError for a field or value that does not exist, FieldRangeError for a value that
    does not fit.
    """
    result, rest = Spelled(container), dict(fields)
    for key in fields:
        translate = _TRANSLATED.get((container.name, key))
        if translate is not None and key in rest:
            translate(result, rest)
    for key, value in rest.items():
        result.set(key, value)
    return result


def spoken(f: Field, value: int) -> int | str:
    """A value as it is printed: the name of the choice, if there is one."""
    return f.choices[value] if 0 <= value < len(f.choices) else value
