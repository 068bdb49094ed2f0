"""Options of target URLs that several transports have."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..connection import Target
from ..link import RESPONSE_LIMIT_S

RESPONSE_TIMEOUT = "response_timeout_s"
_MAX_S = 30 * 86400.0


def known(target: Target, names: Sequence[str]) -> None:
    """ValueError if a target has an option that is not in `names`."""
    unknown = sorted(set(target.options) - set(names))
    if unknown:
        raise ValueError(
            f"target {target.scheme}:{target.location}: unknown options {unknown}; there are "
            + ", ".join(names)
        )


def integer(target: Target, name: str, default: int, *, low: int, high: int) -> int:
    """An option's whole number; ValueError if it is none or outside low..high."""
    text = target.options.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and low <= int(text) <= high):
        raise ValueError(
            f"target {target.scheme}:{target.location}: {name}={text!r} is no whole number "
            f"{low}..{high}"
        )
    return int(text)


def port(target: Target, name: str, default: int) -> int:
    """An option's port number; ValueError if it is none."""
    return integer(target, name, default, low=1, high=0xFFFF)


def response_timeout_s(target: Target) -> float:
    """How long a response may be silent; ValueError if that is no time."""
    text = target.options.get(RESPONSE_TIMEOUT, str(RESPONSE_LIMIT_S))
    try:
        limit_s = float(text)
    except ValueError:
        limit_s = math.nan
    if not 0 < limit_s <= _MAX_S:
        raise ValueError(
            f"target {target.scheme}:{target.location}: {RESPONSE_TIMEOUT}={text!r} is no time in "
            f"seconds, above 0 and up to {_MAX_S:.0f}"
        )
    return limit_s
