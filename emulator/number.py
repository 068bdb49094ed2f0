"""A physical number with its provenance: the row type of the tables in :mod:`emulator.numbers`."""

from __future__ import annotations

from typing import Literal, NamedTuple

Tag = Literal["documented", "derived", "measured", "estimated"]


class Number(NamedTuple):
    """A number and where it comes from."""

    value: float
    unit: str
    tag: Tag
    source: str
