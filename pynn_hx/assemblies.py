"""Assemblies of populations and views."""

from __future__ import annotations

from typing import Any

from pyNN import common

from . import session
from .recorded import join


class Assembly(common.Assembly):
    """A list of populations and views that can be used as one."""

    _simulator = session

    def inject(self, current_source: Any) -> None:
        """NotImplementedError (TypeError for sources of spikes): there are no current sources."""
        for population in self.populations:
            population.inject(current_source)

    def get_data(
        self,
        variables: str | list[str] = "all",
        gather: bool = True,
        clear: bool = False,
        annotations: dict[str, Any] | None = None,
    ) -> Any:
        """A neo Block of what all members recorded, segment by segment, member by member."""
        blocks = [p.get_data(variables, gather, clear) for p in self.populations]
        block = join(blocks, [p.size for p in self.populations])
        members = ", ".join(p.label for p in self.populations)
        block.name, block.description = self.label, f"assembly of {members}"
        block.rec_datetime = block.segments[0].rec_datetime
        block.annotate(
            label=self.label, size=self.size, simulator=session.name, **(annotations or {})
        )
        return block

    def record(
        self,
        variables: str | list[str] | None,
        to_file: Any = None,
        sampling_interval: float | None = None,
        locations: Any = None,
        *,
        device: str = "madc",
    ) -> None:
        """Record from every member; see `Population.record`."""
        for population in self.populations:
            population.record(variables, to_file, sampling_interval, locations, device=device)
