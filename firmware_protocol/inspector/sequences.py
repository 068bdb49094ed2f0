"""Names that mean messages or sequences of them, not a container."""

from __future__ import annotations

from collections.abc import Mapping

from .devices import transfer
from .messages import Arguments, Sequence, jtag_sequence, omnibus_payloads, ut_message


def sequence_of(
    name: str, at: Mapping[str, object], fields: Mapping[str, object]
) -> Sequence | None:
    """The messages of a name, None if the name means a container.

    Raises NotCovered for a message that does not exist, InspectError or ProgramError for a
    coordinate or fields that it cannot have.
    """
    arguments = Arguments(name, at, fields)
    if name.startswith("ut:"):
        return ut_message(name.removeprefix("ut:").strip(), arguments)
    for build in (jtag_sequence, omnibus_payloads, transfer):
        found = build(name, arguments)
        if found is not None:
            return found
    return None
