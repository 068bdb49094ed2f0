"""What can be wrong with a model or a network; every message says where, what and the way out."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN = 160
"""Characters of a statement that a message repeats."""


def shortened(text: str) -> str:
    """The beginning of a long text, for a message."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a model something stands.

    part  the field of the model, such as ``equations`` or ``reset``
    line  the statement as its author wrote it
    """

    model: str
    part: str
    line: str = ""

    def __str__(self) -> str:
        line = f": '{shortened(self.line)}'" if self.line else ""
        return f"model '{self.model}', {self.part}{line}"


class SimulatorError(ValueError):
    """What this engine refuses; the base of everything it raises on purpose."""


class EquationError(SimulatorError):
    """A model whose text cannot be understood or integrated.

    Attributes: ``place``, and ``problem`` and ``way_out`` as in the message.
    """

    def __init__(self, place: Place, problem: str, way_out: str) -> None:
        super().__init__(f"{place}: {problem}; {way_out}")
        self.place, self.problem, self.way_out = place, problem, way_out


class UnitError(EquationError):
    """Quantities of different kinds where one kind is needed, or an unknown unit."""


class UnknownNameError(EquationError):
    """A name that neither the model nor the language defines; ``name`` is the offender."""

    def __init__(self, place: Place, name: str, problem: str, way_out: str) -> None:
        super().__init__(place, problem, way_out)
        self.name = name


class UnstableStepError(SimulatorError):
    """An explicit method whose step is too long for how fast a variable decays."""


class NetworkError(SimulatorError):
    """A network that cannot be: wrong names, shapes, times or sizes."""
