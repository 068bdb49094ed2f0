"""Containers that a user adds to a run by hand, and what is to be read back.

Order of a run: pre_non_realtime, the chip's configuration, pre_realtime, inside_realtime_begin,
events and inside_realtime on one axis of time, inside_realtime_end, post_realtime; each section is
followed by its reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from firmware_protocol import Program, Schedule, Trace
from firmware_protocol.tickets import Shift, Ticket

from .vendor import sta
from .vendor.container import Container
from .vendor.coordinate import VendorCoordinate

Section: TypeAlias = Mapping[VendorCoordinate, Container] | sta.PlaybackProgramBuilder
Containers: TypeAlias = dict[VendorCoordinate, Container]
Tickets: TypeAlias = dict[VendorCoordinate, Ticket]

SECTIONS = (
    "pre_non_realtime",
    "pre_realtime",
    "inside_realtime_begin",
    "inside_realtime_end",
    "post_realtime",
)
"""Sections of a configuration whose commands run one after the other."""
READ_SECTIONS = SECTIONS[1:]
"""Sections after which something may be read."""
_NOTHING = Shift()
_PPU = (
    "ppu_symbols: programs of the on-chip processor are not supported yet, so there are no symbols "
    "to {0}; leave ppu_symbols empty"
)


class _Fields:
    """Attributes of given names only."""

    names: tuple[str, ...] = ()
    aliases: Mapping[str, str] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        called = self.aliases.get(name, name)
        if called not in self.names:
            raise AttributeError(
                f"{type(self).__name__} has no section {name!r}; it has {', '.join(self.names)}"
            )
        self._check_one(called, value)
        object.__setattr__(self, called, value)

    def __getattr__(self, name: str) -> Any:
        if name in self.aliases:
            return getattr(self, self.aliases[name])
        raise AttributeError(
            f"{type(self).__name__} has no section {name!r}; it has {', '.join(self.names)}"
        )

    def __repr__(self) -> str:
        parts = [f"{n}={v!r}" for n in self.names if (v := getattr(self, n))]
        return f"{type(self).__name__}({', '.join(parts)})"

    def check(self) -> None:
        """Raise what setting the sections to what they are now would raise."""
        for name in self.names:
            self._check_one(name, getattr(self, name))

    def _check_one(self, name: str, value: Any) -> None:
        raise NotImplementedError


class InjectedConfiguration(_Fields):
    """What is written beside the network's configuration, by section.

    inside_realtime  commands at times [FPGA cycles] after the experiment's begin; the builder may
                     be filled until the run
    ppu_symbols      must be empty: programs of the on-chip processor come later
    others           dict from coordinate to container, or a PlaybackProgramBuilder

    ``pre_static_config`` is another name of pre_non_realtime.
    Raises TypeError naming section and key for what is no coordinate, no container, or does not
    belong together, NotImplementedError for symbols; `check` raises the same for what was put in
    later.
    """

    names = (*SECTIONS[:3], "inside_realtime", *SECTIONS[3:], "ppu_symbols")
    aliases: Mapping[str, str] = {"pre_static_config": "pre_non_realtime"}

    pre_non_realtime: Section
    pre_realtime: Section
    inside_realtime_begin: Section
    inside_realtime: sta.AbsoluteTimePlaybackProgramBuilder
    inside_realtime_end: Section
    post_realtime: Section
    ppu_symbols: Mapping[str, Any]

    def __init__(
        self,
        pre_non_realtime: Section | None = None,
        pre_realtime: Section | None = None,
        inside_realtime_begin: Section | None = None,
        inside_realtime: sta.AbsoluteTimePlaybackProgramBuilder | None = None,
        inside_realtime_end: Section | None = None,
        post_realtime: Section | None = None,
        ppu_symbols: Mapping[str, Any] | None = None,
    ) -> None:
        self.pre_non_realtime = {} if pre_non_realtime is None else pre_non_realtime
        self.pre_realtime = {} if pre_realtime is None else pre_realtime
        self.inside_realtime_begin = {} if inside_realtime_begin is None else inside_realtime_begin
        self.inside_realtime = (
            sta.AbsoluteTimePlaybackProgramBuilder() if inside_realtime is None else inside_realtime
        )
        self.inside_realtime_end = {} if inside_realtime_end is None else inside_realtime_end
        self.post_realtime = {} if post_realtime is None else post_realtime
        self.ppu_symbols = {} if ppu_symbols is None else ppu_symbols

    def _check_one(self, name: str, value: Any) -> None:
        if name == "ppu_symbols":
            if value:
                raise NotImplementedError(_PPU.format("write"))
        elif name == "inside_realtime":
            if not isinstance(value, sta.AbsoluteTimePlaybackProgramBuilder):
                raise TypeError(
                    f"inside_realtime: {value!r} has no times; use a "
                    "sta.AbsoluteTimePlaybackProgramBuilder"
                )
        elif isinstance(value, Mapping):
            for key, container in value.items():
                sta.check_container(f"{name}[{key!r}]", key, container)
        elif not isinstance(value, sta.PlaybackProgramBuilder):
            raise TypeError(
                f"{name}: {value!r} is neither a dict from coordinate to container nor a "
                "sta.PlaybackProgramBuilder"
            )

    def words(self, section: str) -> Program:
        """The commands of a section other than inside_realtime, as a program of their own."""
        value = getattr(self, section)
        self._check_one(section, value)
        builder = sta.PlaybackProgramBuilder()
        if isinstance(value, sta.PlaybackProgramBuilder):
            builder.program.extend(value.program)
        else:
            for coordinate, container in value.items():
                builder.write(coordinate, container)
        return builder.program

    def redeem(self, section: str, trace: Trace, shift: Shift = _NOTHING) -> None:
        """Give the tickets of a section's builder, if it has any, what the run read.

        shift  what :meth:`Program.extend` returned for the program of :meth:`words`
        """
        value = getattr(self, section)
        if isinstance(value, sta.PlaybackProgramBuilder):
            value.redeem(trace, shift)

    def planned(self) -> sta.Planned:
        """The commands of inside_realtime as they are now, and what redeems their reads."""
        return self.inside_realtime.schedule()

    def schedule(self) -> Schedule:
        """The commands of inside_realtime as they are now; time 0 is the experiment's begin."""
        return self.planned().schedule


class InjectedReadout(_Fields):
    """What is read beside the network's recordings: sets of coordinates, by section.

    Raises TypeError naming the section for what cannot be read, NotImplementedError for symbols of
    the on-chip processor; `check` raises the same for what was put in later.
    """

    names = (*READ_SECTIONS, "ppu_symbols")

    pre_realtime: set[VendorCoordinate]
    inside_realtime_begin: set[VendorCoordinate]
    inside_realtime_end: set[VendorCoordinate]
    post_realtime: set[VendorCoordinate]
    ppu_symbols: set[str]

    def __init__(
        self,
        pre_realtime: Iterable[VendorCoordinate] = (),
        inside_realtime_begin: Iterable[VendorCoordinate] = (),
        inside_realtime_end: Iterable[VendorCoordinate] = (),
        post_realtime: Iterable[VendorCoordinate] = (),
        ppu_symbols: Iterable[str] = (),
    ) -> None:
        self.pre_realtime = _as_set(pre_realtime)
        self.inside_realtime_begin = _as_set(inside_realtime_begin)
        self.inside_realtime_end = _as_set(inside_realtime_end)
        self.post_realtime = _as_set(post_realtime)
        self.ppu_symbols = _as_set(ppu_symbols)

    def _check_one(self, name: str, value: Any) -> None:
        if name == "ppu_symbols" and value:
            raise NotImplementedError(_PPU.format("read"))
        if not isinstance(value, (set, frozenset)):
            raise TypeError(f"{name}: {value!r} is no set of coordinates; write {{coordinate}}")
        for coordinate in value:
            try:
                sta.ContainerTicket(coordinate)
            except TypeError as error:
                raise TypeError(f"{name}: {error}") from None

    def ask(self, section: str, program: Program) -> Tickets:
        """Append a section's reads to a program; by coordinate, what redeems them."""
        coordinates = getattr(self, section)
        self._check_one(section, coordinates)
        ordered = sorted(coordinates, key=lambda c: (type(c).__name__, int(c)))
        return {c: sta.ContainerTicket(c).ask(program) for c in ordered}

    @staticmethod
    def decode(tickets: Tickets, trace: Trace, shift: Shift = _NOTHING) -> Containers:
        """The containers that a run read.

        shift  what :meth:`Program.extend` returned if the program that was asked became part of
               another one
        """
        return {
            c: sta.ContainerTicket(c).redeem(trace, ticket.shifted(shift))
            for c, ticket in tickets.items()
        }


def _as_set(values: Any) -> Any:
    """The very set that was given, or a set of what was; no set of letters, for one."""
    return set(values) if isinstance(values, (tuple, list)) else values
