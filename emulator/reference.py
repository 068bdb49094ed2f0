"""Tables of every number of the emulator, for the documentation.

``python -m emulator.reference`` prints them; ``docs/explanation/emulator.md`` holds the output.
"""

from __future__ import annotations

from types import ModuleType
from typing import NamedTuple

from .number import Number
from .numbers import (
    capmem,
    clocks,
    compartments,
    correlation,
    events,
    neuron,
    readout,
    synapses,
)


class Topic(NamedTuple):
    """A table: its title, its module, and what hangs on its estimated numbers."""

    title: str
    module: ModuleType
    depends: str


TOPICS = (
    Topic("Clocks", clocks, "nothing: both are documented."),
    Topic(
        "Neurons",
        neuron,
        "effects of degeneration, small capacitance and high resistance; the size of "
        "`i_shift_reference`; saturation of large PSPs and what happens near the rails; all of the "
        "conductance mode, of the exponential term and of the adaptation, whose patterns and time "
        "constants fit the course's figures but not a particular chip; which events bypass a "
        "neuron, normally and strongly.",
    ),
    Topic(
        "Analog parameters (CapMem)",
        capmem,
        "how long a wait must be, and how much codes disturb each other.",
    ),
    Topic(
        "Synapses and their drivers",
        synapses,
        "all strengths and time constants of short-term plasticity and hagen modulation, beyond "
        "which set facilitates and which depresses; which events a crowded bus loses.",
    ),
    Topic(
        "Multi-compartment switches",
        compartments,
        "how much a soma line slows what it joins.",
    ),
    Topic(
        "Correlation sensors",
        correlation,
        "everything quantitative but the nominal time constant and amplitude.",
    ),
    Topic(
        "Events",
        events,
        "all latencies; which events of a volley are lost; the order of random numbers of a "
        "background source (its polynomial is unpublished).",
    ),
    Topic(
        "Readout",
        readout,
        "linearity of the CADC at its ends, its noise, what a multiplexer leaks, lost samples.",
    ),
)


def _row(name: str, number: Number) -> str:
    return f"| `{name}` | {number.value:g} {number.unit} | {number.tag} | {number.source} |"


def tables() -> str:
    """All tables as Markdown."""
    lines = []
    for topic in TOPICS:
        lines += [f"### {topic.title}", "", f"What hangs on its estimates: {topic.depends}", ""]
        for title, numbers in (
            ("name", topic.module.NUMBERS),
            ("one sigma of", getattr(topic.module, "SIGMAS", {})),
        ):
            if numbers:
                lines += [f"| {title} | value | tag | where from |", "|---|---|---|---|"]
                lines += [_row(name, number) for name, number in numbers.items()] + [""]
    return "\n".join(lines)


if __name__ == "__main__":
    print(tables())
