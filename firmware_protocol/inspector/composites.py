"""Containers that read or write many instances of a smaller one: rows and matrices of quads.

Their words come in a fixed sequence; a file names only the words that its fields touch.
Source: lola synapse.h and cadc.h (order of visits), read on 2026-11-21; the vendor's tests name
positions in the sequence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..catalogue import CONTAINERS
from ..container import CHANNEL, ROW, SYNRAM, Axis, Container
from ..coordinates import N_COLUMNS, N_QUADS, N_ROWS, N_SYNRAMS, column_of_quad
from ..errors import FieldRangeError
from ..layout import Field, IntArray
from .errors import InspectError, NotCovered
from .places import described, index_of, whole_number
from .spelling import value_of

Ints = npt.NDArray[np.int64]

_QUAD_COLUMNS = column_of_quad(np.arange(N_QUADS)[:, None], np.arange(4))
"""(64, 4) synapse column of every entry of every quad."""
TRIGGER, BUFFERED = 0, 1


@dataclass(frozen=True)
class Composite:
    """Many quads under one name.

    fields  name -> the quad's field, and the layer of it (CADC: channel) that the name means
    shape   of a field: (256 columns,), (256 rows, 256 columns) or (2 halves, 256 columns)
    """

    name: str
    quad: Container
    axes: tuple[Axis, ...]
    fields: Mapping[str, tuple[str, int]]
    shape: tuple[int, ...] = (N_COLUMNS,)
    access: str = "rw"

    def field(self, name: str) -> Field:
        """The quad's field that a name means; InspectError if there is none."""
        if name not in self.fields:
            raise InspectError(
                f"{self.name} has no field {name!r}; it has {', '.join(self.fields) or 'none'}"
            )
        return self.quad.register.by_name[self.fields[name][0]]

    @property
    def samples(self) -> bool:
        """Whether it reads the columns' ADCs."""
        return CHANNEL in self.quad.axes


def _synapses(name: str, quad: str, fields: Mapping[str, str], *, matrix: bool) -> Composite:
    axes = (SYNRAM,) if matrix else (SYNRAM, ROW)
    shape = (N_ROWS, N_COLUMNS) if matrix else (N_COLUMNS,)
    return Composite(
        name, CONTAINERS[quad], axes, {k: (v, 0) for k, v in fields.items()}, shape=shape
    )


def _columns(name: str, quad: str) -> Composite:
    container = CONTAINERS[quad]
    return Composite(name, container, (SYNRAM,), {f: (f, 0) for f in container.register.by_name})


_RAW = {
    "weights": "weight",
    "labels": "label",
    "time_calibs": "time_calib",
    "amp_calibs": "amp_calib",
}
_CALIB_QUAD = "SynapseCorrelationCalibQuad"
_CALIBS = {"time_calibs": "time_calib", "amp_calibs": "amp_calib"}
_WEIGHTS = {"weights": "weight", "values": "weight"}
_LABELS = {"labels": "label", "values": "label"}
_SAMPLES = {"causal": ("sample", 0), "acausal": ("sample", 1)}

COMPOSITES: dict[str, Composite] = {
    c.name: c
    for c in (
        _synapses("SynapseRow", "SynapseQuad", _RAW, matrix=False),
        _synapses("SynapseMatrix", "SynapseQuad", _RAW, matrix=True),
        _synapses("SynapseWeightRow", "SynapseWeightQuad", _WEIGHTS, matrix=False),
        _synapses("SynapseWeightMatrix", "SynapseWeightQuad", _WEIGHTS, matrix=True),
        _synapses("SynapseLabelRow", "SynapseLabelQuad", _LABELS, matrix=False),
        _synapses("SynapseLabelMatrix", "SynapseLabelQuad", _LABELS, matrix=True),
        _synapses("SynapseCorrelationCalibRow", _CALIB_QUAD, _CALIBS, matrix=False),
        _synapses("SynapseCorrelationCalibMatrix", _CALIB_QUAD, _CALIBS, matrix=True),
        _columns("ColumnCorrelationRow", "ColumnCorrelationQuad"),
        _columns("ColumnCurrentRow", "ColumnCurrentQuad"),
        Composite(
            "CorrelationResetRow", CONTAINERS["CorrelationReset"], (SYNRAM, ROW), {}, access="w"
        ),
        Composite(
            "CADCSampleRow", CONTAINERS["CADCSampleQuad"], (SYNRAM, ROW), _SAMPLES, access="r"
        ),
        Composite(
            "CADCSamples",
            CONTAINERS["CADCSampleQuad"],
            (),
            _SAMPLES,
            shape=(N_SYNRAMS, N_COLUMNS),
            access="r",
        ),
    )
}
"""The larger containers by the vendor's name."""


@dataclass
class Filled:
    """A composite with values for its fields.

    values, given  field -> array of the composite's shape; `given` says which were said
    """

    composite: Composite
    index: tuple[int, ...]
    values: dict[str, IntArray] = field(default_factory=dict)
    given: dict[str, npt.NDArray[np.bool_]] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, at: Mapping[str, object], fields: Mapping[str, object]) -> Filled:
        """What name, coordinate and fields mean; raises as :class:`Instance` does."""
        if name not in COMPOSITES:
            raise NotCovered(f"no container is called {name!r}")
        composite = COMPOSITES[name]
        filled = cls(composite, index_of(composite, at))
        for key, value in fields.items():
            filled._set(key, value)
        return filled

    @property
    def coordinate(self) -> dict[str, int | str]:
        """The coordinate by axis."""
        return described(self.composite, self.index)

    def _set(self, name: str, value: object) -> None:
        f = self.composite.field(name)
        shape = self.composite.shape
        meaning = self.composite.fields[name]
        if any(n != name and self.composite.fields[n] == meaning for n in self.values):
            raise InspectError(f"{self.composite.name}.{name} is another name of a field; use one")
        default = np.atleast_1d(np.asarray(f.default, f.dtype))[0]
        self.values.setdefault(name, np.full(shape, default, f.dtype))
        self.given.setdefault(name, np.zeros(shape, dtype=bool))
        if isinstance(value, dict):
            self._mapping(name, f, (), value)
        elif isinstance(value, list) and len(shape) == 1:
            self._list(name, f, value)
        else:
            raise InspectError(
                f"{self.composite.name}.{name}: write a mapping such as "
                f"{_key_example(shape)}, not {str(value)[:40]!r}"
            )

    def _mapping(
        self, name: str, f: Field, before: tuple[int, ...], values: Mapping[str, object]
    ) -> None:
        shape = self.composite.shape
        for key, value in values.items():
            at = before + _key(self.composite, name, key, len(before))
            if len(at) < len(shape) and isinstance(value, dict):
                self._mapping(name, f, at, value)
            elif len(at) != len(shape):
                raise InspectError(
                    f"{self.composite.name}.{name}: {key!r} is no place; "
                    f"write {_key_example(shape)}"
                )
            else:
                self._put(name, f, at, value)

    def _list(self, name: str, f: Field, values: list[object]) -> None:
        """A value for each column, or the columns of the flags that are set."""
        place = f"{self.composite.name}.{name}"
        if len(values) == N_COLUMNS:
            for column, value in enumerate(values):
                self._put(name, f, (column,), value)
            return
        if f.limit != 1 or len(values) > N_COLUMNS:
            raise InspectError(f"{place} has {len(values)} of {N_COLUMNS} values; write all")
        for value in values:
            column = whole_number(place, value)
            if not 0 <= column < N_COLUMNS:
                raise InspectError(f"{place}: column {column} does not exist; choose 0..255")
            self._put(name, f, (column,), 1)

    def _put(self, name: str, f: Field, at: tuple[int, ...], value: object) -> None:
        number = value_of(self.composite.quad.name, f, value)
        place = f"{self.composite.name}.{name}{list(at)}"
        if not f.low <= number <= f.limit:
            raise FieldRangeError(place, number, f.limit, "choose one that fits", low=f.low)
        if self.given[name][at] and self.values[name][at] != number:
            raise InspectError(f"{place} is said twice and differently; say it once")
        self.values[name][at] = number
        self.given[name][at] = True

    # --- words ----------------------------------------------------------------------------------

    def addresses(self) -> Ints:
        """(word,) Omnibus addresses in the order in which they are read or written."""
        quads = np.arange(N_QUADS)
        if self.composite.samples:
            half, row, quad, layer, readout = self._reads()
            found = self.composite.quad.addresses(half, row, quad, layer, readout)
        elif len(self.composite.shape) == 2:
            rows = np.arange(N_ROWS)[:, None]
            found = self.composite.quad.addresses(*self.index, rows, quads)
        else:
            found = self.composite.quad.addresses(*self.index, quads)
        return found.reshape(-1).astype(np.int64)

    def words(self) -> Ints:
        """(word,) words in that order."""
        return self._encoded(self.values).astype(np.int64)

    def touched(self) -> Ints:
        """Positions of the words that hold something that was said."""
        touched = np.zeros(self.addresses().size, dtype=bool)
        for name, given in self.given.items():
            largest = given.astype(np.int64) * self.composite.field(name).limit
            none = np.zeros_like(largest)
            touched |= self._encoded({name: largest}) != self._encoded({name: none})
        return np.nonzero(touched)[0]

    def contradictions(self, positions: Sequence[int], words: Sequence[int]) -> list[str]:
        """Fields that were said and that these words, at these positions, decode otherwise."""
        whole = self.words()
        whole[np.asarray(positions, dtype=np.int64)] = words
        problems = []
        for name, values in self._decoded(whole).items():
            wrong = self.given[name] & (values != self.values[name])
            for at in np.argwhere(wrong)[:4].tolist():
                found, ours = int(values[tuple(at)]), int(self.values[name][tuple(at)])
                problems.append(f"the words decode to {name}{at} = {found}, expected {ours}")
        return problems

    def _reads(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Half, row, quad, channel and readout of each read of the columns' ADCs.

        A read of causal quad 0 triggers the conversion of its half; the other samples are buffered.
        """
        halves = [self.index[0]] if self.index else list(range(N_SYNRAMS))
        row = self.index[1] if self.index else 0
        reads = [(half, 0, 0, TRIGGER) for half in halves]
        for half in halves:
            reads += [(half, quad, 0, BUFFERED) for quad in range(1, N_QUADS)]
            reads += [(half, quad, 1, BUFFERED) for quad in range(N_QUADS)]
        half_, quad_, layer, readout = np.array(reads, dtype=np.int64).T
        return half_, np.full_like(half_, row), quad_, layer, readout

    def _layers(self) -> int:
        return 1 + max((layer for _, layer in self.composite.fields.values()), default=0)

    def _encoded(self, values: Mapping[str, IntArray]) -> npt.NDArray[np.uint32]:
        """(word,) words of some fields; those that are missing have their defaults."""
        composite, register = self.composite, self.composite.quad.register
        leading = (self._layers(), *composite.shape[:-1], N_QUADS)
        arrays = register.defaults(leading)
        for name, value in values.items():
            field_name, layer = composite.fields[name]
            arrays[field_name][layer] = value[..., _QUAD_COLUMNS]
        words = register.encode_unchecked(arrays) if arrays else np.zeros((*leading, 1), np.uint32)
        if not composite.samples:
            return words[0].reshape(-1)
        half, _, quad, layer_, _ = self._reads()
        by_half = words if len(composite.shape) == 2 else words[:, None]
        return by_half[layer_, half if len(composite.shape) == 2 else 0, quad, 0]

    def _decoded(self, words: Ints) -> dict[str, IntArray]:
        """Values, of the composite's shape, of the fields that were said."""
        composite, register = self.composite, self.composite.quad.register
        leading = (self._layers(), *composite.shape[:-1], N_QUADS)
        array = np.zeros((*leading, register.n_words), dtype=np.uint32)
        if composite.samples:
            half, _, quad, layer, _ = self._reads()
            by_half = array if len(composite.shape) == 2 else array[:, None]
            by_half[layer, half if len(composite.shape) == 2 else 0, quad, 0] = words
        else:
            array[0] = words.reshape(array.shape[1:])
        decoded = register.decode(array)
        result = {}
        for name, values in self.values.items():
            field_name, layer_ = composite.fields[name]
            result[name] = np.empty_like(values)
            result[name][..., _QUAD_COLUMNS] = decoded[field_name][layer_]
        return result


def _key(composite: Composite, name: str, key: str, before: int) -> tuple[int, ...]:
    """Indices that a key such as ``row12,col23``, ``top,86`` or ``86`` means."""
    place = f"{composite.name}.{name}"
    found: list[int] = []
    for part, size in zip(key.strip("() ").split(","), composite.shape[before:], strict=False):
        text = part.strip().lower()
        match = re.fullmatch(r"(?:[a-z_]+\s*=?\s*)?(\d+)", text)
        if text in SYNRAM.names and size == N_SYNRAMS:
            number = SYNRAM.names.index(text)
        elif match is not None:
            number = int(match[1])
        else:
            raise InspectError(
                f"{place}: {key!r} is no place; write {_key_example(composite.shape)}"
            )
        if number >= size:
            raise InspectError(f"{place}: {key!r} does not exist; {part} goes to {size - 1}")
        found.append(number)
    if len(key.split(",")) > len(composite.shape) - before:
        raise InspectError(f"{place}: {key!r} is no place; write {_key_example(composite.shape)}")
    return tuple(found)


def _key_example(shape: tuple[int, ...]) -> str:
    examples = {1: '{"23": 5}', N_SYNRAMS: '{"top,23": 5}'}
    return examples[1] if len(shape) == 1 else examples.get(shape[0], '{"row12,col23": 5}')
