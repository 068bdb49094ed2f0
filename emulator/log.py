"""What a program asked for that the chip ignores, cuts short or answers with a time-out.

Nothing of that is an exception: hardware has none.  It is kept here for whoever develops a program,
and told to Python's logging under the name ``emulator``.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

_log = logging.getLogger("emulator")

N_ENTRIES = 1000
"""Different entries that are kept; the oldest go first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    cycle  when it first did [FPGA cycles since power-on]
    place  a part of the chip, a word of the program
    text   what was asked for, and what happened instead
    count  how often the same has been noted
    """

    cycle: int
    place: str
    text: str
    count: int

    def __str__(self) -> str:
        """One line."""
        times = f" ({self.count} times)" if self.count > 1 else ""
        return f"cycle {self.cycle}: {self.place}: {self.text}{times}"


class Log:
    """The last entries, each different one once: iterable, and readable as text."""

    def __init__(self, n_entries: int = N_ENTRIES) -> None:
        self._n_entries = n_entries
        # Cycle and count by (place, text), in the order in which they first happened.
        self._found: dict[tuple[str, str], list[int]] = {}

    def note(self, cycle: int, place: str, text: str) -> None:
        """Keep a remark about what happened at `cycle` [FPGA cycles since power-on]."""
        found = self._found.get((place, text))
        if found is not None:
            found[1] += 1
            _log.debug("cycle %d: %s: %s (again)", cycle, place, text)
            return
        if len(self._found) == self._n_entries:
            del self._found[next(iter(self._found))]
        self._found[place, text] = [int(cycle), 1]
        _log.warning("cycle %d: %s: %s", cycle, place, text)

    def clear(self) -> None:
        """Forget everything; what was known is told to Python's logging again."""
        self._found.clear()

    def __iter__(self) -> Iterator[Entry]:
        """Entries in the order in which they first happened."""
        for (place, text), (cycle, count) in list(self._found.items()):
            yield Entry(cycle, place, text, count)

    def __len__(self) -> int:
        """Number of entries."""
        return len(self._found)

    def __str__(self) -> str:
        """One line per entry."""
        return "\n".join(str(entry) for entry in self)
