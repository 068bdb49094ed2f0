"""Two configurations of a chip, field by field: what differs, told in as few lines as it takes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..chip_config import ChipConfig
from ..layout import IntArray

MAX_LINES_PER_FIELD = 16
"""Ranges of one field that are told one by one; with more, the field is told as a whole."""

# The same cells and bits under the names that people use.
_SEEN_AS_NEURONS = ("neuron_config", "neuron_backend", "capmem_neurons")
_SHARED_CELLS = "capmem_shared"
_VIEWS = ("neurons", "quadrants", "readout_chain")


@dataclass(frozen=True)
class Range:
    """Neighbouring elements of a field that differ, and from what to what.

    first, last  index of the first and of the last element
    a, b         (smallest, largest) value in either configuration
    n            elements that differ
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    a: tuple[int, int]
    b: tuple[int, int]
    n: int

    def text(self) -> str:
        """``[0, 10, 0..255]: 0 -> 63 (256 elements)``."""
        ends = zip(self.first, self.last, strict=True)
        index = ", ".join(str(i) if i == j else f"{i}..{j}" for i, j in ends)
        place = f"[{index}]" if index else ""
        size = math.prod(j - i + 1 for i, j in zip(self.first, self.last, strict=True))
        of = "" if size == self.n else f" of {size}"
        count = f" ({self.n}{of} elements)" if self.n > 1 else ""
        return f"{place}: {_span(self.a)} -> {_span(self.b)}{count}"


def _span(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]}..{ends[1]}"


def lines(a: ChipConfig, b: ChipConfig, *, every: bool = False) -> Iterator[str]:
    """A line per range of elements that differ: ``synapses.weight[0, 10, 0..255]: 0 -> 63``.

    every  all ranges, however many they are
    """
    for name, before, after in _fields(a, b):
        if not np.array_equal(before, after):
            for part in ranges(before, after, every=every):
                yield f"{name}{part.text()}"


def n_words(a: ChipConfig, b: ChipConfig) -> int:
    """Number of register words that differ."""
    return int(b.changes_from(a).words.size)


def _fields(a: ChipConfig, b: ChipConfig) -> Iterator[tuple[str, IntArray, IntArray]]:
    """Every setting once, by the name under which a configuration offers it."""
    for view in _VIEWS:
        for field in getattr(a, view):
            yield f"{view}.{field}", getattr(a, view)[field], getattr(b, view)[field]
    for (name, group), (_, other) in zip(a.groups(), b.groups(), strict=True):
        if name in _SEEN_AS_NEURONS:
            continue
        for field in group:
            before, after = group[field], other[field]
            if name == _SHARED_CELLS:
                before, after = _unnamed(a), _unnamed(b)
            yield f"{name}.{field}", before, after


def _unnamed(chip: ChipConfig) -> IntArray:
    """The shared cells without those that have a name of their own (0 there)."""
    copy = chip.copy()
    for view in ("quadrants", "readout_chain"):
        group = getattr(copy, view)
        for field in group:
            group[field][...] = 0
    return copy.capmem_shared["value"]


def ranges(a: IntArray, b: IntArray, *, every: bool = False) -> list[Range]:
    """Boxes of neighbouring elements that differ in the same way.

    Unless `every` is wanted, boxes that just differ if the former are too many, or one box around
    all that differs if these are too many as well.
    """
    for alike in (True, False):
        found = _runs(a, b, alike=alike)
        for axis in range(a.ndim - 2, -1, -1):
            found = _merged(found, axis, alike=alike)
        if every or len(found) <= MAX_LINES_PER_FIELD:
            return found
    return [_around(found)]


def _around(found: list[Range]) -> Range:
    return Range(
        tuple(map(min, zip(*(r.first for r in found), strict=True))),
        tuple(map(max, zip(*(r.last for r in found), strict=True))),
        (min(r.a[0] for r in found), max(r.a[1] for r in found)),
        (min(r.b[0] for r in found), max(r.b[1] for r in found)),
        sum(r.n for r in found),
    )


def _runs(a: IntArray, b: IntArray, *, alike: bool) -> list[Range]:
    """Runs along the last axis."""
    if not a.ndim:
        value = (int(a), int(a)), (int(b), int(b))
        return [Range((), (), *value, 1)]
    different = np.argwhere(a != b)
    before, after = a[a != b].astype(np.int64), b[a != b].astype(np.int64)
    breaks = np.any(np.diff(different[:, :-1], axis=0), axis=1) | (np.diff(different[:, -1]) != 1)
    if alike:
        breaks |= (np.diff(before) != 0) | (np.diff(after) != 0)
    starts = np.concatenate([[0], np.nonzero(breaks)[0] + 1])
    stops = np.append(starts[1:], different.shape[0])
    spans = [
        list(
            zip(
                *(ends.reduceat(v, starts).tolist() for ends in (np.minimum, np.maximum)),
                strict=True,
            )
        )
        for v in (before, after)
    ]
    firsts, lasts = different[starts].tolist(), different[stops - 1].tolist()
    columns = zip(firsts, lasts, *spans, (stops - starts).tolist(), strict=True)
    return [Range(tuple(first), tuple(last), a, b, n) for first, last, a, b, n in columns]


def _merged(found: list[Range], axis: int, *, alike: bool) -> list[Range]:
    """Join boxes that continue one another along an axis."""

    def key(box: Range) -> tuple[tuple[int, ...], ...]:
        ends = enumerate(zip(box.first, box.last, strict=True))
        rest = tuple(pair for k, pair in ends if k != axis)
        return (*rest, box.a, box.b) if alike else rest

    result: list[Range] = []
    for box in sorted(found, key=lambda r: (key(r), r.first[axis])):
        last = result[-1] if result else None
        if last and key(last) == key(box) and last.last[axis] + 1 == box.first[axis]:
            result[-1] = replace(
                last,
                last=box.last,
                a=(min(last.a[0], box.a[0]), max(last.a[1], box.a[1])),
                b=(min(last.b[0], box.b[0]), max(last.b[1], box.b[1])),
                n=last.n + box.n,
            )
        else:
            result.append(box)
    return sorted(result, key=lambda r: r.first)
