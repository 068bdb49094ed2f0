"""Models of neurons, synapses and current sources as their authors write them: text and options.

Nothing is understood here; `planning` does that.  This module imports no symbolic mathematics, so
that a process whose kernels are all on disk starts quickly.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal

_BEGINS = re.compile(r"[-+*/,]|(and|or)\b")
_ENDS = re.compile(r"([-+*/,=]|\b(and|or|not))$")
Method = Literal["auto", "exact", "exponential_euler", "euler", "rk4"]


@dataclass(frozen=True, slots=True)
class NeuronModel:
    """A neuron: equations between spikes, and what happens at one.

    parameters   lines ``name = default : unit``, optionally ``(shared)``
    equations    lines ``dx/dt = ... : unit``, optionally ``(unless refractory)``;
                 ``x = ... : unit`` (algebraic); ``x : unit`` (a state that only statements change)
    initial      statements ``x = ...``; 0 where nothing is said
    update       statements at the beginning of each step, before the equations
    threshold    condition of a spike; reset: statements at one; refractory: a time
    receptors    name -> statements that add ``weight`` times something to states
    method       how equations advance; substeps: into how many parts explicit methods cut a step
    check_units  False takes all numbers as they are, times in ms
    """

    name: str
    parameters: str = ""
    equations: str = ""
    initial: str = ""
    threshold: str = ""
    reset: str = ""
    refractory: str = ""
    receptors: Mapping[str, str] = field(default_factory=dict, hash=False)
    method: Method = "auto"
    substeps: int = 1
    update: str = ""
    check_units: bool = True


@dataclass(frozen=True, slots=True)
class SynapseModel:
    """A synapse: what spikes on either side do to it.

    Every synapse has ``weight``, in the unit of its receptor; a model's text calls that unit
    ``weight`` (``w_max = 1.0 : weight``).

    equations  as those of neurons, linear; advanced exactly from event to event
    on_pre     statements when a presynaptic spike meets the synapse; ``output`` goes on to the
               receptor and is ``weight`` if nothing is said
    on_post    statements when a postsynaptic spike meets the synapse
    """

    name: str
    parameters: str = ""
    equations: str = ""
    on_pre: str = ""
    on_post: str = ""
    initial: str = ""
    check_units: bool = True


@dataclass(frozen=True, slots=True)
class CurrentModel:
    """A source of current.

    amplitude   expression of the current [nA] at ``t``, the beginning of a step
    update      statements at the beginning of each step, before the amplitude is read
    per_target  whether parameters and states have one value per target neuron
    """

    name: str
    parameters: str = ""
    equations: str = ""
    amplitude: str = "0"
    per_target: bool = False
    initial: str = ""
    update: str = ""
    method: Method = "auto"
    substeps: int = 1
    check_units: bool = True


Model = NeuronModel | SynapseModel | CurrentModel


def statements(text: str) -> list[str]:
    """The statements of a text: lines, or parts of lines between semicolons, without comments.

    A line goes on where a parenthesis is open, after an operator, and before a line that begins
    with one.
    """
    found: list[str] = []
    lines = [line.split("#", 1)[0] for line in unicodedata.normalize("NFKC", text).splitlines()]
    for part in ";".join(lines).split(";"):
        bare = " ".join(part.split())
        if bare and found and (_BEGINS.match(bare) or _goes_on(found[-1])):
            found[-1] = f"{found[-1]} {bare}"
        elif bare:
            found.append(bare)
    return found


def _goes_on(line: str) -> bool:
    return bool(_ENDS.search(line)) or line.count("(") > line.count(")")


def definition(model: Model) -> str:
    """All that a plan of `model` follows from, as canonical text: the same for other white space.

    The text is JSON; its fields are those of the model.
    """
    plain: dict[str, object] = {"kind": type(model).__name__}
    for one in fields(model):
        value = getattr(model, one.name)
        if isinstance(value, Mapping):
            value = {key: "; ".join(statements(text)) for key, text in value.items()}
        elif isinstance(value, str) and one.name != "name":
            value = "\n".join(statements(value))
        plain[one.name] = value
    return json.dumps(plain, indent=1)
