"""Assemblies of populations and views."""

from __future__ import annotations

from typing import Any

import neo
from pyNN import common

from . import session
from .recorded_data import neo_segment


class Assembly(common.Assembly):
    """A list of populations and views that can be used as one."""

    _simulator = session

    @property
    def receptor_types(self) -> list[str]:
        """Receptors that all members have, in the order of the first one's."""
        others = [set(p.celltype.receptor_types) for p in self.populations[1:]]
        first = self.populations[0].celltype.receptor_types
        return [name for name in first if all(name in other for other in others)]

    @property
    def local_size(self) -> int:
        """Number of cells: all are local."""
        return int(self.size)

    def get_data(
        self,
        variables: Any = "all",
        gather: bool = True,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
    ) -> Any:
        """A neo Block of what all members recorded, segment by segment.

        Signals of a variable over the same time become one; `channel_index` counts the cells of
        all members.
        """
        gathered: dict[int, list[Any]] = {}
        offset = 0
        for member in self.populations:
            origin = member.recorder.origin(offset)
            for segment in member.recorder.segments(variables, member._record_filter):
                gathered.setdefault(segment.number, []).append((segment, origin))
            offset += member.size
        description = self.describe()
        block = neo.Block(name=self.label, description=description)
        block.annotate(
            label=self.label,
            size=self.size,
            simulator=session.name,
            **self.annotations,
            **(annotations or {}),
        )
        for number in sorted(gathered):
            made = neo_segment(gathered[number], description)
            made.block = block
            block.segments.append(made)
        block.rec_datetime = block.segments[0].rec_datetime
        if clear:
            for member in self.populations:
                member.recorder.clear()
        return block
