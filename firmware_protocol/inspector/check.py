"""Files of words against the tables: every entry computed anew, compared, and decoded back.

Nothing of an entry's words is used to compute ours.  What the tables contradict is wrong, with a
line for each difference; what they do not know is not covered, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass
from enum import Enum

from ..coordinates import CoordinateError
from ..errors import ProtocolError
from . import compare, conversions
from .check_registers import problems_of_register
from .check_rows import problems_of_row
from .composites import COMPOSITES
from .devices import PLACEHOLDERS
from .entries import Entry, parse_entry
from .errors import InspectError, NotCovered
from .messages import Sequence, dictionary_problems, same_word
from .sequences import sequence_of

_LABEL_LENGTH = 120


class Outcome(Enum):
    """What a check of an entry came to."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_COVERED = "not covered"


@dataclass(frozen=True)
class Verdict:
    """The check of one entry; `lines` say what is wrong, or why it is not covered."""

    outcome: Outcome
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """The check of a file.

    checked  entries that were compared, `wrong` of them with differences
    lines    one per difference, and one per entry that is not covered
    """

    checked: int
    wrong: int
    not_covered: int
    lines: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The last line."""
        return f"{self.checked} checked, {self.wrong} wrong, {self.not_covered} not covered"

    @property
    def clean(self) -> bool:
        """Whether something was compared, and everything agreed."""
        return self.checked > 0 and self.wrong == self.not_covered == 0


def check(raw_entries: Items[object]) -> Report:
    """Compare all entries of a file with the tables."""
    verdicts = [check_entry(number, raw) for number, raw in enumerate(raw_entries)]
    counts = {outcome: sum(v.outcome is outcome for v in verdicts) for outcome in Outcome}
    return Report(
        checked=counts[Outcome.RIGHT] + counts[Outcome.WRONG],
        wrong=counts[Outcome.WRONG],
        not_covered=counts[Outcome.NOT_COVERED],
        lines=tuple(line for verdict in verdicts for line in verdict.lines),
    )


def check_entry(number: int, raw: object) -> Verdict:
    """Compare one entry, the `number`-th counted from 0, with the tables."""
    name = str(raw.get("container", "")) if isinstance(raw, dict) else ""
    label = f"entry {number} {name[:_LABEL_LENGTH]}".strip()
    try:
        problems = problems_of(parse_entry(number, raw))
    except NotCovered as error:
        return Verdict(Outcome.NOT_COVERED, (f"{label}: not covered: {error}",))
    except ProtocolError as error:
        problems = [str(error)]
    lines = tuple(f"{label}: {problem}" for problem in problems)
    return Verdict(Outcome.WRONG if lines else Outcome.RIGHT, lines)


def problems_of(entry: Entry) -> list[str]:
    """Everything in which an entry differs from the tables; raises ProtocolError for the rest."""
    if entry.container == "coordinate":
        return _conversion(entry)
    if entry.container == "UT dictionary":
        return _dictionary(entry)
    if entry.container in COMPOSITES:
        return problems_of_row(entry)
    sequence = sequence_of(entry.container, entry.coordinate, entry.fields)
    return problems_of_register(entry) if sequence is None else _sequence(entry, sequence)


# --- messages -----------------------------------------------------------------------------------


def _sequence(entry: Entry, ours: Sequence) -> list[str]:
    compare.nothing_but(entry, "access", "backend")
    problems = compare.access(entry, ours.access)
    if entry.backend is not None and entry.backend != ours.backend:
        problems.append(f"backend: expected {entry.backend!r}, ours {ours.backend!r}")
    words = ours.words
    placeholder = PLACEHOLDERS.get(ours.backend)
    if placeholder is not None and list(entry.addresses) == [placeholder]:
        if not entry.words:
            raise InspectError("malformed: neither addresses nor words; nothing to compare")
        # The file names only the bus; over I2C its words may leave out the register's number.
        if placeholder == "i2c" and len(entry.words) == len(words) - 1:
            words = words[1:]
    else:
        problems += compare.addresses(entry.addresses, ours.addresses)
    if entry.words is None:
        return problems
    if len(entry.words) != len(words):
        shown = ", ".join(map(compare.told, words))
        return [*problems, f"expected {len(entry.words)} words, ours are {len(words)}: {shown}"]
    different = [
        f"word {i}: expected {compare.told(e)}, ours {compare.told(o)}"
        for i, (e, o) in enumerate(zip(entry.words, words, strict=True))
        if not same_word(e, o)
    ]
    return problems + (different or _read_back(entry, ours))


def _read_back(entry: Entry, ours: Sequence) -> list[str]:
    """Fields that the entry's words do not mean."""
    words = [word for word in entry.words or () if isinstance(word, int)]
    if ours.read_back is None or len(words) != len(ours.words):
        return []
    return [
        f"the words decode to {key} = {value}, expected {entry.fields[key]}"
        for key, value in ours.read_back(words).items()
        if isinstance(entry.fields.get(key), (int, list)) and entry.fields[key] != value
    ]


# --- coordinates and dictionaries ---------------------------------------------------------------


def _no_words(entry: Entry) -> None:
    compare.nothing_but(entry)
    if entry.addresses or entry.words:
        raise InspectError("expected addresses and words, ours are none: it has neither")


def _dictionary(entry: Entry) -> list[str]:
    _no_words(entry)
    if entry.coordinate:
        raise InspectError(f"expected coordinate {dict(entry.coordinate)!r}, ours is none")
    n, problems = dictionary_problems(entry.fields)
    if not n:
        raise InspectError("malformed: it says nothing of to_fpga or from_fpga")
    return problems


def _conversion(entry: Entry) -> list[str]:
    _no_words(entry)
    if entry.fields.keys() != {"to", "expected"} or not isinstance(entry.fields["to"], str):
        raise InspectError("malformed: fields of a coordinate are 'to' (a type) and 'expected'")
    if not entry.coordinate:
        raise InspectError("malformed: no coordinate to convert")
    expected = entry.fields["expected"]
    targets = conversions.targets_of(entry.fields["to"])
    values = expected if isinstance(expected, list) else [expected] * len(targets)
    if len(values) != len(targets):
        raise InspectError(f"expected {len(values)} values, ours are {len(targets)}")
    try:
        source = conversions.source_of(entry.coordinate)
    except CoordinateError:
        if expected == "domain_error":
            return []
        raise
    found = (_converted(source, t, v) for t, v in zip(targets, values, strict=True))
    return [problem for problem in found if problem is not None]


def _converted(source: conversions.Place, target: str, expected: object) -> str | None:
    """A conversion that must give a value, or (null, domain_error) must not exist."""
    impossible = expected is None or expected == "domain_error"
    said = f"{source.type} {source} to {target}: expected {expected!r}"
    try:
        ours = source if target == "enum" else conversions.convert(source, target)
    except CoordinateError as error:
        return None if impossible else f"{said}, ours does not exist: {error}"
    if not impossible and conversions.expected_number(target, expected) == ours.number:
        return None
    return f"{said}, ours {ours.number if target == 'enum' else ours}"
